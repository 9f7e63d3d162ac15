"""Which outcomes are compared between groups, and with whom each group is compared."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, PositiveInt, model_validator

from toolkit.config.strict import Strict


class LabelBiasConfig(Strict):
    """Which outcomes are compared between groups, and with whom each group is compared."""

    outcomes: list[str] | None = Field(
        None,
        description="Attributes, flags, numeric signals, and labels of images. By default the "
        "labels of boxes and the attributes that are not sensitive, if they have 2 to `most_values`"
        " values.",
    )
    most_values: PositiveInt = Field(
        20, description="An attribute with more values is no outcome unless it is named."
    )
    compare: Literal["rest", "overall", "pairs", "reference"] = Field(
        "rest",
        description="Each group with all others, with all units, with each other group, or with "
        "the one named under `reference`.",
    )
    reference: dict[str, str] = Field(
        default_factory=dict, description="By attribute, the value whose group is the reference."
    )
    strata: str | None = Field(
        None, description="The attribute within whose values demographic disparity is averaged."
    )
    bins: PositiveInt = Field(
        10, description="Into how many equally large bins a numeric outcome is put for distances."
    )

    @model_validator(mode="after")
    def has_reference(self) -> Self:
        """Refuse to compare with a reference that is not named."""
        if self.compare == "reference" and not self.reference:
            raise ValueError('compare = "reference" needs a value by attribute under reference')
        return self
