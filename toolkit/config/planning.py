"""What a collection plan aims at."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from toolkit.config.strict import Strict

Inside = Annotated[float, Field(gt=0, lt=1)]


class PlanningConfig(Strict):
    """What a collection plan aims at, for every group."""

    tolerance: Annotated[float, Field(gt=0, le=1)] = Field(
        0.8, description="The part of its reference share that each group is to have."
    )
    disparity: Inside = Field(
        0.1, description="The difference of rates between two groups that is to be found."
    )
    power: Inside = Field(0.8, description="How often such a difference is to be found.")
    rate: Inside = Field(
        0.5, description="The rate in one of the two groups; at 0.5, most units are needed."
    )
    classes: bool = Field(
        default=True,
        description="Whether the groups are to have their shares within each label as well.",
    )
