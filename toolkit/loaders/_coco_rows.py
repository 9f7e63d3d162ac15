"""One JSON file of COCO as raw tables: every array becomes rows of text, its keys columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain, groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Final

import msgspec

from toolkit.engine import Rows
from toolkit.errors import DataReadError
from toolkit.fields import snake_case
from toolkit.ingest import LISTED, union
from toolkit.loaders._coco_stream import OBJECT, ROOT, arrays, malformed
from toolkit.model.dataset import BOX_COLUMNS, FLAG_COLUMNS
from toolkit.records import Malformed, NoRowError
from toolkit.sources import MOST_COLUMNS, RESERVED, SOURCE_ROW

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import ibis.expr.types as ir

    from toolkit.engine import Engine
    from toolkit.loaders._coco_stream import Batch, Element, Record
    from toolkit.sources import Source

NESTED: Final = "attributes"
"""The key of an object whose own keys are attributes."""
JOINED: Final = ("image_width", "image_height", "is_listed", "category_name")
"""What is joined to a raw row from other arrays before it is typed."""
REASON: Final = ("reason", "source_text")
TAKEN: Final = (
    *("annotation_id", "image_id", "path", "width", "height", "label", "split", "licence"),
    *("id", "category_id", "bbox", "iscrowd", "source_id", "annotation_set"),
    *(*BOX_COLUMNS, *FLAG_COLUMNS, *JOINED, *LISTED, *RESERVED),
)
"""The names of columns that no attribute gets."""


@dataclass(frozen=True)
class Layout:
    """What is read of the objects of an array.

    Attributes:
        keys: The keys with a meaning of their own, which become columns of that name.
        unread: The keys that are known and not read.
        nested: Whether the keys of an object `attributes` are attributes.
        others: Whether all other keys are attributes.
    """

    keys: tuple[str, ...]
    unread: tuple[str, ...] = ()
    nested: bool = False
    others: bool = False


LAYOUTS: Final = {
    "images": Layout(("id", "file_name", "width", "height", "license"), nested=True),
    "annotations": Layout(
        ("id", "image_id", "category_id", "bbox", "iscrowd"),
        unread=("segmentation", "area", "keypoints"),
        nested=True,
        others=True,
    ),
    "categories": Layout(("id", "name", "supercategory"), unread=("keypoints", "skeleton")),
    "licenses": Layout(("id", "name")),
    "captions": Layout(("id", "image_id", "caption")),
    ROOT: Layout(("image_id", "category_id", "bbox", "score")),
}
"""The arrays that are read; `captions` are annotations of which the first has a caption."""


@dataclass
class Columns:
    """The columns of an array, which turn up one after the other.

    Attributes:
        layout: What is read.
        names: The column of each key that is read, in the order of first appearance.
        nested: The same for keys of the object `attributes`.
        unread: The keys that turned up and are not read.
    """

    layout: Layout
    names: dict[str, str] = field(init=False)
    nested: dict[str, str] = field(default_factory=dict)
    unread: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names = dict(zip(self.layout.keys, self.layout.keys, strict=True))

    @property
    def all(self) -> tuple[str, ...]:
        """Every column so far."""
        return (*self.names.values(), *self.nested.values())

    @property
    def attributes(self) -> dict[str, str]:
        """The column of each key that is an attribute."""
        others = {key: name for key, name in self.names.items() if key not in self.layout.keys}
        return others | {f"{NESTED}.{key}": name for key, name in self.nested.items()}

    def add(self, keys: Iterable[str], nested: Iterable[str]) -> None:
        """Make columns of the keys of objects and of their `attributes`, if they are read."""
        for key in keys:
            if key in self.names:
                continue
            if self.layout.others and key not in self.layout.unread:
                self.names[key] = self.free(key)
            else:
                self.unread[key] = None
        for key in nested:
            if key not in self.nested:
                self.nested[key] = self.free(key)

    def free(self, key: str) -> str:
        """Return a name for a key that no other column has."""
        taken = {*TAKEN, *self.all}
        name = snake_case(key) or f"column_{len(self.all) + 1}"
        while name in taken:
            name = f"source_{name}"
        return name


@dataclass(frozen=True)
class Document:
    """One file as raw tables.

    Attributes:
        source: The file.
        rows: The rows of each array that is read; `captions` instead of `annotations` where that
            is what they are, and `ROOT` for a file of results.
        columns: What became of the keys of each of these arrays.
        ignored: The names of the arrays that are not read.
    """

    source: Source
    rows: Mapping[str, Rows]
    columns: Mapping[str, Columns]
    ignored: tuple[str, ...]


def read_document(engine: Engine, source: Source) -> Document:
    """Read a file once, array by array.

    Raises:
        DataReadError: If it is damaged, or an array's objects have too many different keys.
    """
    rows: dict[str, Rows] = {}
    columns: dict[str, Columns] = {}
    ignored = []
    for name, batches in groupby(arrays(source), key=lambda batch: batch.array):
        first = next(batches)
        array = meaning(name, first.elements)
        if array in LAYOUTS:
            columns[array] = Columns(LAYOUTS[array])
            rows[array] = store(engine, source, chain([first], batches), columns[array])
        else:
            ignored.append(name)
    return Document(source, rows, columns, tuple(ignored))


def meaning(name: str, elements: Sequence[Element]) -> str:
    """Return what an array is: its name, but `annotations` can also be captions or panoptic."""
    first = next((element for element in elements if isinstance(element, dict)), None)
    if name != "annotations" or first is None:
        return name
    if "segments_info" in first:
        return "panoptic annotations"
    return "captions" if "caption" in first and "category_id" not in first else name


def store(engine: Engine, source: Source, batches: Iterable[Batch], columns: Columns) -> Rows:
    """Write an array as text; where new keys turn up, a further table is begun."""
    laid_out = (lay_out(batch.elements, columns, source) for batch in batches)
    tables = []
    before = 0
    for names, same in groupby(laid_out, key=itemgetter(0)):
        rows = chain.from_iterable(rows for _, rows in same)
        table = engine.store(rows, (*names, *REASON))
        tables.append(table.mutate((table[SOURCE_ROW] + before).name(SOURCE_ROW)))
        before += int(table.count().execute())
    table = union(tables)
    faulty = table.filter(table["reason"].notnull()).select(SOURCE_ROW, *REASON)
    if not faulty.count().execute():
        return Rows(source, table.drop(*REASON))
    return Rows(source, table.filter(table["reason"].isnull()).drop(*REASON), faulty)


def lay_out(
    elements: Sequence[Element], columns: Columns, source: Source
) -> tuple[tuple[str, ...], list[list[str | None]]]:
    """Return the columns so far, and the elements as rows of them.

    Raises:
        DataReadError: If there are too many columns.
    """
    parted = [part(element) if columns.layout.nested else (element, {}) for element in elements]
    keys = dict.fromkeys(chain.from_iterable(own for own, _ in parted if isinstance(own, dict)))
    columns.add(keys, dict.fromkeys(chain.from_iterable(nested for _, nested in parted)))
    if len(columns.all) > MOST_COLUMNS:
        what = f"has objects with more than {MOST_COLUMNS:,} different keys"
        raise DataReadError(source.path, what, "Keep the keys to be audited.")
    return columns.all, [row(own, nested, columns) for own, nested in parted]


def part(element: Element) -> tuple[Element, Record]:
    """Part an object from its `attributes`, if those are an object."""
    if not isinstance(element, dict) or NESTED not in element:
        return element, {}
    others = {key: value for key, value in element.items() if key != NESTED}
    try:
        return others, OBJECT.decode(element[NESTED])
    except UnicodeDecodeError as error:
        return malformed(error, element[NESTED]), {}
    except msgspec.ValidationError:
        return (element if as_text(element[NESTED]) else others), {}


def row(element: Element, nested: Record, columns: Columns) -> list[str | None]:
    """Return an element as a row of text, with the reason where it is none."""
    width = len(columns.all)
    if isinstance(element, dict):
        try:
            values = [as_text(element.get(key)) for key in columns.names]
            if columns.nested:
                values += [as_text(nested.get(key)) for key in columns.nested]
        except UnicodeDecodeError as error:
            element = malformed(error, *element.values())
        except NoRowError as error:
            element = Malformed(str(error), "")
        else:
            return [*values, None, None]
    return [None] * width + [element.reason, element.text]


def as_text(written: msgspec.Raw | None) -> str | None:
    """Return a JSON value as text; null and the empty text are None.

    Raises:
        UnicodeDecodeError: If it is not UTF-8.
        NoRowError: If it has a NUL, which the engine's text ends at.
    """
    if written is None:
        return None
    text = str(written, "utf-8")  # type: ignore[call-overload]
    if text[0] != '"':
        return None if text == "null" else text
    text = msgspec.json.decode(written, type=str) if "\\" in text else text[1:-1]
    if "\0" in text:
        raise NoRowError("JSON has a NUL")
    return text or None
