"""Representation: shares, references, balance, and combinations that cannot occur."""

import json
import math
from pathlib import Path
from typing import Any

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


def published(shared_data: Path) -> dict[str, Any]:
    """Return a published table of nine people with its numbers."""
    cases: dict[str, Any] = json.loads((shared_data / "reference_cases.json").read_text())
    found: dict[str, Any] = cases["R3_synapse_small"]
    return found


def of_people(case: dict[str, Any], column: int) -> pd.DataFrame:
    """Measure a column of the published table, each person on an image."""
    who = Attribute("who", "annotations")
    values = [row[column] for row in case["rows"]]
    frame = pd.DataFrame({"who": values, "image_id": [f"i{i}" for i in range(len(values))]})
    config = AuditConfig.of({"representation": {"atkinson": [0.9, 1.0]}})
    return representation(annotated(frame, [who]), [("who",)], config).frame


@pytest.mark.parametrize(("column", "name"), [(1, "gender"), (2, "ethnicity")])
def test_the_published_distances_are_reproduced(shared_data: Path, column: int, name: str) -> None:
    """The distances from equal shares of SynapseML's table, JS squared from its root."""
    case = published(shared_data)
    found = numbers(of_people(case, column), "representation.divergence")
    expected = case[name]
    assert found["who: kl"] == pytest.approx(expected["kl"])
    assert found["who: js"] == pytest.approx(expected["js_dist_nats"] ** 2)
    assert found["who: total_variation"] == pytest.approx(expected["tvd"])
    assert found["who: ks"] == pytest.approx(expected["inf"])
    assert 9 * found["who: chi_square"] == pytest.approx(expected["chi2"])


def test_the_published_inequality_is_reproduced(shared_data: Path) -> None:
    """Atkinson's and Theil's indices of SynapseML's table, with intervals that hold them."""
    case = published(shared_data)
    table = of_people(case, 1)
    found = numbers(table, "representation.inequality")
    for ours, theirs in (
        ("atkinson_1", "atkinson_1"),
        ("atkinson_0.9", "atkinson_0.9"),
        ("theil_l", "theil_l"),
        ("theil_t", "theil_t"),
    ):
        assert found[f"who: {ours}"] == pytest.approx(case["agg_gender"][theirs])
    rows = table[table["metric"] == "representation.inequality"]
    assert (rows["ci_low"] >= 0).all()
    assert (rows["ci_high"] > rows["value"]).all()


def test_diversity_is_that_of_its_definitions(table: pd.DataFrame) -> None:
    """30% and 70%: scipy's entropy, the chance that two differ, and 1 over its complement."""
    found = numbers(table, "representation.diversity")
    assert found["gender: shannon_entropy"] == pytest.approx(scipy_stats.entropy([0.3, 0.7]))
    assert found["gender: simpson"] == pytest.approx(2 * 0.3 * 0.7)
    assert found["gender: effective_number"] == pytest.approx(1 / (0.09 + 0.49))
    most = numbers(table, "representation.diversity", "reference")
    assert most["gender: effective_number"] == 2


def test_class_imbalance_is_the_published_one(shared_data: Path) -> None:
    """Clarify's table of seven and five has 1/6 between them, and Wilson's interval of 7/12."""
    case = json.loads((shared_data / "reference_cases.json").read_text())["R1_clarify_unit"]
    who = Attribute("who", "annotations", ("M", "F"))
    frame = pd.DataFrame({"who": case["x"], "image_id": [f"i{i}" for i in range(12)]})
    found = representation(annotated(frame, [who]), [("who",)], AuditConfig()).frame
    row = found[found["metric"] == "representation.class_imbalance"].iloc[0]
    assert row["subject"] == "who: M − F"
    assert row["value"] == pytest.approx(case["expected"]["CI"])
    ends = wilson(case["x"].count("M"), 12)
    assert row["ci_low"] == pytest.approx(2 * ends.low - 1)
    assert row["ci_high"] == pytest.approx(2 * ends.high - 1)


def test_values_that_only_one_side_has_stay_in() -> None:
    """Data x, y against a reference of x, z: a tool that drops what is not common finds 0."""
    who = Attribute("who", "annotations", ("x", "y", "z"), reference={"x": 0.5, "z": 0.5})
    frame = pd.DataFrame(
        {"who": ["x"] * 50 + ["y"] * 50, "image_id": [f"i{i}" for i in range(100)]}
    )
    table = representation(annotated(frame, [who]), [("who",)], AuditConfig()).frame
    found = numbers(table, "representation.divergence")
    assert found["who: total_variation"] == found["who: ks"] == 0.5
    assert found["who: js"] == pytest.approx(0.34657359)
    assert found["who: kl"] == math.inf
    assert numbers(table, "representation.imbalance")["who"] == math.inf


def test_exactly_at_the_reference_there_is_still_doubt() -> None:
    """50 and 50 may come from a population that is not even: no interval is without width."""
    table = representation(
        annotated(one_person_an_image({("F", "Old"): 50, ("M", "Old"): 50}), [GENDER]),
        [("gender",)],
        AuditConfig(),
    ).frame
    rows = table[table["metric"].isin(["representation.divergence", "representation.inequality"])]
    assert (rows["value"].abs() < 1e-12).all()
    assert (rows["ci_high"] > 1e-4).all()
    high = numbers(table, "representation.divergence", "ci_high")["gender: total_variation"]
    assert high == pytest.approx(0.098, abs=0.01)


def test_only_values_in_an_order_are_a_distance_apart() -> None:
    """Young, middle and old moved by one step are scipy's distance of one."""
    ages = {"young": 60, "middle": 30, "old": 10}
    rows = [age for age, n in ages.items() for _ in range(n)]
    frame = pd.DataFrame({"age": rows, "image_id": [f"i{i}" for i in range(100)]})
    for ordered in (True, False):
        age = Attribute("age", "annotations", tuple(ages), ordered=ordered)
        table = representation(annotated(frame, [age]), [("age",)], AuditConfig()).frame
        found = numbers(table, "representation.divergence")
        assert ("age: wasserstein" in found) == ordered
        if ordered:
            expected = scipy_stats.wasserstein_distance(range(3), range(3), [6, 3, 1], [1, 1, 1])
            assert found["age: wasserstein"] == pytest.approx(expected)


def test_results_do_not_depend_on_the_order_of_rows() -> None:
    """Every digit is the same for shuffled rows."""
    frame = one_person_an_image({("F", "Old"): 40, ("M", "Old"): 25, ("M", "Young"): 35})
    first = representation(annotated(frame), BY, AuditConfig()).frame
    shuffled = frame.sample(frac=1, random_state=0)
    pd.testing.assert_frame_equal(
        first, representation(annotated(shuffled), BY, AuditConfig()).frame, check_exact=True
    )
