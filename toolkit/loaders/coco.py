"""COCO: instances, captions, person keypoints and results as JSON, alone or in a folder."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import ibis

from toolkit.errors import MOST_CHOICES, DataReadError
from toolkit.files.sources import SOURCE_ROW, Recognition, checksum, inspect
from toolkit.intake.ingest import Part, accounts, count_images, stack, union
from toolkit.loaders._coco_files import look
from toolkit.loaders._coco_parts import one_name_each, place, read_parts
from toolkit.loaders._coco_rows import read_document
from toolkit.model.attribute import Attribute
from toolkit.model.dataset import AnnotatedDataset, Provenance

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import ibis.expr.types as ir

    from toolkit.engine import Engine
    from toolkit.intake.ingest import Accounts
    from toolkit.loaders._coco_files import Contents
    from toolkit.loaders._coco_parts import Boxes, File, Parts

READS: Final = (
    "instances, captions and person_keypoints JSON (plain or gzip), results JSON beside them; a "
    "file, or a folder of them with its pictures; attributes of annotations"
)
DOES_NOT_READ: Final = (
    "segmentation, area, keypoints (but how many), supercategories, panoptic and caption results"
)


def recognise_coco(path: Path) -> Recognition:
    """Say whether a file, or one of a folder's JSON files, is of COCO."""
    found = look(path).found
    if not found:
        what = "none of its JSON files begins" if path.is_dir() else "it does not begin"
        return Recognition(matches=False, why=f"{what} with images or annotations of COCO")
    names = ", ".join(ascii(file.name) for file in found[:MOST_CHOICES])
    return Recognition(matches=True, why=f"it holds JSON with the arrays of COCO: {names}")


def load_coco(path: Path, *, engine: Engine) -> AnnotatedDataset:
    """Load COCO.

    Args:
        path: A JSON file, or a folder of which every file that is COCO's by its beginning is read,
            also those in `annotations` and beside the pictures of `train`, `valid` and `test`.
        engine: What reads the files.

    Boxes become shares of the image; those of images that are not listed are left out. All keys of
    an annotation without a meaning of their own, and those of its `attributes`, are attributes.
    Annotations that a keypoints file repeats are joined by their id. Where files of two splits
    give one id to two images, the split is put before the ids. Pictures are looked for only in a
    folder that is named.

    The format cannot hold: boxes in shares, an image without an id, verified absent labels. It
    does not tell 7 from "7" as an id, nor the empty text from none.

    Raises:
        DataReadError: If a file is damaged, or has rows of which none can be used.
    """
    contents = look(path)
    if not contents.found:
        fault = "" if path.is_dir() else inspect(path).fault
        what = fault or "has no arrays of images or annotations as COCO's do"
        raise DataReadError(path, what, "Choose another --format, or leave it out.")
    documents = {file: read_document(engine, file.source) for file in contents.found}
    files = place(documents)
    parts = read_parts(engine, contents.root if path.is_dir() else None, files)
    counted = account(parts)
    annotations = number_annotations(parts.boxes)
    captions = stack(parts.captions)
    predictions = stack(parts.predictions, "prediction_id")
    images = parts.listing.part.table.drop(SOURCE_ROW) if parts.listing else None
    naming = [table for table in (annotations, captions, predictions) if table is not None]
    checksums = {file.name: checksum(file.source.path) for file in contents.found}
    return AnnotatedDataset(
        name=contents.root.name if path.is_dir() else contents.found[0].source.stem,
        provenance=Provenance(
            source=str(path),
            loader="coco",
            files=MappingProxyType(checksums),
            rows_read=counted.read,
            rows_rejected=counted.reasons,
            rows_adjusted=counted.adjusted,
            notes=(*counted.remarks, *notes(contents, files, parts)),
        ),
        n_images=count_images(images, naming),
        attributes=MappingProxyType({a.name: a for a in attributes_of(files, parts)}),
        images=images,
        annotations=annotations,
        captions=captions,
        predictions=predictions,
        rejected=counted.rejected,
        label_ids=MappingProxyType(label_ids(parts)),
    )


def account(parts: Parts) -> Accounts:
    """Count what became of the rows; those of keypoints files that were joined for themselves."""
    boxes = [replace(own.part, read=own.part.read - own.joined) for own in parts.boxes]
    people = [
        Part(own.part.source, own.part.table, own.joined, {}, {}, None)
        for own in parts.boxes
        if own.joined
    ]
    return accounts(
        {
            "annotations": boxes,
            "keypoints": people,
            "images": [parts.listing.part] if parts.listing else [],
            "categories": parts.categories,
            "captions": parts.captions,
            "predictions": parts.predictions,
        }
    )


def label_ids(parts: Parts) -> dict[str, str]:
    """Return the labels by the ids of their categories, which results name them by."""
    names = one_name_each(parts.categories)
    if names is None:
        return {}
    found = names.order_by("listed_category").to_pandas()
    return dict(zip(found["listed_category"], found["category_name"], strict=True))


def asked_alike(boxes: Iterable[Boxes]) -> bool:
    """Whether all files that have annotations of their own ask for the same attributes."""
    return len({frozenset(own.attributes) for own in boxes if own.part.kept > own.joined}) <= 1


def number_annotations(boxes: Sequence[Boxes]) -> ir.Table | None:
    """Put the annotations of all files together; if they differ in what was asked, by set."""
    tables = [own.part.table.drop("source_id") for own in boxes]
    if not asked_alike(boxes):
        sets = (ibis.literal(own.part.source.stem) for own in boxes)
        marked = zip(tables, sets, strict=True)
        tables = [table.mutate(annotation_set=name) for table, name in marked]
    parts = zip(boxes, tables, strict=True)
    return stack([replace(own.part, table=table) for own, table in parts], "annotation_id")


def attributes_of(files: Iterable[File], parts: Parts) -> Iterator[Attribute]:
    """Describe the attributes, with the files in which alone they were asked."""
    asked: dict[str, list[str]] = {}
    for own in parts.boxes:
        for name in own.attributes:
            asked.setdefault(name, []).append(own.part.source.stem)
    alike = asked_alike(parts.boxes)
    for name, sets in asked.items():
        yield Attribute(name, "annotations", asked_in=() if alike else tuple(sets))
    if parts.boxes:
        yield Attribute("label", "annotations")
    listing = [file for file in files if "images" in file.document.rows]
    described = (file.document.columns["images"] for file in listing)
    names = {name: None for columns in described for name in columns.attributes.values()}
    if any("license" in file.document.columns["images"].met for file in listing):
        names["licence"] = None
    if any(file.place.split for file in listing):
        names["split"] = None
    for name in names:
        yield Attribute(name, "images")


def notes(contents: Contents, files: Sequence[File], parts: Parts) -> Iterator[str]:
    """Say what of the files was not used, and how."""
    if parts.listing and parts.listing.repeated:
        number = f"{parts.listing.repeated:,}"
        yield f"Rows of images that another file of the same split has too, read once: {number}."
    for own in parts.boxes:
        if own.joined:
            name = own.part.source.path.name
            yield f"{name} adds to {own.joined:,} annotations with the same ids."
    if any(file.place.prefix for file in files):
        yield "Files of several splits give one id to different images: the split precedes ids."
    if found := supercategories(parts):
        yield f"Supercategories of the labels, not used: {shown(found)}."
    yield from key_notes(files)
    if contents.ignored:
        yield f"Files that are not read: {shown(contents.ignored)}."


def supercategories(parts: Parts) -> list[str]:
    """Return the names of the groups of categories."""
    tables = [part.table.select("supercategory") for part in parts.categories]
    if not tables:
        return []
    names = union(tables).filter(lambda rows: rows["supercategory"].notnull()).distinct()
    return sorted(names.to_pandas()["supercategory"])


def key_notes(files: Sequence[File]) -> Iterator[str]:
    """Say which keys and arrays of the files are not read, or under another name."""
    unread: dict[str, dict[str, None]] = {}
    renamed: dict[str, str] = {}
    for file in files:
        for array, columns in file.document.columns.items():
            unread.setdefault(array or "results", {}).update(dict.fromkeys(columns.unread))
            found = columns.attributes.items()
            renamed |= {key: name for key, name in found if name.startswith("source_")}
    for array, keys in unread.items():
        if keys:
            yield f"Keys of {array} that are not read: {shown([ascii(key) for key in keys])}."
    for key, name in renamed.items():
        yield f"The key {key!r} is kept as {name!r}."
    ignored = dict.fromkeys(name for file in files for name in file.document.ignored)
    if ignored:
        yield f"Arrays that are not read: {shown([ascii(name) for name in ignored])}."


def shown(names: Sequence[str]) -> str:
    """Return names for a sentence, the first ones of many."""
    more = len(names) - MOST_CHOICES
    return f"{', '.join(names[:MOST_CHOICES])}{f' and {more} more' if more > 0 else ''}"
