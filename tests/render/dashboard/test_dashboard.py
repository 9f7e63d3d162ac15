"""The dashboard as a page."""

from itertools import pairwise

import pytest
from plotly.offline import get_plotlyjs

from tests.render.pages import Page, policy_of
from tests.render.records import big, empty, hostile, record
from toolkit.model.audit import AuditRecord
from toolkit.render.dashboard import to_dashboard

MIB = 2**20
AUDITS = pytest.mark.parametrize(
    ("audit", "scripts"),
    [(record(), 2), (hostile(), 2), (empty(), 1)],
    ids=["real", "hostile", "empty"],
)


@AUDITS
def test_page_is_valid_and_loads_nothing(audit: AuditRecord, scripts: int) -> None:
    """Tags are balanced, the policy names what is inline and nothing else, no address is used."""
    page = Page.of(to_dashboard(audit))
    assert page.problems == []
    assert page.addresses == []
    assert policy_of(page) == page.expected_policy()
    assert len(page.scripts) == scripts


@AUDITS
def test_names_of_the_dataset_add_no_element(audit: AuditRecord, scripts: int) -> None:
    """Whatever labels are called, no picture, frame, form or link comes of it."""
    page = Page.of(to_dashboard(audit))
    assert not {tag for tag, _ in page.tags} & {"img", "iframe", "object", "form", "a", "base"}


def test_plotly_is_inlined_once_and_only_where_needed() -> None:
    """The library is in the page as installed, and not in one without a chart."""
    assert Page.of(to_dashboard(record())).scripts.count(get_plotlyjs().strip()) == 1
    assert len(to_dashboard(empty())) < 0.1 * MIB


def test_tables_can_be_read_aloud() -> None:
    """Every header cell has a scope, every control a name, every level of heading its parent."""
    page = Page.of(to_dashboard(record()))
    assert all("scope" in attributes for tag, attributes in page.tags if tag == "th")
    levels = [int(tag[1]) for tag, _ in page.tags if tag in ("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    labelled = {attributes.get("for") for tag, attributes in page.tags if tag == "label"}
    fields = {a.get("id") for tag, a in page.tags if tag in ("input", "select")}
    assert fields <= labelled


def test_rows_and_provenance_are_shown() -> None:
    """Rows read, kept and rejected by reason, the checksum and the licence can be read."""
    text = Page.of(to_dashboard(record())).text
    for part in ("23,948", "23,940", "box outside 0..1", "0f" * 32, "CC BY 4.0"):
        assert part in text


def test_five_thousand_cells_stay_small() -> None:
    """A page with 5,000 pairs of label and group is smaller than 8 MiB."""
    assert len(to_dashboard(big()).encode()) < 8 * MIB
