"""Units by group and value of an outcome, and what the groups are compared with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from toolkit.estimates import pairs_of
from toolkit.slicing import COUNT
from toolkit.stats.arrays import divide
from toolkit.stats.clustered import contrast, covariance, ratio
from toolkit.wording.labels import AGAINST

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from toolkit.config import LabelBiasConfig
    from toolkit.model.slices import Slice
    from toolkit.slicing import Totals
    from toolkit.stats.clustered import Contrast, RatioEstimate

    Array = NDArray[np.float64]

OF_TWO: Final = "mg,cgh,mh->mc"
"""Sums over two sides of m comparisons, each a choice of groups, for each of c values."""


@dataclass(frozen=True)
class Comparisons:
    """Which groups are compared with whom.

    Attributes:
        first: The place of the group of each of m comparisons; shape (m,).
        second: The weights, 0 or 1, of the groups it is compared with; shape (m, k).
        against: What to say of each behind its subject; empty for all other groups.
    """

    first: NDArray[np.int64]
    second: Array
    against: tuple[str, ...]

    @classmethod
    def of(cls, groups: Sequence[Slice], config: LabelBiasConfig) -> Comparisons:
        """Return the comparisons that the settings ask for."""
        k = len(groups)
        each = np.arange(k)
        if config.compare == "rest":
            return cls(each, 1.0 - np.eye(k), ("",) * k)
        if config.compare == "overall":
            return cls(each, np.ones((k, k)), (f"{AGAINST}overall",) * k)
        if config.compare == "pairs":
            first, second = np.triu_indices(k, 1)
            against = tuple(f"{AGAINST}{group}" for group in chosen_from(groups, second))
            return cls(each[first], np.eye(k)[second], against)
        chosen = np.array([is_reference(group, config.reference) for group in groups])
        others = each[~chosen] if chosen.any() else each[:0]
        named = " or ".join(map(str, chosen_from(groups, np.flatnonzero(chosen))))
        together = np.tile(chosen.astype(np.float64), (len(others), 1))
        return cls(others, together, (f"{AGAINST}{named}",) * len(others))


def chosen_from(groups: Sequence[Slice], at: Iterable[Any]) -> list[Slice]:
    """Return the groups at these places."""
    return [groups[int(i)] for i in at]


def is_reference(group: Slice, reference: Mapping[str, str]) -> bool:
    """Whether every attribute of a group that has a reference value has it in the group."""
    named = [(name, value) for name, value in group.terms if name in reference]
    return bool(named) and all(reference[name] == value for name, value in named)


@dataclass(frozen=True)
class Rates:
    """Rates or means of c values in k groups, as totals over sampling units.

    Attributes:
        y: The numerators; shape (k, c).
        x: The denominators; shape (k,).
        yy: Sums over sampling units of one group's numerator times another's; shape (c, k, k).
        yx: Of a numerator times a denominator; shape (c, k, k).
        xx: Of two denominators; shape (k, k).
        n: How many units each denominator adds up, whatever they weigh; shape (k,).
        clusters: All sampling units.
        proportion: Whether the numerators count a part of the denominators.
    """

    y: Array
    x: Array
    yy: Array
    yx: Array
    xx: Array
    n: Array
    clusters: int
    proportion: bool = True

    @classmethod
    def of(
        cls,
        totals: Totals,
        measures: Sequence[str],
        base: str,
        *,
        scale: int = 1,
        proportion: bool = True,
    ) -> Rates:
        """Arrange the totals of c measures over those of one base.

        Args:
            totals: The totals by group, with the products of `pairs_of` each measure and the base.
            measures: The numerators.
            base: The denominator.
            scale: What the engine has multiplied the measures by, `FIXED_POINT` for decimals.
            proportion: Whether the measures count a part of the base.
        """
        pairs = [pairs_of(measure, base) for measure in measures]
        return cls(
            y=np.stack([totals.totals[measure] for measure in measures], axis=-1) / scale,
            x=totals.totals[base],
            yy=np.stack([totals.products(*own) for own, _, _ in pairs]) / scale**2,
            yx=np.stack([totals.products(*mixed) for _, mixed, _ in pairs]) / scale,
            xx=totals.products(base, base),
            n=totals.numbers[base],
            clusters=totals.clusters,
            proportion=proportion,
        )

    def estimates(self, confidence: float) -> RatioEstimate:
        """Return the rate of every value in every group; arrays of shape (k, c)."""
        own = np.einsum("cgg->gc", self.yy), np.einsum("cgg->gc", self.yx)
        squares = np.diag(self.xx)[:, np.newaxis]
        x, n = self.x[:, np.newaxis], self.n[:, np.newaxis]
        totals = (self.y, x, *own, squares, self.clusters)
        return ratio(*totals, confidence, units=n, proportion=self.proportion)

    def contrasts(self, wanted: Comparisons, confidence: float) -> Contrast:
        """Compare the rate of every value between groups; arrays of shape (m, c)."""
        sides = np.eye(len(self.x))[wanted.first], wanted.second
        m, c = len(wanted.first), self.y.shape[1]
        totals = np.empty((m, c, 4))
        sums = np.empty((m, c, 4, 4))
        xx = np.broadcast_to(self.xx, self.yy.shape)
        xy = self.yx.swapaxes(1, 2)
        for i, one in enumerate(sides):
            totals[:, :, 2 * i] = one @ self.y
            totals[:, :, 2 * i + 1] = (one @ self.x)[:, np.newaxis]
            for j, other in enumerate(sides):
                for row, column, part in ((0, 0, self.yy), (0, 1, self.yx), (1, 0, xy), (1, 1, xx)):
                    summed = np.einsum(OF_TWO, one, part, other, optimize=True)
                    sums[:, :, 2 * i + row, 2 * j + column] = summed
        units = np.stack([side @ self.n for side in sides], axis=-1)[:, np.newaxis]
        return contrast(
            totals, sums, self.clusters, confidence, units=units, proportion=self.proportion
        )

    def spread(self, value: int) -> Array:
        """Return the covariance of the groups' rates of one value; shape (k, k)."""
        y, yx = self.y[:, value], self.yx[value]
        cross = np.block([[self.yy[value], yx], [yx.T, self.xx]])
        whole = covariance(np.append(y, self.x), cross, np.asarray(self.clusters))
        slopes = np.hstack([np.eye(len(y)), -np.diag(np.nan_to_num(divide(y, self.x)))])
        return divide(slopes @ whole @ slopes.T, np.multiply.outer(self.x, self.x))


@dataclass(frozen=True)
class Cells:
    """Totals by group and value of an outcome.

    Attributes:
        groups: The k groups.
        n: Units of each group in which the outcome is known; shape (k,).
        n_images: Images with at least one of them; shape (k,).
        totals: Units by group and value, weighted if there are weights; shape (k, c).
        cross: Sums over sampling units of one cell times another; shape (k, c, k, c).
        clusters: All sampling units.
    """

    groups: tuple[Slice, ...]
    n: Array
    n_images: NDArray[np.int64]
    totals: Array
    cross: Array
    clusters: int

    @classmethod
    def of(cls, of_groups: Totals, of_cells: Totals) -> Cells:
        """Arrange the totals of the groups, and those of groups by outcome."""
        k = len(of_groups.groups)
        shape = k, len(of_cells.groups) // k
        return cls(
            groups=of_groups.groups,
            n=of_groups.counts,
            n_images=of_groups.present,
            totals=of_cells.totals[COUNT].reshape(shape),
            cross=of_cells.products(COUNT, COUNT).reshape(shape * 2),
            clusters=of_groups.clusters,
        )

    @property
    def rates(self) -> Rates:
        """The part of each group that has each value."""
        return Rates(
            y=self.totals,
            x=self.totals.sum(axis=1),
            yy=np.einsum("gchc->cgh", self.cross),
            yx=np.einsum("gchd->cgh", self.cross),
            xx=np.einsum("gchd->gh", self.cross),
            n=self.n,
            clusters=self.clusters,
        )
