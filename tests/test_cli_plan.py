"""`toolkit plan` as a user meets it: what it prints, writes and exits with."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import toolkit as tk
from tests.test_cli import Run, run

__all__ = ["run"]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of an audit of 100 feminine and 900 masculine people."""
    folder = tmp_path_factory.mktemp("saved")
    rows = "".join(f"i{i},{'F' if i < 100 else 'M'}\n" for i in range(1000))
    (folder / "people.csv").write_text("image_id,gender\n" + rows)
    return tk.audit(tk.load(folder / "people.csv"), by=["gender"]).save(folder / "out")


@pytest.fixture
def audited(saved: Path, run: Run, tmp_path: Path) -> Path:
    """Return a copy of it in the folder in which commands run."""
    return Path(shutil.copytree(saved, tmp_path / "out"))


def test_who_how_many_and_why_are_printed_and_written(run: Run, audited: Path) -> None:
    """(100 + x) / (1,000 + x) = 0.4 needs 500; the tables are those of the text."""
    code, out, err = run("plan", audited)
    said = " ".join(out.split())
    assert (code, err) == (0, "")
    assert "Collect 500 images" in said
    assert "F (gender) 100 10.0% 40.0% 40.0% 500" in said
    images = pd.read_parquet(audited / "plan.parquet")
    assert images[["group", "images"]].to_dict("list") == {"group": ["gender=F"], "images": [500]}
    targets = pd.read_parquet(audited / "plan_targets.parquet")
    assert set(targets["state"]) == {"met", "collect"}
    assert json.loads((audited / "plan.json").read_text())["total"] == 500
    assert "Collect 500 images" in (audited / "plan.md").read_text()
    assert (audited / "audit.json").is_file()


def test_aims_are_options(run: Run, audited: Path) -> None:
    """A lower tolerance needs fewer images, a smaller disparity more."""
    run("plan", audited, "--tolerance", "0.4", "-o", "low")
    assert json.loads(Path("low/plan.json").read_text())["total"] == 288
    run("plan", audited, "--disparity", "0.02", "-o", "fine")
    assert json.loads(Path("fine/plan.json").read_text())["total"] > 5000


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nowhere"], 3, "nowhere"),
        (["out", "--tolerance", "2"], 2, "planning.tolerance"),
        (["out", "--power", "1"], 2, "planning.power"),
        (["out", "--tolerance", "much"], 2, "--tolerance"),
        ([], 2, "Missing argument"),
    ],
)
def test_wrong_usage_says_what_to_do(
    run: Run, audited: Path, arguments: list[str], code: int, said: str
) -> None:
    """Usage is code 2, what is not there 3, and nothing is written."""
    left, out, err = run("plan", *arguments)
    assert (left, out) == (code, "")
    assert said in " ".join(err.split())
    assert not (audited / "plan.md").exists()


def test_files_tell_nothing_of_a_small_group(run: Run, tmp_path: Path) -> None:
    """Three of unknown age are planned for on the terminal; the files leave their attribute out."""
    rows = "".join(
        f"i{i},{'F' if i < 100 else 'M'},{'Old' if i < 3 else 'Young'}\n" for i in range(1000)
    )
    (tmp_path / "people.csv").write_text("image_id,gender,age\n" + rows)
    dataset = tk.load(tmp_path / "people.csv")
    age = replace(dataset.attributes["age"], sensitive=True)
    dataset = dataset.with_attributes({**dataset.attributes, "age": age})
    tk.audit(dataset, by=["gender", "age"]).save(tmp_path / "out")
    code, out, _ = run("plan", tmp_path / "out")
    assert (code, "Old (age) 3" in " ".join(out.split())) == (0, True)
    targets = pd.read_parquet(tmp_path / "out" / "plan_targets.parquet")
    assert set(targets["slice"]) == {"gender=F", "gender=M"}
    for name in ("plan.md", "plan.json"):
        text = (tmp_path / "out" / name).read_text()
        assert "too small to be published" in text
        assert "Old" not in text
