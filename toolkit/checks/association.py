"""Findings about labels that go with groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from toolkit.checks._rule import Measured, Rule
from toolkit.model.finding import Finding, Severity
from toolkit.wording.numbers import count, expected, number, ratio

if TYPE_CHECKING:
    from collections.abc import Iterator

FACTOR_TWO: Final = 1.0
"""A conservative lift of log2(2): at least twice, or at most half, of what is expected."""
NOTABLE: Final = 0.5


class ASC001(Rule):
    """A label goes with a group far more, or far less, often than expected."""

    title = "Strong association of a label with a group"
    family = "association"
    needs = ("association.observed", "association.lift", "association.conservative_lift")
    message = (
        "{label} and {group} meet in {observed} images where {expected} are expected of "
        "independence: {lift} ({confidence} interval {low} to {high}, n={n} images with both "
        "known), {direction}."
    )
    meaning = (
        "In the images in which both the attribute and some label are known, the label occurs "
        "with the group more or less often than it would if they were unrelated. A model can "
        "learn the one from the other. It is a warning if even the bound of the interval nearer "
        "to independence is a factor of 2 away from it, and for information from a factor of "
        "1.41 on; in both cases the corrected p-value must be significant and the smaller of "
        "the two groups of evidence must reach `min_n` images."
    )
    example = (
        "Kitchen and Predominantly Feminine (perceived gender presentation) meet in 61 images "
        "where 24.3 are expected of independence: 2.51× (95% interval 2.21× to 2.85×, n=388 "
        "images with both known), more often than expected."
    )
    formula = (
        "lift = observed · N / (images with the group · images with the label). Severity uses "
        "the conservative lift of Know Your Data: the Wilson bound of p(label | group) nearer "
        "to the expected share, as log2 of its ratio to it, 0 where the interval covers it."
    )
    advice = (
        "Look at the images behind it. If the association is an artefact of how images were "
        "chosen, collect images that break it (the group without the label, the label without "
        "the group), and test the model on exactly those."
    )

    def find(self, measured: Measured) -> Iterator[Finding]:
        """Yield the pairs of label and group that are far from independent."""
        strengths = measured.tables.get("association.conservative_lift")
        if strengths is None:
            return
        lifts = measured.tables["association.lift"]
        observed = measured.tables["association.observed"]
        enough = observed[["n", "reference"]].max(axis=1) >= measured.config.slices.min_n
        strong = strengths["value"].abs() >= NOTABLE
        certain = strengths["q_value"].map(measured.significant)
        for i in strengths.index[strong & certain & enough]:
            yield self.finding(
                measured, strengths.loc[i], lifts.loc[i], float(observed.loc[i, "reference"])
            )

    def finding(self, measured: Measured, strength: Any, lift: Any, chance: float) -> Finding:
        """Put one pair of label and group into words."""
        far = abs(strength["value"])
        message = self.message.format(
            label=lift["subject"],
            group=measured.words(lift["slice"]),
            observed=count(lift["n"]),
            expected=expected(chance),
            lift=ratio(lift["value"]),
            confidence=measured.confidence,
            low=ratio(lift["ci_low"]),
            high=ratio(lift["ci_high"]),
            n=count(lift["n_images"]),
            direction=f"{'more' if lift['value'] > 1 else 'less'} often than expected",
        )
        return Finding(
            code=self.code,
            severity=Severity.WARNING if far >= FACTOR_TWO else Severity.INFO,
            subject=lift["subject"],
            slice=lift["slice"],
            n=int(lift["n"]),
            value=float(lift["value"]),
            ci_low=float(lift["ci_low"]),
            ci_high=float(lift["ci_high"]),
            limit=2.0 if lift["value"] > 1 else 0.5,
            message=message,
            effect=float(far),
            evidence={"expected": chance, "conservative_lift": number(strength["value"])},
        )
