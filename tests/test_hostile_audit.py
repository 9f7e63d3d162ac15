"""An audit of data whose every text comes from an attacker, from the tables to what is drawn."""

from itertools import cycle
from pathlib import Path

import pandas as pd
import pytest
from markdown_it import MarkdownIt

from tests.complete import CONFIG, Tables, dataset, tables
from tests.hostile import COMMON, NAMES
from tests.render.pages import Page, policy_of
from tests.render.records import HOSTILE
from toolkit.metrics import METRICS
from toolkit.outputs import Audit, audit
from toolkit.render import RENDERERS, publish
from toolkit.render._escape import visible

TEXTS = list(dict.fromkeys([*HOSTILE, *NAMES, *COMMON]))
PEOPLE = dict(zip(("woman", "man", "young", "old"), HOSTILE, strict=False))
LOADING = {"img", "iframe", "object", "form", "base", "link"}


def attacked(content: Tables) -> Tables:
    """Return the tables with every text of the data replaced, except ids."""
    every = {name: table.replace(PEOPLE) for name, table in content.items()}
    of_labels = dict(zip(("Kitchen", "Tool", "Tree", "Dog"), TEXTS[4:], strict=False))
    of_places = dict(zip(("DE", "BR", "Kenya", "train"), TEXTS[8:], strict=False))
    every["image_labels"] = every["image_labels"].replace({"label": of_labels})
    every["images"] = every["images"].replace({"country": of_places, "split": of_places})
    said = pd.Series([text for text, _ in zip(cycle(TEXTS), content["captions"].index)])
    every["captions"] = every["captions"].assign(text=said + " a woman and a man " + said)
    every["answers"] = every["answers"].replace({"annotator": {"first": TEXTS[0]}})
    return every


@pytest.fixture(scope="module")
def attack() -> Audit:
    """Return the audit of a dataset in which values, labels, captions and places are hostile."""
    return audit(dataset(attacked(tables()), PEOPLE), config=CONFIG)


def test_every_family_measures_hostile_names(attack: Audit) -> None:
    """No text makes a family fail or fall silent, and values keep theirs to the last character."""
    families = {name.partition(".")[0] for name in attack.tables}
    assert {name for name, metric in METRICS.items() if metric.audited} <= families
    shares = attack.tables["representation.share"]["slice"]
    for value in PEOPLE.values():
        assert shares.str.contains(value, regex=False).any()


@pytest.mark.parametrize("name", ["card_html", "dashboard", "notebook"])
def test_pages_hold_no_element_of_it(attack: Audit, name: str) -> None:
    """In HTML no text becomes an element, a handler, a style or an address."""
    page = Page.of(RENDERERS[name].render(publish(attack)))
    assert page.problems == []
    assert all(address.startswith("#section-") for address in page.addresses)
    assert not {tag for tag, _ in page.tags} & LOADING
    if name != "notebook":
        assert policy_of(page) == page.expected_policy()


def test_the_card_in_markdown_holds_nothing_but_text(attack: Audit) -> None:
    """A CommonMark parser finds no HTML, link, picture or code in it."""
    parser = MarkdownIt("commonmark").enable("table")
    blocks = parser.parse(RENDERERS["card_md"].render(publish(attack)))
    inside = [child for block in blocks for child in block.children or []]
    kinds = {token.type for token in (*blocks, *inside)}
    assert not kinds & {"html_block", "html_inline", "link_open", "image", "code_inline"}


def test_the_terminal_is_not_controlled(attack: Audit) -> None:
    """Nothing but text and the ends of lines is printed."""
    lines = RENDERERS["text"].render(attack).splitlines()
    assert lines == [visible(line) for line in lines]


def test_saved_files_are_read_back_as_they_were(attack: Audit, tmp_path: Path) -> None:
    """The record, with all its hostile names, is the same after saving and opening."""
    again = Audit.open(attack.save(tmp_path / "out"))
    assert again.tables.keys() == attack.tables.keys()
    for name, table in attack.tables.items():
        pd.testing.assert_frame_equal(again.tables[name], table)
    assert again.found == attack.found
