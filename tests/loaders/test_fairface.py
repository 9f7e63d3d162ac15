"""FairFace lists are read as published, with the pictures beside them where they are."""

import csv
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from toolkit.engine import default_engine
from toolkit.errors import DataReadError
from toolkit.loaders import LOADERS, load
from toolkit.loaders.fairface import load_fairface, recognise_fairface
from toolkit.model.dataset import AnnotatedDataset

HEADER = ("file", "age", "gender", "race", "service_test")
Row = tuple[str, str | None, str | None, str | None, str | None]


def write(path: Path, rows: Sequence[Sequence[str | None]]) -> Path:
    """Write a list."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])
    return path


def loaded(path: Path) -> AnnotatedDataset:
    """Load with the engine of the process."""
    return load_fairface(path, engine=default_engine())


def images(dataset: AnnotatedDataset, *columns: str) -> list[tuple[Any, ...]]:
    """Return columns of the images, sorted."""
    assert dataset.images is not None
    found = dataset.images.to_pyarrow().to_pylist()
    return sorted(tuple(row[name] for name in columns) for row in found)


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
HOSTILE = st.sampled_from(["<script>", "👩🏽‍🦱", "a,b", 'quote "', "a\nb", "شخص", "x" * 5000])


@settings(max_examples=20)
@given(st.dictionaries(TEXT, st.tuples(*[st.none() | TEXT | HOSTILE] * 4), min_size=1, max_size=4))
def test_any_values_come_back(rows: dict[str, tuple[str | None, ...]]) -> None:
    """Names and attributes of any text come back as they were written."""
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "x.csv", [(name, *values) for name, values in rows.items()])
        dataset = loaded(path)
        expected = sorted(((name, *values) for name, values in rows.items()), key=lambda r: r[0])
        found = images(dataset, "image_id", *HEADER[1:])
        assert sorted(found, key=lambda r: r[0]) == expected


def test_published_list(shared_data: Path) -> None:
    """All 10,954 labels of the validation list are read, as pandas counts them."""
    path = shared_data / "fairface/fairface_label_val.csv"
    dataset = loaded(path)
    frame = pd.read_csv(path)
    assert dataset.n_images == 10_954
    assert dataset.images is not None
    found = dataset.images.to_pandas()
    assert (found["split"] == "val").all()
    for name in ("age", "gender", "race"):
        attribute = dataset.attributes[name]
        assert (attribute.basis, attribute.sensitive) == ("perceived", True)
        assert found[name].value_counts().to_dict() == frame[name].value_counts().to_dict()
        assert set(attribute.values) == set(frame[name])
    assert not dataset.attributes["service_test"].sensitive
    assert dataset.provenance.notes == (
        "Rows of images that were kept although their picture is not in the folder: 10,954.",
    )


def test_crops(shared_data: Path) -> None:
    """The 242 crops beside their list are 224 × 224."""
    dataset = loaded(shared_data / "fairface/labels.csv")
    assert len(images(dataset, "image_id")) == 242
    assert set(images(dataset, "width", "height")) == {(224, 224)}
    assert dataset.provenance.notes == ()


def test_folder_of_lists(tmp_path: Path) -> None:
    """The lists of a folder are one dataset; repeated images and names that lead out count."""
    (tmp_path / "data/train").mkdir(parents=True)
    Image.new("L", (1, 1)).save(tmp_path / "data/train/1.jpg")
    Image.new("L", (1, 1)).save(tmp_path / "out.jpg")
    (tmp_path / "data/train/link.jpg").symlink_to(tmp_path / "out.jpg")
    rest = ("3-9", "Male", "White", "True")
    names = ["train/1.jpg", "train/1.jpg", "../out.jpg", "train/link.jpg", "", "/etc/x.jpg"]
    write(tmp_path / "data/fairface_label_train.csv", [(name, *rest) for name in names])
    write(tmp_path / "data/fairface_label_val.csv", [(f"val/{n}", *rest) for n in (1, 2)])
    write(tmp_path / "data/more.csv", [("val/1.jpg", *rest), ("val/1", *rest)])
    dataset = loaded(tmp_path / "data")
    assert images(dataset, "image_id", "path", "split") == [
        ("../out.jpg", None, None),
        ("/etc/x.jpg", None, None),
        ("train/1.jpg", "train/1.jpg", "train"),
        ("train/link.jpg", None, "train"),
        ("val/1", None, "val"),
        ("val/1.jpg", None, "val"),
        ("val/2", None, "val"),
    ]
    assert dataset.provenance.rows_rejected["images"] == {
        "image is listed before": 2,
        "file is empty": 1,
    }
    kept_although = "Rows of images that were kept although"
    assert set(dataset.provenance.notes) == {
        f"{kept_although} their picture is not in the folder: 3.",
        f"{kept_although} the name of their picture leads out of the folder: 3.",
    }


def test_nothing_to_read(tmp_path: Path) -> None:
    """A list without rows, and a folder without a list, are each refused in a sentence."""
    with pytest.raises(DataReadError, match="has no list with the columns"):
        loaded(tmp_path)
    with pytest.raises(DataReadError, match="has no rows"):
        loaded(write(tmp_path / "x.csv", []))


def test_recognition(tmp_path: Path, shared_data: Path) -> None:
    """The lists and their folder are recognised, before any table is; other tables are not."""
    names = list(LOADERS)
    assert names.index("fairface") < names.index("table")
    for path in (shared_data / "fairface", shared_data / "fairface/labels.csv"):
        assert recognise_fairface(path).matches
        assert load(path).provenance.loader == "fairface"
        others = {n for n in LOADERS if LOADERS[n].recognise(path).matches}
        assert others <= {"fairface", "table"}
    assert not recognise_fairface(shared_data / "miap_val").matches
    (tmp_path / "x.csv").write_text("file,age\na,1\n")
    assert not recognise_fairface(tmp_path / "x.csv").matches
