"""What a file is, by its content: its form, its compression and its columns, without an engine."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, BinaryIO, Final, TextIO, cast

import pyarrow as pa
import pyarrow.parquet as pq

from toolkit.errors import DataNotFoundError, DataReadError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PEEK: Final = 2**20
WHOLE_CHECKSUM: Final = 64 * 2**20
MOST_COLUMNS: Final = 2_000
SOURCE_ROW: Final = "source_row"
"""The column by which the engine numbers a file's rows, from 1, the header not counted."""
RESERVED: Final = (SOURCE_ROW, "file_row_number")
BYTE_ORDER_MARK: Final = "\ufeff"
UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
GZIP_MAGIC: Final = b"\x1f\x8b"
PARQUET_MAGIC: Final = b"PAR1"


class Form(StrEnum):
    """How a file writes its rows."""

    CSV = "CSV"
    TSV = "TSV"
    JSON_LINES = "JSON lines"
    PARQUET = "Parquet"
    JSON = "JSON"
    """One document, which is no table."""
    OTHER = "other"
    """Nothing that could be a table."""


DELIMITERS: Final = {Form.CSV: ",", Form.TSV: "\t"}


@dataclass(frozen=True)
class Source:
    """One file that was looked into.

    Attributes:
        path: Where it is.
        form: How it writes its rows.
        columns: The fields of its first record (CSV, TSV), the keys of its first row (JSON lines)
            or its columns (Parquet).
        compressed: Whether it is gzip.
        has_header: Whether the first record names the columns.
        fault: Why it cannot be a table, as the end of a sentence; empty if it can.
    """

    path: Path
    form: Form
    columns: tuple[str, ...]
    compressed: bool = False
    has_header: bool = True
    fault: str = ""

    @property
    def delimiter(self) -> str:
        """What separates two fields of a line."""
        return DELIMITERS[self.form]

    @property
    def stem(self) -> str:
        """The file's name without the endings that name its form."""
        return self.path.name.removesuffix(".gz").rsplit(".", 1)[0]

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Open the decompressed bytes.

        Raises:
            DataReadError: If the file cannot be opened, or its compression is damaged.
        """
        with reading(self.path), self.path.open("rb") as stored:
            if self.compressed:
                yield cast("BinaryIO", gzip.GzipFile(fileobj=stored))
            else:
                yield stored

    @contextmanager
    def open_text(self) -> Iterator[TextIO]:
        """Open the text; bytes that are not UTF-8 become lone surrogates.

        Raises:
            DataReadError: If the file cannot be opened, or its compression is damaged.
        """
        with (
            self.open() as stream,
            io.TextIOWrapper(stream, "utf-8-sig", "surrogateescape", newline="") as text,
        ):
            yield text


@dataclass(frozen=True)
class Recognition:
    """Whether a loader takes a path to be its format, and why or why not, as half a sentence."""

    matches: bool
    why: str


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn the errors of reading a file into sentences that name it.

    Raises:
        DataReadError: If the file cannot be opened or its compression is damaged.
    """
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataReadError(
            path, f"is a damaged gzip file ({error})", "Fetch or compress it again."
        ) from error
    except OSError as error:
        raise DataReadError(
            path, f"cannot be read ({error.strerror or error})", "Check its permissions."
        ) from error


def require(path: Path) -> None:
    """Refuse a path that is no file and no folder.

    Raises:
        DataNotFoundError: If there is nothing.
        DataReadError: If there is something else, or its folder may not be entered.
    """
    with reading(path):
        try:
            path.stat()
        except (FileNotFoundError, NotADirectoryError, ValueError) as error:
            raise DataNotFoundError(path) from error
    if not (path.is_file() or path.is_dir()):
        raise DataReadError(path, "is neither a file nor a folder", "Name a file or folder.")


def inspect(path: Path) -> Source:
    """Look into a file and say what it is.

    Raises:
        DataReadError: If it is damaged or cannot be opened.
    """
    if not is_utf8(str(path)):
        return Source(path, Form.OTHER, (), fault="has a name that is not UTF-8")
    with reading(path), path.open("rb") as stream:
        magic = stream.read(4)
    if magic == PARQUET_MAGIC:
        return Source(path, Form.PARQUET, parquet_columns(path))
    form = Source(path, Form.OTHER, (), compressed=magic[:2] == GZIP_MAGIC)
    with form.open() as stream:
        start = stream.read(PEEK)
    if start.startswith(UTF16_MARKS):
        return replace(form, fault="is UTF-16 text")
    # Bytes that are not UTF-8 further down belong to rows, which are judged one by one later.
    text = start.decode("utf-8", "surrogateescape").removeprefix(BYTE_ORDER_MARK).lstrip("\r\n")
    if not text.strip():
        return replace(form, fault="is empty")
    if text[0] in "{[":
        return of_json(form, text)
    return of_delimited(form, text)


def of_json(source: Source, text: str) -> Source:
    """Tell JSON lines from one JSON document, by the start of the text."""
    try:
        row = json.loads(text.split("\n", 1)[0])
    except (ValueError, RecursionError):
        row = None
    if isinstance(row, dict):
        return replace(source, form=Form.JSON_LINES, columns=tuple(row))
    return replace(source, form=Form.JSON, fault="starts like a JSON document, which is no table")


def of_delimited(source: Source, text: str) -> Source:
    """Read the header of CSV or TSV from the start of the text."""
    form = Form.TSV if "\t" in text.splitlines()[0] else Form.CSV
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=DELIMITERS[form])
    try:
        columns = tuple(next(reader))
    except csv.Error:
        return replace(source, fault="has no header that ends")
    header = "".join(columns)
    if "\0" in header or not is_utf8(header):
        return replace(source, fault="is binary, or text that is not UTF-8")
    return replace(source, form=form, columns=columns)


def is_utf8(text: str) -> bool:
    """Whether text was UTF-8 before it was decoded with `surrogateescape`."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def parquet_columns(path: Path) -> tuple[str, ...]:
    """Return the names of a Parquet file's columns.

    Raises:
        DataReadError: If the file is damaged.
    """
    try:
        with reading(path):
            return tuple(pq.read_schema(path).names)
    except pa.ArrowException as error:
        raise DataReadError(
            path, f"is a damaged Parquet file ({first_line(error)})", "Fetch or write it again."
        ) from error


def first_line(error: Exception) -> str:
    """Return the first line of an error's message, without its final stop."""
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(". ")


def require_table(source: Source) -> None:
    """Refuse a file that cannot be a table.

    Raises:
        DataReadError: If it cannot.
    """
    if source.fault:
        do = "Name a CSV, TSV, JSON lines or Parquet file with a header and rows, in UTF-8."
        raise DataReadError(source.path, source.fault, do)


def column_names(source: Source) -> tuple[str, ...]:
    """Return the names by which a file's columns are known, one for each column.

    A column without a name is called by its position (`column_3`).

    Raises:
        DataReadError: If there are too many columns, a name is taken by the engine, or two names
            differ in case only, which the engine would take for one.
    """
    path = source.path
    if len(source.columns) > MOST_COLUMNS:
        what = f"has {len(source.columns):,} columns, more than {MOST_COLUMNS:,}"
        raise DataReadError(path, what, "Keep the columns to be audited.")
    names = tuple(name or f"column_{i}" for i, name in enumerate(source.columns, start=1))
    seen: dict[str, str] = {}
    for name in names:
        lower = name.lower()
        if lower in RESERVED:
            what = f"has a column named {name!r}, a name the engine keeps for itself"
            raise DataReadError(path, what, "Rename it.")
        if lower in seen:
            what = f"has the columns {seen[lower]!r} and {name!r}; case does not tell names apart"
            raise DataReadError(path, what, "Rename one of them.")
        seen[lower] = name
    return names


def checksum(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal.

    Of a file above 64 MiB only its size and its first and last MiB enter, and the result starts
    with `partial:`, so that a dataset of many gigabytes is not read once more for its checksum.

    Raises:
        DataReadError: If the file cannot be opened.
    """
    with reading(path), path.open("rb") as stream:
        size = path.stat().st_size
        if size <= WHOLE_CHECKSUM:
            return hashlib.file_digest(stream, "sha256").hexdigest()
        digest = hashlib.sha256(str(size).encode())
        digest.update(stream.read(PEEK))
        stream.seek(-PEEK, io.SEEK_END)
        digest.update(stream.read(PEEK))
        return f"partial:{digest.hexdigest()}"
