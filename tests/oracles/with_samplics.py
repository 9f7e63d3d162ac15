"""Clustered shares by samplics' Taylor linearisation, images as primary sampling units."""

import json
import sys
import warnings

import numpy as np
from data import boxes

warnings.simplefilter("ignore")  # says on import that its successor is another package

from samplics.estimation import TaylorEstimator  # noqa: E402
from samplics.utils.types import PopParam  # noqa: E402

image, group, flag, weight = (np.array(column) for column in zip(*boxes(), strict=True))


def ratio(y: np.ndarray, x: np.ndarray, weights: np.ndarray) -> list[float]:
    """Return a ratio of totals over images with its standard error."""
    estimator = TaylorEstimator(PopParam.ratio)
    estimator.estimate(y=y.astype(float), x=x.astype(float), samp_weight=weights, psu=image)
    return [float(estimator.point_est), float(estimator.stderror)]


one = np.ones(len(image))
json.dump(
    {
        "share": ratio(group, one, one),
        "rate": ratio(flag & group, group, one),
        "weighted share": ratio(group, one, weight),
        "weighted rate": ratio(flag & group, group, weight),
    },
    sys.stdout,
)
