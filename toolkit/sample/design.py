"""What the sample dataset is made to be like: the numbers, and nothing that is drawn by chance.

The biased and the unbiased sample come from the same generator with two designs. A bias is
planted where the two differ; `truth` writes those differences down.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np

from toolkit.errors import SettingsError

PERSON: Final = "/m/01g317"
UNKNOWN: Final = "Unknown"
FEMININE: Final = "Predominantly Feminine"
MASCULINE: Final = "Predominantly Masculine"
PRESENTATIONS: Final = (FEMININE, MASCULINE)
YOUNG: Final = "Young"
MIDDLE: Final = "Middle"
OLDER: Final = "Older"
AGES: Final = (YOUNG, MIDDLE, OLDER)
SPLITS: Final = {"train": 0.7, "validation": 0.1, "test": 0.2}

KITCHEN: Final = "/m/0d4wf"
TOOL: Final = "/m/07k1x"
LABELS: Final = {
    KITCHEN: "Kitchen",
    TOOL: "Tool",
    "/m/0199g": "Bicycle",
    "/m/0bt9lr": "Dog",
    "/m/01yrx": "Cat",
    "/m/07j7r": "Tree",
    "/m/01mzpv": "Chair",
    "/m/04bcr3": "Table",
    "/m/0c9ph5": "Flower",
    "/m/018xm": "Ball",
    "/m/0bt_c3": "Book",
    "/m/0342h": "Guitar",
    "/m/01j51": "Balloon",
}
"""Open Images' codes and names of the labels an image can have."""

LABEL_SHARE: Final = 0.18
"""Share of the images that have a label which goes with nobody in particular."""
UNKNOWN_PRESENTATION: Final = 0.10
UNKNOWN_AGE: Final = 0.04
RECALL: Final = 0.90
INSIDE_OF: Final = 0.03


@dataclass(frozen=True)
class Association:
    """A label that goes with, or keeps away from, people of a gender presentation.

    Most images have a person of masculine presentation, so that hardly any label can be much more
    frequent in them than in all: what goes with them keeps away from the others.

    Attributes:
        label: The label's code.
        presentation: The gender presentation.
        with_it: Share of the images with such a person that have the label.
        without_it: Share of the other images that have it.
    """

    label: str
    presentation: str
    with_it: float
    without_it: float


@dataclass(frozen=True)
class Design:
    """The shares and sizes in which a biased and an unbiased sample may differ.

    Attributes:
        feminine: Share of predominantly feminine presentation among the known ones.
        ages: Shares of `AGES` among the known ones.
        associations: The labels that are not independent of gender presentation.
        older_blur: Blur added to images with an older person, as Gaussian sigma in pixels.
        older_exposure: Factor on the brightness of images with an older person.
        feminine_recall: Share of predominantly feminine people the detector finds; it finds
            `RECALL` of all others.
        unknown_in_groups: Share of group boxes with unknown gender presentation; it is
            `UNKNOWN_PRESENTATION` of the others.
        inside_of: Share of boxes with the flag IsInsideOf.
        repeated_images: Share of images that repeat a training image in the test split.
        repeated_rows: Exact duplicates among the box rows, as a share of the other rows.
    """

    feminine: float = 0.5
    ages: tuple[float, float, float] = (1 / 3, 1 / 3, 1 / 3)
    associations: tuple[Association, ...] = ()
    older_blur: float = 0.0
    older_exposure: float = 1.0
    feminine_recall: float = RECALL
    unknown_in_groups: float = UNKNOWN_PRESENTATION
    inside_of: float = INSIDE_OF
    repeated_images: float = 0.0
    repeated_rows: float = 0.0


UNBIASED: Final = Design()
BIASED: Final = Design(
    feminine=0.30,
    ages=(0.30, 0.62, 0.08),
    associations=(
        Association(KITCHEN, FEMININE, with_it=0.55, without_it=0.05),
        Association(TOOL, FEMININE, with_it=0.02, without_it=0.50),
    ),
    older_blur=1.2,
    older_exposure=0.6,
    feminine_recall=0.70,
    unknown_in_groups=0.90,
    inside_of=0.0,
    repeated_images=0.03,
    repeated_rows=0.03,
)


class Concern(IntEnum):
    """What has a random stream of its own, so that a change of one leaves the others as they are.

    The numbers are part of the sample: append, do not renumber.
    """

    IMAGES = 0
    PEOPLE = 1
    BOXES = 2
    LABELS = 3
    CAPTIONS = 4
    PREDICTIONS = 5
    ANNOTATORS = 6
    PICTURES = 7
    REPEATS = 8
    DRAWING = 9


def stream(seed: int, concern: Concern, *index: int) -> np.random.Generator:
    """Return the random stream of a concern, or of its part with that index.

    The tables use only `random` and `integers` of it: they involve no transcendental function, so
    the same seed gives the same tables on every platform.
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(concern, *index)))


def require_drawable(images: int, seed: int) -> None:
    """Refuse numbers no sample can be drawn with.

    Raises:
        SettingsError: If there would be no image, or the seed is negative.
    """
    if images < 1:
        raise SettingsError(
            f"A sample of {images} images cannot be drawn", "--images", "Ask for at least 1."
        )
    if seed < 0:
        raise SettingsError(
            f"{seed} is no seed of random numbers", "--seed", "Choose 0 or a larger whole number."
        )
