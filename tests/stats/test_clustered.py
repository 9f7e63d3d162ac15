import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency

from toolkit.stats.clustered import contrast, covariance, ratio, reference_p_value
from toolkit.stats.intervals import newcombe, score_ratio, wilson

PER_IMAGE = st.lists(
    st.integers(0, 5).flatmap(lambda x: st.tuples(st.integers(0, x), st.just(x))),
    min_size=2,
    max_size=30,
).map(lambda rows: np.array(rows, dtype=float))


def ratio_of(images, confidence=0.95, **options):
    """Estimate from rows (y, x), one an image."""
    y, x = images.T
    return ratio(
        y.sum(), x.sum(), y @ y, y @ x, x @ x, len(images), confidence=confidence, **options
    )


def contrast_of(images, **options):
    """Compare from rows (y1, x1, y2, x2), one an image."""
    return contrast(images.sum(axis=0), images.T @ images, len(images), **options)


def clustered_ols(y, regressors, images):
    """Fit OLS with image-clustered errors, and the correction m/(m-1) alone."""
    groups, names = pd.factorize(images)
    fit = sm.OLS(y, regressors).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
    )
    return fit.params, fit.bse * np.sqrt(len(names) / (len(names) - 1))


@pytest.fixture(scope="module")
def miap(shared_data):
    """Return the boxes of the real MIAP validation file."""
    return pd.read_csv(shared_data / "miap_val" / "open_images_extended_miap_boxes_val.csv")


def test_the_share_of_real_boxes_equals_clustered_least_squares(miap):
    """On MIAP, share and standard error equal statsmodels' and the design effect is 3.40."""
    feminine = miap["GenderPresentation"].eq("Predominantly Feminine").to_numpy(float)
    (share,), (se,) = clustered_ols(feminine, np.ones_like(feminine), miap["ImageID"])
    images = pd.DataFrame({"y": feminine, "x": 1.0}).groupby(miap["ImageID"]).sum().to_numpy()
    estimate = ratio_of(images)
    assert estimate.value == pytest.approx(share, rel=1e-9)
    assert estimate.se == pytest.approx(se, rel=1e-9)
    assert estimate.value == pytest.approx(0.206015, abs=5e-7)
    assert estimate.se == pytest.approx(0.0048183, abs=5e-8)
    assert estimate.design_effect == pytest.approx(3.40, abs=5e-3)
    independent_boxes = len(miap) / estimate.design_effect
    expected = wilson(share * independent_boxes, independent_boxes)
    np.testing.assert_allclose((estimate.low, estimate.high), expected, atol=5e-6)


def test_the_gap_of_real_boxes_equals_clustered_least_squares(miap):
    """On MIAP, the difference of two groups' rates and its standard error equal statsmodels'."""
    gender = miap["GenderPresentation"]
    group = gender.eq("Predominantly Feminine").to_numpy(float)
    other = gender.eq("Predominantly Masculine").to_numpy(float)
    middle = miap["AgePresentation"].eq("Middle").to_numpy(float)
    either = (group + other) > 0
    design = np.column_stack([np.ones(either.sum()), group[either]])
    params, bse = clustered_ols(middle[either], design, miap["ImageID"][either])
    columns = np.column_stack([group * middle, group, other * middle, other])
    images = pd.DataFrame(columns).groupby(miap["ImageID"]).sum().to_numpy()
    found = contrast_of(images).difference
    with_any = len(np.unique(miap["ImageID"][either]))
    correction = np.sqrt(len(images) / (len(images) - 1) * (with_any - 1) / with_any)
    assert found.value == pytest.approx(params[1], rel=1e-9)
    assert found.se == pytest.approx(bse[1] * correction, rel=1e-9)


@given(PER_IMAGE)
def test_the_standard_error_is_that_of_the_residuals_by_image(images):
    """The sums give the same standard error as the formula over the images one by one."""
    y, x = images.T
    estimate = ratio_of(images)
    if not x.sum():
        assert np.isnan(estimate.value)
        assert np.isnan(estimate.low)
        return
    residuals = y - y.sum() / x.sum() * x
    expected = np.sqrt(len(x) / (len(x) - 1) * residuals @ residuals) / x.sum()
    assert estimate.se == pytest.approx(expected, rel=1e-6, abs=1e-7)


@given(PER_IMAGE)
def test_the_interval_contains_the_share_and_stays_in_range(images):
    """The interval of a share has a positive width, contains it and lies in 0..1."""
    estimate = ratio_of(images)
    if images[:, 1].sum():
        assert 0 <= estimate.low <= estimate.value + 1e-12
        assert estimate.value - 1e-12 <= estimate.high <= 1
        assert estimate.low < estimate.high


@given(PER_IMAGE)
def test_an_interval_is_never_narrower_than_that_of_independent_units(images):
    """An estimated design effect below 1 does not buy a narrower interval than Wilson's."""
    y, x = images.sum(axis=0)
    estimate = ratio_of(images)
    if x:
        low, high = wilson(y, x)
        assert estimate.high - estimate.low >= (high - low) * (1 - 1e-9)


@given(st.lists(st.booleans(), min_size=2, max_size=50))
def test_one_unit_an_image_gives_wilsons_interval(flags):
    """Without clusters the interval is Wilson's own, also at 0 and at all."""
    images = np.column_stack([flags, np.ones(len(flags))]).astype(float)
    estimate = ratio_of(images)
    low, high = wilson(sum(flags), len(flags))
    np.testing.assert_allclose((estimate.low, estimate.high), (low, high), rtol=1e-12)
    assert estimate.n_effective == len(flags)


def test_a_share_of_none_counts_images_not_boxes():
    """Where no variance can be estimated, 40 boxes on 4 images are worth 4 observations."""
    none = ratio_of(np.array([[0.0, 10.0]] * 4 + [[0.0, 0.0]] * 6))
    assert none.value == 0
    assert np.isnan(none.design_effect)
    assert none.n_effective == 4
    assert (none.low, none.high) == wilson(0, 4)


@pytest.mark.parametrize("others", [0, 5])
def test_one_image_is_one_observation(others):
    """However many boxes one image has, alone or among images without any, they count as one."""
    one = ratio_of(np.array([[3.0, 10.0]] + [[0.0, 0.0]] * others))
    assert one.n_effective == 1
    assert (one.low, one.high) == wilson(0.3, 1)


def test_equal_shares_in_all_images_are_no_certainty():
    """Images that all have 1 of 3, where rounding leaves residuals, still give an interval."""
    same = ratio_of(np.array([[1.0, 3.0]] * 50))
    assert same.se == 0
    assert same.n_effective == 50


@pytest.mark.parametrize(("images", "most"), [(20, 0.4), (60, 0.5), (400, 0.05)])
def test_coverage_with_a_design_effect_of_two(images, most):
    """At a design effect of 2, 93 to 97 of 100 intervals of nominal 95 contain the truth."""
    rng = np.random.default_rng(0)
    x = 1 + rng.poisson(2.5, (4000, images))
    correlated = 0.3 if most > 0.1 else 0.25
    scale = (1 - correlated) / correlated
    y = rng.binomial(x, rng.beta(most * scale, (1 - most) * scale, x.shape))
    sums = ((a * b).sum(axis=1) for a, b in ((y, y), (x, y), (x, x)))
    estimate = ratio(y.sum(axis=1), x.sum(axis=1), *sums, images)
    assert 1.75 < np.nanmean(estimate.design_effect) < 2.25
    covered = (estimate.low <= most) & (most <= estimate.high)
    assert 0.93 <= covered.mean() <= 0.97


def test_a_mean_has_a_t_interval():
    """The mean of one value an image has the classical t interval."""
    values = np.array([3.0, 5.0, 4.0, 8.0])
    mean = ratio_of(np.column_stack([values, np.ones(4)]), proportion=False)
    half = 3.182446 * values.std(ddof=1) / 2
    np.testing.assert_allclose((mean.low, mean.high), (5 - half, 5 + half), rtol=1e-6)
    assert np.isnan(mean.design_effect)


def test_a_mean_of_one_image_has_no_interval():
    """The mean of several boxes of one image is a number without an interval."""
    mean = ratio_of(np.array([[7.0, 2.0], [0.0, 0.0]]), proportion=False)
    assert mean.value == 3.5
    assert np.isnan(mean.low)


def test_a_share_above_one_is_refused():
    """More boxes with the flag than boxes is an error, not a share."""
    with pytest.raises(ValueError, match="Successes"):
        ratio(5, 3, 25, 15, 9, 4)


def test_infinite_totals_have_no_interval():
    """A mean with an infinite value in it is infinite, without an interval and a warning."""
    mean = ratio(np.inf, 4.0, np.inf, np.inf, 8.0, 5, proportion=False)
    assert mean.value == np.inf
    assert np.isnan(mean.low)
    found = contrast([np.inf, 4.0, 2.0, 4.0], np.full((4, 4), np.inf), 5, proportion=False)
    assert np.isnan(found.p_value)


def test_estimates_broadcast():
    """Arrays of any shape give estimates of that shape, undefined ones among them."""
    estimate = ratio([[1.0, 0.0]], [[4.0], [0.0]], 1.0, 2.0, [[8.0], [0.0]], 5)
    assert estimate.low.shape == (2, 2)
    assert np.isnan(estimate.low[1]).all()


@given(PER_IMAGE)
def test_the_covariance_of_totals_is_that_of_the_images_times_their_number(images):
    """Totals over m images have m times the sample covariance of the images."""
    found = covariance(images.sum(axis=0), images.T @ images, len(images))
    expected = len(images) * np.cov(images.T)
    np.testing.assert_allclose(found, expected, atol=1e-9 * len(images))


def test_one_image_has_no_covariance():
    """The covariance over one image is undefined."""
    assert np.isnan(covariance([2.0], [[4.0]], 1)).all()


@st.composite
def two_groups(draw):
    """Draw rows (y1, x1, y2, x2), one an image, with some units of each group."""
    first = draw(PER_IMAGE)
    second = draw(PER_IMAGE)
    m = max(len(first), len(second))
    rows = np.hstack([np.resize(part, (m, 2)) for part in (first, second)])
    rows[:, [1, 3]] += 1
    return rows


@given(two_groups(), st.booleans())
def test_a_contrast_contains_its_estimates(images, proportion):
    """Both intervals contain their estimate, and the difference of shares stays in -1..1."""
    found = contrast_of(images, proportion=proportion)
    for estimate in (found.difference, found.ratio):
        if np.isfinite(estimate.low):
            assert estimate.low <= estimate.value + 1e-9
            assert estimate.value <= estimate.high + 1e-9
    if proportion:
        assert found.difference.low >= -1 - 1e-9
        assert found.difference.high <= 1 + 1e-9
    assert not found.p_value > 1


@given(two_groups())
def test_swapping_the_groups_negates_the_difference_and_inverts_the_ratio(images):
    """The contrast of the groups in the other order says the same."""
    one, other = contrast_of(images), contrast_of(images[:, [2, 3, 0, 1]])
    with np.errstate(divide="ignore"):
        inverse = np.divide(1.0, [other.ratio.high, other.ratio.low])
    np.testing.assert_allclose(one.difference.low, -other.difference.high, atol=1e-9)
    np.testing.assert_allclose([one.ratio.low, one.ratio.high], inverse, rtol=1e-6)
    np.testing.assert_allclose(one.p_value, other.p_value, rtol=1e-6)


def independent(x1, n1, x2, n2):
    """Return rows (y1, x1, y2, x2) of images that have one unit of one group each."""
    first = np.column_stack([np.arange(n1) < x1, np.ones(n1), np.zeros(n1), np.zeros(n1)])
    second = np.column_stack([np.zeros(n2), np.zeros(n2), np.arange(n2) < x2, np.ones(n2)])
    return np.vstack([first, second]).astype(float)


@pytest.mark.parametrize("counts", [(7, 50, 30, 120), (0, 40, 12, 100), (9, 60, 0, 30)])
def test_the_difference_of_independent_shares_is_newcombes(counts):
    """Groups that share no image have Newcombe's interval."""
    found = contrast_of(independent(*counts)).difference
    np.testing.assert_allclose((found.low, found.high), newcombe(*counts), rtol=1e-9)


def test_the_ratio_of_independent_shares_is_close_to_the_score_interval():
    """Groups that share no image have nearly Koopman's interval, and the very one at 20 of 20."""
    found = contrast_of(independent(20, 50, 30, 120)).ratio
    np.testing.assert_allclose((found.low, found.high), score_ratio(20, 50, 30, 120), rtol=0.01)
    full = contrast_of(independent(20, 20, 30, 30)).ratio
    np.testing.assert_allclose((full.low, full.high), score_ratio(20, 20, 30, 30), rtol=1e-9)


def test_the_ratio_of_shares_at_the_edges():
    """No units with the flag give a bound of 0 or infinity; none in both gives no interval."""
    assert contrast_of(independent(0, 20, 5, 30)).ratio.low == 0
    assert contrast_of(independent(5, 20, 0, 30)).ratio.high == np.inf
    assert np.isnan(contrast_of(independent(0, 20, 0, 30)).ratio.low)
    assert contrast_of(independent(0, 20, 0, 30)).difference.low < 0


def test_the_p_value_of_independent_shares_is_the_pooled_test():
    """Groups that share no image have the chi-square test's p-value, also at a share of 0."""
    for x1, n1, x2, n2 in ((7, 50, 30, 120), (0, 40, 12, 100)):
        table = [[x1, n1 - x1], [x2, n2 - x2]]
        found = contrast_of(independent(x1, n1, x2, n2)).p_value
        assert found == pytest.approx(chi2_contingency(table, correction=False).pvalue, rel=1e-9)


def test_a_correlation_of_few_units_narrows_no_interval():
    """Of 4 in 40 flagged, groups on the same 20 images have the intervals of groups on 40.

    Standard errors, and the intervals of means, take the correlation as it is estimated.
    """
    flags = np.repeat([1.0, 0.0], [2, 18])
    same = np.column_stack([2 * flags, np.full(20, 2.0), np.roll(2 * flags, 1), np.full(20, 2.0)])
    apart = np.vstack([same * (1, 1, 0, 0), same * (0, 0, 1, 1)])
    one, other = contrast_of(same), contrast_of(apart)
    for near, far in ((one.difference, other.difference), (one.ratio, other.ratio)):
        np.testing.assert_allclose((near.low, near.high), (far.low, far.high), rtol=0.03)
        assert near.se < 0.8 * far.se
    near, far = (contrast_of(rows, proportion=False).difference for rows in (same, apart))
    assert near.high - near.low < 0.8 * (far.high - far.low)


def test_correlated_groups_have_a_narrower_difference():
    """Where the flag comes by image, pairing the groups in the images narrows the interval."""
    rng = np.random.default_rng(0)
    flags = rng.random(200) < 0.4
    paired = np.column_stack([flags * 3, np.full(200, 3), flags * 2, np.full(200, 2)])
    paired[::10, 0] = 0
    shuffled = np.hstack([paired[:, :2], rng.permutation(paired[:, 2:])])
    near, far = (contrast_of(rows.astype(float)).difference for rows in (paired, shuffled))
    assert near.value == far.value
    assert near.high - near.low < 0.7 * (far.high - far.low)


@given(PER_IMAGE, st.floats(0.01, 0.99), st.sampled_from([0.9, 0.95]))
def test_the_test_against_a_reference_agrees_with_the_interval(images, reference, confidence):
    """A reference is rejected just where it lies outside the interval."""
    estimate = ratio_of(images, confidence)
    if images[:, 1].sum() == 0:
        assert np.isnan(reference_p_value(estimate, reference))
        return
    distance = max(estimate.low - reference, reference - estimate.high)
    if abs(distance) > 1e-9:
        assert (reference_p_value(estimate, reference) < 1 - confidence) == (distance > 0)


def test_a_group_without_any_box_is_tested():
    """None of 300 boxes against a reference of 0.3 is strong evidence, not an undefined test."""
    none = ratio_of(np.array([[0.0, 3.0]] * 100))
    assert reference_p_value(none, 0.3) < 1e-9


def test_a_reference_is_a_share():
    """References outside 0..1 are refused, and 0 and 1 cannot be tested against."""
    estimate = ratio_of(np.array([[1.0, 3.0]] * 10))
    assert np.isnan(reference_p_value(estimate, [0, 1])).all()
    with pytest.raises(ValueError, match="between 0 and 1"):
        reference_p_value(estimate, 1.5)
