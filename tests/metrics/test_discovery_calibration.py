"""Slice discovery on drawn data: silent where there is nothing, and finding what is planted."""

import numpy as np
import pytest

from toolkit.config import DiscoveryConfig
from toolkit.metrics._discovery_axes import Axis, Kind, Measure
from toolkit.metrics._discovery_rows import Halves
from toolkit.metrics.slice_discovery import discovery
from toolkit.stats.discovery import Rows
from toolkit.stats.multiplicity import adjust

DATASETS = 200
MOST_REPORTS = 0.08
"""5 %, and 3 points for the chance of 200 draws."""


def drawn(seed: int, images: int, *, mean: bool = False, rate: float = 0.15) -> Rows:
    """Draw boxes of images that share values and outcomes; nothing depends on any attribute."""
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(images), rng.integers(1, 6, images))
    sizes = tuple(int(size) for size in rng.integers(2, 6, rng.integers(6, 9)))
    codes = []
    for size in sizes:
        shares = rng.dirichlet(np.full(size, 2.0))
        of_image = rng.choice(size, images, p=shares)[cluster]
        of_box = rng.choice(size, len(cluster), p=shares)
        codes.append(np.where(rng.random(len(cluster)) < rng.random(), of_image, of_box))
    spread = 0.3
    alpha = rate * (1 / spread - 1)
    level = rng.beta(alpha, alpha / rate - alpha, images)[cluster]
    y = (
        np.exp(2 * level + rng.normal(size=len(cluster)))
        if mean
        else rng.random(len(cluster)) < level
    )
    ones = np.ones(len(cluster))
    return Rows(np.array(codes), sizes, cluster, cluster, y.astype(float), ones, not mean)


def found(rows: Rows, seed: int, **settings: object) -> dict[tuple[tuple[str, str], ...], float]:
    """Return the q-value of each slice that is tested."""
    half = np.random.default_rng(seed).random(rows.cluster.max() + 1) < 0.5
    searched = half[rows.cluster]
    axes = tuple(Axis(f"a{i}", tuple("01234"[:n])) for i, n in enumerate(rows.sizes))
    halves = Halves(rows.of(searched), rows.of(~searched), axes, False, 0.0, ())
    measure = Measure("y", Kind.RATE if rows.proportion else Kind.MEAN, low=False)
    one = discovery(measure, halves, DiscoveryConfig(**settings), 0.95)
    q_values = adjust(one.compared.p_value, "holm")
    return {s.terms: float(q) for s, q in zip(one.slices, q_values, strict=True)}


@pytest.mark.parametrize(
    ("images", "mean", "rate", "ranking"),
    [
        (250, False, 0.05, "sliceline"),
        (250, True, 0.3, "divergence"),
    ],
)
def test_nothing_is_reported_of_200_datasets_without_bad_slices(
    images: int, mean: bool, rate: float, ranking: str
) -> None:
    """Rare events and skew means that images share raise at most 8 % alarms."""
    tests = [
        found(drawn(seed, images, mean=mean, rate=rate), seed, ranking=ranking)
        for seed in range(DATASETS)
    ]
    assert np.mean([len(q_values) for q_values in tests]) > 0.5
    assert (
        np.mean([min(q_values.values(), default=1.0) < 0.05 for q_values in tests]) <= MOST_REPORTS
    )


def test_the_drawn_outcomes_have_a_design_effect() -> None:
    """Boxes of one image are more alike than boxes of different images."""
    rows = drawn(0, 2000)
    sizes = np.bincount(rows.cluster)
    errors = np.bincount(rows.cluster, rows.y - rows.y.mean())
    assert np.sum(errors**2) / (rows.y.var() * sizes.sum()) > 1.3


@pytest.mark.parametrize("ranking", ["sliceline", "divergence"])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_planted_slice_is_found_at_its_depth(depth: int, ranking: str) -> None:
    """It is confirmed, if large enough for the ranking; its parts are not, being no worse."""
    rows = drawn(5, 3000)
    terms = tuple((axis, int(np.bincount(rows.codes[axis]).argmax())) for axis in range(depth))
    inside = np.all([rows.codes[axis] == value for axis, value in terms], axis=0)
    bad = np.random.default_rng(1).random(len(inside)) < 0.5
    planted = Rows(**{**vars(rows), "y": np.where(inside & bad, 1.0, rows.y)})
    q_values = found(planted, 7, ranking=ranking)
    confirmed = {slice_ for slice_, q in q_values.items() if q < 0.05}
    slice_ = tuple((f"a{axis}", str(value)) for axis, value in terms)
    assert slice_ in confirmed
    assert not any(set(slice_) < set(one) for one in confirmed)


@pytest.mark.parametrize("ranking", ["sliceline", "divergence"])
def test_an_interaction_that_shows_in_no_attribute_alone_is_found(ranking: str) -> None:
    """Where two values differ, the rate is higher; either attribute alone has equal rates."""
    rng = np.random.default_rng(3)
    cluster = np.repeat(np.arange(2000), 3)
    codes = rng.integers(2, size=(6, len(cluster)))
    y = (rng.random(len(cluster)) < np.where(codes[0] != codes[1], 0.35, 0.15)).astype(float)
    rows = Rows(codes, (2,) * 6, cluster, cluster, y, np.ones(len(y)), proportion=True)
    q_values = found(rows, 0, ranking=ranking)
    assert {slice_ for slice_, q in q_values.items() if q < 0.05} == {
        (("a0", "0"), ("a1", "1")),
        (("a0", "1"), ("a1", "0")),
    }
