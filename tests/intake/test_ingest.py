"""Rows read are rows kept plus rows rejected, for every table, whatever the rows are."""

import csv
from collections import Counter
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.engine import default_engine
from toolkit.errors import DataReadError
from toolkit.files.sources import SOURCE_ROW, inspect
from toolkit.intake.fields import Rule, empty, number, number_rules, text
from toolkit.intake.ingest import Part, accounts, count_images, ingest, stack, union

LINES = st.sampled_from(["a,1", "b,2", ",3", "c,x", "c,nan", ",", "d", "e,1,2", 'f,"x"y', "g,\0"])


def scored(path: Path) -> Part:
    """Ingest a file with the columns `image` and `score`."""
    engine = default_engine()
    rows = engine.read(inspect(path))
    raw = rows.table
    columns = {"image_id": text(raw["image"]), "score": number(raw["score"])}
    rules = [empty("image id", raw["image"]), *number_rules("score", raw["score"])]
    return ingest(engine, rows, columns, rules, [Rule("the score is 1", number(raw["score"]) == 1)])


def write(folder: Path, *lines: str, name: str = "x.csv") -> Path:
    """Write a table of images and scores."""
    path = folder / name
    path.write_text("\n".join(["image,score", *lines, ""]), encoding="utf-8")
    return path


@given(st.lists(LINES, max_size=12))
@settings(max_examples=30)
def test_every_row_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    """Read = kept + rejected by reason, and the list of the rejected has exactly those rows."""
    path = write(tmp_path_factory.mktemp("rows"), "z,0", *lines)
    part = scored(path)
    assert part.read == len(lines) + 1
    assert part.table.count().execute() == part.kept
    assert all(number > 0 for number in part.reasons.values())
    kept = part.table.to_pyarrow()[SOURCE_ROW].to_pylist()
    listed = [] if part.rejected is None else part.rejected.to_pyarrow().to_pylist()
    assert Counter(row["reason"] for row in listed) == Counter(dict(part.reasons))
    assert sorted(kept + [row[SOURCE_ROW] for row in listed]) == list(range(1, part.read + 1))


def test_rejected_rows_show_their_source(tmp_path: Path) -> None:
    """A rejected row is listed with file, number, reason and what the file says."""
    part = scored(write(tmp_path, "a,1", "b,x", "c"))
    assert part.rejected is not None
    found = part.rejected.order_by(SOURCE_ROW).to_pyarrow().to_pylist()
    assert found == [
        {
            "source_file": "x.csv",
            "source_row": 2,
            "reason": "score is not a number",
            "source_text": None,
            "image": "b",
            "score": "x",
        },
        {
            "source_file": "x.csv",
            "source_row": 3,
            "reason": "too few fields",
            "source_text": "c",
            "image": None,
            "score": None,
        },
    ]


def test_the_source_may_have_a_column_reason(tmp_path: Path) -> None:
    """A column of the file that is called like one of the list's own is kept beside it."""
    path = tmp_path / "x.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["image", "score", "Reason"], ["a", 1, ""], ["b", "x", "r"]])
    part = scored(path)
    assert part.rejected is not None
    [row] = part.rejected.to_pyarrow().to_pylist()
    assert (row["reason"], row["Reason_"]) == ("score is not a number", "r")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["a,x", "b,y", ",1"], "of 3 read, 2 were left out because 'score is not a number'"),
        (["a"], "of 1 read, 1 were left out because 'too few fields'"),
    ],
)
def test_nothing_kept_is_an_error(tmp_path: Path, lines: list[str], message: str) -> None:
    """A file of which no row can be used is an error that names the commonest reason."""
    with pytest.raises(DataReadError) as refused:
        scored(write(tmp_path, *lines))
    assert message in str(refused.value)


def test_no_rows_are_no_error(tmp_path: Path) -> None:
    """A header alone is an empty part; whether that matters is for the loader to say."""
    part = scored(write(tmp_path))
    assert (part.read, part.kept, part.rejected) == (0, 0, None)


def test_a_sound_parquet_file_is_read_lazily(tmp_path: Path) -> None:
    """Nothing is copied of a typed file of which all rows are kept; text and filtered rows are."""
    engine = default_engine()
    good, bad = tmp_path / "good.parquet", tmp_path / "bad.parquet"
    pq.write_table(pa.table({"image": ["a", "b"], "score": [1.0, 2.0]}), good)
    pq.write_table(pa.table({"image": ["a", None], "score": [1.0, 2.0]}), bad)
    for path, copies in ((good, 0), (bad, 1), (write(tmp_path, "a,1"), 2)):
        before = len(list(engine.spill_folder.iterdir()))
        scored(path)
        assert len(list(engine.spill_folder.iterdir())) - before == copies


def test_parts_are_stacked_in_order(tmp_path: Path) -> None:
    """Rows are numbered through all files, rejected ones counted."""
    first = scored(write(tmp_path, "a,1", "b,x", "c,3", name="1.csv"))
    second = scored(write(tmp_path, "d,1", "e,2", name="2.csv"))
    stacked = stack([first, second], "number")
    assert stacked is not None
    rows = stacked.order_by("number").to_pyarrow().to_pylist()
    assert [(row["number"], row["image_id"]) for row in rows] == [
        (1, "a"),
        (3, "c"),
        (4, "d"),
        (5, "e"),
    ]
    assert stacked.columns == ("number", "image_id", "score")
    assert stack([]) is None


def test_accounts_add_up(tmp_path: Path) -> None:
    """Counts, reasons, lists and remarks of a table's files are added; absent tables are absent."""
    first = scored(write(tmp_path, "a,1", "b,x", name="1.csv"))
    second = scored(write(tmp_path, "d,1", ",2", "e,y", name="2.csv"))
    found = accounts({"scores": [first, second], "others": []})
    assert found.read == {"scores": 5}
    assert found.reasons == {"scores": {"score is not a number": 2, "image id is empty": 1}}
    assert found.rejected["scores"].count().execute() == 3
    assert found.remarks == ("Rows of scores that were kept although the score is 1: 2.",)


def test_union_fills_what_is_missing() -> None:
    """Columns that one table lacks are null there, with the type they have elsewhere."""
    engine = default_engine()
    one = engine.store([("1",)], ("a",)).drop(SOURCE_ROW)
    two = engine.store([("2", "x")], ("b", "a")).drop(SOURCE_ROW)
    three = two.select(n=two["b"].cast("int64"))
    both = union([one, two, three])
    assert both.schema() == ibis.schema({"a": "string", "b": "string", "n": "int64"})
    found = sorted(both.to_pyarrow().to_pylist(), key=str)
    assert found == [
        {"a": "1", "b": None, "n": None},
        {"a": "x", "b": "2", "n": None},
        {"a": None, "b": None, "n": 2},
    ]


@given(*[st.lists(st.sampled_from("abcdef"), max_size=6)] * 3)
@settings(max_examples=20)
def test_images_are_counted_once(listed: list[str], one: list[str], two: list[str]) -> None:
    """The number of images is that of the union of all ids, listed or named elsewhere."""
    engine = default_engine()
    images = engine.store([(i,) for i in dict.fromkeys(listed)], ("image_id",))
    others = [engine.store([(i,) for i in ids], ("image_id",)) for ids in (one, two)]
    assert count_images(images, others) == len({*listed, *one, *two})
    assert count_images(None, others) == len({*one, *two})
    assert count_images(images, []) == len(set(listed))
