"""The slices in which a rate or mean is worst, found in one half of the data, tested in the other.

A search through thousands of slices always finds some that look bad. So it sees only half of the
sampling units; what it finds is estimated and tested in the others, which it has not seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from toolkit.config import DiscoveryConfig
from toolkit.estimates import statuses
from toolkit.metrics._discovery_rows import coded, halves
from toolkit.model.slices import OVERALL, SliceTable, Status
from toolkit.stats.confirmation import compared
from toolkit.stats.discovery import search
from toolkit.stats.multiplicity import adjust

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from toolkit.config import AuditConfig
    from toolkit.metrics._discovery_axes import Measure
    from toolkit.metrics._discovery_rows import Halves
    from toolkit.model.dataset import AnnotatedDataset
    from toolkit.model.slices import Slice, Unit
    from toolkit.stats.confirmation import Compared
    from toolkit.stats.discovery import Ranked, Rows, Terms

WORST: Final = "slice_discovery.worst"
SEARCHED: Final = "slice_discovery.searched"
TABLES: Final = {
    WORST: "rate or mean of the slices that looked worst in one half of the data, in the other",
    SEARCHED: "how many slices had enough units to be compared",
}
"""What this family puts into `Audit.tables`."""
SHORTLIST: Final = 10
"""For each slice that may be tested, how many are compared exactly with what is around them."""


@dataclass(frozen=True)
class Discovery:
    """The worst slices of one measure.

    Attributes:
        measure: What is measured.
        n: Units of the half that was searched, and `n_images` their images.
        n_slices: How many slices had enough units there.
        slices: Those that were tested, worst first.
        compared: What the other half says of them, in the measure's own unit.
        facts: What else is to be known of the search, by name.
    """

    measure: Measure
    n: int
    n_images: int
    n_slices: int
    slices: tuple[Slice, ...]
    compared: Compared
    facts: Mapping[str, str]


def slice_discovery(
    dataset: AnnotatedDataset, _by: Sequence[tuple[str, ...]], config: AuditConfig
) -> SliceTable:
    """Find the slices in which each measure is worst.

    The tested slices of all measures are one family of tests, corrected by Holm's method.
    `reference` is the value of all units outside the slice, `p_value` that of being no worse than
    these, nor than what any slice with only some of its terms has outside it.

    Raises:
        UnknownNameError: If the settings name a column that is not there.
        SettingsError: If they name one that cannot be measured or cut into intervals.
        WeightsError: If a row has no usable sampling weight.
    """
    settings = config.discovery or DiscoveryConfig()
    with coded(dataset, settings, config) as rows:
        if not rows.axes:
            return SliceTable.empty()
        found = [
            discovery(measure, halves(rows, i), settings, config.slices.confidence)
            for i, measure in enumerate(rows.measures)
        ]
    tables = [worst_table(one, rows.unit, settings, config) for one in found]
    tables += [searched_table(one, rows.unit) for one in found]
    table = SliceTable.concat(tables)
    q_values = adjust(table.frame["p_value"], "holm")
    return SliceTable(table.frame.assign(q_value=q_values), table.facts)


def discovery(
    measure: Measure, rows: Halves, settings: DiscoveryConfig, confidence: float
) -> Discovery:
    """Search one half for the slices in which a measure is worst, and test them in the other."""
    levels = search(
        rows.searched,
        settings.depth,
        settings.min_units,
        settings.ranking,
        settings.alpha,
        confidence,
    )
    chosen = [pair for level in levels for pair in best(level, rows.searched, settings, confidence)]
    terms = [found for _, found in sorted(chosen)]
    facts = {
        "measured": measure.kind.value,
        "bad_where": "low" if measure.low else "high",
        "ranked_by": settings.ranking,
        "slices_searched": f"{sum(level.searched for level in levels):,}",
        "slices_tested": f"{len(terms):,}",
        "never_asked": ", ".join(map(str, rows.never_asked)),
        "most_frequent_values_of": ", ".join(axis.column for axis in rows.axes if axis.cut),
    }
    return Discovery(
        measure=measure,
        n=len(rows.searched.y),
        n_images=int(np.count_nonzero(np.bincount(rows.searched.image))),
        n_slices=sum(level.searched for level in levels),
        slices=tuple(map(rows.slice, terms)),
        compared=rows.measured(compared(rows.tested, terms, confidence)),
        facts=MappingProxyType({name: fact for name, fact in facts.items() if fact}),
    )


def best(
    level: Ranked, rows: Rows, settings: DiscoveryConfig, confidence: float
) -> Iterator[tuple[float, Terms]]:
    """Yield the worst slices of one depth that are worse than all wider ones, after their scores.

    The search has taken units for independent; here they are clustered. Scores are negative, so
    that the worst sort first.
    """
    shortlist = level.slices[: SHORTLIST * settings.k]
    exactly = compared(rows, shortlist, confidence)
    worse = (exactly.p_value < 1 - confidence) & (exactly.clusters >= settings.min_images)
    for place in np.flatnonzero(worse)[: settings.k]:
        yield -level.scores[place], shortlist[place]


def searched_table(found: Discovery, unit: Unit) -> SliceTable:
    """Say how many slices of how many units were searched, also where nothing was found."""
    table = SliceTable.of(
        {
            "metric": SEARCHED,
            "subject": found.measure.column,
            "unit": unit,
            "slice": str(OVERALL),
            "n": found.n,
            "n_images": found.n_images,
            "value": float(found.n_slices),
        }
    )
    facts = {(SEARCHED, found.measure.column): found.facts}
    return SliceTable(table.frame, MappingProxyType(facts))


def worst_table(
    found: Discovery,
    unit: Unit,
    settings: DiscoveryConfig,
    config: AuditConfig,
) -> SliceTable:
    """Put the slices of one measure that were tested into a table, worst first."""
    numbers = found.compared
    few = numbers.clusters < settings.min_images
    status = statuses(numbers.n.astype(np.float64), numbers.value, config.slices.min_n)
    return SliceTable.of(
        {
            "metric": WORST,
            "subject": found.measure.column,
            "unit": unit,
            "slice": [str(one) for one in found.slices],
            "n": numbers.n,
            "n_images": numbers.images,
            "value": numbers.value,
            "ci_low": numbers.low,
            "ci_high": numbers.high,
            "reference": numbers.rest,
            "p_value": numbers.p_value,
            "status": np.where(few & (np.array(status) == Status.OK), Status.SMALL, status),
        }
    )
