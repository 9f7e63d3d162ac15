"""Placing a drawing that is written down in its own units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

Colour = str
Point = tuple[float, float]
WIDTH: Final = 320
HEIGHT: Final = 240
"""Size of a finished picture in pixels."""
OVERSAMPLING: Final = 2
"""Pictures are drawn this much larger and reduced, which smooths the edges of shapes."""


@dataclass(frozen=True)
class Frame:
    """A system of coordinates on the canvas: `x` to the right, `y` downwards, in one unit.

    Attributes:
        draw: What draws on the canvas.
        left: Where `x = 0` lies, in pixels of the canvas.
        top: Where `y = 0` lies, in pixels of the canvas.
        unit: Pixels of the canvas to the unit.
    """

    draw: ImageDraw
    left: float
    top: float
    unit: float

    def points(self, *points: Point) -> list[Point]:
        """Return points of the frame in pixels of the canvas."""
        return [(self.left + self.unit * x, self.top + self.unit * y) for x, y in points]

    def ellipse(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        """Fill an ellipse with this centre and these radii."""
        self.draw.ellipse(self.points((x - rx, y - ry), (x + rx, y + ry)), fill=colour)

    def rectangle(self, corner: Point, opposite: Point, colour: Colour, radius: float = 0) -> None:
        """Fill a rectangle from its upper left to its lower right corner, rounded by a radius."""
        corners = self.points(corner, opposite)
        self.draw.rounded_rectangle(corners, radius * self.unit, fill=colour)

    def polygon(self, colour: Colour, *points: Point) -> None:
        """Fill a polygon."""
        self.draw.polygon(self.points(*points), fill=colour)

    def line(self, colour: Colour, width: float, *points: Point) -> None:
        """Draw a line with round ends and joints."""
        thick = max(1, round(width * self.unit))
        self.draw.line(self.points(*points), fill=colour, width=thick, joint="curve")
        for x, y in (points[0], points[-1]):
            self.ellipse(x, y, width / 2, width / 2, colour)

    def ring(self, x: float, y: float, radius: float, width: float, colour: Colour) -> None:
        """Draw a circle's outline, `width` thick inwards."""
        corners = self.points((x - radius, y - radius), (x + radius, y + radius))
        self.draw.ellipse(corners, outline=colour, width=max(1, round(width * self.unit)))

    def arc(
        self, x: float, y: float, radius: float, degrees: tuple[float, float], colour: Colour
    ) -> None:
        """Draw a thin arc of a circle between two angles, clockwise from the right."""
        corners = self.points((x - radius, y - radius), (x + radius, y + radius))
        self.draw.arc(corners, *degrees, fill=colour, width=max(1, round(0.012 * self.unit)))
