"""The audit in a notebook: a fragment of HTML without scripts or pictures.

Notebooks keep what they show, so small groups are masked here too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toolkit.render._disclosure import publish
from toolkit.render._groups import group_cards
from toolkit.render._page import asset, environment
from toolkit.render._rows import sizes

if TYPE_CHECKING:
    from toolkit.model.audit import AuditRecord

MOST_FINDINGS: Final = 20


def to_notebook(audit: AuditRecord) -> str:
    """Return the findings and the groups of an audit as a fragment of HTML."""
    shown = publish(audit)
    return (
        environment()
        .get_template("templates/notebook.html.jinja")
        .render(
            audit=shown,
            findings=shown.found[:MOST_FINDINGS],
            more=len(shown.found[MOST_FINDINGS:]),
            sizes=sizes(shown),
            cards=group_cards(shown),
            masked=shown.note,
            style=asset("templates/notebook.css"),
        )
    )
