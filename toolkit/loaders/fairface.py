"""FairFace: lists of face crops with the age, gender and race that annotators saw in them."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import ibis

from toolkit.errors import DataReadError
from toolkit.files.pixels import HEADER_FAULTS
from toolkit.files.sources import SOURCE_ROW, Recognition, checksum, inspect, reading
from toolkit.intake.fields import Rule, empty, text
from toolkit.intake.image_files import FILE_FAULTS, faults, place_columns, with_pictures
from toolkit.intake.ingest import accounts, count_images, ingest, stack
from toolkit.model.attribute import Attribute
from toolkit.model.dataset import AnnotatedDataset, Provenance

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from toolkit.engine import Engine
    from toolkit.files.sources import Source
    from toolkit.intake.ingest import Part

READS: Final = (
    "fairface_label_train.csv and fairface_label_val.csv, alone or in a folder with the pictures"
)
DOES_NOT_READ: Final = "columns that the published lists do not have"
REQUIRED: Final = ("file", "age", "gender", "race")
SERVICE_TEST: Final = "service_test"
SPLIT: Final = "^(train|val)/"
"""How a published file name begins."""
AGES: Final = (
    *("0-2", "3-9", "10-19", "20-29", "30-39"),
    *("40-49", "50-59", "60-69", "more than 70"),
)
RACES: Final = (
    *("White", "Black", "Latino_Hispanic", "East Asian"),
    *("Southeast Asian", "Indian", "Middle Eastern"),
)
SENSITIVE: Final = {"age": AGES, "gender": ("Male", "Female"), "race": RACES}
"""Perceived: annotators judged each picture, three of them at first, and looked again where a model
trained on their answers differed (Kärkkäinen and Joo, WACV 2021)."""


def recognise_fairface(path: Path) -> Recognition:
    """Say whether a file, or one in the folder, has the columns of FairFace."""
    for source in label_files(path):
        why = f"{source.path.name!a} has the columns {', '.join(REQUIRED)} of FairFace"
        return Recognition(matches=True, why=why)
    return Recognition(matches=False, why=f"no CSV has the columns {', '.join(REQUIRED)}")


def label_files(path: Path) -> Iterator[Source]:
    """Return the files with the columns of FairFace: the file itself, or those in the folder.

    Raises:
        DataReadError: If a file cannot be opened.
    """
    files = [path]
    if path.is_dir():
        with reading(path):
            found = sorted(path.glob("*.csv*"))
            files = [file for file in found if file.is_file() and not file.is_symlink()]
    for file in files:
        source = inspect(file)
        if set(REQUIRED) <= set(source.columns):
            yield source


def load_fairface(path: Path, *, engine: Engine) -> AnnotatedDataset:
    """Load lists of FairFace.

    An image's id is its `file`, whose folder is its split. Sizes come from the pictures, where
    they are beside the list.

    The format cannot hold: boxes, labels, captions, more than one person an image.

    Raises:
        DataReadError: If no file has the columns of FairFace, or no row can be used.
    """
    sources = list(label_files(path))
    if not sources:
        what = f"has no list with the columns {', '.join(REQUIRED)}"
        raise DataReadError(path, what, "Name fairface_label_val.csv or its folder.")
    parts: list[Part] = []
    for source in sources:
        parts.append(faces(engine, source, parts))
    if not any(part.read for part in parts):
        raise DataReadError(path, "has no rows", "Name a list with a header and rows.")
    counted = accounts({"images": parts})
    images = stack(parts)
    attributes = attributes_of(sources)
    return AnnotatedDataset(
        name=path.resolve().name if path.is_dir() else sources[0].stem,
        provenance=Provenance(
            source=str(path),
            loader="fairface",
            files=MappingProxyType({s.path.name: checksum(s.path) for s in sources}),
            rows_read=counted.read,
            rows_rejected=counted.reasons,
            rows_adjusted=counted.adjusted,
            notes=(*counted.remarks, *unread(sources)),
        ),
        n_images=count_images(images, []),
        attributes=MappingProxyType({attribute.name: attribute for attribute in attributes}),
        images=images,
        rejected=counted.rejected,
    )


def faces(engine: Engine, source: Source, before: Sequence[Part]) -> Part:
    """Read one list, without the images that a list before it has."""
    rows = engine.read(source)
    present = [name for name in (*REQUIRED, SERVICE_TEST) if name in rows.table.columns]
    raw = rows.table.select(SOURCE_ROW, **{name: text(rows.table[name]) for name in present})
    raw = with_pictures(engine, source.path.parent.resolve(), raw, "file")
    columns = {
        "image_id": raw["file"],
        **place_columns(raw),
        "split": raw["file"].re_extract(SPLIT, 1).nullif(""),
        **{name: raw[name] for name in present if name != "file"},
    }
    order = ibis.window(group_by="file", order_by=SOURCE_ROW)
    again = ibis.row_number().over(order) > 0
    for part in before:
        again |= raw["file"].isin(part.table["image_id"])
    rules = [empty("file", raw["file"]), Rule("image is listed before", again)]
    remarks = faults(raw, (*FILE_FAULTS, *HEADER_FAULTS))
    return ingest(engine, replace(rows, table=raw), columns, rules, remarks)


def attributes_of(sources: Sequence[Source]) -> list[Attribute]:
    """Describe the attributes of the lists."""
    found = [
        Attribute(name, "images", values, basis="perceived", sensitive=True)
        for name, values in SENSITIVE.items()
    ]
    if any(SERVICE_TEST in source.columns for source in sources):
        found.append(Attribute(SERVICE_TEST, "images"))
    return [*found, Attribute("split", "images")]


def unread(sources: Sequence[Source]) -> Iterator[str]:
    """Name the columns that are not read."""
    for source in sources:
        others = [name for name in source.columns if name not in (*REQUIRED, SERVICE_TEST)]
        if others:
            yield f"Columns of {source.path.name!a} that are not read: {', '.join(others)}."
