"""Coefficients of agreement against other implementations and published figures."""

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats import inter_rater

from toolkit.stats.agreement import (
    COEFFICIENTS,
    Tally,
    cohen_kappa,
    fleiss_kappa,
    gwet_ac1,
    interval_alpha,
    nominal_alpha,
    ordinal_alpha,
    raw_agreement,
)

# Four observers, twelve items, from Krippendorff, Computing Krippendorff's Alpha-Reliability
# (2011); -1 where an observer gave no answer.
PUBLISHED = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, -1, -1, -1],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, -1, 3],
        [-1, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, -1],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, -1],
    ]
)


def tally_of(answers, k):
    """Return the tally of answers by annotator, shape (annotators, items), -1 for none."""
    by_item = np.asarray(answers).T
    counts = (by_item[:, :, np.newaxis] == np.arange(k)).sum(axis=1)
    return Tally.of_items(counts, by_item).weighted(np.ones(len(by_item)))


@st.composite
def answer_sheets(draw, missing=True, annotators=None):
    """Draw what some annotators answered about some items, in 4 categories."""
    shape = draw(st.integers(2, 4)) if annotators is None else annotators, draw(st.integers(2, 12))
    least = -1 if missing else 0
    cells = st.lists(st.integers(least, 3), min_size=shape[1], max_size=shape[1])
    return np.array(draw(st.lists(cells, min_size=shape[0], max_size=shape[0])))


def test_krippendorffs_own_example():
    """The alphas that he published: .743 nominal, .815 ordinal, .849 interval."""
    tally = tally_of(PUBLISHED - (PUBLISHED > 0), 5)
    assert nominal_alpha(tally) == pytest.approx(0.743, abs=5e-4)
    assert ordinal_alpha(tally) == pytest.approx(0.815, abs=5e-4)
    assert interval_alpha(tally, range(1, 6)) == pytest.approx(0.849, abs=5e-4)


def test_the_figures_of_irrcac():
    """What irrCAC 0.4.4 says of the same answers (its dataset `raw_4raters`), to 12 digits."""
    tally = tally_of(PUBLISHED - (PUBLISHED > 0), 5)
    assert gwet_ac1(tally) == pytest.approx(0.775444068127, abs=1e-12)
    assert fleiss_kappa(tally) == pytest.approx(0.761169275422, abs=1e-12)
    assert nominal_alpha(tally) == pytest.approx(0.743421052632, abs=1e-12)
    assert raw_agreement(tally) == pytest.approx(0.818181818182, abs=1e-12)


@given(answer_sheets())
def test_alpha_equals_the_package_krippendorff(answers):
    """On every level of measurement, with missing answers; undefined where nothing varies."""
    tally = tally_of(answers, 4)
    given_answers = np.where(answers < 0, np.nan, answers.astype(float))
    paired = given_answers[:, np.sum(answers >= 0, axis=0) >= 2]
    if len(np.unique(paired[~np.isnan(paired)])) < 2:
        assert np.isnan(nominal_alpha(tally))
        return
    ours = nominal_alpha(tally), ordinal_alpha(tally), interval_alpha(tally, range(4))
    for level, value in zip(("nominal", "ordinal", "interval"), ours, strict=True):
        theirs = krippendorff.alpha(given_answers, level_of_measurement=level)
        assert value == pytest.approx(theirs, abs=1e-9)


@given(answer_sheets(missing=False, annotators=2))
def test_cohens_kappa_equals_scikit_learn_and_statsmodels(answers):
    """Of two annotators who both answered everything."""
    value = cohen_kappa(tally_of(answers, 4))
    if len(np.unique(answers)) < 2:
        assert np.isnan(value)
        return
    assert value == pytest.approx(cohen_kappa_score(*answers), abs=1e-12)
    table = np.zeros((4, 4))
    np.add.at(table, tuple(answers), 1)
    theirs = inter_rater.cohens_kappa(table, return_results=False)
    assert value == pytest.approx(theirs, abs=1e-12)


@given(answer_sheets(missing=False))
def test_fleiss_kappa_equals_statsmodels(answers):
    """Of any number of annotators who all answered everything."""
    value = fleiss_kappa(tally_of(answers, 4))
    if len(np.unique(answers)) < 2:
        assert np.isnan(value)
        return
    table, _categories = inter_rater.aggregate_raters(answers.T, n_cat=4)
    assert value == pytest.approx(inter_rater.fleiss_kappa(table), abs=1e-9)


@given(answer_sheets(missing=False, annotators=3))
def test_cohens_kappa_of_three_is_the_mean_over_pairs(answers):
    """Light's kappa: pairs that gave one and the same answer to everything have none."""
    pairs = [answers[[0, 1]], answers[[0, 2]], answers[[1, 2]]]
    kappas = [cohen_kappa_score(*pair) for pair in pairs if len(np.unique(pair)) > 1]
    value = cohen_kappa(tally_of(answers, 4))
    assert value == pytest.approx(np.mean(kappas) if kappas else np.nan, abs=1e-12, nan_ok=True)


@given(answer_sheets(), st.permutations(range(4)))
def test_the_order_of_items_annotators_and_categories_does_not_matter(answers, order):
    """Renaming categories and moving rows leave every nominal coefficient as it is."""
    renamed = np.where(answers < 0, -1, np.array(order)[answers])[::-1, ::-1]
    for coefficient in (raw_agreement, *COEFFICIENTS.values()):
        ours, again = coefficient(tally_of(answers, 4)), coefficient(tally_of(renamed, 4))
        assert again == pytest.approx(ours, abs=1e-9, nan_ok=True)


@given(answer_sheets())
def test_no_coefficient_exceeds_perfect_agreement(answers):
    """A coefficient is at most 1, and 1 where two answers to an item never differ."""
    tally = tally_of(answers, 4)
    for coefficient in (raw_agreement, *COEFFICIENTS.values()):
        value = coefficient(tally)
        assert np.isnan(value) or value <= 1 + 1e-12
        if raw_agreement(tally) == 1 and not np.isnan(value):
            assert value == pytest.approx(1, abs=1e-12)


def test_nothing_to_agree_about_is_undefined():
    """No items, one answer each, or one category: NaN, and for two categories AC1 is 1."""
    nothing = Tally.of_items(np.empty((0, 3))).weighted(np.empty(0))
    single = tally_of([[0, 1, -1], [-1, -1, 2]], 3)
    for coefficient in (raw_agreement, *COEFFICIENTS.values()):
        assert np.isnan(coefficient(nothing))
        assert np.isnan(coefficient(single))
    same = tally_of([[0, 0], [0, 0]], 2)
    undefined = [np.isnan(c(same)) for c in (nominal_alpha, cohen_kappa, fleiss_kappa)]
    assert undefined == [True, True, True]
    assert gwet_ac1(same) == 1
    assert np.isnan(gwet_ac1(tally_of([[0, 0], [0, 0]], 1)))


def test_weights_stand_for_repeated_items():
    """An item with weight 3 is the same as three such items, whatever the leading shape."""
    items = Tally.of_items([[2, 0], [1, 1], [0, 2]])
    weighted = items.weighted([[3, 1, 2], [1, 0, 0]])
    repeated = Tally.of_items([[2, 0]] * 3 + [[1, 1]] + [[0, 2]] * 2).weighted(np.ones(6))
    assert nominal_alpha(weighted)[0] == pytest.approx(float(nominal_alpha(repeated)), abs=1e-12)
    assert np.isnan(nominal_alpha(weighted)[1])
