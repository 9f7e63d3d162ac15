"""Findings about where the images come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from toolkit.checks._rule import Measured, Rule, about
from toolkit.model.finding import Finding, Severity
from toolkit.wording.numbers import count, percent, ratio

if TYPE_CHECKING:
    from collections.abc import Iterator

HALF: Final = 0.5
MUCH: Final = 0.05


class REP010(Rule):
    """Units have a country that is neither a code nor a name of ISO 3166-1."""

    title = "Unknown countries"
    family = "geography"
    needs = ("geography.not_recognised",)
    message = (
        "{n} {unit}s ({share}, {confidence} interval {low} to {high}) have a country that ISO "
        "3166-1 does not know: {names}."
    )
    meaning = (
        "The attribute that holds countries has values that are neither a code (two letters, three "
        "letters, digits) nor an English name of ISO 3166-1. They are a group of their own, so no "
        "country's share is larger for it, but each may be too small. It is a warning if the whole "
        "interval of their share lies above 5%, otherwise for information."
    )
    example = (
        "312 images (6.2%, 95% interval 5.6% to 7.0%) have a country that ISO 3166-1 does not "
        "know: 'UK' (301), 'Scotland' (11)."
    )
    formula = (
        "n / N with N all units, those without a country included; the interval is Wilson's at the "
        "effective number of units, clustered by image."
    )
    advice = (
        "Say under `[geography] names` which country each of them stands for, for instance "
        '`UK = "GB"`, or mend the annotations.'
    )

    def find(self, measured: Measured) -> Iterator[Finding]:
        """Yield the group of unknown countries."""
        for row in measured.rows("geography.not_recognised"):
            facts = measured.facts.get((row.metric, row.subject), {})
            message = self.message.format(
                n=count(row.n),
                unit=row.unit,
                share=percent(row.value),
                confidence=measured.confidence,
                low=percent(row.ci_low),
                high=percent(row.ci_high),
                names=facts.get("texts", ""),
            )
            severity = Severity.WARNING if row.ci_low > MUCH else Severity.INFO
            yield about(self, row, severity, MUCH, message, facts)


class REP011(Rule):
    """A country or region has few images for the people who live there."""

    title = "Few images per head"
    family = "geography"
    needs = ("geography.per_head",)
    message = (
        "{group}: {ratio} as many {unit}s per head as all countries with a stated population "
        "({confidence} interval {low} to {high}, n={n}).{doubt}"
    )
    doubt = " Whether it is below 0.5× cannot be told from so few."
    meaning = (
        "A country's part of the units is divided by its part of the people, both among the "
        "countries whose population the settings state. It is a warning if the whole interval lies "
        "below 0.5, and for information if the ratio does while the interval reaches above it."
    )
    example = (
        "IN (country): 0.08× as many images per head as all countries with a stated population "
        "(95% interval 0.06× to 0.1×, n=61)."
    )
    formula = (
        "(T_c / Σ T) / (P_c / Σ P) with T_c the units and P_c the people of country c. The "
        "interval is Wilson's at the effective number of units, divided by the part of the people."
    )
    advice = (
        "Decide whether the dataset is meant for people of that country. If so, collect images "
        "there, from more than one source."
    )

    def find(self, measured: Measured) -> Iterator[Finding]:
        """Yield the countries and regions with less than half of the images per head."""
        for row in measured.rows("geography.per_head"):
            if row.value < HALF:
                yield self.finding(measured, row)

    def finding(self, measured: Measured, row: Any) -> Finding:
        """Judge one country and put it into words."""
        sure = row.ci_high < HALF
        message = self.message.format(
            group=measured.words(row.slice),
            ratio=ratio(row.value),
            unit=row.unit,
            confidence=measured.confidence,
            low=ratio(row.ci_low),
            high=ratio(row.ci_high),
            n=count(row.n),
            doubt="" if sure or measured.significant(row.q_value) else self.doubt,
        )
        severity = Severity.WARNING if sure else Severity.INFO
        numbers = (row.n, row.value, row.ci_low, row.ci_high, HALF)
        return Finding(self.code, severity, "", row.slice, *numbers, message, 1 - row.ci_high)
