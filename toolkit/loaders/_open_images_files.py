"""Which of the files in a folder are of Open Images, told by their content."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from toolkit.files.sources import Form, inspect, reading

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from toolkit.files.sources import Source

PICTURES: Final = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
MOST_HIERARCHY: Final = 2**24
"""Bytes of a class hierarchy; the official one has 25,000."""
IMAGE_LINE: Final = r"^([^/]+)/([0-9a-fA-F]{16})$"
"""A line of an image list: the split and the image id."""
HIERARCHY_KEYS: Final = (("LabelName", "Subcategory"), ("name", "children"))
"""What names a class and what lists those below it, in the two published forms."""
LABEL_CODE: Final = r"/[a-z]/\w+"
"""A label as the published files write it, for instance `/m/01g317`."""


class Kind(StrEnum):
    """What one file holds."""

    BOXES = "boxes"
    IMAGE_LABELS = "image labels"
    IMAGES = "images"
    IMAGE_LIST = "image list"
    CLASSES = "class descriptions"
    HIERARCHY = "class hierarchy"
    CAPTIONS = "captions"
    PREDICTIONS = "predictions"


MAIN: Final = (Kind.BOXES, Kind.IMAGE_LABELS, Kind.IMAGES, Kind.IMAGE_LIST)
"""The kinds of which a dataset has at least one."""
COLUMNS: Final = (
    (Kind.BOXES, ("ImageID", "LabelName", "XMin", "XMax", "YMin", "YMax")),
    (Kind.IMAGE_LABELS, ("ImageID", "LabelName", "Confidence")),
    (Kind.IMAGES, ("ImageID", "Subset")),
    (Kind.IMAGES, ("ImageID", "OriginalURL")),
    (Kind.CLASSES, ("LabelName", "DisplayName")),
    (Kind.CAPTIONS, ("image_id", "caption_id", "text")),
    (Kind.PREDICTIONS, ("image_id", "label", "score", "x_min", "y_min", "x_max", "y_max")),
)
"""The columns by which a kind is known, the more telling ones first."""


READ_COLUMNS: Final = {
    Kind.IMAGE_LABELS: ("ImageID", "Source", "LabelName", "Confidence"),
    Kind.IMAGES: ("ImageID", "Subset"),
    Kind.CAPTIONS: ("image_id", "caption_id", "text"),
    Kind.PREDICTIONS: (*COLUMNS[-1][1], "model"),
}
"""All that is read of a kind; of boxes everything but `CLICKS` is."""
CLICKS: Final = "XClick"
"""How the columns begin that say where annotators clicked."""


@dataclass(frozen=True)
class Found:
    """A file and what it holds."""

    kind: Kind
    source: Source


@dataclass(frozen=True)
class Contents:
    """What a path holds.

    Attributes:
        found: The files to read, in the order of their names.
        ignored: The names of the others, with the reason where it is not plain.
        pictures: The folder of pictures, if there is one.
    """

    found: tuple[Found, ...]
    ignored: tuple[str, ...] = ()
    pictures: Path | None = None

    @property
    def sources(self) -> list[Source]:
        """The files to read."""
        return [file.source for file in self.found]

    def of(self, kind: Kind) -> list[Source]:
        """Return the files of a kind."""
        return [file.source for file in self.found if file.kind is kind]


def look(path: Path) -> Contents:
    """Say what a file, or each file of a folder, holds.

    Pictures are told by their names and not opened; folders in the folder are not entered.

    Raises:
        DataReadError: If a single file, or the folder, cannot be read.
    """
    if not path.is_dir():
        found = classify(inspect(path))
        return Contents((found,) if found else ())
    with reading(path):
        entries = sorted(path.iterdir())
    sources = [inspect(file) for file in entries if is_read(file)]
    files = [found for source in sources if (found := classify(source))]
    kept = without_copies(files)
    read = {found.source.path for found in kept}
    ignored = tuple(ignored_name(source, files) for source in sources if source.path not in read)
    pictures = path / "images"
    return Contents(kept, ignored, pictures if pictures.is_dir() else None)


def is_read(file: Path) -> bool:
    """Whether a file of a folder is looked into."""
    return file.is_file() and not file.name.startswith(".") and file.suffix.lower() not in PICTURES


def classify(source: Source) -> Found | None:
    """Say what a file holds, if it is of Open Images."""
    for kind, columns in COLUMNS:
        if set(columns) <= set(source.columns):
            return Found(kind, source)
    if source.form is Form.CSV and re.fullmatch(IMAGE_LINE, source.columns[0]):
        return Found(Kind.IMAGE_LIST, without_header(source))
    two_columns = source.form is Form.CSV and len(source.columns) == 2
    if two_columns and re.fullmatch(LABEL_CODE, source.columns[0]):
        return Found(Kind.CLASSES, without_header(source))
    return Found(Kind.HIERARCHY, source) if hierarchy(source) else None


def without_header(source: Source) -> Source:
    """Return a file whose first record is a row."""
    return replace(source, has_header=False, columns=("",) * len(source.columns))


def hierarchy(source: Source) -> frozenset[str]:
    """Return the names of the classes in a class hierarchy; none if the file is no hierarchy."""
    if source.form not in (Form.JSON, Form.JSON_LINES):
        return frozenset()
    with source.open() as stream:
        content = stream.read(MOST_HIERARCHY)
    try:
        root = json.loads(content)
    except (ValueError, RecursionError):
        return frozenset()
    waiting = [root]
    names = set()
    while waiting:
        node = waiting.pop()
        keys = node if isinstance(node, dict) else ()
        form = next((form for form in HIERARCHY_KEYS if form[0] in keys), None)
        if form is None:
            return frozenset()
        names.add(str(node[form[0]]))
        children = node.get(form[1])
        waiting += children if isinstance(children, list) else []
    return frozenset(names)


def unread_columns(found: Found) -> list[str]:
    """Return the columns of a file that are not read."""
    columns = found.source.columns
    if found.kind is Kind.BOXES:
        return [name for name in columns if name.startswith(CLICKS)]
    return [name for name in columns if name not in READ_COLUMNS.get(found.kind, columns)]


def without_copies(files: Iterable[Found]) -> tuple[Found, ...]:
    """Keep one file of those that differ only in form: `x.parquet` of that and `x.csv`."""
    best: dict[tuple[Kind, str], Found] = {}
    for found in sorted(files, key=lambda f: (f.source.form is not Form.PARQUET, f.source.path)):
        best.setdefault((found.kind, found.source.stem), found)
    return tuple(sorted(best.values(), key=lambda found: found.source.path))


def ignored_name(source: Source, files: Iterable[Found]) -> str:
    """Name a file that is not read, with the reason where it is not plain."""
    name = ascii(source.path.name)
    if source.fault:
        return f"{name} ({source.fault})"
    if any(found.source.path == source.path for found in files):
        return f"{name} (the same table is read in another form)"
    return name
