"""What others say of a loaded dataset: several annotators' answers, and a second annotation."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import ibis

from toolkit.errors import DataReadError, MissingColumnsError
from toolkit.files.sources import SOURCE_ROW, inspect
from toolkit.intake.additions import TABLE_OF, TAKEN, listed_images, with_part
from toolkit.intake.fields import Rule, attribute_names, empty, text
from toolkit.intake.ingest import ingest
from toolkit.model.dataset import BOX_COLUMNS, AnnotatedDataset

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import ibis.expr.types as ir

    from toolkit.engine import Engine

ANNOTATOR: Final = "annotator"


def with_answers(dataset: AnnotatedDataset, path: Path, engine: Engine) -> AnnotatedDataset:
    """Add what several annotators answered about the same annotations or images.

    An answer that is repeated counts once. Where an annotator gave different answers about the
    same item, none of them counts: which one is meant cannot be known.

    Args:
        dataset: The dataset.
        path: A CSV, TSV, JSON lines or Parquet file with `annotation_id` or else `image_id`,
            `annotator`, and a column an attribute; empty where there is no answer.
        engine: The dataset's engine.

    Raises:
        MissingColumnsError: If the file lacks one of the columns.
        DataReadError: If it has no column with answers, or no row can be used.
    """
    rows = engine.read(inspect(path))
    raw = rows.table
    present = [name for name in raw.columns if name != SOURCE_ROW]
    on = "annotation_id" if "annotation_id" in present else "image_id"
    if missing := [name for name in (on, ANNOTATOR) if name not in present]:
        raise MissingColumnsError(path, missing, present)
    given = [name for name in present if name not in (*TABLE_OF, ANNOTATOR)]
    target = listed_images(dataset) if on == "image_id" else dataset.annotations
    if target is None or not given:
        what = "has no column with answers" if target is not None else f"has answers by {on}"
        raise DataReadError(path, what, "Name a table of what annotators answered about the data.")
    names = attribute_names(path, given, (*TABLE_OF, *TAKEN, ANNOTATOR, "item"))
    key = text(raw[on])
    columns = {
        on: key if target[on].type().is_string() else key.try_cast(target[on].type()),
        ANNOTATOR: text(raw[ANNOTATOR]),
        **{name: text(raw[column]) for column, name in names.items()},
    }
    part = ingest(engine, rows, columns, answer_rules(raw, on, target, given))
    said = "".join(f"; {number:,} not: {reason}" for reason, number in part.reasons.items())
    sentence = f"{part.kept:,} of the {part.read:,} answers of {path.name} are used{said}."
    changed = replace(dataset, answers=part.table.drop(SOURCE_ROW))
    return with_part(changed, "answers", part, sentence)


def answer_rules(raw: ir.Table, on: str, target: ir.Table, given: Sequence[str]) -> list[Rule]:
    """Return why an answer cannot be used, or is there already."""
    key, annotator = text(raw[on]), text(raw[ANNOTATOR])
    item = [key, annotator]
    alike = [*item, *(text(raw[column]) for column in given)]
    answers = raw.count().over(ibis.window(group_by=item))
    repeats = raw.count().over(ibis.window(group_by=alike))
    place = ibis.row_number().over(ibis.window(group_by=alike, order_by=raw[SOURCE_ROW]))
    return [
        empty(on, raw[on]),
        Rule(f"{on} is not in the dataset", key.notin(text(target[on]))),
        empty(ANNOTATOR, raw[ANNOTATOR]),
        Rule("the annotator gave different answers about the item", answers > repeats),
        Rule("the answer is there already", place > 0),
    ]


def with_second(
    dataset: AnnotatedDataset, second: AnnotatedDataset, path: Path
) -> AnnotatedDataset:
    """Add the boxes of another annotation that are on images of the dataset.

    Args:
        dataset: The dataset.
        second: What was loaded from the other annotation.
        path: Where from.

    Raises:
        DataReadError: If there are no boxes in it, or none on an image of the dataset.
    """
    rows, images = second.annotations, listed_images(dataset)
    do = "Name boxes that somebody else drew on the same images."
    if rows is None or images is None or not set(BOX_COLUMNS) <= set(rows.columns):
        raise DataReadError(path, "has no boxes to compare with", do)
    drawn = rows.filter(rows["x_min"].notnull())
    there = drawn.semi_join(images, "image_id")
    number = int(drawn.count().execute())
    counted = there.agg(boxes=there.count(), images=there["image_id"].nunique()).to_pandas()
    boxes, covered = (int(counted[name].iloc[0]) for name in ("boxes", "images"))
    if not boxes:
        raise DataReadError(path, "has no box on any image of the dataset", do)
    sentence = (
        f"The second annotation, {path.name}, has {number:,} boxes; {boxes:,} "
        f"of them are on {covered:,} of the {dataset.n_images:,} images of the dataset."
    )
    before, other = dataset.provenance, second.provenance
    files = {f"second/{name}": digest for name, digest in other.files.items()}
    provenance = replace(
        before,
        files=MappingProxyType({**before.files, **files}),
        notes=(*before.notes, sentence, *(f"second: {note}" for note in other.notes)),
    )
    return replace(dataset, second_annotations=there, provenance=provenance)
