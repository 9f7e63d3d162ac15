"""Counting which labels and groups meet: against counting by hand, one image after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.datasets import annotated
from toolkit.cooccurrence import (
    ANY,
    Cooccurrence,
    cooccurrence,
    labelled_images,
    numbered_images,
)
from toolkit.cooccurrence.patterns import MOST_IN_PATTERNS
from toolkit.errors import TooManyValuesError
from toolkit.image_totals import drawn_images
from toolkit.model.attribute import Attribute
from toolkit.model.dataset import AnnotatedDataset, Sampling
from toolkit.units import units

NAME = Attribute("group", "annotations", missing=("?",))
FEW = ["f", "m", "x", "?", None]
MANY = [*(f"g{i:02}" for i in range(MOST_IN_PATTERNS + 3)), "?", None]
Rows = list[tuple[int, str | None]]
LABELS = st.lists(st.tuples(st.integers(0, 9), st.sampled_from([*"abc", None])), min_size=8)


def members(values: Sequence[str | None]) -> st.SearchStrategy[Rows]:
    """Draw the annotations of ten images, some of them with several."""
    return st.lists(st.tuples(st.integers(0, 9), st.sampled_from(values)), min_size=8)


def dataset_of(people: Rows, images: pd.DataFrame | None = None) -> AnnotatedDataset:
    """Return a dataset with these annotations."""
    rows = {"image_id": [f"i{i}" for i, _ in people], "group": [value for _, value in people]}
    return annotated(pd.DataFrame(rows, dtype=object), [NAME], images=images)


def counted(
    dataset: AnnotatedDataset, labels: Rows, *, most: int = 500, mentions: bool = False
) -> Cooccurrence | None:
    """Count labels by group."""
    rows = pd.DataFrame({"image_id": [f"i{i}" for i, _ in labels], "label": [v for _, v in labels]})
    by = ("group",)
    with (
        drawn_images(dataset) as drawn,
        numbered_images(dataset, [by]).cache() as images,
        labelled_images(ibis.memtable(rows.astype({"label": "str"})), images) as labelled,
    ):
        return cooccurrence(units(dataset, by), images, labelled, most, drawn, mentions=mentions)


def by_hand(people: Rows, labels: Rows) -> list[tuple[set[str], set[str]]]:
    """Return the groups and the labels of each image that has both."""
    images = [
        (
            {g for i, g in people if i == image and g not in (None, "?")},
            {label for i, label in labels if i == image and label is not None},
        )
        for image in range(10)
    ]
    return [(groups, has) for groups, has in images if groups and has]


def check(found: Cooccurrence | None, images: list[tuple[set[str], set[str]]]) -> None:
    """Compare every count, and every moment that was counted, with those by hand."""
    labels = sorted(set().union(*(has for _, has in images)))
    if found is None:
        assert len(labels) < 2
        return
    groups = sorted(set().union(*(groups for groups, _ in images)))
    assert found.labels == tuple(labels)
    assert [group.terms[0][1] for group in found.groups] == groups
    assert found.n == found.n_images == len(images)
    for (i, g), (j, label) in product(enumerate(groups), enumerate(labels)):
        assert found.counts[i, j] == sum(g in who and label in has for who, has in images)
        assert found.with_group[i] == sum(g in who for who, _ in images)
        assert found.with_label[j] == sum(label in has for _, has in images)
    number = {g: i for i, g in enumerate(groups)} | {"any": ANY}
    for g, h in product(number, repeat=2) if found.moments else ():
        both = [has for who, has in images if {g, h} - {"any"} <= who]
        moments = found.moments.of(number[g], number[h])
        assert (moments[1, 1] == len(both)).all()
        assert moments[0, 0].tolist() == [sum(label in has for has in both) for label in labels]


@settings(max_examples=15)
@given(members(FEW), LABELS)
def test_few_groups_are_counted_as_by_hand(people: Rows, labels: Rows) -> None:
    """Counts, margins and what two groups share, whatever is repeated, unknown or missing."""
    check(counted(dataset_of(people), labels), by_hand(people, labels))


@settings(max_examples=6)
@given(LABELS, st.randoms(use_true_random=False))
def test_many_groups_are_counted_as_by_hand(labels: Rows, random: object) -> None:
    """With more groups than sets of them are counted for, the counts are the same."""
    people = [(i % 10, value) for i, value in enumerate(MANY)]
    random.shuffle(people)  # type: ignore[attr-defined]
    found = counted(dataset_of(people), labels)
    check(found, by_hand(people, labels))


@settings(max_examples=6)
@given(members(FEW), LABELS)
def test_images_of_weight_1_are_counted_as_without_weights(people: Rows, labels: Rows) -> None:
    """The way of clustered and weighted images gives the same counts."""
    images = pd.DataFrame({"image_id": [f"i{i}" for i in range(10)], "w": 1.0, "who": range(10)})
    dataset = replace(dataset_of(people, images), sampling=Sampling("who", "w"))
    found = counted(dataset, labels)
    check(found and replace(found, moments=None), by_hand(people, labels))


def test_weights_and_clusters_are_those_of_the_rows() -> None:
    """Weighted totals, and their products over photographers, from a table of images."""
    rng = np.random.default_rng(5)
    n = 60
    groups, has = rng.integers(1, 4, n), rng.random((n, 2)) < 0.5
    frame = pd.DataFrame({"image_id": [f"i{i}" for i in range(n)]})
    frame["w"], frame["who"] = rng.integers(1, 5, n).astype(float), rng.integers(0, 7, n)
    people = [(i, name) for i in range(n) for bit, name in enumerate("fm") if groups[i] >> bit & 1]
    labels = [(i, "ab"[j]) for i in range(n) for j in range(2) if has[i, j]]
    dataset = replace(dataset_of(people, frame), sampling=Sampling("who", "w"))
    found = counted(dataset, labels)
    assert found is not None
    assert found.moments is not None
    there = has.any(axis=1)
    weight = frame["w"].to_numpy() * there
    scale = there.sum() / weight.sum()
    member = np.array([groups & 1, groups >> 1 & 1, np.ones(n)])
    totals = (member * weight) @ has * scale
    np.testing.assert_allclose(found.observed, totals[:2])
    np.testing.assert_allclose(found.with_label, totals[2])
    np.testing.assert_array_equal(found.counts, member[:2] @ has)
    per = pd.DataFrame({"f": groups & 1, "b": has[:, 1], "who": frame["who"], "w": weight})
    sums = pd.DataFrame(
        {
            "both": (per["f"] * per["b"] * per["w"]).groupby(per["who"]).sum(),
            "label": (per["b"] * per["w"]).groupby(per["who"]).sum(),
        }
    )
    moments = found.moments.of(0, 0)[..., 1] / scale**2 * 6 / 7
    assert moments[0, 0] == pytest.approx((sums["both"] ** 2).sum())
    assert moments[0, 2] == pytest.approx((sums["both"] * sums["label"]).sum())


def test_mentions_give_every_unit_one_group_and_one_label() -> None:
    """An image with two groups and two labels is four mentions, clustered on one image."""
    people: Rows = [(0, "f"), (0, "m"), (1, "m"), (2, "f")]
    labels: Rows = [(0, "a"), (0, "b"), (1, "b"), (2, "a"), (2, "b")]
    found = counted(dataset_of(people), labels, mentions=True)
    assert found is not None
    assert found.moments is not None
    assert found.counts.sum() == found.n == 4 + 1 + 2
    np.testing.assert_array_equal(found.counts.sum(axis=1), found.with_group)
    np.testing.assert_array_equal(found.counts.sum(axis=0), found.with_label)
    moments = found.moments.of(0, 0)
    assert moments[3, 3].tolist() == [4**2 + 1 + 2**2] * 2
    assert moments[1, 1].tolist() == [2**2 + 2**2] * 2
    assert moments[1, 3].tolist() == [2 * 4 + 2 * 2] * 2
    assert moments[0, 3].tolist() == [4 + 2, 4 + 2]


def test_too_many_groups_are_refused_and_too_few_labels_left_out() -> None:
    """A sentence for the one, nothing for the other."""
    people: Rows = [(i, value) for i, value in enumerate("fmx")]
    labels: Rows = [(i, "ab"[i % 2]) for i in range(3)]
    with pytest.raises(TooManyValuesError, match="3"):
        counted(dataset_of(people), labels, most=2)
    assert counted(dataset_of(people), [(0, "a"), (1, "a")]) is None
    assert counted(dataset_of([(0, None)]), labels) is None
