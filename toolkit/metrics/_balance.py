"""Balance in single numbers: distances from the reference, diversity, inequality, imbalance."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from toolkit.estimates import statuses
from toolkit.model.slices import SliceTable, printed
from toolkit.slicing import COUNT
from toolkit.stats import divergence, diversity
from toolkit.stats.clustered import covariance, ratio
from toolkit.stats.inversion import interval, samples
from toolkit.stats.multiplicity import adjust

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from toolkit.config import AuditConfig
    from toolkit.reference import Reference
    from toolkit.slicing import Totals

    Array = NDArray[np.float64]

MOST_PAIRED: Final = 6
"""Up to this many known values of one attribute, each two are compared."""


@dataclass(frozen=True)
class Measure:
    """A number about the distribution of known values.

    Attributes:
        table: The table it belongs to.
        name: Its name in the subject; empty where the table has no other.
        of: The number, from the shares p and those they are held against.
        squared: Whether it grows with the square of the difference.
        kinked: Whether it has no slope wherever a share is equal to its reference.
    """

    table: str
    name: str
    of: Callable[[Array, Array], Array]
    squared: bool = False
    kinked: bool = False


DISTANCE: Final = "representation.divergence"
DISTANCES: Final = (
    Measure(DISTANCE, "js", divergence.js, squared=True),
    Measure(DISTANCE, "kl", divergence.kl, squared=True),
    Measure(DISTANCE, "total_variation", divergence.total_variation, kinked=True),
    Measure(DISTANCE, "hellinger", divergence.hellinger),
    Measure(DISTANCE, "ks", divergence.ks, kinked=True),
    Measure(DISTANCE, "l2", divergence.lp),
    Measure(DISTANCE, "chi_square", divergence.chi_square, squared=True),
    Measure(DISTANCE, "cramers_v", divergence.cramers_v),
)
ORDERED: Final = Measure(DISTANCE, "wasserstein", divergence.wasserstein, kinked=True)


def spread(table: str, name: str, of: Callable[[Array], Array]) -> Measure:
    """Return a measure of how evenly units are spread, whatever they are held against."""
    return Measure(f"representation.{table}", name, lambda p, _: of(p), squared=True)


SPREADS: Final = (
    spread("evenness", "", diversity.evenness),
    spread("diversity", "shannon_entropy", diversity.entropy),
    spread("diversity", "simpson", diversity.simpson),
    spread("diversity", "effective_number", diversity.effective_number),
    spread("inequality", "theil_l", diversity.theil_l),
    spread("inequality", "theil_t", diversity.theil_t),
)


def balance(groups: Totals, reference: Reference, config: AuditConfig) -> Iterator[SliceTable]:
    """Sum up the balance of an attribute's known values in single numbers.

    A value that nobody has and nobody expects stays out; one that only the data or only the
    reference has stays in.
    """
    there = (groups.totals[COUNT] > 0) | (reference.shares > 0)
    if there.sum() < 2:
        return
    kept, reference = groups.of(there), reference.of(there)
    yield imbalance(kept, config)
    yield single_numbers(kept, DISTANCES + ordered(kept), reference, config)
    k = int(there.sum())
    equal = reference.replaced_by(np.full(k, 1 / k))
    atkinson = tuple(
        spread("inequality", f"atkinson_{epsilon:g}", partial(diversity.atkinson, epsilon=epsilon))
        for epsilon in config.representation.atkinson
    )
    yield single_numbers(kept, SPREADS + atkinson, equal, config)
    if len(kept.attributes) == 1 and k <= MOST_PAIRED:
        yield class_imbalance(kept, config)


def ordered(groups: Totals) -> tuple[Measure, ...]:
    """Return the distance that only values in an order have."""
    return (ORDERED,) if [a.ordered for a in groups.attributes] == [True] else ()


def described(groups: Totals) -> dict[str, Any]:
    """Return the columns that all numbers about a whole distribution share."""
    return {
        "unit": groups.unit,
        "slice": "overall",
        "n": groups.counts.sum(),
        "n_images": groups.covered,
    }


def subject(groups: Totals, name: str = "") -> str:
    """Return the subject of a number about the distribution over some attributes."""
    about = " & ".join(attribute.name for attribute in groups.attributes)
    return f"{about}: {name}" if name else about


def imbalance(groups: Totals, config: AuditConfig) -> SliceTable:
    """Divide the largest group by the smallest."""
    totals = groups.totals[COUNT]
    variance = covariance(totals, groups.products(COUNT, COUNT), groups.clusters)
    ends = diversity.imbalance_interval(totals, variance, config.slices.confidence, config.seed)
    value = diversity.imbalance_ratio(totals)
    n = groups.counts.sum()
    return SliceTable.of(
        {
            "metric": "representation.imbalance",
            "subject": subject(groups),
            **described(groups),
            "value": value,
            "ci_low": ends.low,
            "ci_high": ends.high,
            "reference": 1.0,
            "status": statuses(np.array([n]), np.array([value]), config.slices.min_n),
        }
    )


def single_numbers(
    groups: Totals, measures: Sequence[Measure], reference: Reference, config: AuditConfig
) -> SliceTable:
    """Measure the distribution in several ways; `reference` is what it is where all is equal."""
    totals, products = groups.totals[COUNT], groups.products(COUNT, COUNT)
    p, q = totals / totals.sum(), reference.shares
    images = totals.sum() ** 2 / products.sum()
    drawn = samples(p, q, reference.covariance, images, config.seed)
    confidence = config.slices.confidence
    ends = [interval(m.of, drawn, confidence, squared=m.squared, kinked=m.kinked) for m in measures]
    values = np.array([m.of(p, q) for m in measures])
    n = np.full(len(measures), groups.counts.sum())
    # One hypothesis, however many distances there are, is tested once.
    p_value = np.full(len(measures), np.nan)
    p_value[[m.name == "chi_square" for m in measures]] = reference.equality_p_value(p)
    return SliceTable.of(
        {
            "metric": [m.table for m in measures],
            "subject": [subject(groups, m.name) for m in measures],
            **described(groups),
            "value": values,
            "ci_low": [end.low for end in ends],
            "ci_high": [end.high for end in ends],
            "reference": [m.of(q, q) + 0.0 for m in measures],
            "p_value": p_value,
            "q_value": adjust(p_value, config.slices.correction),
            "status": statuses(n, values, config.slices.min_n),
        }
    )


def class_imbalance(groups: Totals, config: AuditConfig) -> SliceTable:
    """Return (n_a - n_d) / (n_a + n_d) for each two groups of one attribute.

    That is 2 R - 1 with R the share of a among the units of both, whose interval it takes.
    """
    totals, products = groups.totals[COUNT], groups.products(COUNT, COUNT)
    a, d = np.array(list(combinations(range(len(totals)), 2))).T
    both = groups.counts[a] + groups.counts[d]
    own, shared, other = products[a, a], products[a, d], products[d, d]
    share = ratio(
        totals[a],
        totals[a] + totals[d],
        own,
        own + shared,
        own + 2 * shared + other,
        groups.clusters,
        config.slices.confidence,
        units=both,
    )
    values = [printed(group.terms[0][1]) for group in groups.groups]
    names = [f"{values[i]} − {values[j]}" for i, j in zip(a, d, strict=True)]
    return SliceTable.of(
        {
            "metric": "representation.class_imbalance",
            "subject": [subject(groups, name) for name in names],
            **described(groups),
            "n": both,
            "value": 2 * share.value - 1,
            "ci_low": 2 * share.low - 1,
            "ci_high": 2 * share.high - 1,
            "reference": 0.0,
            "status": statuses(both, share.value, config.slices.min_n),
        }
    )
