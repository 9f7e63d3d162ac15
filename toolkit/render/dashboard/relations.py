"""The relations: how often each label meets each group, as Know Your Data shows it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from toolkit.model.card import Form
from toolkit.model.slices import Status
from toolkit.render._escape import clip
from toolkit.wording.numbers import (
    IN_WORDS,
    count,
    direction,
    expected,
    interval,
    number,
    ratio,
)
from toolkit.wording.slices import attributes_of, terms, titles, value_of

if TYPE_CHECKING:
    import pandas as pd

    from toolkit.model.audit import AuditRecord
    from toolkit.render._rows import Row

STEPS: Final = 10
MOST_CELLS: Final = 10_000
"""Of larger tables the strongest labels are shown; all are in the audit's tables."""
KEYS: Final = ["subject", "slice"]
OBSERVED: Final = ["value", "reference", "q_value", "status"]
FURTHER: Final = {
    "conservative_lift": {"value": "strength"},
    "lift": {"value": "lift", "ci_low": "low", "ci_high": "high"},
    "npmi": {"value": "npmi"},
}


@dataclass(frozen=True)
class Cell:
    """One pair of label and group.

    Attributes:
        lift: The arrow and the displayed ratio, or why there is none.
        counts: Observed and, in parentheses, expected images.
        detail: Lift with interval, corrected p-value and nPMI in one line.
        style: The classes of its colour, by direction and conservative strength.
    """

    lift: str
    counts: str
    detail: str
    style: str


@dataclass(frozen=True)
class Relation:
    """One label with its cells, in the order of the groups; None where there is no number."""

    label: str
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True)
class Relations:
    """The labels by the groups of one attribute or intersection, the strongest first.

    Attributes:
        title: The attributes, with the basis of each.
        groups: The groups, which make the columns.
        rows: The labels shown, out of `labels`.
        labels: How many labels there are.
    """

    title: str
    groups: tuple[str, ...]
    rows: tuple[Relation, ...]
    labels: int


def relations(audit: AuditRecord) -> list[Relations]:
    """Return a table for each attribute and intersection of `association.observed`."""
    pairs = joined(audit)
    if pairs is None:
        return []
    cuts = pairs["slice"].map({text: attributes_of(text) for text in pairs["slice"].unique()})
    attributes = {attribute.name: attribute for attribute in audit.attributes}
    return [
        crossed(titles(names, attributes), part) for names, part in pairs.groupby(cuts, sort=False)
    ]


def joined(audit: AuditRecord) -> pd.DataFrame | None:
    """Return one row for each pair of label and group, with what is known of it."""
    if "association.observed" not in audit.tables:
        return None
    pairs = audit.tables["association.observed"][[*KEYS, *OBSERVED]].drop_duplicates(KEYS)
    for metric, names in FURTHER.items():
        table = audit.tables.get(f"association.{metric}")
        if table is None:
            pairs = pairs.assign(**dict.fromkeys(names.values(), math.nan))
        else:
            further = table[[*KEYS, *names]].rename(columns=names).drop_duplicates(KEYS)
            pairs = pairs.merge(further, on=KEYS, how="left")
    return pairs


def crossed(title: str, pairs: pd.DataFrame) -> Relations:
    """Return the table of one attribute or intersection."""
    groups = list(dict.fromkeys(pairs["slice"]))
    strength = pairs["strength"].abs().groupby(pairs["subject"]).max().fillna(0.0)
    order = strength.sort_index().sort_values(ascending=False, kind="stable").index
    shown = list(order[: max(MOST_CELLS // len(groups), 1)])
    cells: dict[str, dict[str, Cell]] = {label: {} for label in shown}
    found: list[Row] = list(pairs[pairs["subject"].isin(shown)].itertuples())
    for row in found:
        cells[row.subject][row.slice] = cell(row)
    return Relations(
        title=title,
        groups=tuple(" · ".join(value_of(value) for _, value in terms(cut)) for cut in groups),
        rows=tuple(
            Relation(clip(label), tuple(cells[label].get(cut) for cut in groups)) for label in shown
        ),
        labels=len(order),
    )


def cell(pair: Row) -> Cell:
    """Return one cell as printed; a withheld one keeps nothing but the word."""
    if pair.status == Status.SUPPRESSED:
        return Cell(IN_WORDS[Status.SUPPRESSED], "", "", "withheld")
    arrow = direction(pair.value, pair.reference)
    small = " small" if pair.status == Status.SMALL else ""
    return Cell(
        lift=f"{arrow} {displayed(pair.value, pair.reference)}".strip(),
        counts=f"{count(pair.value)} ({expected(pair.reference)})",
        detail=detail(pair),
        style=coloured(pair.strength) + small,
    )


def displayed(observed: float, chance: float) -> str:
    """Return the ratio as Know Your Data shows it, always at least 1; none if they never meet."""
    if not observed > 0 or not chance > 0:
        return ""
    return ratio(max(observed / chance, chance / observed))


def detail(pair: Row) -> str:
    """Return what else is known of a pair."""
    ends = interval(pair.low, pair.high, Form.RATIO)
    known = {
        f"{ratio(pair.lift)} of the expected ({ends})": pair.lift,
        f"q = {number(pair.q_value)}": pair.q_value,
        f"nPMI {number(pair.npmi)}": pair.npmi,
    }
    return "; ".join(text for text, value in known.items() if not math.isnan(value))


def coloured(strength: float) -> str:
    """Return the classes of a colour that is linear in the strength and full at a factor of 2."""
    step = 0 if math.isnan(strength) else round(STEPS * min(abs(strength), 1.0))
    return f"{'over' if strength > 0 else 'under'} s{step}" if step else ""
