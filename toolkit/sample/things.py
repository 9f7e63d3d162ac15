"""The things that image labels name, as flat drawings.

A thing's frame has its foot in the middle at (0, 0) and is about one unit high, upwards to y = -1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from toolkit.sample.canvas import Frame

WOOD: Final = "#a9764a"
DARK_WOOD: Final = "#7d5433"
LEAF: Final = "#5d9a5b"
METAL: Final = "#8f979e"
TYRE: Final = "#3b3f44"
FUR: Final = "#b98653"
GINGER: Final = "#d98f4e"
INK: Final = "#2c2926"


def bicycle(frame: Frame) -> None:
    """Draw a bicycle from the side."""
    for x in (-0.55, 0.55):
        frame.ring(x, -0.36, 0.36, 0.06, TYRE)
    red = "#c9463d"
    frame.line(red, 0.05, (-0.55, -0.36), (-0.2, -0.78), (0.42, -0.78), (0, -0.36), (-0.55, -0.36))
    frame.line(red, 0.05, (0, -0.36), (-0.24, -0.88))
    frame.line(red, 0.05, (0.55, -0.36), (0.38, -0.95))
    frame.line(TYRE, 0.07, (-0.34, -0.9), (-0.14, -0.9))
    frame.line(TYRE, 0.05, (0.38, -0.95), (0.56, -0.98))


def dog(frame: Frame) -> None:
    """Draw a dog from the side."""
    for x in (-0.4, -0.22, 0.2, 0.38):
        frame.rectangle((x - 0.06, -0.4), (x + 0.06, 0), FUR, radius=0.04)
    frame.rectangle((-0.5, -0.65), (0.45, -0.3), FUR, radius=0.16)
    frame.line(FUR, 0.1, (-0.46, -0.55), (-0.68, -0.85))
    frame.ellipse(0.5, -0.76, 0.24, 0.22, FUR)
    frame.rectangle((0.5, -0.76), (0.84, -0.58), FUR, radius=0.08)
    frame.ellipse(0.38, -0.74, 0.09, 0.2, DARK_WOOD)
    frame.ellipse(0.58, -0.82, 0.04, 0.04, INK)
    frame.ellipse(0.82, -0.7, 0.06, 0.05, INK)


def cat(frame: Frame) -> None:
    """Draw a sitting cat from the front."""
    frame.line(GINGER, 0.1, (0.2, -0.06), (0.5, -0.1), (0.52, -0.4))
    frame.ellipse(0, -0.28, 0.28, 0.3, GINGER)
    for side in (-1, 1):
        frame.polygon(GINGER, (side * 0.26, -1), (side * 0.24, -0.66), (side * 0.02, -0.82))
        frame.ellipse(side * 0.12, -0.04, 0.1, 0.05, GINGER)
    frame.ellipse(0, -0.68, 0.28, 0.22, GINGER)
    for side in (-1, 1):
        frame.ellipse(side * 0.11, -0.71, 0.035, 0.05, INK)
    frame.polygon("#c05a5a", (-0.04, -0.64), (0.04, -0.64), (0, -0.6))


def tree(frame: Frame) -> None:
    """Draw a tree with a round crown."""
    frame.rectangle((-0.06, -0.5), (0.06, 0), DARK_WOOD)
    for x, y, radius in ((-0.16, -0.6, 0.19), (0.16, -0.58, 0.2), (0, -0.76, 0.23)):
        frame.ellipse(x, y, radius, radius, LEAF)


def chair(frame: Frame) -> None:
    """Draw a chair."""
    frame.rectangle((-0.32, -1), (-0.22, 0), WOOD)
    frame.rectangle((0.22, -0.5), (0.32, 0), WOOD)
    frame.rectangle((-0.32, -0.56), (0.34, -0.44), DARK_WOOD, radius=0.03)
    for y in (-0.95, -0.78):
        frame.rectangle((-0.3, y), (0.3, y + 0.09), WOOD)
    frame.rectangle((0.22, -1), (0.32, -0.5), WOOD)


def table(frame: Frame) -> None:
    """Draw a table."""
    for x in (-0.75, 0.65):
        frame.rectangle((x, -0.9), (x + 0.1, 0), DARK_WOOD)
    frame.rectangle((-0.9, -1), (0.9, -0.86), WOOD, radius=0.03)


def flower(frame: Frame) -> None:
    """Draw a flower in a pot."""
    frame.line(LEAF, 0.05, (0, -0.3), (0, -0.7))
    frame.ellipse(0.12, -0.48, 0.12, 0.05, LEAF)
    frame.polygon("#bf6a4a", (-0.24, -0.36), (0.24, -0.36), (0.16, 0), (-0.16, 0))
    for x, y in ((0, -0.92), (0.17, -0.8), (0.1, -0.62), (-0.1, -0.62), (-0.17, -0.8)):
        frame.ellipse(x, y, 0.12, 0.12, "#e2789a")
    frame.ellipse(0, -0.76, 0.1, 0.1, "#f1cf5b")


def ball(frame: Frame) -> None:
    """Draw a striped ball."""
    frame.ellipse(0, -0.4, 0.4, 0.4, "#f4f1ea")
    frame.ellipse(0, -0.4, 0.17, 0.4, "#d9594c")
    frame.ring(0, -0.4, 0.4, 0.05, "#4b7fb5")


def book(frame: Frame) -> None:
    """Draw a pile of books."""
    for layer, colour in enumerate(("#4b7fb5", "#d9594c", "#6aa871")):
        low, shift = -0.28 * layer, 0.06 * (layer % 2)
        frame.rectangle((-0.5 + shift, low - 0.26), (0.5 + shift, low), colour, radius=0.04)
        frame.rectangle((-0.4 + shift, low - 0.19), (0.5 + shift, low - 0.07), "#f4efe2")


def guitar(frame: Frame) -> None:
    """Draw a standing guitar."""
    frame.ellipse(0, -0.2, 0.24, 0.2, "#c98a45")
    frame.ellipse(0, -0.42, 0.18, 0.16, "#c98a45")
    frame.rectangle((-0.03, -0.95), (0.03, -0.3), DARK_WOOD)
    frame.rectangle((-0.06, -1), (0.06, -0.87), INK, radius=0.02)
    frame.ellipse(0, -0.36, 0.075, 0.075, INK)
    frame.rectangle((-0.09, -0.15), (0.09, -0.11), INK)


def balloon(frame: Frame) -> None:
    """Draw two balloons on their strings."""
    for side, colour in ((-1, "#d9594c"), (1, "#e9c15b")):
        top = -0.78 + 0.05 * side
        frame.line("#8a8f96", 0.012, (side * 0.16, top + 0.2), (0, 0))
        frame.polygon(
            colour,
            (side * 0.16, top + 0.14),
            (side * 0.16 - 0.04, top + 0.24),
            (side * 0.16 + 0.04, top + 0.24),
        )
        frame.ellipse(side * 0.16, top, 0.16, 0.19, colour)


def tool(frame: Frame) -> None:
    """Draw a tool box with a hammer and a screwdriver."""
    frame.line(WOOD, 0.09, (-0.25, -0.4), (-0.32, -0.85))
    frame.rectangle((-0.52, -1), (-0.14, -0.82), METAL, radius=0.03)
    frame.line(METAL, 0.06, (0.25, -0.4), (0.3, -0.7))
    frame.line("#e9a23b", 0.13, (0.3, -0.7), (0.34, -0.95))
    frame.rectangle((-0.6, -0.5), (0.6, 0), "#c9463d", radius=0.05)
    frame.rectangle((-0.6, -0.34), (0.6, -0.28), "#8f2f2a")
    frame.rectangle((-0.1, -0.4), (0.1, -0.22), METAL, radius=0.02)


@dataclass(frozen=True)
class Thing:
    """How the thing of a label comes into a picture.

    Attributes:
        draw: Draws it into its frame.
        height: Its height as a share of the image's.
        in_front: Whether it lies before the people's feet rather than behind them.
    """

    draw: Callable[[Frame], None]
    height: float
    in_front: bool


THINGS: Final[Mapping[str, Thing]] = {
    "/m/07k1x": Thing(tool, 0.12, in_front=True),
    "/m/0199g": Thing(bicycle, 0.27, in_front=False),
    "/m/0bt9lr": Thing(dog, 0.16, in_front=True),
    "/m/01yrx": Thing(cat, 0.17, in_front=True),
    "/m/07j7r": Thing(tree, 0.66, in_front=False),
    "/m/01mzpv": Thing(chair, 0.24, in_front=False),
    "/m/04bcr3": Thing(table, 0.2, in_front=False),
    "/m/0c9ph5": Thing(flower, 0.15, in_front=True),
    "/m/018xm": Thing(ball, 0.1, in_front=True),
    "/m/0bt_c3": Thing(book, 0.1, in_front=True),
    "/m/0342h": Thing(guitar, 0.32, in_front=False),
    "/m/01j51": Thing(balloon, 0.6, in_front=False),
}
"""By label; a kitchen is no thing but a setting."""
