"""What stored intervals tell, against statsmodels, scipy and simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from toolkit.stats.intervals import wilson
from toolkit.stats.multiplicity import adjust
from toolkit.stats.stored import change, effective_size, least_change, rescaled, stored

COUNTS = st.integers(2, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def from_counts(successes, trials):
    """Return a proportion as an audit stores it."""
    x, n = np.asarray(successes, dtype=float), np.asarray(trials, dtype=float)
    return stored(x / n, *wilson(x, n))


@given(COUNTS, COUNTS)
def test_the_change_of_two_proportions_is_the_newcombe_interval(first, second):
    """From two Wilson intervals alone, the interval is that of statsmodels from the counts."""
    found = change(from_counts(*first), from_counts(*second)).difference
    low, high = confint_proportions_2indep(*second, *first, method="newcomb", compare="diff")
    np.testing.assert_allclose([found.low, found.high], [low, high], atol=1e-9)


@given(COUNTS, COUNTS)
def test_the_p_value_agrees_with_the_interval(first, second):
    """It is below 5% just where 0 lies outside, and swapping the two turns the change around."""
    there = change(from_counts(*first), from_counts(*second))
    back = change(from_counts(*second), from_counts(*first))
    outside = there.difference.low > 0 or there.difference.high < 0
    assert (there.p_value < 0.05) == outside or there.p_value == pytest.approx(0.05, abs=1e-6)
    np.testing.assert_allclose(back.difference.value, -there.difference.value, atol=1e-12)
    np.testing.assert_allclose(back.p_value, there.p_value, rtol=1e-9)


def test_a_ratio_needs_numbers_that_are_not_negative():
    """A share that doubled has a ratio of 2 inside its interval; a gap around 0 has none."""
    doubled = change(from_counts(100, 1000), from_counts(200, 1000)).ratio
    assert doubled.value == pytest.approx(2)
    assert doubled.low < 2 < doubled.high
    gap = change(stored(0.01, -0.02, 0.04), stored(0.05, 0.01, 0.09))
    assert np.isnan(gap.ratio.value)
    assert gap.difference.value == pytest.approx(0.04)


@pytest.mark.parametrize(("n", "p"), [(30, 0.5), (300, 0.05), (2000, 0.3)])
def test_without_a_change_one_in_twenty_is_called_one_at_most(n, p):
    """Of 20,000 pairs of samples from one population, 5% differ at the 95% level, or fewer."""
    draws = np.random.default_rng(0).binomial(n, p, (2, 20_000))
    p_value = change(from_counts(draws[0], n), from_counts(draws[1], n)).p_value
    assert 0.02 < np.mean(p_value < 0.05) < 0.056


def test_a_family_without_changes_is_left_alone():
    """Of 1,000 families of 20 changes that are none, 5% have a significant one after BH."""
    draws = np.random.default_rng(3).binomial(500, 0.3, (2, 1000, 20))
    p_value = change(from_counts(draws[0], 500), from_counts(draws[1], 500)).p_value
    called = [np.any(adjust(family) < 0.05) for family in p_value]
    assert np.mean(called) == pytest.approx(0.05, abs=0.02)


def test_the_least_change_is_found_in_four_of_five_samples():
    """Samples that differ by what was said to be found differ significantly in 80%."""
    draw, n, p = np.random.default_rng(1), 2000, 0.3
    said = least_change(change(from_counts(p * n, n), from_counts(p * n, n)))
    first, second = draw.binomial(n, p, 20_000), draw.binomial(n, p + said, 20_000)
    p_value = change(from_counts(first, n), from_counts(second, n)).p_value
    assert np.mean(p_value < 0.05) == pytest.approx(0.8, abs=0.015)


@given(st.floats(-10, 10), st.floats(0.01, 5), st.sampled_from([0.8, 0.9, 0.99]))
def test_a_normal_interval_is_stretched_exactly(centre, se, confidence):
    """From any level to 95%, it is scipy's normal interval."""
    low, high = norm.interval(confidence, centre, se)
    found = rescaled(stored(centre, low, high), confidence, 0.95)
    expected = norm.interval(0.95, centre, se)
    np.testing.assert_allclose([found.low, found.high], expected, atol=1e-9)


@given(st.integers(1, 10**6), st.floats(0, 1), st.sampled_from([0.8, 0.95, 0.99]))
def test_a_wilson_interval_gives_its_sample_size_back(n, share, confidence):
    """From statsmodels' interval, also at no and at all successes."""
    successes = round(share * n)
    low, high = proportion_confint(successes, n, 1 - confidence, method="wilson")
    found = effective_size(successes / n, low, high, confidence)
    assert found == pytest.approx(n, rel=1e-5)


def test_nothing_is_told_from_no_interval():
    """NaN stays NaN, and an interval without width has no p-value and no size."""
    nothing = change(stored(np.nan, np.nan, np.nan), stored(0.5, 0.4, 0.6))
    assert np.isnan(nothing.p_value)
    assert np.isnan(nothing.difference.low)
    assert np.isnan(change(stored(1, 1, 1), stored(2, 2, 2)).p_value)
    assert np.isnan(effective_size(0.5, np.nan, np.nan))
    assert np.isnan(effective_size(0.0, 0.0, 0.0))
