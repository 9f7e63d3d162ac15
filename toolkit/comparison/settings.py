"""The settings in which two audits differ: a number may have changed for that alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from toolkit.model.audit import strict
from toolkit.wording.slices import attributes_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toolkit.model.audit import AuditRecord

ELSEWHERE: Final = frozenset({"dataset", "engine", "card", "attributes"})
"""Tables of the settings that change no number, or whose effect is compared as it turned out."""
OF_ATTRIBUTES: Final = (
    "table",
    "values",
    "missing",
    "basis",
    "sensitive",
    "reference",
    "asked_in",
    "ordered",
)
GROUPS: Final = "representation.share"


def differing(a: AuditRecord, b: AuditRecord) -> pd.DataFrame:
    """Return the settings that differ, with the columns `setting`, `a` and `b` as text."""
    first, second = dict(described(a)), dict(described(b))
    names = dict.fromkeys([*first, *second])
    rows = [(name, first.get(name, "–"), second.get(name, "–")) for name in names]
    frame = pd.DataFrame([row for row in rows if row[1] != row[2]], columns=["setting", "a", "b"])
    return frame.astype("str")


def described(audit: AuditRecord) -> Iterator[tuple[str, str]]:
    """Yield what decides on an audit's numbers, as name and text."""
    version = audit.run.versions.get("dataset-audit-toolkit", "")
    yield "version of the toolkit", version
    yield "sliced by", ", ".join(" & ".join(names) for names in slicings(audit))
    for table, keys in audit.config.items():
        if table not in ELSEWHERE:
            yield from flat(table, keys)
    for attribute in audit.attributes:
        for name in OF_ATTRIBUTES:
            yield f"{name} of {attribute.name}", text(getattr(attribute, name))


def slicings(audit: AuditRecord) -> list[tuple[str, ...]]:
    """Return the attributes by which an audit was sliced."""
    groups = audit.tables.get(GROUPS)
    slices: list[str] = [] if groups is None else list(groups["slice"])
    return list(dict.fromkeys(attributes_of(printed) for printed in slices))


def flat(table: str, keys: Any) -> Iterator[tuple[str, str]]:
    """Yield the settings of a table by their keys, `table.key`."""
    if not isinstance(keys, dict):
        yield table, text(keys)
        return
    for key, value in keys.items():
        yield from flat(f"{table}.{key}", value)


def text(value: Any) -> str:
    """Return a setting as text, the same for equal values."""
    if isinstance(value, str):
        return value
    return json.dumps(strict(value), ensure_ascii=False, sort_keys=True)
