"""Intervals of distances and inequalities, which hold also where these are nearly 0.

A divergence has no slope between equal distributions, and what is observed lies above the truth
there, so the delta method gives an interval without any width. Here a test is inverted instead: a
true distance is in the interval if the observed one lies no further from it than samples of that
truth do. The truths that are tried lie on the straight way from the reference to what was observed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from toolkit.stats.arrays import Floats, shares
from toolkit.stats.intervals import Interval

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    Measure = Callable[[Floats, Floats], Floats]

STEPS = 10
"""How many truths are tried below the observed one, most of them near to it."""
MOST_DRAWS = 1000
LEAST_DRAWS = 200
DRAWN_SHARES = 100_000
"""Shares drawn for one truth: with many groups, fewer draws tell as much of a distance."""


@dataclass(frozen=True)
class Samples:
    """What would be observed of k groups under truths between the reference and the observation.

    Attributes:
        observed: The shares p, shape `(k,)`.
        reference: The shares q, shape `(k,)`.
        truths: Shares from q to p, shape `(steps, k)`.
        drawn: Shares as observed under each truth, shape `(steps, draws, k)`.
        drawn_reference: The reference as observed, shape `(draws, k)`.
    """

    observed: Floats
    reference: Floats
    truths: Floats
    drawn: Floats
    drawn_reference: Floats


def samples(
    p: ArrayLike, q: ArrayLike, covariance: ArrayLike, images: float, seed: int = 0
) -> Samples:
    """Draw what would be observed, from a normal distribution cut at 0.

    The variance of a share is taken to grow with the share, as that of a count does, so that each
    truth has its own. A share of 0 is given the variance of one image.

    Args:
        p: The observed shares, shape `(k,)`.
        q: The reference shares, shape `(k,)`.
        covariance: That of p and q together, shape `(2k, 2k)`; 0 for a q that is no sample.
        images: How many images p comes from.
        seed: The seed of the draws.
    """
    observed, reference = shares(p), shares(q)
    k = len(observed)
    spread = np.array(covariance, dtype=np.float64)
    empty = np.flatnonzero(observed == 0)
    spread[empty, empty] = 1 / images**2
    draws = int(np.clip(DRAWN_SHARES // k, LEAST_DRAWS, MOST_DRAWS))
    errors = np.random.default_rng(seed).standard_normal((draws, 2 * k)) @ root(spread)
    way = 1 - np.linspace(1, 0, STEPS + 1) ** 2
    truths = reference + way[:, np.newaxis] * (observed - reference)
    scale = np.sqrt(np.maximum(truths, 1 / images) / np.maximum(observed, 1 / images))
    drawn = truths[:, np.newaxis] + errors[:, :k] * scale[:, np.newaxis]
    drawn_reference = reference + errors[:, k:]
    return Samples(
        observed,
        reference,
        truths,
        shares(np.maximum(drawn, 0)),
        shares(np.maximum(drawn_reference, 0)),
    )


def root(covariance: Floats) -> Floats:
    """Return the symmetric square root of a covariance, which no choice of axes can change."""
    full = np.full(covariance.shape, np.nan)
    if not np.isfinite(covariance).all():
        return full
    varies = np.diag(covariance) > 0
    block = np.ix_(varies, varies)
    values, axes = np.linalg.eigh(covariance[block])
    full[...] = 0.0
    full[block] = (axes * np.sqrt(np.maximum(values, 0.0))) @ axes.T
    return full


@np.errstate(invalid="ignore")
def interval(
    measure: Measure,
    drawn: Samples,
    confidence: float = 0.95,
    *,
    squared: bool = False,
    kinked: bool = False,
) -> Interval:
    """Return an interval of a measure that is extreme where p equals q.

    For each truth, the range of its samples is symmetric about it (as in Kent and Hainsworth 1995
    for the noncentral chi-squared distribution), so the interval always holds the observed value
    and is never empty. It reaches the value at equality just where p is as near to q as most
    samples of q are. Above the observation, the range is that of the observation itself, slightly
    too wide.

    Args:
        measure: Of p and q along the last axis; vectorised, largest or smallest where p equals q.
        drawn: What would be observed.
        confidence: The confidence level.
        squared: Whether the measure grows with the square of the distance near q.
        kinked: Whether it is a norm without a slope wherever one share is equal. The way from q to
            p then says too little of how noise adds up, and the widest range is taken for all; by
            the triangle inequality that is never too narrow.

    Returns:
        Bounds among the values the measure can take; NaN without a covariance. Where the observed
        value is infinite, its error is unknown and only the upper bound is given.
    """
    q = drawn.reference
    origin = measure(q, q)

    def gap(p: Floats, reference: Floats) -> Floats:
        size = np.abs(measure(p, reference) - origin)
        return np.sqrt(size) if squared else size

    observed, truth = gap(drawn.observed, q), gap(drawn.truths, q)
    if np.isinf(observed):
        return Interval(np.asarray(np.nan), np.asarray(np.inf))
    errors = np.abs(gap(drawn.drawn, drawn.drawn_reference) - truth[:, np.newaxis])
    reach = np.quantile(errors, confidence, axis=-1, method="higher")
    if np.isnan(reach).any():
        return Interval(np.asarray(np.nan), np.asarray(np.nan))
    if kinked:
        reach = np.full(reach.shape, reach.max())
    most = np.eye(len(q))
    widest = np.max(gap(most, q))
    ends = np.array([least_truth(observed, truth, reach), min(observed + reach[-1], widest)])
    sign = -1.0 if np.min(measure(most, q)) < origin else 1.0
    low, high = np.sort(origin + sign * (ends**2 if squared else ends))
    return Interval(np.asarray(low), np.asarray(high))


def least_truth(observed: Floats, truth: Floats, reach: Floats) -> float:
    """Return the least true value whose samples reach the observed one, between those tried."""
    excess = observed - truth - reach
    place = int(np.argmax(excess <= 0))
    if place == 0:
        return 0.0
    above, below = excess[place - 1], excess[place]
    part = above / (above - below)
    return float(truth[place - 1] + part * (truth[place] - truth[place - 1]))
