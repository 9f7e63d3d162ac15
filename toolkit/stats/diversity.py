"""How evenly one distribution is spread over its values.

The functions of `totals` take counts or shares along the last axis, one for each value that is
*declared*, also for those nobody has: leaving these out would hide the missing groups. NaN where
all are 0; negative or infinite numbers are a ValueError.

All are those of the sample. The entropy of a sample of n units lies below that of its population,
by (k - 1)/2n on average (Miller 1955); the other measures of diversity lie low, and those of
inequality high, in the same manner.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import entr, xlogy

from toolkit.stats.arrays import Floats, divide, shares
from toolkit.stats.intervals import Interval

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def entropy(totals: ArrayLike) -> Floats:
    """Shannon entropy in nats."""
    return np.asarray(np.sum(entr(shares(totals)), axis=-1))


def evenness(totals: ArrayLike) -> Floats:
    """Return the entropy over its maximum ln k for k values (Pielou 1966); NaN for one value."""
    return divide(entropy(totals), np.log(np.shape(totals)[-1]))


def simpson(totals: ArrayLike) -> Floats:
    """Return the probability that two units drawn at random differ, 1 - sum p^2 (Simpson 1949)."""
    return np.asarray(1 - np.sum(shares(totals) ** 2, axis=-1))


def effective_number(totals: ArrayLike) -> Floats:
    """Return how many equal groups would be as diverse: 1 / sum p^2 (Hill 1973, order 2)."""
    return divide(1.0, np.sum(shares(totals) ** 2, axis=-1))


def imbalance_ratio(totals: ArrayLike) -> Floats:
    """Return the largest total over the smallest; infinite where a value has none."""
    p = shares(totals)
    with np.errstate(divide="ignore"):
        return np.asarray(np.max(p, axis=-1) / np.min(p, axis=-1))


def imbalance_interval(
    totals: ArrayLike,
    covariance: ArrayLike,
    confidence: float = 0.95,
    seed: int = 0,
    draws: int = 2000,
) -> Interval:
    """Return an interval of the imbalance ratio that allows for its groups being chosen by data.

    A seeded parametric bootstrap: totals are drawn from a normal distribution, cut at 0, and the
    quantile of the largest error of any log ratio of two groups is put around the observed ratio.
    It so holds for all pairs at once, and with them for the largest and the smallest group. The
    quantiles of the drawn ratios themselves would lie too high, most of all near balance.

    Args:
        totals: The groups' totals, shape `(k,)`.
        covariance: Their covariance, shape `(k, k)`.
        confidence: The confidence level.
        seed: The seed of the draws.
        draws: The number of draws.

    Returns:
        Bounds in [1, inf]; NaN and infinity where a group is empty, whose error is unknown, and
        NaN without a covariance.
    """
    observed = np.asarray(totals, dtype=np.float64)
    spread = np.asarray(covariance, dtype=np.float64)
    ratio = imbalance_ratio(observed)
    if not (np.isfinite(ratio) and np.isfinite(spread).all()):
        return Interval(np.asarray(np.nan), np.where(np.isinf(ratio), np.inf, np.nan))
    drawn = np.random.default_rng(seed).multivariate_normal(
        observed, spread, size=draws, method="eigh", check_valid="ignore"
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.log(np.maximum(drawn, 0.0) / observed)
        widest = np.max(error, axis=-1) - np.min(error, axis=-1)
    # Where every group was drawn as empty, nothing bounds their ratios.
    widest = np.where(np.isnan(widest), np.inf, widest)
    factor = np.exp(np.quantile(widest, confidence, method="higher"))
    return Interval(np.maximum(ratio / factor, 1.0), ratio * factor)


def class_imbalance(n_a: ArrayLike, n_d: ArrayLike) -> Floats:
    """Return (n_a - n_d) / (n_a + n_d), in [-1, 1]: 1 where all units are in group a."""
    a, d = np.asarray(n_a, dtype=np.float64), np.asarray(n_d, dtype=np.float64)
    return divide(a - d, a + d)


def relative(totals: ArrayLike) -> Floats:
    """Return the totals as multiples of their mean."""
    p = shares(totals)
    return np.asarray(p * p.shape[-1])


def atkinson(totals: ArrayLike, epsilon: float = 1.0) -> Floats:
    """Atkinson's inequality index (Atkinson 1970), between 0 and 1.

    Args:
        totals: The totals.
        epsilon: Aversion to inequality, above 0. At 1 the index is one less the geometric over
            the arithmetic mean, and 1 where a value has none.

    Raises:
        ValueError: If `epsilon` is not above 0.
    """
    if not epsilon > 0:
        raise ValueError(f"The aversion to inequality is above 0, not {epsilon!r}.")
    x = relative(totals)
    with np.errstate(divide="ignore"):
        if epsilon == 1:
            return np.asarray(1 - np.exp(np.mean(np.log(x), axis=-1)))
        power = 1 - epsilon
        return np.asarray(1 - np.mean(x**power, axis=-1) ** (1 / power))


def theil_l(totals: ArrayLike) -> Floats:
    """Theil's L, the mean logarithmic deviation (Theil 1967); infinite where a value has none."""
    with np.errstate(divide="ignore"):
        return np.asarray(-np.mean(np.log(relative(totals)), axis=-1))


def theil_t(totals: ArrayLike) -> Floats:
    """Theil's T, between 0 and ln k (Theil 1967)."""
    x = relative(totals)
    return np.asarray(np.mean(xlogy(x, x), axis=-1))
