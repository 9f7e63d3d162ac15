"""All files of COCO together: one list of images, and the annotations that belong to each other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

import ibis

from toolkit.files.json_arrays import ROOT
from toolkit.files.sources import SOURCE_ROW
from toolkit.intake.image_files import walk
from toolkit.intake.ingest import union
from toolkit.loaders import _coco_tables as tables
from toolkit.loaders._coco_rows import CAPTIONS
from toolkit.loaders._coco_tables import Place

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import ibis.expr.types as ir

    from toolkit.engine import Engine
    from toolkit.intake.ingest import Part
    from toolkit.loaders._coco_files import Found
    from toolkit.loaders._coco_rows import Document
    from toolkit.loaders._coco_tables import Listing

PICTURES: Final = ("", "images/", "data/")
"""The folders in which pictures are, besides that of the split and that of the file."""
KEYPOINTS: Final = "num_keypoints"


@dataclass(frozen=True)
class File:
    """One file as raw tables, and where its rows belong."""

    document: Document
    place: Place

    @property
    def attributes(self) -> dict[str, str]:
        """The column of each attribute of annotations by its key, and of `iscrowd` if it is met."""
        columns = self.document.columns["annotations"]
        crowd = {"iscrowd": "iscrowd"} if "iscrowd" in columns.met else {}
        return crowd | columns.attributes


@dataclass(frozen=True)
class Boxes:
    """The annotations of one file.

    Attributes:
        part: Its rows, with `source_id`.
        split: The split of its images.
        attributes: Its attributes.
        joined: How many rows of the file were joined to those of another one, and are not here.
    """

    part: Part
    split: str | None
    attributes: tuple[str, ...]
    joined: int = 0


@dataclass(frozen=True)
class Parts:
    """What all files add to each table."""

    categories: Sequence[Part]
    listing: Listing | None
    boxes: Sequence[Boxes]
    captions: Sequence[Part]
    predictions: Sequence[Part]


def place(documents: Mapping[Found, Document]) -> list[File]:
    """Say where the rows of each file belong."""
    prefixed = share_ids([(file.split, document) for file, document in documents.items()])
    files = []
    for file, document in documents.items():
        own = PurePosixPath(file.name).parent
        folders = [f"{own}/"] if own.name else []
        if file.split:
            folders += [f"{file.split}/", f"images/{file.split}/"]
        prefix = f"{file.split}/" if prefixed and file.split else ""
        location = Place(file.name, file.split, prefix, tuple(dict.fromkeys((*PICTURES, *folders))))
        files.append(File(document, location))
    return files


def share_ids(documents: Sequence[tuple[str | None, Document]]) -> bool:
    """Whether files of different splits give one id to images with different files."""
    listed = [
        document.rows["images"].table.select("id", "file_name").mutate(split=ibis.literal(split))
        for split, document in documents
        if split and "images" in document.rows
    ]
    if len(listed) < 2:
        return False
    table = union(listed)
    same = table.group_by("id").agg(
        splits=table["split"].nunique(), files=table["file_name"].nunique()
    )
    return bool(same.filter((same["splits"] > 1) & (same["files"] > 1)).count().execute())


def read_parts(engine: Engine, root: Path | None, files: Sequence[File]) -> Parts:
    """Type the rows of all files; pictures are looked for below the root, if one is given.

    Raises:
        DataReadError: If an array has rows of which none can be used.
    """
    categories = [name_labels(engine, file) for file in files]
    listing = list_images(engine, root, files)
    images = listing.part.table if listing else None
    boxes = [
        read_boxes(engine, file, images, named)
        for file, named in zip(files, categories, strict=True)
        if "annotations" in file.document.rows
    ]
    known = [part for part in categories if part is not None]
    captions = [
        tables.captions(engine, file.document.rows[CAPTIONS], file.place)
        for file in files
        if CAPTIONS in file.document.rows
    ]
    predictions = [
        tables.predictions(
            engine, file.document.rows[ROOT], file.place, images, one_name_each(known)
        )
        for file in files
        if ROOT in file.document.rows
    ]
    return Parts(known, listing, join_keypoints(engine, boxes), captions, predictions)


def name_labels(engine: Engine, file: File) -> Part | None:
    """Read the categories of a file, if it has any."""
    rows = file.document.rows.get("categories")
    return tables.categories(engine, rows) if rows else None


def one_name_each(categories: Sequence[Part]) -> ir.Table | None:
    """Return one name for each category of all files."""
    if not categories:
        return None
    table = union([part.table for part in categories])
    return table.group_by("listed_category").agg(category_name=table["category_name"].min())


def read_boxes(
    engine: Engine, file: File, images: ir.Table | None, categories: Part | None
) -> Boxes:
    """Read the annotations of a file."""
    attributes = file.attributes
    rows = file.document.rows["annotations"]
    named = categories.table if categories else None
    part = tables.annotation_part(engine, rows, file.place, images, named, attributes)
    kept = tuple(name for key, name in attributes.items() if key != "iscrowd")
    return Boxes(part, file.place.split, kept)


def list_images(engine: Engine, root: Path | None, files: Sequence[File]) -> Listing | None:
    """Read the images of all files, or return None if no file lists any."""
    listing = [file for file in files if "images" in file.document.rows]
    if not listing:
        return None
    pictures = find_pictures(engine, root) if root else None
    parts = []
    for file in listing:
        rows = file.document.rows
        licences = rows["licenses"].table if "licenses" in rows else None
        attributes = tuple(file.document.columns["images"].attributes.values())
        parts.append(
            tables.images(engine, rows["images"], file.place, licences, pictures, attributes)
        )
    return tables.listed_once(engine, parts, searched=pictures is not None)


def find_pictures(engine: Engine, root: Path) -> ir.Table | None:
    """List the pictures below a folder by relative path, or return None if there are none."""
    names = ((entry.name,) for entry in walk(root) if entry.is_picture and not entry.fault)
    table = engine.store(names, ("picture",)).drop(SOURCE_ROW)
    return table if table.count().execute() else None


def join_keypoints(engine: Engine, boxes: Sequence[Boxes]) -> list[Boxes]:
    """Join what keypoints files say to the same annotations of another file of their split.

    COCO publishes people twice: among all instances, and with keypoints under the same ids.
    """
    instances = [own for own in boxes if KEYPOINTS not in own.attributes]
    joined = []
    for people in (own for own in boxes if KEYPOINTS in own.attributes):
        place = next((n for n, own in enumerate(instances) if own.split == people.split), None)
        if place is None:
            joined.append(people)
        else:
            instances[place], rest = merge(engine, instances[place], people)
            joined.append(rest)
    return [*instances, *joined]


def merge(engine: Engine, instances: Boxes, people: Boxes) -> tuple[Boxes, Boxes]:
    """Give instances the attributes of the same people; return them and the people left over."""
    keys = ["source_id", "image_id"]
    more = [name for name in people.attributes if name not in instances.attributes]
    table = people.part.table
    first = ibis.row_number().over(ibis.window(group_by=keys, order_by=SOURCE_ROW)) == 0
    said = table.mutate(is_first=first).filter(lambda rows: rows["is_first"]).select(*keys, *more)
    base = instances.part.table
    merged = engine.materialise(base.left_join(said, keys).select(*base.columns, *more))
    left = engine.materialise(table.anti_join(base, keys))
    number = people.part.kept - int(left.count().execute())
    both = replace(
        instances,
        part=replace(instances.part, table=merged),
        attributes=(*instances.attributes, *more),
    )
    rest = replace(people.part, table=left, remarks={} if number else people.part.remarks)
    return both, replace(people, part=rest, joined=number)
