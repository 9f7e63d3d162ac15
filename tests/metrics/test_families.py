"""What is recorded of the families of tests is how they were corrected."""

from pathlib import Path

import numpy as np

import toolkit as tk
from toolkit.config import AuditConfig
from toolkit.metrics import METRICS
from toolkit.pipeline import run
from toolkit.stats.multiplicity import adjust
from toolkit.wording.labels import OF_WORD
from toolkit.wording.slices import attributes_of

KEYS = {
    "subject and entry of `by`": ["subject", "by"],
    "measure, unit, source of labels and entry of `by`": ["unit", "by"],
}
"""The columns that tell the families apart, beside the source of labels: captions or others."""
MEASURES = "association.attributes"
"""The table in which the subject is the measure."""


def test_every_family_is_corrected_as_is_said(sample: Path) -> None:
    """Corrected anew within what each family of metrics names, the p-values give the q-values.

    By Holm's method, which tells from the number of tests alone whether a family is another one.
    """
    by = ["gender_presentation", "age_presentation", ["gender_presentation", "age_presentation"]]
    audit = run(tk.load(sample), by, AuditConfig.of({"slices": {"correction": "holm"}}))
    said = {name: m.corrected for m in METRICS.values() for name in m.tables}
    checked = 0
    for metric, rows in audit.tables.items():
        # Of two attributes there are two tests, whatever number of rows they stand in.
        tests = rows["subject"].str.endswith((": chi-square", ": G"))
        table = rows[tests] if metric == "association.table" else rows
        if metric in said and table["p_value"].notna().any():
            keys = KEYS[said[metric]] + ["subject"] * (metric == MEASURES)
            family = [table["slice"].map(attributes_of) if k == "by" else table[k] for k in keys]
            family.append(table["subject"].str.contains(OF_WORD, regex=False))
            again = table.groupby(family)["p_value"].transform(lambda p: adjust(p, "holm"))
            np.testing.assert_allclose(again, table["q_value"], rtol=1e-12, err_msg=metric)
            checked += 1
    assert checked > 5
