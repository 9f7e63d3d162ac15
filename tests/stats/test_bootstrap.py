"""Resampling images: intervals, p-values, and what cannot be said."""

import numpy as np
import pytest
from scipy import stats

from toolkit.stats.bootstrap import MOST_CELLS, drawn_again, percentile_interval, two_sided_p_value


def test_each_resample_has_as_many_images_as_there_are():
    """However many are held at a time, and the same for the same seed."""
    times = np.array([5, 0, 20, 1])
    draws = np.concatenate(list(drawn_again(times, 500, seed=1)))
    few_at_a_time = np.concatenate(list(drawn_again(times, 500, seed=1, cells=MOST_CELLS // 7)))
    assert draws.shape == (500, 4)
    assert (draws.sum(axis=1) == 26).all()
    assert (draws[:, 1] == 0).all()
    assert np.array_equal(draws, few_at_a_time)
    assert not np.array_equal(draws, np.concatenate(list(drawn_again(times, 500, seed=2))))


def test_the_interval_of_a_mean_is_that_of_scipy():
    """The percentile interval of a mean agrees with scipy's within the noise of resampling."""
    values = np.random.default_rng(3).exponential(size=80)
    draws = np.concatenate(list(drawn_again(np.ones(80, dtype=int), 4000, seed=0)))
    low, high = percentile_interval(draws @ values / 80, 0.95)
    theirs = stats.bootstrap(
        (values,), np.mean, n_resamples=4000, method="percentile", rng=np.random.default_rng(0)
    ).confidence_interval
    assert (low, high) == (
        pytest.approx(theirs.low, abs=0.03),
        pytest.approx(theirs.high, abs=0.03),
    )


def test_what_cannot_be_said_has_no_interval():
    """Too many undefined resamples, or none that differs from another, give NaN."""
    replicates = np.random.default_rng(0).normal(size=(200, 4))
    replicates[:5, 1] = np.nan
    replicates[:11, 2] = np.nan
    replicates[:, 3] = 1.0
    low, high = percentile_interval(replicates, 0.95)
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == [False, False, True, True]
    assert np.isnan(percentile_interval(np.full((50, 1), np.nan), 0.95).low).all()


def test_p_values_are_small_where_the_interval_excludes_zero():
    """Never 0, at most 1, and NaN where nothing is defined."""
    rng = np.random.default_rng(1)
    replicates = rng.normal([0.0, 1.0, 2.0, 5.0], 1.0, size=(999, 4))
    p = two_sided_p_value(replicates)
    low, high = percentile_interval(replicates, 0.95)
    assert ((p < 0.05) == ((low > 0) | (high < 0))).all()
    assert p[3] == pytest.approx(0.002)
    assert two_sided_p_value(np.zeros((10, 1))).tolist() == [1.0]
    assert np.isnan(two_sided_p_value(np.full((10, 1), np.nan))).all()
