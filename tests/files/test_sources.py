"""A file is known by its content, and one that cannot be read says so in a sentence."""

import gzip
import hashlib
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from toolkit.errors import DataNotFoundError, DataReadError
from toolkit.files import sources
from toolkit.files.sources import (
    Form,
    Source,
    checksum,
    column_names,
    inspect,
    require,
    require_table,
)


def file_of(folder: Path, content: bytes, name: str = "file") -> Path:
    """Write a file and return its path."""
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "form", "columns"),
    [
        (b"a,b\n1,2\n", Form.CSV, ("a", "b")),
        (b"a,b", Form.CSV, ("a", "b")),
        (b'"a,\nz",b\r\n1,2\r\n', Form.CSV, ("a,\nz", "b")),
        (b"\xef\xbb\xbfa,b\n1,2\n", Form.CSV, ("a", "b")),
        (b"\n\na,b\n1,2\n", Form.CSV, ("a", "b")),
        (b"a,b\n\xff\xfe,\x00\n", Form.CSV, ("a", "b")),
        (b"a\tb,c\n1\t2\n", Form.TSV, ("a", "b,c")),
        (b"\tb\n1\t2\n", Form.TSV, ("", "b")),
        (b'{"a": 1, "b": {"c": 2}}\n{"a": 2}\n', Form.JSON_LINES, ("a", "b")),
        (b'{\n"a": 1}\n', Form.JSON, ()),
        (b'[{"a": 1}]', Form.JSON, ()),
        (b"[" * 100_000, Form.JSON, ()),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", Form.OTHER, ()),
        (b"Gr\xf6\xdfe,b\n1,2\n", Form.OTHER, ()),
        ("a,b\n1,2\n".encode("utf-16"), Form.OTHER, ()),
        (b'"' + b"a" * 200_000, Form.OTHER, ()),
        (b"", Form.OTHER, ()),
        (b" \r\n\n", Form.OTHER, ()),
        (b"\xef\xbb\xbf", Form.OTHER, ()),
    ],
)
@pytest.mark.parametrize("compressed", [False, True])
def test_the_form_is_told_by_content(
    tmp_path: Path, content: bytes, form: Form, columns: tuple[str, ...], compressed: bool
) -> None:
    """Form and columns come from the first bytes, plain or gzip, whatever the file is called."""
    source = inspect(file_of(tmp_path, gzip.compress(content) if compressed else content))
    assert (source.form, source.columns, source.compressed) == (form, columns, compressed)
    assert bool(source.fault) == (form in (Form.JSON, Form.OTHER))


def test_parquet_is_told_by_content(tmp_path: Path) -> None:
    """A Parquet file is known without its ending."""
    pq.write_table(pa.table({"a": [1], "B": ["x"]}), tmp_path / "file")
    source = inspect(tmp_path / "file")
    assert (source.form, source.columns) == (Form.PARQUET, ("a", "B"))


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is empty"),
        ("a,b".encode("utf-16"), "is UTF-16 text"),
        (b"\x00\x01\x02", "is binary, or text that is not UTF-8"),
        (b'{"a":\n1}', "starts like a JSON document, which is no table"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes, what: str) -> None:
    """The sentence names the file, says what it is and what to name instead."""
    path = file_of(tmp_path, content)
    with pytest.raises(DataReadError, match="Name a CSV") as refused:
        require_table(inspect(path))
    assert str(refused.value).startswith(f"{str(path)!r} {what}. ")


def test_a_truncated_parquet_file_is_damaged(tmp_path: Path) -> None:
    """A download that broke off is an error, not a smaller dataset."""
    pq.write_table(pa.table({"a": list(range(1000))}), tmp_path / "whole")
    path = file_of(tmp_path, (tmp_path / "whole").read_bytes()[:-20])
    with pytest.raises(DataReadError, match="is a damaged Parquet file"):
        inspect(path)


def test_a_damaged_gzip_file_is_told(tmp_path: Path) -> None:
    """A gzip file that ends within its header or content is an error."""
    path = file_of(tmp_path, gzip.compress(b"a,b\n1,2\n")[:-12])
    with pytest.raises(DataReadError, match="is a damaged gzip file"):
        inspect(path)


def test_a_file_that_may_not_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file without read permission gives a sentence, not a traceback."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = file_of(tmp_path, b"a,b\n")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(DataReadError, match=r"cannot be read \(Permission denied\)"):
        inspect(path)


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    """Nothing at the path, something within a file, and an impossible name are not found."""
    file_of(tmp_path, b"a,b\n")
    for name in ("other", "file/within", "nul\0"):
        with pytest.raises(DataNotFoundError, match="There is no file or folder"):
            require(tmp_path / name)


def test_links_are_followed_and_circles_refused(tmp_path: Path) -> None:
    """A link to a file is that file; a circle of links and a pipe are told, and nothing hangs."""
    (tmp_path / "link").symlink_to(file_of(tmp_path, b"a,b\n1,2\n"))
    require(tmp_path / "link")
    assert inspect(tmp_path / "link").columns == ("a", "b")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    with pytest.raises(DataReadError, match="cannot be read"):
        require(tmp_path / "circle")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataReadError, match="is neither a file nor a folder"):
        require(tmp_path / "pipe")


def test_a_name_that_is_not_utf8_is_a_fault(tmp_path: Path) -> None:
    """A file name of other bytes is told, since neither engine nor reports can hold it."""
    source = inspect(Path(os.fsdecode(b"/nowhere/\xff.csv")))
    assert source.fault == "has a name that is not UTF-8"


@pytest.mark.parametrize(
    ("columns", "what"),
    [
        (("a", "b", "A"), "has the columns 'a' and 'A'; case does not tell names apart"),
        (("a", "b", "a"), "has the columns 'a' and 'a'; case does not tell names apart"),
        (("a", "Source_Row"), "has a column named 'Source_Row', a name the engine keeps"),
        (tuple(f"c{i}" for i in range(2001)), "has 2,001 columns, more than 2,000"),
    ],
)
def test_columns_that_cannot_be_told_apart_are_refused(columns: tuple[str, ...], what: str) -> None:
    """DuckDB takes names without case, so a file whose names differ in case only is refused."""
    with pytest.raises(DataReadError) as refused:
        column_names(Source(Path("x.csv"), Form.CSV, columns))
    assert what in str(refused.value)


def test_columns_without_a_name_are_numbered() -> None:
    """The index column that pandas writes without a name is called by its position."""
    assert column_names(Source(Path("x.csv"), Form.CSV, ("", "b", ""))) == (
        "column_1",
        "b",
        "column_3",
    )


def test_checksum_is_sha256(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checksum equals hashlib's; that of a large file says it is partial and sees its end."""
    path = file_of(tmp_path, b"x" * 3_000_000)
    assert checksum(path) == hashlib.sha256(b"x" * 3_000_000).hexdigest()
    monkeypatch.setattr(sources, "WHOLE_CHECKSUM", 1000)
    partial = checksum(path)
    assert partial.startswith("partial:")
    assert checksum(file_of(tmp_path, b"x" * 2_999_999 + b"y")) != partial
