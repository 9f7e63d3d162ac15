"""Croissant: a JSON-LD description of record sets, of which those in local files are read."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from toolkit.errors import DataReadError, MissingColumnsError
from toolkit.files.sources import SOURCE_ROW, Form, Recognition, Source, checksum, inspect
from toolkit.intake.fields import snake_case
from toolkit.intake.sample_tables import SampleTables
from toolkit.intake.samples import OBJECT_ROLES, SAMPLE_ROLES, BoxForm, roles, text_of
from toolkit.loaders._croissant_description import describe, find, role_names
from toolkit.model.dataset import BOX_COLUMNS, Provenance

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import ibis.expr.types as ir

    from toolkit.engine import Engine
    from toolkit.intake.samples import FormName
    from toolkit.loaders._croissant_description import Description, RecordSet
    from toolkit.model.dataset import AnnotatedDataset

READS: Final = (
    "a Croissant description (JSON-LD) whose record sets are columns of local CSV, TSV, JSON lines "
    "or Parquet files: images, objects with boxes, labels, captions; its answers on Responsible AI"
)
DOES_NOT_READ: Final = (
    "archives, sets of files, JSON paths, transformations, nested fields, inline data, anything at "
    "an address; a field of another record set is not joined but for the image's size"
)
OPTIONS: Final = ("box_form", "normalised")
ROWS: Final = 100_000
"""How many rows of a file are held at a time."""


def recognise_croissant(path: Path) -> Recognition:
    """Say whether a path is a Croissant description, or a folder with one."""
    found = find(path)
    if found is None:
        return Recognition(matches=False, why="it is, or holds, no Croissant description")
    return Recognition(matches=True, why=f"{found.name} says that it conforms to Croissant")


def load_croissant(
    path: Path,
    *,
    engine: Engine,
    box_form: FormName | None = None,
    normalised: bool = False,
) -> AnnotatedDataset:
    """Load what a Croissant description describes.

    Args:
        path: The description, or a folder with one named `croissant.json` or `metadata.json`.
        engine: What reads the files.
        box_form: What the numbers of a box are; by default `xywh`, or `xyxy` where the fields are
            named `x_min`, `y_min`, `x_max`, `y_max`.
        normalised: Whether boxes are in shares of the image instead of pixels.

    A record set with boxes is one of objects, any other with the id of an image one of images.
    Fields are known by their names, boxes and splits also by their types. A file at an address is
    read if a copy lies beside the description.

    Raises:
        SettingsError: If there is no such box form.
        DataReadError: If the description is not valid, a file is another one than described, or
            nothing that it describes can be read.
        MissingColumnsError: If a file does not have a column that is described.
    """
    found = find(path)
    if found is None:
        raise DataReadError(path, "is no Croissant description", "Name one, or its folder.")
    description = describe(found)
    read = [item for item in description.record_sets if names_images(item)]
    if not read:
        reasons = "; ".join(unread(description)) or "it describes no record set of images"
        raise DataReadError(path, f"describes nothing that is read: {reasons}", "Name its files.")
    boxes = BoxForm(box_form or described_form(found, read), normalised)
    with SampleTables(engine, Source(found, Form.OTHER, ()), boxes, apart=True) as tables:
        for item in read:
            add_records(tables, engine, item)
    provenance = Provenance(
        source=str(path),
        loader="croissant",
        files=MappingProxyType({f.name: checksum(f) for f in [found, *(i.file for i in read)]}),
        licence=description.licence,
        stated=description.stated,
        notes=tuple(notes(description)),
    )
    return tables.dataset(description.name, provenance)


def described_form(path: Path, read: Sequence[RecordSet]) -> FormName:
    """Return the form of boxes that the names of fields speak for.

    Raises:
        DataReadError: If they speak for two.
    """
    corners = {has_corners(item) for item in read if has_boxes(item)}
    if len(corners) > 1:
        what = "describes boxes as corners and otherwise"
        raise DataReadError(path, what, "Leave one of the record sets out, or name a box_form.")
    return "xyxy" if True in corners else "xywh"


def names_images(item: RecordSet) -> bool:
    """Whether the records of a set name images."""
    return bool(role_names(item.columns) & set(SAMPLE_ROLES["image_id"]))


def has_boxes(item: RecordSet) -> bool:
    """Whether the records of a set are objects."""
    return has_corners(item) or bool(role_names(item.columns) & set(OBJECT_ROLES["box"]))


def has_corners(item: RecordSet) -> bool:
    """Whether four fields of a set are the corners of a box."""
    return set(BOX_COLUMNS) <= role_names(item.columns)


def add_records(tables: SampleTables, engine: Engine, item: RecordSet) -> None:
    """Add the rows of a file as the records of a set."""
    rows = engine.read(inspect(item.file))
    present = rows.table.columns
    if missing := [column for column in item.columns.values() if column not in present]:
        raise MissingColumnsError(item.file, missing, present)
    objects = has_boxes(item)
    target = tables.annotations if objects else tables.images
    if rows.malformed is not None:
        for row in in_order(rows.malformed):
            target.reject(row["reason"], f"{item.file.name}: {row['source_text']}")
    described = {name: rows.table[column] for name, column in item.columns.items()}
    for record in in_order(rows.table.select(SOURCE_ROW, **described)):
        if objects:
            add_object(tables, record, item.file.name)
        else:
            tables.add(record, shard=item.file.name)
    if objects:
        tables.met.add("objects")


def in_order(table: ir.Table) -> Iterator[dict[str, Any]]:
    """Return the rows of a table in their order, some of them in memory at a time."""
    last = table[SOURCE_ROW].max().execute()
    for start in range(0, 0 if pd.isna(last) else int(last), ROWS):
        place = table[SOURCE_ROW]
        some = table.filter((place > start) & (place <= start + ROWS)).order_by(SOURCE_ROW)
        yield from some.drop(SOURCE_ROW).to_pyarrow().to_pylist()


def add_object(tables: SampleTables, record: dict[str, Any], shard: str) -> None:
    """Add a record that is one object of an image."""
    names = tuple(record)
    image = roles(names)["image_id"]
    about = {"image_id": text_of(record[image]), "width": None, "height": None, "shard": shard}
    item = {name: value for name, value in record.items() if name != image}
    box = roles(names, objects=True).get("box")
    if box is None:
        corners = {snake_case(name): name for name in names}
        item["bbox"] = [item.pop(corners[name]) for name in BOX_COLUMNS]
    elif isinstance(item[box], str):
        item[box] = as_list(item[box])
    tables.add_object(item, about)


def as_list(text: str) -> Any:
    """Return the list that text spells as JSON; the text itself if it does not."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def unread(description: Description) -> Iterator[str]:
    """Say what of the described records is not read."""
    for reason in description.unread:
        yield f"record set {reason}"
    for item in description.record_sets:
        if not names_images(item):
            yield f"record set {item.name!a} (no field names an image)"


def notes(description: Description) -> Iterator[str]:
    """Say what was not read."""
    left_out = list(unread(description))
    if left_out:
        yield f"Not read: {'; '.join(left_out)}."
