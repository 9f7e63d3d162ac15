"""What the association of one label with two groups differs by, and how clusters widen intervals.

A measure of a cell depends on four totals: the units with both features, with the first, with the
second, and all. Their moments are sums over clusters of the products of any two of them. They
allow for images that show both groups, and for images that come from one photographer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from toolkit.stats.arrays import Floats, divide
from toolkit.stats.association import counts
from toolkit.stats.association_forms import Form, form_interval, form_value, slopes
from toolkit.stats.clustered import distance
from toolkit.stats.intervals import FEW, two_sided, z_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from toolkit.stats.association import Counts


@dataclass(frozen=True)
class Gap:
    """A measure with one group less that with another, with its interval and p-value."""

    value: Floats
    low: Floats
    high: Floats
    p_value: Floats


def by_four_totals(cell: Counts, by_share: tuple[Floats, Floats, Floats]) -> Floats:
    """Turn derivatives by the shares of both, first and second into those by the four totals.

    Returns:
        Shape `(4, ...)`, by the units with both, first, second, and by all; the last is what makes
        the measure independent of the scale of the totals.
    """
    *parts, total = cell
    scaled = [divide(slope, total) for slope in by_share]
    products = [slope * divide(part, total) for slope, part in zip(scaled, parts, strict=True)]
    return np.stack([*scaled, -np.sum(products, axis=0)])


def effective(cell: Counts, design_effect: ArrayLike) -> Counts:
    """Return the counts of as many independent units as would say as much."""
    x, row, column, total = (divide(part, design_effect) for part in cell)
    return x, row, column, total


def product_of(first: Floats, moments: Floats, second: Floats) -> Floats:
    """Return the sum over clusters of the products of two linearised measures.

    Args:
        first: Derivatives of one measure by its four totals, shape `(4, ...)`.
        moments: Sums over clusters of the products of the totals, shape `(4, 4, ...)`.
        second: Derivatives of the other.
    """
    found: Floats = np.einsum("a...,ab...,b...->...", first, moments, second)
    return found


def independent(observed: Floats, row: Floats, column: Floats, n: Floats) -> Floats:
    """Return the moments if every unit were a cluster of its own; shape `(4, 4, ...)`."""
    x = observed
    rows = ((x, x, x, x), (x, row, x, row), (x, x, column, column), (x, row, column, n))
    return np.stack([np.stack(np.broadcast_arrays(*values)) for values in rows])


def design_effect(
    observed: ArrayLike,
    row_total: ArrayLike,
    column_total: ArrayLike,
    n: ArrayLike,
    moments: ArrayLike,
) -> Floats:
    """Return how many times the variance of a cell exceeds that of as many independent units.

    Of the cell's departure from independence, p(x,y) - p(x)p(y), on which the test rests (Rao and
    Scott 1981). Counts divided by it are effective counts, which every interval and test of
    independent units takes.

    Args:
        observed: Units with both features.
        row_total: Units with the first.
        column_total: Units with the second.
        n: All units.
        moments: Of the four totals over clusters, shape `(4, 4, ...)`.

    Returns:
        1 where there is no variance to be estimated.
    """
    cell = counts(observed, row_total, column_total, n)
    x, row, column, total = cell
    by_share = (np.ones(x.shape), -divide(column, total), -divide(row, total))
    slope = by_four_totals(cell, by_share)
    clustered = product_of(slope, np.asarray(moments, dtype=np.float64), slope)
    alone = product_of(slope, independent(*cell), slope)
    return np.where(alone > 0, divide(clustered, alone), 1.0)


@np.errstate(invalid="ignore")
def gap(
    form: Form,
    first: Counts,
    second: Counts,
    moments: Sequence[Floats],
    confidence: float = 0.95,
    effects: Sequence[ArrayLike] = (1.0, 1.0),
) -> Gap:
    """Return G(y | x1, x2): the measure of a label with one group less that with another.

    The intervals of both are combined with the correlation of their linearised values, cluster by
    cluster (Zou and Donner 2008), so that the gap's holds up where one of them never meets the
    label. Below `FEW` units with the label or without it that correlation is taken as -1. The
    p-value takes as standard error the side of the interval that faces 0: it is below
    1 - confidence just where 0 lies outside the interval.

    Args:
        form: The measure.
        first: Units with group and label, with the group, with the label, and all.
        second: The same of the other group.
        moments: Of the first's four totals, of those of the first by the second's, and of the
            second's; each of shape `(4, 4, ...)`.
        confidence: The confidence level.
        effects: The design effects of the two cells.

    Returns:
        NaN where one of the measures is; where one is infinite there is no interval.
    """
    values = [form_value(form, *cell) for cell in (first, second)]
    sure = [effective(cell, effect) for cell, effect in zip((first, second), effects, strict=True)]
    ends = [form_interval(form, *cell, confidence) for cell in sure]
    lines = [by_four_totals(cell, slopes(form, *cell)) for cell in (first, second)]
    own = [product_of(lines[0], moments[0], lines[0]), product_of(lines[1], moments[2], lines[1])]
    shared = product_of(lines[0], moments[1], lines[1])
    rho = np.clip(divide(shared, np.sqrt(np.maximum(own[0] * own[1], 0))), -1, 1)
    few = np.minimum(*(np.minimum(x, row - x) for x, row, *_ in sure)) < FEW
    # Too few to tell how they vary together: what widens the interval most is assumed.
    rho = np.where(few | np.isnan(rho), -1.0, rho)
    value = values[0] - values[1]
    below = distance(values[0] - ends[0].low, ends[1].high - values[1], rho)
    above = distance(ends[0].high - values[0], values[1] - ends[1].low, rho)
    facing = np.where(value > 0, below, above)
    p_value = two_sided(divide(z_value(confidence) * value, facing))
    return Gap(value, value - below, value + above, p_value)
