"""Slices held against all that is wider: estimates and p-values, clustered by image."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import hypergeom
from scipy.stats import t as student

from toolkit.stats.confirmation import compared
from toolkit.stats.discovery import Rows, Terms


def people(seed: int, images: int = 300, *, proportion: bool = False) -> Rows:
    """Return units of one to five an image, which have something in common."""
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(images), rng.integers(1, 6, images))
    codes = np.stack([rng.integers(size, size=len(cluster)) for size in (2, 3, 4)])
    level = rng.normal(size=images)[cluster] + rng.normal(size=len(cluster)) + 0.3 * codes[0]
    y = (level > 1).astype(float) if proportion else np.exp(level)
    return Rows(codes, (2, 3, 4), cluster, cluster // 2, y, np.ones(len(y)), proportion)


def inside(rows: Rows, terms: Terms) -> np.ndarray:
    """Say of each unit whether it is in a slice."""
    return np.all([np.ones(len(rows.y)), *(rows.codes[axis] == value for axis, value in terms)], 0)


SLICES: list[Terms] = [((0, 1),), ((0, 1), (1, 2)), ((0, 1), (1, 2), (2, 3))]


@pytest.mark.parametrize("terms", SLICES)
def test_means_are_compared_as_by_a_clustered_regression(terms: Terms) -> None:
    """The p-value is the largest of statsmodels' for the slice in each wider one."""
    rows = people(0)
    own, expected = inside(rows, terms), []
    clusters = rows.cluster.max() + 1
    for size in range(len(terms)):
        for fewer in combinations(terms, size):
            around = inside(rows, fewer)
            design = sm.add_constant(own[around].astype(float))
            groups = {"groups": rows.cluster[around], "use_correction": False}
            fit = sm.OLS(rows.y[around], design).fit(cov_type="cluster", cov_kwds=groups)
            statistic = fit.params[1] / fit.bse[1] * np.sqrt((clusters - 1) / clusters)
            sizes = [np.bincount(rows.cluster[part]) for part in (own, around & ~own)]
            degrees = min(n.sum() ** 2 / (n**2).sum() for n in sizes) - 1
            expected.append(student.sf(statistic, degrees))
    found = compared(rows, [terms], 0.95)
    assert found.p_value == pytest.approx([max(expected)], rel=1e-8)
    assert found.value == pytest.approx([rows.y[own].mean()])
    assert found.rest == pytest.approx([rows.y[~own].mean()])


def test_units_images_and_sampling_units_are_counted_apart() -> None:
    """Several images may be of one sampling unit, and the other way round."""
    rows = people(1)
    found = compared(rows, SLICES, 0.95)
    members = [inside(rows, terms) for terms in SLICES]
    assert found.n.tolist() == [m.sum() for m in members]
    assert found.clusters.tolist() == [len(set(rows.cluster[m])) for m in members]
    assert found.images.tolist() == [len(set(rows.image[m])) for m in members]


@pytest.mark.parametrize(
    ("events", "units", "other_events", "others"),
    [
        (3, 30, 40, 2000),
        (6, 25, 100, 1000),
        (12, 40, 300, 2000),
        (40, 40, 900, 1000),
        (90, 100, 4, 10),
    ],
)
def test_few_events_are_judged_as_by_the_exact_test(
    events: int, units: int, other_events: int, others: int
) -> None:
    """With one unit an image, the p-value is about the exact one, or its mid-p version."""
    y = np.repeat(
        [1.0, 0.0, 1.0, 0.0], [events, units - events, other_events, others - other_events]
    )
    number = np.arange(units + others)
    codes = (number < units)[np.newaxis].astype(int)
    rows = Rows(codes, (2,), number, number, y, np.ones(len(y)), proportion=True)
    chance = hypergeom(units + others, events + other_events, units)
    exact, beyond = chance.sf(events - 1), chance.sf(events)
    (found,) = compared(rows, [((0, 1),)], 0.95).p_value
    assert 0.9 * (exact + beyond) / 2 < found < 1.5 * exact


def test_copies_of_a_box_are_no_evidence_but_copies_of_an_image_are() -> None:
    """The same difference is surer on four times the images, and not on four times the boxes."""
    rows = people(2, proportion=True)
    repeated = pd.Series(np.arange(len(rows.y))).repeat(4).to_numpy()
    part = {"codes": rows.codes[:, repeated], "y": rows.y[repeated], "x": rows.x[repeated]}
    cluster, image = rows.cluster[repeated], rows.image[repeated]
    boxes = Rows(**{**vars(rows), **part, "cluster": cluster, "image": image})
    copy = np.tile(np.arange(4), len(rows.y))
    images = Rows(**{**vars(boxes), "cluster": cluster * 4 + copy, "image": image * 4 + copy})
    one, of_boxes, of_images = (
        compared(r, [((0, 1),)], 0.95).p_value[0] for r in (rows, boxes, images)
    )
    assert of_boxes == pytest.approx(one, rel=0.05)
    assert of_images < one**2


def test_a_slice_that_a_wider_one_equals_cannot_be_tested() -> None:
    """Without other units there is nothing to be worse than."""
    rows = people(3)
    twice = np.concatenate([rows.codes, rows.codes[:1]])
    doubled = Rows(**{**vars(rows), "codes": twice, "sizes": (2, 3, 4, 2)})
    found = compared(doubled, [((0, 1), (3, 1)), ((0, 1), (3, 0))], 0.95)
    assert np.isnan(found.p_value).all()
    assert (found.n[1], np.isnan(found.value[1])) == (0, True)


def test_no_slices_are_compared_to_nothing() -> None:
    """An empty search has an empty answer."""
    found = compared(people(4), [], 0.95)
    assert (found.n.shape, found.value.shape, found.p_value.shape) == ((0,), (0,), (0,))
