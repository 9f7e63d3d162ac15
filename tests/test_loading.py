"""Loading as users do: attribute tables, predictions, several sources, a root."""

from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

import toolkit as tk
from toolkit.errors import DataReadError, MissingColumnsError, SettingsError, UnknownNameError
from toolkit.model.dataset import IN_ANOTHER_SPLIT

BOXES = "image_id,label,x_min,y_min,x_max,y_max\n"


def table(path: Path, *lines: str) -> Path:
    """Write a file of these lines."""
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def boxes(tmp_path: Path) -> Path:
    """Return three boxes on two images."""
    lines = ["a,Person,0,0,0.5,0.5", "a,Dog,0,0,1,1", "b,Person,0,0,0.2,0.2"]
    return table(tmp_path / "boxes.csv", BOXES.strip(), *lines)


def test_attributes_of_images_are_joined_and_both_sides_counted(
    tmp_path: Path, boxes: Path
) -> None:
    """One image has no row, one row no image; what is empty is null."""
    people = table(tmp_path / "people.csv", "image_id,Country,label", "a,Kenya,x", "z,Peru,y")
    dataset = tk.load(boxes, attributes=people)
    images = dataset.images
    assert images is not None
    found = images.order_by("image_id").to_pandas()
    assert found["country"].fillna("-").tolist() == ["Kenya", "-"]
    assert dataset.attributes["country"].table == "images"
    assert "source_label" in dataset.attributes
    assert dataset.n_images == 2
    assert dataset.provenance.rows_read["attributes"] == 2
    reasons = dataset.provenance.rows_rejected["attributes"]
    assert dict(reasons) == {"image_id is not in the dataset": 1}
    assert dataset.provenance.notes[-1] == (
        "country, source_label of people.csv were joined by image_id: 1 of its 2 rows are in the "
        "dataset, and 1 of the 2 rows of images are not in it."
    )
    audit = tk.audit(dataset, by=["country"])
    counts = audit.tables["representation.count"].set_index("slice")["n"].to_dict()
    assert counts == {"overall": 2, "country=Kenya": 1, "country=(missing)": 1}


def test_attributes_of_annotations_are_joined_by_their_number(tmp_path: Path, boxes: Path) -> None:
    """Annotations keep their rows, whatever the order of the file."""
    roles = table(tmp_path / "roles.csv", "annotation_id,role", "3,guest", "1,host")
    dataset = tk.load(boxes, attributes=roles, on="annotation_id")
    assert dataset.annotations is not None
    found = dataset.annotations.order_by("annotation_id").to_pandas()
    assert found["role"].fillna("-").tolist() == ["host", "-", "guest"]
    assert dataset.attributes["role"].table == "annotations"


@pytest.mark.parametrize(
    ("lines", "on", "error", "said"),
    [
        (
            ["image_id,x", "a,1", "a,2"],
            "image_id",
            DataReadError,
            "1 values of image_id in several",
        ),
        (["image,x", "a,1"], "image_id", MissingColumnsError, "no column image_id"),
        (["image_id,x", "q,1"], "image_id", DataReadError, "image_id is not in the dataset"),
        (["image_id,x", "a,1"], "imageid", UnknownNameError, "Did you mean 'image_id'"),
        (["image_id,x,X", "a,1,2"], "image_id", DataReadError, "column"),
    ],
)
def test_attribute_tables_that_cannot_be_joined_are_refused(
    tmp_path: Path, boxes: Path, lines: list[str], on: str, error: type[Exception], said: str
) -> None:
    """One sentence says why."""
    people = table(tmp_path / "people.csv", *lines)
    with pytest.raises(error, match=said):
        tk.load(boxes, attributes=people, on=on)


def test_predictions_are_added_and_counted(tmp_path: Path, boxes: Path) -> None:
    """A row without a score is left out with its reason."""
    header = "image_id,label,score,x_min,y_min,x_max,y_max,model"
    lines = ["a,Person,0.9,0,0,1,1,m", "b,Dog,0.3,0,0,0.5,0.5,m", "b,Dog,high,0,0,0.5,0.5,m"]
    path = table(tmp_path / "out.csv", header, *lines)
    dataset = tk.load(boxes, predictions=path)
    assert dataset.predictions is not None
    found = dataset.predictions.to_pandas()
    assert found["score"].tolist() == [0.9, 0.3]
    assert found["prediction_id"].tolist() == [1, 2]
    reasons = dataset.provenance.rows_rejected["predictions"]
    assert dict(reasons) == {"score is not a number": 1}


@pytest.mark.parametrize(
    ("content", "said"),
    [("[{}]", "starts like a JSON document"), ("image_id,label\na,b\n", "no column score")],
)
def test_predictions_in_another_form_are_refused(
    tmp_path: Path, boxes: Path, content: str, said: str
) -> None:
    """The sentence says what to do."""
    path = tmp_path / "out.json"
    path.write_text(content)
    with pytest.raises((DataReadError, MissingColumnsError), match=said):
        tk.load(boxes, predictions=path)


def test_several_sources_become_the_splits_of_one_dataset(tmp_path: Path) -> None:
    """Annotations are numbered on; what only one source was asked is asked in it alone."""
    table(tmp_path / "one.csv", BOXES.strip() + ",age", "a,Person,0,0,1,1,Old")
    table(tmp_path / "two.csv", BOXES.strip(), "b,Dog,0,0,1,1", "c,Dog,0,0,1,1")
    dataset = tk.load({"train": "one.csv", "val": "two.csv"}, root=tmp_path)
    assert dataset.annotations is not None
    assert dataset.images is not None
    images = dataset.images.order_by("image_id").to_pandas()
    assert dict(zip(images["image_id"], images["split"], strict=True)) == {
        "a": "train",
        "b": "val",
        "c": "val",
    }
    rows = dataset.annotations.order_by("annotation_id").to_pandas()
    assert rows["annotation_id"].tolist() == [1, 2, 3]
    assert rows["image_id"].tolist() == ["a", "b", "c"]
    assert dataset.attributes["age"].asked_in == ("train",)
    assert dataset.provenance.rows_read["annotations"] == 3
    counts = tk.audit(dataset, by=["split"]).tables["representation.count"]
    assert dict(zip(counts["slice"], counts["n"], strict=True)) == {
        "overall": 3,
        "split=train": 1,
        "split=val": 2,
    }
    ages = tk.audit(dataset, by=["age"]).tables["representation.count"]
    assert ages.loc[ages["slice"] == "overall", "n"].item() == 1


def test_an_image_of_two_sources_stays_in_the_first_and_is_found(tmp_path: Path) -> None:
    """One id without pictures is one image; validation says that it is in both splits."""
    for name, image in {"one.csv": "a", "two.csv": "b"}.items():
        table(tmp_path / name, BOXES.strip(), f"{image},Dog,0,0,1,1", "x,Dog,0,0,0.5,1")
    dataset = tk.load({"train": tmp_path / "one.csv", "val": tmp_path / "two.csv"})
    assert dataset.n_images == 3
    assert dict(dataset.provenance.rows_rejected["images"]) == {IN_ANOTHER_SPLIT: 1}
    found = [f for f in tk.validate(dataset).found if f.code == "ANN022"]
    assert [(f.n, f.evidence["examples"]) for f in found] == [(1, "x")]


def test_one_name_of_two_pictures_is_two_images(tmp_path: Path) -> None:
    """Folders often number their pictures from 1 each; the split then stands before the id."""
    for folder in ("train/cat", "train/dog", "val/cat", "val/dog"):
        (tmp_path / folder).mkdir(parents=True)
        Image.new("1", (4, 4)).save(tmp_path / folder / "1.png")
    dataset = tk.load({"train": tmp_path / "train", "val": tmp_path / "val"}, format="folder")
    assert dataset.images is not None
    assert dataset.image_labels is not None
    images = dataset.images.order_by("image_id").to_pandas()
    ids = ["train/cat/1.png", "train/dog/1.png", "val/cat/1.png", "val/dog/1.png"]
    assert images["image_id"].tolist() == ids
    assert images["path"].tolist() == ids
    labelled = set(dataset.image_labels.to_pandas()["image_id"])
    assert labelled == set(images["image_id"])
    assert tk.validate(dataset).found == ()


def test_a_split_of_a_sources_own_is_kept_as_an_attribute(tmp_path: Path) -> None:
    """The name that the user gives is the split."""
    table(tmp_path / "one.csv", "image_id,split", *(f"a{i},{'xy'[i % 2]}" for i in range(60)))
    table(tmp_path / "two.csv", "image_id", "c")
    dataset = tk.load({"p": tmp_path / "one.csv", "q": tmp_path / "two.csv"})
    assert dataset.attributes["split"].table == "images"
    assert dataset.attributes["source_split"].table == "annotations"
    counts = tk.audit(dataset, by=["source_split"]).tables["representation.count"]
    found = dict(zip(counts["slice"], counts["n"], strict=True))
    assert found == {"overall": 60, "source_split=x": 30, "source_split=y": 30}


def test_an_attribute_of_images_here_and_of_annotations_there_is_refused(tmp_path: Path) -> None:
    """There is no one table to put it into."""
    table(tmp_path / "one.csv", "image_id,age", "a,Old")
    folder = tmp_path / "two"
    folder.mkdir()
    Image.new("1", (4, 4)).save(folder / "b.png")
    table(folder / "metadata.csv", "file_name,age", "b.png,Old")
    with pytest.raises(SettingsError, match="'age' is of images in one source"):
        tk.load({"p": tmp_path / "one.csv", "q": folder})


def test_types_that_differ_are_united_as_text(tmp_path: Path) -> None:
    """Numbers in one file and words in the other are a column of words."""
    pd.DataFrame({"image_id": ["a"], "is_group_of": [True]}).to_parquet(tmp_path / "one.parquet")
    table(tmp_path / "two.csv", "image_id,note", "b,hello")
    dataset = tk.load({"p": tmp_path / "one.parquet", "q": tmp_path / "two.csv"})
    assert dataset.annotations is not None
    assert len(dataset.annotations.to_pandas()) == 2
