"""The distribution that the shares of an attribute's known values are held against."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from toolkit.stats.arrays import divide

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from toolkit.model.attribute import Attribute
    from toolkit.model.slices import Slice


def reference_of(
    groups: Sequence[Slice], attributes: Sequence[Attribute], possible: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the reference share of each group; shape (k,), sum 1.

    For one attribute its declared reference, in which a value that is not named has share 0, else
    the uniform distribution; for several, the product over attributes. Groups that are not
    `possible` get 0 and the others are scaled up.
    """
    weights = np.ones(len(groups))
    for i, attribute in enumerate(attributes):
        if attribute.reference:
            values = [str(group.terms[i][1]) for group in groups]
            weights *= [attribute.reference.get(value, 0.0) for value in values]
    weights = np.where(possible, weights, 0.0)
    return divide(weights, weights.sum())
