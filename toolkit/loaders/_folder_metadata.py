"""The metadata files of an image folder, and the objects that they list for an image."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import ibis

from toolkit.files.records import NoRowError, as_text, json_row
from toolkit.files.sources import SOURCE_ROW, Form, Source, inspect
from toolkit.intake.fields import Box, Rule, attribute_names, empty, number, text
from toolkit.intake.growing import GrowingTable
from toolkit.intake.image_files import rows_of
from toolkit.intake.ingest import ingest
from toolkit.intake.pictures import LEADS_OUT, NOT_THERE
from toolkit.model.dataset import BOX_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir

    from toolkit.engine import Engine
    from toolkit.intake.image_files import Entry
    from toolkit.intake.ingest import Part
    from toolkit.intake.samples import BoxForm

NAMES: Final = ("metadata.csv", "metadata.jsonl", "metadata.parquet")
"""What the library `datasets` calls metadata files."""
FILE_NAME: Final = "file_name"
OBJECTS: Final = "objects"
CAPTIONS: Final = ("text", "caption")
READ: Final = ("label", "split", *CAPTIONS)
"""Columns that become columns of the same name, or captions."""
FIXED: Final = ("image_id", "path", "width", "height", OBJECTS, *READ)
LABELS: Final = ("category", "categories", "label", "labels", "class", "name", "category_id")
"""What the list of labels is called among those of `objects`; the first one counts."""
NUMBERS: Final = ("box_1", "box_2", "box_3", "box_4")
OBJECT_COLUMNS: Final = ("image_id", "label", *NUMBERS, "width", "height")
LISTED_BEFORE: Final = "image is listed before"
NO_OBJECTS: Final = "objects are not a JSON object with a list bbox"
NOT_ALIKE: Final = "lists of objects differ in length"
NOT_FOUR: Final = "bbox is not four numbers"
LEADING_OUT: Final = r"^/|^[A-Za-z]:|(^|[/\\])\.\.($|[/\\])"


def metadata(
    engine: Engine, entry: Entry, pictures: ir.Table, before: Sequence[Part]
) -> Part | None:
    """Read one metadata file; None if it does not name pictures.

    Args:
        engine: Where the rows are kept.
        entry: The file.
        pictures: The pictures that are there, with `image_id`.
        before: The metadata files that count where two name the same picture.
    """
    source = inspect(Path(entry.path))
    if FILE_NAME not in source.columns:
        return None
    rows = engine.read(source)
    raw = rows.table
    name = text(raw[FILE_NAME])
    folder = entry.name.rpartition("/")[0]
    image_id = ibis.literal(f"{folder}/" if folder else "") + name.re_replace(r"^(\./)+", "")
    known = (SOURCE_ROW, FILE_NAME, OBJECTS, *READ)
    columns = [column for column in raw.columns if column not in known]
    names = attribute_names(source.path, columns, FIXED)
    typed = {
        "image_id": image_id,
        **{column: text(raw[column]) for column in READ if column in raw.columns},
        **{names[column]: text(raw[column]) for column in columns},
        **({OBJECTS: raw[OBJECTS]} if OBJECTS in raw.columns else {}),
    }
    again = ibis.row_number().over(ibis.window(group_by=[image_id], order_by=SOURCE_ROW)) > 0
    for part in before:
        again |= image_id.isin(part.table["image_id"])
    leads_out = name.re_search(LEADING_OUT)
    absent = image_id.notin(pictures["image_id"])
    rules = [empty(FILE_NAME, name), Rule(LEADS_OUT, leads_out), Rule(LISTED_BEFORE, again)]
    return ingest(engine, rows, typed, rules, [Rule(NOT_THERE, absent)])


def objects(
    engine: Engine, root: Path, parts: Sequence[Part], images: ir.Table, boxes: BoxForm
) -> Part | None:
    """Read the objects that metadata list, an annotation each; None if they list none.

    Args:
        engine: Where the rows are kept.
        root: The dataset's folder.
        parts: The metadata.
        images: The images with their sizes.
        boxes: How the boxes are written.
    """
    listing = [part.table for part in parts if OBJECTS in part.table.columns]
    if not listing:
        return None
    sizes = images.select("image_id", "width", "height")
    growing = GrowingTable(engine, Source(root, Form.OTHER, ()), OBJECT_COLUMNS, BOX_COLUMNS)
    with growing:
        for table in listing:
            joined = table.select(SOURCE_ROW, "image_id", OBJECTS).left_join(sizes, "image_id")
            for image_id, written, *size in rows_of(joined, "image_id", OBJECTS, "width", "height"):
                if written is not None:
                    add_objects(growing, image_id, written, size)
    rows = growing.rows()
    raw = rows.table
    width, height = number(raw["width"]), number(raw["height"])
    numbers = [number(raw[name]) for name in NUMBERS]
    if not boxes.normalised:
        sides = (width, height) * 2
        numbers = [value / side for value, side in zip(numbers, sides, strict=True)]
    box = Box.of(boxes.form, numbers)
    columns = {"image_id": raw["image_id"], "label": raw["label"], **box.columns()}
    columns |= {name: raw[name] for name in growing.attributes.values()}
    unknown = Rule("size of the image is not known", width.isnull() | height.isnull())
    rules = box.rules() if boxes.normalised else [unknown, *box.rules()]
    return ingest(engine, rows, columns, rules, box.remarks())


def add_objects(
    growing: GrowingTable, image_id: str, written: object, size: Sequence[int | None]
) -> None:
    """Add the objects of one image, or the reason why they are none."""
    found = parsed(written)
    boxes = found.get("bbox") if isinstance(found, dict) else None
    if not isinstance(found, dict) or not isinstance(boxes, list):
        growing.reject(NO_OBJECTS, f"{image_id}: {cell(written)}")
        return
    lists = {name: values for name, values in found.items() if isinstance(values, list)}
    if any(len(values) != len(boxes) for values in lists.values()):
        growing.reject(NOT_ALIKE, f"{image_id}: {cell(written)}")
        return
    label = next((name for name in LABELS if name in lists), None)
    others = [name for name in lists if name not in ("bbox", label)]
    sides = [None if side is None else str(side) for side in size]
    for i, bbox in enumerate(boxes):
        if not isinstance(bbox, list) or len(bbox) != 4:
            growing.reject(NOT_FOUR, f"{image_id}: {cell(bbox)}")
            continue
        values = [image_id, cell(lists[label][i]) if label else None, *map(cell, bbox)]
        row = dict(zip(OBJECT_COLUMNS, [*values, *sides], strict=True))
        growing.add(row, [(name, cell(lists[name][i])) for name in others])


def parsed(written: object) -> object:
    """Return objects, which text files write as JSON; None where they are no strict JSON."""
    if not isinstance(written, str):
        return written
    try:
        return json_row(written)
    except NoRowError:
        return None


def cell(value: object) -> str | None:
    """Return a value as text; Parquet has types that JSON has not."""
    try:
        return as_text(value)
    except TypeError:
        return str(value)
