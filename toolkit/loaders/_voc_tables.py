"""From the files of a Pascal VOC folder to raw rows, and from these to the parts of tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import ibis

from toolkit.files.markup import MarkupError, Unread
from toolkit.files.pixels import read_header
from toolkit.files.records import FORBIDDEN, lines, printable, unreadable
from toolkit.files.sources import SOURCE_ROW, Form, Source
from toolkit.intake.fields import Box, Rule, empty, flag, flag_rule, number
from toolkit.intake.growing import GrowingTable
from toolkit.intake.ingest import Part, ingest, union
from toolkit.intake.pictures import PICTURE_COLUMNS, locate, picture_remarks, pixels
from toolkit.loaders._voc_files import (
    CORNERS,
    PICTURES,
    SIZE,
    SUFFIX,
    Checksum,
    annotation_files,
    read_file,
    read_picture,
)
from toolkit.model.dataset import BOX_COLUMNS, FLAG_COLUMNS, IN_ANOTHER_SPLIT

if TYPE_CHECKING:
    from collections.abc import Mapping

    import ibis.expr.types as ir

    from toolkit.engine import Engine, Rows
    from toolkit.intake.image_files import Entry
    from toolkit.loaders._voc_files import Layout

FLAGS: Final = {"truncated": "is_truncated", "occluded": "is_occluded"}
JUDGED: Final = ("pose", "difficult")
"""The elements of an object that are attributes of it."""
SPLIT_FOLDERS: Final = ("train", "val", "valid", "validation", "test")
IMAGE_COLUMNS: Final = ("image_id", "filename", *SIZE, *PICTURE_COLUMNS)
OBJECT_COLUMNS: Final = ("image_id", "name", *CORNERS, *SIZE)
SET_COLUMNS: Final = ("image_id", "split")
TAKEN: Final = (
    *("annotation_id", "label", "split"),
    *(*BOX_COLUMNS, *FLAG_COLUMNS),
    *(*FLAGS, *JUDGED),
)
"""Names that no further attribute of an object may have."""


@dataclass(frozen=True)
class Raw:
    """What a folder holds, as text.

    Attributes:
        images: A row for each XML file.
        objects: A row for each object.
        sets: A row for each line of a list of images.
        unread: The elements that are not read.
        checksum: That of the XML files.
    """

    images: GrowingTable
    objects: GrowingTable
    sets: GrowingTable
    unread: Unread
    checksum: Checksum


def gather(engine: Engine, layout: Layout) -> Raw:
    """Read all files of a folder, one at a time.

    Raises:
        DataReadError: If a list of images cannot be opened, or two attributes have one name.
        OSError: If a folder cannot be read.
    """
    source = Source(layout.root, Form.OTHER, ())
    raw = Raw(
        GrowingTable(engine, source, IMAGE_COLUMNS),
        GrowingTable(engine, source, OBJECT_COLUMNS, TAKEN),
        GrowingTable(engine, source, SET_COLUMNS),
        Unread(),
        Checksum(),
    )
    with raw.images, raw.objects, raw.sets:
        for entry in annotation_files(layout.annotations):
            read_annotations(raw, layout, entry)
        for file in layout.image_sets:
            read_image_set(raw.sets, file)
    return raw


def read_annotations(raw: Raw, layout: Layout, entry: Entry) -> None:
    """Add the image of an XML file and its objects, or the reason why there are none."""
    try:
        content = read_file(entry)
        raw.checksum.add(entry.name, content)
        picture = read_picture(content, raw.unread)
    except MarkupError as error:
        raw.images.reject(error.phrase, entry.name)
        return
    image_id = entry.name.removesuffix(SUFFIX)
    beside = Path(entry.path).parent.relative_to(layout.root).as_posix()
    located = locate(layout.root, (*PICTURES, beside), picture.texts.get("filename"))
    row = {"image_id": image_id, **picture.texts, **located}
    row |= measured(layout.root, row)
    if not layout.image_sets:
        folder = image_id.split("/", 1)[0]
        row |= {"split": folder} if "/" in image_id and folder in SPLIT_FOLDERS else {}
    raw.images.add(row)
    size = {name: row.get(name) for name in SIZE}
    for one in picture.objects:
        raw.objects.add({"image_id": image_id, **one.texts, **size}, one.attributes)


def measured(root: Path, row: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return the size in the head of a picture's file, if the annotations do not state it."""
    stated = all((row.get(side) or "0") != "0" for side in SIZE)
    if stated or row["path"] is None:
        return {}
    file = root / row["path"]
    header = read_header(file, file.stat().st_size)
    if header.fault:
        return {}
    return {"width": str(header.width), "height": str(header.height), "measured": "1"}


def read_image_set(sets: GrowingTable, file: Path) -> None:
    """Add the lines of a list of images; an id with blanks may stand in quotes."""
    with Source(file, Form.OTHER, ()).open_text() as stream:
        for line in lines(stream):
            image_id = line.strip()
            if FORBIDDEN.search(image_id):
                sets.reject(unreadable(image_id), printable(image_id))
            elif image_id:
                quoted = len(image_id) > 1 and image_id[0] == image_id[-1] == '"'
                sets.add({"image_id": image_id[1:-1] if quoted else image_id, "split": file.stem})


def images(engine: Engine, rows: Rows) -> Part:
    """Type the images; a size that is none is null."""
    raw = rows.table
    sizes = {name: pixels(raw[name]) for name in SIZE}
    columns = {
        "image_id": raw["image_id"],
        "path": raw["path"],
        **sizes,
        "split": raw["split"] if "split" in raw.columns else ibis.null("string"),
        "file_name": raw["filename"],
    }
    unknown = Rule("their size is not stated", ibis.or_(*(s.isnull() for s in sizes.values())))
    remarks = [unknown, *picture_remarks(raw["picture_fault"])]
    if "measured" in raw.columns:
        remarks.append(Rule("their size is only in the picture", raw["measured"].notnull()))
    return ingest(engine, rows, columns, [empty("image id", raw["image_id"])], remarks)


def objects(engine: Engine, rows: Rows, attributes: list[str]) -> Part:
    """Type the objects; `attributes` are the columns that are kept as they are."""
    raw = rows.table
    corners = [number(raw[name]) for name in CORNERS]
    sides = [number(pixels(raw[name])) for name in SIZE]
    shares = (corner / side for corner, side in zip(corners, sides * 2, strict=True))
    box = Box.of("xyxy", shares)
    flags = {name: column for name, column in FLAGS.items() if name in raw.columns}
    columns = {
        "image_id": raw["image_id"],
        "label": raw["name"],
        **box.columns(),
        **{column: flag(raw[name]) for name, column in flags.items()},
        **{name: raw[name] for name in attributes},
    }
    without_box = ibis.and_(*(raw[name].isnull() for name in CORNERS))
    without_size = ibis.or_(*(side.isnull() for side in sides))
    rules = [
        empty("label", raw["name"]),
        Rule("object has no bndbox", without_box),
        Rule("image size is not a positive number", without_size),
        *(flag_rule(raw[name]) for name in flags),
        *box.rules(),
    ]
    return ingest(engine, rows, columns, rules, box.remarks())


def image_sets(engine: Engine, rows: Rows) -> Part:
    """Type the lists of images, of which each image counts once."""
    raw = rows.table
    order = ibis.window(group_by="image_id", order_by=SOURCE_ROW)
    again = ibis.row_number().over(order) > 0
    moved = again & (raw["split"] != raw["split"].first().over(order))
    rules = [
        Rule(IN_ANOTHER_SPLIT, moved),
        Rule("image is listed before", again),
    ]
    return ingest(engine, rows, {name: raw[name] for name in SET_COLUMNS}, rules)


def image_table(engine: Engine, images: Part, sets: Part | None) -> ir.Table:
    """Return one row an image: those with an XML file, and those that are only listed."""
    known = images.table.drop(SOURCE_ROW)
    if sets is None:
        return known
    listed = sets.table.drop(SOURCE_ROW)
    with_split = known.drop("split").left_join(listed, "image_id").select(*known.columns)
    return engine.materialise(union([with_split, listed.anti_join(known, "image_id")]))
