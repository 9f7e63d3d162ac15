"""Where the files of a Pascal VOC folder are, and what one of them holds."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from toolkit.errors import DataReadError
from toolkit.markup import MOST_BYTES, MarkupError, children
from toolkit.sources import is_utf8, reading

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from toolkit.markup import Unread

ROOT: Final = "annotation"
SUFFIX: Final = ".xml"
ANNOTATIONS: Final = ("Annotations", "annotations", "labels")
"""What the folder of the XML files is called; `labels` by FiftyOne."""
PICTURES: Final = ("JPEGImages", "images", "data")
IMAGE_SETS: Final = "ImageSets"
MAIN: Final = "Main"
UNION: Final = "trainval"
"""The set that is the union of `train` and `val`."""
CORNERS: Final = ("xmin", "ymin", "xmax", "ymax")
SIZE: Final = ("width", "height")
OBJECT_TEXTS: Final = ("name", "pose", "truncated", "occluded", "difficult")

Texts = dict[str, str | None]


@dataclass(frozen=True)
class Layout:
    """Where the files of a folder are.

    Attributes:
        root: The folder, resolved.
        annotations: The folder of the XML files.
        image_sets: The lists of images, one a split.
        ignored: The names of lists and folders that are not read.
    """

    root: Path
    annotations: Path
    image_sets: tuple[Path, ...]
    ignored: tuple[str, ...]


@dataclass(frozen=True)
class VocObject:
    """What one object says: what the format names with the corners, and its other attributes."""

    texts: Texts
    attributes: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True)
class Picture:
    """What one XML file says: `filename`, `width` and `height`, and its objects."""

    texts: Texts
    objects: tuple[VocObject, ...]


def look(path: Path) -> Layout:
    """Find the files of a folder, or of the only VOC folder in it.

    Raises:
        DataReadError: If the folder cannot be read, or holds several VOC folders.
    """
    with reading(path):
        root = path.resolve()
        found = [name for name in ANNOTATIONS if is_folder(root / name)]
        inner = [] if found else voc_folders(root)
    if len(inner) == 1:
        return look(inner[0])
    if inner:
        what = f"holds several VOC folders: {', '.join(folder.name for folder in inner)}"
        raise DataReadError(path, what, "Name one of them.")
    annotations = root / found[0] if found else root
    with reading(path):
        sets, ignored = image_sets(root / IMAGE_SETS)
    return Layout(root, annotations, sets, (*found[1:], *ignored))


def is_folder(path: Path) -> bool:
    """Whether there is a folder, not a link to one."""
    return path.is_dir() and not path.is_symlink()


def voc_folders(root: Path) -> list[Path]:
    """Return the folders in a folder that have one of annotations, as `VOCdevkit` does."""
    inner = [folder for folder in sorted(root.iterdir()) if is_folder(folder)]
    return [folder for folder in inner if any(is_folder(folder / name) for name in ANNOTATIONS)]


def image_sets(folder: Path) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Return the lists that name a split, and the names of what is not read.

    `person_train` beside `train` says in which images of `train` there are persons, which the
    objects say as well.
    """
    if not is_folder(folder):
        return (), ()
    main = folder / MAIN if is_folder(folder / MAIN) else folder
    lists = sorted(f for f in main.glob("*.txt") if f.is_file() and not f.is_symlink())
    stems = {file.stem for file in lists}
    repeating = {stem for stem in stems if "_" in stem and stem.rsplit("_", 1)[1] in stems}
    if stems & {"train", "val"}:
        repeating.add(UNION)
    read = tuple(file for file in lists if file.stem not in repeating)
    others = {*folder.iterdir(), *main.iterdir()} - {main, *read}
    return read, tuple(str(path.relative_to(folder.parent)) for path in sorted(others))


def annotation_files(folder: Path) -> Iterator[Path]:
    """Return the XML files below a folder in a fixed order; hidden ones and links stay out.

    A link that is called like an XML file is returned, so that it can be counted.
    """
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        folders, names = [], []
        with os.scandir(here) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append(here / entry.name)
                elif entry.name.endswith(SUFFIX):
                    names.append(entry.name)
        waiting += sorted(folders, reverse=True)
        for name in sorted(names):
            yield here / name


def read_file(path: Path) -> bytes:
    """Return the bytes of an XML file.

    Raises:
        MarkupError: If it cannot or must not be read.
    """
    if not is_utf8(str(path)):
        raise MarkupError("file name is not UTF-8")
    if path.is_symlink():
        raise MarkupError("file is a symbolic link")
    if not path.is_file():
        raise MarkupError("file is not a regular file")
    try:
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise MarkupError("file cannot be opened") from error
    if len(content) > MOST_BYTES:
        raise MarkupError("file is too large")
    return content


def read_picture(content: bytes, unread: Unread) -> Picture:
    """Read one XML file; what is not read of it is counted in `unread`.

    Raises:
        MarkupError: If it is no such XML.
    """
    texts: Texts = {}
    objects = []
    for child in children(io.BytesIO(content), ROOT):
        if child.tag == "object":
            objects.append(read_object(child, unread))
        elif child.tag == "size" and "width" not in texts:
            texts |= dict.fromkeys(SIZE) | unread.leaves(child, SIZE)
        elif child.tag == "filename" and child.tag not in texts:
            texts[child.tag] = child.text
        else:
            unread.count(child.tag)
    return Picture(texts, tuple(objects))


def read_object(element: Element, unread: Unread) -> VocObject:
    """Read an object; whatever text it has beyond the format's is an attribute of it."""
    texts: Texts = {}
    attributes: list[tuple[str, str | None]] = []
    for child in element:
        if child.tag == "bndbox" and CORNERS[0] not in texts:
            texts |= dict.fromkeys(CORNERS) | unread.leaves(child, CORNERS)
        elif child.tag == "attributes":
            named = [unread.leaves(attribute, ("name", "value")) for attribute in child]
            attributes += [(one.get("name") or "", one.get("value")) for one in named]
        elif len(child) or child.tag in texts:
            unread.count(f"object/{child.tag}")
        elif child.tag in OBJECT_TEXTS:
            texts[child.tag] = child.text
        else:
            attributes.append((child.tag, child.text))
    return VocObject(texts, tuple(attributes))


class Checksum:
    """The SHA-256 of many small files: of their names and their own SHA-256, in their order."""

    def __init__(self) -> None:
        self.digest = sha256()
        self.files = 0

    def add(self, name: str, content: bytes) -> None:
        """Add a file."""
        self.files += 1
        self.digest.update(name.encode() + b"\0" + sha256(content).digest())

    def hexdigest(self) -> str:
        """Return the checksum in hexadecimal."""
        return self.digest.hexdigest()
