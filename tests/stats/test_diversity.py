import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from toolkit.stats.clustered import covariance
from toolkit.stats.diversity import (
    atkinson,
    class_imbalance,
    effective_number,
    entropy,
    evenness,
    imbalance_interval,
    imbalance_ratio,
    simpson,
    theil_l,
    theil_t,
)

COUNTS = st.lists(st.integers(0, 1000), min_size=2, max_size=8).filter(any).map(np.array)
INEQUALITY = [imbalance_ratio, atkinson, theil_l, theil_t]
MEASURES = [entropy, evenness, simpson, effective_number, *INEQUALITY]


@pytest.mark.parametrize(
    ("columns", "name"), [([1], "agg_gender"), ([1, 2], "agg_gender_ethnicity")]
)
def test_inequality_is_that_of_the_reference_case(shared_data, columns, name):
    """Atkinson's and Theil's indices of a published table, over its observed combinations."""
    case = json.loads((shared_data / "reference_cases.json").read_text())["R3_synapse_small"]
    groups = ["|".join(row[i] for i in columns) for row in case["rows"]]
    n = np.unique(groups, return_counts=True)[1]
    found = [atkinson(n), atkinson(n, 0.9), theil_l(n), theil_t(n)]
    expected = [case[name][key] for key in ("atkinson_1", "atkinson_0.9", "theil_l", "theil_t")]
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_class_imbalance_is_that_of_the_reference_case(shared_data):
    """The class imbalance of a published table, and its limits."""
    case = json.loads((shared_data / "reference_cases.json").read_text())["R1_clarify_unit"]
    n_d = case["x"].count(case["facet_d"])
    found = class_imbalance(len(case["x"]) - n_d, n_d)
    assert found == pytest.approx(case["expected"]["CI"])
    np.testing.assert_array_equal(class_imbalance([5, 0, 0], [0, 5, 0]), [1, -1, np.nan])


@given(COUNTS)
def test_entropy_equals_scipy(counts):
    """Shannon's entropy equals scipy's."""
    assert entropy(counts) == pytest.approx(stats.entropy(counts), abs=1e-12)


@given(st.integers(2, 8), st.integers(1, 1000))
def test_equal_groups_are_most_diverse(k, each):
    """Equal counts give evenness 1, k effective groups, and no inequality."""
    counts = np.full(k, each)
    np.testing.assert_allclose([evenness(counts), imbalance_ratio(counts)], 1)
    assert effective_number(counts) == pytest.approx(k)
    assert simpson(counts) == pytest.approx(1 - 1 / k)
    np.testing.assert_allclose([f(counts) for f in (atkinson, theil_l, theil_t)], 0, atol=1e-9)


@given(COUNTS)
def test_measures_stay_in_their_ranges(counts):
    """Every measure lies between its value for one group alone and for equal groups."""
    k = len(counts)
    for measure, low, high in (
        (evenness, 0, 1),
        (simpson, 0, 1 - 1 / k),
        (effective_number, 1, k),
        (imbalance_ratio, 1, np.inf),
        (atkinson, 0, 1),
        (theil_l, 0, np.inf),
        (theil_t, 0, np.log(k)),
    ):
        assert low - 1e-9 <= measure(counts) <= high + 1e-9


def test_a_missing_group_is_not_hidden():
    """A declared group without any units lowers the evenness and makes the ratio infinite."""
    assert evenness([5, 5, 0]) < evenness([5, 5]) == 1
    assert imbalance_ratio([5, 5, 0]) == np.inf
    assert atkinson([5, 5, 0]) == 1
    assert atkinson([5, 5, 0], 2) == 1
    assert theil_l([5, 5, 0]) == np.inf


def test_one_declared_value_has_no_evenness():
    """With a single value there is nothing to be even about."""
    assert np.isnan(evenness([7]))


@pytest.mark.parametrize("measure", MEASURES)
def test_nothing_at_all_is_undefined(measure):
    """Counts that are all 0 give NaN in their row only."""
    assert np.isnan(measure([[0, 0, 0], [1, 2, 3]])).tolist() == [True, False]


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("counts", [(-1, 3), (np.inf, 3)])
def test_counts_that_cannot_be_are_refused(measure, counts):
    """Negative and infinite counts are an error."""
    with pytest.raises(ValueError, match="finite and not negative"):
        measure(counts)


@pytest.mark.parametrize("epsilon", [0, -1, np.nan])
def test_atkinson_needs_an_aversion(epsilon):
    """An aversion to inequality that is not above 0 is refused."""
    with pytest.raises(ValueError, match="above 0"):
        atkinson([1, 2], epsilon)


def boxes(rng, shares, images):
    """Draw the boxes of each group on each image, correlated within the image."""
    mixed = rng.dirichlet(np.array(shares) * 1.2, images)
    return rng.multinomial(1 + rng.poisson(2.3, images), mixed)


@pytest.mark.parametrize("shares", [(1 / 3, 1 / 3, 1 / 3), (0.5, 0.5), (0.6, 0.3, 0.1)])
def test_the_interval_of_the_imbalance_ratio_covers_the_truth(shares):
    """The interval holds although the data choose the groups, most of all near balance."""
    rng = np.random.default_rng(0)
    truth, covered = max(shares) / min(shares), 0
    for seed in range(300):
        n = boxes(rng, shares, 300)
        totals = n.sum(axis=0)
        spread = covariance(totals, n.T @ n, len(n))
        low, high = imbalance_interval(totals, spread, seed=seed, draws=400)
        covered += low <= truth * (1 + 1e-12) and truth <= high
    assert 0.92 <= covered / 300 <= 0.99


def test_the_interval_of_the_imbalance_ratio_contains_it_and_repeats():
    """The same seed gives the same interval, around the observed ratio and not below 1."""
    n = boxes(np.random.default_rng(1), (0.6, 0.4), 200)
    totals, spread = n.sum(axis=0), covariance(n.sum(axis=0), n.T @ n, len(n))
    low, high = imbalance_interval(totals, spread, seed=3)
    assert 1 <= low < imbalance_ratio(totals) < high < np.inf
    assert (low, high) == imbalance_interval(totals, spread, seed=3)


def test_the_interval_of_the_imbalance_ratio_at_its_edges():
    """An empty group has no lower bound, a nearly empty one no upper, and nothing has neither."""
    spread = np.diag([40.0, 9.0])
    low, high = imbalance_interval([40, 0], spread)
    assert np.isnan(low)
    assert high == np.inf
    assert imbalance_interval([40, 2], spread).high == np.inf
    assert np.isnan(imbalance_interval([0, 0], spread)).all()
    assert np.isnan(imbalance_interval([40, 9], np.full((2, 2), np.nan))).all()


def test_two_units_on_two_images_bound_no_ratio() -> None:
    """Draws in which every group is empty are no error, and leave the upper end open."""
    interval = imbalance_interval([1, 1], [[1.0, -1.0], [-1.0, 1.0]])
    assert (float(interval.low), float(interval.high)) == (1.0, np.inf)
    interval = imbalance_interval([1, 1], [[4.0, 4.0], [4.0, 4.0]])
    assert float(interval.low) == 1.0
