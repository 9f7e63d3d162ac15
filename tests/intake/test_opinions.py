"""Several annotators' answers and a second annotation, as users name them."""

import sys
from pathlib import Path

import pandas as pd
import pytest

import toolkit as tk
from tests.tables import rows
from toolkit.cli import main
from toolkit.config import AuditConfig
from toolkit.errors import DataNotFoundError, DataReadError, MissingColumnsError


def table(path: Path, *lines: str) -> Path:
    """Write a file of these lines."""
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def boxes(tmp_path: Path) -> Path:
    """Return three boxes on two images."""
    lines = ["a,Person,0,0,0.5,0.5,F", "a,Person,0.5,0.5,1,1,M", "b,Person,0,0,0.2,0.2,F"]
    return table(tmp_path / "boxes.csv", "image_id,label,x_min,y_min,x_max,y_max,gender", *lines)


def test_every_answer_is_used_or_counted(tmp_path: Path, boxes: Path) -> None:
    """Unmatched ids, nameless annotators, repeats and contradictions, each with its number."""
    answers = table(
        tmp_path / "answers.csv",
        "annotation_id,annotator,Gender",
        *("1,ann,F", "1,bob,M", "2,ann,", "2,bob,M"),
        *("1,ann,F", "3,ann,F", "3,ann,M", "9,ann,F", "x,ann,F", "3,,F"),
    )
    dataset = tk.load(boxes, answers=answers)
    assert rows(dataset.answers, "annotation_id", "annotator", "gender") == [
        (1, "ann", "F"),
        (1, "bob", "M"),
        (2, "ann", None),
        (2, "bob", "M"),
    ]
    assert dict(dataset.provenance.rows_rejected["answers"]) == {
        "annotation_id is not in the dataset": 2,
        "the annotator gave different answers about the item": 2,
        "annotator is empty": 1,
        "the answer is there already": 1,
    }
    assert dataset.provenance.rows_read["answers"] == 10
    note = dataset.provenance.notes[-1]
    assert note.startswith("4 of the 10 answers of answers.csv are used; 2 not: ")
    assert "1 not: the answer is there already" in note


def test_answers_in_parquet_about_images(tmp_path: Path, boxes: Path) -> None:
    """Typed columns become text; images that only boxes name can be answered about."""
    frame = pd.DataFrame({"image_id": ["a", "b"], "annotator": [1, 1], "faces": [2, None]})
    frame.astype({"faces": "Int64"}).to_parquet(tmp_path / "answers.parquet")
    dataset = tk.load(boxes, answers=tmp_path / "answers.parquet")
    assert rows(dataset.answers, "image_id", "annotator", "faces") == [
        ("a", "1", "2"),
        ("b", "1", None),
    ]


@pytest.mark.parametrize(
    ("lines", "error", "said"),
    [
        (["annotation_id,gender", "1,F"], MissingColumnsError, "no column annotator"),
        (["annotator,gender", "ann,F"], MissingColumnsError, "no column image_id"),
        (["annotation_id,annotator", "1,ann"], DataReadError, "no column with answers"),
        (["annotation_id,annotator,g", "7,ann,F"], DataReadError, "is not in the dataset"),
        (["annotation_id,annotator,g,G", "1,ann,F,F"], DataReadError, "column"),
    ],
)
def test_answers_that_cannot_be_used_are_refused(
    tmp_path: Path, boxes: Path, lines: list[str], error: type[Exception], said: str
) -> None:
    """A file that is none of answers about this dataset says what it lacks."""
    with pytest.raises(error, match=said):
        tk.load(boxes, answers=table(tmp_path / "answers.csv", *lines))


def test_the_second_annotation_is_that_of_the_same_images(tmp_path: Path, boxes: Path) -> None:
    """Boxes on other images are left out, and how many images are covered is said."""
    header = "image_id,label,x_min,y_min,x_max,y_max"
    second = table(tmp_path / "other.csv", header, "a,Man,0,0,0.5,0.5", "z,Man,0,0,1,1")
    dataset = tk.load(boxes, second=second)
    assert rows(dataset.second_annotations, "image_id", "label") == [("a", "Man")]
    sentence = (
        "The second annotation, other.csv, has 2 boxes; 1 of them are on 1 of the 2 images of the "
        "dataset."
    )
    assert sentence in dataset.provenance.notes
    assert "second/other.csv" in dataset.provenance.files


def test_a_second_annotation_that_is_none_is_refused(tmp_path: Path, boxes: Path) -> None:
    """No boxes, none on these images, or no file."""
    labels = table(tmp_path / "labels.csv", "image_id,label,kind", "a,Man,x")
    strange = table(tmp_path / "strange.csv", boxes.read_text().splitlines()[0], "z,P,0,0,1,1,F")
    with pytest.raises(DataReadError, match="no box"):
        tk.load(boxes, second=labels)
    with pytest.raises(DataReadError, match="no box on any image of the dataset"):
        tk.load(boxes, second=strange)
    with pytest.raises(DataNotFoundError):
        tk.load(boxes, second=tmp_path / "nothing.csv")


def test_the_settings_name_both_relative_to_their_file(tmp_path: Path) -> None:
    """As they do the dataset itself."""
    path = tmp_path / "audit.toml"
    path.write_text('[dataset]\npath = "a.csv"\nanswers = "b.csv"\nsecond = "c.csv"\n')
    stated = AuditConfig.read(path).dataset
    named = (stated.path, stated.answers, stated.second)
    assert named == tuple(str(tmp_path / name) for name in ("a.csv", "b.csv", "c.csv"))


def test_the_command_line_takes_both(
    tmp_path: Path, boxes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--answers` goes before the settings, which give `second`; both tables are written."""
    table(tmp_path / "answers.csv", "annotation_id,annotator,gender", "1,ann,F", "1,bob,M")
    monkeypatch.chdir(tmp_path)
    Path("audit.toml").write_text('[dataset]\nanswers = "nothing.csv"\nsecond = "boxes.csv"\n')
    arguments = ["toolkit", "audit", boxes.name, "--by", "gender", "--answers", "answers.csv"]
    monkeypatch.setattr(sys, "argv", [*arguments, "-o", "out"])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code in (0, None)
    recall = pd.read_parquet("out/tables/annotation_gap.recall.parquet")
    assert recall.set_index("slice").loc["overall", "value"] == 1
    agreement = pd.read_parquet("out/tables/agreement.coefficient.parquet")
    assert agreement["value"].iloc[0] == 0
