"""What estimates with their intervals still tell when the rows behind them are gone.

Two audits are compared, and a sample's worth is judged, from the numbers that were kept of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from toolkit.stats.arrays import Floats, divide, floats
from toolkit.stats.clustered import Contrast, RatioEstimate, difference_of, ratio_of
from toolkit.stats.delta import Estimate
from toolkit.stats.intervals import two_sided, z_value
from toolkit.stats.power import quantile_sum

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

NO_CORRELATION = np.zeros(())


def stored(value: ArrayLike, low: ArrayLike, high: ArrayLike) -> RatioEstimate:
    """Return kept estimates with the standard errors that nobody kept as NaN."""
    value, low, high = floats(value, low, high)
    unknown = np.full(value.shape, np.nan)
    return RatioEstimate(value, unknown, unknown, unknown, low, high)


def rescaled(estimate: RatioEstimate, confidence: float, wanted: float) -> RatioEstimate:
    """Return estimates whose intervals are stretched from one confidence level to another.

    In proportion to the normal quantiles, on either side by itself: exact for symmetric normal
    intervals, an approximation for all others.
    """
    factor = 1.0 if confidence == wanted else z_value(wanted) / z_value(confidence)
    value = estimate.value
    low = value - factor * (value - estimate.low)
    return stored(value, low, value + factor * (estimate.high - value))


@np.errstate(invalid="ignore")
def change(first: RatioEstimate, second: RatioEstimate, confidence: float = 0.95) -> Contrast:
    """Return second - first and second / first of two independent samples.

    The intervals are recovered from those of the two estimates: Zou and Donner (2008) for the
    difference, which for two Wilson intervals is Newcombe's, Donner and Zou (2012) for the ratio.
    The p-value takes the distance to the end nearer to 0 for that many standard errors, so that it
    is below 1 - confidence just where the interval of the difference excludes 0.

    Args:
        first: The earlier estimates, from `stored`.
        second: The later ones.
        confidence: The level of both.

    Returns:
        Standard errors are NaN, and so is the ratio where an interval reaches below 0. No p-value
        where the interval of the difference has no width.
    """
    difference = difference_of(second, first, NO_CORRELATION)
    ratio = ratio_of(second, first, NO_CORRELATION)
    value = difference.value
    towards_zero = np.where(value > 0, value - difference.low, difference.high - value)
    p_value = two_sided(z_value(confidence) * divide(value, towards_zero))
    positive = (first.low >= 0) & (second.low >= 0)
    parts = (np.where(positive, p, np.nan) for p in (ratio.value, ratio.se, ratio.low, ratio.high))
    return Contrast(difference, Estimate(*parts), p_value)


def least_change(contrast: Contrast, confidence: float = 0.95, power: float = 0.8) -> Floats:
    """Return the difference that would have been found so often, given the interval's width."""
    half = (contrast.difference.high - contrast.difference.low) / 2
    return np.asarray(half * quantile_sum(confidence, power) / z_value(confidence))


def effective_size(
    value: ArrayLike, low: ArrayLike, high: ArrayLike, confidence: float = 0.95
) -> Floats:
    """Return how many independent units would have given a proportion this Wilson interval.

    A bound b of Wilson's interval solves (p - b)^2 = z^2 b (1 - b) / n, which is solved for n at
    the bound farther from the proportion.

    Args:
        value: Proportions.
        low: Lower bounds.
        high: Upper bounds.
        confidence: The confidence level.

    Returns:
        NaN where the interval is NaN, has no width or ends at 0 and 1.
    """
    p, low, high = floats(value, low, high)
    bound = np.where(high - p >= p - low, high, low)
    size = z_value(confidence) ** 2 * bound * (1 - bound)
    return np.where(size > 0, divide(size, (p - bound) ** 2), np.nan)
