"""Integrity: rows that should not be there, counted to the last one."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.datasets import AGE, GENDER, annotated
from toolkit.config import AuditConfig
from toolkit.metrics.integrity import integrity
from toolkit.model.attribute import Attribute
from toolkit.model.dataset import AnnotatedDataset


def row(dataset: AnnotatedDataset, metric: str, subject: str = "annotations") -> pd.Series:
    """Return the one row of a metric about a subject."""
    table = integrity(dataset, [], AuditConfig()).frame
    chosen = (table["metric"] == f"integrity.{metric}") & (table["subject"] == subject)
    return table[chosen].squeeze()


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["F", "M", None])),
        min_size=1,
        max_size=20,
    )
)
@settings(max_examples=25)
def test_duplicates_are_the_rows_that_pandas_calls_duplicated(
    rows: list[tuple[str, str | None]],
) -> None:
    """Repeated rows are counted once less than they occur, null being equal to null."""
    frame = pd.DataFrame(rows, columns=["image_id", "gender"])
    found = row(annotated(frame, [GENDER]), "duplicates")
    assert found["n"] == frame.duplicated().sum()
    assert found["value"] == pytest.approx(frame.duplicated().mean())
    assert found["n_images"] == frame[frame.duplicated()]["image_id"].nunique()


def test_rows_alike_in_all_but_one_column_are_no_duplicates() -> None:
    """A millionth of difference is a difference."""
    rows = {"image_id": ["a", "a"], "gender": ["F", "F"], "x_min": [0.1, 0.100001]}
    assert row(annotated(rows, [GENDER]), "duplicates")["n"] == 0


def test_orphans_are_annotations_of_images_that_are_not_listed() -> None:
    """Without a list of images there can be none."""
    rows = {"image_id": ["a", "x", "x", "y"], "gender": ["F", "M", "F", "F"]}
    images = pd.DataFrame({"image_id": ["a", "b"]})
    found = row(annotated(rows, [GENDER], images=images), "orphans")
    assert (found["n"], found["n_images"], found["value"]) == (3, 2, 0.75)
    assert row(annotated(rows, [GENDER]), "orphans").empty


def test_columns_that_never_vary_are_named_with_their_value() -> None:
    """All the same and all missing are constant; one missing value is a difference."""
    rows = pd.DataFrame(
        {
            "image_id": ["a", "b"],
            "gender": ["F", "F"],
            "age": ["Old", None],
            "is_occluded": [False, False],
            "is_group_of": pd.array([None, None], dtype="boolean"),
            "is_truncated": [True, False],
        }
    )
    table = integrity(annotated(rows, [GENDER, AGE]), [], AuditConfig()).frame
    constant = table[table["metric"] == "integrity.constant"]
    assert constant["slice"].tolist() == [
        "gender=F",
        "is_occluded=false",
        "is_group_of=(missing)",
    ]


def test_rejected_rows_are_a_part_of_the_rows_read() -> None:
    """3 of 5 rows read were left out for one reason."""
    rejected = {"annotations": {"box is not finite": 3}}
    dataset = annotated({"image_id": ["a", "b"]}, [], rejected=rejected)
    found = row(dataset, "rejected", "annotations: box is not finite")
    assert (found["n"], found["value"]) == (3, 0.6)


def test_no_rows_have_no_share() -> None:
    """0 of 0 is not 0, and says so."""
    rows = annotated({"image_id": ["a"], "gender": ["F"]}, [GENDER]).annotations
    assert rows is not None
    dataset = annotated({"image_id": ["a"]}, [])
    empty = replace(dataset, annotations=rows.filter(rows["image_id"] == "none"))
    found = row(empty, "degenerate")
    assert (found["n"], found["status"]) == (0, "undefined")


@pytest.mark.parametrize("name", ["x", "y_0", "group_value", "m_0"])
def test_an_attribute_may_have_any_name(name: str) -> None:
    """Shares by group do not mix it up with a column of the counting."""
    attribute = Attribute(name, "annotations", ("F", "M"))
    rows = {"image_id": ["a", "a", "b", "c"], name: ["F", "F", "M", "F"]}
    table = integrity(annotated(rows, [attribute]), [(name,)], AuditConfig()).frame
    groups = table[table["metric"] == "integrity.by_group"].set_index("slice")
    assert groups["n"].to_dict() == {f"{name}=F": 1, f"{name}=M": 0}
    assert groups["value"].to_list() == pytest.approx([1 / 3, 0])


def test_shares_by_group_are_clustered_as_statsmodels_clusters_them() -> None:
    """The interval is that of the group's boxes without width, clustered by image."""
    random = np.random.default_rng(5)
    frame = pd.DataFrame({"image_id": [f"i{i}" for i in random.integers(0, 150, 600)]})
    often = random.uniform(0, 0.5, 150)[frame["image_id"].str[1:].astype(int)]
    frame["gender"] = random.choice(["F", "M"], 600)
    frame["x_max"] = np.where(random.uniform(size=600) < often, 0.0, random.uniform(0.5, 1, 600))
    table = integrity(annotated(frame, [GENDER]), [("gender",)], AuditConfig()).frame
    found = table[table["subject"].str.endswith("degenerate")].set_index("slice").loc["gender=F"]
    group = frame[frame["gender"] == "F"]
    y = (group["x_max"] == 0).astype(float)
    codes = group["image_id"].astype("category").cat.codes
    fit = sm.OLS(y, np.ones(len(y))).fit(
        cov_type="cluster", cov_kwds={"groups": codes, "use_correction": False}
    )
    assert found["value"] == pytest.approx(float(fit.params.iloc[0]), abs=1e-12)
    half = (found["ci_high"] - found["ci_low"]) / 2
    assert half == pytest.approx(1.96 * float(fit.bse.iloc[0]), rel=0.05)
