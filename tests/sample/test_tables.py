"""The sample's tables: the planted sizes are in them, and nothing else is."""

from __future__ import annotations

import hashlib
import tomllib
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from toolkit.errors import SettingsError
from toolkit.sample import plan, write_tables
from toolkit.sample.truth import truth

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from toolkit.sample import SampleTables

SEEDS = range(25)
CHANCE = 0.001
"""The least p-value, after Bonferroni, that is put down to chance."""
SEED_7 = "2736f7aa2f673f6080cc67edba0051b2c190cc1391935f717da6ad761e2f938b"
KNOWN = {
    "gender_presentation": ("Predominantly Feminine", "Predominantly Masculine"),
    "age_presentation": ("Young", "Middle", "Older"),
}
COLUMN = {
    "gender_presentation": "GenderPresentation",
    "age_presentation": "AgePresentation",
    "is_group_of": "IsGroupOf",
    "is_inside_of": "IsInsideOf",
}
FLAGS = ["IsOccluded", "IsTruncated", "IsGroupOf", "IsDepictionOf", "IsInsideOf"]


@pytest.fixture(scope="module")
def biased() -> list[SampleTables]:
    """Biased samples of many seeds."""
    return [plan(seed=seed) for seed in SEEDS]


@pytest.fixture(scope="module")
def unbiased() -> list[SampleTables]:
    """Unbiased samples of many seeds."""
    return [plan(seed=seed, biased=False) for seed in SEEDS]


def planted(kind: str) -> list[dict[str, Any]]:
    """Return the entries of that kind in `truth.toml`."""
    entries = tomllib.loads(truth(400, 0, biased=True))["planted"]
    return [entry for entry in entries if entry["kind"] == kind]


def pooled(samples: Iterable[SampleTables], table: str) -> pd.DataFrame:
    """Stack one table of several samples."""
    return pd.concat([getattr(sample, table) for sample in samples], ignore_index=True)


def share_of_known(boxes: pd.DataFrame, attribute: str, value: str) -> float:
    """Return the share of a value among the boxes on which the attribute is known."""
    column = boxes[COLUMN[attribute]]
    return float((column == value).sum() / column.isin(KNOWN[attribute]).sum())


def on_images(sample: SampleTables, table: str, column: str) -> pd.DataFrame:
    """Return whether each image has each value of a column; one row an image."""
    rows = getattr(sample, table)
    if table == "image_labels":
        rows = rows[rows["Confidence"] == 1]
    counts = pd.crosstab(rows["ImageID"], rows[column])
    there: pd.DataFrame = counts.reindex(sample.images["ImageID"], fill_value=0) > 0
    return there


def labels_and_people(samples: Iterable[SampleTables]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return which image labels and which gender presentations every image has."""
    pairs = [
        (on_images(s, "image_labels", "LabelName"), on_images(s, "boxes", "GenderPresentation"))
        for s in samples
    ]
    labels, people = zip(*pairs, strict=True)
    return pd.concat(labels, ignore_index=True), pd.concat(people, ignore_index=True)


def found(sample: SampleTables) -> pd.DataFrame:
    """Return the different boxes, each with whether a prediction overlaps it by half (IoU)."""
    boxes = sample.boxes.drop_duplicates()
    pairs = boxes.reset_index().merge(sample.predictions, left_on="ImageID", right_on="image_id")
    width = pairs[["XMax", "x_max"]].min(axis=1) - pairs[["XMin", "x_min"]].max(axis=1)
    height = pairs[["YMax", "y_max"]].min(axis=1) - pairs[["YMin", "y_min"]].max(axis=1)
    common = width.clip(lower=0) * height.clip(lower=0)
    areas = (pairs["XMax"] - pairs["XMin"]) * (pairs["YMax"] - pairs["YMin"])
    areas += (pairs["x_max"] - pairs["x_min"]) * (pairs["y_max"] - pairs["y_min"])
    hits = pairs.loc[common / (areas - common) > 0.5, "index"]
    return boxes.assign(found=boxes.index.isin(hits))


@pytest.mark.parametrize("entry", planted("representation"), ids=lambda entry: entry["value"])
def test_under_represented_group_has_its_planted_share(
    entry: dict[str, Any], biased: list[SampleTables], unbiased: list[SampleTables]
) -> None:
    """The group has the share of truth.toml, and an equal one in the unbiased sample."""
    who = entry["attribute"], entry["value"]
    share, balanced = entry["share_of_known"], entry["balanced_share"]
    assert share_of_known(pooled(biased, "boxes"), *who) == pytest.approx(share, abs=0.015)
    assert share_of_known(pooled(unbiased, "boxes"), *who) == pytest.approx(balanced, abs=0.015)


@pytest.mark.parametrize("entry", planted("association"), ids=lambda entry: entry["label_name"])
def test_label_depends_on_presentation_as_planted(
    entry: dict[str, Any], biased: list[SampleTables]
) -> None:
    """The label has the two image shares of truth.toml, with and without such a person."""
    labels, people = labels_and_people(biased)
    label, person = labels[entry["label"]], people[entry["value"]]
    with_person, without = entry["share_of_images_with"], entry["share_of_images_without"]
    assert label[person].mean() == pytest.approx(with_person, abs=0.02)
    assert label[~person].mean() == pytest.approx(without, abs=0.02)


def test_every_other_association_is_within_chance(
    biased: list[SampleTables], unbiased: list[SampleTables]
) -> None:
    """SciPy's chi-square test finds no label that goes with a presentation unless it is planted."""
    meant = [entry["label"] for entry in planted("association")]
    p_values = []
    for samples, of_interest in ((biased, meant), (unbiased, [])):
        labels, people = labels_and_people(samples)
        for label in labels.columns.difference(of_interest):
            p_values += [
                stats.chi2_contingency(pd.crosstab(labels[label], people[value])).pvalue
                for value in KNOWN["gender_presentation"]
            ]
    assert min(p_values) * len(p_values) > CHANCE


def test_images_with_older_people_are_darker_and_blurrier(
    biased: list[SampleTables], unbiased: list[SampleTables]
) -> None:
    """Exposure and blur differ by what truth.toml says, and not in the unbiased sample."""
    entry = planted("image_quality")[0]
    expected = ((biased, entry["exposure_factor"], entry["added_blur_sigma_px"]), (unbiased, 1, 0))
    for samples, factor, added in expected:
        pictures = pooled(samples, "pictures")
        boxes = pooled(samples, "boxes")
        older = pictures["image_id"].isin(
            boxes.loc[boxes["AgePresentation"] == entry["value"], "ImageID"]
        )
        exposures = pictures.groupby(older)["exposure"].mean()
        blurs = pictures.groupby(older)["blur"].mean()
        assert exposures[True] / exposures[False] == pytest.approx(factor, abs=0.01)
        assert blurs[True] - blurs[False] == pytest.approx(added, abs=0.02)


def test_detector_misses_whom_it_should(
    biased: list[SampleTables], unbiased: list[SampleTables]
) -> None:
    """Recall at IoU 0.5 is what truth.toml says for the one group and for the others."""
    entry = planted("detection")[0]
    for samples, recall in ((biased, entry["recall"]), (unbiased, entry["recall_of_others"])):
        boxes = pd.concat([found(sample) for sample in samples])
        rates = boxes.groupby(boxes["GenderPresentation"] == entry["value"])["found"].mean()
        assert rates[True] == pytest.approx(recall, abs=0.02)
        assert rates[False] == pytest.approx(entry["recall_of_others"], abs=0.02)


def test_unknown_presentation_of_groups(
    biased: list[SampleTables], unbiased: list[SampleTables]
) -> None:
    """Group boxes have the unknown rate of truth.toml where the protocol leaves it open."""
    entry = planted("unknown_rate")[0]
    for samples, rate in ((biased, entry["rate"]), (unbiased, entry["rate_of_others"])):
        boxes = pooled(samples, "boxes").query("AgePresentation != 'Young'")
        unknown = boxes["GenderPresentation"] == "Unknown"
        rates = unknown.groupby(boxes[COLUMN[entry["flag"]]]).mean()
        assert rates[1] == pytest.approx(rate, abs=0.03)
        assert rates[0] == pytest.approx(entry["rate_of_others"], abs=0.01)


def test_the_constant_flag_is_the_planted_one(
    biased: list[SampleTables], unbiased: list[SampleTables]
) -> None:
    """In every biased sample one flag is constant, in every unbiased one none is."""
    flag = COLUMN[planted("constant_flag")[0]["flag"]]
    for sample in biased:
        assert sample.boxes[FLAGS].nunique().eq(1).to_dict() == {f: f == flag for f in FLAGS}
    assert all(sample.boxes[FLAGS].nunique().eq(2).all() for sample in unbiased)


def test_images_and_rows_are_repeated_as_planted(
    biased: list[SampleTables], unbiased: list[SampleTables]
) -> None:
    """Repeated images lie in train and test with equal boxes; repeated rows are exact."""
    images, rows = planted("duplicate_images")[0], planted("duplicate_rows")[0]
    for sample in biased:
        split = sample.images.set_index("ImageID")["Subset"]
        repeats = sample.pictures.query("drawn_as != image_id")
        assert len(repeats) == round(images["share_of_images"] * 400)
        assert set(split[repeats["drawn_as"]]) == {images["original_split"]}
        assert set(split[repeats["image_id"]]) == {images["repeat_split"]}
        boxes = sample.boxes.drop_duplicates().set_index("ImageID")
        for repeat in repeats.itertuples():
            here, there = boxes.loc[[repeat.image_id]], boxes.loc[[repeat.drawn_as]]
            assert here.to_numpy().tolist() == there.to_numpy().tolist()
        again = int(sample.boxes.duplicated().sum())
        assert again == round(rows["repeats_per_row"] * (len(sample.boxes) - again))
    for sample in unbiased:
        assert not sample.boxes.duplicated().any()
        assert (sample.pictures["drawn_as"] == sample.pictures["image_id"]).all()


def test_attributes_of_the_unbiased_sample_are_independent(unbiased: list[SampleTables]) -> None:
    """SciPy finds no dependence between gender, age, flags and box size beside the protocol."""
    # One person an image: SciPy's tests know nothing of images.
    boxes = pooled(unbiased, "boxes").drop_duplicates("ImageID").query("AgePresentation != 'Young'")
    gender, age = boxes["GenderPresentation"], boxes["AgePresentation"]
    height = boxes["YMax"] - boxes["YMin"]
    p_values = [stats.chi2_contingency(pd.crosstab(gender, age)).pvalue]
    for attribute in (gender, age):
        crossed = [pd.crosstab(attribute, boxes[flag]) for flag in FLAGS]
        p_values += [stats.chi2_contingency(table).pvalue for table in crossed]
        p_values.append(stats.kruskal(*(group for _, group in height.groupby(attribute))).pvalue)
    assert min(p_values) * len(p_values) > CHANCE


@pytest.mark.parametrize("value", ["Predominantly Feminine", "Young", "Older"])
def test_people_of_one_image_are_alike(unbiased: list[SampleTables], value: str) -> None:
    """The design effect of a share, with the clustered variance of statsmodels, is 1.5 to 2."""
    column = "GenderPresentation" if value.startswith("Predominantly") else "AgePresentation"
    effects = []
    for sample in unbiased:
        hit = (sample.boxes[column] == value).astype(float)
        groups = pd.factorize(sample.boxes["ImageID"])[0]
        fit = sm.OLS(hit, np.ones(len(hit))).fit(cov_type="cluster", cov_kwds={"groups": groups})
        effects.append(fit.bse.iloc[0] ** 2 / (hit.mean() * (1 - hit.mean()) / len(hit)))
    assert 1.5 < np.mean(effects) < 2.0


@settings(max_examples=30)
@given(images=st.integers(1, 80), seed=st.integers(0, 2**64), biased=st.booleans())
def test_tables_fit_together(images: int, seed: int, biased: bool) -> None:
    """For any size and seed the ids agree, boxes lie in their image and the protocol holds."""
    sample = plan(images, seed, biased)
    ids = set(sample.images["ImageID"])
    assert len(ids) == images
    assert all(len(i) == 16 and int(i, 16) >= 0 and i == i.lower() for i in ids)
    assert set(sample.boxes["ImageID"]) == ids == set(sample.captions["image_id"])
    assert set(sample.image_labels["ImageID"]) | set(sample.predictions["image_id"]) <= ids
    assert sample.pictures["image_id"].tolist() == sample.images["ImageID"].tolist()
    boxes = sample.boxes
    assert boxes.drop_duplicates().groupby("ImageID").size().between(1, 5).all()
    for low, high in (("XMin", "XMax"), ("YMin", "YMax")):
        assert ((boxes[low] >= 0) & (boxes[low] < boxes[high]) & (boxes[high] <= 1)).all()
    assert set(boxes.query("AgePresentation == 'Young'")["GenderPresentation"]) <= {"Unknown"}
    answers = sample.annotators
    assert answers["annotation_id"].isin(range(1, len(boxes) + 1)).all()
    assert set(answers.query("age_presentation == 'Young'")["gender_presentation"]) <= {"Unknown"}


def digest(sample: SampleTables, folder: Path) -> str:
    """Return the SHA-256 of all tables as they are written."""
    write_tables(sample, folder)
    content = b"".join(path.read_bytes() for path in sorted(folder.iterdir()))
    return hashlib.sha256(content).hexdigest()


def test_a_seed_names_its_tables(tmp_path: Path) -> None:
    """The bytes of a seed's tables are the same on every Python and platform; others differ."""
    assert digest(plan(50, 7), tmp_path) == SEED_7
    assert digest(plan(50, 8), tmp_path) != digest(plan(50, 7), tmp_path)


@pytest.mark.parametrize(("images", "seed"), [(0, 0), (-5, 0), (10, -1)])
def test_numbers_that_give_no_sample_are_refused(images: int, seed: int) -> None:
    """No image or a negative seed is a settings error that names the number and the option."""
    with pytest.raises(
        SettingsError, match=rf"{images} images.*--images|{seed} is no seed.*--seed"
    ):
        plan(images, seed)
