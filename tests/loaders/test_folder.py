"""Image folders come back as they were written: classes, splits, metadata and objects."""

import csv
import datetime
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from toolkit.engine import default_engine
from toolkit.errors import DataReadError, SettingsError
from toolkit.loaders import LOADERS, load
from toolkit.loaders.folder import load_folder, recognise_folder
from toolkit.model.dataset import AnnotatedDataset

HOSTILE = [
    *("a b", "quote \" and ' it", "a,b", "two\nlines", "👩🏽‍🦱", "شخص", "<script>", "=1+1"),
    *("\u202eevil", "back\\slash", "NULL", "%2e%2e", "x" * 200),
]
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
NAME = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\.:"), min_size=1
).map(lambda name: name[:40])


def picture(folder: Path, name: str, size: tuple[int, int] = (1, 1)) -> None:
    """Write a picture."""
    place = folder / name
    place.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size).save(place, "PNG")


def metadata(folder: Path, form: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write a metadata file in one of its forms."""
    place = folder / f"metadata.{form}"
    place.parent.mkdir(parents=True, exist_ok=True)
    if form == "jsonl":
        place.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    elif form == "parquet":
        pq.write_table(pa.Table.from_pylist(list(rows)), place)
    else:
        with place.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(
                {k: json.dumps(v) if isinstance(v, dict) else v for k, v in row.items()}
                for row in rows
            )


def loaded(path: Path) -> AnnotatedDataset:
    """Load with the engine of the process."""
    return load_folder(path, engine=default_engine())


def rows(dataset: AnnotatedDataset, table: str, *columns: str) -> list[tuple[Any, ...]]:
    """Return columns of a table."""
    found = getattr(dataset, table).to_pyarrow().to_pylist()
    return [tuple(row[name] for name in columns) for row in found]


def test_classes_and_splits(tmp_path: Path) -> None:
    """Hostile folder and file names come back as labels and ids; each image has its split."""
    expected = []
    for split in ("train", "Validation", "test"):
        for name in HOSTILE:
            picture(tmp_path, f"{split}/{name}/{name}.PNG", (3, 2))
            place = f"{split}/{name}/{name}.PNG"
            expected.append((place, place, 3, 2, split, name))
    dataset = loaded(tmp_path)
    columns = ("image_id", "path", "width", "height", "split", "label")
    assert sorted(rows(dataset, "images", *columns)) == sorted(expected)
    assert sorted(rows(dataset, "image_labels", "image_id", "label", "confidence")) == sorted(
        (place, name, 1.0) for place, *_, name in expected
    )
    assert (dataset.annotations, dataset.captions, dataset.predictions) == (None, None, None)
    assert dataset.n_images == dataset.provenance.rows_kept["images"] == len(expected)
    assert list(dataset.attributes) == ["split", "label"]


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        (["a/1.png", "b/1.png"], {"a", "b"}),
        (["train/a/1.png", "data/test/b/1.png"], {"a", "b"}),
        (["train/1.png", "test/1.png"], None),
        (["a/1.png", "a/2.png"], None),
        (["a/1.png", "b/c/1.png"], None),
        (["1.png", "2.png"], None),
    ],
)
def test_when_folders_are_classes(
    tmp_path: Path, names: list[str], labels: set[str] | None
) -> None:
    """Folders are labels, as in `datasets`, if there are several and all lie equally deep."""
    for name in names:
        picture(tmp_path, name)
    dataset = loaded(tmp_path)
    found = dataset.image_labels
    assert (None if found is None else {*found["label"].to_pyarrow().to_pylist()}) == labels
    assert ("label" in dataset.attributes) == (labels is not None)


@settings(max_examples=12)
@given(
    st.dictionaries(NAME, st.tuples(TEXT, TEXT), min_size=1, max_size=3),
    st.sampled_from(["csv", "jsonl", "parquet"]),
)
def test_any_metadata_come_back(pictures: dict[str, tuple[str, str]], form: str) -> None:
    """Attributes and captions of any text come back in all three forms of metadata."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name in pictures:
            picture(root, f"train/{name}.png")
        metadata(
            root / "train",
            form,
            [
                {"file_name": f"{name}.png", "SkinTone": tone, "text": text}
                for name, (tone, text) in pictures.items()
            ],
        )
        dataset = loaded(root)
        assert sorted(rows(dataset, "images", "image_id", "path", "skin_tone", "split")) == sorted(
            (f"train/{name}.png", f"train/{name}.png", tone, "train")
            for name, (tone, _) in pictures.items()
        )
        assert sorted(rows(dataset, "captions", "image_id", "text")) == sorted(
            (f"train/{name}.png", text) for name, (_, text) in pictures.items()
        )


def test_objects_of_other_types(tmp_path: Path) -> None:
    """Values that only Parquet has become text, and JSON that is not strict has a reason."""
    picture(tmp_path / "p", "a.png", (4, 4))
    seen = [datetime.date(2020, 1, 2)]
    objects = {"bbox": [[0.0, 0.0, 4.0, 4.0]], "seen": seen, "raw": [b"x"]}
    metadata(tmp_path / "p", "parquet", [{"file_name": "a.png", "objects": objects}])
    assert rows(loaded(tmp_path / "p"), "annotations", "seen", "raw") == [("2020-01-02", "b'x'")]
    lines = ['{"bbox": [[0,0,1,1]], "label": ["\\ud800"]}', '{"bbox": [[0,0,1,1]]}', "[" * 10_000]
    for i, line in enumerate(lines):
        picture(tmp_path / "c", f"{i}.png")
        lines[i] = f'{i}.png,"{line.replace(chr(34), chr(34) * 2)}"'
    (tmp_path / "c/metadata.csv").write_text("\n".join(["file_name,objects", *lines]))
    reason = "objects are not a JSON object with a list bbox"
    assert loaded(tmp_path / "c").provenance.rows_rejected == {"annotations": {reason: 2}}


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_objects_come_back(tmp_path: Path, form: str) -> None:
    """Objects become boxes in shares of the image, with what is said of each."""
    picture(tmp_path, "a.png", (8, 4))
    picture(tmp_path, "b.png", (8, 4))
    objects = {"bbox": [[0.0, 0.0, 8.0, 4.0], [2.0, 1.0, 4.0, 0.0]], "categories": ["a,b", "👍"]}
    metadata(
        tmp_path,
        form,
        [
            {"file_name": "a.png", "objects": {**objects, "pose": ["up", None]}},
            {"file_name": "b.png", "objects": {"bbox": [], "categories": [], "pose": []}},
        ],
    )
    dataset = loaded(tmp_path)
    columns = ("image_id", "label", "x_min", "y_min", "x_max", "y_max", "pose")
    assert rows(dataset, "annotations", *columns) == [
        ("a.png", "a,b", 0.0, 0.0, 1.0, 1.0, "up"),
        ("a.png", "👍", 0.25, 0.25, 0.75, 0.25, None),
    ]
    assert dataset.attributes["pose"].table == dataset.attributes["label"].table == "annotations"
    assert dataset.n_images == 2


@pytest.mark.parametrize(
    ("options", "bbox"),
    [
        ({"box_form": "xyxy"}, [2.0, 1.0, 6.0, 3.0]),
        ({"box_form": "cxcywh"}, [4.0, 2.0, 4.0, 2.0]),
        ({"normalised": True}, [0.25, 0.25, 0.5, 0.5]),
    ],
)
def test_boxes_in_the_form_that_the_user_states(
    tmp_path: Path, options: dict[str, Any], bbox: list[float]
) -> None:
    """The form of metadata.jsonl is a habit, not a rule; the options say what else it is."""
    picture(tmp_path, "a.png", (8, 4))
    metadata(tmp_path, "jsonl", [{"file_name": "a.png", "objects": {"bbox": [bbox]}}])
    dataset = load_folder(tmp_path, engine=default_engine(), **options)
    assert rows(dataset, "annotations", "x_min", "y_min", "x_max", "y_max") == [
        (0.25, 0.25, 0.75, 0.75)
    ]
    with pytest.raises(SettingsError, match="no form of boxes"):
        load_folder(tmp_path, engine=default_engine(), box_form="xy")


def test_hostile_metadata(tmp_path: Path) -> None:
    """Names that lead out, repeated and missing pictures, and broken objects are counted."""
    picture(tmp_path, "in/a.png", (4, 4))
    picture(tmp_path, "in/unnamed.png")
    picture(tmp_path, "out.png")
    box = {"bbox": [[0, 0, 1, 1]]}
    names = ["../out.png", "/etc/x.png", "C:\\x.png", "b/../../x.png", "", "./a.png", "a.png"]
    lines: list[dict[str, Any]] = [{"file_name": name, "label": "first"} for name in names]
    lines[6] = {"file_name": "a.png", "label": "again"}
    broken = [
        *({"bbox": 3}, "x", [1], {"bbox": [[1, 2, 3]]}, {"bbox": [[0, 0, 1, 1]], "label": []}),
        *({"bbox": [["a", 0, 1, 1]]}, {"bbox": [[0, 0, 1, 1e400]]}, {"bbox": [[3, 3, 9, 9]]}),
    ]
    for i, objects in enumerate(broken):
        picture(tmp_path, f"in/{i}.png", (4, 4))
        lines.append({"file_name": f"{i}.png", "objects": objects})
    lines[5]["objects"] = box
    lines.append({"file_name": "gone.png", "objects": box})
    lines.append({"file_name": "10.png", "objects": None})
    text = "\n".join(json.dumps(line) for line in lines).replace("Infinity", "1e999")
    (tmp_path / "in/metadata.jsonl").write_text(f"{text}\n{{broken\n")
    (tmp_path / "metadata.csv").write_text("name\nx\n")
    dataset = loaded(tmp_path)
    assert dataset.provenance.rows_rejected["metadata"] == {
        "the name of their picture leads out of the folder": 4,
        "file_name is empty": 1,
        "image is listed before": 1,
        "line is not JSON": 1,
    }
    assert dataset.provenance.rows_rejected["annotations"] == {
        "objects are not a JSON object with a list bbox": 4,
        "bbox is not four numbers": 1,
        "lists of objects differ in length": 1,
        "box is not a number": 1,
        "box is outside 0..1": 1,
        "size of the image is not known": 1,
    }
    labels = dict(rows(dataset, "images", "image_id", "label"))
    assert labels["in/a.png"] == "first"
    assert labels["in/unnamed.png"] is labels["out.png"] is labels["in/gone.png"] is None
    assert dataset.provenance.notes[1:] == (
        "Folders are not taken for labels where there are metadata.",
        "'metadata.csv' is not read: it has no column file_name.",
    )
    assert set(dataset.rejected) == {"metadata", "annotations"}


def test_links_and_unusual_files(tmp_path: Path) -> None:
    """Links are counted and not followed, broken pictures kept, other files named."""
    picture(tmp_path / "out", "x.png")
    folder = tmp_path / "in"
    picture(folder, "a/1.png")
    (folder / "a/empty.jpg").touch()
    (folder / "a/2.png").symlink_to(tmp_path / "out/x.png")
    (folder / "b").symlink_to(tmp_path / "out")
    (folder / "metadata.csv").symlink_to(tmp_path / "out/metadata.csv")
    (folder / ".hidden.png").touch()
    (folder / "notes.md").touch()
    dataset = loaded(folder)
    assert rows(dataset, "images", "image_id", "width") == [("a/1.png", 1), ("a/empty.jpg", None)]
    assert dataset.provenance.rows_rejected["images"] == {"file is a symbolic link": 2}
    assert "'metadata.csv' is not read: file is a symbolic link." in dataset.provenance.notes
    assert "Files that are not read: '.md' (1)." in dataset.provenance.notes


def test_nothing_to_read(tmp_path: Path) -> None:
    """A folder without pictures, and a file, are each refused in a sentence."""
    with pytest.raises(DataReadError, match="holds no pictures"):
        loaded(tmp_path)
    picture(tmp_path, "a.png")
    with pytest.raises(DataReadError, match="is a file"):
        loaded(tmp_path / "a.png")


def test_recognition(tmp_path: Path, shared_data: Path) -> None:
    """A folder of pictures is recognised; one with other annotations is left to other loaders."""
    picture(tmp_path / "x", "a/1.png")
    picture(tmp_path / "x", "b/1.png")
    (tmp_path / "x/README.txt").touch()
    metadata(tmp_path / "x", "csv", [{"file_name": "a/1.png", "kind": "k"}])
    assert recognise_folder(tmp_path / "x").matches
    others = [loader for loader in LOADERS.values() if loader.name != "folder"]
    assert not [loader.name for loader in others if loader.recognise(tmp_path / "x").matches]
    assert load(tmp_path / "x").provenance.loader == "folder"
    for path in (
        shared_data / "fairface",
        shared_data / "coco_mini_open",
        shared_data / "miap_val",
    ):
        assert not recognise_folder(path).matches
    assert recognise_folder(tmp_path / "x/README.txt").why.startswith("it is a file")
    (tmp_path / "empty").mkdir()
    assert recognise_folder(tmp_path / "empty").why == "it holds no pictures"


def test_real_pictures(shared_data: Path) -> None:
    """The 51 pictures of COCO have the sizes that COCO states."""
    folder = shared_data / "coco_mini_open"
    stated = {}
    for file in folder.glob("instances_*.json"):
        for image in json.loads(file.read_text())["images"]:
            stated[image["file_name"]] = (image["width"], image["height"])
    found = rows(loaded(folder / "images"), "images", "image_id", "width", "height")
    assert {name.rpartition("/")[2]: tuple(size) for name, *size in found} == stated
    assert len(stated) == 51
