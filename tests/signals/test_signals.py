"""Signals: derived columns against numpy, and names that are taken."""

import numpy as np
import pandas as pd

import toolkit as tk
from tests.datasets import GENDER, annotated
from toolkit.model.attribute import Attribute
from toolkit.signals import SIGNALS

BOXES = pd.DataFrame(
    {
        "image_id": list("abc"),
        "x_min": [0.0, 0.25, 0.1],
        "y_min": [0.0, 0.5, 0.2],
        "x_max": [1.0, 0.75, 0.1],
        "y_max": [1.0, 1.0, 0.9],
    }
)


def test_area_and_centre_are_those_of_the_corners() -> None:
    """Width times height, and the mean of opposite corners, as shares of the image."""
    rows = annotated(BOXES.assign(gender="F"), [GENDER]).annotations
    assert rows is not None
    found = rows.to_pandas().sort_values("image_id")
    width, height = BOXES["x_max"] - BOXES["x_min"], BOXES["y_max"] - BOXES["y_min"]
    assert np.allclose(found["box_area"], width * height)
    assert np.allclose(found["box_x_center"], BOXES["x_min"] + width / 2)
    assert np.allclose(found["box_y_center"], BOXES["y_min"] + height / 2)


def test_shape_and_distance_are_those_of_width_height_and_centre() -> None:
    """A square fills the middle; a flat box has no aspect; a corner is at a distance of 1."""
    boxes = pd.DataFrame(
        {
            "image_id": list("abcd"),
            "x_min": [0.0, 0.25, 0.1, 1.0],
            "y_min": [0.0, 0.5, 0.2, 1.0],
            "x_max": [1.0, 0.75, 0.1, 1.0],
            "y_max": [1.0, 0.75, 0.9, 1.0],
        }
    )
    rows = annotated(boxes.assign(gender="F"), [GENDER]).annotations
    assert rows is not None
    found = rows.to_pandas().sort_values("image_id")
    assert np.allclose(found["box_aspect"], [1, 2, np.nan, np.nan], equal_nan=True)
    x = (boxes["x_min"] + boxes["x_max"]) / 2 - 0.5
    y = (boxes["y_min"] + boxes["y_max"]) / 2 - 0.5
    assert np.allclose(found["box_distance"], np.hypot(x, y) / np.hypot(0.5, 0.5))
    assert found["box_distance"].tolist()[::3] == [0.0, 1.0]


def test_a_column_of_the_source_is_not_replaced() -> None:
    """A user's own `box_area` is an attribute like any other, and the audit goes on."""
    area = Attribute("box_area", "annotations")
    dataset = annotated(BOXES.assign(box_area=["S", "M", "L"]), [area])
    assert dataset.annotation_signals == tuple(name for name in SIGNALS if name != "box_area")
    shares = tk.audit(dataset, by=["box_area"]).tables["representation.share"]
    assert sorted(shares["slice"]) == ["box_area=L", "box_area=M", "box_area=S"]
