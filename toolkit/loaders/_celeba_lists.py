"""The lists of CelebA: where they are, and their rows, as the authors write them or as CSV."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from toolkit.files.records import FORBIDDEN, lines, printable, unreadable
from toolkit.files.sources import Form, column_names, inspect, reading
from toolkit.intake.growing import GrowingTable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from toolkit.engine import Engine, Rows
    from toolkit.files.sources import Source

ATTRIBUTES: Final = "list_attr_celeba"
PARTITION: Final = "list_eval_partition"
BOXES: Final = "list_bbox_celeba"
LISTS: Final = (ATTRIBUTES, PARTITION, BOXES)
SUFFIXES: Final = (".txt", ".csv")
FOLDERS: Final = (".", "Anno", "Eval", "celeba")
"""Where the lists are in the published folders."""
IMAGE_ID: Final = "image_id"
COLUMNS: Final = {
    PARTITION: (IMAGE_ID, "partition"),
    BOXES: (IMAGE_ID, "x_1", "y_1", "width", "height"),
}
"""The columns of the lists whose columns are always the same."""
EVIDENCE: Final = ("Male", "Young")
"""Attributes by which a list of CelebA is told."""
HEAD: Final = 2**16


@dataclass(frozen=True)
class Listing:
    """One list.

    Attributes:
        source: The file, with the columns of the list.
        head: The lines before the rows: none, or the number of rows and the names of columns.
    """

    source: Source
    head: int = 0


def find(path: Path) -> dict[str, Listing]:
    """Return the lists in a folder, or the one that a file is, by their names.

    Raises:
        DataReadError: If a file cannot be opened.
    """
    found: dict[str, Listing] = {}
    for name in LISTS:
        for file in candidates(path, name):
            listing = look(file, name)
            if listing and name not in found:
                found[name] = listing
    return found


def candidates(path: Path, name: str) -> Iterator[Path]:
    """Return the files that are called like a list."""
    with reading(path):
        if not path.is_dir():
            yield from [path] if path.name in {name + suffix for suffix in SUFFIXES} else []
            return
        for folder in FOLDERS:
            for suffix in SUFFIXES:
                file = path / folder / (name + suffix)
                if file.is_file() and not file.is_symlink():
                    yield file


def look(file: Path, name: str) -> Listing | None:
    """Look at the beginning of a file; None if it is no such list."""
    source = inspect(file)
    if source.fault:
        return None
    columns = COLUMNS.get(name, EVIDENCE)
    if IMAGE_ID in source.columns and set(columns) <= set(source.columns):
        return Listing(source)
    with source.open_text() as stream:
        first, second = (stream.readline(HEAD).split() for _ in range(2))
    if name == PARTITION:
        return Listing(listed(source, columns)) if len(first) == len(columns) else None
    if len(first) != 1 or not set(columns) <= {IMAGE_ID, *second}:
        return None
    names = second if second[0] == IMAGE_ID else [IMAGE_ID, *second]
    return Listing(listed(source, tuple(names)), head=2)


def listed(source: Source, columns: tuple[str, ...]) -> Source:
    """Return a file that is a list with spaces between its fields."""
    return replace(source, form=Form.OTHER, columns=columns)


def read(engine: Engine, listing: Listing) -> Rows:
    """Read the rows of a list.

    Raises:
        DataReadError: If it cannot be read, or its columns cannot be told apart.
    """
    source = listing.source
    if source.form is not Form.OTHER:
        return engine.read(source)
    columns = column_names(source)
    with GrowingTable(engine, source, columns) as growing, source.open_text() as stream:
        for number, line in enumerate(lines(stream)):
            fields = line.split()
            if number < listing.head or not fields:
                continue
            if FORBIDDEN.search(line):
                growing.reject(unreadable(line), printable(line))
            elif len(fields) != len(columns):
                reason = "too many fields" if len(fields) > len(columns) else "too few fields"
                growing.reject(reason, printable(line))
            else:
                growing.add(dict(zip(columns, fields, strict=True)))
    return growing.rows()
