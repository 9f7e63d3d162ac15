"""Sampling units and weights: who is clustered by what, and what every row weighs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from ibis import _

from tests.datasets import GENDER, annotated
from toolkit.errors import UnknownNameError, WeightsError
from toolkit.estimates import image_shares, pairs_of, rates, shares
from toolkit.model.attribute import Attribute
from toolkit.model.dataset import AnnotatedDataset, Sampling
from toolkit.slicing import COUNT, Totals, count
from toolkit.stats.clustered import RatioEstimate

ROWS = st.lists(
    st.tuples(
        st.sampled_from("abcd"),
        st.sampled_from(["F", "M", None]),
        st.sampled_from(["p", "q", "image a", None]),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=20,
)


def dataset_of(
    rows: pd.DataFrame | Mapping[str, Sequence[object]],
    sampling: Sampling,
    images: pd.DataFrame | None = None,
    n_images: int | None = None,
) -> AnnotatedDataset:
    """Return annotations with genders, drawn in some way."""
    return replace(annotated(rows, [GENDER], n_images, images), sampling=sampling)


def counted(dataset: AnnotatedDataset) -> Totals:
    """Count genders, and sum `score` where there is one."""
    measures = {"score": _["score"]} if "score" in dataset.annotations.columns else {}
    pairs = pairs_of("score", COUNT) if measures else ()
    (found,) = count(dataset, [("gender",)], 50, measures=measures, pairs=pairs)
    return found


def mean_score(found: Totals) -> RatioEstimate:
    """Return the mean score of all annotations and of each gender."""
    return rates(found, "score", COUNT, 0.95, proportion=False)


@given(ROWS)
@settings(max_examples=8)
def test_annotations_are_clustered_by_a_column_of_theirs(
    rows: list[tuple[str, str | None, str | None, int]],
) -> None:
    """Products equal those of a matrix with a row for each subject, or image where it is null."""
    frame = pd.DataFrame(rows, columns=["image_id", "gender", "subject", "score"])
    found = counted(dataset_of(frame, Sampling("subject"), n_images=6))
    names = [str(group).removeprefix("gender=") for group in found.groups]
    unit = frame["subject"].map(lambda s: ("subject", s), na_action="ignore")
    unit = unit.fillna(frame["image_id"].map(lambda i: ("image", i)))
    keyed = frame.assign(unit=unit, gender=frame["gender"].fillna("(missing)"))
    table = keyed.pivot_table("score", "unit", "gender", ["count", "sum"], 0)
    n = table["count"].reindex(columns=names, fill_value=0)
    score = table["sum"].reindex(columns=names, fill_value=0)
    assert np.array_equal(found.products("n", "n"), n.T @ n)
    assert np.array_equal(found.products("score", "n"), score.T @ n)
    assert found.covered == frame["image_id"].nunique()
    assert found.clusters == unit.nunique() + 6 - frame["image_id"].nunique()


def test_images_and_their_annotations_are_clustered_by_a_column_of_images() -> None:
    """Every sampling unit counts, also one whose images have none of the groups."""
    images = pd.DataFrame(
        {
            "image_id": ["a", "b", "c", "d", "e"],
            "split": ["train", "test", "train", "train", "test"],
            "photographer": ["p", "p", "q", None, None],
        }
    )
    rows = {"image_id": ["a", "b", "b", "f"], "gender": ["F", "F", "M", "F"]}
    split = Attribute("split", "images")
    dataset = annotated(rows, [GENDER, split], n_images=6, images=images)
    dataset = replace(dataset, sampling=Sampling("photographer"))
    people, places = count(dataset, [("gender",), ("split",)], 50)
    assert people.clusters == places.clusters == 5
    assert people.products("n", "n").tolist() == [[5, 2], [2, 1]]
    assert places.products("n", "n").tolist() == [[2, 1], [1, 3]]
    assert people.present.tolist() == [3, 1]
    # p has two of the two images with a woman or a man that it made; f is of nobody.
    assert people.of_images.cross[0].tolist() == [[10, 7, 7], [7, 5, 5], [7, 5, 8]]


def test_an_image_is_of_the_sampling_unit_that_its_annotations_agree_on() -> None:
    """A column of annotations clusters images, unless it parts an image."""
    rows = {
        "image_id": ["a", "b", "c", "c", "d", "d"],
        "gender": ["F", "F", "F", "M", "M", "M"],
        "subject": ["s", "s", "s", "t", "u", None],
    }
    found = counted(dataset_of(rows, Sampling("subject"), n_images=5))
    assert found.clusters == 3 + 1 + 1
    assert found.of_images.clusters == 1 + 2 + 1


def test_images_without_a_weight_have_no_weighted_share() -> None:
    """Weights of annotations that differ within an image say nothing of the image."""
    rows = {"image_id": ["a", "a", "b"], "gender": ["F", "M", "M"], "w": [1.0, 2.0, 3.0]}
    found = counted(dataset_of(rows, Sampling(weights="w")))
    assert np.isnan(image_shares(found, 0.95).value).all()
    assert shares(found, 0.95).value == pytest.approx([1 / 6, 5 / 6], rel=1e-11)
    alike = counted(dataset_of({**rows, "w": [2.0, 2.0, 3.0]}, Sampling(weights="w")))
    assert image_shares(alike, 0.95).value == pytest.approx([1, 2 / 5, 1], rel=1e-11)


@pytest.mark.parametrize("bad", [None, -1.0, np.inf, -np.inf, "NaN", "much", ""])
def test_a_row_without_a_usable_weight_is_an_error_that_counts_them(bad: object) -> None:
    """Nothing is dropped in silence; numbers written as text are numbers."""
    rows = {"image_id": list("abcd"), "gender": list("FFMM")}
    fine = {**rows, "w": ["1", "2.5", "1e3", "0"]}
    assert counted(dataset_of(fine, Sampling(weights="w"))).totals[COUNT].tolist() == [3.5, 1000]
    column = [1.0, bad, 1.0, bad] if not isinstance(bad, str) else ["1", bad, "1", bad]
    with pytest.raises(WeightsError, match=r"2 of 4 annotations .* 'w' .* weight of 0 or more"):
        counted(dataset_of({**rows, "w": column}, Sampling(weights="w")))


def test_annotations_of_images_that_are_not_listed_have_no_weight() -> None:
    """An orphan cannot be weighted by its image."""
    images = pd.DataFrame({"image_id": ["a"], "w": [2.0]})
    rows = {"image_id": ["a", "b"], "gender": ["F", "M"]}
    with pytest.raises(WeightsError, match="1 of 2 annotations"):
        counted(dataset_of(rows, Sampling(weights="w"), images))


@pytest.mark.parametrize("sampling", [Sampling("photografer"), Sampling(weights="photografer")])
def test_a_column_that_is_not_there_is_named_with_the_nearest(sampling: Sampling) -> None:
    """A misspelt setting does not fall back on images."""
    rows = {"image_id": ["a"], "gender": ["F"], "photographer": ["p"]}
    with pytest.raises(UnknownNameError, match="Did you mean 'photographer'"):
        counted(dataset_of(rows, sampling))


@given(ROWS, st.sampled_from([0.1, 1.0, 7.3e6, 1e-9]))
@settings(max_examples=6)
def test_equal_weights_change_nothing(
    rows: list[tuple[str, str | None, str | None, int]], weight: float
) -> None:
    """Shares, means and intervals are those without weights, whatever the scale."""
    frame = pd.DataFrame(rows, columns=["image_id", "gender", "subject", "score"])
    plain = counted(dataset_of(frame, Sampling()))
    weighted = counted(dataset_of(frame.assign(w=weight), Sampling(weights="w")))
    assert np.array_equal(plain.counts, weighted.counts)
    for one, other in (
        (shares(plain, 0.95), shares(weighted, 0.95)),
        (mean_score(plain), mean_score(weighted)),
    ):
        for name in ("value", "se", "low", "high"):
            np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-7)


def survey(n: int = 600) -> pd.DataFrame:
    """Draw annotations of photographers with unequal weights and a score of their own."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"image_id": [f"i{i}" for i in rng.integers(0, 200, n)]})
    photographer = frame["image_id"].str[1:].astype(int) % 30
    return frame.assign(
        photographer=photographer.astype(str),
        gender=rng.choice(["F", "M"], n),
        score=(rng.random(n) < photographer / 40).astype(int),
        w=rng.lognormal(0, 1, n),
    )


def test_weighted_clustered_rates_equal_weighted_least_squares() -> None:
    """Rate and standard error of each group are statsmodels' WLS with clustered errors."""
    rows = survey()
    found = counted(dataset_of(rows, Sampling("photographer", "w")))
    rate = rates(found, "score", COUNT, 0.95)
    m = rows["photographer"].nunique()
    assert found.clusters == m
    for i, group in enumerate(["F", "M"], start=1):
        member = (rows["gender"] == group).to_numpy(float)
        fit = sm.WLS(rows["score"] * member, member, weights=rows["w"]).fit(
            cov_type="cluster",
            cov_kwds={"groups": pd.factorize(rows["photographer"])[0], "use_correction": False},
        )
        assert rate.value[i] == pytest.approx(fit.params.iloc[0], rel=1e-9)
        assert rate.se[i] == pytest.approx(fit.bse.iloc[0] * np.sqrt(m / (m - 1)), rel=1e-9)


def test_unequal_weights_cost_what_kish_says() -> None:
    """The design effect of a score that has nothing to do with the weights is n Σw²/(Σw)²."""
    rng, n = np.random.default_rng(2), 20_000
    weight = rng.lognormal(0, 0.5, n)
    rows = {
        "image_id": [f"i{i}" for i in range(n)],
        "gender": ["F"] * n,
        "score": (rng.random(n) < 0.3).astype(int),
        "w": weight,
    }
    found = counted(dataset_of(rows, Sampling(weights="w")))
    kish = n * (weight @ weight) / weight.sum() ** 2
    rate = rates(found, "score", COUNT, 0.95)
    assert rate.design_effect[0] == pytest.approx(kish, rel=0.03)
    assert rate.n_effective[0] == pytest.approx(n / kish, rel=0.03)
    # Where all are alike nothing can be estimated, and Kish's number is taken itself.
    assert shares(found, 0.95).n_effective[0] == pytest.approx(n / kish, rel=1e-9)


@pytest.mark.parametrize("name", ["weight", "cluster", "sampling_unit", "n", "image"])
def test_what_says_how_rows_were_drawn_may_have_any_name(name: str) -> None:
    """Sliced by, clustered by and weighted by one column, whatever it is called."""
    number = Attribute(name, "annotations")
    rows = {"image_id": ["a", "b", "c"], name: ["1", "2", "2"]}
    cluster = "image" if name == "image" else name
    dataset = replace(annotated(rows, [number]), sampling=Sampling(cluster, name))
    (found,) = count(dataset, [(name,)], 50)
    assert found.totals[COUNT].tolist() == [1, 4]
    assert found.counts.tolist() == [1, 2]
    assert found.clusters == (3 if name == "image" else 2)
