"""Boxes of one image and label that lie almost exactly on each other.

Only boxes whose top left corners are near can overlap so much, so that a crowded image is cut
into cells and each box is compared with those of its own and the adjacent cells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import ibis

if TYPE_CHECKING:
    from contextlib import ExitStack

    import ibis.expr.types as ir

MOST_OVERLAP: Final = 0.95
"""Boxes with a larger intersection over union are near-duplicates."""
MOST_CELLS: Final = 20
"""An intersection over union above 0.95 needs corners within 1/20 of the image's side."""
BOXES_IN_A_CELL: Final = 16
MOST_IN_A_CELL: Final = 1_000
"""Further boxes of one label in a cell are not compared."""
CELL: Final = ("image_id", "label", "column", "row")


def near_duplicates(rows: ir.Table, caches: ExitStack) -> tuple[ir.Table, int]:
    """Find the boxes that almost repeat an earlier one of the same image and label.

    Returns:
        The table of their `annotation_id`, each once, and how many boxes were not compared because
        there are too many in one place.
    """
    placed = in_cells(boxes(rows))
    order = ibis.window(group_by=CELL, order_by="annotation_id")
    numbered = placed.mutate(place=ibis.row_number().over(order))
    kept = caches.enter_context(numbered.cache())
    compared = kept.filter(kept["place"] < MOST_IN_A_CELL).drop("place")
    others = around(compared)
    others = others.select(**{f"{name}_2": others[name] for name in others.columns}).view()
    same = [compared[name] == others[f"{name}_2"] for name in CELL]
    earlier = others["annotation_id_2"] < compared["annotation_id"]
    pairs = compared.inner_join(others, [*same, earlier])
    near = pairs.filter(overlap(pairs) > MOST_OVERLAP).select("annotation_id").distinct()
    left_out = int(kept.filter(kept["place"] >= MOST_IN_A_CELL).count().execute())
    return near, left_out


def boxes(rows: ir.Table) -> ir.Table:
    """Return the boxes with an area that share image and label with another one."""
    columns = ("annotation_id", "image_id", "label", "x_min", "y_min", "x_max", "y_max")
    found = rows.select(*columns).mutate(label=rows["label"].fill_null(""))
    found = found.filter(found["x_max"] > found["x_min"], found["y_max"] > found["y_min"])
    together = ibis.window(group_by=("image_id", "label"))
    counted = found.mutate(beside=found.count().over(together))
    return counted.filter(counted["beside"] > 1)


def in_cells(found: ir.Table) -> ir.Table:
    """Give each box the cell of its top left corner; the more boxes, the more cells."""
    wanted = (found["beside"] / BOXES_IN_A_CELL).sqrt().ceil().cast("int64")
    cells = ibis.least(wanted, MOST_CELLS)
    column = ibis.least((found["x_min"] * cells).floor().cast("int64"), cells - 1)
    row = ibis.least((found["y_min"] * cells).floor().cast("int64"), cells - 1)
    return found.mutate(column=column, row=row, cells=cells).drop("beside")


def around(placed: ir.Table) -> ir.Table:
    """Repeat each box for its own cell and each that touches it."""
    for axis in ("column", "row"):
        first = ibis.greatest(placed[axis] - 1, 0)
        last = ibis.least(placed[axis] + 1, placed["cells"] - 1)
        placed = placed.mutate(ibis.range(first, last + 1).unnest().name(axis))
    return placed


def overlap(pairs: ir.Table) -> ir.FloatingValue:
    """Return the intersection over union of each pair of boxes."""
    sides = []
    for axis in ("x", "y"):
        low = ibis.greatest(pairs[f"{axis}_min"], pairs[f"{axis}_min_2"])
        high = ibis.least(pairs[f"{axis}_max"], pairs[f"{axis}_max_2"])
        sides.append(ibis.greatest(high - low, 0.0))
    shared = sides[0] * sides[1]
    areas = [
        (pairs[f"x_max{of}"] - pairs[f"x_min{of}"]) * (pairs[f"y_max{of}"] - pairs[f"y_min{of}"])
        for of in ("", "_2")
    ]
    return shared / (areas[0] + areas[1] - shared)
