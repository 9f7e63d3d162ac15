"""Small groups of people, masked before anything is published.

A cell of fewer than `suppress_below` people of a sensitive attribute could point at somebody. It
is masked, and so is the next smallest cell of every margin from which it could be had by
subtraction (primary and secondary cell suppression; Hundepool et al., Statistical Disclosure
Control, 2012, ch. 4). Cells of nobody stay. This guards against subtraction within the published
tables, not against what a reader knows from elsewhere.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from toolkit.model.slices import Status
from toolkit.wording.slices import Terms, attributes_of, in_words, terms

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    import pandas as pd

    from toolkit.model.attribute import Attribute
    from toolkit.model.audit import AuditRecord
    from toolkit.model.finding import Finding

GROUPS: Final = "representation.count"
PAIRS: Final = "association.observed"
NUMBERS: Final = ("n", "n_images", "value", "ci_low", "ci_high", "reference", "p_value", "q_value")
DEFAULT_LIMIT: Final = 11


@dataclass(frozen=True)
class Published:
    """An audit as it may be shown to anybody.

    Attributes:
        audit: The audit with masked numbers as NaN, of status `suppressed`, and without the
            numbers of findings about masked groups.
        masked: How many groups and pairs of group and label were masked.
        limit: The smallest group that is shown; 0 if nothing is masked.
    """

    audit: AuditRecord
    masked: int
    limit: int

    @property
    def note(self) -> str:
        """One sentence on what was masked."""
        if not self.limit:
            return "Small groups are not masked."
        return (
            f"Cells withheld: {self.masked:,} (groups of sensitive attributes with fewer than "
            f"{self.limit} members, and those from which they could be derived)."
        )


@dataclass(frozen=True)
class Masks:
    """What must not be shown.

    Attributes:
        groups: The slices that are masked wherever they stand.
        pairs: The (label, printed slice) that are masked in the tables of associations.
        summed: The (attributes, slice) of which a part is masked: a number over all groups of the
            attributes within the slice would give it away.
        sensitive: The names of the sensitive attributes.
        limit: The smallest count that is shown.
    """

    groups: frozenset[Terms]
    pairs: frozenset[tuple[str, str]]
    summed: frozenset[tuple[frozenset[str], Terms]]
    sensitive: frozenset[str]
    limit: int

    def cover(self, subject: str, printed: str, n: float) -> bool:
        """Tell whether a number about this subject and slice, resting on n units, is masked."""
        cut = terms(printed)
        return (
            (0 < n < self.limit and is_about(cut, self.sensitive))
            or cut in self.groups
            or (subject, printed) in self.pairs
            or (about(subject), cut) in self.summed
        )


def publish(audit: AuditRecord) -> Published:
    """Return the audit with small groups masked, as `slices.suppress_below` asks."""
    limit = int(audit.config.get("slices", {}).get("suppress_below", DEFAULT_LIMIT))
    sensitive = frozenset(a.name for a in audit.attributes if a.sensitive)
    masks = masks_of(audit.tables, sensitive, limit)
    tables = {name: masked(table, masks) for name, table in audit.tables.items()}
    attributes = {attribute.name: attribute for attribute in audit.attributes}
    found = tuple(
        withheld(f, attributes, limit) if masks.cover(f.subject, f.slice, f.n) else f
        for f in audit.found
    )
    shown = replace(audit, tables=MappingProxyType(tables), found=found)
    return Published(shown, len(masks.groups) + len(masks.pairs), limit)


def masks_of(tables: Mapping[str, pd.DataFrame], sensitive: frozenset[str], limit: int) -> Masks:
    """Decide which groups, and which pairs of label and group, are masked."""
    groups: set[Terms] = set()
    if GROUPS in tables:
        sizes = sizes_of(tables[GROUPS])
        groups = hidden_cells(sizes, margins_of(sizes), sensitive, limit)
    return Masks(
        groups=frozenset(groups),
        pairs=frozenset(hidden_pairs(tables[PAIRS], sensitive, limit) if PAIRS in tables else ()),
        summed=frozenset(part for cut in groups for part in sums_over(cut)),
        sensitive=sensitive,
        limit=limit,
    )


def sizes_of(table: pd.DataFrame) -> dict[Terms, int]:
    """Return the size of each slice: the smallest but nothing, where several units are counted."""
    sizes: dict[Terms, int] = {}
    for text, n in zip(table["slice"], table["n"], strict=True):
        cut = terms(text)
        sizes[cut] = min(n, sizes[cut]) if sizes.get(cut) else n
    return sizes


def hidden_pairs(
    table: pd.DataFrame, sensitive: frozenset[str], limit: int
) -> Iterator[tuple[str, str]]:
    """Yield the pairs of label and group that are masked.

    An image can show people of several groups. Only where each shows one, the images of a label
    add up over the groups, observed as well as expected, and can be had by subtraction.
    """
    cuts = {text: terms(text) for text in table["slice"].unique()}
    small = table["n"].between(1, limit - 1) & table["slice"].isin(
        [text for text, cut in cuts.items() if is_about(cut, sensitive)]
    )
    suspects = table[table["subject"].isin(table.loc[small, "subject"])]
    for label, rows in suspects.groupby("subject", sort=False):
        sizes = {cuts[text]: n for text, n in zip(rows["slice"], rows["n"], strict=True)}
        adding = [
            cut
            for _, part in rows.groupby(rows["slice"].map(attributes_of), sort=False)
            if math.isclose(part["value"].sum(), part["reference"].sum(), rel_tol=1e-9)
            for cut in map(terms, part["slice"])
        ]
        hidden = hidden_cells(sizes, margins_of(adding), sensitive, limit)
        yield from ((str(label), text) for text in rows["slice"] if cuts[text] in hidden)


def is_about(cut: Terms, sensitive: frozenset[str]) -> bool:
    """Tell whether a slice is cut by a sensitive attribute."""
    return any(name in sensitive for name, _ in cut)


def hidden_cells(
    sizes: Mapping[Terms, int],
    margins: Collection[frozenset[Terms]],
    sensitive: frozenset[str],
    limit: int,
) -> set[Terms]:
    """Return the small cells, and further ones until no sum gives any of them away.

    Where exactly one part of a margin were hidden, the smallest other one that is not empty is
    hidden too. The whole dataset is never hidden.
    """
    hidden = {cut for cut, n in sizes.items() if 0 < n < limit and is_about(cut, sensitive)}
    while more := {
        min(shown, key=lambda cut: (sizes[cut], cut))
        for margin in margins
        if len(hidden & margin) == 1
        and (shown := [cut for cut in margin - hidden if cut and sizes.get(cut)])
    }:
        hidden |= more
    return hidden


def margins_of(cuts: Iterable[Terms]) -> list[frozenset[Terms]]:
    """Return the margins: a slice, and what it is cut into by one more attribute.

    The parts sum to the whole, so any one of them can be had from the others.
    """
    parts: dict[tuple[Terms, str], set[Terms]] = defaultdict(set)
    for cut in cuts:
        for i, (name, _) in enumerate(cut):
            whole = cut[:i] + cut[i + 1 :]
            parts[whole, name] |= {cut, whole}
    return [frozenset(margin) for margin in parts.values()]


def sums_over(cut: Terms) -> Iterator[tuple[frozenset[str], Terms]]:
    """Yield the (attributes, slice) whose groups include this one."""
    yield frozenset(name for name, _ in cut), ()
    for i, (name, _) in enumerate(cut):
        yield frozenset({name}), cut[:i] + cut[i + 1 :]


def masked(table: pd.DataFrame, masks: Masks) -> pd.DataFrame:
    """Return a copy of the table in which the masked rows have no numbers."""
    covered = [
        i
        for i, subject, cut, n in suspects(table, masks).itertuples(name=None)
        if masks.cover(subject, cut, n)
    ]
    shown = table.astype(dict.fromkeys(NUMBERS, "float64"))
    shown.loc[covered, list(NUMBERS)] = math.nan
    shown.loc[covered, "status"] = Status.SUPPRESSED.value
    return shown


def suspects(table: pd.DataFrame, masks: Masks) -> pd.DataFrame:
    """Return subject, slice and n of every row that could be masked; in a large table, a few."""
    labels = {label for label, _ in masks.pairs}
    summed = {about for about, _ in masks.summed}
    subjects = [s for s in table["subject"].unique() if s in labels or about(s) in summed]
    slices = [text for text in table["slice"].unique() if terms(text) in masks.groups]
    possible = (
        table["n"].between(1, masks.limit - 1)
        | table["slice"].isin(slices)
        | table["subject"].isin(subjects)
    )
    return table.loc[possible, ["subject", "slice", "n"]]


def about(subject: str) -> frozenset[str]:
    """Return the attributes that a subject names, as in `gender & age: js`."""
    return frozenset(subject.partition(":")[0].split(" & "))


def withheld(finding: Finding, attributes: Mapping[str, Attribute], limit: int) -> Finding:
    """Return the finding without its numbers; `n` is then 0."""
    where = in_words(finding.slice, attributes)
    named = f"{finding.subject} and {where}" if finding.subject else where
    return replace(
        finding,
        n=0,
        value=math.nan,
        ci_low=math.nan,
        ci_high=math.nan,
        limit=math.nan,
        effect=0.0,
        evidence=MappingProxyType({}),
        message=f"Concerns {named}; the numbers are withheld, because they would describe "
        f"fewer than {limit} members of a group or give them away.",
    )
