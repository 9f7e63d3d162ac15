"""Disparities of an outcome between a group and the others, beyond one difference or ratio.

Demographic disparity is named as by Das et al. (Amazon SageMaker Clarify, 2021) and conditioned on
strata as by Wachter, Mittelstadt and Russell (2021). The spread over all groups allows for its two
extremes being chosen by the data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from toolkit.stats.arrays import Floats, divide, floats
from toolkit.stats.delta import Estimate

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

DRAWS = 2000


def demographic_disparity(
    rejected_d: ArrayLike, accepted_d: ArrayLike, rejected: ArrayLike, accepted: ArrayLike
) -> Floats:
    """Return the group's part of all without the outcome less its part of all with it.

    Args:
        rejected_d: Units of the group without the outcome.
        accepted_d: Units of the group with it.
        rejected: All units without it.
        accepted: All units with it.

    Returns:
        Values in [-1, 1], above 0 where the group is over-represented among those without the
        outcome. A part of nothing is NaN.
    """
    r_d, a_d, r, a = floats(rejected_d, accepted_d, rejected, accepted)
    return divide(r_d, r) - divide(a_d, a)


def conditional_demographic_disparity(
    rejected_d: ArrayLike, accepted_d: ArrayLike, rejected: ArrayLike, accepted: ArrayLike
) -> Floats:
    """Return the mean disparity over strata, weighted by their size: (1/n) sum n_i DD_i.

    Args:
        rejected_d: As in `demographic_disparity`, with the strata along the last axis.
        accepted_d: Likewise.
        rejected: Likewise.
        accepted: Likewise.

    Returns:
        NaN where a stratum that has units has no disparity: nothing stands for it.
    """
    r_d, a_d, r, a = floats(rejected_d, accepted_d, rejected, accepted)
    n = r + a
    weighted = np.where(n > 0, n * demographic_disparity(r_d, a_d, r, a), 0.0)
    return divide(weighted.sum(axis=-1), n.sum(axis=-1))


def disparity_gradient(
    rejected_d: ArrayLike, accepted_d: ArrayLike, rejected: ArrayLike, accepted: ArrayLike
) -> Floats:
    """Return the derivatives of `conditional_demographic_disparity`; shape `(4, ..., strata)`.

    They are by the units of the group without and with the outcome, and by those of the others
    without and with it, so that no unit is counted by two of them.
    """
    r_d, a_d, r, a = floats(rejected_d, accepted_d, rejected, accepted)
    size = r + a
    total = size.sum(axis=-1, keepdims=True)
    stratum = np.nan_to_num(demographic_disparity(r_d, a_d, r, a))
    mean = divide((size * stratum).sum(axis=-1, keepdims=True), total)
    weight = divide(size, total)
    by_size = divide(stratum - mean, total)
    of_rejected, of_accepted = divide(r_d, r), divide(a_d, a)
    slopes = (
        by_size + weight * divide(1 - of_rejected, r),
        by_size - weight * divide(1 - of_accepted, a),
        by_size - weight * divide(of_rejected, r),
        by_size + weight * divide(of_accepted, a),
    )
    return np.stack([np.where(size > 0, slope, 0.0) for slope in slopes])


def spread(
    values: ArrayLike, covariance: ArrayLike, confidence: float = 0.95, seed: int = 0
) -> Estimate:
    """Return the greatest value less the least, with an interval that allows for the choice.

    A seeded parametric bootstrap: errors are drawn from a normal distribution, and the quantile of
    their own spread is put around the observed one. It so holds for all pairs of groups at once,
    and with them for the greatest and the least.

    Args:
        values: The groups' values, shape `(k,)`; those that are NaN stay out.
        covariance: Their covariance, shape `(k, k)`.
        confidence: The confidence level.
        seed: The seed of the draws.
    """
    value, widest = widest_error(values, covariance, confidence, seed)
    if not value.size:
        return nothing()
    gap = np.asarray(value.max() - value.min())
    return Estimate(gap, np.asarray(np.nan), np.maximum(gap - widest, 0.0), gap + widest)


def extreme_ratio(
    values: ArrayLike, covariance: ArrayLike, confidence: float = 0.95, seed: int = 0
) -> Estimate:
    """Return the least value over the greatest, with an interval that allows for the choice.

    As `spread`, on the logarithms. Where the least value is 0, its logarithm has no error that
    could be drawn: the interval then starts at 0 and its end is not known.

    Args:
        values: The groups' values, not negative, shape `(k,)`; those that are NaN stay out.
        covariance: Their covariance, shape `(k, k)`.
        confidence: The confidence level.
        seed: The seed of the draws.
    """
    value = np.asarray(values, dtype=np.float64)
    known = value[~np.isnan(value)]
    if not known.size or known.max() <= 0:
        return nothing()
    least = np.asarray(known.min() / known.max())
    if least == 0:
        return Estimate(least, np.asarray(np.nan), np.asarray(0.0), np.asarray(np.nan))
    with np.errstate(invalid="ignore"):
        relative = np.asarray(covariance) / np.multiply.outer(value, value)
    _, widest = widest_error(np.log(value), relative, confidence, seed)
    high = np.minimum(least * np.exp(widest), 1.0)
    return Estimate(least, np.asarray(np.nan), least * np.exp(-widest), high)


def widest_error(
    values: ArrayLike, covariance: ArrayLike, confidence: float, seed: int
) -> tuple[Floats, Floats]:
    """Return the known values, and the quantile of the largest difference of their errors."""
    value = np.asarray(values, dtype=np.float64)
    known = ~np.isnan(value)
    around = np.asarray(covariance, dtype=np.float64)[np.ix_(known, known)]
    if not np.any(known) or not np.isfinite(around).all():
        return value[known], np.asarray(np.nan)
    rng = np.random.default_rng(seed)
    errors = rng.multivariate_normal(
        np.zeros(len(around)), around, size=DRAWS, method="eigh", check_valid="ignore"
    )
    return value[known], np.quantile(np.ptp(errors, axis=-1), confidence, method="higher")


def nothing() -> Estimate:
    """Return the estimate of what is not defined."""
    return Estimate(*(np.asarray(np.nan) for _ in range(4)))
