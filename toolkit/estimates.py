"""Totals become numbers with intervals: shares, rates, means and gaps of every group at once.

Everything here is arithmetic on `Totals`; the formulas are in `toolkit.stats`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from toolkit.image_totals import QUANTITIES
from toolkit.model.slices import OVERALL, Slice, Status
from toolkit.slicing import COUNT
from toolkit.stats.clustered import contrast, ratio

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from toolkit.image_totals import ImageTotals
    from toolkit.slicing import Totals
    from toolkit.stats.clustered import Contrast, RatioEstimate

    Array = NDArray[np.float64]


def shares(totals: Totals, confidence: float) -> RatioEstimate:
    """Return each group's part of all units; arrays of shape (k,)."""
    weights, products = totals.totals[COUNT], totals.products(COUNT, COUNT)
    return ratio(
        weights,
        weights.sum(),
        np.diag(products),
        products.sum(axis=1),
        products.sum(),
        totals.clusters,
        confidence,
        units=totals.counts.sum(),
    )


def rates(
    totals: Totals, measure: str, base: str, confidence: float, *, proportion: bool = True
) -> RatioEstimate:
    """Return measure / base for all units, then for each group; arrays of shape (1 + k,)."""
    y, x = totals.totals[measure], totals.totals[base]
    yy, yx, xx = (totals.products(*pair) for pair in pairs_of(measure, base))
    return ratio(
        with_overall(y),
        with_overall(x),
        np.append(yy.sum(), np.diag(yy)),
        np.append(yx.sum(), np.diag(yx)),
        np.append(xx.sum(), np.diag(xx)),
        totals.clusters,
        confidence,
        units=with_overall(totals.numbers[base]),
        proportion=proportion,
    )


def image_shares(totals: Totals, confidence: float) -> RatioEstimate:
    """Return the part of all images with any unit, then with any of each group; shape (1 + k,)."""
    images = totals.of_images
    return ratio_of_images(images, "images", "every", confidence, units=images.n)


def units_per_image(totals: Totals, confidence: float) -> RatioEstimate:
    """Return the mean number of units on images that have any, then of each group; shape (1 + k,).

    With weights it is the mean over images of unequal weight.
    """
    return ratio_of_images(totals.of_images, "units", "images", confidence, units=None)


def ratio_of_images(
    images: ImageTotals, y: str, x: str, confidence: float, units: int | None
) -> RatioEstimate:
    """Return one total over images by another; a proportion if it is known how many `units` are."""
    i, j = QUANTITIES.index(y), QUANTITIES.index(x)
    return ratio(
        images.totals[:, i],
        images.totals[:, j],
        images.cross[:, i, i],
        images.cross[:, i, j],
        images.cross[:, j, j],
        images.clusters,
        confidence,
        units=units,
        proportion=units is not None,
    )


def gaps_to_rest(totals: Totals, measure: str, base: str, confidence: float) -> Contrast:
    """Return the rate of each group minus the rate of all other groups; arrays of shape (k,).

    Group and rest come from the same sampling units, so their covariance is part of the interval.
    """
    names = (measure, base)
    one = np.stack([totals.totals[name] for name in names], axis=-1)
    rest = one.sum(axis=0) - one
    sums = np.empty((len(one), 4, 4))
    for i, a in enumerate(names):
        for j, b in enumerate(names):
            products = totals.products(a, b)
            own, with_all = np.diag(products), products.sum(axis=1)
            all_with = products.sum(axis=0)
            sums[:, i, j] = own
            sums[:, i, 2 + j] = with_all - own
            sums[:, 2 + i, j] = all_with - own
            sums[:, 2 + i, 2 + j] = products.sum() - with_all - all_with + own
    n = totals.numbers[base]
    return contrast(
        np.concatenate([one, rest], axis=-1),
        sums,
        totals.clusters,
        confidence,
        units=np.stack([n, n.sum() - n], axis=-1),
    )


def pairs_of(measure: str, base: str) -> tuple[tuple[str, str], ...]:
    """Return the pairs of measures whose products a ratio needs."""
    return (measure, measure), (measure, base), (base, base)


def with_overall(values: Array) -> Array:
    """Put the sum over all groups before the groups."""
    return np.append(values.sum(), values)


def names_of(groups: Sequence[Slice], *, overall: bool = False) -> list[str]:
    """Return the groups as printed, after `overall` where that row is wanted."""
    return [str(OVERALL)] * overall + [str(group) for group in groups]


def statuses(n: Array, values: Array, min_n: int) -> list[str]:
    """Say of each number whether it exists and whether it rests on enough units."""
    small = np.where(n < min_n, Status.SMALL.value, Status.OK.value)
    return [str(s) for s in np.where(np.isnan(values), Status.UNDEFINED.value, small)]
