"""Descriptions that `mlcroissant` writes are read from local files, and nothing is fetched."""

import csv
import hashlib
import json
import socket
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import mlcroissant as mlc
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import toolkit
from tests.hostile import NAMES, TEXTS
from tests.tables import rows
from toolkit.engine import default_engine
from toolkit.errors import DataReadError, MissingColumnsError
from toolkit.loaders import LOADERS
from toolkit.loaders.croissant import load_croissant, recognise_croissant
from toolkit.model.dataset import AnnotatedDataset
from toolkit.pipeline import run
from toolkit.render.card import to_markdown

Types = mlc.DataType
IMAGES = {"image_id": "Img", "width": "W", "height": "H", "split": "Part", "Scene": "Scene"}
BOXES = {"image_id": "Img", "box_2d": "Box", "label": "Class", "Gender": "Gender"}
TYPES = {"box_2d": [Types.BOUNDING_BOX], "split": [Types.TEXT, Types.SPLIT]}


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test fail that would open a connection."""

    def refuse(*_: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def write_csv(path: Path, columns: Sequence[str], values: Sequence[Sequence[Any]]) -> None:
    """Write a CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *values])


def record_set(name: str, file: str, fields: Mapping[str, str]) -> Any:
    """Return a record set whose fields are columns of a file."""
    return mlc.RecordSet(
        id=name,
        name=name,
        fields=[
            mlc.Field(
                id=f"{name}/{field}",
                name=field,
                data_types=TYPES.get(field, [Types.TEXT]),
                source=mlc.Source(file_object=file, extract=mlc.Extract(column=column)),
            )
            for field, column in fields.items()
        ],
    )


def describe(folder: Path, sets: Mapping[str, Mapping[str, str]], **more: Any) -> Path:
    """Let `mlcroissant` describe files of a folder; return the description."""
    files = [
        mlc.FileObject(
            id=name,
            name=name,
            content_url=name,
            encoding_formats=["text/csv"],
            sha256=hashlib.sha256((folder / name).read_bytes()).hexdigest(),
        )
        for name in sets
    ]
    described = [record_set(Path(name).stem, name, fields) for name, fields in sets.items()]
    metadata = mlc.Metadata(
        name="tiny",
        url="https://example.org/tiny",
        license=["CC-BY-4.0"],
        conforms_to=["http://mlcommons.org/croissant/1.0"],
        distribution=files + more.pop("files", []),
        record_sets=described + more.pop("record_sets", []),
        **more,
    )
    path = folder / "croissant.json"
    path.write_text(json.dumps(metadata.to_json(), default=str))
    return path


def dataset_in(
    folder: Path, images: Sequence[Sequence[Any]], boxes: Sequence[Sequence[Any]], **more: Any
) -> Path:
    """Write a dataset of two files and its description."""
    write_csv(folder / "images.csv", list(IMAGES.values()), images)
    write_csv(folder / "boxes.csv", list(BOXES.values()), boxes)
    return describe(folder, {"images.csv": IMAGES, "boxes.csv": BOXES}, **more)


def loaded(path: Path, **options: Any) -> AnnotatedDataset:
    """Load with the engine of the process."""
    return load_croissant(path, engine=default_engine(), **options)


def changed(path: Path, change: Mapping[str, Any]) -> Path:
    """Change keys of a description."""
    path.write_text(json.dumps(json.loads(path.read_text()) | dict(change)))
    return path


def test_hostile_files_are_read_back(tmp_path: Path) -> None:
    """Every table holds what the described files hold, whatever the names are."""
    images = [(name, 8, 4, "train", name) for name in NAMES]
    boxes = [(name, "[1, 1, 2, 3]", name, name) for name in NAMES]
    dataset_in(tmp_path, images, boxes)
    dataset = toolkit.load(tmp_path)
    assert dataset.provenance.loader == "croissant"
    assert dataset.provenance.licence == "CC-BY-4.0"
    assert dataset.name == "tiny"
    assert not dataset.provenance.rows_rejected
    assert rows(dataset.images, "image_id", "split", "width", "height", "scene") == sorted(
        [(name, "train", 8, 4, name) for name in NAMES], key=repr
    )
    columns = ("image_id", "label", "gender", "x_min", "y_min", "x_max", "y_max")
    assert rows(dataset.annotations, *columns) == sorted(
        [(name, name, name, 0.125, 0.25, 0.375, 1.0) for name in NAMES], key=repr
    )
    assert dataset.image_labels is None
    assert dataset.captions is None
    assert dataset.predictions is None


@given(st.lists(st.tuples(TEXTS.filter(bool), TEXTS), min_size=1, max_size=4))
@settings(max_examples=8)
def test_any_text_is_read_back(values: list[tuple[str, str]]) -> None:
    """Whatever ids and values are, they are read back equal; the empty text is null."""
    with tempfile.TemporaryDirectory() as folder:
        boxes = [(name, "[0, 0, 1, 1]", "person", gender) for name, gender in values]
        images = [(name, 1, 1, "", "") for name in {name for name, _ in values}]
        dataset = loaded(dataset_in(Path(folder), images, boxes))
        assert rows(dataset.annotations, "image_id", "gender") == sorted(
            [(name, gender or None) for name, gender in values], key=repr
        )


def test_boxes_of_images_that_are_not_described(tmp_path: Path) -> None:
    """A box in pixels of an image without a size is counted; a broken box has its reason."""
    images = [("a", 8, 4, "", ""), ("b", "", "", "", "")]
    boxes = [("a", "[1, 1, 2, 3]", "x", ""), ("b", "[1, 1, 2, 3]", "x", ""), ("a", "1 2", "x", "")]
    dataset = loaded(dataset_in(tmp_path, images, boxes))
    assert dataset.provenance.rows_read == {"images": 2, "annotations": 3}
    assert dataset.provenance.rows_rejected["annotations"] == {
        "image size is not a positive number": 1,
        "box is not a number": 1,
    }


def test_corners_in_four_fields(tmp_path: Path) -> None:
    """Fields named like the toolkit's corners are a box, in shares of the image if so said."""
    names = ("image_id", "label", "XMin", "YMin", "x_max", "y_max")
    write_csv(tmp_path / "boxes.csv", names, [("a", "x", 0.1, 0.2, 0.3, 0.4)])
    path = describe(tmp_path, {"boxes.csv": {name: name for name in names}})
    dataset = loaded(path, normalised=True)
    assert dataset.images is None
    assert dataset.n_images == 1
    assert rows(dataset.annotations, "x_min", "y_min", "x_max", "y_max") == [(0.1, 0.2, 0.3, 0.4)]


def test_two_forms_of_boxes_are_refused(tmp_path: Path) -> None:
    """Where some boxes are corners and others are not, none is guessed."""
    names = ("image_id", "x_min", "y_min", "x_max", "y_max")
    write_csv(tmp_path / "a.csv", names, [("a", 0.1, 0.2, 0.3, 0.4)])
    write_csv(tmp_path / "b.csv", list(BOXES.values()), [("a", "[0, 0, 1, 1]", "x", "")])
    path = describe(tmp_path, {"a.csv": {name: name for name in names}, "b.csv": BOXES})
    with pytest.raises(DataReadError, match="as corners and otherwise"):
        loaded(path)


def test_parquet_with_lists(tmp_path: Path) -> None:
    """Boxes and labels that are lists of Parquet are read as they are."""
    table = pa.table({"Img": ["a"], "Box": [[0.0, 0.0, 1.0, 1.0]], "Class": ["x"], "Gender": ["F"]})
    pq.write_table(table, tmp_path / "boxes.parquet")
    path = describe(tmp_path, {"boxes.parquet": BOXES})
    assert rows(loaded(path, normalised=True).annotations, "image_id", "x_max") == [("a", 1.0)]


def test_labels_and_captions(tmp_path: Path) -> None:
    """A record set without boxes is one of images, whose labels and captions become tables."""
    write_csv(
        tmp_path / "i.csv", ("image_id", "label", "text"), [("a", "x", "hello"), ("b", "", "")]
    )
    path = describe(tmp_path, {"i.csv": {"image_id": "image_id", "label": "label", "text": "text"}})
    dataset = loaded(path)
    assert rows(dataset.image_labels, "image_id", "label") == [("a", "x")]
    assert rows(dataset.captions, "image_id", "text") == [("a", "hello")]
    assert dataset.annotations is None


def test_irregular_lines_are_counted(tmp_path: Path) -> None:
    """A line with too many fields is left out with its reason and its text."""
    dataset_in(tmp_path, [("a", 8, 4, "", ""), ("b", 8, 4, "", "", "more")], [])
    dataset = loaded(tmp_path)
    assert dataset.provenance.rows_rejected["images"] == {"too many fields": 1}
    [row] = dataset.rejected["images"].to_pyarrow().to_pylist()
    assert row["source_text"] == "images.csv: b,8,4,,,more"


def test_answers_on_responsible_ai_are_kept(tmp_path: Path) -> None:
    """What the description states of biases and collection is kept and stands on the card."""
    path = dataset_in(
        tmp_path,
        [("a", 8, 4, "train", "")],
        [("a", "[1, 1, 2, 3]", "person", "")],
        data_biases=["more men", "no elders"],
        data_collection="photographed",
    )
    dataset = loaded(path)
    assert dataset.provenance.stated == {
        "data_biases": "more men; no elders",
        "data_collection": "photographed",
    }
    card = to_markdown(run(dataset, ["split"]))
    assert "Data collection: photographed" in card
    assert card.count("stated by the description of the dataset (croissant)") == 2


def test_what_is_not_read_is_named(tmp_path: Path) -> None:
    """Record sets at addresses, outside, changed or of something else are named with a reason."""
    addresses = {"far": "https://example.org/far.csv", "out": "../out.csv"}
    files = [
        mlc.FileObject(
            id=name, name=name, content_url=url, encoding_formats=["text/csv"], sha256="0" * 64
        )
        for name, url in addresses.items()
    ]
    sets = [record_set(f"{name}-set", name, {"image_id": "x"}) for name in addresses]
    sets.append(record_set("other", "images.csv", {"colour": "Scene"}))
    path = dataset_in(tmp_path, [("a", 8, 4, "", "")], [], files=files, record_sets=sets)
    [note] = [found for found in loaded(path).provenance.notes if found.startswith("Not read")]
    assert note == (
        "Not read: record set 'far-set' (its file 'far.csv' is not in the folder, and nothing is "
        "fetched); record set 'out-set' (the name of its file leads out of the folder); "
        "record set 'other' (no field names an image)."
    )


def test_a_copy_of_a_file_at_an_address_is_read(tmp_path: Path) -> None:
    """A file that was fetched by hand and lies beside the description is taken."""
    path = dataset_in(tmp_path, [("a", 8, 4, "", "")], [])
    content = json.loads(path.read_text())
    for file in content["distribution"]:
        file["contentUrl"] = f"https://example.org/data/{file['contentUrl']}"
    assert rows(loaded(changed(path, content)).images, "image_id") == [("a",)]


def test_another_file_than_described_is_refused(tmp_path: Path) -> None:
    """A file that was changed after it was described is not taken for it."""
    path = dataset_in(tmp_path, [("a", 8, 4, "", "")], [])
    with (tmp_path / "images.csv").open("a") as file:
        file.write("b,8,4,,\n")
    with pytest.raises(DataReadError, match=r"images\.csv.*sha256 differs"):
        loaded(path)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    """A described file that is a link to elsewhere is not read."""
    folder = tmp_path / "data"
    folder.mkdir()
    path = dataset_in(folder, [("a", 8, 4, "", "")], [("a", "[0, 0, 1, 1]", "x", "")])
    (folder / "images.csv").rename(tmp_path / "images.csv")
    (folder / "images.csv").symlink_to(tmp_path / "images.csv")
    dataset = loaded(path, normalised=True)
    assert dataset.images is None


def test_a_description_without_a_name(tmp_path: Path) -> None:
    """A dataset without a name is called like its folder."""
    path = dataset_in(tmp_path, [("a", 8, 4, "", "")], [])
    assert loaded(changed(path, {"name": None})).name == tmp_path.name


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    """A described column that the file does not have is one sentence with those it has."""
    write_csv(tmp_path / "images.csv", ("Img", "Other"), [("a", "b")])
    path = describe(tmp_path, {"images.csv": {"image_id": "Img", "Scene": "Scene"}})
    with pytest.raises(MissingColumnsError, match="no column Scene"):
        loaded(path)


@pytest.mark.parametrize(
    "change",
    [
        {"@context": "https://schema.org/"},
        {"@context": ["https://schema.org/"]},
        {"@context": {"@import": "https://example.org/"}},
        {"@context": {"name": {"@id": "x", "@context": "https://example.org/"}}},
        {"distribution": {"@context": "https://example.org/"}},
    ],
)
def test_remote_contexts_are_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    """A description whose meaning stands at an address is refused before anything is asked."""
    path = changed(dataset_in(tmp_path, [("a", 8, 4, "", "")], []), change)
    with pytest.raises(DataReadError, match="nothing is fetched"):
        loaded(path)


@pytest.mark.parametrize(
    "change",
    [
        {"@type": "nothing"},
        {"license": {"@id": "two words"}},
        {"distribution": 1},
        {"distribution": [[[]]]},
        {"recordSet": "x"},
        {"recordSet": [{"field": [{"source": 7}]}]},
        {"recordSet": []},
    ],
)
def test_broken_descriptions_are_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    """A description that is not valid, or describes nothing, is one sentence."""
    path = changed(dataset_in(tmp_path, [("a", 8, 4, "", "")], []), change)
    with pytest.raises(DataReadError):
        loaded(path)


def test_recognition_says_why(tmp_path: Path) -> None:
    """A description is recognised, alone or in a folder, by no other loader; other JSON is not."""
    path = dataset_in(tmp_path, [("a", 8, 4, "", "")], [])
    for place in (path, tmp_path):
        first = next(loader for loader in LOADERS.values() if loader.recognise(place).matches)
        assert first.name == "croissant"
    assert recognise_croissant(path).why == "croissant.json says that it conforms to Croissant"
    other = tmp_path / "other.json"
    for content in ("{}", "", "[" * 200_000, '{"conformsTo": 7}'):
        other.write_text(content)
        assert not recognise_croissant(other).matches
    with pytest.raises(DataReadError, match="is no Croissant description"):
        loaded(other)
