"""Faults that take long to look for: near-duplicates, ids, pictures, splits, labels of images.

They are looked for by `toolkit validate` and not by an audit.
"""

from __future__ import annotations

from contextlib import ExitStack
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from toolkit.faults import Fault, labels_of_images, measured, populations
from toolkit.metrics._near_duplicates import near_duplicates
from toolkit.metrics._picture_files import MISSING, OTHER_SIZE, UNREADABLE, picture_faults
from toolkit.metrics._values import strange_values
from toolkit.metrics.integrity import among, repeats
from toolkit.model.slices import SliceTable, Unit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from toolkit.config import AuditConfig
    from toolkit.faults import Population
    from toolkit.model.dataset import AnnotatedDataset

TABLES: Final = {
    "validation.near_duplicates": "part of the annotations that lie almost exactly on another one",
    "validation.repeated_ids": "part of the rows whose id another row has as well",
    "validation.two_splits": "part of the images that are in more than one split",
    "validation.missing_files": "part of the images whose picture is not there",
    "validation.unreadable_files": "part of the images whose picture cannot be read",
    "validation.file_sizes": "part of the images whose picture has another size than stated",
    "validation.taxonomy": "part of the labels of images that are not in the declared taxonomy",
    "validation.spelling": "part of the labels of images spelt otherwise than most rows do",
    "validation.mixed_types": "part of the labels of images that are words among numbers, or the "
    "other way round",
    "validation.spreadsheet": "part of the labels of images that a spreadsheet has rewritten",
    "validation.by_group": "the same parts for each group, where rows are concerned",
}
"""What this family puts into `Audit.tables`."""
FILES: Final = {
    "validation.missing_files": MISSING,
    "validation.unreadable_files": UNREADABLE,
    "validation.file_sizes": OTHER_SIZE,
}


def validation(
    dataset: AnnotatedDataset, by: Sequence[tuple[str, ...]], config: AuditConfig
) -> SliceTable:
    """Count the rows with the faults that take long to look for, in all and in each group.

    `n` is the number of rows concerned and `value` their part of all rows of the table, clustered
    by image. The groups are those of each attribute in `by`.
    """
    tables = []
    with ExitStack() as caches:
        for population in populations(dataset):
            faults = [*repeated_ids(population, caches), *two_splits(population, caches)]
            if population.unit is Unit.ANNOTATION:
                faults += overlapping(population, caches)
            else:
                faults += files(population, caches)
            tables.append(measured(faults, population, by, config))
    if labels := labels_of_images(dataset):
        strange = list(strange_values(labels, config, "validation"))
        tables.append(measured(strange, labels, by, config))
    return SliceTable.concat(tables)


def repeated_ids(population: Population, caches: ExitStack) -> Iterator[Fault]:
    """Look for ids that several rows have."""
    key, rows = population.key, population.rows
    often = rows.group_by(key).agg(times=rows.count())
    found = caches.enter_context(often.filter(often["times"] > 1).select(key).cache())
    yield Fault("validation.repeated_ids", f"{population.unit}s", among(found, key))


def two_splits(population: Population, caches: ExitStack) -> Iterator[Fault]:
    """Look for images that are in several splits by the rows that say which."""
    rows = population.rows
    if "split" in rows.columns:
        split = rows.group_by("image_id").agg(splits=rows["split"].nunique())
        found = split.filter(split["splits"] > 1).select("image_id")
        among_them = among(caches.enter_context(found.cache()), "image_id")
        yield Fault("validation.two_splits", f"{population.unit}s", among_them)


def overlapping(population: Population, caches: ExitStack) -> Iterator[Fault]:
    """Look for boxes that lie almost exactly on another one, other than exact repetitions."""
    if "x_min" not in population.rows.columns:
        return
    near, left_out = near_duplicates(population.rows, caches)
    exact = caches.enter_context(repeats(population.rows, caches).cache())
    found = caches.enter_context(near.anti_join(exact, "annotation_id").cache())
    not_compared = {"not_compared": f"{left_out:,}"} if left_out else {}
    yield Fault(
        "validation.near_duplicates",
        "annotations",
        among(found, "annotation_id"),
        MappingProxyType(not_compared),
    )


def files(population: Population, caches: ExitStack) -> Iterator[Fault]:
    """Look for pictures that are missing, damaged or of another size."""
    root, rows = population.dataset.root, population.rows
    if not root or "path" not in rows.columns:
        return
    found = caches.enter_context(picture_faults(rows, root).cache())
    for metric, fault in FILES.items():
        concerned = found.filter(found["fault"] == fault)
        yield Fault(metric, "images", among(concerned, "image_id"))
