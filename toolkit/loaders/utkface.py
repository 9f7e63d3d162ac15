"""UTKFace: face crops that carry age, gender and race in their names."""

from __future__ import annotations

import re
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import ibis

from toolkit.errors import DataReadError
from toolkit.files.sources import Recognition
from toolkit.intake.fields import Rule
from toolkit.intake.image_files import COLUMNS, picture_part, picture_row, pictures, walk
from toolkit.intake.ingest import accounts, count_images, stack
from toolkit.model.attribute import Attribute
from toolkit.model.dataset import AnnotatedDataset, Provenance

if TYPE_CHECKING:
    from pathlib import Path

    import ibis.expr.types as ir

    from toolkit.engine import Engine

READS: Final = "a folder of pictures named age_gender_race_date.jpg (also .jpg.chip.jpg)"
DOES_NOT_READ: Final = "landmarks, the date in the name"
NAME: Final = r"(?:^|/)(\d{1,3})_([01])_([0-4])_\d{14,17}\.jpg(?:\.chip\.jpg)?$"
"""The date has 17 digits (yyyymmddHHMMSSFFF); some published names lack those of the fraction."""
LOOKED_AT: Final = 200
"""Pictures by whose names a folder is recognised."""
GENDERS: Final = ("Male", "Female")
RACES: Final = ("White", "Black", "Asian", "Indian", "Others")
"""What the codes 0, 1 … mean, in their order (https://susanqq.github.io/UTKFace/)."""
LAST_YEARS: Final = (2, 9, 19, 29, 39, 49, 59, 69)
"""The last year of each age group but the oldest, as FairFace has them."""
AGE_GROUPS: Final = ("0-2", "3-9", "10-19", "20-29", "30-39", "40-49", "50-59", "60-69", "70+")
ATTRIBUTES: Final = MappingProxyType(
    {
        name: Attribute(name, "images", values, basis="inferred", sensitive=True)
        for name, values in (("age_group", AGE_GROUPS), ("gender", GENDERS), ("race", RACES))
    }
)
"""“Estimated through the DEX algorithm and double checked by a human annotator” is what the
authors say (https://susanqq.github.io/UTKFace/): the values are a model's, so inferred."""
NOTES: Final = (
    "Ages, genders and races were estimated by the model DEX and checked by an annotator.",
    "The column age has the years of the name; age_group has them in the groups of FairFace.",
)


def recognise_utkface(path: Path) -> Recognition:
    """Say whether most pictures of a folder are named as UTKFace names them."""
    if not path.is_dir():
        return Recognition(matches=False, why="it is a file, and UTKFace is a folder")
    names = [entry.name for entry in islice(pictures(walk(path)), LOOKED_AT)]
    matching = sum(bool(re.search(NAME, name)) for name in names)
    if not names or matching < len(names) / 2:
        return Recognition(matches=False, why="its pictures are not named age_gender_race_date")
    return Recognition(matches=True, why="its pictures are named age_gender_race_date")


def load_utkface(path: Path, *, engine: Engine) -> AnnotatedDataset:
    """Load a folder of UTKFace.

    An image's id is its path relative to the folder. Codes become the names that the authors give
    them. Age in years has too many values for groups, so that `age_group` is the attribute.

    The format cannot hold: anything else.

    Raises:
        DataReadError: If it is no folder, or holds no picture that is named so.
    """
    if not path.is_dir():
        raise DataReadError(path, "is a file", "Name the folder that the pictures are in.")
    rows = (picture_row(entry) for entry in pictures(walk(path)))
    table = engine.store(rows, COLUMNS)
    misnamed = Rule("file name is not age_gender_race_date", ~table["image_id"].re_search(NAME))
    part = picture_part(engine, path, table, named_attributes(table), [misnamed])
    if not part.read:
        raise DataReadError(path, "holds no pictures", "Name the folder that the pictures are in.")
    counted = accounts({"images": [part]})
    images = stack([part])
    return AnnotatedDataset(
        name=path.resolve().name,
        provenance=Provenance(
            source=str(path),
            loader="utkface",
            rows_read=counted.read,
            rows_rejected=counted.reasons,
            rows_adjusted=counted.adjusted,
            notes=(*counted.remarks, *NOTES),
        ),
        n_images=count_images(images, []),
        attributes=ATTRIBUTES,
        images=images,
        rejected=counted.rejected,
    )


def named_attributes(table: ir.Table) -> dict[str, ir.Value]:
    """Return what the name of each picture says."""
    age, gender, race = (table["image_id"].re_extract(NAME, i) for i in (1, 2, 3))
    years = age.try_cast("int64")
    groups = ((years <= end, name) for end, name in zip(LAST_YEARS, AGE_GROUPS[:-1], strict=True))
    return {
        "split": ibis.null("string"),
        "age": age,
        "age_group": ibis.cases(*groups, else_=AGE_GROUPS[-1]),
        "gender": meaning(gender, GENDERS),
        "race": meaning(race, RACES),
    }


def meaning(code: ir.StringValue, names: tuple[str, ...]) -> ir.StringValue:
    """Return the names of codes."""
    return ibis.cases(*((code == str(number), name) for number, name in enumerate(names)))
