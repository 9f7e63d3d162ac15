"""What a plan aims at: shares of groups, evidence about groups, shares of groups in a class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from toolkit.model.slices import Status, Unit
from toolkit.planning.model import Kind
from toolkit.render._rows import Row, by_attributes, confidence, rows
from toolkit.stats.arrays import divide
from toolkit.stats.power import sample_size
from toolkit.stats.stored import effective_size
from toolkit.wording.labels import OF_WORD
from toolkit.wording.slices import attributes_of, terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from toolkit.config import PlanningConfig
    from toolkit.model.audit import AuditRecord
    from toolkit.planning.cells import Cell
    from toolkit.stats.arrays import Floats

SHARES: Final = "representation.share_of_known"
PAIRS: Final = "association.observed"
RATES: Final = ("annotation.rate", "annotation.missing_rate")
"""The rates whose design effects say how much a unit of a group is worth."""


@dataclass(frozen=True)
class Target:
    """One thing that is wanted of a group.

    Attributes:
        kind: What it is about.
        slice: The group as printed.
        unit: What is counted.
        n: Units of the group now.
        known: Units of all groups that the share is taken of; NaN for evidence.
        wanted: The share that is wanted, or the units.
        subject: The label, if it is about one.
        design_effect: Of the group's rates; NaN for shares.
        reason: Why it cannot be reached, whatever is collected; empty if it may be.
    """

    kind: Kind
    slice: str
    unit: str
    n: float
    known: float
    wanted: float
    subject: str = ""
    design_effect: float = np.nan
    reason: str = ""

    @property
    def deficit(self) -> float:
        """The units that are lacking if no others are added; not above 0 where it is met."""
        return self.wanted * (1.0 if self.is_number else self.known) - self.n

    @property
    def is_number(self) -> bool:
        """Whether units are wanted rather than a share of them."""
        return self.kind is Kind.EVIDENCE

    def added(self, cells: Sequence[Cell]) -> tuple[Floats, Floats]:
        """Return what an image of each kind adds: units of the group, and of all its share is of.

        The latter is 0 where units are wanted rather than a share.
        """
        own, names = terms(self.slice), attributes_of(self.slice)
        units = np.array([cell.units(self.unit) for cell in cells])
        group = units * [cell.belongs_to(own) for cell in cells]
        if self.is_number:
            return group, np.zeros(len(cells))
        return group, units * [cell.is_known_for(names) for cell in cells]

    def gains(self, cells: Sequence[Cell]) -> Floats:
        """Return by how much an image of each kind reduces what is lacking; shape (kinds,)."""
        group, whole = self.added(cells)
        return group - self.wanted * whole

    def value(self, group: float = 0.0, whole: float = 0.0) -> float:
        """Return the share, or the units, once so many more of the group and of all are there."""
        n = self.n + group
        return n if self.is_number else float(divide(n, self.known + whole))


def targets_of(audit: AuditRecord, aims: PlanningConfig) -> Iterator[Target]:
    """Yield what is wanted of every group with known values."""
    groups = list(by_attributes(compared_groups(audit)).values())
    for together in groups:
        yield from of_shares(together, aims)
    effects = design_effects(audit)
    for together in groups:
        known = float(sum(row.n for row in together))
        for row in together:
            if not why_never(row):
                yield of_evidence(row, known, effects.get(row.slice), audit, aims)
    if aims.classes:
        yield from of_classes(audit, groups, aims)


def compared_groups(audit: AuditRecord) -> list[Row]:
    """Return the groups with known values and their reference shares, without any variants.

    Attributes with a masked group are left out: what the others lack would tell its size.
    """
    found = [row for row in rows(audit, SHARES) if not row.subject]
    masked = {attributes_of(row.slice) for row in found if row.status == Status.SUPPRESSED}
    return [row for row in found if attributes_of(row.slice) not in masked]


def of_shares(together: Sequence[Row], aims: PlanningConfig) -> Iterator[Target]:
    """Yield the shares that the groups of some attributes are to have."""
    known = float(sum(row.n for row in together))
    for row in together:
        wanted = aims.tolerance * row.reference
        yield Target(Kind.SHARE, row.slice, row.unit, row.n, known, wanted, reason=why_never(row))


def why_never(row: Row) -> str:
    """Say why a group is given no share, if it is not."""
    if row.status == Status.STRUCTURAL:
        return "The annotation protocol never gives these values together."
    if not row.reference > 0:
        return "The reference gives this group no share."
    return ""


def of_evidence(
    row: Row, known: float, measured: float | None, audit: AuditRecord, aims: PlanningConfig
) -> Target:
    """Return the units that a group needs so that a disparity can be found in it.

    As many as each of two equal groups needs; where no rate of the group has a design effect, that
    of its share is taken.
    """
    level = confidence(audit)
    of_share = float(known / effective_size(row.value, row.ci_low, row.ci_high, level))
    effect = max(1.0, np.nan_to_num(of_share, nan=1.0) if measured is None else measured)
    needed = sample_size(aims.rate, aims.disparity, effect, confidence=level, power=aims.power)
    return Target(
        Kind.EVIDENCE, row.slice, row.unit, row.n, np.nan, float(needed), design_effect=effect
    )


def design_effects(audit: AuditRecord) -> dict[str, float]:
    """Return the largest design effect among the rates of each slice, at least 1.

    Recovered from the stored intervals, so it includes what they pay for few images.
    """
    tables = [audit.tables[name] for name in RATES if name in audit.tables]
    tables = [table for table in tables if len(table)]
    if not tables:
        return {}
    rates = pd.concat(tables)
    rates = rates[(rates["status"] == Status.OK) & rates["value"].between(0, 1, "neither")]
    worth = effective_size(rates["value"], rates["ci_low"], rates["ci_high"], confidence(audit))
    effects = (rates["n"] / worth).clip(lower=1.0)
    largest = effects.groupby(rates["slice"]).max().dropna()
    return {str(name): float(effect) for name, effect in largest.items()}


def of_classes(
    audit: AuditRecord, groups: Sequence[Sequence[Row]], aims: PlanningConfig
) -> Iterator[Target]:
    """Yield the shares that the groups of some attributes are to have of each label's images.

    Labels that are met on fewer images than `min_n` are left alone, and so are words of captions.
    """
    observed = {(row.subject, row.slice): float(row.n) for row in rows(audit, PAIRS)}
    least = audit.config.get("slices", {}).get("min_n", 30)
    labels = {subject for subject, _ in observed if not subject.endswith(OF_WORD)}
    for subject in sorted(labels):
        for together in groups:
            met = {row.slice: observed.get((subject, row.slice), 0.0) for row in together}
            known = sum(met.values())
            for row in together if known >= least else ():
                wanted = aims.tolerance * row.reference
                if not why_never(row):
                    yield Target(
                        Kind.CLASS, row.slice, Unit.IMAGE, met[row.slice], known, wanted, subject
                    )
