"""Two categorical features as a whole: tests of independence and how strong the relation is.

A table has one unit in one cell. Where units share clusters, `design_effect` is the mean one of
the cells (Rao and Scott 1981); statistics are divided by it. Rows and columns without any units
say nothing and are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import chdtrc, chndtr, xlogy

from toolkit.stats.arrays import Floats, divide
from toolkit.stats.intervals import upper_level
from toolkit.stats.roots import crossing

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

BEYOND = 20.0
"""A noncentrality is searched up to the statistic and so many standard deviations beyond it."""


@dataclass(frozen=True)
class Strength:
    """One number of a table with its interval, if it has one."""

    value: float
    low: float = np.nan
    high: float = np.nan


@dataclass(frozen=True)
class Independence:
    """A test of independence: the statistic over its design effect, on so many degrees."""

    statistic: float
    degrees: int
    p_value: float


def filled(table: ArrayLike) -> Floats:
    """Return a table of counts without its empty rows and columns; shape `(r, c)`.

    Raises:
        ValueError: If a count is negative or not finite.
    """
    cells = np.asarray(table, dtype=np.float64)
    if cells.ndim != 2 or np.any((cells < 0) | ~np.isfinite(cells)):
        raise ValueError("A table has rows and columns of counts, finite and not negative.")
    return cells[np.ix_(cells.sum(axis=1) > 0, cells.sum(axis=0) > 0)]


def expected_cells(cells: Floats) -> Floats:
    """Return the cells of independent features with the same margins."""
    return divide(np.outer(cells.sum(axis=1), cells.sum(axis=0)), cells.sum())


def degrees_of(cells: Floats) -> int:
    """Return (rows - 1)(columns - 1); 0 for a table that cannot depart from independence."""
    rows, columns = cells.shape
    return int(max(rows - 1, 0) * max(columns - 1, 0))


def mean_design_effect(table: ArrayLike, effects: ArrayLike) -> float:
    """Return the design effect of the whole table from those of its cells.

    The expectation of Pearson's statistic over its degrees of freedom, from the variances of the
    cells' departures: sum d_ij (1 - p_i)(1 - p_j) / ((r-1)(c-1)) (Rao and Scott 1981).

    Args:
        table: Counts, shape `(r, c)`.
        effects: The design effect of each cell, same shape.
    """
    cells = np.asarray(table, dtype=np.float64)
    n = cells.sum()
    rows, columns = (divide(cells.sum(axis=axis), n) for axis in (1, 0))
    spread = np.outer(1 - rows, 1 - columns)[np.ix_(rows > 0, columns > 0)]
    weights = np.asarray(effects, dtype=np.float64)[np.ix_(rows > 0, columns > 0)]
    return float(divide((weights * spread).sum(), degrees_of(filled(cells))))


def pearson(table: ArrayLike, design_effect: float = 1.0) -> Independence:
    """Return Pearson's chi-square test of independence, without continuity correction."""
    cells = filled(table)
    chance = expected_cells(cells)
    return tested(divide((cells - chance) ** 2, chance).sum(), cells, design_effect)


def likelihood_ratio(table: ArrayLike, design_effect: float = 1.0) -> Independence:
    """Return the likelihood-ratio test of independence, G = 2 sum n_ij ln(n_ij / expected)."""
    cells = filled(table)
    return tested(
        2 * xlogy(cells, divide(cells, expected_cells(cells))).sum(), cells, design_effect
    )


def tested(statistic: float, cells: Floats, design_effect: float) -> Independence:
    """Return a statistic over its design effect, with its p-value; NaN without any degrees."""
    degrees = degrees_of(cells)
    if not degrees:
        return Independence(np.nan, 0, np.nan)
    corrected = float(statistic) / design_effect
    return Independence(corrected, degrees, float(chdtrc(degrees, corrected)))


def noncentral(test: Independence, confidence: float) -> Strength:
    """Return the noncentrality of a statistic: it less its degrees, and those it does not reject.

    The statistic is noncentral chi-square about its degrees and n times the effect (Smithson 2003).
    """
    tail = 1 - upper_level(confidence)
    value = max(test.statistic - test.degrees, 0.0)
    width = np.sqrt(2 * (test.degrees + 2 * test.statistic)) + 1
    far = np.asarray(value + BEYOND * width)

    def rises(shift: Floats) -> Floats:
        return -np.asarray(chndtr(test.statistic, test.degrees, shift))

    def bound(p: float) -> float:
        if 1 - test.p_value <= p:
            return 0.0
        return float(crossing(rises, -p, np.asarray(0.0), far))

    return Strength(value, bound(1 - tail), bound(tail))


def cramers_v(table: ArrayLike, design_effect: float = 1.0, confidence: float = 0.95) -> Strength:
    """Return Cramér's V corrected for its bias (Bergsma 2013), 0 unrelated to 1 determined.

    Args:
        table: Counts, shape `(r, c)`.
        design_effect: By which the number of units is divided.
        confidence: The confidence level; the bounds are those of the noncentral chi-square.

    Returns:
        NaN where a feature has a single value.
    """
    cells = filled(table)
    test = pearson(cells, design_effect)
    if not test.degrees:
        return Strength(np.nan)
    n = cells.sum() / design_effect
    shape = np.array(cells.shape, dtype=np.float64)
    least = np.min(shape - (shape - 1) ** 2 / (n - 1)) - 1
    value = max(test.statistic / n - test.degrees / (n - 1), 0.0)
    shift = noncentral(test, confidence)
    parts = (value, shift.low / n, shift.high / n)
    return Strength(*(float(np.sqrt(min(part / least, 1.0))) for part in parts))


def theils_u(table: ArrayLike, design_effect: float = 1.0, confidence: float = 0.95) -> Strength:
    """Return the part of the columns' entropy that the rows explain (Theil 1970), less its bias.

    The mutual information is G / 2n; under independence it is about its degrees / 2n too high, by
    which it is lowered (Miller 1955). The bounds are those of the noncentral chi-square, taking
    the entropy of the columns as known.

    Returns:
        Values in 0..1; NaN where a feature has a single value. The transposed table gives the
        other direction.
    """
    cells = filled(table)
    test = likelihood_ratio(cells, design_effect)
    if not test.degrees:
        return Strength(np.nan)
    shares = cells.sum(axis=0) / cells.sum()
    most = -2 * xlogy(shares, shares).sum() * cells.sum() / design_effect
    shift = noncentral(test, confidence)
    return Strength(
        *(float(min(part / most, 1.0)) for part in (shift.value, shift.low, shift.high))
    )
