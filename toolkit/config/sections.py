"""Tables of the settings that are a few keys each."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveInt

from toolkit.config.strict import Strict


class LabelsConfig(Strict):
    """What labels may occur."""

    taxonomy: list[str] = Field(
        default_factory=list,
        description="All labels that may occur, by their codes or names; none if left out.",
    )


class FindingsConfig(Strict):
    """Which findings are shown, and which make the command fail."""

    ignore: list[str] = Field(default_factory=list, description="Codes of rules not to apply.")
    fail_on: Literal["never", "error", "warning", "info"] = Field(
        "never", description="Exit with 1 if a finding is at least this severe."
    )


class CardConfig(Strict):
    """What goes onto the data card beside what is measured."""

    stated: str | None = Field(
        None, description="A TOML file with people's answers, relative to this file."
    )


class EngineConfig(Strict):
    """What the table engine may use."""

    url: str = Field("duckdb://", description="The engine; DuckDB in this process.")
    memory_limit: str | None = Field(
        None,
        pattern=r"^\d+(\.\d+)?\s*([KMGT]i?B)$",
        description="For instance 4GiB; by default half of the machine's memory.",
    )
    threads: PositiveInt | None = Field(None, description="By default all cores.")
    spill_folder: str | None = Field(
        None, description="Where to put what does not fit; by default the temporary folder."
    )
