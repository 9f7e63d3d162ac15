"""COCO files are read as they are written, streamed, joined, and every row is accounted for."""

import contextlib
import gzip
import io
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pycocotools.coco import COCO

from tests.hostile import COMMON
from toolkit.engine import default_engine
from toolkit.errors import DataReadError
from toolkit.files import json_arrays
from toolkit.intake.pictures import LEADS_OUT, NOT_THERE
from toolkit.loaders import LOADERS, load
from toolkit.loaders.coco import load_coco, recognise_coco
from toolkit.model.attribute import Attribute
from toolkit.model.dataset import BOX_COLUMNS, AnnotatedDataset

HOSTILE = (
    *COMMON,
    "]}]},{[{",
    "back\\slash\\",
    "null",
    "x" * 5000,
)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
IMAGE = {"id": 1, "file_name": "a.jpg", "width": 100, "height": 50}
PERSON = {"id": 1, "name": "person"}
BOX = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 5, 30, 20]}

Item = Mapping[str, Any]


def write(path: Path, document: object) -> Path:
    """Write a JSON file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def document(
    annotations: Sequence[Item] = (BOX,),
    images: Sequence[Item] = (IMAGE,),
    categories: Sequence[Item] = (PERSON,),
    **arrays: object,
) -> dict[str, object]:
    """Return the content of a file."""
    return {
        "info": {"year": 2017},
        "images": images,
        "annotations": annotations,
        "categories": categories,
        **arrays,
    }


def loaded(path: Path) -> AnnotatedDataset:
    """Load with the engine of the process."""
    return load_coco(path, engine=default_engine())


def boxes_of(folder: Path, annotations: Sequence[Item], **arrays: Any) -> AnnotatedDataset:
    """Write a file with these annotations and load it."""
    return loaded(write(folder / "x.json", document(annotations, **arrays)))


def rows(table: ibis.Table | None, *columns: str) -> list[tuple[Any, ...]]:
    """Return the columns of a table, in the order of the first."""
    assert table is not None
    found = table.order_by(columns[0]).select(*columns).to_pyarrow().to_pylist()
    return [tuple(row.values()) for row in found]


def reasons(dataset: AnnotatedDataset, table: str = "annotations") -> dict[str, int]:
    """Return why rows were left out, after checking that they are listed and add up."""
    found = dict(dataset.provenance.rows_rejected.get(table, {}))
    listed = dataset.rejected[table].count().execute() if table in dataset.rejected else 0
    assert listed == sum(found.values())
    kept = getattr(dataset, table).count().execute()
    assert kept + listed == dataset.provenance.rows_read[table]
    return found


def indexed(path: Path) -> COCO:
    """Return what pycocotools makes of a file."""
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(path)


def as_written(index: COCO, annotation: Item) -> tuple[Any, ...]:
    """Return an annotation of pycocotools in the columns of the toolkit."""
    image = index.imgs[annotation["image_id"]]
    x, y, width, height = annotation["bbox"]
    sides = [image["width"], image["height"]] * 2
    corners = np.array([x, y, x + width, y + height]) / sides
    return (
        str(image["id"]),
        index.cats[annotation["category_id"]]["name"],
        bool(annotation["iscrowd"]),
        *(pytest.approx(corner, abs=1e-12) for corner in corners.clip(0, 1).tolist()),
    )


@pytest.mark.parametrize("split", ["train2017", "val2017"])
def test_real_instances_are_what_pycocotools_indexes(shared_data: Path, split: str) -> None:
    """Images, boxes, labels and crowds of a real file equal the index of pycocotools, in order."""
    path = shared_data / "coco_mini_open" / f"instances_{split}_open.json"
    dataset = load(path)
    index = indexed(path)
    images = rows(dataset.images, "image_id", "file_name", "width", "height", "split", "path")
    assert images == sorted(
        (str(image["id"]), image["file_name"], image["width"], image["height"], None, None)
        for image in index.imgs.values()
    )
    names = ("annotation_id", "image_id", "label", "is_group_of", *BOX_COLUMNS)
    found = [row[1:] for row in rows(dataset.annotations, *names)]
    assert found == [as_written(index, item) for item in index.dataset["annotations"]]
    assert dataset.provenance.rows_rejected == {}
    assert dataset.captions is None
    assert dataset.predictions is None
    assert dataset.image_labels is None


def test_the_real_folder_joins_all_files(shared_data: Path) -> None:
    """51 images, 546 objects of which 109 have keypoints, 255 captions; nothing counts twice."""
    folder = shared_data / "coco_mini_open"
    dataset = load(folder)
    assert dataset.provenance.loader == "coco"
    assert dataset.provenance.rows_read == {
        "annotations": 546,
        "keypoints": 109,
        "images": 51,
        "categories": 162,
        "captions": 255,
    }
    assert dataset.provenance.rows_rejected == {}
    assert dataset.n_images == 51
    people = [indexed(path) for path in sorted(folder.glob("person_keypoints_*"))]
    expected = sorted(
        (str(item["image_id"]), str(item["num_keypoints"]))
        for index in people
        for item in index.anns.values()
    )
    assert dataset.annotations is not None
    with_keypoints = dataset.annotations.filter(dataset.annotations["num_keypoints"].notnull())
    assert sorted(rows(with_keypoints, "image_id", "num_keypoints")) == expected
    assert set(rows(with_keypoints, "label")) == {("person",)}
    captions = [indexed(path) for path in sorted(folder.glob("captions_*"))]
    assert sorted(rows(dataset.captions, "caption_id", "image_id", "text")) == sorted(
        (str(item["id"]), str(item["image_id"]), item["caption"])
        for index in captions
        for item in index.anns.values()
    )


def test_real_images_have_their_split_licence_and_picture(shared_data: Path) -> None:
    """The split is that of the file name, the licence its name, the path where the picture is."""
    folder = shared_data / "coco_mini_open"
    dataset = load(folder)
    expected = []
    for split in ("train2017", "val2017"):
        content = json.loads((folder / f"instances_{split}_open.json").read_text())
        licences = {item["id"]: item["name"] for item in content["licenses"]}
        for image in content["images"]:
            path = f"images/{image['file_name']}"
            expected.append((str(image["id"]), split, licences[image["license"]], path))
            assert (folder / path).is_file()
    found = rows(dataset.images, "image_id", "split", "licence", "path")
    assert found == sorted(expected)
    assert dataset.attributes == {
        name: Attribute(name, table)
        for name, table in {
            "num_keypoints": "annotations",
            "label": "annotations",
            "licence": "images",
            "split": "images",
        }.items()
    }


def test_hostile_names_come_back_as_they_were_written(tmp_path: Path) -> None:
    """Any text as file name, category, attribute or string id is read back unchanged."""
    images = [
        {"id": name, "file_name": name, "width": 1, "height": 1} for name in (*HOSTILE, "without")
    ]
    annotations = [
        {
            "id": number,
            "image_id": name,
            "category_id": number,
            "bbox": [0, 0, 1, 1],
            "note": name,
            "attributes": {"Spoken Name": name},
        }
        for number, name in enumerate(HOSTILE)
    ]
    categories = [{"id": number, "name": name} for number, name in enumerate(HOSTILE)]
    dataset = boxes_of(tmp_path, annotations, images=images, categories=categories)
    assert rows(dataset.images, "image_id", "file_name") == sorted(
        (name, name) for name in (*HOSTILE, "without")
    )
    names = ("annotation_id", "image_id", "label", "note", "spoken_name", *BOX_COLUMNS)
    assert rows(dataset.annotations, *names) == [
        (number, name, name, name, name, 0, 0, 1, 1) for number, name in enumerate(HOSTILE, start=1)
    ]
    assert dataset.provenance.rows_rejected == {}
    assert dataset.n_images == len(HOSTILE) + 1


@settings(max_examples=15)
@given(
    st.lists(st.tuples(TEXT, TEXT, st.integers(1, 999), st.integers(1, 999)), min_size=1),
    st.sampled_from([None, 2, "\t"]),
    st.booleans(),
    st.integers(1, 200),
)
def test_any_file_comes_back(
    items: list[tuple[str, str, int, int]], indent: int | str | None, escaped: bool, block: int
) -> None:
    """Whatever the names, the layout of the JSON and the size of blocks, the rows are the same."""
    images = [
        {"id": n, "file_name": name, "width": width, "height": height}
        for n, (name, _, width, height) in enumerate(items)
    ]
    annotations = [
        {"id": n, "image_id": n, "category_id": n, "bbox": [0, 0, width / 2, height]}
        for n, (_, _, width, height) in enumerate(items)
    ]
    categories = [{"id": n, "name": label} for n, (_, label, _, _) in enumerate(items)]
    content = document(annotations, images, categories)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setattr(json_arrays, "BLOCK", block)
        path = Path(folder) / "x.json"
        path.write_text(json.dumps(content, indent=indent, ensure_ascii=escaped), "utf-8")
        dataset = loaded(path)
    found = rows(dataset.annotations, "annotation_id", "image_id", "label", *BOX_COLUMNS)
    assert found == [
        (n + 1, str(n), label, 0, 0, pytest.approx(0.5), 1)
        for n, (_, label, _, _) in enumerate(items)
    ]
    assert sorted(rows(dataset.images, "file_name", "width", "height")) == sorted(
        (name, width, height) for name, _, width, height in items
    )
    assert dataset.provenance.rows_rejected == {}


def test_keys_without_a_meaning_become_attributes(tmp_path: Path) -> None:
    """Other keys and those of `attributes` are columns as written, whenever they first turn up."""
    annotations = [
        {**BOX, "id": 1, "Gender": "F", "score": 0.50, "area": 3.5},
        {**BOX, "id": 2, "attributes": {"occluded": False, "label": "boss"}, "iscrowd": 1},
        {**BOX, "id": 3, "attributes": [], "tags": ["a", {"b": None}], "Gender": ""},
    ]
    dataset = boxes_of(tmp_path, annotations)
    names = ("annotation_id", "gender", "score", "occluded", "source_label", "tags", "is_group_of")
    assert rows(dataset.annotations, *names) == [
        (1, "F", "0.5", None, None, None, None),
        (2, None, None, "false", "boss", None, True),
        (3, None, None, None, None, '["a", {"b": null}]', None),
    ]
    assert "area" not in dataset.annotations.columns
    notes = " ".join(dataset.provenance.notes)
    assert "Keys of annotations that are not read: 'area'." in notes
    assert "The key 'attributes.label' is kept as 'source_label'." in notes


def test_new_keys_in_a_later_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows keep their numbers and values when a key first turns up after the first block."""
    monkeypatch.setattr(json_arrays, "BLOCK", 64)
    annotations = [{**BOX, "id": n, f"key_{n // 3}": str(n)} for n in range(9)]
    dataset = boxes_of(tmp_path, annotations)
    assert rows(dataset.annotations, "annotation_id", "key_0", "key_2") == [
        (n + 1, str(n) if n < 3 else None, str(n) if n > 5 else None) for n in range(9)
    ]


@pytest.mark.parametrize(
    ("bbox", "reason"),
    [
        (["1", "2", "3", "4"], "bbox is not four numbers"),
        ([1, 2, 3], "bbox is not four numbers"),
        ([[1, 2, 3, 4]], "bbox is not four numbers"),
        ([1, None, 3, 4], "bbox is not four numbers"),
        ([], "bbox is not four numbers"),
        ({"x": 1}, "bbox is not four numbers"),
        ("1,2,3,4", "bbox is not four numbers"),
        (True, "bbox is not four numbers"),
        ([1, 2, 10**400, 4], "bbox is not finite"),
        ([float("nan"), 2, 3, 4], "element is not JSON"),
        ([1, 2, float("inf"), 4], "element is not JSON"),
        ([1, 2, -3, 4], "bbox has a negative size"),
        ([90, 2, 11.01, 4], "bbox reaches more than a pixel out of the image"),
        ([-1.5, 2, 11, 4], "bbox reaches more than a pixel out of the image"),
    ],
)
def test_boxes_that_cannot_be_used(tmp_path: Path, bbox: object, reason: str) -> None:
    """A box that is none costs its row alone, and says why."""
    dataset = boxes_of(tmp_path, [BOX, {**BOX, "id": 2, "bbox": bbox}])
    assert reasons(dataset) == {reason: 1}


def test_boxes_at_the_limits(tmp_path: Path) -> None:
    """A box up to a pixel too large is cut off; lines, points and no box at all are kept."""
    dataset = boxes_of(
        tmp_path,
        [
            {**BOX, "bbox": [-1, 0, 102, 51]},
            {**BOX, "id": 2, "bbox": [50, 25, 0, 0]},
            {"id": 3, "image_id": "1", "category_id": "1"},
        ],
    )
    assert rows(dataset.annotations, "annotation_id", *BOX_COLUMNS) == [
        (1, 0, 0, 1, 1),
        (2, 0.5, 0.5, 0.5, 0.5),
        (3, None, None, None, None),
    ]
    assert reasons(dataset) == {}
    said = "Rows of annotations that were kept although"
    assert {
        f"{said} they have no bbox: 1.",
        f"{said} the box has no width or no height: 1.",
        f"{said} the box reaches past an edge by at most a pixel: 1.",
    } <= set(dataset.provenance.notes)


@pytest.mark.parametrize("size", [{}, {"width": 0, "height": 5}, {"width": "a", "height": 10**30}])
def test_without_the_size_of_the_image(tmp_path: Path, size: Item) -> None:
    """Pixels of an image without a size are no shares of it: the row is left out, with a reason."""
    images = [IMAGE, {"id": 2, "file_name": "b.jpg", **size}]
    dataset = boxes_of(tmp_path, [BOX, {**BOX, "id": 2, "image_id": 2}], images=images)
    assert reasons(dataset) == {"image size is not a positive number": 1}
    assert dataset.images is not None
    assert dataset.images.count().execute() == 2


def test_orphans_stay(tmp_path: Path) -> None:
    """Annotations of unknown images are kept without box, of unknown categories by their id."""
    annotations = [BOX, {**BOX, "id": 2, "image_id": 7}, {**BOX, "id": 3, "category_id": 99}]
    dataset = boxes_of(tmp_path, annotations)
    assert rows(dataset.annotations, "annotation_id", "image_id", "label", "x_min") == [
        (1, "1", "person", 0.1),
        (2, "7", "person", None),
        (3, "1", "99", 0.1),
    ]
    assert reasons(dataset) == {}
    assert dataset.n_images == 2
    notes = " ".join(dataset.provenance.notes)
    assert "their image is not listed, so that the box is left out: 1." in notes
    assert "their category is not listed, so that its id is the label: 1." in notes


def test_ids_that_stand_twice(tmp_path: Path) -> None:
    """Of images and categories the first counts, annotations are kept and counted."""
    images = [IMAGE, {**IMAGE, "width": 10}]
    categories = [PERSON, {"id": 1, "name": "dog"}]
    dataset = boxes_of(tmp_path, [BOX, BOX], images=images, categories=categories)
    assert reasons(dataset, "images") == {"image is listed before": 1}
    assert dataset.provenance.rows_rejected["categories"] == {"category id is listed before": 1}
    assert rows(dataset.annotations, "annotation_id", "label", "x_min") == [
        (1, "person", 0.1),
        (2, "person", 0.1),
    ]
    said = "Rows of annotations that were kept although an earlier one has the same id: 1."
    assert said in dataset.provenance.notes


@pytest.mark.parametrize(
    ("element", "reason"),
    [
        (b"7", "element is not a JSON object"),
        (b"[1]", "element is not a JSON object"),
        (b"null", "element is not a JSON object"),
        (b'{"id": 01}', "element is not JSON"),
        (b'{"id": 1, "id" 2}', "element is not JSON"),
        (b'{"a": "\\ud800"}', "element is not JSON"),
        (b'{"a": "\xff"}', "element is not UTF-8"),
        (b'{"\xff": 1}', "element is not UTF-8"),
        (b'{"attributes": {"\xff": 1}}', "element is not UTF-8"),
        (b'{"a": "\\u0000"}', "JSON has a NUL"),
        (b'{"a": ' + b"[" * 200_000 + b"]" * 200_000 + b"}", "JSON is nested too deeply"),
        (b'{"id": 5, "image_id": ""}', "image id is empty"),
        (b'{"id": 5, "image_id": 1}', "category id is empty"),
        (b'{"id": 5, "image_id": 1, "category_id": 1, "iscrowd": 7}', "flag is not 0, 1 or -1"),
    ],
)
def test_elements_that_are_no_rows(tmp_path: Path, element: bytes, reason: str) -> None:
    """An element that cannot be read costs nothing but itself, in the middle and at the end."""
    good = json.dumps(BOX).encode()
    arrays = b'{"images": [%s], "categories": [%s], "annotations": [%s, %s, %s, %s]}' % (
        *(json.dumps(item).encode() for item in (IMAGE, PERSON)),
        *(good, element, good, element),
    )
    path = tmp_path / "x.json"
    path.write_bytes(arrays)
    dataset = loaded(path)
    assert reasons(dataset) == {reason: 2}
    assert rows(dataset.annotations, "annotation_id") == [(1,), (3,)]


def test_a_huge_number_is_text(tmp_path: Path) -> None:
    """An id of 5,000 digits is an id like any other."""
    path = tmp_path / "x.json"
    image_id = "9" * 5000
    text = json.dumps(document([{**BOX, "image_id": "HERE"}], [{**IMAGE, "id": "HERE"}]))
    path.write_text(text.replace('"HERE"', image_id))
    assert rows(loaded(path).annotations, "image_id", "x_min") == [(image_id, 0.1)]


def test_a_key_that_stands_twice(tmp_path: Path) -> None:
    """In an object the last one counts, as for pycocotools; an array twice is an error."""
    text = json.dumps(document())
    path = tmp_path / "x.json"
    path.write_text(text.replace('"width": 100', '"width": 1, "width": 100'))
    assert rows(loaded(path).images, "width") == [(100,)]
    path.write_text(text.replace('"categories"', '"images"'))
    with pytest.raises(DataReadError, match="has the key 'images' twice"):
        loaded(path)


@pytest.mark.parametrize("length", [-1, -20, 60, 100])
def test_a_truncated_file_is_one_sentence(tmp_path: Path, length: int) -> None:
    """A file that is cut off anywhere is recognised and refused."""
    path = tmp_path / "x.json"
    path.write_text(json.dumps(document())[:length])
    with pytest.raises(DataReadError, match="ends before its JSON does"):
        load(path)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('{"images": [], "annotations": []} {}', "goes on after the end"),
        ('{"images": [] "annotations": []}', "is no JSON: it has b"),
        ('{"images": [{"file_name": 1}}', "an array ends with a brace"),
        ('{"images": [], "annotations": [], "\\ud800": 1}', "a key that is no text"),
        ('{"images": [], "annotations": [], 1: 1}', "is no JSON: it has b"),
    ],
)
def test_broken_documents(tmp_path: Path, text: str, what: str) -> None:
    """What is broken outside of the elements is an error with the place."""
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(DataReadError, match=what):
        loaded(path)


def test_an_element_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An element of more than the limit is an error, before memory is."""
    monkeypatch.setattr(json_arrays, "BLOCK", 100)
    monkeypatch.setattr(json_arrays, "MOST_BYTES", 1000)
    with pytest.raises(DataReadError, match="has an element of more than 1,000 bytes"):
        boxes_of(tmp_path, [{**BOX, "segmentation": [0] * 1000}])


def test_empty_arrays_are_tables_without_rows(tmp_path: Path) -> None:
    """Images without boxes are a dataset, and so are boxes without images."""
    dataset = boxes_of(tmp_path, [])
    assert rows(dataset.annotations, "image_id") == []
    assert dataset.n_images == 1
    dataset = loaded(write(tmp_path / "y.json", {"annotations": [BOX]}))
    assert dataset.images is None
    assert rows(dataset.annotations, "image_id", "label", "x_min") == [("1", "1", None)]


def test_results_become_predictions(tmp_path: Path) -> None:
    """Results beside a dataset take its sizes and names; a score that is none is a reason."""
    write(tmp_path / "instances.json", document())
    result = {"image_id": 1, "category_id": 1, "bbox": [10, 5, 30, 20], "score": 0.25}
    write(tmp_path / "detector.json", [result, {**result, "score": "high"}])
    dataset = load(tmp_path)
    names = ("image_id", "label", "score", *BOX_COLUMNS, "model")
    assert rows(dataset.predictions, *names) == [
        ("1", "person", 0.25, 0.1, 0.1, 0.4, 0.5, "detector")
    ]
    assert reasons(dataset, "predictions") == {"score is not a number": 1}
    alone = load(tmp_path / "detector.json", engine=default_engine())
    assert alone.annotations is None
    assert rows(alone.predictions, "image_id", "label", "x_min") == [("1", "1", None)]


def test_one_id_for_two_images_of_different_splits(tmp_path: Path) -> None:
    """Splits that number their images afresh stay apart: the split precedes the ids."""
    for split in ("train", "valid"):
        images = [{**IMAGE, "file_name": f"{split}.jpg"}]
        write(tmp_path / split / "_annotations.coco.json", document(images=images))
        Image.new("RGB", (1, 1)).save(tmp_path / split / f"{split}.jpg")
    dataset = load(tmp_path)
    assert rows(dataset.images, "image_id", "split", "path") == [
        ("train/1", "train", "train/train.jpg"),
        ("valid/1", "valid", "valid/valid.jpg"),
    ]
    assert rows(dataset.annotations, "image_id", "x_min") == [("train/1", 0.1), ("valid/1", 0.1)]
    assert any("the split precedes ids" in note for note in dataset.provenance.notes)


def test_an_image_in_two_splits(tmp_path: Path) -> None:
    """An image that two splits list is kept in the first, and the second is a reason."""
    other = {**IMAGE, "id": 2, "file_name": "b.jpg"}
    write(tmp_path / "instances_train.json", document())
    write(tmp_path / "instances_val.json", document(images=[IMAGE, other]))
    dataset = load(tmp_path)
    assert rows(dataset.images, "image_id", "split") == [("1", "train"), ("2", "val")]
    assert reasons(dataset, "images") == {"image is listed before, in another split": 1}


def test_attributes_that_one_file_alone_asked_for(tmp_path: Path) -> None:
    """Rows of a file that did not ask for an attribute are no missing values of it."""
    write(tmp_path / "instances_train.json", document([{**BOX, "gender": "F"}]))
    other = {**IMAGE, "id": 2, "file_name": "b.jpg"}
    write(tmp_path / "instances_val.json", document([{**BOX, "image_id": 2}], [other]))
    dataset = load(tmp_path)
    assert dataset.attributes["gender"].asked_in == ("instances_train",)
    assert rows(dataset.annotations, "annotation_set", "gender") == [
        ("instances_train", "F"),
        ("instances_val", None),
    ]


def test_keypoints_of_people_that_instances_do_not_list(tmp_path: Path) -> None:
    """People of both files are joined once, those of one alone are rows of their own."""
    people = [{**BOX, "num_keypoints": 5}, {**BOX, "id": 9, "num_keypoints": 3}]
    write(tmp_path / "instances.json", document([BOX, {**BOX, "id": 2}]))
    write(tmp_path / "person_keypoints.json", document([*people, people[0]]))
    dataset = load(tmp_path)
    assert rows(dataset.annotations, "annotation_id", "num_keypoints") == [
        (1, "5"),
        (2, None),
        (4, "3"),
    ]
    assert dataset.provenance.rows_read["annotations"] == 3
    assert dataset.provenance.rows_read["keypoints"] == 2


def test_file_names_never_lead_out(tmp_path: Path) -> None:
    """Paths out of the folder, links and pictures that are not there are counted, not followed."""
    names = ["../a.jpg", "/etc/passwd", "C:\\a.jpg", "https://x.org/a.jpg", "link.jpg", "no.jpg"]
    inside, outside = tmp_path / "in", tmp_path / "a.jpg"
    write(
        inside / "x.json",
        document([], [{**IMAGE, "id": n, "file_name": name} for n, name in enumerate(names)]),
    )
    Image.new("RGB", (1, 1)).save(outside)
    Image.new("RGB", (1, 1)).save(inside / "there.jpg")
    (inside / "link.jpg").symlink_to(outside)
    dataset = load(inside)
    assert rows(dataset.images, "file_name", "path") == sorted((name, None) for name in names)
    said = "Rows of images that were kept although"
    assert f"{said} {LEADS_OUT}: 4." in dataset.provenance.notes
    assert f"{said} {NOT_THERE}: 2." in dataset.provenance.notes


def test_files_that_lead_out_are_not_read(tmp_path: Path) -> None:
    """A link to a file or folder outside is not followed, and named."""
    outside = write(tmp_path / "out" / "secret.json", document([]))
    inside = tmp_path / "in"
    write(inside / "x.json", document())
    write(inside / "other.json", {"a": 1})
    (inside / "linked.json").symlink_to(outside)
    (inside / "annotations").symlink_to(outside.parent)
    dataset = load(inside)
    assert set(dataset.provenance.files) == {"x.json"}
    [note] = [note for note in dataset.provenance.notes if note.startswith("Files that are not")]
    assert "'linked.json' (a link that leads out of the folder)" in note
    assert "'other.json'" in note


def test_gzip_and_panoptic(tmp_path: Path) -> None:
    """A compressed file is read, panoptic annotations and other arrays are named as not read."""
    content = document([{"image_id": 1, "segments_info": []}], videos=[{"id": 1}], version=1.5)
    path = tmp_path / "x.json.gz"
    path.write_bytes(gzip.compress(json.dumps(content).encode()))
    dataset = load(path)
    assert dataset.annotations is None
    said = "Arrays that are not read: 'annotations (panoptic)', 'videos'."
    assert said in dataset.provenance.notes


@pytest.mark.parametrize(
    ("content", "matches"),
    [
        (json.dumps(document()), True),
        (json.dumps(document(), indent=1), True),
        ("\ufeff" + json.dumps(document([])), True),
        ('{"images": [], "annotations": []}', True),
        ('[{"image_id": 1, "category_id": 1, "bbox": [0, 0, 1, 1], "score": 1}]', True),
        ('{"file_name": "a.jpg", "annotations": [{"category_id": 1}]}\n', False),
        ('{"images": "none"}', False),
        ('[{"image_id": 1}]', False),
        ('{"samples": [{"filepath": "a.jpg"}]}', False),
        ("image_id,label\n1,a\n", False),
        ("", False),
    ],
)
def test_recognition(tmp_path: Path, content: str, matches: bool) -> None:
    """COCO is told by its arrays; what it takes is taken by no other loader before it."""
    path = tmp_path / "x.json"
    path.write_text(content, encoding="utf-8")
    assert recognise_coco(path).matches is matches
    others = [name for name in LOADERS if name not in ("coco", "table")]
    if matches:
        assert not any(LOADERS[name].recognise(path).matches for name in others)
        assert recognise_coco(tmp_path).matches


def test_a_named_format_that_it_is_not(tmp_path: Path) -> None:
    """A file that was named COCO and is not is refused in a sentence."""
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(DataReadError, match="has no arrays of images or annotations"):
        load(path, "coco")
