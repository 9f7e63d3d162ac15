"""One JSON file of COCO as raw tables: every array becomes rows of text, its keys columns."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, groupby
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
import pyarrow as pa

from toolkit.engine import Rows, Sheet
from toolkit.errors import DataReadError
from toolkit.files.json_arrays import OBJECT, ROOT, arrays, malformed
from toolkit.files.json_objects import ABSENT, Alike
from toolkit.files.records import Malformed, NoRowError
from toolkit.files.sources import MOST_COLUMNS, RESERVED, SOURCE_ROW
from toolkit.intake.fields import snake_case
from toolkit.intake.ingest import LISTED, VERDICT, union
from toolkit.model.dataset import BOX_COLUMNS, FLAG_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from toolkit.engine import Engine
    from toolkit.files.json_arrays import Batch, Element, Elements
    from toolkit.files.json_objects import Key
    from toolkit.files.sources import Source

CAPTIONS: Final = "annotations (captions)"
"""The array `annotations` where the first of them has a caption and no category."""
NESTED: Final = "attributes"
"""The key of an object whose own keys are attributes."""
JOINED: Final = (
    *("listed_image", "image_width", "image_height", "listed_category", "category_name"),
    *("licence_id", "licence_name", "picture", "picture_path"),
)
"""What is joined to a raw row from other tables before it is typed."""
REASON: Final = ("reason", "source_text")
STRING_OR_NULL: Final = tuple(b'"n')
"""The bytes with which a JSON value begins that is not its text as it stands."""
TAKEN: Final = (
    *("annotation_id", "image_id", "path", "width", "height", "file_name", "label", "split"),
    *("licence", "license", "id", "category_id", "bbox", "iscrowd", "file"),
    *("source_id", "annotation_set", VERDICT, *BOX_COLUMNS, *FLAG_COLUMNS, *JOINED),
    *(*LISTED, *RESERVED),
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
    CAPTIONS: Layout(("id", "image_id", "caption")),
    ROOT: Layout(("image_id", "category_id", "bbox", "score")),
}
"""The arrays that are read."""


@dataclass
class Columns:
    """The columns of an array, which turn up one after the other.

    Attributes:
        layout: What is read.
        names: The column of each key that is read, in the order of first appearance.
        met: The keys that turned up.
    """

    layout: Layout
    names: dict[Key, str] = field(init=False)
    met: dict[Key, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names = {key: key for key in self.layout.keys}

    @property
    def attributes(self) -> dict[str, str]:
        """The column of each attribute by its key, `attributes.<key>` for a nested one."""
        return {
            key if isinstance(key, str) else ".".join(key): name
            for key, name in self.names.items()
            if key not in self.layout.keys
        }

    @property
    def unread(self) -> tuple[str, ...]:
        """The keys that turned up and are not read."""
        return tuple(key for key in self.met if isinstance(key, str) and key not in self.names)

    def add(self, keys: Iterable[Key]) -> None:
        """Make columns of keys, if they are read and new."""
        for key in keys:
            self.met[key] = None
            own = self.layout.others and key not in self.layout.unread
            if key not in self.names and (own or isinstance(key, tuple)):
                self.names[key] = self.free(key if isinstance(key, str) else key[1])

    def free(self, key: str) -> str:
        """Return a name for a key that no other column has."""
        taken = {*TAKEN, *self.names.values()}
        name = snake_case(key) or f"column_{len(self.names) + 1}"
        while name in taken:
            name = f"source_{name}"
        return name


@dataclass(frozen=True)
class Document:
    """One file as raw tables.

    Attributes:
        source: The file.
        rows: The rows of each array that is read, by what it is (`LAYOUTS`).
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
    for array, batches in groupby(meanings(arrays(source)), key=itemgetter(0)):
        if array in LAYOUTS:
            columns[array] = Columns(LAYOUTS[array])
            elements = (batch.elements for _, batch in batches)
            rows[array] = store(engine, source, elements, columns[array])
        else:
            ignored.append(array)
    return Document(source, rows, columns, tuple(ignored))


def meanings(batches: Iterable[Batch]) -> Iterator[tuple[str, Batch]]:
    """Say of each batch what its array is, which the first of its batches shows."""
    name = array = None
    for batch in batches:
        if array is None or batch.array != name:
            name, array = batch.array, meaning(batch.array, batch.elements)
        yield array, batch


def meaning(name: str, elements: Elements) -> str:
    """Return what an array is: its name, or of `annotations` what kind they are."""
    first = next((element for element in elements if isinstance(element, dict)), None)
    if name != "annotations" or first is None:
        return name
    if "segments_info" in first:
        return "annotations (panoptic)"
    return CAPTIONS if "caption" in first and "category_id" not in first else name


def store(engine: Engine, source: Source, batches: Iterable[Elements], columns: Columns) -> Rows:
    """Write an array as text; where new keys turn up, a further table is begun.

    Whole columns are written at once, which takes a third of the time of row after row.

    Raises:
        DataReadError: If there are too many columns.
    """
    laid_out = (lay_out(elements, columns, source) for elements in batches)
    tables = []
    read = 0
    has_faults = False
    for names, slabs in groupby(laid_out, key=attrgetter("names")):
        with Sheet(engine.spill_file(), (*names, *REASON)) as sheet:
            for slab in slabs:
                sheet.writer.write_batch(slab.numbered(read + 1, sheet.schema))
                read += len(slab)
                has_faults |= bool(slab.faults)
        tables.append(engine.backend.read_parquet(str(sheet.path)))
    table = union(tables)
    if not has_faults:
        return Rows(source, table.drop(*REASON))
    faulty = table["reason"].notnull()
    malformed = table.filter(faulty).select(SOURCE_ROW, *REASON)
    return Rows(source, table.filter(~faulty).drop(*REASON), malformed)


@dataclass(frozen=True)
class Slab:
    """Some rows of an array, column by column.

    Attributes:
        names: The columns so far.
        values: The text of each column; null where the row has none.
        faults: Those that are no rows, by their place from 0.
    """

    names: tuple[str, ...]
    values: Sequence[pa.StringArray]
    faults: Mapping[int, Malformed]

    def __len__(self) -> int:
        return len(self.values[0])

    def numbered(self, first: int, schema: pa.Schema) -> pa.RecordBatch:
        """Return the rows with their numbers."""
        numbers = np.arange(first, first + len(self))
        reasons: list[str | None] = [None] * len(self)
        texts = reasons.copy()
        for place, fault in self.faults.items():
            reasons[place], texts[place] = fault.reason, fault.text
        listed = [pa.array(said, pa.string()) for said in (reasons, texts)]
        return pa.record_batch([pa.array(numbers), *self.values, *listed], schema=schema)


def lay_out(elements: Elements, columns: Columns, source: Source) -> Slab:
    """Part elements into columns.

    Raises:
        DataReadError: If there are too many columns.
    """
    if isinstance(elements, Alike) and NESTED not in elements.fields:
        with suppress(UnicodeDecodeError, NoRowError):
            values = [column(elements.column(key)) for key in columns.names]
            return Slab(tuple(columns.names.values()), values, {})
    elements = list(elements)
    keys = keys_of(elements)
    if columns.layout.nested and NESTED in keys:
        elements = [with_nested(element) for element in elements]
        keys = keys_of(elements)
    columns.add(keys)
    if len(columns.names) > MOST_COLUMNS:
        what = f"has objects with more than {MOST_COLUMNS:,} different keys"
        raise DataReadError(source.path, what, "Keep the keys to be audited.")
    try:
        values = texts(elements, columns.names)
    except (UnicodeDecodeError, NoRowError):
        elements = [without_faults(element, columns.names) for element in elements]
        values = texts(elements, columns.names)
    faults = {n: element for n, element in enumerate(elements) if isinstance(element, Malformed)}
    return Slab(tuple(columns.names.values()), values, faults)


def keys_of(elements: Iterable[Element]) -> dict[Key, None]:
    """Return the keys of objects in the order of first appearance."""
    sets = dict.fromkeys(tuple(element) for element in elements if isinstance(element, dict))
    return dict.fromkeys(chain.from_iterable(sets))


def with_nested(element: Element) -> Element:
    """Put the `attributes` of an object among its keys; what is no object stays."""
    if not isinstance(element, dict) or NESTED not in element:
        return element
    others = {key: value for key, value in element.items() if key != NESTED}
    try:
        nested = OBJECT.decode(element[NESTED])
    except UnicodeDecodeError as error:
        return malformed(error, bytes(element[NESTED]))
    except msgspec.ValidationError:
        return element
    return others | {(NESTED, key): value for key, value in nested.items()}


def texts(elements: Sequence[Element], keys: Iterable[Key]) -> list[pa.StringArray]:
    """Return the values of each key as text.

    Raises:
        UnicodeDecodeError: If one is not UTF-8.
        NoRowError: If one has a NUL.
    """
    records = [element if isinstance(element, dict) else {} for element in elements]
    return [column([record.get(key, ABSENT) for record in records]) for key in keys]


def column(values: Sequence[msgspec.Raw]) -> pa.StringArray:
    """Return JSON values as text; where none is a string or null, they are that as they stand.

    These are put into an array as one text with the places where they end, which takes a third
    of the time of one after the other.

    Raises:
        UnicodeDecodeError: If one is not UTF-8.
        NoRowError: If one has a NUL.
    """
    content = b"".join(values)
    content.decode()
    lengths = np.fromiter(map(len, values), np.int32, len(values))
    offsets = np.append(np.int32(0), lengths.cumsum(dtype=np.int32))
    there = lengths > 0
    first = np.frombuffer(content, np.uint8)[offsets[:-1][there]]
    if np.isin(first, STRING_OR_NULL).any():
        return pa.array([as_text(value) for value in values], pa.string())
    validity = np.packbits(there, bitorder="little")
    return pa.StringArray.from_buffers(
        len(values), pa.py_buffer(offsets), pa.py_buffer(content), pa.py_buffer(validity)
    )


def without_faults(element: Element, keys: Iterable[Key]) -> Element:
    """Return an element, or why it is no row if one of its values is no text."""
    try:
        texts([element], keys)
    except UnicodeDecodeError as error:
        return malformed(error, b"")
    except NoRowError as error:
        return Malformed(str(error), "")
    return element


def as_text(written: msgspec.Raw) -> str | None:
    """Return a JSON value as text; null and the empty text are None.

    Raises:
        UnicodeDecodeError: If it is not UTF-8.
        NoRowError: If it has a NUL, where text ends for some.
    """
    if not len(written):
        return None
    text = str(written, "utf-8")
    if text[0] != '"':
        return None if text == "null" else text
    text = msgspec.json.decode(written, type=str) if "\\" in text else text[1:-1]
    if "\0" in text:
        raise NoRowError("JSON has a NUL")
    return text or None
