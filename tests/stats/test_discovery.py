"""The search for slices: scores of SliceLine and DivExplorer, and what is redundant."""

from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sliceline import Slicefinder
from statsmodels.stats.proportion import proportions_ztest

from toolkit.stats.discovery import RANKINGS, Rows, Terms, divergence, search, sliceline, totals

UNIT = np.arange(400)
TABLE = pd.DataFrame({"a": UNIT % 2, "b": UNIT // 2 % 3, "c": UNIT // 7 % 4})
BAD = 0.2 + 0.3 * ((TABLE["a"] == 1) & (TABLE["b"] == 2)) + 0.1 * (TABLE["c"] == 3)
ERROR = ((UNIT * 37) % 101 / 101 < BAD).to_numpy(dtype=float)

# Units and `e_div` of DivExplorer 0.2.6 at min_support=0.05: its eleven most divergent of TABLE.
DIVEXPLORER = {
    "a=1 b=2": (66, 0.220000),
    "b=2 c=3": (32, 0.188750),
    "a=1 c=3": (56, 0.130714),
    "c=3": (98, 0.077143),
    "b=2": (132, 0.076061),
    "a=1": (200, 0.065000),
    "b=2 c=2": (32, 0.063750),
    "b=2 c=1": (33, 0.053333),
    "a=1 c=1": (57, 0.053333),
    "a=1 c=0": (45, 0.031111),
    "a=1 c=2": (42, 0.029524),
}


def rows(table: pd.DataFrame, y: np.ndarray, *, proportion: bool = True) -> Rows:
    """Return one unit an image for each row of a table of codes."""
    codes = table.to_numpy(dtype=np.int8).T
    number = np.arange(len(table))
    sizes = tuple(int(axis.max(initial=-1)) + 1 for axis in codes)
    return Rows(codes, sizes, number, number, y, np.ones(len(table)), proportion)


def scores(
    found: Rows, depth: int, min_units: int, ranking: str, alpha: float
) -> dict[Terms, tuple[int, float]]:
    """Return the units and the score of every slice that is large enough."""
    whole = totals(found, ())
    scored = {}
    for size in range(1, depth + 1):
        for axes in combinations(range(len(found.sizes)), size):
            grid = totals(found, axes)
            score = RANKINGS[ranking](grid.y, grid.x, float(whole.y), float(whole.x), alpha)
            for place in np.argwhere(grid.n >= min_units):
                terms = tuple(zip(axes, map(int, place), strict=True))
                scored[terms] = int(grid.n[tuple(place)]), float(score[tuple(place)])
    return scored


@pytest.mark.parametrize("alpha", [0.6, 0.95])
@pytest.mark.parametrize("min_units", [10, 40])
def test_slicelines_own_package_has_the_same_top_slices(alpha: float, min_units: int) -> None:
    """Slices, sizes and scores of the ten worst are those of the package `sliceline`."""
    rng = np.random.default_rng(1)
    table = pd.DataFrame({name: rng.integers(4, size=2000) for name in "abcd"})
    bad = (table["a"] == 1) & (table["b"] == 2) | (table["c"] == 0) & (table["d"] == 3)
    error = rng.random(2000) * (1 + 2 * bad)
    peer = Slicefinder(alpha=alpha, k=10, max_l=3, min_sup=min_units, verbose=False)
    peer.fit(table.to_numpy(), error)
    theirs = {
        tuple((axis, int(value)) for axis, value in enumerate(one) if value is not None): facts
        for one, facts in zip(peer.top_slices_, peer.top_slices_statistics_, strict=True)
    }
    ours = scores(rows(table, error, proportion=False), 3, min_units, "sliceline", alpha)
    best = sorted(ours, key=lambda terms: -ours[terms][1])[: len(theirs)]
    assert best == list(theirs)
    assert [ours[terms][0] for terms in best] == [f["slice_size"] for f in theirs.values()]
    expected = [facts["slice_score"] for facts in theirs.values()]
    assert [ours[terms][1] for terms in best] == pytest.approx(expected, rel=1e-12)


def test_divexplorers_own_package_has_the_same_divergences() -> None:
    """The eleven most divergent slices, their sizes and divergences are DivExplorer's."""
    ours = scores(rows(TABLE, ERROR), 2, 20, "divergence", 0.95)
    best = sorted(ours.items(), key=lambda item: -item[1][1])[: len(DIVEXPLORER)]
    found = {" ".join(f"{'abc'[i]}={v}" for i, v in terms): got for terms, got in best}
    assert {name: n for name, (n, _) in found.items()} == {
        name: n for name, (n, _) in DIVEXPLORER.items()
    }
    for name, (_, value) in DIVEXPLORER.items():
        assert found[name][1] == pytest.approx(value, abs=1e-6)


def kept_by_brute_force(table: pd.DataFrame, y: np.ndarray, min_units: int) -> set[Terms]:
    """Return the slices above all wider ones by statsmodels' z-test, one slice after the other."""
    found = set()
    for size in (1, 2, 3):
        for axes in combinations(range(table.shape[1]), size):
            for values in product(range(4), repeat=size):
                terms = tuple(zip(axes, values, strict=True))
                inside = member(table, terms)
                if inside.sum() >= min_units and all(
                    is_above(y, inside, member(table, fewer))
                    for number in range(size)
                    for fewer in combinations(terms, number)
                ):
                    found.add(terms)
    return found


def member(table: pd.DataFrame, terms: Terms) -> np.ndarray:
    """Say of each row whether it is in a slice."""
    return np.all(
        [table.iloc[:, axis] == value for axis, value in terms] or [[True] * len(table)], axis=0
    )


def is_above(y: np.ndarray, inside: np.ndarray, around: np.ndarray) -> bool:
    """Whether the rate of a slice is above that of the rest of a wider one."""
    outside = around & ~inside
    ones, n = [y[inside].sum(), y[outside].sum()], [inside.sum(), outside.sum()]
    if not n[1] or sum(ones) in (0, sum(n)) or ones[0] * n[1] <= ones[1] * n[0]:
        return False
    return bool(proportions_ztest(ones, n)[1] < 0.05)


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(1, 6))
def test_brute_force_keeps_the_same_slices(seed: int, min_units: int) -> None:
    """Nothing is missed and nothing redundant is kept, whatever the table."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.integers(rng.integers(1, 4), size=(60, 3)))
    y = (rng.random(60) < 0.2 + 0.6 * (table[0] == 1) * (table[1] == 0)).to_numpy(dtype=float)
    levels = search(rows(table, y), 3, min_units, "divergence")
    found = [terms for level in levels for terms in level.slices]
    assert len(set(found)) == len(found)
    assert set(found) == kept_by_brute_force(table, y, min_units)


@pytest.mark.parametrize("ranking", sorted(RANKINGS))
def test_slices_come_worst_first_and_in_any_order_of_rows(ranking: str) -> None:
    """The order of the units changes neither slices nor scores."""
    order = np.random.default_rng(0).permutation(len(TABLE))
    one = search(rows(TABLE, ERROR), 3, 10, ranking)
    other = search(rows(TABLE.iloc[order], ERROR[order]), 3, 10, ranking)
    assert [level.slices for level in one] == [level.slices for level in other]
    for first, second in zip(one, other, strict=True):
        assert first.scores.tolist() == second.scores.tolist()
        assert np.all(np.diff(first.scores) <= 0)


def test_other_values_make_no_slice_and_count_in_the_rest() -> None:
    """What is not among the values of an axis is part of all units only."""
    table = pd.DataFrame({"a": [0] * 30 + [1] * 30 + [2] * 40})
    found = rows(table, np.repeat([1.0, 0.0, 0.0], [30, 30, 40]))
    cut = Rows(**{**vars(found), "sizes": (2,)})
    (level,) = search(cut, 1, 10, "divergence")
    assert (level.searched, list(level.slices)) == (2, [((0, 0),)])
    assert level.scores == pytest.approx([0.7])


def test_a_slice_that_is_the_same_as_a_wider_one_is_redundant() -> None:
    """Where one value always goes with another, the two together say nothing more."""
    table = pd.DataFrame({"a": [0] * 50 + [1] * 50, "b": [0] * 50 + [1] * 50})
    levels = search(rows(table, np.repeat([0.0, 1.0], 50)), 2, 10)
    assert [list(level.slices) for level in levels] == [[((0, 1),), ((1, 1),)], []]


@pytest.mark.parametrize("y", [0.0, 1.0])
@pytest.mark.parametrize("n", [0, 1, 50])
def test_nothing_is_found_where_nothing_differs(n: int, y: float) -> None:
    """No units, one unit, no error at all and nothing but errors are searched in vain."""
    table = pd.DataFrame({"a": np.arange(n) % 2, "b": np.arange(n) % 3})
    levels = search(rows(table, np.full(n, y)), 3, 1)
    assert [len(level.slices) for level in levels] == [0, 0, 0]


def test_no_axis_means_no_slice() -> None:
    """A dataset without attributes has nothing to search."""
    found = rows(pd.DataFrame(index=range(5)), np.ones(5))
    assert [level.searched for level in search(found, 2, 1)] == [0, 0]


def test_scores_of_all_units_are_0_and_without_error_undefined() -> None:
    """Both rankings hold the whole against itself; SliceLine divides by the mean error."""
    assert sliceline(30.0, 100.0, 30.0, 100.0, 0.95) == 0
    assert divergence(30.0, 100.0, 30.0, 100.0, 0.95) == 0
    assert np.isnan(sliceline([0.0], [10.0], 0.0, 100.0, 0.95)).all()
