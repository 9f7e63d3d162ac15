"""P-values corrected for testing a whole family at once, such as the cells of one table."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from toolkit.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import ArrayLike

    from toolkit.stats.arrays import Floats


def bh(ascending: Floats) -> Floats:
    """Control the false discovery rate under independence (Benjamini and Hochberg 1995)."""
    rank = np.arange(1, ascending.size + 1)
    return least_from_here(ascending * ascending.size / rank)


def by(ascending: Floats) -> Floats:
    """Control the false discovery rate under any dependence (Benjamini and Yekutieli 2001)."""
    return bh(ascending) * np.sum(1 / np.arange(1, ascending.size + 1))


def holm(ascending: Floats) -> Floats:
    """Control the probability of any false discovery (Holm 1979)."""
    return np.maximum.accumulate(ascending * np.arange(ascending.size, 0, -1))


def unchanged(ascending: Floats) -> Floats:
    """Correct nothing."""
    return ascending


def least_from_here(values: Floats) -> Floats:
    """Return at each place the least value from there to the end."""
    return np.minimum.accumulate(values[::-1])[::-1]


METHODS: Final[Mapping[str, Callable[[Floats], Floats]]] = MappingProxyType(
    {"bh": bh, "by": by, "holm": holm, "none": unchanged}
)
"""Correction by name: p-values in ascending order to corrected ones that may exceed 1."""


def adjust(p: ArrayLike, method: str = "bh") -> Floats:
    """Correct all p-values of an array as one family.

    Args:
        p: P-values of any shape. NaN stands for a test that was not made: it stays NaN and is not
            counted.
        method: One of `METHODS`.

    Returns:
        Corrected values of the same shape and order, at most 1.

    Raises:
        UnknownNameError: If the method is none of `METHODS`.
        ValueError: If a value lies outside 0..1.
    """
    if method not in METHODS:
        raise UnknownNameError("correction", method, METHODS)
    family = np.array(p, dtype=np.float64)
    if np.any((family < 0) | (family > 1)):
        raise ValueError("P-values lie between 0 and 1.")
    made = ~np.isnan(family)
    tested = family[made]
    order = np.argsort(tested)
    corrected = np.empty_like(tested)
    corrected[order] = np.minimum(METHODS[method](tested[order]), 1.0)
    family[made] = corrected
    return family
