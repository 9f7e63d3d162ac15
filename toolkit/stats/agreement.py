"""How far several annotators agree about the same items: coefficients corrected for chance.

Each coefficient is a function of a few sums over items, a `Tally`. So groups of items are compared
by adding, and items are drawn again by weighting. An answer that is missing is none; an item with
fewer than two answers says nothing about agreement, and enters only where a coefficient estimates
how often each category is chosen from all answers.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import combinations
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from toolkit.stats.arrays import Floats, divide

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Tally:
    """What answers to items in k categories sum to; `...` is any shape, for instance of groups.

    Attributes:
        answered: Items with at least one answer; shape `(...)`.
        paired: Items with at least two; shape `(...)`.
        agreeing: Sum over the paired items of the part of pairs of answers that are equal.
        shares: Sum over the answered items of each category's part; shape `(..., k)`.
        coincidences: Krippendorff's coincidences of the paired items; shape `(..., k, k)`.
        tables: For each pair of annotators, items by both answers; shape `(..., pairs, k, k)`.
    """

    answered: Floats
    paired: Floats
    agreeing: Floats
    shares: Floats
    coincidences: Floats
    tables: Floats

    @classmethod
    def of_items(cls, counts: ArrayLike, answers: NDArray[np.int64] | None = None) -> Tally:
        """Return the tallies of single items; the leading shape is (items,).

        Args:
            counts: How many answers of each category an item has; shape (items, k).
            answers: The category of each annotator's answer, -1 for none; shape (items,
                annotators). Without it there are no tables of pairs of annotators.
        """
        number = np.asarray(counts, dtype=np.float64)
        m = number.sum(axis=1)
        categories = np.arange(number.shape[1])
        pairs = number[:, :, np.newaxis] * number[:, np.newaxis, :]
        pairs[:, categories, categories] -= number
        paired = m >= 2
        coincidences = np.where(paired[:, None, None], divide(pairs, (m - 1)[:, None, None]), 0.0)
        agreeing = np.where(paired, divide(np.trace(coincidences, axis1=1, axis2=2), m), 0.0)
        shares = np.nan_to_num(divide(number, m[:, np.newaxis]))
        chosen = np.empty((len(m), 0, 1)) if answers is None else answers[:, :, np.newaxis]
        by_annotator = (chosen == categories).astype(np.float64)
        tables = [
            by_annotator[:, a, :, np.newaxis] * by_annotator[:, b, np.newaxis, :]
            for a, b in combinations(range(by_annotator.shape[1]), 2)
        ]
        empty = np.empty((len(m), 0, *pairs.shape[1:]))
        stacked = np.stack(tables, axis=1) if tables else empty
        return cls((m > 0) * 1.0, paired * 1.0, agreeing, shares, coincidences, stacked)

    def weighted(self, weights: ArrayLike) -> Tally:
        """Sum over items, each as often as its weight says; weights of shape `(..., items)`."""
        often = np.asarray(weights, dtype=np.float64)
        parts = [getattr(self, field.name) for field in fields(self)]
        return Tally(*(np.tensordot(often, part, axes=1) for part in parts))

    def of(self, chosen: NDArray[np.bool_]) -> Tally:
        """Return the tallies of some items alone."""
        return Tally(*(getattr(self, field.name)[chosen] for field in fields(self)))

    @classmethod
    def stack(cls, tallies: Sequence[Tally]) -> Tally:
        """Put tallies of one shape one after another, along a new first axis."""
        names = [field.name for field in fields(cls)]
        return cls(*(np.stack([getattr(one, name) for one in tallies]) for name in names))


def raw_agreement(tally: Tally) -> Floats:
    """Return how often two answers to an item are equal, as a mean over the paired items."""
    return divide(tally.agreeing, tally.paired)


def fleiss_kappa(tally: Tally) -> Floats:
    """Return Fleiss' (1971) kappa; with missing answers, as Gwet (2014, ch. 2) extends it.

    Chance agreement is the sum of squares of the mean share of each category over all answered
    items. Undefined where every answer is the same.
    """
    share = divide(tally.shares, tally.answered[..., np.newaxis])
    return beyond_chance(raw_agreement(tally), np.sum(share**2, axis=-1))


def gwet_ac1(tally: Tally) -> Floats:
    """Return Gwet's (2008) AC1 for k categories, those that no answer chose included.

    Chance agreement is sum(p (1 - p)) / (k - 1). If all answers are the same, AC1 is 1, and
    undefined if they could not have been others.
    """
    share = divide(tally.shares, tally.answered[..., np.newaxis])
    chance = divide(np.sum(share * (1 - share), axis=-1), share.shape[-1] - 1)
    return beyond_chance(raw_agreement(tally), chance)


def cohen_kappa(tally: Tally) -> Floats:
    """Return Cohen's (1960) kappa of two annotators, by the items that both answered.

    For more annotators it is the mean over the pairs of them that have one (Light 1971). A pair
    has none where both gave one and the same answer to everything.
    """
    table = tally.tables
    n = table.sum(axis=(-2, -1))
    agreeing = n * np.trace(table, axis1=-2, axis2=-1)
    by_chance = np.sum(table.sum(axis=-1) * table.sum(axis=-2), axis=-1)
    kappa = divide(agreeing - by_chance, n**2 - by_chance)
    defined = ~np.isnan(kappa)
    return divide(np.sum(kappa, axis=-1, where=defined), defined.sum(axis=-1))


def beyond_chance(agreement: Floats, chance: Floats) -> Floats:
    """Return the part of the agreement that chance left open; NaN where it left nothing."""
    return divide(agreement - chance, 1 - chance)


def nominal_alpha(tally: Tally) -> Floats:
    """Return Krippendorff's alpha where two different answers differ, and no more than others."""
    k = tally.coincidences.shape[-1]
    return alpha(tally.coincidences, 1.0 - np.eye(k))


def ordinal_alpha(tally: Tally) -> Floats:
    """Return Krippendorff's alpha of categories in order.

    Two differ by the square of how many answers lie from the one to the other, half of their own
    counted (Krippendorff 2011).
    """
    number = tally.coincidences.sum(axis=-1)
    middle = np.cumsum(number, axis=-1) - number / 2
    return alpha(tally.coincidences, (middle[..., :, np.newaxis] - middle[..., np.newaxis, :]) ** 2)


def interval_alpha(tally: Tally, values: ArrayLike) -> Floats:
    """Return Krippendorff's alpha of numbers; `values` are those of the categories, shape (k,)."""
    number = np.asarray(values, dtype=np.float64)
    return alpha(tally.coincidences, (number[:, np.newaxis] - number) ** 2)


def alpha(coincidences: Floats, difference: Floats) -> Floats:
    """Return 1 - (n-1) sum(o_ck d_ck) / sum(n_c n_k d_ck) (Krippendorff 2011).

    Undefined where all answers are the same: without variation nothing tells agreement from a
    question that has one answer only.

    Args:
        coincidences: o, shape `(..., k, k)`, with the sums n_c and their sum n.
        difference: d, how far two categories differ, squared; shape `(k, k)` or `(..., k, k)`.
    """
    number = coincidences.sum(axis=-1)
    n = number.sum(axis=-1)
    expected = number[..., :, np.newaxis] * number[..., np.newaxis, :]
    disagreeing = np.sum(coincidences * difference, axis=(-2, -1))
    return 1 - divide((n - 1) * disagreeing, np.sum(expected * difference, axis=(-2, -1)))


COEFFICIENTS: Final[Mapping[str, Callable[[Tally], Floats]]] = MappingProxyType(
    {
        "Krippendorff's alpha": nominal_alpha,
        "Cohen's kappa": cohen_kappa,
        "Fleiss' kappa": fleiss_kappa,
        "Gwet's AC1": gwet_ac1,
    }
)
"""The coefficients that suit any categories, by name."""
