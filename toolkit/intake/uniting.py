"""Several sources, for instance the splits of a dataset, made into one."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import ibis

from toolkit.errors import SettingsError
from toolkit.intake.additions import listed_images
from toolkit.intake.ingest import count_images, union
from toolkit.model.attribute import Attribute
from toolkit.model.dataset import IN_ANOTHER_SPLIT, AnnotatedDataset, Provenance

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import ibis.expr.types as ir

    from toolkit.engine import Engine
    from toolkit.model.attribute import AttributeTable

STACKED: Final = ("annotations", "image_labels", "captions", "predictions")
NUMBERED: Final = {"annotations": "annotation_id", "predictions": "prediction_id"}
SPLIT: Final = "split"
OWN_SPLIT: Final = "source_split"
SET: Final = "annotation_set"


def united(datasets: Mapping[str, AnnotatedDataset], engine: Engine) -> AnnotatedDataset:
    """Put datasets together, the name of each as the `split` of its images.

    Args:
        datasets: The datasets by the name of their split, all of one engine.
        engine: Their engine.

    Annotations are numbered anew. An id that two sources give to different picture files is that
    of two images: then the split is put before all ids. Else it is one image, which stays in the
    first split that lists it; later listings are left out with a reason. A split that a source
    has of its own becomes the attribute `source_split`.

    Raises:
        SettingsError: If an attribute is of images in one source and of annotations in another.
    """
    attributes = attributes_of(datasets)
    root = os.path.commonpath([str(Path(one.root).resolve()) for one in datasets.values()])
    parts = [prepared(one, name, root) for name, one in datasets.items()]
    listing = engine.materialise(listed(parts))
    if clash := different_files(listing):
        parts = [prefixed(part, name) for name, part in zip(datasets, parts, strict=True)]
        listing = engine.materialise(listed(parts))
    images = listing.filter(listing["place"] == 0).drop("place", "source")
    again = listing.filter(listing["place"] > 0)
    tables: dict[str, Any] = {name: stacked(name, parts, engine) for name in STACKED}
    times = int(again.count().execute())
    return AnnotatedDataset(
        name=Path(root).name,
        provenance=provenance_of(datasets, parts, times, clash=clash),
        n_images=count_images(images, [t for t in tables.values() if t is not None]),
        attributes=MappingProxyType(attributes),
        images=images,
        rejected=MappingProxyType(rejected_of(parts, again, times)),
        label_names=MappingProxyType(
            {label: name for part in parts for label, name in part.label_names.items()}
        ),
        label_ids=MappingProxyType(
            {key: label for part in reversed(parts) for key, label in part.label_ids.items()}
        ),
        root=root,
        **tables,
    )


def attributes_of(datasets: Mapping[str, AnnotatedDataset]) -> dict[str, Attribute]:
    """Describe the attributes of all sources; of one that several have, join what they say.

    Raises:
        SettingsError: If an attribute is of images in one source and of annotations in another.
    """
    found: dict[str, list[tuple[str, Attribute]]] = {}
    for source, dataset in datasets.items():
        for attribute in dataset.attributes.values():
            if attribute.name != SPLIT:
                found.setdefault(attribute.name, []).append((source, attribute))
            elif states_split(dataset, attribute.table):
                found.setdefault(OWN_SPLIT, []).append((source, attribute))
    attributes = {name: merged(name, given, datasets) for name, given in found.items()}
    return attributes | {SPLIT: Attribute(SPLIT, "images")}


def merged(
    name: str,
    given: Sequence[tuple[str, Attribute]],
    datasets: Mapping[str, AnnotatedDataset],
) -> Attribute:
    """Join what several sources say of one attribute."""
    first = given[0][1]
    if len({attribute.table for _, attribute in given}) > 1:
        what = f"The attribute {name!r} is of images in one source and of annotations in another"
        raise SettingsError(what, ", ".join(s for s, _ in given), "Load them one by one.")
    asked = [
        name_of_set(source, own)
        for source, attribute in given
        for own in attribute.asked_in or sets_of(datasets[source])
    ]
    everywhere = len(given) == len(datasets) and not any(a.asked_in for _, a in given)
    bases = {attribute.basis for _, attribute in given}
    return replace(
        first,
        name=name,
        values=tuple(dict.fromkeys(value for _, a in given for value in a.values)),
        missing=tuple(dict.fromkeys(value for _, a in given for value in a.missing)),
        basis=first.basis if len(bases) == 1 else "not stated",
        sensitive=any(attribute.sensitive for _, attribute in given),
        asked_in=() if everywhere or first.table == "images" else tuple(asked),
    )


def name_of_set(source: str, own: str) -> str:
    """Name an annotation set of a source; `own` is empty where the source has only one."""
    return f"{source}/{own}" if own else source


def sets_of(dataset: AnnotatedDataset) -> list[str]:
    """Return the annotation sets of a source; one without a name where it has no several."""
    rows = dataset.annotations
    if rows is None or SET not in rows.columns:
        return [""]
    return sorted(rows.select(SET).distinct().to_pandas()[SET])


def prepared(dataset: AnnotatedDataset, name: str, root: str) -> AnnotatedDataset:
    """Name the source in the tables: the split, the annotation set and the place of pictures."""
    images = own_split_aside(listed_images(dataset), "images", dataset)
    if images is not None:
        place = Path(os.path.relpath(Path(dataset.root).resolve(), root)).as_posix()
        path = images["path"] if place == "." else ibis.literal(f"{place}/") + images["path"]
        images = images.mutate(split=ibis.literal(name), path=path)
    annotations = own_split_aside(dataset.annotations, "annotations", dataset)
    if annotations is not None:
        has_sets = SET in annotations.columns
        own = ibis.literal(f"{name}/") + annotations[SET] if has_sets else ibis.literal(name)
        annotations = annotations.mutate(own.name(SET))
    return replace(dataset, images=images, annotations=annotations)


def own_split_aside(
    table: ir.Table | None, name: AttributeTable, dataset: AnnotatedDataset
) -> ir.Table | None:
    """Keep the split that a source has of its own as an attribute."""
    if table is None or SPLIT not in table.columns:
        return table
    kept = {OWN_SPLIT: table[SPLIT]} if states_split(dataset, name) else {}
    return table.mutate(**kept).drop(SPLIT)


def states_split(dataset: AnnotatedDataset, name: AttributeTable) -> bool:
    """Whether a source says the split of any row of a table."""
    split, table = dataset.attributes.get(SPLIT), getattr(dataset, name)
    if split is None or split.table != name or table is None:
        return False
    return bool(table[SPLIT].count().execute())


def listed(parts: Sequence[AnnotatedDataset]) -> ir.Table:
    """Number the listings of each image, those of the first source first; `place` is from 0."""
    ordered = [
        part.images.mutate(source=ibis.literal(i))
        for i, part in enumerate(parts)
        if part.images is not None
    ]
    listing = union(as_text_where_types_differ(ordered))
    order = ibis.window(group_by="image_id", order_by="source")
    return listing.mutate(place=ibis.row_number().over(order))


def different_files(listing: ir.Table) -> bool:
    """Whether one id stands for several picture files."""
    files = listing.group_by("image_id").agg(files=listing["path"].nunique())
    return bool(files.filter(files["files"] > 1).count().execute())


def prefixed(part: AnnotatedDataset, name: str) -> AnnotatedDataset:
    """Put the split before the image ids of all tables."""
    changed = {}
    for table_name in ("images", *STACKED):
        table = getattr(part, table_name)
        if table is not None:
            changed[table_name] = table.mutate(
                image_id=ibis.literal(f"{name}/") + table["image_id"]
            )
    return replace(part, **changed)


def stacked(name: str, parts: Sequence[AnnotatedDataset], engine: Engine) -> ir.Table | None:
    """Put one table of all sources together, its rows numbered anew if they have numbers."""
    tables, before = [], 0
    for part in parts:
        table = getattr(part, name)
        if table is None:
            continue
        if key := NUMBERED.get(name):
            tables.append(table.mutate(**{key: table[key] + before}))
            before += int(table[key].max().execute() or 0)
        else:
            tables.append(table)
    return engine.materialise(union(as_text_where_types_differ(tables))) if tables else None


def as_text_where_types_differ(tables: Sequence[ir.Table]) -> list[ir.Table]:
    """Make columns of one name that have several types text, so that they can be stacked."""
    types: dict[str, set[str]] = {}
    for table in tables:
        for name, kind in table.schema().items():
            types.setdefault(name, set()).add(str(kind))
    mixed = [name for name, kinds in types.items() if len(kinds) > 1]
    return [
        table.mutate(**{n: table[n].cast("string") for n in mixed if n in table.columns})
        for table in tables
    ]


def provenance_of(
    datasets: Mapping[str, AnnotatedDataset],
    parts: Sequence[AnnotatedDataset],
    again: int,
    *,
    clash: bool,
) -> Provenance:
    """Add up where the sources came from and what became of their rows."""
    sources = {name: dataset.provenance for name, dataset in datasets.items()}
    read: Counter[str] = Counter()
    rejected: dict[str, Counter[str]] = {}
    adjusted: dict[str, Counter[str]] = {}
    for (_, source), part in zip(sources.items(), parts, strict=True):
        read.update(source.rows_read)
        if part.images is not None and "images" not in source.rows_read:
            read["images"] += int(part.images.count().execute())
        for table, reasons in source.rows_rejected.items():
            rejected.setdefault(table, Counter()).update(reasons)
        for table, phrases in source.rows_adjusted.items():
            adjusted.setdefault(table, Counter()).update(phrases)
    if again:
        rejected.setdefault("images", Counter())[IN_ANOTHER_SPLIT] += again
    notes = [f"{name}: {note}" for name, source in sources.items() for note in source.notes]
    if clash:
        notes.append("The split stands before the image ids, for some mean different pictures.")
    return Provenance(
        source=", ".join(f"{name}={source.source}" for name, source in sources.items()),
        loader=", ".join(dict.fromkeys(source.loader for source in sources.values())),
        recognised="; ".join(f"{name}: {s.recognised}" for name, s in sources.items()),
        files=MappingProxyType(
            {f"{name}/{f}": digest for name, s in sources.items() for f, digest in s.files.items()}
        ),
        licence=", ".join(dict.fromkeys(s.licence for s in sources.values() if s.licence)),
        rows_read=MappingProxyType(dict(read)),
        rows_rejected=by_table(rejected),
        rows_adjusted=by_table(adjusted),
        stated=MappingProxyType(
            {field: text for s in reversed(sources.values()) for field, text in s.stated.items()}
        ),
        notes=tuple(notes),
    )


def by_table(counts: Mapping[str, Counter[str]]) -> Mapping[str, Mapping[str, int]]:
    """Return counts by table and phrase as they are kept."""
    return MappingProxyType({name: MappingProxyType(dict(c)) for name, c in counts.items()})


def rejected_of(
    parts: Iterable[AnnotatedDataset], again: ir.Table, times: int
) -> dict[str, ir.Table]:
    """List the rows that are left out, later listings of an image among them."""
    found: dict[str, list[ir.Table]] = {}
    for part in parts:
        for table, rows in part.rejected.items():
            found.setdefault(table, []).append(rows)
    if times:
        listing = again.select(
            source_file=again["split"],
            source_row=ibis.null("int64"),
            reason=ibis.literal(IN_ANOTHER_SPLIT),
            source_text=again["image_id"],
            image_id=again["image_id"],
        )
        found.setdefault("images", []).append(listing)
    return {table: union(as_text_where_types_differ(rows)) for table, rows in found.items()}
