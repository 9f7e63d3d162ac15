"""How far from the middle of the image a box lies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import ibis.expr.types as ir

MIDDLE: Final = 0.5
CORNER: Final = 0.5**0.5
"""The distance of a corner from the middle, with both sides of the image taken as 1."""


def box_distance(annotations: ir.Table) -> ir.NumericColumn:
    """Return the distance of each box's centre from the image's, 0 there to 1 in a corner."""
    right = (annotations["x_min"] + annotations["x_max"]) / 2 - MIDDLE
    down = (annotations["y_min"] + annotations["y_max"]) / 2 - MIDDLE
    return (right * right + down * down).sqrt() / CORNER
