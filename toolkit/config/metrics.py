"""Which families of metrics an audit measures."""

from __future__ import annotations

from pydantic import Field

from toolkit.config.strict import Strict


class MetricsConfig(Strict):
    """Which families of metrics are measured, beside those every audit measures."""

    also: list[str] = Field(
        default_factory=list,
        description="Families that an audit has no time for unless it is asked, by name.",
    )
    ignore: list[str] = Field(default_factory=list, description="Families not to measure.")
