"""The distribution that the shares of known values are held against, and how surely it is known.

A reference is stated (declared, or equal shares), or it is itself a sample: a split of the same
dataset, or another one, of which an audit was saved. A sample's own uncertainty, and what it shares
with the units that are compared with it, belong into every interval and test.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from toolkit.config.representation import UNIFORM, ReferenceShare
from toolkit.errors import DataNotFoundError, DataReadError, SettingsError
from toolkit.model.attribute import Attribute
from toolkit.model.slices import Slice
from toolkit.slicing import COUNT, count
from toolkit.stats.arrays import divide
from toolkit.stats.arrays import shares as scaled
from toolkit.stats.clustered import RatioEstimate, covariance, ratio
from toolkit.stats.divergence import rao_scott_p_value
from toolkit.stats.intervals import wilson, z_value
from toolkit.wording.slices import attributes_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from toolkit.config import AuditConfig
    from toolkit.model.dataset import AnnotatedDataset
    from toolkit.slicing import Totals

    Array = NDArray[np.float64]

WHERE: Final = "[representation] against"
SPLIT_ATTRIBUTE: Final = "split"
IN_REFERENCE: Final = "_in_reference"
SHARES_TABLE: Final = "representation.share_of_known"


@dataclass(frozen=True)
class Reference:
    """What the shares of k groups are held against.

    Attributes:
        shares: The reference shares, shape `(k,)`, sum 1.
        covariance: That of the observed and the reference shares together, shape `(2k, 2k)`; 0 for
            shares that are stated.
        sampled: The reference shares with their intervals where they are those of a sample.
    """

    shares: Array
    covariance: Array
    sampled: RatioEstimate | None = None

    def of(self, chosen: NDArray[np.bool_]) -> Reference:
        """Return the reference of the chosen groups, the others having no share anywhere."""
        both = np.append(chosen, chosen)
        return Reference(self.shares[chosen], self.covariance[np.ix_(both, both)])

    def replaced_by(self, shares: Array) -> Reference:
        """Return shares that are stated as the reference of the same observed ones."""
        k = len(shares)
        observed = self.covariance[:k, :k]
        return Reference(shares, block_diagonal(observed, np.zeros_like(observed)))

    def equality_p_value(self, observed: Array) -> Array:
        """Return the p-value of the observed shares, shape `(k,)`, being those of the reference.

        Where both are samples, their mean stands for what they share under equality.
        """
        k = len(observed)
        apart = np.hstack([np.eye(k), -np.eye(k)])
        sampled = self.covariance[k:, k:].any()
        expected = (observed + self.shares) / 2 if sampled else self.shares
        return rao_scott_p_value(
            observed - self.shares, expected, apart @ self.covariance @ apart.T
        )


def reference_of(
    found: Totals, possible: NDArray[np.bool_], dataset: AnnotatedDataset, config: AuditConfig
) -> Reference:
    """Return what the settings hold the shares of the groups of a slicing against.

    Args:
        found: The totals of the k groups whose values are known.
        possible: Which of them the annotation protocol allows, shape `(k,)`; others have share 0.
        dataset: What was counted.
        config: The settings. Against a split, an attribute `split` has its stated reference.

    Raises:
        UnknownNameError: If the dataset has no splits.
        SettingsError: If the split or the other audit has none of these groups.
    """
    against = config.representation
    names = [attribute.name for attribute in found.attributes]
    if against.split and SPLIT_ATTRIBUTE not in names:
        return split_reference(found, dataset, against.split, config)
    if against.audit:
        return audit_reference(found, possible, against.shares, config)
    uniform = against.against == UNIFORM
    shares = stated_shares(found, possible, uniform=uniform)
    return Reference(shares, with_own_images(found, np.zeros((len(shares), len(shares)))))


def with_own_images(found: Totals, reference: Array) -> Array:
    """Return the covariance of the observed shares and those of a reference without their images.

    Args:
        found: What was observed in k groups.
        reference: The covariance of the reference shares, shape `(k, k)`.
    """
    totals, cross = found.totals[COUNT], found.products(COUNT, COUNT)
    slope = by_total(totals)
    observed = slope @ covariance(totals, cross, found.clusters) @ slope.T
    return block_diagonal(observed, reference)


def block_diagonal(first: Array, second: Array) -> Array:
    """Put two square matrices of one shape on a diagonal, with 0 beside them."""
    nothing = np.zeros_like(first)
    return np.block([[first, nothing], [nothing, second]])


def stated_shares(found: Totals, possible: NDArray[np.bool_], *, uniform: bool) -> Array:
    """Return the declared share of each group; shape `(k,)`.

    For one attribute its declared reference, in which a value that is not named has share 0, else
    the uniform distribution; for several, the product over attributes. Groups that are not
    `possible` get 0 and the others are scaled up.
    """
    weights = np.ones(len(found.groups))
    for i, attribute in enumerate(found.attributes):
        if attribute.reference and not uniform:
            values = [str(group.terms[i][1]) for group in found.groups]
            weights *= [attribute.reference.get(value, 0.0) for value in values]
    weights = np.where(possible, weights, 0.0)
    return divide(weights, weights.sum())


def by_total(totals: Array) -> Array:
    """Return the derivatives of the shares (rows) by the totals (columns); shape `(k, k)`."""
    n = totals.sum()
    return np.asarray((np.eye(len(totals)) - (totals / n)[:, np.newaxis]) / n)


def split_reference(
    found: Totals, dataset: AnnotatedDataset, name: str, config: AuditConfig
) -> Reference:
    """Return the shares within one split, whose images are among those that are compared.

    Raises:
        UnknownNameError: If the dataset has no splits.
        SettingsError: If no unit with known values is in the split.
    """
    names = [attribute.name for attribute in found.attributes]
    marked = with_mark(dataset, name)
    most = 3 * config.slices.max_values
    (both,) = count(marked, [(*names, IN_REFERENCE)], most, unit=found.unit)
    k, member = len(found.groups), membership(found.groups, both.groups)
    totals = member @ both.totals[COUNT]
    cross = member @ both.products(COUNT, COUNT) @ member.T
    inside = totals[k:]
    if not inside.sum():
        what = f"No {found.unit} with known {' & '.join(names)} is in the split {name!r}"
        raise SettingsError(what, WHERE, "Name another split.")
    slope = block_diagonal(by_total(totals[:k]), by_total(inside))
    joint = slope @ covariance(totals, cross, both.clusters) @ slope.T
    own = cross[k:, k:]
    sampled = ratio(
        inside,
        inside.sum(),
        np.diag(own),
        own.sum(axis=1),
        own.sum(),
        both.clusters,
        config.slices.confidence,
        units=(member @ both.counts)[k:].sum(),
    )
    return Reference(sampled.value, joint, sampled)


def membership(groups: Sequence[Slice], marked: Sequence[Slice]) -> Array:
    """Say which groups with a mark make each of k groups, and which of those are in the split.

    Returns:
        Zeros and ones, a column for each of `marked`: k rows for the groups, then k rows for the
        part of each that is in the split.
    """
    place = {group: i for i, group in enumerate(groups)}
    member = np.zeros((2 * len(groups), len(marked)))
    for j, group in enumerate(marked):
        i = place.get(Slice(group.terms[:-1]))
        if i is not None:
            member[i, j] = 1
            member[len(groups) + i, j] = group.terms[-1][1] == "true"
    return member


def with_mark(dataset: AnnotatedDataset, name: str) -> AnnotatedDataset:
    """Return the dataset with an attribute that says which rows are in the split."""
    split = dataset.attribute(SPLIT_ATTRIBUTE)
    rows = getattr(dataset, split.table)
    marked = rows.mutate(**{IN_REFERENCE: (rows[split.name].cast("string") == name)})
    attribute = Attribute(IN_REFERENCE, split.table, ("true", "false"))
    return replace(
        dataset.with_attributes({IN_REFERENCE: attribute}),
        **{split.table: marked},
    )


def audit_reference(
    found: Totals,
    possible: NDArray[np.bool_],
    kept: Sequence[ReferenceShare],
    config: AuditConfig,
) -> Reference:
    """Return the shares of another dataset, none of whose images are compared.

    Of its covariance only the variances were kept; the shares are taken to vary together as those
    of independent units, as many as give these variances on average (Rao and Scott 1981, the
    mean design effect of the cells).

    Raises:
        SettingsError: If the other audit has no such groups, or one that is missing here.
    """
    names = tuple(attribute.name for attribute in found.attributes)
    by_slice = {row.slice: row for row in kept if attributes_of(row.slice) == names}
    groups = [str(group) for group in found.groups]
    if not by_slice:
        what = f"The audit {config.representation.against!r} has no shares by {' & '.join(names)}"
        raise SettingsError(what, WHERE, "Audit that dataset by the same attributes.")
    absent = [row.slice for row in by_slice.values() if row.share and row.slice not in groups]
    if absent:
        raise SettingsError(
            f"The audit {config.representation.against!r} has the group {absent[0]!r}, which is no "
            "declared value here",
            WHERE,
            "Add it to the values of its attribute under [attributes].",
        )
    given = np.array([by_slice[g].share if g in by_slice else 0.0 for g in groups])
    shares = scaled(np.where(possible, given, 0.0))
    sizes = np.array([by_slice[g].n_effective if g in by_slice else np.inf for g in groups])
    n = (len(by_slice) - 1) / np.sum((1 - shares) / sizes)
    joint = with_own_images(found, (np.diag(shares) - np.outer(shares, shares)) / n)
    sizes = np.where(np.isinf(sizes), n, sizes)
    ends = wilson(shares * sizes, sizes, config.slices.confidence)
    se = np.sqrt(shares * (1 - shares) / sizes)
    sampled = RatioEstimate(shares, se, np.full(len(shares), np.nan), sizes, *ends)
    return Reference(shares, joint, sampled)


def with_shares_of_audit(config: AuditConfig) -> AuditConfig:
    """Return the settings with the shares of the other audit that they name.

    Raises:
        DataNotFoundError: If its folder lacks the record or the table of shares.
        DataReadError: If one of them cannot be read.
    """
    against = config.representation
    if not against.audit or against.shares:
        return config
    folder = Path(against.audit)
    record, table = folder / "audit.json", folder / "tables" / f"{SHARES_TABLE}.parquet"
    for path in (record, table):
        if not path.is_file():
            raise DataNotFoundError(path)
    import pandas as pd

    try:
        settings = json.loads(record.read_text(encoding="utf-8"))["config"]["slices"]
        frame = pd.read_parquet(table)
        kept = [reference_share(row, settings["confidence"]) for row in frame.itertuples()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataReadError(
            folder, f"is no complete audit ({error})", "Name the folder that `toolkit audit` wrote."
        ) from error
    filled = against.model_copy(update={"shares": kept})
    return config.model_copy(update={"representation": filled})


def reference_share(row: object, confidence: float) -> ReferenceShare:
    """Return the share of a row of another audit, with the effective number of units behind it.

    Wilson's interval ends where |share - end| = z sqrt(end (1 - end) / n); solved for n at the end
    that is nearer to 1/2.
    """
    share = float(row.value)  # type: ignore[attr-defined]
    end = float(row.ci_high if share < 0.5 else row.ci_low)  # type: ignore[attr-defined]
    n = z_value(confidence) ** 2 * end * (1 - end) / (share - end) ** 2
    return ReferenceShare(slice=str(row.slice), share=share, n_effective=n)  # type: ignore[attr-defined]
