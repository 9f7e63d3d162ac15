"""Who is in the images: perceived attributes, flags and boxes, one row a box."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from toolkit.sample.design import (
    AGES,
    PERSON,
    PRESENTATIONS,
    UNKNOWN,
    UNKNOWN_AGE,
    UNKNOWN_PRESENTATION,
    YOUNG,
    Concern,
    stream,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from toolkit.sample.design import Design

PEOPLE: Final = (0.30, 0.25, 0.20, 0.15, 0.10)
"""Shares of images with one to five people."""
ALIKE: Final = 0.65
"""How often a person has the value that is common in the image rather than one of their own: two
people of one image are alike with correlation 0.65 squared, a design effect between 1.5 and 2."""

OCCLUDED: Final = 0.25
TRUNCATED: Final = 0.15
GROUP_OF: Final = 0.08
DEPICTION_OF: Final = 0.04

WIDTH_PER_HEIGHT: Final = 0.3
"""Width of one person's box per height, both as shares of a 4:3 image: figures are drawn so."""
VISIBLE: Final = 0.7
"""What the lower edge of the image leaves of a truncated person's height."""
GROUP_WIDTH: Final = 0.96
"""Share of the width a group has of the room there is for it."""

BOX_COLUMNS: Final = (
    *("ImageID", "LabelName", "Confidence", "XMin", "XMax", "YMin", "YMax"),
    *("IsOccluded", "IsTruncated", "IsGroupOf", "IsDepictionOf", "IsInsideOf"),
    *("GenderPresentation", "AgePresentation"),
)
"""MIAP's header."""


def people(images: int, design: Design, seed: int) -> pd.DataFrame:
    """Draw the people of every image.

    By MIAP's protocol the gender presentation of a young person is never annotated.

    Returns:
        One row a box in the order of the images, with `BOX_COLUMNS`; `ImageID` is still the
        number of the image.
    """
    rng = stream(seed, Concern.PEOPLE)
    counts = 1 + drawn(PEOPLE, images, rng)
    image = np.repeat(np.arange(images), counts)
    table = pd.DataFrame({"ImageID": image, "LabelName": PERSON, "Confidence": 1})
    table = table.assign(**flags(len(image), design, rng))
    ages = np.array(AGES)[alike(design.ages, image, rng)]
    age = np.where(rng.random(len(image)) < UNKNOWN_AGE, UNKNOWN, ages)
    shares = (design.feminine, 1 - design.feminine)
    presentations = np.array(PRESENTATIONS)[alike(shares, image, rng)]
    rate = np.where(table["IsGroupOf"] == 1, design.unknown_in_groups, UNKNOWN_PRESENTATION)
    unknown = (rng.random(len(image)) < rate) | (age == YOUNG)
    table["GenderPresentation"] = np.where(unknown, UNKNOWN, presentations)
    table["AgePresentation"] = age
    return with_boxes(table, counts, stream(seed, Concern.BOXES))[list(BOX_COLUMNS)]


def drawn(shares: Sequence[float], size: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Draw positions in `shares`, each with its share; shape (size,)."""
    return np.searchsorted(np.cumsum(shares)[:-1], rng.random(size), side="right")


def alike(
    shares: Sequence[float], image: NDArray[np.intp], rng: np.random.Generator
) -> NDArray[np.intp]:
    """Draw a position in `shares` for every person, alike within an image; shape as `image`."""
    common = drawn(shares, image[-1] + 1, rng)[image]
    own = drawn(shares, len(image), rng)
    return np.where(rng.random(len(image)) < ALIKE, common, own)


def flags(size: int, design: Design, rng: np.random.Generator) -> dict[str, NDArray[np.int64]]:
    """Draw MIAP's five flags, independent of everything; each of shape (size,)."""
    rates = {
        "IsOccluded": OCCLUDED,
        "IsTruncated": TRUNCATED,
        "IsGroupOf": GROUP_OF,
        "IsDepictionOf": DEPICTION_OF,
        "IsInsideOf": design.inside_of,
    }
    return {name: (rng.random(size) < rate).astype(np.int64) for name, rate in rates.items()}


def with_boxes(
    table: pd.DataFrame, counts: NDArray[np.intp], rng: np.random.Generator
) -> pd.DataFrame:
    """Give everybody a place of their own, side by side, as shares of the image from the top left.

    Size and place depend on the flags and on how many people there are, never on who they are.
    """
    size = len(table)
    room = 1 / np.repeat(counts, counts)
    left = room * (np.arange(size) - np.repeat(np.cumsum(counts) - counts, counts))
    group, truncated = table["IsGroupOf"] == 1, table["IsTruncated"] == 1
    height = np.where(group, 0.30 + 0.15 * rng.random(size), 0.42 + 0.23 * rng.random(size))
    width = np.where(group, GROUP_WIDTH * room, WIDTH_PER_HEIGHT * height)
    x_min = left + (room - width) * rng.random(size)
    ground = 0.80 + 0.08 * rng.random(size)
    y_min = np.where(truncated, 1 - VISIBLE * height, ground - height)
    corners = {
        "XMin": x_min,
        "XMax": x_min + width,
        "YMin": y_min,
        "YMax": np.where(truncated, 1.0, ground),
    }
    return table.assign(**{name: values.round(6) for name, values in corners.items()})
