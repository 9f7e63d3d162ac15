import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, hypergeom
from scipy.stats.contingency import expected_freq

from toolkit.stats import association
from toolkit.stats.association import (
    cell_interval,
    conservative_lift,
    direction,
    displayed_ratio,
    expected,
    independence_p_value,
    lift,
    lift_interval,
    npmi,
    npmi_interval,
    npmi_se,
    pmi,
)

EVERY_MEASURE = [
    getattr(association, name)
    for name in (
        "expected",
        "lift",
        "pmi",
        "npmi",
        "npmi_se",
        "cell_interval",
        "lift_interval",
        "npmi_interval",
        "conservative_lift",
        "displayed_ratio",
        "direction",
        "independence_p_value",
    )
]


@st.composite
def cells(draw, most=9_000_000):
    """Draw observed, row total, column total and n that some set of images has, none degenerate."""
    n = draw(st.integers(4, most))
    row = draw(st.integers(1, n - 1))
    column = draw(st.integers(1, n - 1))
    return draw(st.integers(max(0, row + column - n), min(row, column))), row, column, n


@pytest.fixture(scope="module")
def kyd(shared_data):
    """Return the cells that were read off Know Your Data's screens, and their counts."""
    table = pd.read_csv(shared_data / "kyd_relations" / "kyd_relations_cells.csv")
    counts = tuple(table[c] for c in ("observed", "row_count", "col_count", "N"))
    return table, counts


def test_expected_counts_are_know_your_datas(kyd):
    """The expected count of all 41 cells, exact and as displayed."""
    table, counts = kyd
    found = expected(*counts)
    np.testing.assert_allclose(found, table["expected_exact"], atol=5e-5)
    displayed = [round(e, 1) if e < 100 else float(f"{e:.3g}") for e in found]
    np.testing.assert_allclose(displayed, table["expected_shown"])


def test_displayed_ratios_and_directions_are_know_your_datas(kyd):
    """The ratio of all 41 cells as displayed, none where nothing was observed, and its sign."""
    table, counts = kyd
    np.testing.assert_array_equal(displayed_ratio(*counts), table["ratio_shown"])
    signs = table["direction"].map({"over": 1.0, "under": -1.0})
    np.testing.assert_array_equal(direction(*counts), signs)


def test_conservative_strength_is_know_your_datas(kyd):
    """The strength that colours all 41 cells, 0 where the interval covers independence."""
    table, counts = kyd
    np.testing.assert_allclose(conservative_lift(*counts), table["adj_log2_wilson_row"], atol=1e-3)


def test_npmi_is_that_of_know_your_datas_counts(kyd):
    """NPMI of all 41 cells, -1 where word and label never meet."""
    table, counts = kyd
    np.testing.assert_allclose(npmi(*counts), table["npmi"], atol=5e-5)


def test_gaps_are_those_of_the_reference_case(shared_data):
    """The gap between men and women of a published table, in PMI and in true nPMI."""
    case = json.loads((shared_data / "reference_cases.json").read_text())["R3_synapse_small"]
    people = pd.DataFrame(case["rows"], columns=["label", "gender", "ethnicity"])
    n, positive = len(people), people["label"].sum()
    rows = people["gender"].value_counts()[["Male", "Female"]].to_numpy()
    observed = people.groupby("gender")["label"].sum()[["Male", "Female"]].to_numpy()
    gap = case["gap_male_female"]
    assert -np.diff(pmi(observed, rows, positive, n)) == pytest.approx(gap["pmi"])
    assert -np.diff(npmi(observed, rows, positive, n)) == pytest.approx(gap["npmi_xy_true"])


@given(cells())
def test_npmi_lies_between_never_and_always(counts):
    """NPMI lies in -1..1, has the sign of the PMI, and is the same for swapped features."""
    observed, row, column, n = counts
    value = npmi(*counts)
    assert -1 <= value <= 1
    assert value == npmi(observed, column, row, n)
    assert np.sign(value) == np.sign(pmi(*counts)) or abs(value) < 1e-9


def test_npmi_at_the_edges():
    """-1 where they never meet, 1 where always together, undefined without a feature or in all."""
    found = npmi([0, 3, 0, 0, 9], [4, 3, 0, 4, 9], [2, 3, 2, 0, 9], 9)
    np.testing.assert_allclose(found, [-1, 1, np.nan, np.nan, np.nan])
    assert pmi(0, 4, 2, 9) == -np.inf
    assert np.isnan(lift(0, 0, 2, 9))
    assert np.isnan(conservative_lift(0, 0, 2, 9))
    assert np.isnan(conservative_lift(0, 4, 0, 9))
    assert np.isnan(npmi(0, 0, 0, 0))


@pytest.mark.parametrize("shares", [(0.02, 0.08, 0.05), (0.1, 0.2, 0.1), (0.01, 0.02, 0.3)])
def test_the_standard_error_of_npmi_is_that_of_repeated_samples(shares):
    """The delta method gives the spread over 20,000 samples of 5,000 images within 4 %."""
    both, first, second = shares
    rng = np.random.default_rng(0)
    drawn = rng.multinomial(5000, [both, first, second, 1 - sum(shares)], 20_000)
    observed, row, column = drawn[:, 0], drawn[:, :2].sum(axis=1), drawn[:, [0, 2]].sum(axis=1)
    spread = npmi(observed, row, column, 5000).std()
    se = npmi_se(5000 * both, 5000 * (both + first), 5000 * (both + second), 5000)
    assert se == pytest.approx(spread, rel=0.04)


def test_npmi_without_a_common_image_has_no_standard_error():
    """The delta method says nothing where nothing was observed or everything was."""
    assert np.isnan(npmi_se([0, 9], [4, 9], [2, 9], 9)).all()


@given(cells())
def test_intervals_contain_their_measure(counts):
    """The intervals of cell, lift and nPMI contain them, and nPMI's stays in -1..1."""
    for interval, measure in (
        (cell_interval, lambda observed, *_: observed),
        (lift_interval, lift),
        (npmi_interval, npmi),
    ):
        low, high = interval(*counts)
        value = measure(*counts)
        assert low <= value + 1e-9 * abs(value)
        assert value <= high + 1e-9 * abs(value)
    assert low >= -1
    assert high <= 1


@given(cells(), st.booleans())
def test_the_cell_interval_is_that_of_the_score_test(counts, upper):
    """At a bound inside the margins' limits, the test of the mean has just the level's p-value."""
    observed, row, column, n = counts
    bound = float(cell_interval(*counts)[upper])
    four = np.array([bound, row - bound, column - bound, n - row - column + bound])
    if four.min() > 1e-3:
        assert (observed - bound) ** 2 * (1 / four).sum() == pytest.approx(3.841459, rel=1e-3)


@given(cells(5000))
def test_intervals_rise_with_the_observed_count(counts):
    """Of two cells with the same margins below the limit of few, the fuller has higher bounds."""
    _, row, column, n = counts
    low = max(0, row + column - n)
    observed = np.arange(low, min(row, column, low + 4) + 1)
    few = observed < association.FEW
    for interval in (cell_interval, lift_interval, npmi_interval):
        for end in interval(observed, row, column, n):
            assert (np.diff(end[few]) >= -1e-9).all()


def test_a_cell_never_seen_has_an_upper_bound():
    """Nothing observed where 8 are expected bounds the lift well below 1, with 0 inside."""
    low, high = lift_interval(0, 400, 200, 10_000)
    assert low == 0
    assert 0 < high < 0.55
    assert npmi_interval(0, 400, 200, 10_000).low == -1


def test_a_feature_of_all_images_has_a_lift_of_one_that_is_not_certain():
    """Every image seen has it; among images that were not seen the lift may be another one."""
    low, high = lift_interval([30, 30], [30, 30], [90, 90], [90, 90])
    assert (low < 1).all()
    assert (high > 1).all()


def test_a_label_that_nobody_lacks_may_be_lacking_elsewhere():
    """Among 30 of a group and 60 others nobody lacks the label; others of whom one in 20 may."""
    low, high = npmi_interval(30, 30, 90, 90)
    assert low < npmi(28.5, 30, 88.5, 90) < 0 < npmi(30, 30, 87, 90) < high
    assert np.isnan(npmi_interval(90, 90, 90, 90)).all()


def test_a_feature_of_no_image_has_no_interval():
    """Where a feature never occurs there is neither measure nor interval."""
    for interval in (cell_interval, lift_interval, npmi_interval):
        assert np.isnan(interval(0, 0, 5, 9)).all()


@given(cells())
def test_the_conservative_lift_is_never_stronger_than_the_lift(counts):
    """It is 0 or has the sign of the PMI, and is no farther from 0."""
    found = conservative_lift(*counts)
    log2_lift = pmi(*counts) / np.log(2)
    assert abs(found) <= abs(log2_lift) + 1e-9
    assert np.sign(found) == np.sign(log2_lift) or abs(found) < 1e-9


@given(cells())
def test_more_confidence_never_makes_the_conservative_lift_stronger(counts):
    """A wider interval has its bound nearer to independence."""
    assert abs(conservative_lift(*counts, 0.99)) <= abs(conservative_lift(*counts)) + 1e-12


@given(cells(2000))
def test_the_test_of_independence_equals_scipy(counts):
    """Chi-square with n - 1 where all are expected 5 times, else the doubled exact mid-p."""
    observed, row, column, n = counts
    four = np.array([[observed, row - observed], [column - observed, n - row - column + observed]])
    if expected_freq(four).min() >= 5:
        p = chi2_contingency(four * (n - 1) / n, correction=False).pvalue
    else:
        exact = hypergeom(n, row, column)
        half = exact.pmf(observed) / 2
        p = min(1.0, 2 * (half + min(exact.cdf(observed - 1), exact.sf(observed))))
    assert independence_p_value(*counts) == pytest.approx(p, rel=1e-7, abs=1e-12)


def test_the_test_of_independence_holds_its_level():
    """Of unrelated rare features in 9 million images, at most about 5 % are called related."""
    rng = np.random.default_rng(0)
    n = 9_000_000
    row, column = rng.integers(1, n // 10, 10_000), rng.integers(1, 2000, 10_000)
    p = independence_p_value(rng.hypergeometric(row, n - row, column), row, column, n)
    assert 0.03 < (p < 0.05).mean() < 0.06
    assert not np.isnan(p).any()


def test_a_constant_feature_is_not_tested():
    """A feature in no image or in all of them cannot be related to anything."""
    assert np.isnan(independence_p_value([0, 5, 9], [0, 9, 9], [5, 5, 9], 9)).all()


def test_an_overwhelming_association_has_a_p_value_of_nearly_0():
    """Far more than the few expected underflows to 0, without a warning."""
    assert independence_p_value(900, 1000, 1000, 9_000_000) < 1e-80


@pytest.mark.parametrize("measure", EVERY_MEASURE, ids=lambda measure: measure.__name__)
@pytest.mark.parametrize(
    ("counts", "complaint"),
    [
        ((-1, 5, 5, 9), "not negative"),
        ((6, 5, 8, 9), "More images have both"),
        ((6, 8, 5, 9), "More images have both"),
        ((1, 6, 6, 9), "than there are images"),
        ((1, 6, 2, 5), "than there are images"),
        ((1, 2, 3, np.inf), "must be finite"),
    ],
)
def test_impossible_counts_are_refused(measure, counts, complaint):
    """Counts that no set of images has are an error of one sentence, in every function."""
    with pytest.raises(ValueError, match=complaint):
        measure(*counts)


@pytest.mark.parametrize("measure", EVERY_MEASURE, ids=lambda measure: measure.__name__)
def test_every_measure_broadcasts_and_passes_nan_on(measure):
    """A column of rows against a row of columns gives a table; unknown counts stay unknown."""
    found = np.asarray(measure([[2], [3]], [[20], [30]], [10, 6, 40], 100.0))
    assert found.shape[-2:] == (2, 3)
    assert np.isnan(measure(np.nan, 20, 10, 100)).all() or measure is expected
