"""Damaged and hostile files of `datasets` give a dataset or one sentence, never a traceback."""

import json
import shutil
import tempfile
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import toolkit
from tests.hostile import NAMES
from tests.huggingface_writer import CLASSES, dataset_of, loaded, sample, save
from tests.tables import rows
from toolkit.errors import DataReadError


def rewritten(path: Path, change: dict[str, Any]) -> None:
    """Change keys of a JSON file."""
    path.write_text(json.dumps(json.loads(path.read_text()) | change))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("../x.arrow", "names a file outside of it"),
        ("/etc/passwd", "names a file outside of it"),
        ("a\0b", "NUL"),
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
@settings(max_examples=25)
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
