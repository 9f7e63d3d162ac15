"""What shares are held against: stated shares, a split, and another dataset."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from statsmodels.stats.proportion import proportion_confint

from tests.datasets import GENDER, annotated
from toolkit.config import AuditConfig
from toolkit.errors import DataNotFoundError, DataReadError, SettingsError, UnknownNameError
from toolkit.metrics.representation import representation
from toolkit.model.attribute import Attribute
from toolkit.model.dataset import AnnotatedDataset
from toolkit.model.finding import Severity
from toolkit.outputs import audit
from toolkit.pipeline import run
from toolkit.reference import reference_of, with_own_images, with_shares_of_audit
from toolkit.slicing import count

SPLIT = Attribute("split", "images")
BOXES = (("train", "F", 60), ("train", "M", 140), ("test", "F", 90), ("test", "M", 60))


def people(
    boxes: tuple[tuple[str, str, int], ...] = BOXES, each: int = 1, gender: Attribute = GENDER
) -> AnnotatedDataset:
    """Return boxes of a split and gender, `each` of them on one image."""
    rows = [(split, g) for split, g, n in boxes for _ in range(n)]
    frame = pd.DataFrame(rows, columns=["split", "gender"])
    frame["image_id"] = [f"i{i // each}" for i in range(len(frame))]
    images = frame[["image_id", "split"]].drop_duplicates()
    return annotated(frame.drop(columns="split"), [gender, SPLIT], images=images)


def against(what: str, **more: object) -> AuditConfig:
    """Return settings that hold shares against something."""
    return AuditConfig.of({"representation": {"against": what, **more}})


def row(dataset: AnnotatedDataset, config: AuditConfig, metric: str, key: str) -> pd.Series:
    """Return the row of one slice or subject."""
    table = representation(dataset, [("gender",)], config).frame
    chosen = (table["metric"] == f"representation.{metric}") & (
        (table["slice"] == key) | (table["subject"] == key)
    )
    return table[chosen].iloc[0]


def test_equal_shares_can_be_asked_for_in_spite_of_a_declaration() -> None:
    """`uniform` leaves the declared reference aside."""
    declared = Attribute("gender", "annotations", ("F", "M"), reference={"F": 0.2, "M": 0.8})
    dataset = people(gender=declared)
    share = "share_of_known", "gender=F"
    assert row(dataset, AuditConfig(), *share)["reference"] == 0.2
    assert row(dataset, against("uniform"), *share)["reference"] == 0.5


def test_a_split_is_a_reference_with_its_own_error() -> None:
    """150 of 350 are held against 60 of the 200 that are in training."""
    found = row(people(), against("split:train"), "share_of_known", "gender=F")
    assert found["value"] == pytest.approx(150 / 350)
    assert found["reference"] == pytest.approx(0.3)
    ratio = row(people(), against("split:train"), "ratio", "gender=F")
    assert ratio["value"] == pytest.approx(150 / 350 / 0.3)


def test_what_whole_and_split_have_in_common_cancels() -> None:
    """Held against itself a dataset differs by nothing, and hardly any doubt is left."""
    only = people((("train", "F", 60), ("train", "M", 140)))
    found = row(only, against("split:train"), "ratio", "gender=F")
    assert (found["value"], found["ci_low"], found["ci_high"]) == pytest.approx((1, 1, 1), abs=0.03)
    far = row(only, against("split:train"), "divergence", "gender: js")
    assert far["value"] == far["ci_low"] == 0
    assert far["ci_high"] == pytest.approx(0, abs=1e-9)


def test_the_covariance_with_a_split_is_that_of_leaving_images_out() -> None:
    """The shares of whole and split vary together as the jackknife over images has it."""
    rng = np.random.default_rng(0)
    genders = np.where(np.repeat(rng.random(80) < 0.4, 5) ^ (rng.random(400) < 0.2), "F", "M")
    boxes = tuple(("train" if i < 150 else "test", g, 1) for i, g in enumerate(genders))
    dataset = people(boxes, each=5)
    (found,) = count(dataset, [("gender",)], 10)
    known = found.of(found.known)
    ours = reference_of(known, np.array([True, True]), dataset, against("split:train")).covariance
    feminine = (genders == "F").reshape(80, 5)
    without = np.array(
        [
            [
                np.delete(part, i, axis=0).mean() if i < len(part) else part.mean()
                for part in (feminine, feminine[:30])
            ]
            for i in range(80)
        ]
    )
    jackknife = 79 / 80 * (without - without.mean(axis=0)).T @ (without - without.mean(axis=0))
    np.testing.assert_allclose(ours[np.ix_([0, 2], [0, 2])], jackknife, rtol=0.05)


def test_a_split_that_is_not_there_is_refused() -> None:
    """Neither an unknown split nor a dataset without splits gives a silent comparison."""
    with pytest.raises(SettingsError, match="is in the split 'dev'"):
        representation(people(), [("gender",)], against("split:dev"))
    frame = pd.DataFrame({"image_id": ["a", "b"], "gender": ["F", "M"]})
    with pytest.raises(UnknownNameError, match="split"):
        representation(annotated(frame, [GENDER]), [("gender",)], against("split:train"))


def test_a_finding_says_what_a_group_was_held_against() -> None:
    """A share in a split is a reference that somebody chose: far below it is an error."""
    dataset = people((("train", "F", 90), ("train", "M", 10), ("test", "M", 300)))
    record = run(dataset, ["gender"], against("split:train"))
    (finding,) = (f for f in record.found if f.code == "REP001")
    assert finding.severity is Severity.ERROR
    assert "0.25× the reference share of 90.0% (the share in the split train)" in finding.message


def test_the_split_itself_has_its_stated_reference() -> None:
    """How many images are in a split cannot be held against the same split."""
    table = representation(people(), [("split",)], against("split:train")).frame
    rows = table[table["metric"] == "representation.share_of_known"]
    assert set(rows["reference"]) == {0.5}


def saved(folder: Path, dataset: AnnotatedDataset) -> Path:
    """Audit a dataset by gender and save that."""
    return audit(dataset, ["gender"]).save(folder)


def test_another_audit_is_a_reference_with_its_own_error(tmp_path: Path) -> None:
    """150 of 350 against 60 of 200 elsewhere: the test is that of two independent samples."""
    folder = saved(tmp_path, people(BOXES[:2]))
    config = with_shares_of_audit(against(str(folder)))
    kept = {share.slice: share for share in config.representation.shares}
    assert kept["gender=F"].share == pytest.approx(0.3)
    assert kept["gender=F"].n_effective == pytest.approx(200, rel=1e-6)
    found = row(people(), config, "share_of_known", "gender=F")
    pooled, se = 210 / 550, np.sqrt(1 / 350 + 1 / 200)
    z = (150 / 350 - 0.3) / (se * np.sqrt(pooled * (1 - pooled)))
    assert found["p_value"] == pytest.approx(2 * norm.sf(z), rel=1e-6)
    chi = row(people(), config, "divergence", "gender: chi_square")
    assert chi["p_value"] == pytest.approx(found["p_value"], rel=0.3)


def test_the_kept_sizes_give_back_the_intervals(tmp_path: Path) -> None:
    """With clustered boxes they are fewer than the boxes: statsmodels' interval at them is ours."""
    folder = saved(tmp_path, people(BOXES, each=2))
    table = pd.read_parquet(folder / "tables" / "representation.share_of_known.parquet")
    kept = with_shares_of_audit(against(str(folder))).representation.shares
    for share, line in zip(kept, table.itertuples(), strict=True):
        assert share.n_effective < 350 * 0.6
        low, high = proportion_confint(
            share.share * share.n_effective, share.n_effective, method="wilson"
        )
        assert (low, high) == pytest.approx((line.ci_low, line.ci_high), abs=1e-9)


def test_an_audit_of_other_groups_is_refused(tmp_path: Path) -> None:
    """Without the same attribute, or with a group that is unknown here, nothing is compared."""
    other = Attribute("gender", "annotations", ("F", "M", "X"))
    boxes = (*BOXES, ("train", "X", 40))
    config = with_shares_of_audit(against(str(saved(tmp_path, people(boxes, gender=other)))))
    with pytest.raises(SettingsError, match="'gender=X', which is no declared value"):
        representation(people(), [("gender",)], config)
    with pytest.raises(SettingsError, match="no shares by split"):
        representation(people(), [("split",)], config)


def test_a_group_that_only_this_dataset_has_stays_in(tmp_path: Path) -> None:
    """Its reference share is 0: no ratio, infinite KL, and total variation counts it."""
    wide = Attribute("gender", "annotations", ("F", "M", "X"))
    config = with_shares_of_audit(against(str(saved(tmp_path, people()))))
    dataset = people((*BOXES, ("test", "X", 50)), gender=wide)
    assert row(dataset, config, "ratio", "gender=X")["status"] == "undefined"
    assert row(dataset, config, "divergence", "gender: kl")["value"] == np.inf
    variation = row(dataset, config, "divergence", "gender: total_variation")
    assert variation["value"] == pytest.approx(50 / 400)


def test_a_folder_without_an_audit_is_refused(tmp_path: Path) -> None:
    """A missing folder, and a record that is damaged."""
    with pytest.raises(DataNotFoundError):
        with_shares_of_audit(against(str(tmp_path / "nowhere")))
    folder = saved(tmp_path, people())
    (folder / "audit.json").write_text(json.dumps({"config": {}}))
    with pytest.raises(DataReadError, match="no complete audit"):
        with_shares_of_audit(against(str(folder)))


def test_settings_without_another_audit_stay_as_they_are() -> None:
    """Nothing is read unless it is asked for."""
    for what in ("declared", "uniform", "split:train"):
        config = against(what)
        assert with_shares_of_audit(config) is config


@pytest.mark.parametrize(
    "wrong",
    [
        {"against": "split:"},
        {"against": ""},
        {"shares": [{"slice": "gender=F", "share": 0.5, "n_effective": 10.0}]},
        {"atkinson": [0.0]},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    """A split without a name, shares of nobody, no aversion to inequality."""
    with pytest.raises(SettingsError):
        AuditConfig.of({"representation": wrong})


def test_the_covariance_of_shares_is_that_of_r() -> None:
    """150 boxes of 60 images: R's survey 4.1.1, `svymean` with `svydesign(ids=~image)`."""
    rows = [
        (image, "abc"[(image * image + (box if image % 3 else 0) * 2 + image // 7) % 3])
        for image in range(60)
        for box in range(1 + image * 7 % 4)
    ]
    frame = pd.DataFrame(rows, columns=["image_id", "group"]).astype({"image_id": "str"})
    dataset = annotated(frame, [Attribute("group", "annotations")])
    (found,) = count(dataset, [("group",)], 10)
    by_r = np.array(
        [
            [0.001981468926553672, -0.001134463276836158, -0.000847005649717514],
            [-0.001134463276836158, 0.001855819209039548, -0.000721355932203389],
            [-0.000847005649717514, -0.000721355932203389, 0.001568361581920903],
        ]
    )
    np.testing.assert_allclose(with_own_images(found, np.zeros((3, 3)))[:3, :3], by_r, rtol=1e-12)
