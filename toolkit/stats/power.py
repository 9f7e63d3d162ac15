"""What difference could have been found, and how many units that takes.

Proportions are compared by the arcsine transformation h = |2 asin sqrt(p1) - 2 asin sqrt(p2)|
(Cohen 1988, chapter 6), on which the standard error does not depend on the proportions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from toolkit.stats.arrays import Floats, divide, floats
from toolkit.stats.intervals import z_value

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def quantile_sum(confidence: float, power: float) -> float:
    """Return z_{1-alpha/2} + z_{power}, the distance in standard errors that is found so often.

    Raises:
        ValueError: If the confidence or the power is not between 0 and 1.
    """
    if not 0 < power < 1:
        raise ValueError(f"The power lies between 0 and 1, not at {power!r}.")
    return z_value(confidence) + float(ndtri(power))


def refuse_impossible(p0: Floats, *sizes: Floats) -> None:
    """Raise a ValueError for what is no proportion, and for negative units or design effects."""
    if np.any((p0 < 0) | (p0 > 1)) or any(np.any(size < 0) for size in sizes):
        raise ValueError("A proportion lies in 0..1; units and design effects are not negative.")


def minimum_detectable_difference(
    p0: ArrayLike,
    n1: ArrayLike,
    n2: ArrayLike,
    design_effect: ArrayLike = 1.0,
    *,
    confidence: float = 0.95,
    power: float = 0.8,
) -> Floats:
    """Return the least difference from `p0` that a test of two proportions would find so often.

    Towards one half, where the same transformed distance is the larger difference.

    Args:
        p0: The proportion in one group.
        n1: The units of one group.
        n2: The units of the other.
        design_effect: By which the units of both are divided.
        confidence: One less the level of the two-sided test.
        power: How often the difference is to be found.

    Returns:
        A positive difference of proportions; NaN where none that is possible would be found.

    Raises:
        ValueError: If `p0` is no proportion, or units or design effects are negative.
    """
    p0, n1, n2, deff = floats(p0, n1, n2, design_effect)
    refuse_impossible(p0, n1, n2, deff)
    se = np.sqrt(deff * (divide(1.0, n1) + divide(1.0, n2)))
    return detectable_from(p0, se, confidence=confidence, power=power)


def detectable_from(
    p0: ArrayLike, se: ArrayLike, *, confidence: float = 0.95, power: float = 0.8
) -> Floats:
    """Return the least difference from `p0` that is found so often at a known standard error.

    As `minimum_detectable_difference`, for whatever the standard error consists of.

    Args:
        p0: The proportion that the other one differs from.
        se: The standard error of h: 1/sqrt(n) for n effective units against a fixed proportion,
            sqrt(1/n1 + 1/n2) for two samples.
        confidence: One less the level of the two-sided test.
        power: How often the difference is to be found.

    Returns:
        A positive difference of proportions; NaN where none that is possible would be found.
    """
    p0, se = floats(p0, se)
    lower = np.minimum(p0, 1 - p0)
    angle = 2 * np.arcsin(np.sqrt(lower)) + quantile_sum(confidence, power) * se
    return np.where(angle <= np.pi, np.sin(angle / 2) ** 2 - lower, np.nan)


@np.errstate(invalid="ignore")
def units_needed(
    n: ArrayLike,
    effect: ArrayLike,
    se: ArrayLike,
    *,
    confidence: float = 0.95,
    power: float = 0.8,
) -> Floats:
    """Return how many units would show an effect of the size seen on n of them so often.

    n ((z_{1-alpha/2} + z_{power}) se / effect)^2: the variance falls as the units of all groups
    grow alike and keep their design effect.

    Returns:
        A whole number; NaN where there is no effect, and where effect and error are infinite.
    """
    n, effect, se = floats(n, effect, se)
    return np.ceil(n * divide(quantile_sum(confidence, power) * se, effect) ** 2)


def sample_size(
    p0: ArrayLike,
    difference: ArrayLike,
    design_effect: ArrayLike = 1.0,
    *,
    confidence: float = 0.95,
    power: float = 0.8,
) -> Floats:
    """Return the units that each of two equal groups needs to find a difference from `p0`.

    Args:
        p0: The proportion in one group.
        difference: By how much that of the other is lower or, if negative, higher.
        design_effect: By which the units are multiplied.
        confidence: One less the level of the two-sided test.
        power: How often the difference is to be found.

    Returns:
        A whole number; NaN for no difference and for one that leaves 0..1.

    Raises:
        ValueError: If `p0` is no proportion, or design effects are negative.
    """
    p0, gap, deff = floats(p0, difference, design_effect)
    refuse_impossible(p0, deff)
    other = np.where((p0 - gap >= 0) & (p0 - gap <= 1), p0 - gap, np.nan)
    h = 2 * (np.arcsin(np.sqrt(p0)) - np.arcsin(np.sqrt(other)))
    return np.ceil(divide(2 * deff * quantile_sum(confidence, power) ** 2, h**2))
