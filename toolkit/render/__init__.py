"""Outputs: each a pure function from the record of an audit to text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from toolkit.render import card, dashboard, notebook, schema, text
from toolkit.render._disclosure import publish

if TYPE_CHECKING:
    from collections.abc import Callable

    from toolkit.model.audit import AuditRecord

__all__ = ["RENDERERS", "Renderer", "publish"]


@dataclass(frozen=True)
class Renderer:
    """One output.

    Attributes:
        name: Its name.
        file: The file of the output folder; empty if it is only shown.
        describe: What it is, in a few words.
        render: From the record of an audit to the output's whole text.
        masked: Whether small groups are masked in it.
    """

    name: str
    file: str
    describe: str
    render: Callable[[AuditRecord], str]
    masked: bool = False


RENDERERS: Final = {
    renderer.name: renderer
    for renderer in (
        Renderer("json", "audit.json", "the record, with a JSON Schema", schema.to_json),
        Renderer(
            "card_md", "card.md", "the data card, to commit and compare", card.to_markdown, True
        ),
        Renderer("card_html", "card.html", "the data card, to read", card.to_html, True),
        Renderer(
            "dashboard",
            "dashboard.html",
            "groups, relations, findings",
            dashboard.to_dashboard,
            True,
        ),
        Renderer("text", "", "the findings on the terminal", text.to_text),
        Renderer("notebook", "", "groups and findings in a notebook", notebook.to_notebook, True),
    )
}
