"""An audit in FiftyOne: the dataset comes back equal, and each finding can be looked at."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import pytest

import toolkit
from tests.datasets import annotated
from tests.hostile import NAMES
from toolkit.errors import FiftyOneError, SettingsError
from toolkit.exchange import fiftyone as exchange
from toolkit.model.attribute import Attribute
from toolkit.model.dataset import AnnotatedDataset
from toolkit.model.finding import Finding, Severity

pytest_plugins = ["tests.mongo"]


def hostile() -> AnnotatedDataset:
    """Return a dataset with hostile names, predictions of two models, labels and captions."""
    box = {"x_min": 0.0, "y_min": 0.25, "x_max": 0.5, "y_max": 1.0}
    frame = pd.DataFrame({"image_id": NAMES, "label": NAMES, "gender": NAMES, "mask": 1, **box})
    images = pd.DataFrame(
        {
            "image_id": [*NAMES, "empty"],
            "path": [None, "a.png", *["b/c.jpg"] * (len(NAMES) - 1)],
            "width": 8,
            "height": 4,
            "split": "train",
            "id": "x",
        }
    )
    predictions = pd.DataFrame({"prediction_id": [1, 2], "image_id": "plain", "label": "p"})
    predictions = predictions.assign(score=[0.25, 0.75], model=["A b", "c"], **box)
    captions = pd.DataFrame({"caption_id": [1], "image_id": "plain", "text": "two\nlines"})
    labels = pd.DataFrame({"image_id": NAMES, "label": "sun", "confidence": 0.5, "source": "m"})
    gender = Attribute("gender", "annotations", NAMES)
    dataset = annotated(frame, (gender,), images=images, image_labels=labels)
    return replace(
        dataset,
        predictions=ibis.memtable(predictions),
        captions=ibis.memtable(captions),
        root="/nowhere",
    )


def rows(table: Any, *columns: str) -> list[tuple[object, ...]]:
    """Return columns of a table, sorted."""
    found = table.select(*columns).to_pyarrow().to_pylist()
    return sorted((tuple(row.values()) for row in found), key=repr)


def test_what_is_written_is_read_equal(fo: Any) -> None:
    """Every table comes back; columns that FiftyOne has itself are put after `source_`."""
    dataset = hostile()
    written = toolkit.audit(dataset, ["gender"]).to_fiftyone("hostile")
    assert (written.name, written.persistent, len(written)) == ("hostile", True, len(NAMES) + 1)
    back = toolkit.load(written)
    columns = ["image_id", "label", "x_min", "y_min", "x_max", "y_max", "gender"]
    assert rows(back.annotations, *columns) == rows(dataset.annotations, *columns)
    assert {value for (value,) in rows(back.annotations, "source_mask")} == {"1"}
    assert {value for (value,) in rows(back.annotations, "signal_box_area")} == {"0.375"}
    assert "box_area" in set(toolkit.audit(back, ["gender"]).tables["geometry.mean"]["subject"])
    columns = ["image_id", "width", "height", "split"]
    assert rows(back.images, *columns) == rows(dataset.images, *columns)
    assert {value for (value,) in rows(back.images, "source_id")} == {"x"}
    assert rows(back.predictions, "label", "score", "model") == [
        ("p", 0.25, "predictions_1_a_b"),
        ("p", 0.75, "predictions_2_c"),
    ]
    assert rows(back.captions, "image_id", "text") == [("plain", "two\nlines")]
    columns = ["image_id", "label", "confidence", "source"]
    stated = back.image_labels.filter(back.image_labels["source"] != "tags")
    assert rows(stated, *columns) == rows(dataset.image_labels, *columns)
    paths = dict(rows(back.images, "image_id", "path"))
    assert paths["plain"] == "/nowhere/plain.jpg"
    assert paths["two words"] == "/nowhere/a.png"


def shown(view: Any, finding: Finding, unit: str) -> int:
    """Count what a view shows of the unit of a finding."""
    return len(view) if unit == "image" else int(view.count("ground_truth.detections"))


def test_a_view_shows_the_rows_of_its_finding(fo: Any, sample: Path) -> None:
    """Each finding has a view with as many boxes or images as its number counts."""
    audit = toolkit.audit(toolkit.load(sample), ["gender_presentation", "age_presentation"])
    seen: list[tuple[str, int, int]] = []
    written = audit.to_fiftyone("views", progress=lambda *stage: seen.append(stage))
    assert seen[-1] == ("writing to FiftyOne", 400, 400)
    names = written.list_saved_views()
    assert len(names) == len(audit.found)
    annotations = audit.dataset.annotations.to_pandas()
    counted = {"REP001", "ASC001", "ANN001", "ANN009", "ANN010", "ANN011"}
    checked = set()
    for name, finding in zip(names, audit.found, strict=True):
        view = written.load_saved_view(name)
        assert name.startswith(finding.code)
        assert written.get_saved_view_info(name)["description"] == finding.message
        if finding.code in counted:
            of_images = finding.code in {"ASC001", "ANN009"}
            assert shown(view, finding, "image" if of_images else "box") == finding.n
            checked.add(finding.code)
        if finding.code == "REP001":
            attribute, _, value = finding.slice.partition("=")
            ids = set(annotations.loc[annotations[attribute] == value, "annotation_id"])
            assert set(view.values("ground_truth.detections.annotation_id", unwind=True)) == ids
    assert {"REP001", "ASC001"} <= checked


def test_a_view_of_unknown_values_shows_them(fo: Any, shared_data: Path) -> None:
    """Of MIAP, each view has the rows that pandas finds by the sentence of the finding."""
    file = shared_data / "miap_val" / "open_images_extended_miap_boxes_val.csv"
    frame = pd.read_csv(file)
    few = sorted(frame["ImageID"].unique())[:1500]
    frame = frame[frame["ImageID"].isin(few)]
    dataset = toolkit.load(file)
    part = replace(
        dataset,
        annotations=dataset.annotations.filter(dataset.annotations["image_id"].isin(few)),
        n_images=len(few),
    )
    audit = toolkit.audit(part, ["gender_presentation", "age_presentation"])
    written = audit.to_fiftyone("unknown")
    views = {name: written.load_saved_view(name) for name in written.list_saved_views()}
    numbers = {name: shown(view, audit.found[0], "box") for name, view in views.items()}
    unknown, group = frame["GenderPresentation"] == "Unknown", frame["IsGroupOf"] == 1
    assert numbers["ANN008 gender_presentation overall"] == unknown.sum()
    assert numbers["ANN006 gender_presentation is_group_of=true"] == (unknown & group).sum()
    assert numbers["ANN007 is_group_of gender_presentation=Unknown"] == (unknown & group).sum()
    assert numbers["ANN002 is_inside_of is_inside_of=false"] == len(frame)
    young = frame["AgePresentation"] == "Young"
    assert numbers["ANN003 gender_presentation age_presentation=Young"] == young.sum()


def test_rejected_rows_have_an_empty_view(fo: Any) -> None:
    """A finding about rows that are not in the dataset has a view of nothing."""
    dataset = annotated(
        {"image_id": ["a", "b"], "gender": ["F", "M"], "age": ["Young", "Old"]},
        rejected={"annotations": {"label is empty": 2}},
    )
    written = toolkit.audit(dataset, ["gender"]).to_fiftyone("rejected")
    (name,) = [name for name in written.list_saved_views() if name.startswith("ANN004")]
    assert len(written.load_saved_view(name)) == 0


def test_colours_tell_the_values_of_an_attribute(fo: Any) -> None:
    """Boxes are coloured by the first attribute; values that say nothing are grey."""
    dataset = annotated({"image_id": ["a", "b"], "gender": ["F", "Unknown"], "age": "Old"})
    written = toolkit.audit(dataset, ["gender", "age"]).to_fiftyone("colours")
    scheme = written.app_config.color_scheme
    assert scheme.color_by == "value"
    (field,) = scheme.fields
    assert (field["path"], field["colorByAttribute"]) == ("ground_truth", "gender")
    assert field["valueColors"] == [
        {"value": "F", "color": "#0072B2"},
        {"value": "M", "color": "#E69F00"},
        {"value": "Unknown", "color": "#999999"},
    ]


def test_a_taken_name_is_kept_until_the_new_dataset_is_whole(
    fo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is overwritten unasked, nor by a dataset that breaks half-way."""
    audit = toolkit.audit(annotated({"image_id": ["a"], "gender": "F", "age": "Old"}), ["gender"])
    audit.to_fiftyone("taken")
    with pytest.raises(SettingsError, match="'taken' already"):
        audit.to_fiftyone("taken")
    with monkeypatch.context() as patch:
        patch.setattr(exchange, "add_views", None)
        with pytest.raises(TypeError):
            audit.to_fiftyone("taken", overwrite=True)
    assert [name for name in fo.list_datasets() if name.startswith("partial")] == []
    assert len(fo.load_dataset("taken")) == 1
    assert audit.to_fiftyone("taken", overwrite=True).name == "taken"


def test_names_of_views_do_not_clash() -> None:
    """Findings that FiftyOne would call the same are numbered, and long names are cut."""
    pytest.importorskip("fiftyone")
    numbers = (1, 0.5, 0.4, 0.6, 0.8)
    values = ["a=F", "a=F!", "a=" + "x" * 5000, "a=שלום", "a=👩🏽‍🦱"]
    found = [Finding("REP001", Severity.INFO, "", value, *numbers, "") for value in values]
    names = exchange.view_names(found)
    assert names[:2] == ["REP001 a=F", "REP001 a=F! (2)"]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= exchange.MOST_CHARACTERS + 5


def test_without_fiftyone_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package, the message has the command that installs it."""
    monkeypatch.setitem(sys.modules, "fiftyone", None)
    audit = toolkit.audit(annotated({"image_id": ["a"], "gender": "F", "age": "Old"}), ["gender"])
    with pytest.raises(FiftyOneError, match=r'pip install "dataset-audit-toolkit\[fiftyone\]"'):
        audit.to_fiftyone("x")


def test_without_a_database_a_sentence_says_how_to_start_one(
    fo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the database does not answer, the message has the command that starts one."""

    def refuse() -> None:
        raise ConnectionError

    monkeypatch.setattr(fo, "list_datasets", refuse)
    audit = toolkit.audit(annotated({"image_id": ["a"], "gender": "F", "age": "Old"}), ["gender"])
    with pytest.raises(FiftyOneError, match="mongod --dbpath"):
        audit.to_fiftyone("x")


def test_an_opened_audit_has_no_dataset(tmp_path: Path) -> None:
    """An audit that was read from a folder cannot be written to FiftyOne."""
    audit = toolkit.audit(annotated({"image_id": ["a"], "gender": "F", "age": "Old"}), ["gender"])
    opened = toolkit.Audit.open(audit.save(tmp_path))
    with pytest.raises(SettingsError, match="audit it again"):
        opened.to_fiftyone("x")
