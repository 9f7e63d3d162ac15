"""Intervals of distances and inequalities, most of all where the truth is equality."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from toolkit.stats import divergence, diversity
from toolkit.stats.arrays import Floats
from toolkit.stats.inversion import Samples, interval, samples

Measure = Callable[[Floats, Floats], Floats]


def even(p: Floats, _: Floats) -> Floats:
    """Return the evenness, whatever it is held against."""
    return diversity.evenness(p)


def atkinson(p: Floats, _: Floats) -> Floats:
    """Return Atkinson's index, whatever it is held against."""
    return diversity.atkinson(p)


SQUARED = {"squared": True}
KINKED = {"kinked": True}
MEASURES: list[tuple[Measure, dict[str, bool]]] = [
    (divergence.kl, SQUARED),
    (divergence.js, SQUARED),
    (divergence.hellinger, {}),
    (divergence.total_variation, KINKED),
    (divergence.wasserstein, KINKED),
    (even, SQUARED),
    (atkinson, SQUARED),
]
COUNTS = st.lists(st.integers(0, 1000), min_size=2, max_size=6).filter(any).map(np.array)


def of_images(counts: Floats, q: Floats, effect: float = 1.0, seed: int = 0) -> Samples:
    """Return the samples for counts of independent images, each of `effect` equal units."""
    p, images, k = counts / counts.sum(), counts.sum() / effect, len(counts)
    joint = np.zeros((2 * k, 2 * k))
    joint[:k, :k] = (np.diag(p) - np.outer(p, p)) / images
    return samples(p, q, joint, images, seed)


@pytest.mark.parametrize(("measure", "how"), MEASURES)
@pytest.mark.parametrize(
    ("truth", "n", "effect"),
    [
        ((0.5, 0.5), 30, 1),
        ((0.5, 0.5), 1000, 3),
        ((1 / 3, 1 / 3, 1 / 3), 100, 1),
        ((0.3, 0.33, 0.37), 1000, 2),
        ((0.2, 0.3, 0.5), 300, 1),
    ],
)
def test_the_interval_covers_the_truth_also_where_it_is_equality(
    measure: Measure, how: dict[str, bool], truth: tuple[float, ...], n: int, effect: int
) -> None:
    """At least 92 of 100 hold the truth, where the delta method's have no width at equality."""
    rng, q = np.random.default_rng(1), np.full(len(truth), 1 / len(truth))
    true, covered = measure(np.array(truth), q), 0
    for counts in rng.multinomial(n // effect, truth, size=100):
        low, high = interval(measure, of_images(counts * effect, q, effect), **how)
        covered += low - 1e-12 <= true <= high + 1e-12
    assert covered >= 92


@pytest.mark.parametrize("k", [2, 3, 9])
def test_at_equality_the_interval_ends_where_a_chi_squared_sample_would(k: int) -> None:
    """2 n KL is chi-squared there, so its 95% quantile is the upper end for equal counts."""
    n = 90_000
    low, high = interval(
        divergence.kl, of_images(np.full(k, n // k), np.full(k, 1 / k)), squared=True
    )
    assert low == 0
    assert 2 * n * high == pytest.approx(chi2.ppf(0.95, k - 1), rel=0.12)


def test_far_from_equality_the_interval_is_that_of_the_delta_method() -> None:
    """The standard error is then the slope times that of the share."""
    low, high = interval(
        divergence.hellinger, of_images(np.array([8000, 2000]), np.array([0.5, 0.5]))
    )
    p, step, se = np.array([0.8, 0.2]), np.array([1e-6, -1e-6]), 0.004
    q = np.array([0.5, 0.5])
    slope = (divergence.hellinger(p + step, q) - divergence.hellinger(p - step, q)) / 2e-6
    assert (high - low) / 2 == pytest.approx(1.96 * se * slope, rel=0.06)


@pytest.mark.parametrize(("measure", "how"), MEASURES)
@settings(max_examples=20)
@given(counts=COUNTS, seed=st.integers(0, 3))
def test_the_interval_holds_the_observed_value(
    measure: Measure, how: dict[str, bool], counts: Floats, seed: int
) -> None:
    """It does for any counts, is never empty, and has width wherever anything is finite."""
    q = np.full(len(counts), 1 / len(counts))
    low, high = interval(measure, of_images(counts, q, seed=seed), **how)
    value = measure(counts / counts.sum(), q)
    assert low - 1e-9 <= value <= high + 1e-9
    assert low < high


def test_a_group_that_nobody_belongs_to_is_not_known_to_be_empty() -> None:
    """From 50 images of one value, the other may still have a few percent."""
    drawn = of_images(np.array([50, 0]), np.array([0.5, 0.5]))
    low, high = interval(divergence.total_variation, drawn, kinked=True)
    assert 0.3 < low < 0.49
    assert high == 0.5


def test_an_infinite_distance_has_no_lower_bound() -> None:
    """Where the reference lacks a value that was observed, KL is infinite and its error unknown."""
    drawn = of_images(np.array([50, 50]), np.array([1.0, 0.0]))
    low, high = interval(divergence.kl, drawn, squared=True)
    assert np.isnan(low)
    assert high == np.inf


def test_without_a_covariance_there_is_no_interval() -> None:
    """One image tells nothing of how images vary."""
    half = np.array([0.5, 0.5])
    found = interval(divergence.js, samples(half, half, np.full((4, 4), np.nan), 1), squared=True)
    assert np.isnan(found).all()


def test_a_reference_that_is_a_sample_widens_the_interval() -> None:
    """Its own error counts, and cancels where it is that of the same images."""
    p, q = np.array([0.6, 0.4]), np.array([0.5, 0.5])
    own = (np.diag(p) - np.outer(p, p)) / 1000
    none = np.zeros((2, 2))

    def width(covariance: Floats) -> float:
        drawn = samples(p, q, covariance, 1000)
        low, high = interval(divergence.total_variation, drawn, kinked=True)
        return float(high - low)

    stated = width(np.block([[own, none], [none, none]]))
    assert width(np.block([[own, none], [none, own]])) == pytest.approx(
        stated * np.sqrt(2), rel=0.06
    )
    assert width(np.block([[own, own], [own, own]])) < stated / 4


def test_the_same_seed_gives_the_same_interval() -> None:
    """Draws are repeated to the last digit, and another seed is another draw."""
    counts, q = np.array([30, 50, 20]), np.full(3, 1 / 3)
    first, again, other = (
        interval(divergence.js, of_images(counts, q, seed=seed), squared=True) for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other
