"""The cards of the overview: the groups of each attribute or intersection, with their shares."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from toolkit.model.card import Form
from toolkit.model.slices import MISSING
from toolkit.render._rows import NUMERIC, Row, by_attributes, estimate, rows, units
from toolkit.wording.numbers import OVER, UNDER, count, direction, interval
from toolkit.wording.slices import terms, titles, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from toolkit.model.attribute import Attribute
    from toolkit.model.audit import AuditRecord

BALANCE: Final = {
    "representation.imbalance": ("Largest ÷ smallest group", Form.RATIO),
    "representation.evenness": ("Evenness", Form.NUMBER),
    "representation.divergence": ("Divergence", Form.NUMBER),
}
DISTANCES: Final = {"js": "Jensen–Shannon divergence", "total_variation": "Total variation"}
"""Those that are shown beside a group; the table has all of them."""
SIDES: Final = {OVER: "over", UNDER: "under"}


@dataclass(frozen=True)
class Bar:
    """A share drawn to scale: percentages of the width, NaN for what there is not."""

    share: float
    low: float
    high: float


NO_BAR: Final = Bar(math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class Group:
    """One row of a card.

    Attributes:
        value: The group's value; those of an intersection joined.
        known: Whether the source knows the value.
        n: The group's size, `count` as printed; NaN if withheld.
        share: Its part of all units, with `interval`.
        ratio: The share of the known values ÷ the reference share, `against` with its arrow as
            printed; NaN and empty where there is none.
        side: `over` or `under` where the ratio's interval leaves 1 out, else empty.
        bar: The share drawn.
    """

    value: str
    known: bool
    n: float
    count: str
    share: str
    interval: str
    ratio: float
    against: str
    side: str
    bar: Bar


@dataclass(frozen=True)
class GroupCard:
    """One attribute or intersection.

    Attributes:
        title: Its name, with the basis of each attribute.
        units: How many units have been counted.
        groups: The groups, those that are not known included.
        balance: What sums the groups up: name, value and interval as printed.
    """

    title: str
    units: str
    groups: tuple[Group, ...]
    balance: tuple[tuple[str, str, str], ...]

    @property
    def compared(self) -> bool:
        """Whether any group is compared with a reference."""
        return any(group.against for group in self.groups)


def group_cards(audit: AuditRecord) -> list[GroupCard]:
    """Return a card for each attribute and intersection, as the audit has them."""
    ratios = {row.slice: row for row in rows(audit, "representation.ratio")}
    cut = by_attributes(rows(audit, "representation.share"))
    return [card(names, shares, ratios, audit) for names, shares in cut.items()]


def card(
    names: tuple[str, ...], shares: list[Row], ratios: Mapping[str, Row], audit: AuditRecord
) -> GroupCard:
    """Return the card of one attribute or intersection.

    Groups stand in the order of the declared values; without one, the largest come first.
    """
    attributes = {attribute.name: attribute for attribute in audit.attributes}
    widest = max((x for row in shares for x in (row.value, row.ci_high) if x > 0), default=1.0)
    groups = [group(row, ratios.get(row.slice), widest, attributes) for row in shares]
    if not all(name in attributes and attributes[name].values for name in names):
        groups.sort(key=lambda group: (not group.known, math.isnan(group.n), -group.n))
    return GroupCard(
        title=titles(names, attributes),
        units=units(total(shares), shares[0].unit),
        groups=tuple(groups),
        balance=tuple(balance(" & ".join(names), audit)),
    )


def group(row: Row, ratio: Row | None, widest: float, attributes: Mapping[str, Attribute]) -> Group:
    """Return the row of one group; `widest` is the share that fills the width."""
    cut = [(name, value_of(value)) for name, value in terms(row.slice)]
    ends = (row.value, row.ci_low, row.ci_high)
    arrow = direction(ratio.value, 1.0) if ratio else ""
    against = f"{arrow} {estimate(ratio.value, Form.RATIO, ratio.status)}" if ratio else ""
    shown = row.status in NUMERIC
    decided = ratio is not None and not ratio.ci_low <= 1 <= ratio.ci_high
    return Group(
        value=" · ".join(value for _, value in cut),
        known=all(is_known(name, value, attributes) for name, value in cut),
        n=row.n,
        count=count(row.n),
        share=estimate(row.value, Form.SHARE, row.status),
        interval=interval(row.ci_low, row.ci_high, Form.SHARE) if shown else "",
        ratio=ratio.value if ratio else math.nan,
        against=against.strip(),
        side=SIDES.get(arrow, "") if decided else "",
        bar=Bar(*(100 * x / widest for x in ends)) if shown else NO_BAR,
    )


def is_known(name: str, value: str, attributes: Mapping[str, Attribute]) -> bool:
    """Tell whether a value says something about its attribute."""
    unknown = attributes[name].missing if name in attributes else ()
    return value != MISSING.value and value not in unknown


def total(shares: list[Row]) -> float:
    """Return how many units the shares are parts of; NaN if none of them says."""
    return next((row.n / row.value for row in shares if row.value > 0), math.nan)


def balance(subject: str, audit: AuditRecord) -> Iterator[tuple[str, str, str]]:
    """Yield the numbers that sum up an attribute: name, value and interval as printed."""
    for metric, (words, form) in BALANCE.items():
        for row in rows(audit, metric):
            about, _, kind = row.subject.partition(": ")
            if about == subject and (not kind or kind in DISTANCES):
                yield (
                    DISTANCES.get(kind, words),
                    estimate(row.value, form, row.status),
                    interval(row.ci_low, row.ci_high, form),
                )
