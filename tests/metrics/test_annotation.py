"""Annotation: flags and unknown values of groups."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.datasets import AGE, GENDER, annotated
from toolkit.config import AuditConfig
from toolkit.metrics.annotation import annotation
from toolkit.model.dataset import Sampling

PEOPLE = pd.DataFrame(
    {
        "image_id": ["a", "a", "b", "b", "c", "d"],
        "gender": ["F", "M", "F", "F", "M", "Unknown"],
        "age": ["Old", "Old", "Unknown", "Old", "Young", "Unknown"],
        "is_occluded": [True, False, True, None, False, False],
    }
).astype({"is_occluded": "boolean"})


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Measure six people on four images."""
    return annotation(annotated(PEOPLE), [("gender",)], AuditConfig()).frame


def row(table: pd.DataFrame, metric: str, subject: str, group: str) -> pd.Series:
    """Return the one row of a metric, a subject and a slice."""
    chosen = (table["metric"] == f"annotation.{metric}") & (table["subject"] == subject)
    return table[chosen & (table["slice"] == group)].squeeze()


def test_a_flag_that_is_not_known_is_not_counted_as_unset(table: pd.DataFrame) -> None:
    """The rate's denominator is the boxes on which the flag is known."""
    feminine = row(table, "rate", "is_occluded", "gender=F")
    assert (feminine["n"], feminine["value"]) == (2, 1.0)
    assert row(table, "rate", "is_occluded", "overall")["value"] == pytest.approx(2 / 5)


def test_gaps_compare_a_group_with_all_others(table: pd.DataFrame) -> None:
    """All of F, none of the rest."""
    assert row(table, "rate_gap", "is_occluded", "gender=F")["value"] == pytest.approx(1.0)
    assert row(table, "rate_gap", "is_occluded", "gender=M")["value"] == pytest.approx(-2 / 3)


def test_unknown_values_are_counted_by_the_other_attributes_and_flags(table: pd.DataFrame) -> None:
    """Gender by age, age by gender, both by flag, and none by itself."""
    assert row(table, "missing_rate", "age", "gender=F")["value"] == pytest.approx(1 / 3)
    assert row(table, "missing_rate", "gender", "age=Unknown")["value"] == pytest.approx(1 / 2)
    assert row(table, "missing_rate", "gender", "is_occluded=false")["value"] == pytest.approx(
        1 / 3
    )
    assert row(table, "missing_rate", "gender", "overall")["value"] == pytest.approx(1 / 6)
    assert row(table, "missing_rate", "gender", "gender=F").empty


def test_rates_are_weighted_but_n_is_the_number_of_annotations() -> None:
    """Rate and gap are those of numpy's weighted means; n counts what was looked at."""
    weights = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    dataset = annotated(PEOPLE.assign(weight=weights))
    weighted = replace(dataset, sampling=Sampling(weights="weight"))
    table = annotation(weighted, [("gender",)], AuditConfig()).frame
    feminine = row(table, "rate", "is_occluded", "gender=F")
    assert (feminine["n"], feminine["value"]) == (2, 1.0)
    overall = row(table, "rate", "is_occluded", "overall")
    assert (overall["n"], overall["value"]) == (5, pytest.approx((1 + 3) / (1 + 2 + 3 + 5 + 6)))
    gap = row(table, "missing_gap", "age", "gender=F")
    assert gap["value"] == pytest.approx(3 / (1 + 3 + 4) - 6 / (2 + 5 + 6))


def test_what_is_never_asked_is_structural_and_stays_out_of_the_gaps() -> None:
    """The unknown gender of the young does not make the old look well annotated."""
    rng = np.random.default_rng(0)
    age = np.repeat(["Young", "Old", "Unknown"], 400)
    gender = np.where(age == "Young", "Unknown", rng.choice(["F", "M", "Unknown"], 1200))
    rows = {"image_id": [f"i{i}" for i in range(1200)], "gender": gender, "age": age}
    found = annotation(annotated(rows), [("gender",), ("age",)], AuditConfig()).frame
    assert row(found, "missing_rate", "gender", "age=Young")["status"] == "structural"
    assert row(found, "missing_gap", "gender", "age=Young").empty
    rest = np.mean(gender[age == "Unknown"] == "Unknown")
    own = np.mean(gender[age == "Old"] == "Unknown")
    assert row(found, "missing_gap", "gender", "age=Old")["value"] == pytest.approx(own - rest)


def test_the_protocol_is_seen_even_where_only_an_intersection_is_asked_for() -> None:
    """Sensitive attributes are compared with each other whatever `by` says."""
    age = np.repeat(["Young", "Old"], 400)
    gender = np.where(age == "Young", "Unknown", "F")
    rows = {"image_id": [f"i{i}" for i in range(800)], "gender": gender, "age": age}
    found = annotation(annotated(rows, [GENDER, AGE]), [("gender", "age")], AuditConfig()).frame
    assert row(found, "missing_rate", "gender", "age=Young")["status"] == "structural"


def test_overall_is_measured_once(table: pd.DataFrame) -> None:
    """Slicing by several attributes does not repeat the numbers of all annotations."""
    found = annotation(annotated(PEOPLE), [("gender",), ("age",)], AuditConfig()).frame
    overall = found[found["slice"] == "overall"]
    assert not overall.duplicated(["metric", "subject"]).any()
