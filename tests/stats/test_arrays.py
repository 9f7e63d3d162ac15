import numpy as np
import pandas as pd

from toolkit.stats.arrays import divide, floats, shares


def test_values_of_any_kind_become_floats_of_one_shape():
    """Lists, Series, numbers and missing values broadcast to float arrays."""
    first, second = floats(pd.Series([1, None]), [[True], [2]])
    assert first.dtype == second.dtype == np.float64
    assert first.shape == second.shape == (2, 2)
    assert np.isnan(first[:, 1]).all()


def test_division_by_zero_is_undefined():
    """Nothing of nothing and something of nothing are both NaN, without a warning."""
    np.testing.assert_array_equal(divide([0, 1, 1], [0, 0, 4]), [np.nan, np.nan, 0.25])


def test_shares_sum_to_one_along_the_last_axis():
    """Rows are scaled each by its own sum; a row without any has no shares."""
    np.testing.assert_array_equal(shares([[1, 3], [0, 0]]), [[0.25, 0.75], [np.nan, np.nan]])
