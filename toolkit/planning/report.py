"""A collection plan in words: what to collect, why, and what cannot be reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from toolkit.planning.model import Kind, State
from toolkit.render._sections import Section, markdown_of
from toolkit.wording.numbers import count, percent
from toolkit.wording.slices import in_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from toolkit.planning.model import CollectionPlan

MOST_SHOWN = 20
"""The most rows of a table that are printed; all of them are in the written tables."""


def to_markdown(plan: CollectionPlan) -> str:
    """Return the report as Markdown."""
    return markdown_of(f"Collection plan: {plan.name}", sections(plan))


def sections(plan: CollectionPlan) -> Iterator[Section]:
    """Yield the report's parts in reading order."""
    yield what(plan)
    if (plan.images["label"] != "").any():
        yield by_label(plan)
    for kind, title in titles(plan).items():
        targets = plan.targets[plan.targets["kind"] == kind]
        if len(targets):
            yield why(title, targets, plan)
    if (plan.targets["state"] == State.LEFT_OUT).any():
        yield left_out(plan)
    yield Section("How to read this", plan.notes)


def what(plan: CollectionPlan) -> Section:
    """Say how many images of which groups to collect."""
    if not plan.total:
        return Section("Nothing to collect", ("Every target that can be reached is reached.",))
    header = ("People shown", "Images", "Annotations expected")
    sums = plan.images.groupby("group", sort=False)[["images", "annotations"]].sum()
    rows = [
        (words(str(group), plan), count(row.images), count(row.annotations))
        for group, row in sums.sort_values("images", ascending=False, kind="stable").iterrows()
    ]
    return Section(f"Collect {count(plan.total)} images", table=(header, *rows))


def by_label(plan: CollectionPlan) -> Section:
    """Say which of the images are to have which label."""
    labelled = plan.images[plan.images["label"] != ""]
    labelled = labelled.sort_values("images", ascending=False, kind="stable")
    rows = [(f"{row.label}: {words(row.group, plan)}", count(row.images)) for row in top(labelled)]
    title = f"{count(labelled['images'].sum())} of them with a certain label"
    return Section(title, more(labelled), (("Label and people shown", "Images"), *rows))


def titles(plan: CollectionPlan) -> dict[Kind, str]:
    """Return the headings of the targets."""
    aims = plan.aims
    share = f"at least {aims['tolerance']:.4g}× its reference share"
    return {
        Kind.SHARE: f"Why: each group is to have {share}",
        Kind.EVIDENCE: f"Why: a difference of {100 * aims['disparity']:.4g} points between two "
        f"groups is to be found with a power of {percent(aims['power'])}",
        Kind.CLASS: f"Why: within each label, each group is to have {share}",
    }


def why(title: str, targets: pd.DataFrame, plan: CollectionPlan) -> Section:
    """List the targets that are not met, those that take the most images first."""
    open_ = targets[targets["state"] == State.COLLECT]
    open_ = open_.sort_values("images_alone", ascending=False, kind="stable")
    met = int((targets["state"] == State.MET).sum())
    lines = [f"{count(met)} of {count(len(targets))} targets are met already.", *more(open_)]
    if open_.empty:
        return Section(title, tuple(lines))
    header = ("Group", "n", "Now", "Wanted", "After the plan", "Images for it alone")
    return Section(title, tuple(lines), (header, *(cells(row, plan) for row in top(open_))))


def cells(row: Any, plan: CollectionPlan) -> tuple[str, ...]:
    """Return one target as text."""
    shown = count if row.kind == Kind.EVIDENCE else percent
    name = ": ".join(filter(None, [row.subject, words(row.slice, plan)]))
    values = (shown(row.now), shown(row.wanted), shown(row.after))
    return (name, count(row.n), *values, count(row.images_alone))


def left_out(plan: CollectionPlan) -> Section:
    """Say which targets are left out, by reason."""
    targets = plan.targets[plan.targets["state"] == State.LEFT_OUT]
    lines = []
    for reason, alike in targets.groupby("reason", sort=True):
        named = ["; ".join(cells(row, plan)[0] for row in top(alike)), *more(alike)]
        lines.append(f"{str(reason).removesuffix('.')}: {', '.join(named)}.")
    return Section("Left out", tuple(lines))


def top(rows: pd.DataFrame) -> Iterator[Any]:
    """Yield the first rows as named tuples."""
    return rows.head(MOST_SHOWN).itertuples()


def more(rows: pd.DataFrame) -> tuple[str, ...]:
    """Say how many rows there are beyond those shown, if any."""
    hidden = len(rows) - MOST_SHOWN
    return (f"{count(hidden)} more are in the written tables.",) if hidden > 0 else ()


def words(printed: str, plan: CollectionPlan) -> str:
    """Return a group in the words of the data."""
    return in_words(printed, plan.attributes)
