"""Which words of captions are counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field

from toolkit.config.strict import Strict

if TYPE_CHECKING:
    from pathlib import Path

ShippedList = Literal["gendered", "age", "identity"]


class CaptionsConfig(Strict):
    """Which words of captions are counted."""

    shipped: list[ShippedList] = Field(
        default=["gendered", "age", "identity"],
        description="The word lists of the toolkit to use; they are English.",
    )
    lists: list[str] = Field(
        default_factory=list,
        description="Files with word lists of your own, relative to this file, in the form of the "
        "toolkit's.",
    )
    words: list[str] = Field(
        default_factory=list, description="Further words, or phrases of two words."
    )
    most_common: Annotated[int, Field(ge=0)] = Field(
        50,
        description="So many of the most frequent words that are in no list and no function words "
        "are held against every group, beside `words`.",
    )

    def relative_to(self, folder: Path) -> Self:
        """Return these settings with the lists' files as seen from where the command runs."""
        return self.model_copy(update={"lists": [str(folder / name) for name in self.lists]})
