"""How boxes of one image are matched, and how the agreement of annotators is measured."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from toolkit.config.strict import Strict

MatchingRule = Literal["greedy", "optimal"]
GroupPolicy = Literal["alike", "ignored", "covering"]


class MatchingConfig(Strict):
    """Which boxes of one image are taken for the same person or thing."""

    iou: Annotated[float, Field(gt=0, le=1)] = Field(
        0.5, description="Two boxes match from this intersection over union on."
    )
    rule: MatchingRule = Field(
        "greedy",
        description="`greedy` takes the pair with the largest IoU first, then the next of what is "
        "left; `optimal` takes the pairs with the largest IoU in total.",
    )
    labels: bool = Field(default=False, description="Whether only boxes of one label match.")
    groups: GroupPolicy = Field(
        "alike",
        description="Boxes with is_group_of: `alike` treats them as any other, `ignored` leaves "
        "them out on both sides, `covering` lets a group box stand for all boxes that lie in it "
        "for the most part, and the other way round.",
    )


class AgreementConfig(Strict):
    """How the agreement of several annotators about the same items is measured."""

    interval: list[str] = Field(
        default_factory=list,
        description="Attributes whose answers are numbers, for Krippendorff's alpha of numbers.",
    )
    resamples: Annotated[int, Field(ge=100, le=100_000)] = Field(
        1000, description="How often the images are drawn again for an interval."
    )


class AnnotationGapConfig(Strict):
    """What of the second annotation is held against the dataset's own boxes."""

    labels: list[str] = Field(
        default_factory=list,
        description="The labels of the second annotation that count; by default all.",
    )
    sizes: list[Annotated[float, Field(gt=0, lt=1)]] = Field(
        default_factory=lambda: [0.01, 0.1],
        description="The shares of the image at which boxes are cut into sizes, ascending.",
    )

    @model_validator(mode="after")
    def sizes_ascend(self) -> Self:
        """Refuse sizes that are not in order."""
        if self.sizes != sorted(set(self.sizes)):
            raise ValueError(f"sizes {self.sizes} do not ascend")
        return self
