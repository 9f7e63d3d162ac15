"""What rules about rows have in common: there should be none with the fault."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Final

from toolkit.checks._rule import Measured, Rule, about
from toolkit.faults import BY_GROUP, by_group_subject
from toolkit.model.finding import Severity
from toolkit.wording.numbers import count, percent
from toolkit.wording.slices import attributes_of, terms, title, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toolkit.model.finding import Finding

ONE_PERCENT: Final = 0.01


class FaultRule(Rule):
    """A rule that finds every row of its tables in which anything is counted.

    Attributes:
        severity: How severe any number of rows is; None if a part from 1% on is a warning and a
            smaller one for information.
    """

    severity: ClassVar[Severity | None] = None

    def find(self, measured: Measured) -> Iterator[Finding]:
        """Yield one finding for each subject of which rows are concerned."""
        for metric in self.needs:
            for row in measured.rows(metric):
                if row.n:
                    yield self.finding(measured, row)

    def finding(self, measured: Measured, row: Any) -> Finding:
        """Say how many rows are concerned, of whom they are, and name some of them."""
        facts = measured.facts.get((row.metric, row.subject), {})
        message = self.message.format(
            n=count(row.n),
            images=count(row.n_images),
            subject=row.subject,
            column=title(row.subject, measured.attributes),
            share=percent(row.value),
            confidence=measured.confidence,
            low=percent(row.ci_low),
            high=percent(row.ci_high),
            values=facts.get("values", ""),
        )
        by_share = Severity.WARNING if row.value >= ONE_PERCENT else Severity.INFO
        shares = shares_by_group(measured, row.metric, row.subject)
        evidence = MappingProxyType({**facts, **({"shares": shares} if shares else {})})
        return about(self, row, self.severity or by_share, ONE_PERCENT, message, evidence)


def shares_by_group(measured: Measured, metric: str, subject: str) -> str:
    """Give the part of each group of a sensitive attribute that is concerned, with its number."""
    groups: dict[str, list[str]] = {}
    for row in measured.rows(f"{metric.partition('.')[0]}.{BY_GROUP}"):
        (name,) = attributes_of(row.slice)
        attribute = measured.attributes.get(name)
        if row.subject == by_group_subject(metric, subject) and attribute and attribute.sensitive:
            value = value_of(terms(row.slice)[0][1])
            part = f"{value} {percent(row.value)} ({count(row.n)})"
            groups.setdefault(title(name, measured.attributes), []).append(part)
    return "; ".join(f"{name}: {', '.join(parts)}" for name, parts in groups.items())
