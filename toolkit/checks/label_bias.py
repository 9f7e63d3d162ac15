"""Findings about outcomes that are more frequent in one group than in another."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from toolkit.checks._rule import Measured, Rule, undecided
from toolkit.model.finding import Finding, Severity
from toolkit.model.slices import Status
from toolkit.wording.labels import AGAINST
from toolkit.wording.numbers import count, percent
from toolkit.wording.slices import attributes_of, title

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

POINTS: Final = 0.10
NOTABLE_POINTS: Final = 0.05
FOUR_FIFTHS: Final = 0.8


class ASC010(Rule):
    """An outcome is more, or less, frequent in a group than in those it is compared with."""

    title = "Label bias"
    family = "label_bias"
    needs = ("label_bias.rate", "label_bias.difference", "label_bias.ratio")
    message = (
        "{what}: {rate} of {group} (n={n}), {gap} points {direction} {others} ({confidence} "
        "interval {low} to {high}).{doubt}"
    )
    meaning = (
        "A label, flag or other outcome has another rate in one group than in those it is "
        "compared with, by default all others. A model learns such a difference as if it were "
        "about the people. It is a warning if the whole interval of the difference lies beyond 10 "
        "points, or beyond 5 points while the whole interval of the ratio lies beyond the "
        "four-fifths rule (by analogy: below 0.8 or above 1.25); otherwise it is for information "
        "from 5 points on. In all cases the corrected p-value must be significant. A difference of "
        "10 points or more that is not shown is for information, with the number of units it needs."
    )
    example = (
        "pose=sitting: 48.0% of Older (perceived age presentation) (n=412), 21.3 points more than "
        "the others (95% interval 16.1 to 26.5)."
    )
    formula = (
        "difference = q_g - q_o with q the part of a group's units that have the outcome, among "
        "those in which it is known; Clarify's DPL is this with the other sign. Group and others "
        "share images, and their covariance is part of the interval (Zou and Donner 2008)."
    )
    advice = (
        "Ask whether the outcome should depend on the group at all. If not, look at the images "
        "behind it, collect the missing combinations (`toolkit plan`), and judge a model by the "
        "group within the values of the outcome."
    )

    def find(self, measured: Measured) -> Iterator[Finding]:
        """Yield the groups whose rate is clearly another one."""
        ratios = {(row.subject, row.slice): row for row in measured.rows("label_bias.ratio")}
        rates = {(row.subject, row.slice): row for row in measured.rows("label_bias.rate")}
        names = {subject for subject, _ in rates}
        for row in one_sided(measured):
            outcome, against = parts(row.subject, names)
            message = self.words(measured, row, rates[outcome, row.slice], against)
            far = shown(row, measured)
            multiple = ratios.get((row.subject, row.slice))
            severity = Severity.WARNING if far and is_grave(far, multiple) else Severity.INFO
            numbers = (row.n, row.value, row.ci_low, row.ci_high, NOTABLE_POINTS)
            yield Finding(self.code, severity, row.subject, row.slice, *numbers, message, far)

    def words(self, measured: Measured, row: Any, rate: Any, against: str) -> str:
        """Put the difference of one group into words."""
        more = row.value > 0
        low, high = (row.ci_low, row.ci_high) if more else (-row.ci_high, -row.ci_low)
        return self.message.format(
            what=outcome_in_words(rate.subject, measured),
            rate=percent(rate.value),
            group=measured.words(row.slice),
            n=count(row.n),
            gap=f"{100 * abs(row.value):.1f}",
            direction="more than" if more else "less than",
            others=against_in_words(against, measured),
            confidence=measured.confidence,
            low=f"{100 * low:.1f}",
            high=f"{100 * high:.1f}",
            doubt="" if shown(row, measured) else f" {undecided(row, NOTABLE_POINTS, measured)}.",
        )


def one_sided(measured: Measured) -> Iterator[Any]:
    """Yield the notable differences of each outcome and slicing, all on one side of 0.

    Those are notable that are shown; where none is, the largest if it seems large. What one group
    has more of, the others have less of, and need not be said twice: the side is that of the group
    that is shown to differ most; of two groups it is the one with more.
    """
    found: dict[tuple[str, ...], list[Any]] = defaultdict(list)
    for row in measured.rows("label_bias.difference"):
        seems_large = abs(row.value) >= POINTS and measured.may_guess(row.n)
        if seems_large or shown(row, measured):
            found[row.subject, *attributes_of(row.slice)].append(row)
    for rows in found.values():
        farthest = max(rows, key=lambda row: (round(shown(row, measured), 9), row.value))
        beside = [row for row in rows if (row.value > 0) == (farthest.value > 0)]
        yield from (row for row in beside if row is farthest or shown(row, measured))


def shown(row: Any, measured: Measured) -> float:
    """Return how far from 0 a difference is shown to lie, if that is notable; else 0.

    Nothing is shown by a small group.
    """
    far = max(row.ci_low, -row.ci_high)
    enough = row.status == Status.OK and measured.significant(row.q_value)
    return float(far) if enough and far >= NOTABLE_POINTS else 0.0


def is_grave(far: float, multiple: Any) -> bool:
    """Whether a sure difference is large as such, or as a multiple."""
    if far >= POINTS or multiple is None:
        return far >= POINTS
    return bool(multiple.ci_high < FOUR_FIFTHS or multiple.ci_low > 1 / FOUR_FIFTHS)


def parts(subject: str, outcomes: Collection[str]) -> tuple[str, str]:
    """Return the outcome that a subject is about, and those it is compared with."""
    outcome = max((name for name in outcomes if subject.startswith(name)), key=len)
    return outcome, subject.removeprefix(outcome).removeprefix(AGAINST)


def outcome_in_words(subject: str, measured: Measured) -> str:
    """Return an outcome, its attribute called perceived where it is."""
    name, sign, value = subject.partition("=")
    known = name in measured.attributes
    return f"{title(name, measured.attributes)}{sign}{value}" if known else subject


def against_in_words(against: str, measured: Measured) -> str:
    """Return those a group was compared with."""
    if not against:
        return "the others"
    return "all" if against == "overall" else measured.words(against)
