"""Tests of disparities beyond one difference, against published figures and simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from toolkit.stats.disparity import (
    conditional_demographic_disparity,
    demographic_disparity,
    disparity_gradient,
    extreme_ratio,
    spread,
)

# Applicants to the six largest departments at Berkeley in 1973, men then women (Bickel, Hammel
# and O'Connell 1975), as in R's table UCBAdmissions.
ADMITTED = np.array([[512, 353, 120, 138, 53, 22], [89, 17, 202, 131, 94, 24]])
REJECTED = np.array([[313, 207, 205, 279, 138, 351], [19, 8, 391, 244, 299, 317]])
WOMEN = (REJECTED[1], ADMITTED[1], REJECTED.sum(0), ADMITTED.sum(0))

counts = arrays(np.float64, (4, 3), elements=st.integers(1, 60).map(float))


def test_simpson_s_paradox_of_berkeley() -> None:
    """Women are over-represented among the rejected, and no longer within departments."""
    assert demographic_disparity(*(part.sum() for part in WOMEN)) == pytest.approx(0.14382642)
    assert conditional_demographic_disparity(*WOMEN) == pytest.approx(-0.01928327)


def test_a_part_of_nothing_is_undefined() -> None:
    """Where nobody was rejected there is no part of the rejected, and 0 would be a lie."""
    assert np.isnan(demographic_disparity(0, 5, 0, 10))
    assert np.isnan(conditional_demographic_disparity([0, 2], [5, 3], [0, 4], [10, 6]))
    assert conditional_demographic_disparity([0, 2], [0, 3], [0, 4], [0, 6]) == pytest.approx(0.0)


def of_cells(cells: np.ndarray) -> float:
    """Return the conditional disparity of units of the group, then of the others."""
    rejected, accepted, other_rejected, other_accepted = cells
    return float(
        conditional_demographic_disparity(
            rejected, accepted, rejected + other_rejected, accepted + other_accepted
        )
    )


@given(counts)
def test_the_gradient_is_that_of_the_finite_differences(cells: np.ndarray) -> None:
    """Each derivative agrees with moving one cell a little."""
    rejected, accepted, other_rejected, other_accepted = cells
    found = disparity_gradient(
        rejected, accepted, rejected + other_rejected, accepted + other_accepted
    )
    for at in np.ndindex(cells.shape):
        step = np.zeros(cells.shape)
        step[at] = 1e-4
        slope = (of_cells(cells + step) - of_cells(cells - step)) / 2e-4
        assert found[at] == pytest.approx(slope, abs=1e-6)


@given(counts)
def test_swapping_the_groups_turns_the_sign(cells: np.ndarray) -> None:
    """What one group has too much, the other has too little."""
    swapped = cells[[2, 3, 0, 1]]
    assert of_cells(swapped) == pytest.approx(-of_cells(cells))
    assert -1 <= of_cells(cells) <= 1


@pytest.mark.parametrize(("truth", "n"), [((0.5,) * 6, 400), ((0.2, 0.5, 0.5, 0.8), 300)])
def test_the_spread_of_groups_is_covered_although_the_data_choose_the_extremes(
    truth: tuple[float, ...], n: int
) -> None:
    """Simulated groups: both intervals cover in 95 % or more, also where all groups are equal."""
    rng = np.random.default_rng(1)
    p = np.array(truth)
    drawn = rng.binomial(n, p, size=(400, len(p))) / n
    covered = np.zeros(2)
    for rates in drawn:
        around = np.diag(rates * (1 - rates) / n)
        for i, (measure, true) in enumerate(
            ((spread, np.ptp(p)), (extreme_ratio, p.min() / p.max()))
        ):
            found = measure(rates, around)
            covered[i] += found.low - 1e-12 <= true <= found.high + 1e-12
    assert (covered / len(drawn) >= 0.93).all()


def test_groups_without_a_rate_stay_out_of_the_extremes() -> None:
    """An undefined rate is no smallest rate; without any there is no spread."""
    around = np.diag([0.01, np.nan, 0.01])
    assert spread([0.2, np.nan, 0.5], around).value == pytest.approx(0.3)
    assert np.isnan(spread([np.nan], [[np.nan]]).value)
    assert np.isnan(extreme_ratio([0.0, 0.0], np.zeros((2, 2))).value)


def test_nobody_in_one_group_leaves_the_upper_end_of_the_ratio_open() -> None:
    """A least rate of 0 is 0 of the greatest; how much more it may be is not known."""
    found = extreme_ratio([0.0, 0.4], np.diag([0.0, 0.01]))
    assert found.value == 0
    assert found.low == 0
    assert np.isnan(found.high)
