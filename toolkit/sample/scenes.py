"""Where a picture takes place.

A scene's frame is one unit high with the upper left corner at (0, 0); the ground begins at
`HORIZON`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toolkit.sample.canvas import HEIGHT, WIDTH

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np

    from toolkit.sample.canvas import Colour, Frame, Point

RIGHT: Final = WIDTH / HEIGHT
HORIZON: Final = 0.66
HOUSES: Final = 4


def backdrop(frame: Frame, above: str, ground: str) -> None:
    """Fill the picture with two colours that meet at the horizon."""
    frame.rectangle((0, 0), (RIGHT, HORIZON), above)
    frame.rectangle((0, HORIZON), (RIGHT, 1), ground)


def window(frame: Frame, x: float, y: float) -> None:
    """Draw a window with its upper left corner there."""
    frame.rectangle((x, y), (x + 0.3, y + 0.3), "#ffffff")
    for column in (0.02, 0.16):
        for row in (0.02, 0.16):
            left, top = x + column, y + row
            frame.rectangle((left, top), (left + 0.12, top + 0.12), "#bcdcec")


def room(frame: Frame, rng: np.random.Generator) -> None:
    """Draw a living room with a window, a picture and a skirting board."""
    walls = ("#ead9c2", "#d9e2d0", "#dcd6e4", "#e8d5d0")
    backdrop(frame, walls[rng.integers(len(walls))], "#b98f65")
    frame.rectangle((0, HORIZON - 0.03), (RIGHT, HORIZON), "#f5f0e8")
    shift = 0.4 * rng.random()
    window(frame, 0.1 + shift, 0.1)
    frame.rectangle((0.75 + shift, 0.12), (0.97 + shift, 0.3), "#8a6d55")
    frame.rectangle((0.77 + shift, 0.14), (0.95 + shift, 0.28), "#e9c98f")
    frame.polygon(
        "#6f9c8c",
        (0.77 + shift, 0.28),
        (0.85 + shift, 0.19),
        (0.91 + shift, 0.24),
        (0.95 + shift, 0.28),
    )


def kitchen(frame: Frame, rng: np.random.Generator) -> None:
    """Draw a kitchen with cupboards, a worktop and a stove with a pot."""
    fronts = ("#7fa3a0", "#c7a27c", "#a9b6c4")
    front = fronts[rng.integers(len(fronts))]
    backdrop(frame, "#f1e9da", "#c2b6a3")
    for column in range(6):
        left = 0.02 + 0.22 * column
        frame.rectangle((left, 0.04), (left + 0.2, 0.22), front, radius=0.01)
        frame.rectangle((left, 0.46), (left + 0.2, HORIZON), front, radius=0.01)
        frame.ellipse(left + 0.1, 0.19, 0.01, 0.01, "#4a4743")
        frame.ellipse(left + 0.1, 0.49, 0.01, 0.01, "#4a4743")
    frame.rectangle((0, 0.42), (RIGHT, 0.46), "#6b5a4c")
    left = 0.24 + 0.22 * rng.integers(4)
    frame.rectangle((left, 0.44), (left + 0.2, HORIZON), "#e6e6e4")
    frame.rectangle((left + 0.03, 0.52), (left + 0.17, 0.62), "#3f454b", radius=0.01)
    frame.rectangle((left + 0.04, 0.33), (left + 0.16, 0.42), "#b5493f", radius=0.02)
    frame.rectangle((left + 0.02, 0.345), (left + 0.18, 0.36), "#8f2f2a", radius=0.005)


def park(frame: Frame, rng: np.random.Generator) -> None:
    """Draw a park with hills, a path, the sun and clouds."""
    backdrop(frame, "#bfe0ee", "#8fbf78")
    frame.ellipse(0.2 + 0.9 * rng.random(), 0.15, 0.07, 0.07, "#f7dc7a")
    for cloud in range(2):
        x, y = rng.random() * RIGHT, 0.1 + 0.1 * cloud
        for shift in (-0.07, 0, 0.07):
            frame.ellipse(x + shift, y, 0.07, 0.035, "#f8fbfc")
    for x, width in ((0.25, 0.5), (1.05, 0.6)):
        frame.ellipse(x, HORIZON + 0.05, width, 0.2, "#7fb277")
    frame.rectangle((0, HORIZON + 0.02), (RIGHT, 1), "#8fbf78")
    frame.polygon("#dcc9a0", (0.45, 1), (0.95, 1), (0.76, HORIZON + 0.02), (0.68, HORIZON + 0.02))


def street(frame: Frame, rng: np.random.Generator) -> None:
    """Draw a row of houses behind a pavement."""
    walls = ("#d98f73", "#e3c48d", "#a7b8a0", "#b5a7c0", "#cfd4d8")
    backdrop(frame, "#cfe3ec", "#b9b6b0")
    for number in range(HOUSES):
        place = (RIGHT / HOUSES * number, 0.14 + 0.14 * rng.random())
        house(frame, place, walls[rng.integers(len(walls))])
    frame.rectangle((0, HORIZON), (RIGHT, HORIZON + 0.025), "#8f8c87")


def house(frame: Frame, place: Point, wall: Colour) -> None:
    """Draw a house with the left end of its eaves there, down to the horizon."""
    left, top = place
    right = left + RIGHT / HOUSES
    frame.rectangle(place, (right, HORIZON), wall)
    frame.polygon("#8a5a4a", place, ((left + right) / 2, top - 0.12), (right, top))
    for x in (left + 0.05, left + 0.2):
        for y in (top + 0.06, top + 0.2):
            frame.rectangle((x, y), (x + 0.08, y + 0.09), "#f3ecd2")


SCENES: Final[Mapping[str, Callable[[Frame, np.random.Generator], None]]] = {
    "room": room,
    "kitchen": kitchen,
    "park": park,
    "street": street,
}
"""By setting."""
