"""How groups are annotated: rates of flags, unknown values, boxes an image, size and position."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from ibis import _

from toolkit.estimates import gaps_to_rest, names_of, pairs_of, rates, statuses, with_overall
from toolkit.model.attribute import Attribute
from toolkit.model.dataset import FLAG_COLUMNS
from toolkit.model.slices import SliceTable, Status, Unit
from toolkit.slicing import COUNT, FIXED_POINT, count, fixed
from toolkit.stats.clustered import ratio
from toolkit.stats.multiplicity import adjust
from toolkit.structure import never_asked
from toolkit.units import units

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    import ibis.expr.types as ir
    from numpy.typing import NDArray

    from toolkit.config import AuditConfig
    from toolkit.model.dataset import AnnotatedDataset
    from toolkit.slicing import Totals

TABLES = {
    "annotation.rate": "part of the annotations on which a flag is set",
    "annotation.rate_gap": "rate of a flag in a group less that in all others",
    "annotation.missing_rate": "part of the annotations whose value is unknown",
    "annotation.missing_gap": "rate of unknown values in a group less that in all others",
    "annotation.boxes_per_image": "annotations of the group on images that have any",
    "annotation.box_area": "mean part of the image that a box covers",
    "annotation.box_x_center": "mean position of the boxes' centres, 0 left to 1 right",
    "annotation.box_y_center": "mean position of the boxes' centres, 0 top to 1 bottom",
}
"""What this family puts into `Audit.tables`."""


@dataclass(frozen=True)
class Measure:
    """A rate or mean: the sum of `y` over the sum of `x`, both whole numbers of an annotation.

    `y` and `x` are deferred expressions; where `x` is None, every annotation counts as 1. `gap`
    names the table of its differences between groups, if it has one; a measure without gaps is
    the mean of fractions in fixed point.
    """

    metric: str
    subject: str
    y: Any
    x: Any = None
    gap: str = ""


def annotation(
    dataset: AnnotatedDataset, by: Sequence[tuple[str, ...]], config: AuditConfig
) -> SliceTable:
    """Measure how annotations differ between groups.

    The groups are those of `by`; for unknown values, also those of each flag and each sensitive
    attribute. A gap compares a group with all others together, whose boxes are partly on the
    same images; groups in which the protocol never asks for a value are `structural` and stay
    out of the comparison. One family of tests is one subject within one entry of `by`.
    """
    rows = dataset.annotations
    if rows is None:
        return SliceTable.empty()
    flags = [name for name in FLAG_COLUMNS if name in rows.columns]
    asked = [a for a in dataset.attributes.values() if a.table == "annotations" and a.sensitive]
    unknown = [unknown_values(attribute) for attribute in asked]
    others = [Attribute(flag, "annotations", ("false", "true")) for flag in flags]
    dataset = dataset.with_attributes({attribute.name: attribute for attribute in others})
    names = [(a.name,) for a in [*others, *asked] if (a.name,) not in by]
    signals = dataset.annotation_signals
    people = units(dataset, [], asked_too=[a.name for a in asked], unit=Unit.ANNOTATION)
    known = always_known(people.rows, [*flags, *signals])
    tables: list[SliceTable] = []
    measures = unknown + [set_flag(flag, known) for flag in flags]
    measures += [signal(name, known) for name in signals]
    for i, found in enumerate(counts_of(dataset, by, measures, asked, config)):
        tables += estimated(found, measures, config, overall=i == 0)
        tables.append(boxes_per_image(found, config, overall=i == 0))
    for found in counts_of(dataset, names, unknown, asked, config) if asked else ():
        tables += estimated(found, unknown, config, overall=False)
    return SliceTable.concat(tables)


def unknown_values(attribute: Attribute) -> Measure:
    """Count the annotations whose value of an attribute is unknown."""
    column = _[attribute.name]
    unknown = column.isnull() | column.isin(attribute.missing)
    return Measure("annotation.missing_rate", attribute.name, unknown, gap="annotation.missing_gap")


def set_flag(flag: str, known: Collection[str]) -> Measure:
    """Count the annotations on which a flag is set, among those where it is known."""
    where = None if flag in known else _[flag].notnull()
    return Measure("annotation.rate", flag, _[flag], where, "annotation.rate_gap")


def signal(name: str, known: Collection[str]) -> Measure:
    """Sum a signal of the annotations that have it."""
    where = None if name in known else _[name].notnull()
    return Measure(f"annotation.{name}", "", fixed(_[name]), where)


def always_known(rows: ir.Table, names: Sequence[str]) -> set[str]:
    """Return the columns in which no row is null: their known rows need no counting."""
    if not names:
        return set()
    gaps = {f"gaps_{i}": rows[name].isnull().any() for i, name in enumerate(names)}
    found = rows.agg(**gaps).to_pandas().iloc[0]
    return {name for i, name in enumerate(names) if found[f"gaps_{i}"] is not np.True_}


def counts_of(
    dataset: AnnotatedDataset,
    by: Sequence[tuple[str, ...]],
    measures: Sequence[Measure],
    asked: Sequence[Attribute],
    config: AuditConfig,
) -> Iterator[Totals]:
    """Total every measure by group; measure i is `y_i` over `base(i)`."""
    columns = {f"y_{i}": measure.y for i, measure in enumerate(measures)}
    columns |= {f"x_{i}": m.x for i, m in enumerate(measures) if m.x is not None}
    pairs = [pair for i, m in enumerate(measures) for pair in pairs_of(f"y_{i}", base(m, i))]
    return count(
        dataset,
        by,
        config.slices.max_values,
        measures=columns,
        pairs=pairs,
        asked_too=[attribute.name for attribute in asked],
        unit=Unit.ANNOTATION,
    )


def base(measure: Measure, i: int) -> str:
    """Return the name of what a measure is divided by."""
    return COUNT if measure.x is None else f"x_{i}"


def estimated(
    found: Totals, measures: Sequence[Measure], config: AuditConfig, *, overall: bool
) -> Iterator[SliceTable]:
    """Estimate every measure for all annotations, where `overall`, and for each group.

    The unknown values of an attribute by its own values are trivial and left out.
    """
    names = {attribute.name for attribute in found.attributes}
    for i, measure in enumerate(measures):
        y, x = found.totals[f"y_{i}"], found.totals[base(measure, i)]
        rule = np.zeros(len(y), dtype=bool)
        if measure.metric == "annotation.missing_rate":
            rule = never_asked(x, x - y)
        table = rate_table(found, i, measure, rule, config)
        first, last = int(not overall), 1 if measure.subject in names else None
        yield SliceTable(table.frame.iloc[first:last])
        if measure.gap and measure.subject not in names:
            yield gap_table(found.of(~rule), i, measure, config)


def rate_table(
    found: Totals, i: int, measure: Measure, rule: NDArray[np.bool_], config: AuditConfig
) -> SliceTable:
    """Put a measure of all annotations and of each group into a table."""
    proportion = bool(measure.gap)
    y, x = f"y_{i}", base(measure, i)
    rate = rates(found, y, x, config.slices.confidence, proportion=proportion)
    scale = 1 if proportion else FIXED_POINT
    n = with_overall(found.totals[x])
    status = statuses(n, rate.value, config.slices.min_n)
    return SliceTable.of(
        {
            "metric": measure.metric,
            "subject": measure.subject,
            "unit": Unit.ANNOTATION,
            "slice": names_of(found.groups, overall=True),
            "n": n,
            "n_images": np.append(found.covered, found.present),
            "value": rate.value / scale,
            "ci_low": rate.low / scale,
            "ci_high": rate.high / scale,
            "status": np.where(np.append(False, rule), Status.STRUCTURAL, status),
        }
    )


def gap_table(found: Totals, i: int, measure: Measure, config: AuditConfig) -> SliceTable:
    """Put the difference between each group and all others into a table."""
    y, x = f"y_{i}", base(measure, i)
    if np.count_nonzero(found.totals[x]) < 2:
        return SliceTable.empty()
    gap = gaps_to_rest(found, y, x, config.slices.confidence)
    n = found.totals[x]
    return SliceTable.of(
        {
            "metric": measure.gap,
            "subject": measure.subject,
            "unit": Unit.ANNOTATION,
            "slice": names_of(found.groups),
            "n": n,
            "n_images": found.present,
            "value": gap.difference.value,
            "ci_low": gap.difference.low,
            "ci_high": gap.difference.high,
            "reference": 0.0,
            "p_value": gap.p_value,
            "q_value": adjust(gap.p_value, config.slices.correction),
            "status": statuses(n, gap.difference.value, config.slices.min_n),
        }
    )


def boxes_per_image(found: Totals, config: AuditConfig, *, overall: bool) -> SliceTable:
    """Measure how many annotations of a group an image has that has any."""
    products = found.products(COUNT, COUNT)
    n = with_overall(found.counts)
    images = np.append(found.covered, found.present)
    squares = np.append(products.sum(), np.diag(products))
    confidence = config.slices.confidence
    mean = ratio(n, images, squares, n, images, found.clusters, confidence, proportion=False)
    table = SliceTable.of(
        {
            "metric": "annotation.boxes_per_image",
            "unit": Unit.IMAGE,
            "slice": names_of(found.groups, overall=True),
            "n": images,
            "n_images": images,
            "value": mean.value,
            "ci_low": mean.low,
            "ci_high": mean.high,
            "status": statuses(images, mean.value, config.slices.min_n),
        }
    )
    return SliceTable(table.frame.iloc[int(not overall) :])
