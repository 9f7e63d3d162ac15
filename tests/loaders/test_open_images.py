"""Open Images and MIAP files are read as they are published, whatever stands beside them."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.engine import default_engine
from toolkit.errors import DataReadError
from toolkit.loaders import load
from toolkit.loaders.open_images import load_open_images, recognise_open_images
from toolkit.model.attribute import Attribute
from toolkit.model.dataset import AnnotatedDataset

MIAP = (
    "ImageID,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf,"
    "IsDepictionOf,IsInsideOf,GenderPresentation,AgePresentation"
)
CORE = (
    "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf,"
    "IsDepiction,IsInside,XClick1X,XClick1Y"
)
LABELS = "ImageID,Source,LabelName,Confidence"
FIRST, SECOND, THIRD = "00000000000000a1", "00000000000000b2", "00000000000000c3"
EDGE = "the box reaches past an edge by at most 1e-06"
PERSON = f"{FIRST},/m/01g317,1,0.1,0.5,0.2,0.6,0,1,0,0,0,Unknown,Young"


def write(folder: Path, name: str, *lines: str) -> Path:
    """Write a text file of lines."""
    path = folder / name
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return path


def rows(table: ibis.Table | None, *columns: str) -> list[tuple[object, ...]]:
    """Return the columns of a table, sorted as text."""
    assert table is not None
    found = table.select(*columns).to_pyarrow().to_pylist()
    return sorted((tuple(row.values()) for row in found), key=str)


def loaded(path: Path) -> AnnotatedDataset:
    """Load with the engine of the process."""
    return load_open_images(path, engine=default_engine())


def accounted(dataset: AnnotatedDataset) -> bool:
    """Whether rows read = rows kept + rows rejected, and the rejected are listed, by table."""
    source = dataset.provenance
    for name, kept in source.rows_kept.items():
        table = getattr(dataset, name, None)
        if isinstance(table, ibis.Table) and table.count().execute() != kept:
            return False
        rejected = dataset.rejected[name].count().execute() if name in dataset.rejected else 0
        if rejected != sum(source.rows_rejected.get(name, {}).values()):
            return False
    return True


def test_the_miap_validation_file(shared_data: Path) -> None:
    """The real MIAP file: 23,940 rows, none rejected, on 7,410 images; its published groups."""
    dataset = load(shared_data / "miap_val" / "open_images_extended_miap_boxes_val.csv")
    assert dataset.provenance.rows_read == {"annotations": 23_940}
    assert dataset.provenance.rows_rejected == {}
    assert dataset.n_images == 7410
    assert dataset.images is None
    assert dataset.annotations is not None
    gender = dataset.annotations["gender_presentation"].value_counts().to_pyarrow().to_pylist()
    assert {row["gender_presentation"]: row["gender_presentation_count"] for row in gender} == {
        "Predominantly Feminine": 4932,
        "Predominantly Masculine": 7593,
        "Unknown": 11_415,
    }
    content = dataset.annotations.drop("annotation_id")
    assert 23_940 - content.distinct().count().execute() == 82
    [checksum] = dataset.provenance.files.values()
    listed = (shared_data / "miap_val" / "SOURCE.txt").read_text()
    assert checksum in listed


def test_the_miap_folder(shared_data: Path) -> None:
    """With the lists of all splits beside the boxes there are 100,000 images in three splits."""
    dataset = load(shared_data / "miap_val")
    assert dataset.n_images == 100_000
    assert dataset.provenance.rows_read == {"annotations": 23_940, "images": 100_000}
    assert dataset.images is not None
    splits = dataset.images["split"].value_counts().to_pyarrow().to_pylist()
    assert {row["split"]: row["split_count"] for row in splits} == {
        "train": 70_000,
        "validation": 7410,
        "test": 22_590,
    }
    assert "LICENSE-CC-BY-4.0.txt" in dataset.provenance.notes[0]
    assert dataset.attributes["gender_presentation"] == Attribute(
        "gender_presentation",
        "annotations",
        ("Predominantly Feminine", "Predominantly Masculine"),
        ("Unknown",),
        "perceived",
        sensitive=True,
    )
    assert set(dataset.attributes) == {"gender_presentation", "age_presentation", "label", "split"}


def test_the_samples_of_the_official_files(shared_data: Path) -> None:
    """Samples of each official file are told apart and read, with names for 7,959 labels."""
    dataset = load(shared_data / "open_images_meta")
    assert dataset.provenance.rows_read == {
        "annotations": 5,
        "image_labels": 210,
        "images": 19,
        "label_names": 8482,
    }
    assert dataset.label_name("/m/01g317") == "Person"
    assert len(dataset.label_names) == 7959
    assert accounted(dataset)
    notes = " ".join(dataset.provenance.notes)
    assert "a hierarchy of 612 classes" in notes
    assert "XClick1X" in notes
    assert "oidv7_all-classes.txt" in notes
    assert rows(dataset.image_labels, "confidence")[0] == (0.0,)


def test_the_two_spellings_of_flags(tmp_path: Path) -> None:
    """Core Open Images and MIAP flags become the same nullable columns; −1 is not known."""
    core = write(tmp_path, "core.csv", CORE, f"{FIRST},xclick,/m/a,1,0,1,0,1,0,1,-1,0,-1,0.5,0.5")
    miap = write(tmp_path, "miap.csv", MIAP, PERSON)
    flags = ("is_occluded", "is_truncated", "is_group_of", "is_depiction_of", "is_inside_of")
    assert rows(loaded(core).annotations, *flags) == [(False, True, None, False, None)]
    assert rows(loaded(miap).annotations, *flags) == [(False, True, False, False, False)]
    assert rows(loaded(core).annotations, "source", "confidence") == [("xclick", 1.0)]
    assert "xclick1_x" not in loaded(core).attributes


def test_boxes_keep_their_corners(tmp_path: Path) -> None:
    """The file's order XMin, XMax, YMin, YMax becomes corners, and rows keep their number."""
    dataset = loaded(write(tmp_path, "boxes.csv", MIAP, PERSON, PERSON))
    found = rows(dataset.annotations, "annotation_id", "x_min", "y_min", "x_max", "y_max")
    assert found == [(1, 0.1, 0.2, 0.5, 0.6), (2, 0.1, 0.2, 0.5, 0.6)]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (FIRST, "", "image id is empty"),
        (FIRST, "no-id", "image id is not 16 hexadecimal digits"),
        (FIRST, FIRST + "0", "image id is not 16 hexadecimal digits"),
        ("/m/01g317", "", "label is empty"),
        ("0.1", "left", "box is not a number"),
        ("0.1", "", "box is not a number"),
        ("0.1", "nan", "box is not finite"),
        ("0.5", "inf", "box is not finite"),
        ("0.5", "0.05", "box corners are swapped"),
        ("0.5", "1.5", "box is outside 0..1"),
        ("0.1", "-0.1", "box is outside 0..1"),
        (",0,1,0", ",2,1,0", "flag is not 0, 1 or -1"),
        ("317,1,", "317,high,", "confidence is not a number"),
        (",Young", "", "too few fields"),
        (",Young", ",Young,", "too many fields"),
        ("Young", '"Young', "quote is not closed"),
        ("Young", "You\0ng", "line has a NUL byte"),
    ],
)
def test_rows_that_cannot_be_used_have_a_reason(
    tmp_path: Path, old: str, new: str, reason: str
) -> None:
    """Each fault of a row is counted under its phrase, and the rest of the file is read."""
    path = write(tmp_path, "boxes.csv", MIAP, PERSON, PERSON.replace(old, new, 1), PERSON)
    dataset = loaded(path)
    assert dataset.provenance.rows_read == {"annotations": 3}
    assert dataset.provenance.rows_rejected == {"annotations": {reason: 1}}
    assert rows(dataset.annotations, "annotation_id") == [(1,), (3,)]
    assert rows(dataset.rejected["annotations"], "source_row", "reason") == [(2, reason)]
    assert accounted(dataset)


def test_rows_that_look_odd_are_kept_and_said(tmp_path: Path) -> None:
    """Boxes without area, boxes that overlap the edge by rounding, and repeated rows stay."""
    flat = PERSON.replace("0.1,0.5", "0.5,0.5")
    beyond = PERSON.replace("0.1,0.5", "-0.0000001,1.0000004")
    dataset = loaded(write(tmp_path, "boxes.csv", MIAP, PERSON, PERSON, flat, beyond))
    assert dataset.provenance.rows_rejected == {}
    assert rows(dataset.annotations, "x_min", "x_max") == [
        (0.0, 1.0),
        (0.1, 0.5),
        (0.1, 0.5),
        (0.5, 0.5),
    ]
    assert dataset.provenance.notes == (
        "Rows of annotations that were kept although the box has no width or no height: 1.",
        f"Rows of annotations that were kept although {EDGE}: 1.",
    )


def test_a_folder_of_everything(tmp_path: Path) -> None:
    """Each file is known by its content; what is not of Open Images is named and harmless."""
    write(tmp_path, "b.csv", MIAP, PERSON)
    write(tmp_path, "a.csv", MIAP, PERSON.replace(FIRST, SECOND))
    write(tmp_path, "list.lst", f"train/{FIRST}", f"test/{SECOND}", "no line")
    write(tmp_path, "l.csv", LABELS, f"{FIRST},verification,/m/b,1", f"{THIRD},machine,/m/b,0.3")
    write(tmp_path, "names.csv", "LabelName,DisplayName", "/m/b,Bicycle")
    write(tmp_path, "more.csv", "/m/01g317,Person", '/m/b,"Bike, any"')
    tree = {"LabelName": "/m/0", "Subcategory": [{"LabelName": "/m/b"}]}
    write(tmp_path, "tree.json", json.dumps(tree, indent=1))
    write(tmp_path, "captions.csv", "image_id,caption_id,text", f'{FIRST},c1,"Two\nlines, <b>"')
    header = "image_id,label,score,x_min,y_min,x_max,y_max,model"
    write(tmp_path, "predictions.csv", header, f"{FIRST},/m/b,0.9,0,0,1,1,net")
    write(tmp_path, "annotators.csv", "annotation_id,annotator,age_presentation", "1,A,Young")
    write(tmp_path, "truth.toml", "[bias]", "x = 1")
    write(tmp_path, "README.md", "# Readme")
    (tmp_path / "empty.csv").touch()
    (tmp_path / "images").mkdir()
    for name in (f"{FIRST}.jpg", "thumb.jpg", f"{SECOND}.png"):
        (tmp_path / "images" / name).touch()
    dataset = loaded(tmp_path)
    assert accounted(dataset)
    assert dataset.n_images == 3
    assert rows(dataset.annotations, "annotation_id", "image_id") == [(1, SECOND), (2, FIRST)]
    assert rows(dataset.images, "image_id", "split", "path", "width", "height") == [
        (FIRST, "train", f"images/{FIRST}.jpg", None, None),
        (SECOND, "test", None, None, None),
    ]
    assert rows(dataset.image_labels, "image_id", "confidence", "source") == [
        (FIRST, 1.0, "verification"),
        (THIRD, 0.3, "machine"),
    ]
    assert dict(dataset.label_names) == {"/m/b": "Bike, any", "/m/01g317": "Person"}
    assert rows(dataset.captions, "caption_id", "image_id", "text") == [
        ("c1", FIRST, "Two\nlines, <b>")
    ]
    assert rows(dataset.predictions, "prediction_id", "score", "x_max", "model") == [
        (1, 0.9, 1.0, "net")
    ]
    assert dataset.provenance.rows_rejected == {"images": {"line is not <split>/<image id>": 1}}
    notes = " ".join(dataset.provenance.notes)
    assert "tree.json has a hierarchy of 2 classes" in notes
    for name in ("'README.md'", "'annotators.csv'", "'empty.csv' (is empty)", "'truth.toml'"):
        assert name in notes


def test_an_image_is_listed_once(tmp_path: Path) -> None:
    """Repeated lines of a list are rejected, with another reason if the split differs."""
    lines = [f"train/{FIRST}", f"train/{SECOND}", f"train/{FIRST}", f"test/{FIRST}"]
    write(tmp_path, "1.lst", *lines)
    write(tmp_path, "2.lst", f"train/{SECOND}")
    dataset = loaded(tmp_path)
    assert rows(dataset.images, "image_id", "split") == [(FIRST, "train"), (SECOND, "train")]
    assert dataset.provenance.rows_read == {"images": 5}
    assert dataset.provenance.rows_rejected == {
        "images": {
            "image is listed before": 2,
            "image is listed before, in another split": 1,
        }
    }
    assert rows(dataset.rejected["images"], "source_file", "source_row", "image_id") == [
        ("1.lst", 3, FIRST),
        ("1.lst", 4, FIRST),
        ("2.lst", 1, SECOND),
    ]
    assert accounted(dataset)


def test_image_tables_and_lists_are_merged(tmp_path: Path) -> None:
    """An image that is in a table and in a list is one image, and neither row is rejected."""
    write(tmp_path, "images.csv", "ImageID,Subset,OriginalURL", f"{FIRST},train,", f"{SECOND},,")
    write(tmp_path, "x.lst", f"train/{FIRST}", f"test/{THIRD}")
    dataset = loaded(tmp_path)
    assert dataset.n_images == 3
    assert rows(dataset.images, "image_id", "split") == [
        (FIRST, "train"),
        (SECOND, None),
        (THIRD, "test"),
    ]
    assert dataset.provenance.rows_rejected == {}


def test_attributes_that_were_not_asked_everywhere(tmp_path: Path) -> None:
    """If box files differ in what was asked, rows say their set and attributes say theirs."""
    write(tmp_path, "boxes.csv", CORE, f"{FIRST},xclick,/m/a,1,0,1,0,1,0,1,0,0,0,,")
    write(tmp_path, "persons.csv", MIAP, PERSON)
    dataset = loaded(tmp_path)
    assert rows(dataset.annotations, "annotation_id", "annotation_set", "age_presentation") == [
        (1, "boxes", None),
        (2, "persons", "Young"),
    ]
    assert dataset.attributes["age_presentation"].asked_in == ("persons",)
    assert dataset.attributes["label"].asked_in == ()
    assert "age_presentation was asked in persons alone." in dataset.provenance.notes


def test_box_files_that_agree_are_one_set(tmp_path: Path) -> None:
    """The splits of MIAP ask the same, in whatever order, so their rows need no set."""
    write(tmp_path, "train.csv", MIAP, PERSON)
    header = MIAP.replace(
        "GenderPresentation,AgePresentation", "AgePresentation,GenderPresentation"
    )
    write(tmp_path, "val.csv", header, PERSON.replace("Unknown,Young", "Young,Unknown"))
    dataset = loaded(tmp_path)
    assert dataset.annotations is not None
    assert "annotation_set" not in dataset.annotations.columns
    assert rows(dataset.annotations, "age_presentation") == [("Young",), ("Young",)]


def test_other_columns_become_attributes(tmp_path: Path) -> None:
    """A column the format does not define is an attribute of unstated basis, its values as is."""
    path = write(tmp_path, "boxes.csv", f"{MIAP},SkinTone,Label", f"{PERSON},Monk 3,<script>")
    dataset = loaded(path)
    assert dataset.attributes["skin_tone"] == Attribute("skin_tone", "annotations")
    assert rows(dataset.annotations, "skin_tone", "source_label") == [("Monk 3", "<script>")]


def parquet_of(path: Path, lines: Sequence[str]) -> None:
    """Write a box file as typed Parquet."""
    header, *body = (line.split(",") for line in lines)
    columns = dict(zip(header, zip(*body, strict=True), strict=True))
    typed = {name: pa.array(values) for name, values in columns.items()}
    for name in ("XMin", "XMax", "YMin", "YMax"):
        typed[name] = typed[name].cast(pa.float64())
    for name in header:
        if name.startswith("Is") or name == "Confidence":
            typed[name] = typed[name].cast(pa.int8())
    pq.write_table(pa.table(typed), path)


@pytest.mark.parametrize("bad", [False, True])
def test_parquet_and_gzip_are_the_same_data(tmp_path: Path, bad: bool) -> None:
    """The same rows as CSV, gzip and typed Parquet give the same tables and accounts."""
    lines = [MIAP, PERSON, PERSON.replace(FIRST, SECOND if not bad else "x"), PERSON]
    found = []
    for form in ("csv", "gz", "parquet"):
        folder = tmp_path / form
        folder.mkdir()
        path = write(folder, "boxes.csv", *lines)
        if form == "gz":
            (folder / "boxes.csv.gz").write_bytes(gzip.compress(path.read_bytes()))
        if form == "parquet":
            parquet_of(folder / "boxes.parquet", lines)
        if form != "csv":
            path.unlink()
        dataset = loaded(folder)
        assert dataset.annotations is not None
        source = dataset.provenance
        found.append(
            (
                dataset.annotations.schema(),
                rows(dataset.annotations, *dataset.annotations.columns),
                source.rows_read,
                source.rows_rejected,
            )
        )
    assert found[0] == found[1] == found[2]


def test_two_forms_of_one_table_are_read_once(tmp_path: Path) -> None:
    """A CSV beside the Parquet made of it is named and not counted again."""
    write(tmp_path, "boxes.csv", MIAP, PERSON)
    parquet_of(tmp_path / "boxes.parquet", [MIAP, PERSON])
    dataset = loaded(tmp_path)
    assert dataset.provenance.rows_read == {"annotations": 1}
    assert list(dataset.provenance.files) == ["boxes.parquet"]
    assert "'boxes.csv' (the same table is read in another form)" in dataset.provenance.notes[0]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([MIAP], "has no rows"),
        ([MIAP, PERSON.replace("0.1", "left")], "has no row that can be used: of 1 read, 1"),
        (["ImageID,LabelName", "x,y"], "has none of the columns of boxes, labels or images"),
        ([""], "is empty"),
        ([MIAP + ",imageid", PERSON + ",x"], "has the columns 'ImageID' and 'imageid'"),
        ([MIAP + ",Skin Tone,SkinTone", PERSON + ",x,y"], "which both become 'skin_tone'"),
    ],
)
def test_files_without_use_are_errors(tmp_path: Path, lines: list[str], message: str) -> None:
    """No rows, no usable row, and columns that cannot be told apart are one sentence each."""
    with pytest.raises(DataReadError) as refused:
        loaded(write(tmp_path, "boxes.csv", *lines))
    assert message in str(refused.value)


def test_an_empty_file_beside_others_is_said(tmp_path: Path) -> None:
    """A header alone beside a file with rows is a note, and the table is there."""
    write(tmp_path, "boxes.csv", MIAP, PERSON)
    write(tmp_path, "labels.csv", LABELS)
    dataset = loaded(tmp_path)
    assert rows(dataset.image_labels, "image_id") == []
    assert "labels.csv has no rows." in dataset.provenance.notes
    assert accounted(dataset)


def test_pictures_without_a_list_are_said(tmp_path: Path) -> None:
    """A folder of pictures alone does not say which images there are."""
    write(tmp_path, "boxes.csv", MIAP, PERSON)
    (tmp_path / "images").mkdir()
    dataset = loaded(tmp_path)
    assert dataset.images is None
    assert dataset.provenance.notes == (
        "The folder images is not used, for no file lists the images.",
    )


def test_a_damaged_file_in_a_folder_is_an_error(tmp_path: Path) -> None:
    """A file that cannot be opened might be data, so it is not passed over."""
    write(tmp_path, "boxes.csv", MIAP, PERSON)
    (tmp_path / "labels.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(DataReadError, match=r"labels.parquet' is a damaged Parquet file"):
        loaded(tmp_path)


@pytest.mark.parametrize(
    ("content", "matches"),
    [
        (MIAP, True),
        (CORE, True),
        (LABELS, True),
        ("ImageID,Subset", True),
        ("ImageID,OriginalURL,License", True),
        (f"train/{FIRST}", True),
        ("/m/01g317,Person", False),
        ("image_id,caption_id,text", False),
        ("image_id,label", False),
        ("", False),
        ("<html>", False),
    ],
)
def test_recognition_says_why(tmp_path: Path, content: str, matches: bool) -> None:
    """Boxes, labels, images and lists make a dataset; what only goes with one does not."""
    found = recognise_open_images(write(tmp_path, "file", content))
    assert found.matches is matches
    assert found.why.startswith("it holds files" if matches else "it does not have")


def test_a_hierarchy_is_told_from_other_json(tmp_path: Path) -> None:
    """JSON of another shape, nested without end or not, is not taken for a class hierarchy."""
    write(tmp_path, "boxes.csv", MIAP, PERSON)
    others = ["[1]", '{"LabelName": "a", "Subcategory": [3]}', '{"a":' * 50_000, '{"images": []}']
    for i, content in enumerate(others):
        write(tmp_path, f"{i}.json", content)
    notes = loaded(tmp_path).provenance.notes
    assert not [note for note in notes if "hierarchy" in note]


FIELD = st.sampled_from(["0.1", "0.2", "1", "0", "-1", "x", "", "nan", '"', "\0", "é", FIRST])


@given(st.lists(st.lists(FIELD, min_size=12, max_size=15), max_size=8))
@settings(max_examples=25)
def test_any_rows_are_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, lines: list[list[str]]
) -> None:
    """Whatever stands in a box file, each line is kept or rejected with a reason."""
    folder = tmp_path_factory.mktemp("rows")
    body = [",".join(line) for line in lines]
    dataset = loaded(write(folder, "boxes.csv", MIAP, PERSON, *body))
    assert dataset.provenance.rows_read["annotations"] == 1 + len(
        [line for line in body if line.strip()]
    )
    assert accounted(dataset)
