"""Numbers in, numbers out: estimates, intervals and tests on arrays of counts and totals.

Every function takes array-likes, broadcasts them and returns numpy arrays. What is not defined is
NaN, never 0, and no numpy warning is raised. The modules are the interface; there is one idea in
each:

* `intervals`: proportions of independent units, their difference and their ratio.
* `clustered`: ratios of totals whose units share images, and contrasts of two such ratios.
* `delta`: one delta-method step from totals to any smooth function of them.
* `multiplicity`: p-values corrected for testing a whole table.
* `association`: how often two features meet in an image.
* `divergence`: how far one distribution is from another.
* `diversity`: how evenly one distribution is spread.
* `power`: what difference could have been found, and how many units that takes.
"""

from toolkit.stats import (
    association,
    clustered,
    delta,
    divergence,
    diversity,
    intervals,
    multiplicity,
    power,
)

__all__ = [
    "association",
    "clustered",
    "delta",
    "divergence",
    "diversity",
    "intervals",
    "multiplicity",
    "power",
]
