"""Gaps between two groups and design effects: brute force, coverage and false discoveries."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportions_ztest

from toolkit.stats.association import independence_p_value
from toolkit.stats.association_forms import FORMS, form_value
from toolkit.stats.association_gaps import design_effect, gap, independent
from toolkit.stats.multiplicity import adjust

SAMPLES = 2000


def four(has_group, has_label):
    """Return what of each image counts into the four totals; shape (4, ..., images)."""
    return np.stack([has_group & has_label, has_group, has_label, np.ones_like(has_label)])


def totals_and_moments(first, second, label, times=1, cluster=None):
    """Return the counts of both groups' cells and their three moments.

    Args:
        first: Whether each kind of image shows the first group.
        second: Whether it shows the second.
        label: Whether it has the label.
        times: How often each kind occurs, also for many samples at once; `(..., kinds)`.
        cluster: The cluster of each image, where every kind is one image.
    """
    parts = [four(group, label).astype(float) for group in (first, second)]
    cells = [tuple((part * times).sum(axis=-1) for part in parts_of) for parts_of in parts]
    if cluster is not None:
        parts = [part @ (cluster[:, np.newaxis] == np.unique(cluster)) for part in parts]
    pairs = ((0, 0), (0, 1), (1, 1))
    products = [parts[i][:, np.newaxis] * parts[j][np.newaxis] for i, j in pairs]
    times = np.moveaxis(np.atleast_1d(times), -1, 0)
    return cells, [
        np.tensordot(product, times, 1) if times.size > 1 else product.sum(axis=-1)
        for product in products
    ]


WHO = np.array([0, 0, 1, 1, 2, 2, 3, 3])
KINDS = (WHO == 0) | (WHO == 2), (WHO == 1) | (WHO == 2), np.array([True, False] * 4)
"""The first group, the second, both or none, each with the label and without it."""


def drawn(n, shares, labels, samples, seed=0):
    """Draw samples of images and return how many of each kind there are; shape (samples, 8).

    Args:
        n: Images in a sample.
        shares: Parts of the images with only the first group, only the second, and both.
        labels: How often those with the first, the second, both and none have the label.
        samples: How many samples.
        seed: The seed.
    """
    part, rate = np.array([*shares, 1 - sum(shares)]), np.asarray(labels)
    likely = np.stack([part * rate, part * (1 - rate)], axis=-1).ravel()
    return np.random.default_rng(seed).multinomial(n, likely / likely.sum(), samples)


def gaps_of(times):
    """Return the gaps in nPMI of all samples."""
    (first, second), moments = totals_and_moments(*KINDS, times)
    return gap(FORMS["npmi"], first, second, moments)


def one_sample(n, shares, labels):
    """Return one sample image by image: first group, second group and label."""
    kind = np.repeat(np.arange(8), drawn(n, shares, labels, 1)[0])
    return [part[kind] for part in KINDS]


def true_gap(form, shares, labels):
    """Return the gap of the population that `drawn` draws from."""
    part, rate = np.array([*shares, 1 - sum(shares)]), np.asarray(labels)
    values = []
    for members in ([0, 2], [1, 2]):
        both = (part * rate)[members].sum()
        values.append(form_value(form, both, part[members].sum(), (part * rate).sum(), 1.0))
    return values[0] - values[1]


@pytest.mark.parametrize("name", [name for name in FORMS if name != "odds_ratio"])
def test_the_error_is_that_of_the_jackknife(name):
    """Leaving out one image after the other gives the same standard error within 3 %."""
    first, second, label = one_sample(600, (0.3, 0.2, 0.2), (0.5, 0.3, 0.6, 0.2))
    cells, moments = totals_and_moments(first, second, label)
    found = gap(FORMS[name], *cells, moments)
    without = [
        form_value(FORMS[name], *(np.sum(part) - part for part in four(group, label)))
        for group in (first, second)
    ]
    left_out = without[0] - without[1]
    n = len(label)
    se = np.sqrt((n - 1) / n * np.sum((left_out - left_out.mean()) ** 2))
    assert (found.high - found.low) / (2 * 1.959964) == pytest.approx(se, rel=0.03)


def test_groups_that_never_meet_are_two_samples():
    """For the part with the label, groups without common images give statsmodels' z-test."""
    first, second, label = one_sample(2000, (0.5, 0.5, 0.0), (0.3, 0.35, 0, 0))
    cells, moments = totals_and_moments(first, second, label)
    found = gap(FORMS["demographic_parity"], *cells, moments)
    counts = [cell[0] for cell in cells], [cell[1] for cell in cells]
    assert found.p_value == pytest.approx(proportions_ztest(*counts)[1], abs=0.002)


@pytest.mark.parametrize("n", [30, 100, 1000, 10_000])
@pytest.mark.parametrize("shares", [(0.5, 0.5, 0.0), (0.3, 0.3, 0.3), (0.2, 0.4, 0.1)])
@pytest.mark.parametrize(
    "labels", [(0.3, 0.3, 0.3, 0.3), (0.5, 0.2, 0.35, 0.2), (0.1, 0.3, 0.2, 0.2)]
)
def test_intervals_of_npmi_gaps_cover_the_true_gap(n, shares, labels):
    """In 93 to 97 % of samples where both pairs are expected 10 times, else in no fewer.

    With few images the correlation of the two is not estimated but taken as the worst: the
    interval is then too wide rather than too narrow.
    """
    found = gaps_of(drawn(n, shares, labels, SAMPLES))
    known = ~np.isnan(found.low)
    true = true_gap(FORMS["npmi"], shares, labels)
    covered = ((found.low <= true) & (true <= found.high))[known].mean()
    fewest = n * min((shares[0] + shares[2]) * labels[0], (shares[1] + shares[2]) * labels[1])
    assert covered >= 0.925
    assert covered <= 0.97 or fewest < 10


def test_rare_labels_are_not_called_different():
    """Where a label is expected once or twice with each half, at most 8 % of gaps exclude 0."""
    for n, rate in ((30, 0.05), (100, 0.05), (300, 0.02)):
        p = gaps_of(drawn(n, (0.5, 0.5, 0.0), [rate] * 4, SAMPLES)).p_value
        assert np.mean(p[~np.isnan(p)] < 0.05) <= 0.08


def test_the_p_value_and_the_interval_never_disagree():
    """Below 0.05 just where 0 lies outside, also where a label was never met."""
    found = gaps_of(drawn(60, (0.4, 0.3, 0.2), (0.2, 0.05, 0.1, 0.1), SAMPLES))
    known = ~np.isnan(found.p_value)
    outside = (found.low > 0) | (found.high < 0)
    np.testing.assert_array_equal((found.p_value < 0.05)[known], outside[known])


def test_false_discoveries_stay_below_the_nominal_rate_in_dependent_cells():
    """Forty correlated labels of unrelated groups: a discovery in at most 5 % + 2 of 400 audits."""
    rng = np.random.default_rng(3)
    n, audits, labels = 400, 400, 40
    false = 0
    for _ in range(audits):
        group = rng.random(n) < 0.4
        scene = rng.random(n)[:, np.newaxis]
        has = rng.random((n, labels)) < np.where(scene < 0.3, 0.5, 0.1)
        for members in (group, ~group):
            x, column = has[members].sum(axis=0), has.sum(axis=0)
            p = independence_p_value(x, members.sum(), column, n)
            false += int((adjust(p) < 0.05).any())
    assert false / (2 * audits) <= 0.07


def photographers(number, samples, seed=0):
    """Draw images of photographers who each have habits: a group and a label they prefer.

    Group and label are unrelated over photographers, and related within none.
    """
    rng = np.random.default_rng(seed)
    each = 8
    group = rng.random((samples, number, 1)) < 0.5
    label = rng.random((samples, number, 1)) < 0.4
    keeps = rng.random((2, samples, number, each)) < 0.7
    has_group = np.where(keeps[0], group, rng.random(keeps[0].shape) < 0.5)
    has_label = np.where(keeps[1], label, rng.random(keeps[1].shape) < 0.4)
    return has_group, has_label


def test_clustered_units_are_not_called_related():
    """Habits of 60 photographers: at most 8 % of tests find a relation, where 20 % would."""
    has_group, has_label = photographers(60, SAMPLES)
    parts = four(has_group, has_label).sum(axis=-1).astype(float)
    counts = parts.sum(axis=-1)
    effect = design_effect(*counts, np.einsum("a...i,b...i->ab...", parts, parts) * 60 / 59)
    ignoring = np.mean(independence_p_value(*counts) < 0.05)
    allowing = np.mean(independence_p_value(*counts, effect) < 0.05)
    assert ignoring > 0.2
    assert 0.02 < allowing < 0.08
    assert np.median(effect) == pytest.approx(2.7, abs=0.6)


@given(st.integers(0, 1000))
def test_design_effects_are_those_of_the_rows(seed):
    """The sum over clusters of squared departures, over that of rows one by one."""
    rng = np.random.default_rng(seed)
    first, label = rng.random((2, 200)) < rng.uniform(0.2, 0.8, (2, 1))
    cluster = rng.integers(0, 25, 200)
    departure = (first - first.mean()) * (label - label.mean())
    departure -= departure.mean()
    by_cluster = np.bincount(cluster, departure)
    expected_effect = np.sum(by_cluster**2) / np.sum(departure**2)
    (cell, _), (moments, *_) = totals_and_moments(first, ~first, label, cluster=cluster)
    assert design_effect(*cell, moments) == pytest.approx(expected_effect, rel=1e-6)


def test_independent_units_have_no_design_effect():
    """With a cluster for each unit the effect is 1, and so it is where nothing varies."""
    cell = tuple(np.array([part]) for part in (30.0, 60.0, 80.0, 200.0))
    assert design_effect(*cell, independent(*cell)) == pytest.approx(1)
    everybody = tuple(np.array([part]) for part in (9.0, 9.0, 9.0, 9.0))
    assert design_effect(*everybody, independent(*everybody)) == 1


def test_a_gap_of_what_does_not_exist_is_none():
    """Where one group has no images there is no gap, and none between two infinite values."""
    nobody = tuple(np.array([part]) for part in (0.0, 0.0, 5.0, 9.0))
    never = tuple(np.array([part]) for part in (0.0, 4.0, 5.0, 9.0))
    some = tuple(np.array([part]) for part in (2.0, 4.0, 5.0, 9.0))
    moments = [np.zeros((4, 4, 1))] * 3
    assert np.isnan(gap(FORMS["npmi"], nobody, some, moments).value)
    assert np.isnan(gap(FORMS["pmi"], never, never, moments).value)
    assert gap(FORMS["pmi"], never, some, moments).value == -np.inf
    assert np.isnan(gap(FORMS["pmi"], never, some, moments).p_value)


def test_swapping_the_groups_turns_the_gap_round():
    """Value and interval change their sign and the p-value stays."""
    people = one_sample(300, (0.3, 0.3, 0.2), (0.5, 0.2, 0.3, 0.2))
    cells, moments = totals_and_moments(*people)
    one = gap(FORMS["npmi"], *cells, moments)
    crossed = [moments[2], moments[1].swapaxes(0, 1), moments[0]]
    other = gap(FORMS["npmi"], *cells[::-1], crossed)
    assert other.value == -one.value
    assert other.low == pytest.approx(-one.high)
    assert other.p_value == pytest.approx(float(one.p_value))
