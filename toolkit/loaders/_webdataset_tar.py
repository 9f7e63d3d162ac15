"""Samples from tar files, read as a stream: nothing is extracted, and no name is followed."""

from __future__ import annotations

import gzip
import io
import re
import tarfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from toolkit.errors import DataReadError
from toolkit.files.pixels import MOST_BYTES, PICTURES, UNREADABLE, Header, read_header
from toolkit.files.records import FORBIDDEN, NoRowError, json_row
from toolkit.files.sources import GZIP_MAGIC, first_line, reading
from toolkit.intake.pictures import leads_out

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MEMBER: Final = re.compile(r"((?:.*/)?[^./]+)\.([^/]+)", re.DOTALL)
"""The key of a sample and what its member is: all after the first dot of the file's name."""
TEXTS: Final = ("cls", "txt", "text", "caption")
MOST_TEXT: Final = 2**24
"""The longest JSON or text of a sample that is read."""
HEAD: Final = 2**16
"""How much of a picture is read first; nearly all state their size there."""
BLOCK: Final = 512
"""The length of a record of tar (POSIX.1-1988, ustar)."""
LEADS_OUT: Final = "name leads out of the folder"
NOT_REGULAR: Final = "member is a link or no regular file"
NO_KEY: Final = "name has no key and ending"
NO_PICTURE: Final = "there is no picture under the key"
TOO_LONG: Final = f"text has more than {MOST_TEXT // 2**20} MiB"
NOT_TEXT: Final = "text is not UTF-8 or has a NUL"


@dataclass
class Sample:
    """The members of a tar under one key, as far as they were read.

    Attributes:
        key: The key.
        record: The fields of its JSON, and its texts by their endings.
        header: What the head of its picture says, or None without a picture.
        fault: Why it is no sample, as a constant phrase; empty if it is one.
        unread: The endings of members that are not read.
    """

    key: str
    record: dict[str, Any] = field(default_factory=dict)
    header: Header | None = None
    fault: str = ""
    unread: list[str] = field(default_factory=list)


class Bounded:
    """A file that refuses to read more at once than any member needs.

    `tarfile` reads an extended header as a whole, however long a hostile file says that it is.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.tell = stream.tell
        self.seek = stream.seek

    def read(self, size: int) -> bytes:
        """Read so many bytes."""
        if size > MOST_BYTES:
            raise tarfile.ReadError("a header is too long")
        return self.stream.read(size)


@contextmanager
def opened(path: Path) -> Iterator[tarfile.TarFile]:
    """Open a tar file, plain or gzip.

    Raises:
        DataReadError: If it is none, or turns out to be damaged inside the block.
    """
    try:
        with reading(path), path.open("rb") as stored:
            compressed = stored.read(len(GZIP_MAGIC)) == GZIP_MAGIC
            stored.seek(0)
            stream = gzip.GzipFile(fileobj=stored) if compressed else stored
            bounded = cast("BinaryIO", Bounded(cast("BinaryIO", stream)))
            with tarfile.open(fileobj=bounded, mode="r:") as tar:
                yield tar
    # Besides its own errors `tarfile` lets those pass that wrong numbers in headers provoke.
    except (tarfile.TarError, ValueError, OverflowError, RecursionError) as error:
        what = f"is no tar file that can be read ({first_line(error)})"
        raise DataReadError(path, what, "Fetch or write it again.") from error


def samples(path: Path) -> Iterator[Sample]:
    """Read a tar file's samples one by one: the members that follow each other with one key.

    Raises:
        DataReadError: If the file is damaged.
    """
    current: Sample | None = None
    with opened(path) as tar:
        for member in members(tar):
            key, ending = named(member)
            if current is None or current.key != key:
                if current is not None:
                    yield finished(current)
                current = Sample(key)
            add(current, tar, member, ending)
        if current is not None:
            yield finished(current)


def members(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """Return what a tar file holds, but for folders, and forget each when the next is wanted.

    Raises:
        tarfile.ReadError: If it ends where no member ends, over which `tarfile` would pass.
    """
    while (member := tar.next()) is not None:
        tar.members.clear()  # type: ignore[attr-defined]
        if not member.isdir():
            yield member
    stream = cast("BinaryIO", tar.fileobj)
    stream.seek(tar.offset)
    if stream.read(BLOCK).strip(b"\0"):
        raise tarfile.ReadError("it breaks off")


def named(member: tarfile.TarInfo) -> tuple[str, str]:
    """Return the key and the ending of a member; without an ending, its whole name."""
    found = MEMBER.fullmatch(member.name)
    return (found[1], found[2].lower()) if found else (member.name, "")


def add(sample: Sample, tar: tarfile.TarFile, member: tarfile.TarInfo, ending: str) -> None:
    """Read a member into its sample, if it is of a kind that is read."""
    fault = refusal(member, ending)
    if fault:
        sample.fault = sample.fault or fault
    elif f".{ending}" in PICTURES:
        sample.header = sample.header or picture_header(tar, member)
    elif ending == "json" or ending in TEXTS:
        try:
            add_text(sample, content(tar, member), ending)
        except NoRowError as error:
            sample.fault = sample.fault or str(error)
    else:
        sample.unread.append(f".{ending}")


def refusal(member: tarfile.TarInfo, ending: str) -> str:
    """Say why a member is not read, as a constant phrase; empty if it may be."""
    if leads_out(member.name):
        return LEADS_OUT
    if not member.isfile():
        return NOT_REGULAR
    return "" if ending else NO_KEY


def add_text(sample: Sample, text: str, ending: str) -> None:
    """Add JSON or a text; of two that name the same field, JSON counts.

    Raises:
        NoRowError: If it is no JSON object.
    """
    if ending == "json":
        sample.record.update(json_row(text))
    else:
        sample.record.setdefault(ending, text.strip() if ending == "cls" else text)


def content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    """Return the text of a member.

    Raises:
        NoRowError: If it is too long, or no text.
    """
    if member.size > MOST_TEXT:
        raise NoRowError(TOO_LONG)
    with extracted(tar, member) as stream:
        text = stream.read().decode("utf-8-sig", "surrogateescape")
    if FORBIDDEN.search(text):
        raise NoRowError(NOT_TEXT)
    return text


def picture_header(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Header:
    """Read the size of a picture from its beginning, or from all of it if that is not enough."""
    with extracted(tar, member) as stream:
        head = stream.read(HEAD)
        header = read_header(io.BytesIO(head), member.size)
        if header.fault == UNREADABLE and len(head) < member.size:
            header = read_header(io.BytesIO(head + stream.read()), member.size)
    return header


def extracted(tar: tarfile.TarFile, member: tarfile.TarInfo) -> BinaryIO:
    """Open the bytes of a regular member."""
    return cast("BinaryIO", tar.extractfile(member))


def finished(sample: Sample) -> Sample:
    """Return a sample all of whose members were read; without a picture it is none."""
    if sample.header is None and not sample.fault:
        sample.fault = NO_PICTURE
    return sample
