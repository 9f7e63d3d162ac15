"""The counting kernel: totals of each group and their covariance, clustered by image.

Units of one image are not independent, so every interval needs how the counts of two groups vary
together from image to image. Two aggregations in the engine give that: per image and group, then
over images. A few thousand numbers come back, whatever the size of the dataset. Totals add up, so
slicings of the same rows are counted once, by all of their attributes, and added up after.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import product
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from toolkit.errors import TooManyValuesError
from toolkit.model.slices import MISSING, Slice, Unit, Value
from toolkit.units import CLUSTER, Units, of_same_rows, units

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import ibis.expr.types as ir
    import pandas as pd
    from numpy.typing import NDArray

    from toolkit.model.attribute import Attribute
    from toolkit.model.dataset import AnnotatedDataset

    Array = NDArray[np.float64]
    Measures = Mapping[str, Any]
    Pairs = Sequence[tuple[str, str]]

COUNT: Final = "n"
FIXED_POINT: Final = 1_000_000
"""Fractions are summed as whole millionths, so that no order of addition changes a digit."""
MOST_COMBINATIONS: Final = 200
"""Up to this many combinations of values, slicings are counted together."""


@dataclass(frozen=True)
class Totals:
    """Totals by group, with what is needed for their covariance.

    Attributes:
        attributes: The attributes that make the groups.
        unit: What is counted.
        groups: The k groups in the attributes' declared order, empty ones included.
        clusters: How many images there are, also those with none of any group.
        present: How many images have at least one unit of each group; shape (k,).
        covered: How many images have at least one unit of any group.
        totals: By measure, the total over all units of each group; shape (k,). `n` counts units.
        cross: By pair of measures (a, b), the sums over images of a in group g times b in group
            h; shape (k, k).
    """

    attributes: tuple[Attribute, ...]
    unit: Unit
    groups: tuple[Slice, ...]
    clusters: int
    present: NDArray[np.int64]
    covered: int
    totals: Mapping[str, Array]
    cross: Mapping[tuple[str, str], Array]

    @property
    def counts(self) -> Array:
        """Units of each group; shape (k,)."""
        return self.totals[COUNT]

    @property
    def known(self) -> NDArray[np.bool_]:
        """Whether none of a group's values says "not known"; shape (k,)."""
        return np.array(
            [
                all(a.knows(value) for a, (_, value) in zip(self.attributes, g.terms, strict=True))
                for g in self.groups
            ],
            dtype=bool,
        )

    def products(self, a: str, b: str) -> Array:
        """The sums over images of a in group g times b in group h; shape (k, k)."""
        return self.cross[a, b] if (a, b) in self.cross else self.cross[b, a].T

    def of(self, chosen: NDArray[np.bool_]) -> Totals:
        """Return the totals of the chosen groups alone; `chosen` has shape (k,)."""
        block = np.ix_(chosen, chosen)
        return replace(
            self,
            groups=tuple(g for g, keep in zip(self.groups, chosen, strict=True) if keep),
            present=self.present[chosen],
            totals={name: values[chosen] for name, values in self.totals.items()},
            cross={pair: values[block] for pair, values in self.cross.items()},
        )


def count(
    dataset: AnnotatedDataset,
    by: Sequence[tuple[str, ...]],
    max_groups: int,
    *,
    measures: Measures = MappingProxyType({}),
    pairs: Pairs = (),
    asked_too: Sequence[str] = (),
    unit: Unit | None = None,
) -> Iterator[Totals]:
    """Count the groups of each slicing, in the order of `by` within the same rows.

    Args:
        dataset: What is counted.
        by: The names of the attributes that make the groups, for each slicing.
        max_groups: The most groups that one slicing may have.
        measures: Whole numbers of a row by name, as deferred expressions; null counts as 0. `n`
            is always there.
        pairs: The pairs of measures whose products are wanted; (`n`, `n`) is always there.
        asked_too: Attributes that must have been asked in the rows as well.
        unit: What a row is; by default what the attributes describe.

    Raises:
        TooManyValuesError: If a slicing has more groups than `max_groups`.
        UnknownNameError: If the dataset has no attribute of a name.
    """
    wanted = list(dict.fromkeys([(COUNT, COUNT), *pairs]))
    for together in of_same_rows(dataset, by, unit):
        names = tuple(dict.fromkeys(name for slicing in together for name in slicing))
        counted = units(dataset, names, asked_too=asked_too, unit=unit)
        for batch in batches(counted, together):
            yield from totals_of(counted, batch, dataset.n_images, max_groups, measures, wanted)


def batches(counted: Units, slicings: Sequence[tuple[str, ...]]) -> Iterator[list[tuple[str, ...]]]:
    """Put slicings together as long as their values have few combinations."""
    if len(slicings) == 1:
        yield list(slicings)
        return
    names = list(counted.attributes)
    values = {f"values_{i}": counted.rows[name].nunique() for i, name in enumerate(names)}
    row = counted.rows.agg(**values).to_pandas().iloc[0]
    number = {name: int(row[f"values_{i}"]) + 1 for i, name in enumerate(names)}
    batch: list[tuple[str, ...]] = []
    for slicing in slicings:
        together = {name for chosen in [*batch, slicing] for name in chosen}
        if batch and math.prod(number[name] for name in together) > MOST_COMBINATIONS:
            yield batch
            batch = []
        batch.append(slicing)
    yield batch


def totals_of(
    counted: Units,
    slicings: Sequence[tuple[str, ...]],
    clusters: int,
    max_groups: int,
    measures: Measures,
    pairs: Pairs,
) -> Iterator[Totals]:
    """Total the measures by image and all attributes, then add up to the groups of each slicing."""
    names = tuple(dict.fromkeys(name for slicing in slicings for name in slicing))
    key_of = {name: f"key_{i}" for i, name in enumerate(names)}
    columns = {key: counted.rows[name] for name, key in key_of.items()}
    columns |= {name: measure.cast("int64") for name, measure in measures.items()}
    rows = counted.rows.select(CLUSTER, **columns)
    sums = {name: rows[name].sum().fill_null(0) for name in measures}
    by_image = rows.group_by([CLUSTER, *key_of.values()]).agg(**{COUNT: rows.count()}, **sums)
    with by_image.cache() as per:
        found = fine_totals(per, list(key_of.values()), [COUNT, *sums])
        for slicing in slicings:
            groups_of(found, [key_of[n] for n in slicing], counted.of(slicing), max_groups)
        products = cross_products(per, list(key_of.values()), pairs)
        covered = int(per[CLUSTER].nunique().execute())
        for slicing in slicings:
            keys, attributes = [key_of[name] for name in slicing], counted.of(slicing)
            groups = groups_of(found, keys, attributes, max_groups)
            images = images_with(per, keys)
            place = {group: i for i, group in enumerate(groups)}
            at = places(found, keys, attributes, place)
            left = places(products, keys, attributes, place)
            right = places(products, [f"{key}_right" for key in keys], attributes, place)
            there = places(images, keys, attributes, place)
            yield Totals(
                attributes=attributes,
                unit=counted.unit,
                groups=groups,
                clusters=clusters,
                present=added(images["images"], len(groups), there).astype(np.int64),
                covered=covered,
                totals={name: added(found[name], len(groups), at) for name in [COUNT, *sums]},
                cross={
                    pair: added(products[f"product_{i}"], (len(groups),) * 2, (left, right))
                    for i, pair in enumerate(pairs)
                },
            )


def fine_totals(per: ir.Table, keys: list[str], measures: list[str]) -> pd.DataFrame:
    """Sum each measure over images by the values of all attributes."""
    sums = {name: per[name].sum().cast("float64") for name in measures}
    found: pd.DataFrame = per.group_by(keys).agg(**sums).to_pandas()
    return found


def images_with(per: ir.Table, keys: list[str]) -> pd.DataFrame:
    """Count the images that have at least one unit of each group."""
    found: pd.DataFrame = per.group_by(keys).agg(images=per[CLUSTER].nunique()).to_pandas()
    return found


def cross_products(per: ir.Table, keys: list[str], pairs: Pairs) -> pd.DataFrame:
    """Sum the products of two measures over images by pair of groups."""
    columns = {f"{name}_right": per[name] for name in per.columns}
    other = per.select(**columns).view()
    both = per.inner_join(other, per[CLUSTER] == other[f"{CLUSTER}_right"])
    sums = {
        f"product_{i}": (both[a] * both[f"{b}_right"]).sum().cast("float64")
        for i, (a, b) in enumerate(pairs)
    }
    groups = [*keys, *(f"{key}_right" for key in keys)]
    products: pd.DataFrame = both.group_by(groups).agg(**sums).to_pandas()
    return products


def groups_of(
    found: pd.DataFrame, keys: list[str], attributes: Sequence[Attribute], max_groups: int
) -> tuple[Slice, ...]:
    """Return all combinations of the declared and the observed values, in declared order.

    Raises:
        TooManyValuesError: If there are more than `max_groups`.
    """
    axes = []
    for key, attribute in zip(keys, attributes, strict=True):
        observed = {as_value(value) for value in found[key].unique()}
        axes.append(ordered_values(attribute, observed))
        if len(axes[-1]) > max_groups:
            raise TooManyValuesError(attribute.name, len(axes[-1]), max_groups)
    names = [attribute.name for attribute in attributes]
    number = math.prod(len(axis) for axis in axes)
    if number > max_groups:
        raise TooManyValuesError(" & ".join(names), number, max_groups)
    return tuple(Slice(tuple(zip(names, values, strict=True))) for values in product(*axes))


def ordered_values(attribute: Attribute, observed: set[Value]) -> list[Value]:
    """Return declared values first, then others found, then those that say "not known"."""
    texts = sorted(value for value in observed if isinstance(value, str))
    known = [*attribute.values, *(t for t in texts if t not in attribute.missing)]
    unknown: list[Value] = [value for value in attribute.missing if value in observed]
    if MISSING in observed:
        unknown.append(MISSING)
    return [*dict.fromkeys(known), *unknown]


def as_value(value: object) -> Value:
    """Return a value of the engine's answer as a slice's value; null is MISSING."""
    return value if isinstance(value, str) else MISSING


def places(
    frame: pd.DataFrame,
    keys: list[str],
    attributes: Sequence[Attribute],
    place: Mapping[Slice, int],
) -> list[int]:
    """Return the place of each row's group among the groups of a slicing."""
    names = [attribute.name for attribute in attributes]
    columns = [[as_value(value) for value in frame[key]] for key in keys]
    rows = zip(*columns, strict=True)
    return [place[Slice(tuple(zip(names, row, strict=True)))] for row in rows]


def added(values: pd.Series[float], shape: int | tuple[int, int], at: object) -> Array:
    """Add values up at their places in an array of zeros; whole numbers, so in any order."""
    full = np.zeros(shape)
    np.add.at(full, at, values.to_numpy(dtype=np.float64))  # type: ignore[arg-type]
    return full


def fixed(fraction: Any) -> Any:
    """Return a fraction as whole millionths, exact to add in any order."""
    return (fraction * FIXED_POINT).round().cast("int64")
