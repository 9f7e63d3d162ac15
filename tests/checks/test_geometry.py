"""Findings about the size and position of boxes: effect, evidence, and what depends on policy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.datasets import GENDER, annotated
from toolkit.checks import RULES, Measured
from toolkit.config import AuditConfig
from toolkit.model.finding import Finding, Severity
from toolkit.model.slices import SliceTable
from toolkit.pipeline import run

GROUP = "gender=F"


def found(
    code: str,
    metric: str,
    *rows: tuple[str, float, float, float],
    q: float = 1e-9,
    n: int = 5000,
    images: int = 5000,
) -> list[Finding]:
    """Return what a rule finds in a table with these subjects, values and intervals."""
    subject, value, low, high = zip(*rows, strict=True)
    numbers = {"n": n, "n_images": images, "slice": GROUP, "q_value": q}
    table = {"value": value, "ci_low": low, "ci_high": high, "subject": subject, **numbers}
    means = {"metric": "geometry.mean", "subject": "box_area", "value": 0.05, **numbers}
    tables = {
        metric: SliceTable.of({"metric": metric, **table}).frame,
        "geometry.mean": SliceTable.of(means).frame,
    }
    return list(RULES[code]().find(Measured(tables, {"gender": GENDER}, AuditConfig())))


@pytest.mark.parametrize(
    ("ratio", "q", "severity"),
    [
        ((0.4, 0.35, 0.45), 1e-9, Severity.WARNING),
        ((0.6, 0.55, 0.65), 1e-9, Severity.INFO),
        ((0.9, 0.89, 0.91), 0.0, None),
        ((1.6, 1.5, 1.7), 0.0, None),
        ((0.6, 0.35, 0.85), 0.01, None),
        ((0.4, 0.1, 1.2), 0.3, Severity.INFO),
        ((0.4, 0.35, 0.45), 0.2, Severity.INFO),
    ],
)
def test_smaller_boxes_need_effect_and_evidence(
    ratio: tuple[float, float, float], q: float, severity: Severity | None
) -> None:
    """Only a sure and large difference is a warning; one that is not sure is inconclusive."""
    findings = found("ANN030", "geometry.area_ratio", ("box_area", *ratio), q=q)
    assert [f.severity for f in findings] == ([severity] if severity else [])
    undecided = q >= 0.05 or ratio[2] >= 0.8
    assert all(("nconclusive" in f.message) == undecided for f in findings)


def test_the_sentence_says_what_another_policy_would_give() -> None:
    """A reader sees at once that the ratio hangs on the boxes of groups."""
    rows = ("box_area", 0.6, 0.55, 0.65), ("box_area (group boxes in)", 0.96, 0.91, 1.01)
    (finding,) = found("ANN030", "geometry.area_ratio", *rows)
    assert finding.message == (
        "A box of F (perceived gender) covers 5.0% of the image on average (n=5,000), 0.6× the "
        "area of the others' (95% interval 0.55 to 0.65; with group boxes in 0.96×)."
    )


def test_a_ratio_of_nothing_is_inconclusive_without_a_number() -> None:
    """Flat boxes have no area; how many more would decide it cannot be said."""
    (finding,) = found("ANN030", "geometry.area_ratio", ("box_area", 0.0, 0.0, np.nan), q=np.nan)
    assert finding.message.endswith("Inconclusive.")
    assert finding.effect == 0


@pytest.mark.parametrize(
    ("gap", "severity", "words"),
    [
        ((0.2, 0.15, 0.25), Severity.WARNING, "20.0% of the height lower"),
        ((-0.07, -0.08, -0.06), Severity.INFO, "7.0% of the height higher"),
        ((0.06, 0.01, 0.11), None, ""),
        ((-0.2, -0.42, 0.02), Severity.INFO, "interval -2.0% to 42.0%). Inconclusive, n needed"),
    ],
)
def test_boxes_that_lie_elsewhere_are_found_in_both_directions(
    gap: tuple[float, float, float], severity: Severity | None, words: str
) -> None:
    """The whole interval beyond a tenth of the side is a warning, beyond a twentieth is told.

    Of a gap that is not sure, the interval is given in the direction of the gap.
    """
    findings = found("ANN031", "geometry.mean_gap", ("box_y_center", *gap))
    assert [f.severity for f in findings] == ([severity] if severity else [])
    assert all(words in f.message for f in findings)


@pytest.mark.parametrize(("n", "images"), [(13, 13), (400, 5)])
@pytest.mark.parametrize(
    ("code", "row"),
    [
        ("ANN030", ("geometry.area_ratio", ("box_area", 0.4, 0.35, 0.45))),
        ("ANN031", ("geometry.mean_gap", ("box_x_center", -0.2, -0.25, -0.15))),
    ],
)
def test_few_boxes_or_images_show_nothing(
    code: str, row: tuple[str, tuple[str, float, float, float]], n: int, images: int
) -> None:
    """However sure the interval seems: its error is itself estimated from few images."""
    (finding,) = found(code, *row, n=n, images=images)
    assert finding.severity is Severity.INFO
    assert "Inconclusive" in finding.message


def test_a_planted_difference_is_found_and_an_equal_one_is_not() -> None:
    """In a whole audit, feminine boxes of a quarter of the area give one finding each way."""
    rng = np.random.default_rng(0)
    gender = rng.choice(["F", "M"], 800)
    side = np.where(gender == "F", 0.2, 0.4) * (0.8 + 0.4 * rng.random(800))
    left = 0.5 - side / 2
    corners = {"x_min": left, "y_min": left, "x_max": left + side, "y_max": left + side}
    frame = pd.DataFrame({"image_id": [f"i{i // 2}" for i in range(800)], "gender": gender})
    record = run(annotated(frame.assign(**corners), [GENDER]), ["gender"])
    codes = [(f.code, f.slice, f.severity) for f in record.found if f.code.startswith("ANN03")]
    assert codes == [("ANN030", GROUP, Severity.WARNING)]
