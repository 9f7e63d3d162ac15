"""The image files in a dataset's folder as rows; no link leads out of the folder."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from toolkit.engine import Rows
from toolkit.files.pixels import HEADER_FAULTS, PICTURES, read_header
from toolkit.files.records import printable
from toolkit.files.sources import SOURCE_ROW, Form, Source, is_utf8, reading
from toolkit.intake.fields import Rule
from toolkit.intake.ingest import ingest
from toolkit.intake.pictures import LEADS_OUT, NOT_THERE, locate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import ibis.expr.types as ir

    from toolkit.engine import Engine
    from toolkit.intake.ingest import Part

LINK: Final = "file is a symbolic link"
SPECIAL: Final = "file is no regular file"
NOT_UTF8: Final = "file name is not UTF-8"
CLOSED: Final = "folder cannot be read"
FILE_FAULTS: Final = (LINK, SPECIAL, NOT_UTF8, CLOSED, LEADS_OUT, NOT_THERE)
"""Why a file is not looked into, as constant phrases."""
ROWS_AT_ONCE: Final = 50_000
PLACE: Final = ("path", "width", "height", "fault")
COLUMNS: Final = ("image_id", *PLACE)
"""What `picture_row` says of a picture, as text."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, by its name relative to the dataset's folder.

    Attributes:
        name: The relative path with `/`; what is not UTF-8 in it is escaped.
        path: Where the file is.
        size: Its bytes.
        fault: Why it must not be opened, one of `FILE_FAULTS`; empty if it may.
    """

    name: str
    path: str
    size: int = 0
    fault: str = ""

    @property
    def is_picture(self) -> bool:
        """Whether it is called like a picture."""
        return self.name.lower().endswith(PICTURES)


def walk(root: Path, within: str = ".") -> Iterator[Entry]:
    """Find all files in a folder and those below it, by folder and name.

    Hidden files and folders are passed over. A link to a folder, and a folder that cannot be
    read, are entries with a fault.

    Args:
        root: The dataset's folder, to which names are relative.
        within: The folder to start in, relative to it.

    Raises:
        DataReadError: If the first folder cannot be read.
    """
    with reading(root / within):
        os.scandir(root / within).close()
    waiting = [within]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(root / folder) as listing:
                found = sorted(listing, key=lambda entry: entry.name)
        except OSError:
            yield Entry(printable(folder), str(root / folder), fault=CLOSED)
            continue
        folders = []
        for entry in found:
            name = f"{folder}/{entry.name}" if folder != "." else entry.name
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                folders.append(name)
            else:
                yield examined(name, entry.path)
        waiting += reversed(folders)


def named(root: Path, name: str | None, folder: str = ".") -> Entry:
    """Find the picture that a name in the data means.

    Args:
        root: The dataset's folder, resolved.
        name: A path relative to `folder`, as the data write it.
        folder: A folder in the dataset's.
    """
    found = locate(root, (folder,), name)
    if (path := found["path"]) is None:
        return Entry(printable(name or ""), "", fault=found["picture_fault"] or NOT_THERE)
    return examined(path, os.path.realpath(root / path))


def examined(name: str, path: str) -> Entry:
    """Look at a file itself, not at what it may link to."""
    if not is_utf8(name):
        return Entry(printable(name), path, fault=NOT_UTF8)
    try:
        status = os.lstat(path)
    except OSError:
        return Entry(name, path, fault=NOT_THERE)
    if stat.S_ISLNK(status.st_mode):
        return Entry(name, path, fault=LINK)
    if not stat.S_ISREG(status.st_mode):
        return Entry(name, path, fault=SPECIAL)
    return Entry(name, path, status.st_size)


def pictures(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Keep the pictures, and the links and closed folders that may hide some."""
    for entry in entries:
        links_to_folder = entry.fault == LINK and Path(entry.path).is_dir()
        if entry.is_picture or entry.fault == CLOSED or links_to_folder:
            yield entry


def picture_row(entry: Entry) -> tuple[str | None, ...]:
    """Return what is known of a picture, in the order of `COLUMNS`."""
    if entry.fault:
        return entry.name, None, None, None, entry.fault
    header = read_header(entry.path, entry.size)
    if header.fault:
        return entry.name, entry.name, None, None, header.fault
    return entry.name, entry.name, str(header.width), str(header.height), None


def picture_part(
    engine: Engine,
    root: Path,
    table: ir.Table,
    more: Mapping[str, ir.Value] | None = None,
    rules: Iterable[Rule] = (),
) -> Part:
    """Type the rows of pictures that were looked for.

    Args:
        engine: Where the typed rows are kept.
        root: The dataset's folder.
        table: Rows of `picture_row`, with the columns `COLUMNS`.
        more: More columns by name, as expressions over `table`.
        rules: What a row must not break besides.

    Raises:
        DataReadError: If there are pictures and none can be used.
    """
    columns = {"image_id": table["image_id"], **place_columns(table), **(more or {})}
    rows = Rows(Source(root, Form.OTHER, ()), table)
    broken = [*faults(table, FILE_FAULTS), *rules]
    return ingest(engine, rows, columns, broken, faults(table, HEADER_FAULTS))


def with_pictures(
    engine: Engine, root: Path, table: ir.Table, column: str, folder: str = "."
) -> ir.Table:
    """Look for the picture that each row names; return the rows with the columns `PLACE`.

    Args:
        engine: Where what is found is kept.
        root: The dataset's folder, resolved.
        table: Rows with `source_row`.
        column: The column that names the picture, relative to `folder`.
        folder: A folder in the dataset's.
    """
    found = engine.store(
        (
            (str(row), *picture_row(named(root, name, folder))[1:])
            for row, name in rows_of(table, SOURCE_ROW, column)
        ),
        ("row", *PLACE),
    )
    found = found.drop(SOURCE_ROW).mutate(row=found["row"].cast("int64"))
    return table.left_join(found, table[SOURCE_ROW] == found["row"]).drop("row")


def place_columns(table: ir.Table) -> dict[str, ir.Value]:
    """Return where a picture is and its size in pixels."""
    sizes = {side: table[side].cast("int64") for side in ("width", "height")}
    return {"path": table["path"], **sizes}


def faults(table: ir.Table, phrases: Iterable[str]) -> list[Rule]:
    """Return a rule for each of the phrases in the column `fault`."""
    written = table["fault"].fill_null("")
    return [Rule(phrase, written == phrase) for phrase in phrases]


def rows_of(table: ir.Table, *columns: str) -> Iterator[tuple[Any, ...]]:
    """Hand out the rows of a table in the order of `source_row`, some of them in memory at a time.

    Args:
        table: A table with `source_row`.
        *columns: The columns to hand out.
    """
    last = table[SOURCE_ROW].max().execute()
    for start in range(0, 0 if last is None else int(last), ROWS_AT_ONCE):
        chosen = table[SOURCE_ROW].between(start + 1, start + ROWS_AT_ONCE)
        found = table.filter(chosen).order_by(SOURCE_ROW).select(*columns).to_pyarrow()
        yield from zip(*(column.to_pylist() for column in found.columns), strict=True)
