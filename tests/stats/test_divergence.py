import json

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy, wasserstein_distance

from toolkit.stats import divergence
from toolkit.stats.divergence import hellinger, js, kl, ks, lp, total_variation, wasserstein

DISTANCES = [kl, js, lp, total_variation, ks, hellinger, wasserstein]
SMOOTH = ["kl", "js", "total_variation", "hellinger"]


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


@pytest.mark.parametrize("name", SMOOTH)
@given(pair=pairs(least=1))
def test_gradients_are_the_derivatives(name, pair):
    """Each gradient gives the change of its distance along a small move between two values."""
    p, q = (counts / counts.sum() for counts in pair)
    assume(np.abs(p - q).min() > 1e-3)
    distance, gradient = getattr(divergence, name), getattr(divergence, f"{name}_gradient")
    step = np.zeros(len(p))
    step[:2] = 1e-7, -1e-7
    assume(p[1] > 1e-4 and p[0] > 1e-4)
    change = (distance(p + step, q) - distance(p - step, q)) / 2
    assert gradient(p, q) @ step == pytest.approx(change, rel=1e-3, abs=1e-12)


@pytest.mark.parametrize("name", SMOOTH)
def test_a_value_that_was_not_observed_adds_nothing_to_the_gradient(name):
    """The derivative by a share of 0 is finite, so that its variance of 0 stays 0."""
    assert np.isfinite(getattr(divergence, f"{name}_gradient")((2, 0, 1), (1, 1, 1))).all()


def test_hellinger_has_no_derivative_between_equal_distributions():
    """The root has no slope at 0: NaN, not 0."""
    assert np.isnan(divergence.hellinger_gradient((1, 1), (1, 1))).all()


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
