"""Boats, carriages and flying machines of the offline painters. Floor 4.

Each stands on (0, 0), or floats with its waterline there, and is about one unit high.
"""

import math

from promptflow.providers.offline.buildings import draw_window
from promptflow.providers.offline.colour import lift, mix
from promptflow.providers.offline.pen import Pen, Point, round_points
from promptflow.providers.offline.vocabulary import RGB

_CREAM: RGB = (250, 242, 224)
_DARK: RGB = (52, 48, 62)
_WOOD: RGB = (146, 96, 62)
_STEEL: RGB = (156, 162, 172)
_WARM: RGB = (255, 206, 112)


def draw_sailboat(pen: Pen) -> None:
    """Draw a sailing boat under main sail and jib."""
    sail = pen.own(_CREAM)
    pen.line([(0.02, 0.12), (0.02, 1.0)], 0.016, _WOOD, -0.2)
    main = [(0.0, 0.2), (0.0, 0.97), (-0.16, 0.62), (-0.38, 0.22)]
    pen.poly(main, sail, 0.1)
    pen.poly(
        [(0.0, 0.2), (0.0, 0.97), (-0.1, 0.5), (-0.12, 0.21)], sail, -0.18 if pen.side > 0 else 0.35
    )
    for y in (0.38, 0.58):
        pen.line([(-0.01, y), (-0.36 + y * 0.36, y + 0.01)], 0.006, sail, -0.35)
    jib = [(0.05, 0.9), (0.18, 0.5), (0.42, 0.2), (0.06, 0.24)]
    pen.poly(jib, mix(sail, (206, 84, 66), 0.75), 0.0)
    pen.poly(
        [(0.05, 0.9), (0.12, 0.5), (0.2, 0.22), (0.06, 0.24)], mix(sail, (206, 84, 66), 0.75), -0.3
    )
    _draw_hull(pen, 0.44, (86, 62, 60))
    pen.poly([(0.02, 1.0), (0.14, 0.97), (0.02, 0.94)], (206, 70, 58), 0.1)


def _draw_hull(pen: Pen, half: float, colour: RGB) -> None:
    """Draw a wooden hull that sits in the water at y = 0."""
    hull = [
        (-half * 0.92, 0.14),
        (-half * 0.78, 0.0),
        (-half * 0.6, -0.03),
        (half * 0.62, -0.03),
        (half * 0.86, 0.03),
        (half * 1.14, 0.17),
        (half * 0.6, 0.13),
    ]
    pen.poly(hull, colour, -0.12)
    pen.poly(
        [
            (-half * 0.92, 0.14),
            (-half * 0.89, 0.1),
            (half * 1.05, 0.125),
            (half * 1.14, 0.17),
            (half * 0.6, 0.135),
        ],
        colour,
        0.35,
    )
    pen.line([(-half * 0.84, 0.055), (half * 0.95, 0.07)], 0.014, _CREAM, -0.1)


def draw_boat(pen: Pen) -> None:
    """Draw a rowing boat with its oars."""
    part = pen.at(0.0, 0.0, 2.0)
    colour = pen.own((176, 78, 60))
    part.poly([(-0.5, 0.19), (0.56, 0.22), (0.3, 0.13), (-0.36, 0.12)], _WOOD, -0.45)
    _draw_hull(part, 0.52, colour)
    for x in (-0.2, 0.14):
        part.line([(x, 0.165), (x + 0.1, 0.185)], 0.028, _WOOD, 0.2)
    part.line([(-0.06, 0.2), (-0.4, 0.02)], 0.016, _WOOD, 0.3)
    part.oval((-0.43, 0.005), 0.06, 0.02, _WOOD, 0.2, turn=0.5)


def draw_ship(pen: Pen) -> None:
    """Draw a steamer with funnels and smoke."""
    hull = pen.own((58, 62, 84))
    for step in range(6):
        size = 0.05 + step * 0.028
        pen.oval(
            (-0.12 - step * 0.13, 0.93 + step * 0.055),
            size * 1.4,
            size,
            (150, 146, 150),
            -0.1 + step * 0.03,
        )
    for x in (-0.16, 0.12):
        pen.poly(
            [(x - 0.06, 0.5), (x + 0.07, 0.5), (x + 0.05, 0.86), (x - 0.07, 0.86)],
            (200, 72, 54),
            0.0,
        )
        pen.poly(
            [(x - 0.066, 0.76), (x + 0.055, 0.76), (x + 0.05, 0.86), (x - 0.07, 0.86)], _DARK, -0.1
        )
    pen.box(-0.52, 0.3, 0.46, 0.43, _CREAM, 0.05)
    pen.box(-0.36, 0.43, 0.34, 0.54, _CREAM, -0.12)
    for index in range(8):
        draw_window(pen, -0.44 + index * 0.115, 0.34, 0.05, 0.05)
    pen.poly([(-0.92, 0.34), (-0.8, 0.0), (0.76, 0.0), (1.04, 0.42), (0.7, 0.31)], hull, -0.1)
    pen.poly([(-0.92, 0.34), (-0.9, 0.29), (1.0, 0.36), (1.04, 0.42), (0.7, 0.31)], hull, 0.4)
    pen.poly([(-0.825, 0.06), (-0.8, 0.0), (0.76, 0.0), (0.8, 0.07)], (176, 58, 48), -0.1)


def draw_balloon(pen: Pen) -> None:
    """Draw a striped hot-air balloon with its basket."""
    first = pen.own(pen.rng.choice(((212, 74, 56), (236, 156, 58), (66, 122, 150), (150, 86, 132))))
    second = _CREAM
    center, radius = (0.0, 0.68), 0.33

    def outline(part: float) -> list[Point]:
        points = []
        for step in range(25):
            v = step / 24
            swell = math.sin(v**0.72 * math.pi) ** 0.72 if 0 < v < 1 else 0.0
            neck = 0.18 * v**4
            points.append((center[0] + part * radius * (swell + neck), 1.02 - v * 0.82))
        return points

    cuts = [-1.0, -0.82, -0.52, -0.17, 0.17, 0.52, 0.82, 1.0]
    for index in range(7):
        left, right = outline(cuts[index]), outline(cuts[index + 1])
        middle = (cuts[index] + cuts[index + 1]) / 2
        tone = 0.5 * middle * pen.side - 0.06
        pen.poly(left + right[::-1], second if index % 2 else first, tone)
    for x in (-0.05, 0.05):
        pen.line([(x * 1.2, 0.21), (x * 0.9, 0.09)], 0.007, _DARK)
    pen.box(-0.06, 0.19, 0.06, 0.225, lift(first, light=-0.12), -0.1)
    pen.poly([(-0.055, 0.1), (0.055, 0.1), (0.045, 0.0), (-0.045, 0.0)], (150, 104, 66), -0.05)
    pen.line([(-0.055, 0.1), (0.055, 0.1)], 0.014, (150, 104, 66), 0.3)
    if pen.lit:
        pen.glow((0.0, 0.3), 0.36, _WARM, 0.6)


def draw_rocket(pen: Pen) -> None:
    """Draw a rocket on its flame."""
    shell = pen.own((236, 234, 230))
    for wide, low, colour in (
        (0.13, -0.2, (232, 96, 48)),
        (0.085, -0.1, (250, 176, 70)),
        (0.045, 0.0, (255, 240, 190)),
    ):
        pen.blob(
            [(-wide, 0.14), (-wide * 0.7, 0.04), (0.0, low), (wide * 0.7, 0.04), (wide, 0.14)],
            colour,
            0.3,
        )
    pen.glow((0.0, 0.04), 0.4, (255, 180, 90), 0.7)
    fin = (206, 66, 54)
    for side in (-1.0, 1.0):
        pen.blob(
            [(side * 0.11, 0.42), (side * 0.27, 0.22), (side * 0.27, 0.08), (side * 0.1, 0.18)],
            fin,
            0.15 * side * pen.side,
        )
    body = [
        (-0.1, 0.13),
        (-0.15, 0.4),
        (-0.135, 0.66),
        (0.0, 1.0),
        (0.135, 0.66),
        (0.15, 0.4),
        (0.1, 0.13),
    ]
    pen.solid(body, shell, depth=0.36)
    pen.blob(
        [(-0.118, 0.72), (-0.06, 0.9), (0.0, 1.0), (0.06, 0.9), (0.118, 0.72), (0.0, 0.7)], fin, 0.0
    )
    pen.oval((0.0, 0.56), 0.07, 0.07, _STEEL, -0.2)
    pen.oval((0.0, 0.56), 0.05, 0.05, (108, 178, 206), 0.2)
    pen.oval((-0.015, 0.575), 0.016, 0.016, _CREAM, 0.5)
    pen.line([(0.0, 0.36), (0.0, 0.14)], 0.03, fin, -0.1)


def _draw_wheel(pen: Pen, center: Point, radius: float, *, spokes: int = 0) -> None:
    """Draw a wheel, with spokes or with a plain disc."""
    if spokes:
        for step in range(spokes):
            angle = step * math.pi / spokes
            dx, dy = math.cos(angle) * radius, math.sin(angle) * radius
            pen.line(
                [(center[0] - dx, center[1] - dy), (center[0] + dx, center[1] + dy)],
                radius * 0.025,
                _STEEL,
                0.1,
            )
        outline = round_points(center, radius, radius)
        pen.line([*outline, outline[0]], radius * 0.13, _DARK, -0.1)
        pen.oval(center, radius * 0.1, radius * 0.1, _STEEL)
        return
    pen.oval(center, radius, radius, _DARK, -0.25)
    pen.oval(center, radius * 0.55, radius * 0.55, _STEEL, 0.1)
    pen.oval(center, radius * 0.2, radius * 0.2, _DARK, 0.1)


def draw_bicycle(pen: Pen) -> None:
    """Draw a bicycle with a basket of flowers."""
    frame = pen.own((206, 70, 54))
    rear, front, crank, seat, head = (
        (-0.5, 0.32),
        (0.52, 0.32),
        (-0.08, 0.3),
        (-0.22, 0.76),
        (0.34, 0.78),
    )
    for hub in (rear, front):
        _draw_wheel(pen, hub, 0.32, spokes=9)
        arc = [
            (hub[0] + math.cos(a / 10) * 0.36, hub[1] + math.sin(a / 10) * 0.36)
            for a in range(4, 28)
        ]
        pen.line(arc, 0.018, frame, -0.1)
    for path in (
        [rear, crank, head, (-0.2, 0.68), rear],
        [crank, seat],
        [head, front],
        [head, (0.31, 0.92)],
    ):
        pen.line(path, 0.042, frame, -0.05)
        pen.line([(x + 0.004, y + 0.01) for x, y in path], 0.012, frame, 0.4)
    pen.curve([(0.31, 0.92), (0.36, 0.97), (0.2, 0.95)], 0.026, _DARK)
    pen.blob([(-0.36, 0.8), (-0.2, 0.82), (-0.06, 0.78), (-0.2, 0.75)], (96, 62, 50), -0.1)
    pen.oval(crank, 0.06, 0.06, _STEEL, -0.1)
    pen.line([crank, (0.0, 0.18)], 0.02, _DARK)
    pen.line([(-0.04, 0.18), (0.06, 0.18)], 0.03, _DARK)
    pen.poly([(0.36, 0.88), (0.66, 0.9), (0.61, 0.66), (0.4, 0.66)], (190, 142, 90), -0.05)
    for y in (0.72, 0.8):
        pen.line([(0.38, y), (0.64, y + 0.01)], 0.012, (190, 142, 90), -0.4)
    for x, y, colour in (
        (0.4, 0.94, (236, 178, 70)),
        (0.5, 0.98, (226, 110, 120)),
        (0.6, 0.95, (246, 238, 226)),
        (0.45, 0.9, (110, 148, 90)),
        (0.56, 0.91, (110, 148, 90)),
    ):
        pen.ball((x, y), 0.055, 0.05, colour)


def draw_car(pen: Pen) -> None:
    """Draw a small round car."""
    paint = pen.own((206, 74, 58))
    body = [
        (-0.95, 0.2),
        (-0.95, 0.44),
        (-0.72, 0.55),
        (-0.5, 0.6),
        (-0.32, 0.9),
        (0.0, 0.98),
        (0.3, 0.9),
        (0.52, 0.6),
        (0.86, 0.5),
        (0.98, 0.34),
        (0.94, 0.18),
    ]
    pen.poly(body, paint, -0.12)
    pen.poly(
        [(-0.95, 0.44), (-0.5, 0.6), (0.52, 0.6), (0.86, 0.5), (0.6, 0.46), (-0.7, 0.46)],
        paint,
        0.35,
    )
    pen.poly([(-0.42, 0.6), (-0.27, 0.85), (-0.03, 0.9), (-0.03, 0.6)], (168, 206, 220), 0.15)
    pen.poly([(0.04, 0.6), (0.04, 0.9), (0.26, 0.84), (0.42, 0.6)], (168, 206, 220), 0.0)
    pen.line([(0.0, 0.58), (0.0, 0.24)], 0.012, paint, -0.5)
    pen.line([(-0.96, 0.24), (0.96, 0.24)], 0.05, _STEEL, 0.1)
    pen.oval((0.92, 0.4), 0.05, 0.07, _WARM, 0.4)
    if pen.lit:
        pen.glow((1.0, 0.4), 0.7, _WARM, 0.6)
    for x in (-0.55, 0.56):
        _draw_wheel(pen, (x, 0.18), 0.19)


def draw_train(pen: Pen) -> None:
    """Draw a steam engine with one carriage."""
    paint = pen.own((62, 104, 96))
    pen.line([(-2.2, -0.02), (1.3, -0.02)], 0.03, _STEEL, -0.2)
    for step in range(6):
        size = 0.09 + step * 0.035
        pen.ball(
            (0.6 - step * 0.28, 1.2 + step * 0.09), size * 1.4, size, (224, 220, 218), depth=0.2
        )
    pen.box(-2.0, 0.2, -0.72, 0.86, (176, 74, 58), -0.05)
    pen.box(-2.06, 0.84, -0.66, 0.92, _DARK, 0.0)
    for index in range(4):
        draw_window(pen, -1.8 + index * 0.3, 0.48, 0.18, 0.22)
    pen.box(-0.6, 0.2, -0.1, 0.96, paint, -0.1)
    pen.box(-0.68, 0.94, -0.02, 1.02, _DARK, 0.0)
    draw_window(pen, -0.36, 0.58, 0.24, 0.24)
    pen.box(-0.12, 0.3, 0.82, 0.72, paint, -0.05)
    pen.box(-0.12, 0.56, 0.82, 0.68, paint, 0.4)
    pen.oval((0.82, 0.51), 0.07, 0.21, paint, -0.3)
    pen.poly([(0.52, 0.7), (0.7, 0.7), (0.75, 1.08), (0.47, 1.08)], _DARK, 0.0)
    pen.ball((0.16, 0.75), 0.1, 0.1, (214, 168, 84))
    pen.poly([(0.8, 0.22), (1.08, 0.0), (0.8, 0.0)], (196, 66, 54), -0.1)
    pen.box(-0.66, 0.16, 0.86, 0.26, (196, 66, 54), -0.1)
    for x, size in (
        (-1.75, 0.13),
        (-0.98, 0.13),
        (-0.4, 0.19),
        (0.06, 0.19),
        (0.44, 0.13),
        (0.72, 0.13),
    ):
        _draw_wheel(pen, (x, size), size)
    pen.oval((0.9, 0.64), 0.05, 0.06, _WARM, 0.5)
    if pen.lit:
        pen.glow((0.95, 0.64), 0.6, _WARM, 0.6)


def draw_airplane(pen: Pen) -> None:
    """Draw a small propeller plane."""
    paint = pen.own((214, 84, 60))
    pen.poly([(-0.2, 0.52), (-0.5, 0.86), (-0.34, 0.86), (0.16, 0.54)], _CREAM, -0.3)
    pen.solid(
        [
            (-0.95, 0.56),
            (-0.6, 0.6),
            (0.0, 0.68),
            (0.5, 0.64),
            (0.7, 0.52),
            (0.5, 0.4),
            (0.0, 0.38),
            (-0.6, 0.48),
        ],
        paint,
        depth=0.3,
    )
    pen.poly([(-0.95, 0.56), (-1.08, 0.86), (-0.88, 0.84), (-0.68, 0.58)], _CREAM, 0.0)
    pen.blob([(-0.06, 0.64), (0.04, 0.78), (0.22, 0.76), (0.32, 0.64)], (160, 204, 220), 0.2)
    pen.poly([(0.1, 0.48), (-0.5, 0.14), (-0.26, 0.14), (0.36, 0.46)], _CREAM, 0.1)
    pen.oval((0.72, 0.52), 0.035, 0.3, _STEEL, 0.1)
    pen.oval((0.72, 0.52), 0.05, 0.05, _DARK)
