"""Rules of the annotation protocol that show as gaps: values that are never asked for together.

In MIAP nobody is asked for the gender presentation of a young person, so every such box has the
gender `Unknown`. That is a rule to report, not a correlation to find.
"""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, Final

import numpy as np

from toolkit.stats.arrays import divide

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from toolkit.slicing import Totals

EXPECTED_AT_LEAST: Final = 100.0
"""How many known values there would have to be before their absence is taken for a rule."""


def never_asked(n: NDArray[np.float64], known: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say of each group whether an attribute is never known in it although it should be.

    Args:
        n: Units of each group; shape (k,).
        known: Units of each group in which the attribute is known; shape (k,).
    """
    expected = n * divide(known.sum(), n.sum())
    return np.asarray((known == 0) & (expected >= EXPECTED_AT_LEAST))


def structural_cells(totals: Totals) -> NDArray[np.bool_]:
    """Say of each group of an intersection whether the protocol rules it out; shape (k,).

    A group is ruled out if one of its values goes only with unknown values of another attribute
    of which it has a known value.
    """
    attributes = totals.attributes
    values = [[group.terms[i][1] for group in totals.groups] for i in range(len(attributes))]
    known = [
        np.array([attribute.knows(value) for value in column], dtype=bool)
        for attribute, column in zip(attributes, values, strict=True)
    ]
    ruled_out = np.zeros(len(totals.groups), dtype=bool)
    for i, j in permutations(range(len(attributes)), 2):
        distinct = list(dict.fromkeys(values[i]))
        member = np.array([[value == one for value in values[i]] for one in distinct])
        rule = never_asked(member @ totals.counts, member @ (totals.counts * known[j]))
        ruled_out |= rule @ member & known[j]
    return ruled_out
