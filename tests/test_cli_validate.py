"""`toolkit validate` as a user meets it: what it prints, what it exits with, and its options."""

import json
from pathlib import Path

import jsonschema
import pytest
from PIL import Image

from tests.test_cli import HEADER, PERSON, Run, boxes, run

__all__ = ["boxes", "run"]


def test_each_finding_is_printed_with_number_groups_and_examples(run: Run, boxes: Path) -> None:
    """A repeated row is counted, put to its group and named."""
    boxes.write_text(boxes.read_text() + "\n" + PERSON.format(0))
    code, out, err = run("validate", boxes, "--by", "gender_presentation")
    said = " ".join(out.split())
    assert (code, err) == (0, "")
    assert "1 annotations on 1 images repeat another one of the same image" in said
    assert "By group: perceived gender presentation: Predominantly Feminine 5.9% (1)" in said
    assert "For example: 17 On images: 0123456789abcde0" in said


def test_only_errors_fail_the_command_unless_asked(run: Run, boxes: Path) -> None:
    """By default an error does; the settings and the option say otherwise."""
    assert run("validate", boxes)[0] == 0
    assert run("validate", boxes, "--fail-on", "info")[0] == 1
    boxes.write_text(boxes.read_text().replace("Middle", "Mddle", 1))
    assert run("validate", boxes)[0] == 1
    Path("audit.toml").write_text('[findings]\nfail_on = "never"\n')
    assert run("validate", boxes)[0] == 0


def test_the_report_is_written_as_json_of_the_published_schema(run: Run, boxes: Path) -> None:
    """Examples are in the evidence of each finding."""
    boxes.write_text(boxes.read_text() + "\n" + PERSON.format(0))
    assert run("validate", boxes, "-o", "reports/faults.json")[0] == 0
    report = json.loads(Path("reports/faults.json").read_text())
    jsonschema.validate(report, json.loads(run("schema", "audit.json")[1]))
    (found,) = [f for f in report["findings"] if f["code"] == "ANN001"]
    assert found["evidence"]["examples"] == "17"
    assert list(Path("reports").iterdir()) == [Path("reports/faults.json")]


def test_nothing_found_says_what_was_looked_at(run: Run) -> None:
    """An empty list is an answer only with its question."""
    Path("plain.csv").write_text("image_id,x\n" + "".join(f"{i},{i % 2}\n" for i in range(20)))
    code, out, _ = run("validate", "plain.csv")
    assert code == 0
    assert "Nothing was found. Looked at:" in out
    assert "validation.near_duplicates" in out


def test_the_settings_say_how_boxes_are_written(run: Run) -> None:
    """Corners in pixels that are read as corner and size reach out of the image."""
    Path("pictures").mkdir()
    Image.new("1", (8, 4)).save("pictures/a.png")
    corners = {"file_name": "a.png", "objects": {"bbox": [[2, 1, 8, 4], [0, 0, 4, 2]]}}
    Path("pictures/metadata.jsonl").write_text(json.dumps(corners))
    assert "1 rows were left out" in run("validate", "pictures")[1]
    Path("audit.toml").write_text('[dataset.boxes]\nform = "xyxy"\n')
    assert "rows were left out" not in run("validate", "pictures")[1]


def test_attributes_are_joined_on_the_command_line(run: Run, boxes: Path) -> None:
    """Their unmatched rows are a finding."""
    Path("people.csv").write_text("image_id,country\n0123456789abcde0,Kenya\nz,Peru\n")
    code, out, _ = run("validate", boxes, "--attributes", "people.csv")
    assert code == 0
    assert "attributes: image_id is not in the dataset" in " ".join(out.split())
    by = ("--by", "country", "-o", "out")
    assert run("audit", boxes, "--attributes", "people.csv", "--on", "image_id", *by)[0] == 0


def test_splits_are_named_on_the_command_line(run: Run, boxes: Path) -> None:
    """Paths are relative to the root; a repeated or missing name is refused."""
    Path("sub").mkdir()
    Path("sub/more.csv").write_text(
        "\n".join([HEADER, PERSON.format("0").replace("abcde0", "abcd00")])
    )
    boxes.rename("sub/boxes.csv")
    both = ("train=boxes.csv", "val=more.csv")
    code, out, _ = run("audit", *both, "--root", "sub", "--by", "split", "-o", "out")
    assert code == 0
    assert "17 images, 17 annotations" in out
    for wrong in (("boxes.csv", "more.csv"), ("a=boxes.csv", "a=more.csv")):
        code, _, err = run("validate", *wrong, "--root", "sub")
        assert code == 2
        assert "train=PATH val=PATH" in err


@pytest.mark.parametrize("options", [["--attributes", "gone.csv"], ["--root", "gone"]])
def test_what_is_not_there_is_one_sentence(run: Run, boxes: Path, options: list[str]) -> None:
    """Exit code 3, and no traceback."""
    code, _, err = run("validate", boxes.name, *options)
    assert code == 3
    assert "no file or folder at" in err
