"""Which cells are masked so that no small one can be worked out."""

from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.optimize import linprog

from toolkit.render._suppression import beside, hidden_cells, margins_of
from toolkit.wording.slices import Terms

LIMIT = 11


def sizes_of(counts: np.ndarray) -> dict[Terms, int]:
    """Return the sizes of two attributes' groups and of their intersections."""
    k, m = counts.shape
    sizes: dict[Terms, int] = {(): int(counts.sum())}
    sizes |= {(("gender", str(i)),): int(counts[i].sum()) for i in range(k)}
    sizes |= {(("age", str(j)),): int(counts[:, j].sum()) for j in range(m)}
    cells = product(range(k), range(m))
    return sizes | {(("gender", str(i)), ("age", str(j))): int(counts[i, j]) for i, j in cells}


def is_settled(cell: Terms, hidden: set[Terms], sizes: dict[Terms, int]) -> bool:
    """Say whether all counts that agree with what is shown agree on a hidden cell.

    A linear program looks for the least and the greatest number it can have, with all hidden
    numbers free.
    """
    unknown = sorted(hidden)
    equations, sums = [], []
    for (whole, _), parts in margins_of(sizes).items():
        equations.append([(cut in parts) - int(cut == whole) for cut in unknown])
        shown = sum(sizes[cut] for cut in parts - hidden)
        sums.append((0 if whole in hidden else sizes[whole]) - shown)
    objective = np.array([cut == cell for cut in unknown], dtype=float)
    ends = [
        linprog(sign * objective, A_eq=equations, b_eq=sums, bounds=(-1000, 1000)).fun * sign
        for sign in (1, -1)
    ]
    return bool(ends[1] - ends[0] < 1e-6)


@given(arrays(int, array_shapes(min_dims=2, max_dims=2, max_side=4), elements=st.integers(0, 40)))
def test_no_small_cell_is_shown_or_follows_from_those_that_are(counts: np.ndarray) -> None:
    """A linear program over every sum finds more than one number for each small cell.

    Cells are only given away where all others of their margins are empty.
    """
    sizes = sizes_of(counts)
    margins = margins_of(sizes)
    hidden = hidden_cells(sizes, frozenset({"gender", "age"}), LIMIT)
    assert not any(0 < n < LIMIT for cut, n in sizes.items() if cut and cut not in hidden)
    for cell in hidden:
        others = [cut for cut in beside(cell, margins) - hidden if cut and sizes[cut]]
        assert not others or not is_settled(cell, hidden, sizes)


def test_the_next_smallest_cell_is_masked_too() -> None:
    """Of 5, 20 and 300 members the 5 are small and the 20 would give them away; 0 stays."""
    sizes = {(("gender", str(i)),): n for i, n in enumerate([5, 20, 300, 0])}
    hidden = hidden_cells(sizes, frozenset({"gender"}), LIMIT)
    assert hidden == {(("gender", "0"),), (("gender", "1"),)}


def test_a_cell_that_several_sums_give_away_is_found() -> None:
    """Here every row and column has two masked cells or none, and yet one of them would follow."""
    counts = np.array(
        [[24, 13, 2, 10], [22, 12, 19, 2], [34, 20, 34, 13], [25, 6, 35, 28], [36, 35, 11, 32]]
    )
    sizes = sizes_of(counts)
    hidden = hidden_cells(sizes, frozenset({"gender", "age"}), LIMIT)
    assert not any(is_settled(cell, hidden, sizes) for cell in hidden)


def test_other_attributes_are_not_masked() -> None:
    """A small cell of an attribute that is not sensitive stays."""
    sizes = {(("split", "train"),): 5, (("split", "test"),): 900}
    assert hidden_cells(sizes, frozenset({"gender"}), LIMIT) == set()
