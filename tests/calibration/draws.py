"""Many samples of clustered units at once, drawn by how often each kind of image occurs.

An image's contribution to every total depends on its kind alone. So the kinds' numbers in a sample
are multinomial, and thousands of samples of any size cost no more than one: nothing here is
approximated, and no unit is ever written down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from scipy.stats import binom, multinomial

Array = np.ndarray


@dataclass(frozen=True)
class Kinds:
    """The kinds of images there are: how likely each is, and what it adds to the totals.

    Attributes:
        likely: The probability of each kind, shape `(kinds,)`.
        parts: What it adds to each total, shape `(kinds, totals)`.
    """

    likely: Array
    parts: Array

    def draw(self, images: int, samples: int, seed: Sequence[int]) -> tuple[Array, Array]:
        """Return the totals and the sums of their products, by sample.

        Returns:
            Arrays of shape `(samples, totals)` and `(samples, totals, totals)`.
        """
        times = np.random.default_rng(seed).multinomial(images, self.likely, samples)
        products = self.parts[:, :, np.newaxis] * self.parts[:, np.newaxis, :]
        return times @ self.parts, np.tensordot(times, products, 1)


def two_groups(rates: tuple[float, float], units: int, effect: float, together: float) -> Kinds:
    """Return images with so many units of one group or of both, and the flagged units among them.

    An image has a mood. Each unit follows it with probability sqrt(rho), and else decides alone,
    so that two units of one image are correlated by rho, also those of two groups; the design
    effect of each group's rate is 1 + (units - 1) rho.

    Args:
        rates: How often a unit of each group is flagged.
        units: How many units of a group an image has that has any.
        effect: The design effect.
        together: The part of the images that have units of both groups; the others have one.

    Returns:
        Kinds whose totals are flagged and all of the first group, then of the second.
    """
    follows = np.sqrt((effect - 1) / (units - 1)) if units > 1 else 0.0
    number = np.arange(units + 1)
    alone = [(1 - follows) * rate for rate in rates]
    flagged = [[binom.pmf(number, units, p + on * follows) for on in (0, 1)] for p in alone]
    low, high = sorted(rates)
    both = low * np.multiply.outer(flagged[0][1], flagged[1][1])
    both += (1 - high) * np.multiply.outer(flagged[0][0], flagged[1][0])
    # A mood between the two rates flags only the units of the group with the higher one.
    on = (int(rates[0] > rates[1]), int(rates[1] > rates[0]))
    both += (high - low) * np.multiply.outer(flagged[0][on[0]], flagged[1][on[1]])
    one = [p * f[1] + (1 - p) * f[0] for p, f in zip(rates, flagged, strict=True)]
    first, second = (part.ravel() for part in np.meshgrid(number, number, indexing="ij"))
    of, none = np.full_like, np.zeros_like
    kinds = (
        (together * both.ravel(), (first, of(first, units), second, of(second, units))),
        ((1 - together) / 2 * one[0], (number, of(number, units), none(number), none(number))),
        ((1 - together) / 2 * one[1], (none(number), none(number), number, of(number, units))),
    )
    likely = np.concatenate([part for part, _ in kinds])
    return Kinds(likely / likely.sum(), np.concatenate([np.stack(k, axis=-1) for _, k in kinds]))


WHO = ((1, 0), (0, 1), (1, 1), (0, 0))
"""Whether an image shows the first group and the second: one, the other, both, none."""


def two_groups_and_a_label(
    shares: Sequence[float], labels: Sequence[float], images: int, effect: float
) -> Kinds:
    """Return sampling units of so many images that show groups and have a label or not.

    A sampling unit, for instance a photographer, has a favourite kind of image. Each image is of
    that kind with probability sqrt(rho) and else drawn anew, so that the design effect of all that
    is counted is 1 + (images - 1) rho.

    Args:
        shares: Parts of the images with only the first group, only the second, and both.
        labels: How often those with the first, the second, both and none have the label.
        images: Images of a sampling unit.
        effect: The design effect.

    Returns:
        Kinds whose totals are the images with group and label, with the group, with the label, and
        all; for the first group, then for the second.
    """
    part, rate = np.array([*shares, 1 - sum(shares)]), np.asarray(labels)
    own = np.stack([part * rate, part * (1 - rate)], axis=-1).ravel()
    one = np.array(
        [
            [total for shown in who for total in (shown * label, shown, label, 1)]
            for who in WHO
            for label in (1, 0)
        ]
    )
    follows = np.sqrt((effect - 1) / (images - 1)) if images > 1 else 0.0
    times = compositions(images, len(own))
    mixed = follows * np.eye(len(own)) + (1 - follows) * own
    likely = sum(p * multinomial.pmf(times, images, q) for p, q in zip(own, mixed, strict=True))
    return Kinds(likely / likely.sum(), times @ one)


def compositions(number: int, kinds: int) -> Array:
    """Return all ways to draw so many of some kinds, one a row."""
    drawn = combinations_with_replacement(range(kinds), number)
    return np.array([np.bincount(one, minlength=kinds) for one in drawn])
