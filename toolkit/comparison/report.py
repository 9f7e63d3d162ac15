"""A comparison in words: what differs first, then findings, groups, associations, the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from toolkit.comparison.model import Course, Outcome
from toolkit.model.card import Form
from toolkit.render._sections import Section, markdown_of
from toolkit.wording.numbers import PRINTERS, count
from toolkit.wording.slices import in_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from toolkit.comparison.model import Comparison

GROUPS: Final = "representation.share"
ASSOCIATIONS: Final = "association.lift"
NOT_SHOWN: Final = (
    "Where no change is shown there may be one.",
    "One as large as in the last column (median of the metric) is found in 80% of comparisons.",
    "Numbers that are small, undefined, withheld or impossible are not compared.",
)
MOST_SHOWN: Final = 12
"""The most changes of a section that are spelt out; all of them are in the tables."""
SHOWN: Final = (Outcome.APPEARED, Outcome.VANISHED, Outcome.GREW, Outcome.SHRANK)
TOLD: Final = (Course.APPEARED, Course.WORSE, Course.BETTER, Course.VANISHED)
SHARES: Final = frozenset(
    {
        "annotation.missing_gap",
        "annotation.missing_rate",
        "annotation.rate",
        "annotation.rate_gap",
        "representation.image_share",
        "representation.share",
        "representation.share_of_known",
    }
)
PARTS: Final = "integrity."
"""Of these metrics all values are parts of the rows."""
RATIOS: Final = frozenset({"association.lift", "representation.ratio"})
DIFFERENCE: Final = {Form.SHARE: (100, " points"), Form.RATIO: (1, ""), Form.NUMBER: (1, "")}
"""By which a difference is multiplied to be printed, and what is put behind it."""


def to_markdown(comparison: Comparison) -> str:
    """Return the report as Markdown."""
    return markdown_of("Comparison of two audits", sections(comparison))


def sections(comparison: Comparison) -> Iterator[Section]:
    """Yield the report's parts in reading order."""
    yield heading(comparison)
    yield settings(comparison)
    yield findings(comparison)
    changes = comparison.changes
    of_groups, of_pairs = changes["metric"] == GROUPS, changes["metric"] == ASSOCIATIONS
    yield changed("Groups, by their share of all", changes[of_groups], comparison)
    if of_pairs.any():
        yield changed("Associations, by their lift", changes[of_pairs], comparison)
    yield changed("Other numbers", changes[~(of_groups | of_pairs)], comparison)
    yield unchanged(comparison)


def heading(comparison: Comparison) -> Section:
    """Say what is compared, and what is taken for granted."""
    sides = (("a", comparison.a), ("b", comparison.b))
    lines = [f"{letter}: {side.name} of {side.date}, {side.sizes}" for letter, side in sides]
    return Section("From a to b", (*lines, *comparison.notes))


def settings(comparison: Comparison) -> Section:
    """Say which settings differ."""
    rows = [f"{row.setting}: {row.a} → {row.b}" for row in comparison.settings.itertuples()]
    if not rows:
        return Section("Settings", ("Both audits were made with the same settings.",))
    warning = "Numbers may differ for these alone."
    return Section(f"Settings that differ ({len(rows)})", (*limited(rows), warning))


def findings(comparison: Comparison) -> Section:
    """List the findings that came, went, or changed their weight."""
    table = comparison.findings
    numbers = [f"{(table['course'] == course).sum()} {course}" for course in Course]
    told = table[table["course"].isin(TOLD)]
    lines = [said(row, comparison) for row in told.itertuples()]
    return Section("Findings", (f"{', '.join(numbers)}.", *limited(lines)))


def said(row: Any, comparison: Comparison) -> str:
    """Return a finding with what became of it."""
    weights = dict.fromkeys(filter(None, (row.severity_a, row.severity_b)))
    doubt = ""
    if row.outcome == Outcome.NOT_SHOWN:
        doubt = f" (No change of its number is shown at {percent_of(comparison)}.)"
    return f"{row.course}: {' → '.join(weights)} {row.code}: {row.message}{doubt}"


def changed(title: str, changes: pd.DataFrame, comparison: Comparison) -> Section:
    """List the changes that are shown, the surest first."""
    told = changes[changes["outcome"].isin(SHOWN)]
    told = told.sort_values("p_value", kind="stable", na_position="first")
    lines = [sentence(row, comparison) for row in told.itertuples()]
    compared = int(changes["p_value"].notna().sum())
    nothing = f"Numbers compared: {compared:,}; no change is shown."
    return Section(f"{title} ({len(lines):,} changed)", tuple(limited(lines)) or (nothing,))


def sentence(row: Any, comparison: Comparison) -> str:
    """Return a change in words."""
    group = in_words(row.slice, comparison.attributes)
    where = f"{row.subject} × {group}" if row.subject else group
    name = "" if row.metric in (GROUPS, ASSOCIATIONS) else f"{row.metric}, "
    if row.outcome in (Outcome.APPEARED, Outcome.VANISHED):
        n = row.n_b if row.outcome == Outcome.APPEARED else row.n_a
        return f"{row.outcome}: {name}{where} (n={count(n)})"
    form = form_of(row.metric)
    before, after = (PRINTERS[form](value) for value in (row.value_a, row.value_b))
    low, high = (difference(end, form) for end in (row.ci_low, row.ci_high))
    return (
        f"{row.outcome}: {name}{where}: {before} → {after}, {difference(row.change, form)}"
        f"{DIFFERENCE[form][1]} ({percent_of(comparison)} interval {low} to {high}, "
        f"n={count(row.n_a)} and {count(row.n_b)})"
    )


def unchanged(comparison: Comparison) -> Section:
    """Say for each metric what was compared, and what change would have been found."""
    header = ("Metric", "Compared", "Changed", "Not compared", "Would have been found")
    rows = [metric_row(str(m), of) for m, of in comparison.changes.groupby("metric", sort=True)]
    return Section("What was compared", NOT_SHOWN, (header, *rows))


def metric_row(metric: str, changes: pd.DataFrame) -> tuple[str, ...]:
    """Return one metric's line of the table."""
    compared = changes["p_value"].notna()
    left_out = changes["outcome"].isin([Outcome.NOT_COMPARED, Outcome.COUNTED])
    numbers = (compared.sum(), changes["outcome"].isin(SHOWN).sum(), left_out.sum())
    if not compared.any():
        return (metric, *map(count, numbers), "–")
    form = form_of(metric)
    scale, unit = DIFFERENCE[form]
    least = changes.loc[compared, "least_change"].median()
    return (metric, *map(count, numbers), f"{PRINTERS[Form.NUMBER](scale * least)}{unit}")


def form_of(metric: str) -> Form:
    """Return how a metric's values are printed."""
    if metric in SHARES or metric.startswith(PARTS):
        return Form.SHARE
    return Form.RATIO if metric in RATIOS else Form.NUMBER


def difference(value: float, form: Form) -> str:
    """Return a difference with its sign; that of shares in points of percent."""
    scaled = DIFFERENCE[form][0] * value
    sign = "+" if scaled > 0 else ""
    return f"{sign}{scaled:.1f}" if form is Form.SHARE else sign + PRINTERS[Form.NUMBER](scaled)


def percent_of(comparison: Comparison) -> str:
    """Return the level of every interval, as `95%`."""
    return f"{100 * comparison.confidence:.4g}%"


def limited(lines: list[str]) -> list[str]:
    """Return the first lines, with how many more there are."""
    more = len(lines) - MOST_SHOWN
    return [*lines[:MOST_SHOWN], f"and {more:,} more"] if more > 0 else lines
