"""Findings about how, and how evenly, the data are annotated."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from toolkit.checks._rule import Measured, Rule
from toolkit.model.finding import Finding, Severity
from toolkit.model.slices import Status
from toolkit.wording.numbers import count, percent
from toolkit.wording.slices import terms, title, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator

ONE_PERCENT: Final = 0.01
POINTS: Final = 0.10
NOTABLE_POINTS: Final = 0.05
MOSTLY: Final = 0.5
OFTEN: Final = 0.2


def about(rule: Rule, row: Any, severity: Severity, limit: float, message: str) -> Finding:
    """Return a finding with the numbers of one row; its effect is the sure part of its value."""
    numbers = (row.n, row.value, row.ci_low, row.ci_high, limit)
    return Finding(
        rule.code, severity, row.subject, row.slice, *numbers, message, float(row.ci_low)
    )


class ANN001(Rule):
    """Annotations that repeat another one exactly."""

    title = "Exact duplicate rows"
    family = "integrity"
    needs = ("integrity.duplicates",)
    message = (
        "{n} annotations on {images} images repeat another one of the same image in every column "
        "({share} of all, {confidence} interval {low} to {high})."
    )
    meaning = (
        "Two rows that agree in every column count one person twice and give that person double "
        "weight in training. A warning from 1% of all annotations on, otherwise for information."
    )
    example = (
        "82 annotations on 81 images repeat another one of the same image in every column (0.3% "
        "of all, 95% interval 0.3% to 0.4%)."
    )
    formula = "n = Σ (times - 1) over the different rows; intervals are clustered by image."
    advice = "Remove the repetitions at their source and audit again."

    def find(self, measured: Measured) -> Iterator[Finding]:
        """Yield one finding if any row is repeated."""
        for row in measured.rows("integrity.duplicates"):
            if row.n:
                yield about(self, row, *rows_concerned(self, measured, row))


class ANN002(Rule):
    """A flag or attribute that never varies."""

    title = "Constant column"
    family = "integrity"
    needs = ("integrity.constant",)
    message = "{column} is {value} in all {n} rows: it was not annotated, or tells nothing."
    meaning = (
        "A column with one value in every row carries no information. Often the flag was never "
        "asked for, and 0 stands for “not annotated” rather than for “no”."
    )
    example = "is_occluded is false in all 23,940 rows: it was not annotated, or tells nothing."
    formula = "least value = greatest value over all rows, none missing; or all missing."
    advice = "Say in the card whether it was annotated. Do not slice by it or train on it."

    def find(self, measured: Measured) -> Iterator[Finding]:
        """Yield every column that says the same in all rows."""
        for row in measured.rows("integrity.constant"):
            value = value_of(terms(row.slice)[0][1])
            message = self.message.format(column=row.subject, value=value, n=count(row.n))
            yield about(self, row, Severity.INFO, math.nan, message)


class ANN003(Rule):
    """A value for which another attribute is never annotated, by the protocol."""

    title = "Structural missingness"
    family = "annotation"
    needs = ("annotation.missing_rate",)
    message = (
        "{attribute} is never known for {group} (n={n} on {images} images): a rule of the "
        "annotation protocol, not a property of the people shown. The combination is left out of "
        "comparisons."
    )
    meaning = (
        "Where one attribute is unknown in every single row of a group, although at least 100 "
        "known values would be expected there, nobody was asked. This is a rule of the protocol. "
        "It is reported as such and never as an association."
    )
    example = (
        "perceived gender presentation is never known for Young (perceived age presentation) "
        "(n=1,676 on 823 images): a rule of the annotation protocol, not a property of the "
        "people shown. The combination is left out of comparisons."
    )
    formula = "known = 0 and units of the group · overall rate of known values ≥ 100."
    advice = "State the rule in the card. Do not impute the missing values."

    def find(self, measured: Measured) -> Iterator[Finding]:
        """Yield every group in which an attribute is never known."""
        for row in measured.rows("annotation.missing_rate", Status.STRUCTURAL):
            message = self.message.format(
                attribute=title(row.subject, measured.attributes),
                group=measured.words(row.slice),
                n=count(row.n),
                images=count(row.n_images),
            )
            yield about(self, row, Severity.INFO, math.nan, message)


class ANN004(Rule):
    """Rows that the loader had to leave out."""

    title = "Rejected rows"
    family = "integrity"
    needs = ("integrity.rejected",)
    message = (
        "{n} rows were left out, {reason} ({share} of the rows read, {confidence} interval {low} "
        "to {high}). They are listed in rejected.parquet."
    )
    meaning = (
        "A row without a usable image id, or with a box that is no box, cannot be counted. Rows "
        "read are always rows kept plus rows rejected. A warning from 1% of a table on."
    )
    example = (
        "12 rows were left out, annotations: box corners swapped (0.1% of the rows read, 95% "
        "interval 0.0% to 0.1%). They are listed in rejected.parquet."
    )
    formula = "share = rows rejected for the reason / rows read; Wilson interval."
    advice = "Mend the rows at their source; check whether they come from one group or tool."

    def find(self, measured: Measured) -> Iterator[Finding]:
        """Yield every reason for which rows were left out."""
        for row in measured.rows("integrity.rejected"):
            yield about(self, row, *rows_concerned(self, measured, row, reason=row.subject))


class ANN005(Rule):
    """Annotations of images that are not listed."""

    title = "Orphan annotations"
    family = "integrity"
    needs = ("integrity.orphans",)
    message = (
        "{n} annotations belong to {images} images that the list of images does not have "
        "({share} of all, {confidence} interval {low} to {high})."
    )
    meaning = (
        "The dataset lists its images, and these annotations name others. Split, licence and "
        "file of those images are unknown. A warning from 1% of all annotations on."
    )
    example = (
        "31 annotations belong to 9 images that the list of images does not have (0.1% of all, "
        "95% interval 0.1% to 0.2%)."
    )
    formula = "n = annotations without a match in the images by image_id; clustered by image."
    advice = "Complete the list of images, or remove the annotations."

    def find(self, measured: Measured) -> Iterator[Finding]:
        """Yield one finding if any annotation is orphaned."""
        for row in measured.rows("integrity.orphans"):
            if row.n:
                yield about(self, row, *rows_concerned(self, measured, row))


class ANN006(Rule):
    """Values are unknown more often in one group than in the others."""

    title = "Unknown values differ between groups"
    family = "annotation"
    needs = ("annotation.missing_gap", "annotation.missing_rate")
    message = (
        "{what} is unknown for {rate} of {group} (n={n}), {gap} points more than elsewhere "
        "({confidence} interval {low} to {high})."
    )
    meaning = (
        "Where an attribute is unknown more often in one group, that group's shares rest on "
        "fewer of its people, and a comparison of known values may mislead. A warning if the "
        "whole interval of the gap lies above 10 points, for information above 5."
    )
    example = (
        "perceived gender presentation is unknown for 96.0% of true (is group of) (n=2,067), "
        "52.9 points more than elsewhere (95% interval 51.3 to 54.3)."
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
        "({confidence} interval {low} to {high})."
    )
    meaning = (
        "Occluded, truncated or grouped people are harder to detect. Where a flag is set more "
        "often in one group, an error rate that differs between groups may come from that. A "
        "warning if the whole interval of the gap lies above 10 points, for information above 5."
    )
    example = (
        "is group of is set for 17.4% of Unknown (perceived gender presentation) (n=11,415), "
        "16.7 points more than elsewhere (95% interval 15.8 to 17.7)."
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


def rows_concerned(
    rule: Rule, measured: Measured, row: Any, reason: str = ""
) -> tuple[Severity, float, str]:
    """Judge a part of the rows that should not be there, and say how many they are."""
    message = rule.message.format(
        n=count(row.n),
        images=count(row.n_images),
        reason=reason,
        share=percent(row.value),
        confidence=measured.confidence,
        low=percent(row.ci_low),
        high=percent(row.ci_high),
    )
    severity = Severity.WARNING if row.value >= ONE_PERCENT else Severity.INFO
    return severity, ONE_PERCENT, message


def wider(rule: Rule, measured: Measured, rates: str, gaps: str) -> Iterator[Finding]:
    """Yield the groups whose rate is clearly above that of all others."""
    rate_of = {(row.subject, row.slice): row.value for row in measured.rows(rates)}
    for row in measured.rows(gaps, Status.OK):
        if row.ci_low >= NOTABLE_POINTS and measured.significant(row.q_value):
            message = rule.message.format(
                what=title(row.subject, measured.attributes),
                rate=percent(rate_of[row.subject, row.slice]),
                group=measured.words(row.slice),
                n=count(row.n),
                gap=f"{100 * row.value:.1f}",
                confidence=measured.confidence,
                low=f"{100 * row.ci_low:.1f}",
                high=f"{100 * row.ci_high:.1f}",
            )
            severity = Severity.WARNING if row.ci_low >= POINTS else Severity.INFO
            yield about(rule, row, severity, POINTS, message)
