"""The engine reads what is there, row by row, and gives up in sentences."""

import errno
import gzip
import re
import string
import weakref
from collections.abc import Iterator
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit import engine as engine_module
from toolkit.config import EngineConfig
from toolkit.engine import Engine, default_engine, is_hexadecimal
from toolkit.errors import DataReadError, EngineError, SettingsError
from toolkit.files.records import Survey
from toolkit.files.sources import SOURCE_ROW, inspect

REGULAR = b"a,b\n1,x\n,y\n 3 ,#z\n"
ROWS = [(1, "1", "x"), (2, None, "y"), (3, " 3 ", "#z")]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """Return an engine for this file."""
    with Engine(EngineConfig(threads=1)) as opened:
        yield opened


def write(folder: Path, content: bytes, name: str = "file.csv") -> Path:
    """Write a file and return its path."""
    path = folder / name
    path.write_bytes(content)
    return path


def values(table: ibis.Table) -> list[tuple[object, ...]]:
    """Return the rows of a table, by row number where it has one."""
    ordered = table.order_by(SOURCE_ROW) if SOURCE_ROW in table.columns else table
    return [tuple(row.values()) for row in ordered.to_pyarrow().to_pylist()]


@pytest.mark.parametrize(
    ("content", "by_engine"),
    [
        (REGULAR, True),
        (REGULAR.replace(b"\n", b"\r\n"), True),
        (b"\xef\xbb\xbf" + REGULAR, True),
        (REGULAR.removesuffix(b"\n"), True),
        (REGULAR.replace(b"x", b'"x"'), False),
        (REGULAR.replace(b"\n,y", b"\n\n,y"), False),
        (REGULAR.replace(b"\n", b"\r"), False),
        (REGULAR.replace(b"x\n", b"x\r\n"), False),
    ],
)
@pytest.mark.parametrize("compressed", [False, True])
def test_regular_files_are_left_to_the_engine(
    engine: Engine, tmp_path: Path, content: bytes, by_engine: bool, compressed: bool
) -> None:
    """The engine's own reader and ours give the same rows; ours takes what needs care."""
    source = inspect(write(tmp_path, gzip.compress(content) if compressed else content))
    assert (engine.read_regular(source, source.columns) is not None) is by_engine
    for rows in (engine.read(source), engine.read_records(source, source.columns)):
        assert values(rows.table) == ROWS
        assert rows.malformed is None


def test_both_readers_agree_on_miap(engine: Engine, shared_data: Path) -> None:
    """On the real MIAP file the engine's own reader and ours give the same 23,940 rows."""
    folder = shared_data / "miap_val"
    source = inspect(folder / "open_images_extended_miap_boxes_val.csv")
    by_engine = engine.read_regular(source, source.columns)
    assert by_engine is not None
    ours = engine.read_records(source, source.columns)
    assert values(by_engine.table) == values(ours.table)
    assert by_engine.table.count().execute() == 23_940


def test_the_engine_is_checked(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the engine finds another number of rows than there are lines, its answer is not used."""
    monkeypatch.setattr(engine_module, "survey", lambda _: Survey(records=4, regular=True))
    source = inspect(write(tmp_path, REGULAR))
    assert engine.read_regular(source, source.columns) is None
    monkeypatch.setattr(engine_module, "survey", lambda _: Survey(records=2, regular=True))
    broken = inspect(write(tmp_path, b"a,b\n1,2,3\n1\n"))
    assert engine.read_regular(broken, broken.columns) is None


def test_malformed_lines_are_listed(engine: Engine, tmp_path: Path) -> None:
    """Each line that is no row keeps its number, gets a reason, and shows its text."""
    content = b'a,b\n1,x\n2\n3,\x00\n\xff,4\n5,"x\n6,y,z\n7,z\n'
    rows = engine.read(inspect(write(tmp_path, content)))
    assert values(rows.table) == [(1, "1", "x"), (7, "7", "z")]
    assert rows.malformed is not None
    assert values(rows.malformed) == [
        (2, "too few fields", "2"),
        (3, "line has a NUL byte", "3,\0"),
        (4, "line is not UTF-8", "\\xff,4"),
        (5, "quote is not closed", '5,"x'),
        (6, "too many fields", "6,y,z"),
    ]


def test_json_lines_have_the_columns_of_all_rows(engine: Engine, tmp_path: Path) -> None:
    """Keys that only some rows have are columns, null elsewhere; a line that is none is listed."""
    rows = engine.read(inspect(write(tmp_path, b'{"a": 1}\n{"a": \n{"b": "y", "a": null}\n')))
    assert values(rows.table) == [(1, "1", None), (3, None, "y")]
    assert rows.malformed is not None
    assert values(rows.malformed) == [(2, "line is not JSON", '{"a": ')]


def test_parquet_stays_where_it_is(engine: Engine, tmp_path: Path) -> None:
    """A Parquet file is read in place, with its types and with its rows numbered."""
    pq.write_table(pa.table({"a": [0.5, None], "b": [True, False]}), tmp_path / "x.parquet")
    rows = engine.read(inspect(tmp_path / "x.parquet"))
    assert values(rows.table) == [(1, 0.5, True), (2, None, False)]
    assert not list(engine.spill_folder.glob("x*"))


@pytest.mark.parametrize("name", ["x[1]", "x*", "x?", "it's", "ü 😀", 'say "hi"', "a;b--"])
@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_names_are_no_patterns(engine: Engine, tmp_path: Path, name: str, ending: str) -> None:
    """A path that could be a pattern, or SQL, reads that file and not its neighbours."""
    for other, content in (("x1", "wrong"), ("xy", "wrong"), (name, "right")):
        if ending == ".csv":
            write(tmp_path, f"a,b\n{content},1\n".encode(), other + ending)
        else:
            pq.write_table(pa.table({"a": [content]}), tmp_path / (other + ending))
    rows = engine.read(inspect(tmp_path / (name + ending)))
    assert rows.table["a"].to_pyarrow().to_pylist() == ["right"]


@pytest.mark.parametrize("name", ["a'b", 'a"b', "a b", "x: {1}", "ü", "--", "select"])
def test_columns_may_have_any_name(engine: Engine, tmp_path: Path, name: str) -> None:
    """A column's name is never taken for SQL."""
    written = name.replace('"', '""')
    for header in (f'"{written}",b', f"{name},b"):
        rows = engine.read(inspect(write(tmp_path, f"{header}\n1,2\n".encode())))
        assert rows.table.columns[1:] == (name, "b")
        assert values(rows.table) == [(1, "1", "2")]


def test_a_wide_header_is_read(engine: Engine, tmp_path: Path) -> None:
    """Two thousand columns are read; more are refused before the engine sees them."""
    for width in (2000, 2001):
        names = ",".join(f"c{i}" for i in range(width))
        source = inspect(write(tmp_path, f"{names}\n{','.join('1' * width)}\n".encode()))
        if width == 2000:
            assert len(engine.read(source).table.columns) == 2001
        else:
            with pytest.raises(DataReadError, match="has 2,001 columns"):
                engine.read(source)


@pytest.mark.parametrize("content", [REGULAR, b'a,b\n"1",2\n'])
def test_truncated_gzip_is_told(engine: Engine, tmp_path: Path, content: bytes) -> None:
    """A compressed file that breaks off after a megabyte is an error for both readers."""
    whole = gzip.compress(content + b"".join(b"%d,%d\n" % (i, i * i) for i in range(100_000)))
    source = inspect(write(tmp_path, whole[:-1000]))
    with pytest.raises(DataReadError, match="is a damaged gzip file"):
        engine.read(source)


def test_damaged_parquet_is_told(engine: Engine, tmp_path: Path) -> None:
    """A Parquet file that is damaged inside gives a sentence when its values are read."""
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"a": [str(i * i) for i in range(10_000)]}), path)
    content = bytearray(path.read_bytes())
    content[4:2000] = b"\xff" * 1996
    path.write_bytes(content)
    with pytest.raises(DataReadError, match=r"x.parquet' cannot be read \("), engine.guard(path):
        engine.read(inspect(path)).table["a"].nunique().execute()


def test_what_is_no_table_is_refused(engine: Engine, tmp_path: Path) -> None:
    """An empty file and one JSON document are sentences."""
    for content in (b"", b'{"a":\n1}'):
        with pytest.raises(DataReadError, match="Name a CSV"):
            engine.read(inspect(write(tmp_path, content)))


def test_materialised_tables_are_equal(engine: Engine, tmp_path: Path) -> None:
    """A table that was computed once has the same columns, types and values."""
    table = engine.read(inspect(write(tmp_path, REGULAR))).table
    typed = table.mutate(n=table["a"].try_cast("float64"), is_x=table["b"] == "x")
    again = engine.materialise(typed)
    assert again.schema() == typed.schema()
    assert values(again) == values(typed)


def test_stored_rows_are_numbered(engine: Engine) -> None:
    """Rows of text become a table; without rows, one with the same columns."""
    assert values(engine.store([("1", None), ("ä", "")], ("a", "b"))) == [
        (1, "1", None),
        (2, "ä", ""),
    ]
    assert engine.store([], ("a", "b")).count().execute() == 0


def test_rows_are_written_in_batches(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More text than is held at once is written in several batches, and none is lost."""
    monkeypatch.setattr(engine_module, "BATCH", 100)
    source = inspect(write(tmp_path, b"a,b\n" + b'"1",2\n' * 100))
    assert values(engine.read(source).table) == [(i, "1", "2") for i in range(1, 101)]


def test_memory_that_runs_out_is_a_sentence(tmp_path: Path) -> None:
    """A query that fits neither into memory nor on the disk ends with what to change."""
    settings = EngineConfig(memory_limit="20MiB", threads=1, spill_folder=str(tmp_path))
    with Engine(settings) as small:
        small.backend.raw_sql("SET max_temp_directory_size = '1MiB'")
        table = ibis.range(3_000_000).unnest().name("n").as_table()
        query = table.mutate(text=table["n"].hash().cast("string")).order_by("text")
        with pytest.raises(EngineError, match="Raise memory_limit"):
            run(small, query)


def run(engine: Engine, query: ibis.Table) -> None:
    """Compute a query under the engine's guard."""
    with engine.guard():
        engine.materialise(query)


def test_a_full_disk_is_a_sentence(engine: Engine) -> None:
    """No space left is the engine's error; any other error of the system stays what it is."""
    with pytest.raises(EngineError, match="no space left on the disk"), engine.guard():
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(FileExistsError), engine.guard():
        raise FileExistsError(errno.EEXIST, "File exists")


@pytest.mark.parametrize("url", ["spark://host:7077", "duckdb:///file.db", ""])
def test_an_unknown_engine_is_refused(url: str) -> None:
    """An engine that does not exist is an error of the settings."""
    with pytest.raises(SettingsError, match="There is no engine"):
        Engine(EngineConfig(url=url))


def test_a_spill_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    """A spill folder that is not there is an error of the settings."""
    with pytest.raises(SettingsError, match="spill folder cannot be used: No such file"):
        Engine(EngineConfig(spill_folder=str(tmp_path / "missing")))


def test_the_settings_are_used(tmp_path: Path) -> None:
    """Memory, threads and spill folder reach the engine."""
    settings = EngineConfig(memory_limit="1GiB", threads=1, spill_folder=str(tmp_path))
    with Engine(settings) as opened:
        asked = "SELECT current_setting('memory_limit'), current_setting('threads')"
        assert opened.backend.raw_sql(asked).fetchall() == [("1.0 GiB", 1)]
        assert opened.spill_folder.parent == tmp_path


def test_files_go_with_the_engine(tmp_path: Path) -> None:
    """The spill folder is removed when the engine is closed, or when its last table is gone."""
    settings = EngineConfig(threads=1, spill_folder=str(tmp_path))
    with Engine(settings) as closed:
        closed.store([("1",)], ("a",))
        assert list(tmp_path.iterdir()) == [closed.spill_folder]
    assert not list(tmp_path.iterdir())
    forgotten = Engine(settings)
    table = forgotten.store([("1",)], ("a",))
    alive = weakref.ref(forgotten)
    del forgotten
    assert alive() is None
    assert values(table) == [(1, "1")]


def test_a_process_has_one_default_engine() -> None:
    """The engine that is used where none is named is opened once."""
    assert default_engine() is default_engine()


def test_rows_without_malformed_lines_have_no_list(engine: Engine, tmp_path: Path) -> None:
    """A file with a header alone has no rows and nothing malformed."""
    rows = engine.read(inspect(write(tmp_path, b"a,b\n")))

    assert (values(rows.table), rows.malformed) == ([], None)


GOOD_ID = "0123456789abcdEF"
NEAR_IDS = [
    GOOD_ID[:place] + other + GOOD_ID[place + 1 :]
    for place in range(16)
    for other in (*map(chr, range(1, 256)), "\uff10", "\u0661", "")
]
"""An id with one of its characters replaced by each of Latin-1, by other digits, or left out."""


@given(
    st.lists(
        st.text(string.hexdigits + "_xX+-. \t\n", min_size=14, max_size=18)
        | st.from_regex(r"[0-9a-fA-F]{16}", fullmatch=True)
        | st.text(st.characters(exclude_categories=["Cs"]), max_size=18),
        min_size=1,
    )
)
def test_hexadecimal_texts_are_those_of_a_regular_expression(
    engine: Engine, texts: list[str]
) -> None:
    """Exactly 16 hexadecimal digits are taken, whatever else the engine takes for a number."""
    table = pa.table({"text": [*texts, *NEAR_IDS, GOOD_ID * 2, "0" * 17, ""]})
    column = ibis.memtable(table)["text"]
    found = engine.backend.to_pyarrow(is_hexadecimal(column, 16)).to_pylist()
    expected = [
        re.fullmatch("[0-9a-fA-F]{16}", text) is not None for text in table["text"].to_pylist()
    ]
    assert found == expected


def test_a_parquet_column_with_one_value_and_nulls_keeps_both(
    engine: Engine, tmp_path: Path
) -> None:
    """Written without a dictionary, such a column made the engine take every row for null."""
    table = pa.table({"image_id": ["a", "b", "c", "d"], "value": [None, "x", None, "x"]})
    pq.write_table(table, tmp_path / "plain.parquet", use_dictionary=False)
    rows = engine.read(inspect(tmp_path / "plain.parquet")).table
    assert rows.filter(rows["value"].isnull()).count().execute() == 2
    assert rows.filter(rows["value"].fill_null("z") == "z").count().execute() == 2
    assert rows.filter(rows["value"].notnull()).count().execute() == 2
