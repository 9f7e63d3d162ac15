"""Clustered and weighted estimates against R's survey package."""

import csv
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ibis import _

from tests.datasets import GENDER, annotated
from toolkit.estimates import (
    gaps_to_rest,
    image_shares,
    pairs_of,
    rates,
    shares,
    units_per_image,
)
from toolkit.model.dataset import Sampling
from toolkit.slicing import COUNT, Totals, count

Answers = dict[str, tuple[float, float]]
SCRIPT = Path(__file__).with_name("survey.R")
DESIGNS = {
    "images": Sampling(),
    "photographers": Sampling(cluster="photographer"),
    "weights": Sampling(weights="weight"),
    "photographers and weights": Sampling(cluster="photographer", weights="weight"),
}


@pytest.fixture(scope="module")
def survey(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Answers]:
    """Return a function that asks R, or skip the test."""
    rscript = shutil.which("Rscript")
    look = [rscript or "", "-e", "library(survey)"]
    if rscript is None or subprocess.run(look, capture_output=True, check=False).returncode:
        pytest.skip("R with its package survey is not installed (Debian: r-cran-survey)")

    def ask(boxes: pd.DataFrame, images: pd.DataFrame) -> Answers:
        folder = tmp_path_factory.mktemp("survey")
        paths = [folder / "boxes.csv", folder / "images.csv"]
        for path, frame in zip(paths, (boxes, images), strict=True):
            frame.to_csv(path, index=False)
        command = [rscript, str(SCRIPT), *map(str, paths)]
        answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        lines = csv.reader(answer.splitlines())
        return {name: (float(value), float(se)) for name, value, se in lines}

    return ask


def drawn(images: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw images of photographers who each see the world their own way, and the boxes on them."""
    rng = np.random.default_rng(4)
    by = pd.DataFrame(
        {
            "image_id": [f"i{i}" for i in range(images)],
            "photographer": np.array([None, *(f"p{i}" for i in range(40))])[
                rng.integers(0, 41, images)
            ],
            "weight": rng.lognormal(0, 0.8, images),
        }
    )
    boxes = by.loc[by.index.repeat(rng.poisson(1.6, images))].reset_index(drop=True)
    style = pd.factorize(boxes["photographer"])[0] % 7 / 10
    return by, boxes.assign(
        gender=np.where(
            rng.random(len(boxes)) < style, "F", rng.choice(["M", "Unknown"], len(boxes))
        ),
        flag=rng.random(len(boxes)) < 0.1 + style,
        size=rng.integers(1, 2000, len(boxes)),
    )


def asked(
    images: pd.DataFrame, boxes: pd.DataFrame, sampling: Sampling
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the tables for R: boxes with a row for each image without any, and images."""
    counts = boxes.groupby("image_id").agg(
        boxes=("gender", "size"), feminine=("gender", lambda values: (values == "F").sum())
    )
    by = images.join(counts, on="image_id").fillna({"boxes": 0, "feminine": 0})
    both = pd.concat([boxes.assign(box=1), by[by["boxes"] == 0].assign(box=0, flag=False, size=0)])
    drawn_by = []
    for frame in (both, by):
        cluster = frame["image_id"]
        if sampling.cluster == "photographer":
            cluster = frame["photographer"].fillna(cluster)
        weight = frame["weight"] if sampling.weights else 1.0
        drawn_by.append(frame.assign(cluster=cluster, weight=weight))
    return drawn_by[0].astype({"flag": int}), drawn_by[1]


def counted(images: pd.DataFrame, boxes: pd.DataFrame, sampling: Sampling) -> Totals:
    """Count the boxes by gender."""
    rows = boxes.drop(columns=["photographer", "weight"])
    dataset = replace(annotated(rows, [GENDER], images=images), sampling=sampling)
    measures = {"flag": _["flag"], "size": _["size"]}
    pairs = [*pairs_of("flag", COUNT), *pairs_of("size", COUNT)]
    (found,) = count(dataset, [("gender",)], 50, measures=measures, pairs=pairs)
    return found


def answers(found: Totals) -> Answers:
    """Return our estimates under the names of R's."""
    share, gap = shares(found, 0.95), gaps_to_rest(found, "flag", COUNT, 0.95)
    rate = rates(found, "flag", COUNT, 0.95)
    mean = rates(found, "size", COUNT, 0.95, proportion=False)
    part, boxes = image_shares(found, 0.95), units_per_image(found, 0.95)
    names = [str(group).removeprefix("gender=") for group in found.groups]
    answer = {f"share {name}": (share.value[i], share.se[i]) for i, name in enumerate(names)}
    for i, name in enumerate(["overall", *names]):
        answer |= {f"rate {name}": (rate.value[i], rate.se[i])}
        answer |= {f"mean {name}": (mean.value[i], mean.se[i])}
    for i, name in enumerate(names):
        answer |= {f"gap {name}": (gap.difference.value[i], gap.difference.se[i])}
        answer |= {f"ratio {name}": (gap.ratio.value[i], gap.ratio.se[i])}
    for i, name in enumerate(["overall", "F"]):
        answer |= {f"image share {name}": (part.value[i], part.se[i])}
        answer |= {f"boxes {name}": (boxes.value[i], boxes.se[i])}
    return answer


@pytest.mark.parametrize("design", DESIGNS)
def test_estimates_and_standard_errors_are_those_of_survey(
    survey: Callable[..., Answers], design: str
) -> None:
    """Shares, rates, means, gaps and ratios of domains equal R's, weighted or not, to 1e-8."""
    images, boxes = drawn(300)
    expected = survey(*asked(images, boxes, DESIGNS[design]))
    found = answers(counted(images, boxes, DESIGNS[design]))
    assert found.keys() == expected.keys()
    for name, numbers in expected.items():
        assert found[name] == pytest.approx(numbers, rel=1e-8), name
