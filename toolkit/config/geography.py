"""Where the images come from, and how many people live there."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Self

from pydantic import Field, PositiveFloat, model_validator

from toolkit.config.strict import Strict
from toolkit.errors import DataNotFoundError, DataReadError

if TYPE_CHECKING:
    from pathlib import Path


class GeographyConfig(Strict):
    """Where the images come from, and how many people live there."""

    attribute: str | None = Field(
        None, description="The attribute that holds ISO 3166 codes or names of countries."
    )
    names: dict[str, str] = Field(
        default_factory=dict,
        description="What ISO 3166 does not know, with the country it stands for: UK = 'GB'.",
    )
    populations: dict[str, PositiveFloat] = Field(
        default_factory=dict, description="How many people live in each country."
    )
    populations_file: str | None = Field(
        None,
        description="A CSV file with the columns country and population instead, relative to this "
        "file.",
    )
    regions: dict[str, list[str]] = Field(
        default_factory=dict, description="By region, the countries in it."
    )

    @model_validator(mode="after")
    def one_source_of_populations(self) -> Self:
        """Refuse populations from two sources."""
        if self.populations and self.populations_file:
            raise ValueError("give either `populations` or `populations_file`")
        return self

    def relative_to(self, folder: Path) -> Self:
        """Return these settings with the populations read, their file relative to a folder.

        Raises:
            DataNotFoundError: If the file is not there.
            DataReadError: If it is not a table of countries and positive numbers.
        """
        if self.populations_file is None:
            return self
        read = populations_of(folder / self.populations_file)
        return self.model_copy(update={"populations": read, "populations_file": None})


def populations_of(path: Path) -> dict[str, float]:
    """Read how many people live in each country.

    Raises:
        DataNotFoundError: If the file is not there.
        DataReadError: If it is not a table of countries and positive numbers.
    """
    if not path.is_file():
        raise DataNotFoundError(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            populations = {row["country"]: float(row["population"]) for row in rows}
        return GeographyConfig(populations=populations).populations
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise DataReadError(
            path,
            f"holds no populations ({type(error).__name__}: {error})",
            "Give a CSV file with the columns country and population, a positive number a row.",
        ) from error
