"""Whether the pictures of a dataset are there, can be read, and have the stated size."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final

import ibis
import pandas as pd

from toolkit.files.pixels import read_header
from toolkit.intake.image_files import named

if TYPE_CHECKING:
    from collections.abc import Iterator

    import ibis.expr.types as ir

MISSING: Final = "missing"
UNREADABLE: Final = "unreadable"
OTHER_SIZE: Final = "other_size"
FAULTS: Final = (MISSING, UNREADABLE, OTHER_SIZE)
BATCH: Final = 10_000


def picture_faults(images: ir.Table, root: str) -> ir.Table:
    """Read the head of every picture.

    Args:
        images: The images, with `path` relative to the root. If any has one, the others miss
            theirs; if none has, the dataset is one without pictures.
        root: The folder of the pictures; nothing outside it is opened.

    Returns:
        `image_id` and `fault`, one of `FAULTS`, of the pictures with one.
    """
    found = [row for batch in batches(images) for row in examined(batch, Path(root).resolve())]
    return ibis.memtable(pd.DataFrame(found, columns=["image_id", "fault"], dtype="str"))


def batches(images: ir.Table) -> Iterator[list[dict[str, object]]]:
    """Yield the images of a dataset with pictures, some thousands at a time."""
    wanted = images.select("image_id", "path", "width", "height")
    if wanted["path"].count().execute():
        for batch in wanted.to_pyarrow().to_batches(max_chunksize=BATCH):
            yield batch.to_pylist()


def examined(batch: list[dict[str, object]], root: Path) -> Iterator[tuple[object, str]]:
    """Yield the images whose picture has a fault."""
    with ThreadPoolExecutor() as pool:
        faults = pool.map(lambda row: picture_fault(row, root), batch)
        for row, fault in zip(batch, faults, strict=True):
            if fault:
                yield row["image_id"], fault


def picture_fault(row: dict[str, object], root: Path) -> str:
    """Say what is wrong with an image's picture; empty if nothing is."""
    entry = named(root, str(row["path"] or ""))
    if entry.fault:
        return MISSING
    header = read_header(entry.path, entry.size)
    if header.fault:
        return UNREADABLE
    stated = row["width"], row["height"]
    known = None not in stated
    return OTHER_SIZE if known and stated != (header.width, header.height) else ""
