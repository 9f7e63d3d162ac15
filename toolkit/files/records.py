"""Text files record by record: every record becomes a row or has a reason why it is none."""

from __future__ import annotations

import codecs
import csv
import json
import re
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Final, TextIO

from toolkit.files.sources import Form

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from toolkit.files.sources import Source

BLOCK: Final = 2**20
MOST_CHARACTERS: Final = 2**20
"""The longest line that is read; a longer one is no row."""
FORBIDDEN: Final = re.compile("[\0\ud800-\udfff]")
"""NUL, and what `surrogateescape` makes of bytes that are not UTF-8."""


ESCAPED_NUL: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
"""NUL as JSON spells it; after an even number of backslashes, it is no escape."""


@dataclass(frozen=True)
class Malformed:
    """A record that is no row: why, and its text as far as it is text."""

    reason: str
    text: str


class NoRowError(Exception):
    """Why a JSON line is no row, as a constant phrase."""


Row = list[str | None]
Record = Row | Malformed


@dataclass(frozen=True)
class Survey:
    """What one pass over a delimited file's bytes shows.

    Attributes:
        records: Lines that are not the header.
        regular: Whether every line holds as many fields as the header and nothing that needs
            care: no quotes, no blank lines, one kind of line end, no NUL, all of it UTF-8. The
            engine reads such a file by itself, without any choice to make.
    """

    records: int
    regular: bool


def survey(source: Source) -> Survey:
    """Count the lines of a CSV or TSV file and say whether it is regular.

    Raises:
        DataReadError: If the file cannot be opened or its compression is damaged.
    """
    lines = fields = 0
    line_end = b""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with source.open() as stream:
        for block in blocks(stream):
            line_end = line_end or (b"\r\n" if b"\r\n" in block else b"\n")
            if needs_care(block, line_end) or not decodes(decoder, block):
                return Survey(0, regular=False)
            ended = block.count(line_end) + (not block.endswith(line_end))
            lines += ended
            fields += block.count(source.delimiter.encode()) + ended
    records = lines - source.has_header
    return Survey(records, regular=fields == lines * len(source.columns))


def blocks(stream: IO[bytes]) -> Iterator[bytes]:
    """Read blocks that end where a line ends."""
    while block := stream.read(BLOCK):
        yield block + stream.readline(MOST_CHARACTERS)


def needs_care(block: bytes, line_end: bytes) -> bool:
    """Whether a block holds quotes, NUL, blank lines or mixed line ends."""
    ends = block.count(line_end)
    return (
        b'"' in block
        or b"\0" in block
        or block.startswith(line_end)
        or line_end * 2 in block
        or block.count(b"\n") != ends
        or block.count(b"\r") != (ends if line_end == b"\r\n" else 0)
    )


def decodes(decoder: codecs.IncrementalDecoder, block: bytes) -> bool:
    """Whether a block is UTF-8."""
    try:
        decoder.decode(block)
    except UnicodeDecodeError:
        return False
    return True


def records(source: Source, columns: Sequence[str]) -> Iterator[Record]:
    """Read a file's records one by one, without its header.

    Args:
        source: A CSV, TSV or JSON lines file.
        columns: The names of its columns, which are the keys of a JSON line.

    An empty value is None. A record that cannot be read is `Malformed`, and reading goes on at the
    line after the one it starts on, so that a quote that is never closed costs one line.

    Raises:
        DataReadError: If the file cannot be opened or its compression is damaged.
    """
    with source.open_text() as text:
        if source.form is Form.JSON_LINES:
            yield from json_records(text, columns)
            return
        found = delimited_records(text, source.delimiter, len(columns))
        if source.has_header:
            next(found, None)
        yield from found


def lines(stream: TextIO) -> Iterator[str]:
    """Read lines with their ends; of a line that is too long, its first `MOST_CHARACTERS`."""
    while line := stream.readline(MOST_CHARACTERS):
        rest = line
        while len(rest) == MOST_CHARACTERS and rest[-1] not in "\r\n":
            rest = stream.readline(MOST_CHARACTERS)
        yield line


def delimited_records(stream: TextIO, delimiter: str, width: int) -> Iterator[Record]:
    """Read the records of CSV or TSV text, each of `width` fields."""
    pending: deque[str] = deque()
    taken: list[str] = []
    unread = lines(stream)

    def feed() -> Iterator[str]:
        while (line := pending.popleft() if pending else next(unread, "")) != "":
            taken.append(line)
            yield line

    reader = csv.reader(feed(), delimiter=delimiter, strict=True)
    while True:
        taken.clear()
        try:
            fields = next(reader, None)
            if fields is None:
                return
            reason = fault(fields, taken, width)
        except csv.Error as error:
            fields, reason = [], quoting(error)
        if not reason:
            if fields:
                yield [field or None for field in fields]
            continue
        yield Malformed(reason, printable(taken[0]))
        pending.extendleft(reversed(taken[1:]))
        reader = csv.reader(feed(), delimiter=delimiter, strict=True)


def fault(fields: list[str], taken: list[str], width: int) -> str:
    """Return why a record is no row, or nothing; blank lines have no fields and are no records."""
    if any(map(FORBIDDEN.search, taken)):
        return unreadable("".join(taken))
    if any(len(line) == MOST_CHARACTERS for line in taken):
        return "line is too long"
    if fields and len(fields) != width:
        return "too many fields" if len(fields) > width else "too few fields"
    return ""


def quoting(error: csv.Error) -> str:
    """Say in a constant phrase what the CSV reader refuses."""
    return "value is too long" if "field larger" in str(error) else "quote is not closed"


def unreadable(text: str) -> str:
    """Say which forbidden character a text holds."""
    return "line has a NUL byte" if "\0" in text else "line is not UTF-8"


def printable(text: str) -> str:
    """Return the text of a line, with what is not UTF-8 escaped."""
    written = text.rstrip("\r\n").encode("utf-8", "surrogateescape")
    return written.decode("utf-8", "backslashreplace")


def json_records(stream: TextIO, columns: Sequence[str]) -> Iterator[Record]:
    """Read the records of JSON lines; nested values become JSON text."""
    for line in lines(stream):
        if not line.strip():
            continue
        try:
            row = json_row(line)
        except NoRowError as error:
            yield Malformed(str(error), printable(line))
        else:
            yield [as_text(row.get(name)) for name in columns]


def json_keys(source: Source) -> tuple[str, ...]:
    """Return every key of a JSON lines file, in the order of first appearance.

    Raises:
        DataReadError: If the file cannot be opened or its compression is damaged.
    """
    keys: dict[str, None] = {}
    with source.open_text() as text:
        for line in lines(text):
            with suppress(NoRowError):
                keys |= dict.fromkeys(json_row(line))
    return tuple(keys)


def json_row(line: str) -> dict[str, Any]:
    """Return the object of a JSON line.

    Raises:
        NoRowError: If it is none, or not strict JSON.
    """
    if FORBIDDEN.search(line):
        raise NoRowError(unreadable(line))
    if len(line) == MOST_CHARACTERS:
        raise NoRowError("line is too long")
    try:
        row = json.loads(line, parse_constant=refuse_constant, object_pairs_hook=unique_keys)
        # Escapes can spell what the line itself may not hold.
        spelt = json.dumps(row, ensure_ascii=False) if "\\u" in line else ""
    except RecursionError as error:
        raise NoRowError("JSON is nested too deeply") from error
    except ValueError as error:
        raise NoRowError("line is not JSON") from error
    if not isinstance(row, dict):
        raise NoRowError("line is not a JSON object")
    if FORBIDDEN.search(spelt) or ESCAPED_NUL.search(line):
        raise NoRowError("JSON has a NUL or half a character")
    return row


def refuse_constant(_: str) -> None:
    """Refuse NaN and infinities, which JSON does not have."""
    raise NoRowError("line is not JSON")


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object, refusing one that has a key twice."""
    row = dict(pairs)
    if len(row) < len(pairs):
        raise NoRowError("JSON object has a key twice")
    return row


def as_text(value: Any) -> str | None:
    """Return a JSON value as text; null and the empty text are None."""
    if value is None or value == "":
        return None
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
