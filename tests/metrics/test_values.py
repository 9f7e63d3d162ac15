"""Strange values: each kind on its own, and what is no fault."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.datasets import annotated
from toolkit.config import AuditConfig
from toolkit.metrics._values import misspelt, of_the_rarer_type, rewritten, undeclared
from toolkit.metrics.integrity import integrity
from toolkit.model.attribute import Attribute
from toolkit.model.slices import SliceTable

DAMAGED = ["9-Mar", "Sep-09", "12-Jan-2021", "1E+05", "2.31E+13", "03/09/2021", "2021-03-09"]


def measured(
    values: list[str | None], attribute: Attribute, taxonomy: tuple[str, ...] = ()
) -> SliceTable:
    """Measure a dataset with one column of these values, an image each."""
    rows = pd.DataFrame({attribute.name: pd.array(values, dtype="str")})
    rows["image_id"] = [f"i{i}" for i in range(len(values))]
    config = AuditConfig.of({"labels": {"taxonomy": list(taxonomy)}})
    return integrity(annotated(rows, [attribute]), [], config)


def concerned(table: SliceTable) -> dict[str, int]:
    """Return the number of rows concerned by table, where there are any."""
    strange = table.frame[table.frame["metric"] != "integrity.constant"]
    return {row.metric: row.n for row in strange.itertuples() if row.n}


@pytest.mark.parametrize("value", DAMAGED)
def test_what_a_spreadsheet_writes_is_recognised(value: str) -> None:
    """Dates and rounded numbers among other values are damage."""
    assert rewritten({value: 1, "10-19": 1}) == {value: ""}


@pytest.mark.parametrize("value", ["3-9", "2021", "1.5", "1e-05", "Mar", "May", "1-2-3", "E+05"])
def test_what_no_spreadsheet_wrote_is_left_alone(value: str) -> None:
    """Ranges, plain numbers and names that look a little like it are not."""
    assert rewritten({value: 1, "other": 1}) == {}


def test_a_column_of_dates_is_meant_so() -> None:
    """But a formula's error never is."""
    assert rewritten({"2021-03-09": 4, "2021-03-10": 1}) == {}
    assert rewritten({"#NAME?": 1}) == {"#NAME?": ""}


@given(st.lists(st.sampled_from(["Dog", "dog", " dog", "do g", "DOG ", "cat"]), min_size=1))
def test_all_but_one_spelling_of_a_word_are_variants(values: list[str]) -> None:
    """Of each word that differs only by case or outer space, one spelling is left."""
    counts = pd.Series(values).value_counts().to_dict()
    words = {value.strip().casefold() for value in counts}
    assert len(counts) - len(misspelt(counts)) == len(words)


def test_the_most_frequent_spelling_is_the_usual_one() -> None:
    """The others name it."""
    assert misspelt({"Dog": 9, "dog": 2}) == {"dog": "elsewhere 'Dog'"}


def test_the_rarer_type_is_the_strange_one() -> None:
    """By rows, not by values."""
    assert set(of_the_rarer_type({"1": 5, "2": 5, "many": 3})) == {"many"}
    assert set(of_the_rarer_type({"1": 1, "few": 2, "many": 3})) == {"1"}
    assert of_the_rarer_type({"nan": 1, "inf": 1}) == {}


def test_undeclared_values_come_with_the_nearest_one() -> None:
    """Case is no distance; what is far from all is named alone."""
    found = undeclared({"FEMALE": 1, "femal": 1, "x": 1, "Male": 9}, ["Female", "Male"])
    assert found == {
        "FEMALE": "did you mean 'Female'?",
        "femal": "did you mean 'Female'?",
        "x": "",
    }


def test_declared_and_missing_values_are_no_fault() -> None:
    """Nor is null."""
    attribute = Attribute("role", "annotations", ("nurse",), missing=("n/a",))
    assert concerned(measured(["nurse", "n/a", None], attribute)) == {}
    assert concerned(measured(["nurse", "doctor"], attribute)) == {"integrity.undeclared": 1}


def test_a_word_for_missing_is_no_mixed_type() -> None:
    """Declaring it is what the finding advises."""
    declared = Attribute("age", "annotations", missing=("n/a",))
    assert concerned(measured(["1", "2", "n/a"], declared)) == {}
    silent = Attribute("age", "annotations")
    assert concerned(measured(["1", "2", "n/a"], silent)) == {"integrity.mixed_types": 1}


def test_labels_are_held_against_the_taxonomy() -> None:
    """Without one they are only compared with each other."""
    label = Attribute("label", "annotations")
    values: list[str | None] = ["Dog", "Dog", "dog", "Cat"]
    assert concerned(measured(values, label)) == {"integrity.spelling": 1}
    assert concerned(measured(values, label, ("Dog", "Cat"))) == {"integrity.taxonomy": 1}


def test_image_ids_rounded_by_a_spreadsheet_are_found() -> None:
    """A hundred thousand images have become one."""
    rows = {"image_id": ["1E+05", "1E+05", "a"], "x_min": [0.0, 0.1, 0.2]}
    table = integrity(annotated(rows, []), [], AuditConfig())
    assert concerned(table) == {"integrity.spreadsheet": 2}
    assert table.facts["integrity.spreadsheet", "image_id"]["values"] == "'1E+05' (2)"


def test_hostile_values_are_values() -> None:
    """Quotes, control characters and very long ones are named, each on its own."""
    values: list[str | None] = ["'; drop", "a\x1b[31m", "x" * 5_000, "<script>"]
    attribute = Attribute("role", "annotations", ("nurse",))
    assert concerned(measured(values, attribute)) == {"integrity.undeclared": 4}
