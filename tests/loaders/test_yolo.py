"""YOLO datasets come back as they were written, and nothing outside their folder is read."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from toolkit.engine import default_engine
from toolkit.errors import DataReadError
from toolkit.loaders import LOADERS, load
from toolkit.loaders._yolo_tables import label_name
from toolkit.loaders.yolo import load_yolo, recognise_yolo
from toolkit.model.dataset import AnnotatedDataset

Line = tuple[str, float, float, float, float]
CLASSES = [
    *("person", "a b", "quote \" and ' it", "a,b", "two\nlines", "👩🏽‍🦱", "شخص", "<script>"),
    *("../up", "x" * 5000, "no", "1e3", "2020-01-01"),
]
NAMES = ["a.jpg", "b b.PNG", "c,'\".bmp", "é👍.webp", "شخص.gif", "<script>.jpeg", "d\ne.tiff"]


def write(
    folder: Path,
    splits: Mapping[str, Mapping[str, Sequence[Line] | None]],
    names: Sequence[str] | Mapping[Any, str] = CLASSES,
    **more: Any,
) -> Path:
    """Write a dataset: by split and picture its boxes as label, centre and size, or no file."""
    numbers = {name: i for i, name in enumerate(names)}
    content: dict[str, Any] = {"names": names, **more}
    for split, pictures in splits.items():
        content.setdefault(split, f"images/{split}")
        for name, boxes in pictures.items():
            place = folder / "images" / split / name
            place.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (4, 2)).save(place)
            if boxes is not None:
                lines = [f"{numbers[box[0]]} {' '.join(map(repr, box[1:]))}\n" for box in boxes]
                label(folder, f"images/{split}/{name}", "".join(lines))
    (folder / "data.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    return folder


def label(folder: Path, image: str, text: str) -> None:
    """Write the label file of an image."""
    place = folder / label_name(image)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, "utf-8")


def loaded(path: Path, **options: Any) -> AnnotatedDataset:
    """Load with the engine of the process."""
    return load_yolo(path, engine=default_engine(), **options)


def rows(dataset: AnnotatedDataset, table: str = "annotations") -> list[tuple[Any, ...]]:
    """Return the rows of a table without their numbers."""
    found = getattr(dataset, table)
    if table == "annotations":
        found = found.order_by("annotation_id").drop("annotation_id")
    return [tuple(row.values()) for row in found.to_pyarrow().to_pylist()]


def rejected(dataset: AnnotatedDataset, table: str = "annotations") -> dict[str, int]:
    """Return the reasons for which rows of a table were left out."""
    return dict(dataset.provenance.rows_rejected.get(table, {}))


def test_hostile_names_come_back(tmp_path: Path) -> None:
    """Names of classes and pictures, whatever they are, sizes and boxes come back unchanged."""
    boxes = [(name, 0.5, 0.5, 0.5, 0.25) for name in CLASSES]
    pictures: dict[str, list[Line] | None] = dict.fromkeys(NAMES, boxes)
    dataset = loaded(write(tmp_path, {"train": pictures, "val": {"empty.png": None}}))
    ids = [f"images/train/{name}" for name in sorted(NAMES)]
    assert rows(dataset) == [
        (image, name, 0.25, 0.375, 0.75, 0.625) for image in ids for name in CLASSES
    ]
    assert rows(dataset, "images") == [
        *((image, image, 4, 2, "train") for image in ids),
        ("images/val/empty.png", "images/val/empty.png", 4, 2, "val"),
    ]
    assert (dataset.captions, dataset.image_labels, dataset.predictions) == (None, None, None)
    assert dataset.provenance.rows_rejected == {}
    assert dataset.n_images == len(NAMES) + 1


NUMBERS = st.integers(0, 64).map(lambda n: n / 64)
BOXES = st.tuples(st.sampled_from(CLASSES), NUMBERS, NUMBERS, NUMBERS, NUMBERS).filter(
    lambda b: b[3] / 2 <= b[1] <= 1 - b[3] / 2 and b[4] / 2 <= b[2] <= 1 - b[4] / 2
)
STEMS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/."), min_size=1, max_size=20
)


@settings(max_examples=15)
@given(st.dictionaries(STEMS, st.none() | st.lists(BOXES, max_size=3), min_size=1, max_size=3))
def test_any_boxes_come_back(pictures: dict[str, list[Line] | None]) -> None:
    """Boxes in any pictures come back; a picture without a label file has none."""
    with tempfile.TemporaryDirectory() as folder:
        named = {f"{stem}.png": boxes for stem, boxes in pictures.items()}
        dataset = loaded(write(Path(folder), {"train": named}))
        assert rows(dataset) == [
            (f"images/train/{name}", label, x - w / 2, y - h / 2, x + w / 2, y + h / 2)
            for name in sorted(named)
            for label, x, y, w, h in named[name] or ()
        ]
        assert dataset.n_images == len(named)


def test_polygons_and_poses(tmp_path: Path) -> None:
    """Of a polygon and a turned box the box around it is read, of a pose the box before it."""
    write(tmp_path / "s", {"train": {"a.png": []}}, ["cat"])
    label(tmp_path / "s", "images/train/a.png", "0 .1 .2 .5 .3 .2 .9\n0 0 0 1 0 1 .5 0 .5\n")
    assert rows(loaded(tmp_path / "s")) == [
        ("images/train/a.png", "cat", 0.1, 0.2, 0.5, 0.9),
        ("images/train/a.png", "cat", 0.0, 0.0, 1.0, 0.5),
    ]
    write(tmp_path / "p", {"train": {"a.png": []}}, ["cat"], kpt_shape=[1, 2])
    label(tmp_path / "p", "images/train/a.png", "0 .5 .5 .5 .5 9 9\n")
    pose = loaded(tmp_path / "p")
    assert rows(pose) == [("images/train/a.png", "cat", 0.25, 0.25, 0.75, 0.75)]
    assert "Key points are not read." in pose.provenance.notes


def test_every_line_has_a_reason(tmp_path: Path) -> None:
    """Lines that are no boxes are counted by reason and listed as they stand."""
    write(tmp_path, {"train": {"a.png": []}}, ["cat"])
    bad = [
        *("x .5 .5 .1 .1", "0 .5 .5 nan .1", "0 inf .5 .1 .1", "7 .5 .5 .1 .1", "-1 .5 .5 .1 .1"),
        *("0.5 .5 .5 .1 .1", "0 .5 .5 .1", "0 .5 .5 .1 .1 .9", "0 1.5 .5 .1 .1", "0 .5 .5 -.1 .1"),
        *("0 .1 .1 .2 .2 .3 nan", "\0", "1e999 .5 .5 .1 .1"),
    ]
    label(tmp_path, "images/train/a.png", "\n".join(["0 .5 .5 1 1", "", *bad, "0.0 .5 .5 0 0"]))
    with (tmp_path / "labels/train/a.txt").open("ab") as file:
        file.write(b"\n0 \xff\n")
    dataset = loaded(tmp_path)
    assert rejected(dataset) == {
        "line has a field that is no finite number": 5,
        "class has no name in the configuration": 3,
        "line is neither a class with a box nor a class with a polygon": 2,
        "box is outside 0..1": 1,
        "box corners are swapped": 1,
        "line has a NUL byte": 1,
        "line is not UTF-8": 1,
    }
    assert [row[2:] for row in rows(dataset)] == [(0.0, 0.0, 1.0, 1.0), (0.5, 0.5, 0.5, 0.5)]
    listed = dataset.rejected["annotations"].to_pandas()
    assert set(bad) - {"\0"} <= set(listed["line"])
    kept = dataset.provenance.rows_kept
    assert kept == {"images": 1, "annotations": 2}


def test_splits_as_lists(tmp_path: Path) -> None:
    """A split can be a text file of paths or several folders; what leads out is counted."""
    write(tmp_path, {"train": {"a.png": []}, "val": {"b.png": []}}, ["cat"])
    (tmp_path.parent / "secret.png").write_bytes(b"x")
    paths = ["images/train/a.png", "./images/val/b.png", "images/train/a.png", "../secret.png"]
    lines = [*paths, "/etc/passwd.png", "gone.png", "", "a\0.png", f"{tmp_path}/images/val/b.png"]
    (tmp_path / "list.txt").write_text("\n".join(lines))
    (tmp_path / "data.yaml").write_text("train: list.txt\nnames: {0: cat}\n")
    dataset = loaded(tmp_path / "data.yaml")
    assert [row[0] for row in rows(dataset, "images")] == ["images/train/a.png", "images/val/b.png"]
    assert rejected(dataset, "images") == {
        "image is listed before": 2,
        "the name of their picture leads out of the folder": 3,
        "their picture is not in the folder": 1,
    }
    (tmp_path / "data.yaml").write_text("test: [images/val, images/train]\nnames: {0: cat}\n")
    assert [row[4] for row in rows(loaded(tmp_path), "images")] == ["test", "test"]


def test_configuration_that_leads_out(tmp_path: Path) -> None:
    """Absolute and upward places are not followed, `../images` means `images`; both are noted."""
    inner = write(tmp_path / "in", {"train": {"a.png": []}, "val": {"b.png": []}}, ["cat"])
    write(tmp_path / "out", {"train": {"c.png": []}}, ["cat"])
    config = f"path: ../out\ntrain: ../images/train\nval: {tmp_path}/out/images\nnames: [cat]\n"
    (inner / "data.yaml").write_text(f"{config}nc: 3\ndownload: rm -rf .\n")
    dataset = loaded(inner)
    assert [row[0] for row in rows(dataset, "images")] == ["images/train/a.png"]
    said = " ".join(dataset.provenance.notes)
    for part in ("'../out'", "of val", "says '3' classes and names 1", "not fetched and not run"):
        assert part in said
    inside = f"path: {inner}\ntrain: images/train\nnames: [cat]\n"
    (inner / "data.yaml").write_text(inside)
    assert loaded(inner).provenance.notes == ()


@pytest.mark.parametrize("named", ["absolute", "relative", "from the root", "not at all"])
def test_pictures_elsewhere_are_read_where_the_user_says(tmp_path: Path, named: str) -> None:
    """With `image_root`, the configuration may lie anywhere; nothing outside that root is read."""
    data = write(tmp_path / "sets/one", {"train": {"a.png": [("cat", 0.5, 0.5, 1, 1)]}}, ["cat"])
    write(tmp_path / "secret", {"train": {"b.png": []}}, ["cat"])
    (data / "data.yaml").unlink()
    (tmp_path / "conf").mkdir()
    path = {"absolute": str(data), "relative": "../sets/one", "from the root": "one"}.get(named)
    place = "one/images/train" if path is None else "images/train"
    content = {"names": ["cat"], "train": [place, f"{tmp_path}/secret/images/train"]}
    content |= {"path": path} if path else {}
    config = tmp_path / "conf" / "data.yaml"
    config.write_text(yaml.safe_dump(content))
    with pytest.raises(DataReadError, match=r"leads to no images.*image_root"):
        loaded(config)
    dataset = load(config, image_root=tmp_path / "sets")
    assert [row[:3] for row in rows(dataset, "images")] == [
        ("one/images/train/a.png", "one/images/train/a.png", 4)
    ]
    assert rows(dataset) == [("one/images/train/a.png", "cat", 0.0, 0.0, 1.0, 1.0)]
    assert Path(dataset.root) == (tmp_path / "sets").resolve()
    assert "secret" in " ".join(dataset.provenance.notes)
    with pytest.raises(DataReadError, match="is no folder"):
        loaded(config, image_root=tmp_path / "gone")


def test_links_are_not_followed(tmp_path: Path) -> None:
    """Linked pictures, folders and label files are counted and not opened."""
    folder = write(tmp_path / "in", {"train": {"a.png": [("cat", 0.5, 0.5, 1, 1)]}}, ["cat"])
    write(tmp_path / "out", {"train": {"b.png": [("cat", 0.5, 0.5, 1, 1)]}}, ["cat"])
    (folder / "images/train/link.png").symlink_to(tmp_path / "out/images/train/b.png")
    (folder / "images/train/folder").symlink_to(tmp_path / "out/images")
    Image.new("L", (1, 1)).save(folder / "images/train/c.png")
    (folder / "labels/train/c.txt").symlink_to(tmp_path / "out/labels/train/b.txt")
    dataset = loaded(folder)
    assert rejected(dataset, "images") == {"file is a symbolic link": 2}
    assert rejected(dataset) == {"file is a symbolic link": 1}
    (folder / "labels").rename(tmp_path / "moved")
    (folder / "labels").symlink_to(tmp_path / "out/labels")
    with pytest.raises(DataReadError, match="file is a symbolic link"):
        loaded(folder)


def test_unusual_files(tmp_path: Path) -> None:
    """Empty and broken pictures are images without a size; spare label files are noted."""
    folder = write(tmp_path, {"train": {"a.png": [("cat", 0.5, 0.5, 1, 1)]}}, ["cat"])
    (folder / "images/train/empty.jpg").touch()
    (folder / "images/train/text.jpg").write_text("no picture")
    label(folder, "images/train/spare.jpg", "0 .5 .5 1 1")
    os.mkfifo(folder / "images/train/pipe.png")
    os.mkfifo(folder / "labels/train/text.txt")
    dataset = loaded(folder)
    assert [row[2:4] for row in rows(dataset, "images")] == [(4, 2), (None, None), (None, None)]
    assert rejected(dataset, "images") == {"file is no regular file": 1}
    assert rejected(dataset) == {"file is no regular file": 1}
    assert dataset.provenance.notes == (
        "Rows of images that were kept although the picture's file is empty: 1.",
        "Rows of images that were kept although the picture cannot be read: 1.",
        "Label files in 'labels/train' that are not read, for want of a picture: 1.",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no YAML mapping"),
        ("- a\n", "no YAML mapping"),
        ("train: [", "is no YAML"),
        ("a: &a [x]\nb: *a\n", "uses YAML aliases"),
        ("names: !!python/object/apply:os.system [id]\ntrain: x\n", "no images"),
        ("names: [a]\n", "no places of images"),
        ("names: []\ntrain: x\n", "no names"),
        ("names: [a]\ntrain: nowhere\n", "leads to no images"),
        ("[" * 200_000, "nested too deeply"),
        ("#" * 2**19 + "#", "too many for a configuration"),
        ("names: \x01\n", "is no YAML"),
        ('names: ["\\ud800"]\ntrain: x\n', "has no names"),
        ('names: [a]\npath: "\\ud800"\ntrain: ["\\0", "\\udc80"]\n', "no images"),
    ],
)
def test_hostile_configurations(tmp_path: Path, text: str, said: str) -> None:
    """A configuration that cannot be used is one sentence, and is not recognised or is refused."""
    (tmp_path / "data.yaml").write_text(text)
    with pytest.raises(DataReadError, match=said):
        loaded(tmp_path)


def test_no_or_several_configurations(tmp_path: Path) -> None:
    """Without a data.yaml, or with a choice of others, the user is asked for one."""
    with pytest.raises(DataReadError, match="has no YAML file"):
        loaded(tmp_path)
    for name in ("a.yaml", "b.yml"):
        (tmp_path / name).write_text("names: [a]\ntrain: x\n")
    with pytest.raises(DataReadError, match="several YAML files"):
        loaded(tmp_path)


def test_recognition(tmp_path: Path) -> None:
    """A YOLO folder and its data.yaml are recognised, by this loader alone, and others are not."""
    folder = write(tmp_path / "yolo", {"train": {"a.png": [("cat", 0.5, 0.5, 1, 1)]}}, ["cat"])
    others = [loader for loader in LOADERS.values() if loader.name != "yolo"]
    for path in (folder, folder / "data.yaml"):
        assert recognise_yolo(path).matches
        assert not [loader.name for loader in others if loader.recognise(path).matches]
        assert load(path).provenance.loader == "yolo"
    (tmp_path / "other.yaml").write_text("version: 3\n")
    assert "names classes" in recognise_yolo(tmp_path).why
    (tmp_path / "x.csv").write_text("image_id\n1\n")
    assert recognise_yolo(tmp_path / "x.csv").why == "there is no YAML file"
