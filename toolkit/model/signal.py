"""What a signal is: one column derived for every image or annotation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Signal:
    """One derived column.

    Attributes:
        name: The column's name.
        compute: From what `needs` says to the value: for `boxes`, from the table of annotations
            to a lazy column, null where there is no box.
        meaning: What it measures, in a few words.
        unit: The unit of its values.
        keyed_by: What one value belongs to.
        needs: What it is computed from.
    """

    name: str
    compute: Callable[[Any], Any]
    meaning: str
    unit: str
    keyed_by: Literal["image_id", "annotation_id"]
    needs: Literal["boxes"]
