"""The rows in which slices are searched, as numbers that came from the engine."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np

from toolkit.errors import WeightsError
from toolkit.metrics._discovery_axes import Kind, axes, counted, measures
from toolkit.model.slices import Slice
from toolkit.sampling import WEIGHT
from toolkit.stats.discovery import Rows
from toolkit.structure import never_asked
from toolkit.units import CLUSTER

if TYPE_CHECKING:
    from collections.abc import Iterator

    import ibis.expr.types as ir
    from numpy.typing import NDArray

    from toolkit.config import AuditConfig, DiscoveryConfig
    from toolkit.metrics._discovery_axes import Axis, Measure
    from toolkit.model.dataset import AnnotatedDataset
    from toolkit.model.slices import Unit
    from toolkit.stats.confirmation import Compared
    from toolkit.stats.discovery import Terms

    Bools = NDArray[np.bool_]
    Array = NDArray[np.float64]

MIDDLE = "8"
"""Half of all hexadecimal digits are below it."""


@dataclass(frozen=True)
class Coded:
    """All rows in the engine, with numbers for the values of the axes.

    Attributes:
        table: `cluster` and `image` (numbers from 0), `searched` (whether the row is in the half
            that is searched), `weight` if there are any, `axis_i` and `measure_i`.
        unit: What a row is.
        axes: The axes.
        measures: What is measured.
        weights: The column of the sampling weights, for messages; empty without weights.
    """

    table: ir.Table
    unit: Unit
    axes: tuple[Axis, ...]
    measures: tuple[Measure, ...]
    weights: str


@dataclass(frozen=True)
class Halves:
    """The rows in which a measure is known: one half to search in, one to test in.

    Attributes:
        searched: The rows to search in; `y` is high where the measure is bad.
        tested: The rows to test in.
        axes: Their axes.
        flipped: Whether `y` is `offset` less what is measured, rather than `offset` and it.
        offset: What keeps `y` from being negative.
        never_asked: The groups that were left out, because the protocol never asks them.
    """

    searched: Rows
    tested: Rows
    axes: tuple[Axis, ...]
    flipped: bool
    offset: float
    never_asked: tuple[Slice, ...]

    def slice(self, terms: Terms) -> Slice:
        """Return a slice by the names of its attributes and values."""
        axes = self.axes
        return Slice(tuple((axes[axis].column, axes[axis].values[i]) for axis, i in terms))

    def measured(self, found: Compared) -> Compared:
        """Return estimates of `y` as estimates of what is measured."""
        low, high = (found.high, found.low) if self.flipped else (found.low, found.high)
        value, low, high, rest = (
            self.offset - y if self.flipped else y - self.offset
            for y in (found.value, low, high, found.rest)
        )
        return replace(found, value=value, low=low, high=high, rest=rest)


@contextmanager
def coded(
    dataset: AnnotatedDataset, settings: DiscoveryConfig, config: AuditConfig
) -> Iterator[Coded]:
    """Number sampling units, images and values in the engine, as long as the context lasts.

    Which half a sampling unit is in depends on the seed and its name alone.

    Raises:
        UnknownNameError: If the settings name a column that is not there.
        SettingsError: If they name one that cannot be measured or cut into intervals.
    """
    found = counted(dataset, settings)
    rows = found.rows
    along, measured = axes(dataset, rows, settings), measures(dataset, rows, settings)
    cluster, image = rows[found.cluster], rows[CLUSTER]
    name = ibis.literal(f"{config.seed}:") + cluster.cast("string")
    columns = {
        "cluster": ibis.dense_rank().over(order_by=cluster).cast("int32"),
        "image": ibis.dense_rank().over(order_by=image).cast("int32"),
        "searched": name.hexdigest("md5").substr(0, 1) < MIDDLE,
    }
    columns |= {f"axis_{i}": axis.place(rows) for i, axis in enumerate(along)}
    columns |= {f"measure_{i}": measure.of(rows) for i, measure in enumerate(measured)}
    if found.weighted:
        columns["weight"] = rows[WEIGHT]
    with rows.select(**columns).cache() as table:
        yield Coded(table, found.unit, tuple(along), tuple(measured), dataset.sampling.weights)


def halves(coded: Coded, number: int) -> Halves:
    """Return the rows in which one of the measures is known.

    The measured column itself makes no slices. Where unknown values are measured, groups of a
    single value that are never asked stay out, as they do of other comparisons.

    Raises:
        WeightsError: If a row has no usable sampling weight.
    """
    measure = coded.measures[number]
    kept = [i for i, axis in enumerate(coded.axes) if axis.column != measure.column]
    along = tuple(coded.axes[i] for i in kept)
    columns = fetched(coded, number, kept)
    value = columns[f"measure_{number}"].astype(np.float64)
    weight = weights(coded, columns)
    offset = offset_of(measure, value)
    rows = Rows(
        codes=np.array([columns[f"axis_{i}"] for i in kept]).reshape(len(kept), len(value)),
        sizes=tuple(len(axis.values) for axis in along),
        cluster=columns["cluster"],
        image=columns["image"],
        y=weight * (offset - value if measure.low else offset + value),
        x=weight,
        proportion=measure.kind is not Kind.MEAN,
    )
    unknown = value == 1 if measure.kind is Kind.UNKNOWN else np.zeros(len(value), dtype=bool)
    asked, left_out = who_is_asked(rows.codes, along, ~unknown)
    searched = columns["searched"].astype(bool)
    return Halves(
        searched=rows.of(asked & searched),
        tested=rows.of(asked & ~searched),
        axes=along,
        flipped=measure.low,
        offset=offset,
        never_asked=left_out,
    )


def offset_of(measure: Measure, value: Array) -> float:
    """Return what is to be added to a measure, or from what it is taken, to make it an error.

    Errors are not negative. What is bad where it is high is its own error, unless it can be
    negative: then it is counted from its least value. What is bad where it is low is counted down
    from its greatest value.
    """
    if measure.kind is not Kind.MEAN or not value.size:
        return float(measure.low)
    return float(value.max() if measure.low else max(0.0, -value.min()))


def fetched(coded: Coded, number: int, axes: list[int]) -> dict[str, NDArray[Any]]:
    """Fetch the rows in which a measure is known, in an order in which sums are always the same."""
    table, name = coded.table, f"measure_{number}"
    names = ["cluster", "image", "searched", name, *(f"axis_{i}" for i in axes)]
    names += ["weight"] if coded.weights else []
    rows = table.filter(table[name].notnull()).select(names)
    if coded.weights or coded.measures[number].kind is Kind.MEAN:
        # Sums of whole numbers are exact in any order, those of fractions are not.
        rows = rows.order_by(names)
    found = rows.to_pyarrow()
    return {name: found[name].to_numpy() for name in names}


def weights(coded: Coded, columns: dict[str, NDArray[Any]]) -> Array:
    """Return the weight of each row, 1 where there are no weights.

    Raises:
        WeightsError: If a row has no usable sampling weight.
    """
    size = len(columns["cluster"])
    if not coded.weights:
        return np.ones(size)
    weight = columns["weight"].astype(np.float64)
    wrong = ~np.isfinite(weight) | (weight < 0)
    if wrong.any():
        raise WeightsError(coded.weights, int(wrong.sum()), size, coded.unit)
    return weight


def who_is_asked(
    codes: NDArray[np.integer], along: tuple[Axis, ...], known: Bools
) -> tuple[Bools, tuple[Slice, ...]]:
    """Say of each row whether the protocol asks it, and name the groups that it never asks.

    Args:
        codes: The place of each row's value on each axis; shape (axes, rows).
        along: The axes.
        known: Whether the value asked for is known; shape (rows,).
    """
    asked, left_out = np.ones(len(known), dtype=bool), []
    for axis, places in zip(along, codes, strict=True):
        size = len(axis.values)
        n, with_value = (np.bincount(p, minlength=size + 1) for p in (places, places[known]))
        never = np.append(
            never_asked(n[:size].astype(float), with_value[:size].astype(float)), False
        )
        asked &= ~never[places]
        named = zip(axis.values, never[:size], strict=True)
        left_out += [Slice(((axis.column, value),)) for value, out in named if out]
    return asked, tuple(left_out)
