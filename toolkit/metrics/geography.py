"""Where the images come from: shares by country and region, and compared with who lives there."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from toolkit.estimates import names_of, shares, statuses
from toolkit.metrics._countries import UNRECOGNISED, Countries, listed, with_codes
from toolkit.model.slices import Slice, SliceTable
from toolkit.slicing import COUNT, count
from toolkit.stats.arrays import divide
from toolkit.stats.clustered import reference_p_value
from toolkit.stats.multiplicity import adjust

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from toolkit.config import AuditConfig
    from toolkit.model.dataset import AnnotatedDataset
    from toolkit.slicing import Totals

TABLES = {
    "geography.share": "part of all units from each country and region, unknown ones included",
    "geography.not_recognised": "part of all units whose country is none of ISO 3166-1",
    "geography.per_head": "part of the units ÷ part of the people, of each country and region",
}
"""What this family puts into `Audit.tables`."""


def geography(
    dataset: AnnotatedDataset,
    by: Sequence[tuple[str, ...]],  # noqa: ARG001 - countries are the groups here
    config: AuditConfig,
) -> SliceTable:
    """Measure how many units come from each country, also per head, and from each region.

    Countries are two-letter codes of ISO 3166-1, whatever the source wrote; what is no country is
    a group of its own, and its texts are the fact `texts` of `geography.not_recognised`. Per head,
    a country's part of the units from all countries whose population is stated is held against
    its part of their people: 1 where it has as many images per head as all of them together.
    Countries without any unit are among them. A region's population is the sum over its countries,
    and is not known unless that of each is.

    Raises:
        UnknownNameError: If the dataset has no such attribute.
        SettingsError: If a country in the settings is none.
        TooManyValuesError: If the attribute has more values than there could be countries.
    """
    if config.geography.attribute is None:
        return SliceTable.empty()
    attribute = dataset.attribute(config.geography.attribute)
    countries = Countries.of(config.geography)
    region = f"{attribute.name}_region"
    coded, strange = with_codes(dataset, attribute, region, countries)
    slicings = [(attribute.name,), *([(region,)] if countries.regions else [])]
    in_regions = {name: countries.population_of(name) for name in countries.regions.values()}
    people = {
        attribute.name: countries.populations,
        region: {name: number for name, number in in_regions.items() if number is not None},
    }
    tables = []
    for found in count(coded, slicings, config.slices.max_values):
        tables.append(parts(found, config))
        tables.append(per_head(found, people[found.attributes[0].name], config))
    return SliceTable.concat([*tables, not_recognised(tables[0], attribute.name, strange)])


def parts(found: Totals, config: AuditConfig) -> SliceTable:
    """Return each group's part of all units."""
    share = shares(found, config.slices.confidence)
    return SliceTable.of(
        {
            "metric": "geography.share",
            "unit": found.unit,
            "slice": names_of(found.groups),
            "n": found.counts,
            "n_images": found.present,
            "value": share.value,
            "ci_low": share.low,
            "ci_high": share.high,
            "status": statuses(found.counts, share.value, config.slices.min_n),
        }
    )


def not_recognised(share: SliceTable, name: str, strange: Mapping[str, int]) -> SliceTable:
    """Return the part of the units whose country is none, with what was written there."""
    group = str(Slice(((name, UNRECOGNISED),)))
    row = share.frame[share.frame["slice"] == group].assign(metric="geography.not_recognised")
    texts = MappingProxyType({"texts": listed(strange)})
    return SliceTable(row, MappingProxyType({("geography.not_recognised", ""): texts}))


def per_head(found: Totals, people: Mapping[str, float], config: AuditConfig) -> SliceTable:
    """Divide the part of the units by the part of the people, where these are known."""
    values = [group.terms[0][1] for group in found.groups]
    settled = found.of(np.array([value in people for value in values], dtype=bool))
    if len(settled.groups) < 2 or not settled.totals[COUNT].sum():
        return SliceTable.empty()
    inhabitants = np.array([people[str(group.terms[0][1])] for group in settled.groups])
    expected = inhabitants / inhabitants.sum()
    share = shares(settled, config.slices.confidence)
    p_value = reference_p_value(share, expected)
    return SliceTable.of(
        {
            "metric": "geography.per_head",
            "unit": found.unit,
            "slice": names_of(settled.groups),
            "n": settled.counts,
            "n_images": settled.present,
            "value": divide(share.value, expected),
            "ci_low": divide(share.low, expected),
            "ci_high": divide(share.high, expected),
            "reference": 1.0,
            "p_value": p_value,
            "q_value": adjust(p_value, config.slices.correction),
            "status": statuses(settled.counts, share.value, config.slices.min_n),
        }
    )
