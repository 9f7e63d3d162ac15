"""Intervals and p-values from resampled images, where there is no closed form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from toolkit.stats.arrays import Floats, divide
from toolkit.stats.intervals import Interval, upper_level

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

MOST_CELLS: Final = 2_000_000
"""How many numbers are held at a time."""


def drawn_again(
    times: NDArray[np.int64], resamples: int, seed: int, cells: int = 0
) -> Iterator[NDArray[np.int64]]:
    """Draw as many images as there are, with replacement, again and again.

    Equal images need no telling apart, so how often each kind is drawn is multinomial.

    Args:
        times: How many images there are of each kind; shape (p,).
        resamples: How often all are drawn.
        seed: The same seed gives the same draws.
        cells: How many numbers the caller makes of each resample, if more than p.

    Yields:
        How often each kind was drawn, shape (some, p), `resamples` in all.
    """
    rng = np.random.default_rng(seed)
    total = int(times.sum())
    step = max(1, MOST_CELLS // max(1, cells, len(times)))
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        yield rng.multinomial(total, times / total, size=size)


def percentile_interval(replicates: Floats, confidence: float) -> Interval:
    """Return the interval between two quantiles of the replicates (Efron 1979).

    NaN where more than the part 1 - confidence of them is undefined, or where none differs from
    another: then nothing could vary, as without any disagreement, which does not make it certain.

    Args:
        replicates: The estimate from each resample along the first axis, `(resamples, ...)`.
        confidence: The confidence level.
    """
    upper = upper_level(confidence)
    undefined = np.isnan(replicates).mean(axis=0)
    filled = np.where(undefined == 1, 0.0, replicates)
    low, high = np.nanquantile(filled, [1 - upper, upper], axis=0)
    least, most = np.nanmin(filled, axis=0), np.nanmax(filled, axis=0)
    usable = (undefined <= 1 - confidence) & (least < most)
    return Interval(np.where(usable, low, np.nan), np.where(usable, high, np.nan))


def two_sided_p_value(replicates: Floats) -> Floats:
    """Return twice the part of the replicates on the rarer side of 0, at most 1.

    With (b + 1) / (B + 1), so that it is never 0 (Davison and Hinkley 1997, 4.2). NaN where no
    replicate is defined.

    Args:
        replicates: A difference from each resample along the first axis, `(resamples, ...)`.
    """
    defined = np.sum(~np.isnan(replicates), axis=0)
    below, above = np.sum(replicates <= 0, axis=0), np.sum(replicates >= 0, axis=0)
    p = divide(2 * (np.minimum(below, above) + 1.0), defined + 1.0)
    return np.where(defined == 0, np.nan, np.minimum(p, 1.0))
