"""Columns in which every row says the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toolkit.model.dataset import FLAG_COLUMNS
from toolkit.model.slices import MISSING, Slice, SliceTable
from toolkit.stats.intervals import wilson

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toolkit.config import AuditConfig
    from toolkit.faults import Population

NO_GROUPS: Final = frozenset({"label", "split"})
"""Attributes of which a single value is a choice of scope, not a defect."""


def constants(population: Population, config: AuditConfig) -> Iterator[SliceTable]:
    """Report the flags and attributes that never vary."""
    rows, unit = population.rows, population.unit
    names = [a.name for a in population.dataset.attributes.values() if a.table == f"{unit}s"]
    names = [name for name in dict.fromkeys([*names, *FLAG_COLUMNS]) if name in rows.columns]
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
            interval = wilson(found["images"], found["images"], config.slices.confidence)
            yield SliceTable.of(
                {
                    "metric": "integrity.constant",
                    "subject": name,
                    "unit": unit,
                    "slice": str(Slice(((name, one if same else MISSING),))),
                    "n": n,
                    "n_images": int(found["images"]),
                    "value": 1.0,
                    "ci_low": interval.low,
                    "ci_high": 1.0,
                }
            )
