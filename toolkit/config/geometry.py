"""Which boxes count when sizes, shapes and positions are measured."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from toolkit.config.strict import Strict

Policy = Literal["in", "out"]


class GeometryConfig(Strict):
    """Which boxes count when sizes, shapes and positions are measured.

    The other choice is measured too, as rows of its own.
    """

    group_boxes: Policy = Field(
        "out", description="Boxes that are marked as around a group of several (`is_group_of`)."
    )
    depiction_boxes: Policy = Field(
        "in",
        description="Boxes that are marked as around a drawing or the like (`is_depiction_of`).",
    )
