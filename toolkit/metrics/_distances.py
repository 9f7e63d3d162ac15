"""How far an outcome's distribution in a group is from that in those it is compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from toolkit.stats import divergence
from toolkit.stats.arrays import shares
from toolkit.stats.clustered import covariance
from toolkit.stats.delta import by_totals
from toolkit.stats.inversion import interval, samples

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from toolkit.metrics._cells import Cells
    from toolkit.metrics._disparities import Layout
    from toolkit.model.slices import SliceTable

    Array = NDArray[np.float64]

DISTANCES: Final[dict[str, tuple[Any, dict[str, bool]]]] = {
    "kl": (divergence.kl, {"squared": True}),
    "js": (divergence.js, {"squared": True}),
    "l1": (lambda p, q: divergence.lp(p, q, 1), {"kinked": True}),
    "l2": (divergence.lp, {}),
    "total_variation": (divergence.total_variation, {"kinked": True}),
    "ks": (divergence.ks, {"kinked": True}),
}
"""The distances of distributions without an order, as Clarify names them, natural logarithms."""
ORDERED: Final = {"wasserstein": (divergence.wasserstein, {"kinked": True})}
"""That of values with an order, in steps from one to the next."""


def distances(layout: Layout) -> Iterator[SliceTable]:
    """Measure the distances of every group; categories that only one side has stay in."""
    cells, wanted = layout.cells, layout.wanted
    measures = DISTANCES | (ORDERED if layout.numeric else {})
    confidence, seed = layout.config.slices.confidence, layout.config.seed
    values = {name: np.full((3, len(wanted.first)), np.nan) for name in measures}
    for i, (first, second) in enumerate(zip(wanted.first, wanted.second, strict=True)):
        own = np.eye(len(cells.groups))[first]
        p, q, spread = distributions(cells, own, second)
        if np.isnan(p).any() or np.isnan(q).any():
            continue
        drawn = samples(p, q, spread, float(cells.n_images[first]), seed)
        for name, (measure, form) in measures.items():
            ends = interval(measure, drawn, confidence, **form)
            values[name][:, i] = measure(p, q), ends.low, ends.high
    for name, (value, low, high) in values.items():
        subjects = [f"{layout.outcome}: {name}{text}" for text in wanted.against]
        if subjects:
            numbers = {"value": value, "ci_low": low, "ci_high": high, "reference": 0.0}
            yield layout.table("distance", subjects, wanted.first, numbers)


def distributions(cells: Cells, own: Array, others: Array) -> tuple[Array, Array, Array]:
    """Return the distributions of a group and of others, and their joint covariance."""
    sides = np.stack([own, others])
    totals = sides @ cells.totals
    cross = np.einsum("ag,gchd,bh->acbd", sides, cells.cross, sides, optimize=True)
    size = totals.size
    spread = covariance(totals.ravel(), cross.reshape(size, size), np.asarray(cells.clusters))
    values = totals.shape[1]
    slopes = np.zeros((2, values, 2, values))
    for i, side in enumerate(totals):
        slopes[i, :, i] = by_totals(np.eye(values), side)
    jacobian = slopes.reshape(size, size)
    p, q = shares(totals)
    return p, q, jacobian @ spread @ jacobian.T
