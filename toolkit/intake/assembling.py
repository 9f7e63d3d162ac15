"""Parts of tables become a dataset, with an account of every row."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from toolkit.intake.ingest import accounts, count_images, stack
from toolkit.model.dataset import AnnotatedDataset

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from toolkit.intake.ingest import Part
    from toolkit.model.attribute import Attribute
    from toolkit.model.dataset import Provenance

NUMBERED: Final = {
    "annotations": "annotation_id",
    "captions": "caption_id",
    "predictions": "prediction_id",
}
"""The key of each table whose rows are numbered as they come."""


def assembled(
    name: str,
    provenance: Provenance,
    parts: Mapping[str, Part],
    attributes: Iterable[Attribute],
    notes: Iterable[str],
) -> AnnotatedDataset:
    """Return the dataset whose tables have one part each.

    Args:
        name: The dataset's name.
        provenance: Where it came from; its row counts are filled in here.
        parts: The part of each table there is, by the table's name.
        attributes: What the attributes mean.
        notes: Sentences put behind those about the parts and those of the provenance.
    """
    tables = {table: stack([part], NUMBERED.get(table)) for table, part in parts.items()}
    counted = accounts({table: [part] for table, part in parts.items()})
    naming = [part.table for table, part in parts.items() if table != "images"]
    return AnnotatedDataset(
        name=name,
        provenance=replace(
            provenance,
            rows_read=counted.read,
            rows_rejected=counted.reasons,
            rows_adjusted=counted.adjusted,
            notes=(*counted.remarks, *provenance.notes, *notes),
        ),
        n_images=count_images(tables.get("images"), naming),
        attributes=MappingProxyType({attribute.name: attribute for attribute in attributes}),
        images=tables.get("images"),
        annotations=tables.get("annotations"),
        image_labels=tables.get("image_labels"),
        captions=tables.get("captions"),
        predictions=tables.get("predictions"),
        rejected=counted.rejected,
    )
