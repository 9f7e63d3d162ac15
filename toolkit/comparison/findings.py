"""The findings of two audits side by side: which appeared, vanished or got worse."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from toolkit.comparison.model import Course, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from toolkit.model.finding import Finding

    Key = tuple[str, str, str, int]

COLUMNS: Final = {
    "course": "str",
    "code": "str",
    "subject": "str",
    "slice": "str",
    "severity_a": "str",
    "severity_b": "str",
    "value_a": "float64",
    "value_b": "float64",
    "outcome": "str",
    "message": "str",
}
MOVED: Final = (Outcome.GREW, Outcome.SHRANK, Outcome.APPEARED, Outcome.VANISHED)


def courses(
    first: Iterable[Finding], second: Iterable[Finding], changes: pd.DataFrame
) -> pd.DataFrame:
    """Return every finding of either audit with what became of it; see `Comparison.findings`.

    Findings of one code, subject and slice are the same. One got worse if it is more severe or,
    at equal severity, if its effect is larger and its number is shown to have changed.

    Args:
        first: The findings of the earlier audit.
        second: Those of the later one.
        changes: `Comparison.changes`, in which the number of a finding is looked up.
    """
    before, after = by_key(first), by_key(second)
    numbers = {side: outcome_by_number(changes, side) for side in "ab"}
    rows = []
    for key in dict.fromkeys([*after, *before]):
        a, b = before.get(key), after.get(key)
        outcome = outcome_of(a, "a", numbers) or outcome_of(b, "b", numbers)
        rows.append(row_of(a, b, course_of(a, b, outcome), outcome))
    order = list(Course)
    rows.sort(key=lambda row: order.index(row["course"]))
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def by_key(findings: Iterable[Finding]) -> dict[Key, Finding]:
    """Return findings by code, subject, slice and their number among those named alike."""
    seen: Counter[tuple[str, str, str]] = Counter()
    found = {}
    for finding in findings:
        name = (finding.code, finding.subject, finding.slice)
        found[*name, seen[name]] = finding
        seen[name] += 1
    return found


def outcome_by_number(changes: pd.DataFrame, side: str) -> dict[tuple[Any, ...], str]:
    """Return the outcome of each number by what a finding repeats of it."""
    columns = [changes[name] for name in ("subject", "slice", f"n_{side}", f"value_{side}")]
    return dict(zip(zip(*columns, strict=True), changes["outcome"], strict=True))


def outcome_of(
    finding: Finding | None, side: str, numbers: Mapping[str, Mapping[tuple[Any, ...], str]]
) -> str:
    """Return what became of the number that a finding rests on; empty where that is unknown."""
    if finding is None:
        return ""
    number = (finding.subject, finding.slice, finding.n, finding.value)
    return numbers[side].get(number, "")


def course_of(a: Finding | None, b: Finding | None, outcome: str) -> Course:
    """Say what became of a finding."""
    if a is None:
        return Course.APPEARED
    if b is None:
        return Course.VANISHED
    if a.severity != b.severity:
        return Course.WORSE if b.severity.rank < a.severity.rank else Course.BETTER
    if outcome not in MOVED or a.effect == b.effect:
        return Course.UNCHANGED
    return Course.WORSE if b.effect > a.effect else Course.BETTER


def row_of(a: Finding | None, b: Finding | None, course: Course, outcome: str) -> dict[str, Any]:
    """Return one row of `Comparison.findings`."""
    told = b or a
    values = {f"value_{s}": f.value if f else math.nan for s, f in (("a", a), ("b", b))}
    severities = {f"severity_{s}": str(f.severity) if f else "" for s, f in (("a", a), ("b", b))}
    names = {name: getattr(told, name) for name in ("code", "subject", "slice", "message")}
    return {"course": course, **names, **severities, **values, "outcome": outcome}
