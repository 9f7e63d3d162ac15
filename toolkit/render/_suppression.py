"""Which cells of tables with margins must be masked, so that no small one can be worked out.

Primary and secondary cell suppression (Hundepool et al., Statistical Disclosure Control, 2012,
ch. 4). It guards against every combination of sums within the published tables, not against what
a reader knows from elsewhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from toolkit.wording.slices import Terms

if TYPE_CHECKING:
    from collections.abc import Iterable

Margins = Mapping[tuple[Terms, str], set[Terms]]
"""By a slice and one more attribute, what the attribute cuts the slice into."""


def is_about(cut: Terms, sensitive: frozenset[str]) -> bool:
    """Tell whether a slice is cut by a sensitive attribute."""
    return any(name in sensitive for name, _ in cut)


def hidden_cells(
    sizes: Mapping[Terms, int], margins: Margins, sensitive: frozenset[str], limit: int
) -> set[Terms]:
    """Return the small cells, and further ones until no sums give any of them away.

    For a hidden cell that the sums settle, the smallest other cell of its margins that is not
    empty is hidden too. The whole dataset is never hidden.
    """
    hidden = {cut for cut, n in sizes.items() if 0 < n < limit and is_about(cut, sensitive)}
    while more := {
        min(others, key=lambda cut: (sizes[cut], cut))
        for settled in settled_cells(hidden, margins)
        if (others := [cut for cut in beside(settled, margins) - hidden if cut and sizes.get(cut)])
    }:
        hidden |= more
    return hidden


def settled_cells(hidden: set[Terms], margins: Margins) -> list[Terms]:
    """Return the hidden cells whose number follows from the margins and from the shown cells.

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
    matrix = np.array(equations)
    certain = np.isclose(np.diag(np.linalg.pinv(matrix) @ matrix), 1)
    return [cell for cell, settled in zip(cells, certain, strict=True) if settled]


def margins_of(cuts: Iterable[Terms]) -> Margins:
    """Return what each slice is cut into by one more attribute; the parts sum to the slice."""
    margins: dict[tuple[Terms, str], set[Terms]] = defaultdict(set)
    for cut in cuts:
        for i, (name, _) in enumerate(cut):
            margins[cut[:i] + cut[i + 1 :], name].add(cut)
    return margins


def beside(cell: Terms, margins: Margins) -> set[Terms]:
    """Return the cells of all margins that a cell is in, their sums included."""
    around = ({whole, *parts} for (whole, _), parts in margins.items())
    return set[Terms]().union(*(margin for margin in around if cell in margin))
