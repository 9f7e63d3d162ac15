"""Two audits become a comparison."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from toolkit.comparison.findings import courses
from toolkit.comparison.model import Comparison, Side
from toolkit.comparison.numbers import Judged, changes
from toolkit.comparison.settings import differing
from toolkit.render._rows import confidence, sizes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toolkit.model.audit import AuditRecord

INDEPENDENT = (
    "The two are compared as independent samples, from the numbers that the audits kept. Images "
    "that are in both make the intervals wider than they need be: a change may then be missed, "
    "but hardly be invented, as long as those images are annotated alike."
)
SAME_FILES = "Both were read from {files} of the same content: {names}."
STRETCHED = (
    "The intervals of b were stretched from {b:.4g}% to the {a:.4g}% of a, as if they were normal."
)


def compare(a: AuditRecord, b: AuditRecord) -> Comparison:
    """Compare two audits: which slices, associations and findings came, went, grew or shrank.

    No rows are needed: the interval of each change is recovered from the two stored ones, of which
    the samples are taken as independent (`toolkit.stats.stored.change`). Only a change whose
    interval excludes 0, and that stays significant after the correction that `a` was made with
    among all numbers of its metric, is called one.

    Args:
        a: The earlier audit, for instance `Audit.open("out/january")`.
        b: The later one.

    Raises:
        DataReadError: If a table of an audit does not have the columns of such tables.
    """
    slices = a.config.get("slices", {})
    judged = Judged(confidence(a), slices.get("correction", "bh"))
    found = changes(a, b, judged, confidence(b))
    return Comparison(
        a=side(a),
        b=side(b),
        confidence=judged.confidence,
        notes=tuple(notes(a, b)),
        settings=differing(a, b),
        changes=found,
        findings=courses(a.found, b.found, found),
        attributes=MappingProxyType({x.name: x for x in (*a.attributes, *b.attributes)}),
    )


def side(audit: AuditRecord) -> Side:
    """Return what a reader has to know of an audit."""
    return Side(audit.name, audit.run.date, sizes(audit))


def notes(a: AuditRecord, b: AuditRecord) -> Iterator[str]:
    """Yield sentences on what the comparison takes for granted."""
    yield INDEPENDENT
    contents = set(a.provenance.files.values())
    shared = sorted(name for name, digest in b.provenance.files.items() if digest in contents)
    if shared:
        files = "a file" if len(shared) == 1 else "files"
        yield SAME_FILES.format(files=files, names=", ".join(shared))
    levels = {"a": 100 * confidence(a), "b": 100 * confidence(b)}
    if levels["a"] != levels["b"]:
        yield STRETCHED.format(**levels)
