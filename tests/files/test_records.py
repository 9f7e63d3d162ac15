"""Every record of a text file becomes a row or has a reason, and one broken line costs one line."""

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.files.records import Malformed, json_keys, records, survey
from toolkit.files.sources import Form, Source, inspect

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
PIECES = st.sampled_from(
    [b"x", b"y", b",", b",", b"\n", b"\r\n", b"\r", b'"', b'""', b"\0", b"\xff", "é".encode()]
)


def read(folder: Path, content: bytes, columns: tuple[str, ...] = ("a", "b")) -> list[object]:
    """Read the records of a file with this content."""
    path = folder / "file.csv"
    path.write_bytes(content)
    return list(records(Source(path, Form.CSV, columns), columns))


def read_json(folder: Path, *lines: bytes) -> list[object]:
    """Read the records of a JSON lines file with the keys `a` and `b`."""
    path = folder / "file.jsonl"
    path.write_bytes(b"\n".join(lines))
    return list(records(Source(path, Form.JSON_LINES, ("a", "b")), ("a", "b")))


@given(st.lists(st.tuples(TEXT, TEXT), max_size=6), st.sampled_from(["excel", "unix"]))
def test_what_csv_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], dialect: str
) -> None:
    """Any text that Python's csv module writes is read back equal, the empty text as null."""
    written = io.StringIO(newline="")
    csv.writer(written, dialect).writerows([("a", "b"), *rows])
    found = read(tmp_path_factory.mktemp("csv"), written.getvalue().encode())
    assert found == [[value or None for value in row] for row in rows]


@given(st.lists(PIECES, max_size=14))
def test_no_bytes_break_the_reader(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes]
) -> None:
    """Whatever follows, each line is a row or has a reason; the rows are those of Python's csv."""
    body = b"".join(pieces)
    found = read(tmp_path_factory.mktemp("csv"), b"a,b\n" + body)
    assert all(record.reason for record in found if isinstance(record, Malformed))
    rows = [record for record in found if isinstance(record, list)]
    assert all(len(row) == 2 for row in rows)
    try:
        expected = list(csv.reader(io.StringIO(body.decode(), newline=""), strict=True))
    except (csv.Error, UnicodeDecodeError):
        return
    if all(len(row) in (0, 2) and "\0" not in "".join(row) for row in expected):
        assert rows == [[value or None for value in row] for row in expected if row]
        assert len(found) == len(rows)


def test_a_quote_that_is_never_closed_costs_one_line(tmp_path: Path) -> None:
    """The lines after it are read, though CSV would make them part of one value."""
    lines = [b"a,b", b"1,2", b'"3,4', *[b"5,6"] * 10_000]
    found = read(tmp_path, b"\n".join(lines))
    assert found[1] == Malformed("quote is not closed", '"3,4')
    assert len(found) == 10_002
    assert found[2:] == [["5", "6"]] * 10_000


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"1", "too few fields"),
        (b"1,2,3", "too many fields"),
        (b"1,2,", "too many fields"),
        (b"1,\x002", "line has a NUL byte"),
        (b"1,\xe9", "line is not UTF-8"),
        (b'1,"2', "quote is not closed"),
        (b'1,"2"3', "quote is not closed"),
        (b"1," + b"x" * 200_000, "value is too long"),
        (b"1," + b"x" * 3_000_000, "value is too long"),
        (b"1," * 2_000_000 + b"1", "line is too long"),
    ],
)
def test_a_malformed_line_has_a_reason(tmp_path: Path, line: bytes, reason: str) -> None:
    """Each way to be malformed has its constant phrase, and the next line is read."""
    first, last = read(tmp_path, b"a,b\n" + line + b"\n5,6\n")
    assert isinstance(first, Malformed)
    assert first.reason == reason
    assert first.text.encode("utf-8")
    assert last == ["5", "6"]


def test_long_values_emoji_and_markup_are_values(tmp_path: Path) -> None:
    """What is hostile only to what comes later is read as it is."""
    values = ["x" * 5000, "<script>alert(1)</script>", "👩🏽‍🦱", "=1+1", "\u202eabc", "NULL", "NaN"]
    rows = [[value, "'"] for value in values]
    assert read(tmp_path, "\n".join(["a,b", *(",".join(row) for row in rows)]).encode()) == rows


@given(st.lists(PIECES, max_size=14))
def test_a_regular_file_leaves_no_choice(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes]
) -> None:
    """A file that is called regular has the rows that splitting its lines gives, and no others."""
    path = tmp_path_factory.mktemp("csv") / "file.csv"
    path.write_bytes(b"a,b\n" + b"".join(pieces))
    source = inspect(path)
    surveyed = survey(source)
    if surveyed.regular:
        lines = path.read_bytes().decode().splitlines()[1:]
        assert surveyed.records == len(lines)
        expected = [[value or None for value in line.split(",")] for line in lines]
        assert list(records(source, source.columns)) == expected


@pytest.mark.parametrize("size", [2**20 - 1, 2**20, 2**20 + 1])
def test_the_survey_sees_across_blocks(tmp_path: Path, size: int) -> None:
    """A line end, a blank line and a character on the border of two blocks are counted once."""
    start = b"a,b\r\n1," + b"x" * (size - 11)
    path = tmp_path / "file.csv"
    for middle, regular in [(b"\r\n", True), ("é\r\n".encode(), True), (b"\r\n\r\n", False)]:
        path.write_bytes(start + middle + b"1,2")
        surveyed = survey(Source(path, Form.CSV, ("a", "b")))
        assert surveyed.regular is regular
        assert surveyed.records == (2 if regular else 0)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{a: 1}", "line is not JSON"),
        (b'{"a": NaN}', "line is not JSON"),
        (b'{"a": -Infinity}', "line is not JSON"),
        (b'{"a": 1', "line is not JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "line is not JSON"),
        (b"[1, 2]", "line is not a JSON object"),
        (b"null", "line is not a JSON object"),
        (b'{"a": 1, "a": 2}', "JSON object has a key twice"),
        (b'{"a": ' + b"[" * 200_000 + b"]" * 200_000 + b"}", "JSON is nested too deeply"),
        (b'{"a": "\\ud800"}', "JSON has a NUL or half a character"),
        (b'{"a": "\\u0000"}', "JSON has a NUL or half a character"),
        (b'{"a": "\xe9"}', "line is not UTF-8"),
        (b'{"a": "\x00"}', "line has a NUL byte"),
        (b'{"a": "\\\\\\u0000"}', "JSON has a NUL or half a character"),
        (b'{"a": "' + b"x" * 3_000_000 + b'"}', "line is too long"),
    ],
)
def test_json_that_is_no_row_has_a_reason(tmp_path: Path, line: bytes, reason: str) -> None:
    """Each line that is not strict JSON is set aside with its reason, and the next is read."""
    first, second = read_json(tmp_path, line, b"", b'{"b": "x"}')
    assert isinstance(first, Malformed)
    assert first.reason == reason
    assert second == [None, "x"]


@given(st.lists(st.dictionaries(st.sampled_from("ab"), TEXT, min_size=1), min_size=1, max_size=5))
def test_json_text_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]]
) -> None:
    """Any text that json writes, escaped or not, is read back equal, the empty text as null."""
    for ascii_only in (True, False):
        lines = [json.dumps(row, ensure_ascii=ascii_only).encode() for row in rows]
        found = read_json(tmp_path_factory.mktemp("json"), *lines)
        assert found == [[row.get(key) or None for key in "ab"] for row in rows]


def test_json_values_become_text(tmp_path: Path) -> None:
    """Numbers, booleans and nested values are JSON text, null is null, missing keys are null."""
    lines = (
        b'{"a": 12345678901234567890, "b": 0.25}',
        b'{"a": true, "b": {"c": [1]}}',
        b'{"a":null}',
    )
    assert read_json(tmp_path, *lines) == [
        ["12345678901234567890", "0.25"],
        ["true", '{"c": [1]}'],
        [None, None],
    ]


def test_json_keys_are_those_of_all_rows(tmp_path: Path) -> None:
    """A key that appears late is a column, one of a malformed line is not."""
    path = tmp_path / "file.jsonl"
    path.write_text('{"a": 1}\n{"c": NaN}\n\n{"b": 1, "a": 2}\n')
    assert json_keys(inspect(path)) == ("a", "b")
