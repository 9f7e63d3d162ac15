"""What became of findings, and which settings and samples stand behind a comparison."""

import json
from dataclasses import replace

import pytest

from tests.audits import record_of, shares_of
from toolkit.comparison import compare, to_markdown
from toolkit.model.attribute import Attribute
from toolkit.model.finding import Finding, Severity

RATE = "annotation.rate"


def finding(value=0.1, effect=0.1, severity=Severity.WARNING, code="ANN007", n=2000):
    """Return a finding on a rate of the group x."""
    numbers = (n, value, value - 0.01, value + 0.01, 0.05)
    return Finding(code, severity, "", "g=x", *numbers, f"The rate is {value}.", effect)


def course(first, second):
    """Return the course of the only finding of two audits, whose rates are those found."""
    sides = [
        record_of(shares_of(RATE, {"g=x": (round(f.value * f.n), f.n)}), found=[f] * shown)
        for f, shown in (first, second)
    ]
    (row,) = compare(*sides).findings.itertuples()
    return row.course, row.outcome


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((finding(), 0), (finding(), 1), ("appeared", "no change shown")),
        ((finding(), 1), (finding(), 0), ("vanished", "no change shown")),
        ((finding(), 1), (finding(), 1), ("unchanged", "no change shown")),
        ((finding(), 1), (finding(0.2, 0.2), 1), ("got worse", "grew")),
        ((finding(0.2, 0.2), 1), (finding(), 1), ("got better", "shrank")),
        ((finding(), 1), (finding(0.101, 0.101), 1), ("unchanged", "no change shown")),
        ((finding(0.2, 0.1), 1), (finding(0.1, 0.2), 1), ("got worse", "shrank")),
        (
            (finding(), 1),
            (finding(severity=Severity.ERROR), 1),
            ("got worse", "no change shown"),
        ),
        (
            (finding(), 1),
            (finding(severity=Severity.INFO), 1),
            ("got better", "no change shown"),
        ),
    ],
)
def test_the_course_of_a_finding(first, second, expected):
    """By severity, else by its effect where a change of its number is shown."""
    assert course(first, second) == expected


def test_findings_named_alike_are_told_apart():
    """Two of one code, subject and slice meet two, and a third one appeared."""
    twice = record_of(found=[finding(), finding()])
    thrice = record_of(found=[finding(), finding(), finding()])
    assert compare(twice, thrice).findings["course"].tolist() == ["appeared", *["unchanged"] * 2]


def test_settings_that_differ_are_said_first():
    """Another limit, reference or slicing is named with both values; the same ones are not."""
    a = record_of(
        shares_of("representation.share", {"g=x": (40, 90)}),
        attributes=[Attribute("g", "annotations", ("x", "y"))],
        config={"slices": {"min_n": 30, "confidence": 0.95}, "dataset": {"path": "a"}},
    )
    b = replace(
        a,
        attributes=(replace(a.attributes[0], reference={"x": 0.5, "y": 0.5}),),
        config={"slices": {"min_n": 10, "confidence": 0.95}, "dataset": {"path": "b"}},
    )
    found = compare(a, b).settings
    assert found.to_dict("list") == {
        "setting": ["slices.min_n", "reference of g"],
        "a": ["30", "{}"],
        "b": ["10", '{"x": 0.5, "y": 0.5}'],
    }
    text = to_markdown(compare(a, b))
    assert text.index("slices.min\\_n: 30 → 10") < text.index("## Findings")
    assert compare(a, a).settings.empty


def test_assumptions_are_said():
    """That samples are independent, that files are shared, and that intervals were stretched."""
    a = record_of(files={"a.csv": "00ff"}, config={"slices": {"confidence": 0.95}})
    b = record_of(files={"b.csv": "00ff"}, config={"slices": {"confidence": 0.9}})
    independent, same, stretched = compare(a, b).notes
    assert "independent samples" in independent
    assert "b.csv" in same
    assert "90% to the 95%" in stretched
    assert len(compare(a, a).notes) == 2


def test_the_json_is_strict():
    """No NaN or infinity is written, and everything is in it."""
    a = record_of(shares_of(RATE, {"g=x": (0, 90), "g=y": (3, 90)}, status=["ok", "small"]))
    body = json.loads(compare(a, a).to_json(), parse_constant=pytest.fail)
    assert [row["slice"] for row in body["changes"]] == ["g=x", "g=y"]
    assert body["changes"][1]["reason"] == "small in a"


def test_audits_of_nothing_can_be_compared():
    """Two empty records differ in nothing."""
    found = compare(record_of(), record_of())
    assert found.changes.empty
    assert found.findings.empty
    assert "0 appeared" in to_markdown(found)
