"""What the shares of groups are held against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Self

from pydantic import Field, PositiveFloat, model_validator

from toolkit.config.strict import Share, Strict

if TYPE_CHECKING:
    from pathlib import Path

DECLARED: Final = "declared"
UNIFORM: Final = "uniform"
SPLIT: Final = "split:"


class ReferenceShare(Strict):
    """The share of one group in another dataset."""

    slice: str = Field(description="The group as printed, for instance `gender=F`.")
    share: Share = Field(description="Its part of the units whose values are known.")
    n_effective: PositiveFloat = Field(
        description="From how many independent units the share is known."
    )


class RepresentationConfig(Strict):
    """What the shares of groups are held against, and how inequality is weighed."""

    against: Annotated[str, Field(min_length=1)] = Field(
        DECLARED,
        description="`declared`: the reference of each attribute, or equal shares where it has "
        "none; `uniform`: equal shares for all; `split:NAME`: the shares within one split; or the "
        "folder of another audit, relative to this file.",
    )
    shares: list[ReferenceShare] = Field(
        default_factory=list,
        description="The shares of that other audit; read from its folder where none are given.",
    )
    atkinson: list[PositiveFloat] = Field(
        default_factory=lambda: [0.5, 1.0, 2.0],
        description="The aversions to inequality for which Atkinson's index is given.",
    )

    @property
    def split(self) -> str:
        """The split that is the reference, or nothing."""
        return self.against.removeprefix(SPLIT) if self.against.startswith(SPLIT) else ""

    @property
    def audit(self) -> str:
        """The folder of the audit that is the reference, or nothing."""
        fixed = self.against in (DECLARED, UNIFORM) or self.against.startswith(SPLIT)
        return "" if fixed else self.against

    def relative_to(self, folder: Path) -> Self:
        """Return these settings with the audit's folder as seen from where the command runs."""
        return self.model_copy(update={"against": str(folder / self.audit)}) if self.audit else self

    @model_validator(mode="after")
    def shares_are_of_an_audit(self) -> Self:
        """Refuse a split without a name, and shares of another audit where none is named."""
        if self.against == SPLIT:
            raise ValueError("`split:` names no split")
        if self.shares and not self.audit:
            raise ValueError("`shares` are those of another audit: name it under `against`")
        return self
