"""CelebA: faces with forty attributes each, the split, and the box around the face."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import ibis

from toolkit.errors import DataReadError
from toolkit.files.pixels import HEADER_FAULTS
from toolkit.files.sources import SOURCE_ROW, Recognition, checksum
from toolkit.intake.fields import Box, Rule, attribute_names, empty, number, text
from toolkit.intake.image_files import FILE_FAULTS, PLACE, faults, place_columns, with_pictures
from toolkit.intake.ingest import accounts, count_images, ingest, stack
from toolkit.loaders import _celeba_lists as lists
from toolkit.loaders._celeba_lists import ATTRIBUTES, BOXES, IMAGE_ID, PARTITION
from toolkit.model.attribute import Attribute
from toolkit.model.dataset import AnnotatedDataset, Provenance

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import ibis.expr.types as ir

    from toolkit.engine import Engine
    from toolkit.intake.ingest import Part
    from toolkit.loaders._celeba_lists import Listing

READS: Final = (
    "list_attr_celeba, list_eval_partition and list_bbox_celeba (.txt or .csv), alone or in the "
    "published folder; sizes of the aligned pictures; boxes beside the original pictures"
)
DOES_NOT_READ: Final = "landmarks, identities, boxes without the original pictures"
ALIGNED: Final = ("img_align_celeba/img_align_celeba", "img_align_celeba", "Img/img_align_celeba")
ORIGINAL: Final = ("img_celeba", "Img/img_celeba")
"""Where the pictures are; boxes are in pixels of the original ones."""
SPLITS: Final = {"0": "train", "1": "validation", "2": "test"}
"""What the codes of the partition mean (README of CelebA)."""
SENSITIVE: Final = ("male", "young")
"""Perceived, as are all attributes: a “professional labeling company” annotated the pictures (Liu
et al., ICCV 2015); how is not published (Wu et al., CVPR Workshops 2023, arXiv:2210.07356)."""
FACE: Final = "face"
FIXED: Final = (IMAGE_ID, "path", "width", "height", "split")
LISTED_BEFORE: Final = "image is listed before"


def recognise_celeba(path: Path) -> Recognition:
    """Say whether there is a list of the attributes of CelebA."""
    if ATTRIBUTES in (found := lists.find(path)):
        name = ascii(found[ATTRIBUTES].source.path.name)
        return Recognition(matches=True, why=f"{name} lists the attributes of CelebA")
    return Recognition(matches=False, why=f"there is no {ATTRIBUTES}.txt or .csv")


def load_celeba(path: Path, *, engine: Engine) -> AnnotatedDataset:
    """Load the lists of CelebA.

    An image's id is its file name. Attributes are 1 (present) or -1 (absent), as a labelling
    company saw them in the picture (Liu et al., ICCV 2015); the split is decoded from its number.
    Boxes are read if the original pictures are there, in whose pixels they are, and are all
    labelled `face`.

    The format cannot hold: labels, captions, white space in file names, missing values.

    Raises:
        DataReadError: If there is no list of attributes, or no row of a list can be used.
    """
    found = lists.find(path)
    if ATTRIBUTES not in found:
        what = f"has no {ATTRIBUTES}.txt or .csv with the attributes of CelebA"
        raise DataReadError(path, what, "Name the folder of CelebA, or that list.")
    root = (path if path.is_dir() else path.parent).resolve()
    aligned = first_folder(root, ALIGNED) if path.is_dir() else None
    names = attribute_columns(found[ATTRIBUTES])
    attributes = attribute_part(engine, found[ATTRIBUTES], names, root, aligned)
    splits = [split_part(engine, found[PARTITION])] if PARTITION in found else []
    original = first_folder(root, ORIGINAL) if BOXES in found else None
    boxes = [box_part(engine, found[BOXES], root, original)] if original else []
    counted = accounts({"images": [attributes], "splits": splits, "annotations": boxes})
    images = with_splits(engine, attributes, splits)
    annotations = stack(boxes, "annotation_id")
    return AnnotatedDataset(
        name=path.resolve().name if path.is_dir() else found[ATTRIBUTES].source.stem,
        provenance=Provenance(
            source=str(path),
            loader="celeba",
            files=MappingProxyType(
                {file.source.path.name: checksum(file.source.path) for file in found.values()}
            ),
            rows_read=counted.read,
            rows_rejected=counted.reasons,
            rows_adjusted=counted.adjusted,
            notes=(*counted.remarks, *notes(found, aligned, original)),
        ),
        n_images=count_images(images, [annotations] if annotations is not None else []),
        attributes=described(names, splits, boxes),
        images=images,
        annotations=annotations,
        rejected=counted.rejected,
    )


def first_folder(root: Path, folders: tuple[str, ...]) -> str | None:
    """Return the first of some folders that is there and is no link."""
    there = (name for name in folders if (root / name).resolve() == root / name)
    return next((name for name in there if (root / name).is_dir()), None)


def attribute_columns(listing: Listing) -> dict[str, str]:
    """Return the names of attributes by their columns."""
    source = listing.source
    columns = [name for name in source.columns if name != IMAGE_ID]
    return attribute_names(source.path, columns, FIXED)


def attribute_part(
    engine: Engine, listing: Listing, names: Mapping[str, str], root: Path, folder: str | None
) -> Part:
    """Read the attributes of images, and the sizes of their pictures where these are."""
    rows = lists.read(engine, listing)
    raw = rows.table.select(
        SOURCE_ROW,
        **{IMAGE_ID: text(rows.table[IMAGE_ID])},
        **{name: text(rows.table[column]) for column, name in names.items()},
    )
    if folder:
        raw = with_pictures(engine, root, raw, IMAGE_ID, folder)
    else:
        raw = raw.mutate(**dict.fromkeys(PLACE, ibis.null("string")))
    columns = {
        IMAGE_ID: raw[IMAGE_ID],
        **place_columns(raw),
        **{name: raw[name] for name in names.values()},
    }
    remarks = faults(raw, (*FILE_FAULTS, *HEADER_FAULTS))
    return ingest(engine, replace(rows, table=raw), columns, identified(raw), remarks)


def split_part(engine: Engine, listing: Listing) -> Part:
    """Read the split of each image."""
    rows = lists.read(engine, listing)
    code = text(rows.table["partition"])
    columns = {
        IMAGE_ID: text(rows.table[IMAGE_ID]),
        "split": ibis.cases(*((code == written, name) for written, name in SPLITS.items())),
    }
    unknown = Rule("partition is not 0, 1 or 2", code.isnull() | code.notin(tuple(SPLITS)))
    return ingest(engine, rows, columns, [*identified(rows.table), unknown])


def box_part(engine: Engine, listing: Listing, root: Path, folder: str) -> Part:
    """Read the boxes around faces, as shares of the original pictures."""
    rows = lists.read(engine, listing)
    corner = {name: text(rows.table[name]) for name in lists.COLUMNS[BOXES][1:]}
    sides = dict(zip(("left", "top", "across", "down"), corner.values(), strict=True))
    raw = rows.table.select(SOURCE_ROW, **{IMAGE_ID: text(rows.table[IMAGE_ID])}, **sides)
    raw = with_pictures(engine, root, raw, IMAGE_ID, folder)
    size = [number(raw["width"]), number(raw["height"])]
    numbers = (number(raw[name]) for name in sides)
    box = Box.of("xywh", [n / side for n, side in zip(numbers, size * 2, strict=True)])
    columns = {IMAGE_ID: raw[IMAGE_ID], "label": ibis.literal(FACE), **box.columns()}
    unknown = Rule("size of the original picture is not known", size[0].isnull())
    rules = [empty(IMAGE_ID, raw[IMAGE_ID]), unknown, *box.rules()]
    return ingest(engine, replace(rows, table=raw), columns, rules, box.remarks())


def identified(raw: ir.Table) -> list[Rule]:
    """Refuse rows that name no image, or one that an earlier row names."""
    order = ibis.window(group_by=IMAGE_ID, order_by=SOURCE_ROW)
    again = ibis.row_number().over(order) > 0
    return [empty("image id", raw[IMAGE_ID]), Rule(LISTED_BEFORE, again)]


def with_splits(engine: Engine, attributes: Part, splits: list[Part]) -> ir.Table:
    """Return the images with their split, those without attributes too."""
    images = attributes.table.order_by(SOURCE_ROW).drop(SOURCE_ROW)
    if not splits:
        return engine.materialise(images.mutate(split=ibis.null("string")))
    stated = splits[0].table.select("split", named=IMAGE_ID)
    joined = images.outer_join(stated, images[IMAGE_ID] == stated["named"])
    joined = joined.mutate(**{IMAGE_ID: joined[IMAGE_ID].coalesce(joined["named"])})
    return engine.materialise(joined.drop("named").order_by(IMAGE_ID))


def described(
    names: Mapping[str, str], splits: list[Part], boxes: list[Part]
) -> Mapping[str, Attribute]:
    """Describe the attributes."""
    found = [
        Attribute(name, "images", ("1", "-1"), basis="perceived", sensitive=name in SENSITIVE)
        for name in names.values()
    ]
    found += [Attribute("split", "images")] if splits else []
    found += [Attribute("label", "annotations")] if boxes else []
    return MappingProxyType({attribute.name: attribute for attribute in found})


def notes(found: Mapping[str, Listing], aligned: str | None, original: str | None) -> Iterator[str]:
    """Say what was not read, and for want of what."""
    if not aligned:
        yield "Sizes are not known: there is no folder img_align_celeba with the pictures."
    if BOXES in found and not original:
        name = found[BOXES].source.path.name
        yield f"{name} is not read: its boxes are in pixels of the pictures of img_celeba."
