"""How many boxes groups have, how large they are, of which shape, and where they lie."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np

from toolkit.metrics._box_measures import AREA, blocks, with_pixels
from toolkit.metrics._box_policy import POLICIES, choices, chosen, with_marks
from toolkit.metrics._box_tables import Layout, tables_of
from toolkit.model.slices import SliceTable, Unit
from toolkit.slicing import count
from toolkit.units import units

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toolkit.config import AuditConfig
    from toolkit.model.dataset import AnnotatedDataset

TABLES = {
    "geometry.boxes_per_image": "boxes of the group on images that have any",
    "geometry.mean": "mean size, shape or position of the boxes",
    "geometry.mean_gap": "mean in a group less that in all others",
    "geometry.area_ratio": "mean area of a group's boxes ÷ that of all others",
    "geometry.share": "part of the boxes that is small, medium, large, or below the median area",
    "geometry.share_gap": "part in a group less that in all others",
}
"""What this family puts into `Audit.tables`."""


def geometry(
    dataset: AnnotatedDataset, by: Sequence[tuple[str, ...]], config: AuditConfig
) -> SliceTable:
    """Measure how many boxes groups have, how large they are, of which shape, and where.

    Boxes around several people, and those of drawings, count as `[geometry]` says; rows whose
    subject names the other choice show what depends on it. A gap compares a group with all others
    together, whose boxes are partly on the same images. One family of tests is one subject within
    one entry of `by`. The rates of flags are in the family `annotation`.
    """
    if dataset.annotations is None:
        return SliceTable.empty()
    annotated = [a for a in dataset.attributes.values() if a.table == "annotations"]
    asked = [attribute.name for attribute in annotated if attribute.sensitive]
    median, flags = looked_over(dataset, asked, config)
    signals = () if np.isnan(median) else dataset.annotation_signals
    pixels = with_pixels(dataset) if signals else None
    measured = blocks(signals, median, pixels=pixels is not None)
    wanted = choices(config.geometry, flags)
    by_marks = [(*names, *choice.out) for names in [(), *by] for choice in wanted]
    found = count(
        with_marks(pixels or dataset, flags),
        [marks for marks in by_marks if marks],
        config.slices.max_values * 2 ** len(flags),
        measures={name: column for block in measured for name, column in block.columns.items()},
        pairs=[pair for block in measured for pair in block.pairs],
        asked_too=asked,
        unit=Unit.ANNOTATION,
    )
    return SliceTable.concat(
        table
        for choice, totals in chosen(found, wanted)
        for table in tables_of(Layout(totals, choice, config.slices), measured)
    )


def looked_over(
    dataset: AnnotatedDataset, asked: Sequence[str], config: AuditConfig
) -> tuple[float, list[str]]:
    """Return the median area of the boxes that the settings keep in, and the flags that any has.

    The median is NaN where no box has an area.
    """
    rows = units(dataset, [], asked_too=asked, unit=Unit.ANNOTATION).rows
    flags = [flag for flag in POLICIES if flag in rows.columns]
    out = [f for f in flags if getattr(config.geometry, POLICIES[f]) == "out"]
    outside = reduce(or_, [rows[flag].fill_null(False) for flag in out], ibis.literal(False))
    wanted: dict[str, Any] = {flag: rows[flag].any().fill_null(False) for flag in flags}
    if AREA in dataset.annotation_signals:
        wanted["median"] = rows[AREA].quantile(0.5, where=~outside)
    if not wanted:
        return np.nan, []
    found = rows.agg(**wanted).to_pandas().iloc[0]
    median = float(found["median"]) if "median" in wanted else np.nan
    return median, [flag for flag in flags if found[flag]]
