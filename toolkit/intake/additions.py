"""What further files add to a loaded dataset: attributes of its rows, and predictions."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import ibis

from toolkit.errors import DataReadError, MissingColumnsError, UnknownNameError
from toolkit.files.sources import SOURCE_ROW, Form, checksum, inspect
from toolkit.intake.fields import Box, Rule, attribute_names, empty, number, number_rules, text
from toolkit.intake.ingest import accounts, ingest, stack, union
from toolkit.model.attribute import Attribute, AttributeTable
from toolkit.model.dataset import BOX_COLUMNS, AnnotatedDataset

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import ibis.expr.types as ir

    from toolkit.engine import Engine, Rows
    from toolkit.intake.ingest import Part

TABLE_OF: Final[Mapping[str, AttributeTable]] = MappingProxyType(
    {"image_id": "images", "annotation_id": "annotations"}
)
KEY: Final = "key_of_attributes"
TAKEN: Final = ("label", "split", "path", "width", "height")
"""Columns with a meaning of their own, which no attribute replaces."""
PREDICTED: Final = ("image_id", "label", "score", *BOX_COLUMNS)


def with_attributes(
    dataset: AnnotatedDataset, path: Path, on: str, engine: Engine
) -> AnnotatedDataset:
    """Join the columns of a table to the images or annotations of a dataset, as attributes.

    Args:
        dataset: The dataset.
        path: A CSV, TSV, JSON lines or Parquet file.
        on: `image_id` or `annotation_id`, the column by which rows belong together.
        engine: The dataset's engine.

    Rows of the dataset that the file does not have get null; rows of the file that the dataset
    does not have are left out with a reason. Both are counted in the provenance.

    Raises:
        UnknownNameError: If `on` is neither of the two.
        MissingColumnsError: If the file does not have that column.
        DataReadError: If a key stands twice in the file, or none is in the dataset.
    """
    if on not in TABLE_OF:
        raise UnknownNameError("key", on, TABLE_OF)
    target = listed_images(dataset) if on == "image_id" else dataset.annotations
    if target is None:
        raise DataReadError(path, f"has no rows to join by {on}", "Join by image_id instead.")
    rows = engine.read(inspect(path))
    columns = [name for name in rows.table.columns if name != SOURCE_ROW]
    if on not in columns:
        raise MissingColumnsError(path, [on], columns)
    refuse_repeated(path, rows.table, on)
    columns.remove(on)
    names = attribute_names(path, columns, {*target.columns, *TAKEN})
    part = matching(engine, rows, on, target, names)
    found = engine.materialise(joined(target, part.table.drop(SOURCE_ROW), on))
    added = {name: Attribute(name, TABLE_OF[on]) for name in names.values()}
    return with_part(
        replace(
            dataset,
            attributes=MappingProxyType({**dataset.attributes, **added}),
            images=found if on == "image_id" else dataset.images,
            annotations=found if on == "annotation_id" else dataset.annotations,
        ),
        "attributes",
        part,
        note(part, found, on, names.values()),
    )


def listed_images(dataset: AnnotatedDataset) -> ir.Table | None:
    """Return the images of a dataset: those that are listed, else those that are named."""
    if dataset.images is not None:
        return dataset.images
    others = (dataset.annotations, dataset.image_labels, dataset.captions, dataset.predictions)
    named = [table.select("image_id") for table in others if table is not None]
    if not named:
        return None
    nothing = {"path": ibis.null("string"), "width": ibis.null("int64")}
    nothing |= {"height": ibis.null("int64"), "split": ibis.null("string")}
    return union(named).distinct().mutate(**nothing)


def refuse_repeated(path: Path, rows: ir.Table, on: str) -> None:
    """Refuse a file in which a key stands twice: which of the rows counts cannot be known.

    Raises:
        DataReadError: If there is one.
    """
    known = rows.filter(rows[on].notnull())
    often = known.group_by(text(known[on]).name(KEY)).agg(times=known.count())
    repeated = often.filter(often["times"] > 1).order_by(KEY)
    first = repeated.limit(1).to_pandas()[KEY].tolist()
    if first:
        number_of = f"{repeated.count().execute():,}"
        what = f"has {number_of} values of {on} in several rows, for instance {first[0]!r}"
        raise DataReadError(path, what, "Leave one row for each.")


def matching(
    engine: Engine, rows: Rows, on: str, target: ir.Table, names: Mapping[str, str]
) -> Part:
    """Keep the rows of the file whose key is in the dataset; their values stay text.

    Raises:
        DataReadError: If there is none.
    """
    key = text(rows.table[on])
    there = target.select(text(target[on]).name(KEY))
    columns = {KEY: key, **{name: text(rows.table[column]) for column, name in names.items()}}
    strange = Rule(f"{on} is not in the dataset", key.notin(there[KEY]))
    return ingest(engine, rows, columns, [empty(on, rows.table[on]), strange])


def joined(target: ir.Table, given: ir.Table, on: str) -> ir.Table:
    """Give each row of the dataset the columns of the file's row with its key."""
    return target.left_join(given, text(target[on]) == given[KEY]).drop(KEY)


def note(part: Part, found: ir.Table, on: str, names: Iterable[str]) -> str:
    """Say how many rows found each other, and how many did not, on both sides."""
    rows = int(found.count().execute())
    return (
        f"{', '.join(names)} of {part.source.path.name} were joined by {on}: {part.kept:,} of its "
        f"{part.read:,} rows are in the dataset, and {rows - part.kept:,} of the {rows:,} rows of "
        f"{TABLE_OF[on]} are not in it."
    )


def with_predictions(dataset: AnnotatedDataset, path: Path, engine: Engine) -> AnnotatedDataset:
    """Add what a model put out, from a table with a row for each predicted box.

    Args:
        dataset: The dataset.
        path: A CSV, TSV, JSON lines or Parquet file with the columns `image_id`, `label`, `score`,
            `x_min`, `y_min`, `x_max`, `y_max` (shares of the image) and perhaps `model`.
        engine: The dataset's engine.

    Raises:
        MissingColumnsError: If the file lacks one of the columns.
        DataReadError: If it is no table, or no row can be used.
    """
    source = inspect(path)
    if source.form is Form.JSON:
        what = "is one JSON document, and predictions are read from a table"
        do = "Put a COCO results file into the folder of the annotations, and name that folder."
        raise DataReadError(path, what, do)
    rows = engine.read(source)
    raw = rows.table
    if missing := [name for name in PREDICTED if name not in raw.columns]:
        raise MissingColumnsError(path, missing, [n for n in raw.columns if n != SOURCE_ROW])
    box = Box.of("xyxy", (number(raw[name]) for name in BOX_COLUMNS))
    columns = {
        "image_id": text(raw["image_id"]),
        "label": text(raw["label"]),
        "score": number(raw["score"]),
        **box.columns(),
        "model": text(raw["model"]) if "model" in raw.columns else ibis.null("string"),
    }
    rules = [empty("image id", raw["image_id"]), empty("label", raw["label"])]
    rules += [*number_rules("score", raw["score"]), *box.rules()]
    part = ingest(engine, rows, columns, rules, box.remarks())
    found = stack([part], "prediction_id")
    if found is not None and dataset.predictions is not None:
        last = dataset.predictions["prediction_id"].max().execute() or 0
        more = found.mutate(prediction_id=found["prediction_id"] + int(last))
        found = engine.materialise(union([dataset.predictions, more]))
    text_of = f"{part.kept:,} predictions are from {path.name}."
    return with_part(replace(dataset, predictions=found), "predictions", part, text_of)


def with_part(dataset: AnnotatedDataset, table: str, part: Part, sentence: str) -> AnnotatedDataset:
    """Put down in the provenance what became of the rows of one more file."""
    counted = accounts({table: [part]})
    before, path = dataset.provenance, part.source.path
    reasons = dict(before.rows_rejected.get(table, {}))
    for reason, number_of in counted.reasons.get(table, {}).items():
        reasons[reason] = reasons.get(reason, 0) + number_of
    rejected = [tables[table] for tables in (dataset.rejected, counted.rejected) if table in tables]
    provenance = replace(
        before,
        files=MappingProxyType({**before.files, path.name: checksum(path)}),
        rows_read=MappingProxyType(
            {**before.rows_read, table: before.rows_read.get(table, 0) + part.read}
        ),
        rows_rejected=MappingProxyType(
            {**before.rows_rejected, **({table: MappingProxyType(reasons)} if reasons else {})}
        ),
        notes=(*before.notes, sentence, *counted.remarks),
    )
    listing = {**dataset.rejected, **({table: union(rejected)} if rejected else {})}
    return replace(dataset, provenance=provenance, rejected=MappingProxyType(listing))
