"""What a model put out is read in any form, and what does not belong to the dataset is counted."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO

import toolkit as tk
from tests.hostile import NAMES, picture
from tests.tables import rows
from toolkit.errors import DataReadError, MissingColumnsError
from toolkit.intake.predictions import UNKNOWN_IMAGE, columns_by_role
from toolkit.model.dataset import BOX_COLUMNS

NUMBERS = st.integers(0, 32).map(lambda n: n / 32)


def instances(folder: Path, names: list[str] | None = None) -> Path:
    """Write two images of 128 x 64 pixels with categories 18 and so on, and a box on the first."""
    known = [{"id": 18 + i, "name": name} for i, name in enumerate(names or ["dog", "cat"])]
    sizes = {"width": 128, "height": 64}
    content = {
        "images": [{"id": i, "file_name": f"{i}.jpg", **sizes} for i in (1, 2)],
        "categories": known,
        "annotations": [{"id": 1, "image_id": 1, "category_id": 18, "bbox": [0, 0, 64, 64]}],
    }
    path = folder / "instances.json"
    path.write_text(json.dumps(content))
    return path


def results(folder: Path, *found: dict[str, Any]) -> Path:
    """Write COCO results."""
    path = folder / "detector.json"
    path.write_text(json.dumps(found))
    return path


def result(image: Any, category: Any, *bbox: float, score: float = 0.5) -> dict[str, Any]:
    """Return one result."""
    return {"image_id": image, "category_id": category, "bbox": list(bbox), "score": score}


def test_results_of_coco_get_labels_and_shares(tmp_path: Path) -> None:
    """Ids become the dataset's labels and pixels shares of its images."""
    found = [result(1, 19, 16, 16, 32, 32), result(2, 18, 0, 0, 128, 64, score=0.25)]
    dataset = tk.load(instances(tmp_path), predictions=results(tmp_path, *found))
    assert rows(dataset.predictions, "image_id", "label", "score", *BOX_COLUMNS, "model") == [
        ("1", "cat", 0.5, 0.125, 0.25, 0.375, 0.75, "detector"),
        ("2", "dog", 0.25, 0.0, 0.0, 1.0, 1.0, "detector"),
    ]
    assert "detector.json" in dataset.provenance.files


def test_real_results_are_what_pycocotools_indexes(shared_data: Path, tmp_path: Path) -> None:
    """The instances of COCO, written as results, come back as `loadRes` has them."""
    path = shared_data / "coco_mini_open" / "instances_val2017_open.json"
    truth = COCO(path)
    given_ = [
        result(a["image_id"], a["category_id"], *a["bbox"], score=0.5)
        for a in truth.dataset["annotations"]
    ]
    dataset = tk.load(path, predictions=results(tmp_path, *given_))
    assert dataset.predictions is not None
    found = dataset.predictions.order_by("prediction_id").to_pandas()
    expected = truth.loadRes(str(tmp_path / "detector.json")).dataset["annotations"]
    names = {category["id"]: category["name"] for category in truth.dataset["categories"]}
    assert found["label"].tolist() == [names[a["category_id"]] for a in expected]
    assert found["image_id"].tolist() == [str(a["image_id"]) for a in expected]
    width = [truth.imgs[a["image_id"]]["width"] for a in expected]
    x_max = [(a["bbox"][0] + a["bbox"][2]) for a in expected]
    assert (found["x_max"] * width).tolist() == pytest.approx(x_max, abs=1)


def test_what_does_not_belong_is_counted_and_said(tmp_path: Path) -> None:
    """An unknown image is left out; an unknown category is its id, and a mask has no box."""
    mask = {"image_id": 2, "category_id": 18, "segmentation": {"size": [1, 1]}, "score": 0.5}
    found = [result(9, 18, 0, 0, 1, 1), result("x", 18, 0, 0, 1, 1), result(1, 7, 0, 0, 1, 1), mask]
    dataset = tk.load(instances(tmp_path), predictions=results(tmp_path, *found))
    assert rows(dataset.predictions, "label", "x_max") == [("7", 1 / 128), ("dog", None)]
    assert dataset.provenance.rows_rejected["predictions"] == {UNKNOWN_IMAGE: 2}
    assert dataset.provenance.rows_adjusted["predictions"] == {
        "they have no bbox": 1,
        "their category is not listed, so that its id is the label": 1,
    }
    said = "2 of the 4 predictions of detector.json are used, on 2 of 2 images; 2 not: "
    assert f"{said}{UNKNOWN_IMAGE}." in dataset.provenance.notes


def test_results_for_a_dataset_of_another_format(tmp_path: Path) -> None:
    """Where nobody names categories, their ids are the labels; without sizes boxes are refused."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "a.png").write_bytes(picture(8, 4))
    path = results(tmp_path, result("a.png", 3, 2, 1, 4, 2))
    dataset = tk.load(folder, predictions=path)
    assert rows(dataset.predictions, "image_id", "label", *BOX_COLUMNS) == [
        ("a.png", "3", 0.25, 0.25, 0.75, 0.75)
    ]
    boxes = tmp_path / "boxes.csv"
    boxes.write_text("image_id,label\na.png,dog\n")
    with pytest.raises(DataReadError, match="image size is not a positive number"):
        tk.load(boxes, predictions=path)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda text: text[:-2], "ends before its JSON does"),
        (lambda text: text.replace('"bbox": [', '"bbox": ' + "[" * 100_000, 1), "JSON"),
        (lambda text: text.replace('"image_id": 1', '"image_id": "../../etc"'), UNKNOWN_IMAGE),
        (lambda text: text.replace('"score": 0.5', '"score": "<b>"'), "score is not a number"),
    ],
)
def test_damaged_results_are_one_sentence(
    tmp_path: Path, damage: Callable[[str], str], said: str
) -> None:
    """Whatever is wrong with them, nothing else is raised."""
    path = results(tmp_path, result(1, 18, 0, 0, 1, 1))
    path.write_text(damage(path.read_text()))
    with pytest.raises(DataReadError, match=said):
        tk.load(instances(tmp_path), predictions=path)


@settings(max_examples=8)
@given(
    found=st.lists(
        st.tuples(st.sampled_from([1, 2]), st.sampled_from(range(len(NAMES))), NUMBERS), min_size=1
    )
)
def test_any_results_come_back(
    tmp_path_factory: pytest.TempPathFactory, found: list[tuple[int, int, float]]
) -> None:
    """Every row is there, under its label, whatever that is called."""
    folder = tmp_path_factory.mktemp("results")
    written = [result(i, 18 + c, 0, 0, 128, 64, score=score) for i, c, score in found]
    dataset = tk.load(instances(folder, list(NAMES)), predictions=results(folder, *written))
    expected = [(str(i), NAMES[c], score) for i, c, score in found]
    assert rows(dataset.predictions, "image_id", "label", "score") == sorted(expected, key=repr)


def test_a_table_of_open_images_and_one_without_boxes(tmp_path: Path) -> None:
    """Columns are known by the names in use; labels of images have no box."""
    path = tmp_path / "out.csv"
    path.write_text("ImageID,LabelName,Confidence,XMin,XMax,YMin,YMax\n1,dog,0.5,0,1,0.5,1\n")
    dataset = tk.load(instances(tmp_path), predictions=path)
    assert rows(dataset.predictions, "label", "score", *BOX_COLUMNS) == [
        ("dog", 0.5, 0.0, 0.5, 1.0, 1.0)
    ]
    path.write_text("image_id,label,score\n1,dog,0.5\n7,dog,0.5\n")
    dataset = tk.load(instances(tmp_path), predictions=path)
    assert rows(dataset.predictions, "label", "x_min") == [("dog", None)]
    path.write_text("image_id,label,score,x_min,y_min\n1,dog,0.5,0,0\n")
    with pytest.raises(MissingColumnsError, match="x_max"):
        tk.load(instances(tmp_path), predictions=path)


def test_a_dataset_that_lists_no_images_keeps_all_predictions(tmp_path: Path) -> None:
    """An image on which nothing is annotated is known by no table; such predictions are counted."""
    boxes = tmp_path / "boxes.csv"
    boxes.write_text("image_id,label,x_min,y_min,x_max,y_max\na,dog,0,0,1,1\n")
    path = tmp_path / "out.csv"
    path.write_text("image_id,label,score\na,dog,0.5\nb,dog,0.5\n")
    dataset = tk.load(boxes, predictions=path)
    assert rows(dataset.predictions, "image_id") == [("a",), ("b",)]
    assert sum(dataset.provenance.rows_adjusted["predictions"].values()) == 1


def test_another_dataset_with_scores_is_predictions(tmp_path: Path) -> None:
    """COCO annotations with a score, and a folder of results, are read by their loader."""
    content = json.loads(instances(tmp_path).read_text())
    content["annotations"][0]["score"] = 0.75
    (tmp_path / "scored.json").write_text(json.dumps(content))
    dataset = tk.load(tmp_path / "instances.json", predictions=tmp_path / "scored.json")
    assert rows(dataset.predictions, "image_id", "label", "score", "x_max") == [
        ("1", "dog", 0.75, 0.5)
    ]
    assert "predictions/scored.json" in dataset.provenance.files
    with pytest.raises(DataReadError, match="holds no predictions"):
        tk.load(tmp_path / "instances.json", predictions=tmp_path / "instances.json")


def test_predictions_are_put_behind_those_that_are_there(tmp_path: Path) -> None:
    """Their numbers go on, so that no id is given twice."""
    path = tmp_path / "out.csv"
    path.write_text("image_id,label,score\n1,cat,0.5\n")
    folder = tmp_path / "coco"
    folder.mkdir()
    instances(folder)
    results(folder, result(1, 18, 0, 0, 1, 1))
    dataset = tk.load(folder, predictions=path)
    assert rows(dataset.predictions, "prediction_id", "label") == [(1, "dog"), (2, "cat")]


@given(st.lists(st.sampled_from(["ImageID", "image id", "conf", "Score", "XMin", "xmin", "x"])))
def test_each_role_has_one_column(names: list[str]) -> None:
    """Whatever columns there are, a role has at most one, and it is one of them."""
    found = columns_by_role(names)
    assert set(found.values()) <= set(names)
    assert ("image_id" in found) == bool({"ImageID", "image id"} & set(names))
