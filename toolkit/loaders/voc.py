"""Pascal VOC: a folder of XML files, one an image, with `ImageSets` for the splits."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from toolkit.errors import MOST_CHOICES, DataReadError
from toolkit.files.markup import root_name
from toolkit.files.sources import Recognition, checksum, reading
from toolkit.intake.ingest import accounts, count_images, stack
from toolkit.loaders import _voc_tables as tables
from toolkit.loaders._voc_files import ROOT, SUFFIX, annotation_files, look
from toolkit.model.attribute import Attribute
from toolkit.model.dataset import AnnotatedDataset, Provenance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toolkit.engine import Engine
    from toolkit.intake.growing import GrowingTable
    from toolkit.intake.image_files import Entry
    from toolkit.intake.ingest import Accounts
    from toolkit.loaders._voc_files import Layout
    from toolkit.loaders._voc_tables import Raw

READS: Final = (
    "a folder of Pascal VOC XML files (`Annotations`, FiftyOne's `labels`, or a folder a split), "
    "with the splits of `ImageSets/Main` and all attributes of objects"
)
DOES_NOT_READ: Final = "parts of objects, actions, rotated boxes, polygons, segmentation masks"
PEEKED: Final = 20
"""How many XML files are looked at before a folder is taken to be of another format."""
JUDGED: Final = {
    "pose": Attribute("pose", "annotations", missing=("Unspecified",), basis="perceived"),
    "difficult": Attribute("difficult", "annotations", basis="perceived"),
}
"""What the annotators of VOC were asked about each object (Everingham et al., IJCV 2010)."""


def recognise_voc(path: Path) -> Recognition:
    """Say whether a folder holds XML files with the root `<annotation>`."""
    if not path.is_dir():
        return Recognition(matches=False, why="it is a file, and Pascal VOC is a folder")
    layout = look(path)
    with reading(path):
        first = list(islice(annotation_files(layout.annotations), PEEKED))
        for entry in first:
            if is_annotation(entry):
                why = f"{entry.name!a} has the root <annotation> of Pascal VOC"
                return Recognition(matches=True, why=why)
    why = "none of its XML files has the root <annotation>" if first else "it has no XML files"
    return Recognition(matches=False, why=why)


def is_annotation(entry: Entry) -> bool:
    """Whether a file may be opened and is the XML of an image."""
    if entry.fault:
        return False
    try:
        with Path(entry.path).open("rb") as stream:
            return root_name(stream) == ROOT
    except OSError:
        return False


def load_voc(path: Path, *, engine: Engine) -> AnnotatedDataset:
    """Load a Pascal VOC folder.

    An image's id is its XML file's path below the folder of annotations, without `.xml`, as in
    `ImageSets`. Corners become shares of the image as they stand, `xmin / width`: the original
    VOC counts pixels from 1, other writers from 0, and no file says which. The split is that of
    `ImageSets/Main`, or without it the folder `train`, `valid` or `test` that the file is in. Files
    and folders whose name begins with a dot are passed over.

    The format cannot hold: labels of whole images, captions, predictions, who annotated, an
    object without a label, an id that no file can have, control characters. It does not tell the
    empty text from none.

    Raises:
        DataReadError: If the folder cannot be read, or has no row that can be used.
    """
    if not path.is_dir():
        raise DataReadError(path, "is a file", "Name the folder that holds the XML files.")
    layout = look(path)
    if layout.inner:
        what = f"holds several VOC folders: {', '.join(layout.inner[:MOST_CHOICES])}"
        raise DataReadError(path, what, "Name one of them.")
    with reading(path):
        raw = tables.gather(engine, layout)
    if not raw.images.read:
        raise DataReadError(path, "holds no XML files", "Name the folder that holds them.")
    attributes = attributes_of(raw.objects)
    objects = tables.objects(engine, raw.objects.rows(), list(attributes))
    images = tables.images(engine, raw.images.rows())
    sets = tables.image_sets(engine, raw.sets.rows()) if raw.sets.read else None
    listed = tables.image_table(engine, images, sets)
    counted = accounts(
        {"annotations": [objects], "images": [images], "image_sets": [sets] if sets else []}
    )
    attributes["label"] = Attribute("label", "annotations")
    if sets or "split" in raw.images.columns:
        attributes["split"] = Attribute("split", "images")
    return AnnotatedDataset(
        name=layout.root.name,
        provenance=provenance(path, layout, raw, counted),
        n_images=count_images(listed, [objects.table]),
        attributes=MappingProxyType(attributes),
        images=listed,
        annotations=stack([objects], "annotation_id"),
        rejected=counted.rejected,
    )


def attributes_of(objects: GrowingTable) -> dict[str, Attribute]:
    """Describe the attributes that objects have."""
    judged = [name for name in JUDGED if name in objects.columns]
    names = (*judged, *objects.attributes.values())
    return {name: JUDGED.get(name, Attribute(name, "annotations")) for name in names}


def provenance(path: Path, layout: Layout, raw: Raw, counted: Accounts) -> Provenance:
    """Say where the dataset came from and what became of its rows."""
    return Provenance(
        source=str(path),
        loader="voc",
        files=MappingProxyType(checksums(layout, raw)),
        rows_read=counted.read,
        rows_rejected=counted.reasons,
        rows_adjusted=counted.adjusted,
        notes=(*counted.remarks, *notes(layout, raw)),
    )


def checksums(layout: Layout, raw: Raw) -> dict[str, str]:
    """Return one checksum for all XML files, and one for each list of images."""
    folder = layout.annotations.relative_to(layout.root)
    lists = {file.relative_to(layout.root).as_posix(): checksum(file) for file in layout.image_sets}
    return {(folder / f"**/*{SUFFIX}").as_posix(): raw.checksum.hexdigest(), **lists}


def notes(layout: Layout, raw: Raw) -> Iterator[str]:
    """Say what of the folder was not used, and how."""
    yield f"One checksum covers the names and contents of {raw.checksum.files:,} XML files."
    yield from raw.unread.note()
    if raw.objects.repeated:
        again = f"{raw.objects.repeated:,}"
        yield f"Attributes that an object has again, of which the first counts: {again}."
    if layout.ignored:
        shown = ", ".join(ascii(name) for name in layout.ignored[:MOST_CHOICES])
        more = len(layout.ignored) - MOST_CHOICES
        yield f"Files that are not read: {shown}{f' and {more} more' if more > 0 else ''}."
