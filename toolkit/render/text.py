"""The findings on the terminal."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Final

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from toolkit.model.finding import Severity
from toolkit.render._escape import clip, visible
from toolkit.render._rows import sizes

if TYPE_CHECKING:
    from toolkit.model.audit import AuditRecord

STYLES: Final = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "blue"}
LONGEST_MESSAGE: Final = 600


def to_text(audit: AuditRecord, width: int = 100, *, color: bool = False) -> str:
    """Return the findings as text, worst first; `width` in columns of a terminal."""
    console = Console(
        file=StringIO(),
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
        legacy_windows=False,
        highlight=False,
    )
    with console.capture() as captured:
        console.print(report(audit))
    return captured.get()


def report(audit: AuditRecord) -> RenderableType:
    """Return the findings for a rich console: what was audited, then a table, worst first.

    Without findings it says what was looked at. Nothing in the dataset's names can move the cursor
    or change a colour.
    """
    head = Text.assemble((plain(audit.name), "bold"), f"  {sizes(audit)}")
    if audit.found:
        return Group(head, Text(), findings_table(audit))
    looked = [f"  {plain(sentence)}" for sentence in audit.summary.get("looked_at", ())]
    return Group(head, Text(), Text("\n".join(["Nothing was found. Looked at:", *looked])))


def findings_table(audit: AuditRecord) -> Table:
    """Return one line for each finding."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 1, 0), header_style="bold")
    for column in ("Severity", "Code"):
        table.add_column(column, no_wrap=True)
    table.add_column(f"Finding ({len(audit.found):,})", overflow="fold")
    for finding in audit.found:
        severity = Text(finding.severity, style=STYLES[finding.severity])
        table.add_row(severity, plain(finding.code), Text(plain(finding.message)))
    return table


def plain(text: str) -> str:
    """Return text of the dataset so that a terminal only prints it."""
    return clip(visible(text), LONGEST_MESSAGE)
