"""What a folder of Hugging Face `datasets` holds: its shards, their splits and their features."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from toolkit.errors import DataReadError
from toolkit.files.documents import read_object
from toolkit.files.shards import LINK, SPLITS, Shards, find_shards
from toolkit.files.sources import PARQUET_MAGIC, first_line, reading
from toolkit.intake.pictures import leads_out

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

INFO: Final = "dataset_info.json"
STATE: Final = "state.json"
SPLIT_LIST: Final = "dataset_dict.json"
SHARD_NAME: Final = re.compile(r"(.+)-\d{5}-of-\d{5}(?:-[0-9a-f]+)?\.parquet")
METADATA: Final = b"huggingface"
"""The key of a schema's metadata under which `datasets` keeps the features."""


@dataclass(frozen=True)
class Shard:
    """One file of samples.

    Attributes:
        path: Where it is.
        name: Its path relative to the dataset's folder.
        split: The split, or None if nothing says so.
        schema: The Arrow schema of its columns.
        features: What `datasets` says of the columns, by their names.
    """

    path: Path
    name: str
    split: str | None
    schema: pa.Schema
    features: Mapping[str, Any]

    @property
    def pictures(self) -> list[str]:
        """The columns that hold pictures."""
        return [item.name for item in self.schema if self.holds_pictures(item)]

    def holds_pictures(self, column: pa.Field) -> bool:
        """Whether a column holds pictures: as `datasets` declares, or by its fields."""
        feature = self.features.get(column.name)
        declared = isinstance(feature, dict) and feature.get("_type") == "Image"
        kind = column.type
        stored = pa.types.is_struct(kind) and {item.name for item in kind} == {"bytes", "path"}
        return stored and (declared or not feature)


@dataclass(frozen=True)
class Contents:
    """What a path holds.

    Attributes:
        shards: The files to read, split by split.
        why: By what they were recognised, or why there are none, as half a sentence.
        described: The files that describe them.
        licence: The licence, if it is stated.
        ignored: Files that are not read, with the reason.
    """

    shards: tuple[Shard, ...]
    why: str
    described: tuple[Path, ...] = ()
    licence: str = ""
    ignored: tuple[str, ...] = field(default=())


def look(path: Path) -> Contents:
    """Say what of `datasets` a file or folder holds; without a match there are no shards.

    Raises:
        DataReadError: If a file that says what is there, or a shard, is missing or damaged.
    """
    if path.is_dir() and (path / SPLIT_LIST).is_file():
        return saved_splits(path)
    if path.is_dir() and (path / STATE).is_file() and (path / INFO).is_file():
        shards, licence = saved(path, path, None)
        why = f"it holds {STATE} and {INFO}, as `save_to_disk` writes them"
        return Contents(shards, why, (path / INFO,), licence)
    return parquet_files(path)


def saved_splits(path: Path) -> Contents:
    """Look into a folder that holds a folder for each split."""
    names = read_object(path / SPLIT_LIST).get("splits")
    if not isinstance(names, list) or not names:
        raise DataReadError(path / SPLIT_LIST, "names no splits", "Save the dataset again.")
    shards: list[Shard] = []
    licences: list[str] = []
    folders = [inside(path, path, name) for name in names]
    for name, folder in zip(names, folders, strict=True):
        found, licence = saved(path, folder, name)
        shards += found
        licences.append(licence)
    why = f"it holds {SPLIT_LIST}, as `save_to_disk` writes it"
    described = tuple(folder / INFO for folder in folders)
    return Contents(tuple(shards), why, described, next(filter(None, licences), ""))


def saved(root: Path, folder: Path, split: str | None) -> tuple[tuple[Shard, ...], str]:
    """Return the shards of one saved dataset, and its licence."""
    info = read_object(folder / INFO)
    state = read_object(folder / STATE)
    features = info.get("features")
    listed = state.get("_data_files")
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise DataReadError(folder / STATE, "lists no data files", "Save the dataset again.")
    files = [inside(root, folder, item.get("filename")) for item in listed]
    shards = tuple(
        Shard(
            path=file,
            name=str(file.relative_to(root)),
            split=split or state.get("_split"),
            schema=arrow_schema(file),
            features=features if isinstance(features, dict) else {},
        )
        for file in files
    )
    return shards, str(info.get("license") or "")


def inside(root: Path, folder: Path, name: Any) -> Path:
    """Return the path of a file or folder that a description names.

    Raises:
        DataReadError: If it would lie outside the dataset's folder, or is not there.
    """
    if not isinstance(name, str) or not name or leads_out(name):
        raise DataReadError(folder, "names a file outside of it", "Save the dataset again.")
    path = folder / name
    if not path.exists():
        raise DataReadError(folder, f"has no {name!a}, which it names", "Fetch it again.")
    if not path.resolve().is_relative_to(root.resolve()):
        raise DataReadError(path, f"is {LINK}", "Copy the file there instead.")
    return path


def arrow_schema(path: Path) -> pa.Schema:
    """Return the schema of an Arrow stream.

    Raises:
        DataReadError: If it is damaged.
    """
    with arrow_errors(path), reading(path), pa.memory_map(str(path)) as stored:
        return pa.ipc.open_stream(stored).schema


@contextmanager
def arrow_errors(path: Path) -> Iterator[None]:
    """Turn what Arrow raises inside the block into a sentence that names the file.

    Raises:
        DataReadError: If the file is damaged.
    """
    try:
        yield
    except pa.ArrowException as error:
        what = f"is damaged ({first_line(error)})"
        raise DataReadError(path, what, "Fetch or write it again.") from error


def parquet_files(path: Path) -> Contents:
    """Look for Parquet files that hold pictures; others are named as not read."""
    found = find_shards(path, (".parquet",)) if path.is_dir() else Shards({path.name: path})
    read = [parquet_shard(file, name) for name, file in found.files.items()]
    shards = tuple(shard for shard in read if shard and shard.pictures)
    others = (f"{s.name!a} (no column of pictures)" for s in read if s and not s.pictures)
    ignored = (*found.ignored, *others)
    if not shards:
        what = "none of its files is" if path.is_dir() else "it is not"
        return Contents((), f"{what} Parquet with a column of pictures", ignored=ignored)
    why = f"it holds Parquet with a column of pictures ({len(shards)} files)"
    return Contents(shards, why, ignored=ignored)


def parquet_shard(path: Path, name: str) -> Shard | None:
    """Return a Parquet file as a shard, or None if it is none by its first bytes."""
    with reading(path), path.open("rb") as stream:
        if stream.read(len(PARQUET_MAGIC)) != PARQUET_MAGIC:
            return None
    with arrow_errors(path):
        schema = pq.read_schema(path)
    return Shard(path, name, split_of(path), schema, declared_features(schema))


def split_of(path: Path) -> str | None:
    """Return the split that a Parquet file's name or folder states."""
    if named := SHARD_NAME.fullmatch(path.name):
        return named[1]
    if path.stem in SPLITS:
        return path.stem
    return path.parent.name if path.parent.name in SPLITS else None


def declared_features(schema: pa.Schema) -> Mapping[str, Any]:
    """Return the features that `datasets` wrote into a schema; none if it did not."""
    try:
        features = json.loads((schema.metadata or {})[METADATA])["info"]["features"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return {}
    return features if isinstance(features, dict) else {}
