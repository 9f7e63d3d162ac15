"""From one file of Open Images to its part of a table, a function for each kind of file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import ibis

from toolkit.engine import is_hexadecimal
from toolkit.files.sources import SOURCE_ROW
from toolkit.intake.fields import (
    Box,
    Rule,
    attribute_names,
    empty,
    flag,
    flag_rule,
    number,
    number_rules,
    text,
)
from toolkit.intake.ingest import LISTED, Part, ingest, total, union
from toolkit.loaders._open_images_files import CLICKS, IMAGE_LINE
from toolkit.model.dataset import BOX_COLUMNS, FLAG_COLUMNS, IN_ANOTHER_SPLIT

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir

    from toolkit.engine import Engine, Rows
    from toolkit.files.sources import Source

ID_DIGITS: Final = 16
CORNERS: Final = ("XMin", "YMin", "XMax", "YMax")
FLAGS: Final = {
    "IsOccluded": "is_occluded",
    "IsTruncated": "is_truncated",
    "IsGroupOf": "is_group_of",
    "IsDepiction": "is_depiction_of",
    "IsDepictionOf": "is_depiction_of",
    "IsInside": "is_inside_of",
    "IsInsideOf": "is_inside_of",
}
"""Core Open Images and MIAP spell the last two differently."""
CARRIED: Final = {"Confidence": number, "Source": text}
"""What is kept of a box though it is no attribute: by it, equal boxes differ."""
LISTED_BEFORE: Final = "image is listed before"
FIXED: Final = ("image_id", "label", *BOX_COLUMNS, *FLAG_COLUMNS, "confidence", "source")
"""The columns of a box file that are no attributes."""


def boxes(engine: Engine, source: Source) -> Part:
    """Read a box file; every column that the format does not define becomes an attribute."""
    rows = engine.read(source)
    raw = rows.table
    box = Box.of("xyxy", (number(raw[name]) for name in CORNERS))
    flags = {name: FLAGS[name] for name in raw.columns if name in FLAGS}
    known = {SOURCE_ROW, "ImageID", "LabelName", *CARRIED, *CORNERS, *flags}
    others = [name for name in raw.columns if name not in known and not name.startswith(CLICKS)]
    attributes = attribute_names(source.path, others, FIXED)
    columns = {
        "image_id": text(raw["ImageID"]),
        "label": text(raw["LabelName"]),
        **box.columns(),
        **{flags[name]: flag(raw[name]) for name in flags},
        **{name.lower(): read(raw[name]) for name, read in CARRIED.items() if name in raw.columns},
        **{attributes[name]: text(raw[name]) for name in others},
    }
    rules = [*labelled(raw["ImageID"], raw["LabelName"]), *box.rules()]
    rules += [flag_rule(raw[name]) for name in flags]
    if "Confidence" in raw.columns:
        rules += number_rules("confidence", raw["Confidence"])
    return ingest(engine, rows, columns, rules, box.remarks())


def attributes_of(part: Part) -> tuple[str, ...]:
    """Return the names of the attributes in a part made by `boxes`."""
    return tuple(name for name in part.table.columns if name not in (SOURCE_ROW, *FIXED))


def image_labels(engine: Engine, source: Source) -> Part:
    """Read human or machine labels of images."""
    rows = engine.read(source)
    raw = rows.table
    confidence = number(raw["Confidence"])
    columns = {
        "image_id": text(raw["ImageID"]),
        "label": text(raw["LabelName"]),
        "confidence": confidence,
        "source": optional(raw, "Source"),
    }
    rules = [
        *labelled(raw["ImageID"], raw["LabelName"]),
        *number_rules("confidence", raw["Confidence"]),
        Rule("confidence is outside 0..1", (confidence < 0) | (confidence > 1)),
    ]
    return ingest(engine, rows, columns, rules)


def images(engine: Engine, source: Source) -> Part:
    """Read a table of images, of which the id and the split are kept."""
    rows = engine.read(source)
    image_id = rows.table["ImageID"]
    columns = {"image_id": text(image_id), "split": optional(rows.table, "Subset")}
    return ingest(engine, rows, with_file(rows, columns), identified(image_id))


def image_list(engine: Engine, source: Source) -> Part:
    """Read a list of images with lines like `train/3c2fad96113ca97e`."""
    rows = engine.read(source)
    line = text(rows.table["column_1"])
    columns = {"image_id": line.re_extract(IMAGE_LINE, 2), "split": line.re_extract(IMAGE_LINE, 1)}
    form = Rule("line is not <split>/<image id>", ~line.re_search(IMAGE_LINE))
    return ingest(engine, rows, with_file(rows, columns), [empty("line", line), form])


def class_descriptions(engine: Engine, source: Source) -> Part:
    """Read the names of labels for people, with or without a header."""
    rows = engine.read(source)
    names = ("LabelName", "DisplayName") if source.has_header else ("column_1", "column_2")
    label, name = (text(rows.table[column]) for column in names)
    rules = [empty("label", label), empty("name", name)]
    return ingest(engine, rows, {"label": label, "name": name}, rules)


def captions(engine: Engine, source: Source) -> Part:
    """Read captions: `image_id`, `caption_id`, `text`."""
    rows = engine.read(source)
    columns = {name: text(rows.table[name]) for name in ("caption_id", "image_id", "text")}
    rules = [*identified(rows.table["image_id"]), empty("caption id", rows.table["caption_id"])]
    return ingest(engine, rows, columns, rules)


def predictions(engine: Engine, source: Source) -> Part:
    """Read what a model put out: `image_id`, `label`, `score`, the corners and `model`."""
    rows = engine.read(source)
    raw = rows.table
    box = Box.of("xyxy", (number(raw[name]) for name in BOX_COLUMNS))
    columns = {
        "image_id": text(raw["image_id"]),
        "label": text(raw["label"]),
        "score": number(raw["score"]),
        **box.columns(),
        "model": optional(raw, "model"),
    }
    rules = [*labelled(raw["image_id"], raw["label"]), *number_rules("score", raw["score"])]
    return ingest(engine, rows, columns, [*rules, *box.rules()], box.remarks())


def identified(image_id: ir.Value) -> list[Rule]:
    """Refuse rows that name no image."""
    other = ~is_hexadecimal(text(image_id), ID_DIGITS)
    return [empty("image id", image_id), Rule("image id is not 16 hexadecimal digits", other)]


def labelled(image_id: ir.Value, label: ir.Value) -> list[Rule]:
    """Refuse rows that name no image or no label."""
    return [*identified(image_id), empty("label", label)]


def optional(table: ir.Table, name: str) -> ir.StringValue:
    """Return a column as text, or null where the file does not have it."""
    return text(table[name]) if name in table.columns else ibis.null("string")


def with_file(rows: Rows, columns: dict[str, ir.Value]) -> dict[str, ir.Value]:
    """Add the file's name, by which an image that is listed twice is told."""
    return {**columns, "source_file": ibis.literal(rows.source.path.name)}


def listed_once(engine: Engine, parts: Sequence[Part]) -> list[Part]:
    """Leave out the rows of images that an earlier row lists already."""
    if not parts:
        return []
    table = union([part.table for part in parts])
    if table["image_id"].nunique().execute() == sum(part.kept for part in parts):
        return list(parts)
    order = ibis.window(group_by="image_id", order_by=["source_file", SOURCE_ROW])
    again = ibis.row_number().over(order) > 0
    reason = ibis.cases(
        (again & (table["split"] != table["split"].first().over(order)), IN_ANOTHER_SPLIT),
        (again, LISTED_BEFORE),
    )
    judged = engine.materialise(table.mutate(reason=reason))
    repeated = judged.filter(judged["reason"].notnull())
    counts = repeated.group_by("reason").agg(n=repeated.count()).to_pandas()
    reasons = dict(zip(counts["reason"], counts["n"].tolist(), strict=True))
    listing = repeated.mutate(source_text=ibis.null("string")).relocate(*LISTED)
    rejected = [part.rejected for part in parts if part.rejected is not None]
    once = Part(
        source=parts[0].source,
        table=judged.filter(judged["reason"].isnull()).drop("reason"),
        read=sum(part.read for part in parts),
        reasons=total([reasons, *(part.reasons for part in parts)]),
        remarks={},
        rejected=union([*rejected, listing]),
    )
    return [once]
