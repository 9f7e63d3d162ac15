"""What FiftyOne exports, or holds in its database, is read equal; nothing else is taken for it."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import toolkit
from tests.hostile import NAMES, TEXTS, picture
from toolkit.engine import default_engine
from toolkit.errors import DataReadError, UnknownNameError
from toolkit.loaders import LOADERS
from toolkit.loaders.fiftyone import is_collection, load_fiftyone, recognise_fiftyone
from toolkit.model.dataset import AnnotatedDataset

pytest_plugins = ["tests.mongo"]

OBJECT_COLUMNS = ("image_id", "label", "x_min", "y_min", "x_max", "y_max")
METADATA = {"name": "people", "media_type": "image", "sample_fields": []}


def labelled(kind: str, **values: Any) -> dict[str, Any]:
    """Return a label as the database writes it."""
    return {"_id": {"$oid": "0" * 24}, "_cls": kind, "tags": [], **values}


def detections(*found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a field of detections."""
    listed = [labelled("Detection", attributes={}, **one) for one in found]
    return {"_cls": "Detections", "detections": listed}


def sample(image_id: Any, file_name: str = "data/a.png", **fields: Any) -> dict[str, Any]:
    """Return a sample as the database writes it."""
    return {
        "_id": {"$oid": "1" * 24},
        "filepath": file_name,
        "tags": [],
        "metadata": {"_cls": "ImageMetadata", "width": 8, "height": 4},
        "_media_type": "image",
        "image_id": image_id,
        **fields,
    }


def write(folder: Path, samples: Sequence[Mapping[str, Any]], *, text: str | None = None) -> Path:
    """Write an export with one picture."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    (folder / "data" / "a.png").write_bytes(picture(8, 4))
    (folder / "metadata.json").write_text(json.dumps(METADATA), encoding="utf-8")
    written = text if text is not None else json.dumps({"samples": samples})
    (folder / "samples.json").write_text(written, encoding="utf-8")
    return folder


def loaded(path: Path, **options: Any) -> AnnotatedDataset:
    """Load with the engine of the process."""
    return load_fiftyone(path, engine=default_engine(), **options)


def rows(table: Any, *columns: str) -> list[tuple[object, ...]]:
    """Return columns of a table in the order of its key."""
    found = table.select(*columns).to_pyarrow().to_pylist()
    return sorted((tuple(row.values()) for row in found), key=repr)


def test_hostile_names_come_back(tmp_path: Path) -> None:
    """Names, values, tags and captions that break what is careless are read as written."""
    samples = [
        sample(
            name,
            tags=[f"tag {name}"],
            scene=name,
            captions=[name],
            ground_truth=detections({"label": name, "bounding_box": [0, 0, 0.5, 1], "who": name}),
            weather=labelled("Classification", label=name, confidence=0.5),
        )
        for name in NAMES
    ]
    dataset = loaded(write(tmp_path, samples))
    expected = sorted(NAMES, key=repr)
    assert rows(dataset.images, "image_id", "scene") == [(name, name) for name in expected]
    assert rows(dataset.annotations, *OBJECT_COLUMNS, "who") == [
        (name, name, 0.0, 0.0, 0.5, 1.0, name) for name in expected
    ]
    assert rows(dataset.captions, "image_id", "text") == [(name, name) for name in expected]
    assert rows(dataset.image_labels, "label", "confidence", "source") == sorted(
        [(name, 0.5, "weather") for name in NAMES]
        + [(f"tag {name}", 1.0, "tags") for name in NAMES],
        key=repr,
    )
    assert dataset.provenance.rows_rejected == {}


@given(st.dictionaries(TEXTS.filter(bool), TEXTS.filter(bool), min_size=1))
@settings(max_examples=15)
def test_any_text_comes_back(found: dict[str, str]) -> None:
    """Whatever text ids and attributes are, the loader returns it."""
    samples = [
        sample(name, ground_truth=detections({"label": "x", "bounding_box": [0, 0, 1, 1], "a": a}))
        for name, a in found.items()
    ]
    with tempfile.TemporaryDirectory() as folder:
        dataset = loaded(write(Path(folder), samples))
        assert rows(dataset.annotations, "image_id", "a") == sorted(found.items(), key=repr)


def test_ids_sizes_and_empty_images(tmp_path: Path) -> None:
    """An integer id becomes text, an image without boxes stays, and 1 x 1 pixels have a box."""
    tiny = {"_cls": "ImageMetadata", "width": 1, "height": 1}
    box = detections({"label": "x", "bounding_box": [0, 0, 1, 1]})
    samples = [sample(7, ground_truth=detections()), sample("8", metadata=tiny, ground_truth=box)]
    dataset = loaded(write(tmp_path, samples))
    assert rows(dataset.images, "image_id", "width", "height") == [("7", 8, 4), ("8", 1, 1)]
    assert rows(dataset.annotations, "image_id", "x_max") == [("8", 1.0)]
    assert dataset.n_images == 2
    assert (dataset.captions, dataset.image_labels, dataset.predictions) == (None, None, None)


def test_a_sample_without_image_id_is_named_by_its_own(tmp_path: Path) -> None:
    """Without a field `image_id` the sample's id names the image."""
    plain = {name: value for name, value in sample("x").items() if name != "image_id"}
    assert rows(loaded(write(tmp_path, [plain])).images, "image_id") == [("1" * 24,)]


def test_fields_of_models_are_predictions(tmp_path: Path) -> None:
    """A field with confidences is a model's, apart from `ground_truth`; or those that are named."""
    boxes = {
        "ground_truth": {"label": "a", "bounding_box": [0, 0, 1, 1], "confidence": 1.0},
        "second": {"label": "b", "bounding_box": [0, 0, 1, 1]},
        "detector": {"label": "c", "bounding_box": [0, 0, 1, 1], "confidence": 0.25},
    }
    fields = {name: detections(box) for name, box in boxes.items()}
    path = write(tmp_path, [sample("i", **fields)])
    dataset = loaded(path)
    assert rows(dataset.annotations, "label", "annotation_set") == [
        ("a", "ground_truth"),
        ("b", "second"),
    ]
    assert rows(dataset.predictions, "label", "score", "model") == [("c", 0.25, "detector")]
    named = loaded(path, predicted_fields=["ground_truth", "detector"])
    assert rows(named.annotations, "label") == [("b",)]
    assert rows(named.predictions, "label", "score") == [("a", 1.0), ("c", 0.25)]
    with pytest.raises(UnknownNameError, match="predicted_field"):
        toolkit.load(path, predicted_field=["x"])


def test_tags_flags_and_older_attributes(tmp_path: Path) -> None:
    """A tag of a split is the split, `iscrowd` is a flag, older nested attributes are columns."""
    old = {"Gender": {"_cls": "CategoricalAttribute", "value": "F"}}
    box = labelled("Detection", label="p", bounding_box=[0, 0, 1, 1], attributes=old, iscrowd=1)
    both = sample(
        "i", tags=["train", "hard"], ground_truth={"_cls": "Detections", "detections": [box]}
    )
    single = sample("j", tags=["train", "test"], ground_truth=box)
    dataset = loaded(write(tmp_path, [both, single]))
    assert rows(dataset.images, "image_id", "split") == [("i", "train"), ("j", None)]
    assert rows(dataset.image_labels, "image_id", "label") == [
        ("i", "hard"),
        ("j", "test"),
        ("j", "train"),
    ]
    assert rows(dataset.annotations, "image_id", "gender", "is_group_of") == [
        ("i", "F", True),
        ("j", "F", True),
    ]


def test_every_row_is_kept_or_counted(tmp_path: Path) -> None:
    """What cannot be used is left out for a constant reason, and the rest is read."""
    boxes = {
        "box is not four numbers": [0, 0, 1],
        "box has a negative size": [0.5, 0.5, -0.1, 0.1],
        "box reaches more than a pixel out of the image": [0.5, 0, 0.7, 1],
    }
    objects = [{"label": "x", "bounding_box": box} for box in boxes.values()]
    objects += [{"label": "x", "bounding_box": [0, 0, 1.1, 1]}, {"label": "x"}]
    samples = [
        sample("i", ground_truth=detections(*objects)),
        sample("i"),
        sample("n\0", file_name="data/a.png"),
        sample("k", ground_truth={"_cls": "Detections", "detections": "none"}),
    ]
    text = json.dumps({"samples": samples})[:-2] + ', {"a": tru}, 5]}'
    dataset = loaded(write(tmp_path, [], text=text))
    assert dataset.provenance.rows_read == {"images": 6, "annotations": 5}
    assert dataset.provenance.rows_rejected == {
        "images": dict.fromkeys(
            (
                "image is listed before",
                "text has a NUL",
                "field of labels is no list of labels",
                "element is not a JSON object",
                "element is not JSON",
            ),
            1,
        ),
        "annotations": dict.fromkeys(boxes, 1),
    }
    assert rows(dataset.annotations, "x_max") == [(1.0,), (None,)]
    assert len(rows(dataset.rejected["images"], "reason")) == 5


@pytest.mark.parametrize(
    ("name", "remark"),
    [
        ("data/a.png", ""),
        ("data/none.png", "their picture is not in the folder"),
        ("../../etc/passwd", "the name of their picture leads out of the folder"),
        ("/etc/passwd", "the name of their picture leads out of the folder"),
        ("data/link.png", "the name of their picture leads out of the folder"),
    ],
)
def test_no_picture_is_followed_out_of_the_folder(tmp_path: Path, name: str, remark: str) -> None:
    """A path that leads out, also by a link, is remarked on and not kept."""
    folder = write(tmp_path / "export", [sample("i", name)])
    (tmp_path / "secret.png").write_bytes(picture(1, 1))
    (folder / "data" / "link.png").symlink_to(tmp_path / "secret.png")
    dataset = loaded(folder)
    assert rows(dataset.images, "path", "file_name") == [(None if remark else name, name)]
    assert dataset.root == str(folder.resolve())
    noted = f"Rows of images that were kept although {remark}: 1."
    assert (noted in dataset.provenance.notes) is bool(remark)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("samples.json", "", "is no JSON object"),
        ("samples.json", '{"samples": [{"a": 1}', "ends before its JSON does"),
        ("samples.json", '{"samples": []}', "has no samples"),
        ("samples.json", "\x00\xff", "is no JSON object"),
        ("metadata.json", json.dumps(METADATA | {"media_type": "video"}), "'video', not images"),
        ("metadata.json", "[" * 100_000, "metadata.json is no JSON object"),
    ],
)
def test_damaged_exports_are_refused(
    tmp_path: Path, name: str, content: str, sentence: str
) -> None:
    """A file that is none, ends early or holds something else gives one sentence."""
    write(tmp_path, [sample("i")])
    (tmp_path / name).write_text(content, encoding="latin-1")
    with pytest.raises(DataReadError, match=sentence):
        loaded(tmp_path)


def test_recognised_by_its_description(tmp_path: Path) -> None:
    """Only a folder with FiftyOne's description and samples is taken for it, and by it alone."""
    path = write(tmp_path / "export", [sample("i")])
    assert recognise_fiftyone(path).matches
    others = [name for name, one in LOADERS.items() if name not in ("fiftyone", "folder")]
    assert [name for name in others if LOADERS[name].recognise(path).matches] == []
    assert toolkit.load(path).provenance.loader == "fiftyone"
    (path / "metadata.json").write_text("{}")
    assert "does not describe" in recognise_fiftyone(path).why
    (path / "samples.json").unlink()
    (path / "samples.json").symlink_to(tmp_path / "other.json")
    (tmp_path / "other.json").write_text("{}")
    assert "leads out" in recognise_fiftyone(path).why
    assert "is a file" in recognise_fiftyone(path / "metadata.json").why
    assert "has no" in recognise_fiftyone(tmp_path).why


def test_only_collections_of_fiftyone_are_live() -> None:
    """A path, and an object of another package that can be iterated, is no dataset."""
    assert not is_collection(Path())
    assert not is_collection("fiftyone")


def build(fo: Any, folder: Path) -> Any:
    """Build a live dataset with every kind of label."""
    (folder / "a.png").write_bytes(picture(8, 4))
    live = fo.Dataset()
    for number, name in enumerate(["plain", 'it\'s "quoted"', "👩🏽‍🦱", "<script>"]):
        one = fo.Sample(folder / "a.png", tags=["train"] if number else [], scene=name, fog=True)
        box = {"bounding_box": [0, 0, 0.5, 1], "label": name}
        one["ground_truth"] = fo.Detections(detections=[fo.Detection(**box, gender=name)] * number)
        one["detector"] = fo.Detections(detections=[fo.Detection(**box, confidence=0.5)])
        one["weather"] = fo.Classification(label=name, confidence=0.25)
        one["outline"] = fo.Polylines(polylines=[fo.Polyline(points=[[(0, 0), (1, 1)]])])
        live.add_sample(one, dynamic=True)
    live.compute_metadata()
    return live


@pytest.mark.parametrize("use_dirs", [False, True])
def test_what_fiftyone_exports_equals_what_it_holds(
    fo: Any, tmp_path: Path, use_dirs: bool
) -> None:
    """The export of a dataset, in one file or in many, has the tables of the live one."""
    live = build(fo, tmp_path)
    kind = fo.types.FiftyOneDataset
    live.export(str(tmp_path / "export"), dataset_type=kind, use_dirs=use_dirs, progress=False)
    exported, held = toolkit.load(tmp_path / "export"), toolkit.load(live)
    for table in ("annotations", "predictions", "image_labels"):
        columns = [name for name in getattr(held, table).columns if not name.endswith("on_id")]
        assert rows(getattr(exported, table), *columns) == rows(getattr(held, table), *columns)
    columns = ["image_id", "width", "height", "split", "scene", "fog"]
    assert rows(exported.images, *columns) == rows(held.images, *columns)
    assert held.provenance.rows_kept == {
        "images": 4,
        "annotations": 6,
        "predictions": 4,
        "image_labels": 4,
    }
    assert held.provenance.recognised == "it is a live dataset or view of FiftyOne"
    assert set(rows(held.images, "path")) == {(str(tmp_path / "a.png"),)}
    assert any("outline" in note for note in held.provenance.notes)


def test_a_view_is_read_as_it_stands(fo: Any, tmp_path: Path) -> None:
    """Of a view, only the samples and labels that it shows are read."""
    view = build(fo, tmp_path).filter_labels("ground_truth", fo.ViewField("gender") == "<script>")
    dataset = toolkit.load(view)
    assert dataset.n_images == 1
    assert rows(dataset.annotations, "gender") == [("<script>",)] * 3


def test_videos_are_refused(fo: Any) -> None:
    """A dataset of something else than images gives one sentence."""
    live = fo.Dataset()
    live.add_sample(fo.Sample("film.mp4"))
    with pytest.raises(DataReadError, match="'video', not images"):
        toolkit.load(live)
    with pytest.raises(DataReadError, match="has no samples"):
        toolkit.load(fo.Dataset())


@pytest.mark.parametrize(
    ("kind", "name", "pixels"),
    [("YOLOv5Dataset", "yolo", 0.001), ("VOCDetectionDataset", "voc", 1.001)],
)
def test_other_formats_that_fiftyone_writes_are_read(
    fo: Any, tmp_path: Path, shared_data: Path, kind: str, name: str, pixels: float
) -> None:
    """COCO's 546 objects, written by FiftyOne as YOLO or VOC, come back as exactly as it writes."""
    coco = toolkit.load(shared_data / "coco_mini_open")
    live = fo.Dataset()
    boxes = coco.annotations.to_pandas().groupby("image_id")
    for image in coco.images.to_pandas().itertuples():
        path = tmp_path / f"{image.image_id}.png"
        path.write_bytes(picture(image.width, image.height))
        found = [
            fo.Detection(
                label=box.label,
                bounding_box=[box.x_min, box.y_min, box.x_max - box.x_min, box.y_max - box.y_min],
            )
            for box in boxes.get_group(image.image_id).itertuples()
        ]
        live.add_sample(fo.Sample(path, ground_truth=fo.Detections(detections=found)))
    live.export(
        str(tmp_path / name),
        dataset_type=getattr(fo.types, kind),
        label_field="ground_truth",
        progress=False,
    )
    dataset = toolkit.load(tmp_path / name)
    assert dataset.provenance.loader == name
    assert dataset.provenance.rows_rejected == {}
    read, written = (one.to_pandas() for one in (dataset.annotations, coco.annotations))
    read["image_id"] = read["image_id"].map(lambda image_id: Path(image_id).stem)
    written = written.merge(coco.images.to_pandas()[["image_id", "width", "height"]])
    # Both list the objects of an image in the order in which they were written.
    for frame in (read, written):
        frame["place"] = frame.groupby("image_id").cumcount()
    both = written.merge(read, on=["image_id", "place", "label"], suffixes=("", "_read"))
    assert len(both) == len(read) == 546
    for corner, side in zip(OBJECT_COLUMNS[2:], ("width", "height") * 2, strict=True):
        assert ((both[corner] - both[f"{corner}_read"]).abs() * both[side] < pixels).all()
