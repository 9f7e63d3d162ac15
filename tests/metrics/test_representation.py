"""Representation: shares, references, balance, and combinations that cannot occur."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats as scipy_stats

from tests.datasets import AGE, GENDER, annotated
from toolkit.config import AuditConfig
from toolkit.metrics.representation import representation
from toolkit.model.attribute import Attribute
from toolkit.stats.intervals import wilson

BY = (("gender",), ("age",), ("gender", "age"))


def one_person_an_image(counts: dict[tuple[str | None, str | None], int]) -> pd.DataFrame:
    """Return boxes, each on its own image, with so many of each gender and age."""
    rows = [pair for pair, number in counts.items() for _ in range(number)]
    frame = pd.DataFrame(rows, columns=["gender", "age"])
    return frame.assign(image_id=[f"i{i}" for i in range(len(frame))])


def numbers(table: pd.DataFrame, metric: str, column: str = "value") -> dict[str, float]:
    """Return a column of one metric by slice, or by subject where there is one."""
    rows = table[table["metric"] == metric]
    keys = rows["subject"].where(rows["subject"] != "", rows["slice"])
    return dict(zip(keys, rows[column], strict=True))


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Measure 1,000 people of whom no young one's gender was ever asked."""
    people = {
        ("F", "Old"): 150,
        ("M", "Old"): 350,
        ("Unknown", "Old"): 50,
        ("Unknown", "Young"): 300,
        (None, "Unknown"): 150,
    }
    dataset = annotated(one_person_an_image(people))
    return representation(dataset, BY, AuditConfig()).frame


def test_shares_of_all_units_sum_to_one_with_the_unknown_as_groups(table: pd.DataFrame) -> None:
    """Nobody is dropped: Unknown and null have rows of their own."""
    shares = numbers(table, "representation.share")
    genders = {name: share for name, share in shares.items() if "age" not in name}
    assert genders == pytest.approx(
        {"gender=F": 0.15, "gender=M": 0.35, "gender=Unknown": 0.35, "gender=(missing)": 0.15}
    )


def test_with_one_unit_an_image_the_interval_is_wilsons(table: pd.DataFrame) -> None:
    """Without clustering the design effect is 1 but for the m/(m-1) of the variance."""
    rows = table[(table["metric"] == "representation.share") & (table["slice"] == "gender=F")]
    exact = wilson(150, 1000)
    assert rows["ci_low"].item() == pytest.approx(exact.low, abs=1e-4)
    assert rows["ci_high"].item() == pytest.approx(exact.high, abs=1e-4)
    assert (rows["n"].item(), rows["n_images"].item()) == (150, 150)


def test_the_known_are_held_against_equal_shares(table: pd.DataFrame) -> None:
    """Without a declared reference each declared value should have the same share."""
    assert numbers(table, "representation.share_of_known")["gender=F"] == pytest.approx(0.3)
    assert numbers(table, "representation.share_of_known", "reference")["gender=F"] == 0.5
    assert numbers(table, "representation.ratio")["gender=F"] == pytest.approx(0.6)


def test_combinations_that_the_protocol_rules_out_are_structural(table: pd.DataFrame) -> None:
    """Young people's gender is never asked: no share of them can be compared."""
    status = numbers(table, "representation.share", "status")
    assert status["gender=F & age=Young"] == status["gender=M & age=Young"] == "structural"
    assert status["gender=F & age=Old"] == "ok"
    references = numbers(table, "representation.share_of_known", "reference")
    assert references["gender=F & age=Young"] == 0
    assert references["gender=F & age=Old"] == 0.5
    assert numbers(table, "representation.ratio", "status")["gender=F & age=Young"] == "structural"


def test_balance_in_single_numbers_agrees_with_scipy(table: pd.DataFrame) -> None:
    """Entropy, Kullback-Leibler and Jensen-Shannon are scipy's."""
    p, q = np.array([0.3, 0.7]), np.array([0.5, 0.5])
    evenness = numbers(table, "representation.evenness")
    assert evenness["gender"] == pytest.approx(scipy_stats.entropy(p, base=2))
    assert numbers(table, "representation.imbalance")["gender"] == pytest.approx(7 / 3)
    divergence = numbers(table, "representation.divergence")
    assert divergence["gender: kl"] == pytest.approx(scipy_stats.entropy(p, q))
    assert divergence["gender: total_variation"] == pytest.approx(0.2)


def test_every_number_has_an_interval_that_contains_it(table: pd.DataFrame) -> None:
    """No figure stands without its uncertainty."""
    values = table[table["value"].notna()]
    assert (values["ci_low"] <= values["value"] + 1e-12).all()
    assert (values["ci_high"] >= values["value"] - 1e-12).all()


def test_a_declared_reference_replaces_equal_shares() -> None:
    """A value the reference does not name has share 0 and no ratio."""
    gender = Attribute("gender", "annotations", ("F", "M", "X"), reference={"F": 0.25, "M": 0.75})
    dataset = annotated(one_person_an_image({("F", "Old"): 30, ("M", "Old"): 70}), [gender])
    table = representation(dataset, [("gender",)], AuditConfig()).frame
    assert numbers(table, "representation.ratio")["gender=F"] == pytest.approx(1.2)
    assert math.isnan(numbers(table, "representation.ratio")["gender=X"])
    assert numbers(table, "representation.ratio", "status")["gender=X"] == "undefined"


def test_a_group_nobody_belongs_to_is_a_row_with_an_upper_bound() -> None:
    """0 of 50 is a share of 0 with an interval, not a missing row."""
    dataset = annotated(one_person_an_image({("M", "Old"): 50}), [GENDER])
    table = representation(dataset, [("gender",)], AuditConfig()).frame
    row = table[(table["metric"] == "representation.share") & (table["slice"] == "gender=F")]
    assert row["value"].item() == 0
    assert 0.02 < row["ci_high"].item() < 0.15
    assert row["status"].item() == "small"


def test_attributes_of_images_count_images() -> None:
    """The unit of a split is the image, and no second share of images is given."""
    images = pd.DataFrame({"image_id": list("abcd"), "split": ["train"] * 3 + ["test"]})
    split = Attribute("split", "images")
    dataset = annotated({"image_id": ["a"]}, [split], images=images)
    table = representation(dataset, [("split",)], AuditConfig()).frame
    assert set(table["unit"]) == {"image"}
    assert numbers(table, "representation.share")["split=train"] == 0.75
    assert "representation.image_share" not in set(table["metric"])


def test_two_boxes_an_image_widen_the_interval() -> None:
    """The same people in pairs on half the images tell less than on images of their own."""
    alone = one_person_an_image({("F", "Old"): 200, ("M", "Old"): 200})
    pairs = alone.assign(image_id=[f"i{i // 2}" for i in range(len(alone))])

    def width(frame: pd.DataFrame) -> float:
        found = representation(annotated(frame, [GENDER, AGE]), [("gender",)], AuditConfig()).frame
        row = found[(found["metric"] == "representation.share") & (found["slice"] == "gender=F")]
        return float(row["ci_high"].item() - row["ci_low"].item())

    assert width(pairs) / width(alone) == pytest.approx(math.sqrt(2), rel=0.01)
