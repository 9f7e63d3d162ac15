"""The counting kernel against counting by hand, and what must not change its answer."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ibis import _

from tests.datasets import GENDER, annotated
from toolkit.errors import TooManyValuesError
from toolkit.model.attribute import Attribute
from toolkit.model.dataset import Sampling
from toolkit.model.slices import MISSING, Slice
from toolkit.slicing import Totals, count, fixed

ROWS = st.lists(
    st.tuples(
        st.sampled_from("abcd"),
        st.sampled_from(["F", "M", "Unknown", None]),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=25,
)


def counted(rows: pd.DataFrame, clusters: int = 6) -> Totals:
    """Count genders, and sum the column `score`."""
    dataset = annotated(rows, [GENDER], n_images=clusters)
    pairs = [("score", "n"), ("score", "score")]
    (found,) = count(dataset, [("gender",)], 50, measures={"score": _["score"]}, pairs=pairs)
    return found


def frame_of(rows: list[tuple[str, str | None, int]]) -> pd.DataFrame:
    """Return drawn rows as a frame."""
    return pd.DataFrame(rows, columns=["image_id", "gender", "score"])


@given(ROWS)
@settings(max_examples=30)
def test_totals_and_products_are_those_of_a_matrix_of_images_and_groups(
    rows: list[tuple[str, str | None, int]],
) -> None:
    """T and S equal what a plain images-by-groups matrix gives."""
    frame = frame_of(rows)
    found = counted(frame)
    names = ["(missing)" if g.terms[0][1] is MISSING else str(g.terms[0][1]) for g in found.groups]
    keyed = frame.assign(gender=frame["gender"].fillna("(missing)"))
    n = (
        keyed.pivot_table("score", "image_id", "gender", "count", 0)
        .reindex(columns=names)
        .fillna(0)
    )
    y = keyed.pivot_table("score", "image_id", "gender", "sum", 0).reindex(columns=names).fillna(0)
    assert np.array_equal(found.counts, n.sum())
    assert np.array_equal(found.present, (n > 0).sum())
    assert found.covered == len(n)
    assert np.array_equal(found.products("n", "n"), n.T @ n)
    assert np.array_equal(found.products("score", "n"), y.T @ n)
    assert np.array_equal(found.products("n", "score"), n.T @ y)
    assert np.array_equal(found.products("score", "score"), y.T @ y)


@given(ROWS, st.randoms(use_true_random=False))
@settings(max_examples=15)
def test_the_order_of_rows_changes_nothing(rows: list[tuple[str, str | None, int]], order) -> None:  # type: ignore[no-untyped-def]
    """Shuffled rows give the same totals to the last digit."""
    shuffled = order.sample(rows, len(rows))
    one, other = counted(frame_of(rows)), counted(frame_of(shuffled))
    assert one.groups == other.groups
    assert all(np.array_equal(one.totals[name], other.totals[name]) for name in one.totals)
    assert all(np.array_equal(one.cross[pair], other.cross[pair]) for pair in one.cross)


def test_groups_are_all_combinations_in_declared_order_with_the_unknown_last() -> None:
    """A combination nobody has is a group with 0 units; null is a group of its own."""
    rows = {"image_id": ["a", "b"], "gender": ["M", None], "age": ["Old", "Unknown"]}
    dataset = annotated(rows)
    (found,) = count(dataset, [("gender", "age")], 50)
    assert [str(group) for group in found.groups] == [
        "gender=F & age=Young",
        "gender=F & age=Old",
        "gender=F & age=Unknown",
        "gender=M & age=Young",
        "gender=M & age=Old",
        "gender=M & age=Unknown",
        "gender=(missing) & age=Young",
        "gender=(missing) & age=Old",
        "gender=(missing) & age=Unknown",
    ]
    assert found.counts.sum() == 2
    assert found.counts[4] == found.counts[8] == 1


def test_an_attribute_of_images_counts_images_and_can_be_joined_to_annotations() -> None:
    """The unit follows from where the attributes live."""
    split = Attribute("split", "images")
    images = pd.DataFrame({"image_id": ["a", "b", "c"], "split": ["train", "test", None]})
    rows = {"image_id": ["a", "a", "d"], "gender": ["F", "M", "F"]}
    dataset = annotated(rows, [GENDER, split], images=images)
    (alone,) = count(dataset, [("split",)], 50)
    assert [str(g) for g in alone.groups] == ["split=test", "split=train", "split=(missing)"]
    assert alone.counts.tolist() == [1, 1, 1]
    (both,) = count(dataset, [("gender", "split")], 50)
    counts = dict(zip(map(str, both.groups), both.counts, strict=True))
    assert counts["gender=F & split=train"] == 1
    assert counts["gender=F & split=(missing)"] == 1


def test_rows_in_which_an_attribute_was_never_asked_are_not_units() -> None:
    """Core boxes beside attributed person boxes are no missing values."""
    asked = Attribute("gender", "annotations", ("F", "M"), asked_in=("persons",))
    rows = {
        "image_id": ["a", "a", "b"],
        "gender": ["F", None, None],
        "annotation_set": ["persons", "boxes", "persons"],
    }
    (found,) = count(annotated(rows, [asked]), [("gender",)], 50)
    assert dict(zip(map(str, found.groups), found.counts, strict=True)) == {
        "gender=F": 1,
        "gender=M": 0,
        "gender=(missing)": 1,
    }


def test_ten_thousand_values_are_refused_with_what_to_do() -> None:
    """An attribute that identifies rows cannot be sliced by."""
    name = Attribute("name", "annotations")
    rows = {"image_id": ["a"] * 10_000, "name": [f"person {i}" for i in range(10_000)]}
    with pytest.raises(TooManyValuesError, match=r"'name' has 10,000 .* 500 .* max_values"):
        list(count(annotated(rows, [name]), [("name",)], 500))


def test_hostile_values_stay_groups_of_their_own() -> None:
    """Values that look like the notation, like null or like markup are kept apart."""
    values = [
        "(missing)",
        "a & b=c",
        "<script>",
        "",
        "\U0001f600",
        "a",
        "A",
        " a",
        "x" * 5000,
        None,
    ]
    word = Attribute("word", "annotations")
    rows = {"image_id": [f"i{i}" for i in range(len(values))], "word": values}
    (found,) = count(annotated(rows, [word]), [("word",)], 50)
    assert found.counts.tolist() == [1.0] * len(values)
    assert len({str(group) for group in found.groups}) == len(values)
    assert Slice((("word", MISSING),)) in found.groups


def test_fractions_are_added_as_whole_millionths() -> None:
    """0.1 added ten times is exactly a million millionths."""
    rows = pd.DataFrame({"image_id": list("abcdefghij"), "gender": "F", "part": 0.1})
    dataset = annotated(rows, [GENDER])
    (sums,) = count(dataset, [("gender",)], 50, measures={"part": fixed(_["part"])})
    assert sums.totals["part"][0] == 1_000_000


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abc"),
            st.sampled_from(["F", "M", None]),
            st.sampled_from(["Young", "Old", "Unknown"]),
        ),
        min_size=1,
        max_size=20,
    )
)
@settings(max_examples=20)
def test_slicings_counted_together_are_those_counted_alone(
    rows: list[tuple[str, str | None, str]],
) -> None:
    """Adding up the totals of an intersection gives the totals of each of its attributes."""
    dataset = annotated(pd.DataFrame(rows, columns=["image_id", "gender", "age"]))
    by = [("gender",), ("age",), ("gender", "age")]
    for together, names in zip(count(dataset, by, 50), by, strict=True):
        (alone,) = count(dataset, [names], 50)
        assert together.groups == alone.groups
        assert together.covered == alone.covered
        assert np.array_equal(together.present, alone.present)
        assert np.array_equal(together.counts, alone.counts)
        assert np.array_equal(together.products("n", "n"), alone.products("n", "n"))


@pytest.mark.parametrize(
    "name", ["cluster", "n", "key_0", "label", "total", "image", "annotation_set"]
)
def test_an_attribute_may_have_any_name(name: str) -> None:
    """Names of our own columns are not taken from the user."""
    odd = Attribute(name, "annotations")
    rows = {"image_id": ["a", "a", "b"], name: ["F", "M", "M"]}
    (found,) = count(annotated(rows, [odd]), [(name,)], 50)
    assert found.counts.tolist() == [1, 2]


@pytest.mark.parametrize("sampling", [Sampling(), Sampling("photographer")])
def test_products_of_large_numbers_have_all_their_digits(sampling: Sampling) -> None:
    """Millionths of a long box's aspect ratio, squared, exceed the engine's 63 bits."""
    rows = {"image_id": ["a", "a", "b"], "gender": "F", "photographer": "p", "ratio": 4000.5}
    dataset = replace(annotated(rows, [GENDER]), sampling=sampling)
    measures = {"ratio": fixed(_["ratio"])}
    (found,) = count(dataset, [("gender",)], 9, measures=measures, pairs=[("ratio", "ratio")])
    per_cluster = [3] if sampling.cluster == "photographer" else [2, 1]
    expected = sum((number * 4_000_500_000) ** 2 for number in per_cluster)
    assert found.products("ratio", "ratio")[0, 0] == expected


@pytest.mark.parametrize("names", [("a", "b"), ("a", "b", "c"), ("a", "b", "c", "d")])
def test_images_of_few_and_of_many_groups_are_those_that_pandas_counts(
    names: tuple[str, ...],
) -> None:
    """With 8, 48 and 128 groups: as sets of groups, in all bits of a number, and one by one."""
    draw = np.random.default_rng(3)
    frame = pd.DataFrame({"image_id": draw.integers(0, 400, 3000).astype(str)})
    for name, values in {"a": 2, "b": 3, "c": 6, "d": 3}.items():
        frame[name] = draw.integers(0, values, len(frame)).astype(str)
    frame.loc[draw.random(len(frame)) < 0.1, "b"] = None
    dataset = annotated(frame, [Attribute(name, "annotations") for name in names])
    whole, part = count(dataset, [names, names[:1]], 500)
    assert whole.covered == part.covered == frame["image_id"].nunique()
    for found in (whole, part):
        by = [attribute.name for attribute in found.attributes]
        images = frame.fillna(MISSING.value).groupby(by)["image_id"].nunique()
        groups = [
            " & ".join(getattr(v, "value", v) for _, v in group.terms) for group in found.groups
        ]
        ours = pd.Series(found.present, groups)
        key = images.index.map(lambda v: " & ".join([v] if isinstance(v, str) else v))
        theirs = pd.Series(images.to_numpy(), key).reindex(groups, fill_value=0)
        assert ours.tolist() == theirs.tolist()
