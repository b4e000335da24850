"""People and other fanciful creatures of the offline painters. Floor 4.

Each looks to the right, stands on (0, 0) and is about one unit high.
"""

import math

from promptflow.providers.offline.colour import mix
from promptflow.providers.offline.creatures import draw_face
from promptflow.providers.offline.pen import Pen
from promptflow.providers.offline.vocabulary import RGB

_INK: RGB = (38, 32, 40)
_CREAM: RGB = (250, 240, 222)


def draw_butterfly(pen: Pen) -> None:
    """Draw a butterfly with open wings."""
    wing = pen.own((234, 140, 60))
    for side in (-1.0, 1.0):
        for outline, tone in (
            (
                [
                    (0.0, 0.56),
                    (side * 0.3, 0.96),
                    (side * 0.56, 0.94),
                    (side * 0.5, 0.62),
                    (side * 0.2, 0.48),
                ],
                0.1,
            ),
            (
                [
                    (0.0, 0.5),
                    (side * 0.36, 0.48),
                    (side * 0.46, 0.22),
                    (side * 0.22, 0.06),
                    (side * 0.04, 0.36),
                ],
                -0.12,
            ),
        ):
            pen.blob(outline, _INK, -0.1)
            middle = (sum(x for x, _ in outline) / 5, sum(y for _, y in outline) / 5)
            pen.blob(
                [(x * 0.76 + middle[0] * 0.24, y * 0.76 + middle[1] * 0.24) for x, y in outline],
                wing,
                tone,
            )
        pen.oval((side * 0.42, 0.84), 0.04, 0.04, _CREAM, 0.2)
        pen.curve([(0.0, 0.7), (side * 0.06, 0.84), (side * 0.14, 0.92)], 0.014, _INK)
    pen.oval((0.0, 0.48), 0.035, 0.24, _INK, -0.1)


def draw_person(pen: Pen, *, headgear: str = "hat") -> None:
    """Draw a figure in a long coat, seen from a little behind.

    Args:
        pen: stands where the figure stands.
        headgear: ``hat``, ``helmet`` (with a blade at the side) or ``hair``.
    """
    coat = pen.own((178, 62, 56) if pen.rng.random() < 0.5 else (58, 88, 124))
    for x, tone in ((-0.06, -0.35), (0.07, -0.15)):
        pen.taper([(x, 0.34), (x * 1.1, 0.04)], (0.075, 0.055), (62, 56, 66), tone)
        pen.oval((x * 1.1 + 0.03, 0.02), 0.055, 0.024, _INK, tone)
    pen.solid(
        [
            (-0.09, 0.76),
            (-0.15, 0.6),
            (-0.2, 0.24),
            (0.0, 0.2),
            (0.2, 0.24),
            (0.15, 0.6),
            (0.09, 0.76),
            (0.0, 0.79),
        ],
        coat,
        depth=0.34,
    )
    for side, tone in ((-1.0, -0.15), (1.0, 0.05)):
        pen.taper(
            [(side * 0.12, 0.71), (side * 0.19, 0.56), (side * 0.18, 0.42)],
            (0.085, 0.06),
            coat,
            tone * pen.side * side - 0.1,
        )
        pen.oval((side * 0.18, 0.4), 0.03, 0.032, (232, 190, 160))
    pen.ball((0.0, 0.86), 0.085, 0.096, (96, 66, 52), depth=0.28)
    if headgear == "helmet":
        _draw_helmet(pen, coat)
    elif headgear == "hair":
        _draw_hair(pen)
    else:
        hat = mix(coat, _INK, 0.55)
        crown = [(-0.085, 0.91), (-0.075, 0.99), (0.0, 1.01), (0.075, 0.99), (0.085, 0.91)]
        pen.oval((0.0, 0.915), 0.15, 0.022, hat, -0.1)
        pen.blob(crown, hat, 0.05)
        pen.curve([(-0.07, 0.78), (0.0, 0.75), (0.07, 0.78)], 0.05, (236, 196, 96), 0.1)


def _draw_helmet(pen: Pen, coat: RGB) -> None:
    """Draw a helmet with a crest, plates on the shoulders and a long blade."""
    steel = mix(coat, (196, 202, 212), 0.6)
    pen.ball((0.0, 0.88), 0.1, 0.115, steel)
    pen.box(-0.015, 0.85, 0.09, 0.875, _INK, -0.2)
    pen.taper([(-0.06, 0.97), (-0.02, 1.05), (0.08, 1.06)], (0.03, 0.012), (214, 168, 70), 0.1)
    for side in (-1.0, 1.0):
        pen.ball((side * 0.14, 0.7), 0.075, 0.06, steel)
    for y in (0.36, 0.46, 0.56):
        pen.line([(-0.15, y), (0.15, y)], 0.016, mix(coat, _INK, 0.4), -0.1)
    pen.taper([(0.2, 0.38), (0.3, 0.66), (0.36, 0.98)], (0.034, 0.01), (214, 220, 228), 0.2)
    pen.line([(0.15, 0.47), (0.28, 0.43)], 0.026, _INK)


def _draw_hair(pen: Pen) -> None:
    """Draw the back of a head with hair, tied up or not."""
    hair = ((92, 62, 46), (48, 40, 44), (196, 148, 84), (150, 82, 52))[pen.rng.randrange(4)]
    pen.ball((0.0, 0.88), 0.095, 0.1, hair, depth=0.25)
    pen.oval((0.045, 0.84), 0.055, 0.06, (236, 196, 166))
    if pen.rng.random() < 0.5:
        pen.ball((-0.05, 0.98), 0.045, 0.042, hair, depth=0.25)


def draw_astronaut(pen: Pen) -> None:
    """Draw an astronaut with a mirrored visor."""
    suit = pen.own((232, 232, 236))
    pen.box(-0.2, 0.4, 0.2, 0.74, (150, 156, 168), -0.3)
    for x, tone in ((-0.09, -0.2), (0.1, 0.05)):
        pen.taper([(x, 0.4), (x * 1.15, 0.2), (x * 1.2, 0.06)], (0.16, 0.14), suit, tone)
        pen.oval((x * 1.3, 0.03), 0.1, 0.045, (120, 126, 140), tone)
    for side in (-1.0, 1.0):
        pen.taper(
            [(side * 0.16, 0.66), (side * 0.29, 0.54), (side * 0.33, 0.4)],
            (0.14, 0.1),
            suit,
            -0.2 + 0.15 * side * pen.side,
        )
        pen.ball((side * 0.335, 0.37), 0.052, 0.056, (222, 110, 64))
    pen.solid(
        [
            (-0.18, 0.7),
            (-0.2, 0.5),
            (-0.16, 0.36),
            (0.16, 0.36),
            (0.2, 0.5),
            (0.18, 0.7),
            (0.0, 0.74),
        ],
        suit,
        depth=0.26,
    )
    pen.box(-0.08, 0.48, 0.08, 0.57, (96, 108, 128), -0.1)
    pen.oval((-0.04, 0.525), 0.018, 0.018, (226, 84, 64), 0.2)
    pen.oval((0.03, 0.525), 0.018, 0.018, (96, 196, 150), 0.2)
    pen.ball((0.0, 0.84), 0.17, 0.165, suit, depth=0.24)
    pen.oval((0.025, 0.84), 0.125, 0.11, (54, 72, 108), -0.15)
    pen.blob([(-0.06, 0.88), (0.02, 0.92), (0.1, 0.89), (0.02, 0.87)], (236, 190, 120), 0.35)


def draw_robot(pen: Pen) -> None:
    """Draw a friendly robot with a lamp for a heart."""
    shell = pen.own((120, 164, 172))
    steel: RGB = (150, 152, 160)
    for x, tone in ((-0.11, -0.2), (0.12, 0.0)):
        pen.line([(x, 0.3), (x, 0.08)], 0.07, steel, tone)
        pen.blob(
            [(x - 0.1, 0.0), (x - 0.08, 0.09), (x + 0.06, 0.09), (x + 0.12, 0.0)], shell, tone - 0.1
        )
    for side in (-1.0, 1.0):
        hand = (side * 0.37, 0.34 if side < 0 else 0.42)
        pen.line(
            [(side * 0.2, 0.58), (side * 0.33, 0.5), hand],
            0.055,
            steel,
            -0.15 + 0.1 * side * pen.side,
        )
        pen.ball((side * 0.23, 0.58), 0.062, 0.062, shell)
        pen.ball(hand, 0.058, 0.058, shell)
    pen.solid(
        [(-0.2, 0.27), (-0.23, 0.45), (-0.2, 0.63), (0.2, 0.63), (0.23, 0.45), (0.2, 0.27)],
        shell,
        depth=0.3,
    )
    pen.box(-0.12, 0.38, 0.12, 0.56, mix(shell, _CREAM, 0.65), 0.0)
    pen.oval((0.0, 0.47), 0.055, 0.055, (240, 120, 80), 0.25)
    pen.glow((0.0, 0.47), 0.22, (255, 170, 110), 0.35)
    pen.box(-0.05, 0.62, 0.05, 0.69, steel, -0.25)
    pen.solid(
        [
            (-0.23, 0.7),
            (-0.24, 0.82),
            (-0.19, 0.93),
            (0.19, 0.93),
            (0.24, 0.82),
            (0.23, 0.7),
            (0.0, 0.68),
        ],
        shell,
        depth=0.28,
    )
    pen.blob([(-0.17, 0.75), (-0.17, 0.88), (0.17, 0.88), (0.17, 0.75)], (44, 52, 68), -0.2)
    for x in (-0.08, 0.08):
        pen.oval((x, 0.82), 0.042, 0.046, (160, 240, 226), 0.4)
        pen.glow((x, 0.82), 0.12, (150, 240, 230), 0.35)
    pen.curve([(-0.05, 0.765), (0.0, 0.75), (0.05, 0.765)], 0.012, (160, 240, 226), 0.3)
    pen.line([(0.0, 0.94), (0.0, 1.02)], 0.016, steel)
    pen.ball((0.0, 1.04), 0.03, 0.03, (240, 120, 80))


def draw_dragon(pen: Pen) -> None:
    """Draw a sitting dragon with a raised wing and a long tail."""
    skin = pen.own((86, 142, 108))
    pen.taper(
        [(-0.18, 0.12), (-0.5, 0.04), (-0.74, 0.14), (-0.84, 0.36), (-0.74, 0.46)],
        (0.2, 0.03),
        skin,
        -0.15,
    )
    pen.poly([(-0.74, 0.42), (-0.86, 0.56), (-0.66, 0.54)], (214, 110, 70), 0.0)
    wing = [
        (-0.02, 0.52),
        (-0.22, 0.92),
        (-0.66, 1.06),
        (-0.58, 0.86),
        (-0.62, 0.66),
        (-0.4, 0.66),
        (-0.36, 0.46),
        (-0.16, 0.5),
    ]
    pen.poly(wing, (214, 110, 70), -0.1)
    for tip in (wing[2], wing[4], wing[6]):
        pen.taper([(-0.2, 0.9), tip], (0.03, 0.008), skin, -0.25)
    pen.taper([(-0.03, 0.5), (-0.2, 0.92)], (0.05, 0.03), skin, -0.1)
    pen.solid(
        [
            (-0.3, 0.02),
            (-0.32, 0.24),
            (-0.14, 0.5),
            (0.06, 0.6),
            (0.2, 0.48),
            (0.22, 0.2),
            (0.2, 0.0),
            (-0.1, -0.02),
        ],
        skin,
        depth=0.34,
    )
    pen.blob(
        [(0.1, 0.54), (0.06, 0.3), (0.12, 0.06), (0.21, 0.1), (0.22, 0.42)],
        mix(skin, _CREAM, 0.6),
        0.1,
    )
    pen.taper([(0.06, 0.46), (0.16, 0.66), (0.14, 0.84)], (0.22, 0.13), skin, 0.0)
    pen.solid(
        [
            (0.04, 0.86),
            (0.1, 0.96),
            (0.24, 0.95),
            (0.44, 0.86),
            (0.46, 0.78),
            (0.28, 0.76),
            (0.1, 0.76),
        ],
        skin,
        depth=0.26,
    )
    for start in ((0.1, 0.94), (0.03, 0.9)):
        pen.poly(
            [start, (start[0] - 0.14, start[1] + 0.12), (start[0] + 0.09, start[1] + 0.0)],
            _CREAM,
            -0.1,
        )
    draw_face(pen, (0.22,), 0.88, 0.026, green=True)
    pen.oval((0.43, 0.84), 0.012, 0.012, _INK)
    for x, tone in ((0.06, -0.2), (0.17, 0.05)):
        pen.taper([(x, 0.3), (x + 0.03, 0.03)], (0.11, 0.08), skin, tone)
        pen.oval((x + 0.06, 0.02), 0.07, 0.03, skin, tone)
    pen.solid(
        [(-0.3, 0.02), (-0.28, 0.2), (-0.12, 0.26), (0.0, 0.12), (-0.04, 0.0)], skin, depth=0.2
    )
    for step in range(6):
        angle = math.pi * (0.55 + step * 0.09)
        x, y = 0.1 + math.cos(angle) * 0.42, 0.32 + math.sin(angle) * 0.4
        pen.poly([(x - 0.03, y), (x - 0.05, y + 0.08), (x + 0.03, y + 0.01)], (214, 110, 70), 0.1)
