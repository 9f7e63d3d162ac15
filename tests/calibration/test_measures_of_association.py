"""Whether lift and nPMI hold the truth for labels that nearly every image has."""

import numpy as np
import pytest

from tests.calibration.draws import two_groups_and_a_label
from toolkit.stats.association import lift, lift_interval, npmi, npmi_interval
from toolkit.stats.association_forms import FORMS, form_interval

SAMPLES = 3000
"""The standard error of a coverage of 95% is then 0.4 points."""
SHARES = [(0.5, 0.5, 0.0), (0.3, 0.3, 0.3), (0.3, 0.7, 0.0)]
"""Parts of the images with only the first group, only the second, and both."""
LABELS = [(0.9, 0.8, 0.85, 0.9), (0.95, 0.98, 0.97, 0.95), (0.995, 0.99, 0.99, 0.995)]
"""How often the images of one group, the other, both and none have the label."""
LEAST = 0.92
"""The intervals of so few images are mostly too wide; without the widening the least is 19%."""


@pytest.mark.parametrize("n", [30, 100, 1000])
@pytest.mark.parametrize(
    ("measure", "interval"),
    [
        (lift, lift_interval),
        (npmi, npmi_interval),
        (npmi, lambda *cell: form_interval(FORMS["npmi"], *cell)),
    ],
    ids=["lift", "npmi", "form"],
)
def test_measures_of_labels_that_nearly_all_have_hold_the_truth(measure, interval, n: int) -> None:
    """Also where no image of a group lacks the label in the sample, some of the others do.

    Where no image at all lacks it the lift is 1 and its interval with it; such samples are left
    out for the lift alone.
    """
    for shares in SHARES:
        for labels in LABELS:
            kinds = two_groups_and_a_label(shares, labels, 1, 1)
            totals, _ = kinds.draw(n, SAMPLES, [n])
            truth = kinds.likely @ kinds.parts
            for first in (0, 4):
                cell = totals[:, first : first + 4].T
                found = interval(*cell)
                known = ~np.isnan(found.low)
                if measure is lift:
                    known &= cell[2] < n
                expected = measure(*truth[first : first + 4])
                held = (found.low <= expected + 1e-12) & (expected - 1e-12 <= found.high)
                assert held[known].mean() >= LEAST, (shares, labels, first)
