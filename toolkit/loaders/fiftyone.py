"""FiftyOne: a live dataset or view, or the folder that `FiftyOneDataset` exports, without it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from toolkit.errors import MOST_CHOICES, DataReadError
from toolkit.files.records import Malformed
from toolkit.files.sources import Form, Recognition, Source, checksum
from toolkit.intake.assembling import assembled
from toolkit.intake.pictures import locate
from toolkit.loaders import _fiftyone_tables as tables
from toolkit.loaders._fiftyone_export import METADATA, SAMPLES, look, samples_of
from toolkit.loaders._fiftyone_rows import LABELS, OBJECTS, SampleRows
from toolkit.model.attribute import Attribute
from toolkit.model.dataset import AnnotatedDataset, Provenance

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from toolkit.engine import Engine
    from toolkit.intake.ingest import Part
    from toolkit.loaders._fiftyone_tables import Fields

READS: Final = (
    "a live `fiftyone.Dataset` or view, or the folder of a `FiftyOneDataset` export: detections "
    "with their attributes, classifications, tags, predictions"
)
DOES_NOT_READ: Final = "videos, groups, 3D, polylines, keypoints, masks, embeddings, tags of labels"
OPTIONS: Final = ("predicted_fields",)
UNREAD_KINDS: Final = ("ArrayField", "VectorField")
"""Fields of large arrays, which are not even fetched from the database."""


def recognise_fiftyone(path: Path) -> Recognition:
    """Say whether a folder is an export of FiftyOne's own format."""
    export = look(path)
    if export.fault:
        return Recognition(matches=False, why=export.fault)
    return Recognition(matches=True, why=f"its {METADATA} describes the samples of FiftyOne")


def load_fiftyone(
    path: Path, *, engine: Engine, predicted_fields: Collection[str] | None = None
) -> AnnotatedDataset:
    """Load the folder that FiftyOne's exporter `FiftyOneDataset` wrote.

    Args:
        path: The folder with `metadata.json`, and `samples.json` or a folder `samples`.
        engine: Where the tables are kept.
        predicted_fields: The fields of detections that are a model's; by default all that have a
            confidence, apart from `ground_truth`.

    An image is named by the sample's field `image_id`, or by the sample's id. Classifications, and
    tags that name no split, are labels of the image, with the field as `source`. Fields of
    numbers, text and truth values are attributes.

    The format does not tell the empty text from none, and cannot hold two splits of one image.

    Raises:
        DataReadError: If the folder is none, holds something else than images, or is damaged.
    """
    export = look(path)
    if export.fault:
        raise DataReadError(path, f"cannot be loaded: {export.fault}", "Name another folder.")
    require_images(path, export.media_type)
    with SampleRows(engine, Source(path, Form.OTHER, ())) as rows:
        for sample in samples_of(export):
            if isinstance(sample, Malformed):
                rows.images.reject(sample.reason, sample.text)
            else:
                rows.add(sample, partial(locate, export.root, ("",)))
    name = export.metadata.get("name")
    files = [export.root / METADATA, *([export.samples] if export.samples.is_file() else [])]
    provenance = Provenance(
        source=str(path),
        loader="fiftyone",
        files=MappingProxyType({file.name: checksum(file) for file in files}),
        notes=() if len(files) > 1 else (f"Without {SAMPLES}, samples have no checksum.",),
    )
    title = name if isinstance(name, str) else export.root.name
    dataset = of_samples(engine, rows, title, provenance, predicted_fields)
    return replace(dataset, root=str(export.root))


def is_collection(data: object) -> bool:
    """Whether an object is a dataset or view of FiftyOne, told without importing it."""
    known = type(data).__module__.partition(".")[0] == "fiftyone"
    return known and hasattr(data, "iter_samples")


def load_collection(
    collection: Any, *, engine: Engine, predicted_fields: Collection[str] | None = None
) -> AnnotatedDataset:
    """Load a live dataset or view of FiftyOne; paths of images stay absolute.

    Args:
        collection: The `fiftyone.Dataset` or `fiftyone.DatasetView`.
        engine: Where the tables are kept.
        predicted_fields: As `load_fiftyone` takes it.

    Raises:
        DataReadError: If it holds something else than images, or the database gives up.
    """
    from pymongo.errors import PyMongoError

    source = Path(collection.name or collection.dataset_name)
    try:
        require_images(source, collection.media_type or "image")
        fields, unread = chosen_fields(collection)
        with SampleRows(engine, Source(source, Form.OTHER, ())) as rows:
            rows.unread.update(dict.fromkeys(unread))
            for sample in collection.select_fields(fields).iter_samples():
                rows.add(sample.to_mongo_dict(include_id=True), as_it_is)
    except PyMongoError as error:
        what = f"cannot be read from the database ({type(error).__name__})"
        raise DataReadError(source, what, "Check that MongoDB is still running.") from error
    provenance = Provenance(source=f"FiftyOne dataset {source}", loader="fiftyone")
    return of_samples(engine, rows, str(source), provenance, predicted_fields)


def require_images(path: Path, media_type: str) -> None:
    """Refuse a dataset of something else.

    Raises:
        DataReadError: If it is one.
    """
    if media_type != "image":
        what = f"holds samples of the type {media_type!r}, not images"
        raise DataReadError(path, what, "Choose its images, for instance select_group_slices().")


def chosen_fields(collection: Any) -> tuple[list[str], list[str]]:
    """Return the fields of samples to fetch, and those that are not read."""
    read: list[str] = []
    unread: list[str] = []
    for name, field in collection.get_field_schema().items():
        kind = getattr(getattr(field, "document_type", None), "__name__", "")
        known = name == "metadata" or kind in ("", *OBJECTS, *LABELS)
        if known and type(field).__name__ not in UNREAD_KINDS:
            read.append(name)
        else:
            unread.append(f"{name} ({kind or type(field).__name__})")
    return read, unread


def as_it_is(file_name: str | None) -> Mapping[str, str | None]:
    """Take a file name for the path, since a live dataset names files by absolute paths."""
    return {"path": file_name, "picture_fault": None}


def of_samples(
    engine: Engine,
    rows: SampleRows,
    name: str,
    provenance: Provenance,
    predicted_fields: Collection[str] | None,
) -> AnnotatedDataset:
    """Return the dataset, when the rows of all samples are there.

    Raises:
        DataReadError: If there are no samples, or rows of which none can be used.
    """
    source = rows.images.source.path
    if not rows.images.read:
        raise DataReadError(source, "has no samples", "Name a dataset with samples.")
    parts, fields = parts_of(engine, rows, predicted_fields)
    attributes = described(rows, fields)
    return assembled(name, provenance, parts, attributes, notes(rows, fields))


def parts_of(
    engine: Engine, rows: SampleRows, predicted_fields: Collection[str] | None
) -> tuple[dict[str, Part], Fields]:
    """Type the rows of each table that there is, and say which fields are whose."""
    attributes = list(rows.images.attributes.values())
    parts = {"images": tables.images(engine, rows.images.rows(), attributes)}
    fields = tables.fields_of(rows, predicted_fields)
    objects = rows.objects.rows()
    if fields.annotated:
        parts["annotations"] = tables.annotated(engine, objects, fields)
    if fields.predicted:
        parts["predictions"] = tables.predicted(engine, objects, fields)
    if rows.labels.read:
        parts["image_labels"] = tables.image_labels(engine, rows.labels.rows())
    if rows.captions.read:
        parts["captions"] = tables.captions(engine, rows.captions.rows())
    return parts, fields


def described(rows: SampleRows, fields: Fields) -> Iterator[Attribute]:
    """Describe the attributes, of which nothing is known but their names."""
    for name in rows.images.attributes.values():
        yield Attribute(name, "images")
    yield Attribute("split", "images")
    for name in fields.attributes:
        yield Attribute(name, "annotations")
    if fields.annotated:
        yield Attribute("label", "annotations")
    if len(fields.annotated) > 1:
        yield Attribute(tables.ANNOTATION_SET, "annotations")


def notes(rows: SampleRows, fields: Fields) -> Iterator[str]:
    """Say which fields were taken for what, and what was not read."""
    if fields.annotated:
        yield f"Annotations are of the fields {listed(fields.annotated)}."
    if fields.predicted:
        yield f"Predictions are of the fields {listed(fields.predicted)}; without their attributes."
    if rows.unread:
        yield f"Fields that are not read: {listed(rows.unread)}."


def listed(names: Collection[str]) -> str:
    """Return names for a sentence."""
    shown = ", ".join(ascii(name) for name in list(names)[:MOST_CHOICES])
    more = len(names) - MOST_CHOICES
    return f"{shown} and {more} more" if more > 0 else shown
