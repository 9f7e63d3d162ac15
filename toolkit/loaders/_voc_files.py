"""Where the files of a Pascal VOC folder are, and what one of them holds."""

from __future__ import annotations

import io
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from toolkit.files.markup import MOST_BYTES, MarkupError, children
from toolkit.files.sources import is_utf8, reading
from toolkit.intake.image_files import CLOSED, walk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from toolkit.files.markup import Unread
    from toolkit.intake.image_files import Entry

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
        inner: The VOC folders in it, of which one would have to be named.
    """

    root: Path
    annotations: Path
    image_sets: tuple[Path, ...]
    ignored: tuple[str, ...]
    inner: tuple[str, ...]


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
        DataReadError: If the folder cannot be read.
    """
    with reading(path):
        root = path.resolve()
        found = [name for name in ANNOTATIONS if is_folder(root / name)]
        inner = [] if found else voc_folders(root)
        if len(inner) == 1:
            return look(inner[0])
        annotations = root / found[0] if found else root
        sets, ignored = image_sets(root / IMAGE_SETS)
    names = tuple(folder.name for folder in inner)
    return Layout(root, annotations, sets, (*found[1:], *ignored), names)


def is_folder(path: Path) -> bool:
    """Whether there is a folder, not a link to one."""
    return path.is_dir() and not path.is_symlink()


def voc_folders(root: Path) -> list[Path]:
    """Return the folders in a folder that hold `Annotations`, as those of `VOCdevkit` do."""
    inner = sorted(folder for folder in root.iterdir() if is_folder(folder))
    return [folder for folder in inner if is_folder(folder / ANNOTATIONS[0])]


def image_sets(folder: Path) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Return the lists that name a split, and the names of what is not read.

    `person_train` beside `train` says in which images of `train` there are persons, which the
    objects say as well.
    """
    if not is_folder(folder):
        return (), ()
    main = folder / MAIN if is_folder(folder / MAIN) else folder
    lists = sorted(file for file in main.glob("*.txt") if is_list(file))
    stems = {file.stem for file in lists}
    repeating = {stem for stem in stems if "_" in stem and stem.rsplit("_", 1)[1] in stems}
    if stems & {"train", "val"}:
        repeating.add(UNION)
    read = tuple(file for file in lists if file.stem not in repeating)
    others = {*folder.iterdir(), *main.iterdir()} - {main, *read}
    return read, tuple(str(path.relative_to(folder.parent)) for path in sorted(others))


def is_list(file: Path) -> bool:
    """Whether a file, and no link to one, can name a split."""
    return file.is_file() and not file.is_symlink() and is_utf8(file.name)


def annotation_files(folder: Path) -> Iterator[Entry]:
    """Find the XML files below a folder in a fixed order, and the folders that cannot be read."""
    return (one for one in walk(folder) if one.name.endswith(SUFFIX) or one.fault == CLOSED)


def read_file(entry: Entry) -> bytes:
    """Return the bytes of an XML file.

    Raises:
        MarkupError: If it cannot or must not be read.
    """
    if entry.fault:
        raise MarkupError(entry.fault)
    if entry.size > MOST_BYTES:
        raise MarkupError("file is too large")
    try:
        return Path(entry.path).read_bytes()
    except OSError as error:
        raise MarkupError("file cannot be opened") from error


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
