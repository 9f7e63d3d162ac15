"""A search through all slices of up to three attributes for those in which a rate or mean is worst.

Every slice is scored from its totals, so that nothing is missed; which of them are more than chance
is another question, and one for other data: see `toolkit.stats.confirmation`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from math import prod
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from toolkit.stats.arrays import Floats, divide
from toolkit.stats.intervals import z_value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    Ints = NDArray[np.integer]

Axes = tuple[int, ...]
Terms = tuple[tuple[int, int], ...]
"""A slice: for each of its axes the number of a value."""


@dataclass(frozen=True)
class Rows:
    """Units, and the place of each on every axis along which slices are cut.

    Attributes:
        codes: The number of each unit's value of each axis; shape (axes, units). On axis i the
            numbers below `sizes[i]` make slices, and `sizes[i]` is any other value.
        sizes: How many values of each axis make slices.
        cluster: The number of each unit's sampling unit, from 0 without gaps; shape (units,).
        image: The number of each unit's image; shape (units,).
        y: What is measured, high where it is bad, times the unit's weight; shape (units,).
        x: The unit's weight, 1 where all weigh the same; shape (units,).
        proportion: Whether y / x is 0 or 1 for every unit.
    """

    codes: Ints
    sizes: tuple[int, ...]
    cluster: Ints
    image: Ints
    y: Floats
    x: Floats
    proportion: bool

    def of(self, chosen: NDArray[np.bool_]) -> Rows:
        """Return the chosen units alone, their sampling units numbered anew."""
        cluster = self.cluster[chosen]
        there = np.bincount(cluster) > 0
        return replace(
            self,
            codes=self.codes[:, chosen],
            cluster=(np.cumsum(there) - 1)[cluster],
            image=self.image[chosen],
            y=self.y[chosen],
            x=self.x[chosen],
        )

    @cached_property
    def variance(self) -> float:
        """The variance of y / x over the units, summed in an order that theirs does not change."""
        return float(np.var(np.sort(divide(self.y, self.x)))) if len(self.y) else np.nan


@dataclass(frozen=True)
class Grid:
    """Totals of all slices along the same axes, one dimension an axis: units, weight, measure."""

    n: Floats
    x: Floats
    y: Floats

    def along(self, own: Axes, axes: Axes) -> Grid:
        """Return the grid with a dimension of length 1 for each of `axes` that it does not have."""
        missing = tuple(i for i, axis in enumerate(axes) if axis not in own)
        return Grid(*(np.expand_dims(part, missing) for part in (self.n, self.x, self.y)))


@dataclass(frozen=True)
class Ranked:
    """The slices of one depth that look worse than all wider ones, worst first.

    Attributes:
        searched: How many slices have enough units.
        slices: The (axis, value) terms of each.
        scores: The score of each; shape (slices,).
    """

    searched: int
    slices: Sequence[Terms]
    scores: Floats


def sliceline(y: ArrayLike, x: ArrayLike, all_y: float, all_x: float, alpha: float) -> Floats:
    """Score slices by how bad and how large they are (Sagadeeva and Boehm 2021, equation 1).

    alpha (mean error of the slice / mean error - 1) - (1 - alpha) (units / units of the slice - 1):
    0 for all units, NaN where there is no error at all.

    Args:
        y: The sum of errors of each slice; errors are not negative.
        x: The units of each slice.
        all_y: The sum of all errors.
        all_x: The number of all units.
        alpha: The weight of the mean error against the size, above 0 and at most 1.
    """
    worse = divide(divide(y, x), divide(all_y, all_x)) - 1
    return np.asarray(alpha * worse - (1 - alpha) * (divide(all_x, x) - 1))


def divergence(y: ArrayLike, x: ArrayLike, all_y: float, all_x: float, _alpha: float) -> Floats:
    """Return how far the rate of each slice is above that of all units (Pastor et al. 2021)."""
    return np.asarray(divide(y, x) - divide(all_y, all_x))


RANKINGS: Final[Mapping[str, Callable[[ArrayLike, ArrayLike, float, float, float], Floats]]] = (
    MappingProxyType({"sliceline": sliceline, "divergence": divergence})
)
"""Scores by name: of the totals y and x of slices, of all units, and alpha; high is bad."""


def search(
    rows: Rows,
    depth: int,
    min_units: int,
    ranking: str = "sliceline",
    alpha: float = 0.95,
    confidence: float = 0.95,
) -> tuple[Ranked, ...]:
    """Score every slice and keep those that look worse than each of the wider slices around them.

    A slice is worse than a wider one if its rate is above that of the wider one's other units, by
    a z-test that takes units for independent. That is too easy to pass, and meant to be: it only
    spares the exact comparison (`confirmation.compared`) what is clearly redundant.

    Args:
        rows: The units to search through.
        depth: The most axes of a slice.
        min_units: The fewest units of a slice.
        ranking: One of `RANKINGS`; a slice with a score of 0 or less is no bad one.
        alpha: Of SliceLine's score.
        confidence: The level of the z-test.

    Returns:
        The slices of one axis, of two, and so on.
    """
    score = RANKINGS[ranking]
    whole = totals(rows, ())
    grids: dict[Axes, Grid] = {(): whole}
    levels = []
    for size in range(1, depth + 1):
        searched, slices, scores = 0, [np.empty((0, 2 * size), dtype=np.intp)], [np.empty(0)]
        for axes in combinations(range(len(rows.sizes)), size):
            grid = totals(rows, axes)
            if size < depth:
                grids[axes] = grid
            found = score(grid.y, grid.x, float(whole.y), float(whole.x), alpha)
            large = grid.n >= min_units
            kept = worse_than_wider(rows, axes, grid, grids, large & (found > 0), confidence)
            searched += int(large.sum())
            slices.append(np.hstack([np.broadcast_to(axes, kept.shape), kept]))
            scores.append(found[tuple(kept.T)])
        levels.append(in_order(searched, np.concatenate(slices), np.concatenate(scores)))
    return tuple(levels)


def totals(rows: Rows, axes: Axes) -> Grid:
    """Total the units of every slice along some axes."""
    shape = tuple(rows.sizes[axis] + 1 for axis in axes)
    place = np.zeros(len(rows.y), dtype=np.int32)
    for axis, length in zip(axes, shape, strict=True):
        place *= length
        place += rows.codes[axis]
    made = tuple(slice(rows.sizes[axis]) for axis in axes)

    def added(values: Floats | None) -> Floats:
        sums = np.bincount(place, values, minlength=prod(shape))
        return sums.astype(np.float64).reshape(shape)[made]

    return Grid(added(None), added(rows.x), added(rows.y))


@np.errstate(divide="ignore", invalid="ignore")
def worse_than_wider(
    rows: Rows,
    axes: Axes,
    grid: Grid,
    grids: Mapping[Axes, Grid],
    candidates: NDArray[np.bool_],
    confidence: float,
) -> NDArray[np.intp]:
    """Return the places of the candidates that look worse than all wider slices; (kept, axes).

    `grids` has the totals of all slices along fewer axes. A candidate without any unit less than a
    wider slice is the same as that one, and left out.
    """
    limit = z_value(confidence)
    kept = candidates.copy()
    for fewer in range(len(axes)):
        for wider in combinations(axes, fewer):
            around = grids[wider].along(wider, axes)
            n, x, y = around.n - grid.n, around.x - grid.x, around.y - grid.y
            rate = around.y / around.x
            variance = rate * (1 - rate) if rows.proportion else rows.variance
            z = (grid.y / grid.x - y / x) / np.sqrt(variance * (1 / grid.n + 1 / n))
            kept &= (n > 0) & (z > limit)
    return np.argwhere(kept)


def in_order(searched: int, slices: NDArray[np.intp], scores: Floats) -> Ranked:
    """Sort slices by score, worst first; equal scores by axes and values."""
    order = np.lexsort([*slices.T[::-1], -scores])
    size = slices.shape[1] // 2
    terms = [tuple(zip(row[:size], row[size:], strict=True)) for row in slices[order].tolist()]
    return Ranked(searched, terms, scores[order])
