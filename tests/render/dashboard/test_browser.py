"""The dashboard in a real browser: nothing is blocked, nothing is fetched, and it works."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.render.records import big, hostile, record
from toolkit.model.audit import AuditRecord
from toolkit.render.card import to_html
from toolkit.render.dashboard import to_dashboard

ARGUMENTS = ["--disable-gpu", "--disable-quic", "--disable-background-networking"]


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Return a running browser."""
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS) as running,
    ):
        yield running


@pytest.fixture
def noticed() -> list[str]:
    """Return the list to which a page's complaints and requests are added."""
    return []


def opened(browser: Browser, file: Path, text: str, noticed: list[str], width: int = 1280) -> Page:
    """Open a page and note every message of the console, error, dialog and request."""
    file.write_text(text, encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.on("console", lambda message: noticed.append(message.text))
    page.on("pageerror", lambda error: noticed.append(str(error)))
    page.on("dialog", lambda dialog: (noticed.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: noticed.append(request.url))
    page.goto(file.as_uri())
    page.wait_for_load_state("networkidle")
    assert noticed.pop(0) == file.as_uri()
    return page


@pytest.mark.parametrize("audit", [record(), hostile()], ids=["real", "hostile"])
def test_nothing_is_blocked_or_fetched(
    browser: Browser, tmp_path: Path, noticed: list[str], audit: AuditRecord
) -> None:
    """Under its policy the page draws its charts without a message, an error or a request."""
    page = opened(browser, tmp_path / "dashboard.html", to_dashboard(audit), noticed)
    page.wait_for_selector(".chart .main-svg")
    assert page.locator(".chart .scatterlayer .point").count() > 0
    assert noticed == []
    page.close()


def test_card_is_silent_too(browser: Browser, tmp_path: Path, noticed: list[str]) -> None:
    """The card of a hostile dataset runs nothing and fits on a phone."""
    page = opened(browser, tmp_path / "card.html", to_html(hostile()), noticed, width=390)
    assert noticed == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()


def test_tabs_open_by_click_key_and_address(
    browser: Browser, tmp_path: Path, noticed: list[str]
) -> None:
    """One panel is shown at a time; the open one is in the address and can be sent as a link."""
    page = opened(browser, tmp_path / "dashboard.html", to_dashboard(record()), noticed)
    page.get_by_role("tab", name="Findings").click()
    assert page.get_by_role("tabpanel").get_attribute("id") == "panel-findings"
    assert page.url.endswith("#findings")
    page.keyboard.press("ArrowLeft")
    assert page.get_by_role("tabpanel").get_attribute("id") == "panel-relations"
    page.reload()
    assert page.get_by_role("tabpanel").get_attribute("id") == "panel-relations"
    page.close()


def test_columns_sort(browser: Browser, tmp_path: Path, noticed: list[str]) -> None:
    """A first click sorts a column of numbers downwards, a second upwards; a reader is told."""
    page = opened(browser, tmp_path / "dashboard.html", to_dashboard(record()), noticed)
    card = page.locator(".groups").first
    header = card.get_by_role("columnheader", name="Count")
    for order, first in (("descending", "11,415"), ("ascending", "4,932")):
        header.get_by_role("button").click()
        assert header.get_attribute("aria-sort") == order
        assert card.locator("tbody td").first.inner_text() == first
    page.close()


def test_search_looks_through_all_labels(
    browser: Browser, tmp_path: Path, noticed: list[str]
) -> None:
    """The first 100 labels are shown; the search finds one that is not among them."""
    page = opened(browser, tmp_path / "dashboard.html", to_dashboard(big()), noticed)
    page.get_by_role("tab", name="Relations").click()
    page.get_by_label("Groups by").select_option("region")
    table = page.locator(".relations:visible")
    rows = table.locator("tbody tr:visible")
    assert rows.count() == 100
    hidden = str(table.locator("tbody tr").nth(700).locator("th").text_content())
    page.get_by_label("Find a label").last.fill(hidden.upper())
    assert rows.count() == 1
    assert rows.locator("th").inner_text() == hidden
    assert table.get_by_role("status").inner_text() == "Showing 1 of 1"
    page.close()


def test_page_fits_a_phone(browser: Browser, tmp_path: Path, noticed: list[str]) -> None:
    """At 390 pixels nothing makes the page itself scroll sideways."""
    page = opened(browser, tmp_path / "dashboard.html", to_dashboard(record()), noticed, width=390)
    for tab in ("Overview", "Relations", "Findings"):
        page.get_by_role("tab", name=tab).click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()
