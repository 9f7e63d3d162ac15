"""CVAT exports are read as they are written, and every image, shape and tag is accounted for."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hostile import COMMON
from toolkit.engine import default_engine
from toolkit.errors import DataReadError
from toolkit.intake.pictures import LEADS_OUT, NOT_THERE
from toolkit.loaders import LOADERS, load
from toolkit.loaders.cvat import load_cvat, recognise_cvat
from toolkit.model.attribute import Attribute
from toolkit.model.dataset import AnnotatedDataset

HOSTILE = (
    *COMMON,
    "12",
    "x" * 5000,
)
TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"),
    min_size=1,
    max_size=8,
)
META = """<meta><task><subset>Train</subset><labels>
<label><name>person</name><attributes><attribute><name>Gender</name>
<input_type>select</input_type><values>__undefined__\nF\nM</values></attribute>
<attribute><name>note</name><input_type>text</input_type><values>default</values></attribute>
</attributes></label>
<label><name>car</name><attributes><attribute><name>note</name><input_type>text</input_type>
<values></values></attribute></attributes></label></labels></task></meta>"""
GENDER = Attribute(
    "gender", "annotations", ("F", "M"), ("__undefined__",), "perceived", asked_in=("person",)
)


@dataclass(frozen=True)
class Shape:
    """A box as it is written: its label, corners in pixels, flag and attributes."""

    label: str
    corners: tuple[float, float, float, float]
    occluded: bool = False
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Picture:
    """An image as it is written."""

    name: str
    width: int
    height: int
    shapes: tuple[Shape, ...] = ()
    tags: tuple[str, ...] = ()


def xml(picture: Picture) -> str:
    """Write an image as CVAT does."""
    parts = []
    for shape in picture.shapes:
        names = ("xtl", "ytl", "xbr", "ybr")
        corners = zip(names, shape.corners, strict=True)
        box = " ".join(f'{name}="{value!r}"' for name, value in corners)
        given = "".join(
            f"<attribute name={quoteattr(name)}>{escape(value)}</attribute>"
            for name, value in shape.attributes
        )
        parts.append(
            f'<box label={quoteattr(shape.label)} source="manual" occluded="{shape.occluded:d}" '
            f'{box} z_order="0">{given}</box>'
        )
    parts += [f'<tag label={quoteattr(tag)} source="auto"></tag>' for tag in picture.tags]
    size = f'width="{picture.width}" height="{picture.height}"'
    return f'<image id="0" name={quoteattr(picture.name)} {size}>{"".join(parts)}</image>'


def write(folder: Path, *content: str, name: str = "annotations.xml") -> Path:
    """Write an export with this content."""
    path = folder / name
    body = "\n".join(content)
    path.write_text(
        f'<?xml version="1.0" encoding="utf-8"?>\n<annotations><version>1.1</version>{body}'
        "</annotations>",
        encoding="utf-8",
    )
    return path


def image(*content: str, more: str = "") -> str:
    """Write an image of 10×20 pixels."""
    return f'<image id="0" name="a.jpg" width="10" height="20" {more}>{"".join(content)}</image>'


def loaded(path: Path) -> AnnotatedDataset:
    """Load with the engine of the process."""
    return load_cvat(path, engine=default_engine())


def rows(table: ibis.Table | None, *columns: str) -> list[tuple[object, ...]]:
    """Return the columns of a table, sorted by the first."""
    assert table is not None
    found = table.order_by(columns[0]).select(*columns).to_pyarrow().to_pylist()
    return [tuple(row.values()) for row in found]


def check_round_trip(folder: Path, pictures: Sequence[Picture]) -> None:
    """Write images, read them back and compare all tables."""
    dataset = loaded(write(folder, *map(xml, pictures)))
    assert sorted(rows(dataset.images, "image_id", "width", "height")) == sorted(
        (picture.name, picture.width, picture.height) for picture in pictures
    )
    shapes = [(picture, shape) for picture in pictures for shape in picture.shapes]
    names = {name for _, shape in shapes for name, _ in shape.attributes}
    fixed = ("annotation_id", "image_id", "label", "x_min", "y_min", "x_max", "y_max")
    expected = []
    for number, (picture, shape) in enumerate(shapes, start=1):
        sides = (picture.width, picture.height) * 2
        box = [corner / side for corner, side in zip(shape.corners, sides, strict=True)]
        given = dict(shape.attributes)
        values = [given.get(name) for name in sorted(names)]
        expected.append((number, picture.name, shape.label, *box, shape.occluded, *values))
    flags = ("is_occluded",) if shapes else ()
    assert rows(dataset.annotations, *fixed, *flags, *sorted(names)) == expected
    tags = sorted((picture.name, tag, 1.0, "auto") for picture in pictures for tag in picture.tags)
    assert bool(tags) == (dataset.image_labels is not None)
    if tags:
        found = rows(dataset.image_labels, "image_id", "label", "confidence", "source")
        assert sorted(found, key=str) == sorted(tags, key=str)
    assert set(dataset.attributes) == {*names, "label", *(["source"] if shapes else [])}
    assert dataset.provenance.rows_rejected == {}
    assert dataset.n_images == len(pictures)


def test_hostile_texts_are_read_back(tmp_path: Path) -> None:
    """Names, labels, tags and values of any kind, an empty and a 1×1 image come back."""
    shapes = tuple(
        Shape(text, (1.5, 2, 10, 20), number % 2 == 0, (("gender", text), (f"a{number}", "1")))
        for number, text in enumerate(HOSTILE)
    )
    one = (Shape("x", (0, 0, 1, 1)), Shape("line", (0, 0, 0, 1)))
    pictures = [Picture("many", 10, 20, shapes, HOSTILE), Picture("one", 1, 1, one)]
    check_round_trip(tmp_path, [*pictures, *(Picture(text, 5, 5) for text in HOSTILE)])


@st.composite
def cvat_pictures(draw: st.DrawFn) -> list[Picture]:
    """Draw images of different names, with boxes inside them."""
    pictures = []
    for name in draw(st.lists(TEXT, min_size=1, max_size=4, unique=True)):
        width, height = draw(st.integers(1, 5000)), draw(st.integers(1, 5000))
        shapes = []
        for _ in range(draw(st.integers(0, 3))):
            x = sorted(draw(st.tuples(*[st.floats(0, width)] * 2)))
            y = sorted(draw(st.tuples(*[st.floats(0, height)] * 2)))
            given = draw(st.dictionaries(st.sampled_from(["a", "b_c", "é"]), TEXT))
            corners = (x[0], y[0], x[1], y[1])
            shapes.append(Shape(draw(TEXT), corners, draw(st.booleans()), tuple(given.items())))
        tags = tuple(draw(st.lists(TEXT, max_size=2)))
        pictures.append(Picture(name, width, height, tuple(shapes), tags))
    return pictures


@settings(max_examples=25)
@given(cvat_pictures())
def test_any_export_is_read_back(pictures: list[Picture]) -> None:
    """Whatever XML can hold comes back equal."""
    with tempfile.TemporaryDirectory() as folder:
        check_round_trip(Path(folder), pictures)


POINTS = {
    "polygon": 'points="1,2;3.5,4;2,8"',
    "polyline": 'points="3.5,8;1,2"',
    "points": 'points="1,8;3.5,2"',
    "mask": 'rle="1,2" left="1" top="2" width="2.5" height="6"',
    "ellipse": 'cx="2.25" cy="5" rx="1.25" ry="3"',
    "cuboid": 'xtl1="1" ytl1="2" xbl1="1" ybl1="8" xtr1="2" ytr1="3" xbr1="2" ybr1="7" '
    'xtl2="3.5" ytl2="3" xbl2="3.5" ybl2="7" xtr2="3" ytr2="3" xbr2="3" ybr2="7"',
}
SKELETON = (
    '<points label="1" outside="0" points="1,8"/><points label="2" outside="0" points="3.5,2"/>'
    '<points label="3" outside="1" points="9,19"/>'
)


@pytest.mark.parametrize("kind", [*POINTS, "skeleton"])
def test_other_shapes_count_as_the_box_around_them(tmp_path: Path, kind: str) -> None:
    """Whatever its form, a shape from (1, 2) to (3.5, 8) of 10×20 pixels is that box."""
    inside = SKELETON if kind == "skeleton" else ""
    shape = f'<{kind} label="x" {POINTS.get(kind, "")}>{inside}</{kind}>'
    dataset = loaded(write(tmp_path, image(shape)))
    columns = ("x_min", "y_min", "x_max", "y_max", "shape")
    assert rows(dataset.annotations, *columns) == [(0.1, 0.1, 0.35, 0.4, kind)]
    assert list(dataset.attributes) == ["label", "shape"]


def test_what_a_shape_says_of_itself_is_kept(tmp_path: Path) -> None:
    """Source, depth, group and rotation are columns; a turned box is remarked on."""
    box = 'xtl="1" ytl="2" xbr="3" ybr="4"'
    dataset = loaded(
        write(
            tmp_path,
            image(
                f'<box label="x" {box} occluded="1" source="auto" z_order="-2" group_id="7"/>',
                f'<box label="x" {box} occluded="0" rotation="30.0"/>',
            ),
        )
    )
    columns = ("annotation_id", "is_occluded", "source", "z_order", "group_id", "rotation")
    assert rows(dataset.annotations, *columns) == [
        (1, True, "auto", "-2", "7", None), (2, False, None, None, None, "30.0")
    ]  # fmt: skip
    assert list(dataset.attributes) == ["label", "source"]
    assert dataset.provenance.notes[0] == (
        "Rows of annotations that were kept although the shape is turned, and counts as if it "
        "were not: 1."
    )


def test_the_head_declares_the_attributes(tmp_path: Path) -> None:
    """Values, the answer that is none, and the labels that are asked come from `<meta>`."""
    box = 'xtl="1" ytl="2" xbr="3" ybr="4"'
    dataset = loaded(
        write(
            tmp_path,
            META,
            image(
                f'<box label="person" {box}><attribute name="Gender">F</attribute>'
                f'<attribute name="note">x</attribute></box><box label="car" {box}/>'
            ),
        )
    )
    note = Attribute("note", "annotations", missing=("__undefined__",), basis="perceived")
    label, split = Attribute("label", "annotations"), Attribute("split", "images")
    assert list(dataset.attributes.values()) == [GENDER, note, label, split]
    assert rows(dataset.annotations, "annotation_set", "label") == [("car",) * 2, ("person",) * 2]
    assert rows(dataset.images, "split") == [("Train",)]
    assert "gender was asked of the labels 'person' alone." in dataset.provenance.notes


def test_the_head_is_not_believed_against_the_answers(tmp_path: Path) -> None:
    """Where a shape of another label has an answer, it was asked of that too."""
    shape = (
        '<box label="car" xtl="1" ytl="2" xbr="3" ybr="4"><attribute name="Gender">F</attribute>'
        "</box>"
    )
    dataset = loaded(write(tmp_path, META, image(shape)))
    assert dataset.attributes["gender"].asked_in == ()
    assert dataset.annotations is not None
    assert "annotation_set" not in dataset.annotations.columns


def test_attributes_of_tags_are_those_of_the_image(tmp_path: Path) -> None:
    """An image has its own attributes and its tags'; one that shapes have too is renamed."""
    dataset = loaded(
        write(
            tmp_path,
            image(
                '<box label="x" xtl="1" ytl="2" xbr="3" ybr="4"><attribute name="age">old'
                "</attribute></box>",
                '<tag label="scene"><attribute name="weather">rain</attribute>'
                '<attribute name="age">new</attribute></tag>',
                '<attribute name="weather">sun</attribute>',
                more='subset="val"',
            ),
        )
    )
    columns = ("image_id", "split", "weather", "image_age")
    assert rows(dataset.images, *columns) == [("a.jpg", "val", "sun", "new")]
    assert rows(dataset.image_labels, "label", "confidence", "source") == [("scene", 1.0, None)]
    tables = {name: attribute.table for name, attribute in dataset.attributes.items()}
    assert (tables["age"], tables["weather"], tables["image_age"]) == (
        "annotations", "images", "images"
    )  # fmt: skip
    note = "Attributes that an image has again, of which the first counts: 1."
    assert note in dataset.provenance.notes


def test_images_of_several_tasks_stay_apart(tmp_path: Path) -> None:
    """In a project's export, pictures of the same name in two tasks are two images."""
    tasks = (image(more=f'task_id="{number}"') for number in (3, 4))
    assert rows(loaded(write(tmp_path, *tasks)).images, "image_id") == [("3/a.jpg",), ("4/a.jpg",)]


def test_an_image_that_is_listed_again_is_left_out(tmp_path: Path) -> None:
    """Its shapes are taken to be of the first; an image without a name has none."""
    box = '<box label="x" xtl="1" ytl="2" xbr="3" ybr="4"/>'
    nameless = f'<image id="1" width="10" height="10">{box}</image>'
    dataset = loaded(write(tmp_path, image(box), image(box), nameless))
    assert rows(dataset.annotations, "image_id") == [("a.jpg",)] * 2
    assert dataset.provenance.rows_rejected == {
        "annotations": {"image id is empty": 1},
        "images": {"image is listed before": 1, "image id is empty": 1},
    }


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        ('<box xtl="1" ytl="1" xbr="2" ybr="2"/>', "label is empty"),
        ('<box label="x"/>', "box is not a number"),
        ('<box label="x" xtl="1" ytl="1" xbr="2" ybr="two"/>', "box is not a number"),
        ('<box label="x" xtl="1" ytl="1" xbr="2" ybr="inf"/>', "box is not finite"),
        ('<box label="x" xtl="2" ytl="1" xbr="1" ybr="2"/>', "box corners are swapped"),
        ('<box label="x" xtl="2" ytl="1" xbr="11" ybr="2"/>', "box is outside 0..1"),
        ('<box label="x" xtl="2" ytl="1" xbr="3" ybr="2" occluded="?"/>', "flag is not 0, 1 or -1"),
        ('<polygon label="x"/>', "box is not a number"),
        ('<polygon label="x" points="1,2;3"/>', "box is not a number"),
        ('<polygon label="x" points="1,2;nan,3"/>', "box is not finite"),
        ('<mask label="x" left="1" top="2" rle=""/>', "box is not a number"),
        ('<ellipse label="x" cx="1" cy="2" rx="" ry="1"/>', "box is not a number"),
        ('<cuboid label="x" xtl1="1"/>', "box is not a number"),
        ('<skeleton label="x"/>', "box is not a number"),
    ],
)
def test_a_shape_that_cannot_be_used_has_a_reason(tmp_path: Path, shape: str, reason: str) -> None:
    """Each way to be wrong has its constant phrase, and the shape is listed."""
    good = '<box label="good" xtl="1" ytl="1" xbr="2" ybr="2"/>'
    dataset = loaded(write(tmp_path, image(shape, good)))
    assert dataset.provenance.rows_rejected == {"annotations": {reason: 1}}
    assert rows(dataset.rejected["annotations"], "source_row", "image_id") == [(1, "a.jpg")]
    assert rows(dataset.annotations, "annotation_id", "label") == [(2, "good")]


def test_what_is_not_read_is_named(tmp_path: Path) -> None:
    """Tracks, unknown shapes and other XML files in the folder are in the notes."""
    write(tmp_path, name="more.xml")
    write(tmp_path, image('<blob label="x"/>'), "<track><box/></track>")
    assert loaded(tmp_path).provenance.notes == (
        f"Rows of images that were kept although {NOT_THERE}: 1.",
        "Elements that are not read: image/blob (1), track (1).",
        "Files that are not read: 'more.xml'.",
    )


def test_pictures_are_found_or_counted(tmp_path: Path) -> None:
    """A picture is found in `images`, also in a folder of its subset, and never outside."""
    for folder in ("images", "images/val"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{len(folder)}.jpg").write_bytes(b"x")
    (tmp_path / "images/out.jpg").symlink_to("/etc/passwd")
    names = {"6.jpg": "images/6.jpg", "10.jpg": "images/val/10.jpg"}
    names |= dict.fromkeys(("out.jpg", "../x.jpg", "/etc/passwd"), "")
    content = (f'<image id="0" subset="val" name="{name}" width="1" height="1"/>' for name in names)
    dataset = loaded(write(tmp_path, *content))
    assert dict(rows(dataset.images, "image_id", "path")) == {
        name: path or None for name, path in names.items()
    }
    assert dataset.provenance.notes[0].endswith(f"{LEADS_OUT}: 3.")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'<!DOCTYPE a [<!ENTITY b "x">]><annotations>&b;</annotations>', "document type"),
        (b"<annotations><image name='a'>", r"XML is not well-formed \(no element found: line 1"),
        (b"<annotations><image name='\xff'/></annotations>", "not well-formed"),
        (b"<annotations>" + b"<a>" * 100_000, "nested too deeply"),
        (b"<annotation/>", "root element is not <annotations>"),
        (b'<?xml version="1.0" encoding="x"?><annotations/>', "encoding"),
        (b"<annotations><version>1.1</version></annotations>", "holds no images"),
        (b"", "not well-formed"),
    ],
)
def test_a_damaged_or_hostile_file_is_refused(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    """A file that cannot be read to its end is refused in a sentence, and never read in part."""
    path = tmp_path / "a.xml"
    path.write_bytes(content)
    with pytest.raises(DataReadError, match=sentence):
        loaded(path)


def test_recognition_says_why(tmp_path: Path) -> None:
    """A file and its folder are recognised by the root, and by no other loader."""
    box = '<box label="x" xtl="1" ytl="1" xbr="2" ybr="2"/>'
    path = write(tmp_path, image(box))
    for where in (path, tmp_path):
        dataset = load(where)
        assert dataset.provenance.loader == "cvat"
        assert dataset.provenance.recognised == "its root is <annotations> of CVAT"
        others = [one for name, one in LOADERS.items() if name != "cvat"]
        assert [one.name for one in others if one.recognise(where).matches] == []


def test_a_long_line_is_recognised(tmp_path: Path) -> None:
    """A file of one line of many megabytes is no table, and is recognised all the same."""
    content = "".join(f'<image name="{number}" width="1" height="1"/>' for number in range(30_000))
    assert load(write(tmp_path, content)).n_images == 30_000


def test_other_data_are_not_recognised(tmp_path: Path) -> None:
    """Tables, other XML and folders without an export are left to other loaders."""
    assert recognise_cvat(tmp_path).why == "it holds no annotations.xml or labels.xml"
    for content in ("image_id,x\n", "<annotation/>", ""):
        (tmp_path / "labels.xml").write_text(content)
        assert not recognise_cvat(tmp_path).matches
        assert not recognise_cvat(tmp_path / "labels.xml").matches
    with pytest.raises(DataReadError, match="holds no annotations"):
        loaded(tmp_path.parent)
