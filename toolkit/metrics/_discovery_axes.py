"""What slices are searched for, and the axes along which they are cut."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING

import ibis

from toolkit.errors import SettingsError, UnknownNameError
from toolkit.model.attribute import Attribute
from toolkit.model.dataset import FLAG_COLUMNS
from toolkit.model.slices import MISSING, Unit, Value
from toolkit.sampling import as_text
from toolkit.units import units, with_images

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ibis.expr.types as ir

    from toolkit.config import DiscoveryConfig
    from toolkit.model.dataset import AnnotatedDataset
    from toolkit.units import Units


class Kind(StrEnum):
    """What is measured of a column."""

    RATE = "rate"
    MEAN = "mean"
    UNKNOWN = "rate of unknown values"


@dataclass(frozen=True)
class Measure:
    """What is measured.

    Attributes:
        column: The column.
        kind: What is measured of it.
        low: Whether that is bad where it is low.
        missing: The values that say "not known".
    """

    column: str
    kind: Kind
    low: bool
    missing: tuple[str, ...] = ()

    def of(self, rows: ir.Table) -> ir.NumericColumn:
        """Return what is measured of each row; null where it is not known."""
        text = as_text(rows[self.column])
        unknown = text.isnull() | text.isin(self.missing)
        if self.kind is Kind.UNKNOWN:
            return unknown.cast("float64")
        return ibis.ifelse(unknown, None, finite(rows[self.column]))


@dataclass(frozen=True)
class Axis:
    """A column along which slices are cut.

    Attributes:
        column: Its name.
        values: The values that make slices; those of numbers are intervals.
        edges: The inner ends of the intervals; empty for texts.
        cut: Whether there are further values, less frequent ones.
    """

    column: str
    values: tuple[Value, ...]
    edges: tuple[float, ...] = ()
    cut: bool = False

    def place(self, rows: ir.Table) -> ir.IntegerColumn:
        """Return the place of each row's value among `values`; their number for any other."""
        missing = self.values.index(MISSING) if MISSING in self.values else len(self.values)
        if self.edges:
            number = finite(rows[self.column])
            place = sum((number > edge).cast("int8") for edge in self.edges)
            return ibis.coalesce(place, missing).cast("int8")
        text = as_text(rows[self.column])
        known = [(value, i) for i, value in enumerate(self.values) if isinstance(value, str)]
        place = text.cases(*known, else_=len(self.values)) if known else missing
        return ibis.ifelse(text.isnull(), missing, place).cast("int8")


def counted(dataset: AnnotatedDataset, settings: DiscoveryConfig) -> Units:
    """Return the rows to search: annotations, if any of the columns belongs to them, or images.

    Annotations have the columns of their image that are measured or make slices.

    Raises:
        UnknownNameError: If the settings name a column that is in neither table.
    """
    tables = (dataset.annotations, dataset.images)
    of_annotations, of_images = (set(t.columns) if t is not None else set() for t in tables)
    named = [*texts(dataset, settings), *settings.bins, *settings.high, *settings.low]
    columns = list(dict.fromkeys(named))
    for name in columns:
        if name not in of_annotations | of_images:
            raise UnknownNameError("column", name, of_annotations | of_images, "[discovery]")
    if not of_annotations.intersection(columns):
        return units(dataset, [], unit=Unit.IMAGE)
    asked = [name for name in columns if name in of_annotations and name in dataset.attributes]
    found = units(dataset, [], asked_too=asked, unit=Unit.ANNOTATION)
    joined = [Attribute(name, "images") for name in columns if name not in of_annotations]
    return replace(found, rows=with_images(found.rows, dataset, joined))


def texts(dataset: AnnotatedDataset, settings: DiscoveryConfig) -> list[str]:
    """Return the columns whose values make slices as they are."""
    names = settings.attributes or [*dataset.attributes, *flags(dataset)]
    return [name for name in dict.fromkeys(names) if name not in settings.bins]


def flags(dataset: AnnotatedDataset) -> list[str]:
    """Return the flags that the annotations have."""
    rows = dataset.annotations
    return [] if rows is None else [name for name in FLAG_COLUMNS if name in rows.columns]


def measures(dataset: AnnotatedDataset, rows: ir.Table, settings: DiscoveryConfig) -> list[Measure]:
    """Return what is measured; without settings all flags and unknown values that are sensitive.

    Raises:
        SettingsError: If a column holds plain text and is no attribute.
    """
    if settings.high or settings.low:
        kinds = kinds_of(dataset, rows, [*settings.high, *settings.low])
    else:
        sensitive = [a.name for a in dataset.attributes.values() if a.sensitive]
        kinds = dict.fromkeys(flags(dataset), Kind.RATE)
        kinds |= {name: Kind.UNKNOWN for name in sensitive if name in rows.columns}
    return [
        Measure(name, kind, name in settings.low, missing_of(dataset, name))
        for name, kind in kinds.items()
    ]


def missing_of(dataset: AnnotatedDataset, column: str) -> tuple[str, ...]:
    """Return the values of a column that say "not known"."""
    return dataset.attributes[column].missing if column in dataset.attributes else ()


def kinds_of(dataset: AnnotatedDataset, rows: ir.Table, columns: Sequence[str]) -> dict[str, Kind]:
    """Say what is measured of each column by what its known values are, also if written as text.

    Raises:
        SettingsError: If a column holds plain text and is no attribute.
    """
    counts: dict[str, ir.IntegerScalar] = {}
    for i, name in enumerate(columns):
        text, number = as_text(rows[name]), as_number(rows[name])
        known = text.notnull() & ~text.isin(missing_of(dataset, name))
        counts |= {
            f"known_{i}": known.sum(),
            f"numbers_{i}": number.count(where=known),
            f"binary_{i}": number.isin([0, 1]).sum(where=known),
        }
    found = rows.agg(**counts).to_pandas().fillna(0).iloc[0]
    kinds = {}
    for i, name in enumerate(columns):
        if found[f"numbers_{i}"] == found[f"known_{i}"]:
            binary = found[f"binary_{i}"] == found[f"known_{i}"]
            kinds[name] = Kind.RATE if binary else Kind.MEAN
        elif name in dataset.attributes:
            kinds[name] = Kind.UNKNOWN
        else:
            what = f"{name!r} holds neither numbers nor yes and no, and is no attribute"
            raise SettingsError(what, "[discovery] high and low", "Name another column.")
    return kinds


def axes(dataset: AnnotatedDataset, rows: ir.Table, settings: DiscoveryConfig) -> list[Axis]:
    """Return the axes of texts and of numbers; a column in which every row says the same is none.

    Raises:
        SettingsError: If a column to be cut into intervals holds no numbers.
    """
    found = of_texts(rows, texts(dataset, settings), settings.max_values)
    found += of_numbers(rows, settings.bins)
    return [axis for axis in found if len(axis.values) > 1]


def of_texts(rows: ir.Table, names: Sequence[str], most: int) -> list[Axis]:
    """Return axes with the most frequent values of some columns; null is a value."""
    if not names:
        return []
    counts = []
    for i, name in enumerate(names):
        per = rows.group_by(value=as_text(rows[name])).agg(n=rows.count())
        frequent = per.order_by([ibis.desc("n"), "value"]).limit(most + 1)
        counts.append(frequent.mutate(axis=ibis.literal(i)))
    found = ibis.union(*counts).order_by(["axis", ibis.desc("n"), "value"]).to_pandas()
    values: list[list[Value]] = [[] for _ in names]
    for i, value in zip(found["axis"], found["value"], strict=True):
        values[i].append(value if isinstance(value, str) else MISSING)
    return [
        Axis(name, tuple(of_axis[:most]), cut=len(of_axis) > most)
        for name, of_axis in zip(names, values, strict=True)
    ]


def of_numbers(rows: ir.Table, bins: Mapping[str, int]) -> list[Axis]:
    """Return axes of intervals with as equal numbers of rows as ties allow, and of missing values.

    Raises:
        SettingsError: If a column holds no numbers.
    """
    if not bins:
        return []
    wanted: dict[str, ir.FloatingScalar] = {}
    for i, (name, parts) in enumerate(bins.items()):
        number = finite(rows[name])
        wanted |= {f"end_{i}_{j}": number.quantile(j / parts) for j in range(1, parts)}
    found = rows.agg(**wanted).to_pandas().iloc[0]
    axes = []
    for i, (name, parts) in enumerate(bins.items()):
        ends = {float(found[f"end_{i}_{j}"]) for j in range(1, parts)}
        edges = tuple(sorted(end for end in ends if not math.isnan(end)))
        if not edges:
            raise SettingsError(f"{name!r} holds no numbers", "[discovery.bins]", "Leave it out.")
        axes.append(Axis(name, (*intervals(edges), MISSING), edges))
    return axes


def intervals(edges: Sequence[float]) -> list[str]:
    """Return the intervals between some edges in words; an edge belongs to what is below it."""
    ends = [f"{edge:.6g}" for edge in edges]
    between = [f"above {low} to {high}" for low, high in pairwise(ends)]
    return [f"up to {ends[0]}", *between, f"above {ends[-1]}"]


def as_number(column: ir.Column) -> ir.FloatingColumn:
    """Return numbers, also those written as text; yes and no are 1 and 0, anything else null."""
    if not column.type().is_string():
        return column.cast("float64")
    yes_or_no = column.try_cast("boolean").cast("float64")
    return ibis.coalesce(column.try_cast("float64"), yes_or_no)


def finite(column: ir.Column) -> ir.FloatingColumn:
    """Return numbers; null where one is infinite or NaN."""
    number = as_number(column)
    return ibis.ifelse(number.isnan() | number.isinf(), None, number)
