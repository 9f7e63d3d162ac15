"""An attacker who knows every published number, and how masking works, learns no small cell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linprog

from tests.datasets import AGE, GENDER, annotated
from toolkit.config import AuditConfig
from toolkit.detectable import MINIMUM, minimum_detectable
from toolkit.metrics import METRICS
from toolkit.model.slices import SliceTable, Status
from toolkit.pipeline import run
from toolkit.render import publish
from toolkit.wording.slices import Terms, terms

LIMIT = 11
VALUES = {"gender": ("F", "M", "Unknown"), "age": ("Young", "Old", "Unknown")}
CELLS = list(product(*VALUES.values()))
ATTRIBUTES = {"gender": GENDER, "age": AGE}
COUNTING = ("representation.count", "representation.share", "annotation.", MINIMUM)
Equation = tuple[np.ndarray, float]


def published_tables(counts: np.ndarray) -> dict[str, pd.DataFrame]:
    """Audit people of these genders and ages, one an image, and publish."""
    rows = [cell for cell, n in zip(CELLS, counts.ravel(), strict=True) for _ in range(n)]
    frame = pd.DataFrame(rows, columns=list(VALUES))
    frame["is_occluded"] = [i % 3 == 0 for i in range(len(rows))]
    frame["image_id"] = [f"i{i}" for i in range(len(rows))]
    others = [name for name in METRICS if name not in ("representation", "annotation")]
    config = AuditConfig.of({"metrics": {"ignore": others}})
    audit = run(annotated(frame), ["gender", "age", ["gender", "age"]], config)
    table = SliceTable.concat(map(SliceTable, audit.tables.values()))
    tables = {**audit.tables, MINIMUM: minimum_detectable(table, 0.95).frame}
    return dict(publish(replace(audit, tables=MappingProxyType(tables))).tables)


def members(cut: Terms, *, known: bool = False) -> np.ndarray:
    """Return which cells are in a slice, or, if `known`, in the known values of its attributes."""
    names, inside = list(VALUES), []
    for cell in CELLS:
        pairs = [(cell[names.index(name)], name, value) for name, value in cut if name in VALUES]
        fits = [own not in ATTRIBUTES[n].missing if known else own == v for own, n, v in pairs]
        inside.append(all(fits))
    return np.array(inside, dtype=float)


def equations(tables: dict[str, pd.DataFrame]) -> Iterator[Equation]:
    """Yield what every number that is shown says of the nine cells."""
    for table in tables.values():
        for row in table[table["status"].isin([Status.OK, Status.SMALL])].itertuples():
            cut = terms(row.slice)
            if row.unit == "annotation" and {name for name, _ in cut} <= set(VALUES):
                yield from of_counts(row, cut)
                yield from of_values(row, cut)


def of_counts(row: Any, cut: Terms) -> Iterator[Equation]:
    """Yield what the units say that a number rests on."""
    known = members(cut, known=True)
    if row.metric == "representation.share_of_known":
        yield members(cut) * known, row.n
    elif row.metric.startswith(COUNTING) and (cut or row.metric != MINIMUM):
        yield members(cut), row.n
    elif row.metric.startswith("representation.") and row.subject:
        summed = row.subject.partition(":")[0].split(" & ")
        yield members(tuple((name, "") for name in summed), known=True), row.n


def of_values(row: Any, cut: Terms) -> Iterator[Equation]:
    """Yield what a share, a ratio to equal shares or a rate of unknown values says."""
    inside, known = members(cut), members(cut, known=True)
    if row.metric == "representation.share":
        yield inside - row.value * members(()), 0.0
    elif row.metric == "representation.share_of_known":
        yield inside - row.value * known, 0.0
    elif row.metric == "representation.ratio":
        share = row.value / np.prod([len(ATTRIBUTES[name].values) for name, _ in cut])
        yield inside - share * known, 0.0
    elif row.metric == "annotation.missing_rate":
        yield inside * members(((row.subject, "Unknown"),)), row.value * row.n


def largest(cut: Terms, known: list[Equation], masked: list[Terms]) -> float:
    """Return the most members that a slice can have, given that no masked one is empty."""
    left, right = np.array([e[0] for e in known]), np.array([e[1] for e in known])
    found = linprog(
        -members(cut),
        A_eq=left,
        b_eq=right,
        A_ub=[-members(other) for other in masked],
        b_ub=[-1.0] * len(masked),
    )
    assert found.status in (0, 3), found.message
    return np.inf if found.status == 3 else -found.fun


@settings(max_examples=8)
@given(arrays(int, (3, 3), elements=st.sampled_from([0, 1, 2, 4, 9, 12, 25, 60])))
def test_nobody_can_tell_that_a_masked_cell_is_small(counts: np.ndarray) -> None:
    """A linear program over counts, shares, ratios and rates finds room for a number that is shown.

    Cells can only be given away where there is nothing left to mask.
    """
    if not counts.sum():
        return
    tables = published_tables(counts)
    shown = tables["representation.count"]
    sizes = {cut: int(members(cut) @ counts.ravel()) for cut in map(terms, shown["slice"])}
    hidden = shown["status"] == Status.SUPPRESSED
    masked = [terms(text) for text in shown.loc[hidden, "slice"]]
    assert {cut for cut, n in sizes.items() if cut and 0 < n < LIMIT} <= set(masked)
    if {cut for cut, n in sizes.items() if cut and n} == set(masked):
        return
    known = list(equations(tables))
    for cut in masked:
        if sizes[cut] < LIMIT:
            assert largest(cut, known, masked) >= LIMIT - 1e-6, (cut, sizes)
