"""The shapes of CVAT, each by the box around it."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from xml.etree.ElementTree import Element

CORNERS: Final = ("xtl", "ytl", "xbr", "ybr")
SIZE: Final = ("width", "height")
CUBOID_CORNER: Final = re.compile(r"[xy][tb][lr][12]")

Extent = dict[str, str | None]


def box_extent(shape: Element) -> Extent:
    """Return the corners of a box as they are written."""
    return {name: shape.get(name) for name in CORNERS}


def points_extent(shape: Element) -> Extent:
    """Return the box around points `x,y;x,y`."""
    return around(points(shape))


def skeleton_extent(shape: Element) -> Extent:
    """Return the box around those points of a skeleton that are in the image."""
    inside = (point for point in shape.iterfind("points") if point.get("outside") != "1")
    return around(pair for point in inside for pair in points(point))


def cuboid_extent(shape: Element) -> Extent:
    """Return the box around the eight corners of a cuboid."""
    corners = [name[1:] for name in shape.attrib if CUBOID_CORNER.fullmatch(name)]
    return around((shape.get(f"x{name}", ""), shape.get(f"y{name}", "")) for name in corners)


def ellipse_extent(shape: Element) -> Extent:
    """Return the box around an ellipse of centre `cx`, `cy` and radii `rx`, `ry`."""
    try:
        cx, cy, rx, ry = (float(shape.get(name, "")) for name in ("cx", "cy", "rx", "ry"))
    except ValueError:
        return around(())
    return around([(cx - rx, cy - ry), (cx + rx, cy + ry)])


def mask_extent(shape: Element) -> Extent:
    """Return the box of a mask."""
    try:
        left, top, *size = (float(shape.get(name, "")) for name in ("left", "top", *SIZE))
    except ValueError:
        return around(())
    return around([(left, top), (left + size[0], top + size[1])])


def points(shape: Element) -> list[tuple[str, ...]]:
    """Return the coordinates of points as they are written."""
    return [tuple(pair.split(",")) for pair in (shape.get("points") or "").split(";")]


def around(pairs: Iterable[tuple[str | float, ...]]) -> Extent:
    """Return the corners of the box around points; no numbers if one of them is no point."""
    try:
        x, y = zip(*((float(x), float(y)) for x, y in pairs), strict=True)
    except ValueError:
        return dict.fromkeys(CORNERS)
    if not all(map(math.isfinite, (*x, *y))):
        return dict.fromkeys(CORNERS, "nan")
    return dict(zip(CORNERS, map(repr, (min(x), min(y), max(x), max(y))), strict=True))


EXTENTS: Final[dict[str, Callable[[Element], Extent]]] = {
    "box": box_extent,
    "polygon": points_extent,
    "polyline": points_extent,
    "points": points_extent,
    "skeleton": skeleton_extent,
    "cuboid": cuboid_extent,
    "ellipse": ellipse_extent,
    "mask": mask_extent,
}
"""The shapes that are read, each with how the box around it is found."""
