"""What is summed up of each box: its size, its shape, its position."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Any, Final

from ibis import _

from toolkit.estimates import pairs_of
from toolkit.model.dataset import BOX_COLUMNS
from toolkit.slicing import fixed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import ibis.expr.types as ir

    from toolkit.model.dataset import AnnotatedDataset

AREA: Final = "box_area"
ASPECT: Final = "box_aspect"
OF_EVERY_BOX: Final = frozenset({AREA, "box_x_center", "box_y_center", "box_distance"})
"""The signals that every box has."""
WIDTH: Final = "toolkit_width"
HEIGHT: Final = "toolkit_height"
SIDES: Final = (32, 96)
"""In pixels: COCO calls boxes below 32 by 32 small, from 96 by 96 on large (Lin et al. 2014)."""
LIMITS: Final = tuple(float(side**2) for side in SIDES)
USUAL_IMAGE: Final = 640 * 480
"""The pixels of COCO's usual image, by which its bounds are shares where sizes are not known."""
DECIMALS: Final = 3
"""Pixels are rounded to so many, since shares of a side are not exact."""


@dataclass(frozen=True)
class Block:
    """Measures of the same boxes: each a sum over them, to be divided by their number.

    Attributes:
        base: The name under which the boxes are counted.
        known: Which boxes they are, a deferred condition.
        values: By subject, a deferred whole number of a box: 0 or 1, or a fraction in fixed point.
        proportion: Whether the values are 0 or 1.
    """

    base: str
    known: Any
    values: Mapping[str, Any]
    proportion: bool = False

    @property
    def sums(self) -> list[str]:
        """The names under which the values are summed, in the order of the subjects."""
        kind = "part" if self.proportion else "sum"
        return [f"{self.base}_{kind}_{i}" for i in range(len(self.values))]

    @property
    def columns(self) -> dict[str, Any]:
        """The measures to count."""
        return {self.base: self.known} | dict(zip(self.sums, self.values.values(), strict=True))

    @property
    def pairs(self) -> Iterator[tuple[str, str]]:
        """The pairs of measures whose products are needed."""
        for name in self.sums:
            yield from pairs_of(name, self.base)


def blocks(signals: Sequence[str], median: float, *, pixels: bool) -> list[Block]:
    """Return what is measured of each box.

    Args:
        signals: The signals that the annotations have.
        median: The area that half of the boxes stay below.
        pixels: Whether the annotations have the sizes of their images (`with_pixels`).
    """
    boxes = reduce(and_, (_[corner].notnull() for corner in BOX_COLUMNS))
    means = {name: fixed(_[name]) for name in signals if name in OF_EVERY_BOX}
    found = [Block("boxes", boxes, means)] if means else []
    if ASPECT in signals:
        found.append(shape(pixels=pixels))
    if AREA in signals:
        parts = {"area below the median": _[AREA] < median}
        if pixels:
            area = (_[AREA] * _[WIDTH] * _[HEIGHT]).round(DECIMALS)
            in_pixels = sizes(area, LIMITS, [f"{side}² px" for side in SIDES])
            found.append(Block("sized", area.notnull(), in_pixels, proportion=True))
        else:
            limits = [limit / USUAL_IMAGE for limit in LIMITS]
            parts |= sizes(_[AREA], limits, [f"{limit:.2%} of the image" for limit in limits])
        found.append(Block("boxes", boxes, parts, proportion=True))
    others = [name for name in signals if name not in OF_EVERY_BOX | {ASPECT}]
    return found + [Block(f"with_{n}", _[n].notnull(), {n: fixed(_[n])}) for n in others]


def shape(*, pixels: bool) -> Block:
    """Return the shape of boxes as a logarithm: 0 as wide as high, 1 twice as wide, -1 as high."""
    if not pixels:
        return Block("shaped", _[ASPECT].notnull(), {f"log2 {ASPECT}": fixed(_[ASPECT].log2())})
    ratio = _[ASPECT] * _[WIDTH] / _[HEIGHT]
    return Block("shaped", ratio.notnull(), {f"log2 {ASPECT} in pixels": fixed(ratio.log2())})


def sizes(area: Any, limits: Sequence[float], bounds: Sequence[str]) -> dict[str, Any]:
    """Return which boxes are small, medium and large, by names that say the bounds."""
    (least, most), (small, large) = limits, bounds
    return {
        f"small: below {small}": area < least,
        f"medium: {small} to {large}": (area >= least) & (area < most),
        f"large: from {large} on": area >= most,
    }


def with_pixels(dataset: AnnotatedDataset) -> AnnotatedDataset | None:
    """Return the dataset with its image's size beside each annotation; None if none is known."""
    images, rows = dataset.images, dataset.annotations
    if images is None or rows is None or not {"width", "height"} <= set(images.columns):
        return None
    measured: ir.Table = images.filter((images["width"] > 0) & (images["height"] > 0))
    if not measured.limit(1).count().execute():
        return None
    sides = measured.select("image_id", **{WIDTH: measured["width"], HEIGHT: measured["height"]})
    joined = rows.left_join(sides, "image_id").drop("image_id_right")
    return replace(dataset, annotations=joined)
