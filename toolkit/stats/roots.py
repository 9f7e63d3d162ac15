"""Where a rising function crosses a level, for many functions at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from toolkit.stats.arrays import Floats

HALVINGS = 64
"""Enough to shrink any bracket used here below the spacing of float64."""


def crossing(
    statistic: Callable[[Floats], Floats], level: float, inside: Floats, outside: Floats
) -> Floats:
    """Find by bisection where a statistic that rises from `inside` to `outside` reaches a level.

    Args:
        statistic: Vectorised; may be NaN where it is 0/0, which counts as inside.
        level: The value to reach.
        inside: Points at which the statistic is below the level.
        outside: Points at which it is above, on either side of `inside`. Where it stays below the
            level everywhere, the result is `outside`.
    """
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        beyond = statistic(middle) > level
        inside = np.where(beyond, inside, middle)
        outside = np.where(beyond, middle, outside)
    return outside
