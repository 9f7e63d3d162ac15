"""What people stated about a dataset: the content of `stated.toml`.

A table is named after the field it answers, `[section.field]`; `by` and `on` at the top hold for
every answer that does not name its own:

    by = "Data team"
    on = 2026-02-01

    [motivation.purpose]
    text = "Research on fair person detection."
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from toolkit.errors import SettingsError, UnknownNameError
from toolkit.render.card.outline import outline

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Answer:
    """What somebody stated, who, and when (ISO 8601; empty where that is not known)."""

    text: str
    by: str
    on: str


def answers(content: Mapping[str, Any], where: str = "stated.toml") -> dict[str, Answer]:
    """Return the answers by field key.

    Raises:
        UnknownNameError: If a table answers no field of the card.
        SettingsError: If an answer has no text, or nobody stands for it.
    """
    known = set().union(*(part.keys() for part in outline()))
    found: dict[str, Answer] = {}
    for section, fields in content.items():
        if section in ("by", "on"):
            continue
        if not isinstance(fields, dict):
            raise SettingsError(f"{section!r} is no table", where, "Write [section.field].")
        for name, stated in fields.items():
            key = f"{section}.{name}"
            if key not in known:
                raise UnknownNameError("field of the card", key, known, where)
            found[key] = answer(key, stated, content, where)
    return found


def answer(key: str, stated: Any, content: Mapping[str, Any], where: str) -> Answer:
    """Return one answer, with the file's `by` and `on` where it has none of its own."""
    given = {"by": content.get("by"), "on": content.get("on"), "text": None}
    given |= stated if isinstance(stated, dict) else {}
    texts = {name: day(given[name]) for name in ("text", "by", "on")}
    for name, text in texts.items():
        if not isinstance(text, str) or not text.strip():
            raise SettingsError(f"The answer {key!r} has no {name!r}", where, "Add it as text.")
    return Answer(**texts)


def day(value: Any) -> Any:
    """Return a date of TOML as text."""
    return value.isoformat() if isinstance(value, date) else value
