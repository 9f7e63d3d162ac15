"""People as flat figures.

Skin, hair and clothes are drawn by chance and go with no gender presentation: what the annotations
say cannot be seen in a picture, and no stereotype is needed to draw one. Age shows in the
proportions of the young and the grey hair of older people; who is of unknown age looks away.

A figure's frame has its head at y = 0, its soles at y = 1 and its hands at x = -HALF and HALF, so
that a box follows from a height alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from toolkit.sample.design import OLDER, UNKNOWN, YOUNG

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from toolkit.sample.canvas import Colour, Frame

HALF: Final = 0.2
"""Half of a figure's width, as a share of its height."""

SKIN: Final = {
    "#f6ede4": "#c9827a",
    "#f3e7db": "#c9827a",
    "#f7ead0": "#c68074",
    "#eadaba": "#bd7868",
    "#d7bd96": "#ad6a58",
    "#a07e56": "#7d4a3a",
    "#825c43": "#5f342b",
    "#604134": "#97655a",
    "#3a312a": "#7f564c",
    "#292420": "#6f4b43",
}
"""The ten tones of the Monk Skin Tone scale, each with the colour of a smile on it."""
HAIR: Final = ("#2b2320", "#4a3526", "#6d4a2f", "#a5713c", "#d3a860", "#8c3f2b")
GREY_HAIR: Final = ("#c9c9c9", "#b4b6ba", "#dedcd8")
CLOTH: Final = (
    *("#d9594c", "#e58f4d", "#e9c15b", "#6aa871", "#3f8f8b", "#4b7fb5"),
    *("#5b5ea6", "#9a6aa8", "#d98ba0", "#5a6472", "#8a6d55", "#e6d9bd"),
)
SHOES: Final = ("#3b3a3c", "#6b4a36", "#a39d92", "#7b2d3b")
HAIRSTYLES: Final = ("short", "bob", "long", "curly", "scarf")
GARMENTS: Final = ("trousers", "shorts", "skirt", "dress")


@dataclass(frozen=True)
class Build:
    """Proportions of a body as shares of its height: head radius, shoulder line and hip line."""

    head: float
    shoulder: float
    hip: float


GROWN: Final = Build(head=0.085, shoulder=0.205, hip=0.55)
SMALL: Final = Build(head=0.125, shoulder=0.28, hip=0.62)


@dataclass(frozen=True)
class Look:
    """How one person is drawn.

    Attributes:
        build: The proportions.
        skin: A tone of `SKIN`.
        hair: The colour of hair or headscarf.
        hairstyle: One of `HAIRSTYLES`.
        top: The colour of the upper garment.
        bottom: The colour of the lower garment.
        garment: One of `GARMENTS`.
        shoes: The colour of the shoes.
        hands: How high the left and the right hand are held.
        glasses: Whether the person wears glasses.
        facing: Whether the face can be seen.
    """

    build: Build
    skin: Colour
    hair: Colour
    hairstyle: str
    top: Colour
    bottom: Colour
    garment: str
    shoes: Colour
    hands: tuple[float, float]
    glasses: bool
    facing: bool


def look(age: str, rng: np.random.Generator) -> Look:
    """Choose by chance how a person of that age is drawn."""

    def one_of(choices: Sequence[str]) -> str:
        return choices[int(rng.integers(len(choices)))]

    hairstyle = one_of(HAIRSTYLES)
    grown_hair = GREY_HAIR if age == OLDER else HAIR
    return Look(
        build=SMALL if age == YOUNG else GROWN,
        skin=one_of(tuple(SKIN)),
        hair=one_of(CLOTH if hairstyle == "scarf" else grown_hair),
        hairstyle=hairstyle,
        top=one_of(CLOTH),
        bottom=one_of(CLOTH),
        garment=one_of(GARMENTS),
        shoes=one_of(SHOES),
        hands=(0.30 + 0.26 * rng.random(), 0.30 + 0.26 * rng.random()),
        glasses=rng.random() < 0.2,
        facing=age != UNKNOWN,
    )


def figure(frame: Frame, person: Look) -> None:
    """Draw a person, from what is behind to what is in front."""
    hair_behind(frame, person)
    legs(frame, person)
    arms(frame, person)
    clothes(frame, person)
    head(frame, person)


def hair_behind(frame: Frame, person: Look) -> None:
    """Draw what falls behind the shoulders."""
    size, shoulder = person.build.head, person.build.shoulder
    ends = {"bob": shoulder, "long": shoulder + 0.11, "scarf": shoulder + 0.05}
    if person.hairstyle in ends:
        wide = 1.1 * size
        end = (wide, ends[person.hairstyle])
        frame.rectangle((-wide, size), end, person.hair, radius=0.04)


def legs(frame: Frame, person: Look) -> None:
    """Draw legs, trousers or shorts, and shoes."""
    hip = person.build.hip - 0.04
    ends = {"trousers": 0.96, "shorts": hip + 0.2}
    for side in (-1, 1):
        near, far = sorted((side * 0.012, side * 0.09))
        frame.rectangle((near + 0.01, hip), (far - 0.01, 0.97), person.skin)
        if person.garment in ends:
            end = (far, ends[person.garment])
            frame.rectangle((near, hip), end, person.bottom, radius=0.02)
        heel, toe = sorted((side * 0.012, side * 0.11))
        frame.rectangle((heel, 0.95), (toe, 1), person.shoes, radius=0.02)


def arms(frame: Frame, person: Look) -> None:
    """Draw sleeves, arms and hands; the hands are the outermost part of the figure."""
    shoulder = person.build.shoulder + 0.04
    for side, hand in zip((-1, 1), person.hands, strict=True):
        low = person.build.shoulder + hand
        start, end = (side * 0.085, shoulder), (side * (HALF - 0.026), low)
        elbow = (side * 0.15, shoulder + 0.45 * (low - shoulder) + 0.03)
        frame.line(person.skin, 0.045, start, elbow, end)
        frame.line(person.top, 0.06, start, elbow)
        frame.ellipse(*end, 0.026, 0.026, person.skin)


def clothes(frame: Frame, person: Look) -> None:
    """Draw neck, upper garment, and skirt or dress."""
    shoulder, hip = person.build.shoulder, person.build.hip
    frame.rectangle((-0.03, shoulder - 0.06), (0.03, shoulder + 0.03), person.skin)
    frame.rectangle((-0.11, shoulder), (0.11, hip), person.top, radius=0.045)
    hems = {"skirt": (hip - 0.06, 0.76), "dress": (hip - 0.12, 0.82)}
    if person.garment in hems:
        waist, hem = hems[person.garment]
        colour = person.bottom if person.garment == "skirt" else person.top
        outline = ((-0.1, waist), (0.1, waist), (0.14, hem), (-0.14, hem))
        frame.polygon(colour, *outline)


def head(frame: Frame, person: Look) -> None:
    """Draw hair and face, or only hair for somebody who looks away."""
    size = person.build.head
    middle = 1.12 * size
    frame.ellipse(0, middle, middle, middle, person.hair)
    if person.hairstyle == "curly":
        for x, y in ((0.75, 0.6), (1.0, 1.15), (0.85, 1.75)):
            frame.ellipse(-x * size, y * size, 0.4 * size, 0.4 * size, person.hair)
            frame.ellipse(x * size, y * size, 0.4 * size, 0.4 * size, person.hair)
    if person.facing:
        frame.ellipse(0, 1.36 * size, 0.86 * size, 0.92 * size, person.skin)
        face(frame, person)
    if person.hairstyle == "scarf":
        frame.ellipse(0, person.build.shoulder + 0.01, size, 0.035, person.hair)


def face(frame: Frame, person: Look) -> None:
    """Draw eyes, a smile and perhaps glasses."""
    size = person.build.head
    for side in (-1, 1):
        eye = (side * 0.34 * size, 1.3 * size)
        frame.ellipse(*eye, 0.15 * size, 0.13 * size, "#efe9e1")
        frame.ellipse(*eye, 0.1 * size, 0.12 * size, "#2c2320")
        if person.glasses:
            frame.ring(*eye, 0.28 * size, 0.01, "#8c8177")
    frame.arc(0, 1.47 * size, 0.36 * size, (25, 155), SKIN[person.skin])
