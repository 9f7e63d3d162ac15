"""A data card as data: sections of statements, each measured, stated or missing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from toolkit.model.slices import Status

if TYPE_CHECKING:
    from collections.abc import Iterator


class Kind(StrEnum):
    """Where a statement comes from."""

    MEASURED = "measured"
    """Computed by an audit from the data."""
    STATED = "stated"
    """Answered by a person, or by the description that the dataset came with."""
    MISSING = "missing"
    """Nobody has answered yet; the text is the question."""


class Scope(StrEnum):
    """How closely a statement looks, after the Data Cards Playbook (Pushkarna et al., 2022)."""

    TELESCOPE = "telescope"
    """A glance."""
    PERISCOPE = "periscope"
    """Technical detail."""
    MICROSCOPE = "microscope"
    """The full explanation."""
    FULL = "full"
    """A table over the whole width."""


class Form(StrEnum):
    """How the value of a measure is to be printed."""

    COUNT = "count"
    SHARE = "share"
    POINTS = "points"
    """A difference of two shares."""
    RATIO = "ratio"
    NUMBER = "number"


@dataclass(frozen=True)
class Measure:
    """One number of a measured statement.

    Attributes:
        name: What was measured, in the words of the data.
        metric: The metric it comes from; empty for a plain count of rows.
        value: The number.
        form: How it is printed.
        n: The units it rests on; NaN where that says nothing.
        unit: What `n` counts.
        low: Lower bound of its interval, `high` the upper one; NaN where there is none.
        status: Whether it could be computed and may be read as it stands.
    """

    name: str
    metric: str
    value: float
    form: Form
    n: float = math.nan
    unit: str = ""
    low: float = math.nan
    high: float = math.nan
    status: Status = Status.OK


@dataclass(frozen=True)
class Statement:
    """One field of a card.

    Attributes:
        field: The key by which people answer it, `section.field`.
        title: The field's name for readers.
        scope: How closely it looks.
        kind: Measured, stated or missing.
        text: What is said; for a missing statement the question.
        measures: The numbers of a measured statement.
        by: Who stated it.
        on: When it was stated, ISO 8601; empty where that is not known.
    """

    field: str
    title: str
    scope: Scope
    kind: Kind
    text: str
    measures: tuple[Measure, ...] = ()
    by: str = ""
    on: str = ""


@dataclass(frozen=True)
class Section:
    """A heading with its statements and the sections below it."""

    title: str
    statements: tuple[Statement, ...] = ()
    sections: tuple[Section, ...] = ()

    def walk(self) -> Iterator[Statement]:
        """Yield the statements of this section and of those below, in reading order."""
        yield from self.statements
        for section in self.sections:
            yield from section.walk()


@dataclass(frozen=True)
class DataCard:
    """What is known of a dataset, and what nobody has said yet.

    Attributes:
        name: The dataset's name.
        sections: The card's parts in reading order.
        audited: The day of the audit that measured, ISO 8601.
        toolkit: The toolkit's version.
        confidence: The confidence level of every interval.
        notes: Sentences a reader needs to read the numbers rightly.
    """

    name: str
    sections: tuple[Section, ...]
    audited: str
    toolkit: str
    confidence: float
    notes: tuple[str, ...] = ()

    def count(self, kind: Kind) -> int:
        """Return how many statements are of a kind."""
        statements = (s for section in self.sections for s in section.walk())
        return sum(statement.kind is kind for statement in statements)
