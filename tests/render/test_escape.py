"""Text of strangers is harmless wherever it is written."""

import json
import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.render.records import HOSTILE
from toolkit.render._escape import INVISIBLE, JOINERS, clip, markdown, script_json, visible

ANYTHING = st.text(st.characters(codec=None, exclude_categories=()))


@given(ANYTHING)
def test_visible_text_hides_and_moves_nothing(text: str) -> None:
    """No control, format or surrogate character is left, so the text can be encoded and seen."""
    shown = visible(text)
    assert all(unicodedata.category(c) not in INVISIBLE or c in JOINERS for c in shown)
    assert shown.encode("utf-8").decode("utf-8") == shown


def test_visible_text_keeps_what_can_be_read() -> None:
    """Letters of any script, emoji families and spaces stay as they are."""
    text = "Ünïcode 漢字 می\u200cخواهم 👩\u200d👩\u200d👧 x²"
    assert visible(text) == text
    assert visible("a\u202eb\x1b\n") == r"a\u202eb\x1b\n"


def test_clipped_text_says_so() -> None:
    """What is cut ends in an ellipsis within the limit."""
    assert clip("abcdef", 6) == "abcdef"
    assert clip("abcdefg", 6) == "abcde…"


@given(st.recursive(st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))
def test_json_in_a_script_reads_back_and_cannot_end_it(value: object) -> None:
    """The JSON is equal after parsing and holds no character that HTML would read."""
    text = script_json(value)
    assert json.loads(text) == value
    assert not set("<>&\u2028\u2029") & set(text)


def text_of(source: str) -> str:
    """Return what CommonMark with tables reads in a paragraph; fail if it reads anything else."""
    block = MarkdownIt("commonmark").enable("table").parse(source)
    kinds = [token.type for token in block]
    assert kinds == ["paragraph_open", "inline", "paragraph_close"], kinds
    children = block[1].children or []
    assert {token.type for token in children} <= {"text", "text_special"}, children
    return "".join(token.content for token in children)


@given(st.text(min_size=1).filter(str.strip))
@example("1. one")
@example("---")
@example("+ item")
@example("a\\")
@example("&lt;")
@example("x\n# heading")
def test_markdown_prints_text_as_it_stands(text: str) -> None:
    """A CommonMark parser reads the escaped text as nothing but that text, on one line."""
    assert text_of(markdown(text)) == visible(" ".join(text.split()))


def test_markdown_of_hostile_names_is_plain_text() -> None:
    """Links, code, HTML, table bars and addresses stay text."""
    for text in HOSTILE:
        escaped = markdown(text)
        assert "https://" not in escaped
        assert text_of(escaped) == visible(" ".join(text.split()))
