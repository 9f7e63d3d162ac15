"""What goes with which groups: labels and words of images, and other attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.cooccurrence import cooccurrence, labelled_images, numbered_images
from toolkit.image_totals import drawn_images
from toolkit.metrics._crossed import crossed, pair_table, whole_table
from toolkit.metrics._pairs import gap_tables, label_tables
from toolkit.model.attribute import Attribute
from toolkit.model.dataset import FLAG_COLUMNS
from toolkit.model.slices import SliceTable
from toolkit.slicing import count
from toolkit.units import units
from toolkit.wording.labels import OF_BOX, OF_WORD
from toolkit.words import image_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import ibis.expr.types as ir

    from toolkit.config import AuditConfig
    from toolkit.model.dataset import AnnotatedDataset

TABLES = {
    "association.observed": "images with both; reference: those expected of independence",
    "association.lift": "observed ÷ expected",
    "association.conservative_lift": "log2 of the lift's Wilson bound nearer to independence",
    "association.npmi": "normalised pointwise mutual information, -1 to 1",
    "association.gap": "a measure with one group less that with another",
    "association.measure": "the further measures that the settings ask for",
    "association.attributes": "all these measures for values of two attributes of the same unit",
    "association.table": "Cramér's V, Theil's U and tests of independence of two attributes",
}
"""What this family puts into `Audit.tables`."""


def association(
    dataset: AnnotatedDataset, by: Sequence[tuple[str, ...]], config: AuditConfig
) -> SliceTable:
    """Measure how often each label and each group meet in an image, and values of attributes.

    An image has a group if it or one of its annotations has the known values; it has a label if
    the label is verified present or a machine is confident of it, or, from annotations, if a box
    has it. Only images in which both are present count (`n_images`), as in Know Your Data. `n` is
    the number of images in which they meet. Attributes are held against each other unit by unit:
    those that `by` crosses, and those that the settings name against every entry of `by`. One
    family of tests is one entry of `by` with all labels of one source, or with one attribute.
    """
    of_labels = [names for names in by if "label" not in names]
    tables = [*with_labels(dataset, of_labels, config), *with_attributes(dataset, by, config)]
    return SliceTable.concat(tables)


def with_labels(
    dataset: AnnotatedDataset, by: Sequence[tuple[str, ...]], config: AuditConfig
) -> Iterator[SliceTable]:
    """Yield the tables of groups by the labels of images, source by source."""
    sources = list(label_sources(dataset, config)) if by else []
    if not sources:
        return
    with drawn_images(dataset) as drawn, numbered_images(dataset, by).cache() as images:
        for suffix, rows in sources:
            with labelled_images(rows, images) as labelled:
                for names in by:
                    place = units(dataset, names), images, labelled, config.slices.max_values
                    found = cooccurrence(*place, drawn)
                    if found is None:
                        continue
                    subjects = [dataset.label_name(label) + suffix for label in found.labels]
                    yield from label_tables(found, subjects, config)
                    yield from gap_tables(found, subjects, config)
                    if config.association.label_tables and drawn is None:
                        every = cooccurrence(*place, mentions=True)
                        if every is not None:
                            between = " & ".join(names), f"all labels{suffix}"
                            yield whole_table(every, between, config)


def label_sources(dataset: AnnotatedDataset, config: AuditConfig) -> Iterator[tuple[str, ir.Table]]:
    """Yield the rows of each source of labels that say that an image has a label, or a word.

    The first element is put behind the names of a source's labels to tell it from the others.
    """
    if dataset.image_labels is not None:
        rows = dataset.image_labels
        yield "", rows.filter(rows["confidence"] >= config.association.min_confidence)
    boxes = dataset.annotations
    if boxes is not None and "label" in boxes.columns and boxes["label"].nunique().execute() > 1:
        yield "" if dataset.image_labels is None else OF_BOX, boxes
    if dataset.captions is not None:
        yield OF_WORD, image_words(dataset, config).rename(label="word")


def with_attributes(
    dataset: AnnotatedDataset, by: Sequence[tuple[str, ...]], config: AuditConfig
) -> Iterator[SliceTable]:
    """Yield the tables of groups by the values of one more attribute.

    Raises:
        UnknownNameError: If the settings name an attribute that the dataset does not have.
    """
    flags = [name for name in config.association.attributes if name in FLAG_COLUMNS]
    described = {name: Attribute(name, "annotations", ("false", "true")) for name in flags}
    dataset = dataset.with_attributes({**described, **dataset.attributes})
    pairs = [names for names in by if len(names) > 1]
    further = config.association.attributes
    pairs += [(*names, other) for names in by for other in further if other not in names]
    for totals in count(dataset, list(dict.fromkeys(pairs)), config.slices.max_values):
        found = crossed(totals)
        if found is not None:
            yield pair_table(found, config)
            yield from gap_tables(found.counts, found.counts.labels, config)
            yield whole_table(found.counts, found.names, config)
