"""`toolkit compare` as a user meets it: what it prints, writes and exits with."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import toolkit as tk
from tests.test_cli import Run, run
from toolkit.comparison import to_markdown
from toolkit.outputs import Audit

__all__ = ["run"]


def people(path: Path, feminine: int, of: int = 1000, evil: str = "M") -> Path:
    """Write a table of people, each on an image of its own."""
    rows = "".join(f"{path.stem}{i},{'F' if i < feminine else evil}\n" for i in range(of))
    path.write_text("image_id,gender\n" + rows, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with two tables and their audits, of 20% and of 40% feminine people."""
    folder = tmp_path_factory.mktemp("saved")
    for name, feminine in (("a", 200), ("b", 400)):
        dataset = tk.load(people(folder / f"{name}.csv", feminine))
        tk.audit(dataset, by=["gender"]).save(folder / name)
    return folder


@pytest.fixture
def audits(saved: Path, run: Run, tmp_path: Path) -> tuple[Path, Path]:
    """Return the folders of the two audits, in the folder in which commands run."""
    shutil.copytree(saved, tmp_path, dirs_exist_ok=True)
    return tmp_path / "a", tmp_path / "b"


def test_the_change_is_printed_with_its_interval(run: Run, audits: tuple[Path, Path]) -> None:
    """Shares before and after, the change in points, and that settings are the same."""
    code, out, err = run("compare", *audits)
    said = " ".join(out.split())
    assert (code, err) == (0, "")
    assert "a: a of " in said
    assert "Both audits were made with the same settings." in said
    assert "grew: F (gender): 20.0% → 40.0%, +20.0 points (95% interval +16.0 to +23.9" in said
    assert "independent samples" in said


def test_it_is_written_in_three_forms(run: Run, audits: tuple[Path, Path]) -> None:
    """Everything as JSON, what to read as Markdown, the numbers as Parquet."""
    for name in ("new/c.json", "c.md", "c.parquet"):
        assert run("compare", *audits, "-o", name)[0] == 0
    comparison = tk.compare(*map(Audit.open, audits))
    assert json.loads(Path("new/c.json").read_text()) == json.loads(comparison.to_json())
    assert Path("c.md").read_text() == to_markdown(comparison)
    pd.testing.assert_frame_equal(pd.read_parquet("c.parquet"), comparison.changes)


def test_findings_fail_it_only_where_asked(run: Run, audits: tuple[Path, Path]) -> None:
    """A finding that appeared is 1 where asked; the same audit twice never is."""
    a, b = audits
    assert run("compare", b, a)[0] == 0
    assert run("compare", b, a, "--fail-on", "appeared")[0] == 0
    assert run("compare", b, a, "--fail-on", "worse")[0] == 1
    assert run("compare", a, a, "--fail-on", "worse")[0] == 0


def test_datasets_are_audited_first(run: Run, audits: tuple[Path, Path]) -> None:
    """Beside an audit, with its settings and slices; the numbers are those of two audits."""
    a, b = audits
    assert run("compare", a, b.with_suffix(".csv"), "-o", "half.parquet")[0] == 0
    assert run("compare", a, b, "-o", "whole.parquet")[0] == 0
    pd.testing.assert_frame_equal(pd.read_parquet("half.parquet"), pd.read_parquet("whole.parquet"))
    code, out, _ = run("compare", "a.csv", "b.csv", "--by", "gender")
    assert (code, "grew: F (gender)" in out) == (0, True)


def test_names_cannot_write_on_the_terminal(run: Run, tmp_path: Path) -> None:
    """A value that would clear the screen is spelt out."""
    for name, feminine in (("a", 200), ("b", 400)):
        people(tmp_path / f"{name}.csv", feminine, evil="\x1b[2J\u202eM")
    code, out, err = run("compare", "a.csv", "b.csv", "--by", "gender")
    assert code == 0
    assert "\\x1b[2J" in out
    assert not {"\x1b", "\u202e"} & set(out + err)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda folder: (folder / "audit.json").write_text("{"), "not a complete audit"),
        (
            lambda folder: next((folder / "tables").glob("*.parquet")).write_bytes(b"PAR1"),
            "Run the audit again",
        ),
        (lambda folder: (folder / "audit.json").unlink(), "No loader recognises"),
    ],
)
def test_a_broken_folder_is_a_sentence(run: Run, audits: tuple[Path, Path], damage, said) -> None:
    """Exit code 3, nothing printed, no traceback."""
    damage(audits[1])
    code, out, err = run("compare", *audits)
    assert (code, out, err.count("\n")) == (3, "", 1)
    assert said in err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["a", "nowhere"], 3, "no file or folder at 'nowhere'"),
        (["a", "b", "-o", "c.xlsx"], 2, "End it in .json, .md, .parquet."),
        (["a"], 2, "Missing argument"),
        (["a", "b", "--fail-on", "often"], 2, "often"),
    ],
)
def test_wrong_usage_says_what_to_do(
    run: Run, audits: tuple[Path, Path], arguments: list[str], code: int, said: str
) -> None:
    """Usage is code 2, what is not there 3."""
    left, _, err = run("compare", *arguments)
    assert left == code
    assert said in " ".join(err.split())


def test_files_tell_nothing_of_a_small_group(run: Run, tmp_path: Path) -> None:
    """Of four and seven people, no file has a number."""
    for name, feminine in (("a", 4), ("b", 7)):
        dataset = tk.load(people(tmp_path / f"{name}.csv", feminine))
        gender = replace(dataset.attributes["gender"], sensitive=True)
        tk.audit(dataset.with_attributes({"gender": gender}), by=["gender"]).save(tmp_path / name)
    assert run("compare", tmp_path / "a", tmp_path / "b", "-o", "c.parquet")[0] == 0
    changes = pd.read_parquet("c.parquet")
    of_group = changes[changes["slice"] == "gender=F"]
    assert len(of_group)
    assert of_group[["n_a", "n_b", "value_a", "value_b", "change"]].isna().all(axis=None)
    run("compare", tmp_path / "a", tmp_path / "b", "-o", "c.json")
    findings = json.loads(Path("c.json").read_text())["findings"]
    assert all(finding["value_a"] is None for finding in findings if "F" in finding["slice"])
