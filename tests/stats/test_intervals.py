import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from toolkit.stats.intervals import newcombe, score_ratio, t_value, two_sided, wilson, z_value


@st.composite
def samples(draw, most=10**6):
    """Draw successes and trials."""
    trials = draw(st.integers(1, most))
    return draw(st.integers(0, trials)), trials


def test_wilson_gives_the_published_figures():
    """Wilson's interval of 8 of 10 and of 7 of 50 is the one in the literature."""
    np.testing.assert_allclose(wilson(8, 10), (0.49016247153664183, 0.9433178485456247), rtol=1e-12)
    np.testing.assert_allclose(wilson(7, 50), (0.06951, 0.26186), atol=5e-6)


@given(samples(), st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_wilson_equals_statsmodels(sample, confidence):
    """Wilson's interval equals statsmodels', also without any or with only successes."""
    expected = proportion_confint(*sample, alpha=1 - confidence, method="wilson")
    np.testing.assert_allclose(wilson(*sample, confidence), expected, rtol=1e-9, atol=1e-12)


@given(samples())
def test_wilson_contains_the_share_and_stays_in_range(sample):
    """The interval has a positive width, contains the share and lies in 0..1."""
    low, high = wilson(*sample)
    assert 0 <= low <= sample[0] / sample[1] <= high <= 1
    assert low < high


@given(samples(10**4), st.floats(0.0, 1.0))
def test_wilson_rises_with_the_successes(sample, part):
    """More successes of as many trials, also fractional ones, move both ends up."""
    successes, trials = sample
    fewer, more = wilson(successes * part, trials), wilson(successes, trials)
    assert fewer.low <= more.low
    assert fewer.high <= more.high + 1e-15


def test_wilson_broadcasts_and_is_nan_without_trials():
    """Arrays of different shapes broadcast, and 0 of 0 has no interval."""
    low, high = wilson([[0], [0]], [0, 10, 20])
    assert low.shape == high.shape == (2, 3)
    assert np.isnan(low[:, 0]).all()
    assert np.isnan(high[:, 0]).all()
    assert (low[:, 1:] == 0).all()


@pytest.mark.parametrize(
    ("successes", "trials"), [(-1, 5), (6, 5), (0, -1), (np.inf, 5), (np.inf, np.inf)]
)
def test_impossible_counts_are_refused(successes, trials):
    """Counts that cannot be raise a ValueError that says the limits."""
    with pytest.raises(ValueError, match="between 0 and the number of trials"):
        wilson(successes, trials)


def test_an_effective_count_may_exceed_its_trials_by_rounding():
    """A product such as 1.0000000000000002 of 1 trial is a share of 1, not an error."""
    assert wilson(np.nextafter(1.0, 2.0), 1.0).high == 1


@pytest.mark.parametrize("confidence", [0, 1, -0.5, 95, np.nan])
def test_a_confidence_level_is_a_probability(confidence):
    """Levels outside 0..1, percentages among them, are refused."""
    with pytest.raises(ValueError, match="between 0 and 1"):
        z_value(confidence)


def test_quantiles_and_tails_belong_together():
    """The tails beyond the quantile hold what the interval leaves, for t and for the normal."""
    assert two_sided(z_value(0.95)) == pytest.approx(0.05)
    assert t_value(np.array(9.0), 0.95) == pytest.approx(2.262157, abs=1e-6)
    assert t_value(np.array(1e9), 0.95) == pytest.approx(z_value(0.95))
    assert np.isnan(t_value(np.array(0.0), 0.95))


@given(samples(), samples())
def test_newcombe_equals_statsmodels(first, second):
    """The hybrid score interval of a difference equals statsmodels'."""
    expected = confint_proportions_2indep(*first, *second, compare="diff", method="newcomb")
    np.testing.assert_allclose(newcombe(*first, *second), expected, rtol=1e-8, atol=1e-12)


@given(samples(), samples())
def test_newcombe_contains_the_difference_and_changes_sign_with_the_order(first, second):
    """The interval contains the difference, lies in -1..1, and swapping the groups negates it."""
    low, high = newcombe(*first, *second)
    difference = first[0] / first[1] - second[0] / second[1]
    assert -1 - 1e-12 <= low <= difference <= high <= 1 + 1e-12
    assert low < high
    np.testing.assert_allclose(newcombe(*second, *first), (-high, -low), atol=1e-12)


@given(samples(500), samples(500))
def test_score_ratio_equals_statsmodels(first, second):
    """The score interval equals statsmodels' wherever both groups have successes and failures."""
    first, second = ((x + 1, n + 2) for x, n in (first, second))
    expected = confint_proportions_2indep(
        *first, *second, compare="ratio", method="score", correction=False
    )
    # statsmodels stops its search for the roots at about that precision.
    np.testing.assert_allclose(score_ratio(*first, *second), expected, rtol=1e-4)


@given(samples(), samples())
def test_score_ratio_of_swapped_groups_is_the_reciprocal(first, second):
    """Swapping the groups gives the reciprocal interval, with 0 and infinity for each other."""
    low, high = score_ratio(*first, *second)
    with np.errstate(divide="ignore"):
        expected = np.divide(1.0, high), np.divide(1.0, low)
    np.testing.assert_allclose(score_ratio(*second, *first), expected, rtol=1e-9)


@given(samples(), samples())
def test_score_ratio_contains_the_ratio(first, second):
    """The interval has a positive width and contains the ratio where there is one."""
    low, high = score_ratio(*first, *second)
    if first[0] == second[0] == 0:
        assert np.isnan(low)
        assert np.isnan(high)
        return
    with np.errstate(divide="ignore"):
        point = np.divide(first[0] / first[1], second[0] / second[1])
    assert 0 <= low <= point * (1 + 1e-12)
    assert point <= high * (1 + 1e-12)
    assert low < high


def test_score_ratio_at_the_edges():
    """No successes give a bound of 0 or infinity, and two full groups a real interval."""
    z2 = z_value(0.95) ** 2
    low, high = score_ratio(
        [0, 5, 0, 20, 0], [10, 10, 10, 20, 0], [3, 0, 0, 30, 5], [12, 12, 12, 30, 9]
    )
    np.testing.assert_allclose(low, (0, 1.89201, np.nan, 1 / (1 + z2 / 20), np.nan), rtol=1e-5)
    np.testing.assert_allclose(high, (1.301823, np.inf, np.nan, 1 + z2 / 30, np.nan), rtol=1e-5)


@given(samples(10**4), samples(10**4))
def test_score_ratio_rises_with_the_first_group(first, second):
    """One more success in the first group moves neither end down."""
    successes, trials = first
    fewer = score_ratio(successes, trials + 1, *second)
    more = score_ratio(successes + 1, trials + 1, *second)
    if successes and second[0]:
        assert more.low >= fewer.low
        assert more.high >= fewer.high
