"""How far one distribution is from another.

Every function takes `(p, q)`, shares or counts of the same values along the last axis, each scaled
to sum to 1; the other axes broadcast. A value that only one of them has stays in. NaN where one is
empty; negative or infinite numbers are a ValueError. The gradients are the derivatives by the
shares p, for `toolkit.stats.delta`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import rel_entr

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


def kl_gradient(p: ArrayLike, q: ArrayLike) -> Floats:
    """Return the derivatives of `kl`; 0 where p is 0, as nothing observed there varies."""
    first, second = distributions(p, q)
    return log_ratio(first, second) + np.where(first > 0, 1.0, 0.0)


def js_gradient(p: ArrayLike, q: ArrayLike) -> Floats:
    """Return the derivatives of `js`; 0 where p is 0, as nothing observed there varies."""
    first, second = distributions(p, q)
    return log_ratio(first, (first + second) / 2) / 2


def total_variation_gradient(p: ArrayLike, q: ArrayLike) -> Floats:
    """Return the derivatives of `total_variation`; 0 where both shares are equal (a kink)."""
    first, second = distributions(p, q)
    return np.sign(first - second) / 2


def hellinger_gradient(p: ArrayLike, q: ArrayLike) -> Floats:
    """Return the derivatives of `hellinger`; 0 where p is 0, NaN between equal distributions."""
    first, second = distributions(p, q)
    distance = hellinger(first, second)[..., np.newaxis]
    slope = np.nan_to_num(np.sqrt(divide(second, first)))
    return divide(-slope, 4 * distance)


def log_ratio(p: Floats, q: Floats) -> Floats:
    """Return ln(p/q), 0 where p is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(p == 0, 0.0, np.log(p) - np.log(q))
