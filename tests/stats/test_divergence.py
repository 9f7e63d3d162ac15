import json

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import chisquare, entropy, wasserstein_distance

from toolkit.stats.divergence import (
    chi_square,
    cramers_v,
    hellinger,
    js,
    kl,
    ks,
    lp,
    rao_scott_p_value,
    total_variation,
    wasserstein,
)

DISTANCES = [kl, js, lp, total_variation, ks, hellinger, wasserstein, chi_square, cramers_v]


@st.composite
def pairs(draw, least=0):
    """Draw counts of the same values in two samples, neither empty."""
    k = draw(st.integers(2, 8))
    counts = st.lists(st.integers(least, 1000), min_size=k, max_size=k).map(np.array)
    p, q = draw(counts), draw(counts)
    assume(p.sum() and q.sum())
    return p, q


@pytest.fixture(scope="module")
def cases(shared_data):
    """Return the published worked examples."""
    return json.loads((shared_data / "reference_cases.json").read_text())


def test_js_is_the_square_of_the_published_distances(cases):
    """The divergence in nats equals the published distances to base 2, squared and converted."""
    for case in cases["R4_js_dist_base2"]:
        assert js(case["p"], case["q"]) == pytest.approx(case["v"] ** 2 * np.log(2), rel=1e-12)


@pytest.mark.parametrize(("column", "name"), [(1, "gender"), (2, "ethnicity")])
def test_distances_from_uniform_are_those_of_the_reference_case(cases, column, name):
    """The distances of a published table from the uniform distribution, among observed values."""
    case = cases["R3_synapse_small"]
    p = np.unique([row[column] for row in case["rows"]], return_counts=True)[1]
    q, published = np.ones(len(p)), case[name]
    found = [f(p, q) for f in (kl, js, ks, total_variation)]
    js_nats = published["js_dist_nats"] ** 2
    expected = [published["kl"], js_nats, published["inf"], published["tvd"]]
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert lp(p, q, 1) / len(p) == pytest.approx(published["mean_abs"])


def test_values_that_only_one_side_has_stay_in(cases):
    """Of two distributions that share one value of three, none is left out."""
    published = cases["R20_hand"]["support_mismatch"]
    p, q = (1, 1, 0), (1, 0, 1)
    assert total_variation(p, q) == published["TVD"]
    assert ks(p, q) == published["KS"]
    assert js(p, q) == pytest.approx(published["JS_nats"])
    assert kl(p, q) == np.inf


@given(pairs())
def test_distances_equal_scipy(pair):
    """KL, JS and Wasserstein equal scipy's."""
    p, q = pair
    places = np.arange(len(p))
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(kl(p, q), entropy(p, q), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(js(p, q), jensenshannon(p, q) ** 2, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(
        wasserstein(p, q), wasserstein_distance(places, places, p, q), rtol=1e-9, atol=1e-12
    )


@given(pairs())
def test_distances_are_0_only_between_equal_distributions(pair):
    """Every distance is 0 from itself at any scale, not negative, and has its known maximum."""
    p, q = pair
    for distance in DISTANCES:
        assert distance(p, 3 * p) == pytest.approx(0, abs=1e-7)
        assert distance(p, q) >= 0
    assert js(p, q) <= np.log(2) + 1e-12
    assert total_variation(p, q) <= 1 + 1e-12
    assert hellinger(p, q) <= 1 + 1e-12


@given(pairs())
def test_distances_know_each_other(pair):
    """Pinsker's inequality, Hellinger's bounds of total variation, and symmetry hold."""
    p, q = pair
    variation, distance = total_variation(p, q), hellinger(p, q)
    assert 2 * variation**2 <= kl(p, q) + 1e-12
    assert distance**2 <= variation + 1e-9
    assert variation <= np.sqrt(2) * distance + 1e-9
    assert js(p, q) == pytest.approx(js(q, p), abs=1e-12)


@given(pairs(least=1))
def test_chi_square_is_scipys_statistic_per_unit(pair):
    """Times the number of units it is the statistic of scipy's test."""
    p, q = pair
    n = p.sum()
    assert n * chi_square(p, q) == pytest.approx(chisquare(p, q / q.sum() * n).statistic)


@pytest.mark.parametrize(("column", "name"), [(1, "gender"), (2, "ethnicity")])
def test_chi_square_and_its_p_value_are_those_of_the_reference_case(cases, column, name):
    """With independent units the test is Pearson's, as published."""
    case = cases["R3_synapse_small"]
    counts = np.unique([row[column] for row in case["rows"]], return_counts=True)[1]
    n, q = counts.sum(), np.full(len(counts), 1 / len(counts))
    assert n * chi_square(counts, q) == pytest.approx(case[name]["chi2"], rel=1e-12)
    independent = (np.diag(q) - np.outer(q, q)) / n
    p_value = rao_scott_p_value(counts / n - q, q, independent)
    assert p_value == pytest.approx(case[name]["p"], rel=1e-9)


def test_cramers_v_runs_from_0_to_1_against_equal_shares():
    """All units in one of k values is 1 for every k, equal shares are 0."""
    for k in (2, 3, 7):
        assert cramers_v(np.eye(k)[0], np.ones(k)) == pytest.approx(1)
        assert cramers_v(np.ones(k), np.ones(k)) == 0
    assert np.isnan(cramers_v([4], [1]))


def test_the_clustered_test_is_near_that_of_r():
    """150 boxes of 60 images: R's survey 4.1.1, `svygofchisq` by Satterthwaite, has 0.002984."""
    p, q = np.array([54, 49, 47]) / 150, np.array([0.5, 0.3, 0.2])
    by_r = [
        [0.001981468926553672, -0.001134463276836158, -0.000847005649717514],
        [-0.001134463276836158, 0.001855819209039548, -0.000721355932203389],
        [-0.000847005649717514, -0.000721355932203389, 0.001568361581920903],
    ]
    assert 150 * chi_square(p, q) == pytest.approx(15.8688888888889, rel=1e-12)
    assert rao_scott_p_value(p - q, q, by_r) == pytest.approx(0.00298407964105372, rel=0.02)


@pytest.mark.parametrize("design_effect", [1, 3])
def test_the_clustered_test_rejects_as_often_as_it_says(design_effect):
    """Under equality, about 5% of 2,000 samples are rejected, whatever the clustering."""
    rng = np.random.default_rng(0)
    q = np.array([0.6, 0.3, 0.08, 0.02])
    counts = rng.multinomial(500, q, size=2000)
    # Each unit counts `design_effect` times over, on one image.
    rejected = 0
    for row in counts:
        p = row / row.sum()
        spread = (np.diag(p) - np.outer(p, p)) / 500 * design_effect
        shifted = q + (p - q) * np.sqrt(design_effect)
        rejected += rao_scott_p_value(shifted - q, q, spread) < 0.05
    assert 0.035 <= rejected / 2000 <= 0.065


def test_the_clustered_test_needs_something_that_varies():
    """Without variance, or with units where none are expected, there is no p-value."""
    nothing = np.zeros((2, 2))
    assert np.isnan(rao_scott_p_value([0.1, -0.1], [0.5, 0.5], nothing))
    assert np.isnan(rao_scott_p_value([0.1, -0.1], [0.0, 1.0], np.eye(2)))


@pytest.mark.parametrize("distance", DISTANCES)
def test_distances_broadcast_and_are_nan_for_nothing(distance):
    """One reference serves many rows, and a row without any units is undefined."""
    found = distance([[1, 1, 2], [0, 0, 0], [5, 0, 0]], [1, 1, 1])
    assert found.shape == (3,)
    assert np.isnan(found).tolist() == [False, True, False]


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("p", [(-1, 2), (np.inf, 1)])
def test_counts_that_cannot_be_are_refused(distance, p):
    """Negative and infinite counts are an error."""
    with pytest.raises(ValueError, match="finite and not negative"):
        distance(p, (1, 1))
