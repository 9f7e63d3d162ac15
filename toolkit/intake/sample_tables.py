"""The tables of a dataset that comes as samples: rows as text first, typed when all are read."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Self

import ibis

from toolkit.errors import MOST_CHOICES, DataReadError
from toolkit.files.sources import SOURCE_ROW
from toolkit.intake.assembling import assembled
from toolkit.intake.fields import Box, Rule, empty, flag, flag_rule, number
from toolkit.intake.growing import GrowingTable
from toolkit.intake.ingest import ingest
from toolkit.intake.pictures import pixels
from toolkit.intake.samples import each_object, field, four, roles, several, text_of
from toolkit.model.attribute import Attribute
from toolkit.model.dataset import (
    BOX_COLUMNS,
    FLAG_COLUMNS,
    IN_ANOTHER_SPLIT,
    SAME_ID,
    AnnotatedDataset,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import ibis.expr.types as ir

    from toolkit.engine import Engine, Rows
    from toolkit.files.sources import Source
    from toolkit.intake.ingest import Part
    from toolkit.intake.samples import BoxForm
    from toolkit.model.dataset import Provenance

    Size = tuple[int | None, int | None]

NUMBERS: Final = ("box_1", "box_2", "box_3", "box_4")
IMAGE_COLUMNS: Final = ("image_id", "split", "width", "height", "shard")
OBJECT_COLUMNS: Final = ("image_id", "label", "has_box", *NUMBERS, "width", "height", "shard")
NOT_ATTRIBUTES: Final = ("annotation_id", "path", "label", "split", *FLAG_COLUMNS, *BOX_COLUMNS)
"""Columns of the result that no attribute may be named like."""
LISTED_BEFORE: Final = "image is listed before"
MOST_UNREAD: Final = 1_000
SHOWN: Final = 200
"""How many characters of a rejected value are listed."""


class SampleTables:
    """The tables of a dataset on their way to the engine, growing sample by sample."""

    def __init__(
        self, engine: Engine, source: Source, boxes: BoxForm, *, apart: bool = False
    ) -> None:
        """Begin the tables of what is at `source`, with boxes written in the form `boxes`.

        `apart` says that images and objects come one by one, so that only the images have sizes.
        """
        self.engine = engine
        self.apart = apart
        self.boxes = boxes
        self.images = GrowingTable(engine, source, IMAGE_COLUMNS, NOT_ATTRIBUTES)
        self.annotations = GrowingTable(engine, source, OBJECT_COLUMNS, NOT_ATTRIBUTES)
        self.image_labels = GrowingTable(engine, source, ("image_id", "label", "shard"))
        self.captions = GrowingTable(engine, source, ("image_id", "text", "shard"))
        self.unread: dict[str, None] = {}
        self.met: set[str] = set()
        self.opened = ExitStack()

    def __enter__(self) -> Self:
        for table in (self.images, self.annotations, self.image_labels, self.captions):
            self.opened.enter_context(table)
        return self

    def __exit__(self, *_: object) -> None:
        self.opened.close()

    def add(
        self,
        record: Mapping[str, Any],
        *,
        image_id: str | None = None,
        split: str | None = None,
        size: Size = (None, None),
        shard: str = "",
    ) -> None:
        """Add a sample.

        Args:
            record: Its fields, by the names the source has for them.
            image_id: The image's id, if it is not that of a field.
            split: The split, if it is not that of a field.
            size: Width and height in pixels, if they are not those of fields.
            shard: The file it is from, by which a rejected row is found again.
        """
        keys = roles(tuple(record))
        self.met.update(keys, {"split"} if split else ())
        row = {
            "image_id": image_id or text_of(field(record, keys, "image_id")),
            "split": text_of(field(record, keys, "split", split)),
            "width": text_of(field(record, keys, "width", size[0])),
            "height": text_of(field(record, keys, "height", size[1])),
            "shard": shard,
        }
        used = {key for role, key in keys.items() if role != "image_id" or image_id is None}
        self.images.add(row, self.attributes(record, used, keys.get("attributes"), ""))
        about = {"image_id": row["image_id"], "shard": shard}
        for label in several(field(record, keys, "labels")):
            self.image_labels.add({**about, "label": text_of(label)})
        for caption in several(field(record, keys, "captions")):
            self.captions.add({**about, "text": text_of(caption)})
        if "objects" in keys:
            self.add_objects(record[keys["objects"]], row, keys["objects"])

    def add_objects(self, value: Any, image: Mapping[str, str | None], name: str) -> None:
        """Add the objects of a sample: a list of mappings, or a mapping of lists of one length."""
        about = {column: image[column] for column in ("image_id", "width", "height", "shard")}
        try:
            found = each_object(value)
        except ValueError as error:
            self.annotations.reject(str(error), shortened(image, value))
            return
        self.met.add("objects")
        for item in found:
            self.add_object(item, about, f"{name}.")

    def add_object(
        self, item: Mapping[str, Any], about: Mapping[str, str | None], where: str = ""
    ) -> None:
        """Add an object by its fields; `about` is its image's id, width, height and shard."""
        keys = roles(tuple(item), objects=True)
        row = {
            **about,
            "label": text_of(field(item, keys, "label")),
            "has_box": "1" if "box" in keys else None,
            **dict(zip(NUMBERS, four(field(item, keys, "box")), strict=True)),
            **{name: text_of(item[keys[name]]) for name in FLAG_COLUMNS if name in keys},
        }
        used = set(keys.values())
        self.annotations.add(row, self.attributes(item, used, keys.get("attributes"), where))

    def attributes(
        self, record: Mapping[str, Any], used: set[str], nested: str | None, where: str
    ) -> Iterator[tuple[str, str | None]]:
        """Return the fields without a role, and those under `attributes`, as text."""
        inner = record.get(nested) if nested else None
        fields = [(key, value) for key, value in record.items() if key not in used]
        if isinstance(inner, dict):
            fields += inner.items()
        elif inner is not None:
            self.leave_out(f"{where}{nested}")
        for key, value in fields:
            if isinstance(value, list | dict | bytes):
                self.leave_out(f"{where}{key}")
            else:
                yield key, text_of(value)

    def leave_out(self, name: str) -> None:
        """Remember what is not read, for a note; a hostile source has no end of names."""
        if len(self.unread) < MOST_UNREAD:
            self.unread[name] = None

    def dataset(self, name: str, provenance: Provenance) -> AnnotatedDataset:
        """Return the dataset, when the tables are closed.

        Args:
            name: Its name for titles.
            provenance: Where it came from; counts and notes are added.

        Raises:
            DataReadError: If there is nothing, or a table has rows and none can be used.
        """
        if not self.images.read + self.annotations.read:
            what = "holds no samples"
            raise DataReadError(provenance.source, what, "Check that it is the right folder.")
        parts = {"images": self.image_part()} if self.images.read else {}
        if "objects" in self.met:
            parts["annotations"] = self.object_part()
        if "labels" in self.met:
            parts["image_labels"] = self.label_part()
        if "captions" in self.met:
            parts["captions"] = self.caption_part()
        return assembled(name, provenance, parts, self.described(), self.notes())

    def image_part(self) -> Part:
        """Type the rows of images; a later row of the same image is left out."""
        rows = self.images.rows()
        raw = rows.table
        columns = {
            "image_id": raw["image_id"],
            "path": ibis.null("string"),
            "width": pixels(raw["width"]),
            "height": pixels(raw["height"]),
            "split": raw["split"],
            **{name: raw[name] for name in self.images.attributes.values()},
        }
        rules = [empty("image id", raw["image_id"]), *repeated(raw)]
        return ingest(self.engine, rows, columns, rules)

    def object_part(self) -> Part:
        """Type the rows of objects; one without the field of a box is about the whole image."""
        rows = self.with_sizes(self.annotations.rows())
        raw = rows.table
        box = self.corners(raw)
        boxed = raw["has_box"].notnull()
        flags = [name for name in FLAG_COLUMNS if name in raw.columns]
        columns = {
            "image_id": raw["image_id"],
            "label": raw["label"],
            **{k: ibis.cases((boxed, v), else_=None) for k, v in box.columns().items()},
            **{name: flag(raw[name]) for name in flags},
            **{name: raw[name] for name in self.annotations.attributes.values()},
        }
        rules = [empty("image id", raw["image_id"])]
        rules += [flag_rule(raw[name]) for name in flags]
        faults = box.rules() if self.boxes.normalised else [unknown_size(raw), *box.rules()]
        rules += [Rule(rule.phrase, boxed & rule.concerns) for rule in faults]
        remarks = [Rule(remark.phrase, boxed & remark.concerns) for remark in box.remarks()]
        if name := self.annotations.attributes.get("id"):
            remarks.append(same_id(raw, name))
        return ingest(self.engine, rows, columns, rules, remarks)

    def with_sizes(self, rows: Rows) -> Rows:
        """Give objects that came apart from their images the size that a row of images states."""
        raw = rows.table
        if not self.apart:
            return rows
        listed = self.images.rows().table
        sizes = listed.group_by("image_id").agg(
            width=listed["width"].first(), height=listed["height"].first()
        )
        joined = raw.drop("width", "height").left_join(sizes, "image_id")
        return replace(rows, table=self.engine.materialise(joined.select(*raw.columns)))

    def corners(self, raw: ir.Table) -> Box:
        """Return the box of each row in shares of the image."""
        numbers = [number(raw[name]) for name in NUMBERS]
        if not self.boxes.normalised:
            sides = [number(raw[name]) for name in ("width", "height")]
            numbers = [value / side for value, side in zip(numbers, sides * 2, strict=True)]
        return Box.of(self.boxes.form, numbers)

    def label_part(self) -> Part:
        """Type the labels of images, which whoever made the dataset vouches for."""
        rows = self.image_labels.rows()
        raw = rows.table
        columns = {
            "image_id": raw["image_id"],
            "label": raw["label"],
            "confidence": ibis.literal(1.0),
            "source": ibis.null("string"),
        }
        rules = [empty("image id", raw["image_id"]), empty("label", raw["label"])]
        return ingest(self.engine, rows, columns, rules)

    def caption_part(self) -> Part:
        """Type the captions."""
        rows = self.captions.rows()
        raw = rows.table
        columns = {"image_id": raw["image_id"], "text": raw["text"]}
        rules = [empty("image id", raw["image_id"]), empty("caption", raw["text"])]
        return ingest(self.engine, rows, columns, rules)

    def described(self) -> Iterator[Attribute]:
        """Describe the attributes, of which nothing is known but their names."""
        # A name in both tables is the objects' one, because slices of objects are finer.
        for name in self.images.attributes.values():
            yield Attribute(name, "images")
        for name in self.annotations.attributes.values():
            yield Attribute(name, "annotations")
        if "objects" in self.met:
            yield Attribute("label", "annotations")
        if "split" in self.met:
            yield Attribute("split", "images")

    def notes(self) -> Iterator[str]:
        """Say what was taken for granted, and what was not read."""
        if "objects" in self.met:
            yield self.boxes.sentence
        if self.unread:
            shown = ", ".join(list(self.unread)[:MOST_CHOICES])
            more = len(self.unread) - MOST_CHOICES
            yield f"Fields that are not read: {shown}{f' and {more} more' if more > 0 else ''}."


def repeated(raw: ir.Table) -> list[Rule]:
    """Refuse a later row of an image that is listed already."""
    counts = raw.agg(rows=raw["image_id"].count(), ids=raw["image_id"].nunique()).to_pandas()
    if counts["rows"].item() == counts["ids"].item():
        return []
    order = ibis.window(group_by=raw["image_id"], order_by=raw[SOURCE_ROW])
    again = ibis.row_number().over(order) > 0
    elsewhere = raw["split"] != raw["split"].first().over(order)
    return [Rule(IN_ANOTHER_SPLIT, again & elsewhere), Rule(LISTED_BEFORE, again)]


def same_id(raw: ir.Table, name: str) -> Rule:
    """Remark on an object whose id another one of its image has; many sources number by image."""
    order = ibis.window(group_by=[raw["image_id"], raw[name]], order_by=raw[SOURCE_ROW])
    return Rule(SAME_ID, raw[name].notnull() & (ibis.row_number().over(order) > 0))


def unknown_size(raw: ir.Table) -> Rule:
    """Refuse a box in pixels of an image whose size is not known."""
    sides = [number(raw[name]) for name in ("width", "height")]
    bad = ibis.or_(*(side.isnull() | side.isnan() | side.isinf() | (side <= 0) for side in sides))
    return Rule("image size is not a positive number", bad)


def shortened(image: Mapping[str, str | None], value: Any) -> str:
    """Show where a rejected value stands and how it begins."""
    written = json.dumps(value, default=str, ensure_ascii=False)[:SHOWN]
    return f"{image['shard']}, image {image['image_id']}: {written}"
