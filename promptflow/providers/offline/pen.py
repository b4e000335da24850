"""The pen the offline painters draw with: shapes in local units on a canvas. Floor 4.

A drawing stands on (0, 0), is about one unit high, and y grows upwards. The pen moves, scales, leans
and mirrors it, and decides what a colour becomes in the light of the scene.
"""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from promptflow.providers.offline.vocabulary import RGB

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

Point = tuple[float, float]
Ink = Callable[[RGB, float], RGB]


@dataclass(frozen=True, slots=True, kw_only=True)
class Glow:
    """A light to be laid over the finished drawing, in canvas pixels."""

    x: float
    y: float
    radius: float
    colour: RGB
    strength: float
    beam: bool = False
    """Two long beams instead of a round glow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pen:
    """Draws shapes given in local units."""

    draw: "ImageDraw"
    ink: Ink
    """(local colour, tone from -1 shade to 1 light) → the colour on the canvas."""
    rng: random.Random
    x: float = 0.0
    y: float = 0.0
    scale: float = 1.0
    """Canvas pixels to one unit."""
    squash: float = 1.0
    """Factor on heights; negative hangs the drawing upside down."""
    lean: float = 0.0
    """How far a height of one moves to the right."""
    flip: float = 1.0
    """-1 mirrors left and right."""
    sun: float = 1.0
    """Where the light comes from on the canvas: -1 left, 1 right."""
    tint: RGB | None = None
    """The colour the text gives this subject."""
    glows: list[Glow] = field(default_factory=list)
    lit: bool = False
    """Lamps and windows are on."""
    solid_only: bool = False
    """Leave out what throws no shadow: steam, smoke, flames."""

    @property
    def side(self) -> float:
        """Where the light comes from, in local units."""
        return self.sun * self.flip

    def at(self, x: float, y: float, scale: float, *, flip: float = 1.0) -> "Pen":
        """Return a pen for a smaller drawing inside this one."""
        (px, py) = self.to_canvas((x, y))
        return replace(self, x=px, y=py, scale=self.scale * scale, flip=self.flip * flip)

    def own(self, usual: RGB) -> RGB:
        """Return the colour the text gives this subject, or else its usual one."""
        return self.tint or usual

    def to_canvas(self, point: Point) -> Point:
        """Convert local units to canvas pixels."""
        x, y = point
        return (
            self.x + self.scale * (x * self.flip + y * self.lean),
            self.y - self.scale * y * self.squash,
        )

    def poly(self, points: Sequence[Point], colour: RGB, tone: float = 0.0) -> None:
        """Fill a polygon."""
        self.draw.polygon([self.to_canvas(point) for point in points], fill=self.ink(colour, tone))

    def blob(self, points: Sequence[Point], colour: RGB, tone: float = 0.0) -> None:
        """Fill a smooth closed curve through the points."""
        self.poly(smooth(points, closed=True), colour, tone)

    def box(
        self, left: float, bottom: float, right: float, top: float, colour: RGB, tone: float = 0.0
    ) -> None:
        """Fill a rectangle."""
        corners = [(left, bottom), (right, bottom), (right, top), (left, top)]
        self.poly(corners, colour, tone)

    def oval(
        self,
        center: Point,
        wide: float,
        high: float,
        colour: RGB,
        tone: float = 0.0,
        *,
        turn: float = 0.0,
    ) -> None:
        """Fill an ellipse with the given half axes, turned by radians."""
        self.poly(round_points(center, wide, high, turn=turn), colour, tone)

    def line(self, points: Sequence[Point], width: float, colour: RGB, tone: float = 0.0) -> None:
        """Draw a line of even width with round ends and corners."""
        dots = [self.to_canvas(point) for point in points]
        pixels = max(1, round(width * self.scale))
        fill = self.ink(colour, tone)
        self.draw.line(dots, fill=fill, width=pixels, joint="curve")
        radius = pixels / 2
        if pixels > 2:
            for px, py in (dots[0], dots[-1]):
                self.draw.ellipse((px - radius, py - radius, px + radius, py + radius), fill=fill)

    def curve(self, points: Sequence[Point], width: float, colour: RGB, tone: float = 0.0) -> None:
        """Draw a smooth line through the points."""
        self.line(smooth(points, closed=False), width, colour, tone)

    def taper(
        self, points: Sequence[Point], widths: tuple[float, float], colour: RGB, tone: float = 0.0
    ) -> None:
        """Draw a smooth line that goes from one width to another."""
        path = smooth(points, closed=False)
        left: list[Point] = []
        right: list[Point] = []
        for index, (x, y) in enumerate(path):
            before = path[max(0, index - 1)]
            after = path[min(len(path) - 1, index + 1)]
            dx, dy = after[0] - before[0], after[1] - before[1]
            length = math.hypot(dx, dy) or 1.0
            half = (widths[0] + (widths[1] - widths[0]) * index / (len(path) - 1)) / 2
            left.append((x - dy / length * half, y + dx / length * half))
            right.append((x + dy / length * half, y - dx / length * half))
        self.poly(left + right[::-1], colour, tone)

    def solid(
        self, points: Sequence[Point], colour: RGB, *, tone: float = 0.0, depth: float = 0.4
    ) -> None:
        """Fill a rounded form with a shaded, a plain and a lit part."""
        path = smooth(points, closed=True) if len(points) < _DENSE else list(points)
        xs, ys = [x for x, _ in path], [y for _, y in path]
        middle = ((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)
        wide, high = max(xs) - min(xs), max(ys) - min(ys)
        self.poly(path, colour, tone - depth)
        for factor, shift, step in ((0.84, 0.05, 0.0), (0.52, 0.13, depth * 0.8)):
            dx, dy = self.side * shift * wide, shift * 0.6 * high
            inner = [
                (
                    middle[0] + (x - middle[0]) * factor + dx,
                    middle[1] + (y - middle[1]) * factor + dy,
                )
                for x, y in path
            ]
            self.poly(inner, colour, tone + step)

    def ball(
        self, center: Point, wide: float, high: float, colour: RGB, *, depth: float = 0.4
    ) -> None:
        """Fill an ellipse with a shaded, a plain and a lit part."""
        self.solid(round_points(center, wide, high), colour, depth=depth)

    def glow(self, center: Point, radius: float, colour: RGB, strength: float = 0.6) -> None:
        """Ask for a light around a point once everything is drawn."""
        px, py = self.to_canvas(center)
        self.glows.append(
            Glow(x=px, y=py, radius=radius * self.scale, colour=colour, strength=strength)
        )

    def beam(self, center: Point, reach: float, colour: RGB) -> None:
        """Ask for two long beams of light, to both sides of a lamp."""
        px, py = self.to_canvas(center)
        self.glows.append(
            Glow(x=px, y=py, radius=reach * self.scale, colour=colour, strength=0.55, beam=True)
        )


_DENSE = 24


def round_points(center: Point, wide: float, high: float, *, turn: float = 0.0) -> list[Point]:
    """Return the outline of an ellipse with the given half axes."""
    cos, sin = math.cos(turn), math.sin(turn)
    outline = []
    for step in range(40):
        angle = step * math.tau / 40
        x, y = math.cos(angle) * wide, math.sin(angle) * high
        outline.append((center[0] + x * cos - y * sin, center[1] + x * sin + y * cos))
    return outline


def smooth(points: Sequence[Point], *, closed: bool, steps: int = 8) -> list[Point]:
    """Return a curve through the points (a Catmull-Rom spline)."""
    count = len(points)
    curve: list[Point] = []
    for index in range(count if closed else count - 1):
        around = [_pick(points, index + offset, closed=closed) for offset in (-1, 0, 1, 2)]
        curve += [_between(around, step / steps) for step in range(steps)]
    if not closed:
        curve.append(points[-1])
    return curve


def _pick(points: Sequence[Point], index: int, *, closed: bool) -> Point:
    """Return a point of a ring, or of a line that stands still beyond its ends."""
    if closed:
        return points[index % len(points)]
    return points[min(len(points) - 1, max(0, index))]


def _between(around: Sequence[Point], part: float) -> Point:
    """Return a point of the spline between the two middle ones of four points."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = around
    square, cube = part * part, part**3
    weights = (
        (-cube + 2 * square - part) / 2,
        (3 * cube - 5 * square + 2) / 2,
        (-3 * cube + 4 * square + part) / 2,
        (cube - square) / 2,
    )
    return (
        ax * weights[0] + bx * weights[1] + cx * weights[2] + dx * weights[3],
        ay * weights[0] + by * weights[1] + cy * weights[2] + dy * weights[3],
    )
