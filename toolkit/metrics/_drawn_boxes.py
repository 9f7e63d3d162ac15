"""Boxes that several annotators drew on the same images, matched with one another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import ibis
import numpy as np
import pyarrow as pa
from ibis import _

from toolkit.estimates import names_of, pairs_of, rates, statuses, with_overall
from toolkit.matching import box_rows, boxes_of, matched, whole_images
from toolkit.metrics._answers import ANNOTATOR, ITEM
from toolkit.model.dataset import BOX_COLUMNS
from toolkit.model.slices import SliceTable, Unit
from toolkit.slicing import FIXED_POINT, count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import ibis.expr.types as ir
    from numpy.typing import NDArray

    from toolkit.config import AuditConfig, MatchingConfig
    from toolkit.model.dataset import AnnotatedDataset
    from toolkit.slicing import Totals

    Numbers = NDArray[np.int64]

OTHERS: Final = "other_annotators"
AGREEING: Final = "agreeing_annotators"
IOU: Final = "iou_with_others"
MEASURES: Final = (("matched", AGREEING, OTHERS, True), ("IoU of matched", IOU, AGREEING, False))
"""Subject, numerator, denominator, and whether it is a proportion."""


def drawn_boxes(dataset: AnnotatedDataset, settings: MatchingConfig) -> AnnotatedDataset | None:
    """Return the dataset with its boxes on images that several annotators drew boxes on.

    An image on which an annotator drew nothing counts as one that they did not see. The
    annotations get the columns `item` (the number of the first of the boxes that are one thing),
    `other_annotators` of the image, `agreeing_annotators` that have the box too, and
    `iou_with_others`, its sum over them in millionths. None if nothing was drawn twice.
    """
    rows = dataset.annotations
    if rows is None or not {ANNOTATOR, *BOX_COLUMNS} <= set(rows.columns):
        return None
    named = rows.mutate(rows[ANNOTATOR].cast("string").name(ANNOTATOR)).filter(
        _[ANNOTATOR].notnull()
    )
    boxes = box_rows(named, [ANNOTATOR, "annotation_id"], questions_of(dataset))
    batches = whole_images(boxes, [ANNOTATOR])
    found = [compared(batch, settings) for batch in batches]
    known = pa.concat_tables(found) if found else None
    if known is None or not len(known):
        return None
    return replace(dataset, annotations=rows.inner_join(ibis.memtable(known), "annotation_id"))


def compared(batch: pa.Table, settings: MatchingConfig) -> pa.Table:
    """Match the boxes of each two annotators of an image, in a batch of whole images."""
    boxes = boxes_of(batch)
    slot = slots(batch, boxes.image)
    last = np.searchsorted(boxes.image, boxes.image, side="right") - 1
    number_of = slot[last]
    agreeing, iou = np.zeros(len(boxes), np.int64), np.zeros(len(boxes), np.int64)
    item = np.arange(len(boxes))
    for second in range(1, int(slot.max()) + 1):
        theirs = np.flatnonzero(slot == second)
        for first in range(second):
            ours = np.flatnonzero(slot == first)
            pairs = matched(boxes.of(ours), boxes.of(theirs), settings)
            millionths = np.rint(pairs.iou * FIXED_POINT).astype(np.int64)
            for places in (ours[pairs.first], theirs[pairs.second]):
                agreeing[places] += 1
                iou[places] += millionths
        before = np.flatnonzero((slot < second) & (item == np.arange(len(boxes))))
        pairs = matched(boxes.of(before), boxes.of(theirs), settings)
        item[theirs[pairs.second]] = before[pairs.first]
    ids = batch["annotation_id"].to_numpy()
    columns = {"annotation_id": ids, ITEM: ids[item], OTHERS: number_of, AGREEING: agreeing}
    return pa.table({**columns, IOU: iou}).filter(number_of > 0)


def slots(batch: pa.Table, image: Numbers) -> Numbers:
    """Number the annotators of each image from 0; the rows are in their order."""
    name = batch[ANNOTATOR].combine_chunks().dictionary_encode().indices.to_numpy()
    begins = (np.diff(name, prepend=-1) != 0) | (np.diff(image, prepend=-1) != 0)
    number = np.cumsum(begins)
    return np.asarray(number - number[np.searchsorted(image, image)])


def questions_of(dataset: AnnotatedDataset) -> list[str]:
    """Return what annotators say of a box: its label and its attributes."""
    described = dataset.attributes.values()
    asked = [a.name for a in described if a.table == "annotations" and a.name != ANNOTATOR]
    return list(dict.fromkeys(["label", *asked]))


def drawn_items(drawn: AnnotatedDataset) -> ir.Table:
    """Return what `drawn_boxes` found as answers about its items: a row a box."""
    rows = drawn.annotations
    if rows is None:
        raise ValueError("the dataset has no boxes")
    text = {name: rows[name].cast("string") for name in questions_of(drawn)}
    return rows.select("image_id", ITEM, ANNOTATOR, **text)


def box_agreement(
    drawn: AnnotatedDataset, by: Sequence[tuple[str, ...]], config: AuditConfig
) -> Iterator[SliceTable]:
    """Measure what part of the boxes of each group another annotator drew too, and how alike.

    Each box counts once for each other annotator of its image, so that overall the part is the F1
    (Dice coefficient) of two annotators' boxes, pooled over all pairs of annotators.
    """
    totals = count(
        drawn,
        by,
        config.slices.max_values,
        measures={name: _[name] for name in (OTHERS, AGREEING, IOU)},
        pairs=[pair for _subject, y, x, _proportion in MEASURES for pair in pairs_of(y, x)],
        unit=Unit.ANNOTATION,
    )
    for i, found in enumerate(totals):
        for measure in MEASURES:
            table = box_table(found, *measure, config)
            yield SliceTable(table.frame.iloc[int(i > 0) :])


def box_table(
    found: Totals, subject: str, y: str, x: str, proportion: bool, config: AuditConfig
) -> SliceTable:
    """Put one measure of all boxes and of each group into a table."""
    rate = rates(found, y, x, config.slices.confidence, proportion=proportion)
    scale = 1 if proportion else FIXED_POINT
    n = with_overall(found.numbers[x])
    return SliceTable.of(
        {
            "metric": "agreement.boxes",
            "subject": subject,
            "unit": Unit.ANNOTATION,
            "slice": names_of(found.groups, overall=True),
            "n": n,
            "n_images": np.append(found.covered, found.present),
            "value": rate.value / scale,
            "ci_low": rate.low / scale,
            "ci_high": rate.high / scale,
            "status": statuses(n, rate.value, config.slices.min_n),
        }
    )
