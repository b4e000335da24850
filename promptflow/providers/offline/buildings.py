"""Buildings of the offline painters: lighthouses, houses, castles, bridges. Floor 4.

Each stands on (0, 0) and is about one unit high.
"""

import math

from promptflow.providers.offline.colour import lift
from promptflow.providers.offline.pen import Pen, Point
from promptflow.providers.offline.vocabulary import RGB

_CREAM: RGB = (248, 238, 218)
_WARM: RGB = (255, 206, 112)
_DARK: RGB = (58, 54, 70)
_STONE: RGB = (172, 162, 156)
_TILE: RGB = (186, 86, 66)


def draw_window(pen: Pen, x: float, y: float, wide: float, high: float) -> None:
    """Draw a window: lit after dark, dark by day."""
    if pen.lit:
        pen.box(x - wide / 2, y, x + wide / 2, y + high, _WARM, 0.45)
        pen.glow((x, y + high / 2), high * 2.4, _WARM, 0.3)
    else:
        pen.box(x - wide / 2, y, x + wide / 2, y + high, (74, 92, 112), -0.2)
    pen.line([(x, y), (x, y + high)], wide * 0.09, _CREAM, -0.1)
    pen.line(
        [(x - wide / 2, y + high / 2), (x + wide / 2, y + high / 2)], wide * 0.09, _CREAM, -0.1
    )


def draw_wall(pen: Pen, corners: list[Point], colour: RGB) -> None:
    """Fill a wall and shade the strip that faces away from the sun."""
    pen.poly(corners, colour, 0.12)
    (left, foot), (right, _), (top_right, top), (top_left, _) = corners
    split = 0.42
    if pen.side > 0:
        strip = [
            (left, foot),
            (left + (right - left) * split, foot),
            (top_left + (top_right - top_left) * split, top),
            (top_left, top),
        ]
    else:
        strip = [
            (right, foot),
            (right - (right - left) * split, foot),
            (top_right - (top_right - top_left) * split, top),
            (top_right, top),
        ]
    pen.poly(strip, colour, -0.42)


def draw_lighthouse(pen: Pen) -> None:
    """Draw a banded tower with a lit lamp and its beams."""
    band = pen.own((198, 62, 52))

    def edge(y: float) -> float:
        return 0.13 - 0.055 * (y / 0.76)

    draw_wall(
        pen, [(-edge(0), 0.0), (edge(0), 0.0), (edge(0.76), 0.76), (-edge(0.76), 0.76)], _CREAM
    )
    for low in (0.1, 0.36, 0.62):
        high = low + 0.125
        draw_wall(
            pen,
            [(-edge(low), low), (edge(low), low), (edge(high), high), (-edge(high), high)],
            band,
        )
    for y in (0.28, 0.54):
        pen.box(-0.014, y, 0.02, y + 0.05, (70, 74, 92), -0.2)
    pen.blob(
        [(-0.04, 0.0), (-0.04, 0.09), (0.0, 0.115), (0.04, 0.09), (0.04, 0.0)], (84, 60, 54), -0.2
    )
    pen.box(-0.115, 0.755, 0.115, 0.78, _DARK, 0.0)
    for x in (-0.11, -0.055, 0.0, 0.055, 0.11):
        pen.line([(x, 0.78), (x, 0.82)], 0.007, _DARK)
    pen.line([(-0.115, 0.82), (0.115, 0.82)], 0.008, _DARK)
    pen.box(-0.06, 0.78, 0.06, 0.9, _WARM, 0.5)
    for x in (-0.06, 0.0, 0.06):
        pen.line([(x, 0.78), (x, 0.9)], 0.009, _DARK)
    pen.blob(
        [(-0.085, 0.895), (-0.06, 0.94), (0.0, 0.97), (0.06, 0.94), (0.085, 0.895)], band, -0.15
    )
    pen.line([(0.0, 0.96), (0.0, 1.02)], 0.011, _DARK)
    if pen.lit:
        pen.glow((0.0, 0.84), 0.55, _WARM, 0.85)
        pen.beam((0.0, 0.84), 2.4, _WARM)


def draw_house(pen: Pen) -> None:
    """Draw a cottage with a steep roof and a chimney."""
    wall, roof = pen.own((240, 226, 200)), _TILE
    pen.box(0.22, 0.62, 0.32, 0.95, (160, 110, 92), -0.15)
    draw_wall(pen, [(-0.44, 0.0), (0.44, 0.0), (0.44, 0.46), (-0.44, 0.46)], wall)
    pen.poly([(-0.54, 0.43), (-0.3, 0.86), (0.3, 0.86), (0.54, 0.43)], roof, -0.05)
    pen.poly([(-0.54, 0.43), (0.54, 0.43), (0.5, 0.5), (-0.5, 0.5)], roof, -0.35)
    for row in range(3):
        y = 0.56 + row * 0.09
        pen.line([(-0.46 + row * 0.05, y), (0.46 - row * 0.05, y)], 0.012, roof, -0.25)
    draw_window(pen, -0.24, 0.17, 0.17, 0.17)
    draw_window(pen, 0.26, 0.17, 0.17, 0.17)
    pen.box(-0.07, 0.0, 0.09, 0.28, (112, 76, 58), -0.1)
    pen.oval((0.06, 0.14), 0.012, 0.012, _WARM, 0.3)
    if not pen.solid_only:
        smoke = [(0.27, 0.97), (0.34, 1.08), (0.29, 1.18), (0.42, 1.3)]
        pen.taper(smoke, (0.05, 0.1), (232, 230, 230), 0.0)


def draw_village(pen: Pen) -> None:
    """Draw a handful of cottages and a church tower."""
    tower = pen.at(0.1, 0.0, 1.0)
    draw_wall(tower, [(-0.08, 0.0), (0.08, 0.0), (0.08, 0.7), (-0.08, 0.7)], (226, 214, 196))
    tower.poly([(-0.1, 0.69), (0.0, 1.05), (0.1, 0.69)], (92, 96, 116), -0.1)
    draw_window(tower, 0.0, 0.5, 0.05, 0.09)
    walls = ((238, 222, 194), (226, 190, 160), (214, 206, 194), (240, 230, 212), (222, 176, 140))
    for index, (x, scale) in enumerate(
        ((-0.72, 0.46), (0.62, 0.5), (-0.34, 0.56), (0.36, 0.42), (0.98, 0.4), (-1.05, 0.4))
    ):
        draw_house(_recolour(pen.at(x, -0.01 * index, scale), walls[index % len(walls)]))


def _recolour(pen: Pen, colour: RGB) -> Pen:
    """Return the pen with a colour for what comes next."""
    from dataclasses import replace

    return replace(pen, tint=colour)


def draw_castle(pen: Pen) -> None:
    """Draw a castle with round towers, pointed roofs and flags."""
    stone, roof = pen.own(_STONE), (74, 96, 132)
    for x, half, tall in ((-0.16, 0.1, 0.72), (0.17, 0.09, 0.64)):
        _draw_tower(pen, x, half, tall, stone, roof)
    draw_wall(pen, [(-0.42, 0.0), (0.42, 0.0), (0.42, 0.34), (-0.42, 0.34)], stone)
    _draw_merlons(pen, -0.42, 0.42, 0.34, stone)
    _draw_tower(pen, 0.01, 0.115, 0.56, stone, roof)
    for x, half, tall in ((-0.43, 0.09, 0.46), (0.44, 0.095, 0.5)):
        _draw_tower(pen, x, half, tall, stone, roof)
    pen.blob(
        [(-0.07, 0.0), (-0.07, 0.14), (0.01, 0.2), (0.09, 0.14), (0.09, 0.0)], (70, 54, 50), -0.3
    )


def _draw_tower(pen: Pen, x: float, half: float, tall: float, stone: RGB, roof: RGB) -> None:
    """Draw a round tower with a pointed roof and a flag."""
    draw_wall(pen, [(x - half, 0.0), (x + half, 0.0), (x + half, tall), (x - half, tall)], stone)
    draw_wall(
        pen,
        [
            (x - half * 1.16, tall - 0.04),
            (x + half * 1.16, tall - 0.04),
            (x + half * 1.16, tall),
            (x - half * 1.16, tall),
        ],
        stone,
    )
    peak = tall + half * 2.5
    pen.poly([(x - half * 1.3, tall), (x, peak), (x + half * 1.3, tall)], roof, -0.3)
    lit = half * 1.3 * pen.side
    pen.poly([(x + lit * 0.1, tall), (x, peak), (x + lit, tall)], roof, 0.15)
    pen.line([(x, peak - 0.01), (x, peak + 0.07)], 0.008, _DARK)
    pen.poly([(x, peak + 0.07), (x + 0.075, peak + 0.05), (x, peak + 0.03)], (206, 70, 58), 0.05)
    draw_window(pen, x, tall * 0.66, half * 0.42, half * 0.7)


def _draw_merlons(pen: Pen, left: float, right: float, y: float, stone: RGB) -> None:
    """Set battlements along the top of a wall."""
    count = 11
    step = (right - left) / count
    for index in range(count):
        x = left + index * step
        shaded = (index / count < 0.42) == (pen.side > 0)
        pen.box(x, y - 0.005, x + step * 0.6, y + 0.04, stone, -0.42 if shaded else 0.12)


def draw_temple(pen: Pen) -> None:
    """Draw a pagoda with curved roofs."""
    wall, roof = pen.own((196, 70, 56)), (66, 74, 88)
    for level in range(4):
        y, half = level * 0.23, 0.27 - level * 0.045
        draw_wall(pen, [(-half, y), (half, y), (half, y + 0.14), (-half, y + 0.14)], wall)
        draw_window(pen, 0.0, y + 0.02, half * 0.5, 0.09)
        eave = half * 1.62
        curve = [
            (-eave, y + 0.17),
            (-eave * 0.6, y + 0.135),
            (0.0, y + 0.125),
            (eave * 0.6, y + 0.135),
            (eave, y + 0.17),
            (half * 0.8, y + 0.24),
            (-half * 0.8, y + 0.24),
        ]
        pen.poly(curve, roof, -0.15)
        pen.line(
            [
                (-eave, y + 0.172),
                (-half * 0.8, y + 0.24),
                (half * 0.8, y + 0.24),
                (eave, y + 0.172),
            ],
            0.012,
            roof,
            0.3,
        )
    pen.taper([(0.0, 0.93), (0.0, 1.08)], (0.03, 0.006), (214, 170, 80), 0.1)


def draw_bridge(pen: Pen) -> None:
    """Draw a stone bridge with three arches."""
    stone = pen.own((190, 170, 150))
    deck = [(-1.3, 0.4), (-0.6, 0.62), (0.0, 0.7), (0.6, 0.62), (1.3, 0.4)]
    arches = [
        [
            (x + math.cos(step * math.pi / 18) * half, foot + math.sin(step * math.pi / 18) * tall)
            for step in range(19)
        ]
        for x, half, foot, tall in (
            (0.84, 0.25, -0.1, 0.44),
            (0.0, 0.36, -0.1, 0.62),
            (-0.84, 0.25, -0.1, 0.44),
        )
    ]
    lower = [(1.3, -0.1), *arches[0], *arches[1], *arches[2], (-1.3, -0.1)]
    pen.poly([*deck, *lower], stone, -0.05)
    for arch in arches:
        pen.line([(x, y + 0.025) for x, y in arch], 0.05, stone, 0.3)
        inner = [(x - pen.side * 0.05, y) for x, y in arch]
        pen.poly(
            [*arch[:10], *inner[:10][::-1]] if pen.side > 0 else [*arch[9:], *inner[9:][::-1]],
            stone,
            -0.5,
        )
    pen.line([(x, y + 0.05) for x, y in deck], 0.06, stone, 0.25)
    pen.line([(x, y + 0.01) for x, y in deck], 0.02, stone, -0.4)


def draw_windmill(pen: Pen) -> None:
    """Draw a windmill with four latticed sails."""
    body = pen.own((236, 224, 200))
    draw_wall(pen, [(-0.19, 0.0), (0.19, 0.0), (0.115, 0.62), (-0.115, 0.62)], body)
    pen.box(-0.2, 0.2, 0.2, 0.235, (120, 84, 62), -0.1)
    draw_window(pen, 0.0, 0.4, 0.07, 0.09)
    pen.box(-0.05, 0.0, 0.05, 0.15, (112, 76, 58), -0.2)
    pen.blob(
        [(-0.14, 0.61), (-0.1, 0.73), (0.0, 0.78), (0.1, 0.73), (0.14, 0.61)], (132, 76, 60), -0.05
    )
    hub = (0.02, 0.68)
    start = pen.rng.uniform(0.2, 1.3)
    for index in range(4):
        angle = start + index * math.pi / 2
        cos, sin = math.cos(angle), math.sin(angle)
        tip = (hub[0] + cos * 0.42, hub[1] + sin * 0.42)
        near = (hub[0] + cos * 0.09, hub[1] + sin * 0.09)
        cloth = [
            near,
            tip,
            (tip[0] - sin * 0.1, tip[1] + cos * 0.1),
            (near[0] - sin * 0.1, near[1] + cos * 0.1),
        ]
        pen.poly(cloth, _CREAM, 0.1 if sin > 0 else -0.2)
        for step in range(1, 5):
            x, y = near[0] + (tip[0] - near[0]) * step / 5, near[1] + (tip[1] - near[1]) * step / 5
            pen.line([(x, y), (x - sin * 0.1, y + cos * 0.1)], 0.007, (120, 84, 62), -0.1)
        pen.line([hub, tip], 0.016, (98, 70, 56), -0.2)
    pen.ball(hub, 0.03, 0.03, (98, 70, 56))


def draw_rock(pen: Pen, *, wide: float = 0.5) -> None:
    """Draw a rocky islet, one unit wide by default, whose top is at (0, 0)."""
    rng = pen.rng
    rock: RGB = (110, 102, 106)
    outline = [
        (-wide * 1.15, -0.34),
        (-wide, -0.16),
        (-wide * 0.62, -0.05),
        (-wide * 0.3, 0.015),
        (wide * 0.3, 0.015),
        (wide * 0.66, -0.06),
        (wide * 0.95, -0.14),
        (wide * 1.2, -0.34),
    ]
    jagged = [(x, y + rng.uniform(-0.012, 0.012)) for x, y in outline]
    pen.poly(jagged, rock, -0.35)
    for index in range(7):
        x = (-0.85 + index * 0.28) * wide
        top = -0.02 - 0.13 * abs(x / wide) ** 1.4
        tone = 0.16 if (x * pen.side) > -0.1 * wide else -0.15
        face = [
            (x - 0.1 * wide, top),
            (x + 0.12 * wide, top + 0.01),
            (x + 0.2 * wide, top - 0.16),
            (x + 0.02 * wide, top - 0.22),
            (x - 0.12 * wide, top - 0.14),
        ]
        pen.poly(face, rock, tone + rng.uniform(-0.08, 0.08))
    pen.blob(
        [(-wide * 0.5, -0.01), (0.0, 0.03), (wide * 0.5, -0.01), (0.0, -0.035)],
        lift((104, 130, 84), light=0.0),
        0.0,
    )
