"""Findings about how far annotations of the same images agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from toolkit.checks._rule import Measured, Rule
from toolkit.model.finding import Finding, Severity
from toolkit.model.slices import Status
from toolkit.wording.numbers import count, number, percent
from toolkit.wording.slices import attributes_of, title

if TYPE_CHECKING:
    from collections.abc import Iterator

POINTS: Final = 0.10
NOTABLE_POINTS: Final = 0.05
RAW: Final = ": raw agreement"
ALPHA: Final = ": Krippendorff's alpha"


class ANN040(Rule):
    """The second annotation misses the boxes of one group more often than those of the others."""

    title = "Annotation gap between groups"
    family = "annotation_gap"
    needs = ("annotation_gap.gap", "annotation_gap.recall")
    message = (
        "The second annotation has {rate} of the boxes of {group} (n={n}), {gap} points less than "
        "of all others ({confidence} interval {low} to {high})."
    )
    meaning = (
        "Two annotations of the same images are matched by IoU. Where the one has fewer of the "
        "boxes of a group that the other has, models trained on it see that group less often than "
        "it is in the pictures, and a test on it does not count their misses. A warning if the "
        "whole interval of the gap lies beyond 10 points, for information beyond 5."
    )
    example = (
        "The second annotation has 61.2% of the boxes of Young (perceived age presentation) "
        "(n=1,204), 14.9 points less than of all others (95% interval 11.6 to 18.2)."
    )
    formula = (
        "recall = boxes of the group that a box of the second annotation matches (IoU of at least "
        "0.5 by default, one-to-one) / boxes of the group; gap = recall of the group - recall of "
        "all others, with the covariance of both, since they share images."
    )
    advice = (
        "Look at the sizes of the missing boxes first: small boxes are missed more often, and the "
        "table has the recall of each size. Then annotate the missing ones, or state the gap."
    )

    def find(self, measured: Measured) -> Iterator[Finding]:
        """Yield the groups of which clearly more boxes are missing than of the others.

        Sizes of boxes are no groups of people; what they explain is in the table.
        """
        recall = measured.rows("annotation_gap.recall")
        rates = {row.slice: row.value for row in recall if not row.subject}
        for row in measured.rows("annotation_gap.gap", Status.OK):
            of_people = set(attributes_of(row.slice)) <= measured.attributes.keys()
            if of_people and not row.subject and surely_less(measured, row):
                words = {"rate": percent(rates[row.slice])}
                yield lower(self, measured, row, words)


class ANN041(Rule):
    """Annotators agree less about one group than about the others."""

    title = "Annotators agree less about a group"
    family = "agreement"
    needs = ("agreement.gap", "agreement.coefficient")
    message = (
        "About {attribute} of {group}, two annotators gave the same answer in {rate} of the cases "
        "(n={n}), {gap} points less than about all others ({confidence} interval {low} to {high}; "
        "Krippendorff's alpha {alpha})."
    )
    meaning = (
        "Where annotators disagree, the published value is one opinion of several, and numbers of "
        "that group say less. The raw agreement is judged: within a group that is made by the "
        "answer itself hardly any other answer is expected, and coefficients corrected for chance "
        "are low however well annotators agree. A warning if the whole interval of the gap lies "
        "beyond 10 points, for information beyond 5."
    )
    example = (
        "About perceived gender presentation of Older (perceived age presentation), two annotators "
        "gave the same answer in 71.4% of the cases (n=182), 16.0 points less than about all "
        "others (95% interval 8.9 to 23.6; Krippendorff's alpha 0.52)."
    )
    formula = (
        "agreement = mean over items of equal pairs of answers / pairs of answers; gap = agreement "
        "in the group - agreement in all others, with the covariance of both."
    )
    advice = (
        "Ask more annotators about the group, publish their answers rather than one of them, and "
        "look at the instructions for what they leave open."
    )

    def find(self, measured: Measured) -> Iterator[Finding]:
        """Yield the groups about which annotators clearly agree less than about the others."""
        known = measured.rows("agreement.coefficient")
        values = {(row.subject, row.slice): row.value for row in known}
        for row in measured.rows("agreement.gap", Status.OK):
            if row.subject.endswith(RAW) and surely_less(measured, row):
                name = row.subject.removesuffix(RAW)
                alpha = values.get((name + ALPHA, row.slice), float("nan"))
                words = {
                    "attribute": title(name, measured.attributes),
                    "rate": percent(values[row.subject, row.slice]),
                    "alpha": number(alpha),
                }
                yield lower(self, measured, row, words)


def surely_less(measured: Measured, row: Any) -> bool:
    """Whether a group's part is below that of the others by a notable amount, beyond doubt."""
    return row.ci_high <= -NOTABLE_POINTS and measured.significant(row.q_value)


def lower(rule: Rule, measured: Measured, row: Any, words: dict[str, str]) -> Finding:
    """Return a finding about a part that is lower in a group than in all others."""
    message = rule.message.format(
        group=measured.words(row.slice),
        n=count(row.n),
        gap=f"{-100 * row.value:.1f}",
        confidence=measured.confidence,
        low=f"{-100 * row.ci_high:.1f}",
        high=f"{-100 * row.ci_low:.1f}",
        **words,
    )
    severity = Severity.WARNING if row.ci_high <= -POINTS else Severity.INFO
    numbers = (row.n, row.value, row.ci_low, row.ci_high, -POINTS)
    effect = -float(row.ci_high)
    return Finding(rule.code, severity, row.subject, row.slice, *numbers, message, effect)
