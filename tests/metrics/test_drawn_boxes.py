"""Boxes that several annotators drew on the same images: how far they agree."""

import numpy as np
import pandas as pd
import pytest

from tests.datasets import AGE, GENDER, annotated
from toolkit.config import AuditConfig
from toolkit.metrics.agreement import agreement
from toolkit.model.attribute import Attribute
from toolkit.model.dataset import AnnotatedDataset

QUICK = AuditConfig.of({"agreement": {"resamples": 100}, "slices": {"min_n": 1}})
COLUMNS = ("image_id", "annotator", "x_min", "x_max", "gender")


def drawn(*rows: tuple[object, ...]) -> AnnotatedDataset:
    """Return a dataset of boxes as high as the image, each drawn by an annotator."""
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return annotated(frame, (GENDER, AGE, Attribute("annotator", "annotations")))


def measured(dataset: AnnotatedDataset) -> dict[tuple[str, str, str], pd.Series]:
    """Return the rows of the table by metric, subject and slice."""
    frame = agreement(dataset, [("gender",)], QUICK).frame
    return {(row["metric"], row["subject"], row["slice"]): row for _, row in frame.iterrows()}


def test_boxes_are_matched_and_counted_by_hand() -> None:
    """Two annotators, three boxes each, two of them alike; a third saw another image alone."""
    found = measured(
        drawn(
            ("i", "ann", 0.0, 0.2, "F"),
            ("i", "ann", 0.4, 0.6, "F"),
            ("i", "ann", 0.8, 0.9, "M"),
            ("i", "bob", 0.0, 0.2, "F"),
            ("i", "bob", 0.4, 0.55, "M"),
            ("i", "bob", 0.95, 1.0, "M"),
            ("j", "cat", 0.0, 0.2, "F"),
        )
    )
    part = found["agreement.boxes", "matched", "overall"]
    assert (part["value"], part["n"], part["n_images"]) == (4 / 6, 6, 1)
    iou = found["agreement.boxes", "IoU of matched", "overall"]
    assert (iou["value"], iou["n"]) == (pytest.approx((1 + 0.75) / 2), 4)
    assert found["agreement.boxes", "matched", "gender=F"]["value"] == 1
    assert found["agreement.boxes", "matched", "gender=M"]["value"] == pytest.approx(1 / 3)
    same = found["agreement.coefficient", "gender: raw agreement", "overall"]
    assert (same["value"], same["n"]) == (0.5, 2)


def test_three_annotators_make_one_item_of_their_boxes() -> None:
    """Each box counts once for each other annotator, and the item has three answers."""
    found = measured(
        drawn(
            ("i", "ann", 0.0, 0.5, "F"),
            ("i", "bob", 0.0, 0.5, "F"),
            ("i", "cat", 0.0, 0.5, "M"),
            ("i", "cat", 0.6, 0.9, "M"),
        )
    )
    part = found["agreement.boxes", "matched", "overall"]
    assert (part["value"], part["n"]) == (6 / 8, 8)
    same = found["agreement.coefficient", "gender: raw agreement", "overall"]
    assert (same["value"], same["n"]) == (pytest.approx(1 / 3), 1)


def test_boxes_of_one_annotator_an_image_say_nothing() -> None:
    """Nothing was drawn twice, or nobody says who drew it: no table."""
    alone = drawn(("i", "ann", 0.0, 0.5, "F"), ("j", "bob", 0.0, 0.5, "F"))
    unnamed = drawn(("i", None, 0.0, 0.5, "F"), ("i", None, 0.0, 0.5, "F"))
    assert len(agreement(alone, [("gender",)], QUICK).frame) == 0
    assert len(agreement(unnamed, [("gender",)], QUICK).frame) == 0


def test_the_order_of_rows_changes_no_digit() -> None:
    """Boxes on top of one another, of different people, in any order of the rows."""
    rng = np.random.default_rng(0)
    low = rng.integers(0, 4, size=200) / 8
    rows = [
        (f"i{i}", who, left, left + 0.25, gender)
        for i, who, left, gender in zip(
            rng.integers(0, 15, size=200),
            rng.choice(["ann", "bob", "cat"], size=200),
            low,
            rng.choice(["F", "M"], size=200),
            strict=True,
        )
    ]
    tables = [
        agreement(drawn(*some), [("gender",)], QUICK).frame
        for some in (rows, [rows[i] for i in rng.permutation(200)])
    ]
    pd.testing.assert_frame_equal(*tables, check_exact=True)
