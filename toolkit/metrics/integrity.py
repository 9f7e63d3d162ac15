"""Whether the rows hold together: rejected, orphaned and repeated ones, and constant columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from toolkit.model.dataset import FLAG_COLUMNS
from toolkit.model.slices import MISSING, Slice, SliceTable, Unit
from toolkit.stats.clustered import ratio
from toolkit.stats.intervals import wilson

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import ibis.expr.types as ir

    from toolkit.config import AuditConfig
    from toolkit.model.dataset import AnnotatedDataset

NO_GROUPS = frozenset({"label", "split"})
"""Attributes of which a single value is a choice of scope, not a defect."""
TABLES = {
    "integrity.rejected": "part of the rows read that were left out, by table and reason",
    "integrity.duplicates": "part of the annotations that repeat another one exactly",
    "integrity.orphans": "part of the annotations whose image is not listed",
    "integrity.constant": "columns in which every row says the same",
}
"""What this family puts into `Audit.tables`."""


def integrity(
    dataset: AnnotatedDataset, by: Sequence[tuple[str, ...]], config: AuditConfig
) -> SliceTable:
    """Count the rows that should not be there, whatever they are sliced by.

    `n` is the number of rows concerned and `value` their part of all rows of the table. Rejected
    rows are independent units; repeated and orphaned ones are clustered by image.
    """
    del by
    tables = [*rejected(dataset, config)]
    if dataset.annotations is not None:
        rows = dataset.annotations.drop(*dataset.annotation_signals)
        with rows.group_by("image_id").agg(x=rows.count()).cache() as sizes:
            tables.append(duplicates(rows, sizes, dataset.n_images, config))
            if dataset.images is not None:
                tables.append(orphans(dataset.images, sizes, dataset.n_images, config))
        tables += constants(rows, dataset, "annotations", config)
    if dataset.images is not None:
        tables += constants(dataset.images, dataset, "images", config)
    return SliceTable.concat(tables)


def rejected(dataset: AnnotatedDataset, config: AuditConfig) -> Iterator[SliceTable]:
    """Report the rows that the loader left out."""
    source = dataset.provenance
    for table, reasons in source.rows_rejected.items():
        read = source.rows_read[table]
        for reason, number in reasons.items():
            interval = wilson(number, read, config.slices.confidence)
            yield SliceTable.of(
                {
                    "metric": "integrity.rejected",
                    "subject": f"{table}: {reason}",
                    "unit": Unit.IMAGE if table == "images" else Unit.ANNOTATION,
                    "slice": "overall",
                    "n": number,
                    "n_images": 0,
                    "value": number / read,
                    "ci_low": interval.low,
                    "ci_high": interval.high,
                }
            )


def duplicates(rows: ir.Table, sizes: ir.Table, n_images: int, config: AuditConfig) -> SliceTable:
    """Count the annotations that say exactly what another one of the same image says."""
    content = [name for name in rows.columns if name != "annotation_id"]
    hashed = rows.select(*content, content_hash=content_hash(rows, content))
    often = hashed.group_by("content_hash").agg(times=hashed.count())
    with often.filter(often["times"] > 1).cache() as repeated:
        suspects = hashed.semi_join(repeated, "content_hash")
        same = suspects.group_by(content).agg(times=suspects.count())
        again = same.filter(same["times"] > 1)
        by_image = again.group_by("image_id").agg(y=(again["times"] - 1).sum())
        return share_of_rows("integrity.duplicates", by_image, sizes, n_images, config)


def content_hash(rows: ir.Table, names: Sequence[str]) -> ir.IntegerColumn:
    """Return a hash of a row's content; equal rows have equal hashes."""
    return ibis.struct({name: rows[name] for name in names}).hash()


def orphans(images: ir.Table, sizes: ir.Table, n_images: int, config: AuditConfig) -> SliceTable:
    """Count the annotations of images that the list of images does not have."""
    by_image = sizes.anti_join(images, "image_id").rename(y="x")
    return share_of_rows("integrity.orphans", by_image, sizes, n_images, config)


def share_of_rows(
    metric: str, by_image: ir.Table, sizes: ir.Table, n_images: int, config: AuditConfig
) -> SliceTable:
    """Estimate the part of the annotations concerned, from their number in each image."""
    concerned = by_image.inner_join(sizes, "image_id")
    y, x = concerned["y"], concerned["x"]
    sums = {"y": y, "yy": y * y, "xy": x * y}
    part = concerned.agg(m=concerned.count(), **{k: total(v) for k, v in sums.items()})
    whole = sizes.agg(x=total(sizes["x"]), xx=total(sizes["x"] * sizes["x"]))
    found = {**part.to_pandas().iloc[0], **whole.to_pandas().iloc[0]}
    y_total, x_total, yy, xy, xx = (float(found[key]) for key in ("y", "x", "yy", "xy", "xx"))
    share = ratio(y_total, x_total, yy, xy, xx, n_images, config.slices.confidence)
    return SliceTable.of(
        {
            "metric": metric,
            "subject": "annotations",
            "unit": Unit.ANNOTATION,
            "slice": "overall",
            "n": found["y"],
            "n_images": found["m"],
            "value": share.value,
            "ci_low": share.low,
            "ci_high": share.high,
        }
    )


def total(column: ir.NumericColumn) -> ir.NumericScalar:
    """Sum whole numbers exactly; nothing sums to 0."""
    return column.sum().cast("float64").fill_null(0.0)


def constants(
    rows: ir.Table, dataset: AnnotatedDataset, table: str, config: AuditConfig
) -> Iterator[SliceTable]:
    """Report the flags and attributes that never vary."""
    names = [a.name for a in dataset.attributes.values() if a.table == table]
    names += FLAG_COLUMNS
    names = [name for name in dict.fromkeys(names) if name in rows.columns]
    names = [name for name in names if name not in NO_GROUPS]
    if not names:
        return
    text = {name: rows[name].cast("string") for name in names}
    least = {f"least_{i}": text[name].min() for i, name in enumerate(names)}
    most = {f"most_{i}": text[name].max() for i, name in enumerate(names)}
    known = {f"known_{i}": text[name].count() for i, name in enumerate(names)}
    images = rows["image_id"].nunique()
    found = rows.agg(n=rows.count(), images=images, **least, **most, **known).to_pandas().iloc[0]
    for i, name in enumerate(names):
        one, n = found[f"least_{i}"], int(found["n"])
        same = one == found[f"most_{i}"] and found[f"known_{i}"] == n
        if n > 1 and (same or found[f"known_{i}"] == 0):
            value = one if same else MISSING
            yield SliceTable.of(
                {
                    "metric": "integrity.constant",
                    "subject": name,
                    "unit": Unit.IMAGE if table == "images" else Unit.ANNOTATION,
                    "slice": str(Slice(((name, value),))),
                    "n": n,
                    "n_images": int(found["images"]),
                    "value": 1.0,
                    "ci_low": wilson(
                        found["images"], found["images"], config.slices.confidence
                    ).low,
                    "ci_high": 1.0,
                }
            )
