"""Things of the offline painters: boats, vehicles, crockery, toys. Floor 4.

Each stands on (0, 0) and is about one unit high; what flies hangs around (0, 0.5).
"""

import math

from promptflow.providers.offline_buildings import draw_window
from promptflow.providers.offline_colour import lift, mix
from promptflow.providers.offline_pen import Pen, Point, round_points
from promptflow.providers.offline_vocabulary import RGB

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
    pen.poly([(0.0, 0.2), (0.0, 0.97), (-0.1, 0.5), (-0.12, 0.21)], sail, -0.18 if pen.side > 0 else 0.35)
    for y in (0.38, 0.58):
        pen.line([(-0.01, y), (-0.36 + y * 0.36, y + 0.01)], 0.006, sail, -0.35)
    jib = [(0.05, 0.9), (0.18, 0.5), (0.42, 0.2), (0.06, 0.24)]
    pen.poly(jib, mix(sail, (206, 84, 66), 0.75), 0.0)
    pen.poly([(0.05, 0.9), (0.12, 0.5), (0.2, 0.22), (0.06, 0.24)], mix(sail, (206, 84, 66), 0.75), -0.3)
    _draw_hull(pen, 0.44, (86, 62, 60))
    pen.poly([(0.02, 1.0), (0.14, 0.97), (0.02, 0.94)], (206, 70, 58), 0.1)


def _draw_hull(pen: Pen, half: float, colour: RGB) -> None:
    """Draw a wooden hull that sits in the water at y = 0."""
    hull = [(-half * 0.92, 0.14), (-half * 0.78, 0.0), (-half * 0.6, -0.03), (half * 0.62, -0.03), (half * 0.86, 0.03), (half * 1.14, 0.17), (half * 0.6, 0.13)]
    pen.poly(hull, colour, -0.12)
    pen.poly([(-half * 0.92, 0.14), (-half * 0.89, 0.1), (half * 1.05, 0.125), (half * 1.14, 0.17), (half * 0.6, 0.135)], colour, 0.35)
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
        pen.oval((-0.12 - step * 0.13, 0.93 + step * 0.055), size * 1.4, size, (150, 146, 150), -0.1 + step * 0.03)
    for x in (-0.16, 0.12):
        pen.poly([(x - 0.06, 0.5), (x + 0.07, 0.5), (x + 0.05, 0.86), (x - 0.07, 0.86)], (200, 72, 54), 0.0)
        pen.poly([(x - 0.066, 0.76), (x + 0.055, 0.76), (x + 0.05, 0.86), (x - 0.07, 0.86)], _DARK, -0.1)
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
    for wide, low, colour in ((0.13, -0.2, (232, 96, 48)), (0.085, -0.1, (250, 176, 70)), (0.045, 0.0, (255, 240, 190))):
        pen.blob([(-wide, 0.14), (-wide * 0.7, 0.04), (0.0, low), (wide * 0.7, 0.04), (wide, 0.14)], colour, 0.3)
    pen.glow((0.0, 0.04), 0.4, (255, 180, 90), 0.7)
    fin = (206, 66, 54)
    for side in (-1.0, 1.0):
        pen.blob([(side * 0.11, 0.42), (side * 0.27, 0.22), (side * 0.27, 0.08), (side * 0.1, 0.18)], fin, 0.15 * side * pen.side)
    body = [(-0.1, 0.13), (-0.15, 0.4), (-0.135, 0.66), (0.0, 1.0), (0.135, 0.66), (0.15, 0.4), (0.1, 0.13)]
    pen.solid(body, shell, depth=0.36)
    pen.blob([(-0.118, 0.72), (-0.06, 0.9), (0.0, 1.0), (0.06, 0.9), (0.118, 0.72), (0.0, 0.7)], fin, 0.0)
    pen.oval((0.0, 0.56), 0.07, 0.07, _STEEL, -0.2)
    pen.oval((0.0, 0.56), 0.05, 0.05, (108, 178, 206), 0.2)
    pen.oval((-0.015, 0.575), 0.016, 0.016, _CREAM, 0.5)
    pen.line([(0.0, 0.36), (0.0, 0.14)], 0.03, fin, -0.1)


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
    front = round_points(center, 0.74, 0.17, turn=0.35)[20:] + round_points(center, 0.74, 0.17, turn=0.35)[:1]
    inner = round_points(center, 0.56, 0.11, turn=0.35)[20:] + round_points(center, 0.56, 0.11, turn=0.35)[:1]
    pen.poly(front + inner[::-1], mix(colour, _CREAM, 0.6), 0.15)


def _draw_wheel(pen: Pen, center: Point, radius: float, *, spokes: int = 0) -> None:
    """Draw a wheel, with spokes or with a plain disc."""
    if spokes:
        for step in range(spokes):
            angle = step * math.pi / spokes
            dx, dy = math.cos(angle) * radius, math.sin(angle) * radius
            pen.line([(center[0] - dx, center[1] - dy), (center[0] + dx, center[1] + dy)], radius * 0.025, _STEEL, 0.1)
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
    rear, front, crank, seat, head = (-0.5, 0.32), (0.52, 0.32), (-0.08, 0.3), (-0.22, 0.76), (0.34, 0.78)
    for hub in (rear, front):
        _draw_wheel(pen, hub, 0.32, spokes=9)
        arc = [(hub[0] + math.cos(a / 10) * 0.36, hub[1] + math.sin(a / 10) * 0.36) for a in range(4, 28)]
        pen.line(arc, 0.018, frame, -0.1)
    for path in ([rear, crank, head, (-0.2, 0.68), rear], [crank, seat], [head, front], [head, (0.31, 0.92)]):
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
    for x, y, colour in ((0.4, 0.94, (236, 178, 70)), (0.5, 0.98, (226, 110, 120)), (0.6, 0.95, (246, 238, 226)), (0.45, 0.9, (110, 148, 90)), (0.56, 0.91, (110, 148, 90))):
        pen.ball((x, y), 0.055, 0.05, colour)


def draw_car(pen: Pen) -> None:
    """Draw a small round car."""
    paint = pen.own((206, 74, 58))
    body = [(-0.95, 0.2), (-0.95, 0.44), (-0.72, 0.55), (-0.5, 0.6), (-0.32, 0.9), (0.0, 0.98), (0.3, 0.9), (0.52, 0.6), (0.86, 0.5), (0.98, 0.34), (0.94, 0.18)]
    pen.poly(body, paint, -0.12)
    pen.poly([(-0.95, 0.44), (-0.5, 0.6), (0.52, 0.6), (0.86, 0.5), (0.6, 0.46), (-0.7, 0.46)], paint, 0.35)
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
        pen.ball((0.6 - step * 0.28, 1.2 + step * 0.09), size * 1.4, size, (224, 220, 218), depth=0.2)
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
    for x, size in ((-1.75, 0.13), (-0.98, 0.13), (-0.4, 0.19), (0.06, 0.19), (0.44, 0.13), (0.72, 0.13)):
        _draw_wheel(pen, (x, size), size)
    pen.oval((0.9, 0.64), 0.05, 0.06, _WARM, 0.5)
    if pen.lit:
        pen.glow((0.95, 0.64), 0.6, _WARM, 0.6)


def draw_airplane(pen: Pen) -> None:
    """Draw a small propeller plane."""
    paint = pen.own((214, 84, 60))
    pen.poly([(-0.2, 0.52), (-0.5, 0.86), (-0.34, 0.86), (0.16, 0.54)], _CREAM, -0.3)
    pen.solid([(-0.95, 0.56), (-0.6, 0.6), (0.0, 0.68), (0.5, 0.64), (0.7, 0.52), (0.5, 0.4), (0.0, 0.38), (-0.6, 0.48)], paint, depth=0.3)
    pen.poly([(-0.95, 0.56), (-1.08, 0.86), (-0.88, 0.84), (-0.68, 0.58)], _CREAM, 0.0)
    pen.blob([(-0.06, 0.64), (0.04, 0.78), (0.22, 0.76), (0.32, 0.64)], (160, 204, 220), 0.2)
    pen.poly([(0.1, 0.48), (-0.5, 0.14), (-0.26, 0.14), (0.36, 0.46)], _CREAM, 0.1)
    pen.oval((0.72, 0.52), 0.035, 0.3, _STEEL, 0.1)
    pen.oval((0.72, 0.52), 0.05, 0.05, _DARK)


def draw_umbrella(pen: Pen) -> None:
    """Draw an open umbrella that leans a little."""
    cloth = pen.own((206, 64, 58))
    pen.line([(0.0, 0.94), (0.0, 0.1)], 0.03, _WOOD, -0.1)
    pen.curve([(0.0, 0.12), (0.03, 0.02), (0.12, 0.02), (0.14, 0.1)], 0.035, _WOOD, 0.1)
    cuts = [-0.6, -0.36, -0.12, 0.12, 0.36, 0.6]
    for index in range(5):
        left, right = cuts[index], cuts[index + 1]
        panel = [(left * (1 - (1 - step / 6) ** 2.2), 0.97 - 0.42 * (step / 6) ** 1.7) for step in range(7)]
        other = [(right * (1 - (1 - step / 6) ** 2.2), 0.97 - 0.42 * (step / 6) ** 1.7) for step in range(7)]
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
    body = [(-0.28, 0.0), (-0.45, 0.18), (-0.46, 0.42), (-0.32, 0.64), (-0.16, 0.71), (0.16, 0.71), (0.32, 0.64), (0.46, 0.42), (0.45, 0.18), (0.28, 0.0)]
    pen.solid(body, glaze, depth=0.42)
    for index in range(9):
        x = -0.38 + index * 0.095
        pen.oval((x, 0.34 - 0.04 * (1 - (x / 0.4) ** 2)), 0.03, 0.045, _CREAM, 0.1)
    pen.blob([(-0.2, 0.71), (-0.12, 0.8), (0.12, 0.8), (0.2, 0.71), (0.0, 0.69)], glaze, 0.05)
    pen.oval((0.0, 0.71), 0.2, 0.025, glaze, -0.35)
    pen.ball((0.0, 0.84), 0.05, 0.05, (222, 166, 84))
    shine = pen.side * 0.22
    pen.blob([(shine, 0.56), (shine + 0.06 * pen.side, 0.48), (shine + 0.05 * pen.side, 0.38), (shine - 0.02 * pen.side, 0.5)], _CREAM, 0.5)
    _draw_steam(pen, (0.7, 0.76))


def _draw_steam(pen: Pen, start: Point) -> None:
    """Draw two thin curls of steam."""
    if pen.solid_only:
        return
    x, y = start
    for shift, tall in ((0.0, 0.34), (0.07, 0.26)):
        curl = [(x + shift, y), (x + shift + 0.05, y + tall * 0.3), (x + shift - 0.02, y + tall * 0.6), (x + shift + 0.04, y + tall)]
        pen.taper(curl, (0.03, 0.006), (252, 250, 246), 0.2)


def draw_cup(pen: Pen) -> None:
    """Draw a cup on a saucer."""
    glaze = pen.own((238, 226, 206))
    pen.oval((0.0, 0.05), 0.62, 0.09, glaze, -0.25)
    pen.oval((0.0, 0.075), 0.5, 0.06, glaze, 0.15)
    pen.curve([(0.36, 0.66), (0.6, 0.62), (0.56, 0.36), (0.3, 0.28)], 0.075, glaze, -0.15)
    pen.solid([(-0.4, 0.76), (-0.38, 0.44), (-0.24, 0.14), (0.0, 0.09), (0.24, 0.14), (0.38, 0.44), (0.4, 0.76), (0.0, 0.72)], glaze, depth=0.34)
    pen.oval((0.0, 0.76), 0.41, 0.1, glaze, 0.25)
    pen.oval((0.0, 0.755), 0.35, 0.075, (112, 66, 44), -0.1)
    pen.line([(-0.36, 0.56), (0.36, 0.56)], 0.035, (198, 92, 68), 0.0)
    _draw_steam(pen, (-0.06, 0.84))


def draw_book(pen: Pen) -> None:
    """Draw an open book that lies at a slant."""
    cover = pen.own((168, 60, 56))
    pen.poly([(-0.95, 0.08), (0.0, -0.06), (0.95, 0.08), (0.82, 0.66), (0.0, 0.5), (-0.82, 0.66)], cover, -0.2)
    for side in (-1.0, 1.0):
        page = [(0.0, 0.0), (side * 0.3, 0.09), (side * 0.88, 0.13), (side * 0.76, 0.68), (side * 0.28, 0.64), (0.0, 0.54)]
        pen.poly(page, _CREAM, 0.22 if side * pen.side > 0 else -0.12)
        for row in range(5):
            y = 0.16 + row * 0.09
            pen.line([(side * (0.16 - row * 0.004), y), (side * (0.72 - row * 0.02), y + 0.06)], 0.018, (150, 132, 120), 0.0)
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
    for corners, colour, tone in (((top, right, middle), cloth, 0.15), ((right, low, middle), other, -0.1), ((low, left, middle), cloth, -0.15), ((left, top, middle), other, 0.15)):
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
        part.solid([(-0.3, 0.02), (-0.46, 0.34), (-0.32, 0.66), (-0.02, 0.6), (0.3, 0.66), (0.46, 0.34), (0.3, 0.02), (0.0, 0.05)], shade, depth=0.4)
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
    for x, tall, half, lean in ((-0.26, 0.6, 0.1, -0.14), (0.28, 0.68, 0.11, 0.14), (0.0, 1.0, 0.15, 0.0)):
        tip = (x + lean, tall)
        waist = tall * 0.78
        pen.poly([(x - half, 0.0), (x - half + lean * 0.8, waist), tip, (x + lean * 0.8, waist * 0.96), (x, 0.0)], colour, 0.4 if pen.side < 0 else -0.3)
        pen.poly([(x + half, 0.0), (x + half + lean * 0.8, waist), tip, (x + lean * 0.8, waist * 0.96), (x, 0.0)], colour, -0.3 if pen.side < 0 else 0.4)
    pen.glow((0.0, 0.5), 0.7, colour, 0.35)
