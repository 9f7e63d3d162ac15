"""What `datasets` itself writes is read back equal, and nothing else is taken for it."""

import tempfile
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import toolkit
from tests.hostile import NAMES, TEXTS, picture
from tests.huggingface_writer import CLASSES, dataset_of, loaded, sample, save
from tests.tables import rows
from toolkit.errors import SettingsError
from toolkit.loaders import LOADERS
from toolkit.loaders.huggingface import recognise_huggingface
from toolkit.loaders.table import recognise_table


@pytest.mark.parametrize("form", ["saved", "saved splits", "parquet file", "parquet folder"])
def test_hostile_samples_are_read_back(tmp_path: Path, form: str) -> None:
    """Every table holds what was written, whatever the names are and in every form."""
    samples = [sample(name, [(name, i % 3), ("", -1)]) for i, name in enumerate(NAMES)]
    samples.append(sample("no objects", captions=[]))
    dataset = toolkit.load(save(form, dataset_of(samples), tmp_path))
    split = "train" if form in ("saved splits", "parquet folder") else None
    assert dataset.provenance.loader == "huggingface"
    assert dataset.n_images == len(samples)
    assert rows(dataset.images, "image_id", "split", "width", "height", "scene") == sorted(
        [(s["image_id"], split, 8, 4, s["image_id"]) for s in samples], key=repr
    )
    box = (0.125, 0.25, 0.375, 1.0)
    columns = ("image_id", "label", "gender_presentation", "is_group_of")
    assert rows(dataset.annotations, *columns, "x_min", "y_min", "x_max", "y_max") == sorted(
        [(name, CLASSES[i % 3], name, False, *box) for i, name in enumerate(NAMES)]
        + [(name, None, None, False, *box) for name in NAMES],
        key=repr,
    )
    assert rows(dataset.image_labels, "image_id", "label", "confidence") == sorted(
        [(s["image_id"], "outdoor", 1.0) for s in samples], key=repr
    )
    assert rows(dataset.captions, "image_id", "text") == sorted(
        [(name, name) for name in NAMES], key=repr
    )
    assert dataset.predictions is None
    assert not dataset.provenance.rows_rejected


@given(
    names=st.lists(TEXTS.filter(bool), min_size=1, max_size=4, unique=True),
    genders=st.lists(st.tuples(TEXTS, st.integers(-1, 2)), max_size=4),
)
@settings(max_examples=15)
def test_any_text_is_read_back(names: list[str], genders: list[tuple[str, int]]) -> None:
    """Whatever text ids and values are, they are read back equal; the empty text is null."""
    with tempfile.TemporaryDirectory() as folder:
        data = dataset_of([sample(name, genders) for name in names])
        dataset = loaded(save("parquet file", data, Path(folder)))
        known = [*CLASSES, None]
        assert rows(dataset.images, "image_id") == sorted([(n,) for n in names], key=repr)
        if genders:
            assert rows(dataset.annotations, "image_id", "gender_presentation", "label") == sorted(
                [(n, gender or None, known[k]) for n in names for gender, k in genders], key=repr
            )


def test_splits_and_rows_name_images_without_an_id(tmp_path: Path) -> None:
    """Without a column of ids an image is named by its split and row, and keeps its file's name."""
    data = dataset_of([sample("a"), sample("b")]).remove_columns("image_id")
    datasets.DatasetDict({"train": data, "test": data}).save_to_disk(tmp_path / "d")
    dataset = loaded(tmp_path / "d")
    assert rows(dataset.images, "image_id", "split", "file_name") == [
        ("test/0", "test", "a.png"),
        ("test/1", "test", "b.png"),
        ("train/0", "train", "a.png"),
        ("train/1", "train", "b.png"),
    ]


def test_rows_are_numbered_across_shards(tmp_path: Path) -> None:
    """The second shard of a split goes on counting where the first one ended."""
    data = dataset_of([sample("a"), sample("b"), sample("c")]).remove_columns("image_id")
    data.save_to_disk(tmp_path / "d", num_shards=2)
    dataset = loaded(tmp_path / "d")
    assert rows(dataset.images, "image_id", "file_name") == [
        ("row/0", "a.png"),
        ("row/1", "b.png"),
        ("row/2", "c.png"),
    ]
    assert len(dataset.provenance.files) == 2


@pytest.mark.parametrize("form", ["saved", "parquet file"])
def test_sizes_that_no_column_states_are_read_from_the_pictures(tmp_path: Path, form: str) -> None:
    """Without width and height the heads of the pictures say them, and a broken one says none."""
    pictures = [picture(1, 1), picture(4, 2, "JPEG"), b"no picture", b""]
    samples = [
        sample(str(i), [("", 0)], image={"bytes": content, "path": None})
        for i, content in enumerate(pictures)
    ]
    for item in samples:
        item["objects"]["bbox"] = [[0.0, 0.0, 1.0, 1.0]]
    data = dataset_of(samples).remove_columns(["width", "height"])
    dataset = loaded(save(form, data, tmp_path))
    assert rows(dataset.images, "image_id", "width", "height") == [
        ("0", 1, 1),
        ("1", 4, 2),
        ("2", None, None),
        ("3", None, None),
    ]
    assert rows(dataset.annotations, "image_id", "x_max", "y_max") == [
        ("0", 1.0, 1.0),
        ("1", 0.25, 0.5),
    ]
    assert dataset.provenance.rows_rejected["annotations"] == {
        "image size is not a positive number": 2
    }


def test_objects_as_a_list_of_structs(tmp_path: Path) -> None:
    """A list of objects means the same as lists of their fields."""
    features = datasets.Features(
        {
            "id": datasets.Value("int64"),
            "image": datasets.Image(),
            "faces": datasets.List(
                {
                    "bbox": datasets.List(datasets.Value("float32")),
                    "label": datasets.ClassLabel(names=CLASSES),
                    "mask": datasets.List(datasets.Value("int32")),
                }
            ),
        }
    )
    face = {"bbox": [0.0, 0.0, 4.0, 2.0], "label": 2, "mask": [1, 2]}
    data = datasets.Dataset.from_list(
        [{"id": 7, "image": {"bytes": picture(8, 4), "path": None}, "faces": [face]}],
        features=features,
    )
    dataset = loaded(save("saved", data, tmp_path))
    assert rows(dataset.annotations, "image_id", "label", "x_max", "y_max") == [
        ("7", "<script>", 0.5, 0.5)
    ]
    assert "Fields that are not read: faces.mask." in dataset.provenance.notes


@pytest.mark.parametrize(
    ("form", "box"), [("xyxy", [0.25, 0.25, 0.75, 1.0]), ("cxcywh", [0.5, 0.625, 0.5, 0.75])]
)
def test_the_form_of_boxes_is_what_the_user_says(
    tmp_path: Path, form: Any, box: list[float]
) -> None:
    """Boxes in another form than COCO's are read as they are meant."""
    item = sample("a", [("", 0)])
    item["objects"]["bbox"] = [box]
    path = save("parquet file", dataset_of([item]), tmp_path)
    dataset = toolkit.load(path, box_form=form, normalised=True)
    found = rows(dataset.annotations, "x_min", "y_min", "x_max", "y_max")
    assert found == [(0.25, 0.25, 0.75, 1.0)]


def test_an_unknown_form_of_boxes_is_refused(tmp_path: Path) -> None:
    """The error lists the choices."""
    path = save("parquet file", dataset_of([sample("a")]), tmp_path)
    with pytest.raises(SettingsError, match="xywh, xyxy, cxcywh"):
        toolkit.load(path, box_form="yxyx")


def test_images_listed_twice_are_counted(tmp_path: Path) -> None:
    """A repeated id is left out of the images, with another reason if the split differs."""
    once = dataset_of([sample("a"), sample("a"), sample("b")])
    datasets.DatasetDict({"train": once, "test": dataset_of([sample("b")])}).save_to_disk(
        tmp_path / "d"
    )
    dataset = loaded(tmp_path / "d")
    assert dataset.provenance.rows_read["images"] == 4
    assert dataset.provenance.rows_rejected["images"] == {
        "image is listed before": 1,
        "image is listed before, in another split": 1,
    }
    rejected = dataset.rejected["images"].to_pyarrow().to_pylist()
    assert {(row["image_id"], row["shard"]) for row in rejected} == {
        ("a", "train/data-00000-of-00001.arrow"),
        ("b", "test/data-00000-of-00001.arrow"),
    }


def test_boxes_that_cannot_be_used_are_counted(tmp_path: Path) -> None:
    """A box beyond the image, without numbers or of another length has its reason."""
    boxes: list[list[float | None]] = [
        [0.0, 0.0, 9.0, 1.0],
        [0.0, 0.0, -1.0, 1.0],
        [float("nan"), 0.0, 1.0, 1.0],
        [None, 0.0, 1.0, 1.0],
        [0.0, 0.0, 0.0, 1.0],
    ]
    item = sample("a", [("", 0)] * len(boxes))
    item["objects"]["bbox"] = boxes
    dataset = loaded(save("saved", dataset_of([item]), tmp_path))
    assert dataset.provenance.rows_rejected["annotations"] == {
        "box is outside 0..1": 1,
        "box corners are swapped": 1,
        "box is not finite": 1,
        "box is not a number": 1,
    }
    assert any("no width or no height: 1" in note for note in dataset.provenance.notes)


def test_lists_of_different_length_are_counted(tmp_path: Path) -> None:
    """Objects that cannot be put together are one rejected row, with their beginning."""
    item = sample("a", [("F", 0), ("M", 0)])
    item["objects"]["category"] = [0]
    dataset = loaded(save("saved", dataset_of([item, sample("b", [("F", 0)])]), tmp_path))
    assert dataset.provenance.rows_rejected["annotations"] == {
        "lists of the objects differ in length": 1
    }
    [row] = dataset.rejected["annotations"].to_pyarrow().to_pylist()
    assert row["source_text"].startswith("data-00000-of-00001.arrow, image a: {")


def test_parquet_of_other_tools(tmp_path: Path) -> None:
    """Pictures are known by the fields of their column where nothing is declared."""
    table = pa.table(
        {
            "image": [{"bytes": picture(2, 2), "path": "a.png"}],
            "label": [3],
            "embedding": [[0.1, 0.2]],
            "blob": [b"x"],
        }
    )
    pq.write_table(table, tmp_path / "validation.parquet")
    dataset = toolkit.load(tmp_path)
    assert rows(dataset.images, "image_id", "split") == [("validation/0", "validation")]
    assert rows(dataset.image_labels, "label") == [("3",)]
    assert dataset.annotations is None
    assert "Fields that are not read: embedding, blob." in dataset.provenance.notes


def test_pictures_alone(tmp_path: Path) -> None:
    """A dataset of pictures without any other column is a dataset of images."""
    data = dataset_of([sample("a"), sample("b")]).select_columns("image")
    dataset = loaded(save("saved", data, tmp_path))
    assert rows(dataset.images, "image_id") == [("row/0",), ("row/1",)]


def test_a_table_is_not_taken_for_a_dataset_of_pictures(tmp_path: Path) -> None:
    """Parquet without pictures is left to the loader of tables, and one with them is not."""
    pq.write_table(pa.table({"image_id": ["a"]}), tmp_path / "t.parquet")
    recognition = recognise_huggingface(tmp_path / "t.parquet")
    assert (recognition.matches, recognition.why) == (
        False,
        "it is not Parquet with a column of pictures",
    )
    assert toolkit.load(tmp_path / "t.parquet").provenance.loader == "table"
    data = dataset_of([sample("a")])
    assert not recognise_table(save("saved", data, tmp_path)).matches


@pytest.mark.parametrize("form", ["saved", "saved splits", "parquet file", "parquet folder"])
def test_no_other_loader_takes_it(tmp_path: Path, form: str) -> None:
    """What `datasets` writes is recognised by this loader before any other."""
    path = save(form, dataset_of([sample("a", [("F", 0)])]), tmp_path)
    first = next(loader for loader in LOADERS.values() if loader.recognise(path).matches)
    assert first.name == "huggingface"
    assert "save_to_disk" in first.recognise(path).why or "Parquet" in first.recognise(path).why
