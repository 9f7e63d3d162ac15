"""Which numbers changed between two audits, and which cannot be compared."""

import re
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from tests.audits import record_of, shares_of
from tests.hostile import TEXTS
from toolkit.comparison import Outcome, compare, to_markdown
from toolkit.errors import DataReadError
from toolkit.model.slices import Slice, SliceTable

RATE = "annotation.rate"
PAIRS = st.tuples(st.integers(0, 400), st.integers(0, 400))
MIRRORED = {
    Outcome.GREW: Outcome.SHRANK,
    Outcome.SHRANK: Outcome.GREW,
    Outcome.APPEARED: Outcome.VANISHED,
    Outcome.VANISHED: Outcome.APPEARED,
}


def one(counts, **columns):
    """Return an audit of one table with one row a slice."""
    return record_of(shares_of(RATE, counts, **columns))


def outcome(a, b, slice_="g=x"):
    """Return the outcome of a slice and the reason."""
    changes = compare(a, b).changes.set_index("slice")
    return changes.loc[slice_, "outcome"], changes.loc[slice_, "reason"]


def test_a_large_change_is_found_with_its_direction():
    """From 10% to 20% of 2,000 is growth, and back is shrinkage."""
    low, high = one({"g=x": (200, 2000)}), one({"g=x": (400, 2000)})
    assert outcome(low, high) == (Outcome.GREW, "")
    assert outcome(high, low) == (Outcome.SHRANK, "")
    row = compare(low, high).changes.iloc[0]
    assert row["change"] == pytest.approx(0.1)
    assert row["ratio"] == pytest.approx(2)
    assert (row["n_a"], row["n_b"]) == (2000, 2000)


def test_a_small_change_is_not_shown_and_not_denied():
    """What would have been found is larger than what is seen."""
    found = compare(one({"g=x": (20, 100)}), one({"g=x": (22, 100)})).changes.iloc[0]
    assert found["outcome"] == Outcome.NOT_SHOWN
    assert found["least_change"] > found["change"]


@pytest.mark.parametrize("status", ["small", "undefined", "structural", "suppressed"])
@pytest.mark.parametrize("side", ["a", "b"])
def test_what_is_no_number_is_no_change(status, side):
    """However far apart the two are, the reason is said instead."""
    usual, other = one({"g=x": (200, 2000)}), one({"g=x": (1900, 2000)}, status=status)
    pair = (other, usual) if side == "a" else (usual, other)
    assert outcome(*pair) == (Outcome.NOT_COMPARED, f"{status} in {side}")


def test_slices_come_and_go():
    """A slice that the other audit looked for and did not find appeared or vanished."""
    both, without = one({"g=x": (5, 50), "g=y": (5, 50)}), one({"g=y": (5, 50)})
    assert outcome(without, both) == (Outcome.APPEARED, "")
    assert outcome(both, without) == (Outcome.VANISHED, "")
    frame = shares_of(RATE, {"g=x": (0, 1), "g=y": (5, 50)}, status=["small", "ok"])
    frame.loc[0, ["n", "n_images"]] = 0
    assert outcome(record_of(frame), both) == (Outcome.APPEARED, "")


def test_what_was_not_measured_did_not_vanish():
    """Another attribute, another column or another family is no absence of people."""
    a = one({"g=x": (5, 50)}, subject="flag")
    for b in (one({"h=y": (5, 50)}), one({"g=y": (5, 50)}, subject="other"), record_of()):
        assert outcome(a, b) == (Outcome.NOT_COMPARED, "not measured in b")
    label = record_of(shares_of("association.lift", {"g=x": (60, 100)}, subject="Tree"))
    other = record_of(shares_of("association.lift", {"g=x": (60, 100)}, subject="Dog"))
    changes = compare(label, other).changes.set_index("subject")
    assert changes["outcome"].to_dict() == {"Dog": Outcome.APPEARED, "Tree": Outcome.VANISHED}


def test_totals_and_bounds_are_not_tested():
    """A count grows with the dataset, and a conservative bound is no estimate."""
    columns = {"metric": "representation.count", "unit": "image", "slice": "overall"}
    counts = [
        SliceTable.of({**columns, "n": [n], "n_images": [n], "value": n, "ci_low": n, "ci_high": n})
        for n in (100, 900)
    ]
    found = compare(*(record_of(table.frame) for table in counts)).changes.iloc[0]
    assert (found["outcome"], found["change"]) == (Outcome.COUNTED, 800)
    assert np.isnan(found["p_value"])
    bounds = [
        record_of(shares_of("association.conservative_lift", {"g=x": (x, 900)})) for x in (90, 800)
    ]
    assert outcome(*bounds) == (Outcome.NOT_COMPARED, "a bound and no estimate")


@settings(max_examples=20)
@given(st.lists(PAIRS, min_size=1, max_size=8), st.randoms())
def test_turned_around_and_shuffled_it_says_the_same(pairs, random):
    """Growth becomes shrinkage with the same p-values, and the order of rows is nothing."""
    names = [f"g={i}" for i in range(len(pairs))]
    a = one({name: (x, 400) for name, (x, _) in zip(names, pairs, strict=True)})
    random.shuffle(names)
    b = one({name: (pairs[int(name[2:])][1], 400) for name in names})
    there, back = compare(a, b).changes, compare(b, a).changes
    mirrored = [MIRRORED.get(outcome, outcome) for outcome in there["outcome"]]
    assert back["outcome"].tolist() == mirrored
    np.testing.assert_allclose(back["p_value"], there["p_value"], rtol=1e-9)
    np.testing.assert_allclose(back["change"], -there["change"], atol=1e-12)


def test_a_metric_is_a_family():
    """The q-values are those of statsmodels within each metric."""
    draw = np.random.default_rng(0)
    counts = [{f"g={i}": (x, 300) for i, x in enumerate(draw.integers(90, 130, 12))} for _ in "ab"]
    both = [
        record_of(shares_of(RATE, c), shares_of("annotation.missing_rate", dict([*c.items()][:4])))
        for c in counts
    ]
    for _, family in compare(*both).changes.groupby("metric"):
        expected = multipletests(family["p_value"], method="fdr_bh")[1]
        np.testing.assert_allclose(family["q_value"], expected, rtol=1e-12)


@settings(max_examples=20)
@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=3, unique=True))
def test_hostile_names_are_compared_and_printed(terms):
    """Whatever a slice is called, it is found again in the other audit and said visibly."""
    slices = [str(Slice((("g", value),))) for value, _ in terms]
    frame = pd.concat(
        shares_of(RATE, {s: (40, 90)}, subject=t) for s, (_, t) in zip(slices, terms, strict=True)
    )
    audit = record_of(frame.reset_index(drop=True), name=terms[0][0])
    found = compare(audit, audit)
    assert set(found.changes["outcome"]) == {Outcome.NOT_SHOWN}
    assert len(found.changes) == len(terms)
    assert "\u202e" not in to_markdown(found)
    assert not re.search(r"(?<!\\)<script", to_markdown(found))


def test_a_foreign_table_is_a_sentence():
    """A folder whose Parquet files are of something else is named as such."""
    strange = replace(record_of(), tables=MappingProxyType({"x": pd.DataFrame({"a": [1]})}))
    with pytest.raises(DataReadError, match="no table of an audit"):
        compare(strange, record_of())
