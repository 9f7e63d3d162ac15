"""Tests of the finding about words that captions keep for one group."""

from dataclasses import replace
from pathlib import Path

import ibis
import pandas as pd
import pytest

import toolkit as tk
from tests.datasets import GENDER, annotated
from tests.hostile import NAMES
from toolkit.checks import RULES, Measured, judge
from toolkit.config import AuditConfig
from toolkit.metrics.captions import captions
from toolkit.model.dataset import AnnotatedDataset
from toolkit.model.finding import Finding, Severity


def judged(dataset: AnnotatedDataset, by: str) -> tuple[Finding, ...]:
    """Measure the captions of a dataset and apply the rule."""
    config = AuditConfig()
    tables = captions(dataset, [(by,)], config).by_metric()
    return judge(Measured(tables, dataset.attributes, config), {"ASC020": RULES["ASC020"]})


def found(shares: dict[str, float], n: int, words: str = "a little boy") -> tuple[Finding, ...]:
    """Judge n images a gender of whose captions these shares have some words."""
    rows = [
        (f"{gender}{i}", gender, words if i < round(share * n) else "two dogs")
        for gender, share in shares.items()
        for i in range(n)
    ]
    frame = pd.DataFrame(rows, columns=["image_id", "gender", "text"])
    dataset = annotated(frame[["image_id", "gender"]], [GENDER])
    return judged(replace(dataset, captions=ibis.memtable(frame[["image_id", "text"]])), "gender")


@pytest.mark.parametrize(
    ("shares", "n", "severity"),
    [
        ({"F": 0.3, "M": 0.1}, 1000, Severity.WARNING),
        ({"F": 0.2, "M": 0.12}, 2000, Severity.INFO),
        ({"F": 0.3, "M": 0.0}, 1000, Severity.WARNING),  # never of the others
        ({"F": 0.52, "M": 0.5}, 20_000, None),  # sure, and a trifle
        ({"F": 0.3, "M": 0.1}, 20, None),  # large, and not sure
    ],
)
def test_severity_needs_a_large_effect_and_evidence(
    shares: dict[str, float], n: int, severity: Severity | None
) -> None:
    """A factor of 2 that is sure is a warning; a small or doubtful one is not."""
    findings = {f.subject: f for f in found(shares, n)}
    assert findings.keys() == ({"age=child"} if severity else set())
    assert [f.severity for f in findings.values()] == ([severity] if severity else [])


def test_the_sentence_says_who_how_many_and_how_sure() -> None:
    """Words, group in the words of the data, both rates, n, ratio and interval."""
    (finding,) = found({"F": 0.3, "M": 0.1}, 1000)
    assert finding.slice == "gender=F"
    assert finding.message.startswith(
        "Words for child (list age) are in the captions of 30.0% of the images with F (perceived "
        "gender) (n=1,000) and of 10.0% of those with others: 3× as often (95% interval 2."
    )


def test_words_for_the_group_s_own_attribute_are_no_finding() -> None:
    """That captions of women's images say `woman` is what captions are for."""
    assert found({"F": 0.8, "M": 0.05}, 500, "a woman") == ()


def test_hostile_captions_are_audited_and_shown(tmp_path: Path) -> None:
    """Markup and right-to-left text in captions go through tables, card and dashboard."""
    frame = pd.DataFrame({"image_id": [f"i{i}" for i in range(40)], "gender": list("FM") * 20})
    texts = frame.assign(text=[NAMES[i % len(NAMES)] for i in range(40)])[["image_id", "text"]]
    dataset = replace(annotated(frame, [GENDER]), captions=ibis.memtable(texts))
    audit = tk.audit(dataset, by=["gender"])
    audit.save(tmp_path / "out")
    assert len(audit.tables["captions.length"]) == 3
    pages = [path.read_text("utf-8") for path in (tmp_path / "out").glob("*.html")]
    assert pages
    assert not any("<script>alert(1)" in page for page in pages)


def test_the_sample_s_captions_go_with_nobody(sample: Path) -> None:
    """They describe rooms and things: no list has words for that."""
    dataset = tk.load(sample)
    assert dataset.captions is not None
    assert judged(dataset, "gender_presentation") == ()
