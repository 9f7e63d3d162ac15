"""The fewest images that reach all targets at once: a small integer linear programme."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.optimize import LinearConstraint, milp
from scipy.sparse import csr_array, eye_array, hstack, vstack

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from toolkit.stats.arrays import Floats

ROUNDING: Final = 1e-6
"""By how many units a target may be missed for rounding alone."""
GAP: Final = 1e-4
"""How far the number found may lie above the least one, as a share of it."""
MOST_NODES: Final = 2_000


@dataclass(frozen=True)
class Solution:
    """How many images of each kind, and which targets no number of images reaches together."""

    images: NDArray[np.int64]
    unmet: NDArray[np.bool_]


def alone(gains: csr_array, deficits: Floats) -> Floats:
    """Return the fewest images that reach each target by itself; inf where none can.

    All of them are of the kind that gains most.

    Args:
        gains: What an image of each kind adds towards each target, shape `(targets, kinds)`.
        deficits: What each target lacks, not above 0 where it is met, shape `(targets,)`.
    """
    best = gains.max(axis=1).toarray().ravel()
    needed = np.divide(deficits, best, out=np.full(len(deficits), np.inf), where=best > ROUNDING)
    return np.where(deficits <= ROUNDING, 0.0, np.ceil(needed - ROUNDING))


def fewest(gains: csr_array, deficits: Floats, special: NDArray[np.bool_]) -> Solution:
    """Return the fewest images that reach all targets at once.

    min sum(x) with G x >= d over whole x >= 0, by HiGHS, to within 0.01% of the least. If no x
    reaches them all, `contradicting` ones are left out. Where no whole numbers do, as for shares
    that sum to exactly 1, the best fractions are rounded up, which misses a share by a few images.

    Args:
        gains: G, what an image of each kind adds towards each target, `(targets, kinds)`; negative
            where it makes the target harder.
        deficits: d, what each target lacks, `(targets,)`.
        special: Which kinds are harder to find, `(kinds,)`; among the solutions with as few
            images, one with the fewest of these.
    """
    targets, kinds = gains.shape
    if np.all(deficits <= ROUNDING):
        return Solution(np.zeros(kinds, dtype=np.int64), np.zeros(targets, dtype=bool))
    missed = contradicting(gains, deficits)
    reached, lacking = gains[~missed], deficits[~missed]
    images = cheapest(reached, lacking, special, whole=True)
    if images is None:
        images = cheapest(reached, lacking, special, whole=False)
    if images is None:
        raise ArithmeticError("HiGHS found no plan for targets that can be reached together")
    return Solution(np.ceil(images - ROUNDING).astype(np.int64), missed)


def contradicting(gains: csr_array, deficits: Floats) -> NDArray[np.bool_]:
    """Say of each target whether it cannot be reached together with the others.

    Those that miss where the shortfalls sum to the least, except what can be reached beside the
    other targets and those before it.
    """
    missed = shortfalls(gains, deficits) > ROUNDING
    for i in np.flatnonzero(missed):
        tried = ~missed
        tried[i] = True
        missed[i] = np.any(shortfalls(gains[tried], deficits[tried]) > ROUNDING)
    return missed


def shortfalls(gains: csr_array, deficits: Floats) -> Floats:
    """Return by how much each target is missed where the shortfalls sum to the least."""
    targets, kinds = gains.shape
    cost = np.append(np.zeros(kinds), np.ones(targets))
    found = solved(cost, hstack([gains, csr_array(eye_array(targets))]), deficits)
    if found is None:
        raise ArithmeticError("HiGHS found no plan, though there is always one that misses targets")
    return found[kinds:]


def cheapest(
    gains: csr_array, deficits: Floats, special: NDArray[np.bool_], *, whole: bool
) -> Floats | None:
    """Return the fewest images, the fewest special ones among them; None if none are found."""
    every = np.ones(gains.shape[1])
    fewest_images = solved(every, gains, deficits, whole=whole)
    if fewest_images is None or not special.any():
        return fewest_images
    bounded = vstack([gains, csr_array(-every[np.newaxis])])
    most = fewest_images.sum() + ROUNDING
    plainest = solved(special.astype(np.float64), bounded, np.append(deficits, -most), whole=whole)
    return fewest_images if plainest is None else plainest


def solved(cost: Floats, gains: csr_array, least: Floats, *, whole: bool = False) -> Floats | None:
    """Minimise a cost over x >= 0 with gains x >= least; None if nothing is found."""
    found = milp(
        cost,
        integrality=np.full(len(cost), int(whole)),
        constraints=LinearConstraint(csr_array(gains), least, np.inf),
        options={"mip_rel_gap": GAP, "node_limit": MOST_NODES},
    )
    return None if found.x is None else np.asarray(found.x)
