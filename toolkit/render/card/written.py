"""A data card as Markdown and as HTML, from the same model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toolkit.model.card import Kind
from toolkit.render._escape import clip, markdown
from toolkit.render._page import asset, environment, policy
from toolkit.render._rows import NUMERIC, estimate, units
from toolkit.wording.numbers import interval

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from toolkit.model.card import DataCard, Measure, Section, Statement

NAME: Final = 0
"""The column of a table that names what was measured; the others hold numbers."""


def card_markdown(card: DataCard) -> str:
    """Return the card as GitHub-flavoured Markdown."""
    head = [f"# Data card: {markdown(card.name)}", markdown(summary(card))]
    notes = [markdown(note) for note in card.notes]
    body = [block for section in card.sections for block in blocks(section, 2)]
    return "\n\n".join([*head, *notes, *body]) + "\n"


def card_html(card: DataCard) -> str:
    """Return the card as one HTML page of 800 pixels, of a single column on a phone."""
    style = asset("card/templates/card.css")
    return (
        environment()
        .get_template("card/templates/card.html.jinja")
        .render(
            card=card,
            summary=summary(card),
            style=style,
            policy=policy(styles=[style]),
            table_of=table_of,
            attribution=attribution,
        )
    )


def summary(card: DataCard) -> str:
    """Say when the card was made, and how much of it is filled."""
    kinds = ", ".join(f"{card.count(kind)} {kind}" for kind in Kind)
    tool = f"dataset-audit-toolkit {card.toolkit}".strip()
    return (
        f"Audited on {card.audited} with {tool}. Statements: {kinds}. "
        f"Intervals are {100 * card.confidence:.4g}% confidence intervals."
    )


def attribution(statement: Statement) -> str:
    """Say where a statement comes from: the metrics, or who stated it and when."""
    if statement.kind is Kind.STATED:
        return f"stated by {statement.by}" + (f" on {statement.on}" if statement.on else "")
    metrics = dict.fromkeys(measure.metric for measure in statement.measures if measure.metric)
    return ": ".join(filter(None, [statement.kind, ", ".join(metrics)]))


def table_of(statement: Statement) -> list[list[str]]:
    """Return the numbers of a statement as text: a header, then a row each.

    The columns `n` and `Interval` are left out where no number has them.
    """
    rows = [cells(measure) for measure in statement.measures]
    header = ["What", "n", "Value", "Interval"]
    used = [i for i in range(len(header)) if any(row[i] for row in rows)]
    return [[row[i] for i in used] for row in [header, *rows]] if rows else []


def cells(measure: Measure) -> list[str]:
    """Return a number's name, units, value and interval as text."""
    has_number = measure.status in NUMERIC
    return [
        clip(measure.name),
        units(measure.n, measure.unit),
        estimate(measure.value, measure.form, measure.status),
        interval(measure.low, measure.high, measure.form) if has_number else "",
    ]


def blocks(section: Section, level: int) -> Iterator[str]:
    """Yield the paragraphs and tables of a section."""
    yield f"{'#' * level} {markdown(section.title)}"
    for statement in section.statements:
        yield from statement_blocks(statement)
    for below in section.sections:
        yield from blocks(below, level + 1)


def statement_blocks(statement: Statement) -> Iterator[str]:
    """Yield one field: its name and origin, what is said, and the numbers."""
    yield f"**{markdown(statement.title)}** · {markdown(attribution(statement))}"
    mark = "*" if statement.kind is Kind.MISSING else ""
    for line in filter(str.strip, statement.text.splitlines()):
        yield f"{mark}{markdown(line)}{mark}"
    if table := table_of(statement):
        yield "\n".join(table_lines(table))


def table_lines(table: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a Markdown table, numbers to the right."""
    header, *rows = table
    yield line_of(header)
    yield line_of(["---" if i == NAME else "---:" for i in range(len(header))], escape=False)
    for row in rows:
        yield line_of(row)


def line_of(row: Sequence[str], *, escape: bool = True) -> str:
    """Return one line of a Markdown table."""
    return f"| {' | '.join(markdown(cell) if escape else cell for cell in row)} |"
