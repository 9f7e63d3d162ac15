"""Which labels go with which groups: image-level co-occurrence."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from ibis import memtable, row_number, union

from toolkit.errors import TooManyValuesError
from toolkit.model.slices import Slice, SliceTable, Status, Unit
from toolkit.stats import association as stats
from toolkit.stats.arrays import divide
from toolkit.stats.intervals import wilson
from toolkit.stats.multiplicity import adjust
from toolkit.units import CLUSTER, of_same_rows, units

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import ibis.expr.types as ir
    from numpy.typing import NDArray

    from toolkit.config import AuditConfig
    from toolkit.model.attribute import Attribute
    from toolkit.model.dataset import AnnotatedDataset
    from toolkit.units import Units

    Array = NDArray[np.float64]

TABLES = {
    "association.observed": "images with both; reference: those expected of independence",
    "association.lift": "observed ÷ expected",
    "association.conservative_lift": "log2 of the lift's Wilson bound nearer to independence",
    "association.npmi": "normalised pointwise mutual information, -1 to 1",
}
"""What this family puts into `Audit.tables`."""


def association(
    dataset: AnnotatedDataset, by: Sequence[tuple[str, ...]], config: AuditConfig
) -> SliceTable:
    """Measure how often each label and each group meet in an image.

    An image has a group if it or one of its annotations has the known values; it has a label if
    the label is verified present or a machine is confident of it, or, from annotations, if a box
    has it. Only images in which both are present count (`n_images`), as in Know Your Data. `n` is
    the number of images in which they meet. One family of tests is one entry of `by` with all
    labels of one source.
    """
    by = [names for names in by if "label" not in names]
    if not by:
        return SliceTable.empty()
    tables: list[SliceTable] = []
    with numbered_images(dataset, by).cache() as images:
        for suffix, rows in label_sources(dataset, config):
            labels = label_codes(rows)
            with pairs(rows, images, labels).cache() as labelled:
                for names in by if len(labels) > 1 else ():
                    groups = groups_of(units(dataset, names), images)
                    counts = cooccurrence(groups, names, labelled, labels, config)
                    if counts is not None:
                        subjects = [dataset.label_name(label) + suffix for label in counts.labels]
                        tables += measured(counts, subjects, config)
    return SliceTable.concat(tables)


@dataclass(frozen=True)
class Cooccurrence:
    """How many images have which of k groups and l labels.

    Attributes:
        groups: The groups, and `labels` the labels, each in the order of its values.
        labels: See `groups`.
        observed: Images with both; shape (k, l).
        with_group: Images with the group and any label; shape (k,).
        with_label: Images with the label and any group; shape (l,).
        n: Images with any group and any label.
    """

    groups: tuple[Slice, ...]
    labels: tuple[str, ...]
    observed: Array
    with_group: Array
    with_label: Array
    n: int


def label_sources(dataset: AnnotatedDataset, config: AuditConfig) -> Iterator[tuple[str, ir.Table]]:
    """Yield the rows of each source of labels that say that an image has a label.

    The first element is put behind the names of a source's labels to tell it from the other one.
    """
    if dataset.image_labels is not None:
        rows = dataset.image_labels
        yield "", rows.filter(rows["confidence"] >= config.association.min_confidence)
    boxes = dataset.annotations
    if boxes is not None and "label" in boxes.columns and boxes["label"].nunique().execute() > 1:
        yield "" if dataset.image_labels is None else " (box)", boxes


def numbered_images(dataset: AnnotatedDataset, by: Sequence[tuple[str, ...]]) -> ir.Table:
    """Number the images that can be in a group: numbers are joined faster than names."""
    counted = [units(dataset, together[0]) for together in of_same_rows(dataset, by, None)]
    images = reduce(union, (one.rows.select(CLUSTER) for one in counted)).distinct()
    return images.select(CLUSTER, image=row_number().cast("int32"))


def label_codes(rows: ir.Table) -> pd.DataFrame:
    """Return the labels in their order, with a number for each."""
    named = rows.filter(rows["label"].notnull())
    labels: pd.DataFrame = named.select("label").distinct().to_pandas()
    labels = labels.sort_values("label", ignore_index=True)
    return labels.assign(code=np.arange(len(labels), dtype=np.int32))


def pairs(rows: ir.Table, images: ir.Table, labels: pd.DataFrame) -> ir.Table:
    """Return the distinct pairs of an image's and a label's number."""
    there = rows.select("image_id", "label").inner_join(images, "image_id")
    coded = there.inner_join(memtable(labels), "label")
    return coded.select("image", "code").distinct()


def groups_of(counted: Units, images: ir.Table) -> ir.Table:
    """Return the distinct pairs of an image's number and a group whose values are known."""
    known = [knows(counted.rows[name], a) for name, a in counted.attributes.items()]
    keys = {f"key_{i}": counted.rows[name] for i, name in enumerate(counted.attributes)}
    rows = counted.rows.filter(*known).select(CLUSTER, **keys)
    return rows.inner_join(images, CLUSTER).select("image", *keys).distinct()


def cooccurrence(
    groups: ir.Table,
    names: Sequence[str],
    labelled: ir.Table,
    labels: pd.DataFrame,
    config: AuditConfig,
) -> Cooccurrence | None:
    """Count the images of every group, of every label and of every pair of them.

    Raises:
        TooManyValuesError: If there are more groups than the settings allow.
    """
    keys = [f"key_{i}" for i in range(len(names))]
    with groups.cache() as having:
        of_groups = labelled.semi_join(having, "image")
        columns = frame_of(of_groups.group_by("code").agg(total=of_groups.count()), ["code"])
        there = having.semi_join(labelled, "image")
        found = frame_of(there.group_by(keys).agg(total=there.count()), keys)
        if len(found) > config.slices.max_values:
            raise TooManyValuesError(" & ".join(names), len(found), config.slices.max_values)
        both = having.inner_join(labelled, "image")
        met = both.group_by([*keys, "code"]).agg(total=both.count()).to_pandas()
        n = int(there["image"].nunique().execute())
    if found.empty or len(columns) < 2:
        return None
    rows, codes = pd.MultiIndex.from_frame(found[keys]), pd.Index(columns["code"])
    observed = np.zeros((len(rows), len(codes)))
    at = rows.get_indexer(pd.MultiIndex.from_frame(met[keys]))
    observed[at, codes.get_indexer(met["code"])] = met["total"]
    slices = tuple(Slice(tuple(zip(names, values, strict=True))) for values in rows)
    margins = found["total"].to_numpy(np.float64), columns["total"].to_numpy(np.float64)
    return Cooccurrence(slices, tuple(labels["label"][codes]), observed, *margins, n)


def knows(column: ir.Column, attribute: Attribute) -> ir.BooleanColumn:
    """Say of each row whether its value of the attribute is known."""
    return column.notnull() & ~column.isin(attribute.missing)


def frame_of(counts: ir.Table, keys: list[str]) -> pd.DataFrame:
    """Fetch counts in an order that does not depend on the engine."""
    frame: pd.DataFrame = counts.to_pandas()
    return frame.sort_values(keys, ignore_index=True)


def measured(
    counts: Cooccurrence, subjects: list[str], config: AuditConfig
) -> Iterator[SliceTable]:
    """Put each measure of every pair of group and label into a table."""
    confidence = config.slices.confidence
    rows = np.broadcast_to(counts.with_group[:, None], counts.observed.shape)
    columns = np.broadcast_to(counts.with_label[None, :], counts.observed.shape)
    cells = (counts.observed.ravel(), rows.ravel(), columns.ravel(), np.float64(counts.n))
    expected = stats.expected(*cells)
    p_value = stats.independence_p_value(*cells)
    few = np.maximum(cells[0], expected) < config.slices.min_n
    common = {
        "unit": Unit.IMAGE,
        "subject": np.tile(subjects, len(counts.groups)),
        "slice": np.repeat([str(group) for group in counts.groups], len(subjects)),
        "n": cells[0],
        "n_images": counts.n,
        "p_value": p_value,
        "q_value": adjust(p_value, config.slices.correction),
        "status": np.where(few, Status.SMALL.value, Status.OK.value),
    }
    met = wilson(cells[0], counts.n, confidence)
    among = wilson(cells[0], cells[1], confidence)
    with np.errstate(divide="ignore"):
        strength = [np.log2(divide(end * cells[1], expected)) for end in among]
    for name, value, ends, reference in (
        ("observed", cells[0], [end * counts.n for end in met], expected),
        ("lift", stats.lift(*cells), stats.lift_interval(*cells, confidence), 1.0),
        ("conservative_lift", stats.conservative_lift(*cells, confidence), strength, 0.0),
        ("npmi", stats.npmi(*cells), stats.npmi_interval(*cells, confidence), 0.0),
    ):
        numbers = {"value": value, "ci_low": ends[0], "ci_high": ends[1], "reference": reference}
        yield SliceTable.of({"metric": f"association.{name}", **common, **numbers})
