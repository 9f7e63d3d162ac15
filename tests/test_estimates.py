"""Shares, rates and gaps from totals: what must not change them, and what must."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ibis import _

from tests.datasets import GENDER, annotated
from toolkit.estimates import (
    gaps_to_rest,
    image_shares,
    pairs_of,
    rates,
    shares,
    statuses,
    units_per_image,
)
from toolkit.model.attribute import Attribute
from toolkit.slicing import COUNT, Totals, count
from toolkit.stats.intervals import wilson

ROWS = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from(["F", "M", "Unknown", None]), st.booleans()),
    min_size=2,
    max_size=25,
).map(lambda rows: pd.DataFrame(rows, columns=["image_id", "gender", "flag"]))


def counted(rows: pd.DataFrame, n_images: int = 6, attribute: Attribute = GENDER) -> Totals:
    """Count genders, and the flags that are set."""
    dataset = annotated(rows, [attribute], n_images=n_images)
    pairs = pairs_of("flag", COUNT)
    (found,) = count(dataset, [("gender",)], 50, measures={"flag": _["flag"]}, pairs=pairs)
    return found


@given(ROWS)
@settings(max_examples=8)
def test_what_does_not_change_an_estimate(rows: pd.DataFrame) -> None:
    """Shares sum to one; new names and one more empty image leave every estimate as it is."""
    found = counted(rows)
    share = shares(found, 0.95)
    assert share.value.sum() == pytest.approx(1, abs=1e-12)
    names = {"F": "woman", "M": "man", "Unknown": "not said"}
    words = replace(GENDER, values=("woman", "man"), missing=("not said",))
    renamed = shares(counted(rows.replace({"gender": names}), attribute=words), 0.95)
    larger = shares(counted(rows, n_images=7), 0.95)
    for name in ("value", "se", "design_effect", "low", "high"):
        np.testing.assert_array_equal(getattr(share, name), getattr(renamed, name))
    np.testing.assert_array_equal(share.value, larger.value)
    # The empty image enters the correction m/(m-1) alone.
    np.testing.assert_allclose(larger.se**2 * 6 / 7, share.se**2 * 5 / 6, rtol=1e-12)


@given(ROWS)
@settings(max_examples=8)
def test_copied_images_halve_the_variance_and_copied_boxes_do_not(rows: pd.DataFrame) -> None:
    """Twice the images is twice the evidence; twice the boxes of the same images is not."""
    other = rows.assign(image_id=rows["image_id"] + " again")
    one, images, boxes = (
        rates(counted(frame, n), "flag", COUNT, 0.95)
        for frame, n in ((rows, 6), (pd.concat([rows, other]), 12), (pd.concat([rows, rows]), 6))
    )
    np.testing.assert_allclose(images.value, one.value, rtol=1e-12)
    np.testing.assert_allclose(images.se**2 * 11 / 12, one.se**2 * 5 / 6 / 2, rtol=1e-9)
    np.testing.assert_allclose(boxes.value, one.value, rtol=1e-12)
    np.testing.assert_allclose(boxes.se, one.se, rtol=1e-9)


@given(ROWS)
@settings(max_examples=8)
def test_of_two_groups_each_is_the_rest_of_the_other(rows: pd.DataFrame) -> None:
    """Swapping the groups negates the difference and inverts the ratio."""
    two = rows.assign(gender=rows["gender"].eq("F").map({True: "F", False: "M"}))
    gap = gaps_to_rest(counted(two), "flag", COUNT, 0.95)
    for own, other in (("value", "value"), ("low", "high"), ("high", "low")):
        first, second = getattr(gap.difference, own)[0], getattr(gap.difference, other)[1]
        np.testing.assert_allclose(first, -second, atol=1e-9)
        with np.errstate(divide="ignore"):
            inverse = 1 / getattr(gap.ratio, other)[1]
        np.testing.assert_allclose(getattr(gap.ratio, own)[0], inverse, rtol=1e-6)
    np.testing.assert_allclose(gap.p_value[0], gap.p_value[1], rtol=1e-9)


@given(ROWS)
@settings(max_examples=8)
def test_images_are_independent_units(rows: pd.DataFrame) -> None:
    """A part of the images has Wilson's interval, and boxes an image are numpy's mean and error."""
    found = counted(rows)
    part, mean = image_shares(found, 0.95), units_per_image(found, 0.95)
    present = np.append(found.covered, found.present)
    np.testing.assert_allclose((part.low, part.high), wilson(present, 6), atol=1e-12)
    boxes = rows.groupby("image_id").size().to_numpy()
    assert mean.value[0] == pytest.approx(boxes.mean())
    m = len(boxes)
    expected = boxes.std() / np.sqrt(m) * np.sqrt(6 / 5)
    assert mean.se[0] == pytest.approx(expected, abs=1e-9)


def test_a_number_that_does_not_exist_is_undefined_and_one_of_few_units_small() -> None:
    """Undefined goes before small."""
    n, values = np.array([0, 29, 30]), np.array([np.nan, 0.0, 0.5])
    assert statuses(n, values, 30) == ["undefined", "small", "ok"]
