"""The numbers of two audits side by side, and which of them changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from toolkit.comparison.model import Outcome
from toolkit.errors import DataReadError
from toolkit.model.slices import SLICE_COLUMNS, Status
from toolkit.stats.multiplicity import adjust
from toolkit.stats.stored import change, least_change, rescaled, stored
from toolkit.wording.slices import attributes_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from toolkit.model.audit import AuditRecord
    from toolkit.stats.clustered import RatioEstimate

KEY: Final = ["metric", "subject", "unit", "slice"]
NUMBERS: Final = ["n", "value", "ci_low", "ci_high", "status"]
BOUNDS: Final = frozenset({"association.conservative_lift"})
"""Metrics whose value is the bound of an interval and no estimate."""
OPEN_SUBJECTS: Final = "association."
"""Of these metrics, a subject is a label of the data; that of the others is a column."""
EMPTY: Final = (Status.SMALL, Status.UNDEFINED)
"""What the number of a slice without units may be called."""
POWER: Final = 0.8
ESTIMATED: Final = (
    *("change", "ci_low", "ci_high", "ratio", "ratio_low", "ratio_high"),
    *("p_value", "q_value", "least_change"),
)
"""The columns of `Comparison.changes` that are computed, in their order."""


@dataclass(frozen=True)
class Judged:
    """How numbers are judged: the level of the intervals and the correction within a metric."""

    confidence: float
    correction: str


def changes(a: AuditRecord, b: AuditRecord, judged: Judged, confidence_b: float) -> pd.DataFrame:
    """Return every number of either audit with its change; see `Comparison.changes`.

    Args:
        a: The earlier audit, with intervals of the level that is judged at.
        b: The later one.
        judged: The level and the correction.
        confidence_b: The level of the intervals of `b`.

    Raises:
        DataReadError: If a table does not have the columns of an audit's tables.
    """
    tables = {"a": numbers_of(a), "b": numbers_of(b)}
    both = tables["a"].merge(tables["b"], on=[*KEY, "nth"], how="outer", suffixes=("_a", "_b"))
    both = both.sort_values([*KEY, "nth"], ignore_index=True)
    reasons = why_not(both, {side: measured_cuts(table) for side, table in tables.items()})
    first, second = (estimates(both, side, reasons == "") for side in "ab")
    second = rescaled(second, confidence_b, judged.confidence)
    told = [*KEY, "n_a", "n_b", "value_a", "value_b"]
    found = pd.concat([both[told], estimated(both, first, second, judged)], axis=1)
    outcome = outcomes(both, found, reasons, judged)
    certain = (outcome == Outcome.NOT_COMPARED) & (reasons == "")
    said = np.where(certain, "no uncertainty is known", reasons)
    decided = np.isin(outcome, [Outcome.APPEARED, Outcome.VANISHED])
    return found.assign(outcome=outcome, reason=np.where(decided, "", said))


def estimated(
    both: pd.DataFrame, first: RatioEstimate, second: RatioEstimate, judged: Judged
) -> pd.DataFrame:
    """Return change and ratio of each pair of estimates, with interval, p- and q-value."""
    contrast = change(first, second, judged.confidence)
    difference, ratio = contrast.difference, contrast.ratio
    p_value = np.where(counted(both), np.nan, contrast.p_value)
    uncertain = {
        "ci_low": difference.low,
        "ci_high": difference.high,
        "ratio_low": ratio.low,
        "ratio_high": ratio.high,
        "least_change": least_change(contrast, judged.confidence, POWER),
    }
    tested = {name: np.where(np.isnan(p_value), np.nan, x) for name, x in uncertain.items()}
    tests = {"p_value": p_value, "q_value": corrected(p_value, both["metric"], judged.correction)}
    points = {"change": difference.value, "ratio": ratio.value}
    return pd.DataFrame(points | tested | tests)[list(ESTIMATED)]


def numbers_of(audit: AuditRecord) -> pd.DataFrame:
    """Return all numbers of an audit as one table.

    `nth` tells rows apart that an audit names alike.

    Raises:
        DataReadError: If a table does not have the columns of an audit's tables.
    """
    for name, table in audit.tables.items():
        if not set(SLICE_COLUMNS) <= set(table.columns):
            raise DataReadError(name, "is no table of an audit", "Run the audit again.")
    filled = [table[[*KEY, *NUMBERS]] for table in audit.tables.values() if len(table)]
    if not filled:
        return pd.DataFrame(columns=[*KEY, *NUMBERS, "nth"])
    whole = pd.concat(filled, ignore_index=True)
    return whole.assign(nth=whole.groupby(KEY).cumcount())


def measured_cuts(table: pd.DataFrame) -> set[tuple[str, ...]]:
    """Return what an audit measured: metric, subject and the attributes it is sliced by."""
    distinct = table[["metric", "subject", "slice"]].drop_duplicates()
    return {cut_of(*row) for row in distinct.itertuples(index=False)}


def cut_of(metric: str, subject: str, printed: str) -> tuple[str, ...]:
    """Return what has to be measured so that the absence of a slice says something."""
    by_column = "" if metric.startswith(OPEN_SUBJECTS) else subject
    return (metric, by_column, *attributes_of(printed))


def why_not(both: pd.DataFrame, measured: dict[str, set[tuple[str, ...]]]) -> pd.Series[Any]:
    """Say of each row why its two numbers cannot be compared; empty where they can be."""
    reasons = pd.Series("", index=both.index, dtype="str")
    cuts = [cut_of(*row) for row in both[["metric", "subject", "slice"]].itertuples(index=False)]
    for side in "ab":
        status = both[f"status_{side}"].fillna("").astype(str)
        there = np.array([cut in measured[side] for cut in cuts], dtype=bool)
        absent = np.where(there, f"not in {side}", f"not measured in {side}")
        said = pd.Series(np.where(status == "", absent, status + f" in {side}"), dtype="str")
        reasons = reasons.mask((status != Status.OK) & (reasons == ""), said)
    bound = both["metric"].isin(BOUNDS) & (reasons == "")
    return reasons.mask(bound, "a bound and no estimate")


def estimates(both: pd.DataFrame, side: str, compared: pd.Series[Any]) -> RatioEstimate:
    """Return one audit's estimates, NaN where they are not compared or not finite."""
    names = ("value", "ci_low", "ci_high")
    columns = [both[f"{name}_{side}"].to_numpy(dtype=np.float64, na_value=np.nan) for name in names]
    usable = compared.to_numpy(dtype=bool) & np.isfinite(columns[0])
    return stored(*(np.where(usable, column, np.nan) for column in columns))


def counted(both: pd.DataFrame) -> NDArray[np.bool_]:
    """Say of each row whether its numbers are totals, which no sample estimates."""
    totals = [(both[f"value_{s}"] == both[f"n_{s}"]) & (both[f"n_{s}"] > 0) for s in "ab"]
    return np.asarray(totals[0] & totals[1], dtype=bool)


def corrected(
    p_value: NDArray[np.float64], metric: pd.Series[Any], correction: str
) -> NDArray[np.float64]:
    """Return p-values corrected within each metric."""
    q_value = np.full(len(p_value), np.nan)
    for places in metric.groupby(metric).indices.values():
        q_value[places] = adjust(p_value[places], correction)
    return q_value


def outcomes(
    both: pd.DataFrame, found: pd.DataFrame, reasons: pd.Series[Any], judged: Judged
) -> NDArray[Any]:
    """Say what became of each number."""
    shown = found["q_value"] < 1 - judged.confidence
    ok = {side: both[f"status_{side}"] == Status.OK for side in "ab"}
    gone = {side: without_units(both, side, reasons) for side in "ab"}
    estimate = ~both["metric"].isin(BOUNDS)
    cases = {
        Outcome.APPEARED: ok["b"] & gone["a"] & estimate,
        Outcome.VANISHED: ok["a"] & gone["b"] & estimate,
        Outcome.COUNTED: (reasons == "") & counted(both),
        Outcome.GREW: shown & (found["ci_low"] > 0),
        Outcome.SHRANK: shown & (found["ci_high"] < 0),
        Outcome.NOT_SHOWN: found["p_value"].notna(),
    }
    names = [outcome.value for outcome in cases]
    return np.select(list(cases.values()), names, Outcome.NOT_COMPARED.value)


def without_units(both: pd.DataFrame, side: str, reasons: pd.Series[Any]) -> pd.Series[Any]:
    """Say of each row whether an audit looked for the slice and found no unit of it."""
    empty = (both[f"n_{side}"] == 0) & both[f"status_{side}"].isin(EMPTY)
    return empty | (both[f"status_{side}"].isna() & (reasons == f"not in {side}"))
