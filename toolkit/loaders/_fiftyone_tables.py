"""From the raw rows of samples to the parts of a dataset's tables."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import ibis

from toolkit.files.sources import SOURCE_ROW
from toolkit.intake.fields import TOLERANCE, Box, Rule, empty, flag, flag_rule, number, number_rules
from toolkit.intake.ingest import ingest
from toolkit.intake.pictures import picture_remarks, pixels
from toolkit.loaders._fiftyone_rows import IMAGE_ID, NUMBERS, SIZE
from toolkit.model.dataset import CLIPPED, FLAG_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import ibis.expr.types as ir

    from toolkit.engine import Engine, Rows
    from toolkit.intake.ingest import Part
    from toolkit.loaders._fiftyone_rows import SampleRows

GROUND_TRUTH: Final = "ground_truth"
ANNOTATION_SET: Final = "annotation_set"


@dataclass(frozen=True)
class Fields:
    """Which fields of detections are whose.

    Attributes:
        annotated: Those of annotators.
        predicted: Those of models.
        attributes: The columns of attributes that the annotators' ones have.
        flags: The same for flags.
    """

    annotated: tuple[str, ...]
    predicted: tuple[str, ...]
    attributes: tuple[str, ...]
    flags: tuple[str, ...]


def fields_of(rows: SampleRows, predicted: Collection[str] | None) -> Fields:
    """Tell the fields of annotators from those of models.

    Args:
        rows: The rows of samples, closed.
        predicted: The fields of models; by default those that have a confidence, apart from
            `ground_truth`.
    """
    table = rows.objects.rows().table
    columns = [*rows.objects.attributes.values()]
    columns += [name for name in FLAG_COLUMNS if name in table.columns]
    filled = {f"filled_{i}": table[name].count() for i, name in enumerate(columns)}
    counted = table.group_by("field").agg(scored=table["confidence"].count(), **filled)
    fields = counted.order_by("field").to_pyarrow().to_pylist()
    if predicted is None:
        predicted = [r["field"] for r in fields if r["scored"] and r["field"] != GROUND_TRUTH]
    of_models = [row["field"] for row in fields if row["field"] in predicted]
    annotated = [row for row in fields if row["field"] not in of_models]
    found = [n for i, n in enumerate(columns) if any(row[f"filled_{i}"] for row in annotated)]
    return Fields(
        tuple(row["field"] for row in annotated),
        tuple(of_models),
        tuple(name for name in found if name not in FLAG_COLUMNS),
        tuple(name for name in found if name in FLAG_COLUMNS),
    )


def images(engine: Engine, rows: Rows, attributes: Sequence[str]) -> Part:
    """Type the images; each counts once."""
    raw = rows.table
    order = ibis.window(group_by=IMAGE_ID, order_by=SOURCE_ROW)
    again = ibis.row_number().over(order) > 0
    columns = {
        IMAGE_ID: raw[IMAGE_ID],
        "path": raw["path"],
        **{name: pixels(raw[name]) for name in SIZE},
        "split": raw["split"],
        "file_name": raw["file_name"],
        **{name: raw[name] for name in attributes},
    }
    rules = [empty("image id", raw[IMAGE_ID]), Rule("image is listed before", again)]
    return ingest(engine, rows, columns, rules, picture_remarks(raw["picture_fault"]))


def annotated(engine: Engine, rows: Rows, fields: Fields) -> Part:
    """Type the detections of annotators; one without a box is about the whole image."""
    rows = of_fields(rows, fields.annotated)
    raw = rows.table
    box, rules, remarks = boxes(raw)
    several = {ANNOTATION_SET: raw["field"]} if len(fields.annotated) > 1 else {}
    columns = {
        IMAGE_ID: raw[IMAGE_ID],
        "label": raw["label"],
        **box,
        **{name: flag(raw[name]) for name in fields.flags},
        **{name: raw[name] for name in fields.attributes},
        **several,
    }
    rules = [empty("image id", raw[IMAGE_ID]), *(flag_rule(raw[n]) for n in fields.flags), *rules]
    return ingest(engine, rows, columns, rules, remarks)


def predicted(engine: Engine, rows: Rows, fields: Fields) -> Part:
    """Type the detections of models, each named by its field."""
    rows = replace(of_fields(rows, fields.predicted), malformed=None)
    raw = rows.table
    box, rules, remarks = boxes(raw)
    columns = {
        IMAGE_ID: raw[IMAGE_ID],
        "label": raw["label"],
        "score": number(raw["confidence"]),
        **box,
        "model": raw["field"],
    }
    labelled = [empty("image id", raw[IMAGE_ID]), empty("label", raw["label"])]
    rules = [*labelled, *number_rules("confidence", raw["confidence"]), *rules]
    return ingest(engine, rows, columns, rules, remarks)


def of_fields(rows: Rows, names: Sequence[str]) -> Rows:
    """Keep the rows of some fields."""
    return replace(rows, table=rows.table.filter(rows.table["field"].isin(names)))


def boxes(raw: ir.Table) -> tuple[dict[str, ir.Value], list[Rule], list[Rule]]:
    """Return the box columns, what a box must not be, and what is said of it.

    A box may reach out of its image by a pixel, or by what decimals lose where the size of the
    image is not known.
    """
    numbers = [number(raw[name]) for name in NUMBERS]
    box = Box.of("xywh", numbers)
    boxed = raw["has_box"].notnull()
    slack = [ibis.coalesce(1 / pixels(raw[name]), TOLERANCE) for name in SIZE]
    past = ibis.greatest(
        -box.x_min - slack[0],
        box.x_max - 1 - slack[0],
        -box.y_min - slack[1],
        box.y_max - 1 - slack[1],
    )
    flat = (box.x_max == box.x_min) | (box.y_max == box.y_min)
    rules = [
        Rule("box is not four numbers", ibis.or_(*(value.isnull() for value in numbers))),
        Rule("box is not finite", ibis.or_(*(v.isnan() | v.isinf() for v in numbers))),
        Rule("box has a negative size", (numbers[2] < 0) | (numbers[3] < 0)),
        Rule("box reaches more than a pixel out of the image", past > 0),
    ]
    remarks = [
        Rule("the box has no width or no height", flat),
        Rule(f"{CLIPPED} by at most a pixel", box.beyond(0.0)),
    ]
    columns = {name: ibis.cases((boxed, value)) for name, value in box.columns().items()}
    return (
        columns,
        [Rule(rule.phrase, boxed & rule.concerns) for rule in rules],
        [
            Rule("they have no box", ~boxed),
            *(Rule(remark.phrase, boxed & remark.concerns) for remark in remarks),
        ],
    )


def image_labels(engine: Engine, rows: Rows) -> Part:
    """Type classifications and tags; one without a confidence is somebody's word."""
    raw = rows.table
    confidence = number(raw["confidence"])
    columns = {
        IMAGE_ID: raw[IMAGE_ID],
        "label": raw["label"],
        "confidence": ibis.coalesce(confidence, 1.0),
        "source": raw["source"],
    }
    rules = [
        empty("image id", raw[IMAGE_ID]),
        empty("label", raw["label"]),
        Rule("confidence is outside 0..1", confidence.isnan() | ~confidence.between(0, 1)),
    ]
    return ingest(engine, rows, columns, rules)


def captions(engine: Engine, rows: Rows) -> Part:
    """Type the captions."""
    raw = rows.table
    rules = [empty("image id", raw[IMAGE_ID]), empty("caption", raw["text"])]
    return ingest(engine, rows, {IMAGE_ID: raw[IMAGE_ID], "text": raw["text"]}, rules)
