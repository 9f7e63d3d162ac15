"""Tests of captions by group, against pandas, statsmodels and real captions."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

import toolkit as tk
from tests.datasets import GENDER, annotated
from toolkit.config import AuditConfig
from toolkit.metrics.captions import TABLES, captions
from toolkit.model.attribute import Attribute
from toolkit.model.dataset import AnnotatedDataset, Sampling

PLACE = Attribute("place", "images", ("inside", "outside"))
SAYS = {"feminine": "a woman here", "masculine": "the man there", "none": "two dogs"}


def dataset_of(
    people: pd.DataFrame, texts: pd.DataFrame, images: pd.DataFrame | None = None
) -> AnnotatedDataset:
    """Return a dataset of people (`image_id`, `gender`) and captions (`image_id`, `text`)."""
    attributes = [GENDER] if images is None else [GENDER, PLACE]
    dataset = annotated(people, attributes, images=images)
    schema = {"image_id": "string", "text": "string"}
    n_images = len({*people["image_id"], *texts["image_id"]})
    table = ibis.memtable(texts[["image_id", "text"]], schema=schema)
    return replace(dataset, captions=table, n_images=n_images if images is None else len(images))


def drawn(seed: int, n: int = 200) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return people of whom several share an image, and captions that go with them somewhat."""
    rng = np.random.default_rng(seed)
    image = np.sort(rng.integers(n, size=2 * n))
    gender = rng.choice(["F", "M", "Unknown"], p=[0.4, 0.5, 0.1], size=2 * n)
    people = pd.DataFrame({"image_id": [f"i{i}" for i in image], "gender": gender})
    feminine = set(people.loc[people["gender"] == "F", "image_id"])
    rows = []
    for i in range(n):
        for _ in range(rng.integers(3)):
            likely = [0.6, 0.2, 0.2] if f"i{i}" in feminine else [0.1, 0.6, 0.3]
            rows.append((f"i{i}", rng.choice(list(SAYS.values()), p=likely)))
    return people, pd.DataFrame(rows, columns=["image_id", "text"])


def measure(
    dataset: AnnotatedDataset, by: Sequence[tuple[str, ...]] = (("gender",),), **settings: Any
) -> pd.DataFrame:
    """Return the table of the family."""
    stated = {"shipped": ["gendered"], **settings}
    return captions(dataset, by, AuditConfig.of({"captions": stated})).frame


def row(table: pd.DataFrame, metric: str, of: str = "gender=F", subject: str = "") -> Any:
    """Return the one row of a number."""
    chosen = table[(table["metric"] == f"captions.{metric}") & (table["slice"] == of)]
    chosen = chosen[chosen["subject"] == subject]
    assert len(chosen) == 1, table[["metric", "subject", "slice"]]
    return next(chosen.itertuples())


def pairs_of(people: pd.DataFrame, texts: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each group on each captioned image, with what is said of the image."""
    pairs = people.drop_duplicates()[lambda t: t["image_id"].isin(set(texts["image_id"]))]
    said = set(texts.loc[texts["text"] == SAYS["feminine"], "image_id"])
    return pairs.assign(said=pairs["image_id"].isin(said).astype(float))


def test_rates_are_of_images_and_those_of_a_group_of_pandas() -> None:
    """Three people of a group on an image, and a word said twice of it, count once."""
    people, texts = drawn(0)
    table = measure(dataset_of(people, texts))
    pairs = pairs_of(people, texts)
    for gender, group in pairs.groupby("gender"):
        found = row(table, "word_rate", f"gender={gender}", "gendered=feminine")
        assert (found.n, found.n_images) == (len(group), len(group))
        assert found.value == pytest.approx(group["said"].mean())
        assert found.ci_low < found.value < found.ci_high
    once = texts.drop_duplicates()
    whole = row(table, "word_rate", "overall", "gendered=feminine")
    assert whole.n == once["image_id"].nunique()
    assert whole.value == pytest.approx((once["text"] == SAYS["feminine"]).sum() / whole.n)


def test_the_gap_s_error_is_that_of_clustered_least_squares() -> None:
    """Groups share images; statsmodels' sandwich gives nearly the same interval and p-value."""
    people, texts = drawn(1, 400)
    table = measure(dataset_of(people, texts))
    pairs = pairs_of(people, texts)
    design = sm.add_constant((pairs["gender"] == "F").astype(float))
    groups = pairs["image_id"].factorize()[0]
    fit = sm.OLS(pairs["said"], design).fit(cov_type="cluster", cov_kwds={"groups": groups})
    gap = row(table, "word_gap", subject="gendered=feminine")
    assert gap.value == pytest.approx(fit.params.iloc[1])
    assert gap.ci_high - gap.ci_low == pytest.approx(2 * 1.96 * fit.bse.iloc[1], rel=0.03)
    ratio = row(table, "word_ratio", subject="gendered=feminine")
    assert ratio.value == pytest.approx(fit.params.sum() / fit.params.iloc[0])
    assert (ratio.p_value, ratio.q_value) == (gap.p_value, gap.q_value)


def test_captions_themselves() -> None:
    """Images without, captions an image, words a caption; over all images and by group."""
    people = pd.DataFrame({"image_id": list("abcd"), "gender": list("FFMM")})
    texts = pd.DataFrame(
        [("a", "one two three"), ("a", "one"), ("b", " "), ("c", "four")],
        columns=["image_id", "text"],
    )
    table = measure(dataset_of(people, texts), words=["one"])
    figures = {
        (metric, of): row(table, metric, of).value
        for metric in ("missing_rate", "per_image", "length")
        for of in ("overall", "gender=F", "gender=M")
    }
    assert figures == {
        ("missing_rate", "overall"): 0.5,
        ("missing_rate", "gender=F"): 0.5,
        ("missing_rate", "gender=M"): 0.5,
        ("per_image", "overall"): 1.5,
        ("per_image", "gender=F"): 2.0,
        ("per_image", "gender=M"): 1.0,
        ("length", "overall"): pytest.approx(5 / 3),
        ("length", "gender=F"): 2.0,
        ("length", "gender=M"): 1.0,
    }
    assert row(table, "missing_rate").n == 2
    assert row(table, "length").n == 1  # the captioned ones
    assert row(table, "word_rate", subject="one").status == "small"
    assert set(table["metric"]) <= TABLES.keys()


def test_what_nobody_says_has_one_rate() -> None:
    """0 of so many images is said once, with the interval that so many images give."""
    people, texts = drawn(2)
    table = measure(dataset_of(people, texts), words=["unicorn"])
    (never,) = table[table["subject"] == "unicorn"].itertuples()
    assert (never.metric, never.slice, never.value) == ("captions.word_rate", "overall", 0)
    assert 0 < never.ci_high < 0.05


def test_a_group_without_captions_is_undefined() -> None:
    """No rate is made of nothing."""
    people = pd.DataFrame({"image_id": list("abc"), "gender": list("FFM")})
    texts = pd.DataFrame([("a", "a woman")], columns=["image_id", "text"])
    table = measure(dataset_of(people, texts))
    empty = row(table, "word_rate", "gender=M", "gendered=feminine")
    assert (empty.n, empty.status) == (0, "undefined")
    assert np.isnan([empty.value, empty.ci_low]).all()
    assert "captions.word_gap" not in set(table["metric"])


def test_attributes_of_images_and_crossed_ones() -> None:
    """An image's own attribute needs no people; crossed with theirs it is an image of both."""
    people, texts = drawn(3)
    names = [f"i{i}" for i in range(200)]
    place = ["inside" if i % 3 else "outside" for i in range(200)]
    images = pd.DataFrame({"image_id": names, "place": place})
    table = measure(dataset_of(people, texts, images), [("place",), ("gender", "place")])
    said = set(texts.loc[texts["text"] == SAYS["feminine"], "image_id"])
    inside = set(images.loc[images["place"] == "inside", "image_id"]) & set(texts["image_id"])
    found = row(table, "word_rate", "place=inside", "gendered=feminine")
    assert (found.n, found.value) == (len(inside), pytest.approx(len(inside & said) / len(inside)))
    both = inside & set(people.loc[people["gender"] == "F", "image_id"])
    found = row(table, "word_rate", "gender=F & place=inside", "gendered=feminine")
    assert (found.n, found.value) == (len(both), pytest.approx(len(both & said) / len(both)))


def test_agreement_of_words_with_annotations() -> None:
    """Of the images whose captions say woman or man: how many show somebody annotated so."""
    people, texts = drawn(4)
    table = measure(dataset_of(people, texts))
    known = people[people["gender"].isin(["F", "M"])]
    shown = known.groupby("image_id")["gender"].agg(set)
    said = texts.groupby("image_id")["text"].agg(set)
    both = pd.DataFrame({"shown": shown, "said": said}).dropna()
    for gender, value in (("F", "feminine"), ("M", "masculine")):
        there = both["shown"].map(lambda genders, g=gender: g in genders)
        called = both["said"].map(lambda words, v=value: SAYS[v] in words)
        found = row(table, "agreement", f"gender={gender}", f"gendered={value}")
        assert found.n == called.sum()
        assert found.value == pytest.approx(there[called].mean())
        assert found.reference == pytest.approx(there[~called].mean())
        test = sm.stats.proportions_ztest(
            [there[called].sum(), there[~called].sum()], [called.sum(), (~called).sum()]
        )
        assert found.p_value == pytest.approx(test[1], rel=0.2, abs=1e-6)


def copied(table: pd.DataFrame, images: set[str]) -> pd.DataFrame:
    """Return a table with the rows of some images once more, under other names."""
    again = table[table["image_id"].isin(images)]
    return pd.concat([table, again.assign(image_id=again["image_id"] + "'")])


def test_weights_count_an_image_so_many_times() -> None:
    """The rates with weights 1 and 2 are those of the dataset in which images stand twice."""
    people, texts = drawn(5)
    names = [f"i{i}" for i in range(200)]
    images = pd.DataFrame({"image_id": names, "place": "inside", "weight": [1, 2] * 100})
    weighted = replace(dataset_of(people, texts, images), sampling=Sampling("image", "weight"))
    twice = set(images.loc[images["weight"] == 2, "image_id"])
    doubled = [copied(table, twice) for table in (people, texts, images[["image_id", "place"]])]
    ours, theirs = measure(weighted), measure(dataset_of(*doubled))
    assert ours[["metric", "subject", "slice"]].equals(theirs[["metric", "subject", "slice"]])
    rates = ours["metric"].isin(["captions.word_rate", "captions.length", "captions.word_gap"])
    assert np.allclose(ours["value"][rates], theirs["value"][rates], equal_nan=True)
    assert row(ours, "missing_rate", "overall").n == 200  # raw numbers


def test_images_of_one_sampling_unit_are_one_observation() -> None:
    """Copies of an image by the same photographer make no interval narrower."""
    people, texts = drawn(5)
    names = people["image_id"].unique()
    images = pd.DataFrame({"image_id": names, "place": "inside", "photographer": names})
    again = [copied(table, set(names)) for table in (people, texts, images)]
    copies = replace(dataset_of(*again), sampling=Sampling("photographer", ""))
    ours, theirs = measure(copies), measure(dataset_of(people, texts, images))
    for name in ("word_rate", "word_gap"):
        one, other = (row(table, name, subject="gendered=feminine") for table in (ours, theirs))
        assert one.n == 2 * other.n
        assert (one.value, one.ci_low) == pytest.approx((other.value, other.ci_low), abs=0.005)


@settings(max_examples=3)
@given(st.integers(0, 1000))
def test_the_order_of_rows_changes_nothing(seed: int) -> None:
    """Every number is the same to the last digit."""
    people, texts = drawn(6, 60)
    shuffled = [t.sample(frac=1, random_state=seed) for t in (people, texts)]
    pd.testing.assert_frame_equal(
        measure(dataset_of(people, texts)), measure(dataset_of(*shuffled)), check_exact=True
    )


def test_without_captions_nothing_is_asked_of_the_engine() -> None:
    """A dataset without captions costs nothing."""
    dataset: Any = annotated({"image_id": ["a"], "gender": ["F"]})
    assert measure(replace(dataset, annotations=None, images=None)).empty


def test_real_captions_by_what_is_on_the_image(shared_data: Path) -> None:
    """COCO's captions say `man` and the like of so many images with a person, and without."""
    folder = shared_data / "coco_mini_open"
    said: dict[str, set[str]] = {}
    people: set[str] = set()
    for split in ("train2017", "val2017"):
        written = json.loads((folder / f"captions_{split}_open.json").read_text())
        for caption in written["annotations"]:
            words = caption["caption"].lower().replace(",", " ").replace(".", " ").split()
            said.setdefault(str(caption["image_id"]), set()).update(words)
        boxes = json.loads((folder / f"instances_{split}_open.json").read_text())["annotations"]
        people |= {str(box["image_id"]) for box in boxes if box["category_id"] == 1}
    table = captions(tk.load(folder), [("label",)], AuditConfig()).frame
    words = {"man", "men", "boy", "his", "he", "him", "himself", "male", "guy", "boys", "cowboy"}
    found = row(table, "word_rate", "label=person", "gendered=masculine")
    with_words = {image for image in people if said[image] & words}
    assert (found.n, found.value) == (len(people), pytest.approx(len(with_words) / len(people)))
    assert row(table, "per_image", "overall").value == 5
