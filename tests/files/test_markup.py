"""XML is read defused, child by child, and what is hostile or broken has a constant phrase."""

import io
from collections.abc import Iterator
from typing import BinaryIO, cast

import pytest

from toolkit.files.markup import (
    BLOCK,
    MOST_BYTES,
    MOST_DEPTH,
    MarkupError,
    Unread,
    children,
    root_name,
)

BILLION_LAUGHS = (
    b'<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]><r>&c;</r>'
)
HEAD = '<?xml version="1.0" encoding="{}"?><r><a>é</a></r>'
FORBIDDEN = "XML declares a document type or entities"
BROKEN = "XML is not well-formed"
ENCODING = "XML is in an encoding that is not read"


class Endless(io.RawIOBase):
    """A stream that gives a beginning once and then the same bytes for ever."""

    def __init__(self, beginning: bytes, repeated: bytes) -> None:
        self.blocks = self.endless(beginning, repeated)
        self.given = 0

    def endless(self, beginning: bytes, repeated: bytes) -> Iterator[bytes]:
        """Give the blocks."""
        yield beginning
        while True:
            yield repeated * (BLOCK // len(repeated))

    def read(self, size: int = -1) -> bytes:
        """Give the next block."""
        block = next(self.blocks)
        self.given += len(block)
        return block


def read(content: bytes, root: str = "r") -> list[tuple[str, str | None]]:
    """Read the names and texts of a root's children."""
    return [(child.tag, child.text) for child in children(io.BytesIO(content), root)]


def test_children_are_read_one_by_one() -> None:
    """A child is handed out before the file ends, and is forgotten afterwards."""
    stream = Endless(b"<r>", b"<a><b>1</b></a>")
    found = children(cast("BinaryIO", stream), "r")
    assert [next(found).tag for _ in range(10_000)] == ["a"] * 10_000
    assert stream.given < 10 * BLOCK


def test_text_is_read_as_it_stands() -> None:
    """References, comments and CDATA are resolved; nothing is trimmed."""
    content = "<r>\n <a> &lt;é&#10;<!-- no -->x<![CDATA[<b>]]> </a><c/>\n</r>".encode()
    assert read(content) == [("a", " <é\nx<b> "), ("c", None)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "windows-1252"])
def test_declared_encodings_are_read(encoding: str) -> None:
    """A file in an encoding that it declares is read like one in UTF-8."""
    assert read(HEAD.format(encoding).encode(encoding)) == [("a", "é")]


@pytest.mark.parametrize(
    ("content", "phrase"),
    [
        (BILLION_LAUGHS, FORBIDDEN),
        (b'<!DOCTYPE r SYSTEM "file:///etc/passwd"><r/>', FORBIDDEN),
        (b'<!DOCTYPE r [<!ENTITY x SYSTEM "http://localhost/">]><r>&x;</r>', FORBIDDEN),
        (b"<!DOCTYPE r><r/>", FORBIDDEN),
        (b"<r>&unknown;</r>", BROKEN),
        (b"", BROKEN),
        (b"<r><a>", BROKEN),
        (b"<r></a></r>", BROKEN),
        (b"<r>\x00</r>", BROKEN),
        (b"<r>&#xD800;</r>", BROKEN),
        (b"<r>\xff</r>", BROKEN),
        (b"\x89PNG\r\n", BROKEN),
        (b"<r a='1' a='2'/>", BROKEN),
        (HEAD.format("gb2312").encode("gb2312", "replace"), ENCODING),
        (HEAD.format("nonsense").encode(), ENCODING),
        (b"<other/>", "root element is not <r>"),
        (b"<r>" + b"<a>" * MOST_DEPTH, "XML is nested too deeply"),
    ],
)
def test_what_is_hostile_or_broken_has_a_phrase(content: bytes, phrase: str) -> None:
    """Entities, document types, damage, encodings, other roots and depth are told apart."""
    with pytest.raises(MarkupError) as error:
        read(content)
    assert error.value.phrase == phrase


@pytest.mark.parametrize("beginning", [b"<r><a>", b"<r><a b='", b"<r>", b"<", b"<!--"])
def test_endless_content_ends(beginning: bytes) -> None:
    """Text, an attribute, layout, a name and a comment without an end are given up on."""
    stream = Endless(beginning, b"x")
    with pytest.raises(MarkupError, match="too large"):
        list(children(cast("BinaryIO", stream), "r"))
    assert stream.given <= MOST_BYTES + 2 * BLOCK


def test_very_many_elements_in_one_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit holds for each child of the root, not for all together."""
    monkeypatch.setattr("toolkit.files.markup.MOST_ELEMENTS", 3)
    assert len(read(b"<r>" + b"<a><b/></a>" * 5 + b"</r>")) == 5
    with pytest.raises(MarkupError, match="too large"):
        read(b"<r><a><b/><b/><b/><b/></a></r>")


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"<r><a>", "r"),
        (b"<?xml version='1.0'?><!-- x --><r/>", "r"),
        (b"image_id,label\n", None),
        (b"", None),
        (BILLION_LAUGHS, None),
        (b"<other", None),
    ],
)
def test_the_root_is_known_from_the_beginning(content: bytes, name: str | None) -> None:
    """The root's name is found without the rest of the file; what is no XML has none."""
    assert root_name(io.BytesIO(content)) == name


def test_what_is_not_read_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are counted, the most frequent first; beyond a limit they count together."""
    monkeypatch.setattr("toolkit.files.markup.MOST_NAMES", 2)
    unread = Unread()
    assert list(unread.note()) == []
    long = "a" * 1_000
    for name in ("b", long, long, "c", "d"):
        unread.count(name)
    shown = long[:100]
    assert list(unread.note()) == [f"Elements that are not read: {shown} (2), others (2), b (1)."]


def test_leaves_are_the_first_of_each_name() -> None:
    """Repeated children, others and those that are no text are counted as not read."""
    (child,) = children(io.BytesIO(b"<r><s><w>1</w><w>2</w><h><x/></h><d/></s></r>"), "r")
    unread = Unread()
    assert unread.leaves(child, ("w", "h")) == {"w": "1"}
    assert unread.counts == {"s/w": 1, "s/h": 1, "s/d": 1}
