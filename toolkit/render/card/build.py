"""From an audit and what people stated to a data card."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from toolkit.model.card import DataCard, Kind, Section, Statement
from toolkit.render._disclosure import publish
from toolkit.render._rows import confidence
from toolkit.render.card.described import described
from toolkit.render.card.measured import MEASURED
from toolkit.render.card.outline import outline
from toolkit.render.card.stated import answers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from toolkit.model.audit import AuditRecord
    from toolkit.render.card.outline import Field, Part
    from toolkit.render.card.stated import Answer


PERCEIVED: Final = (
    "Attributes marked as perceived were judged by annotators from the picture. They say nothing "
    "about how the people shown see themselves."
)


def build_card(audit: AuditRecord) -> DataCard:
    """Return the data card of an audit.

    Fields that the audit measured are filled with numbers, those that people answered
    (`audit.summary["stated"]`, the content of `stated.toml`) with their words, else those that the
    dataset's own description answers with its words, and all others with the question. Small
    groups of sensitive attributes are masked.

    Raises:
        SettingsError: If what people stated is not in the form of `stated.toml`.
        UnknownNameError: If it answers a field that the card does not have.
    """
    published = publish(audit)
    stated = described(audit.provenance) | answers(audit.summary.get("stated", {}))
    return DataCard(
        name=audit.name,
        sections=tuple(section(part, published, stated) for part in outline()),
        audited=audit.run.date,
        toolkit=audit.run.versions.get("dataset-audit-toolkit", ""),
        confidence=confidence(audit),
        notes=(PERCEIVED, published.note),
    )


def section(part: Part, audit: AuditRecord, stated: Mapping[str, Answer]) -> Section:
    """Fill one part of the outline."""
    found = (s for field in part.fields for s in statements(field, audit, stated.get(field.key)))
    below = tuple(section(inner, audit, stated) for inner in part.parts)
    return Section(part.title, tuple(found), below)


def statements(field: Field, audit: AuditRecord, answer: Answer | None) -> list[Statement]:
    """Return what was measured and what was stated about a field, else its question."""
    about = partial(Statement, field.key, field.title, field.scope)
    found = []
    if field.key in MEASURED and (result := MEASURED[field.key](audit)):
        found.append(about(Kind.MEASURED, result.text, result.measures))
    if answer:
        found.append(about(Kind.STATED, answer.text, by=answer.by, on=answer.on))
    return found or [about(Kind.MISSING, field.question)]
