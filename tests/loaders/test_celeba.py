"""CelebA is read from its lists, as the authors write them and as CSV."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from toolkit.engine import default_engine
from toolkit.errors import DataReadError
from toolkit.loaders import LOADERS, load
from toolkit.loaders.celeba import load_celeba, recognise_celeba
from toolkit.model.dataset import AnnotatedDataset

NAMES = ("5_o_Clock_Shadow", "Male", "Young")
COLUMNS = ("5_o_clock_shadow", "male", "young")
HEADS = {
    "list_attr_celeba": ("image_id", *NAMES),
    "list_eval_partition": ("image_id", "partition"),
    "list_bbox_celeba": ("image_id", "x_1", "y_1", "width", "height"),
}
Lists = Mapping[str, Sequence[Sequence[object]]]


def write(folder: Path, lists: Lists, form: str = "txt") -> Path:
    """Write lists as the authors do (txt) or as on Kaggle (csv)."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in lists.items():
        head = HEADS[name]
        lines = [("," if form == "csv" else "  ").join(map(str, row)) for row in rows]
        if form == "csv":
            lines.insert(0, ",".join(head))
        elif name != "list_eval_partition":
            shown = head[1:] if name == "list_attr_celeba" else head
            lines = [str(len(rows)), " ".join(shown) + " ", *lines]
        (folder / f"{name}.{form}").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def picture(path: Path, size: tuple[int, int]) -> None:
    """Write a picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size).save(path, "JPEG")


def loaded(path: Path) -> AnnotatedDataset:
    """Load with the engine of the process."""
    return load_celeba(path, engine=default_engine())


def images(dataset: AnnotatedDataset, *columns: str) -> list[tuple[Any, ...]]:
    """Return columns of the images in the order of their ids."""
    assert dataset.images is not None
    found = dataset.images.order_by("image_id").to_pyarrow().to_pylist()
    return [tuple(row[name] for name in columns) for row in found]


WORD = st.text(
    st.characters(exclude_categories=["C", "Z"], exclude_characters=',"'), min_size=1, max_size=30
)
SIGNS = st.tuples(*[st.sampled_from([1, -1])] * 3)


@pytest.mark.parametrize("form", ["txt", "csv"])
@settings(max_examples=10)
@given(faces=st.dictionaries(WORD, st.tuples(SIGNS, st.integers(0, 2)), min_size=1, max_size=4))
def test_any_lists_come_back(form: str, faces: dict[str, tuple[tuple[int, ...], int]]) -> None:
    """Attributes and splits come back from both forms, whatever the pictures are called."""
    lists = {
        "list_attr_celeba": [(name, *signs) for name, (signs, _) in faces.items()],
        "list_eval_partition": [(name, part) for name, (_, part) in faces.items()],
    }
    with tempfile.TemporaryDirectory() as folder:
        dataset = loaded(write(Path(folder), lists, form))
        splits = ("train", "validation", "test")
        assert sorted(images(dataset, "image_id", *COLUMNS, "split")) == sorted(
            (name, *map(str, signs), splits[part]) for name, (signs, part) in faces.items()
        )
    assert dataset.n_images == len(faces)


def test_published_folder(tmp_path: Path) -> None:
    """Sizes are those of the aligned pictures, boxes shares of the original ones."""
    attributes = [("1.jpg", -1, 1, -1), ("2.jpg", 1, -1, 1)]
    boxes = [("1.jpg", 10, 20, 50, 25), ("2.jpg", 1, 1, 1, 1), ("9.jpg", 1, 1, 1, 1)]
    write(tmp_path / "Anno", {"list_attr_celeba": attributes, "list_bbox_celeba": boxes})
    write(tmp_path / "Eval", {"list_eval_partition": [("1.jpg", 0), ("3.jpg", 2), ("4.jpg", 7)]})
    picture(tmp_path / "Img/img_align_celeba/1.jpg", (178, 218))
    picture(tmp_path / "Img/img_celeba/1.jpg", (100, 100))
    dataset = loaded(tmp_path)
    place = "Img/img_align_celeba/1.jpg"
    assert images(dataset, "image_id", "path", "width", "height", "male", "split") == [
        ("1.jpg", place, 178, 218, "1", "train"),
        ("2.jpg", None, None, None, "-1", None),
        ("3.jpg", None, None, None, None, "test"),
    ]
    assert dataset.annotations is not None
    assert dataset.annotations.drop("annotation_id").to_pyarrow().to_pylist() == [
        {
            "image_id": "1.jpg",
            "label": "face",
            "x_min": 0.1,
            "y_min": 0.2,
            "x_max": 0.6,
            "y_max": 0.45,
        }
    ]
    assert dataset.provenance.rows_rejected == {
        "splits": {"partition is not 0, 1 or 2": 1},
        "annotations": {"size of the original picture is not known": 2},
    }
    sensitive = {a.name for a in dataset.attributes.values() if a.sensitive}
    assert sensitive == {"male", "young"}
    assert dataset.attributes["5_o_clock_shadow"].basis == "perceived"


def test_hostile_lists(tmp_path: Path) -> None:
    """Broken lines, repeated images and names that lead out are counted and not followed."""
    picture(tmp_path / "out.jpg", (1, 1))
    folder = tmp_path / "in"
    picture(folder / "img_align_celeba/1.jpg", (1, 1))
    (folder / "img_align_celeba/2.jpg").symlink_to(tmp_path / "out.jpg")
    names = ["1.jpg", "1.jpg", "../../out.jpg", "2.jpg", "<script>.jpg", "x" * 5000]
    write(folder, {"list_attr_celeba": [(name, 1, 1, 1) for name in names]})
    with (folder / "list_attr_celeba.txt").open("ab") as file:
        file.write(b"a.jpg 1 1\nb.jpg 1 1 1 1\n\nc.jpg \xff 1 1\nd.jpg 1 \0 1\n")
    dataset = loaded(folder)
    assert [row[0] for row in images(dataset, "image_id")] == sorted(set(names))
    assert [row[0] for row in images(dataset, "path") if row[0]] == ["img_align_celeba/1.jpg"]
    assert dataset.provenance.rows_rejected["images"] == {
        "image is listed before": 1,
        "too few fields": 1,
        "too many fields": 1,
        "line is not UTF-8": 1,
        "line has a NUL byte": 1,
    }
    kept_although = "Rows of images that were kept although"
    assert dataset.provenance.notes == (
        f"{kept_although} the name of their picture leads out of the folder: 2.",
        f"{kept_although} their picture is not in the folder: 2.",
    )


def test_without_pictures(tmp_path: Path) -> None:
    """One list alone is enough; what cannot be read without pictures is named."""
    rows = [("1.jpg", 1, 1, 1)]
    write(tmp_path, {"list_attr_celeba": rows, "list_bbox_celeba": [("1.jpg", 1, 1, 1, 1)]})
    dataset = loaded(tmp_path)
    assert dataset.annotations is None
    assert dataset.provenance.notes == (
        "Sizes are not known: there is no folder img_align_celeba with the pictures.",
        "list_bbox_celeba.txt is not read: its boxes are in pixels of the pictures of img_celeba.",
    )
    alone = loaded(tmp_path / "list_attr_celeba.txt")
    assert images(alone, "image_id", "young", "split") == [("1.jpg", "1", None)]


@pytest.mark.parametrize("text", ["", "1\n", "1\nMale\n", "\0\0\n", "[]", "{}"])
def test_other_lists_are_refused(tmp_path: Path, text: str) -> None:
    """A file of that name that is no such list is refused in a sentence, and not recognised."""
    (tmp_path / "list_attr_celeba.txt").write_text(text)
    assert not recognise_celeba(tmp_path).matches
    with pytest.raises(DataReadError, match="has no list_attr_celeba"):
        loaded(tmp_path)


def test_recognition(tmp_path: Path, shared_data: Path) -> None:
    """A list and its folder are recognised, before any table or image folder."""
    write(tmp_path, {"list_attr_celeba": [("1.jpg", 1, 1, 1)]}, "csv")
    names = list(LOADERS)
    assert names.index("celeba") < min(names.index("folder"), names.index("table"))
    for path in (tmp_path, tmp_path / "list_attr_celeba.csv"):
        assert recognise_celeba(path).matches
        assert load(path).provenance.loader == "celeba"
        matching = {n for n in LOADERS if LOADERS[n].recognise(path).matches}
        assert matching <= {"celeba", "table"}
    assert not recognise_celeba(shared_data / "fairface").matches
