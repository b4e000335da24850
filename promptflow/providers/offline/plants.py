"""Plants of the offline painters: trees, flowers, mushrooms. Floor 4.

Each stands on (0, 0) and is about one unit high.
"""

import math

from promptflow.providers.offline.colour import lift, mix
from promptflow.providers.offline.pen import Pen, Point, round_points
from promptflow.providers.offline.vocabulary import RGB

_BARK: RGB = (104, 78, 62)
_LEAF: RGB = (88, 132, 76)
_NEEDLE: RGB = (52, 92, 78)
_SNOW: RGB = (238, 243, 250)
_PINK: RGB = (240, 172, 190)


def draw_tree(pen: Pen, *, foliage: RGB = _LEAF, snowy: bool = False) -> None:
    """Draw a broad tree with a crown of several leaf masses."""
    rng = pen.rng
    bark = _BARK
    pen.taper([(0.02, 0.0), (-0.01, 0.25), (0.02, 0.5)], (0.09, 0.045), bark, -0.25)
    pen.taper([(0.0, 0.3), (-0.12, 0.45), (-0.2, 0.55)], (0.035, 0.012), bark, -0.35)
    pen.taper([(0.01, 0.34), (0.12, 0.46), (0.2, 0.58)], (0.035, 0.012), bark, -0.2)
    if snowy:
        _draw_bare_branches(pen, bark)
        return
    colour = pen.own(foliage)
    masses = [
        (-0.22, 0.56, 0.17),
        (0.2, 0.58, 0.17),
        (0.0, 0.7, 0.25),
        (-0.1, 0.82, 0.15),
        (0.12, 0.8, 0.15),
    ]
    for tone, shift, factor in ((-0.42, -0.02, 1.06), (-0.05, 0.0, 0.94), (0.32, 0.04, 0.6)):
        for x, y, size in masses:
            at = (x + pen.side * shift * 1.2 + rng.uniform(-0.01, 0.01), y + shift)
            pen.blob(_ruffle(pen, at, size * factor), colour, tone + rng.uniform(-0.05, 0.05))


def _ruffle(pen: Pen, center: Point, size: float) -> list[Point]:
    """Return the uneven outline of a leaf mass."""
    points = []
    for step in range(11):
        angle = step * math.tau / 11
        reach = size * pen.rng.uniform(0.84, 1.12)
        points.append(
            (center[0] + math.cos(angle) * reach, center[1] + math.sin(angle) * reach * 0.85)
        )
    return points


def _draw_bare_branches(pen: Pen, bark: RGB) -> None:
    """Draw the crown of a tree without leaves."""
    for angle, reach in ((2.4, 0.34), (2.0, 0.46), (1.6, 0.5), (1.25, 0.46), (0.8, 0.34)):
        tip = (math.cos(angle) * reach, 0.45 + math.sin(angle) * reach)
        middle = (tip[0] * 0.45, 0.45 + (tip[1] - 0.45) * 0.5)
        pen.taper([(0.01, 0.4), middle, tip], (0.024, 0.004), bark, -0.2)
        for turn in (-0.45, 0.45):
            twig = (
                middle[0] + math.cos(angle + turn) * 0.16,
                middle[1] + math.sin(angle + turn) * 0.16,
            )
            pen.taper([middle, twig], (0.012, 0.003), bark, -0.1)


def draw_pine(pen: Pen, *, foliage: RGB = _NEEDLE, snowy: bool = False) -> None:
    """Draw a fir with drooping tiers, snow on them in winter."""
    rng = pen.rng
    colour = mix(pen.own(foliage), _NEEDLE, 0.4)
    pen.box(-0.022, 0.0, 0.022, 0.16, _BARK, -0.3)
    tiers = 6
    for tier in range(tiers):
        part = tier / tiers
        base, top = 0.08 + part * 0.76, min(1.0, 0.36 + part * 0.78)
        half = 0.25 * (1 - part) ** 0.9 + 0.035
        sag = 0.035
        left = [
            (-half * step / 4, base - sag * (step % 2) + rng.uniform(-0.012, 0.012))
            for step in (4, 3, 2, 1)
        ]
        right = [
            (half * step / 4, base - sag * (step % 2) + rng.uniform(-0.012, 0.012))
            for step in (1, 2, 3, 4)
        ]
        pen.poly([*left, *right, (0.0, top)], colour, -0.25)
        lit = left if pen.side < 0 else right
        pen.poly([*lit, (0.0, top), (0.0, base)], colour, 0.1)
        if snowy:
            cap = [
                (-half * 0.72, base + 0.045),
                (-half * 0.3, base + 0.03),
                (half * 0.2, base + 0.05),
                (half * 0.7, base + 0.04),
                (0.0, top),
            ]
            pen.poly(cap, _SNOW, 0.12 if tier % 2 else -0.02)


def draw_blossom(pen: Pen) -> None:
    """Draw a cherry tree in bloom, with fallen petals."""
    pink = pen.own(_PINK)
    draw_tree(pen, foliage=pink)
    for _ in range(34):
        x, y = pen.rng.gauss(0, 0.24), pen.rng.uniform(-0.03, 0.9)
        pen.oval((x, y), 0.008, 0.006, lift(pink, light=0.06), 0.3)


def draw_palm(pen: Pen) -> None:
    """Draw a leaning palm with feathered leaves."""
    pen.taper([(0.0, 0.0), (0.03, 0.35), (0.14, 0.78)], (0.065, 0.035), (150, 118, 86), -0.2)
    for step in range(9):
        part = step / 9
        pen.line(
            [
                (0.0 + 0.14 * part**2 - 0.02, 0.09 + part * 0.66),
                (0.03 + 0.14 * part**2, 0.08 + part * 0.66),
            ],
            0.006,
            (110, 84, 66),
            -0.3,
        )
    crown = (0.14, 0.78)
    for angle in (2.9, 2.5, 0.2, 0.62, 3.5, -0.35, 1.9, 1.15):
        tip = (crown[0] + math.cos(angle) * 0.34, crown[1] + math.sin(angle) * 0.24 - 0.1)
        bow = (crown[0] + math.cos(angle) * 0.2, crown[1] + math.sin(angle) * 0.2 + 0.06)
        under = (bow[0], bow[1] - 0.075)
        tone = 0.25 if math.cos(angle) * pen.side > 0 else -0.2
        pen.blob([crown, bow, tip, under], pen.own((74, 128, 80)), tone)
    pen.ball((0.12, 0.75), 0.028, 0.03, (140, 96, 60))


def draw_cactus(pen: Pen) -> None:
    """Draw a tall cactus with two arms."""
    green = pen.own((86, 134, 88))
    for path, width in (
        ([(0.0, 0.0), (0.0, 0.92)], 0.17),
        ([(0.0, 0.36), (0.2, 0.38), (0.22, 0.5), (0.22, 0.68)], 0.11),
        ([(0.0, 0.5), (-0.19, 0.5), (-0.2, 0.62), (-0.2, 0.78)], 0.1),
    ):
        pen.line(path, width, green, -0.3)
        lit = [(x + pen.side * width * 0.16, y) for x, y in path]
        pen.line(lit, width * 0.5, green, 0.15)
    for y in (0.2, 0.4, 0.6, 0.8):
        pen.line([(0.0, y), (0.0, y + 0.1)], 0.008, green, -0.5)
    pen.oval((0.0, 1.0), 0.04, 0.03, (230, 110, 130), 0.2)


def draw_flower(pen: Pen) -> None:
    """Draw a small group of poppies or tulips on thin stems."""
    colour = pen.own((222, 78, 66))
    for x, tall, size in ((-0.24, 0.66, 0.1), (0.22, 0.74, 0.11), (0.0, 0.95, 0.14)):
        head = (x * 1.15, tall)
        pen.taper(
            [(x * 0.3, 0.0), (x * 0.7, tall * 0.5), head], (0.022, 0.014), (86, 126, 74), -0.1
        )
        leaf = (x * 0.55, tall * 0.34)
        tip = (leaf[0] + (0.12 if x >= 0 else -0.12), leaf[1] + 0.14)
        pen.blob([leaf, (leaf[0], tip[1]), tip, (tip[0], leaf[1])], (86, 132, 76), 0.1)
        _draw_petals(pen, head, size, colour, 6)
        pen.ball(head, size * 0.3, size * 0.28, (64, 48, 54))


def draw_sunflower(pen: Pen) -> None:
    """Draw one sunflower on a leafy stem."""
    head = (0.03, 0.82)
    pen.taper([(0.0, 0.0), (-0.02, 0.4), head], (0.04, 0.026), (92, 132, 70), -0.15)
    for side, y in ((-1.0, 0.3), (1.0, 0.44), (-1.0, 0.54)):
        leaf = [(0.0, y), (side * 0.1, y + 0.1), (side * 0.26, y + 0.04), (side * 0.12, y - 0.03)]
        pen.blob(leaf, (94, 142, 72), 0.15 * side * pen.side)
    _draw_petals(pen, head, 0.2, pen.own((244, 188, 46)), 15)
    pen.ball(head, 0.085, 0.08, (92, 58, 40))
    pen.oval(head, 0.045, 0.042, (62, 40, 34), -0.1)


def _draw_petals(pen: Pen, head: Point, size: float, colour: RGB, count: int) -> None:
    """Set petals around a head, the lit ones lighter."""
    start = pen.rng.uniform(0, 1)
    for ring, tone in ((1.0, -0.22), (0.82, 0.08)):
        for step in range(count):
            angle = start + (step + (0.5 if ring < 1 else 0)) * math.tau / count
            center = (
                head[0] + math.cos(angle) * size * 0.6 * ring,
                head[1] + math.sin(angle) * size * 0.58 * ring,
            )
            light = 0.16 * math.cos(angle) * pen.side + 0.1 * math.sin(angle)
            slim = 0.16 if count > 8 else 0.36
            outline = round_points(center, size * 0.46 * ring, size * slim, turn=angle)
            pen.poly(outline, colour, tone + light)


def draw_mushroom(pen: Pen) -> None:
    """Draw one large spotted mushroom with a small one beside it."""
    for x, scale in ((0.0, 1.0), (0.36, 0.5), (-0.3, 0.36)):
        part = pen.at(x, 0.0, scale)
        part.solid(
            [
                (-0.13, 0.0),
                (-0.09, 0.3),
                (-0.1, 0.58),
                (0.1, 0.58),
                (0.09, 0.3),
                (0.14, 0.0),
                (0.0, -0.03),
            ],
            (240, 226, 202),
            depth=0.3,
        )
        part.oval((0.0, 0.56), 0.3, 0.07, (214, 190, 160), -0.35)
        cap = [
            (-0.46, 0.54),
            (-0.4, 0.76),
            (-0.2, 0.95),
            (0.0, 1.0),
            (0.2, 0.95),
            (0.4, 0.76),
            (0.46, 0.54),
            (0.0, 0.6),
        ]
        part.solid(cap, pen.own((204, 56, 46)), depth=0.35)
        for dx, dy, size in (
            (-0.24, 0.76, 0.05),
            (0.02, 0.86, 0.06),
            (0.25, 0.74, 0.045),
            (-0.05, 0.68, 0.04),
            (0.37, 0.62, 0.03),
            (-0.38, 0.62, 0.03),
        ):
            part.oval((dx, dy), size, size * 0.8, (252, 244, 230), 0.15)
