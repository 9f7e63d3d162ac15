"""The nouns of a collection plan."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from toolkit.model.audit import SCHEMA_VERSION, strict

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from toolkit.model.attribute import Attribute


class Kind(StrEnum):
    """What a target is about."""

    SHARE = "share"
    """A group's share of the units whose value is known."""
    EVIDENCE = "evidence"
    """The units a group needs so that a disparity can be found in it."""
    CLASS = "class"
    """A group's share of the images with a label."""


class State(StrEnum):
    """Whether a target is reached."""

    MET = "met"
    COLLECT = "collect"
    LEFT_OUT = "left out"
    """It cannot be reached, or there is nothing to reach; the reason says why."""


@dataclass(frozen=True)
class CollectionPlan:
    """The fewest images that reach every target that can be reached.

    Attributes:
        name: The dataset's name.
        date: The day of the audit that the plan is made from.
        aims: The settings `[planning]`, and the confidence level of the audit.
        images: One row a kind of image to collect: its `group` as a printed slice, its `label`
            (empty for any), the number of `images` and the `annotations` expected on them.
        targets: One row a target: `kind`, `subject` (a label), `slice`, `unit`, `n` units now;
            `now`, `wanted` and `after` the plan, as a share or, for evidence, as units;
            `design_effect`; `images_alone`, the fewest images for this target alone; `state` and,
            where it is left out, the `reason`.
        total: The images to collect.
        notes: Sentences on what the plan takes for granted.
        attributes: What the slices' attributes mean, by name.
    """

    name: str
    date: str
    aims: Mapping[str, float | bool]
    images: pd.DataFrame
    targets: pd.DataFrame
    total: int
    notes: tuple[str, ...]
    attributes: Mapping[str, Attribute]

    def to_json(self) -> str:
        """Return the whole plan as strict JSON."""
        body: dict[str, Any] = {"schema_version": SCHEMA_VERSION, "name": self.name}
        body |= {"date": self.date, "aims": dict(self.aims), "total": self.total}
        body |= {"notes": self.notes}
        for name in ("images", "targets"):
            body[name] = getattr(self, name).to_dict("records")
        return json.dumps(strict(body), indent=2, ensure_ascii=False, allow_nan=False)
