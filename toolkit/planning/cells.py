"""The kinds of image that can be collected: one value of each attribute, as far as it is asked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from toolkit.errors import TooManyValuesError
from toolkit.model.slices import Unit

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from toolkit.wording.slices import Terms

    Cut = frozenset[tuple[str, str]]

MOST_CELLS = 5_000


@dataclass(frozen=True)
class Cell:
    """A kind of image.

    Attributes:
        terms: The printed value of each attribute that the people shown have; an attribute that
            the annotation protocol never asks for them is left out.
        annotations: How many annotations such an image has on average.
    """

    terms: Terms
    annotations: float

    def units(self, unit: str) -> float:
        """Return how many units the image adds."""
        return 1.0 if unit == Unit.IMAGE else self.annotations

    def belongs_to(self, terms: Iterable[tuple[str, str]]) -> bool:
        """Tell whether the image shows people with these values."""
        return set(terms) <= set(self.terms)

    def is_known_for(self, attributes: Iterable[str]) -> bool:
        """Tell whether the value of each of these attributes is known of the people shown."""
        return set(attributes) <= {name for name, _ in self.terms}


def cells(
    slices: Iterable[Terms], impossible: Collection[Cut], sizes: Mapping[Cut, float]
) -> list[Cell]:
    """Return the kinds of image that the annotation protocol allows.

    A kind has a known value of every attribute, except of those that are never asked for its
    other values.

    Args:
        slices: The groups with known values, of which the attributes and values are taken.
        impossible: The combinations that the protocol rules out.
        sizes: Mean annotations an image, by group; by no terms, for all.

    Raises:
        TooManyValuesError: If there are more than `MOST_CELLS`.
    """
    values: dict[str, dict[str, None]] = {}
    for terms in slices:
        for name, value in terms:
            values.setdefault(name, {})[value] = None
    number = math.prod(len(known) + 1 for known in values.values())
    if number > MOST_CELLS:
        raise TooManyValuesError(" & ".join(values), number, MOST_CELLS)
    axes = [[(name, value) for value in known] + [None] for name, known in values.items()]
    allowed = {
        frozenset(filter(None, chosen)): tuple(filter(None, chosen))
        for chosen in product(*axes)
        if not any(cut <= set(chosen) for cut in impossible)
    }
    fullest = [
        terms for cut, terms in allowed.items() if cut and not is_extended(cut, allowed, values)
    ]
    return [Cell(terms, annotations_of(frozenset(terms), sizes)) for terms in fullest]


def is_extended(cut: Cut, allowed: Collection[Cut], values: Mapping[str, Iterable[str]]) -> bool:
    """Tell whether the people of a group could have a known value of one more attribute."""
    present = {name for name, _ in cut}
    return any(
        cut | {(name, value)} in allowed
        for name, known in values.items()
        if name not in present
        for value in known
    )


def annotations_of(cut: Cut, sizes: Mapping[Cut, float]) -> float:
    """Return the annotations an image of the smallest measured group that holds this one."""
    holding = [(len(terms), sorted(terms), size) for terms, size in sizes.items() if terms <= cut]
    return max(holding)[-1] if holding else 1.0
