"""The arrays of one JSON document of any size, read as a stream of batches of their objects."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final, cast

import msgspec
import numpy as np

from toolkit.errors import DataReadError
from toolkit.files.json_objects import Alike, KnownKeys, Record
from toolkit.files.records import Malformed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from toolkit.files.sources import Source

Element = Record | Malformed
Elements = Sequence[Element] | Alike
"""Elements in order: one by one, or objects of the same keys at once."""

BLOCK: Final = 2**22
MOST_BYTES: Final = 2**26
"""The longest element of an array that is read, in bytes."""
ROOT: Final = ""
"""The name of an array that is the whole document."""
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
STRING: Final = rb'"[^"\\]*(?:\\.[^"\\]*)*"'
KEY: Final = re.compile(rb"(" + STRING + rb")\s*:", re.DOTALL)
SCALAR: Final = re.compile(STRING + rb'|[^\s,:"\[\]{}]+', re.DOTALL)
QUOTE: Final = ord('"')
MARKED: Final = bytes(code in b'"{}[]' for code in range(256))
"""A table for `bytes.translate`: 1 for quotes and brackets, 0 for all else."""
STEP: Final = np.zeros(256, np.int8)
STEP[[ord("{"), ord("[")]] = 1
STEP[[ord("}"), ord("]")]] = -1
OBJECTS: Final = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
VALUES: Final = msgspec.json.Decoder(list[msgspec.Raw])
OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Window:
    """The part of a file that is looked at, which moves forward."""

    def __init__(self, stream: BinaryIO, path: Path) -> None:
        self.stream = stream
        self.path = path
        self.block = stream.read(BLOCK).removeprefix(BYTE_ORDER_MARK)

    def grow(self) -> None:
        """Look further ahead, twice as far each time.

        Raises:
            DataReadError: If nothing is left, or too much is being looked at.
        """
        if len(self.block) > MOST_BYTES:
            raise self.damaged(f"has an element of more than {MOST_BYTES:,} bytes")
        if not self.fill():
            raise self.damaged("ends before its JSON does")

    def fill(self) -> bool:
        """Look further ahead, if there is more; return whether there is."""
        more = self.stream.read(max(BLOCK, len(self.block)))
        self.block += more
        return bool(more)

    def skip(self, length: int) -> None:
        """Move past what was read."""
        self.block = self.block[length:]

    def next(self) -> bytes:
        """Return the next character that is no space, without moving past it.

        Raises:
            DataReadError: If there is none.
        """
        self.block = self.block.lstrip()
        while not self.block:
            self.grow()
            self.block = self.block.lstrip()
        return self.block[:1]

    def expect(self, character: bytes) -> None:
        """Move past a character that has to be next.

        Raises:
            DataReadError: If another one is.
        """
        if self.next() != character:
            raise self.unexpected(character.decode())
        self.skip(1)

    def take(self, pattern: re.Pattern[bytes], what: str) -> re.Match[bytes]:
        """Move past what a pattern matches.

        Raises:
            DataReadError: If it does not match; `what` says what it should be.
        """
        self.next()
        found = pattern.match(self.block)
        while found is None or found.end() == len(self.block):
            if found is None and self.block[:1] != b'"':
                raise self.unexpected(what)
            self.grow()
            found = pattern.match(self.block)
        self.skip(found.end())
        return found

    def unexpected(self, what: str) -> DataReadError:
        """Return the error that something else stands where `what` should."""
        return self.damaged(f"is no JSON: it has {self.block[:20]!a} for {what}")

    def damaged(self, what: str) -> DataReadError:
        """Return the error that the file cannot be read further."""
        do = "Write or fetch the file again; `python -m json.tool` names the place."
        return DataReadError(self.path, what, do)


@dataclass(frozen=True)
class Batch:
    """Some elements of an array, in order; an array without elements is one empty batch."""

    array: str
    elements: Elements


def arrays(source: Source) -> Iterator[Batch]:
    """Read the elements of every array of objects at the top of a JSON document.

    Other values at the top are passed over.

    Raises:
        DataReadError: If the file ends too early, is no JSON outside of the elements, or has an
            array twice.
    """
    with source.open() as stream:
        window = Window(stream, source.path)
        if window.next() == b"[":
            window.skip(1)
            for elements in array(window):
                yield Batch(ROOT, elements)
        else:
            for name in names(window):
                for elements in array(window):
                    yield Batch(name, elements)
        if window.block.strip() or stream.read(BLOCK).strip():
            raise window.damaged("goes on after the end of its JSON")


def names(window: Window) -> Iterator[str]:
    """Read the keys of the top object, stopping at the start of each array; pass over the rest."""
    seen: set[str] = set()
    window.expect(b"{")
    while window.next() != b"}":
        if seen:
            window.expect(b",")
        name = text_of(window.take(KEY, "a key")[1], window)
        if name in seen:
            raise window.damaged(f"has the key {name!r} twice")
        seen.add(name)
        if window.next() == b"[":
            window.skip(1)
            yield name
        elif window.next() == b"{":
            pass_over(window)
        else:
            window.take(SCALAR, "a value")
    window.skip(1)


def text_of(written: bytes, window: Window) -> str:
    """Return a JSON string's text."""
    try:
        return msgspec.json.decode(written, type=str)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise window.damaged("has a key that is no text") from error


def pass_over(window: Window) -> None:
    """Move past an object."""
    while True:
        brackets = find_brackets(window.block)
        if len(ends := brackets.places[brackets.depths == 0]):
            window.skip(int(ends[0]) + 1)
            return
        window.grow()


def array(window: Window) -> Iterator[Elements]:
    """Read an array's elements from behind its opening bracket to behind its closing one."""
    first = True
    known = KnownKeys()
    while True:
        while guessed := guess(window.block, known, first=first):
            elements, length = guessed
            yield elements
            window.skip(length)
            window.fill()
            first = False
        brackets = find_brackets(window.block)
        closed = np.flatnonzero(brackets.depths < 0)
        inside = slice(int(closed[0]) if len(closed) else None)
        ends = (brackets.places[inside][brackets.depths[inside] == 0] + 1).tolist()
        if len(closed):
            last = int(brackets.places[closed[0]])
            if window.block[last : last + 1] != b"]":
                raise window.damaged("is no JSON: an array ends with a brace")
            if window.block[ends[-1] if ends else 0 : last].strip():
                ends.append(last)
            yield decode(window.block, ends, first=first)
            window.skip(last + 1)
            return
        if ends:
            yield decode(window.block, ends, first=first)
            window.skip(ends[-1])
            first = False
        window.grow()


def guess(block: bytes, known: KnownKeys, *, first: bool) -> tuple[Elements, int] | None:
    """Decode a block up to what looks like the start of its last object, if that is right.

    It is right exactly if what is before it is a JSON array once it is put in brackets: an object
    that is cut anywhere else leaves a string or a bracket open. That saves looking for brackets.
    """
    length = max(block.rfind(b"}, {"), block.rfind(b"},{")) + 1
    content = block[:length].lstrip()
    if not length or not (first or content.startswith(b",")):
        return None
    written = b"[" + content[not first :] + b"]"
    try:
        if alike := known.decode(written):
            return alike, length
        objects = cast("list[Record]", OBJECTS.decode(written))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    known.learn(objects)
    return objects, length


@dataclass(frozen=True)
class Brackets:
    """Where the brackets of a text are that stand in no string, and how deep it is after each."""

    places: NDArray[np.int64]
    depths: NDArray[np.int64]


def find_brackets(block: bytes) -> Brackets:
    """Find the brackets of a JSON text that starts outside of any string."""
    if b"\\" in block:
        # What is escaped is no quote; the same length keeps every place.
        block = block.replace(rb"\\", b"__").replace(rb"\"", b"__")
    places = np.flatnonzero(np.frombuffer(block.translate(MARKED), np.uint8))
    marks = np.frombuffer(block, np.uint8)[places]
    quotes = marks == QUOTE
    outside = ~quotes & (np.cumsum(quotes) % 2 == 0)
    return Brackets(places[outside], np.cumsum(STEP[marks[outside]], dtype=np.int64))


def decode(block: bytes, ends: Sequence[int], *, first: bool) -> Sequence[Element]:
    """Decode the elements that end at these places, all at once where each of them is an object."""
    if not ends:
        return []
    content = block[: ends[-1]].lstrip()
    if first or content.startswith(b","):
        try:
            return cast("list[Element]", OBJECTS.decode(b"[" + content[not first :] + b"]"))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
    starts = [0, *ends[:-1]]
    pieces = (block[start:end].strip() for start, end in zip(starts, ends, strict=True))
    found: list[Element] = []
    for number, piece in enumerate(pieces):
        found += decode_piece(piece, first=first and number == 0)
    return found


def decode_piece(piece: bytes, *, first: bool) -> Iterator[Element]:
    """Decode what stands from the end of one element to the end of the next, comma included."""
    text = piece if first else piece.removeprefix(b",")
    try:
        values = VALUES.decode(b"[" + text + b"]") if first or text != piece else []
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        yield malformed(error, piece)
        return
    if not values:
        yield malformed(msgspec.DecodeError(), piece)
    for value in values:
        try:
            yield cast("Record", OBJECT.decode(value))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            yield malformed(error, bytes(value))


def malformed(error: Exception, written: bytes) -> Malformed:
    """Say in a constant phrase why an element is no object, with the start of its text."""
    reasons = {
        RecursionError: "JSON is nested too deeply",
        UnicodeDecodeError: "element is not UTF-8",
        msgspec.ValidationError: "element is not a JSON object",
    }
    text = written[:BLOCK].decode("utf-8", "backslashreplace")
    return Malformed(reasons.get(type(error), "element is not JSON"), text)
