"""Findings about how, and how evenly, the data are annotated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toolkit.checks._rule import Measured, Rule, about, undecided
from toolkit.model.finding import Finding, Severity
from toolkit.model.slices import Status
from toolkit.wording.numbers import count, percent
from toolkit.wording.slices import title

if TYPE_CHECKING:
    from collections.abc import Iterator

POINTS: Final = 0.10
NOTABLE_POINTS: Final = 0.05
MOSTLY: Final = 0.5
OFTEN: Final = 0.2


class ANN006(Rule):
    """Values are unknown more often in one group than in the others."""

    title = "Unknown values differ between groups"
    family = "annotation"
    needs = ("annotation.missing_gap", "annotation.missing_rate")
    message = (
        "{what} is unknown for {rate} of {group} (n={n}), {gap} points more than elsewhere "
        "({confidence} interval {low} to {high}).{doubt}"
    )
    meaning = (
        "Where an attribute is unknown more often in one group, that group's shares rest on "
        "fewer of its people, and a comparison of known values may mislead. A warning if the "
        "whole interval of the gap lies above 10 points, for information above 5; in both cases "
        "the corrected p-value must be significant. A gap of 10 points that is not sure to be "
        "above 5 is called inconclusive."
    )
    example = (
        "perceived gender presentation is unknown for 96.0% of annotations marked "
        "is_group_of (n=2,067), 52.9 points more than elsewhere (95% interval 51.3 to 54.3)."
    )
    formula = (
        "gap = rate in the group - rate in all others, with the covariance of both, since they "
        "share images; groups that the protocol never asks for are left out of both."
    )
    advice = (
        "State who could not be annotated and why. Re-annotate the group if its people matter "
        "for the use; never fill the values in from the picture by a model."
    )

    def find(self, measured: Measured) -> Iterator[Finding]:
        """Yield the groups with clearly more unknown values than the others."""
        yield from wider(self, measured, "annotation.missing_rate", "annotation.missing_gap")


class ANN007(Rule):
    """A flag is set more often in one group than in the others."""

    title = "Flag rates differ between groups"
    family = "annotation"
    needs = ("annotation.rate_gap", "annotation.rate")
    message = (
        "{what} is set for {rate} of {group} (n={n}), {gap} points more than elsewhere "
        "({confidence} interval {low} to {high}).{doubt}"
    )
    meaning = (
        "Occluded, truncated or grouped people are harder to detect. Where a flag is set more "
        "often in one group, an error rate that differs between groups may come from that. A "
        "warning if the whole interval of the gap lies above 10 points, for information above 5; "
        "in both cases the corrected p-value must be significant. A gap of 10 points that is not "
        "sure to be above 5 is called inconclusive."
    )
    example = (
        "the flag is_group_of is set for 17.4% of Unknown (perceived gender presentation) "
        "(n=11,415), 16.7 points more than elsewhere (95% interval 15.8 to 17.7)."
    )
    formula = "gap = rate in the group - rate in all others, clustered by image."
    advice = "Report errors of a model for the flagged and the other boxes apart."

    def find(self, measured: Measured) -> Iterator[Finding]:
        """Yield the groups in which a flag is clearly set more often."""
        yield from wider(self, measured, "annotation.rate", "annotation.rate_gap")


class ANN008(Rule):
    """Much of an attribute is unknown."""

    title = "Many unknown values"
    family = "annotation"
    needs = ("annotation.missing_rate",)
    message = (
        "{attribute} is unknown for {rate} of all annotations ({confidence} interval {low} to "
        "{high}, n={n}): shares of known values speak for the others only."
    )
    meaning = (
        "Every comparison of known values leaves the unknown ones out. A warning if more than "
        "half are unknown beyond doubt, for information from 20% on."
    )
    example = (
        "perceived gender presentation is unknown for 47.7% of all annotations (95% interval "
        "46.5% to 48.9%, n=23,940): shares of known values speak for the others only."
    )
    formula = "rate = unknown or missing values / annotations asked; clustered by image."
    advice = "Say in the card whom the known values speak for."

    def find(self, measured: Measured) -> Iterator[Finding]:
        """Yield the attributes that are unknown in many annotations."""
        for row in measured.rows("annotation.missing_rate"):
            if row.slice == "overall" and row.ci_low >= OFTEN:
                severity = Severity.WARNING if row.ci_low > MOSTLY else Severity.INFO
                message = self.message.format(
                    attribute=title(row.subject, measured.attributes),
                    rate=percent(row.value),
                    confidence=measured.confidence,
                    low=percent(row.ci_low),
                    high=percent(row.ci_high),
                    n=count(row.n),
                )
                yield about(self, row, severity, OFTEN, message)


def named(subject: str, measured: Measured) -> str:
    """Return an attribute with its basis, or a flag by its name."""
    known = subject in measured.attributes
    return title(subject, measured.attributes) if known else f"the flag {subject}"


def wider(rule: Rule, measured: Measured, rates: str, gaps: str) -> Iterator[Finding]:
    """Yield the groups whose rate is clearly above that of all others, or seems to be far above.

    Nothing is clear of a small group: one annotation that has a flag is all of its group.
    """
    rate_of = {(row.subject, row.slice): row.value for row in measured.rows(rates)}
    for row in measured.rows(gaps):
        shown = row.ci_low >= NOTABLE_POINTS and measured.significant(row.q_value)
        sure = shown and row.status == Status.OK
        if sure or (row.value >= POINTS and measured.may_guess(row.n)):
            message = rule.message.format(
                what=named(row.subject, measured),
                rate=percent(rate_of[row.subject, row.slice]),
                group=measured.words(row.slice),
                n=count(row.n),
                gap=f"{100 * row.value:.1f}",
                confidence=measured.confidence,
                low=f"{100 * row.ci_low:.1f}",
                high=f"{100 * row.ci_high:.1f}",
                doubt="" if sure else f" {undecided(row, NOTABLE_POINTS, measured)}.",
            )
            grave = sure and row.ci_low >= POINTS
            yield about(rule, row, Severity.WARNING if grave else Severity.INFO, POINTS, message)
