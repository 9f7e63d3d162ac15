"""One delta-method step: from the covariance of totals to the interval of a function of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from toolkit.stats.arrays import Floats, divide, shares
from toolkit.stats.intervals import z_value

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Estimate:
    """A value with its standard error and confidence interval, as arrays of one shape."""

    value: Floats
    se: Floats
    low: Floats
    high: Floats


@np.errstate(invalid="ignore")
def delta(
    value: ArrayLike,
    gradient: ArrayLike,
    covariance: ArrayLike,
    confidence: float = 0.95,
    *,
    low: float = -np.inf,
    high: float = np.inf,
) -> Estimate:
    """Return the normal interval of a smooth function of totals, cut to its range.

    A first-order step: it says nothing where the gradient vanishes, as that of a divergence does
    between equal distributions.

    Args:
        value: The function's value, shape `(...)`.
        gradient: Its derivatives by the totals, shape `(..., k)`.
        covariance: The covariance of the totals, shape `(..., k, k)`.
        confidence: The confidence level.
        low: The least value the function can take.
        high: The greatest value it can take.
    """
    point = np.asarray(value, dtype=np.float64)
    slope = np.asarray(gradient, dtype=np.float64)
    spread = np.asarray(covariance, dtype=np.float64)
    variance = np.sum(slope[..., :, np.newaxis] * spread * slope[..., np.newaxis, :], axis=(-2, -1))
    se = np.sqrt(np.maximum(variance, 0.0))
    half = z_value(confidence) * se
    return Estimate(point, se, np.maximum(point - half, low), np.minimum(point + half, high))


@np.errstate(invalid="ignore")
def by_totals(gradient: ArrayLike, totals: ArrayLike) -> Floats:
    """Turn derivatives by the shares of some totals into derivatives by the totals.

    With p = T / sum(T), the chain rule gives (g - sum(g p)) / sum(T).

    Args:
        gradient: Derivatives by the shares, shape `(..., k)`.
        totals: The totals, shape `(..., k)`.
    """
    slope = np.asarray(gradient, dtype=np.float64)
    mean = np.sum(slope * shares(totals), axis=-1, keepdims=True)
    return divide(slope - mean, np.sum(totals, axis=-1, keepdims=True))
