"""A dataset as one nested row an image, and each row as a sample of FiftyOne."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import ibis

from toolkit.intake.fields import snake_case
from toolkit.intake.ingest import union
from toolkit.model.dataset import BOX_COLUMNS, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import ibis.expr.types as ir

    from toolkit.model.dataset import AnnotatedDataset

GROUND_TRUTH: Final = "ground_truth"
PREDICTIONS: Final = "predictions"
MEANT: Final = ("image_id", "path", "width", "height", "split", "tags", "place")
"""Columns of images that are no fields of a sample under their own name."""
RESERVED_OF_SAMPLE: Final = (
    *("id", "filepath", "tags", "metadata", "created_at", "last_modified_at", "image_id"),
    *(GROUND_TRUTH, PREDICTIONS, "image_labels", "captions"),
)
RESERVED_OF_LABEL: Final = (
    *("id", "tags", "label", "bounding_box", "mask", "mask_path", "confidence", "index"),
    *("attributes", "instance", "logits"),
)
WHOLE_IMAGE: Final = (0.0, 0.0, 1.0, 1.0)
ROWS: Final = "rows"
PLACE: Final = "place"


def nested(
    dataset: AnnotatedDataset, image_tags: ir.Table | None, annotation_tags: ir.Table | None
) -> ir.Table:
    """Return one row an image: its columns, and a list of what each other table says of it.

    The rows are numbered in `place` from 0, so that some of them can be fetched at a time.

    Args:
        dataset: The dataset; images that only other tables name are rows too.
        image_tags: `image_id` and the list `tags`.
        annotation_tags: `annotation_id` and the list `tags`.
    """
    tables = {name: getattr(dataset, name) for name in TABLES if name not in ("images", "signals")}
    tables = {name: table for name, table in tables.items() if table is not None}
    ids = [table.select("image_id") for table in tables.values()]
    if dataset.images is not None:
        ids.append(dataset.images.select("image_id"))
    found = union(ids).distinct()
    if dataset.images is not None:
        found = found.left_join(plain(dataset.images), "image_id").drop("image_id_right")
    if image_tags is not None:
        found = found.left_join(image_tags, "image_id").drop("image_id_right")
    for name, table in tables.items():
        rows = plain(table)
        if name == "annotations":
            # A signal is named as one, so that it is no attribute when the dataset is read back.
            rows = rows.rename(
                {f"signal_{signal}": signal for signal in dataset.annotation_signals}
            )
        if name == "annotations" and annotation_tags is not None:
            rows = rows.left_join(annotation_tags, "annotation_id").drop("annotation_id_right")
        content = ibis.struct({column: rows[column] for column in rows.columns})
        listed = rows.group_by("image_id").agg(**{f"{ROWS}_{name}": content.collect()})
        found = found.left_join(listed, "image_id").drop("image_id_right")
    return found.mutate(place=ibis.row_number().over(order_by="image_id")).order_by(PLACE)


def plain(table: ir.Table) -> ir.Table:
    """Return a table with the types that the database can hold; others become text."""
    kept = {
        name: column if kind.is_boolean() or kind.is_integer() or kind.is_floating() else text
        for name, kind in table.schema().items()
        for column, text in [(table[name], table[name].cast("string"))]
    }
    return table.select(**kept)


def sample_of(fo: Any, row: Mapping[str, Any], root: str, models: Mapping[Any, str]) -> Any:
    """Return a nested row as a `fiftyone.Sample`.

    Args:
        fo: The package.
        row: The row.
        root: The folder that paths are relative to.
        models: The field of each model's predictions.
    """
    fields = {
        field_name(name, RESERVED_OF_SAMPLE): value
        for name, value in row.items()
        if name not in MEANT and not name.startswith(f"{ROWS}_") and value is not None
    }
    tags = [*([row["split"]] if row.get("split") else []), *(row.get("tags") or ())]
    sample = fo.Sample(file_path(row, root), tags=tags, image_id=row["image_id"], **fields)
    if row.get("width") and row.get("height"):
        sample.metadata = fo.ImageMetadata(width=row["width"], height=row["height"])
    boxes = row.get(f"{ROWS}_annotations") or ()
    sample[GROUND_TRUTH] = fo.Detections(detections=[detection(fo, box) for box in boxes])
    if labels := row.get(f"{ROWS}_image_labels"):
        found = [classification(fo, label) for label in labels]
        sample["image_labels"] = fo.Classifications(classifications=found)
    if captions := row.get(f"{ROWS}_captions"):
        sample["captions"] = [caption["text"] for caption in captions]
    predicted: dict[str, list[Any]] = {}
    for box in row.get(f"{ROWS}_predictions") or ():
        predicted.setdefault(models[box.get("model")], []).append(detection(fo, box))
    for field, found in predicted.items():
        sample[field] = fo.Detections(detections=found)
    return sample


def detection(fo: Any, row: Mapping[str, Any]) -> Any:
    """Return an annotation or prediction; one of a whole image has the whole image as its box."""
    corners: Any = [row.get(name) for name in BOX_COLUMNS]
    x_min, y_min, x_max, y_max = WHOLE_IMAGE if None in corners else corners
    used = {"image_id", "label", "score", "model", "tags", *BOX_COLUMNS}
    attributes = {
        field_name(name, RESERVED_OF_LABEL): value
        for name, value in row.items()
        if name not in used and value is not None
    }
    score = {} if row.get("score") is None else {"confidence": row["score"]}
    return fo.Detection(
        label=row.get("label"),
        bounding_box=[x_min, y_min, x_max - x_min, y_max - y_min],
        tags=list(row.get("tags") or ()),
        **score,
        **attributes,
    )


def classification(fo: Any, row: Mapping[str, Any]) -> Any:
    """Return a label of an image."""
    source = {} if row.get("source") is None else {"source": row["source"]}
    return fo.Classification(label=row["label"], confidence=row["confidence"], **source)


def file_path(row: Mapping[str, Any], root: str) -> str:
    """Return where the picture is, or would be; its ending must be that of a picture."""
    path = Path(root) / (row.get("path") or row["image_id"].lstrip("/"))
    kind, _ = mimetypes.guess_type(path.name)
    return str(path.absolute()) + ("" if (kind or "").startswith("image/") else ".jpg")


def field_name(column: str, reserved: Iterable[str]) -> str:
    """Return a column's name as a field that FiftyOne does not use itself."""
    return f"source_{column}" if column in reserved else column


def model_fields(dataset: AnnotatedDataset) -> dict[Any, str]:
    """Return a field for the predictions of each model; one model alone has `predictions`."""
    rows = dataset.predictions
    if rows is None:
        return {}
    if "model" not in rows.columns:
        return {None: PREDICTIONS}
    found = rows.select("model").distinct().order_by("model").to_pyarrow()["model"].to_pylist()
    if len(found) < 2:
        return dict.fromkeys(found, PREDICTIONS)
    names = [f"{PREDICTIONS}_{i}_{snake_case(model or '')}" for i, model in enumerate(found, 1)]
    return dict(zip(found, (name.rstrip("_") for name in names), strict=True))
