"""Our numbers equal those of packages that need an environment of their own (`make oracles`)."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.oracles.data import answers, applicants, boxes, cells, outcomes
from tests.oracles.recompute import FIGURES
from toolkit.render._suppression import hidden_cells
from toolkit.stats.agreement import Tally, fleiss_kappa, gwet_ac1, nominal_alpha
from toolkit.stats.clustered import ratio
from toolkit.stats.disparity import conditional_demographic_disparity
from toolkit.stats.divergence import js, kl, ks, lp, total_variation
from toolkit.stats.diversity import class_imbalance
from toolkit.wording.slices import Terms


def figures(name: str) -> Any:
    """Return the frozen figures of a package."""
    return json.loads(FIGURES.read_text(encoding="utf-8"))[name]["figures"]


@pytest.mark.parametrize("data", ["outcomes", "applicants"])
def test_label_bias_equals_smclarify(data: str) -> None:
    """Imbalance, distances and disparity by strata: of drawn people, of Berkeley's applicants."""
    if data == "outcomes":
        people = pd.DataFrame(outcomes(), columns=["facet", "label", "group"])
        people["positive"] = people["label"] == "z"
    else:
        people = pd.DataFrame(applicants(), columns=["group", "gender", "label"])
        people = people.assign(facet=people["gender"] == "F", positive=people["label"])
    counts = people.groupby(["facet", "label"]).size().unstack()
    others, facet = counts.loc[False], counts.loc[True]
    rate = people.groupby("facet")["positive"].mean()
    strata = people.groupby(["group", "facet", "positive"]).size().unstack(["facet", "positive"])
    rejected, accepted = strata[True, False], strata[True, True]
    everybody = strata.T.groupby(level="positive").sum().T
    ours = {
        "CI": class_imbalance(others.sum(), facet.sum()),
        "DPL": rate[False] - rate[True],
        "CDDL": conditional_demographic_disparity(
            rejected, accepted, everybody[False], everybody[True]
        ),
        "KL": kl(others, facet),
        "JS": js(others, facet),
        "LP": lp(others, facet),
        "TVD": total_variation(others, facet),
        "KS": ks(others, facet),
    }
    theirs = figures("smclarify")[data]
    assert {name: float(value) for name, value in ours.items()} == pytest.approx(theirs, rel=1e-12)


@pytest.mark.parametrize("name", ["share", "rate", "weighted share", "weighted rate"])
def test_clustered_ratios_equal_samplics(name: str) -> None:
    """A share and a rate over the same images, with and without weights: value and error."""
    rows = pd.DataFrame(boxes(), columns=["image", "group", "flag", "weight"])
    weight = rows["weight"] if "weighted" in name else 1.0
    y = rows["group"] & rows["flag"] if "rate" in name else rows["group"]
    x = rows["group"] if "rate" in name else True
    per = rows.assign(y=y * weight, x=x * weight).groupby("image")[["y", "x"]].sum()
    products = (per["y"] ** 2, per["y"] * per["x"], per["x"] ** 2)
    found = ratio(*per.sum(), *(product.sum() for product in products), len(per))
    assert [float(found.value), float(found.se)] == pytest.approx(
        figures("samplics")[name], rel=1e-10
    )


@pytest.mark.parametrize("data", ["some missing", "complete"])
def test_agreement_equals_irrcac(data: str) -> None:
    """Gwet's AC1, Fleiss' kappa and Krippendorff's alpha of four annotators, who may skip items."""
    rows = [row for row in answers() if data == "some missing" or None not in row]
    counts = [[Counter(row)[category] for category in "abc"] for row in rows]
    tally = Tally.of_items(counts).weighted(np.ones(len(rows)))
    ours = {"gwet": gwet_ac1(tally), "fleiss": fleiss_kappa(tally)}
    ours["krippendorff"] = nominal_alpha(tally)
    theirs = figures("irrcac")[data]
    assert {name: float(value) for name, value in ours.items()} == pytest.approx(theirs, abs=1e-9)


def test_small_cells_are_those_that_acro_suppresses() -> None:
    """Those that we mask for being small are acro's, but for the empty ones, which we show.

    Others that we mask are the further ones from which these could be had: acro has no such rule.
    """
    theirs = figures("acro")
    sizes: Counter[Terms] = Counter()
    for gender, age in cells():
        of_gender, of_age = ("gender", gender), ("age", age)
        sizes.update([(), (of_gender,), (of_age,), (of_gender, of_age)])
    hidden = hidden_cells(sizes, frozenset({"gender", "age"}), theirs["threshold"])
    masked = {(("gender", gender), ("age", age)) for gender, age in theirs["masked"]}
    assert {cut for cut in hidden if sizes[cut] < theirs["threshold"]} == masked & sizes.keys()
    assert masked - sizes.keys() == {(("gender", "M"), ("age", "Unknown"))}
