"""Hugging Face `datasets`: a folder written by `save_to_disk`, or Parquet shards with pictures."""

from __future__ import annotations

from itertools import repeat
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from toolkit.errors import DataReadError
from toolkit.files.pixels import read_header
from toolkit.files.sources import Form, Recognition, Source, checksum, reading
from toolkit.intake.fields import snake_case
from toolkit.intake.sample_tables import SampleTables
from toolkit.intake.samples import NESTED, BoxForm, roles
from toolkit.loaders._huggingface_files import arrow_errors, look
from toolkit.model.dataset import Provenance

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from toolkit.engine import Engine
    from toolkit.intake.sample_tables import Size
    from toolkit.intake.samples import FormName
    from toolkit.loaders._huggingface_files import Contents, Shard
    from toolkit.model.dataset import AnnotatedDataset

READS: Final = (
    "a folder written by `datasets` (`save_to_disk`, with or without splits) or Parquet shards "
    "with an Image feature: objects with boxes, class labels, captions, other columns as attributes"
)
DOES_NOT_READ: Final = (
    "pixels (but for sizes that no column states), masks, columns of lists or structs other than "
    "objects, labels and captions, the cache folder, links into it, anything on the network"
)
OPTIONS: Final = ("box_form", "normalised")
FILE_NAME: Final = "file_name"
"""The attribute that holds the name that a picture's file had, unless a column is named so."""
ROWS: Final = 1_000
ROWS_WITH_PICTURES: Final = 64
"""How many rows of Parquet are held at a time; with pictures fewer, for their size."""
MOST_DEPTH: Final = 8
"""How deep features may be nested to be understood; objects with classes need three levels."""
UNLABELLED: Final = -1
"""By what `datasets` marks a class that is not known."""


def recognise_huggingface(path: Path) -> Recognition:
    """Say whether a path holds what `datasets` writes, with pictures."""
    contents = look(path)
    return Recognition(matches=bool(contents.shards), why=contents.why)


def load_huggingface(
    path: Path, *, engine: Engine, box_form: FormName = "xywh", normalised: bool = False
) -> AnnotatedDataset:
    """Load a dataset of Hugging Face from local files.

    Args:
        path: A folder, or one Parquet file.
        engine: Where the tables are kept.
        box_form: What the four numbers of a box are: `xywh`, `xyxy` or `cxcywh`. The format does
            not state it; most datasets keep to COCO's.
        normalised: Whether boxes are in shares of the image instead of pixels.

    An image is named by the column `image_id` or `id`, else by its split and row: `train/17` is
    `dataset["train"][17]`. Class numbers become their names. Annotations are numbered in the order
    of shards, rows and objects. The format states no box form, no basis of attributes and no
    relation between boxes and people; flags are read if a list of the objects is named like one.

    Raises:
        SettingsError: If there is no such box form.
        DataReadError: If a file is missing or damaged, or has rows of which none can be used.
    """
    boxes = BoxForm(box_form, normalised)
    contents = look(path)
    if not contents.shards:
        raise DataReadError(path, f"cannot be loaded: {contents.why}", "Name another folder.")
    with SampleTables(engine, Source(path, Form.OTHER, ()), boxes) as tables:
        numbers: dict[str | None, int] = {}
        for shard in contents.shards:
            first = numbers.get(shard.split, 0)
            numbers[shard.split] = first + add_shard(tables, shard, first)
    files = [shard.path for shard in contents.shards]
    provenance = Provenance(
        source=str(path),
        loader="huggingface",
        files=MappingProxyType({shard.name: checksum(shard.path) for shard in contents.shards}),
        licence=contents.licence,
        notes=tuple(notes(contents)),
    )
    return tables.dataset(path.resolve().name if path.is_dir() else files[0].stem, provenance)


def add_shard(tables: SampleTables, shard: Shard, first: int) -> int:
    """Add the samples of a shard, the first of which is this row of its split; count them."""
    columns, unread = chosen_columns(shard)
    for name in unread:
        tables.leave_out(name)
    keys = roles(tuple(columns))
    picture = next(iter(shard.pictures), None)
    sizes = "objects" in keys and not {"width", "height"} <= keys.keys()
    row = first
    for batch in batches(shard, columns, picture, with_bytes=sizes):
        for record, size in records(shard, batch, columns, picture, sizes):
            image_id = None if "image_id" in keys else f"{shard.split or 'row'}/{row}"
            tables.add(record, image_id=image_id, split=shard.split, size=size, shard=shard.name)
            row += 1
    return row - first


def records(
    shard: Shard, batch: pa.RecordBatch, columns: Sequence[str], picture: str | None, sizes: bool
) -> Iterator[tuple[dict[str, Any], Size]]:
    """Return each row of a batch by its columns, and the size of its picture if it is wanted."""
    names = {name: class_names(shard.features.get(name)) for name in columns}
    rows = batch.select(columns)
    found: Iterator[Size] = repeat((None, None), len(batch))
    if picture is not None:
        if FILE_NAME not in columns:
            paths = pc.struct_field(batch.column(picture), "path")
            rows = rows.append_column(FILE_NAME, paths)
        if sizes:
            found = picture_sizes(batch.column(picture))
    for row, size in zip(rows.to_pylist(), found, strict=True):
        known = {k: value for k, value in row.items() if k != FILE_NAME or value is not None}
        yield {name: named(value, names.get(name, {})) for name, value in known.items()}, size


def chosen_columns(shard: Shard) -> tuple[list[str], list[str]]:
    """Return the columns to read, and those that are neither read nor pictures."""
    read: list[str] = []
    unread: list[str] = []
    for column in shard.schema:
        if shard.holds_pictures(column):
            continue
        plain = not pa.types.is_nested(column.type) and not is_bytes(column.type)
        nested = pa.types.is_nested(column.type) and snake_case(column.name) in NESTED
        (read if plain or nested else unread).append(column.name)
    return read, [*unread, *shard.pictures[1:]]


def is_bytes(kind: pa.DataType) -> bool:
    """Whether a column holds bytes."""
    return bool(
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_fixed_size_binary(kind)
    )


def batches(
    shard: Shard, columns: Sequence[str], picture: str | None, with_bytes: bool
) -> Iterator[pa.RecordBatch]:
    """Read a shard's rows piece by piece, with the bytes of pictures only where they are wanted.

    Raises:
        DataReadError: If it is damaged.
    """
    pictures = [] if picture is None else [picture if with_bytes else f"{picture}.path"]
    with arrow_errors(shard.path), reading(shard.path):
        if shard.path.suffix == ".parquet":
            size = ROWS_WITH_PICTURES if with_bytes else ROWS
            with pq.ParquetFile(shard.path) as file:
                found = file.iter_batches(size, columns=[*columns, *pictures])
                yield from map(checked, found)
            return
        with pa.memory_map(str(shard.path)) as stored:
            wanted = [*columns, *([picture] if picture else [])]
            for batch in pa.ipc.open_stream(stored):
                yield checked(batch.select(wanted))


def checked(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return a batch whose contents were checked, for Arrow trusts what a file says of itself."""
    batch.validate(full=True)
    return batch


def picture_sizes(pictures: pa.StructArray) -> Iterator[Size]:
    """Read the width and height of pictures from their bytes."""
    for value in pc.struct_field(pictures, "bytes"):
        buffer = value.as_buffer()
        if buffer is None:
            yield None, None
        else:
            header = read_header(pa.BufferReader(buffer), buffer.size)
            yield header.width, header.height


def class_names(feature: Any, depth: int = 0) -> Mapping[Any, Any]:
    """Return the names of a feature's classes by their numbers, or of its fields' by their names.

    Lists are left out of account: a name holds for every item.
    """
    if isinstance(feature, list) and feature:
        return class_names(feature[0], depth)
    if not isinstance(feature, dict) or depth > MOST_DEPTH:
        return {}
    kind = feature.get("_type")
    if kind == "ClassLabel":
        names = feature.get("names")
        return {**dict(enumerate(names if isinstance(names, list) else ())), UNLABELLED: None}
    if kind in ("List", "LargeList", "Sequence"):
        return class_names(feature.get("feature"), depth + 1)
    if isinstance(kind, str):
        return {}
    return {name: class_names(inner, depth + 1) for name, inner in feature.items()}


def named(value: Any, names: Mapping[Any, Any]) -> Any:
    """Return a value with its class numbers replaced by names; a number without one stays."""
    if not names:
        return value
    if isinstance(value, list):
        return [named(item, names) for item in value]
    if isinstance(value, dict):
        return {key: named(item, names.get(key) or {}) for key, item in value.items()}
    return names.get(value, value)


def notes(contents: Contents) -> Iterator[str]:
    """Say what of the files was not read."""
    yield "Pictures are kept in the shards and were not decoded."
    if contents.ignored:
        yield f"Files that are not read: {', '.join(contents.ignored)}."
