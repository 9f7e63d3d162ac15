"""Whether captions call people what annotators took them for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
from ibis import _

from toolkit.estimates import gaps_to_rest, pairs_of, rates, statuses
from toolkit.metrics._captioned import NO, YES, said
from toolkit.model.attribute import Attribute
from toolkit.model.slices import Slice, SliceTable, Unit
from toolkit.slicing import count
from toolkit.stats.multiplicity import adjust

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import ibis.expr.types as ir

    from toolkit.config import AuditConfig
    from toolkit.metrics._captioned import CaptionedImages
    from toolkit.model.dataset import AnnotatedDataset
    from toolkit.slicing import Totals
    from toolkit.words import WordList

ANY: Final = "toolkit_shows_any"
"""The column that says whether anybody on an image has any of the values."""


@dataclass(frozen=True)
class Naming:
    """An attribute's values that a list has words for.

    Attributes:
        attribute: The attribute.
        subjects: By value, what its words are counted as; two of them at least differ.
    """

    attribute: Attribute
    subjects: Mapping[str, str]


def namings(
    images: CaptionedImages, by: Sequence[tuple[str, ...]], lists: Sequence[WordList]
) -> Iterator[Naming]:
    """Yield the attributes that a list has words for which captions have, list by list."""
    dataset = images.dataset
    names = dict.fromkeys(name for names in by for name in names)
    attributes = [dataset.attribute(name) for name in names]
    values = {a.name: known_values(dataset, a) for a in attributes} if lists else {}
    for one in lists:
        for attribute in attributes:
            named = {value: one.value_named(value) for value in values[attribute.name]}
            subjects = {v: one.subject(word) for v, word in named.items() if word is not None}
            if len(set(subjects.values())) > 1:
                subjects = {v: s for v, s in subjects.items() if s in images.subjects}
                if subjects:
                    yield Naming(attribute, subjects)


def known_values(dataset: AnnotatedDataset, attribute: Attribute) -> list[str]:
    """Return the values of an attribute: those declared, else those found."""
    if attribute.values:
        return list(attribute.values)
    rows: ir.Table = getattr(dataset, attribute.table)
    found = rows.select(value=rows[attribute.name].cast("string")).distinct().to_pandas()["value"]
    return sorted(set(found.dropna()) - set(attribute.missing))


def agreement(images: CaptionedImages, naming: Naming, config: AuditConfig) -> SliceTable:
    """Compare, for each value and its words, images on which the words are said with the others.

    Only images count that have a caption and somebody whose value the list has words for.
    """
    values = list(naming.subjects)
    places = {v: images.subjects.index(subject) for v, subject in naming.subjects.items()}
    flags = {said(i): Attribute(said(i), "images", (YES, NO)) for i in sorted(places.values())}
    counted = count(
        images.with_images(shown_on(images.dataset, naming), flags),
        [(name,) for name in flags],
        config.slices.max_values,
        measures={name: _[name] for name in [ANY, *map(shows, range(len(values)))]},
        pairs=[pair for j in range(len(values)) for pair in pairs_of(shows(j), ANY)],
        unit=Unit.IMAGE,
    )
    by_flag = {found.attributes[0].name: found.of(found.known) for found in counted}
    rows = [compared(by_flag[said(places[v])], shows(j), config) for j, v in enumerate(values)]
    frame = pd.DataFrame(rows)
    return SliceTable.of(
        {
            **{str(name): frame[name].to_numpy() for name in frame},
            "metric": "captions.agreement",
            "subject": list(naming.subjects.values()),
            "unit": Unit.IMAGE,
            "slice": [str(Slice(((naming.attribute.name, value),))) for value in values],
            "q_value": adjust(frame["p_value"].to_numpy(), config.slices.correction),
        }
    )


def compared(found: Totals, measure: str, config: AuditConfig) -> dict[str, Any]:
    """Return the rate of a measure where a subject is said, and where it is not as reference."""
    confidence = config.slices.confidence
    rate = rates(found, measure, ANY, confidence)
    n = found.numbers[ANY][:1]
    return {
        "n": n[0],
        "n_images": n[0],
        "value": rate.value[1],
        "ci_low": rate.low[1],
        "ci_high": rate.high[1],
        "reference": rate.value[2],
        "p_value": gaps_to_rest(found, measure, ANY, confidence).p_value[0],
        "status": statuses(n, rate.value[1:2], config.slices.min_n)[0],
    }


def shown_on(dataset: AnnotatedDataset, naming: Naming) -> ir.Table:
    """Return, by image, which values of an attribute are annotated, and whether any is."""
    rows: ir.Table = getattr(dataset, naming.attribute.table)
    value = rows[naming.attribute.name].cast("string")
    flags = {shows(j): (value == v).any() for j, v in enumerate(naming.subjects)}
    return rows.group_by("image_id").agg(**flags, **{ANY: value.isin(list(naming.subjects)).any()})


def shows(place: int) -> str:
    """Return the column that says whether anybody on an image has the value of that place."""
    return f"toolkit_shows_{place}"
