"""How far several annotators agree: on answers about the same items, and on where boxes are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import ibis
import numpy as np

from toolkit.errors import SettingsError, UnknownNameError
from toolkit.estimates import names_of, statuses
from toolkit.group_sums import GroupSums
from toolkit.metrics._agreement import RAW, estimates
from toolkit.metrics._answers import (
    ANNOTATOR,
    IMAGE,
    ITEM,
    answers_to,
    categories_of,
    coded,
    legend,
)
from toolkit.metrics._drawn_boxes import box_agreement, drawn_boxes, drawn_items
from toolkit.model.attribute import Attribute
from toolkit.model.slices import OVERALL, SliceTable, Status, Unit
from toolkit.slicing import grid_of, names_in, ordered_values
from toolkit.stats.agreement import COEFFICIENTS, interval_alpha, ordinal_alpha
from toolkit.stats.multiplicity import adjust
from toolkit.structure import never_asked
from toolkit.units import of_same_rows, unit_of, units

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import ibis.expr.types as ir
    from numpy.typing import NDArray

    from toolkit.config import AuditConfig
    from toolkit.metrics._agreement import Coefficients, Estimates, Figures
    from toolkit.metrics._answers import Answers
    from toolkit.model.dataset import AnnotatedDataset
    from toolkit.model.slices import Slice
    from toolkit.stats.agreement import Tally
    from toolkit.stats.arrays import Floats

TABLES = {
    "agreement.coefficient": "how far annotators agree on the same items, by coefficient",
    "agreement.gap": "agreement of annotators in a group less that in all others",
    "agreement.boxes": "part of the boxes that another annotator drew too, and their mean IoU",
}
"""What this family puts into `Audit.tables`."""
MOST_CATEGORIES: Final = 30
"""A question with more different answers than this is no choice between categories."""
KNOWN: Final = "known answers"
"""What is put behind a coefficient that takes an answer of "not known" for none."""


@dataclass(frozen=True)
class Asked:
    """Answers of several annotators, a row each.

    Attributes:
        rows: `image` (the sampling unit), `item`, `annotator`, and the columns below.
        unit: What an item is.
        questions: The column of the answers about each attribute.
        keys: The column with the published value of each attribute that items are sliced by.
    """

    rows: ir.Table
    unit: Unit
    questions: Mapping[str, str]
    keys: Mapping[str, str]


def agreement(
    dataset: AnnotatedDataset, by: Sequence[tuple[str, ...]], config: AuditConfig
) -> SliceTable:
    """Measure the agreement of annotators overall and within each group of items.

    The groups are those of the items' published values. Where annotators drew the boxes
    themselves, matched boxes are the items; these have no published value, and only attributes
    of images make groups of them; a file of answers goes before. One family of tests is one
    coefficient of one attribute within one entry of `by`.

    Raises:
        UnknownNameError: If the settings name an attribute that nobody was asked for.
        SettingsError: If an answer that should be a number is none.
    """
    of_images = [n for n in by if unit_of(map(dataset.attribute, n)) is Unit.IMAGE]
    tables: list[SliceTable] = []
    if dataset.answers is not None:
        by_box = "annotation_id" in dataset.answers.columns
        unit = Unit.ANNOTATION if by_box else Unit.IMAGE
        for together in of_same_rows(dataset, [(), *(by if by_box else of_images)], unit):
            asked = answered(dataset, dataset.answers, together, unit)
            tables += measured(dataset, asked, together, config)
    elif (drawn := drawn_boxes(dataset, config.matching)) is not None:
        tables += box_agreement(drawn, by, config)
        items = drawn_items(drawn)
        for together in of_same_rows(dataset, [(), *of_images], Unit.IMAGE):
            asked = answered(dataset, items, together, Unit.ANNOTATION)
            tables += measured(dataset, asked, together, config)
    return SliceTable.concat(tables)


def answered(
    dataset: AnnotatedDataset,
    answers: ir.Table,
    slicings: Sequence[tuple[str, ...]],
    unit: Unit,
) -> Asked:
    """Give each answer the sampling unit of its item and the values by which it is sliced."""
    names = names_in(slicings)
    key = "annotation_id" if "annotation_id" in answers.columns else "image_id"
    item = ITEM if ITEM in answers.columns else key
    asked = [name for name in answers.columns if name not in (key, item, ANNOTATOR, "image_id")]
    questions = {name: f"answer_{i}" for i, name in enumerate(asked)}
    keys = {name: f"key_{i}" for i, name in enumerate(names)}
    columns = {ITEM: answers[item], ANNOTATOR: answers[ANNOTATOR]}
    columns |= {column: answers[name] for name, column in questions.items()}
    if dataset.images is None and key == "image_id":
        return Asked(answers.select(**columns, image=answers[key]), unit, questions, keys)
    of_rows = Unit.IMAGE if key == "image_id" else Unit.ANNOTATION
    known = units(dataset, names, unit=of_rows)
    values = {column: known.rows[name] for name, column in keys.items()}
    image = known.rows[known.cluster].cast("string")
    listed = known.rows.select(known.rows[key].name("listed"), image=image, **values)
    given = answers.select(answers[key].name("asked"), **columns)
    how = "left" if of_rows is Unit.IMAGE else "inner"
    rows = given.join(listed, given["asked"] == listed["listed"], how=how)
    own = rows["asked"].cast("string")
    return Asked(rows.mutate(image=ibis.coalesce(rows[IMAGE], own)), unit, questions, keys)


def measured(
    dataset: AnnotatedDataset,
    asked: Asked,
    slicings: Sequence[tuple[str, ...]],
    config: AuditConfig,
) -> Iterator[SliceTable]:
    """Measure the agreement about each attribute by each slicing of the same items."""
    for name in config.agreement.interval:
        if name not in asked.questions:
            raise UnknownNameError("attribute", name, asked.questions, "[agreement] interval")
    keys = list(asked.keys.values())
    with coded(asked.rows, list(asked.questions.values()), keys).cache() as rows:
        sums = GroupSums(asked.keys, IMAGE, legend(rows, keys), rows, rows)
        grids = [
            grid_of(sums, tuple(map(dataset.attribute, names)), config.slices.max_values)
            for names in slicings
        ]
        places = [np.array(grid.places(sums.totals), dtype=np.int64) for grid in grids]
        for name, column in asked.questions.items():
            attribute = dataset.attributes.get(name, Attribute(name, "annotations"))
            categories = categories_of(rows, column, MOST_CATEGORIES)
            if not 0 < len(categories) <= MOST_CATEGORIES:
                if () in slicings:
                    yield no_choice(name, asked.unit)
                continue
            answers = answers_to(rows, column, categories)
            for grid, place in zip(grids, places, strict=True):
                member = place[answers.group]
                yield from of_slicing(attribute, answers, member, grid.groups, asked.unit, config)


def no_choice(name: str, unit: Unit) -> SliceTable:
    """Say of a question without answers, or with too many different ones, that it has no number."""
    return SliceTable.of(
        {
            "metric": "agreement.coefficient",
            "subject": subject_of(name, RAW),
            "unit": unit,
            "slice": [str(OVERALL)],
            "n": 0,
            "n_images": 0,
            "status": Status.UNDEFINED,
        }
    )


def subject_of(attribute: str, coefficient: str) -> str:
    """Return the subject of a number, from which a rule takes the attribute again."""
    return f"{attribute}: {coefficient}"


def of_slicing(
    attribute: Attribute,
    answers: Answers,
    member: NDArray[np.int64],
    groups: Sequence[Slice],
    unit: Unit,
    config: AuditConfig,
) -> Iterator[SliceTable]:
    """Measure the agreement about one attribute in each group, by every coefficient.

    Groups for which the protocol never asks are `structural` and stay out of the comparison. In
    groups made by the very attribute that was asked for, hardly any other answer is expected; there
    coefficients corrected for chance are low however well annotators agree, and not compared.
    """
    by_itself = any(attribute.name == name for group in groups for name, _value in group.terms)
    rule = protocol_groups(attribute, answers, member, len(groups))
    for suffix, among, coefficients in variants(attribute, answers, config):
        found = estimates(among, member, ~rule, coefficients, config)
        subjects = {name: subject_of(attribute.name, name + suffix) for name in found.agreement}
        own = {subjects[name]: figures for name, figures in found.agreement.items()}
        yield coefficient_table(own, found, groups, unit, rule, config)
        if np.count_nonzero(found.n[~rule]) > 1:
            gaps = {RAW: found.gaps[RAW]} if by_itself else found.gaps
            compared = {subjects[name]: figures for name, figures in gaps.items()}
            yield gap_table(compared, found, groups, unit, ~rule, config)


def protocol_groups(
    attribute: Attribute, answers: Answers, member: NDArray[np.int64], groups: int
) -> NDArray[np.bool_]:
    """Say of each group whether nobody ever gave a known answer in it; shape (groups,)."""
    knows = np.array([attribute.knows(category) for category in answers.categories])
    often = answers.times @ answers.items
    n, known = np.zeros(groups), np.zeros(groups)
    np.add.at(n, member, often * answers.counts.sum(axis=1))
    np.add.at(known, member, often * answers.counts[:, knows].sum(axis=1))
    return never_asked(n, known)


def variants(
    attribute: Attribute, answers: Answers, config: AuditConfig
) -> Iterator[tuple[str, Answers, Coefficients]]:
    """Yield the answers as they are, and then without those that say "not known".

    On a scale the latter have no place, so alpha on a scale is always of the known answers.
    """
    categories = [str(value) for value in ordered_values(attribute, set(answers.categories))]
    known = [category for category in categories if attribute.knows(category)]
    scales: dict[str, Callable[[Tally], Floats]] = {}
    if attribute.ordered:
        scales["Krippendorff's alpha (ordinal)"] = ordinal_alpha
    if attribute.name in config.agreement.interval:
        values = numbers(attribute.name, known)
        scales["Krippendorff's alpha (interval)"] = partial(interval_alpha, values=values)
    if known == categories:
        yield "", answers.among(known), {**COEFFICIENTS, **scales}
        return
    yield "", answers.among(categories), COEFFICIENTS
    if known:
        yield f", {KNOWN}", answers.among(known), {**COEFFICIENTS, **scales}


def numbers(name: str, answers: Sequence[str]) -> list[float]:
    """Return answers as numbers.

    Raises:
        SettingsError: If one is none.
    """
    try:
        return [float(answer) for answer in answers]
    except ValueError as error:
        what = f"The answers about {name!r} are not all numbers: {error}"
        do = "Leave it out, or declare the answers that are none as missing."
        raise SettingsError(what, "[agreement] interval", do) from error


def coefficient_table(
    figures: Mapping[str, Figures],
    found: Estimates,
    groups: Sequence[Slice],
    unit: Unit,
    rule: NDArray[np.bool_],
    config: AuditConfig,
) -> SliceTable:
    """Put the agreement in every group, by subject, into a table."""
    values = np.concatenate([one.value for one in figures.values()])
    n = np.tile(found.n, len(figures))
    status = statuses(n.astype(np.float64), values, config.slices.min_n)
    return SliceTable.of(
        {
            "metric": "agreement.coefficient",
            "subject": np.repeat(list(figures), len(groups)),
            "unit": unit,
            "slice": names_of(groups) * len(figures),
            "n": n,
            "n_images": np.tile(found.n_images, len(figures)),
            "value": values,
            "ci_low": np.concatenate([one.low for one in figures.values()]),
            "ci_high": np.concatenate([one.high for one in figures.values()]),
            "status": np.where(np.tile(rule, len(figures)), Status.STRUCTURAL, status),
        }
    )


def gap_table(
    figures: Mapping[str, Figures],
    found: Estimates,
    groups: Sequence[Slice],
    unit: Unit,
    compared: NDArray[np.bool_],
    config: AuditConfig,
) -> SliceTable:
    """Put the difference between each compared group and the others, by subject, into a table."""
    values = np.concatenate([one.value[compared] for one in figures.values()])
    n = np.tile(found.n[compared], len(figures))
    correction = config.slices.correction
    tests = [adjust(one.p_value[compared], correction) for one in figures.values()]
    names = [name for name, there in zip(names_of(groups), compared, strict=True) if there]
    return SliceTable.of(
        {
            "metric": "agreement.gap",
            "subject": np.repeat(list(figures), len(names)),
            "unit": unit,
            "slice": names * len(figures),
            "n": n,
            "n_images": np.tile(found.n_images[compared], len(figures)),
            "value": values,
            "ci_low": np.concatenate([one.low[compared] for one in figures.values()]),
            "ci_high": np.concatenate([one.high[compared] for one in figures.values()]),
            "reference": 0.0,
            "p_value": np.concatenate([one.p_value[compared] for one in figures.values()]),
            "q_value": np.concatenate(tests),
            "status": statuses(n.astype(np.float64), values, config.slices.min_n),
        }
    )
