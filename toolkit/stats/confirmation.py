"""Whether slices that were found in other data are worse than what is around them.

A slice is held against everything wider: against all other units, and, if it has several terms,
against what each slice with only some of those terms has outside it. Otherwise every part of a bad
slice would count as a discovery of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, stdtr

from toolkit.stats.arrays import Floats, divide
from toolkit.stats.clustered import (
    RatioEstimate,
    distance,
    equality_p_value,
    two_ratios,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from toolkit.stats.discovery import Rows, Terms


@dataclass(frozen=True)
class Compared:
    """Slices beside what is around them, as arrays of shape (slices,).

    Attributes:
        n: Units of each slice.
        clusters: Sampling units that have any of them.
        images: Images that have any of them.
        value: Rate or mean of each slice, `low` and `high` the ends of its interval.
        rest: Rate or mean of all other units.
        p_value: Of the slice being no worse than one of the wider ones. All of these must be
            unlikely, so it is the largest of the one-sided p-values (an intersection-union test,
            Berger 1982). NaN if a wider slice has no other units.
    """

    n: NDArray[np.int64]
    clusters: NDArray[np.int64]
    images: NDArray[np.int64]
    value: Floats
    low: Floats
    high: Floats
    rest: Floats
    p_value: Floats


@dataclass(frozen=True)
class Pairs:
    """Slices beside the other units of something wider, in pairs of shape (pairs,).

    Attributes:
        units: Units of the slice and of the others; shape (pairs, 2).
        totals: (y1, x1, y2, x2) of the slice and of the others; shape (pairs, 4).
        cross: The product of each two of them, summed over the sampling units; (pairs, 4, 4).
        clusters: How many sampling units there are.
        proportion: Whether y / x is a proportion rather than a mean.
    """

    units: Floats
    totals: Floats
    cross: Floats
    clusters: int
    proportion: bool


def compared(rows: Rows, slices: Sequence[Terms], confidence: float) -> Compared:
    """Compare each slice with all other units, and with the other units of each wider slice.

    Args:
        rows: The units, others than those in which the slices were found.
        slices: The slices; each has at least one term.
        confidence: The level of the intervals.
    """
    estimates, rest, p_values = one_sided(pairs(rows, slices), confidence)
    # A slice of d terms is beside 2^d - 1 wider ones, of which that of all units comes first.
    numbers = [2 ** len(terms) - 1 for terms in slices]
    first = np.cumsum([0, *numbers], dtype=np.intp)[:-1]
    members = [within(rows, terms) for terms in slices]
    clusters, images = (
        np.array([np.count_nonzero(np.bincount(number[m])) for m in members], dtype=np.int64)
        for number in (rows.cluster, rows.image)
    )
    return Compared(
        n=np.array([len(m) for m in members], dtype=np.int64),
        clusters=clusters,
        images=images,
        value=estimates.value[first],
        low=estimates.low[first],
        high=estimates.high[first],
        rest=rest.value[first],
        p_value=np.maximum.reduceat(p_values, first),
    )


def pairs(rows: Rows, slices: Sequence[Terms]) -> Pairs:
    """Total each slice, and beside it the other units of each wider slice."""
    everything = by_cluster(rows, within(rows, ()))
    units, totals, cross = [], [], []
    for terms in slices:
        members = within(rows, terms)
        own = by_cluster(rows, members)
        for fewer in wider_than(terms):
            around = within(rows, fewer)
            others = (by_cluster(rows, around) if fewer else everything) - own
            beside = np.concatenate([own, others])
            units.append((len(members), len(around) - len(members)))
            totals.append(beside.sum(axis=1))
            cross.append(beside @ beside.T)
    return Pairs(
        units=np.array(units, dtype=np.float64).reshape(-1, 2),
        totals=np.array(totals).reshape(-1, 4),
        cross=np.array(cross).reshape(-1, 4, 4),
        clusters=everything.shape[1],
        proportion=rows.proportion,
    )


def wider_than(terms: Terms) -> Iterator[Terms]:
    """Yield the slices with fewer of the terms: first that of all units, which has none."""
    for number in range(len(terms)):
        yield from combinations(terms, number)


def within(rows: Rows, terms: Terms) -> NDArray[np.intp]:
    """Return the places of a slice's units."""
    inside = np.ones(len(rows.y), dtype=bool)
    for axis, value in terms:
        inside &= rows.codes[axis] == value
    return np.flatnonzero(inside)


def by_cluster(rows: Rows, members: NDArray[np.intp]) -> Floats:
    """Total y and x of some units by sampling unit; shape (2, clusters)."""
    cluster, length = rows.cluster[members], int(rows.cluster.max(initial=-1)) + 1
    return np.stack([np.bincount(cluster, part[members], length) for part in (rows.y, rows.x)])


def one_sided(beside: Pairs, confidence: float) -> tuple[RatioEstimate, RatioEstimate, Floats]:
    """Estimate y1/x1 and y2/x2 of each pair, and test that the first is not above the second.

    The p-values are those of `above` for proportions. For means they are Student's, with the
    degrees of freedom of whichever side has fewer sampling units, and the standard error of one
    joint linearisation.
    """
    t, s = beside.totals, beside.cross
    one, other, rho = two_ratios(
        t, s, beside.clusters, confidence, units=beside.units, proportion=beside.proportion
    )
    if beside.proportion:
        return one, other, above(one, other, rho)
    effective = np.minimum(*(divide(t[:, i] ** 2, s[:, i, i]) for i in (1, 3)))
    statistic = divide(one.value - other.value, distance(one.se, other.se, rho))
    return one, other, np.asarray(stdtr(effective - 1, -statistic))


def above(one: RatioEstimate, other: RatioEstimate, rho: Floats) -> Floats:
    """Return the one-sided p-value of a proportion not being above another.

    The larger one of two normal tests at the effective sizes: the pooled score test, and that of
    the angles. A search picks just those slices whose rate came out high by chance, and each test
    takes such a chance too lightly at one end: the first where events are rare (three in thirty
    units, where 2 % are usual, for one in a thousand instead of one in fifty), the second where
    nearly all units have one.
    """
    pooled = equality_p_value(one, other, rho) / 2
    score = np.where(one.value > other.value, pooled, 1 - pooled)
    spread = distance(deviation(one), deviation(other), rho)
    return np.maximum(score, ndtr(-divide(angle(one) - angle(other), spread)))


def angle(estimate: RatioEstimate) -> Floats:
    """Return the angle whose variance does not depend on the proportion (Anscombe 1948)."""
    n = estimate.n_effective
    share = (n * estimate.value + 3 / 8) / (n + 3 / 4)
    return np.asarray(2 * np.arcsin(np.sqrt(share)))


def deviation(estimate: RatioEstimate) -> Floats:
    """Return the standard deviation of a proportion's angle."""
    return np.asarray(1 / np.sqrt(estimate.n_effective + 1 / 2))
