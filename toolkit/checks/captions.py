"""Findings about how captions describe the images of a group."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from toolkit.checks._rule import Measured, Rule
from toolkit.model.finding import Finding, Severity
from toolkit.model.slices import Status
from toolkit.wording.numbers import count, percent, ratio
from toolkit.wording.slices import attributes_of

if TYPE_CHECKING:
    from collections.abc import Iterator

FAR: Final = 2.0
NOTABLE: Final = math.sqrt(2.0)
"""How many times as often as of the others: the factors that ASC001 has for labels."""


class ASC020(Rule):
    """Words of a list are said of a group's images far more often than of others'."""

    title = "Words that captions keep for one group"
    family = "captions"
    needs = ("captions.word_rate", "captions.word_gap", "captions.word_ratio")
    message = (
        "Words for {value} (list {name}) are in the captions of {rate} of the images with {group} "
        "(n={n}) and of {others} of those with others: {ratio} as often ({confidence} interval "
        "{low} to {high})."
    )
    meaning = (
        "Captions use words of a list for the images of one group much more than for the images of "
        "all other groups. A model that learns from captions learns whom one describes so. It is a "
        "warning if even the lower end of the ratio's interval is a factor of 2, and for "
        "information from a factor of 1.41 on; in both cases the corrected p-value must be "
        "significant and the group must have `min_n` captioned images. Words that stand for the "
        "group's own attribute are left out: that captions with women say `woman` is no finding "
        "(`captions.agreement` says how far they do)."
    )
    example = (
        "Words for child (list age) are in the captions of 21.0% of the images with Predominantly "
        "Feminine (perceived gender presentation) (n=1,204) and of 8.1% of those with others: "
        "2.59× as often (95% interval 2.2× to 3.05×)."
    )
    formula = (
        "ratio = q_g / q_o with q the part of the captioned images in whose captions any word of "
        "the list is, each image once. Group and others share images, and their covariance is part "
        "of the interval (Donner and Zou 2012)."
    )
    advice = (
        "Read the captions behind it. If the pictures do not account for the difference, have the "
        "images described again by a guide that says when such words are to be used, and search "
        "the captions before a model is trained on them."
    )

    def find(self, measured: Measured) -> Iterator[Finding]:
        """Yield the lists' words that surely are said of one group more than of the others."""
        rates = {(row.subject, row.slice): row for row in measured.rows("captions.word_rate")}
        gaps = {(row.subject, row.slice): row for row in measured.rows("captions.word_gap")}
        expected = own_attributes(measured)
        for row in measured.rows("captions.word_ratio", Status.OK):
            name, _, value = row.subject.partition("=")
            its_own = any((name, attribute) in expected for attribute in attributes_of(row.slice))
            sure = row.ci_low >= NOTABLE and measured.significant(row.q_value)
            if value and sure and not its_own:
                here = row.subject, row.slice
                yield self.finding(measured, row, rates[here].value, gaps[here].value)

    def finding(self, measured: Measured, row: Any, rate: float, gap: float) -> Finding:
        """Put one list's words and one group into a sentence."""
        name, _, value = row.subject.partition("=")
        message = self.message.format(
            value=value,
            name=name,
            rate=percent(rate),
            group=measured.words(row.slice),
            n=count(row.n),
            others=percent(rate - gap),
            ratio=ratio(row.value),
            confidence=measured.confidence,
            low=ratio(row.ci_low),
            high=ratio(row.ci_high),
        )
        severity = Severity.WARNING if row.ci_low >= FAR else Severity.INFO
        numbers = (row.n, row.value, row.ci_low, row.ci_high, FAR)
        effect = math.log2(row.ci_low)
        return Finding(self.code, severity, row.subject, row.slice, *numbers, message, effect)


def own_attributes(measured: Measured) -> set[tuple[str, str]]:
    """Return the lists with the attributes whose values they have words for."""
    return {
        (row.subject.partition("=")[0], attribute)
        for row in measured.rows("captions.agreement", *Status)
        for attribute in attributes_of(row.slice)
    }
