"""Creatures of the offline painters: animals, people, robots. Floor 4.

Each looks to the right, stands on (0, 0) and is about one unit high.
"""

from promptflow.providers.offline.colour import lift, mix
from promptflow.providers.offline.pen import Pen, Point
from promptflow.providers.offline.vocabulary import RGB

_INK: RGB = (38, 32, 40)
_CREAM: RGB = (250, 240, 222)


def draw_cat(pen: Pen) -> None:
    """Draw a sitting cat."""
    fur = pen.own((112, 106, 124) if pen.rng.random() < 0.5 else (214, 142, 78))
    pen.taper(
        [(-0.2, 0.06), (-0.42, 0.04), (-0.56, 0.18), (-0.5, 0.36), (-0.42, 0.4)],
        (0.1, 0.06),
        fur,
        -0.25,
    )
    _draw_sitting_body(pen, fur)
    for ear in (
        [(-0.04, 0.84), (-0.03, 1.03), (0.1, 0.93)],
        [(0.14, 0.93), (0.27, 1.03), (0.28, 0.83)],
    ):
        pen.poly(ear, fur, -0.2)
        middle = (sum(x for x, _ in ear) / 3, sum(y for _, y in ear) / 3)
        pen.poly(
            [((x + middle[0]) / 2, (y + middle[1]) / 2) for x, y in ear], (230, 160, 150), -0.1
        )
    pen.solid(
        [
            (-0.07, 0.76),
            (-0.02, 0.9),
            (0.12, 0.94),
            (0.26, 0.9),
            (0.31, 0.76),
            (0.22, 0.64),
            (0.02, 0.64),
        ],
        fur,
        depth=0.3,
    )
    pen.oval((0.13, 0.7), 0.09, 0.055, mix(fur, _CREAM, 0.7), 0.1)
    draw_face(pen, (0.04, 0.22), 0.79, 0.026, green=True)
    pen.poly([(0.115, 0.735), (0.145, 0.735), (0.13, 0.715)], (210, 120, 120))
    for side in (-1.0, 1.0):
        for rise in (0.02, -0.015):
            pen.line(
                [(0.13 + side * 0.06, 0.705), (0.13 + side * 0.22, 0.705 + rise)], 0.006, _CREAM
            )


def draw_tiger(pen: Pen) -> None:
    """Draw a sitting cat with stripes."""
    draw_cat(pen)
    for x, y in ((-0.31, 0.36), (-0.24, 0.46), (-0.15, 0.57), (-0.33, 0.24)):
        pen.taper(
            [(x - 0.02, y + 0.03), (x + 0.08, y - 0.02), (x + 0.16, y - 0.07)], (0.04, 0.01), _INK
        )
    for x in (0.04, 0.12, 0.2):
        pen.taper([(x, 0.93), (x * 0.8 + 0.026, 0.86)], (0.026, 0.008), _INK)
    for side in (-1.0, 1.0):
        for y in (0.71, 0.76):
            tip = 0.12 + side * 0.1
            pen.taper([(0.12 + side * 0.175, y), (tip, y - 0.01)], (0.022, 0.006), _INK)


def draw_lion(pen: Pen) -> None:
    """Draw a sitting cat with a mane."""
    mane = mix(pen.own((214, 164, 88)), (112, 62, 34), 0.6)
    pen.ball((0.12, 0.74), 0.31, 0.31, mane, depth=0.3)
    draw_cat(pen)


def draw_zebra(pen: Pen) -> None:
    """Draw a horse with stripes."""
    draw_horse(pen)
    for index in range(6):
        x = -0.26 + index * 0.085
        pen.taper([(x, 0.66), (x + 0.02, 0.56), (x, 0.44)], (0.03, 0.008), _INK)


def draw_unicorn(pen: Pen) -> None:
    """Draw a horse with a horn."""
    draw_horse(pen)
    pen.taper([(0.4, 0.98), (0.5, 1.22)], (0.045, 0.006), (240, 200, 96), 0.2)


def _draw_sitting_body(pen: Pen, fur: RGB, chest: RGB | None = None) -> None:
    """Draw the back, the haunch, the chest and the forelegs of a sitting animal."""
    back = [
        (-0.3, 0.0),
        (-0.36, 0.16),
        (-0.3, 0.38),
        (-0.16, 0.56),
        (-0.03, 0.72),
        (0.2, 0.72),
        (0.26, 0.5),
        (0.24, 0.25),
        (0.26, 0.0),
        (0.0, -0.015),
    ]
    pen.solid(back, fur, depth=0.34)
    pen.solid(
        [
            (-0.32, 0.02),
            (-0.34, 0.18),
            (-0.2, 0.32),
            (-0.04, 0.24),
            (0.0, 0.08),
            (-0.06, 0.0),
            (-0.2, -0.01),
        ],
        fur,
        tone=-0.06,
        depth=0.24,
    )
    if chest is not None:
        pen.blob(
            [
                (0.06, 0.66),
                (0.02, 0.48),
                (0.1, 0.3),
                (0.19, 0.2),
                (0.25, 0.42),
                (0.25, 0.62),
                (0.16, 0.68),
            ],
            chest,
            0.1,
        )
    pen.taper([(0.1, 0.4), (0.11, 0.2), (0.12, 0.03)], (0.12, 0.075), fur, -0.22)
    pen.taper([(0.2, 0.4), (0.21, 0.2), (0.22, 0.03)], (0.11, 0.075), fur, 0.12)
    for x, tone in ((0.14, -0.1), (0.24, 0.2)):
        pen.oval((x, 0.025), 0.06, 0.032, fur if chest is None else mix(fur, _INK, 0.6), tone)
    pen.oval((-0.12, 0.02), 0.13, 0.035, fur, -0.1)


def draw_face(
    pen: Pen, eyes: tuple[float, ...], y: float, size: float, *, green: bool = False
) -> None:
    """Draw two eyes with a spark of light in each."""
    for x in eyes:
        if green:
            pen.oval((x, y), size * 1.25, size, (216, 206, 96), 0.2)
            pen.oval((x, y), size * 0.5, size * 0.95, _INK, -0.2)
        else:
            pen.oval((x, y), size * 0.85, size, _INK, -0.3)
        pen.oval((x + size * 0.25, y + size * 0.35), size * 0.28, size * 0.28, _CREAM, 0.4)


def draw_fox(pen: Pen) -> None:
    """Draw a sitting fox with a bushy tail."""
    fur = pen.own((216, 104, 44))
    tail = [
        (-0.16, 0.03),
        (-0.42, 0.0),
        (-0.66, 0.08),
        (-0.78, 0.28),
        (-0.74, 0.5),
        (-0.64, 0.64),
        (-0.56, 0.48),
        (-0.5, 0.32),
        (-0.34, 0.22),
        (-0.14, 0.2),
    ]
    pen.blob(tail, fur, -0.28)
    pen.taper([(-0.2, 0.11), (-0.48, 0.13), (-0.66, 0.3), (-0.66, 0.46)], (0.15, 0.11), fur, 0.06)
    tip = [(-0.77, 0.4), (-0.74, 0.52), (-0.645, 0.645), (-0.565, 0.5), (-0.6, 0.43), (-0.68, 0.47)]
    pen.blob(tip, _CREAM, 0.1)
    _draw_sitting_body(pen, fur, _CREAM)
    for ear in (
        [(-0.05, 0.84), (-0.05, 1.1), (0.1, 0.95)],
        [(0.15, 0.95), (0.29, 1.1), (0.3, 0.84)],
    ):
        pen.poly(ear, fur, -0.25)
        top = ear[1]
        pen.poly(
            [top, *[((x + top[0] * 2) / 3, (y + top[1] * 2) / 3) for x, y in (ear[0], ear[2])]],
            _INK,
            -0.2,
        )
    head = [
        (-0.1, 0.78),
        (-0.03, 0.93),
        (0.13, 0.97),
        (0.28, 0.93),
        (0.36, 0.78),
        (0.24, 0.68),
        (0.14, 0.57),
        (0.1, 0.57),
        (0.0, 0.68),
    ]
    pen.solid(head, fur, depth=0.28)
    for cheek in (
        [(-0.1, 0.78), (0.02, 0.79), (0.11, 0.68), (0.11, 0.575), (0.0, 0.68)],
        [(0.36, 0.78), (0.23, 0.79), (0.13, 0.68), (0.13, 0.575), (0.24, 0.68)],
    ):
        pen.poly(cheek, _CREAM, 0.12)
    draw_face(pen, (0.05, 0.21), 0.8, 0.024)
    pen.oval((0.12, 0.595), 0.034, 0.026, _INK, -0.2)


def draw_dog(pen: Pen) -> None:
    """Draw a sitting dog with hanging ears."""
    fur = pen.own((178, 122, 74))
    pen.taper([(-0.26, 0.08), (-0.44, 0.14), (-0.52, 0.32)], (0.09, 0.04), fur, -0.1)
    _draw_sitting_body(pen, fur, _CREAM)
    head = [
        (-0.06, 0.78),
        (0.0, 0.94),
        (0.14, 0.97),
        (0.26, 0.9),
        (0.3, 0.8),
        (0.44, 0.76),
        (0.46, 0.68),
        (0.34, 0.63),
        (0.14, 0.62),
        (0.0, 0.66),
    ]
    pen.solid(head, fur, depth=0.28)
    pen.blob(
        [(0.28, 0.8), (0.44, 0.77), (0.46, 0.69), (0.34, 0.64), (0.24, 0.67)],
        mix(fur, _CREAM, 0.7),
        0.1,
    )
    pen.blob(
        [(0.0, 0.93), (-0.12, 0.88), (-0.16, 0.66), (-0.06, 0.58), (0.02, 0.74)],
        lift(fur, light=-0.12),
        -0.2,
    )
    pen.oval((0.45, 0.765), 0.04, 0.032, _INK, -0.2)
    draw_face(pen, (0.2,), 0.83, 0.03)
    pen.line([(0.05, 0.63), (0.2, 0.6)], 0.04, (196, 60, 52), 0.0)


def draw_rabbit(pen: Pen) -> None:
    """Draw a sitting rabbit with long ears."""
    fur = pen.own((206, 190, 174))
    pen.ball((-0.34, 0.14), 0.09, 0.09, _CREAM)
    body = [
        (-0.34, 0.02),
        (-0.36, 0.26),
        (-0.22, 0.46),
        (0.02, 0.52),
        (0.22, 0.44),
        (0.24, 0.16),
        (0.22, 0.0),
        (-0.1, -0.02),
    ]
    pen.solid(body, fur, depth=0.32)
    for x, lean in ((0.06, -0.1), (0.2, 0.02)):
        ear = [
            (x - 0.05, 0.66),
            (x - 0.08 + lean, 0.9),
            (x + lean, 1.04),
            (x + 0.06 + lean, 0.88),
            (x + 0.05, 0.66),
        ]
        pen.blob(ear, fur, -0.15)
        middle = (x + lean * 0.6, 0.85)
        pen.blob(
            [(mx * 0.5 + middle[0] * 0.5, my * 0.6 + middle[1] * 0.4) for mx, my in ear],
            (232, 168, 168),
            0.0,
        )
    pen.ball((0.16, 0.58), 0.18, 0.16, fur, depth=0.28)
    draw_face(pen, (0.2,), 0.62, 0.032)
    pen.oval((0.325, 0.575), 0.02, 0.016, (206, 120, 128))
    pen.oval((-0.12, 0.03), 0.18, 0.05, fur, 0.1)
    pen.oval((0.18, 0.03), 0.09, 0.04, fur, 0.2)


def draw_bear(pen: Pen) -> None:
    """Draw a sitting bear."""
    fur = pen.own((128, 88, 62))
    body = [
        (-0.38, 0.02),
        (-0.42, 0.3),
        (-0.28, 0.58),
        (0.0, 0.7),
        (0.26, 0.58),
        (0.38, 0.3),
        (0.34, 0.02),
        (0.0, -0.02),
    ]
    pen.solid(body, fur, depth=0.34)
    pen.oval((0.02, 0.28), 0.2, 0.22, mix(fur, _CREAM, 0.4), 0.05)
    for x in (-0.15, 0.2):
        pen.ball((x, 0.95), 0.075, 0.075, fur)
    pen.ball((0.03, 0.8), 0.23, 0.19, fur, depth=0.28)
    pen.oval((0.06, 0.74), 0.1, 0.075, mix(fur, _CREAM, 0.55), 0.1)
    pen.oval((0.07, 0.775), 0.035, 0.026, _INK, -0.2)
    draw_face(pen, (-0.06, 0.15), 0.84, 0.024)
    for x in (-0.26, 0.27):
        pen.ball((x, 0.06), 0.13, 0.08, fur)
        pen.taper([(x * 1.1, 0.5), (x * 1.35, 0.32), (x * 0.9, 0.2)], (0.15, 0.12), fur, -0.12)


def _draw_quadruped(
    pen: Pen, hide: RGB, body: list[Point], legs: tuple[float, ...], thick: float
) -> None:
    """Draw four legs, the far pair darker, and the body over them."""
    for index, x in enumerate(legs):
        far = index % 2 == 1
        shin = [(x, 0.5), (x + 0.012, 0.26), (x - 0.004, 0.02)]
        pen.taper(shin, (thick * 1.9, thick), hide, -0.4 if far else -0.08)
        pen.box(x - thick * 0.55, 0.0, x + thick * 0.65, 0.035, _INK, -0.1)
    pen.solid(body, hide, depth=0.32)


def draw_deer(pen: Pen) -> None:
    """Draw a standing deer with antlers."""
    hide = pen.own((160, 106, 66))
    body = [
        (-0.36, 0.56),
        (-0.3, 0.64),
        (0.0, 0.6),
        (0.16, 0.62),
        (0.24, 0.5),
        (0.16, 0.38),
        (-0.1, 0.36),
        (-0.32, 0.4),
    ]
    _draw_quadruped(pen, hide, body, (-0.28, -0.2, 0.12, 0.19), 0.034)
    pen.taper([(0.13, 0.5), (0.22, 0.66), (0.27, 0.8)], (0.19, 0.1), hide, 0.02)
    for far, tone in ((-0.05, -0.1), (0.0, 0.1)):
        pen.taper(
            [(0.27 + far, 0.84), (0.2 + far * 2, 0.94), (0.26 + far * 2, 1.08)],
            (0.022, 0.01),
            (150, 118, 86),
            tone,
        )
        for start, tip in (
            ((0.21, 0.93), (0.31, 0.99)),
            ((0.22, 0.99), (0.12, 1.08)),
            ((0.23, 0.9), (0.13, 0.96)),
        ):
            pen.taper(
                [(start[0] + far * 2, start[1]), (tip[0] + far * 2, tip[1])],
                (0.018, 0.007),
                (150, 118, 86),
                tone,
            )
    pen.blob(
        [
            (0.2, 0.84),
            (0.28, 0.87),
            (0.38, 0.81),
            (0.43, 0.76),
            (0.4, 0.72),
            (0.3, 0.74),
            (0.22, 0.76),
        ],
        hide,
        0.08,
    )
    pen.blob([(0.2, 0.83), (0.1, 0.87), (0.14, 0.8)], hide, -0.15)
    pen.oval((0.425, 0.745), 0.018, 0.016, _INK)
    draw_face(pen, (0.3,), 0.815, 0.016)
    pen.blob([(-0.37, 0.58), (-0.42, 0.52), (-0.38, 0.46), (-0.33, 0.52)], _CREAM, 0.05)


def draw_horse(pen: Pen) -> None:
    """Draw a standing horse."""
    hide = pen.own((132, 84, 58))
    mane = lift(hide, light=-0.16)
    pen.taper([(-0.38, 0.6), (-0.5, 0.5), (-0.5, 0.26)], (0.06, 0.1), mane, -0.2)
    body = [
        (-0.42, 0.58),
        (-0.34, 0.68),
        (-0.05, 0.64),
        (0.18, 0.68),
        (0.3, 0.54),
        (0.2, 0.4),
        (-0.1, 0.37),
        (-0.36, 0.42),
    ]
    _draw_quadruped(pen, hide, body, (-0.34, -0.24, 0.14, 0.22), 0.048)
    pen.taper([(0.16, 0.56), (0.27, 0.74), (0.34, 0.9)], (0.26, 0.14), hide, 0.02)
    pen.blob(
        [
            (0.26, 0.96),
            (0.36, 0.96),
            (0.48, 0.84),
            (0.56, 0.74),
            (0.52, 0.69),
            (0.42, 0.72),
            (0.3, 0.82),
        ],
        hide,
        0.06,
    )
    pen.blob(
        [(0.34, 0.98), (0.22, 0.92), (0.1, 0.7), (0.14, 0.66), (0.26, 0.8), (0.38, 0.92)],
        mane,
        -0.2,
    )
    pen.poly([(0.3, 0.94), (0.31, 1.04), (0.37, 0.95)], hide, -0.1)
    draw_face(pen, (0.4,), 0.87, 0.018)


def draw_elephant(pen: Pen) -> None:
    """Draw a standing elephant."""
    hide = pen.own((142, 144, 156))
    body = [
        (-0.5, 0.5),
        (-0.44, 0.74),
        (-0.2, 0.84),
        (0.1, 0.8),
        (0.26, 0.66),
        (0.24, 0.4),
        (0.0, 0.3),
        (-0.4, 0.32),
    ]
    pen.taper([(-0.48, 0.64), (-0.56, 0.5), (-0.55, 0.36)], (0.03, 0.012), hide, -0.3)
    _draw_quadruped(pen, hide, body, (-0.36, -0.2, 0.06, 0.18), 0.13)
    pen.taper(
        [(0.4, 0.68), (0.54, 0.5), (0.52, 0.28), (0.58, 0.12), (0.66, 0.14)],
        (0.2, 0.05),
        hide,
        -0.12,
    )
    pen.ball((0.34, 0.7), 0.2, 0.2, hide, depth=0.28)
    pen.taper([(0.44, 0.54), (0.54, 0.44), (0.66, 0.44)], (0.045, 0.01), _CREAM, 0.1)
    pen.solid(
        [(0.2, 0.86), (0.02, 0.84), (-0.02, 0.64), (0.08, 0.46), (0.2, 0.5), (0.26, 0.7)],
        hide,
        tone=-0.08,
        depth=0.24,
    )
    draw_face(pen, (0.41,), 0.74, 0.018)


def draw_bird(pen: Pen) -> None:
    """Draw one gliding bird."""
    plumage = pen.own((246, 244, 240) if not pen.lit else (214, 220, 232))
    beat = pen.rng.uniform(-0.1, 0.24)
    far = [
        (0.06, 0.44),
        (0.2, 0.66 + beat),
        (0.54, 0.72 + beat),
        (0.84, 0.6 + beat * 2),
        (0.5, 0.58 + beat * 0.7),
        (0.24, 0.46),
    ]
    near = [
        (0.04, 0.44),
        (-0.2, 0.74 + beat),
        (-0.56, 0.86 + beat),
        (-0.96, 0.66 + beat * 2),
        (-0.54, 0.64 + beat),
        (-0.16, 0.42),
    ]
    pen.blob(far, plumage, -0.4)
    pen.solid(
        [(-0.26, 0.34), (-0.1, 0.46), (0.2, 0.5), (0.36, 0.44), (0.2, 0.36), (-0.08, 0.33)],
        plumage,
        depth=0.3,
    )
    pen.blob(near, plumage, -0.06)
    pen.poly([near[3], near[2], (near[2][0], near[2][1] - 0.12)], _INK, 0.1)
    pen.poly([(0.34, 0.46), (0.46, 0.42), (0.34, 0.41)], (232, 160, 60))
    pen.poly([(-0.24, 0.4), (-0.42, 0.36), (-0.24, 0.33)], plumage, -0.2)


def draw_owl(pen: Pen) -> None:
    """Draw an owl that looks at us."""
    plumage = pen.own((150, 112, 80))
    pen.solid(
        [
            (-0.3, 0.08),
            (-0.36, 0.4),
            (-0.3, 0.78),
            (-0.12, 0.94),
            (0.12, 0.94),
            (0.3, 0.78),
            (0.36, 0.4),
            (0.3, 0.08),
            (0.0, -0.02),
        ],
        plumage,
        depth=0.3,
    )
    for side in (-1.0, 1.0):
        pen.poly([(side * 0.1, 0.9), (side * 0.3, 1.06), (side * 0.31, 0.78)], plumage, -0.15)
        pen.blob(
            [(side * 0.3, 0.66), (side * 0.42, 0.36), (side * 0.3, 0.06), (side * 0.22, 0.34)],
            plumage,
            -0.35,
        )
    pen.oval((0.0, 0.3), 0.21, 0.27, mix(plumage, _CREAM, 0.65), 0.1)
    for row in range(4):
        for column in range(4 - row % 2):
            x = (column - (3 - row % 2) / 2) * 0.1
            pen.poly(
                [(x - 0.03, 0.46 - row * 0.1), (x + 0.03, 0.46 - row * 0.1), (x, 0.42 - row * 0.1)],
                plumage,
                -0.2,
            )
    for side in (-1.0, 1.0):
        pen.oval((side * 0.13, 0.74), 0.14, 0.14, mix(plumage, _CREAM, 0.8), 0.15)
        pen.oval((side * 0.13, 0.74), 0.085, 0.085, (244, 180, 60), 0.2)
        pen.oval((side * 0.13, 0.74), 0.045, 0.045, _INK, -0.3)
        pen.oval((side * 0.13 + 0.02, 0.765), 0.015, 0.015, _CREAM, 0.5)
        pen.oval((side * 0.1, 0.0), 0.07, 0.03, (222, 164, 70), -0.1)
    pen.poly([(-0.04, 0.7), (0.04, 0.7), (0.0, 0.6)], (222, 150, 56))


def draw_fish(pen: Pen) -> None:
    """Draw a fish in the middle of the water."""
    scales = pen.own((236, 132, 62) if pen.rng.random() < 0.6 else (92, 160, 190))
    pen.blob([(-0.5, 0.5), (-0.86, 0.8), (-0.74, 0.5), (-0.86, 0.2)], scales, -0.2)
    pen.blob([(-0.2, 0.7), (0.0, 0.95), (0.3, 0.84), (0.2, 0.68)], scales, -0.3)
    pen.solid(
        [
            (-0.58, 0.5),
            (-0.26, 0.7),
            (0.14, 0.77),
            (0.46, 0.66),
            (0.64, 0.5),
            (0.46, 0.36),
            (0.14, 0.25),
            (-0.26, 0.31),
        ],
        scales,
        depth=0.32,
    )
    for x in (-0.16, 0.1):
        pen.blob(
            [
                (x, 0.7),
                (x + 0.09, 0.5),
                (x, 0.3),
                (x + 0.06, 0.28),
                (x + 0.15, 0.5),
                (x + 0.07, 0.73),
            ],
            _CREAM,
            0.1,
        )
    pen.blob([(0.14, 0.48), (-0.08, 0.38), (-0.1, 0.26), (0.12, 0.38)], scales, -0.25)
    pen.oval((0.44, 0.55), 0.06, 0.06, _CREAM, 0.3)
    pen.oval((0.455, 0.55), 0.032, 0.034, _INK, -0.2)


def draw_whale(pen: Pen) -> None:
    """Draw a whale that rises out of the water, with its spout."""
    skin = pen.own((62, 96, 132))
    body = [
        (-0.98, 0.0),
        (-0.82, 0.34),
        (-0.4, 0.62),
        (0.1, 0.72),
        (0.5, 0.62),
        (0.74, 0.4),
        (0.8, 0.14),
        (0.72, -0.02),
        (0.0, -0.05),
    ]
    pen.solid(body, skin, depth=0.36)
    belly = [(0.79, 0.16), (0.5, 0.14), (0.1, 0.1), (-0.3, -0.03), (0.2, -0.05), (0.72, -0.02)]
    pen.blob(belly, (226, 230, 228), -0.05)
    for step in range(4):
        y = 0.1 - step * 0.035
        pen.curve([(0.74, y + 0.01), (0.4, y - 0.02), (0.06, y - 0.03)], 0.008, skin, -0.3)
    pen.blob([(0.18, 0.16), (-0.02, 0.0), (-0.06, -0.12), (0.2, 0.02)], skin, -0.4)
    pen.oval((0.55, 0.27), 0.026, 0.024, _INK, -0.3)
    pen.oval((0.557, 0.278), 0.009, 0.009, _CREAM, 0.5)
    tail = [
        (-1.12, 0.1),
        (-1.2, 0.34),
        (-1.42, 0.56),
        (-1.16, 0.52),
        (-1.02, 0.6),
        (-0.92, 0.46),
        (-1.04, 0.3),
        (-0.94, 0.06),
    ]
    pen.solid(tail, skin, depth=0.3)
    for lean, tall in ((-0.2, 0.3), (-0.08, 0.4), (0.06, 0.42), (0.2, 0.32)):
        tip = (0.3 + lean, 0.72 + tall)
        pen.taper(
            [
                (0.28, 0.72),
                (0.28 + lean * 0.3, 0.72 + tall * 0.8),
                tip,
                (tip[0] + lean * 0.5, tip[1] - 0.08),
            ],
            (0.03, 0.012),
            (236, 244, 248),
            0.1,
        )
