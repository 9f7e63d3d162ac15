"""Intervals for proportions of independent units: one, the difference and the ratio of two.

Units of one image are not independent; for them see `toolkit.stats.clustered`. Successes and
trials may be fractional, so that effective counts can be given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri, stdtrit

from toolkit.stats.arrays import Floats, divide, floats
from toolkit.stats.roots import crossing

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

ROUNDING = 1e-9
"""How far an effective count may exceed its trials by rounding alone, as a share of them."""

FEW = 5
"""Below this count, observed or expected, the normal approximations are not used."""

LOG_LIMIT = 100.0
"""Ratios are searched between exp(-100) and exp(100)."""


class Interval(NamedTuple):
    """The two ends of a confidence interval."""

    low: Floats
    high: Floats


def upper_level(confidence: float) -> float:
    """Return the probability below the upper end of a two-sided interval, 0.975 for 0.95.

    Raises:
        ValueError: If the confidence is not between 0 and 1.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"A confidence level lies between 0 and 1, not at {confidence!r}.")
    return (1 + confidence) / 2


def z_value(confidence: float) -> float:
    """Return the standard normal quantile of a two-sided interval, 1.96 for 0.95."""
    return float(ndtri(upper_level(confidence)))


def t_value(degrees: Floats, confidence: float) -> Floats:
    """Return Student's t quantile of a two-sided interval; NaN without degrees of freedom."""
    return np.asarray(stdtrit(degrees, upper_level(confidence)), dtype=np.float64)


def two_sided(z: ArrayLike) -> Floats:
    """Return the probability of a standard normal value at least as far from 0 as `z`."""
    return np.asarray(2 * ndtr(-np.abs(np.asarray(z, dtype=np.float64))))


def proportion(successes: ArrayLike, trials: ArrayLike) -> Floats:
    """Return successes / trials in [0, 1]; NaN without trials.

    Raises:
        ValueError: If there are negative or infinite counts or more successes than trials.
    """
    x, n = floats(successes, trials)
    if np.any((x < 0) | (n < 0) | np.isinf(n) | (x > n * (1 + ROUNDING))):
        raise ValueError("Successes must lie between 0 and the number of trials, a finite one.")
    return np.minimum(divide(x, n), 1.0)


def wilson(successes: ArrayLike, trials: ArrayLike, confidence: float = 0.95) -> Interval:
    """Wilson's score interval of a proportion (Wilson 1927).

    Returns:
        Bounds in [0, 1], also at 0 and at all successes; NaN without trials.

    Raises:
        ValueError: If there are negative or infinite counts or more successes than trials.
    """
    p = proportion(successes, trials)
    _, n = floats(successes, trials)
    z = z_value(confidence)
    scale = 1 + divide(z**2, n)
    centre = (p + divide(z**2, 2 * n)) / scale
    half = z * np.sqrt(divide(p * (1 - p), n) + divide(z**2, 4 * n**2)) / scale
    # At the ends the bound is the end itself, where the difference would leave rounding noise.
    low = np.where(p == 0, 0.0, np.maximum(centre - half, 0.0))
    high = np.where(p == 1, 1.0, np.minimum(centre + half, 1.0))
    return Interval(low, high)


def newcombe(
    x1: ArrayLike, n1: ArrayLike, x2: ArrayLike, n2: ArrayLike, confidence: float = 0.95
) -> Interval:
    """Interval of the difference x1/n1 - x2/n2 of independent proportions.

    Newcombe's hybrid score interval without continuity correction (Newcombe 1998, method 10).

    Returns:
        Bounds in [-1, 1]; NaN where either group has no trials.
    """
    p1, p2 = proportion(x1, n1), proportion(x2, n2)
    low1, high1 = wilson(x1, n1, confidence)
    low2, high2 = wilson(x2, n2, confidence)
    difference = p1 - p2
    return Interval(
        difference - np.hypot(p1 - low1, high2 - p2),
        difference + np.hypot(high1 - p1, p2 - low2),
    )


def score_ratio(
    x1: ArrayLike, n1: ArrayLike, x2: ArrayLike, n2: ArrayLike, confidence: float = 0.95
) -> Interval:
    """Score interval of the ratio (x1/n1) / (x2/n2) of independent proportions.

    The ratios that the score test does not reject (Koopman 1984), which is Miettinen and
    Nurminen's (1985) interval without their factor N/(N-1). Swapping the groups gives the
    reciprocal interval.

    Returns:
        Bounds in [0, inf]. Without successes in the first group the lower bound is 0, without any
        in the second the upper one is infinite; NaN where both have none or one has no trials.
    """
    p1, p2, n1, n2 = floats(proportion(x1, n1), proportion(x2, n2), n1, n2)
    level = z_value(confidence) ** 2

    def statistic(log_ratio: Floats) -> Floats:
        return ratio_score(np.exp(log_ratio), p1, n1, p2, n2)

    with np.errstate(divide="ignore", invalid="ignore"):
        point = np.clip(np.log(p1) - np.log(p2), -LOG_LIMIT, LOG_LIMIT)
    low = np.exp(crossing(statistic, level, point, np.full(point.shape, -LOG_LIMIT)))
    high = np.exp(crossing(statistic, level, point, np.full(point.shape, LOG_LIMIT)))
    defined = np.isfinite(point)
    return Interval(
        np.where(defined, np.where(p1 == 0, 0.0, low), np.nan),
        np.where(defined, np.where(p2 == 0, np.inf, high), np.nan),
    )


def ratio_score(ratio: Floats, p1: Floats, n1: Floats, p2: Floats, n2: Floats) -> Floats:
    """Return the score chi-square of a ratio of two independent proportions.

    The variance is taken at the proportions that are most likely given the ratio.
    """
    b = n1 * (ratio + p1) + n2 * (1 + ratio * p2)
    slack = n1 * (ratio - p1) + n2 * (1 - ratio * p2)
    # b^2 - 4ac and the smaller root of the quadratic, in forms that do not cancel near shares of 1.
    discriminant = slack**2 + 4 * n1 * n2 * (ratio - 1) * (ratio * p2 - p1)
    root = np.sqrt(np.maximum(discriminant, 0.0))
    second = np.minimum(divide(2 * (n1 * p1 + n2 * p2), b + root), 1.0)
    first = np.minimum(ratio * second, 1.0)
    variance = divide(first * (1 - first), n1) + divide(ratio**2 * second * (1 - second), n2)
    return divide((p1 - ratio * p2) ** 2, variance)
