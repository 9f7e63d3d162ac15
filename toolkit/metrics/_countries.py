"""Countries as ISO 3166-1 has them: what a source wrote, understood as two-letter codes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import ibis

from toolkit.errors import SettingsError, TooManyValuesError
from toolkit.model.attribute import Attribute

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from toolkit.config.geography import GeographyConfig
    from toolkit.model.dataset import AnnotatedDataset

UNRECOGNISED: Final = "not recognised"
"""The value of rows whose country is neither a code nor a name of ISO 3166-1."""
MOST_NAMES: Final = 5_000
MOST_SHOWN: Final = 20


@dataclass(frozen=True)
class Countries:
    """What the settings say of countries, by two-letter code.

    Attributes:
        names: What stands for a country beside the codes and names of ISO 3166-1.
        populations: How many people live in a country.
        regions: The region of a country.
    """

    names: Mapping[str, str]
    populations: Mapping[str, float]
    regions: Mapping[str, str]

    @classmethod
    def of(cls, config: GeographyConfig) -> Countries:
        """Understand the countries in the settings.

        Raises:
            SettingsError: If one is not known, or stands there twice.
        """
        names = {name: code_of(country, "names", {}) for name, country in config.names.items()}
        populations: dict[str, float] = {}
        for country, people in config.populations.items():
            code = code_of(country, "populations", names, but=populations)
            populations[code] = people
        regions: dict[str, str] = {}
        for region, members in config.regions.items():
            for country in members:
                regions[code_of(country, "regions", names, but=regions)] = region
        return cls(names, populations, regions)

    def code(self, text: str) -> str | None:
        """Return the two-letter code of what a source wrote, if it is a country."""
        return self.names.get(text) or alpha_2(text)

    def population_of(self, region: str) -> float | None:
        """Return how many people live in a region, if that is known of each country in it."""
        members = [code for code, name in self.regions.items() if name == region]
        known = [self.populations[code] for code in members if code in self.populations]
        return sum(known) if len(known) == len(members) else None


def code_of(country: str, key: str, names: Mapping[str, str], but: Collection[str] = ()) -> str:
    """Return the code of a country in the settings, which must not be one of `but`.

    Raises:
        SettingsError: If it is not known, or was there before.
    """
    where, code = f"[geography] {key}", names.get(country) or alpha_2(country)
    if code is None:
        raise SettingsError(
            f"{country!r} is no country of ISO 3166-1",
            where,
            "Use its code of two or three letters, or its English name.",
        )
    if code in but:
        raise SettingsError(f"{code} stands there twice", where, "Leave one of them out.")
    return code


def alpha_2(text: str) -> str | None:
    """Return the two-letter code for a code of two or three letters or digits, or for a name."""
    import pycountry

    written = text.strip()
    digits = written.isascii() and written.isdigit()
    try:
        return str(pycountry.countries.lookup(written.zfill(3) if digits else written).alpha_2)
    except LookupError:
        return None


def with_codes(
    dataset: AnnotatedDataset, attribute: Attribute, region: str, countries: Countries
) -> tuple[AnnotatedDataset, dict[str, int]]:
    """Replace what the source wrote by two-letter codes, and add each row's region.

    What says "not known" stays; what is no country becomes `UNRECOGNISED`. Regions of other
    countries, and of none, are null.

    Args:
        dataset: The dataset.
        attribute: The attribute that holds countries.
        region: The name of the attribute to be made of the regions.
        countries: What the settings say of countries.

    Returns:
        The dataset, and how many rows have each text that is no country, most first.

    Raises:
        TooManyValuesError: If there are more texts than there could be countries.
    """
    rows = getattr(dataset, attribute.table)
    text = rows[attribute.name].cast("string")
    found = rows.group_by(written=text).agg(n=rows.count()).to_pandas().dropna()
    if len(found) > MOST_NAMES:
        raise TooManyValuesError(attribute.name, len(found), MOST_NAMES)
    written = {str(value): int(n) for value, n in zip(found["written"], found["n"], strict=True)}
    known = {value: value for value in written if value in attribute.missing}
    known |= {v: code for v in written if v not in known and (code := countries.code(v))}
    strange = {value: n for value, n in written.items() if value not in known}
    regions = {v: r for v, code in known.items() if (r := countries.regions.get(code))}
    nothing = ibis.null("string")
    columns = {
        attribute.name: text.isnull().ifelse(nothing, recoded(text, known, UNRECOGNISED)),
        region: recoded(text, regions, nothing),
    }
    missing = (*attribute.missing, UNRECOGNISED)
    values = tuple(sorted(countries.populations))
    coded = replace(attribute, values=values, missing=missing, reference={}, ordered=False)
    by_region = Attribute(region, attribute.table, tuple(sorted(set(countries.regions.values()))))
    changed = dataset.with_attributes({attribute.name: coded, region: by_region})
    changed = replace(changed, **{attribute.table: rows.mutate(**columns)})
    return changed, dict(sorted(strange.items(), key=lambda item: (-item[1], item[0])))


def recoded(
    text: ibis.expr.types.StringColumn, codes: Mapping[str, str], other: object
) -> ibis.expr.types.StringValue:
    """Replace each text by its code, any other by `other`."""
    pairs = sorted(codes.items())
    return text.cases(*pairs, else_=other) if pairs else ibis.literal(other, "string")


def listed(strange: Mapping[str, int]) -> str:
    """Name texts with their numbers in one sentence."""
    named = [f"{text!r} ({n:,})" for text, n in list(strange.items())[:MOST_SHOWN]]
    more = f" and {len(strange) - MOST_SHOWN:,} more" if len(strange) > MOST_SHOWN else ""
    return ", ".join(named) + more
