"""The shape of a box."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis.expr.types as ir


def box_aspect(annotations: ir.Table) -> ir.NumericColumn:
    """Return width over height of each box, both as shares of the image; null without an area."""
    width = annotations["x_max"] - annotations["x_min"]
    height = annotations["y_max"] - annotations["y_min"]
    return ((width > 0) & (height > 0)).ifelse(width / height, None)
