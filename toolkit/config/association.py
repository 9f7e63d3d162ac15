"""How the association of groups with labels, words and other attributes is measured."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from toolkit.config.strict import Share, Strict

MeasureName = Literal[
    "pmi",
    "pmi2",
    "npmi_y",
    "odds_ratio",
    "demographic_parity",
    "sorensen_dice",
    "jaccard",
    "log_likelihood",
    "kendall_tau_b",
    "krc",
    "t_test",
]


class AssociationConfig(Strict):
    """What counts as an image having a label, and what is measured beside lift and nPMI."""

    min_confidence: Share = Field(
        0.5, description="A machine's label counts from this confidence on."
    )
    measures: list[MeasureName] = Field(
        default_factory=list, description="Further measures of each pair."
    )
    gaps: list[Literal["npmi"] | MeasureName] = Field(
        default=["npmi"], description="The measures that are compared between two groups."
    )
    most_compared: Annotated[int, Field(ge=0, le=12)] = Field(
        4, description="Groups of more values than this are not compared with each other."
    )
    attributes: list[str] = Field(
        default_factory=list,
        description="Attributes and flags whose values are held against every group as well, for "
        "instance the label of a box.",
    )
    label_tables: bool = Field(
        default=False, description="Whether all labels together are tested against each attribute."
    )
