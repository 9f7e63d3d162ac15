"""Open Images and MIAP: box, label and image files as they are published, alone or in a folder."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import chain
from os import scandir
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import ibis

from toolkit.errors import MOST_CHOICES, DataReadError
from toolkit.files.sources import SOURCE_ROW, Recognition, checksum, inspect
from toolkit.intake.ingest import accounts, count_images, stack, union
from toolkit.loaders import _open_images_tables as tables
from toolkit.loaders._open_images_files import MAIN, Kind, hierarchy, look, unread_columns
from toolkit.model.attribute import Attribute
from toolkit.model.dataset import AnnotatedDataset, Provenance

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import ibis.expr.types as ir

    from toolkit.engine import Engine
    from toolkit.files.sources import Source
    from toolkit.intake.ingest import Part
    from toolkit.loaders._open_images_files import Contents

READERS: Final[Mapping[Kind, Callable[[Engine, Source], Part]]] = {
    Kind.BOXES: tables.boxes,
    Kind.IMAGE_LABELS: tables.image_labels,
    Kind.IMAGES: tables.images,
    Kind.IMAGE_LIST: tables.image_list,
    Kind.CLASSES: tables.class_descriptions,
    Kind.CAPTIONS: tables.captions,
    Kind.PREDICTIONS: tables.predictions,
}
TABLES: Final = (
    ("annotations", (Kind.BOXES,)),
    ("image_labels", (Kind.IMAGE_LABELS,)),
    ("images", (Kind.IMAGES, Kind.IMAGE_LIST)),
    ("label_names", (Kind.CLASSES,)),
    ("captions", (Kind.CAPTIONS,)),
    ("predictions", (Kind.PREDICTIONS,)),
)
"""The tables of a dataset, each with the kinds of files that make it."""
PICTURE: Final = ".jpg"
READS: Final = (
    "box, image-label and image files of Open Images and MIAP, image lists, class descriptions and "
    "hierarchy, as CSV (plain or gzip) or Parquet; a file or a folder; captions and predictions "
    "beside them"
)
DOES_NOT_READ: Final = "segmentation masks, visual relationships, localised narratives, points"

MIAP: Final = {
    attribute.name: attribute
    for attribute in (
        Attribute(
            name="gender_presentation",
            table="annotations",
            values=("Predominantly Feminine", "Predominantly Masculine"),
            missing=("Unknown",),
            basis="perceived",
            sensitive=True,
        ),
        Attribute(
            name="age_presentation",
            table="annotations",
            values=("Young", "Middle", "Older"),
            missing=("Unknown",),
            basis="perceived",
            sensitive=True,
        ),
    )
}
"""What the annotators of MIAP were asked about each person (Schumann et al., AIES 2021)."""


def recognise_open_images(path: Path) -> Recognition:
    """Say whether a file, or one of a folder's files, is of Open Images."""
    kinds = Counter(file.kind for file in look(path).found)
    if not any(kind in MAIN for kind in kinds):
        what = "none of its files has" if path.is_dir() else "it does not have"
        return Recognition(matches=False, why=f"{what} the columns of boxes, labels or images")
    held = ", ".join(f"{kind} ({number})" for kind, number in kinds.items())
    return Recognition(matches=True, why=f"it holds files with the columns of Open Images: {held}")


def load_open_images(path: Path, *, engine: Engine) -> AnnotatedDataset:
    """Load Open Images or MIAP.

    Args:
        path: A file, or a folder of which every file that is known by its content is read. Of two
            forms of one table (`x.csv` beside `x.parquet`) one is read.
        engine: What reads the files.

    Annotations are numbered in the order of files by name and of rows within them. Repeated rows
    stay, and so do annotations of images that no file lists.

    Raises:
        DataReadError: If it is not Open Images, a file is damaged, or no row can be used.
    """
    contents = look(path)
    if not any(contents.of(kind) for kind in MAIN):
        raise not_open_images(path)
    parts = {kind: [read(engine, s) for s in contents.of(kind)] for kind, read in READERS.items()}
    if not any(part.kept for kind in MAIN for part in parts[kind]):
        raise DataReadError(path, "has no rows", "Name a file with a header and rows.")
    for kind in (Kind.IMAGES, Kind.IMAGE_LIST):
        parts[kind] = tables.listed_once(engine, parts[kind])
    images = image_table(engine, parts, contents.pictures)
    annotations = stack(with_sets(parts[Kind.BOXES]), "annotation_id")
    image_labels = stack(parts[Kind.IMAGE_LABELS])
    naming = [table for table in (annotations, image_labels) if table is not None]
    counted = accounts({name: [*chain(*(parts[k] for k in kinds))] for name, kinds in TABLES})
    attributes = attributes_of(contents, parts[Kind.BOXES])
    provenance = Provenance(
        source=str(path),
        loader="open_images",
        files=MappingProxyType({s.path.name: checksum(s.path) for s in contents.sources}),
        rows_read=counted.read,
        rows_rejected=counted.reasons,
        rows_adjusted=counted.adjusted,
        notes=(*counted.remarks, *notes(contents, parts, attributes)),
    )
    return AnnotatedDataset(
        name=path.resolve().name if path.is_dir() else contents.sources[0].stem,
        provenance=provenance,
        n_images=count_images(images, naming),
        attributes=MappingProxyType({attribute.name: attribute for attribute in attributes}),
        images=images,
        annotations=annotations,
        image_labels=image_labels,
        captions=stack(parts[Kind.CAPTIONS]),
        predictions=stack(parts[Kind.PREDICTIONS], "prediction_id"),
        rejected=counted.rejected,
        label_names=label_names(parts[Kind.CLASSES]),
    )


def not_open_images(path: Path) -> DataReadError:
    """Return the error for a path that was named Open Images and is not."""
    fault = "" if path.is_dir() else inspect(path).fault
    what = fault or "has none of the columns of boxes, labels or images of Open Images"
    return DataReadError(path, what, "Choose another --format, or leave it out.")


def with_sets(boxes: Sequence[Part]) -> Sequence[Part]:
    """Name the annotation set of each box, if the files differ in what was asked."""
    if len({frozenset(tables.attributes_of(part)) for part in boxes}) <= 1:
        return boxes
    sets = (ibis.literal(part.source.stem) for part in boxes)
    marked = zip(boxes, sets, strict=True)
    return [replace(part, table=part.table.mutate(annotation_set=name)) for part, name in marked]


def attributes_of(contents: Contents, boxes: Sequence[Part]) -> list[Attribute]:
    """Describe the attributes, those of boxes with the files in which alone they were asked."""
    asked: dict[str, list[str]] = {}
    for part in boxes:
        for name in tables.attributes_of(part):
            asked.setdefault(name, []).append(part.source.stem)
    found = [
        replace(
            MIAP.get(name, Attribute(name, "annotations")),
            asked_in=tuple(sets) if len(sets) < len(boxes) else (),
        )
        for name, sets in asked.items()
    ]
    if boxes:
        found.append(Attribute("label", "annotations"))
    with_split = any("Subset" in source.columns for source in contents.of(Kind.IMAGES))
    if with_split or contents.of(Kind.IMAGE_LIST):
        found.append(Attribute("split", "images"))
    return found


def image_table(
    engine: Engine, parts: Mapping[Kind, Sequence[Part]], pictures: Path | None
) -> ir.Table | None:
    """Return one row for each image that is listed, or None if no file lists images."""
    listed = stack(parts[Kind.IMAGES])
    more = stack(parts[Kind.IMAGE_LIST])
    if listed is not None and more is not None:
        listed = engine.materialise(union([listed, more.anti_join(listed, "image_id")]))
    elif listed is None:
        listed = more
    if listed is None:
        return None
    path: ir.Value = ibis.null("string")
    if pictures is not None:
        listed = engine.materialise(listed.left_join(picture_paths(engine, pictures), "image_id"))
        path = listed["path"]
    size = ibis.null("int64")
    return listed.select("image_id", "split", path=path, width=size, height=size)


def picture_paths(engine: Engine, folder: Path) -> ir.Table:
    """List the pictures `<image id>.jpg` of a folder, by paths relative to its parent."""
    with scandir(folder) as entries:
        names = [entry.name for entry in entries if entry.name.endswith(PICTURE)]
    rows = ((name.removesuffix(PICTURE), f"{folder.name}/{name}") for name in names)
    return engine.store(rows, ("image_id", "path")).drop(SOURCE_ROW)


def label_names(parts: Sequence[Part]) -> Mapping[str, str]:
    """Return the names of labels for people; the first of two names of a label counts."""
    names: dict[str, str] = {}
    for part in parts:
        found = part.table.order_by(SOURCE_ROW).to_pandas()
        for label, name in zip(found["label"], found["name"], strict=True):
            names.setdefault(label, name)
    return MappingProxyType(names)


def notes(
    contents: Contents, parts: Mapping[Kind, Sequence[Part]], attributes: Sequence[Attribute]
) -> Iterator[str]:
    """Say what of the files was not used, and how."""
    for part in chain(*parts.values()):
        if not part.read:
            yield f"{part.source.path.name} has no rows."
    for attribute in attributes:
        if attribute.asked_in:
            yield f"{attribute.name} was asked in {enumerated(attribute.asked_in)} alone."
    if contents.pictures and not (parts[Kind.IMAGES] or parts[Kind.IMAGE_LIST]):
        yield "The folder images is not used, for no file lists the images."
    for source in contents.of(Kind.HIERARCHY):
        yield f"{source.path.name} has a hierarchy of {len(hierarchy(source))} classes, not used."
    for file in contents.found:
        if columns := unread_columns(file):
            yield f"Columns of {file.source.path.name} that are not read: {enumerated(columns)}."
    if contents.ignored:
        yield f"Files that are not read: {enumerated(contents.ignored)}."


def enumerated(names: Sequence[str]) -> str:
    """Enumerate names, as many as a sentence bears."""
    more = len(names) - MOST_CHOICES
    return ", ".join(names[:MOST_CHOICES]) + (f" and {more} more" if more > 0 else "")
