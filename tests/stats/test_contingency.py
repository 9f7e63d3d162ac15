"""Whole tables, against scipy and scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import chi2_contingency, entropy
from scipy.stats.contingency import association
from sklearn.metrics import mutual_info_score

from toolkit.stats.contingency import (
    cramers_v,
    likelihood_ratio,
    mean_design_effect,
    pearson,
    theils_u,
)

TABLES = arrays(
    np.int64, st.tuples(st.integers(2, 5), st.integers(2, 6)), elements=st.integers(1, 400)
)


@given(TABLES)
def test_both_tests_are_those_of_scipy(table):
    """Pearson's and the likelihood-ratio test, without continuity correction."""
    for test, statistic in ((pearson, "pearson"), (likelihood_ratio, "log-likelihood")):
        found = test(table)
        theirs = chi2_contingency(table, correction=False, lambda_=statistic)
        assert found.statistic == pytest.approx(theirs.statistic, abs=1e-8)
        assert found.p_value == pytest.approx(theirs.pvalue, abs=1e-12)
        assert found.degrees == theirs.dof


@settings(max_examples=25)
@given(TABLES)
def test_cramers_v_differs_from_scipys_by_its_bias_alone(table):
    """With a thousand times as many units the correction vanishes, and scipy's V is found."""
    many = table * 100_000
    assert cramers_v(many).value == pytest.approx(association(many), abs=2e-3)
    assert cramers_v(table).value <= association(table) + 0.15


def test_the_corrected_v_is_not_biased_under_independence():
    """Over 400 tables of 60 unrelated units the plain V averages 0.2, the corrected one half."""
    rng = np.random.default_rng(1)
    tables = rng.multinomial(60, np.full(16, 1 / 16), 400).reshape(400, 4, 4)
    plain = np.mean([association(table) for table in tables])
    assert plain > 0.2
    assert np.mean([cramers_v(table).value for table in tables]) < plain / 2


@given(TABLES)
def test_theils_u_is_mutual_information_over_entropy(table):
    """Scikit-learn's mutual information over scipy's entropy, with the known bias put back."""
    rows, columns = np.indices(table.shape)
    information = mutual_info_score(rows.ravel(), columns.ravel(), contingency=table)
    for of, axis in ((table, 0), (table.T, 1)):
        h = entropy(table.sum(axis=axis))
        bias = pearson(table).degrees / (2 * table.sum())
        expected = max(information - bias, 0) / h
        assert theils_u(of).value == pytest.approx(expected, abs=1e-9)


@given(TABLES)
def test_strengths_lie_in_their_intervals(table):
    """V and U lie between 0 and 1, and within their bounds."""
    for found in (cramers_v(table), theils_u(table), theils_u(table.T)):
        assert 0 <= found.low <= found.value + 1e-9
        assert found.value <= found.high + 1e-9 <= 1 + 2e-9


def test_a_determined_attribute_is_fully_explained():
    """One attribute that is a function of the other has U near 1, and the converse does not."""
    table = np.array([[500, 0], [300, 0], [0, 700]])
    assert theils_u(table).value == pytest.approx(1, abs=2e-3)
    assert theils_u(table.T).value < 0.75
    assert cramers_v(table).value == pytest.approx(1, abs=1e-2)


@pytest.mark.parametrize("n", [100, 1000, 10_000])
@pytest.mark.parametrize("shift", [0.0, 0.02, 0.05, 0.1])
def test_the_interval_of_v_covers_the_true_one(n, shift):
    """In 93 to 100 % of 300 samples from no to a medium association."""
    rng = np.random.default_rng(n)
    shares = np.full((2, 3), 1 / 6) + shift * np.array([[1, -0.5, -0.5], [-1, 0.5, 0.5]])
    true = association(np.rint(shares * 10**9).astype(int))
    found = [cramers_v(t.reshape(2, 3)) for t in rng.multinomial(n, shares.ravel(), 300)]
    covered = np.mean([one.low <= true + 1e-9 and true <= one.high for one in found])
    assert covered >= 0.93


def test_clustered_units_count_as_fewer():
    """A table of twin units has the statistics of half of it at a design effect of 2."""
    table = np.array([[20, 30, 40], [60, 30, 20]])
    effects = np.full(table.shape, 2.0)
    assert mean_design_effect(table, effects) == pytest.approx(2)
    twins = pearson(2 * table, 2.0)
    assert twins == pearson(table)
    assert cramers_v(2 * table, 2.0) == cramers_v(table)


def test_empty_rows_say_nothing():
    """A value that nobody has is left out; a single value leaves nothing to test."""
    table = np.array([[20, 30, 0], [60, 30, 0], [0, 0, 0]])
    assert pearson(table) == pearson(table[:2, :2])
    assert np.isnan(pearson([[3, 4]]).p_value)
    assert np.isnan(cramers_v([[3, 4]]).value)
    assert np.isnan(theils_u([[3], [4]]).value)


@pytest.mark.parametrize("table", [[1, 2], [[1, -1], [2, 2]], [[1, np.nan], [1, 2]], [[np.inf, 1]]])
def test_what_is_no_table_of_counts_is_refused(table):
    """Counts are finite and not negative."""
    with pytest.raises(ValueError, match="rows and columns of counts"):
        pearson(table)
