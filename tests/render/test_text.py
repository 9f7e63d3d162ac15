"""The findings on the terminal."""

import re
from dataclasses import replace
from types import MappingProxyType

from rich.console import Console

from tests.render.records import empty, hostile, record
from toolkit.render._escape import visible
from toolkit.render.text import report, to_text

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def test_findings_stand_worst_first_with_their_message() -> None:
    """The whole message is there, wrapped within the width, after severity and code."""
    lines = to_text(record(), width=80).splitlines()
    assert lines[0] == "MIAP validation  7,410 images, 23,940 annotations, 51,200 image labels"
    assert max(map(len, lines)) <= 80
    starts = [line.split()[:2] for line in lines if re.match(r"(error|warning|info) ", line)]
    assert starts == [["error", "REP001"], ["warning", "ASC001"], ["info", "ANN001"]]
    assert "82 rows are exact duplicates of others." in "\n".join(lines)


def test_no_finding_means_saying_what_was_looked_at() -> None:
    """An empty list is told from an audit that did not look."""
    assert "Nothing was found. Looked at:" in to_text(empty())


def test_names_cannot_control_the_terminal() -> None:
    """Escape sequences, bidirectional marks and rich's own markup are printed, not obeyed."""
    text = to_text(hostile(), width=120)
    assert visible(text.replace("\n", "")) == text.replace("\n", "")
    assert r"\x1b[31mred\x07" in text
    assert "[click](javascript:alert(1))" in text


def test_colour_is_only_added_where_it_is_wanted() -> None:
    """With colour the text is the same, and only colour codes are added."""
    coloured = to_text(record(), color=True)
    assert COLOUR.search(coloured)
    assert COLOUR.sub("", coloured) == to_text(record())


def test_report_is_printed_by_any_rich_console() -> None:
    """The renderable gives the text that `to_text` returns."""
    console = Console(width=100, color_system=None)
    with console.capture() as captured:
        console.print(report(record()))
    assert captured.get() == to_text(record(), width=100)


def test_it_is_said_what_could_not_be_shown() -> None:
    """Below the findings stands of how many comparisons no difference is shown."""
    said = "No difference shown in 14 of 20 comparisons of shares."
    audit = replace(record(), summary=MappingProxyType({**record().summary, "compared": [said]}))
    assert to_text(audit).rstrip().endswith(said)
