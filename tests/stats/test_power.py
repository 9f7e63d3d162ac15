import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import proportion_effectsize

from toolkit.stats.power import (
    detectable_from,
    minimum_detectable_difference,
    sample_size,
    units_needed,
)


def test_the_known_figures():
    """From 0.8 of 1,000: 11.6 points against 200 at a design effect of 1.5.

    Against 30 it is 23.8 with independent units, 29.6 at the same design effect.
    """
    found = minimum_detectable_difference(0.8, 1000, [200, 30, 30], [1.5, 1.0, 1.5])
    np.testing.assert_allclose(found, [0.116, 0.238, 0.296], atol=5e-4)


@given(st.floats(0.0, 1.0), st.integers(5, 10**5), st.integers(5, 10**5))
def test_statsmodels_finds_the_power_at_the_detectable_difference(p0, n1, n2):
    """At the difference found, statsmodels' power of the two-sided test is the one asked for."""
    difference = minimum_detectable_difference(p0, n1, n2)
    if np.isnan(difference):
        return
    other = p0 - difference if p0 > 0.5 else p0 + difference
    h = abs(proportion_effectsize(p0, other))
    power = NormalIndPower().power(h, n1, 0.05, ratio=n2 / n1)
    assert power == pytest.approx(0.8, abs=1e-4)


@given(st.floats(0.05, 0.95), st.floats(0.02, 0.9))
def test_the_sample_size_equals_statsmodels(p0, difference):
    """The units of each group are statsmodels', rounded up."""
    found = sample_size(p0, difference)
    if p0 - difference < 0:
        assert np.isnan(found)
        return
    h = proportion_effectsize(p0, p0 - difference)
    exact = NormalIndPower().solve_power(h, alpha=0.05, power=0.8)
    assert exact * (1 - 1e-4) <= found <= exact * (1 + 1e-4) + 1


def test_the_design_effect_divides_the_units():
    """Twice the design effect needs twice the units, and as many find as little as half would."""
    assert sample_size(0.5, 0.001, 2.0) == pytest.approx(2 * sample_size(0.5, 0.001), abs=2)
    assert minimum_detectable_difference(0.3, 200, 80, 2.0) == pytest.approx(
        minimum_detectable_difference(0.3, 100, 40)
    )


def test_what_cannot_be_found_is_nan():
    """Too few units find no possible difference, no difference is never found, no units neither."""
    assert np.isnan(minimum_detectable_difference(0.5, [1, 0], [1, 50])).all()
    assert np.isnan(sample_size(0.5, [0.0, 0.6, -0.6])).all()


@pytest.mark.parametrize("power", [0, 1, 80, np.nan])
def test_power_is_a_probability(power):
    """A power outside 0..1 is refused."""
    with pytest.raises(ValueError, match="between 0 and 1"):
        minimum_detectable_difference(0.5, 100, 100, power=power)


@pytest.mark.parametrize(
    ("p0", "n1", "design_effect"), [(1.2, 10, 1), (-0.1, 10, 1), (0.5, -10, 1), (0.5, 10, -1)]
)
def test_impossible_groups_are_refused(p0, n1, design_effect):
    """What is no proportion, and negative units and design effects, are an error."""
    with pytest.raises(ValueError, match="not negative"):
        minimum_detectable_difference(p0, n1, 100, design_effect)


@given(st.floats(0.05, 0.95), st.integers(30, 10**5))
def test_statsmodels_finds_the_power_against_a_fixed_share(p0, n):
    """One sample against a fixed share: statsmodels' power at the difference found is 80%."""
    difference = detectable_from(p0, 1 / np.sqrt(n))
    if np.isnan(difference):
        return
    other = p0 - difference if p0 > 0.5 else p0 + difference
    h = abs(proportion_effectsize(p0, other))
    assert NormalIndPower(ddof=0).power(h, n, 0.05, ratio=0) == pytest.approx(0.8, abs=1e-4)


@given(st.floats(0.05, 0.5), st.integers(10, 10**5))
def test_the_units_needed_equal_statsmodels(effect, n):
    """For a mean of unit variance seen on n units, they are statsmodels' of a one-sample test."""
    found = units_needed(n, effect, 1 / np.sqrt(n))
    exact = NormalIndPower(ddof=0).solve_power(effect, alpha=0.05, power=0.8, ratio=0)
    assert exact * (1 - 1e-4) <= found <= exact * (1 + 1e-4) + 1


def test_no_effect_needs_no_number():
    """What does not differ is never found."""
    assert np.isnan(units_needed(100, [0.0, np.inf, np.nan], [0.1, np.inf, 0.1])).all()
