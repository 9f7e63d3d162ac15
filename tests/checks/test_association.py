"""Findings about what goes together: severity needs a large effect and evidence for it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.datasets import AGE, GENDER, annotated
from toolkit.config import AuditConfig
from toolkit.model.attribute import Attribute
from toolkit.model.finding import Finding, Severity
from toolkit.pipeline import run

LABELS = ["image_id", "label", "confidence"]


def found(code: str, dataset: object, by: list[object], **association: object) -> list[Finding]:
    """Audit a dataset and return the findings of one code."""
    record = run(dataset, by, AuditConfig.of({"association": association}))  # type: ignore[arg-type]
    return [finding for finding in record.found if finding.code == code]


def with_dogs(n: int, of_f: float, of_m: float) -> object:
    """Return n images of each gender, on so many of which is a dog."""
    people = pd.DataFrame({"image_id": [f"i{i}" for i in range(2 * n)]})
    people["gender"] = ["F"] * n + ["M"] * n
    share = np.where(people.index < n, of_f, of_m)
    dogs = people[(people.index % n) / n < share]
    labels = [(i, "Dog", 1.0) for i in dogs["image_id"]]
    labels += [(i, "Tree", 1.0) for i in people["image_id"]]
    return annotated(people, [GENDER], image_labels=pd.DataFrame(labels, columns=LABELS))


def test_a_sure_gap_is_a_warning_that_names_both_groups() -> None:
    """Dogs on 80 % of F's images and 10 % of M's."""
    (finding,) = found("ASC002", with_dogs(200, 0.8, 0.1), ["gender"])
    assert (finding.severity, finding.subject, finding.slice) == (
        Severity.WARNING,
        "Dog",
        "gender=F",
    )
    assert finding.n == 160
    assert finding.message.startswith("Dog goes with F (perceived gender) (nPMI 0.")
    assert "otherwise than with M (perceived gender) (nPMI -0." in finding.message
    assert finding.ci_low <= finding.value <= finding.ci_high


def test_a_small_gap_is_no_warning_however_many_images() -> None:
    """Dogs on 52 % and 48 % of 4,000 images each: sure, and a trifle."""
    assert all(
        f.severity is Severity.INFO
        for f in found("ASC002", with_dogs(4000, 0.52, 0.48), ["gender"])
    )


def test_equal_groups_are_left_in_peace() -> None:
    """The same share of dogs with both."""
    for code in ("ASC001", "ASC002", "ASC004"):
        assert not found(code, with_dogs(200, 0.5, 0.5), ["gender"])


def test_a_large_association_on_few_images_is_undecided_and_told_once_a_group() -> None:
    """Dogs on 10 of 20 images of F and on 2 of M's: nothing sure, with the number needed."""
    findings = found("ASC004", with_dogs(20, 0.5, 0.1), ["gender"])
    assert {finding.slice for finding in findings} <= {"gender=F", "gender=M"}
    assert findings
    for finding in findings:
        assert finding.severity is Severity.INFO
        assert "Inconclusive, n needed about" in finding.message
        assert "too few images to tell: 1 label. " in finding.message
    assert not found("ASC004", with_dogs(200, 0.8, 0.1), ["gender"])


def boxes(n: int, agree: float, seed: int = 0) -> pd.DataFrame:
    """Return n images with one box each, whose age goes with gender on a part of them."""
    rng = np.random.default_rng(seed)
    gender = rng.choice(["F", "M"], n)
    age = np.where(
        rng.random(n) < agree,
        np.where(gender == "F", "Young", "Old"),
        rng.choice(["Young", "Old"], n),
    )
    return pd.DataFrame({"image_id": [f"i{i}" for i in range(n)], "gender": gender, "age": age})


@pytest.mark.parametrize(
    ("n", "agree", "severity", "said"),
    [
        (600, 0.9, Severity.WARNING, "Cramér's V 0."),
        (4000, 0.2, Severity.INFO, "Cramér's V 0."),
        (24, 0.5, Severity.INFO, "Inconclusive, n needed about"),
    ],
)
def test_attributes_that_go_together_are_told_with_their_strongest_values(
    n: int, agree: float, severity: Severity, said: str
) -> None:
    """Nearly the same is a warning, a weak relation is told, and few boxes leave it undecided."""
    dataset = annotated(boxes(n, agree), [GENDER, AGE])
    (finding,) = found("ASC003", dataset, [("gender", "age")])
    assert finding.severity is severity
    assert said in finding.message
    assert finding.message.startswith("perceived gender × perceived age go together")
    assert finding.slice.startswith("gender=")
    assert " & age=" in finding.slice


def test_a_rare_value_of_one_group_alone_is_a_warning() -> None:
    """A lighting that only F has, on three of five boxes."""
    frame = boxes(2000, 0.0)
    frame["light"] = np.where((frame["gender"] == "F") & (frame.index % 5 < 3), "dim", "bright")
    light = Attribute("light", "annotations")
    (finding,) = found(
        "ASC003", annotated(frame, [GENDER, light]), ["gender"], attributes=["light"]
    )
    assert finding.slice in {"gender=F & light=dim", "gender=M & light=dim"}
    assert finding.severity is Severity.WARNING


def test_unrelated_attributes_are_left_in_peace() -> None:
    """Thousands of boxes, and no relation."""
    dataset = annotated(boxes(3000, 0.0), [GENDER, AGE])
    assert not found("ASC003", dataset, [("gender", "age")])
