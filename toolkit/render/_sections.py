"""A report of headings, sentences and tables, for the terminal and as Markdown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from toolkit.render._escape import markdown
from toolkit.render.card.written import table_lines
from toolkit.render.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

INDENT = (0, 0, 0, 2)


@dataclass(frozen=True)
class Section:
    """A heading with sentences and, below them, a table: a header, then a row each."""

    title: str
    lines: tuple[str, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()


def markdown_of(title: str, sections: Iterable[Section]) -> str:
    """Return the report as Markdown; text of strangers stands in it as it is."""
    blocks = [block for section in sections for block in markdown_blocks(section)]
    return "\n\n".join([f"# {markdown(title)}", *blocks]) + "\n"


def markdown_blocks(section: Section) -> Iterator[str]:
    """Yield the parts of a section."""
    yield f"## {markdown(section.title)}"
    if section.lines:
        yield "\n".join(f"- {markdown(line)}" for line in section.lines)
    if section.table:
        yield "\n".join(table_lines(section.table))


def terminal(sections: Iterable[Section]) -> RenderableType:
    """Return the report for a rich console; nothing in it can move the cursor."""
    return Group(*(part for section in sections for part in terminal_parts(section)))


def terminal_parts(section: Section) -> Iterator[RenderableType]:
    """Yield the parts of a section and an empty line."""
    yield Text(plain(section.title), style="bold")
    for line in section.lines:
        yield Padding(Text(plain(line)), INDENT)
    if section.table:
        yield Padding(aligned(section.table), INDENT)
    yield Text()


def aligned(rows: tuple[tuple[str, ...], ...]) -> Table:
    """Return a table whose first column is text and whose other ones are numbers."""
    header, *body = rows
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for i, name in enumerate(header):
        table.add_column(plain(name), justify="right" if i else "left", overflow="fold")
    for row in body:
        table.add_row(*(Text(plain(cell)) for cell in row))
    return table
