"""How many units have which groups and labels, and how that varies over sampling units."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np

from toolkit.model.slices import Unit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from toolkit.model.slices import Slice

    Array = NDArray[np.float64]

ANY: Final = -1
"""The group of all units that have any group; as an index, the last."""


@dataclass(frozen=True)
class Moments:
    """Sums over sampling units of products of the totals of two groups, for each of l labels.

    Attributes:
        place: The place of each pair of groups along the first axis of the others.
        within: Units of both groups that have the label; shape (p, l).
        across: Units of the first that have the label, times all units of the second; (p, l).
        whole: All units of both; shape (p,).
    """

    place: Mapping[tuple[int, int], int]
    within: Array
    across: Array
    whole: Array

    def of(self, first: int, second: int) -> Array:
        """Return the moments of the totals of two groups; shape (4, 4, l).

        The totals are the units with group and label, with the group, with the label, and all.
        """
        at = self.place
        n_labels = self.within.shape[1]
        found = np.empty((4, 4, n_labels))
        for i, j in product(range(2), repeat=2):
            pair = (first, ANY)[i], (second, ANY)[j]
            found[2 * i, 2 * j] = self.within[at[pair]]
            found[2 * i, 2 * j + 1] = self.across[at[pair]]
            found[2 * i + 1, 2 * j] = self.across[at[pair[::-1]]]
            found[2 * i + 1, 2 * j + 1] = self.whole[at[pair]]
        return found


@dataclass(frozen=True)
class Cooccurrence:
    """How many units have which of k groups and l labels.

    Attributes:
        groups: The groups in the order of their values.
        labels: The labels in theirs.
        counts: Units with both; shape (k, l).
        observed: The same as weighted totals that add up to as many units; equal to `counts`
            without weights.
        with_group: Units with the group and any label; shape (k,).
        with_label: Units with the label and any group; shape (l,).
        n: Units with any group and any label.
        n_images: The images they are on.
        unit: What is counted.
        moments: How the totals vary over sampling units, where that was counted.
        clustered: Whether units are clustered or weighted, so that cells have design effects.
    """

    groups: tuple[Slice, ...]
    labels: tuple[str, ...]
    counts: Array
    observed: Array
    with_group: Array
    with_label: Array
    n: float
    n_images: int
    unit: Unit = Unit.IMAGE
    moments: Moments | None = None
    clustered: bool = False


def occurring(found: Cooccurrence) -> Cooccurrence | None:
    """Leave out groups and labels that no counted image has; None if too little remains."""
    groups, labels = (np.atleast_1d(found.counts.any(axis=axis)) for axis in (1, 0))
    if labels.sum() < 2:
        return None
    moments = found.moments
    if moments is not None:
        number = {old: new for new, old in enumerate(np.flatnonzero(groups))} | {ANY: ANY}
        place = {
            (number[g], number[h]): i
            for (g, h), i in moments.place.items()
            if g in number and h in number
        }
        within, across = moments.within[:, labels], moments.across[:, labels]
        moments = Moments(place, within, across, moments.whole)
    return replace(
        found,
        groups=tuple(group for group, there in zip(found.groups, groups, strict=True) if there),
        labels=tuple(label for label, there in zip(found.labels, labels, strict=True) if there),
        counts=found.counts[np.ix_(groups, labels)],
        observed=found.observed[np.ix_(groups, labels)],
        with_group=found.with_group[groups],
        with_label=found.with_label[labels],
        moments=moments,
    )
