"""The audit in a notebook."""

from tests.render.pages import Page
from tests.render.records import empty, hostile, record
from toolkit.render.notebook import to_notebook


def test_fragment_is_inert() -> None:
    """It has neither scripts nor handlers, and loads nothing."""
    for audit in (record(), hostile(), empty()):
        page = Page.of(to_notebook(audit))
        assert page.problems == []
        assert page.scripts == []
        assert page.addresses == []


def test_findings_and_groups_are_shown() -> None:
    """The head, the findings and a table for each attribute are there."""
    text = Page.of(to_notebook(record())).text
    assert "7,410 images, 23,940 annotations, 51,200 image labels" in text
    assert "82 rows are exact duplicates of others." in text
    assert "↘ 0.79×" in text
