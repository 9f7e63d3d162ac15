"""Pascal VOC folders are read as they are written, and every file and object is accounted for."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.hostile import COMMON
from toolkit.engine import default_engine
from toolkit.errors import DataReadError
from toolkit.intake.pictures import LEADS_OUT, NOT_THERE
from toolkit.loaders import LOADERS, load
from toolkit.loaders.voc import load_voc, recognise_voc
from toolkit.model.attribute import Attribute
from toolkit.model.dataset import AnnotatedDataset

HOSTILE = (
    *COMMON,
    "]]>",
    "x" * 5000,
)
TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"),
    min_size=1,
    max_size=8,
)
FILE_ID = st.text(st.characters(codec="ascii", exclude_characters="/\0."), min_size=1, max_size=8)
BOX = "<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3</xmax><ymax>4</ymax></bndbox>"
SIZE = "<size><width>10</width><height>20</height><depth>3</depth></size>"


@dataclass(frozen=True)
class Thing:
    """An object as it is written: its label, corners in pixels, flags and attributes."""

    label: str
    corners: tuple[float, float, float, float]
    truncated: bool | None = None
    pose: str = ""
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Picture:
    """An image as it is written."""

    image_id: str
    width: int
    height: int
    things: tuple[Thing, ...] = ()
    file_name: str = "none.jpg"


def xml(picture: Picture) -> str:
    """Write an image as VOC does."""
    objects = []
    for thing in picture.things:
        names = ("xmin", "ymin", "xmax", "ymax")
        corners = zip(names, thing.corners, strict=True)
        flags = "" if thing.truncated is None else f"<truncated>{thing.truncated:d}</truncated>"
        given = "".join(
            f"<attribute><name>{name}</name><value>{escape(value)}</value></attribute>"
            for name, value in thing.attributes
        )
        objects.append(
            f"<object><name>{escape(thing.label)}</name>{flags}<pose>{escape(thing.pose)}</pose>"
            f"<bndbox>{''.join(f'<{name}>{value!r}</{name}>' for name, value in corners)}</bndbox>"
            f"<attributes>{given}</attributes></object>"
        )
    size = f"<width>{picture.width}</width><height>{picture.height}</height>"
    return (
        f"<annotation><filename>{escape(picture.file_name)}</filename>"
        f"<size>{size}</size>{''.join(objects)}</annotation>"
    )


def write(root: Path, pictures: Sequence[Picture]) -> Path:
    """Write a VOC folder."""
    for picture in pictures:
        add(root, f"Annotations/{picture.image_id}.xml", xml(picture))
    return root


def add(root: Path, name: str, content: str | bytes = f"<annotation>{SIZE}</annotation>") -> Path:
    """Write a file of the folder."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def loaded(root: Path) -> AnnotatedDataset:
    """Load with the engine of the process."""
    return load_voc(root, engine=default_engine())


def rows(table: ibis.Table | None, *columns: str) -> list[tuple[object, ...]]:
    """Return the columns of a table in their order, sorted by the first."""
    assert table is not None
    found = table.order_by(columns[0]).select(*columns).to_pyarrow().to_pylist()
    return [tuple(row.values()) for row in found]


def check_round_trip(root: Path, pictures: Sequence[Picture]) -> None:
    """Write images, read them back and compare both tables."""
    dataset = loaded(write(root, pictures))
    ordered = sorted(pictures, key=lambda picture: f"{picture.image_id}.xml")
    assert sorted(rows(dataset.images, "image_id", "width", "height", "file_name")) == sorted(
        (picture.image_id, picture.width, picture.height, picture.file_name) for picture in pictures
    )
    things = [(picture, thing) for picture in ordered for thing in picture.things]
    boxes = ("x_min", "y_min", "x_max", "y_max")
    found = rows(dataset.annotations, "annotation_id", "image_id", "label", *boxes)
    assert [row[:3] for row in found] == [
        (number, picture.image_id, thing.label)
        for number, (picture, thing) in enumerate(things, start=1)
    ]
    for row, (picture, thing) in zip(found, things, strict=True):
        sides = (picture.width, picture.height) * 2
        assert row[3:] == tuple(c / side for c, side in zip(thing.corners, sides, strict=True))
    check_attributes(dataset, [thing for _, thing in things])
    assert dataset.provenance.rows_rejected == {}
    assert dataset.n_images == len(pictures)


def check_attributes(dataset: AnnotatedDataset, things: Sequence[Thing]) -> None:
    """Compare flags and attributes."""
    assert dataset.annotations is not None
    names = {name for thing in things for name, _ in thing.attributes}
    assert set(dataset.attributes) == {*names, "label", *(["pose"] if things else [])}
    found = dataset.annotations.order_by("annotation_id").to_pyarrow().to_pylist()
    for row, thing in zip(found, things, strict=True):
        assert row.get("is_truncated") is thing.truncated
        assert row["pose"] == (thing.pose or None)
        given = dict(thing.attributes)
        assert {name: row[name] for name in names} == {name: given.get(name) for name in names}


def test_hostile_texts_are_read_back(tmp_path: Path) -> None:
    """Labels, poses, values and file names of any kind, an empty and a 1×1 image come back."""
    things = tuple(
        Thing(text, (1, 2, 10, 20), number % 2 == 0, text, (("gender", text), (f"a{number}", "1")))
        for number, text in enumerate(HOSTILE)
    )
    names = ("0012", 'a b,"c"', "<script>", "👩🏽‍🦱", "عربي", "x..", "12.jpg")
    pictures = [
        Picture("many", 10, 20, things),
        Picture("one", 1, 1, (Thing("x", (0, 0, 1, 1)), Thing("line", (0, 0, 0, 1)))),
        *(Picture(name, 5, 5, file_name=text) for name, text in zip(names, HOSTILE, strict=False)),
    ]
    check_round_trip(tmp_path, pictures)


@st.composite
def voc_pictures(draw: st.DrawFn) -> list[Picture]:
    """Draw images of different names, with boxes inside them."""
    pictures = []
    for image_id in draw(st.lists(FILE_ID, min_size=1, max_size=4, unique=True)):
        width, height = draw(st.integers(1, 5000)), draw(st.integers(1, 5000))
        things = []
        for _ in range(draw(st.integers(0, 3))):
            x = sorted(draw(st.tuples(*[st.floats(0, width)] * 2)))
            y = sorted(draw(st.tuples(*[st.floats(0, height)] * 2)))
            given = draw(st.dictionaries(st.sampled_from(["a", "b_c", "é"]), TEXT))
            flag = draw(st.sampled_from([None, True, False]))
            corners = (x[0], y[0], x[1], y[1])
            things.append(Thing(draw(TEXT), corners, flag, draw(TEXT), tuple(given.items())))
        pictures.append(Picture(image_id, width, height, tuple(things), draw(TEXT)))
    return pictures


@settings(max_examples=25)
@given(voc_pictures())
def test_any_folder_is_read_back(pictures: list[Picture]) -> None:
    """Whatever XML and a file system can hold comes back equal."""
    with tempfile.TemporaryDirectory() as folder:
        check_round_trip(Path(folder), pictures)


def test_real_annotations_are_read_back(tmp_path: Path, shared_data: Path) -> None:
    """The 546 objects of 51 COCO images, written as VOC, have the boxes that COCO gives them."""
    pictures = []
    for part in ("train", "val"):
        path = shared_data / "coco_mini_open" / f"instances_{part}2017_open.json"
        content = json.loads(path.read_text())
        labels = {category["id"]: category["name"] for category in content["categories"]}
        boxes: dict[int, list[Thing]] = {image["id"]: [] for image in content["images"]}
        for one in content["annotations"]:
            x, y, width, height = one["bbox"]
            corners = (x, y, x + width, y + height)
            boxes[one["image_id"]].append(Thing(labels[one["category_id"]], corners))
        pictures += [
            Picture(
                Path(image["file_name"]).stem,
                image["width"],
                image["height"],
                tuple(boxes[image["id"]]),
                image["file_name"],
            )
            for image in content["images"]
        ]
    assert (len(pictures), sum(len(picture.things) for picture in pictures)) == (51, 546)
    check_round_trip(tmp_path, pictures)


def test_the_layout_of_fiftyone_is_read(tmp_path: Path) -> None:
    """FiftyOne writes `labels` beside `data`, and attributes as elements of the object."""
    add(
        tmp_path,
        "labels/7.xml",
        f"<annotation><folder></folder><filename>7.png</filename><path>/data/7.png</path>{SIZE}"
        f"<segmented></segmented><object><name>dog</name><iscrowd>0</iscrowd>"
        f"<occluded>1</occluded>{BOX}</object></annotation>",
    )
    add(tmp_path, "data/7.png", b"x")
    dataset = loaded(tmp_path)
    assert rows(dataset.images, "image_id", "path") == [("7", "data/7.png")]
    columns = ("image_id", "label", "is_occluded", "iscrowd")
    assert rows(dataset.annotations, *columns) == [("7", "dog", True, "0")]
    assert dataset.attributes["iscrowd"] == Attribute("iscrowd", "annotations")
    [note] = [note for note in dataset.provenance.notes if note.startswith("Elements")]
    assert note == (
        "Elements that are not read: folder (1), path (1), size/depth (1), segmented (1)."
    )


def test_what_annotators_judged_is_perceived(tmp_path: Path) -> None:
    """Pose and difficult are perceived, of others nobody says; parts and actions are named."""
    add(
        tmp_path,
        "Annotations/a.xml",
        f"<annotation>{SIZE}<object><name>person</name><pose>Unspecified</pose>"
        f"<difficult>0</difficult>{BOX}<part><name>head</name>{BOX}</part>"
        "<actions><jumping>1</jumping></actions><attributes><attribute><name>AgeGroup</name>"
        "<value>old</value></attribute></attributes></object></annotation>",
    )
    dataset = loaded(tmp_path)
    assert list(dataset.attributes.values()) == [
        Attribute("pose", "annotations", missing=("Unspecified",), basis="perceived"),
        Attribute("difficult", "annotations", basis="perceived"),
        Attribute("age_group", "annotations"),
        Attribute("label", "annotations"),
    ]
    assert any("object/part (1), object/actions (1)" in note for note in dataset.provenance.notes)


def test_image_sets_give_the_splits(tmp_path: Path) -> None:
    """Lists name the split, also of images without a file; the first of two lists counts."""
    for name in ("a", "b b", "c"):
        add(tmp_path, f"Annotations/{name}.xml")
    add(tmp_path, "ImageSets/Main/train.txt", 'a\r\n"b b"\n\na\n')
    add(tmp_path, "ImageSets/Main/val.txt", b"a\nunseen\n\xff\n")
    add(tmp_path, "ImageSets/Main/trainval.txt", "a\n")
    add(tmp_path, "ImageSets/Main/person_train.txt", "a -1\n")
    add(tmp_path, "ImageSets/Layout/train.txt", "a\n")
    dataset = loaded(tmp_path)
    assert rows(dataset.images, "image_id", "split", "width") == [
        ("a", "train", 10), ("b b", "train", 10), ("c", None, 10), ("unseen", "val", None)
    ]  # fmt: skip
    assert dataset.n_images == 4
    assert dataset.attributes["split"] == Attribute("split", "images")
    assert dataset.provenance.rows_read["image_sets"] == 6
    assert dataset.provenance.rows_rejected["image_sets"] == {
        "image is listed before": 1,
        "image is listed before, in another split": 1,
        "line is not UTF-8": 1,
    }
    assert dataset.provenance.notes[-1] == (
        "Files that are not read: 'ImageSets/Layout', 'ImageSets/Main/person_train.txt', "
        "'ImageSets/Main/trainval.txt'."
    )


def test_folders_give_the_splits(tmp_path: Path) -> None:
    """Without lists, the folder that the file is in names the split."""
    for name in ("train/a", "valid/a", "more/a", "b"):
        add(tmp_path, f"{name}.xml")
    assert rows(loaded(tmp_path).images, "image_id", "split") == [
        ("b", None), ("more/a", None), ("train/a", "train"), ("valid/a", "valid")
    ]  # fmt: skip


def test_pictures_are_found_or_counted(tmp_path: Path) -> None:
    """A picture has a path below the folder; a name that leads out is counted, not followed."""
    names = {"a": "a.jpg", "b": "../a.jpg", "c": "/etc/passwd", "d": "none.jpg", "e": "e.jpg"}
    for image_id, name in names.items():
        add(tmp_path, f"v/Annotations/{image_id}.xml", xml(Picture(image_id, 1, 1, (), name)))
    add(tmp_path, "v/JPEGImages/a.jpg", b"x")
    (tmp_path / "v/JPEGImages/e.jpg").symlink_to("/etc/passwd")
    dataset = loaded(tmp_path / "v")
    assert rows(dataset.images, "image_id", "path")[0] == ("a", "JPEGImages/a.jpg")
    assert dataset.provenance.notes[:2] == (
        f"Rows of images that were kept although {LEADS_OUT}: 3.",
        f"Rows of images that were kept although {NOT_THERE}: 1.",
    )


def test_a_size_that_is_not_stated_is_read_from_the_picture(tmp_path: Path) -> None:
    """The boxes of an image without a size are kept where its picture is there."""
    thing = f"<filename>a.png</filename><object><name>x</name>{BOX}</object>"
    add(tmp_path, "Annotations/a.xml", f"<annotation>{thing}</annotation>")
    add(tmp_path, "Annotations/b.xml", xml(Picture("b", 0, 0, (Thing("y", (0, 0, 1, 1)),))))
    (tmp_path / "JPEGImages").mkdir()
    Image.new("L", (5, 8)).save(tmp_path / "JPEGImages/a.png")
    dataset = loaded(tmp_path)
    assert rows(dataset.images, "image_id", "width", "height") == [("a", 5, 8), ("b", None, None)]
    assert rows(dataset.annotations, "label", "x_min", "y_max") == [("x", 0.2, 0.5)]
    assert dataset.provenance.rows_rejected["annotations"] == {
        "image size is not a positive number": 1
    }
    assert "their size is only in the picture: 1." in dataset.provenance.notes[2]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('<!DOCTYPE a [<!ENTITY b "x">]><annotation>&b;</annotation>', "document type"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><annotation/>', "document type"),
        ("<annotation><object>", "not well-formed"),
        ("", "not well-formed"),
        (b"\x00\xff\xd8\xff", "not well-formed"),
        ("<annotation>é</annotation>".encode("latin-1"), "not well-formed"),
        ("<annotation>" + "<a>" * 100_000, "nested too deeply"),
        ("<annotations/>", "root element is not <annotation>"),
        ('<?xml version="1.0" encoding="x"?><annotation/>', "encoding"),
        ("<annotation>" + " " * 5_000 + "</annotation>", "file is too large"),
    ],
)
def test_a_hostile_file_costs_one_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | bytes, reason: str
) -> None:
    """A file that is no VOC is listed with its name and reason, and the others are read."""
    if "too large" in reason:
        monkeypatch.setattr("toolkit.loaders._voc_files.MOST_BYTES", 2_000)
    write(tmp_path, [Picture("good", 1, 1, (Thing("x", (0, 0, 1, 1)),))])
    add(tmp_path, "Annotations/bad.xml", content)
    dataset = loaded(tmp_path)
    [[phrase, number]] = dataset.provenance.rows_rejected["images"].items()
    assert reason in phrase
    assert number == 1
    assert rows(dataset.rejected["images"], "source_text") == [("bad.xml",)]
    assert rows(dataset.images, "image_id") == [("good",)]


def test_links_and_strange_names_are_counted(tmp_path: Path) -> None:
    """Links are not followed, hidden files not read, and names need to be text."""
    write(tmp_path, [Picture("good", 1, 1)])
    folder = tmp_path / "Annotations"
    (folder / "link.xml").symlink_to(folder / "good.xml")
    (folder / ".hidden.xml").write_text("<annotation/>")
    (folder / "folder.xml").mkdir()
    Path(str(folder) + "/\udcff.xml").write_text("<annotation/>")
    dataset = loaded(tmp_path)
    assert dataset.provenance.rows_read["images"] == 3
    assert dataset.provenance.rows_rejected["images"] == {
        "file is a symbolic link": 1,
        "file name is not UTF-8": 1,
    }


OBJECTS: Mapping[str, tuple[str, str]] = {
    "label is empty": ("", "1 1 2 2"),
    "object has no bndbox": ("x", ""),
    "box is not a number": ("x", "1 1 2 two"),
    "box is not finite": ("x", "1 1 2 nan"),
    "box corners are swapped": ("x", "2 1 1 2"),
    "box is outside 0..1": ("x", "1 1 11 2"),
}


@pytest.mark.parametrize("reason", OBJECTS)
def test_an_object_that_cannot_be_used_has_a_reason(tmp_path: Path, reason: str) -> None:
    """Each way to be wrong has its constant phrase, and the object is listed."""
    label, corners = OBJECTS[reason]
    named = zip(("xmin", "ymin", "xmax", "ymax"), corners.split(), strict=False)
    box = "".join(f"<{name}>{value}</{name}>" for name, value in named)
    bad = f"<object><name>{label}</name>{f'<bndbox>{box}</bndbox>' if box else ''}</object>"
    good = f"<object><name>good</name><truncated>-1</truncated>{BOX}</object>"
    add(tmp_path, "Annotations/a.xml", f"<annotation>{SIZE}{bad}{good}</annotation>")
    dataset = loaded(tmp_path)
    assert dataset.provenance.rows_read["annotations"] == 2
    assert dataset.provenance.rows_rejected["annotations"] == {reason: 1}
    assert rows(dataset.rejected["annotations"], "source_row", "image_id") == [(1, "a")]
    assert rows(dataset.annotations, "annotation_id", "label", "is_truncated") == [
        (2, "good", None)
    ]


def test_an_attribute_that_is_given_twice_is_counted(tmp_path: Path) -> None:
    """The first of two values counts, and a note says how often that was so."""
    thing = Thing("x", (0, 0, 1, 1), attributes=(("age", "old"), ("age", "young")))
    dataset = loaded(write(tmp_path, [Picture("a", 1, 1, (thing,))]))
    assert rows(dataset.annotations, "age") == [("old",)]
    note = "Attributes that an object has again, of which the first counts: 1."
    assert note in dataset.provenance.notes


def test_the_checksum_changes_with_any_file(tmp_path: Path) -> None:
    """One checksum stands for the names and contents of all XML files."""

    def files(name: str, size: int) -> Mapping[str, str]:
        root = write(tmp_path / f"{name}{size}", [Picture("a", 1, 1), Picture(name, size, 1)])
        return loaded(root).provenance.files

    assert list(files("b", 1)) == ["Annotations/**/*.xml"]
    assert files("b", 1) == files("b", 1)
    assert (
        len({files(*given)["Annotations/**/*.xml"] for given in [("b", 1), ("b", 2), ("c", 1)]})
        == 3
    )


def test_recognition_says_why(tmp_path: Path) -> None:
    """A folder is recognised by the root of its XML, through load, and by no other loader."""
    root = write(tmp_path / "voc", [Picture("a b", 1, 1, (Thing("x", (0, 0, 1, 1)),))])
    dataset = load(root)
    assert dataset.provenance.loader == "voc"
    assert dataset.provenance.recognised == "'a b.xml' has the root <annotation> of Pascal VOC"
    others = [one for name, one in LOADERS.items() if name not in ("voc", "folder")]
    assert [one.name for one in others if one.recognise(root).matches] == []


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"a.csv": "image_id,x\n"}, "it has no XML files"),
        ({"a.xml": "<annotations/>", "b.xml": "<"}, "none of its XML files has the root"),
        ({".idea/a.xml": "<annotation/>"}, "it has no XML files"),
        ({"train/labels/a.txt": "0 1 1 1 1", "valid/labels/a.txt": ""}, "it has no XML files"),
        ({"a/Annotations/a.json": "{}", "b/Annotations/a.json": "{}"}, "it has no XML files"),
    ],
)
def test_other_folders_are_not_recognised(tmp_path: Path, files: dict[str, str], why: str) -> None:
    """Folders without XML, or with that of other formats, are left to other loaders."""
    for name, content in files.items():
        add(tmp_path, name, content)
    recognition = recognise_voc(tmp_path)
    assert not recognition.matches
    assert recognition.why.startswith(why)
    assert not recognise_voc(add(tmp_path, "one.xml")).matches


def test_a_folder_of_voc_folders(tmp_path: Path) -> None:
    """The only VOC folder in `VOCdevkit` is read; of several, one has to be named."""
    write(tmp_path / "VOC2007", [Picture("a", 1, 1, (Thing("x", (0, 0, 1, 1)),))])
    assert loaded(tmp_path).name == "VOC2007"
    write(tmp_path / "VOC2012", [Picture("a", 1, 1)])
    with pytest.raises(DataReadError, match=r"VOC2007, VOC2012\. Name one of them"):
        loaded(tmp_path)


def test_what_is_no_voc_folder_is_refused_in_a_sentence(tmp_path: Path) -> None:
    """A file, a folder without XML, and one of which no file can be read are refused."""
    with pytest.raises(DataReadError, match="is a file"):
        loaded(add(tmp_path, "a.txt"))
    with pytest.raises(DataReadError, match="holds no XML files"):
        loaded(tmp_path)
    add(tmp_path, "Annotations/a.xml", "<annotation>")
    with pytest.raises(DataReadError, match="1 were left out because 'XML is not well-formed'"):
        loaded(tmp_path)


def test_attributes_of_one_name_are_refused_in_a_sentence(tmp_path: Path) -> None:
    """`Age` and `age` would become one column."""
    thing = Thing("x", (0, 0, 1, 1), attributes=(("Age", "1"), ("age", "2")))
    with pytest.raises(DataReadError, match="'Age' and 'age'"):
        loaded(write(tmp_path, [Picture("a", 1, 1, (thing,))]))
