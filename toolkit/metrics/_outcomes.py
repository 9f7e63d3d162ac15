"""What can be an outcome: a label, flag, attribute or signal, as a column with a few values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import ibis

from toolkit.errors import UnknownNameError
from toolkit.model.attribute import Attribute
from toolkit.model.dataset import FLAG_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import ibis.expr.types as ir

    from toolkit.config import AuditConfig
    from toolkit.model.attribute import AttributeTable
    from toolkit.model.dataset import AnnotatedDataset

OUTCOME: Final = "toolkit_outcome"
"""The column that an outcome is given; no source has one of that name."""
NUMBER: Final = "toolkit_number"
"""The column of a numeric outcome's numbers; `OUTCOME` then has the bins."""
PRESENT: Final = "present"
ABSENT: Final = "absent"
NO_OUTCOMES: Final = frozenset({"split", "source_split"})
"""How the data are parted says nothing of the people."""


@dataclass(frozen=True)
class Outcome:
    """One outcome, ready to be counted.

    Attributes:
        name: As the user, or the dataset, names it.
        dataset: The dataset with a column `OUTCOME` of text, and without the rows in which the
            outcome is not known.
        attribute: That column with its values.
        positive: The one value to report of a yes-or-no outcome; empty where all are reported.
        numeric: Whether there is also a column `NUMBER`.
    """

    name: str
    dataset: AnnotatedDataset
    attribute: Attribute
    positive: str = ""
    numeric: bool = False

    def subject(self, value: str) -> str:
        """Return what a number about one value of the outcome is about."""
        return self.name if self.positive else f"{self.name}={value}"


def outcomes(dataset: AnnotatedDataset, config: AuditConfig) -> Iterator[Outcome]:
    """Yield the outcomes that the settings name, else those that are there by default.

    Raises:
        UnknownNameError: If no attribute, flag, signal or label has a name.
    """
    stated = config.label_bias
    for name in stated.outcomes or ():
        yield named(dataset, name, config)
    if stated.outcomes is None:
        drawn = {dataset.sampling.cluster, dataset.sampling.weights}
        for attribute in dataset.attributes.values():
            if attribute.sensitive or attribute.name in NO_OUTCOMES | drawn:
                continue
            found = of_attribute(dataset, attribute)
            if 2 <= len(found.attribute.values) <= stated.most_values:
                yield found


def named(dataset: AnnotatedDataset, name: str, config: AuditConfig) -> Outcome:
    """Return the outcome of a name.

    Raises:
        UnknownNameError: If no attribute, flag, signal or label has it.
    """
    if name in dataset.attributes:
        return of_attribute(dataset, dataset.attributes[name])
    columns = () if dataset.annotations is None else dataset.annotations.columns
    flags = [flag for flag in FLAG_COLUMNS if flag in columns]
    if name in flags:
        return of_flag(dataset, name)
    if name in dataset.annotation_signals:
        return of_signal(dataset, name, config.label_bias.bins)
    labels = labels_of(dataset)
    if name in labels:
        return of_label(dataset, name, labels[name], config.association.min_confidence)
    known = [*dataset.attributes, *flags, *dataset.annotation_signals, *labels]
    raise UnknownNameError("outcome", name, known, "[label_bias] outcomes")


def labels_of(dataset: AnnotatedDataset) -> dict[str, str]:
    """Return the code of each label of images, by its name for people and by itself."""
    if dataset.image_labels is None:
        return {}
    codes = dataset.image_labels.select("label").distinct().to_pandas()["label"].dropna()
    return {dataset.label_name(code): code for code in codes} | {code: code for code in codes}


def of_attribute(dataset: AnnotatedDataset, attribute: Attribute) -> Outcome:
    """Return the known values of an attribute as an outcome."""
    rows: ir.Table = getattr(dataset, attribute.table)
    text = rows[attribute.name].cast("string")
    known = rows.select(value=text).filter(text.notnull() & ~text.isin(attribute.missing))
    found = set(known.distinct().to_pandas()["value"])
    values = [*attribute.values, *sorted(found - set(attribute.values))]
    kept = text.nullif(ibis.ifelse(text.isin(attribute.missing), text, ibis.null("string")))
    column = Attribute(OUTCOME, attribute.table, tuple(values))
    return Outcome(attribute.name, *held(dataset, column, rows.mutate(**{OUTCOME: kept})))


def of_flag(dataset: AnnotatedDataset, flag: str) -> Outcome:
    """Return a flag as an outcome."""
    rows: Any = dataset.annotations
    column = Attribute(OUTCOME, "annotations", ("false", "true"))
    text = rows[flag].cast("string")
    return Outcome(flag, *held(dataset, column, rows.mutate(**{OUTCOME: text})), "true")


def of_signal(dataset: AnnotatedDataset, name: str, bins: int) -> Outcome:
    """Return a numeric signal as an outcome: its numbers, and equally large bins of them."""
    rows: Any = dataset.annotations
    number = rows[name]
    inner = [i / bins for i in range(1, bins)]
    cuts = sorted(set(number.quantile(inner).execute())) if inner else []
    place = number.notnull().cast("int64")
    for cut in cuts:
        place += (number > cut).cast("int64")
    text = place.nullif(0).cast("string")
    values = tuple(str(i + 1) for i in range(len(cuts) + 1))
    column = Attribute(OUTCOME, "annotations", values)
    rows = rows.mutate(**{OUTCOME: text, NUMBER: number})
    return Outcome(name, *held(dataset, column, rows), numeric=True)


def of_label(dataset: AnnotatedDataset, name: str, code: str, min_confidence: float) -> Outcome:
    """Return a label of images as an outcome.

    Where anything says that images do not have the label, it is known of those of which something
    says either; otherwise every image without the label counts as not having it.
    """
    table: AttributeTable = "annotations" if dataset.images is None else "images"
    labels: Any = dataset.image_labels
    of_this = labels.filter(labels["label"] == code)
    said = of_this.group_by("image_id").agg(toolkit_confidence=of_this["confidence"].max())
    has = ibis.ifelse(said["toolkit_confidence"] >= min_confidence, PRESENT, ABSENT)
    said = said.select("image_id", **{OUTCOME: has})
    rows = getattr(dataset, table).left_join(said, "image_id").drop("image_id_right")
    if not (said[OUTCOME] == ABSENT).any().execute():
        rows = rows.mutate(**{OUTCOME: rows[OUTCOME].fill_null(ABSENT)})
    column = Attribute(OUTCOME, table, (ABSENT, PRESENT))
    return Outcome(name, *held(dataset, column, rows), PRESENT)


def held(
    dataset: AnnotatedDataset, column: Attribute, rows: ir.Table
) -> tuple[AnnotatedDataset, Attribute]:
    """Return the dataset with these rows as far as the outcome is known in them, and its column.

    Annotations of an image in which it is not known go with it.
    """
    known = rows.filter(rows[OUTCOME].notnull())
    described = dataset.with_attributes({OUTCOME: column})
    if column.table == "annotations":
        return replace(described, annotations=known), column
    boxes = dataset.annotations
    boxes = None if boxes is None else boxes.semi_join(known, "image_id")
    return replace(described, images=known, annotations=boxes), column
