"""A property of a person, a box or an image by which a dataset is sliced."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from toolkit.model.slices import MISSING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from toolkit.model.slices import Value

Basis = Literal["self-reported", "perceived", "inferred", "not stated"]
AttributeTable = Literal["images", "annotations"]


@dataclass(frozen=True)
class Attribute:
    """One column of a table together with what its values mean.

    Attributes:
        name: The column's name in snake_case.
        table: The table that holds the column.
        values: The declared known values in their order, without the missing ones. Empty where
            nobody declared them; then the values found are used.
        missing: Values by which the source says "not known" (`Unknown`). They remain groups of
            their own and are counted as missing. Null is always missing.
        basis: How the values came to be. `perceived` means judged by an annotator from the picture.
        sensitive: Whether groups of this attribute are protected or vulnerable.
        reference: The share each known value should have, if somebody declared it. Sums to 1.
        asked_in: The annotation sets (column `annotation_set`) in which it was asked; empty for
            all. Rows of other sets are no missing values: nobody looked.
        ordered: Whether the values stand in an order that means something, as ages do.
    """

    name: str
    table: AttributeTable
    values: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    basis: Basis = "not stated"
    sensitive: bool = False
    reference: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    asked_in: tuple[str, ...] = ()
    ordered: bool = False

    def knows(self, value: Value) -> bool:
        """Whether a value says something, rather than "not known"."""
        return value is not MISSING and value not in self.missing
