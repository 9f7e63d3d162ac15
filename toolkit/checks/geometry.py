"""Findings about the size and the position of a group's boxes."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from toolkit.checks._rule import Measured, Rule, undecided
from toolkit.model.finding import Finding, Severity
from toolkit.stats.intervals import z_value
from toolkit.stats.power import units_needed
from toolkit.wording.numbers import count, needed, percent, ratio

if TYPE_CHECKING:
    from collections.abc import Iterator

AREA: Final = "box_area"
FOUR_FIFTHS: Final = 0.8
HALF: Final = 0.5
OF_SIDE: Final = 0.10
NOTABLE_OF_SIDE: Final = 0.05
FEWEST: Final = 5
"""Of fewer boxes, or on fewer images, the place says nothing at all."""
DIRECTIONS: Final = {
    "box_x_center": ("further right", "further left", "width"),
    "box_y_center": ("lower", "higher", "height"),
    "box_distance": ("further from the middle", "nearer to the middle", "way to a corner"),
}
"""By signal, where boxes lie whose mean is greater and less, and what its unit is a part of."""


class ANN030(Rule):
    """A group's boxes are much smaller than those of all others."""

    title = "Boxes of a group are smaller"
    family = "geometry"
    needs = ("geometry.area_ratio", "geometry.mean")
    message = (
        "A box of {group} covers {area} of the image on average (n={n}), {ratio} the area of the "
        "others' ({confidence} interval {low} to {high}{choices}).{doubt}"
    )
    meaning = (
        "Small people are harder to detect and to describe, so an error rate that differs between "
        "groups may come from their size in the picture. A warning if the whole interval of the "
        "ratio of the mean areas lies below 0.5, for information if it lies below 0.8; in both "
        "cases the corrected p-value must be significant, and the boxes of the group must be at "
        "least `min_n`, on as many images. A ratio below 0.5 that is not sure to be "
        "below 0.8 is called inconclusive. Boxes around several people and those of drawings count "
        "as `[geometry]` in `audit.toml` says; the ratio with the other choice stands beside."
    )
    example = (
        "A box of Unknown (perceived gender presentation) covers 13.7% of the image on average "
        "(n=9,431), 0.68× the area of the others' (95% interval 0.64 to 0.72; with group boxes in "
        "0.96×)."
    )
    formula = (
        "ratio = mean area of the group's boxes / mean area of all others', areas as shares of "
        "their image; clustered by image with the covariance of both (Donner and Zou 2012)."
    )
    advice = (
        "Report errors of a model by the size of the box (`geometry.share`) within each group, and "
        "collect images in which the group is as near as the others."
    )

    def find(self, measured: Measured) -> Iterator[Finding]:
        """Yield the groups whose boxes are clearly, or seem to be far, smaller."""
        means = {(r.subject, r.slice): r.value for r in measured.rows("geometry.mean")}
        others: dict[str, list[Any]] = defaultdict(list)
        for row in measured.rows("geometry.area_ratio"):
            others[row.slice].append(row)
        for rows in others.values():
            for row in rows:
                sure = row.ci_high < FOUR_FIFTHS and is_evident(row, measured)
                if row.subject == AREA and (sure or row.value < HALF):
                    choices = "".join(
                        f"; with {r.subject.removeprefix(AREA)[2:-1]} {ratio(r.value)}"
                        for r in rows
                        if r is not row
                    )
                    yield self.finding(measured, row, means[AREA, row.slice], choices, sure=sure)

    def finding(
        self, measured: Measured, row: Any, area: float, choices: str, *, sure: bool
    ) -> Finding:
        """Judge one group and put it into words."""
        grave = sure and row.ci_high < HALF
        message = self.message.format(
            group=measured.words(row.slice),
            area=percent(area),
            n=count(row.n),
            ratio=ratio(row.value),
            confidence=measured.confidence,
            low=ratio(row.ci_low).removesuffix("×"),
            high=ratio(row.ci_high).removesuffix("×"),
            choices=choices,
            doubt="" if sure else f" {undecided_ratio(row, measured)}.",
        )
        severity = Severity.WARNING if grave else Severity.INFO
        numbers = (row.n, row.value, row.ci_low, row.ci_high, FOUR_FIFTHS)
        # In this order, an end that is not known gives 0 and not NaN.
        effect = max(0.0, 1 - row.ci_high)
        return Finding(self.code, severity, row.subject, row.slice, *numbers, message, effect)


class ANN031(Rule):
    """A group's boxes lie elsewhere in the image than those of all others."""

    title = "Boxes of a group lie elsewhere"
    family = "geometry"
    needs = ("geometry.mean_gap",)
    message = (
        "Boxes of {group} (n={n}) lie {gap} of the {side} {direction} on average than those of the "
        "others ({confidence} interval {low} to {high}).{doubt}"
    )
    meaning = (
        "A model that learns where people stand in the pictures finds those who stand elsewhere "
        "less often. A warning if the whole interval of the gap of the mean positions lies beyond "
        "a tenth of the side of the image, for information beyond a twentieth; in both cases the "
        "corrected p-value must be significant, and the boxes of the group must be at least "
        "`min_n`, on as many images. A gap beyond a tenth of 5 boxes or more that is not "
        "sure to be beyond a twentieth is called inconclusive."
    )
    example = (
        "Boxes of Predominantly Feminine (perceived gender presentation) (n=4,899) lie 8.2% of the "
        "way to a corner nearer to the middle on average than those of the others (95% interval "
        "7.2% to 9.1%)."
    )
    formula = (
        "gap = mean position in the group - mean position in all others, as a share of the side, "
        "or of the way from the middle to a corner; clustered by image with their covariance."
    )
    advice = (
        "Look whether the group is photographed in another way. Train with shifted and cropped "
        "images, and report errors of a model by position."
    )

    def find(self, measured: Measured) -> Iterator[Finding]:
        """Yield the groups that clearly lie, or seem to lie far, elsewhere."""
        for row in measured.rows("geometry.mean_gap"):
            far = max(row.ci_low, -row.ci_high)
            sure = far >= NOTABLE_OF_SIDE and is_evident(row, measured)
            seems = abs(row.value) >= OF_SIDE and min(row.n, row.n_images) >= FEWEST
            if row.subject in DIRECTIONS and (sure or seems):
                yield self.finding(measured, row, far, sure=sure)

    def finding(self, measured: Measured, row: Any, far: float, *, sure: bool) -> Finding:
        """Judge one group and put it into words."""
        more, less, side = DIRECTIONS[row.subject]
        towards = math.copysign(1.0, row.value)
        low, high = sorted((towards * row.ci_low, towards * row.ci_high))
        message = self.message.format(
            group=measured.words(row.slice),
            n=count(row.n),
            gap=percent(abs(row.value)),
            side=side,
            direction=more if row.value > 0 else less,
            confidence=measured.confidence,
            low=percent(low),
            high=percent(high),
            doubt="" if sure else f" {undecided(row, NOTABLE_OF_SIDE, measured)}.",
        )
        severity = Severity.WARNING if sure and far >= OF_SIDE else Severity.INFO
        numbers = (row.n, row.value, row.ci_low, row.ci_high, NOTABLE_OF_SIDE)
        # In this order, an end that is not known gives 0 and not NaN.
        effect = max(0.0, far)
        return Finding(self.code, severity, row.subject, row.slice, *numbers, message, effect)


def is_evident(row: Any, measured: Measured) -> bool:
    """Tell whether a difference is significant, and rests on enough boxes on enough images.

    The error of a mean over few images is itself too uncertain for a test to hold its level.
    """
    least = measured.config.slices.min_n
    return min(row.n, row.n_images) >= least and measured.significant(row.q_value)


def undecided_ratio(row: Any, measured: Measured) -> str:
    """Say how many boxes would show the ratio to be notable, if it is as small as seen."""
    if not 0 < row.ci_low < row.ci_high < math.inf:
        return needed(math.nan)
    confidence = measured.config.slices.confidence
    se = math.log(row.ci_high / row.ci_low) / (2 * z_value(confidence))
    effect = math.log(FOUR_FIFTHS / row.value)
    units = float(units_needed(row.n, effect, se, confidence=confidence))
    # With enough boxes for a single test, it was the correction for many that made the difference.
    return needed(units if units > row.n else math.nan)
