import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from toolkit.errors import UnknownNameError
from toolkit.stats.multiplicity import METHODS, adjust

P = st.lists(st.floats(0, 1), min_size=1, max_size=40)
ORACLE = {"bh": "fdr_bh", "by": "fdr_by", "holm": "holm"}


def test_bh_gives_the_published_figures():
    """Benjamini and Hochberg's correction of a known family."""
    p = (0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205)
    expected = (0.008, 0.032, 0.0672, 0.0672, 0.0672, 0.08, 0.0846, 0.205)
    np.testing.assert_allclose(adjust(p), expected, atol=5e-5)


@given(P, st.sampled_from(sorted(ORACLE)))
def test_every_correction_equals_statsmodels(p, method):
    """Each correction equals statsmodels' multipletests, in the order given."""
    expected = multipletests(p, method=ORACLE[method])[1]
    np.testing.assert_allclose(adjust(p, method), expected, rtol=1e-12, atol=1e-300)


@given(P, st.sampled_from(sorted(METHODS)))
def test_a_correction_keeps_the_order_and_never_lowers(p, method):
    """Corrected values are no smaller, at most 1, and ordered as the p-values are."""
    q = adjust(p, method)
    assert (q >= np.array(p) * (1 - 1e-12)).all()
    assert (q <= 1).all()
    assert (np.diff(q[np.argsort(p)]) >= 0).all()


@given(P, st.data())
def test_tests_that_were_not_made_do_not_count(p, data):
    """NaN stays where it is, and the others are corrected as if it were not there."""
    values = data.draw(st.permutations([*p, np.nan, np.nan]))
    made = ~np.isnan(values)
    q = adjust(values)
    assert (np.isnan(q) == ~made).all()
    np.testing.assert_array_equal(q[made], adjust(np.array(values)[made]))


def test_a_table_of_p_values_is_one_family():
    """An array of two dimensions is corrected as a whole and keeps its shape; its input too."""
    p = np.array([[0.01, 0.04], [0.03, np.nan]])
    q = adjust(p, "holm")
    np.testing.assert_allclose(q, [[0.03, 0.06], [0.06, np.nan]])
    assert p[0, 0] == 0.01


def test_an_empty_family_stays_empty():
    """No tests at all give no values, and only NaN only NaN."""
    assert adjust([]).shape == (0,)
    assert np.isnan(adjust([np.nan])).all()


@pytest.mark.parametrize("p", [[-0.1], [1.1], [np.inf]])
def test_a_p_value_is_a_probability(p):
    """A value outside 0..1 is refused."""
    with pytest.raises(ValueError, match="between 0 and 1"):
        adjust(p)


def test_an_unknown_correction_lists_the_choices():
    """A misspelt method is an error that names the nearest one."""
    with pytest.raises(UnknownNameError, match="holm"):
        adjust([0.5], "holms")
