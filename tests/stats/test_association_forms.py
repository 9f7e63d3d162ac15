"""The further measures of association, against published figures and other libraries."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import approx_fprime
from scipy.stats import kendalltau
from scipy.stats.contingency import odds_ratio
from statsmodels.stats.proportion import confint_proportions_2indep

from toolkit.stats import association
from toolkit.stats.association_forms import FORMS, form_interval, form_se, form_value, unrelated

RISING = [name for name in FORMS if name != "krc"]


@st.composite
def cells(draw, most=100_000):
    """Draw observed, row total, column total and n with no empty cell."""
    four = [draw(st.integers(1, most)) for _ in range(4)]
    return four[0], four[0] + four[1], four[0] + four[2], sum(four)


@pytest.fixture(scope="module")
def nine_rows(shared_data):
    """Return the gaps of SynapseML's nine rows, and the counts of men and women in them."""
    case = json.loads((shared_data / "reference_cases.json").read_text())["R3_synapse_small"]
    people = pd.DataFrame(case["rows"], columns=["label", "gender", "ethnicity"])
    by_gender = people.groupby("gender")["label"].agg(["sum", "count"]).loc[["Male", "Female"]]
    counts = by_gender["sum"], by_gender["count"], people["label"].sum(), len(people)
    return case["gap_male_female"], counts


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("dp", "demographic_parity"),
        ("ji", "jaccard"),
        ("llr", "log_likelihood"),
        ("pmi", "pmi"),
        ("krc", "krc"),
        ("npmi_xy_true", "npmi"),
    ],
)
def test_gaps_are_those_of_synapse_ml(nine_rows, theirs, ours):
    """Every published gap between men and women in nine rows is reproduced."""
    gaps, counts = nine_rows
    men, women = form_value(FORMS[ours], *counts)
    assert men - women == pytest.approx(gaps[theirs], abs=1e-12)


def test_names_say_what_is_computed(nine_rows):
    """What others print under a name is not taken over where the name means something else."""
    _, counts = nine_rows
    observed, rows, column, n = (np.asarray(part, dtype=float) for part in counts)
    both, of_row, of_column = observed / n, rows / n, column / n
    printed_as_npmi = np.log(both / of_row) / np.log(both)
    assert not np.isclose(-np.diff(printed_as_npmi), 0.2695772896908149, atol=0.01)
    printed_as_dice = both / (of_row + of_column)
    np.testing.assert_allclose(form_value(FORMS["sorensen_dice"], *counts), 2 * printed_as_dice)
    assert form_value(FORMS["krc"], 1, 3, 3, 9) > 0.4
    assert form_value(FORMS["kendall_tau_b"], 1, 3, 3, 9) == pytest.approx(0)


@given(cells(200))
def test_tau_b_and_odds_ratio_are_those_of_scipy(counts):
    """Kendall's tau-b of the rows themselves, and the sample odds ratio of the table."""
    observed, row, column, n = counts
    first = np.repeat(
        [1, 1, 0, 0], [observed, row - observed, column - observed, n - row - column + observed]
    )
    second = np.repeat(
        [1, 0, 1, 0], [observed, row - observed, column - observed, n - row - column + observed]
    )
    assert form_value(FORMS["kendall_tau_b"], *counts) == pytest.approx(
        kendalltau(first, second).statistic, abs=1e-9
    )
    table = [[observed, row - observed], [column - observed, n - row - column + observed]]
    sample = odds_ratio(table, kind="sample").statistic
    assert form_value(FORMS["odds_ratio"], *counts) == pytest.approx(sample)


@given(cells())
def test_sets_agree_with_python_sets(counts):
    """Jaccard and Dice of the sets of images that have the features."""
    observed, row, column, n = (int(np.ceil(part / 1000)) for part in counts)
    observed = min(observed, row, column)
    first, second = set(range(row)), set(range(row - observed, row - observed + column))
    n = max(n, len(first | second))
    jaccard = len(first & second) / len(first | second)
    assert form_value(FORMS["jaccard"], observed, row, column, n) == pytest.approx(jaccard)
    dice = form_value(FORMS["sorensen_dice"], observed, row, column, n)
    assert dice == pytest.approx(2 * jaccard / (1 + jaccard))


@given(cells())
def test_npmi_and_its_error_are_those_of_the_cell(counts):
    """The general way through complex steps gives what the written-out derivatives give."""
    assert form_value(FORMS["npmi"], *counts) == pytest.approx(association.npmi(*counts))
    expected = float(association.npmi_se(*counts))
    assert form_se(FORMS["npmi"], *counts) == pytest.approx(expected, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("name", FORMS)
def test_errors_are_the_spread_of_repeated_samples(name):
    """The delta method gives the spread over 20,000 samples of 5,000 images within 5 %."""
    rng = np.random.default_rng(0)
    drawn = rng.multinomial(5000, [0.1, 0.2, 0.1, 0.6], 20_000)
    counts = drawn[:, 0], drawn[:, :2].sum(axis=1), drawn[:, [0, 2]].sum(axis=1), 5000
    spread = form_value(FORMS[name], *counts).std()
    assert form_se(FORMS[name], 500, 1500, 1000, 5000) == pytest.approx(spread, rel=0.05)


@given(cells(), st.sampled_from(RISING))
def test_more_meetings_make_every_measure_larger(counts, name):
    """With the same margins a fuller cell has a larger value, and a measure of its own range."""
    observed, row, column, n = counts
    form = FORMS[name]
    value = form_value(form, *counts)
    assert form_value(form, observed - 0.5, row, column, n) <= value
    assert form.low <= value <= form.high


@given(cells(), st.sampled_from(list(FORMS)))
def test_intervals_contain_their_measure(counts, name):
    """The interval of each measure contains it and stays in its range."""
    form = FORMS[name]
    value = form_value(form, *counts)
    low, high = form_interval(form, *counts)
    assert form.low <= low <= value + 1e-9 * abs(value)
    assert value - 1e-9 * abs(value) <= high <= form.high


@given(cells(1000), st.sampled_from(RISING))
def test_the_reference_is_the_value_of_unrelated_features(counts, name):
    """With as many meetings as the margins make likely, measure and reference are the same."""
    _, row, column, n = counts
    expected = row * column / n
    found = form_value(FORMS[name], expected, row, column, n)
    assert found == pytest.approx(float(unrelated(FORMS[name], row, column, n)), abs=1e-9)


@pytest.mark.parametrize("table", [(18, 11_034, 5, 11_037), (3, 20, 9, 25), (40, 90, 70, 300)])
def test_the_interval_of_the_odds_ratio_is_that_of_statsmodels(table):
    """The score interval of two samples without continuity correction."""
    first, n_first, second, n_second = table
    how = {"compare": "odds-ratio", "method": "score", "correction": False}
    theirs = confint_proportions_2indep(first, n_first, second, n_second, **how)
    counts = first, n_first, first + second, n_first + n_second
    assert form_interval(FORMS["odds_ratio"], *counts) == pytest.approx(theirs, rel=1e-4)


@pytest.mark.parametrize("name", FORMS)
def test_nothing_is_made_up_at_the_edges(name):
    """Without a feature there is no measure; features that never meet have the least one."""
    form = FORMS[name]
    assert np.isnan(form_value(form, 0, 0, 5, 9))
    assert np.isnan(form_value(form, 0, 5, 0, 9))
    assert np.isnan(np.asarray(form_interval(form, 0, 0, 5, 9))).all()
    apart = form_value(form, 0, 4, 4, 9)
    assert apart <= form_value(form, 1, 4, 4, 9)
    with pytest.raises(ValueError, match="More images have both"):
        form_value(form, 6, 5, 8, 9)


def test_slopes_are_those_of_finite_differences():
    """SciPy's finite differences give the same standard error to six digits."""
    point = np.array([0.1, 0.3, 0.2])
    covariance = np.array([[0.09, 0.07, 0.08], [0.07, 0.21, 0.04], [0.08, 0.04, 0.16]]) / 1000
    for form in FORMS.values():
        slope = approx_fprime(point, lambda p, form=form: form.of(*p, 1000.0), 1e-8)
        expected = np.sqrt(slope @ covariance @ slope)
        assert form_se(form, 100, 300, 200, 1000) == pytest.approx(expected, rel=1e-5)
