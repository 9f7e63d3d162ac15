"""Whether tables of gaps stay silent where no group's rate differs from another's."""

import numpy as np
import pandas as pd
from ibis import _

from tests.datasets import AGE, GENDER, annotated
from toolkit.estimates import gaps_to_rest, pairs_of
from toolkit.slicing import COUNT, count
from toolkit.stats.multiplicity import adjust

AUDITS = 200
FLAGS = [f"flag{i}" for i in range(AUDITS)]
BY = [("gender",), ("age",), ("gender", "age")]


def moods(images: int = 300) -> pd.DataFrame:
    """Draw boxes of images with moods: who is on them and what is flagged vary with the image.

    Each column of flags is an audit of its own, in which no flag depends on who is in the box.
    """
    rng = np.random.default_rng(8)
    image = np.repeat(np.arange(images), rng.integers(1, 7, images))
    n = len(image)
    who = rng.dirichlet((1.5, 1.5, 0.5), images)[image].cumsum(axis=1)
    gender = np.array(["F", "M", "Unknown"])[(rng.random((n, 1)) > who).sum(axis=1).clip(0, 2)]
    age = np.where(rng.random(n) < rng.beta(1, 1, images)[image], "Young", "Old")
    often = rng.beta(0.6, 2.4, (images, AUDITS))[image]
    flags = pd.DataFrame(rng.random((n, AUDITS)) < often, columns=FLAGS)
    people = pd.DataFrame({"image_id": image.astype(str), "gender": gender, "age": age})
    return pd.concat([people, flags], axis=1)


def test_gaps_of_rates_between_overlapping_groups_are_no_discoveries() -> None:
    """Eleven groups, of which each box is in three, and images that differ from each other.

    By Benjamini and Hochberg's method a gap is found in at most 5% and 3 points of 200 audits, in
    each family and in all three together, and single tests reject as often as they say.
    """
    frame = moods()
    pairs = [pair for flag in FLAGS for pair in pairs_of(flag, COUNT)]
    measures = {flag: _[flag].cast("int64") for flag in FLAGS}
    families = count(annotated(frame, [GENDER, AGE]), BY, 50, measures=measures, pairs=pairs)
    p = [
        np.array([gaps_to_rest(found, flag, COUNT, 0.95).p_value for flag in FLAGS])
        for found in families
    ]
    for one in (*p, np.concatenate(p, axis=1)):
        assert np.mean([(adjust(audit) < 0.05).any() for audit in one]) <= 0.08
    assert 0.03 <= np.mean(p[0] < 0.05) <= 0.07
