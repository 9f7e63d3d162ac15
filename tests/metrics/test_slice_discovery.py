"""Slice discovery from end to end: what is measured, what makes slices, and what is said."""

from dataclasses import replace
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest

import toolkit as tk
from tests.datasets import AGE, GENDER, annotated
from tests.hostile import NAMES
from toolkit.config import AuditConfig
from toolkit.errors import SettingsError, UnknownNameError, WeightsError
from toolkit.metrics.slice_discovery import slice_discovery
from toolkit.model.attribute import Attribute
from toolkit.model.dataset import AnnotatedDataset, Sampling
from toolkit.model.slices import Slice
from toolkit.pipeline import run
from toolkit.sample import plan, write_tables
from toolkit.sample.design import FEMININE, KITCHEN, OLDER, TOOL

PRESENTATION, AGES = "gender_presentation", "age_presentation"


def confirmed(dataset: AnnotatedDataset, seed: int = 0, **settings: object) -> pd.DataFrame:
    """Return the slices that the tested half confirms, by measured column and slice."""
    config = AuditConfig.of({"seed": seed, "discovery": settings})
    frame = slice_discovery(dataset, [], config).frame
    return frame[frame["q_value"] < 0.05].set_index(["subject", "slice"])


def boxes(n: int = 3000, seed: int = 0) -> pd.DataFrame:
    """Return boxes, three an image, with values of two attributes that depend on nothing."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "image_id": [f"i{i // 3}" for i in range(n)],
            "gender": rng.choice(["F", "M", "Unknown"], n),
            "age": rng.choice(["Young", "Old"], n),
        }
    )


def errors(inside: pd.Series, seed: int = 1) -> np.ndarray:
    """Return errors of half of the units inside and of one in ten outside."""
    return np.random.default_rng(seed).random(len(inside)) < np.where(inside, 0.5, 0.1)


def with_answers(folder: Path, seed: int) -> AnnotatedDataset:
    """Return a sample whose boxes also say what its pictures, labels and detector are like."""
    tables = plan(seed=seed, biased=True)
    write_tables(tables, folder)
    dataset = tk.load(folder)
    assert dataset.annotations is not None
    people = dataset.annotations.to_pandas()
    pictures = tables.pictures.set_index("image_id")
    present = tables.image_labels[tables.image_labels["Confidence"] == 1]
    for name, label in {"kitchen": KITCHEN, "tool": TOOL}.items():
        people[name] = people["image_id"].isin(
            present.loc[present["LabelName"] == label, "ImageID"]
        )
    people["exposure"] = people["image_id"].map(pictures["exposure"])
    people["blur"] = people["image_id"].map(pictures["blur"])
    people["found"] = people["annotation_id"].isin(matched(people, tables.predictions))
    return replace(dataset, annotations=ibis.memtable(people))


def matched(people: pd.DataFrame, predictions: pd.DataFrame) -> pd.Series:
    """Return the ids of the boxes that a prediction covers to at least an IoU of one half."""
    both = people.merge(predictions, on="image_id", suffixes=("", "_predicted"))

    def length(start: str, end: str) -> pd.Series:
        ends = both[[end, f"{end}_predicted"]].min(axis=1)
        return (ends - both[[start, f"{start}_predicted"]].max(axis=1)).clip(0)

    def area(suffix: str) -> pd.Series:
        width = both[f"x_max{suffix}"] - both[f"x_min{suffix}"]
        return width * (both[f"y_max{suffix}"] - both[f"y_min{suffix}"])

    shared = length("x_min", "x_max") * length("y_min", "y_max")
    return both.loc[shared / (area("") + area("_predicted") - shared) >= 0.5, "annotation_id"]


@pytest.mark.parametrize("seed", range(2))
def test_what_is_planted_in_the_sample_is_found(tmp_path: Path, seed: int) -> None:
    """Labels, dark and blurred pictures, unknown values and misses lead to the groups planted."""
    found = confirmed(
        with_answers(tmp_path, seed),
        high=["kitchen", "blur", PRESENTATION],
        low=["tool", "exposure", "found"],
        attributes=[PRESENTATION, AGES, "is_group_of", "is_occluded", "is_truncated", "split"],
    )
    assert {
        ("kitchen", f"{PRESENTATION}={FEMININE}"),
        ("tool", f"{PRESENTATION}={FEMININE}"),
        ("found", f"{PRESENTATION}={FEMININE}"),
        ("exposure", f"{AGES}={OLDER}"),
        ("blur", f"{AGES}={OLDER}"),
        (PRESENTATION, "is_group_of=true"),
    } <= set(found.index)


def test_values_are_those_of_the_half_that_was_not_searched() -> None:
    """n, images, rate and the rate elsewhere are pandas' of one half; no image is in both."""
    frame = boxes()
    frame["wrong"] = errors(frame["gender"] == "F")
    row = confirmed(annotated(frame), high=["wrong"]).loc["wrong", "gender=F"]
    halves = []
    for seed in range(2):
        table = slice_discovery(
            annotated(frame), [], AuditConfig.of({"seed": seed, "discovery": {"high": ["wrong"]}})
        ).frame
        halves.append(table[table["metric"] == "slice_discovery.searched"].squeeze())
    tested = len(frame) - halves[0]["n"]
    assert (halves[0]["n"], halves[0]["n_images"] * 3) == (len(frame) - tested,) * 2
    assert halves[0]["n"] != halves[1]["n"]
    assert 0.25 * tested < row["n"] < 0.42 * tested
    assert row["ci_low"] < 0.5 < row["ci_high"]
    assert row["reference"] == pytest.approx(0.1, abs=0.03)


@pytest.mark.parametrize(
    "settings",
    [{"high": ["wrong", "score"]}, {"low": ["score"], "bins": {"score": 4, "size": 3}}],
)
def test_the_order_of_rows_changes_no_digit(settings: dict[str, object]) -> None:
    """Halves are drawn by the images' names, and sums do not depend on where a row stands."""
    frame = boxes()
    frame["wrong"] = errors(frame["gender"] == "F")
    frame["score"] = np.random.default_rng(2).random(len(frame)) - 0.3 * frame["wrong"]
    frame["size"] = np.random.default_rng(3).normal(size=len(frame))
    config = AuditConfig.of({"discovery": settings})
    shuffled = frame.sample(frac=1, random_state=0)
    one, other = (slice_discovery(annotated(f), [], config).frame for f in (frame, shuffled))
    assert (one["q_value"] < 0.05).any()
    pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_missing_is_a_value_and_unknown_another() -> None:
    """Rows without a value, and those that say "Unknown", are slices like others."""
    frame = boxes()
    frame.loc[::4, "age"] = None
    frame["wrong"] = errors(frame["age"].isna() & (frame["gender"] == "Unknown"))
    found = confirmed(annotated(frame), high=["wrong"])
    assert ("wrong", "gender=Unknown & age=(missing)") in found.index


def test_what_a_mean_is_bad_at_may_be_low() -> None:
    """Negative numbers and null are no hindrance; the values stay in their own unit."""
    frame = boxes()
    rng = np.random.default_rng(4)
    frame["sharpness"] = rng.normal(-5, 1, len(frame)) - 2.0 * (frame["age"] == "Old")
    frame.loc[frame.index % 7 == 0, "sharpness"] = np.nan
    frame.loc[frame.index % 11 == 0, "sharpness"] = np.inf
    low = confirmed(annotated(frame), low=["sharpness"]).loc["sharpness", "age=Old"]
    high = confirmed(annotated(frame), high=["sharpness"]).loc["sharpness", "age=Young"]
    for row, inside, outside in ((low, -7, -5), (high, -5, -7)):
        assert row["value"] == pytest.approx(inside, abs=0.2)
        assert row["reference"] == pytest.approx(outside, abs=0.2)
        assert row["ci_low"] < row["value"] < row["ci_high"]


@pytest.mark.parametrize(
    "written", [("yes", "no"), ("True", "False"), ("1", "0"), (1, 0), (1.0, 0.0)]
)
def test_yes_and_no_are_a_rate_however_they_are_written(written: tuple[object, object]) -> None:
    """A text file has no booleans; a column of text that says nothing else is one."""
    frame = boxes()
    wrong = errors(frame["gender"] == "F")
    expected = confirmed(annotated(frame.assign(wrong=wrong)), high=["wrong"])
    frame["wrong"] = np.where(wrong, *written) if written != (1, 0) else wrong.astype(int)
    named = [GENDER, AGE, Attribute("wrong", "annotations")]
    pd.testing.assert_frame_equal(confirmed(annotated(frame, named), high=["wrong"]), expected)


def test_a_number_that_says_not_known_is_not_measured() -> None:
    """Where -1 stands for a missing age, it is neither low nor part of a mean."""
    frame = boxes()
    years = np.where(frame["age"] == "Old", 60, 20) + np.arange(len(frame)) % 5
    frame["years"] = np.where(frame.index % 4 == 0, "-1", years.astype(str))
    attributes = [GENDER, AGE, Attribute("years", "annotations", missing=("-1",))]
    row = confirmed(annotated(frame, attributes), low=["years"]).loc["years", "age=Young"]
    assert (row["value"], row["reference"]) == pytest.approx((22, 62), abs=0.3)


def test_numbers_make_slices_by_their_quantiles() -> None:
    """A number cut into four parts of equal size is an axis like others, and so is its absence."""
    frame = boxes()
    frame["size"] = np.arange(len(frame)) % 400 / 100
    frame.loc[::10, "size"] = np.nan
    frame["wrong"] = errors(frame["size"] > 3)
    found = confirmed(annotated(frame), high=["wrong"], bins={"size": 4})
    edge = np.quantile(frame["size"].dropna(), 0.75)
    assert list(found.index) == [("wrong", f"size=above {edge:.6g}")]


def test_of_many_values_only_the_frequent_ones_make_slices() -> None:
    """The others are part of the rest, and it is said that there are some."""
    frame = boxes()
    rare = np.where(np.arange(len(frame)) % 2 == 0, "common", [f"v{i}" for i in range(len(frame))])
    frame["place"] = np.where(np.arange(len(frame)) % 5 == 0, "bad", rare)
    frame["wrong"] = errors(frame["place"] == "bad")
    dataset = annotated(frame, [GENDER, AGE, Attribute("place", "annotations")])
    config = AuditConfig.of({"discovery": {"high": ["wrong"], "max_values": 3}})
    table = slice_discovery(dataset, [], config)
    facts = table.facts["slice_discovery.searched", "wrong"]
    assert facts["most_frequent_values_of"] == "place"
    assert table.frame["slice"][0] == "place=bad"


def test_groups_that_are_never_asked_are_no_discovery() -> None:
    """The unknown gender of the young is a rule of the protocol, and it is named."""
    frame = boxes()
    frame.loc[frame["age"] == "Young", "gender"] = "Unknown"
    config = AuditConfig.of({"discovery": {"high": ["gender"]}})
    table = slice_discovery(annotated(frame), [], config)
    assert not (table.frame["q_value"] < 0.05).any()
    assert table.facts["slice_discovery.searched", "gender"]["never_asked"] == "age=Young"


def test_a_cluster_column_keeps_what_belongs_together_in_one_half() -> None:
    """Two hundred pictures by eight photographers are eight sampling units: too few."""
    frame = boxes(600)
    frame["wrong"] = errors(frame["gender"] == "F")
    frame["photographer"] = "p" + (frame.index % 8).astype(str)
    dataset = annotated(frame)
    assert len(confirmed(dataset, high=["wrong"])) == 1
    by_photographer = replace(dataset, sampling=Sampling("photographer"))
    assert len(confirmed(by_photographer, high=["wrong"])) == 0


def test_weights_change_estimates_and_not_counts() -> None:
    """A rate is the weighted one; rows without a usable weight are refused."""
    frame = boxes()
    frame["wrong"] = errors(frame["gender"] == "F")
    frame["weight"] = np.where(frame["wrong"], 3.0, 1.0)
    dataset = replace(annotated(frame), sampling=Sampling(weights="weight"))
    row = confirmed(dataset, high=["wrong"]).loc["wrong", "gender=F"]
    plain = confirmed(annotated(frame), high=["wrong"]).loc["wrong", "gender=F"]
    assert row["n"] == plain["n"]
    odds = plain["value"] / (1 - plain["value"])
    assert row["value"] == pytest.approx(3 * odds / (3 * odds + 1))
    unusable = annotated(frame.assign(weight=-1.0))
    with pytest.raises(WeightsError):
        confirmed(replace(unusable, sampling=Sampling(weights="weight")), high=["wrong"])


def test_images_are_searched_where_nothing_is_of_annotations() -> None:
    """Attributes and measures of images alone make images the units."""
    images = pd.DataFrame({"image_id": [f"i{i}" for i in range(2000)]})
    images["place"] = np.random.default_rng(5).choice(["in", "out"], len(images))
    images["dark"] = errors(images["place"] == "in")
    dataset = annotated(boxes(30), [Attribute("place", "images")], images=images)
    found = confirmed(dataset, high=["dark"], attributes=["place"])
    assert list(found.index) == [("dark", "place=in")]
    assert found["unit"].tolist() == ["image"]


def test_hostile_values_are_slices_like_others() -> None:
    """No value of an attribute is taken for a number, a missing one or a piece of code."""
    frame = boxes()
    frame["place"] = [NAMES[i % len(NAMES)] for i in range(len(frame))]
    frame["wrong"] = errors(frame["place"].isin(NAMES[::2]))
    dataset = annotated(frame, [Attribute("place", "annotations")])
    found = confirmed(dataset, high=["wrong"], k=len(NAMES), ranking="divergence")
    expected = {("wrong", str(Slice((("place", name),)))) for name in NAMES[::2]}
    assert set(found.index) == expected
    assert found["n"].between(80, 170).all()


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"high": ["no such"]}, UnknownNameError),
        ({"attributes": ["gendr"]}, UnknownNameError),
        ({"high": ["note"]}, SettingsError),
        ({"high": ["wrong"], "low": ["wrong"]}, SettingsError),
        ({"bins": {"note": 3}}, SettingsError),
    ],
)
def test_what_cannot_be_measured_is_refused(settings: dict[str, object], error: type) -> None:
    """A column that is not there, or holds plain text, is an error of the settings."""
    with pytest.raises(error):
        confirmed(annotated(boxes(30).assign(note="text")), **settings)


@pytest.mark.parametrize("n", [0, 1, 60])
def test_few_rows_or_none_are_searched_in_vain(n: int) -> None:
    """What was searched is said also where nothing can be found."""
    frame = boxes(60).iloc[:n].assign(is_group_of=True)
    table = slice_discovery(annotated(frame), [], AuditConfig()).frame
    assert set(table["metric"]) <= {"slice_discovery.searched"}
    assert (table["value"] == 0).all()


def test_a_discovery_is_a_finding_in_words() -> None:
    """The sentence has the slice, both rates, interval, n and how many slices were searched."""
    frame = boxes()
    frame["wrong"] = errors(frame["gender"] == "F")
    settings = {"metrics": {"also": ["slice_discovery"]}, "discovery": {"high": ["wrong"]}}
    record = run(annotated(frame), ["gender"], AuditConfig.of(settings))
    (finding,) = [one for one in record.found if one.code == "ANN050"]
    assert (finding.subject, finding.slice, finding.severity) == ("wrong", "gender=F", "warning")
    assert finding.message.startswith("The rate of wrong is 48.7% for F (perceived gender)")
    assert finding.message.endswith(
        "in the half of the data that was not searched; 11 slices searched)."
    )
    assert finding.evidence["slices_searched"] == "11"
