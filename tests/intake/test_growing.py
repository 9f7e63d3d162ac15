"""Tables that grow hold every row, whatever columns the next one has."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.engine import Engine
from toolkit.errors import DataReadError
from toolkit.files.sources import SOURCE_ROW, Form, Source
from toolkit.intake import growing
from toolkit.intake.growing import GrowingTable

SOURCE = Source(Path("data.xml"), Form.OTHER, ())
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=4)


@pytest.fixture(scope="module")
def engine() -> Engine:
    """Return an engine."""
    return Engine()


def listed(table: GrowingTable) -> list[dict[str, object]]:
    """Return the rows in their order, without what is null."""
    rows = table.rows().table.order_by(SOURCE_ROW).to_pyarrow().to_pylist()
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


@given(
    rows=st.lists(st.dictionaries(st.sampled_from("abcdef"), NAMES, max_size=4), max_size=8),
    step=st.sampled_from([1, 5, 1000]),
)
def test_rows_are_kept_whatever_columns_they_have(
    engine: Engine, rows: list[dict[str, str]], step: int
) -> None:
    """Rows come back equal, the empty text as null, however often they are written out."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(growing, "STEP", step)
        with GrowingTable(engine, SOURCE, ("id",)) as table:
            for row in rows:
                table.add({"id": "x"}, row.items())
    expected = [
        {SOURCE_ROW: number, "id": "x", **{name: value for name, value in row.items() if value}}
        for number, row in enumerate(rows, start=1)
    ]
    assert listed(table) == expected


def test_rejected_rows_keep_their_numbers(engine: Engine) -> None:
    """Rows and rejected rows are numbered together, in the order of the source."""
    with GrowingTable(engine, SOURCE, ("id",)) as table:
        table.add({"id": "a"})
        table.reject("is broken", "<b")
        table.add({"id": "c"})
    assert listed(table) == [{SOURCE_ROW: 1, "id": "a"}, {SOURCE_ROW: 3, "id": "c"}]
    malformed = table.rows().malformed
    assert malformed is not None
    assert malformed.to_pyarrow().to_pylist() == [
        {SOURCE_ROW: 2, "reason": "is broken", "source_text": "<b"}
    ]


def test_an_empty_table_has_its_columns(engine: Engine) -> None:
    """A table without rows can be judged like any other."""
    with GrowingTable(engine, SOURCE, ("id", "label")) as table:
        pass
    rows = table.rows()
    assert rows.table.columns == (SOURCE_ROW, "id", "label")
    assert rows.table.count().execute() == 0
    assert rows.malformed is None


def test_attributes_get_columns_of_their_own(engine: Engine) -> None:
    """Names become snake_case, and those that are taken are put after `source_`."""
    with GrowingTable(engine, SOURCE, ("id",), taken=("label",)) as table:
        names = ("Gender", "Label", "id", "source_row", "verdict", "!!", "年齢")
        table.add({"id": "x"}, [(name, "1") for name in names])
    assert list(table.attributes.values()) == [
        "gender", "source_label", "source_id", "source_source_row", "verdict", "column_6",
        "年齢",
    ]  # fmt: skip


def test_the_first_of_two_values_counts(engine: Engine) -> None:
    """An attribute that a row has again is counted, also one that is empty at first."""
    with GrowingTable(engine, SOURCE, ("id",)) as table:
        table.add({"id": "x"}, [("a", None), ("a", "2"), ("b", "3")])
    assert listed(table) == [{SOURCE_ROW: 1, "id": "x", "b": "3"}]
    assert table.repeated == 1


def test_two_attributes_of_one_name_are_refused(engine: Engine) -> None:
    """Case and blanks do not tell attributes apart, so there is a sentence instead of a mix."""
    with (
        GrowingTable(engine, SOURCE, ("id",)) as table,
        pytest.raises(DataReadError, match="both become 'age_group'"),
    ):
        table.add({}, [("Age group", "1"), ("age_group", "2")])


def test_too_many_attributes_are_refused(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file in which every row has new attributes ends in a sentence."""
    monkeypatch.setattr(growing, "MOST_ATTRIBUTES", 3)
    with (
        GrowingTable(engine, SOURCE, ("id",)) as table,
        pytest.raises(DataReadError, match="more than 3 different attributes"),
    ):
        table.add({}, [(f"a{number}", "1") for number in range(4)])
