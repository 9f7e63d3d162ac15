"""The part of the image that a box covers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis.expr.types as ir


def box_area(annotations: ir.Table) -> ir.NumericColumn:
    """Return width times height of each box as a share of the image, 0 to 1."""
    width = annotations["x_max"] - annotations["x_min"]
    return width * (annotations["y_max"] - annotations["y_min"])
