"""What a CVAT file says: the questions of its head, and the shapes and tags of each image."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from toolkit.errors import DataReadError
from toolkit.files.markup import MarkupError, Unread, children
from toolkit.files.sources import Form, Source, reading
from toolkit.intake.growing import GrowingTable
from toolkit.intake.pictures import PICTURE_COLUMNS, leads_out, locate
from toolkit.loaders._cvat_shapes import CORNERS, EXTENTS, SIZE
from toolkit.model.dataset import BOX_COLUMNS, FLAG_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from toolkit.engine import Engine

ROOT: Final = "annotations"
EXPORTED: Final = ("annotations.xml", "labels.xml")
"""What the file of an export is called; the second by FiftyOne."""
PICTURES: Final = ("images", "data")
"""What the folder of pictures is called; `data` by FiftyOne."""
OPTIONAL: Final = ("occluded", "source", "z_order", "group_id", "rotation")
"""What some shapes have besides their corners."""
IMAGE_COLUMNS: Final = ("image_id", *SIZE, *PICTURE_COLUMNS)
SHAPE_COLUMNS: Final = ("image_id", "label", "shape", *CORNERS, *SIZE)
TAG_COLUMNS: Final = ("image_id", "label", "source")
TAKEN: Final = ("annotation_id", "annotation_set", "split", *BOX_COLUMNS, *FLAG_COLUMNS, *OPTIONAL)
"""Names that no attribute may have."""


@dataclass
class Question:
    """An attribute as the head of a file declares it.

    Attributes:
        values: The answers to choose from, in their order.
        labels: The labels of which it is asked.
    """

    values: dict[str, None] = field(default_factory=dict)
    labels: dict[str, None] = field(default_factory=dict)


@dataclass
class Head:
    """What stands in `<meta>`: the split of a task, the labels, and the questions by name."""

    subset: str | None = None
    labels: dict[str, None] = field(default_factory=dict)
    questions: dict[str, Question] = field(default_factory=dict)


@dataclass(frozen=True)
class Raw:
    """What a file holds, as text.

    Attributes:
        images: A row for each image; its attributes are its own and those of its tags.
        shapes: A row for each box or other shape.
        tags: A row for each label of an image.
        head: What the file says of itself.
        unread: The elements that are not read.
    """

    images: GrowingTable
    shapes: GrowingTable
    tags: GrowingTable
    head: Head
    unread: Unread


def annotation_file(path: Path) -> Path | None:
    """Return the file of an export: the path itself, or the one in a folder; None without any."""
    if path.is_file():
        return path
    found = (path / name for name in EXPORTED)
    return next((file for file in found if file.is_file() and not file.is_symlink()), None)


def gather(engine: Engine, file: Path, root: Path) -> Raw:
    """Read a file, one image at a time; `root` is the folder of its pictures.

    Raises:
        DataReadError: If it is damaged, no such XML or beyond the limits, or two attributes have
            one name.
    """
    source = Source(file, Form.OTHER, ())
    raw = Raw(
        GrowingTable(engine, source, IMAGE_COLUMNS, TAKEN),
        GrowingTable(engine, source, SHAPE_COLUMNS, TAKEN),
        GrowingTable(engine, source, TAG_COLUMNS),
        Head(),
        Unread(),
    )
    with raw.images, raw.shapes, raw.tags, reading(file), file.open("rb") as stream:
        try:
            for child in children(stream, ROOT):
                if child.tag == "image":
                    read_image(raw, child, root)
                elif child.tag == "meta":
                    read_head(raw.head, child)
                elif child.tag != "version":
                    raw.unread.count(child.tag)
        except MarkupError as error:
            do = "Export it again as 'CVAT for images 1.1'."
            raise DataReadError(file, f"cannot be read as CVAT ({error})", do) from error
    return raw


def read_head(head: Head, meta: Element) -> None:
    """Take the labels and questions of `<meta>`, which stand in a task, a job or a project."""
    head.subset = meta.findtext("task/subset") or meta.findtext("job/subset")
    for label in meta.iter("label"):
        name = label.findtext("name") or ""
        head.labels[name] = None
        for attribute in label.iterfind("attributes/attribute"):
            asked = head.questions.setdefault(attribute.findtext("name") or "", Question())
            asked.labels[name] = None
            if attribute.findtext("input_type") in ("select", "radio"):
                answers = (attribute.findtext("values") or "").splitlines()
                asked.values |= dict.fromkeys(filter(None, answers))


def read_image(raw: Raw, image: Element, root: Path) -> None:
    """Add an image with its shapes and tags."""
    name, task = image.get("name"), image.get("task_id")
    # The tasks of a project may have pictures of the same name.
    image_id = f"{task}/{name}" if task and name else name
    subset = image.get("subset") or raw.head.subset
    size = {side: image.get(side) for side in SIZE}
    attributes = list(attributes_of(image))
    for child in image:
        row = {"image_id": image_id, "label": child.get("label")}
        if child.tag == "tag":
            raw.tags.add({**row, "source": child.get("source")})
            attributes += attributes_of(child)
        elif extent := EXTENTS.get(child.tag):
            row |= {"shape": child.tag, **size, **extent(child)}
            row |= {name: child.get(name) for name in OPTIONAL if name in child.attrib}
            raw.shapes.add(row, attributes_of(child))
        elif child.tag != "attribute":
            raw.unread.count(f"image/{child.tag}")
    row = {"image_id": image_id, **size, **({"split": subset} if subset else {})}
    of_subset = [f"{folder}/{subset}" for folder in PICTURES if subset and not leads_out(subset)]
    raw.images.add({**row, **locate(root, (*PICTURES, *of_subset, "."), name)}, attributes)


def attributes_of(element: Element) -> Iterator[tuple[str, str | None]]:
    """Return the attributes of an image, a shape or a tag."""
    return ((child.get("name", ""), child.text) for child in element.iterfind("attribute"))
