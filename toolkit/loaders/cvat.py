"""CVAT for images 1.1: one XML file with the shapes, tags and attributes of all images."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from toolkit.errors import MOST_CHOICES, DataReadError
from toolkit.files.markup import root_name
from toolkit.files.sources import Recognition, checksum, reading
from toolkit.intake.ingest import accounts, count_images, stack
from toolkit.loaders import _cvat_tables as tables
from toolkit.loaders._cvat_attributes import (
    asked_of_labels,
    image_attributes,
    plain_attributes,
    shape_attributes,
)
from toolkit.loaders._cvat_files import EXPORTED, ROOT, annotation_file, gather
from toolkit.model.dataset import AnnotatedDataset, Provenance

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from toolkit.engine import Engine
    from toolkit.intake.ingest import Accounts
    from toolkit.loaders._cvat_files import Raw
    from toolkit.model.attribute import Attribute

READS: Final = (
    "the XML file of 'CVAT for images 1.1', or the folder of its export: boxes, the boxes around "
    "all other shapes, tags, and the attributes of shapes, tags and images"
)
DOES_NOT_READ: Final = "tracks of 'CVAT for video', the outlines of shapes, several files"


def recognise_cvat(path: Path) -> Recognition:
    """Say whether a file, or the `annotations.xml` of a folder, has the root `<annotations>`."""
    file = annotation_file(path)
    if file is None:
        return Recognition(matches=False, why=f"it holds no {' or '.join(EXPORTED)}")
    with reading(file), file.open("rb") as stream:
        matches = root_name(stream) == ROOT
    return Recognition(matches, why=f"its root is {'' if matches else 'not '}<{ROOT}> of CVAT")


def load_cvat(path: Path, *, engine: Engine) -> AnnotatedDataset:
    """Load an export of CVAT.

    An image's id is its name; in the export of a project, whose tasks may have pictures of the
    same name, `<task id>/<name>`. An image that is listed again is left out, and its shapes are
    taken to be of the first. A shape other than a box counts as the box around it, and `shape`
    says what it was; a box that is turned counts as if it were not. A tag is a label of its
    image, present with confidence 1, and its attributes are the image's.

    What annotators were asked is `perceived`, and by `asked_in` of the labels that it belongs to.

    The format cannot hold: captions, scores of predictions, flags other than `occluded`, a size
    that is no whole number, control characters. It does not tell the empty text from none.

    Raises:
        DataReadError: If the file is damaged, or has no row that can be used.
    """
    file = annotation_file(path)
    if file is None:
        raise DataReadError(path, f"holds no {' or '.join(EXPORTED)}", "Name the file.")
    raw = gather(engine, file, file.parent.resolve())
    if not raw.images.read:
        raise DataReadError(file, "holds no images", "Export it again as 'CVAT for images 1.1'.")
    of_images = image_attributes(raw)
    images = tables.images(engine, raw.images, {c: a.name for c, a in of_images.items()})
    shapes = tables.shapes(engine, raw.shapes)
    tags = tables.tags(engine, raw.tags) if raw.tags.read else None
    counted = accounts(
        {"annotations": [shapes], "images": [images], "image_labels": [tags] if tags else []}
    )
    listed, annotations = stack([images]), stack([shapes], "annotation_id")
    of_shapes = asked_of_labels(raw, shape_attributes(raw), shapes.table)
    if annotations is not None and any(attribute.asked_in for attribute in of_shapes.values()):
        annotations = annotations.mutate(annotation_set=annotations["label"])
    others = plain_attributes(raw, shapes.table)
    attributes = [*of_shapes.values(), *of_images.values(), *others]
    return AnnotatedDataset(
        name=path.resolve().name if path.is_dir() else path.stem,
        provenance=provenance(path, file, counted, notes(raw, path, file, attributes)),
        n_images=count_images(listed, [part.table for part in (shapes, tags) if part]),
        attributes=MappingProxyType({attribute.name: attribute for attribute in attributes}),
        images=listed,
        annotations=annotations,
        image_labels=stack([tags]) if tags else None,
        rejected=counted.rejected,
    )


def provenance(path: Path, file: Path, counted: Accounts, said: Iterable[str]) -> Provenance:
    """Say where the dataset came from and what became of its rows."""
    return Provenance(
        source=str(path),
        loader="cvat",
        files=MappingProxyType({file.name: checksum(file)}),
        rows_read=counted.read,
        rows_rejected=counted.reasons,
        rows_adjusted=counted.adjusted,
        notes=(*counted.remarks, *said),
    )


def notes(raw: Raw, path: Path, file: Path, attributes: Sequence[Attribute]) -> Iterator[str]:
    """Say what of the file was not used, and how."""
    yield from raw.unread.note()
    for table, rows in (("image", raw.images), ("shape", raw.shapes)):
        if rows.repeated:
            again = f"{rows.repeated:,}"
            yield f"Attributes that an {table} has again, of which the first counts: {again}."
    for attribute in attributes:
        if attribute.asked_in:
            labels = ", ".join(ascii(label) for label in attribute.asked_in[:MOST_CHOICES])
            more = len(attribute.asked_in) - MOST_CHOICES
            also = f" and {more} more" if more > 0 else ""
            yield f"{attribute.name} was asked of the labels {labels}{also} alone."
    others = [f.name for f in path.glob("*.xml") if f.name != file.name] if path.is_dir() else []
    if others:
        shown = ", ".join(ascii(name) for name in sorted(others)[:MOST_CHOICES])
        yield f"Files that are not read: {shown}."
