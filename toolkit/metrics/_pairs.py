"""Every measure of every pair of a group and a label, as rows of tables."""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from toolkit.model.slices import SliceTable, Status
from toolkit.stats import association as stats
from toolkit.stats.arrays import divide
from toolkit.stats.association_forms import FORMS, Form, form_interval, form_value, unrelated
from toolkit.stats.association_gaps import Gap, design_effect, effective, gap
from toolkit.stats.intervals import Interval, wilson
from toolkit.stats.multiplicity import adjust

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from toolkit.config import AuditConfig
    from toolkit.cooccurrence import Cooccurrence, Moments

    Array = NDArray[np.float64]
    Cells = tuple[Array, Array, Array, Array]


@dataclass(frozen=True)
class Measure:
    """A measure of all pairs with its interval and the value it has if they are unrelated."""

    name: str
    value: Array
    interval: Interval
    reference: Array

    @property
    def columns(self) -> dict[str, Array]:
        """The columns of its rows, pair by pair."""
        return {
            "value": self.value.ravel(),
            "ci_low": self.interval.low.ravel(),
            "ci_high": self.interval.high.ravel(),
            "reference": self.reference.ravel(),
        }


def cells_of(counts: Cooccurrence) -> Cells:
    """Return the four counts of every pair; arrays of shape (k, l)."""
    shape = counts.observed.shape
    rows = np.broadcast_to(counts.with_group[:, np.newaxis], shape)
    columns = np.broadcast_to(counts.with_label[np.newaxis, :], shape)
    return counts.observed, rows, columns, np.full(shape, counts.n)


def of_group(cells: Cells, group: int) -> Cells:
    """Return the four counts of one group's pairs; arrays of shape (l,)."""
    x, row, column, n = (part[group] for part in cells)
    return x, row, column, n


def design_effects(counts: Cooccurrence) -> Array:
    """Return the design effect of every pair, 1 where units are independent; shape (k, l)."""
    cells = cells_of(counts)
    if not counts.clustered or counts.moments is None:
        return np.ones(counts.observed.shape)
    moments = [counts.moments.of(g, g) for g in range(len(counts.groups))]
    return design_effect(*cells, np.stack(moments, axis=2))


def cautious_effects(counts: Cooccurrence) -> Array:
    """Return the design effect of every pair, but at least 1.

    A variance of one pair below that of independent units is mostly chance where sampling units
    are few (as in the standards of the US health statistics, Parker et al. 2017).
    """
    return np.maximum(design_effects(counts), 1.0)


def measures_of(cells: Cells, effects: Array, config: AuditConfig) -> Iterator[Measure]:
    """Yield the measures that every audit has, then those that the settings ask for."""
    confidence = config.slices.confidence
    sure = effective(cells, effects)
    expected = stats.expected(*cells)
    met = wilson(sure[0], sure[3], confidence)
    among = wilson(sure[0], sure[1], confidence)
    with np.errstate(divide="ignore"):
        strength = [np.log2(divide(end * cells[1], expected)) for end in among]
    independent = np.zeros(expected.shape)
    cautious = stats.conservative_lift(*sure, confidence)
    in_units = Interval(met.low * cells[3], met.high * cells[3])
    of_lift, of_npmi = (of(*sure, confidence) for of in (stats.lift_interval, stats.npmi_interval))
    yield Measure("observed", cells[0], in_units, expected)
    yield Measure("lift", stats.lift(*cells), of_lift, independent + 1)
    yield Measure("conservative_lift", cautious, Interval(*strength), independent)
    yield Measure("npmi", stats.npmi(*cells), of_npmi, independent)
    for name in config.association.measures:
        form = FORMS[name]
        ends = form_interval(form, *sure, confidence)
        yield Measure(name, form_value(form, *cells), ends, unrelated(form, *cells[1:]))


def evidence(cells: Cells, effects: Array, config: AuditConfig) -> dict[str, Array]:
    """Return the p-values of independence of every pair, and corrected as one family."""
    p_value = stats.independence_p_value(*cells, effects)
    return {"p_value": p_value, "q_value": adjust(p_value, config.slices.correction)}


def statuses(counts: Array, expected: Array, value: Array, min_n: int) -> NDArray[np.str_]:
    """Say of each number whether it exists, and whether enough units were seen or expected."""
    few = np.where(np.maximum(counts, expected) < min_n, Status.SMALL.value, Status.OK.value)
    return np.where(np.isnan(value), Status.UNDEFINED.value, few)


def label_tables(
    counts: Cooccurrence, subjects: Sequence[str], config: AuditConfig
) -> Iterator[SliceTable]:
    """Yield a table for each of the four measures of every audit, and one for all others.

    Args:
        counts: Images by group and label.
        subjects: The names of the labels.
        config: The settings.
    """
    cells, effects = cells_of(counts), cautious_effects(counts)
    expected, names = stats.expected(*cells), np.tile(subjects, len(counts.groups))
    common: dict[str, Any] = {
        "unit": counts.unit,
        "slice": np.repeat([str(group) for group in counts.groups], len(subjects)),
        "n": counts.counts.ravel(),
        "n_images": counts.n_images,
    }
    common |= {name: p.ravel() for name, p in evidence(cells, effects, config).items()}
    for one in measures_of(cells, effects, config):
        further = one.name in config.association.measures
        status = statuses(counts.counts, expected, one.value, config.slices.min_n)
        yield SliceTable.of(
            {
                **common,
                "metric": "association.measure" if further else f"association.{one.name}",
                "subject": [f"{name}: {one.name}" for name in names] if further else names,
                **one.columns,
                "status": status.ravel(),
            }
        )


def gap_tables(
    counts: Cooccurrence, subjects: Sequence[str], config: AuditConfig
) -> Iterator[SliceTable]:
    """Yield, for each measure to compare, its gaps between all pairs of groups.

    The row of a pair is one of its first group; the subject names the second. `n` is the smaller
    of the two numbers of units with the label.
    """
    k = len(counts.groups)
    if counts.moments is None or not 1 < k <= config.association.most_compared:
        return
    pairs = list(combinations(range(k), 2))
    against = [str(counts.groups[h]) for _, h in pairs]
    seen = np.maximum(counts.counts, stats.expected(*cells_of(counts)))
    least = np.concatenate([np.minimum(seen[g], seen[h]) for g, h in pairs])
    for name in config.association.gaps:
        gaps = gaps_between(counts, counts.moments, pairs, FORMS[name], config.slices.confidence)
        yield SliceTable.of(
            {
                "metric": "association.gap",
                "subject": [f"{label}: {name} against {b}" for b in against for label in subjects],
                "unit": counts.unit,
                "slice": np.repeat([str(counts.groups[g]) for g, _ in pairs], len(subjects)),
                "n": np.concatenate([np.minimum(*counts.counts[[g, h]]) for g, h in pairs]),
                "n_images": counts.n_images,
                "value": gaps.value,
                "ci_low": gaps.low,
                "ci_high": gaps.high,
                "reference": 0.0,
                "p_value": gaps.p_value,
                "q_value": adjust(gaps.p_value, config.slices.correction),
                "status": statuses(least, least, gaps.value, config.slices.min_n),
            }
        )


def gaps_between(
    counts: Cooccurrence,
    moments: Moments,
    pairs: Sequence[tuple[int, int]],
    form: Form,
    confidence: float,
) -> Gap:
    """Return the gaps of all labels between two groups, pair by pair in one array."""
    cells, effects = cells_of(counts), cautious_effects(counts)
    gaps = [
        gap(
            form,
            of_group(cells, g),
            of_group(cells, h),
            [moments.of(*groups) for groups in ((g, g), (g, h), (h, h))],
            confidence,
            (effects[g], effects[h]),
        )
        for g, h in pairs
    ]
    parts = ([getattr(one, field.name) for one in gaps] for field in fields(Gap))
    return Gap(*(np.concatenate(part) for part in parts))
