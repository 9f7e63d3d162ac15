"""Arrays of floats, and the one division that everything here uses."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def floats(*values: ArrayLike) -> tuple[Floats, ...]:
    """Return the values as float arrays of one common shape."""
    return tuple(np.broadcast_arrays(*(np.asarray(value, dtype=np.float64) for value in values)))


def divide(numerator: ArrayLike, denominator: ArrayLike) -> Floats:
    """Divide; NaN wherever the denominator is 0, whatever the numerator."""
    top, bottom = floats(numerator, denominator)
    quotient: Floats = np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom != 0)
    return quotient


def shares(totals: ArrayLike) -> Floats:
    """Scale non-negative numbers to sum to 1 over the last axis; NaN where they sum to 0.

    Raises:
        ValueError: If a number is negative or infinite.
    """
    counts = np.asarray(totals, dtype=np.float64)
    if np.any((counts < 0) | np.isinf(counts)):
        raise ValueError("Counts and shares must be finite and not negative.")
    return divide(counts, counts.sum(axis=-1, keepdims=True))
