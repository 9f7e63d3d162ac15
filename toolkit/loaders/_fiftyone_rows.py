"""Samples of FiftyOne, as its database writes them, and the raw rows that they become."""

from __future__ import annotations

import re
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final, Self

from toolkit.files.records import NoRowError
from toolkit.intake.growing import GrowingTable
from toolkit.intake.pictures import PICTURE_COLUMNS
from toolkit.intake.samples import four, several, text_of
from toolkit.model.dataset import BOX_COLUMNS, FLAG_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from toolkit.engine import Engine
    from toolkit.files.sources import Source

    Row = dict[str, str | None]
    Attributes = list[tuple[str, str | None]]

IMAGE_ID: Final = "image_id"
"""The field by which a sample may name its image; without it, the sample's own id does."""
CAPTIONS: Final = ("caption", "captions")
TAGS: Final = "tags"
OBJECTS: Final = {"Detection": None, "Detections": "detections"}
LABELS: Final = {"Classification": None, "Classifications": "classifications"}
"""The classes of labels that are read, and the field in which a class of several has them."""
NUMBERS: Final = ("box_1", "box_2", "box_3", "box_4")
SIZE: Final = ("width", "height")
IMAGE_COLUMNS: Final = (IMAGE_ID, "file_name", *SIZE, "split", *PICTURE_COLUMNS)
OBJECT_COLUMNS: Final = (IMAGE_ID, "field", "label", "has_box", *NUMBERS, *SIZE, "confidence")
TAKEN: Final = ("annotation_id", "path", "split", "annotation_set", *FLAG_COLUMNS, *BOX_COLUMNS)
FLAGS: Final = {**{name: name for name in FLAG_COLUMNS}, "iscrowd": "is_group_of"}
"""The flag that a field of a detection is."""
SAMPLE_OWN: Final = frozenset((IMAGE_ID, *CAPTIONS, TAGS, "id", "filepath", "metadata"))
LABEL_OWN: Final = frozenset(("id", "label", "confidence", "attributes", "bounding_box", *FLAGS))
SPLIT: Final = re.compile(r"(?:train|val|valid|validation|test|minival|dev)\d*")
"""What a tag that names a split looks like."""
EXTENDED: Final = ("$oid", "$date", "$numberDouble", "$numberLong", "$numberInt")
"""How JSON writes the values of the database that it has no form for."""


class SampleRows:
    """What samples say, as text, on its way to the engine.

    Attributes:
        images: A row for each sample.
        objects: A row for each detection, in the column `field` the field that it is of.
        labels: A row for each classification and each tag that names no split.
        captions: A row for each caption.
        unread: What of the samples is not read.
    """

    def __init__(self, engine: Engine, source: Source) -> None:
        self.images = GrowingTable(engine, source, IMAGE_COLUMNS, TAKEN)
        self.objects = GrowingTable(engine, source, OBJECT_COLUMNS, TAKEN)
        self.labels = GrowingTable(engine, source, (IMAGE_ID, "label", "confidence", "source"))
        self.captions = GrowingTable(engine, source, (IMAGE_ID, "text"))
        self.unread: dict[str, None] = {}
        self.opened = ExitStack()

    def __enter__(self) -> Self:
        for table in (self.images, self.objects, self.labels, self.captions):
            self.opened.enter_context(table)
        return self

    def __exit__(self, *_: object) -> None:
        self.opened.close()

    def add(
        self, sample: Mapping[str, Any], locate: Callable[[str | None], Mapping[str, str | None]]
    ) -> None:
        """Add a sample, or the reason why it cannot be read.

        Args:
            sample: Its document.
            locate: From the sample's file name to `path` and `picture_fault`.
        """
        try:
            image = image_row(sample)
            objects, labels, attributes = self.parted(sample, image)
            captions = [stored(one) for name in CAPTIONS for one in several(sample.get(name))]
        except NoRowError as error:
            self.images.reject(str(error), ascii(sample.get("filepath")))
            return
        self.images.add({**image, **locate(image["file_name"])}, attributes)
        for row, more in objects:
            self.objects.add(row, more)
        for label in labels:
            self.labels.add({IMAGE_ID: image[IMAGE_ID], **label})
        for caption in captions:
            self.captions.add({IMAGE_ID: image[IMAGE_ID], "text": caption})

    def parted(
        self, sample: Mapping[str, Any], image: Row
    ) -> tuple[list[tuple[Row, Attributes]], list[Row], Attributes]:
        """Part the fields of a sample into detections, labels of the image and attributes.

        Raises:
            NoRowError: If a text cannot be kept.
        """
        objects: list[tuple[Row, Attributes]] = []
        labels = [tag for tag in tags_of(sample) if tag["label"] != image["split"]]
        attributes: Attributes = []
        for name, value in sample.items():
            if name in SAMPLE_OWN or is_of_database(name):
                continue
            kind = value.get("_cls") if isinstance(value, dict) else None
            if kind in OBJECTS:
                objects += [
                    (object_row(one, name, image), self.attributes_of(one, name))
                    for one in members(value, OBJECTS[kind])
                ]
            elif kind in LABELS:
                labels += [label_row(one, name) for one in members(value, LABELS[kind])]
            elif is_plain(value):
                attributes.append((name, stored(value)))
            else:
                self.unread[f"{name} ({kind})" if kind else name] = None
        return objects, labels, attributes

    def attributes_of(self, label: Mapping[str, Any], field: str) -> Attributes:
        """Return what else a detection says, in fields of its own or in `attributes`."""
        nested = label.get("attributes")
        older = nested.items() if isinstance(nested, dict) else ()
        found = [(name, value.get("value")) for name, value in older if isinstance(value, dict)]
        for name, value in label.items():
            if name not in LABEL_OWN and not is_of_database(name):
                found.append((name, value))
        plain: Attributes = []
        for name, value in found:
            if is_plain(value):
                plain.append((name, stored(value)))
            elif value:
                self.unread[f"{name} of {field}"] = None
        return plain


def image_row(sample: Mapping[str, Any]) -> Row:
    """Return what a sample says of its image.

    Raises:
        NoRowError: If a text cannot be kept.
    """
    metadata = sample.get("metadata")
    known = metadata if isinstance(metadata, dict) else {}
    own_id = stored(sample.get("_id", sample.get("id")))
    splits = [tag["label"] for tag in tags_of(sample) if SPLIT.fullmatch(tag["label"] or "")]
    return {
        IMAGE_ID: stored(sample.get(IMAGE_ID)) or own_id,
        "file_name": stored(sample.get("filepath")),
        **{name: stored(known.get(name)) for name in SIZE},
        "split": splits[0] if len(splits) == 1 else None,
    }


def object_row(label: Mapping[str, Any], field: str, image: Row) -> Row:
    """Return what a detection says, without its attributes."""
    box = label.get("bounding_box")
    flags = {FLAGS[name]: stored(label[name]) for name in FLAGS if name in label}
    return {
        IMAGE_ID: image[IMAGE_ID],
        "field": field,
        "label": stored(label.get("label")),
        "has_box": None if box is None else "1",
        **dict(zip(NUMBERS, four(box), strict=True)),
        **{name: image[name] for name in SIZE},
        "confidence": stored(label.get("confidence")),
        **flags,
    }


def label_row(label: Mapping[str, Any], field: str) -> Row:
    """Return what a classification says."""
    return {
        "label": stored(label.get("label")),
        "confidence": stored(label.get("confidence")),
        "source": stored(label.get("source")) or field,
    }


def tags_of(sample: Mapping[str, Any]) -> Iterator[Row]:
    """Return the tags of a sample as labels of its image."""
    for tag in several(sample.get(TAGS)):
        yield {"label": stored(tag), "confidence": None, "source": TAGS}


def members(value: Mapping[str, Any], key: str | None) -> list[Mapping[str, Any]]:
    """Return the labels that a field holds: itself, or those in its list.

    Raises:
        NoRowError: If the list is none, or holds something else.
    """
    if key is None:
        return [value]
    found = value.get(key)
    listed = [] if found is None else found
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise NoRowError("field of labels is no list of labels")
    return listed


def is_of_database(name: str) -> bool:
    """Whether a field is kept by the database for itself."""
    return name.startswith("_") or name in ("created_at", "last_modified_at")


def is_plain(value: Any) -> bool:
    """Whether a value is one that a column can hold."""
    if isinstance(value, dict):
        return len(value) == 1 and next(iter(value)) in EXTENDED
    return not isinstance(value, list | bytes)


def stored(value: Any) -> str | None:
    """Return a value of the database as text.

    Raises:
        NoRowError: If it has a NUL, which the engine's text ends at.
    """
    if isinstance(value, dict) and is_plain(value):
        value = next(iter(value.values()))
    text = text_of(value)
    if text is not None and "\0" in text:
        raise NoRowError("text has a NUL")
    return text
