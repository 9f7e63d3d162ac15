"""Findings about labels that go with groups, and about attributes that go together."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from toolkit.checks._rule import Measured, Rule
from toolkit.model.finding import Finding, Severity
from toolkit.model.slices import Status
from toolkit.stats.intervals import z_value
from toolkit.stats.power import units_needed
from toolkit.wording.numbers import count, expected, needed, number, ratio
from toolkit.wording.slices import attributes_of, titles

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

FACTOR_TWO: Final = 1.0
"""A conservative lift of log2(2): at least twice, or at most half, of what is expected."""
NOTABLE: Final = 0.5
GAP: Final = 0.2
NOTABLE_GAP: Final = 0.1
"""In nPMI, which goes from -1 to 1."""
MEDIUM: Final = 0.3
SMALL: Final = 0.1
"""Cohen's (1988) medium and small effect for Cramér's V of a table with two rows."""
FEWEST: Final = 5
"""Where fewer images were seen and fewer expected, a ratio of 2 says nothing at all."""


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
        severity = Severity.WARNING if far >= FACTOR_TWO else Severity.INFO
        known: dict[str, str | float] = {
            "expected": chance,
            "conservative_lift": number(strength["value"]),
        }
        return of_lift(self.code, severity, lift, lift["subject"], message, float(far), known)


def of_lift(
    code: str,
    severity: Severity,
    lift: pd.Series[Any],
    subject: str,
    message: str,
    effect: float,
    evidence: Mapping[str, str | float],
) -> Finding:
    """Return a finding with the numbers of a lift, held against a factor of 2."""
    return Finding(
        code=code,
        severity=severity,
        subject=subject,
        slice=str(lift["slice"]),
        n=int(lift["n"]),
        value=float(lift["value"]),
        ci_low=float(lift["ci_low"]),
        ci_high=float(lift["ci_high"]),
        limit=2.0 if lift["value"] > 1 else 0.5,
        message=message,
        effect=effect,
        evidence=evidence,
    )


class ASC002(Rule):
    """A label goes with one group much more than with another."""

    title = "Association of a label that differs between two groups"
    family = "association"
    needs = ("association.gap", "association.npmi", "association.lift")
    message = (
        "{label} goes with {group} (nPMI {one}, n={n}) otherwise than with {other} "
        "(nPMI {two}): a gap of {gap} ({confidence} interval {low} to {high})."
    )
    meaning = (
        "The association of a label is stronger with one group than with another, on the scale of "
        "nPMI from -1 (never together) over 0 (unrelated) to 1 (always together). It is a warning "
        "if the whole interval of the gap lies beyond 0.2, and for information beyond 0.1; in "
        "both cases the corrected p-value must be significant and both pairs must reach `min_n` "
        "images, seen or expected."
    )
    example = (
        "Kitchen goes with Predominantly Feminine (perceived gender presentation) (nPMI 0.31, "
        "n=61) otherwise than with Predominantly Masculine (perceived gender presentation) "
        "(nPMI -0.04): a gap of 0.35 (95% interval 0.27 to 0.43)."
    )
    formula = (
        "G(y | x1, x2) = nPMI(x1, y) - nPMI(x2, y) with nPMI = ln(p(x,y) / (p(x) p(y))) / "
        "-ln p(x,y) (Aka et al. 2021). Images that show both groups are in both terms, and the "
        "covariance image by image is part of the interval (Zou and Donner 2008)."
    )
    advice = (
        "A label that goes with neither group alone can still separate them. Look at the images "
        "of both groups, and collect those that are rare (`toolkit plan`)."
    )

    def find(self, measured: Measured) -> Iterator[Finding]:
        """Yield the labels whose nPMI differs surely between two groups."""
        pairs: dict[tuple[str, str], tuple[Any, Any]] = {}
        for row in measured.rows("association.gap", Status.OK):
            label, of_npmi, other = row.subject.rpartition(": npmi against ")
            far = max(row.ci_low, -row.ci_high)
            if of_npmi and far >= NOTABLE_GAP and measured.significant(row.q_value):
                pairs = pairs or both_measures(measured)
                if (label, row.slice) in pairs:
                    yield self.finding(measured, row, far, label, other, pairs)

    def finding(
        self,
        measured: Measured,
        row: Any,
        far: float,
        label: str,
        other: str,
        pairs: dict[tuple[str, str], tuple[Any, Any]],
    ) -> Finding:
        """Put the gap of one label into words."""
        (lift, npmi), (_, of_other) = pairs[label, row.slice], pairs[label, other]
        message = self.message.format(
            label=label,
            group=measured.words(row.slice),
            one=number(npmi.value),
            n=count(lift.n),
            other=measured.words(other),
            two=number(of_other.value),
            gap=number(row.value),
            confidence=measured.confidence,
            low=number(row.ci_low),
            high=number(row.ci_high),
        )
        severity = Severity.WARNING if far >= GAP else Severity.INFO
        numbers = (lift.n, row.value, row.ci_low, row.ci_high, GAP)
        against = {"against": other}
        return Finding(self.code, severity, label, row.slice, *numbers, message, far, against)


def both_measures(measured: Measured) -> dict[tuple[str, str], tuple[Any, Any]]:
    """Return the rows of lift and nPMI of each pair of label and group."""
    lifts = measured.rows("association.lift")
    npmi = {(row.subject, row.slice): row for row in measured.rows("association.npmi")}
    return {
        (row.subject, row.slice): (row, npmi[row.subject, row.slice])
        for row in lifts
        if (row.subject, row.slice) in npmi
    }


class ASC003(Rule):
    """Two attributes of the same units go together."""

    title = "Two attributes that go together"
    family = "association"
    needs = ("association.table", "association.attributes")
    message = (
        "{attributes} go together (Cramér's V {v}, {confidence} interval {low} to {high}); most of "
        "all {group}: {observed} where {expected} are expected, {lift} ({lift_low} to "
        "{lift_high}).{doubt}"
    )
    meaning = (
        "Whoever has one value of an attribute often has a certain value of the other one: a model "
        "or an audit by the one then also sees the other. It is a warning if the whole interval of "
        "Cramér's V lies above 0.3 and one pair of values is surely twice, or half, as frequent as "
        "expected; for information if the interval lies above 0.1. A V above 0.3 that is not "
        "surely above 0.1 is called inconclusive. What the annotation protocol rules out is no "
        "association and left out."
    )
    example = (
        "perceived gender presentation × lighting go together (Cramér's V 0.34, 95% interval 0.31 "
        "to 0.37); most of all Predominantly Feminine (perceived gender presentation) and dim "
        "(lighting): 212 where 98.1 are expected, 2.16× (1.97× to 2.37×)."
    )
    formula = (
        "V = √(φ² / min(r-1, c-1)) of Pearson's φ² = χ²/n, corrected for its bias (Bergsma 2013), "
        "with the interval of the noncentral chi-square. Where units share images, χ² and n are "
        "divided by the mean design effect (Rao and Scott 1981)."
    )
    advice = (
        "Compare groups within the values of the other attribute (`--by first,second`), and "
        "collect the combinations that are rare."
    )

    def find(self, measured: Measured) -> Iterator[Finding]:
        """Yield the pairs of attributes that go together, each with its strongest values."""
        cells = measured.tables.get("association.attributes")
        for row in measured.rows("association.table"):
            names, of_v, _ = row.subject.rpartition(": Cramér's V")
            if not of_v or cells is None or "all labels" in names:
                continue
            enough = row.status == Status.OK
            certain = enough and row.ci_low >= SMALL and measured.significant(row.q_value)
            if certain or row.value >= MEDIUM:
                yield self.finding(measured, row, strongest(cells, names), certain)

    def finding(
        self, measured: Measured, row: Any, pair: dict[str, pd.Series[Any]], certain: bool
    ) -> Finding:
        """Put one pair of attributes into words."""
        lift, far = pair["lift"], abs(float(pair["conservative_lift"]["value"]))
        names = row.subject.rpartition(":")[0].split(" & ")
        message = self.message.format(
            attributes=titles(names, measured.attributes),
            v=number(row.value),
            confidence=measured.confidence,
            low=number(row.ci_low),
            high=number(row.ci_high),
            group=measured.words(str(lift["slice"])),
            observed=count(lift["n"]),
            expected=expected(pair["observed"]["reference"]),
            lift=ratio(lift["value"]),
            lift_low=ratio(lift["ci_low"]),
            lift_high=ratio(lift["ci_high"]),
            doubt="" if certain else f" {undecided(row, SMALL, measured)}.",
        )
        grave = certain and row.ci_low >= MEDIUM and far >= FACTOR_TWO
        severity = Severity.WARNING if grave else Severity.INFO
        known = {"cramers_v": number(row.value)}
        return of_lift(self.code, severity, lift, row.subject, message, float(row.ci_low), known)


def strongest(cells: pd.DataFrame, names: str) -> dict[str, pd.Series[Any]]:
    """Return the measures of the pair of values that is farthest from independence, by name."""
    cuts = {text: " & ".join(attributes_of(text)) for text in cells["slice"].unique()}
    rows = cells[(cells["slice"].map(cuts) == names) & (cells["status"] != Status.STRUCTURAL)]
    strength = rows[rows["subject"] == "conservative_lift"]
    place = strength.sort_values("slice").set_index("slice")["value"].abs().idxmax()
    of_pair = rows[rows["slice"] == place]
    return {str(row["subject"]): row for _, row in of_pair.iterrows()}


def undecided(row: Any, limit: float, measured: Measured) -> str:
    """Say how many units would show a number to be beyond a limit, if it is as large as seen."""
    confidence = measured.config.slices.confidence
    se = (row.ci_high - row.ci_low) / (2 * z_value(confidence))
    units = float(units_needed(row.n, row.value - limit, se, confidence=confidence))
    return needed(units if units > row.n else math.nan)


class ASC004(Rule):
    """Labels seem to go with a group, on too few images to tell."""

    title = "Large associations on too few images"
    family = "association"
    needs = ("association.lift", "association.conservative_lift", "association.observed")
    message = (
        "At least twice, or at most half, as frequent with {group} as expected, on too few images "
        "to tell: {number}. Nearest to an answer is {label}: {lift} ({confidence} interval {low} "
        "to {high}, n={n}). {needed}."
    )
    meaning = (
        "A small number of images does not make a large effect go away: these pairs of group and "
        "label have a lift of 2 or more, or of one half or less, with at least 5 images seen or "
        "expected, and are not surely away from independence. They are told once a group, with "
        "the label for which the fewest images are missing."
    )
    example = (
        "At least twice, or at most half, as frequent with Older (perceived age presentation) as "
        "expected, on too few images to tell: 3 labels. Nearest to an answer is Wheelchair: 2.4× "
        "(95% interval 0.98× to 5.87×, n=9). Inconclusive, n needed about 40."
    )
    formula = (
        "n needed = n · ((z of the confidence + z of 80% power) · se / (|log2 lift| - 0.5))², with "
        "se from the interval of the lift on the scale of log2."
    )
    advice = (
        "Do not read silence as an all-clear. Collect that many images with group and label, or "
        "look at the few there are."
    )

    def find(self, measured: Measured) -> Iterator[Finding]:
        """Yield one finding for each group that has such labels."""
        lifts = measured.tables.get("association.lift")
        if lifts is None or lifts.empty:
            return
        doubtful = in_doubt(lifts, measured)
        for place, rows in lifts[doubtful].groupby("slice", sort=False):
            images = rows.apply(images_needed, axis=1, confidence=measured.config.slices.confidence)
            order = rows.assign(needed=images).sort_values(["needed", "subject"])
            row = order.iloc[0]
            message = self.message.format(
                number=f"{len(rows):,} label{'s' if len(rows) > 1 else ''}",
                group=measured.words(str(place)),
                label=row["subject"],
                lift=ratio(row["value"]),
                confidence=measured.confidence,
                low=ratio(row["ci_low"]),
                high=ratio(row["ci_high"]),
                n=count(row["n"]),
                needed=needed(row["needed"] if row["needed"] > row["n"] else math.nan),
            )
            yield of_lift(self.code, Severity.INFO, row, row["subject"], message, 0.0, {})


def in_doubt(lifts: pd.DataFrame, measured: Measured) -> pd.Series[bool]:
    """Say of each pair whether its lift is large and not surely away from independence."""
    strengths = measured.tables["association.conservative_lift"]
    observed = measured.tables["association.observed"]
    seen = observed[["n", "reference"]].max(axis=1)
    large = (lifts["value"] >= 2) | (lifts["value"] <= 0.5)
    certain = strengths["q_value"].map(measured.significant) & (strengths["value"].abs() >= NOTABLE)
    enough = seen >= measured.config.slices.min_n
    return large & (seen >= FEWEST) & ~(certain & enough)


def images_needed(row: pd.Series[Any], confidence: float) -> float:
    """Return how many images would show a lift to be notable, if it is as large as seen."""
    with np.errstate(divide="ignore"):
        value, low, high = np.log2([row["value"], row["ci_low"], row["ci_high"]])
    outer = high - value if value < 0 else value - low
    se = outer / z_value(confidence)
    return float(units_needed(row["n"], abs(value) - NOTABLE, se, confidence=confidence))
