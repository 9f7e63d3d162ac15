"""Where in the image the centre of a box lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis.expr.types as ir


def box_x_center(annotations: ir.Table) -> ir.NumericColumn:
    """Return the centre's distance from the left edge as a share of the width, 0 to 1."""
    return (annotations["x_min"] + annotations["x_max"]) / 2


def box_y_center(annotations: ir.Table) -> ir.NumericColumn:
    """Return the centre's distance from the top edge as a share of the height, 0 to 1."""
    return (annotations["y_min"] + annotations["y_max"]) / 2
