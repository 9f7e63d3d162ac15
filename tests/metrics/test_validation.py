"""The slow checks: near-duplicates against comparing every pair, crowded images, pictures."""

from contextlib import ExitStack
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.datasets import annotated
from toolkit.config import AuditConfig
from toolkit.metrics import _near_duplicates
from toolkit.metrics._near_duplicates import near_duplicates
from toolkit.metrics.validation import validation

BOX = ["x_min", "y_min", "x_max", "y_max"]


def found_in(rows: pd.DataFrame) -> tuple[set[int], int]:
    """Return the ids that are found, and how many boxes were not compared."""
    with ExitStack() as caches:
        near, left_out = near_duplicates(ibis.memtable(rows), caches)
        return set(near.to_pandas()["annotation_id"]), left_out


def by_all_pairs(rows: pd.DataFrame) -> set[int]:
    """Compare each box with every other one of its image and label."""
    found = set()
    for a, b in combinations(rows.to_dict("records"), 2):
        if (a["image_id"], a["label"]) != (b["image_id"], b["label"]):
            continue
        width = min(a["x_max"], b["x_max"]) - max(a["x_min"], b["x_min"])
        height = min(a["y_max"], b["y_max"]) - max(a["y_min"], b["y_min"])
        shared = max(width, 0) * max(height, 0)
        areas = [(box["x_max"] - box["x_min"]) * (box["y_max"] - box["y_min"]) for box in (a, b)]
        if shared > 0.95 * (sum(areas) - shared):
            found.add(b["annotation_id"])
    return found


def crowd(seed: int, boxes: int, images: int) -> pd.DataFrame:
    """Return boxes of which every fourth is another one moved by a little."""
    random = np.random.default_rng(seed)
    corner = random.uniform(0, 0.8, (boxes, 2))
    corners = np.hstack([corner, corner + random.uniform(0.01, 0.2, (boxes, 2))])
    again = random.integers(0, boxes, boxes // 4)
    corners[again] = corners[random.integers(0, boxes, boxes // 4)]
    corners[again] += random.normal(0, 0.001, (boxes // 4, 4))
    frame = pd.DataFrame(corners.clip(0, 1), columns=BOX)
    frame["image_id"] = random.integers(0, images, boxes).astype(str)
    frame["label"] = random.choice(["a", "b"], boxes)
    return frame.assign(annotation_id=range(1, boxes + 1))


@given(st.integers(0, 10_000), st.integers(2, 300), st.integers(1, 4))
@settings(max_examples=15)
def test_cells_find_what_all_pairs_find(seed: int, boxes: int, images: int) -> None:
    """Cutting crowded images into cells loses no pair and adds none."""
    rows = crowd(seed, boxes, images)
    assert found_in(rows) == (by_all_pairs(rows), 0)


def test_boxes_without_area_are_no_near_duplicates() -> None:
    """Two lines in one place have no overlap to be measured."""
    rows = pd.DataFrame([[0.1, 0.1, 0.1, 0.5]] * 2, columns=BOX)
    rows = rows.assign(image_id="a", label=None, annotation_id=[1, 2]).astype({"label": "str"})
    assert found_in(rows) == (set(), 0)


def test_ten_thousand_boxes_in_one_place_are_not_all_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is too crowded is counted and said, not compared."""
    monkeypatch.setattr(_near_duplicates, "MOST_IN_A_CELL", 50)
    rows = pd.DataFrame([[0.11, 0.11, 0.14, 0.14]] * 10_000, columns=BOX)
    rows = rows.assign(image_id="a", label="x", annotation_id=range(10_000))
    found, left_out = found_in(rows)
    assert left_out == 9_950
    assert found == set(range(1, 50))


def test_pictures_outside_the_folder_are_missing(tmp_path: Path) -> None:
    """A path that leads out, through a link or upwards, is not opened."""
    root = tmp_path / "data"
    root.mkdir()
    Image.new("1", (2, 3)).save(tmp_path / "secret.png")
    Image.new("1", (2, 3)).save(root / "in.png")
    (root / "link.png").symlink_to(tmp_path / "secret.png")
    names = ["in.png", "link.png", "../secret.png", str(tmp_path / "secret.png"), "no\0name", None]
    images = pd.DataFrame({"image_id": list("abcdef"), "path": names, "width": 2, "height": 3})
    made = annotated({"image_id": list("abcdef")}, [], images=images)
    frame = validation(replace(made, root=str(root)), [], AuditConfig()).frame
    number = dict(zip(frame["metric"], frame["n"], strict=True))
    assert number["validation.missing_files"] == 5
    assert number["validation.unreadable_files"] == number["validation.file_sizes"] == 0


def test_a_dataset_without_pictures_is_not_missing_them(tmp_path: Path) -> None:
    """Where no image has a path, there is nothing to look for."""
    images = pd.DataFrame({"image_id": ["a"], "path": [None], "width": [2], "height": [3]})
    images["path"] = images["path"].astype("str")
    made = replace(annotated({"image_id": ["a"]}, [], images=images), root=str(tmp_path))
    frame = validation(made, [], AuditConfig()).frame
    assert frame.loc[frame["metric"] == "validation.missing_files", "n"].tolist() == [0]
