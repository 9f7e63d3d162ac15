"""A folder of images: classes by sub-folder, splits, and the metadata files of Hugging Face."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import ibis

from toolkit.errors import MOST_CHOICES, DataReadError
from toolkit.files.sources import SOURCE_ROW, Recognition, checksum
from toolkit.intake.image_files import COLUMNS, picture_part, picture_row, pictures, walk
from toolkit.intake.ingest import accounts, count_images, stack, union
from toolkit.intake.samples import BoxForm
from toolkit.loaders import _folder_metadata as tables
from toolkit.model.attribute import Attribute
from toolkit.model.dataset import BOX_COLUMNS, AnnotatedDataset, Provenance

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import ibis.expr.types as ir

    from toolkit.engine import Engine
    from toolkit.intake.image_files import Entry
    from toolkit.intake.ingest import Part
    from toolkit.intake.samples import FormName

READS: Final = (
    "a folder of JPEG, PNG, WebP, BMP, GIF or TIFF files: the class from the sub-folder, the split "
    "from a folder train, validation or test; attributes, captions and objects from metadata.csv, "
    ".jsonl or .parquet as the library datasets reads them"
)
DOES_NOT_READ: Final = "archives, other image formats, labels in file names, several image columns"
OPTIONS: Final = ("box_form", "normalised")
MOST_LOOKED_AT: Final = 100_000
"""Files that are looked at, by their names, to recognise a folder."""
TABULAR: Final = (".arrow", ".csv", ".json", ".jsonl", ".parquet", ".tar", ".tsv", ".txt")
OF_OTHERS: Final = (*TABULAR, ".xml", ".yaml", ".yml")
"""How the names of files end that may hold annotations."""
DOCUMENTS: Final = ("readme", "license", "licence")
SPLIT: Final = (
    "(?i)^(?:(?:data|images)/)?"
    "(train|training|validation|valid|val|dev|test|testing|eval|evaluation)/"
)
"""The folder of a split, by the words of the library `datasets`."""
CLASS: Final = "([^/]+)/[^/]+$"
"""The folder that an image is in."""
PLACE: Final = ("path", "width", "height")


def recognise_folder(path: Path) -> Recognition:
    """Say whether a folder holds pictures, and no annotations but the metadata of pictures."""
    if not path.is_dir():
        return Recognition(matches=False, why="it is a file, and an image folder is a folder")
    found = 0
    for number, entry in enumerate(walk(path)):
        found += entry.is_picture
        if is_of_another_format(entry):
            why = f"{entry.name!a} may hold annotations of another format"
            return Recognition(matches=False, why=why)
        if number == MOST_LOOKED_AT:
            break
    if not found:
        return Recognition(matches=False, why="it holds no pictures")
    return Recognition(matches=True, why="it holds pictures and no other annotations")


def is_of_another_format(entry: Entry) -> bool:
    """Whether a file, by its name, may hold annotations that this loader does not read."""
    name = entry.name.rpartition("/")[2].lower()
    return name.endswith(OF_OTHERS) and name not in tables.NAMES and not name.startswith(DOCUMENTS)


def load_folder(
    path: Path, *, engine: Engine, box_form: FormName = "xywh", normalised: bool = False
) -> AnnotatedDataset:
    """Load a folder of images, by the rules of `ImageFolder` of the library `datasets`.

    An image's id is its path relative to the folder. Its split is the folder `train`,
    `validation`, `test` (or a word for them) at the top, or below `data` or `images`. Without
    metadata files, the folder that an image is in is its label, if all images lie equally deep and
    there are at least two such folders. With them, labels are those of their column `label`,
    `text` or `caption` are captions, `objects` lists boxes (`bbox`: corner, width and height in
    pixels, unless `box_form` and `normalised` say otherwise) with what is said of each, and all
    other columns are attributes of the image.

    The format cannot hold: flags, predictions, how sure a label is, several annotation sets. Of
    CSV metadata, the empty text cannot be told from none.

    Raises:
        SettingsError: If there is no such box form.
        DataReadError: If it is no folder, holds no image, or a metadata file cannot be used.
    """
    form = BoxForm(box_form, normalised)
    if not path.is_dir():
        raise DataReadError(path, "is a file", "Name the folder that the pictures are in.")
    rows = (picture_row(entry) for entry in pictures(walk(path)))
    found = picture_part(engine, path, engine.store(rows, COLUMNS))
    files, others = other_files(path)
    metadata = read_metadata(engine, files, found.table)
    if not found.read and not any(part.kept for part in metadata.values()):
        raise DataReadError(path, "holds no pictures", "Name the folder that the pictures are in.")
    named = tuple(metadata.values())
    images = image_table(engine, found.table, named)
    objects = tables.objects(engine, path, named, images, form)
    boxes = [objects] if objects else []
    counted = accounts({"images": [found], "metadata": named, "annotations": boxes})
    labels = image_labels(images)
    annotations = stack(boxes, "annotation_id")
    attributes = attributes_of(images, annotations)
    return AnnotatedDataset(
        name=path.resolve().name,
        provenance=Provenance(
            source=str(path),
            loader="folder",
            files=MappingProxyType({name: checksum(path / name) for name in metadata}),
            rows_read=MappingProxyType({**counted.read, **number_of(labels)}),
            rows_rejected=counted.reasons,
            rows_adjusted=counted.adjusted,
            notes=(*counted.remarks, *said_of(images, metadata, files, others)),
        ),
        n_images=count_images(images, []),
        attributes=MappingProxyType({attribute.name: attribute for attribute in attributes}),
        images=images,
        annotations=annotations,
        image_labels=labels,
        captions=captions(named),
        rejected=counted.rejected,
    )


def other_files(path: Path) -> tuple[list[Entry], Counter[str]]:
    """Return the metadata files, those deep in the folder first, and count all others by ending."""
    files = []
    others: Counter[str] = Counter()
    for entry in walk(path):
        if entry.name.rpartition("/")[2] in tables.NAMES:
            files.append(entry)
        elif not entry.is_picture and not entry.fault:
            others[Path(entry.name).suffix or Path(entry.name).name] += 1
    return sorted(files, key=lambda entry: -entry.name.count("/")), others


def read_metadata(engine: Engine, files: Sequence[Entry], found: ir.Table) -> dict[str, Part]:
    """Read the metadata files that name pictures, by their names."""
    parts: dict[str, Part] = {}
    for entry in files:
        if not entry.fault:
            part = tables.metadata(engine, entry, found, tuple(parts.values()))
            parts |= {entry.name: part} if part else {}
    return parts


def image_table(engine: Engine, found: ir.Table, metadata: Sequence[Part]) -> ir.Table:
    """Return one row for each picture that is there or that metadata name."""
    listed = found.order_by(SOURCE_ROW).select("image_id", *PLACE)
    if not metadata:
        listed = listed.mutate(split=split_of(listed), label=folder_of(listed))
        return engine.materialise(listed if are_classes(listed) else listed.drop("label"))
    apart = (SOURCE_ROW, tables.OBJECTS, *tables.CAPTIONS)
    described = union([part.table.drop(*set(apart) & {*part.table.columns}) for part in metadata])
    described = described.rename(named="image_id")
    joined = listed.outer_join(described, listed["image_id"] == described["named"])
    joined = joined.mutate(image_id=joined["image_id"].coalesce(joined["named"])).drop("named")
    stated = [joined["split"]] if "split" in joined.columns else []
    joined = joined.mutate(split=ibis.coalesce(*stated, split_of(joined)))
    return engine.materialise(joined.order_by("image_id"))


def split_of(images: ir.Table) -> ir.StringValue:
    """Return the split whose folder an image is in, or null."""
    return images["image_id"].re_extract(SPLIT, 1).nullif("")


def folder_of(images: ir.Table) -> ir.StringValue:
    """Return the folder that an image is in below that of its split, or null."""
    return images["image_id"].re_replace(SPLIT, "").re_extract(CLASS, 1).nullif("")


def are_classes(listed: ir.Table) -> bool:
    """Whether folders are classes: there are several, and all images lie equally deep in them."""
    below = listed["image_id"].re_replace(SPLIT, "")
    depth = below.length() - below.replace("/", "").length()
    counted = listed.agg(depths=depth.nunique(), classes=listed["label"].nunique()).to_pandas()
    return bool(counted["depths"].item() == 1 and counted["classes"].item() > 1)


def image_labels(images: ir.Table) -> ir.Table | None:
    """Return the labels of images, which somebody who sorted them has verified."""
    if "label" not in images.columns:
        return None
    labelled = images.filter(images["label"].notnull())
    verified = {"confidence": ibis.literal(1.0), "source": ibis.literal("folder")}
    return labelled.select("image_id", "label", **verified)


def number_of(labels: ir.Table | None) -> dict[str, int]:
    """Count the labels of images as rows of their table, if there is one."""
    return {} if labels is None else {"image_labels": int(labels.count().execute())}


def captions(metadata: Sequence[Part]) -> ir.Table | None:
    """Return the captions that metadata have."""
    parts = []
    for part in metadata:
        for name in tables.CAPTIONS:
            if name in part.table.columns:
                table = part.table.select(SOURCE_ROW, "image_id", text=part.table[name])
                parts.append(replace(part, table=table.filter(table["text"].notnull())))
    return stack(parts, "caption_id")


def attributes_of(images: ir.Table, annotations: ir.Table | None) -> list[Attribute]:
    """Describe the attributes of images, then those of boxes, whose label counts before theirs."""
    of_images = [name for name in images.columns if name not in ("image_id", *PLACE)]
    found = [Attribute(name, "images") for name in of_images]
    if annotations is not None:
        others = ("annotation_id", "image_id", *BOX_COLUMNS)
        of_boxes = [name for name in annotations.columns if name not in others]
        found += [Attribute(name, "annotations") for name in of_boxes]
    return found


def said_of(
    images: ir.Table,
    metadata: Mapping[str, Part],
    files: Sequence[Entry],
    others: Mapping[str, int],
) -> Iterator[str]:
    """Say how labels were found, and what was not read."""
    if metadata:
        yield "Folders are not taken for labels where there are metadata."
    elif "label" in images.columns:
        yield "The label of an image is the folder that it is in."
    else:
        yield "Folders are not taken for labels: there are not several of them, equally deep."
    for entry in files:
        if entry.name not in metadata:
            why = entry.fault or f"it has no column {tables.FILE_NAME}"
            yield f"{entry.name!a} is not read: {why}."
    if others:
        most = Counter(others).most_common(MOST_CHOICES)
        shown = ", ".join(f"{name!a} ({number:,})" for name, number in most)
        more = len(others) - len(most)
        yield f"Files that are not read: {shown}{f' and {more} more' if more else ''}."
