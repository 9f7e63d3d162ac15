"""Validation: each planted fault is found exactly once, and nothing is found on clean data."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import ibis
import pandas as pd
from PIL import Image

import toolkit as tk
from tests.datasets import AGE, GENDER, annotated
from toolkit.config import AuditConfig
from toolkit.model.attribute import Attribute
from toolkit.model.dataset import IN_ANOTHER_SPLIT, AnnotatedDataset
from toolkit.model.finding import Finding, Severity

MIAP = Path("miap_val", "open_images_extended_miap_boxes_val.csv")
SIZE = 400
ROLES = Attribute("role", "annotations")
YEARS = Attribute("years", "annotations")


def people() -> pd.DataFrame:
    """Return one person on each image, with nothing wrong."""
    each = range(SIZE)
    return pd.DataFrame(
        {
            "image_id": [f"i{i:03}" for i in each],
            "label": ["Person" if i % 2 else "Dog" for i in each],
            "gender": ["F" if i % 4 < 2 else "M" for i in each],
            "age": ["Young" if i % 3 else "Old" for i in each],
            "role": ["3-9" if i % 5 else "nurse" for i in each],
            "years": [str(20 + i % 40) for i in each],
            "x_min": 0.1,
            "y_min": 0.1,
            "x_max": 0.5,
            "y_max": 0.6,
        }
    )


def pictures(folder: Path) -> pd.DataFrame:
    """Draw a picture for each image and list them."""
    for i in range(SIZE):
        Image.new("1", (8, 6)).save(folder / f"i{i:03}.png")
    names = [f"i{i:03}" for i in range(SIZE)]
    paths = [f"{name}.png" for name in names]
    return pd.DataFrame({"image_id": names, "path": paths, "width": 8, "height": 6})


def dataset_of(rows: pd.DataFrame, images: pd.DataFrame, folder: Path) -> AnnotatedDataset:
    """Return a dataset in memory whose pictures are in a folder."""
    attributes = [GENDER, AGE, ROLES, YEARS, Attribute("label", "annotations")]
    return replace(annotated(rows, attributes, images=images), root=str(folder))


def validated(dataset: AnnotatedDataset, **settings: object) -> tuple[Finding, ...]:
    """Validate with a taxonomy of two labels."""
    labels = {"labels": {"taxonomy": ["Person", "Dog"]}}
    return tk.validate(dataset, config=AuditConfig.of(labels | settings)).found


def test_nothing_is_found_on_clean_data(tmp_path: Path) -> None:
    """Four hundred people and their pictures are as they should be."""
    assert validated(dataset_of(people(), pictures(tmp_path), tmp_path)) == ()


def planted(folder: Path) -> AnnotatedDataset:
    """Return a dataset with one fault of each kind."""
    rows, images = people(), pictures(folder)
    rows.loc[10, "label"] = "Persn"
    rows.loc[11, "gender"] = "Femme"
    rows.loc[12, "role"] = "Nurse "
    rows.loc[13, "role"] = "9-Mar"
    rows.loc[14, "years"] = "many"
    rows.loc[15, "x_max"] = 0.1
    rows.loc[16, "x_max"] = 0.1005
    near = rows.iloc[[20]].assign(x_max=0.505)
    orphan = rows.iloc[[21]].assign(image_id="elsewhere")
    rows = pd.concat([rows, rows.iloc[[19]], near, orphan], ignore_index=True)
    rows["is_occluded"] = False
    rows = rows[rows["image_id"] != "i030"]
    (folder / "i040.png").unlink()
    (folder / "i041.png").write_bytes(b"no picture")
    images.loc[42, "width"] = 9
    made = dataset_of(rows, images, folder)
    left_out = {
        "annotations": {"box corners are swapped": 1},
        "images": {IN_ANOTHER_SPLIT: 1},
    }
    read = {"annotations": len(rows) + 1, "images": SIZE + 1}
    return replace(
        made, provenance=replace(made.provenance, rows_read=read, rows_rejected=left_out)
    )


PLANTED = {
    "ANN001": (1, "400"),
    "ANN002": (402, None),
    "ANN004": (1, None),
    "ANN005": (1, "402"),
    "ANN009": (1, "i030"),
    "ANN010": (1, "16"),
    "ANN011": (1, "17"),
    "ANN012": (1, "401"),
    "ANN014": (1, "11"),
    "ANN015": (1, "12"),
    "ANN016": (1, "13"),
    "ANN017": (1, "15"),
    "ANN018": (1, "14"),
    "ANN019": (1, "i040"),
    "ANN020": (1, "i041"),
    "ANN021": (1, "i042"),
    "ANN022": (1, None),
}
"""By code, the number of rows and the example; row 31, of the image without any, is not there."""


def test_each_planted_fault_is_found_exactly_once(tmp_path: Path) -> None:
    """Its finding has its number and names the row; no other finding is made."""
    found = validated(planted(tmp_path))
    assert Counter(f.code for f in found) == dict.fromkeys(PLANTED, 1)
    assert {f.code: (f.n, f.evidence.get("examples")) for f in found} == PLANTED


def test_a_finding_names_what_was_meant(tmp_path: Path) -> None:
    """Undeclared values and labels come with the nearest declared one."""
    by_code = {finding.code: finding.message for finding in validated(planted(tmp_path))}
    assert "'Persn' (1; did you mean 'Person'?)" in by_code["ANN014"]
    assert "'Femme' (1)" in by_code["ANN015"]
    assert "'Nurse ' (1; elsewhere 'nurse')" in by_code["ANN016"]
    assert "'9-Mar' (1)" in by_code["ANN018"]


def test_shares_are_given_by_group() -> None:
    """Ten of F's hundred rows are repeated, and none of M's."""
    rows = pd.DataFrame({"image_id": [f"i{i}" for i in range(200)], "gender": ["F", "M"] * 100})
    twice = pd.concat([rows, rows[rows["gender"] == "F"].iloc[:10]], ignore_index=True)
    (finding,) = tk.validate(annotated(twice, [GENDER])).found
    assert finding.evidence["shares"] == "perceived gender: F 9.1% (10), M 0.0% (0)"


def test_an_image_in_two_splits_by_its_annotations_is_found() -> None:
    """Where each row says its split, an image may have two."""
    rows = {"image_id": ["a", "a", "b"], "split": ["train", "test", "test"], "x_min": [0, 0.3, 0]}
    split = Attribute("split", "annotations")
    (finding,) = tk.validate(annotated(rows, [split])).found
    assert (finding.code, finding.n, finding.severity) == ("ANN022", 2, Severity.ERROR)


def test_ids_that_rows_share_are_found() -> None:
    """Both rows are counted, for neither is the right one."""
    made = annotated({"image_id": ["a", "b", "c"]}, [])
    assert made.annotations is not None
    ids = ibis.cases((made.annotations["image_id"] == "c", 1), else_=2).cast("int64")
    doubled = replace(made, annotations=made.annotations.mutate(annotation_id=ids))
    (finding,) = tk.validate(doubled).found
    assert (finding.code, finding.n) == ("ANN013", 2)


def test_rejected_rows_are_named_by_file_and_row(tmp_path: Path) -> None:
    """The place in the source is where a fault is mended."""
    path = tmp_path / "boxes.csv"
    good = [f"i{i},0.1,0.1,0.5,0.5\n" for i in range(50)]
    path.write_text("image_id,x_min,y_min,x_max,y_max\n" + "".join(good) + "j,0.5,0.1,0.2,0.5\n")
    (finding,) = tk.validate(tk.load(path)).found
    assert (finding.code, finding.evidence["examples"]) == ("ANN004", "boxes.csv row 51")


def test_miap_has_its_known_faults(shared_data: Path) -> None:
    """82 repetitions, four flags that never vary, and the rule on the gender of the young."""
    found = tk.validate(tk.load(shared_data / MIAP)).found
    assert Counter(f.code for f in found) == {
        "ANN001": 1,
        "ANN002": 4,
        "ANN003": 1,
        "ANN011": 1,
        "ANN012": 1,
    }
    number = {finding.code: finding.n for finding in found}
    assert number["ANN001"] == 82
    structural = [f for f in found if f.code == "ANN003"]
    assert structural[0].slice == "age_presentation=Young"


def test_validation_needs_no_attributes() -> None:
    """A dataset without any is validated as a whole."""
    (finding,) = tk.validate(annotated({"image_id": ["a", "a"]}, [])).found
    assert finding.code == "ANN001"
