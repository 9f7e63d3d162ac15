import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.stats.delta import by_totals, delta

TOTALS = st.lists(st.integers(1, 10**6), min_size=2, max_size=6).map(np.array)


@given(TOTALS)
def test_a_share_gets_the_binomial_standard_error(totals):
    """The delta step from multinomial totals to one share gives sqrt(p (1 - p) / n)."""
    n, p = totals.sum(), totals / totals.sum()
    covariance = n * (np.diag(p) - np.outer(p, p))
    gradient = by_totals(np.eye(len(p))[0], totals)
    estimate = delta(p[0], gradient, covariance)
    assert estimate.se == pytest.approx(np.sqrt(p[0] * (1 - p[0]) / n), rel=1e-6)


@given(TOTALS, st.floats(0.1, 10))
def test_functions_of_shares_do_not_change_with_the_scale(totals, slope):
    """The derivative by totals is orthogonal to the totals, since scaling moves no share."""
    gradient = by_totals(slope * np.arange(len(totals)), totals)
    assert np.dot(gradient, totals) == pytest.approx(0, abs=1e-9)


def test_the_interval_is_cut_to_the_range():
    """Bounds beyond what the function can reach are moved to the limit."""
    estimate = delta([0.1, 0.9], [[1.0], [1.0]], [[0.04]], low=0, high=1)
    np.testing.assert_allclose(estimate.se, 0.2)
    np.testing.assert_allclose(estimate.low, [0, 0.9 - 1.959964 * 0.2], atol=1e-6)
    np.testing.assert_allclose(estimate.high, [0.1 + 1.959964 * 0.2, 1], atol=1e-6)


def test_an_undefined_value_has_no_interval():
    """NaN in the value is NaN in both ends, whatever the range."""
    estimate = delta(np.nan, [1.0], [[1.0]], low=0, high=1)
    assert np.isnan(estimate.low)
    assert np.isnan(estimate.high)


def test_an_infinite_derivative_gives_no_error():
    """A value that grows without end has an error that is not known, rather than none."""
    estimate = delta(np.inf, by_totals([np.inf, 0.0], [3, 1]), np.diag([3.0, 1.0]))
    assert estimate.value == np.inf
    assert np.isnan(estimate.se)


def test_a_covariance_below_zero_by_rounding_gives_no_error():
    """A variance that rounding made negative counts as 0."""
    assert delta(1.0, [1.0], [[-1e-20]]).se == 0


def test_no_totals_have_no_derivative():
    """The derivatives by totals that are all 0 are undefined."""
    assert np.isnan(by_totals([1.0, 2.0], [0, 0])).all()
