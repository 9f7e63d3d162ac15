"""Findings about who is in the dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from toolkit.checks._rule import Measured, Rule
from toolkit.model.finding import Finding, Severity
from toolkit.wording.numbers import count, percent, ratio
from toolkit.wording.slices import attributes_of, titles

if TYPE_CHECKING:
    from collections.abc import Iterator

FOUR_FIFTHS: Final = 0.8
HALF: Final = 0.5


class REP001(Rule):
    """A group has a smaller share than its reference."""

    title = "Under-represented group"
    family = "representation"
    needs = ("representation.ratio", "representation.share_of_known")
    message = (
        "{group}: {share} of the {unit}s with known {attributes} ({confidence} interval {low} to "
        "{high}, n={n}), {ratio} the reference share of {reference} ({source}).{doubt}"
    )
    doubt = " Whether it is below 0.8× cannot be told from so few."
    equal = "equal shares, as none is declared"
    meaning = (
        "The share of a group among all units whose value is known is held against a reference: "
        "the one declared in `audit.toml`, else equal shares for all declared values; or the share "
        "in a split or in another dataset, as `[representation] against` says. The severity needs "
        "both a large effect and evidence for it. It is an error if the whole interval of share ÷ "
        "reference lies below 0.5 and the reference is more than equal shares, a warning "
        "if it lies below 0.8 (the four-fifths rule, by analogy), and otherwise for information "
        "if the ratio is below 0.8 or the share is significantly below its reference."
    )
    example = (
        "Predominantly Feminine (perceived gender presentation): 39.4% of the annotations with "
        "known perceived gender presentation (95% interval 37.9% to 40.9%, n=4,932), 0.79× the "
        "reference share of 50.0% (equal shares, as none is declared)."
    )
    formula = (
        "ratio = (T_g / Σ T_known) / reference_g with T_g the units of group g. The interval is "
        "Wilson's at the effective number of units, clustered by image (Korn and Graubard 1998), "
        "divided by the reference. Where the reference is a sample itself, its interval and the "
        "images that both have in common count as well (Donner and Zou 2012)."
    )
    advice = (
        "Decide first whether the reference is the right one for the use of the dataset, and "
        "declare it. If it is, collect more images of the group rather than dropping others. "
        "Test a model that was trained without them on this group alone."
    )

    def find(self, measured: Measured) -> Iterator[Finding]:
        """Yield the groups below their reference."""
        shares = {row.slice: row for row in measured.rows("representation.share_of_known")}
        for row in measured.rows("representation.ratio"):
            if row.value < FOUR_FIFTHS or (row.value < 1 and measured.significant(row.q_value)):
                yield self.finding(measured, row, shares[row.slice])

    def finding(self, measured: Measured, row: Any, share: Any) -> Finding:
        """Judge one group and put it into words."""
        names = attributes_of(row.slice)
        source = self.source(measured, names)
        severity = Severity.INFO
        if row.ci_high < FOUR_FIFTHS:
            grave = source != self.equal and row.ci_high < HALF
            severity = Severity.ERROR if grave else Severity.WARNING
        undecided = row.value < FOUR_FIFTHS <= row.ci_high and not measured.significant(row.q_value)
        message = self.message.format(
            group=measured.words(row.slice),
            share=percent(share.value),
            unit=row.unit,
            attributes=titles(names, measured.attributes),
            confidence=measured.confidence,
            low=percent(share.ci_low),
            high=percent(share.ci_high),
            n=count(row.n),
            ratio=ratio(row.value),
            reference=percent(share.reference),
            source=source,
            doubt=self.doubt if undecided else "",
        )
        numbers = (row.n, row.value, row.ci_low, row.ci_high, FOUR_FIFTHS)
        return Finding(self.code, severity, "", row.slice, *numbers, message, 1 - row.ci_high)

    def source(self, measured: Measured, names: tuple[str, ...]) -> str:
        """Say where the reference of a group comes from."""
        against = measured.config.representation
        if against.split and "split" not in names:
            return f"the share in the split {against.split}"
        if against.audit:
            return f"the share in the audit {against.audit}"
        declared = all(measured.attributes[name].reference for name in names)
        return "declared" if declared and against.against != "uniform" else self.equal
