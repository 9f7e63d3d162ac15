"""Findings: what is found, how severe it is, and in which words."""

import re

import ibis
import pandas as pd
import pytest

from tests.datasets import AGE, GENDER, annotated
from toolkit.checks import RULES
from toolkit.config import AuditConfig
from toolkit.model.audit import AuditRecord
from toolkit.model.dataset import AnnotatedDataset
from toolkit.model.finding import Finding, Severity
from toolkit.pipeline import run

REFERENCE = {"attributes": {"gender": {"reference": {"F": 0.5, "M": 0.5}}}}


def people(feminine: int, masculine: int, **columns: object) -> pd.DataFrame:
    """Return one person an image."""
    n = feminine + masculine
    frame = pd.DataFrame({"gender": ["F"] * feminine + ["M"] * masculine, **columns})
    return frame.assign(image_id=[f"i{i}" for i in range(n)])


def audited(dataset: AnnotatedDataset, **settings: object) -> AuditRecord:
    """Audit by gender."""
    return run(dataset, ["gender"], AuditConfig.of(settings))


def found(record: AuditRecord, code: str) -> list[Finding]:
    """Return the findings of one rule."""
    return [finding for finding in record.found if finding.code == code]


@pytest.mark.parametrize(
    ("feminine", "masculine", "settings", "severity"),
    [
        (500, 500, {}, None),
        (450, 550, {}, Severity.INFO),
        (300, 700, {}, Severity.WARNING),
        (100, 900, {}, Severity.WARNING),
        (100, 900, REFERENCE, Severity.ERROR),
        (3, 7, REFERENCE, Severity.INFO),
        (0, 400, REFERENCE, Severity.ERROR),
    ],
)
def test_under_representation_needs_effect_and_evidence(
    feminine: int, masculine: int, settings: dict[str, object], severity: Severity | None
) -> None:
    """A large gap seen on few people is no warning, nor is a small one seen on many."""
    dataset = annotated(people(feminine, masculine), [GENDER])
    findings = found(audited(dataset, **settings), "REP001")
    assert [f.severity for f in findings] == ([severity] if severity else [])


def test_a_large_gap_that_few_people_show_is_called_undecided() -> None:
    """It is said that the number is too small, not that there is nothing."""
    dataset = annotated(people(3, 7), [GENDER])
    (finding,) = found(audited(dataset), "REP001")
    assert finding.message.endswith("cannot be told from so few.")


def test_the_sentence_names_share_interval_n_reference_and_perception() -> None:
    """A reader needs nothing but the sentence."""
    dataset = annotated(people(300, 700), [GENDER])
    (finding,) = found(audited(dataset), "REP001")
    assert finding.message == (
        "F (perceived gender): 30.0% of the annotations with known perceived gender (95% interval "
        "27.2% to 32.9%, n=300), 0.6× the reference share of 50.0% (equal shares, as none is "
        "declared)."
    )


def test_a_label_that_goes_with_a_group_is_found_in_both_directions() -> None:
    """More often with F is less often with M; both are said, the surer one first."""
    frame = people(200, 200)
    with_dog = [f"i{i}" for i in range(400) if i % 10 < (8 if i < 200 else 1)]
    labels = [(i, "Dog", 1.0) for i in with_dog] + [(f"i{i}", "Tree", 1.0) for i in range(400)]
    image_labels = pd.DataFrame(labels, columns=["image_id", "label", "confidence"])
    record = audited(annotated(frame, [GENDER], image_labels=image_labels))
    findings = found(record, "ASC001")
    assert {(f.subject, f.slice) for f in findings} == {("Dog", "gender=F"), ("Dog", "gender=M")}
    by_slice = {f.slice: f for f in findings}
    assert by_slice["gender=M"].severity is Severity.WARNING
    assert "meet in 20 images where 90 are expected" in by_slice["gender=M"].message
    assert "less often than expected" in by_slice["gender=M"].message
    assert "more often than expected" in by_slice["gender=F"].message


def test_flags_unknown_values_duplicates_and_constants_are_found() -> None:
    """Each planted fault is one finding with its number."""
    frame = people(400, 400, is_group_of=[i % 4 == 0 for i in range(800)], is_inside_of=False)
    frame["age"] = ["Unknown" if group else "Old" for group in frame["is_group_of"]]
    frame["is_occluded"] = [i < 200 for i in range(800)]
    twice = pd.concat([frame, frame.iloc[:5]], ignore_index=True)
    record = run(annotated(twice, [GENDER, AGE]), ["gender", "age"], AuditConfig())
    assert [f.n for f in found(record, "ANN001")] == [5]
    assert [f.subject for f in found(record, "ANN002")] == ["is_inside_of"]
    structural = [(f.subject, f.slice) for f in found(record, "ANN003")]
    assert structural == [("age", "is_group_of=true")]
    assert ("is_occluded", "gender=F") in [(f.subject, f.slice) for f in found(record, "ANN007")]
    assert [(f.subject, f.severity) for f in found(record, "ANN008")] == [("age", Severity.INFO)]


def test_unknown_values_that_differ_between_groups_are_found() -> None:
    """Half of F's ages are unknown and none of M's."""
    frame = people(200, 200)
    frame["age"] = ["Unknown" if i < 100 else "Old" for i in range(400)]
    (finding,) = found(audited(annotated(frame, [GENDER, AGE])), "ANN006")
    assert (finding.slice, finding.severity, finding.value) == ("gender=F", Severity.WARNING, 0.5)
    assert finding.message.startswith(
        "perceived age is unknown for 50.0% of F (perceived gender) (n=200), 50.0 points more"
    )


def test_rejected_and_orphaned_rows_are_found() -> None:
    """Each reason is a finding of its own."""
    images = pd.DataFrame({"image_id": [f"i{i}" for i in range(390)]})
    rejected = {"annotations": {"box is not finite": 2, "image id is empty": 40}}
    dataset = annotated(people(200, 200), [GENDER], images=images, rejected=rejected)
    record = audited(dataset)
    severities = {f.subject: (f.n, f.severity.value) for f in found(record, "ANN004")}
    assert severities == {
        "annotations: box is not finite": (2, "info"),
        "annotations: image id is empty": (40, "warning"),
    }
    assert [(f.n, f.severity) for f in found(record, "ANN005")] == [(10, Severity.WARNING)]


def test_findings_come_worst_first_and_ignored_rules_are_left_out() -> None:
    """Severity decides, then the size of the effect that is sure."""
    frame = people(100, 900, is_inside_of=False)
    record = audited(annotated(frame, [GENDER]))
    assert [f.code for f in record.found] == ["REP001", "ANN002"]
    ranks = [f.severity.rank for f in record.found]
    assert ranks == sorted(ranks)
    ignored = audited(annotated(frame, [GENDER]), findings={"ignore": ["ANN002"]})
    assert [f.code for f in ignored.found] == ["REP001"]


def test_nothing_found_still_says_what_was_looked_at() -> None:
    """An empty list is an answer only with its question."""
    record = audited(annotated(people(500, 500), [GENDER]))
    assert record.found == ()
    assert record.findings.empty
    assert any("representation.share" in sentence for sentence in record.summary["looked_at"])


@pytest.mark.parametrize("code", RULES)
def test_every_rule_has_its_texts_and_its_example_fits_its_message(code: str) -> None:
    """The example on a rule's page is a sentence that the rule could have written."""
    rule = RULES[code]
    assert re.fullmatch(r"[A-Z]{3}\d{3}", code)
    assert rule.__doc__
    fixed = [re.escape(part) for part in re.split(r"\{\w+\}", rule.message)]
    assert re.fullmatch(".*".join(fixed), rule.example), rule.message
    assert all((rule.title, rule.family, rule.needs, rule.meaning, rule.formula, rule.advice))


def test_rules_find_nothing_in_no_tables() -> None:
    """A dataset without annotations has no findings about them."""
    images = ibis.memtable(pd.DataFrame({"image_id": ["a", "b"], "split": ["x", "y"]}))
    from toolkit.model.attribute import Attribute
    from toolkit.model.dataset import Provenance

    split = Attribute("split", "images")
    dataset = AnnotatedDataset("n", Provenance("m", "t"), 2, {"split": split}, images=images)
    assert run(dataset, ["split"]).found == ()
