"""Things of the offline painters: boats, vehicles, crockery, toys. Floor 4.

Each stands on (0, 0) and is about one unit high; what flies hangs around (0, 0.5).
"""

import math

from promptflow.providers.offline.colour import mix
from promptflow.providers.offline.pen import Pen, Point, round_points
from promptflow.providers.offline.vocabulary import RGB

_CREAM: RGB = (250, 242, 224)
_DARK: RGB = (52, 48, 62)
_WOOD: RGB = (146, 96, 62)
_STEEL: RGB = (156, 162, 172)
_WARM: RGB = (255, 206, 112)


def draw_planet(pen: Pen) -> None:
    """Draw a banded planet with a ring."""
    colour = pen.own(pen.rng.choice(((222, 162, 106), (112, 156, 184), (196, 116, 120))))
    center = (0.0, 0.5)
    ring = round_points(center, 0.74, 0.17, turn=0.35)
    pen.poly(ring[:21], mix(colour, _CREAM, 0.5), -0.25)
    pen.poly(round_points(center, 0.56, 0.11, turn=0.35)[:21], (30, 30, 60), -0.3)
    pen.ball(center, 0.4, 0.4, colour, depth=0.5)
    for offset, thick, tone in ((0.17, 0.045, 0.25), (0.03, 0.03, -0.3), (-0.12, 0.055, 0.15)):
        half = math.sqrt(0.385**2 - offset**2)
        pen.oval((0.0, 0.5 + offset), half * 0.97, thick, colour, tone, turn=0.0)
    front = (
        round_points(center, 0.74, 0.17, turn=0.35)[20:]
        + round_points(center, 0.74, 0.17, turn=0.35)[:1]
    )
    inner = (
        round_points(center, 0.56, 0.11, turn=0.35)[20:]
        + round_points(center, 0.56, 0.11, turn=0.35)[:1]
    )
    pen.poly(front + inner[::-1], mix(colour, _CREAM, 0.6), 0.15)


def draw_umbrella(pen: Pen) -> None:
    """Draw an open umbrella that leans a little."""
    cloth = pen.own((206, 64, 58))
    pen.line([(0.0, 0.94), (0.0, 0.1)], 0.03, _WOOD, -0.1)
    pen.curve([(0.0, 0.12), (0.03, 0.02), (0.12, 0.02), (0.14, 0.1)], 0.035, _WOOD, 0.1)
    cuts = [-0.6, -0.36, -0.12, 0.12, 0.36, 0.6]
    for index in range(5):
        left, right = cuts[index], cuts[index + 1]
        panel = [
            (left * (1 - (1 - step / 6) ** 2.2), 0.97 - 0.42 * (step / 6) ** 1.7)
            for step in range(7)
        ]
        other = [
            (right * (1 - (1 - step / 6) ** 2.2), 0.97 - 0.42 * (step / 6) ** 1.7)
            for step in range(7)
        ]
        sag = [((left + right) / 2, 0.6)]
        tone = 0.55 * (left + right) / 2 * pen.side / 0.6 + (0.1 if index % 2 else -0.05)
        pen.poly(panel + sag + other[::-1], cloth, tone)
    pen.line([(0.0, 0.95), (0.0, 1.03)], 0.022, _DARK)


def draw_teapot(pen: Pen) -> None:
    """Draw a round teapot with a patterned band and steam."""
    glaze = pen.own((72, 128, 140))
    pen.taper([(0.34, 0.28), (0.52, 0.38), (0.56, 0.6), (0.66, 0.7)], (0.2, 0.09), glaze, -0.1)
    handle = [(-0.34, 0.62), (-0.62, 0.66), (-0.66, 0.4), (-0.4, 0.22)]
    pen.curve(handle, 0.075, glaze, -0.25)
    pen.curve([(x + 0.006, y + 0.014) for x, y in handle], 0.025, glaze, 0.3)
    body = [
        (-0.28, 0.0),
        (-0.45, 0.18),
        (-0.46, 0.42),
        (-0.32, 0.64),
        (-0.16, 0.71),
        (0.16, 0.71),
        (0.32, 0.64),
        (0.46, 0.42),
        (0.45, 0.18),
        (0.28, 0.0),
    ]
    pen.solid(body, glaze, depth=0.42)
    for index in range(9):
        x = -0.38 + index * 0.095
        pen.oval((x, 0.34 - 0.04 * (1 - (x / 0.4) ** 2)), 0.03, 0.045, _CREAM, 0.1)
    pen.blob([(-0.2, 0.71), (-0.12, 0.8), (0.12, 0.8), (0.2, 0.71), (0.0, 0.69)], glaze, 0.05)
    pen.oval((0.0, 0.71), 0.2, 0.025, glaze, -0.35)
    pen.ball((0.0, 0.84), 0.05, 0.05, (222, 166, 84))
    shine = pen.side * 0.22
    pen.blob(
        [
            (shine, 0.56),
            (shine + 0.06 * pen.side, 0.48),
            (shine + 0.05 * pen.side, 0.38),
            (shine - 0.02 * pen.side, 0.5),
        ],
        _CREAM,
        0.5,
    )
    _draw_steam(pen, (0.7, 0.76))


def _draw_steam(pen: Pen, start: Point) -> None:
    """Draw two thin curls of steam."""
    if pen.solid_only:
        return
    x, y = start
    for shift, tall in ((0.0, 0.34), (0.07, 0.26)):
        curl = [
            (x + shift, y),
            (x + shift + 0.05, y + tall * 0.3),
            (x + shift - 0.02, y + tall * 0.6),
            (x + shift + 0.04, y + tall),
        ]
        pen.taper(curl, (0.03, 0.006), (252, 250, 246), 0.2)


def draw_cup(pen: Pen) -> None:
    """Draw a cup on a saucer."""
    glaze = pen.own((238, 226, 206))
    pen.oval((0.0, 0.05), 0.62, 0.09, glaze, -0.25)
    pen.oval((0.0, 0.075), 0.5, 0.06, glaze, 0.15)
    pen.curve([(0.36, 0.66), (0.6, 0.62), (0.56, 0.36), (0.3, 0.28)], 0.075, glaze, -0.15)
    pen.solid(
        [
            (-0.4, 0.76),
            (-0.38, 0.44),
            (-0.24, 0.14),
            (0.0, 0.09),
            (0.24, 0.14),
            (0.38, 0.44),
            (0.4, 0.76),
            (0.0, 0.72),
        ],
        glaze,
        depth=0.34,
    )
    pen.oval((0.0, 0.76), 0.41, 0.1, glaze, 0.25)
    pen.oval((0.0, 0.755), 0.35, 0.075, (112, 66, 44), -0.1)
    pen.line([(-0.36, 0.56), (0.36, 0.56)], 0.035, (198, 92, 68), 0.0)
    _draw_steam(pen, (-0.06, 0.84))


def draw_book(pen: Pen) -> None:
    """Draw an open book that lies at a slant."""
    cover = pen.own((168, 60, 56))
    pen.poly(
        [(-0.95, 0.08), (0.0, -0.06), (0.95, 0.08), (0.82, 0.66), (0.0, 0.5), (-0.82, 0.66)],
        cover,
        -0.2,
    )
    for side in (-1.0, 1.0):
        page = [
            (0.0, 0.0),
            (side * 0.3, 0.09),
            (side * 0.88, 0.13),
            (side * 0.76, 0.68),
            (side * 0.28, 0.64),
            (0.0, 0.54),
        ]
        pen.poly(page, _CREAM, 0.22 if side * pen.side > 0 else -0.12)
        for row in range(5):
            y = 0.16 + row * 0.09
            pen.line(
                [(side * (0.16 - row * 0.004), y), (side * (0.72 - row * 0.02), y + 0.06)],
                0.018,
                (150, 132, 120),
                0.0,
            )
    pen.line([(0.0, 0.0), (0.0, 0.54)], 0.02, cover, -0.5)


def draw_lantern(pen: Pen) -> None:
    """Draw a lantern that hangs from a bent pole."""
    iron: RGB = (58, 54, 66)
    pen.line([(-0.22, 0.0), (-0.22, 0.9)], 0.034, iron, 0.0)
    pen.curve([(-0.22, 0.88), (-0.17, 0.98), (-0.04, 1.0), (0.06, 0.95)], 0.026, iron, 0.1)
    pen.line([(0.06, 0.95), (0.06, 0.9)], 0.012, iron)
    pen.blob([(-0.29, 0.0), (-0.26, 0.05), (-0.18, 0.05), (-0.15, 0.0)], iron, -0.1)
    draw_lamp(pen.at(0.06, 0.62, 0.3))


def draw_lamp(pen: Pen) -> None:
    """Draw the lantern itself, standing on (0, 0)."""
    iron = pen.own((66, 58, 66))
    pen.poly([(-0.26, 0.68), (0.26, 0.68), (0.2, 0.12), (-0.2, 0.12)], _WARM, 0.5)
    pen.oval((0.0, 0.34), 0.09, 0.17, (255, 246, 210), 0.6)
    for x in (-1.0, 0.0, 1.0):
        pen.line([(x * 0.2, 0.12), (x * 0.26, 0.68)], 0.035, iron, -0.1)
    pen.box(-0.26, 0.0, 0.26, 0.12, iron, 0.0)
    pen.poly([(-0.36, 0.67), (-0.14, 0.88), (0.14, 0.88), (0.36, 0.67)], iron, 0.1)
    pen.curve([(-0.08, 0.88), (0.0, 1.02), (0.08, 0.88)], 0.035, iron)
    pen.glow((0.0, 0.38), 2.4, _WARM, 0.85)


def draw_kite(pen: Pen) -> None:
    """Draw a kite with a tail of bows."""
    cloth = pen.own((222, 82, 62))
    top, right, low, left = (0.1, 1.0), (0.42, 0.7), (0.0, 0.14), (-0.3, 0.74)
    middle = (0.07, 0.73)
    other = (244, 190, 78)
    for corners, colour, tone in (
        ((top, right, middle), cloth, 0.15),
        ((right, low, middle), other, -0.1),
        ((low, left, middle), cloth, -0.15),
        ((left, top, middle), other, 0.15),
    ):
        pen.poly(corners, colour, tone)
    tail = [low, (-0.1, -0.06), (0.04, -0.26), (-0.12, -0.48), (0.0, -0.7)]
    pen.curve(tail, 0.012, _DARK)
    for x, y in tail[1:]:
        pen.poly([(x, y), (x - 0.09, y + 0.05), (x - 0.09, y - 0.05)], cloth, 0.1)
        pen.poly([(x, y), (x + 0.09, y + 0.05), (x + 0.09, y - 0.05)], other, 0.0)


def draw_fruit(pen: Pen) -> None:
    """Draw three apples."""
    colour = pen.own((204, 62, 50))
    for x, size, shade in ((-0.42, 0.4, (222, 170, 70)), (0.44, 0.42, colour), (0.0, 0.5, colour)):
        part = pen.at(x, 0.0, size * 2)
        part.solid(
            [
                (-0.3, 0.02),
                (-0.46, 0.34),
                (-0.32, 0.66),
                (-0.02, 0.6),
                (0.3, 0.66),
                (0.46, 0.34),
                (0.3, 0.02),
                (0.0, 0.05),
            ],
            shade,
            depth=0.4,
        )
        part.taper([(0.0, 0.58), (0.03, 0.72), (0.1, 0.8)], (0.05, 0.03), _WOOD, -0.2)
        part.blob([(0.04, 0.68), (0.2, 0.8), (0.34, 0.74), (0.2, 0.66)], (104, 142, 74), 0.15)


def draw_clock(pen: Pen) -> None:
    """Draw an alarm clock with two bells."""
    metal = pen.own((206, 158, 78))
    for side in (-1.0, 1.0):
        pen.line([(side * 0.2, 0.14), (side * 0.32, 0.0)], 0.05, metal, -0.3)
        pen.ball((side * 0.24, 0.86), 0.15, 0.11, metal)
    pen.ball((0.0, 0.48), 0.42, 0.42, metal, depth=0.4)
    pen.oval((0.0, 0.48), 0.33, 0.33, _CREAM, 0.15)
    for step in range(12):
        angle = step * math.tau / 12
        tick = [(math.cos(angle) * reach, 0.48 + math.sin(angle) * reach) for reach in (0.25, 0.3)]
        pen.line(tick, 0.022 if step % 3 == 0 else 0.01, _DARK)
    pen.line([(0.0, 0.48), (-0.12, 0.6)], 0.032, _DARK, -0.1)
    pen.line([(0.0, 0.48), (0.14, 0.68)], 0.022, _DARK, -0.1)
    pen.oval((0.0, 0.48), 0.03, 0.03, (206, 70, 58))


def draw_crystal(pen: Pen) -> None:
    """Draw a group of standing crystals."""
    colour = pen.own((130, 170, 220))
    for x, tall, half, lean in (
        (-0.26, 0.6, 0.1, -0.14),
        (0.28, 0.68, 0.11, 0.14),
        (0.0, 1.0, 0.15, 0.0),
    ):
        tip = (x + lean, tall)
        waist = tall * 0.78
        pen.poly(
            [
                (x - half, 0.0),
                (x - half + lean * 0.8, waist),
                tip,
                (x + lean * 0.8, waist * 0.96),
                (x, 0.0),
            ],
            colour,
            0.4 if pen.side < 0 else -0.3,
        )
        pen.poly(
            [
                (x + half, 0.0),
                (x + half + lean * 0.8, waist),
                tip,
                (x + lean * 0.8, waist * 0.96),
                (x, 0.0),
            ],
            colour,
            -0.3 if pen.side < 0 else 0.4,
        )
    pen.glow((0.0, 0.5), 0.7, colour, 0.35)
