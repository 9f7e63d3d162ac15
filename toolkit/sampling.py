"""How rows were drawn: the sampling unit and the weight of each row.

A column of `images` holds for the annotations of the image as well. Of a column of `annotations`,
an image has the value that all its annotations agree on. A row whose sampling unit is null is of
its image's own.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import ibis

from toolkit.errors import UnknownNameError
from toolkit.model.slices import Unit

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from toolkit.model.dataset import AnnotatedDataset

SAMPLING_UNIT: Final = "sampling unit"
WEIGHT: Final = "sampling weight"
IMAGE: Final = "sampled image"
"""Columns of our own; with a space, because columns of a source have none."""
BITS: Final = 38
"""Weighted numbers are kept to so many bits of the largest one, that is to 4e-12 of it. The sums
of 30 million rows still fit into the engine's 63 bits, and their squares into its 126."""


def chosen_columns(dataset: AnnotatedDataset) -> dict[str, str]:
    """Return the columns that say how rows were drawn, by our names for them."""
    sampling = dataset.sampling
    chosen = {SAMPLING_UNIT: sampling.cluster} if sampling.cluster != Unit.IMAGE.value else {}
    return chosen | ({WEIGHT: sampling.weights} if sampling.weights else {})


def source_of(dataset: AnnotatedDataset, column: str) -> tuple[Unit, ir.Table]:
    """Return what has a column, images or else annotations, and their table.

    Raises:
        UnknownNameError: If neither has it.
    """
    tables = {Unit.IMAGE: dataset.images, Unit.ANNOTATION: dataset.annotations}
    known = {unit: table for unit, table in tables.items() if table is not None}
    for unit, table in known.items():
        if column in table.columns:
            return unit, table
    columns = [name for table in known.values() for name in table.columns]
    raise UnknownNameError("column", column, columns, "[slices] cluster or weights")


def drawn(rows: ir.Table, dataset: AnnotatedDataset, unit: Unit) -> ir.Table:
    """Give rows of images or annotations their sampling unit and weight, as far as chosen.

    `SAMPLING_UNIT` is text and never null; `WEIGHT` is a float, null where it is no number.

    Raises:
        UnknownNameError: If a chosen column is in neither table.
    """
    for name, column in chosen_columns(dataset).items():
        if Unit.IMAGE in (unit, source_of(dataset, column)[0]):
            values = values_of_images(dataset, name, column).rename({IMAGE: "image_id"})
            rows = rows.left_join(values, rows["image_id"] == values[IMAGE]).drop(IMAGE)
        else:
            rows = rows.mutate(rows[column].name(name))
    if SAMPLING_UNIT in rows.columns:
        own = "image " + rows["image_id"].cast("string")
        rows = rows.mutate(
            ibis.coalesce("of " + as_text(rows[SAMPLING_UNIT]), own).name(SAMPLING_UNIT)
        )
    if WEIGHT in rows.columns:
        rows = rows.mutate(rows[WEIGHT].try_cast("float64").name(WEIGHT))
    return rows


def values_of_images(dataset: AnnotatedDataset, name: str, column: str) -> ir.Table:
    """Return `image_id` and the image's value of a column under a name.

    Raises:
        UnknownNameError: If the column is in neither table.
    """
    unit, rows = source_of(dataset, column)
    values = rows[column]
    if unit is Unit.IMAGE:
        return rows.select("image_id", **{name: values})
    per = rows.group_by("image_id").agg(
        least=values.min(), most=values.max(), known=values.count(), rows=rows.count()
    )
    agreed = (per["least"] == per["most"]) & (per["known"] == per["rows"])
    return per.select("image_id", **{name: ibis.ifelse(agreed, per["least"], None)})


def as_text(values: ir.Column) -> ir.StringColumn:
    """Return values as text; NaN, which stands for null in columns of floats, is null."""
    text = values.cast("string")
    return text.nullif("nan") if values.type().is_floating() else text


def number_of_clusters(dataset: AnnotatedDataset, unit: Unit) -> int:
    """Count the sampling units, also those without any rows: every image is part of one.

    Raises:
        UnknownNameError: If the chosen column is in neither table.
    """
    column = chosen_columns(dataset).get(SAMPLING_UNIT)
    if column is None:
        return dataset.n_images
    source, rows = source_of(dataset, column)
    if Unit.IMAGE in (unit, source):
        rows = values_of_images(dataset, SAMPLING_UNIT, column)
    else:
        rows = rows.select("image_id", **{SAMPLING_UNIT: rows[column]})
    value, image = as_text(rows[SAMPLING_UNIT]), rows["image_id"]
    numbers = {"units": value.nunique(), "alone": image.nunique(where=value.isnull())}
    found = rows.agg(**numbers, images=image.nunique()).to_pandas().iloc[0]
    return int(found["units"] + found["alone"] + dataset.n_images - found["images"])


def unusable(weights: ir.FloatingColumn) -> ir.BooleanColumn:
    """Whether a weight is none: null, negative, infinite or not a number."""
    return weights.isnull() | weights.isnan() | weights.isinf() | (weights < 0)


def scale_for(largest: float, bits: int = BITS) -> float:
    """Return the power of two that gives the largest of some numbers so many whole bits."""
    return math.ldexp(1.0, bits - math.frexp(largest)[1])


def squarable(sums: ir.IntegerColumn) -> ir.DecimalColumn:
    """Return whole numbers of 63 bits in a form whose products have all their digits."""
    return sums.cast("decimal(19, 0)")


def whole(numbers: ir.FloatingColumn, scale: float) -> ir.IntegerColumn:
    """Return scaled numbers as whole ones, exact to add in any order."""
    return (numbers * scale).round().cast("int64")
