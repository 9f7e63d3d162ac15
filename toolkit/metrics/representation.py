"""Who is in the dataset: counts, shares against a reference, balance and diversity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from toolkit.estimates import names_of, shares, statuses
from toolkit.model.slices import OVERALL, SliceTable, Status, Unit
from toolkit.reference import reference_of
from toolkit.slicing import COUNT, count
from toolkit.stats import divergence, diversity
from toolkit.stats.clustered import covariance, reference_p_value
from toolkit.stats.delta import by_totals, delta
from toolkit.stats.intervals import wilson
from toolkit.stats.multiplicity import adjust
from toolkit.structure import structural_cells

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from toolkit.config import AuditConfig
    from toolkit.model.dataset import AnnotatedDataset
    from toolkit.slicing import Totals

    Array = NDArray[np.float64]

TABLES = {
    "representation.count": "units of each group",
    "representation.share": "part of all units, those with unknown values included",
    "representation.share_of_known": "part of the units whose values are known, with the reference",
    "representation.ratio": "share of known ÷ reference share",
    "representation.image_share": "part of the images with at least one unit of the group",
    "representation.imbalance": "largest known group ÷ smallest",
    "representation.evenness": "Shannon entropy of the known values ÷ its maximum",
    "representation.divergence": "distance of the known values' distribution from the reference",
}
"""What this family puts into `Audit.tables`."""

DIVERGENCES = {
    "js": (divergence.js, divergence.js_gradient, np.log(2)),
    "kl": (divergence.kl, divergence.kl_gradient, np.inf),
    "total_variation": (divergence.total_variation, divergence.total_variation_gradient, 1.0),
    "hellinger": (divergence.hellinger, divergence.hellinger_gradient, 1.0),
}


def representation(
    dataset: AnnotatedDataset, by: Sequence[tuple[str, ...]], config: AuditConfig
) -> SliceTable:
    """Measure how many units each group has and how that compares with a reference.

    The reference of an attribute is the one declared, else the uniform distribution over its
    declared values; of an intersection, the product of its attributes' references over the
    combinations that the annotation protocol allows. Comparisons leave unknown values out, plain
    shares keep them as groups. One family of tests is one entry of `by`.
    """
    tables: list[SliceTable] = []
    counted: set[Unit] = set()
    for found in count(dataset, by, config.slices.max_values):
        if found.unit not in counted:
            tables.append(number_of_units(found))
            counted.add(found.unit)
        tables += described(found, config)
        tables += compared(found, config)
    return SliceTable.concat(tables)


def number_of_units(found: Totals) -> SliceTable:
    """State how many units there are; their number is exact."""
    n = found.counts.sum()
    return SliceTable.of(
        {
            "metric": "representation.count",
            "unit": found.unit,
            "slice": str(OVERALL),
            "n": n,
            "n_images": found.covered,
            **dict.fromkeys(("value", "ci_low", "ci_high"), n),
        }
    )


def described(found: Totals, config: AuditConfig) -> Iterator[SliceTable]:
    """Describe every group, those with unknown values included."""
    confidence, n = config.slices.confidence, found.counts
    share = shares(found, confidence)
    structural = structural_cells(found)
    common = {
        "unit": found.unit,
        "slice": names_of(found.groups),
        "n": n,
        "n_images": found.present,
        "status": np.where(structural, Status.STRUCTURAL, statuses(n, n, config.slices.min_n)),
    }
    number = {"value": n, "ci_low": share.low * n.sum(), "ci_high": share.high * n.sum()}
    yield SliceTable.of({"metric": "representation.count", **common, **number})
    part = {"value": share.value, "ci_low": share.low, "ci_high": share.high}
    yield SliceTable.of({"metric": "representation.share", **common, **part})
    if found.unit is not Unit.IMAGE:
        interval = wilson(found.present, found.clusters, confidence)
        present = {"n": found.present, "n_images": found.clusters, "unit": Unit.IMAGE}
        present |= {"value": found.present / found.clusters}
        present |= {"ci_low": interval.low, "ci_high": interval.high}
        yield SliceTable.of({"metric": "representation.image_share", **common, **present})


def compared(found: Totals, config: AuditConfig) -> Iterator[SliceTable]:
    """Compare the groups whose values are known with their reference."""
    known = found.known
    possible = ~structural_cells(found)
    groups = found.of(known)
    if len(groups.groups) < 2 or not groups.counts.sum():
        return
    expected = reference_of(groups.groups, groups.attributes, possible[known])
    share = shares(groups, config.slices.confidence)
    p_value = reference_p_value(share, expected)
    status = statuses(groups.counts, share.value, config.slices.min_n)
    allowed = np.where(possible[known], status, Status.STRUCTURAL)
    common = {
        "unit": found.unit,
        "slice": names_of(groups.groups),
        "n": groups.counts,
        "n_images": groups.present,
        "p_value": p_value,
        "q_value": adjust(p_value, config.slices.correction),
        "status": allowed,
    }
    part = {"value": share.value, "ci_low": share.low, "ci_high": share.high}
    yield SliceTable.of(
        {"metric": "representation.share_of_known", **common, **part, "reference": expected}
    )
    scale = np.where(expected > 0, expected, np.nan)
    ratio: dict[str, Any] = {name: values / scale for name, values in part.items()}
    ratio["status"] = np.where(possible[known] & (expected <= 0), Status.UNDEFINED, allowed)
    yield SliceTable.of({"metric": "representation.ratio", **common, **ratio, "reference": 1.0})
    yield from summarised(groups, expected, config)


def summarised(groups: Totals, expected: Array, config: AuditConfig) -> Iterator[SliceTable]:
    """Sum up the balance of an attribute's known values in single numbers."""
    allowed = groups.of(expected > 0)
    expected = expected[expected > 0]
    n, confidence = allowed.counts, config.slices.confidence
    if len(n) < 2:
        return
    subject = " & ".join(attribute.name for attribute in groups.attributes)
    spread = covariance(n, allowed.products(COUNT, COUNT), allowed.clusters)
    common = {"unit": groups.unit, "slice": "overall", "n": n.sum(), "n_images": allowed.covered}
    ends = diversity.imbalance_interval(n, spread, confidence, config.seed)
    value = diversity.imbalance_ratio(n)
    imbalance = {"value": value, "ci_low": ends.low, "ci_high": ends.high, "reference": 1.0}
    yield SliceTable.of(
        {"metric": "representation.imbalance", "subject": subject, **common, **imbalance}
    )
    p = n / n.sum()
    even = smooth(diversity.evenness(p), diversity.evenness_gradient(p), n, spread, confidence, 1.0)
    yield SliceTable.of(
        {"metric": "representation.evenness", "subject": subject, **common, **even, "reference": 1}
    )
    for name, (distance, gradient, most) in DIVERGENCES.items():
        far = smooth(distance(p, expected), gradient(p, expected), n, spread, confidence, most)
        labelled = {"metric": "representation.divergence", "subject": f"{subject}: {name}"}
        yield SliceTable.of({**labelled, **common, **far, "reference": 0.0})


def smooth(
    value: Array, by_share: Array, n: Array, spread: Array, confidence: float, most: float
) -> dict[str, object]:
    """Give a smooth function of shares its interval from the covariance of the totals."""
    estimate = delta(value, by_totals(by_share, n), spread, confidence, low=0.0, high=most)
    return {"value": estimate.value, "ci_low": estimate.low, "ci_high": estimate.high}
