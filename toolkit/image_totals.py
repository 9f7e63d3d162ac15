"""Totals over images: of the units of a group on each, and of the images that have any.

Whatever is counted, these are clustered and weighted as images are.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import reduce
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, Final

import ibis
import numpy as np

from toolkit.model.slices import Unit
from toolkit.sampling import (
    SAMPLING_UNIT,
    WEIGHT,
    chosen_columns,
    drawn,
    number_of_clusters,
    scale_for,
    squarable,
    unusable,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import ibis.expr.types as ir
    import pandas as pd
    from numpy.typing import NDArray

    from toolkit.model.dataset import AnnotatedDataset

    Array = NDArray[np.float64]

QUANTITIES: Final = ("units", "images", "every")
"""Of a group, over images: its units, the images that have any of it, and all images."""
PAIRS: Final = tuple(combinations_with_replacement(QUANTITIES, 2))
SUMS: Final = ("units", "images", *(f"{a}_{b}" for a, b in PAIRS if (a, b) != ("every", "every")))
"""What is summed by group; products are over clusters."""


@dataclass(frozen=True)
class ImageTotals:
    """Totals over images for all units, then for those of each of k groups.

    Attributes:
        n: How many images there are.
        clusters: How many sampling units they make.
        totals: `QUANTITIES`, each image multiplied by its weight; shape (1 + k, 3). NaN where an
            image has no weight.
        cross: The sums over sampling units of the products of two; shape (1 + k, 3, 3).
    """

    n: int
    clusters: int
    totals: Array
    cross: Array

    def of(self, chosen: NDArray[np.bool_]) -> ImageTotals:
        """Return the totals of all units and of the chosen groups; `chosen` has shape (k,)."""
        keep = np.append(True, chosen)
        return replace(self, totals=self.totals[keep], cross=self.cross[keep])


@dataclass(frozen=True)
class DrawnImages:
    """The images with how they were drawn.

    Attributes:
        rows: `image_id`, `SAMPLING_UNIT`, and the weight as a whole number in `WEIGHT`.
        n: How many images there are, also those of which nothing is known but their number.
        clusters: How many sampling units they make.
        scale: What the weights were multiplied by; NaN where an image has no weight.
        every: All images by weight, and the sum of its squares over sampling units.
    """

    rows: ir.Table
    n: int
    clusters: int
    scale: float
    every: tuple[float, float]


def independent_images(units: Array, squares: Array, images: Array, n: int) -> ImageTotals:
    """Return the totals of images that are each a sampling unit and weigh the same.

    Args:
        units: All units, then those of each group; shape (1 + k,).
        squares: The sums over images of the square of their number; shape (1 + k,).
        images: How many images have any; shape (1 + k,).
        n: How many images there are.
    """
    every = np.full(len(units), float(n))
    totals = np.stack([units, images, every], axis=-1)
    # An image is there once or not at all, so its square is itself.
    rows = ((squares, units, units), (units, images, images), (units, images, every))
    cross = np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)
    return ImageTotals(n, n, totals, cross)


def assembled(sums: Mapping[str, Array], images: DrawnImages) -> ImageTotals:
    """Put the `SUMS`, each of shape (1 + k,), and those of all images into arrays."""
    shape = sums["units"].shape
    first, second = (np.full(shape, total) for total in images.every)
    known = {**sums, "every": first, "every_every": second}
    cross = np.empty((*shape, 3, 3))
    for a, b in PAIRS:
        i, j = QUANTITIES.index(a), QUANTITIES.index(b)
        cross[:, i, j] = cross[:, j, i] = known[f"{a}_{b}"] / images.scale**2
    totals = np.stack([known[name] / images.scale for name in QUANTITIES], axis=-1)
    return ImageTotals(images.n, images.clusters, totals, cross)


@contextmanager
def drawn_images(dataset: AnnotatedDataset) -> Iterator[DrawnImages | None]:
    """Look up how the images were drawn; None if each is a sampling unit and weighs the same.

    The table in the engine lasts as long as the context.
    """
    if not chosen_columns(dataset):
        yield None
        return
    tables = [table for table in (dataset.images, dataset.annotations) if table is not None]
    images = reduce(ibis.union, (table.select("image_id") for table in tables)).distinct()
    rows = drawn(images, dataset, Unit.IMAGE)
    unit = rows[SAMPLING_UNIT if SAMPLING_UNIT in rows.columns else "image_id"]
    weight = rows[WEIGHT] if WEIGHT in rows.columns else ibis.literal(1.0)
    rows = rows.select("image_id", **{SAMPLING_UNIT: unit, WEIGHT: weight})
    found = rows.agg(
        listed=rows.count(), wrong=unusable(rows[WEIGHT]).sum(), largest=rows[WEIGHT].max()
    )
    row = found.to_pandas().fillna(0.0).iloc[0]
    unlisted = dataset.n_images - int(row["listed"])
    unknown = row["wrong"] or (unlisted and WEIGHT in chosen_columns(dataset))
    scale = scale_for(float(row["largest"]))
    weights = ibis.literal(0) if unknown else whole(rows[WEIGHT], scale)
    with rows.mutate(weights.cast("int64").name(WEIGHT)).cache() as known:
        yield DrawnImages(
            rows=known,
            n=dataset.n_images,
            clusters=number_of_clusters(dataset, Unit.IMAGE),
            scale=np.nan if unknown else scale,
            every=all_images(known, unlisted, scale),
        )


def all_images(rows: ir.Table, unlisted: int, scale: float) -> tuple[float, float]:
    """Sum the weights of all images, and the squares of each sampling unit's sum."""
    per = rows.group_by(SAMPLING_UNIT).agg(every=rows[WEIGHT].sum())
    square = squarable(per["every"]) * squarable(per["every"])
    sums = per.agg(first=per["every"].sum(), second=square.sum())
    row = sums.select(sums["first"].cast("float64"), sums["second"].cast("float64")).to_pandas()
    first, second = row.fillna(0.0).iloc[0]
    return float(first) + unlisted * scale, float(second) + unlisted * scale**2


def sums_of_images(
    by_image: ir.Table, count: str, keys: Sequence[str], images: DrawnImages
) -> pd.DataFrame:
    """Sum over images by group: one row a group with the keys and `SUMS`.

    Args:
        by_image: One row an image and combination of values, with the number of units in `count`.
        count: See `by_image`.
        keys: The columns that make the groups; none for all units together.
        images: How the images were drawn.
    """
    per = by_image.group_by(["image_id", *keys]).agg(units=by_image[count].sum())
    per = per.inner_join(images.rows, "image_id")
    weight = per[WEIGHT]
    per = per.group_by([SAMPLING_UNIT, *keys]).agg(
        units=(per["units"] * weight).sum(), images=weight.sum()
    )
    every = images.rows.group_by(SAMPLING_UNIT).agg(every=images.rows[WEIGHT].sum())
    both = per.inner_join(every, SAMPLING_UNIT)
    sums = {name: both[name].sum() for name in ("units", "images")}
    sums |= {
        f"{a}_{b}": (squarable(both[a]) * squarable(both[b])).sum()
        for a, b in PAIRS
        if f"{a}_{b}" in SUMS
    }
    totals = {name: total.cast("float64").fill_null(0.0) for name, total in sums.items()}
    found = both.aggregate(by=list(keys), **totals)
    frame: pd.DataFrame = (found.order_by(keys) if keys else found).to_pandas()
    return frame
