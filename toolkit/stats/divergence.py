"""How far one distribution is from another.

Every function takes `(p, q)`, shares or counts of the same values along the last axis, each scaled
to sum to 1; the other axes broadcast. A value that only one of them has stays in. NaN where one is
empty; negative or infinite numbers are a ValueError.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import chdtrc, rel_entr

from toolkit.stats.arrays import Floats, divide, floats, shares

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def distributions(p: ArrayLike, q: ArrayLike) -> tuple[Floats, Floats]:
    """Return both as shares of one shape."""
    first, second = floats(shares(p), shares(q))
    return first, second


def kl(p: ArrayLike, q: ArrayLike) -> Floats:
    """Kullback-Leibler divergence of p from q in nats; infinite where q lacks a value of p."""
    return np.asarray(np.sum(rel_entr(*distributions(p, q)), axis=-1))


def js(p: ArrayLike, q: ArrayLike) -> Floats:
    """Jensen-Shannon divergence in nats, between 0 and ln 2 (Lin 1991).

    The divergence itself, not its root, which is the Jensen-Shannon distance.
    """
    first, second = distributions(p, q)
    middle = (first + second) / 2
    return np.asarray(np.sum(rel_entr(first, middle) + rel_entr(second, middle), axis=-1) / 2)


def lp(p: ArrayLike, q: ArrayLike, order: float = 2) -> Floats:
    """Return the Lp norm of the difference, for any order from 1 to infinity."""
    first, second = distributions(p, q)
    return np.asarray(np.linalg.norm(first - second, ord=order, axis=-1))


def total_variation(p: ArrayLike, q: ArrayLike) -> Floats:
    """Total variation distance: half the L1 norm, the share that would have to change its value."""
    return lp(p, q, order=1) / 2


def ks(p: ArrayLike, q: ArrayLike) -> Floats:
    """Return the largest difference of one share, max |p - q|.

    That is what fairness tools call the Kolmogorov-Smirnov metric of labels without an order; it
    is not the statistic of the same name for distribution functions.
    """
    return lp(p, q, order=np.inf)


def hellinger(p: ArrayLike, q: ArrayLike) -> Floats:
    """Hellinger distance, sqrt(sum (sqrt p - sqrt q)^2 / 2), between 0 and 1."""
    first, second = distributions(p, q)
    return np.asarray(np.linalg.norm(np.sqrt(first) - np.sqrt(second), axis=-1) / np.sqrt(2))


def wasserstein(p: ArrayLike, q: ArrayLike) -> Floats:
    """First Wasserstein distance of ordered values, neighbours being 1 apart."""
    first, second = distributions(p, q)
    return np.asarray(np.sum(np.abs(np.cumsum(first - second, axis=-1)), axis=-1))


def chi_square(p: ArrayLike, q: ArrayLike) -> Floats:
    """Return sum (p - q)^2 / q, Pearson's statistic per unit; infinite where q lacks a value of p.

    Times the number of independent units, it is the statistic of the test of goodness of fit.
    """
    first, second = distributions(p, q)
    return np.asarray(np.sum(squares_over(first - second, second), axis=-1))


def squares_over(difference: Floats, expected: Floats) -> Floats:
    """Return difference^2 / expected, 0 where nothing is expected and nothing differs."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(difference == 0, 0.0, difference**2 / expected)


def cramers_v(p: ArrayLike, q: ArrayLike) -> Floats:
    """Return Cramér's V of goodness of fit, w / sqrt(k - 1) with w^2 = `chi_square` (Cohen 1988).

    For equal shares q it is 1 where all units have one value; for others it can be above 1. NaN
    for a single value.
    """
    return np.sqrt(divide(chi_square(p, q), np.shape(p)[-1] - 1))


def rao_scott_p_value(difference: ArrayLike, expected: ArrayLike, covariance: ArrayLike) -> Floats:
    """P-value of two distributions being equal, with units that share images.

    Under equality, sum d^2 / e is a sum of chi-squared variables, weighted by the eigenvalues of
    E^(-1/2) V E^(-1/2); it is taken as one scaled chi-squared variable with the same mean and
    variance (Rao and Scott 1981, second-order correction, by Satterthwaite). R's `svygofchisq`
    differs by terms that vanish under equality.

    Args:
        difference: d, the difference of the shares, shape `(k,)`.
        expected: e, the shares under equality, shape `(k,)`.
        covariance: V, that of the differences, shape `(k, k)`.

    Returns:
        NaN where nothing varies, and where units are where none are expected.
    """
    d, e = (np.asarray(part, dtype=np.float64) for part in (difference, expected))
    statistic = np.sum(squares_over(d, e))
    used = e > 0
    scale = np.sqrt(np.outer(e[used], e[used]))
    weights = np.asarray(covariance, dtype=np.float64)[np.ix_(used, used)] / scale
    mean, squares = np.trace(weights), np.sum(weights**2)
    if not (np.isfinite(statistic) and squares > 0):
        return np.asarray(np.nan)
    return np.asarray(chdtrc(mean**2 / squares, statistic * mean / squares))
