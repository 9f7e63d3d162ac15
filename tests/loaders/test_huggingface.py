"""What `datasets` itself writes is read back equal, and nothing else is taken for it."""

import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import chdir
from pathlib import Path
from typing import Any

import datasets
import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import toolkit
from tests.hostile import NAMES, TEXTS, picture
from toolkit.engine import default_engine
from toolkit.errors import DataReadError, SettingsError
from toolkit.loaders import LOADERS
from toolkit.loaders.huggingface import load_huggingface, recognise_huggingface
from toolkit.loaders.table import recognise_table
from toolkit.model.dataset import AnnotatedDataset

CLASSES = ["person", "two words", "<script>"]
OBJECTS = {
    "bbox": datasets.List(datasets.List(datasets.Value("float64"), length=4)),
    "category": datasets.List(datasets.ClassLabel(names=CLASSES)),
    "Gender Presentation": datasets.List(datasets.Value("string")),
    "iscrowd": datasets.List(datasets.Value("bool")),
}
FEATURES = datasets.Features(
    {
        "image_id": datasets.Value("string"),
        "image": datasets.Image(),
        "width": datasets.Value("int32"),
        "height": datasets.Value("int32"),
        "objects": OBJECTS,
        "label": datasets.ClassLabel(names=["indoor", "outdoor"]),
        "captions": datasets.List(datasets.Value("string")),
        "Scene": datasets.Value("string"),
    }
)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Keep progress bars of `datasets` out of the tests' output."""
    datasets.disable_progress_bars()
    yield
    datasets.enable_progress_bars()


def sample(name: str, objects: Sequence[tuple[str, int]] = (), **changed: Any) -> dict[str, Any]:
    """Return a sample of 8 x 4 pixels with objects of these genders and classes."""
    return {
        "image_id": name,
        "image": {"bytes": picture(8, 4), "path": f"{name[:20]}.png"},
        "width": 8,
        "height": 4,
        "objects": {
            "bbox": [[1.0, 1.0, 2.0, 3.0] for _ in objects],
            "category": [number for _, number in objects],
            "Gender Presentation": [gender for gender, _ in objects],
            "iscrowd": [False for _ in objects],
        },
        "label": 1,
        "captions": [name],
        "Scene": name,
        **changed,
    }


def dataset_of(samples: Sequence[dict[str, Any]]) -> datasets.Dataset:
    """Return samples as a dataset with all features."""
    return datasets.Dataset.from_list(list(samples), features=FEATURES)


def loaded(path: Path, **options: Any) -> AnnotatedDataset:
    """Load with the engine of the process."""
    return load_huggingface(path, engine=default_engine(), **options)


def rows(table: ibis.Table | None, *columns: str) -> list[tuple[object, ...]]:
    """Return columns of a table, sorted."""
    assert table is not None
    found = table.select(*columns).to_pyarrow().to_pylist()
    return sorted((tuple(row.values()) for row in found), key=repr)


def save(form: str, data: datasets.Dataset, folder: Path) -> Path:
    """Let `datasets` write a dataset in one of its forms; return what to load."""
    if form == "saved":
        data.save_to_disk(folder / "d")
    elif form == "saved splits":
        datasets.DatasetDict({"train": data}).save_to_disk(folder / "d")
    elif form == "parquet file":
        data.to_parquet(folder / "d.parquet")
        return folder / "d.parquet"
    else:
        (folder / "d" / "data").mkdir(parents=True)
        data.to_parquet(folder / "d" / "data" / "train-00000-of-00001.parquet")
    return folder / "d"


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
    pictures = [picture(1, 1), picture(4, 2, "JPEG"), b"no picture", None]
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


def rewritten(path: Path, change: dict[str, Any]) -> None:
    """Change keys of a JSON file."""
    path.write_text(json.dumps(json.loads(path.read_text()) | change))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("../x.arrow", "names a file outside of it"),
        ("/etc/passwd", "names a file outside of it"),
        ("a\0b", "names a file outside of it"),
        (7, "names a file outside of it"),
        ("gone.arrow", "has no 'gone.arrow'"),
    ],
)
def test_shards_outside_the_folder_are_refused(tmp_path: Path, name: object, said: str) -> None:
    """A list of files that leads out of the folder, or to nothing, is refused in a sentence."""
    path = save("saved", dataset_of([sample("a")]), tmp_path)
    rewritten(path / "state.json", {"_data_files": [{"filename": name}]})
    with pytest.raises(DataReadError, match=said):
        loaded(path)


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    """A shard that is a link to elsewhere is refused where it is needed, else named as not read."""
    path = save("saved", dataset_of([sample("a")]), tmp_path)
    shard = path / "data-00000-of-00001.arrow"
    shutil.move(shard, tmp_path / "elsewhere.arrow")
    shard.symlink_to(tmp_path / "elsewhere.arrow")
    with pytest.raises(DataReadError, match="a link that leads out of the folder"):
        loaded(path)
    pictures = save("parquet file", dataset_of([sample("a")]), tmp_path)
    folder = tmp_path / "hub"
    folder.mkdir()
    shutil.copy(pictures, folder / "train.parquet")
    (folder / "test.parquet").symlink_to(pictures)
    [note] = [n for n in loaded(folder).provenance.notes if n.startswith("Files")]
    assert note == (
        "Files that are not read: 'test.parquet' (a link that leads out of the folder)."
    )


@pytest.mark.parametrize("form", ["saved", "parquet file"])
@pytest.mark.parametrize("keep", [0, 3, 40, 0.5, 0.95])
def test_cut_off_shards_are_refused(tmp_path: Path, form: str, keep: float) -> None:
    """A shard that ends anywhere is refused in a sentence that names it."""
    path = save(form, dataset_of([sample(str(i), [("F", 0)]) for i in range(20)]), tmp_path)
    shard = next(path.glob("*.arrow")) if path.is_dir() else path
    content = shard.read_bytes()
    shard.write_bytes(content[: int(keep if keep >= 1 else keep * len(content))])
    with pytest.raises(DataReadError):
        loaded(path)


@given(place=st.integers(0, 10**6), byte=st.integers(0, 255))
@settings(max_examples=60)
def test_damaged_shards_never_break_the_run(place: int, byte: int) -> None:
    """One wrong byte anywhere gives a dataset or one sentence, never another exception."""
    with tempfile.TemporaryDirectory() as folder:
        path = save("saved", dataset_of([sample(n, [(n, 0)]) for n in NAMES[:4]]), Path(folder))
        shard = path / "data-00000-of-00001.arrow"
        content = bytearray(shard.read_bytes())
        content[place % len(content)] = byte
        shard.write_bytes(content)
        try:
            dataset = loaded(path)
        except DataReadError:
            return
        kept = dataset.provenance.rows_kept
        assert len(rows(dataset.images, "image_id")) == kept["images"]


@pytest.mark.parametrize(
    "content",
    ["", "[", "[1]", '{"splits": []}', '{"splits": 1}', '{"splits": [null]}', "[" * 200_000],
)
def test_broken_descriptions_are_refused(tmp_path: Path, content: str) -> None:
    """A description that is no JSON, too deep or of another shape is refused in a sentence."""
    (tmp_path / "dataset_dict.json").write_text(content)
    with pytest.raises(DataReadError):
        toolkit.load(tmp_path)


@pytest.mark.parametrize(
    "features", [None, [], {"image": "x"}, {"objects": {"_type": "Sequence"}}, {"label": [[]]}]
)
def test_features_of_another_shape_are_left_alone(tmp_path: Path, features: object) -> None:
    """Where the features cannot be understood, class numbers stay as they are."""
    path = save("saved", dataset_of([sample("a", [("F", 1)])]), tmp_path)
    rewritten(path / "dataset_info.json", {"features": features})
    dataset = loaded(path)
    assert rows(dataset.annotations, "label") == [("1",)]


def test_features_nested_without_end_are_left_alone(tmp_path: Path) -> None:
    """Features that are nested far deeper than any dataset's do not break the run."""
    path = save("saved", dataset_of([sample("a", [("F", 1)])]), tmp_path)
    deep: dict[str, Any] = {"_type": "ClassLabel", "names": CLASSES}
    for _ in range(300):
        deep = {"_type": "List", "feature": deep}
    rewritten(path / "dataset_info.json", {"features": {"label": deep}})
    assert rows(loaded(path).image_labels, "label") == [("1",)]


def test_the_path_may_be_relative(tmp_path: Path) -> None:
    """A folder named relative to where one stands is read like any other."""
    save("saved", dataset_of([sample("a")]), tmp_path)
    with chdir(tmp_path):
        assert loaded(Path("d")).n_images == 1
        assert loaded(Path("d")).name == "d"
