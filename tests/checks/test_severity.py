"""Severity needs both a large effect and evidence for it, in every rule that compares groups."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import pytest

from tests.datasets import AGE, GENDER
from toolkit.checks import RULES, Measured
from toolkit.config import AuditConfig
from toolkit.model.finding import Finding, Severity
from toolkit.model.slices import SliceTable, Status

GROUP = "gender=F"
PAIR = f"{GROUP} & age=Old"
BOTH = [("Dog", GROUP), ("Dog", "gender=M")]
ROWS = {
    "ASC002": {"gap": [("Dog: npmi against gender=M", GROUP)], "npmi": BOTH, "lift": BOTH},
    "ASC003": {
        "table": [("gender & age: Cramér's V", "overall")],
        "attributes": [(name, PAIR) for name in ("observed", "lift", "conservative_lift")],
    },
    "ASC020": {key: [("age=child", GROUP)] for key in ("word_rate", "word_gap", "word_ratio")},
    "ANN030": {key: [("box_area", GROUP)] for key in ("area_ratio", "mean")},
    "ANN031": {"mean_gap": [("box_x_center", GROUP)]},
}
"""The subjects and slices of the tables of those rules that look for certain ones."""
Numbers = tuple[float, float, float]
"""Value and interval."""


def found(code: str, n: int, q_value: float, **tables: Numbers) -> list[Finding]:
    """Return what a rule finds in tables with these numbers, by the last part of their names."""
    rule = RULES[code]
    status = Status.SMALL if n < 30 else Status.OK
    common = {"n": n, "n_images": n, "q_value": q_value, "status": status, "reference": 0.5}
    frames: dict[str, pd.DataFrame] = {}
    for metric in rule.needs:
        name = metric.partition(".")[2]
        value, low, high = tables[name]
        numbers: Mapping[str, object] = {"value": value, "ci_low": low, "ci_high": high}
        rows = ROWS.get(code, {}).get(name, [("Dog", GROUP)])
        subjects, slices = zip(*rows, strict=True)
        names = {"metric": metric, "subject": subjects, "slice": slices}
        frames[metric] = SliceTable.of({**names, **common, **numbers}).frame
    attributes = {"gender": GENDER, "age": AGE}
    return list(rule().find(Measured(frames, attributes, AuditConfig())))


TRIFLE = (0.01, 0.009, 0.011)
TRIFLES = {
    "REP001": {"share_of_known": (0.499, 0.4989, 0.4991), "ratio": (0.998, 0.9978, 0.9982)},
    "ANN006": {"missing_rate": (0.3, 0.29, 0.31), "missing_gap": (0.01, 0.009, 0.011)},
    "ANN007": {"rate": (0.3, 0.29, 0.31), "rate_gap": (0.01, 0.009, 0.011)},
    "ANN030": {"area_ratio": (0.97, 0.96, 0.98), "mean": (0.1, 0.09, 0.11)},
    "ANN031": {"mean_gap": (-0.01, -0.011, -0.009)},
    "ASC002": {"gap": TRIFLE, "npmi": TRIFLE, "lift": (1.02, 1.01, 1.03)},
    "ASC003": {"table": TRIFLE, "attributes": (1.02, 1.01, 1.03)},
    "ASC010": {"rate": (0.3, 0.29, 0.31), "difference": TRIFLE, "ratio": (1.03, 1.02, 1.04)},
    "ASC020": {
        "word_rate": (0.3, 0.29, 0.31),
        "word_gap": TRIFLE,
        "word_ratio": (1.03, 1.02, 1.04),
    },
}
LARGE = {
    "ANN006": {"missing_rate": (0.5, 0.25, 0.75), "missing_gap": (0.3, 0.01, 0.55)},
    "ANN007": {"rate": (0.5, 0.25, 0.75), "rate_gap": (0.3, -0.02, 0.55)},
    "ANN030": {"area_ratio": (0.4, 0.15, 1.1), "mean": (0.1, 0.05, 0.15)},
    "ANN031": {"mean_gap": (-0.3, -0.55, -0.05)},
    "ASC003": {"table": (0.5, 0.0, 0.8), "attributes": (3.0, 0.8, 11.0)},
    "ASC010": {"rate": (0.5, 0.25, 0.75), "difference": (0.3, 0.0, 0.6), "ratio": (2.5, 0.9, 7.0)},
}
SURE = {
    **{code: dict.fromkeys(LARGE[code], (0.3, 0.25, 0.35)) for code in LARGE},
    "ASC002": dict.fromkeys(("gap", "npmi", "lift"), (0.3, 0.25, 0.35)),
    "ASC003": {"table": (0.5, 0.45, 0.55), "attributes": (3.0, 2.5, 3.5)},
    "ASC020": {
        "word_rate": (0.3, 0.25, 0.35),
        "word_gap": (0.2, 0.15, 0.25),
        "word_ratio": (3.0, 2.5, 3.5),
    },
}
"""Large effects whose whole interval is large."""


@pytest.mark.parametrize("code", TRIFLES)
def test_a_huge_number_does_not_make_a_trifle_a_warning(code: str) -> None:
    """Ten million units with a corrected p-value of 0 and hardly any effect."""
    findings = found(code, 10**7, 0.0, **TRIFLES[code])
    assert all(finding.severity is Severity.INFO for finding in findings)


@pytest.mark.parametrize("code", LARGE)
def test_a_small_number_does_not_hide_a_large_effect(code: str) -> None:
    """A gap of 30 points among 12 is told as undecided, with the number that would decide it."""
    (finding,) = found(code, 12, 0.2, **LARGE[code])
    assert finding.severity is Severity.INFO
    assert "Inconclusive, n needed about" in finding.message


@pytest.mark.parametrize("code", SURE)
def test_an_interval_of_few_units_is_not_trusted(code: str) -> None:
    """Twelve units make no warning, whatever their interval and p-value say."""
    findings = found(code, 12, 1e-9, **SURE[code])
    assert all(finding.severity is Severity.INFO for finding in findings)


@pytest.mark.parametrize("code", SURE)
def test_a_sure_large_effect_is_a_warning(code: str) -> None:
    """The whole interval lies beyond the bound, and nothing is called inconclusive."""
    (finding,) = found(code, 5000, 1e-9, **SURE[code])
    assert finding.severity is Severity.WARNING
    assert "nconclusive" not in finding.message


def test_the_number_needed_finds_the_gap_four_times_in_five() -> None:
    """At the n named, a gap as large as seen exceeds 5 points with 80% power, by statsmodels."""
    from statsmodels.stats.power import normal_power_het

    tables = {"rate": (0.5, 0.25, 0.75), "rate_gap": (0.3, -0.02, 0.62)}
    (finding,) = found("ANN007", 12, 0.2, **tables)
    n = int(finding.message.split("about ")[1].strip("."))
    se_at_12 = 0.32 / 1.959964
    power = normal_power_het(0.25, n, 0.05, std_null=se_at_12 * 12**0.5, alternative="two-sided")
    assert power == pytest.approx(0.8, abs=0.05)


def test_enough_units_for_one_test_are_not_called_needed() -> None:
    """Where only the correction for many tests stands in the way, no smaller n is named."""
    tables = {"rate": (0.5, 0.4, 0.6), "rate_gap": (0.3, 0.2, 0.4)}
    (finding,) = found("ANN007", 400, 0.06, **tables)
    assert finding.message.endswith("Inconclusive.")
