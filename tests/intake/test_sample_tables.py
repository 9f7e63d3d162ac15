"""Samples become tables: every sample, object, label and caption is a row or has its reason."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hostile import NAMES, TEXTS
from tests.tables import rows
from toolkit.engine import default_engine
from toolkit.errors import DataReadError
from toolkit.files.sources import Form, Source
from toolkit.intake.sample_tables import LISTED_BEFORE, SampleTables
from toolkit.intake.samples import NO_OBJECT, UNEQUAL, BoxForm
from toolkit.model.dataset import BOX_COLUMNS, IN_ANOTHER_SPLIT, AnnotatedDataset, Provenance

SOURCE = Source(Path("data"), Form.OTHER, ())
SIZE = {"width": 8, "height": 4}


def dataset_of(
    samples: Iterable[dict[str, Any]], boxes: BoxForm | None = None, **about: Any
) -> AnnotatedDataset:
    """Return the dataset of some samples."""
    with SampleTables(default_engine(), SOURCE, boxes or BoxForm()) as tables:
        for sample in samples:
            tables.add(sample, **about)
    return tables.dataset("samples", Provenance("data", "test"))


def reasons(dataset: AnnotatedDataset) -> dict[str, dict[str, int]]:
    """Return why rows were left out, by table."""
    return {name: dict(found) for name, found in dataset.provenance.rows_rejected.items()}


@settings(max_examples=25)
@given(
    samples=st.dictionaries(
        st.sampled_from(NAMES), st.lists(st.tuples(TEXTS, TEXTS), max_size=3), min_size=1
    )
)
def test_samples_come_back(samples: dict[str, list[tuple[str, str]]]) -> None:
    """Ids, labels and attributes come back, whatever they hold; the empty text is null."""
    dataset = dataset_of(
        {
            "image_id": name,
            **SIZE,
            "scene": name,
            "objects": [
                {"bbox": [2, 1, 4, 2], "label": label, "Role": role} for label, role in objects
            ],
        }
        for name, objects in samples.items()
    )
    expected = [
        (name, label or None, role or None, 0.25, 0.25, 0.75, 0.75)
        for name, objects in samples.items()
        for label, role in objects
    ]
    if expected:
        found = rows(dataset.annotations, "image_id", "label", "role", *BOX_COLUMNS)
        assert found == sorted(expected, key=repr)
    assert rows(dataset.images, "image_id", "scene", "width", "height") == sorted(
        ((name, name, 8, 4) for name in samples), key=repr
    )
    assert reasons(dataset) == {}
    assert dataset.n_images == len(samples)


@pytest.mark.parametrize(
    ("form", "numbers"),
    [("xywh", [2, 1, 4, 2]), ("xyxy", [2, 1, 6, 3]), ("cxcywh", [4, 2, 4, 2])],
)
@pytest.mark.parametrize("normalised", [False, True])
def test_boxes_in_any_form_are_the_same_box(
    form: Any, numbers: list[int], normalised: bool
) -> None:
    """In shares, sizes of images are not needed."""
    bbox = [n / side for n, side in zip(numbers, (8, 4, 8, 4), strict=True)]
    size = {} if normalised else SIZE
    sample = {"id": "a", **size, "objects": [{"bbox": bbox if normalised else numbers}]}
    dataset = dataset_of([sample], BoxForm(form, normalised))
    assert rows(dataset.annotations, *BOX_COLUMNS) == [(0.25, 0.25, 0.75, 0.75)]


def test_labels_and_captions_are_rows_of_their_own() -> None:
    """One value and a list of them are read alike; empty ones are counted."""
    dataset = dataset_of(
        [
            {"id": "a", "labels": ["x", "y"], "caption": "one"},
            {"id": "b", "labels": "x", "caption": ["two", ""]},
            {"id": "c", "labels": None, "caption": None},
        ]
    )
    assert rows(dataset.image_labels, "image_id", "label", "confidence") == [
        ("a", "x", 1.0),
        ("a", "y", 1.0),
        ("b", "x", 1.0),
    ]
    assert rows(dataset.captions, "image_id", "text") == [("a", "one"), ("b", "two")]
    assert reasons(dataset) == {"captions": {"caption is empty": 1}}
    assert dataset.annotations is None


def test_an_image_listed_again_is_left_out() -> None:
    """In another split it has another reason; its objects stay."""
    objects = [{"bbox": [0, 0, 1, 1]}]
    first = {"id": "a", "split": "train", **SIZE, "objects": objects}
    dataset = dataset_of([first, first, first | {"split": "test"}])
    assert reasons(dataset) == {"images": {LISTED_BEFORE: 1, IN_ANOTHER_SPLIT: 1}}
    assert len(rows(dataset.annotations, "image_id")) == 3
    assert dataset.n_images == 1


@pytest.mark.parametrize(
    ("objects", "reason"),
    [
        ("text", NO_OBJECT),
        ({"bbox": [[0, 0, 1, 1]], "label": []}, UNEQUAL),
        ([{"bbox": [0, 0, 1]}], "box is not a number"),
        ([{"bbox": None}], "box is not a number"),
        ([{"bbox": ["inf", 0, 1, 1]}], "box is not finite"),
        ([{"bbox": [0, 0, -1, 1]}], "box corners are swapped"),
        ([{"bbox": [0, 0, 9, 1]}], "box is outside 0..1"),
        ([{"bbox": [0, 0, 1, 1], "iscrowd": "maybe"}], "flag is not 0, 1 or -1"),
    ],
)
def test_objects_that_are_none_are_counted(objects: Any, reason: str) -> None:
    """Rows read are rows kept and rows rejected."""
    good = {"id": "b", **SIZE, "objects": [{"bbox": [0, 0, 1, 1]}]}
    dataset = dataset_of([{"id": "a", **SIZE, "objects": objects}, good])
    assert reasons(dataset) == {"annotations": {reason: 1}}
    assert dataset.provenance.rows_read == {"images": 2, "annotations": 2}
    assert dataset.rejected["annotations"].count().execute() == 1


def test_a_box_in_pixels_needs_the_size_of_its_image() -> None:
    """Zero and negative sizes are none; an object without a box needs no size."""
    good = {"id": "b", **SIZE, "objects": [{"bbox": [0, 0, 1, 1]}]}
    bad = [{"id": f"x{i}", "width": i, "height": 4, "objects": good["objects"]} for i in (0, -3)]
    whole = {"id": "c", "objects": [{"label": "scene"}]}
    dataset = dataset_of([good, *bad, whole])
    assert reasons(dataset) == {"annotations": {"image size is not a positive number": 2}}
    assert ("c", None) in rows(dataset.annotations, "image_id", "x_min")


def test_ids_that_a_source_repeats_are_counted() -> None:
    """Twice in one image is a repetition; from image to image many sources count anew."""
    objects = [{"bbox": [0, 0, 1, 1], "id": i} for i in (1, 1, 2, None, None)]
    other = {"image_id": "b", **SIZE, "objects": [{"bbox": [0, 0, 1, 1], "id": 1}]}
    dataset = dataset_of([{"image_id": "a", **SIZE, "objects": objects}, other])
    assert dataset.provenance.rows_adjusted == {
        "annotations": {"an earlier one has the same id": 1}
    }


def test_what_is_not_read_is_named() -> None:
    """Nested fields that nobody knows are said in a note, not lost silently."""
    dataset = dataset_of([{"id": "a", "masks": [[1]], "attributes": {"pose": "up"}, "scene": "s"}])
    assert rows(dataset.images, "pose", "scene") == [("up", "s")]
    assert dataset.provenance.notes == ("Fields that are not read: masks.",)


def test_no_samples_are_one_sentence() -> None:
    """So are samples of which none can be used."""
    with pytest.raises(DataReadError, match="holds no samples"):
        dataset_of([])
    with pytest.raises(DataReadError, match="image id is empty"):
        dataset_of([{"id": ""}])
