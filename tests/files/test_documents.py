"""Small JSON descriptions: strict objects come back, and everything else is one sentence."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hostile import TEXTS
from toolkit.errors import DataReadError
from toolkit.files import documents
from toolkit.files.documents import read_object

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=50)
@given(content=st.dictionaries(TEXTS, VALUES, max_size=4), mark=st.booleans())
def test_what_json_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, content: dict[str, object], mark: bool
) -> None:
    """Any object comes back, with and without the mark that Windows puts before UTF-8."""
    path = tmp_path_factory.mktemp("documents") / "x.json"
    path.write_text(json.dumps(content, indent=1), "utf-8-sig" if mark else "utf-8")
    assert read_object(path) == content


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not JSON"),
        (b"[1]", "not a JSON object"),
        (b'{"a": NaN}', "not JSON"),
        (b'{"a": 1, "a": 2}', "a key twice"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (b'{"a": "\\u0000"}', "NUL or half a character"),
        (b'{"a": "\\ud800"}', "NUL or half a character"),
        (b'{"a": ' * 100_000, "nested too deeply"),
        (b'{"a": 1', "not JSON"),
    ],
)
def test_what_is_no_strict_object_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    """The sentence says why, and what to do."""
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(DataReadError, match=f"{said}.*Fetch or write it again"):
        read_object(path)


def test_a_file_that_is_too_large_is_not_parsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One byte above the limit is too much, whatever it says; at the limit it is read."""
    content = json.dumps({"a": "x" * 2**20})
    path = tmp_path / "x.json"
    path.write_text(content)
    monkeypatch.setattr(documents, "MOST_BYTES", len(content))
    assert read_object(path) == {"a": "x" * 2**20}
    monkeypatch.setattr(documents, "MOST_BYTES", len(content) - 1)
    with pytest.raises(DataReadError, match="too much for a description"):
        read_object(path)


def test_what_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    """A missing file and a folder cannot be read."""
    for path in (tmp_path / "gone.json", tmp_path):
        with pytest.raises(DataReadError, match="cannot be read"):
            read_object(path)
