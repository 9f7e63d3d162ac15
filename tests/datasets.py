"""Small datasets in memory, for tests of what comes after loading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ibis
import pandas as pd

from toolkit.model.attribute import Attribute
from toolkit.model.dataset import AnnotatedDataset, Provenance
from toolkit.signals import SIGNALS, derive

GENDER = Attribute(
    "gender", "annotations", ("F", "M"), missing=("Unknown",), basis="perceived", sensitive=True
)
AGE = Attribute(
    "age", "annotations", ("Young", "Old"), missing=("Unknown",), basis="perceived", sensitive=True
)


def annotated(
    rows: pd.DataFrame | Mapping[str, Sequence[object]],
    attributes: Sequence[Attribute] = (GENDER, AGE),
    n_images: int | None = None,
    images: pd.DataFrame | None = None,
    image_labels: pd.DataFrame | None = None,
    rejected: Mapping[str, Mapping[str, int]] | None = None,
) -> AnnotatedDataset:
    """Return a dataset whose annotations are these rows; boxes are unit squares by default."""
    frame = pd.DataFrame(rows)
    for name, value in {
        "label": "Person",
        "x_min": 0.0,
        "y_min": 0.0,
        "x_max": 1.0,
        "y_max": 1.0,
    }.items():
        if name not in frame:
            frame[name] = value
    frame["annotation_id"] = range(1, len(frame) + 1)
    ids = set(frame["image_id"]) | (set(images["image_id"]) if images is not None else set())
    rows_rejected = dict(rejected or {})
    read = {"annotations": len(frame) + sum(rows_rejected.get("annotations", {}).values())}
    dataset = AnnotatedDataset(
        name="test",
        provenance=Provenance("memory", "test", rows_read=read, rows_rejected=rows_rejected),
        n_images=n_images or len(ids),
        attributes={a.name: a for a in attributes if a.name in frame or images is not None},
        images=None if images is None else ibis.memtable(images),
        annotations=ibis.memtable(frame),
        image_labels=None if image_labels is None else ibis.memtable(image_labels),
    )
    return derive(dataset, SIGNALS.values())
