"""The nouns of a comparison of two audits."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from toolkit.model.audit import SCHEMA_VERSION, strict

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from toolkit.model.attribute import Attribute


class Outcome(StrEnum):
    """What became of a number."""

    APPEARED = "appeared"
    """Only the second audit has units of the slice."""
    VANISHED = "vanished"
    """Only the first audit has units of the slice."""
    GREW = "grew"
    """The interval of the change lies above 0, also after correction for many tests."""
    SHRANK = "shrank"
    """The interval of the change lies below 0, also after correction for many tests."""
    NOT_SHOWN = "no change shown"
    """Not the same as no change: `least_change` says what would have been found."""
    COUNTED = "counted"
    """A total of the dataset, which changes with its size."""
    NOT_COMPARED = "not compared"
    """One of the two is no number to compare; `reason` says why."""


class Course(StrEnum):
    """What became of a finding."""

    APPEARED = "appeared"
    WORSE = "got worse"
    UNCHANGED = "unchanged"
    BETTER = "got better"
    VANISHED = "vanished"


@dataclass(frozen=True)
class Side:
    """One of the two audits: its dataset's name, the day it was audited and what was counted."""

    name: str
    date: str
    sizes: str


@dataclass(frozen=True)
class Comparison:
    """What changed from the audit `a` to the audit `b`.

    Attributes:
        a: The earlier audit.
        b: The later one.
        confidence: The level of every interval.
        notes: Sentences on what the comparison takes for granted.
        settings: The settings that differ, with the columns `setting`, `a` and `b`.
        changes: One row a number of either audit: `metric`, `subject`, `unit`, `slice`; `n_a`,
            `n_b`, `value_a`, `value_b`; `change` = b - a with `ci_low` and `ci_high`; `ratio` =
            b / a with `ratio_low` and `ratio_high`; `p_value` and `q_value` of no change,
            corrected within the metric; `least_change`, which would have been found with a power
            of 80%; `outcome` and `reason`.
        findings: One row a finding of either audit: `course`, `code`, `subject`, `slice`,
            `severity_a`, `severity_b`, `value_a`, `value_b`, `outcome` of the number it rests on
            (empty where that is unknown) and the later `message`.
        attributes: What the slices' attributes mean, by name.
    """

    a: Side
    b: Side
    confidence: float
    notes: tuple[str, ...]
    settings: pd.DataFrame
    changes: pd.DataFrame
    findings: pd.DataFrame
    attributes: Mapping[str, Attribute]

    def to_json(self) -> str:
        """Return the whole comparison as strict JSON."""
        body: dict[str, Any] = {"schema_version": SCHEMA_VERSION, "a": self.a, "b": self.b}
        body |= {"confidence": self.confidence, "notes": self.notes}
        for name in ("settings", "findings", "changes"):
            body[name] = getattr(self, name).to_dict("records")
        return json.dumps(strict(body), indent=2, ensure_ascii=False, allow_nan=False)
