"""XML read defused and as a stream: one child of the root at a time, within limits.

Document types are refused, and with them every entity, inside the file or outside it (billion
laughs, external entities; see the documentation of `defusedxml`).
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, Final
from xml.etree.ElementTree import TreeBuilder

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, XMLParser

from toolkit.errors import MOST_CHOICES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from xml.etree.ElementTree import Element

BLOCK: Final = 2**16
MOST_BYTES: Final = 2**26
"""The longest child of a root that is read."""
MOST_QUIET: Final = 2**22
"""The longest tag or comment; older releases of expat scan an unfinished one again and again."""
MOST_ELEMENTS: Final = 2**20
"""The most elements in a child of a root."""
MOST_DEPTH: Final = 64
MOST_NAMES: Final = 1_000
LONGEST_NAME: Final = 100


class MarkupError(Exception):
    """Why XML cannot be read, as a constant phrase.

    Attributes:
        phrase: What is wrong with the XML.
        place: Where, if that is known.
    """

    def __init__(self, phrase: str, place: str = "") -> None:
        super().__init__(f"{phrase} ({place})" if place else phrase)
        self.phrase = phrase
        self.place = place


class Children:
    """What the parser reports to; it builds the children of the root and forgets each when taken.

    Attributes:
        root: The name of the root element, once it was met.
        built: The children that are complete.
        events: How often the parser reported something.
    """

    def __init__(self) -> None:
        self.root: str | None = None
        self.built: list[Element] = []
        self.builder = TreeBuilder()
        self.depth = 0
        self.elements = 0
        self.events = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Enter an element."""
        self.events += 1
        self.depth += 1
        self.elements += 1
        if self.depth > MOST_DEPTH:
            raise MarkupError("XML is nested too deeply")
        if self.elements > MOST_ELEMENTS:
            raise MarkupError("XML element is too large")
        if self.depth == 1:
            self.root = tag
        else:
            self.builder.start(tag, attributes)

    def end(self, tag: str) -> None:
        """Leave an element."""
        self.events += 1
        if self.depth > 1:
            element = self.builder.end(tag)
            if self.depth == 2:
                self.built.append(element)
                self.builder = TreeBuilder()
                self.elements = 0
        self.depth -= 1

    def data(self, text: str) -> None:
        """Take text; what stands between the children of the root is only layout."""
        self.events += 1
        if self.depth > 1:
            self.builder.data(text)

    def take(self) -> list[Element]:
        """Return the complete children, and forget them."""
        taken, self.built = self.built, []
        return taken


def children(stream: BinaryIO, root: str) -> Iterator[Element]:
    """Read the children of an XML file's root one by one.

    Args:
        stream: The bytes of the file.
        root: The name that its root element must have.

    Raises:
        MarkupError: If the file is no such XML, or is beyond the limits; children before
            that place may have been handed out.
    """
    target = Children()
    parser = XMLParser(target=target, forbid_dtd=True)
    waiting = quiet = 0
    while block := stream.read(BLOCK):
        events = target.events
        feed(parser, block)
        if target.root not in (None, root):
            raise MarkupError(f"root element is not <{root}>")
        waiting = 0 if target.built else waiting + len(block)
        quiet = 0 if target.events > events else quiet + len(block)
        if waiting > MOST_BYTES or quiet > MOST_QUIET:
            raise MarkupError("XML element is too large")
        yield from target.take()
    feed(parser, None)


def feed(parser: XMLParser, block: bytes | None) -> None:
    """Hand a block to the parser, or the end of the file.

    Raises:
        MarkupError: If the parser refuses it.
    """
    try:
        if block is None:
            parser.close()
        else:
            parser.feed(block)
    except DefusedXmlException as error:
        raise MarkupError("XML declares a document type or entities") from error
    except ParseError as error:
        raise MarkupError("XML is not well-formed", str(error)) from error
    except (LookupError, ValueError) as error:
        raise MarkupError("XML is in an encoding that is not read") from error


def root_name(stream: BinaryIO) -> str | None:
    """Return the name of the root of what may be XML, if it stands at its beginning."""
    target = Children()
    with suppress(MarkupError):
        feed(XMLParser(target=target, forbid_dtd=True), stream.read(BLOCK))
    return target.root


class Unread:
    """Elements that a loader does not read, counted by name."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def count(self, name: str) -> None:
        """Count an element, as one of others if there are very many names."""
        shown = name[:LONGEST_NAME]
        known = shown in self.counts or len(self.counts) < MOST_NAMES
        self.counts[shown if known else "others"] += 1

    def note(self) -> Iterator[str]:
        """Say what was not read, if there was anything."""
        if self.counts:
            most = self.counts.most_common(MOST_CHOICES)
            shown = ", ".join(f"{name} ({number:,})" for name, number in most)
            more = len(self.counts) - len(most)
            yield f"Elements that are not read: {shown}{f' and {more} more' if more else ''}."

    def leaves(self, element: Element, names: Collection[str]) -> dict[str, str | None]:
        """Return the text of an element's children of these names, the first of each name.

        All its other children, repeated ones and those that are no text are counted.
        """
        found: dict[str, str | None] = {}
        for child in element:
            if child.tag in names and child.tag not in found and not len(child):
                found[child.tag] = child.text
            else:
                self.count(f"{element.tag}/{child.tag}")
        return found
