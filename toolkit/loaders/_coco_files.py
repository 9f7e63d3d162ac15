"""Which JSON files of a folder are COCO's, told by how they begin, and of which split they are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from toolkit.files.sources import PEEK, Form, inspect, reading

if TYPE_CHECKING:
    from toolkit.files.sources import Source

FOLDERS: Final = (".", "annotations", "train", "valid", "val", "test")
"""Where annotation files are: in the folder, below `annotations`, or one beside its pictures."""
SUFFIXES: Final = (".json", ".json.gz")
ARRAY: Final = re.compile(rb'"(?:images|annotations)"\s*:\s*\[')
TELLING: Final = re.compile(rb'"(?:file_name|image_id|category_id|supercategory)"\s*:|\[\s*\]')
"""What an image, an annotation or a category has, unless the arrays are empty."""
OUTPUT: Final = (re.compile(rb'"image_id"\s*:'), re.compile(rb'"score"\s*:'))
"""What every output of a model has."""
ROW_KEYS: Final = frozenset({"file_name", "image", "image_id"})
"""What makes an object a row of JSON lines rather than a whole document."""
SPLIT: Final = re.compile(
    r"(?:^|[_.-])((?:train|val|valid|validation|test|minival|dev)\d*)(?=$|[_.-])"
)


class Kind(StrEnum):
    """What a file holds."""

    DATASET = "dataset"
    RESULTS = "results"


@dataclass(frozen=True)
class Found:
    """A file of COCO's.

    Attributes:
        kind: What it holds.
        source: The file.
        name: Its path relative to the folder.
        split: The split that its name or its folder states.
    """

    kind: Kind
    source: Source
    name: str
    split: str | None


@dataclass(frozen=True)
class Contents:
    """What a path holds.

    Attributes:
        root: The folder, resolved, to which paths are relative.
        found: The files to read, by name, datasets before results.
        ignored: The names of other JSON files, with the reason where it is not plain.
    """

    root: Path
    found: tuple[Found, ...]
    ignored: tuple[str, ...] = ()

    def of(self, kind: Kind) -> list[Found]:
        """Return the files of a kind."""
        return [file for file in self.found if file.kind is kind]


def look(path: Path) -> Contents:
    """Find the files of COCO's.

    A file that is named is read wherever a link leads; files of a folder only inside it.

    Raises:
        DataReadError: If the file or folder cannot be read.
    """
    if not path.is_dir():
        source = inspect(path)
        kind = classify(source)
        root = path.resolve().parent
        return Contents(root, (Found(kind, source, path.name, None),) if kind else ())
    root = path.resolve()
    found, ignored = [], []
    for name in json_files(root):
        if not (root / name).resolve().is_relative_to(root):
            ignored.append(f"{name!a} (a link that leads out of the folder)")
            continue
        source = inspect(root / name)
        if kind := classify(source):
            found.append(Found(kind, source, name, split_of(name)))
        else:
            ignored.append(ascii(name))
    ordered = sorted(found, key=lambda file: (file.kind, file.name))
    return Contents(root, tuple(one_split(ordered)), tuple(ignored))


def json_files(root: Path) -> list[str]:
    """List the JSON files of a folder and of some folders in it, by relative path."""
    with reading(root):
        return sorted(
            file.relative_to(root).as_posix()
            for folder in FOLDERS
            if (root / folder).is_dir() and (root / folder).resolve().is_relative_to(root)
            for file in (root / folder).iterdir()
            if file.name.endswith(SUFFIXES) and file.is_file()
        )


def classify(source: Source) -> Kind | None:
    """Say what a file holds by its first megabyte, or None if it is not COCO's."""
    if source.form not in (Form.JSON, Form.JSON_LINES) or ROW_KEYS & set(source.columns):
        return None
    with source.open() as stream:
        start = stream.read(PEEK).removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"["):
        return Kind.RESULTS if all(key.search(start) for key in OUTPUT) else None
    return Kind.DATASET if ARRAY.search(start) and TELLING.search(start) else None


def split_of(name: str) -> str | None:
    """Return the split that a file's name states, or else its folder's."""
    path = Path(name)
    stem = path.name.removesuffix(".gz").removesuffix(".json")
    for part in (stem, path.parent.name):
        if stated := SPLIT.search(part):
            return stated[1]
    return None


def one_split(found: list[Found]) -> list[Found]:
    """Leave out the splits if they do not differ: a column of one value says nothing."""
    if len({file.split for file in found}) > 1:
        return found
    return [Found(file.kind, file.source, file.name, None) for file in found]
