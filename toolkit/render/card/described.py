"""What a dataset's own description states, as answers to the fields of a card."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from toolkit.render.card.stated import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from toolkit.model.dataset import Provenance

FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "data_collection": "collection.method",
        "data_collection_type": "collection.method",
        "data_collection_timeframe": "collection.sources",
        "data_collection_raw_data": "collection.sources",
        "data_collection_missing_data": "transformations.missing",
        "data_imputation_protocol": "transformations.missing",
        "data_preprocessing_protocol": "transformations.applied",
        "data_manipulation_protocol": "transformations.applied",
        "data_annotation_protocol": "annotations.task",
        "data_annotation_analysis": "annotations.task",
        "data_annotation_platform": "annotations.workforce",
        "machine_annotation_tools": "annotations.workforce",
        "annotations_per_item": "annotations.characteristics",
        "annotator_demographics": "annotators.demographics",
        "personal_sensitive_information": "sensitivity.types",
        "data_biases": "people.risks",
        "data_social_impact": "people.risks",
        "data_use_cases": "use.suitable",
        "data_limitations": "use.unsuitable",
        "data_release_maintenance_plan": "maintenance.plan",
    }
)
"""The field of the card that each field of Croissant RAI 1.0 answers."""


def described(provenance: Provenance) -> dict[str, Answer]:
    """Return what the source states of itself, by field of the card.

    Several answers to one field stand below each other, each after the name of its own field. A
    description has no day, so `on` is empty.
    """
    texts: dict[str, list[str]] = {}
    for name, key in FIELDS.items():
        if answer := provenance.stated.get(name, "").strip():
            question = name.replace("_", " ").capitalize()
            texts.setdefault(key, []).append(f"{question}: {answer}")
    by = f"the description of the dataset ({provenance.loader})"
    return {key: Answer("\n".join(found), by, on="") for key, found in texts.items()}
