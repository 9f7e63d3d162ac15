"""Which rows are counted when a dataset is sliced by some attributes, and what a row is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Final

from toolkit.model.slices import Unit
from toolkit.sampling import SAMPLING_UNIT, WEIGHT, drawn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import ibis.expr.types as ir

    from toolkit.model.attribute import Attribute
    from toolkit.model.dataset import AnnotatedDataset

CLUSTER: Final = "image_id"
"""The column by which units are clustered, unless the dataset names another sampling unit."""


@dataclass(frozen=True)
class Units:
    """The rows to count, with one text column an attribute.

    Attributes:
        rows: One row a unit: its image, the attributes as text, the columns of its source and,
            as far as the dataset has them, `SAMPLING_UNIT` and `WEIGHT`.
        unit: What a row is.
        attributes: The attributes by name.
    """

    rows: ir.Table
    unit: Unit
    attributes: Mapping[str, Attribute]

    @property
    def cluster(self) -> str:
        """The column by which the units are clustered."""
        return SAMPLING_UNIT if SAMPLING_UNIT in self.rows.columns else CLUSTER

    @property
    def weighted(self) -> bool:
        """Whether the units have sampling weights."""
        return WEIGHT in self.rows.columns

    def of(self, names: Sequence[str]) -> tuple[Attribute, ...]:
        """Return the attributes of these names."""
        return tuple(self.attributes[name] for name in names)


def units(
    dataset: AnnotatedDataset,
    names: Sequence[str],
    *,
    asked_too: Sequence[str] = (),
    unit: Unit | None = None,
) -> Units:
    """Return the rows that the attributes describe.

    Attributes of images alone count images, unless `unit` says otherwise; as soon as one belongs
    to annotations, annotations are counted and take the attributes of their image with them. Rows
    of sources in which an attribute, or one of `asked_too`, was never asked are not among them.

    Raises:
        UnknownNameError: If the dataset has no attribute of a name, or no column that says how
            its rows were drawn.
    """
    attributes = {name: dataset.attribute(name) for name in names}
    unit = unit or unit_of(attributes.values())
    rows = dataset.images if unit is Unit.IMAGE else dataset.annotations
    if rows is None:
        raise ValueError(f"the dataset has no table of {unit}s")
    if unit is Unit.ANNOTATION:
        rows = asked(rows, [*attributes.values(), *(dataset.attribute(n) for n in asked_too)])
        rows = with_images(rows, dataset, [a for a in attributes.values() if a.table == "images"])
    rows = drawn(rows, dataset, unit)
    text = {name: rows[name].cast("string") for name in attributes}
    return Units(rows.mutate(**text), unit, attributes)


def with_images(
    rows: ir.Table, dataset: AnnotatedDataset, attributes: Sequence[Attribute]
) -> ir.Table:
    """Give each annotation the attributes of its image; null where the image is not listed."""
    if dataset.images is None or not attributes:
        return rows
    names = [attribute.name for attribute in attributes]
    known = dataset.images.select("image_id", *names)
    return rows.drop(*(set(names) & set(rows.columns))).left_join(known, "image_id")


def asked(rows: ir.Table, attributes: Iterable[Attribute]) -> ir.Table:
    """Keep the annotations of the sets in which each attribute was asked."""
    sets = {attribute.asked_in for attribute in attributes if attribute.asked_in}
    conditions = [rows["annotation_set"].isin(names) for names in sorted(sets)]
    return rows.filter(reduce(and_, conditions)) if conditions else rows


def unit_of(attributes: Iterable[Attribute]) -> Unit:
    """Return what attributes describe: images, or annotations as soon as one belongs to them."""
    of_images = all(attribute.table == "images" for attribute in attributes)
    return Unit.IMAGE if of_images else Unit.ANNOTATION


def of_same_rows(
    dataset: AnnotatedDataset, by: Sequence[tuple[str, ...]], unit: Unit | None
) -> list[list[tuple[str, ...]]]:
    """Put the slicings together that count the same rows."""
    groups: dict[object, list[tuple[str, ...]]] = {}
    for names in by:
        attributes = [dataset.attribute(name) for name in names]
        asked_in = frozenset(a.asked_in for a in attributes if a.asked_in)
        groups.setdefault((unit or unit_of(attributes), asked_in), []).append(names)
    return list(groups.values())
