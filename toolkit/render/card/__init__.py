"""The data card: built once from an audit, written as Markdown and as HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.render.card.build import build_card
from toolkit.render.card.written import card_html, card_markdown

if TYPE_CHECKING:
    from toolkit.model.audit import AuditRecord

__all__ = ["build_card", "card_html", "card_markdown", "to_html", "to_markdown"]


def to_markdown(audit: AuditRecord) -> str:
    """Return the data card of an audit as Markdown, the form to commit and compare."""
    return card_markdown(build_card(audit))


def to_html(audit: AuditRecord) -> str:
    """Return the data card of an audit as one self-contained HTML page."""
    return card_html(build_card(audit))
