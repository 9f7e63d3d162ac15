"""What is said of each image, laid beside the image and beside each group that it shows.

The unit is the image: one that shows three people of a group is one image of that group. An image
that shows two groups is one of each; those groups' numbers share it, and their covariance is part
of every interval.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import reduce
from typing import TYPE_CHECKING, Any, Final

import ibis

from toolkit.model.attribute import Attribute
from toolkit.model.dataset import Sampling
from toolkit.model.slices import Unit
from toolkit.sampling import SAMPLING_UNIT, WEIGHT, drawn
from toolkit.units import units
from toolkit.words import caption_lengths, mentions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import ibis.expr.types as ir

    from toolkit.model.dataset import AnnotatedDataset
    from toolkit.words import Term

CAPTIONED: Final = "toolkit_captioned"
CAPTIONS: Final = "toolkit_captions"
WORDS: Final = "toolkit_words"
CLUSTER: Final = "toolkit_cluster"
WEIGHT_OF_IMAGE: Final = "toolkit_weight"
"""Columns that images are given; no source has any of that name."""
YES, NO = "true", "false"


def said(place: int) -> str:
    """Return the column that says whether captions have the subject of that place."""
    return f"toolkit_said_{place}"


@dataclass(frozen=True)
class CaptionedImages:
    """A dataset's images with what their captions say.

    Attributes:
        dataset: The dataset with an attribute `CAPTIONED`; its images have the columns `CAPTIONS`
            and `WORDS` (how many), and `said(i)` for each subject, null where there is no caption.
            How images were drawn is in columns of theirs as well.
        subjects: What is said of any image: values of lists, and words.
        unsaid: What was looked for in vain.
    """

    dataset: AnnotatedDataset
    subjects: tuple[str, ...]
    unsaid: tuple[str, ...]

    def of_groups(self, names: tuple[str, ...]) -> AnnotatedDataset:
        """Return the dataset with one row of `annotations` an image and group that it shows."""
        facts = [CAPTIONS, WORDS, *map(said, range(len(self.subjects)))]
        images: Any = self.dataset.images
        shown = units(self.dataset, names, unit=Unit.ANNOTATION).rows
        rows = shown.select("image_id", *names).distinct()
        # Only the sets in which the attributes were asked are left; the column of the set is not.
        asked = {name: replace(self.dataset.attribute(name), asked_in=()) for name in names}
        return replace(
            self.dataset.with_attributes(asked),
            annotations=beside(rows, images.select("image_id", *facts)),
        )

    def with_images(self, facts: ir.Table, attributes: Mapping[str, Attribute]) -> AnnotatedDataset:
        """Return the dataset with further columns of its images, by `image_id`, and attributes."""
        images: Any = self.dataset.images
        return replace(self.dataset.with_attributes(attributes), images=beside(images, facts))


@contextmanager
def captioned_images(
    dataset: AnnotatedDataset, captions: ir.Table, terms: Sequence[Term]
) -> Iterator[CaptionedImages]:
    """Look up what the captions say of each image; the tables last as long as the context.

    Raises:
        UnknownNameError: If no table has a column that says how the rows were drawn.
    """
    lengths = caption_lengths(captions).rename({CAPTIONS: "captions", WORDS: "words"})
    with mentions(captions, terms) as found:
        places = said_terms(found, terms)
        subjects = tuple(subject for subject, terms_of_it in places.items() if terms_of_it)
        images = beside(all_images(dataset, captions), lengths)
        if subjects:
            images = beside(images, by_subject(found, [places[subject] for subject in subjects]))
        there = images[CAPTIONS].notnull()
        flags = {name: images[name].fill_null(False) for name in map(said, range(len(subjects)))}
        flags = {name: ibis.ifelse(there, flag, None) for name, flag in flags.items()}
        images = images.mutate(**flags, **{CAPTIONED: ibis.ifelse(there, YES, NO)})
        images, sampling = with_sampling(images, dataset)
        with images.cache() as rows:
            whole = {CAPTIONED: Attribute(CAPTIONED, "images", (YES, NO))}
            described = replace(dataset.with_attributes(whole), images=rows, sampling=sampling)
            unsaid = tuple(subject for subject in places if subject not in subjects)
            yield CaptionedImages(described, subjects, unsaid)


def all_images(dataset: AnnotatedDataset, captions: ir.Table) -> ir.Table:
    """Return every image that any table names, with the attributes of those that are listed."""
    tables = [t for t in (dataset.images, dataset.annotations, captions) if t is not None]
    images = reduce(ibis.union, (table.select("image_id") for table in tables)).distinct()
    names = [a.name for a in dataset.attributes.values() if a.table == "images"]
    if dataset.images is None or not names:
        return images
    return beside(images, dataset.images.select("image_id", *names))


def said_terms(found: ir.Table, terms: Sequence[Term]) -> dict[str, list[int]]:
    """Return the places of the terms that are said anywhere, by subject."""
    somewhere = set(found.select("term").distinct().to_pandas()["term"])
    places: dict[str, list[int]] = {term.subject: [] for term in terms}
    for place, term in enumerate(terms):
        if place in somewhere:
            places[term.subject].append(place)
    return places


def by_subject(found: ir.Table, places: Sequence[list[int]]) -> ir.Table:
    """Return a row an image of which anything is said: whether each subject's terms are."""
    flags = {said(i): found["term"].isin(terms).any() for i, terms in enumerate(places)}
    return found.group_by("image_id").agg(**flags)


def with_sampling(images: ir.Table, dataset: AnnotatedDataset) -> tuple[ir.Table, Sampling]:
    """Give images columns of how they were drawn, and return what names them."""
    rows = drawn(images, dataset, Unit.IMAGE)
    names = {CLUSTER: SAMPLING_UNIT, WEIGHT_OF_IMAGE: WEIGHT}
    there = {new: old for new, old in names.items() if old in rows.columns}
    sampling = Sampling(
        cluster=CLUSTER if CLUSTER in there else Unit.IMAGE.value,
        weights=WEIGHT_OF_IMAGE if WEIGHT_OF_IMAGE in there else "",
    )
    return rows.rename(there), sampling


def beside(rows: ir.Table, facts: ir.Table) -> ir.Table:
    """Put facts about images beside rows; null where there is none."""
    return rows.left_join(facts, "image_id").drop("image_id_right")
