"""Coefficients of agreement by group, with intervals, and each group's gap to the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from toolkit.stats.agreement import Tally
from toolkit.stats.bootstrap import drawn_again, percentile_interval, two_sided_p_value
from toolkit.stats.clustered import contrast, ratio

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from toolkit.config import AuditConfig
    from toolkit.metrics._answers import Answers
    from toolkit.stats.arrays import Floats

    Numbers = NDArray[np.int64]
    Coefficients = Mapping[str, Callable[[Tally], Floats]]

RAW: Final = "raw agreement"
"""The one measure that is not corrected for chance; its intervals are in closed form."""


@dataclass(frozen=True)
class Figures:
    """A number of each of g groups with its interval; shape (g,) each.

    `p_value` is the two-sided one of its being 0.
    """

    value: Floats
    low: Floats
    high: Floats
    p_value: Floats


@dataclass(frozen=True)
class Estimates:
    """How far annotators agree in each of g groups.

    Attributes:
        n: Items with at least two answers; shape (g,).
        n_images: Images with such an item; shape (g,).
        agreement: Each coefficient by name, raw agreement first.
        gaps: Each coefficient in a group less that in all other groups together.
    """

    n: Numbers
    n_images: Numbers
    agreement: Mapping[str, Figures]
    gaps: Mapping[str, Figures]


def estimates(
    answers: Answers,
    member: Numbers,
    compared: NDArray[np.bool_],
    coefficients: Coefficients,
    config: AuditConfig,
) -> Estimates:
    """Estimate the agreement in each group.

    Args:
        answers: The answers to one question.
        member: The group of each type of item; shape (t,).
        compared: Which groups are among the others that a group is compared with; shape (g,).
        coefficients: The coefficients that have no interval in closed form, by name.
        config: The settings.
    """
    items = Tally.of_items(answers.counts, answers.by_annotator)
    inside = member[:, np.newaxis] == np.arange(len(compared))
    others = (1.0 - np.eye(len(compared))) * compared
    own, gap, n, n_images = raw_figures(items, inside, others, answers, config.slices.confidence)
    agreement, gaps = {RAW: own}, {RAW: gap}
    drawn = replicates(answers, items, inside, others, coefficients, config)
    for name, (each, rest) in drawn.items():
        agreement[name] = figures(each, config)
        gaps[name] = figures(each - rest, config)
    return Estimates(n, n_images, agreement, gaps)


def raw_figures(
    items: Tally, inside: NDArray[np.bool_], others: Floats, answers: Answers, confidence: float
) -> tuple[Figures, Figures, Numbers, Numbers]:
    """Return the raw agreement of each group, its gap to the others, its items and images.

    It is a ratio of totals over images, as any rate of items is, and so in closed form.

    Args:
        items: The tally of each type of item.
        inside: Whether a type is in a group; shape (t, g).
        others: 1 where the second group is one of the others of the first; shape (g, g).
        answers: The answers.
        confidence: The confidence level.
    """
    pair = np.stack([items.agreeing, items.paired], axis=-1)[:, np.newaxis, :]
    masks = inside[..., np.newaxis], (inside @ others.T)[..., np.newaxis]
    columns = np.concatenate([pair * mask for mask in masks], axis=-1)
    kinds = (answers.items @ columns.reshape(len(inside), -1)).reshape(-1, *columns.shape[1:])
    totals = np.tensordot(answers.times, kinds, axes=1)
    often = answers.times[:, np.newaxis, np.newaxis]
    cross = np.einsum("pgi,pgj->gij", kinds * often, kinds)
    images = answers.times.sum()
    squares = cross[:, 0, 0], cross[:, 0, 1], cross[:, 1, 1]
    one = ratio(totals[:, 0], totals[:, 1], *squares, images, confidence)
    gap = contrast(totals, cross, images, confidence)
    away = gap.difference
    return (
        Figures(one.value, one.low, one.high, np.full(len(totals), np.nan)),
        Figures(away.value, away.low, away.high, gap.p_value),
        totals[:, 1].astype(np.int64),
        answers.times @ (kinds[..., 1] > 0),
    )


def replicates(
    answers: Answers,
    items: Tally,
    inside: NDArray[np.bool_],
    others: Floats,
    coefficients: Coefficients,
    config: AuditConfig,
) -> dict[str, tuple[Floats, Floats]]:
    """Return coefficients of each group and of all others: first as measured, then resampled.

    Returns:
        By name two arrays of shape (1 + resamples, g).
    """
    cells = len(others) * (items.coincidences[0].size + items.tables[0].size)
    again = drawn_again(answers.times, config.agreement.resamples, config.seed, cells)
    found: dict[str, list[tuple[Floats, Floats]]] = {name: [] for name in coefficients}
    for times in (answers.times[np.newaxis], *again):
        types = times @ answers.items
        own = Tally.stack([items.of(mask).weighted(types[:, mask]) for mask in inside.T])
        rest = own.weighted(others)
        for name, coefficient in coefficients.items():
            found[name].append((coefficient(own).T, coefficient(rest).T))
    return {
        name: (np.concatenate([own for own, _ in parts]), np.concatenate([r for _, r in parts]))
        for name, parts in found.items()
    }


def figures(each: Floats, config: AuditConfig) -> Figures:
    """Return the first of the estimates, with the interval that the resampled ones give."""
    value, again = each[0], each[1:]
    low, high = percentile_interval(again, config.slices.confidence)
    unknown = np.isnan(value) | np.isnan(low)
    low, high = np.where(unknown, np.nan, low), np.where(unknown, np.nan, high)
    return Figures(value, low, high, np.where(unknown, np.nan, two_sided_p_value(again)))
