"""The shards of a dataset in a folder, and the splits that their names and folders state."""

from __future__ import annotations

from dataclasses import dataclass
from os import scandir
from pathlib import Path
from typing import TYPE_CHECKING, Final

from toolkit.files.sources import is_utf8, reading

if TYPE_CHECKING:
    from collections.abc import Iterator

SPLITS: Final = ("train", "validation", "valid", "val", "test", "dev")
"""What splits are called; a folder of such a name holds one."""
MOST_DEPTH: Final = 3
"""How deep shards lie: `data/train-….parquet`, `<configuration>/<split>/0000.parquet`."""
LINK: Final = "a link that leads out of the folder"
NO_TEXT: Final = "a name that is not UTF-8"


@dataclass(frozen=True)
class Shards:
    """The shards of a folder by their relative names, and what is not read, with the reason."""

    files: dict[str, Path]
    ignored: tuple[str, ...] = ()


def find_shards(folder: Path, endings: tuple[str, ...]) -> Shards:
    """Find the files whose names end so in a folder and the folders in it, in order of names.

    Links to folders are not entered, and links to files out of the folder are not followed.

    Raises:
        DataReadError: If a folder cannot be read.
    """
    root = folder.resolve()
    files = {}
    ignored = []
    for file in walk(folder, endings, 1):
        name = str(file.relative_to(folder))
        if not is_utf8(name):
            ignored.append(f"{name!a} ({NO_TEXT})")
        elif not file.resolve().is_relative_to(root):
            ignored.append(f"{name!a} ({LINK})")
        else:
            files[name] = file
    return Shards(files, tuple(ignored))


def walk(folder: Path, endings: tuple[str, ...], depth: int) -> Iterator[Path]:
    """Return the files of a folder and the folders in it, hidden ones left out."""
    with reading(folder), scandir(folder) as found:
        wanted = (
            entry
            for entry in found
            if entry.name.endswith(endings) or entry.is_dir(follow_symlinks=False)
        )
        entries = sorted(wanted, key=lambda entry: entry.name)
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False) and depth < MOST_DEPTH:
            yield from walk(Path(entry.path), endings, depth + 1)
        elif entry.name.endswith(endings) and entry.is_file():
            yield Path(entry.path)
