"""From the image and label files of a YOLO dataset to the parts of its tables."""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import groupby
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Final

import ibis

from toolkit.engine import Rows
from toolkit.files.records import FORBIDDEN, lines, printable, unreadable
from toolkit.files.sources import SOURCE_ROW, Form, Source
from toolkit.intake.fields import Box, Rule, empty, number
from toolkit.intake.image_files import (
    COLUMNS,
    LINK,
    SPECIAL,
    examined,
    faults,
    named,
    picture_part,
    picture_row,
    pictures,
    rows_of,
    walk,
)
from toolkit.intake.ingest import ingest
from toolkit.intake.pictures import NOT_THERE
from toolkit.model.dataset import BOX_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import ibis.expr.types as ir

    from toolkit.engine import Engine
    from toolkit.intake.image_files import Entry
    from toolkit.intake.ingest import Part
    from toolkit.loaders._yolo_config import Listing, YoloConfig

NOT_FIELDS: Final = "line is neither a class with a box nor a class with a polygon"
NOT_NUMBERS: Final = "line has a field that is no finite number"
NO_CLASS: Final = "class has no name in the configuration"
NO_TEXT: Final = ("line is not UTF-8", "line has a NUL byte")
CLOSED: Final = "label file cannot be read"
FAULTS: Final = (NOT_FIELDS, NOT_NUMBERS, NO_CLASS, *NO_TEXT, LINK, SPECIAL, CLOSED)
LISTED_BEFORE: Final = "image is listed before"
LABEL_COLUMNS: Final = ("image_id", "label_file", "line", "fault", "label", *BOX_COLUMNS)
WITHOUT_BOX: Final = (None,) * len(BOX_COLUMNS)
BOX_FIELDS: Final = 5
"""A class, the centre of a box, and its width and height, as shares of the image."""
LEAST_POLYGON: Final = 7
"""A class and three points."""


def images(engine: Engine, config: YoloConfig) -> Part:
    """Read which images there are, their sizes and their splits."""
    rows = (
        (*picture_row(entry), listing.split)
        for listing in config.listings
        for entry in listed(config, listing)
    )
    table = engine.store(rows, (*COLUMNS, "split"))
    order = ibis.window(group_by="image_id", order_by=SOURCE_ROW)
    again = Rule(LISTED_BEFORE, ibis.row_number().over(order) > 0)
    part = picture_part(engine, config.folder, table, {"split": table["split"]}, [again])
    return replace(part, table=engine.materialise(part.table.order_by(SOURCE_ROW)))


def listed(config: YoloConfig, listing: Listing) -> Iterator[Entry]:
    """Find the images of a split: those in a folder, or those that a text file lists."""
    if listing.place is None:
        return
    place = config.folder / listing.place
    if place.is_dir():
        yield from pictures(walk(config.folder, listing.place))
        return
    with Source(place, Form.OTHER, ()).open_text() as stream:
        for line in lines(stream):
            if written := line.rstrip("\r\n"):
                yield named(config.folder, relative(config, listing.place, written))


def relative(config: YoloConfig, listing: str, written: str) -> str:
    """Return a line of a list of images relative to the dataset's folder.

    A line is relative to the folder that the configuration names; with `./` to that of the list.
    """
    inside = f"{config.folder.as_posix()}/"
    if written.startswith(inside):
        return written.removeprefix(inside)
    base = listing.rpartition("/")[0] if written.startswith("./") else config.base
    return written if written.startswith("/") else f"{base or '.'}/{written}"


def boxes(engine: Engine, config: YoloConfig, listed_images: Part) -> Part:
    """Read the label file of each image; an image without one has no boxes."""
    table = engine.store(label_rows(config, listed_images.table), LABEL_COLUMNS)
    corners = Box.of("xyxy", (number(table[name]) for name in BOX_COLUMNS))
    columns = {"image_id": table["image_id"], "label": table["label"], **corners.columns()}
    rules = [*faults(table, FAULTS), empty("label", table["label"]), *corners.rules()]
    source = Source(config.folder, Form.OTHER, ())
    return ingest(engine, Rows(source, table), columns, rules, corners.remarks())


def label_rows(config: YoloConfig, table: ir.Table) -> Iterator[tuple[str | None, ...]]:
    """Read the lines of all label files, in the order of the images."""
    ids = (image_id for (image_id,) in rows_of(table, "image_id"))
    for folder, members in groupby(ids, key=label_folder):
        inside = Path(os.path.realpath(config.folder / folder)).is_relative_to(config.folder)
        for image_id in members:
            label_file = label_name(image_id)
            found = label_lines(f"{config.folder}/{label_file}") if inside else [("", LINK)]
            for line, fault in found:
                if fault:
                    yield image_id, label_file, line, fault, None, *WITHOUT_BOX
                elif line.strip():
                    yield image_id, label_file, *parsed(line, config.names, config.keypoints)


def label_name(image: str) -> str:
    """Return the label file of an image: the last `images` of its path becomes `labels`."""
    head, images_folder, tail = f"/{image}".rpartition("/images/")
    path = f"{head}/labels/{tail}" if images_folder else f"/{image}"
    return path.rsplit(".", 1)[0].removeprefix("/") + ".txt"


def label_folder(image: str) -> str:
    """Return the folder of an image's label file."""
    return label_name(image).rpartition("/")[0]


def label_lines(path: str) -> Iterator[tuple[str, str]]:
    """Read the lines of a label file, each with the reason why it is none, if there is one."""
    fault = examined(path, path).fault
    if fault == NOT_THERE:
        return
    if fault:
        yield "", fault
        return
    try:
        with Path(path).open(encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
            for line in lines(stream):
                yield printable(line), unreadable(line) if FORBIDDEN.search(line) else ""
    except OSError:
        yield "", CLOSED


def parsed(line: str, names: Mapping[str, str], keypoints: bool) -> tuple[str | None, ...]:
    """Return the line, its fault, its label and the corners of its box, as text."""
    fields = line.split()
    is_polygon = not keypoints and len(fields) >= LEAST_POLYGON and len(fields) % 2 == 1
    is_box = len(fields) == BOX_FIELDS or (keypoints and len(fields) > BOX_FIELDS)
    if not (is_box or is_polygon):
        return line, NOT_FIELDS, None, *WITHOUT_BOX
    try:
        number_of_class, *numbers = map(float, fields)
    except ValueError:
        return line, NOT_NUMBERS, None, *WITHOUT_BOX
    if not all(map(isfinite, (number_of_class, *numbers))):
        return line, NOT_NUMBERS, None, *WITHOUT_BOX
    label = names.get(f"{number_of_class:.15g}")
    corners = around(numbers) if is_polygon else box(numbers)
    return line, None if label else NO_CLASS, label, *map(repr, corners)


def box(numbers: Sequence[float]) -> tuple[float, float, float, float]:
    """Return the corners of a box that is written as its centre, width and height."""
    x, y, width, height = numbers[:4]
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def around(points: Sequence[float]) -> tuple[float, float, float, float]:
    """Return the corners of the box around a polygon."""
    x, y = points[0::2], points[1::2]
    return min(x), min(y), max(x), max(y)
