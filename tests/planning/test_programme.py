"""The fewest images, against brute force."""

from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import csr_array

from toolkit.planning.programme import alone, fewest

MOST = 6
PLAIN = np.zeros(3, dtype=bool)


def matrix(low, high):
    """Draw what three kinds of image add to four targets."""
    return arrays(np.float64, (4, 3), elements=st.integers(low, high).map(float))


def brute_force(gains, deficits, most=MOST):
    """Return the least number of images, at most so many a kind, that reaches all; inf if none."""
    tried = np.array(list(product(range(most + 1), repeat=gains.shape[1])), dtype=float)
    reached = np.all(tried @ gains.T >= deficits, axis=1)
    return tried[reached].sum(axis=1).min(initial=np.inf)


@settings(max_examples=60)
@given(matrix(-1, 3), arrays(np.float64, 4, elements=st.integers(-2, 5).map(float)))
def test_it_is_the_least_that_reaches_every_target(gains, deficits):
    """Among all combinations of at most six images a kind, none with fewer images does."""
    expected = brute_force(gains, deficits)
    assume(expected <= MOST)
    found = fewest(csr_array(gains), deficits, PLAIN)
    assert not found.unmet.any()
    assert np.all(gains @ found.images >= deficits)
    assert found.images.sum() == expected


@settings(max_examples=60)
@given(matrix(0, 3), arrays(np.float64, 4, elements=st.integers(0, 9).map(float)))
def test_all_together_lies_between_the_largest_and_the_sum(gains, deficits):
    """As long as no image makes a target harder."""
    separate = alone(csr_array(gains), deficits)
    assume(np.all(np.isfinite(separate)))
    total = fewest(csr_array(gains), deficits, PLAIN).images.sum()
    assert separate.max() <= total <= separate.sum()


@settings(max_examples=60)
@given(matrix(-2, 3), arrays(np.float64, 4, elements=st.integers(-2, 5).map(float)))
def test_one_target_alone_is_the_least_for_it(gains, deficits):
    """For each target by itself, brute force finds the same number, or none as well."""
    expected = [brute_force(g[np.newaxis], d, most=5) for g, d in zip(gains, deficits, strict=True)]
    np.testing.assert_array_equal(alone(csr_array(gains), deficits), expected)


def test_targets_that_contradict_each_other_are_named():
    """Two groups cannot both have 60%; what can be reached beside them is reached."""
    shares = np.array([[0.4, -0.6, 0.0], [-0.6, 0.4, 0.0], [0.0, 0.0, 1.0]])
    found = fewest(csr_array(shares), np.array([10.0, 10.0, 7.0]), PLAIN)
    assert found.unmet.sum() == 1
    assert not found.unmet[2]
    assert found.images[2] == 7
    reached = shares @ found.images >= np.array([10.0, 10.0, 7.0]) - 1e-6
    assert list(reached) == list(~found.unmet)


def test_shares_of_exactly_one_are_reached_up_to_rounding():
    """Halves of images that show 1.7 and 1.3 people cannot be exact, so a few images are off."""
    gains = np.array([[0.85, -0.65], [-0.85, 0.65]])
    deficits = np.array([50.3, -50.3])
    found = fewest(csr_array(gains), deficits, PLAIN[:2])
    assert not found.unmet.any()
    assert np.all(gains @ found.images >= deficits - 1.0)


def test_special_images_are_avoided_where_others_do():
    """Of two kinds that help alike, the one that is easier to find is taken."""
    gains = csr_array(np.array([[1.0, 1.0, 1.0], [0.0, 1.0, 0.0]]))
    special = np.array([False, True, True])
    found = fewest(gains, np.array([9.0, 2.0]), special)
    assert found.images.tolist() == [7, 2, 0]


@pytest.mark.parametrize("labels", [100])
def test_a_plan_for_many_labels_is_found(labels):
    """Eight kinds of image and a hundred labels, each with shares of its own."""
    draw, kinds = np.random.default_rng(0), 8
    share = np.eye(kinds) - 0.8 / kinds
    counts = draw.integers(5, 400, (labels, kinds)).astype(float)
    gains = csr_array(np.kron(np.eye(labels), share))
    deficits = (0.8 / kinds * counts.sum(axis=1, keepdims=True) - counts).ravel()
    found = fewest(gains, deficits, np.ones(labels * kinds, dtype=bool))
    images = counts + found.images.reshape(labels, kinds)
    assert np.all(images / images.sum(axis=1, keepdims=True) >= 0.1 - 1e-9)
