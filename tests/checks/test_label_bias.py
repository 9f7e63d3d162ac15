"""Tests of the finding about outcomes that differ between groups."""

import numpy as np
import pandas as pd
import pytest

from tests.datasets import annotated
from toolkit import pipeline
from toolkit.config import AuditConfig
from toolkit.model.attribute import Attribute
from toolkit.model.finding import Finding, Severity

GENDER = Attribute("gender", "annotations", ("F", "M"), basis="perceived", sensitive=True)
POSE = Attribute("pose", "annotations", basis="perceived")


def found(shares: dict[str, float], n: int, outcomes: list[str] | None = None) -> list[Finding]:
    """Audit n people a gender of whom these shares sit, spread evenly over the images."""
    rows = [
        (gender, "sitting" if i < round(share * n) else "standing", f"{gender}{i}")
        for gender, share in shares.items()
        for i in range(n)
    ]
    frame = pd.DataFrame(rows, columns=["gender", "pose", "image_id"])
    config = AuditConfig.of({"label_bias": {"outcomes": outcomes}})
    record = pipeline.run(annotated(frame, [GENDER, POSE]), ["gender"], config)
    return [finding for finding in record.found if finding.code == "ASC010"]


@pytest.mark.parametrize(
    ("shares", "n", "severity"),
    [
        ({"F": 0.5, "M": 0.3}, 1000, Severity.WARNING),
        (
            {"F": 0.12, "M": 0.03},
            3000,
            Severity.WARNING,
        ),  # four times as often
        ({"F": 0.58, "M": 0.5}, 3000, Severity.INFO),
        ({"F": 0.52, "M": 0.5}, 100_000, None),  # sure, and a trifle
        ({"F": 0.6, "M": 0.4}, 20, Severity.INFO),  # large, and not shown
        ({"F": 0.5, "M": 0.5}, 3000, None),
    ],
)
def test_severity_needs_a_large_effect_and_evidence(
    shares: dict[str, float], n: int, severity: Severity | None
) -> None:
    """A huge number does not make a trifle grave, nor a small one a chance difference sure."""
    findings = found(shares, n)
    assert (findings[0].severity if findings else None) is severity


def test_the_sentence_says_who_how_many_and_how_sure() -> None:
    """The value, the group in the words of the data, n, the difference and its interval."""
    more = next(f for f in found({"F": 0.5, "M": 0.3}, 1000) if f.value > 0 and "sit" in f.subject)
    assert more.slice == "gender=F"
    assert more.message.startswith(
        "perceived pose=sitting: 50.0% of F (perceived gender) (n=1,000), 20.0 points more than "
        "the others (95% interval 15.8 to 24.1)."
    )
    assert np.isclose(more.effect, more.ci_low)


def test_a_difference_is_said_once_for_each_value() -> None:
    """Women sit more often and men stand more often; that they do the other less often follows."""
    findings = found({"F": 0.5, "M": 0.3}, 1000)
    assert [(f.subject, f.slice) for f in findings] == [
        ("pose=sitting", "gender=F"),
        ("pose=standing", "gender=M"),
    ]


def test_a_small_number_does_not_hide_a_large_effect() -> None:
    """What 20 people of each gender cannot show is called inconclusive, with the number needed."""
    (sitting, standing) = found({"F": 0.6, "M": 0.4}, 20)
    assert sitting.message.endswith("Inconclusive, n needed about 150.")
    assert (sitting.slice, standing.slice) == ("gender=F", "gender=M")
    assert sitting.effect == 0


def test_outcomes_can_be_left_out() -> None:
    """An empty list of outcomes measures none."""
    assert not found({"F": 0.5, "M": 0.3}, 1000, [])
