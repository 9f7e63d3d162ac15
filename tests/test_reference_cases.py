"""Every number of the file of published cases is reproduced, or named as one of a later part."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from toolkit.stats.association_forms import FORMS, form_value
from toolkit.stats.disparity import conditional_demographic_disparity, demographic_disparity
from toolkit.stats.divergence import (
    chi_square,
    js,
    kl,
    ks,
    lp,
    rao_scott_p_value,
    total_variation,
)
from toolkit.stats.diversity import atkinson, class_imbalance, theil_l, theil_t
from toolkit.stats.intervals import wilson

Case = Mapping[str, Any]
Key = tuple[str, ...]

INPUTS = {
    "R1_clarify_unit": {"src", "x", "y", "yhat", "facet_d"},
    "R3_synapse_small": {"repro", "rows"},
    "R6_ucb": {"repro", "dept_Madm_Mrej_Fadm_Frej"},
}
"""The keys of a case that say what was measured, not what came out."""
ELSEWHERE = {
    **{
        ("R1_clarify_unit", "expected", name): "model outcomes: from predictions, after training"
        for name in ("DI", "DCA", "DCR", "RD", "SD", "DRR", "AD", "DAR", "TE", "GE")
    },
    ("R20_hand", "ita", "70,15"): "signals: the typology angle of skin, from pixels",
    ("R20_hand", "ita", "30,10"): "signals: the typology angle of skin, from pixels",
}
"""Numbers of parts of the toolkit that this file does not test, and which these are."""
GENDER, ETHNICITY = 1, 2


def sizes(case: Case, *columns: int) -> np.ndarray:
    """Return how many of the nine rows each observed combination of columns has."""
    return np.array(list(Counter(tuple(row[i] for i in columns) for row in case["rows"]).values()))


def from_uniform(measure: Callable[..., Any], column: int) -> Callable[[Case], float]:
    """Return what measures the distance of a column of the nine rows from equal shares."""

    def measured(case: Case) -> float:
        p = sizes(case, column)
        return float(measure(p, np.ones(len(p))))

    return measured


def p_value(p: np.ndarray, q: np.ndarray) -> float:
    """Return the p-value of independent units having equal shares."""
    n, even = p.sum(), q / q.sum()
    return float(rao_scott_p_value(p / n - even, even, (np.diag(even) - np.outer(even, even)) / n))


def inequality(measure: Callable[..., Any], *columns: int) -> Callable[[Case], float]:
    """Return what measures the inequality of the observed combinations of the nine rows."""
    return lambda case: float(measure(sizes(case, *columns)))


def gap(form: str) -> Callable[[Case], float]:
    """Return what measures a form of association of men with the label, less that of women."""

    def measured(case: Case) -> float:
        n, labelled = len(case["rows"]), sum(row[0] for row in case["rows"])
        men, women = (
            form_value(
                FORMS[form],
                sum(row[0] for row in case["rows"] if row[GENDER] == who),
                sum(row[GENDER] == who for row in case["rows"]),
                labelled,
                n,
            )
            for who in ("Male", "Female")
        )
        return float(men - women)

    return measured


def of_women(case: Case) -> tuple[np.ndarray, ...]:
    """Return, by department, rejected and admitted women, and all rejected and admitted."""
    departments = np.array(list(case["dept_Madm_Mrej_Fadm_Frej"].values()))
    men_in, men_out, women_in, women_out = departments.T
    return women_out, women_in, men_out + women_out, men_in + women_in


DISTANCES: dict[str, Callable[..., Any]] = {
    "kl": kl,
    "js_dist_base2": lambda p, q: np.sqrt(js(p, q) / np.log(2)),
    "js_dist_nats": lambda p, q: np.sqrt(js(p, q)),
    "inf": ks,
    "tvd": total_variation,
    "mean_abs": lambda p, q: lp(p, q, 1) / len(p),
    "chi2": lambda p, q: p.sum() * chi_square(p, q),
    "p": p_value,
}
INEQUALITIES: dict[str, Callable[..., Any]] = {
    "atkinson_1": atkinson,
    "atkinson_0.9": lambda totals: atkinson(totals, 0.9),
    "theil_l": theil_l,
    "theil_t": theil_t,
}
GAPS = {
    "dp": "demographic_parity",
    "ji": "jaccard",
    "llr": "log_likelihood",
    "pmi": "pmi",
    "krc": "krc",
    "npmi_xy_true": "npmi",
}
ONE_SIDED = (np.array([1, 1, 0]), np.array([1, 0, 1]))
"""Two distributions of which each has a value that the other lacks."""
NINE = "R3_synapse_small"
OURS: dict[Key, Callable[[Case], float]] = {
    ("R1_clarify_unit", "expected", "CI"): lambda case: float(
        class_imbalance(
            len(case["x"]) - case["x"].count(case["facet_d"]), case["x"].count(case["facet_d"])
        )
    ),
    **{(NINE, "gender", key): from_uniform(f, GENDER) for key, f in DISTANCES.items()},
    **{(NINE, "ethnicity", key): from_uniform(f, ETHNICITY) for key, f in DISTANCES.items()},
    **{(NINE, "agg_gender", key): inequality(f, GENDER) for key, f in INEQUALITIES.items()},
    **{
        (NINE, "agg_gender_ethnicity", key): inequality(f, GENDER, ETHNICITY)
        for key, f in INEQUALITIES.items()
    },
    **{(NINE, "gap_male_female", key): gap(form) for key, form in GAPS.items()},
    **{
        ("R4_js_dist_base2", str(i), "v"): lambda case, i=i: float(
            DISTANCES["js_dist_base2"](case[i]["p"], case[i]["q"])
        )
        for i in range(5)
    },
    ("R6_ucb", "DD"): lambda case: float(
        demographic_disparity(*(part.sum() for part in of_women(case)))
    ),
    ("R6_ucb", "CDD"): lambda case: float(conditional_demographic_disparity(*of_women(case))),
    ("R20_hand", "wilson95_8_of_10", "0"): lambda _: float(wilson(8, 10).low),
    ("R20_hand", "wilson95_8_of_10", "1"): lambda _: float(wilson(8, 10).high),
    ("R20_hand", "support_mismatch", "TVD"): lambda _: float(total_variation(*ONE_SIDED)),
    ("R20_hand", "support_mismatch", "KS"): lambda _: float(ks(*ONE_SIDED)),
    ("R20_hand", "support_mismatch", "JS_nats"): lambda _: float(js(*ONE_SIDED)),
}
"""By its place in the file, what of ours gives a published number from its case."""


def published(content: Any, place: Key = ()) -> Iterator[tuple[Key, float]]:
    """Yield every published number of the file with its place."""
    if isinstance(content, int | float):
        yield place, float(content)
        return
    items = content.items() if isinstance(content, dict) else enumerate(content)
    left_out = {"_note", *INPUTS.get(place[-1] if place else "", ())}
    if place[:1] == ("R4_js_dist_base2",):
        left_out |= {"p", "q"}
    for name, value in items:
        if name not in left_out:
            yield from published(value, (*place, str(name)))


@pytest.fixture(scope="module")
def cases(shared_data: Path) -> dict[str, Any]:
    """Return the published cases."""
    return dict(json.loads((shared_data / "reference_cases.json").read_text()))


def test_no_published_number_is_forgotten(cases: dict[str, Any]) -> None:
    """Each number of the file is either computed here or belongs to a part named here."""
    assert {place for place, _ in published(cases)} == OURS.keys() | ELSEWHERE.keys()
    assert not OURS.keys() & ELSEWHERE.keys()


@pytest.mark.parametrize("place", OURS, ids="/".join)
def test_published_numbers_are_reproduced(cases: dict[str, Any], place: Key) -> None:
    """Ours is the published one to nine digits."""
    expected = dict(published(cases))[place]
    assert OURS[place](cases[place[0]]) == pytest.approx(expected, rel=1e-9)
