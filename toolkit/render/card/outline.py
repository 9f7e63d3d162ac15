"""The fields of a data card and the questions behind them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from toolkit.model.card import Scope


@dataclass(frozen=True)
class Field:
    """One thing a card should say.

    Attributes:
        key: `section.field`, the table of `stated.toml` in which people answer it.
        title: Its name for readers.
        scope: How closely it looks.
        question: What to ask people while nobody has answered.
    """

    key: str
    title: str
    scope: Scope
    question: str


@dataclass(frozen=True)
class Part:
    """A heading of the outline with its fields and the parts below it."""

    title: str
    fields: tuple[Field, ...] = ()
    parts: tuple[Part, ...] = ()

    def keys(self) -> set[str]:
        """Return the keys of its fields and of those below."""
        return {f.key for f in self.fields}.union(*(part.keys() for part in self.parts))


@cache
def outline() -> tuple[Part, ...]:
    """Return the sections of a card in reading order, from `outline.toml`."""
    text = (Path(__file__).parent / "outline.toml").read_text(encoding="utf-8")
    return tuple(
        Part(
            section["title"],
            parts=tuple(
                Part(part["title"], tuple(field(item) for item in part["fields"]))
                for part in section["parts"]
            ),
        )
        for section in tomllib.loads(text)["sections"]
    )


def field(item: dict[str, str]) -> Field:
    """Build a field from its line of the outline."""
    return Field(item["key"], item["title"], Scope(item["scope"]), item["question"])
