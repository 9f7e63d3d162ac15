"""Shards are found by the names of files; no link leads out, and nothing is found twice."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.errors import DataReadError
from toolkit.files.shards import LINK, MOST_DEPTH, NO_TEXT, find_shards

ENDINGS = (".tar", ".tgz")
NAMES = st.text("aB.-é ", min_size=1, max_size=4).filter(lambda name: not name.startswith("."))
PLACES = st.lists(NAMES, min_size=1, max_size=MOST_DEPTH + 1)


def touch(folder: Path, *names: str) -> None:
    """Make empty files, and the folders that they are in."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


@settings(max_examples=30)
@given(places=st.lists(PLACES, max_size=6), ending=st.sampled_from((*ENDINGS, ".txt")))
def test_all_shards_that_are_not_too_deep_are_found(
    tmp_path_factory: pytest.TempPathFactory, places: list[list[str]], ending: str
) -> None:
    """What is found is what `rglob` finds, down to the depth that is looked at."""
    folder = tmp_path_factory.mktemp("shards")
    for place in places:
        touch(folder, "/".join(f"{part}_" for part in place) + ending)
    found = find_shards(folder, ENDINGS).files
    there = [p.relative_to(folder) for p in folder.rglob("*") if p.is_file()]
    wanted = {p for p in there if p.name.endswith(ENDINGS) and len(p.parts) <= MOST_DEPTH}
    assert {Path(name) for name in found} == wanted
    assert all(folder / name == path for name, path in found.items())


def test_shards_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    """Rows are numbered shard by shard, so that their order must not be the file system's."""
    touch(tmp_path, "train/2.tar", "train/1.tar", "a.tar", "val/1.tar")
    assert list(find_shards(tmp_path, ENDINGS).files) == [
        "a.tar",
        "train/1.tar",
        "train/2.tar",
        "val/1.tar",
    ]


def test_hidden_and_other_files_are_passed_over(tmp_path: Path) -> None:
    """So are folders and pipes that are named like shards."""
    touch(tmp_path, "a.tar", ".b.tar", ".cache/c.tar", "d.txt", "e.tar.part")
    (tmp_path / "f.tar").mkdir()
    os.mkfifo(tmp_path / "g.tar")
    found = find_shards(tmp_path, ENDINGS)
    assert (list(found.files), found.ignored) == (["a.tar"], ())


def test_links_out_of_the_folder_are_named_and_not_followed(tmp_path: Path) -> None:
    """A link to a shard inside is one more name of it; a folder is not entered by a link."""
    folder = tmp_path / "data"
    touch(tmp_path, "out/secret.tar", "data/a.tar")
    (folder / "inside.tar").symlink_to(folder / "a.tar")
    (folder / "outside.tar").symlink_to(tmp_path / "out/secret.tar")
    (folder / "gone.tar").symlink_to(tmp_path / "nowhere.tar")
    (folder / "linked").symlink_to(tmp_path / "out")
    (folder / "loop").symlink_to(folder)
    found = find_shards(folder, ENDINGS)
    assert list(found.files) == ["a.tar", "inside.tar"]
    assert found.ignored == (f"'outside.tar' ({LINK})",)


def test_a_name_that_is_no_text_is_named_as_far_as_it_can_be(tmp_path: Path) -> None:
    """Its bytes are escaped in the note, and the file is not read."""
    touch(tmp_path, "a.tar")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.tar")).touch()
    found = find_shards(tmp_path, ENDINGS)
    assert list(found.files) == ["a.tar"]
    assert found.ignored == (f"'\\udcff.tar' ({NO_TEXT})",)


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    """The error names the folder."""
    with pytest.raises(DataReadError, match="cannot be read"):
        find_shards(tmp_path / "gone", ENDINGS)
