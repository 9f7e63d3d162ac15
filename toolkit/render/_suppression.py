"""Which cells of tables with margins must be masked, so that no small one can be worked out.

Primary and secondary cell suppression (Hundepool et al., Statistical Disclosure Control, 2012,
ch. 4). It guards against every combination of sums within the published tables, and against what
the masking itself tells: cells of nobody are shown, so that a masked one has at least one member.
It does not guard against what a reader knows from elsewhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from toolkit.wording.slices import Terms

ROUNDING = 1e-6

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from numpy.typing import NDArray

Sizes = Mapping[Terms, int]
Margins = Mapping[tuple[Terms, str], set[Terms]]
"""By a slice and one more attribute, what the attribute cuts the slice into."""


def is_about(cut: Terms, sensitive: frozenset[str]) -> bool:
    """Tell whether a slice is cut by a sensitive attribute."""
    return any(name in sensitive for name, _ in cut)


def hidden_cells(
    sizes: Sizes,
    sensitive: frozenset[str],
    limit: int,
    known_to_hide: AbstractSet[Terms] = frozenset(),
) -> set[Terms]:
    """Return the small cells, and further ones until no sums give any of them away.

    For a hidden cell whose number follows, or that the sums tell to be small, the smallest other
    cell of its margins that is not empty is hidden too. The whole dataset is never hidden.

    Args:
        sizes: The number of members by slice.
        sensitive: The attributes whose small cells are hidden.
        limit: The smallest number that is shown.
        known_to_hide: Slices that are hidden for other reasons.
    """
    small = {cut for cut, n in sizes.items() if 0 < n < limit and is_about(cut, sensitive)}
    hidden = small | {cut for cut in known_to_hide if sizes.get(cut)}
    margins = margins_of(sizes) if small else {}
    while more := {
        min(others, key=lambda cut: (sizes[cut], cut))
        for told in given_away(small, hidden, sizes, margins, limit)
        if (others := [cut for cut in beside(told, margins) - hidden if cut and sizes.get(cut)])
    }:
        hidden |= more
    return hidden


def given_away(
    small: set[Terms], hidden: set[Terms], sizes: Sizes, margins: Margins, limit: int
) -> list[Terms]:
    """Return the hidden cells whose number follows from the margins, or that surely are small.

    Each margin is a linear equation in the hidden cells. A cell is settled if its unit vector lies
    in the space of the equations, whose projector is pinv(A) A.
    """
    cells = sorted(hidden)
    equations = [
        [(cell in parts) - float(cell == whole) for cell in cells]
        for (whole, _), parts in margins.items()
        if not hidden.isdisjoint({whole, *parts})
    ]
    if not equations:
        return []
    matrix, members = np.array(equations), np.array([sizes[cell] for cell in cells], dtype=float)
    settled = np.isclose(np.diag(np.linalg.pinv(matrix) @ matrix), 1)
    return [
        cell
        for i, cell in enumerate(cells)
        if settled[i] or (cell in small and greatest(i, matrix, members) < limit)
    ]


def greatest(i: int, equations: NDArray[np.float64], members: NDArray[np.float64]) -> float:
    """Return the greatest number that hidden cell i can have, where each has at least 1.

    Args:
        i: The cell.
        equations: What is known, one row a margin; shape (margins, cells).
        members: The numbers that the cells do have; shape (cells,).
    """
    sums = np.flatnonzero(equations[:, i])
    if not len(sums):
        return np.inf
    together = np.flatnonzero(equations[sums[0]])
    if np.all(np.count_nonzero(equations[:, together], axis=0) == 1):
        # One sum of cells that are in no other: all others can have 1, or this one has no bound.
        parts = np.all(equations[sums[0], together] > 0)
        return float(1 + np.sum(members[together] - 1)) if parts else np.inf
    from scipy.optimize import linprog

    objective = np.zeros(len(members))
    objective[i] = -1.0
    found = linprog(objective, A_eq=equations, b_eq=equations @ members, bounds=(1, None))
    return ROUNDING - float(found.fun or 0.0) if found.status == 0 else np.inf


def margins_of(sizes: Sizes) -> dict[tuple[Terms, str], set[Terms]]:
    """Return what each slice is cut into by one more attribute, where the parts sum to it.

    The images of people do not: one image can show people of several groups. A slice that is not
    among the sizes counts as known.
    """
    margins: dict[tuple[Terms, str], set[Terms]] = defaultdict(set)
    for cut in sizes:
        for i, (name, _) in enumerate(cut):
            margins[cut[:i] + cut[i + 1 :], name].add(cut)
    return {
        (whole, name): parts
        for (whole, name), parts in margins.items()
        if whole not in sizes or sizes[whole] == sum(sizes[part] for part in parts)
    }


def beside(cell: Terms, margins: Margins) -> set[Terms]:
    """Return the cells of all margins that a cell is in, their sums included."""
    around = ({whole, *parts} for (whole, _), parts in margins.items())
    return set[Terms]().union(*(margin for margin in around if cell in margin))
