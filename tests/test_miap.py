"""The main job on the real MIAP validation file: what is read, counted, found and said."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import toolkit as tk
from toolkit.outputs import Audit

FILE = Path("miap_val", "open_images_extended_miap_boxes_val.csv")
BY = ["gender_presentation", "age_presentation", ("gender_presentation", "age_presentation")]


@pytest.fixture(scope="module")
def audit(shared_data: Path) -> Audit:
    """Audit the file by gender, age and both."""
    return tk.audit(tk.load(shared_data / FILE), by=BY)


def number(audit: Audit, metric: str, group: str, column: str = "value") -> float:
    """Return one number of a slice."""
    table = audit.tables[metric]
    return float(table.loc[table["slice"] == group, column].item())


def test_every_row_is_read_and_kept(audit: Audit) -> None:
    """23,940 boxes on 7,410 images, none rejected."""
    assert audit.provenance.rows_read == {"annotations": 23_940}
    assert audit.provenance.rows_kept == {"annotations": 23_940}
    assert audit.summary["images"] == 7_410


@pytest.mark.parametrize(
    ("value", "n"),
    [("Predominantly Feminine", 4_932), ("Predominantly Masculine", 7_593), ("Unknown", 11_415)],
)
def test_groups_have_the_published_sizes(audit: Audit, value: str, n: int) -> None:
    """Unknown is a group among the others."""
    assert number(audit, "representation.share", f"gender_presentation={value}", "n") == n
    assert number(audit, "representation.count", f"gender_presentation={value}") == n


def test_shares_are_clustered_as_statsmodels_clusters_them(audit: Audit, shared_data: Path) -> None:
    """The intervals follow from the share and standard error of a clustered regression."""
    rows = pd.read_csv(shared_data / FILE)
    y = (rows["GenderPresentation"] == "Predominantly Feminine").astype(float)
    groups = rows["ImageID"].astype("category").cat.codes
    fit = sm.OLS(y, np.ones(len(y))).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
    )
    m = groups.nunique()
    share, se = float(fit.params.iloc[0]), float(fit.bse.iloc[0]) * np.sqrt(m / (m - 1))
    slice_ = "gender_presentation=Predominantly Feminine"
    low = number(audit, "representation.share", slice_, "ci_low")
    high = number(audit, "representation.share", slice_, "ci_high")
    assert share == pytest.approx(0.206015, abs=5e-7)
    assert se == pytest.approx(0.0048183, abs=5e-8)
    assert number(audit, "representation.share", slice_) == pytest.approx(share, abs=1e-12)
    assert (high - low) / 2 == pytest.approx(1.96 * se, rel=2e-3)


def test_duplicates_and_constant_flags_are_reported_once_each(audit: Audit) -> None:
    """82 repeated rows; four flags that are always 0."""
    findings = audit.findings
    assert findings.loc[findings["code"] == "ANN001", "n"].tolist() == [82]
    constant = findings.loc[findings["code"] == "ANN002", "subject"]
    flags = ["is_depiction_of", "is_inside_of", "is_occluded", "is_truncated"]
    assert sorted(constant) == flags


def test_the_gender_of_the_young_is_a_rule_of_the_protocol(audit: Audit) -> None:
    """It is structural, in the findings and in the tables, and no association."""
    findings = audit.findings
    structural = findings[findings["code"] == "ANN003"]
    assert structural[["subject", "slice"]].to_numpy().tolist() == [
        ["gender_presentation", "age_presentation=Young"]
    ]
    assert not findings["code"].str.startswith("ASC").any()
    others = findings[findings["code"] != "ANN003"]
    young_known = others["slice"].str.contains("Young") & others["slice"].str.contains("Feminine")
    assert not young_known.any()
    table = audit.tables["representation.share"]
    cell = "gender_presentation=Predominantly Feminine & age_presentation=Young"
    assert table.loc[table["slice"] == cell, "status"].item() == "structural"


def test_the_unknown_gender_of_groups_is_found(audit: Audit) -> None:
    """1,984 of 2,067 group boxes have no known gender."""
    findings = audit.findings
    row = findings[
        (findings["code"] == "ANN006")
        & (findings["subject"] == "gender_presentation")
        & (findings["slice"] == "is_group_of=true")
    ].squeeze()
    assert row["severity"] == "warning"
    assert row["n"] == 2_067
    rate = audit.tables["annotation.missing_rate"]
    cell = rate[(rate["subject"] == "gender_presentation") & (rate["slice"] == "is_group_of=true")]
    assert cell["value"].item() == pytest.approx(1_984 / 2_067)


def test_nobody_is_called_what_the_annotators_did_not_say(audit: Audit, tmp_path: Path) -> None:
    """No output says women or men; each says perceived."""
    folder = audit.save(tmp_path / "out")
    for name in ("card.md", "card.html", "audit.json"):
        text = (folder / name).read_text(encoding="utf-8").lower()
        words = set(text.replace("<", " ").replace(">", " ").split())
        assert not words & {"women", "woman", "men", "man", "female", "male"}, name
        assert "perceived" in text


def test_the_folder_with_all_image_lists_counts_all_images(shared_data: Path) -> None:
    """70,000 + 7,410 + 22,590 images, of which the boxes cover one split."""
    dataset = tk.load(shared_data / "miap_val")
    assert dataset.n_images == 100_000
    audit = tk.audit(dataset, by=["split"])
    counts = audit.tables["representation.count"]
    by_slice = dict(zip(counts["slice"], counts["n"], strict=True))
    assert by_slice == {
        "overall": 100_000,
        "split=test": 22_590,
        "split=train": 70_000,
        "split=validation": 7_410,
    }
