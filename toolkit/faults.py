"""Rows that should not be there or not be so: counted, given by group, and shown by examples.

Whatever a check looks for, it says so as a condition on rows; here the conditions of all checks
are counted in one scan, clustered by image, in the whole and in each group.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import ibis
import numpy as np
import pandas as pd

from toolkit.errors import TooManyValuesError
from toolkit.estimates import statuses
from toolkit.model.attribute import Attribute
from toolkit.model.dataset import Sampling
from toolkit.model.slices import OVERALL, Slice, SliceTable, Unit
from toolkit.slicing import as_value, ordered_values
from toolkit.stats.clustered import RatioEstimate, ratio
from toolkit.units import CLUSTER, units

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import ibis.expr.types as ir

    from toolkit.config import AuditConfig
    from toolkit.model.dataset import AnnotatedDataset

MOST_EXAMPLES: Final = 10
BY_GROUP: Final = "by_group"
GROUP: Final = "group_value"
IMAGE_LABEL: Final = "image_label"


@dataclass(frozen=True)
class Fault:
    """What may be wrong with rows of one table.

    Attributes:
        metric: The table of the audit that has their number.
        subject: What is concerned: `annotations`, `images` or a column.
        concerns: Whether a row is concerned, as a deferred expression over the table; None if it
            is known that none is.
        facts: What else is to be said, by name.
    """

    metric: str
    subject: str
    concerns: Any
    facts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class Population:
    """All the rows of which some may be at fault.

    Attributes:
        dataset: The dataset they are of.
        rows: The table.
        unit: What a row is.
    """

    dataset: AnnotatedDataset
    rows: ir.Table
    unit: Unit

    @property
    def key(self) -> str:
        """The column by which a row is named; labels of images have only their image's name."""
        of_annotations = self.unit is Unit.ANNOTATION and "annotation_id" in self.rows.columns
        return "annotation_id" if of_annotations else "image_id"

    def groups(self, by: Iterable[tuple[str, ...]]) -> list[str]:
        """Return the attributes of a slicing by which the rows can be parted, each once."""
        names = dict.fromkeys(name for names in by for name in names)
        known = [name for name in names if name in self.dataset.attributes]
        if self.unit is Unit.ANNOTATION:
            return known
        return [name for name in known if self.dataset.attribute(name).table == "images"]


def populations(dataset: AnnotatedDataset) -> list[Population]:
    """Return the annotations and the images of a dataset, where it has them."""
    found = []
    if dataset.annotations is not None:
        rows = dataset.annotations.drop(*dataset.annotation_signals)
        found.append(Population(dataset, rows, Unit.ANNOTATION))
    if dataset.images is not None:
        found.append(Population(dataset, dataset.images, Unit.IMAGE))
    return found


def labels_of_images(dataset: AnnotatedDataset) -> Population | None:
    """Return the labels of images as annotations of a dataset that has no others, or None.

    Their column is called `image_label`, so that what is said of it names it.
    """
    if dataset.image_labels is None:
        return None
    rows = dataset.image_labels.select("image_id", dataset.image_labels["label"].name(IMAGE_LABEL))
    of_images = {n: a for n, a in dataset.attributes.items() if a.table == "images"}
    own = {IMAGE_LABEL: Attribute(IMAGE_LABEL, "annotations")}
    attributes = MappingProxyType(of_images | own)
    alone = replace(dataset, annotations=rows, attributes=attributes, sampling=Sampling())
    return Population(alone, rows, Unit.ANNOTATION)


def measured(
    faults: Sequence[Fault],
    population: Population,
    by: Iterable[tuple[str, ...]],
    config: AuditConfig,
) -> SliceTable:
    """Count the rows that each fault concerns.

    In its own table a fault has one row: `n` is the number of rows concerned, `value` their part
    of all rows, clustered by image. If there are any, the table `<family>.by_group` has the same
    for each group, and the facts of the result have up to ten of them as `examples`.

    Raises:
        TooManyValuesError: If an attribute has more values than can be compared as groups.
    """
    if not faults:
        return SliceTable.empty()
    rows = population.rows.mutate(population.rows["image_id"].name(CLUSTER))
    whole = sums(rows, faults, population.unit)
    tables = [one_row(fault, i, whole, population, config) for i, fault in enumerate(faults)]
    found = [
        fault for fault, table in zip(faults, tables, strict=True) if table.frame["n"].sum() > 0
    ]
    facts = {(fault.metric, fault.subject): dict(fault.facts) for fault in faults if fault.facts}
    for fault in found:
        facts.setdefault((fault.metric, fault.subject), {}).update(examples(fault, population))
    for name in population.groups(by) if found else ():
        tables += by_group([f for f in found if f.subject != name], name, population, config)
    return SliceTable(SliceTable.concat(tables).frame, MappingProxyType(facts))


def sums(
    rows: ir.Table, faults: Sequence[Fault], unit: Unit, by: Sequence[str] = ()
) -> pd.DataFrame:
    """Sum rows and rows concerned, and their products over images, in all or by group.

    Args:
        rows: The rows, with the column `cluster` (the image).
        faults: What is counted; fault i has the columns `y_i`, `yy_i`, `xy_i` and `m_i`.
        unit: What a row is; an image is a cluster of its own.
        by: The column that has the groups, if sums by group are wanted.
    """
    counted = [i for i, fault in enumerate(faults) if fault.concerns is not None]
    conditions = {f"y_{i}": faults[i].concerns.cast("int64") for i in counted}
    per = rows.select(CLUSTER, *by, **conditions)
    if unit is Unit.IMAGE:
        per = per.mutate(x=ibis.literal(1))
    else:
        each = {name: per[name].sum() for name in conditions}
        per = per.group_by([CLUSTER, *by]).agg(x=per.count(), **each)
    products = {"x": per["x"], "xx": per["x"] * per["x"]}
    for i in counted:
        y = per[f"y_{i}"]
        products |= {f"y_{i}": y, f"yy_{i}": y * y, f"xy_{i}": per["x"] * y}
        products |= {f"m_{i}": (y > 0).cast("int64")}
    totals = {name: value.sum().cast("float64").fill_null(0.0) for name, value in products.items()}
    found: pd.DataFrame = per.aggregate(by=list(by), **totals).to_pandas()
    others = [i for i in range(len(faults)) if i not in counted]
    names = [f"{name}_{i}" for i in others for name in ("y", "yy", "xy", "m")]
    return pd.concat([found, pd.DataFrame(0.0, index=found.index, columns=names)], axis=1)


def one_row(
    fault: Fault, i: int, whole: pd.DataFrame, population: Population, config: AuditConfig
) -> SliceTable:
    """Give the part of all rows that a fault concerns."""
    share = share_of(whole, i, population, config)
    return SliceTable.of(
        {
            "metric": fault.metric,
            "subject": fault.subject,
            "unit": population.unit,
            "slice": [str(OVERALL)],
            "n": whole[f"y_{i}"],
            "n_images": whole[f"m_{i}"],
            "value": share.value,
            "ci_low": share.low,
            "ci_high": share.high,
            "status": statuses(whole["x"].to_numpy(), share.value, 0),
        }
    )


def by_group(
    faults: Sequence[Fault], name: str, population: Population, config: AuditConfig
) -> Iterable[SliceTable]:
    """Give the part of each group's rows that each fault concerns.

    Raises:
        TooManyValuesError: If the attribute has more values than can be compared as groups.
    """
    if not faults:
        return
    rows = units(population.dataset, (name,), unit=population.unit).rows
    found = sums(rows.mutate(rows[name].name(GROUP)), faults, population.unit, by=[GROUP])
    if len(found) > config.slices.max_values:
        raise TooManyValuesError(name, len(found), config.slices.max_values)
    groups = [as_value(value) for value in found[GROUP]]
    order = ordered_values(population.dataset.attribute(name), set(groups))
    present = [group for group in order if group in groups]
    found = found.iloc[[groups.index(group) for group in present]]
    for i, fault in enumerate(faults):
        share = share_of(found, i, population, config)
        yield SliceTable.of(
            {
                "metric": f"{fault.metric.partition('.')[0]}.{BY_GROUP}",
                "subject": by_group_subject(fault.metric, fault.subject),
                "unit": population.unit,
                "slice": [str(Slice(((name, group),))) for group in present],
                "n": found[f"y_{i}"],
                "n_images": found[f"m_{i}"],
                "value": share.value,
                "ci_low": share.low,
                "ci_high": share.high,
                "status": statuses(found["x"].to_numpy(), share.value, config.slices.min_n),
            }
        )


def by_group_subject(metric: str, subject: str) -> str:
    """Return the subject under which a fault's groups stand."""
    return f"{subject}: {metric}"


def share_of(
    found: pd.DataFrame, i: int, population: Population, config: AuditConfig
) -> RatioEstimate:
    """Estimate the part of the rows that a fault concerns, from sums over images."""
    y, yy, xy = (found[f"{name}_{i}"] for name in ("y", "yy", "xy"))
    of_images = population.unit is Unit.IMAGE
    clusters = found["x"] if of_images else np.full(len(found), population.dataset.n_images)
    return ratio(y, found["x"], yy, xy, found["xx"], clusters, config.slices.confidence)


def examples(fault: Fault, population: Population) -> dict[str, str]:
    """Name the first rows that a fault concerns, annotations with their images."""
    keys = list(dict.fromkeys((population.key, "image_id")))
    rows = population.rows.filter(fault.concerns).select(keys)
    first = rows.order_by(population.key).limit(MOST_EXAMPLES).to_pandas()
    named = {"examples": first[population.key]}
    if population.unit is Unit.ANNOTATION:
        named["example_images"] = first["image_id"].drop_duplicates()
    return {name: ", ".join(map(str, ids)) for name, ids in named.items()}
