"""Attributes held against each other: their values pair by pair, and two attributes as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from toolkit.cooccurrence import ANY, Cooccurrence, Moments
from toolkit.metrics._pairs import (
    cautious_effects,
    cells_of,
    design_effects,
    evidence,
    measures_of,
    statuses,
)
from toolkit.model.slices import OVERALL, Slice, SliceTable, Status
from toolkit.slicing import COUNT
from toolkit.stats import association as stats
from toolkit.stats.arrays import divide
from toolkit.stats.contingency import (
    Strength,
    cramers_v,
    likelihood_ratio,
    mean_design_effect,
    pearson,
    theils_u,
)
from toolkit.stats.multiplicity import adjust
from toolkit.structure import structural_cells

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from toolkit.config import AuditConfig
    from toolkit.slicing import Totals

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Crossed:
    """Groups by the values of one more attribute.

    Attributes:
        counts: Units by group and value, without what the protocol rules out.
        present: Images with at least one unit of each pair; shape (k, l).
        ruled_out: The pairs that the protocol rules out.
        names: The attributes that make the groups, and the other one.
    """

    counts: Cooccurrence
    present: NDArray[np.int64]
    ruled_out: tuple[Slice, ...]
    names: tuple[str, str]


def crossed(totals: Totals) -> Crossed | None:
    """Arrange totals as the groups of all attributes but the last, by the values of the last.

    Only known values count. A group or value all of whose pairs are ruled out by the protocol is
    left out, so that a rule is never called a correlation. None where fewer than two of either
    remain.
    """
    *first, last = totals.attributes
    if not totals.groups:
        return None
    values = list(dict.fromkeys(group.terms[-1] for group in totals.groups))
    shape = len(totals.groups) // len(values), len(values)
    known, rule = totals.known.reshape(shape), structural_cells(totals).reshape(shape)
    n = totals.counts.reshape(shape)
    possible = known & ~rule & (n.sum(axis=1, keepdims=True) > 0) & (n.sum(axis=0) > 0)
    rows, columns = (np.flatnonzero(possible.any(axis=axis)) for axis in (1, 0))
    if len(rows) < 2 or len(columns) < 2:
        return None
    present = totals.present.reshape(shape)[np.ix_(rows, columns)]
    ruled_out = tuple(
        g for g, out in zip(totals.groups, (known & rule).ravel(), strict=True) if out
    )
    names = " & ".join(attribute.name for attribute in first), last.name
    return Crossed(counts_of(totals, shape, rows, columns), present, ruled_out, names)


def counts_of(
    totals: Totals, shape: tuple[int, int], rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> Cooccurrence:
    """Return the chosen rows and columns of totals that make a table of this shape."""
    block = np.ix_(rows, columns)
    n = totals.counts.reshape(shape)[block]
    observed = totals.totals[COUNT].reshape(shape)[block]
    scale = float(divide(n.sum(), observed.sum()))
    products = totals.products(COUNT, COUNT).reshape(shape * 2)
    products = products[np.ix_(rows, columns, rows, columns)]
    factor = scale**2 * float(divide(totals.clusters, totals.clusters - 1))
    starts = [totals.groups[row * shape[1]] for row in rows]
    return Cooccurrence(
        groups=tuple(Slice(group.terms[:-1]) for group in starts),
        labels=tuple(str(Slice(totals.groups[column].terms[-1:])) for column in columns),
        counts=n,
        observed=observed * scale,
        with_group=observed.sum(axis=1) * scale,
        with_label=observed.sum(axis=0) * scale,
        n=float(n.sum()),
        n_images=totals.covered,
        unit=totals.unit,
        moments=moments_of(products * factor),
        clustered=True,
    )


def moments_of(products: Array) -> Moments:
    """Arrange sums of products of two pairs of group and value; shape (k, l, k, l)."""
    k = len(products)
    members = np.vstack([np.eye(k), np.ones(k)])
    summed = np.einsum("ag,gyhz,bh->aybz", members, products, members, optimize=True)
    number = [*range(k), ANY]
    place = {pair: i for i, pair in enumerate(product(number, repeat=2))}
    shape = len(place), products.shape[1]
    return Moments(
        place,
        np.einsum("ayby->aby", summed).reshape(shape),
        np.einsum("aybz->aby", summed).reshape(shape),
        np.einsum("aybz->ab", summed).reshape(-1),
    )


def pair_table(found: Crossed, config: AuditConfig) -> SliceTable:
    """Return every measure of every pair of a group and a value, each a slice of its own."""
    counts = found.counts
    cells, effects = cells_of(counts), cautious_effects(counts)
    expected = stats.expected(*cells)
    tests = {name: p.ravel() for name, p in evidence(cells, effects, config).items()}
    slices = [f"{group} & {value}" for group in counts.groups for value in counts.labels]
    tables = [
        SliceTable.of(
            {
                **tests,
                "metric": "association.attributes",
                "subject": one.name,
                "unit": counts.unit,
                "slice": slices,
                "n": counts.counts.ravel(),
                "n_images": found.present.ravel(),
                **one.columns,
                "status": statuses(counts.counts, expected, one.value, config.slices.min_n).ravel(),
            }
        )
        for one in measures_of(cells, effects, config)
    ]
    return SliceTable.concat([*tables, structural_rows(found)])


def structural_rows(found: Crossed) -> SliceTable:
    """Return a row without numbers for each pair that the protocol rules out."""
    if not found.ruled_out:
        return SliceTable.empty()
    return SliceTable.of(
        {
            "metric": "association.attributes",
            "subject": "observed",
            "unit": found.counts.unit,
            "slice": [str(group) for group in found.ruled_out],
            "n": 0,
            "n_images": 0,
            "status": Status.STRUCTURAL,
        }
    )


def whole_table(counts: Cooccurrence, names: tuple[str, str], config: AuditConfig) -> SliceTable:
    """Return the tests of independence of two attributes, or of one and all labels.

    Theil's U is the part of the entropy of the one that the other explains. The statistics have
    no interval: their reference is their expectation under independence.
    """
    table, confidence = counts.observed, config.slices.confidence
    effect = mean_design_effect(table, design_effects(counts))
    chi_square, g = pearson(table, effect), likelihood_ratio(table, effect)
    first, second = names
    numbers = {
        "Cramér's V": (cramers_v(table, effect, confidence), 0, chi_square),
        f"Theil's U of {second}": (theils_u(table, effect, confidence), 0, g),
        f"Theil's U of {first}": (theils_u(table.T, effect, confidence), 0, g),
        "chi-square": (Strength(chi_square.statistic), chi_square.degrees, chi_square),
        "G": (Strength(g.statistic), g.degrees, g),
    }
    strengths, references, tests = zip(*numbers.values(), strict=True)
    # There are two tests, whatever number of rows they stand in.
    q_value = adjust([chi_square.p_value, g.p_value], config.slices.correction)
    value = np.array([one.value for one in strengths])
    n = np.full(len(value), counts.n)
    return SliceTable.of(
        {
            "metric": "association.table",
            "subject": [f"{first} & {second}: {name}" for name in numbers],
            "unit": counts.unit,
            "slice": str(OVERALL),
            "n": n,
            "n_images": counts.n_images,
            "value": value,
            "ci_low": [one.low for one in strengths],
            "ci_high": [one.high for one in strengths],
            "reference": references,
            "p_value": [test.p_value for test in tests],
            "q_value": [q_value[int(test is g)] for test in tests],
            "status": statuses(n, n, value, config.slices.min_n),
        }
    )
