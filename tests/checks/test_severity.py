"""Severity needs both a large effect and evidence for it, in every rule that compares groups."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import pytest

from tests.datasets import GENDER
from toolkit.checks import RULES, Measured
from toolkit.config import AuditConfig
from toolkit.model.finding import Finding, Severity
from toolkit.model.slices import SliceTable, Status

GROUP = "gender=F"
Numbers = tuple[float, float, float]
"""Value and interval."""


def found(code: str, n: int, q_value: float, **tables: Numbers) -> list[Finding]:
    """Return what a rule finds in tables of one row each, by the last part of their names."""
    rule = RULES[code]
    status = Status.SMALL if n < 30 else Status.OK
    common = {"slice": GROUP, "n": n, "n_images": n, "q_value": q_value, "status": status}
    frames: dict[str, pd.DataFrame] = {}
    for metric in rule.needs:
        value, low, high = tables[metric.partition(".")[2]]
        numbers: Mapping[str, object] = {"value": value, "ci_low": low, "ci_high": high}
        row = {"metric": metric, "subject": "Dog", "reference": 0.5, **common, **numbers}
        frames[metric] = SliceTable.of(row).frame
    return list(rule().find(Measured(frames, {"gender": GENDER}, AuditConfig())))


TRIFLES = {
    "REP001": {"share_of_known": (0.499, 0.4989, 0.4991), "ratio": (0.998, 0.9978, 0.9982)},
    "ANN006": {"missing_rate": (0.3, 0.29, 0.31), "missing_gap": (0.01, 0.009, 0.011)},
    "ANN007": {"rate": (0.3, 0.29, 0.31), "rate_gap": (0.01, 0.009, 0.011)},
}
LARGE = {
    "ANN006": {"missing_rate": (0.5, 0.25, 0.75), "missing_gap": (0.3, 0.01, 0.55)},
    "ANN007": {"rate": (0.5, 0.25, 0.75), "rate_gap": (0.3, -0.02, 0.55)},
}


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


@pytest.mark.parametrize("code", LARGE)
def test_a_sure_large_effect_is_a_warning(code: str) -> None:
    """The whole interval lies above 10 points, and nothing is called inconclusive."""
    sure = dict.fromkeys(LARGE[code], (0.3, 0.25, 0.35))
    (finding,) = found(code, 5000, 1e-9, **sure)
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
