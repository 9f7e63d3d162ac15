"""The engine's part of counting: sums by group within each image, and over sampling units.

Everything added up here is a whole number, so that no order of addition changes a digit.
"""

from __future__ import annotations

import math
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import ibis

from toolkit.errors import WeightsError
from toolkit.model.slices import MISSING
from toolkit.sampling import WEIGHT, scale_for, squarable, unusable, whole
from toolkit.units import CLUSTER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import ibis.expr.types as ir
    import pandas as pd

    from toolkit.model.slices import Value
    from toolkit.units import Units

    Measures = Mapping[str, Any]
    Pairs = Sequence[tuple[str, str]]

COUNT: Final = "n"
MOST_CELLS: Final = 62
"""So many cells fit into the bits of a whole number of the engine."""


@dataclass(frozen=True)
class Wanted:
    """What is to be summed over some rows.

    Attributes:
        measures: Whole numbers of a row by name, as deferred expressions; `n` goes without saying.
        pairs: The pairs of measures whose products are wanted.
        scales: By measure, what makes its weighted numbers whole ones; empty without weights.
    """

    measures: Measures
    pairs: Pairs
    scales: Mapping[str, float]

    @property
    def names(self) -> list[str]:
        """The measures, `n` first."""
        return [COUNT, *self.measures]

    @property
    def columns(self) -> list[str]:
        """The columns of sums: each measure and, where there are weights, its weighted form."""
        return [*self.names, *map(self.total, self.names)] if self.scales else self.names

    def total(self, name: str) -> str:
        """Return the column of a measure's totals."""
        return f"weighted_{name}" if self.scales else name

    def scale(self, *names: str) -> float:
        """Return by what the totals of a measure, or products of two, are to be divided."""
        return math.prod(self.scales.get(name, 1.0) for name in names)


@dataclass(frozen=True)
class GroupSums:
    """Sums by the values of all attributes of some slicings, from which each is added up.

    Attributes:
        key_of: The column of each attribute.
        cluster: The column that names the sampling unit.
        totals: A row for each combination of values, with the wanted columns.
        by_image: A row for each image and combination, in the engine.
        by_cluster: A row for each sampling unit and combination, in the engine.
    """

    key_of: Mapping[str, str]
    cluster: str
    totals: pd.DataFrame
    by_image: ir.Table
    by_cluster: ir.Table


def scales_of(counted: Units, measures: Measures, column: str) -> dict[str, float]:
    """Return the powers of two that make the weighted measures whole; none without weights.

    Raises:
        WeightsError: If a unit has no usable weight in `column`.
    """
    if not counted.weighted:
        return {}
    values = {name: measure.cast("int64") for name, measure in measures.items()}
    rows = counted.rows.select(WEIGHT, **values)
    weight = rows[WEIGHT]
    most = {f"most_{i}": rows[name].abs().max() for i, name in enumerate(values)}
    found = rows.agg(
        wrong=unusable(weight).sum(), rows=rows.count(), weight=weight.max(), **most
    ).to_pandas()
    row = found.fillna(0.0).iloc[0]
    if row["wrong"]:
        raise WeightsError(column, int(row["wrong"]), int(row["rows"]), counted.unit)
    of_weight = scale_for(float(row["weight"]))
    # A measure of at most 1 keeps the scale of the weights, so that no part exceeds its whole.
    of_values = [min(scale_for(float(row[f"most_{i}"]), 1), 1.0) for i in range(len(values))]
    return {COUNT: of_weight} | {
        name: of_weight * scale for name, scale in zip(values, of_values, strict=True)
    }


@contextmanager
def group_sums(counted: Units, names: Sequence[str], wanted: Wanted) -> Iterator[GroupSums]:
    """Sum over images and sampling units by the values of some attributes.

    The tables in the engine last as long as the context.
    """
    key_of = {name: f"key_{i}" for i, name in enumerate(names)}
    keys = list(key_of.values())
    with ExitStack() as caches:
        by_image = caches.enter_context(sums_by_image(counted, key_of, wanted).cache())
        per = by_image
        if counted.cluster != CLUSTER:
            sums = {name: squarable(by_image[name].sum()) for name in wanted.columns}
            per = by_image.group_by([counted.cluster, *keys]).agg(**sums)
            per = caches.enter_context(per.cache())
        totals = {name: per[name].sum().cast("float64") for name in wanted.columns}
        found = in_order(per.group_by(keys).agg(**totals), keys)
        yield GroupSums(key_of, counted.cluster, found, by_image, per)


def sums_by_image(counted: Units, key_of: Mapping[str, str], wanted: Wanted) -> ir.Table:
    """Sum each measure by image, sampling unit and values."""
    columns = {key: counted.rows[name] for name, key in key_of.items()}
    columns |= wanted.measures
    within = list(dict.fromkeys([CLUSTER, counted.cluster]))
    rows = counted.rows.select(*within, *([WEIGHT] if counted.weighted else []), **columns)
    sums = {name: total_of(rows[name]) for name in wanted.measures}
    if counted.weighted:
        weight = whole(rows[WEIGHT], wanted.scale(COUNT))
        sums[wanted.total(COUNT)] = total_of(weight)
        for name in wanted.measures:
            scale = wanted.scale(name) / wanted.scale(COUNT)
            product = whole(weight.cast("float64") * rows[name].cast("int64"), scale)
            sums[wanted.total(name)] = total_of(product)
    return rows.group_by([*within, *key_of.values()]).agg(**{COUNT: rows.count()}, **sums)


def total_of(values: ir.Column) -> ir.NumericScalar:
    """Sum whole numbers; null counts as 0. Only counts are sure to have short squares."""
    total = values.cast("int64").sum().fill_null(0)
    return total if values.type().is_boolean() else squarable(total)


def products_over_clusters(sums: GroupSums, wanted: Wanted) -> pd.DataFrame:
    """Sum the products of two measures over sampling units by pair of combinations of values.

    The second combination is in columns with `_right` behind; `product_i` is that of pair i.
    """
    per, cluster = sums.by_cluster, sums.cluster
    other = per.select(**{f"{name}_right": per[name] for name in per.columns}).view()
    both = per.inner_join(other, per[cluster] == other[f"{cluster}_right"])
    products = {
        f"product_{i}": both[wanted.total(a)] * both[f"{wanted.total(b)}_right"]
        for i, (a, b) in enumerate(wanted.pairs)
    }
    groups = [*sums.key_of.values(), *(f"{key}_right" for key in sums.key_of.values())]
    totals = {name: product.sum().cast("float64") for name, product in products.items()}
    return in_order(both.group_by(groups).agg(**totals), groups)


def images_with(sums: GroupSums, keys: list[str]) -> pd.DataFrame:
    """Count the images that have at least one row of each group, in `images`."""
    rows = sums.by_image
    # By all keys, an image that is its own sampling unit has one row a group.
    once = sums.cluster == CLUSTER and set(keys) == set(sums.key_of.values())
    number = rows.count() if once else rows[CLUSTER].nunique()
    return in_order(rows.group_by(keys).agg(images=number), keys)


def images_by_cells(sums: GroupSums, axes: Mapping[str, Sequence[Value]]) -> pd.DataFrame:
    """Count the images by the set of cells that they have at least one row of.

    Args:
        sums: The sums.
        axes: By column, its values, MISSING the last. A cell is a combination of them, the last
            column's changing first; there may be `MOST_CELLS`.

    Returns:
        `cells`, a whole number whose bit i stands for cell i, and `images`.
    """
    rows = sums.by_image
    cell = ibis.literal(0)
    for key, axis in axes.items():
        known = [(rows[key] == value, i) for i, value in enumerate(axis) if value is not MISSING]
        last = len(axis) - 1
        cell = cell * len(axis) + (ibis.cases(*known, else_=last) if known else last)
    # From the highest bit down: a 1 would be a number of the engine with 31 bits.
    highest = MOST_CELLS - 1
    bits = rows.select(CLUSTER, bit=ibis.literal(1 << highest) >> (highest - cell))
    of_image = bits.group_by(CLUSTER).agg(cells=bits["bit"].bit_or())
    return in_order(of_image.group_by("cells").agg(images=of_image.count()), ["cells"])


def in_order(sums: ir.Table, keys: list[str]) -> pd.DataFrame:
    """Fetch sums sorted by their groups.

    Sums beyond 2^53 are rounded when they become floats; adding them up in a fixed order gives
    the same digits however the engine has parted the work.
    """
    frame: pd.DataFrame = (sums.order_by(keys) if keys else sums).to_pandas()
    return frame
