"""Findings about slices that nobody named beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from toolkit.checks._rule import Measured, Rule
from toolkit.model.finding import Finding, Severity
from toolkit.wording.numbers import count, number, percent
from toolkit.wording.slices import title

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

WORST: Final = "slice_discovery.worst"
SEARCHED: Final = "slice_discovery.searched"
POINTS: Final = 0.10
FIFTH: Final = 0.2


class ANN050(Rule):
    """A slice that a search came upon is worse than all others, and than any wider one."""

    title = "Discovered slice"
    family = "slice_discovery"
    needs = (WORST, SEARCHED)
    message = (
        "{what} is {value} for {group}, and {rest} elsewhere ({confidence} interval {low} to "
        "{high}, n={n} in the half of the data that was not searched; {searched} slices searched)."
    )
    meaning = (
        "Among all slices of up to three attributes, this one was among the worst in one half of "
        "the data, and the other half confirms it: it is worse than all other units there, and "
        "worse than what every slice with only some of its values has outside it, with Holm's "
        "correction for all slices tested. A warning if the whole interval of a rate is 10 points "
        "beyond the rate elsewhere, or that of a mean a fifth of the mean elsewhere; otherwise "
        "for information."
    )
    example = (
        "The rate of is_group_of is 18.8% for Unknown (perceived gender presentation), and 0.7% "
        "elsewhere (95% interval 13.4% to 25.7%, n=181 in the half of the data that was not "
        "searched; 169 slices searched)."
    )
    formula = (
        "Ranked by SliceLine's score, alpha (mean error in the slice / mean error - 1) - (1 - "
        "alpha) (n / n in the slice - 1) (Sagadeeva and Boehm 2021), or by DivExplorer's "
        "divergence, the rate in the slice less that of all (Pastor et al. 2021). The p-value is "
        "the largest of those against each wider slice, clustered by image."
    )
    advice = (
        "Look at the rows of the slice before giving a reason: what it is named by need not be "
        "the cause. Name the slice in `by` from now on, so that it is watched."
    )

    def find(self, measured: Measured) -> Iterator[Finding]:
        """Yield the slices that the other half of the data confirms."""
        for row in measured.rows(WORST):
            if measured.significant(row.q_value):
                yield self.finding(measured, row, measured.facts[SEARCHED, row.subject])

    def finding(self, measured: Measured, row: Any, facts: Mapping[str, str]) -> Finding:
        """Judge one slice and put it into words."""
        mean = facts["measured"] == "mean"
        printed = number if mean else percent
        named = row.subject in measured.attributes
        subject = title(row.subject, measured.attributes) if named else row.subject
        message = self.message.format(
            what=f"The {facts['measured']} of {subject}",
            value=printed(row.value),
            group=measured.words(row.slice),
            rest=printed(row.reference),
            confidence=measured.confidence,
            low=printed(row.ci_low),
            high=printed(row.ci_high),
            n=count(row.n),
            searched=facts["slices_searched"],
        )
        effect = beyond(row, facts)
        return Finding(
            code=self.code,
            severity=Severity.WARNING if effect >= (FIFTH if mean else POINTS) else Severity.INFO,
            subject=row.subject,
            slice=row.slice,
            n=row.n,
            value=row.value,
            ci_low=row.ci_low,
            ci_high=row.ci_high,
            limit=row.reference,
            message=message,
            effect=effect,
            evidence=facts,
        )


def beyond(row: Any, facts: Mapping[str, str]) -> float:
    """Return how far the whole interval lies on the bad side of the value elsewhere, at least 0.

    In points of a rate, and for a mean as a part of the mean elsewhere.
    """
    low = facts["bad_where"] == "low"
    distance = row.reference - row.ci_high if low else row.ci_low - row.reference
    scale = abs(row.reference) if facts["measured"] == "mean" and row.reference else 1.0
    return max(0.0, float(distance / scale))
