"""How each group is annotated: the metrics of the annotations, one column each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from toolkit.model.card import Form
from toolkit.model.slices import Status
from toolkit.render._rows import NUMERIC, Row, by_attributes, estimate, rows
from toolkit.wording.numbers import interval, percent
from toolkit.wording.slices import terms, title, titles, value_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from toolkit.model.attribute import Attribute
    from toolkit.model.audit import AuditRecord

MISSING_RATE: Final = "annotation.missing_rate"
MEASURES: Final = {
    ("geometry.boxes_per_image", ""): ("Boxes per image", Form.NUMBER),
    ("geometry.mean", "box_area"): ("Box area, share of image", Form.SHARE),
    ("geometry.mean", "box_x_center"): ("Centre, left to right", Form.NUMBER),
    ("geometry.mean", "box_y_center"): ("Centre, top to bottom", Form.NUMBER),
}
"""Columns of one metric and subject; those of other choices of boxes stay in the tables."""
OF_ANY_SUBJECT: Final = {"annotation.rate": ("", Form.SHARE), MISSING_RATE: ("Unknown", Form.SHARE)}
"""Metrics with a column for each subject, which stands behind the name."""
ORDER: Final = (*dict.fromkeys(metric for metric, _ in MEASURES), *OF_ANY_SUBJECT)
NARROW: Final = 3
Column = tuple[str, str]


@dataclass(frozen=True)
class RateTable:
    """The groups of one attribute or intersection by the metrics of their annotations.

    Attributes:
        title: The attribute's name with its basis.
        columns: The metrics.
        rows: For each group its value and, for each column, value and interval as printed.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]

    @property
    def is_wide(self) -> bool:
        """Whether it needs the whole width."""
        return len(self.columns) > NARROW


def rate_tables(audit: AuditRecord) -> list[RateTable]:
    """Return a table for each attribute that annotations are cut by, all of them in its first row.

    Without such an attribute there is one table with that row alone.
    """
    found = [
        row
        for metric in ORDER
        for row in rows(audit, metric)
        if metric in OF_ANY_SUBJECT or (metric, row.subject) in MEASURES
    ]
    attributes = {attribute.name: attribute for attribute in audit.attributes}
    cut = by_attributes(found)
    overall = cut.pop((), [])
    if overall and not cut:
        return [rate_table((), overall, attributes)]
    return [
        rate_table(names, [*comparable(overall, groups), *groups], attributes)
        for names, groups in cut.items()
    ]


def comparable(overall: list[Row], groups: list[Row]) -> list[Row]:
    """Return the numbers of all annotations that are also known by group."""
    columns = {(row.metric, row.subject) for row in groups}
    return [row for row in overall if (row.metric, row.subject) in columns]


def rate_table(
    names: tuple[str, ...], found: list[Row], attributes: Mapping[str, Attribute]
) -> RateTable:
    """Return the table of one attribute, of an intersection, or of all annotations."""
    columns = sorted(
        dict.fromkeys((row.metric, row.subject) for row in found), key=lambda c: ORDER.index(c[0])
    )
    cells = {(row.slice, row.metric, row.subject): printed(row) for row in found}
    groups = dict.fromkeys(row.slice for row in found)
    return RateTable(
        title=titles(names, attributes) if names else "all annotations",
        columns=tuple(heading(column, attributes) for column in columns),
        rows=tuple(
            (value(cut), tuple(cells.get((cut, *column), ("", "")) for column in columns))
            for cut in groups
        ),
    )


def printed(row: Row) -> tuple[str, str]:
    """Return value and interval of one number.

    Where the protocol never asks for a value, that it is unknown is no estimate but a rule.
    """
    _, form = named((row.metric, row.subject))
    if row.metric == MISSING_RATE and row.status == Status.STRUCTURAL:
        return percent(row.value), "by the protocol"
    ends = interval(row.ci_low, row.ci_high, form) if row.status in NUMERIC else ""
    return estimate(row.value, form, row.status), ends


def heading(column: Column, attributes: Mapping[str, Attribute]) -> str:
    """Return the name of a column."""
    name, _ = named(column)
    subject = "" if column in MEASURES else title(column[1], attributes)
    return " ".join(filter(None, [name, subject]))


def named(column: Column) -> tuple[str, Form]:
    """Return what a column shows and how it is printed."""
    return MEASURES[column] if column in MEASURES else OF_ANY_SUBJECT[column[0]]


def value(printed_slice: str) -> str:
    """Return the values of a slice."""
    return " · ".join(value_of(value) for _, value in terms(printed_slice)) or "All"
