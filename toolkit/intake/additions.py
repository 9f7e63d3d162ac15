"""Attributes that a table adds to a loaded dataset, and the account of rows of further files."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import ibis

from toolkit.errors import DataReadError, MissingColumnsError, UnknownNameError
from toolkit.files.sources import SOURCE_ROW, checksum, inspect
from toolkit.intake.fields import Rule, attribute_names, empty, text
from toolkit.intake.ingest import accounts, ingest, total, union
from toolkit.model.attribute import Attribute, AttributeTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import ibis.expr.types as ir

    from toolkit.engine import Engine, Rows
    from toolkit.intake.ingest import Part
    from toolkit.model.dataset import AnnotatedDataset

TABLE_OF: Final[Mapping[str, AttributeTable]] = MappingProxyType(
    {"image_id": "images", "annotation_id": "annotations"}
)
KEY: Final = "key_of_attributes"
TAKEN: Final = ("label", "split", "path", "width", "height")
"""Columns with a meaning of their own, which no attribute replaces."""


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


def with_part(dataset: AnnotatedDataset, table: str, part: Part, sentence: str) -> AnnotatedDataset:
    """Put down in the provenance what became of the rows of one more source, a file or a folder."""
    counted = accounts({table: [part]})
    before, path = dataset.provenance, part.source.path
    digest = {path.name: checksum(path)} if path.is_file() else {}
    rejected = [tables[table] for tables in (dataset.rejected, counted.rejected) if table in tables]
    provenance = replace(
        before,
        files=MappingProxyType({**before.files, **digest}),
        rows_read=MappingProxyType(
            {**before.rows_read, table: before.rows_read.get(table, 0) + part.read}
        ),
        rows_rejected=added(before.rows_rejected, counted.reasons),
        rows_adjusted=added(before.rows_adjusted, counted.adjusted),
        notes=(*before.notes, sentence, *counted.remarks),
    )
    listing = {**dataset.rejected, **({table: union(rejected)} if rejected else {})}
    return replace(dataset, provenance=provenance, rejected=MappingProxyType(listing))


def added(
    before: Mapping[str, Mapping[str, int]], more: Mapping[str, Mapping[str, int]]
) -> Mapping[str, Mapping[str, int]]:
    """Add counts by table and phrase to those there are."""
    both = {table: total([before.get(table, {}), found]) for table, found in more.items()}
    return MappingProxyType({**before, **both})
