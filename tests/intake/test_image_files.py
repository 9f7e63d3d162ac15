"""Files are found in the folder of a dataset, and nowhere else."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.engine import default_engine
from toolkit.errors import DataReadError
from toolkit.intake.image_files import (
    CLOSED,
    LINK,
    NOT_UTF8,
    ROWS_AT_ONCE,
    SPECIAL,
    named,
    pictures,
    rows_of,
    walk,
)
from toolkit.intake.pictures import LEADS_OUT, NOT_THERE


def touch(path: Path) -> None:
    """Write an empty file and its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def test_walk_in_order(tmp_path: Path) -> None:
    """Files come by folder and name, hidden ones not at all, and may be of one folder."""
    for name in ("b/2.jpg", "b/1.jpg", "a/c/3.jpg", "z.jpg", ".x.jpg", ".h/x.jpg", "a/é 👍\n.jpg"):
        touch(tmp_path / name)
    names = ["z.jpg", "a/é 👍\n.jpg", "a/c/3.jpg", "b/1.jpg", "b/2.jpg"]
    assert [entry.name for entry in walk(tmp_path)] == names
    assert [entry.name for entry in walk(tmp_path, "b")] == ["b/1.jpg", "b/2.jpg"]
    with pytest.raises(DataReadError, match="cannot be read"):
        next(walk(tmp_path, "gone"))


def test_what_is_not_opened(tmp_path: Path) -> None:
    """Links, pipes and names that are not UTF-8 are entries with a reason."""
    folder = tmp_path / "in"
    touch(tmp_path / "out/x.jpg")
    folder.mkdir()
    (folder / "file.jpg").symlink_to(tmp_path / "out/x.jpg")
    (folder / "folder").symlink_to(tmp_path / "out")
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "text.txt").symlink_to(tmp_path / "out/x.jpg")
    os.mkfifo(folder / "pipe.jpg")
    Path(os.fsdecode(bytes(folder) + b"/\xff.jpg")).touch()
    found = {entry.name: entry.fault for entry in walk(folder)}
    links = ("file.jpg", "folder", "loop", "text.txt")
    assert found == {**dict.fromkeys(links, LINK), "pipe.jpg": SPECIAL, "\\xff.jpg": NOT_UTF8}
    kept = {entry.name for entry in pictures(walk(folder))}
    assert kept == {"file.jpg", "folder", "pipe.jpg", "\\xff.jpg"}


def test_deep_folders(tmp_path: Path) -> None:
    """Folders are walked as deep as they go."""
    place = tmp_path
    for _ in range(400):
        place /= "d"
    touch(place / "x.jpg")
    assert [entry.name.count("/") for entry in walk(tmp_path)] == [400]


def test_closed_folder(tmp_path: Path) -> None:
    """A folder that cannot be read when its turn comes is an entry with a reason."""
    touch(tmp_path / "1.jpg")
    touch(tmp_path / "a/x.jpg")
    found = pictures(walk(tmp_path))
    assert next(found).name == "1.jpg"
    shutil.rmtree(tmp_path / "a")
    assert [(entry.name, entry.fault) for entry in found] == [("a", CLOSED)]


@pytest.mark.parametrize(
    ("name", "found", "fault"),
    [
        ("a/1.jpg", "a/1.jpg", ""),
        ("./a//1.jpg", "a/1.jpg", ""),
        ("a/../a/1.jpg", "a/../a/1.jpg", LEADS_OUT),
        ("../out.jpg", "../out.jpg", LEADS_OUT),
        ("/etc/passwd", "/etc/passwd", LEADS_OUT),
        ("link.jpg", "link.jpg", LEADS_OUT),
        ("gone.jpg", "gone.jpg", NOT_THERE),
        ("a/1.jpg\0", "a/1.jpg\0", LEADS_OUT),
        ("a", "a", NOT_THERE),
        ("", "", NOT_THERE),
        (None, "", NOT_THERE),
    ],
)
def test_named(tmp_path: Path, name: str | None, found: str, fault: str) -> None:
    """A name means a file in the folder, or there is a reason why it means none."""
    root = tmp_path.resolve() / "in"
    touch(root / "a/1.jpg")
    touch(tmp_path / "out.jpg")
    (root / "link.jpg").symlink_to(tmp_path / "out.jpg")
    entry = named(root, name)
    assert (entry.name, entry.fault) == (found, fault)


@given(st.text(max_size=20))
def test_no_name_leads_out(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    """Whatever a name is, what it means lies in the folder."""
    root = tmp_path_factory.getbasetemp().resolve()
    entry = named(root, name)
    assert entry.fault or Path(entry.path).is_relative_to(root)


def test_rows_in_portions() -> None:
    """Rows are handed out once each and in order, more than are held at once."""
    count = ROWS_AT_ONCE + 3
    table = default_engine().store(((str(i),) for i in range(count)), ("x",))
    assert [int(x) for (x,) in rows_of(table, "x")] == list(range(count))
    assert list(rows_of(table.filter(table["x"] == "none"), "x")) == []
    assert list(rows_of(table.filter(table["x"] == "7"), "source_row", "x")) == [(8, "7")]
