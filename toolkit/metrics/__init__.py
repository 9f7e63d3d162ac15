"""Metrics: one family a file, from a dataset and the attributes to slice by to a `SliceTable`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from toolkit.metrics import annotation, association, integrity, representation, validation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from toolkit.config import AuditConfig
    from toolkit.model.dataset import AnnotatedDataset
    from toolkit.model.slices import SliceTable


@dataclass(frozen=True)
class Metric:
    """A family of metrics.

    Attributes:
        name: Its name, the first part of its tables' names.
        measure: From the dataset, the attributes to slice by and the settings to one long table.
        tables: What each of its tables holds, in a few words.
        audited: Whether an audit measures it; `toolkit validate` alone has time for the others.
    """

    name: str
    measure: Callable[[AnnotatedDataset, Sequence[tuple[str, ...]], AuditConfig], SliceTable]
    tables: Mapping[str, str]
    audited: bool = True


METRICS: Final = {
    metric.name: metric
    for metric in (
        Metric("representation", representation.representation, representation.TABLES),
        Metric("association", association.association, association.TABLES),
        Metric("annotation", annotation.annotation, annotation.TABLES),
        Metric("integrity", integrity.integrity, integrity.TABLES),
        Metric("validation", validation.validation, validation.TABLES, audited=False),
    )
}
