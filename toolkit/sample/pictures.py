"""One picture: a scene, the people in their boxes, things before and behind them, and a camera."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from toolkit.sample.canvas import HEIGHT, OVERSAMPLING, WIDTH, Frame
from toolkit.sample.figures import HALF, figure, look
from toolkit.sample.people import VISIBLE
from toolkit.sample.scenes import SCENES
from toolkit.sample.things import THINGS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toolkit.sample.things import Thing

BEHIND: Final = 0.76
IN_FRONT: Final = 0.98
"""Where things behind and before the people stand, as shares of the image's height."""
PLACES: Final = 6
"""Places for things side by side, in front and behind."""
PRINTED: Final = 0.84
"""Size of a person in a picture frame, as a share of the frame's."""
PACKED: Final = 1.6
"""How closely a group stands: people for the width of one."""


@dataclass(frozen=True)
class Person:
    """A box as it is drawn.

    Attributes:
        box: `x_min, y_min, x_max, y_max` as shares of the image, from the top left.
        age: The age presentation.
        occluded: Whether something stands before the feet.
        truncated: Whether the lower edge of the image cuts the person off.
        group: Whether the box holds a group.
        depiction: Whether it is a picture of a person.
    """

    box: tuple[float, float, float, float]
    age: str
    occluded: bool = False
    truncated: bool = False
    group: bool = False
    depiction: bool = False


@dataclass(frozen=True)
class Picture:
    """What is in a picture, and how it was taken.

    Attributes:
        setting: One of `SCENES`.
        people: The people, from left to right.
        labels: The labels that are present.
        blur: Standard deviation of the Gaussian blur, in pixels of the finished picture.
        exposure: Factor on the brightness.
        noise: Standard deviation of the noise, in levels of 255.
    """

    setting: str
    people: tuple[Person, ...]
    labels: tuple[str, ...]
    blur: float = 0.0
    exposure: float = 1.0
    noise: float = 0.0


def photograph(picture: Picture, rng: np.random.Generator) -> Image.Image:
    """Draw a picture and pass it through its camera: blur, exposure, noise."""
    image = drawing(picture, rng).filter(ImageFilter.GaussianBlur(picture.blur))
    grain = picture.noise * rng.standard_normal((HEIGHT, WIDTH, 1))
    levels = picture.exposure * np.asarray(image) + grain
    return Image.fromarray(np.clip(np.rint(levels), 0, 255).astype(np.uint8))


def drawing(picture: Picture, rng: np.random.Generator) -> Image.Image:
    """Draw a picture, sharp and evenly lit; `WIDTH` by `HEIGHT` pixels."""
    canvas = Image.new("RGB", (OVERSAMPLING * WIDTH, OVERSAMPLING * HEIGHT))
    draw = ImageDraw.Draw(canvas)
    SCENES[picture.setting](Frame(draw, 0, 0, canvas.height), rng)
    things = [THINGS[label] for label in picture.labels if label in THINGS]
    place_things(draw, [thing for thing in things if not thing.in_front], BEHIND, rng)
    for person in picture.people:
        place_person(draw, person, rng)
    place_things(draw, [thing for thing in things if thing.in_front], IN_FRONT, rng)
    return canvas.reduce(OVERSAMPLING)


def place_things(
    draw: ImageDraw.ImageDraw, things: Sequence[Thing], foot: float, rng: np.random.Generator
) -> None:
    """Draw things side by side, standing at this share of the image's height."""
    width, height = OVERSAMPLING * WIDTH, OVERSAMPLING * HEIGHT
    for thing, place in zip(things, rng.permutation(PLACES)[: len(things)], strict=True):
        middle = width * (place + 1) / (PLACES + 1)
        thing.draw(Frame(draw, middle, height * foot, height * thing.height))


def place_person(draw: ImageDraw.ImageDraw, person: Person, rng: np.random.Generator) -> None:
    """Draw whoever is in a box so that they fill it."""
    x_min, y_min, x_max, y_max = person.box
    left, right = OVERSAMPLING * WIDTH * x_min, OVERSAMPLING * WIDTH * x_max
    top, bottom = OVERSAMPLING * HEIGHT * y_min, OVERSAMPLING * HEIGHT * y_max
    height = (bottom - top) / (VISIBLE if person.truncated else 1)
    frame = Frame(draw, left, top, height)
    width = (right - left) / height
    if person.depiction:
        frame = hung(frame, width)
        width *= PRINTED
    crowd(frame, width, person, rng)
    if person.occluded:
        crate(Frame(draw, left, bottom, bottom - top), (right - left) / (bottom - top))


def hung(frame: Frame, width: float) -> Frame:
    """Draw a picture frame of this width and height 1; return the frame for what it shows."""
    frame.rectangle((0, 0), (width, 1), "#6b4a36", radius=0.01)
    frame.rectangle((0.03, 0.03), (width - 0.03, 0.97), "#f7f3e8")
    margin = (1 - PRINTED) / 2
    left, top = frame.points((margin * width, margin))[0]
    return Frame(frame.draw, left, top, PRINTED * frame.unit)


def crowd(frame: Frame, width: float, person: Person, rng: np.random.Generator) -> None:
    """Draw one person, or for a group as many as fill the width."""
    size = round(PACKED * width / (2 * HALF)) if person.group else 1
    middles = np.linspace(HALF, width - HALF, size) if size > 1 else [width / 2]
    # The outer ones come last and in full size: it is they who fill the box.
    for position in [*range(1, size - 1), *{0, size - 1}]:
        scale = 1 if position in (0, size - 1) else 0.85 + 0.15 * rng.random()
        left, top = frame.points((middles[position], 1 - scale))[0]
        figure(Frame(frame.draw, left, top, scale * frame.unit), look(person.age, rng))


def crate(frame: Frame, width: float) -> None:
    """Draw a crate across the lower part of a box of this width and height 1, upwards from 0."""
    frame.rectangle((0, -0.28), (width, 0), "#b58a5a")
    for y in (-0.28, -0.16, -0.04):
        frame.rectangle((0, y), (width, y + 0.04), "#93693f")
