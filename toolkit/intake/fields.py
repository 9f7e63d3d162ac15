"""What the fields of a raw row mean: identifiers, numbers, flags and boxes, and how they fail.

The functions take columns as a file has them, text or already typed, and return lazy columns, or
the rules that a row must not break. A rule's phrase is constant, so that rows are counted by it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import ibis

from toolkit.errors import DataReadError
from toolkit.model.dataset import BOX_COLUMNS, CLIPPED

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import ibis.expr.types as ir

TOLERANCE: Final = 1e-6
"""How far a corner may lie outside the image, in shares of it: decimals are rounded."""
SET: Final = ("1", "1.0", "true")
UNSET: Final = ("0", "0.0", "false")
NOT_KNOWN: Final = ("-1", "-1.0")
NO_FLAG: Final = "flag is not 0, 1 or -1"


@dataclass(frozen=True)
class Rule:
    """A constant phrase, and the rows that it is said of."""

    phrase: str
    concerns: ir.BooleanValue


@dataclass(frozen=True)
class Box:
    """The corners of a box as numbers, in shares of the image (0..1) from its top left."""

    x_min: ir.NumericValue
    y_min: ir.NumericValue
    x_max: ir.NumericValue
    y_max: ir.NumericValue

    @classmethod
    def of(cls, form: Literal["xyxy", "xywh", "cxcywh"], numbers: Iterable[ir.NumericValue]) -> Box:
        """Return the box that four numbers describe: corners, corner and size, or centre and size.

        Sizes are widths and heights.
        """
        x, y, third, fourth = numbers
        if form == "xyxy":
            return cls(x, y, third, fourth)
        if form == "xywh":
            return cls(x, y, x + third, y + fourth)
        return cls(x - third / 2, y - fourth / 2, x + third / 2, y + fourth / 2)

    @property
    def corners(self) -> tuple[ir.NumericValue, ...]:
        """The four numbers, in the order of `BOX_COLUMNS`."""
        return self.x_min, self.y_min, self.x_max, self.y_max

    def columns(self) -> dict[str, ir.NumericValue]:
        """Return the box columns of a dataset, cut off at the edges of the image."""
        named = zip(BOX_COLUMNS, self.corners, strict=True)
        return {name: ibis.greatest(0.0, ibis.least(1.0, corner)) for name, corner in named}

    def rules(self) -> list[Rule]:
        """Return why a box cannot be used.

        A box without width or height is used: annotators do draw lines and points.
        """
        infinite = ibis.or_(*(corner.isnan() | corner.isinf() for corner in self.corners))
        return [
            Rule("box is not a number", ibis.or_(*(corner.isnull() for corner in self.corners))),
            Rule("box is not finite", infinite),
            Rule("box corners are swapped", (self.x_max < self.x_min) | (self.y_max < self.y_min)),
            Rule("box is outside 0..1", self.beyond(TOLERANCE)),
        ]

    def remarks(self) -> list[Rule]:
        """Return what is worth saying of a box that is used."""
        without_area = (self.x_max == self.x_min) | (self.y_max == self.y_min)
        return [
            Rule("the box has no width or no height", without_area),
            Rule(f"{CLIPPED} by at most {TOLERANCE:g}", self.beyond(0.0)),
        ]

    def beyond(self, tolerance: float) -> ir.BooleanValue:
        """Whether the box reaches further beyond the image than the tolerance."""
        low = (self.x_min < -tolerance) | (self.y_min < -tolerance)
        return low | (self.x_max > 1 + tolerance) | (self.y_max > 1 + tolerance)


def text(column: ir.Value) -> ir.StringValue:
    """Return a column as text."""
    return column if column.type().is_string() else column.cast("string")


def number(column: ir.Value) -> ir.FloatingValue:
    """Return a column as numbers; null where it is none."""
    if column.type().is_string():
        return column.try_cast("float64")
    if column.type().is_numeric() or column.type().is_boolean():
        return column.cast("float64")
    return ibis.null("float64")


def number_rules(name: str, column: ir.Value) -> list[Rule]:
    """Refuse what is no finite number; `name` says what it should be."""
    value = number(column)
    return [
        Rule(f"{name} is not a number", value.isnull()),
        Rule(f"{name} is not finite", value.isnan() | value.isinf()),
    ]


def empty(name: str, column: ir.Value) -> Rule:
    """Refuse nothing where something has to be; `name` says what."""
    return Rule(f"{name} is empty", column.isnull() | (text(column) == ""))


def flag(column: ir.Value) -> ir.BooleanValue:
    """Return a flag written as 1, 0 or -1 (not known), or as true and false; null if not known."""
    if column.type().is_boolean():
        return column
    if column.type().is_numeric():
        return ibis.cases((column == 1, True), (column == 0, False))
    written = text(column).lower()
    return ibis.cases((written.isin(SET), True), (written.isin(UNSET), False))


def flag_rule(column: ir.Value) -> Rule:
    """Refuse a flag that is written otherwise; an empty one is not known."""
    if column.type().is_numeric():
        return Rule(NO_FLAG, column.notin((0, 1, -1)))
    return Rule(NO_FLAG, text(column).lower().notin(SET + UNSET + NOT_KNOWN))


def snake_case(name: str) -> str:
    """Return a column's name in snake_case: `GenderPresentation` becomes `gender_presentation`."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"[\W_]+", "_", parted).strip("_").lower()


def attribute_names(path: Path, columns: Iterable[str], taken: Iterable[str]) -> dict[str, str]:
    """Return the name in the dataset of each of a file's columns that becomes an attribute.

    A name that is taken by a column with a fixed meaning is put after `source_`.

    Raises:
        DataReadError: If two columns would get the same name.
    """
    names: dict[str, str] = {}
    reserved = set(taken)
    for position, column in enumerate(columns, start=1):
        name = snake_case(column) or f"column_{position}"
        name = f"source_{name}" if name in reserved else name
        if name in names:
            what = f"has the columns {names[name]!r} and {column!r}, which both become {name!r}"
            raise DataReadError(path, what, "Rename one of them.")
        names[name] = column
    return {column: name for name, column in names.items()}
