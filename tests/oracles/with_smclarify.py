"""Pre-training bias by smclarify; of what it calls d, the sensitive facet, against the others."""

import json
import sys

import pandas as pd
from data import applicants, outcomes
from smclarify.bias.metrics import pretraining


def bias(facet: pd.Series, label: pd.Series, positive: pd.Series, group: pd.Series) -> dict:
    """Return all of its metrics."""
    found = {
        "CI": pretraining.CI(label, facet),
        "DPL": pretraining.DPL(label, facet, positive),
        "CDDL": pretraining.CDDL(label, facet, positive, group),
    }
    for name in ("KL", "JS", "LP", "TVD", "KS"):
        found[name] = getattr(pretraining, name)(label, facet)
    return {name: float(value) for name, value in found.items()}


drawn = pd.DataFrame(outcomes(), columns=["facet", "label", "group"])
ucb = pd.DataFrame(applicants(), columns=["group", "gender", "label"])
json.dump(
    {
        "outcomes": bias(drawn["facet"], drawn["label"], drawn["label"] == "z", drawn["group"]),
        "applicants": bias(ucb["gender"] == "F", ucb["label"], ucb["label"], ucb["group"]),
    },
    sys.stdout,
)
