"""From the raw rows of a CVAT file to the parts of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import ibis

from toolkit.files.sources import SOURCE_ROW
from toolkit.intake.fields import Box, Rule, empty, flag, flag_rule, number
from toolkit.intake.ingest import Part, ingest
from toolkit.intake.pictures import picture_remarks, pixels
from toolkit.loaders._cvat_shapes import CORNERS, SIZE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from toolkit.engine import Engine
    from toolkit.intake.growing import GrowingTable

CARRIED: Final = ("source", "z_order", "group_id", "rotation")
"""What is kept of a shape as it is written."""


def images(engine: Engine, table: GrowingTable, names: Mapping[str, str]) -> Part:
    """Type the images; `names` are those of their attributes, by raw column."""
    rows = table.rows()
    raw = rows.table
    order = ibis.window(group_by="image_id", order_by=SOURCE_ROW)
    columns = {
        "image_id": raw["image_id"],
        "path": raw["path"],
        **{name: pixels(raw[name]) for name in SIZE},
        "split": raw["split"] if "split" in raw.columns else ibis.null("string"),
        **{name: raw[column] for column, name in names.items()},
    }
    again = ibis.row_number().over(order) > 0
    rules = [empty("image id", raw["image_id"]), Rule("image is listed before", again)]
    return ingest(engine, rows, columns, rules, picture_remarks(raw["picture_fault"]))


def shapes(engine: Engine, table: GrowingTable) -> Part:
    """Type the shapes."""
    rows = table.rows()
    raw = rows.table
    sides = [number(pixels(raw[name])) for name in SIZE]
    corners = [number(raw[name]) for name in CORNERS]
    shares = (corner / side for corner, side in zip(corners, sides * 2, strict=True))
    box = Box.of("xyxy", shares)
    columns = {
        **{name: raw[name] for name in ("image_id", "label", "shape")},
        **box.columns(),
        **{name: raw[name] for name in CARRIED if name in raw.columns},
        **{name: raw[name] for name in table.attributes.values()},
    }
    without_size = ibis.or_(*(side.isnull() for side in sides))
    rules = [
        empty("image id", raw["image_id"]),
        empty("label", raw["label"]),
        Rule("image size is not a positive number", without_size),
        *box.rules(),
    ]
    remarks = box.remarks()
    if "occluded" in raw.columns:
        columns["is_occluded"] = flag(raw["occluded"])
        rules.append(flag_rule(raw["occluded"]))
    if "rotation" in raw.columns:
        turned = (number(raw["rotation"]) != 0).fill_null(False)
        remarks.append(Rule("the shape is turned, and counts as if it were not", turned))
    return ingest(engine, rows, columns, rules, remarks)


def tags(engine: Engine, table: GrowingTable) -> Part:
    """Type the labels of images; a tag says that its label is present."""
    rows = table.rows()
    raw = rows.table
    columns = {
        "image_id": raw["image_id"],
        "label": raw["label"],
        "confidence": ibis.literal(1.0),
        "source": raw["source"],
    }
    rules = [empty("image id", raw["image_id"]), empty("label", raw["label"])]
    return ingest(engine, rows, columns, rules)
