"""Counting group by group, beside `ANY`, all of them: for many, and as images were drawn.

Weights are whole numbers, so that no order of addition changes a digit.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import ibis
import numpy as np

from toolkit.cooccurrence.counts import ANY, Cooccurrence, Moments
from toolkit.cooccurrence.patterns import MOST_IN_PATTERNS
from toolkit.sampling import SAMPLING_UNIT, WEIGHT, squarable
from toolkit.stats.arrays import divide
from toolkit.units import CLUSTER

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from toolkit.cooccurrence.labels import Labelled
    from toolkit.image_totals import DrawnImages
    from toolkit.model.slices import Slice


def by_group(
    having: ir.Table,
    images: ir.Table,
    groups: tuple[Slice, ...],
    labelled: Labelled,
    drawn: DrawnImages | None,
) -> Cooccurrence:
    """Count images by label and group, and by label alone; clustered and weighted if drawn so."""
    single = having.distinct()
    every = single.select("image").distinct()
    every = every.select("image", group=ibis.literal(ANY).cast("int16"))
    with ibis.union(single, every).cache() as members:
        own = members.semi_join(labelled.images, "image")
        met = members.inner_join(labelled.pairs, "image")
        if drawn is not None:
            how = images.inner_join(drawn.rows, CLUSTER).drop(CLUSTER)
            own, met = (table.inner_join(how, "image") for table in (own, met))
        return summed(own, met, groups, labelled.names, drawn)


def summed(
    own: ir.Table,
    met: ir.Table,
    groups: tuple[Slice, ...],
    labels: tuple[str, ...],
    drawn: DrawnImages | None,
) -> Cooccurrence:
    """Sum images by group (`own`) and by group and label (`met`), and their products if drawn."""
    shape = len(groups) + 1, len(labels)
    counts, with_group = np.zeros(shape), np.zeros(shape[0])
    totals, of_group = np.zeros(shape), np.zeros(shape[0])
    for table, at, numbers, sums in (
        (own, ["group"], with_group, of_group),
        (met, ["group", "label"], counts, totals),
    ):
        total = table.count() if drawn is None else table[WEIGHT].sum()
        found = table.group_by(at).agg(n=table.count(), total=total.cast("float64")).to_pandas()
        place = tuple(found[name].to_numpy() for name in at)
        numbers[place], sums[place] = found["n"], found["total"]
    n_images = int(with_group[ANY])
    scale = float(divide(n_images, of_group[ANY]))
    return Cooccurrence(
        groups=groups,
        labels=labels,
        counts=counts[:-1],
        observed=totals[:-1] * scale,
        with_group=of_group[:-1] * scale,
        with_label=totals[-1] * scale,
        n=float(n_images),
        n_images=n_images,
        moments=None if drawn is None else moments_of(own, met, shape, drawn.clusters, scale),
        clustered=drawn is not None,
    )


def moments_of(
    own: ir.Table, met: ir.Table, shape: tuple[int, int], clusters: int, scale: float
) -> Moments:
    """Sum the products of two groups' totals over sampling units.

    Of many groups, only each with itself and with `ANY`.
    """
    number = [*range(shape[0] - 1), ANY]
    few = len(number) <= MOST_IN_PATTERNS + 1
    pairs = [(g, h) for g in number for h in number if few or g == h or ANY in (g, h)]
    place = {pair: i for i, pair in enumerate(pairs)}
    sums = {"total": squarable(ibis._[WEIGHT].sum())}
    with ExitStack() as caches:
        cells = met.group_by([SAMPLING_UNIT, "group", "label"]).agg(**sums)
        cells = caches.enter_context(cells.cache())
        margins = own.group_by([SAMPLING_UNIT, "group"]).agg(**sums)
        margins = caches.enter_context(margins.cache())
        found = [
            products(cells, cells, [SAMPLING_UNIT, "label"], few=few),
            products(cells, margins, [SAMPLING_UNIT], few=few),
            products(margins, margins, [SAMPLING_UNIT], few=few),
        ]
    arrays = [np.zeros((len(pairs), shape[1])) for _ in range(2)] + [np.zeros(len(pairs))]
    factor = scale**2 * float(divide(clusters, clusters - 1))
    for frame, array in zip(found, arrays, strict=True):
        at = [place[pair] for pair in zip(frame["group"], frame["other"], strict=True)]
        array[(at, frame["label"]) if "label" in frame else at] = frame["sum"] * factor
    return Moments(place, *arrays)


def products(left: ir.Table, right: ir.Table, on: list[str], *, few: bool) -> pd.DataFrame:
    """Sum the products of two totals by pair of groups, and by label if the first has labels."""
    other = right.select(*on, other="group", times="total").view()
    both = left.inner_join(other, on)
    if not few:
        same, margin = both["group"] == both["other"], ANY
        both = both.filter(same | (both["group"] == margin) | (both["other"] == margin))
    by = ["group", "other", *(["label"] if "label" in left.columns else [])]
    frame: pd.DataFrame = (
        both.group_by(by).agg(sum=(both["total"] * both["times"]).sum().cast("float64")).to_pandas()
    )
    return frame
