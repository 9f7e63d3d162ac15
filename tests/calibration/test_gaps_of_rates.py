"""Whether differences and ratios of two groups' rates hold the truth as often as they say."""

import numpy as np
import pytest

from tests.calibration.draws import two_groups
from toolkit.stats.clustered import contrast

SAMPLES = 3000
"""The standard error of a coverage of 95% is then 0.4 points."""
RATES = [
    *((0.02, 0.02), (0.02, 0.1), (0.02, 0.98), (0.1, 0.3), (0.3, 0.5)),
    *((0.5, 0.5), (0.9, 0.9), (0.9, 0.98), (0.98, 0.98)),
]
UNITS = 5
"""Units of a group on an image where units are clustered."""
ENOUGH = 15
"""Effective number of the rarer kind of either group from which on coverage is 93 to 97%.

Below it a rate takes so few values that the coverage of any interval swings with the rates.
"""
LEAST_DIFFERENCE = 0.90
"""Where less is seen; the least is that of rates of 0.02 and 0.98 of 30 units."""
LEAST_RATIO = 0.91
"""Where less is seen; the least is that of two groups on 20 images each, 100 units of either."""
MOST_REJECTED = 0.09
"""Of equal rates, where less is seen than enough: 20 flagged units at a design effect of 3."""


@pytest.mark.parametrize("together", [0.0, 0.5, 1.0], ids="{:.0%} together".format)
@pytest.mark.parametrize("effect", [1, 2, 3])
@pytest.mark.parametrize("n", [30, 100, 1000, 10_000])
def test_differences_and_ratios_of_rates_hold_the_truth(
    n: int, effect: int, together: float
) -> None:
    """Groups of n units each, on images of their own, on the same ones, or on some of both.

    From 93 to 97 in 100 intervals do wherever either kind is seen often enough in both groups.
    Where hardly anything is seen they are mostly too wide, and only so much too narrow.
    """
    units = UNITS if effect > 1 else 1
    images = round(2 * n / units / (1 + together))
    for first, second in RATES:
        kinds = two_groups((first, second), units, effect, together)
        totals, cross = kinds.draw(images, SAMPLES, [n, effect, round(2 * together)])
        found = contrast(totals, cross, images)
        rarest = min(first, second, 1 - first, 1 - second) * n / effect
        enough = rarest >= ENOUGH
        for estimate, truth, least in (
            (found.difference, first - second, LEAST_DIFFERENCE),
            (found.ratio, first / second, LEAST_RATIO),
        ):
            known = ~np.isnan(estimate.low)
            held = (estimate.low <= truth + 1e-12) & (truth - 1e-12 <= estimate.high)
            coverage = held[known].mean()
            bounds = (0.93, 0.97) if enough else (least, 1.0)
            assert bounds[0] <= coverage <= bounds[1], (first, second)
        if first == second:
            rejected = np.nanmean(found.p_value < 0.05)
            assert rejected <= (0.07 if enough else MOST_REJECTED), first


def test_the_drawn_groups_have_the_design_effect_and_share_images() -> None:
    """What is drawn varies as much as is said, and two groups of one image vary together."""
    for effect, together in ((1.0, 0.0), (2.0, 0.5), (3.0, 1.0)):
        kinds = two_groups((0.3, 0.3), UNITS, effect, together)
        y1, x1, y2, x2 = kinds.parts.T
        errors = np.stack([y1 - 0.3 * x1, y2 - 0.3 * x2])
        variance = errors * kinds.likely @ errors.T
        independent = 0.3 * 0.7 * (kinds.likely * x1).sum()
        assert variance[0, 0] == pytest.approx(effect * independent)
        rho = (effect - 1) / (UNITS - 1)
        shared = rho * UNITS**2 * 0.3 * 0.7 * together
        assert variance[0, 1] == pytest.approx(shared, abs=1e-12)
