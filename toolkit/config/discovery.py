"""Which slices are searched for, and by what they are ranked."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, PositiveInt, model_validator

from toolkit.config.strict import Strict


class DiscoveryConfig(Strict):
    """Which slices are searched for; with this table, an audit discovers slices.

    A measured thing is a column of the annotations or the images: the rate of a flag or another
    boolean, the mean of a number, or the rate of unknown values of an attribute of texts.
    """

    high: list[str] = Field(
        default_factory=list,
        description="What is bad where it is high, for instance an error or a flag; left out, all "
        "flags and the unknown values of all sensitive attributes.",
    )
    low: list[str] = Field(
        default_factory=list,
        description="What is bad where it is low, for instance sharpness or `detected`.",
    )
    attributes: list[str] = Field(
        default_factory=list,
        description="The attributes and flags that make the slices; left out, all of them.",
    )
    bins: dict[str, Annotated[int, Field(ge=2, le=20)]] = Field(
        default_factory=dict,
        description="Numeric columns that make slices too, and in how many parts of equal size.",
    )
    depth: Annotated[int, Field(ge=1, le=3)] = Field(
        3, description="The most attributes of a slice; the time grows with their combinations."
    )
    k: PositiveInt = Field(5, description="How many of the worst slices of each depth are tested.")
    ranking: Literal["sliceline", "divergence"] = Field(
        "sliceline", description="By SliceLine's score, or by DivExplorer's divergence."
    )
    alpha: Annotated[float, Field(gt=0, le=1)] = Field(
        0.95, description="SliceLine's weight of how bad a slice is against how large it is."
    )
    min_units: PositiveInt = Field(
        20, description="The fewest units of a slice, in each half of the data."
    )
    min_images: PositiveInt = Field(
        10, description="The fewest images, or other sampling units, of a slice in each half."
    )
    max_values: Annotated[int, Field(ge=2, le=100)] = Field(
        20, description="The most values of an attribute that make slices: the most frequent ones."
    )

    @model_validator(mode="after")
    def names_agree(self) -> Self:
        """Refuse what is said to be bad both where it is high and where it is low."""
        if both := sorted(set(self.high) & set(self.low)):
            raise ValueError(f"{both} stands under both high and low")
        return self
