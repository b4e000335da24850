"""The land of the offline painters: what closes the distance and what things stand on. Floor 4."""

import math

from promptflow.providers.offline.canvas import WHITE, Canvas
from promptflow.providers.offline.colour import lift, mix
from promptflow.providers.offline.pen import Point, smooth
from promptflow.providers.offline.plants import draw_pine
from promptflow.providers.offline.vocabulary import RGB

_SAND: RGB = (226, 184, 122)


def draw_land(canvas: Canvas) -> None:
    """Draw the ground of a scene that stands on land.

    Args:
        canvas: with its backdrop drawn.
    """
    match canvas.setting.ground:
        case "desert":
            draw_dunes(canvas, canvas.horizon + canvas.unit * 0.02, 5)
        case "city":
            _draw_street(canvas)
        case _:
            _draw_meadow(canvas)


def draw_ridge(
    canvas: Canvas, base: float, rise: float, colour: RGB, *, waves: float = 1.6
) -> list[Point]:
    """Fill a rolling layer from its crest down to the bottom edge.

    Args:
        canvas: what to draw on.
        base: pixels from the top about which the crest swings.
        rise: how far it swings, in pixels.
        colour: of the layer.
        waves: how many swings fit across.

    Returns:
        The crest, from left to right.
    """
    rng = canvas.rng
    first, second = rng.uniform(0, math.tau), rng.uniform(0, math.tau)
    crest = []
    for step in range(61):
        part = step / 60
        swing = math.sin(part * math.tau * waves / 2 + first)
        swing += 0.35 * math.sin(part * math.tau * waves * 1.3 + second)
        crest.append((canvas.width * part, base - swing * rise))
    canvas.fill([*crest, (canvas.width, canvas.height), (0, canvas.height)], colour)
    return crest


def get_ground_colour(canvas: Canvas, depth: float) -> RGB:
    """Return the colour of the ground.

    Args:
        canvas: its palette and setting decide.
        depth: 0 close by, 1 at the horizon.

    Returns:
        The colour, hazier with distance.
    """
    palette = canvas.palette
    if canvas.setting.ground == "snow":
        white = mix(
            (240, 244, 250), palette.sky[len(palette.sky) // 2], palette.ambient * 0.8 + 0.08
        )
        return mix(mix(white, palette.shadow, 0.2 * (1 - depth)), palette.haze, depth * 0.45)
    if canvas.setting.ground in {"desert", "beach"}:
        sand = mix(_SAND, palette.shadow, palette.ambient * 0.8)
        return mix(lift(sand, light=-0.1 * (1 - depth)), palette.haze, depth * 0.5)
    near = mix(palette.land, palette.shadow, 0.38)
    return mix(mix(near, palette.land, min(1.0, depth * 2)), palette.haze, depth * 0.55)


def draw_peak(
    canvas: Canvas, x: float, foot: float, height: float, rock: RGB
) -> tuple[list[Point], list[Point], list[Point]]:
    """Draw one mountain, light and shade apart; return its left edge, right edge and spine."""
    rng = canvas.rng
    half = height * rng.uniform(0.8, 1.15)
    top = (x, foot - height)
    left = _break_line((x - half, foot), top, rng.uniform(0.03, 0.06) * height, canvas)
    right = _break_line(top, (x + half, foot), rng.uniform(0.03, 0.06) * height, canvas)
    spine = _break_line(top, (x + canvas.sun * half * -0.12, foot), height * 0.09, canvas)
    lit = mix(rock, canvas.palette.light, 0.3)
    shade = mix(rock, canvas.palette.shadow, 0.3)
    canvas.fill([*left, *right], lit)
    canvas.fill([*left, *spine] if canvas.sun > 0 else [*spine[::-1], *right], shade)
    return left, right, spine


def _break_line(start: Point, end: Point, jitter: float, canvas: Canvas) -> list[Point]:
    """Return a line between two points with uneven steps."""
    rng = canvas.rng
    points = [start]
    for step in range(1, 9):
        part = step / 9
        fade = math.sin(part * math.pi)
        points.append(
            (
                start[0] + (end[0] - start[0]) * part + rng.uniform(-jitter, jitter) * fade,
                start[1] + (end[1] - start[1]) * part + rng.uniform(-jitter, jitter) * fade,
            )
        )
    points.append(end)
    return points


def get_foliage(canvas: Canvas) -> RGB:
    """Return a leaf colour of the season, a little different each time."""
    choices: dict[str, tuple[RGB, ...]] = {
        "autumn": ((204, 112, 46), (222, 156, 58), (176, 74, 42), (190, 138, 60)),
        "spring": ((150, 186, 104), (128, 172, 96), (236, 178, 190)),
        "winter": ((70, 98, 96), (62, 88, 92), (80, 106, 104)),
    }
    usual: tuple[RGB, ...] = ((84, 124, 74), (72, 112, 78), (102, 138, 76), (62, 102, 76))
    return canvas.rng.choice(choices.get(canvas.reading.season, usual))


def draw_dunes(canvas: Canvas, start: float, layers: int) -> None:
    """Draw dunes with a sharp crest between sun and shade."""
    for layer in range(layers):
        depth = 1 - layer / max(1, layers - 1) if layers > 1 else 1.0
        base = start + (canvas.height - start) * (layer / layers) ** 1.25
        sand = get_sand(canvas, depth)
        rise = canvas.unit * (0.022 + 0.035 * (1 - depth))
        crest = draw_ridge(
            canvas, base, rise, mix(sand, canvas.palette.light, 0.22), waves=1.2 + depth
        )
        _shade_dune(canvas, crest, mix(sand, canvas.palette.shadow, 0.34), rise)


def get_sand(canvas: Canvas, depth: float) -> RGB:
    """Return the colour of sand; depth is 0 close by and 1 at the horizon."""
    sand = mix(_SAND, canvas.palette.sky[-2], 0.22)
    sand = mix(sand, canvas.palette.shadow, canvas.palette.ambient * 0.8)
    return mix(lift(sand, light=-0.07 * (1 - depth)), canvas.palette.haze, depth * 0.5)


def _shade_dune(canvas: Canvas, crest: list[Point], colour: RGB, rise: float) -> None:
    """Shade the slopes that face away from the sun, along an S from each top."""
    tops = [
        index
        for index in range(4, len(crest) - 4)
        if crest[index][1] <= min(crest[index - 1][1], crest[index + 1][1])
    ]
    for index in tops:
        step = -1 if canvas.sun > 0 else 1
        end = index
        while 0 < end + step < len(crest) - 1 and crest[end + step][1] >= crest[end][1]:
            end += step
        slope = [crest[at] for at in range(index, end + step, step)]
        x, y = crest[index]
        tip = (x + canvas.sun * rise * 1.2, y + rise * 3.6)
        bend = (x - canvas.sun * rise * 0.6, y + rise * 1.4)
        far = slope[-1]
        belly = smooth([far, (far[0], far[1] + rise * 0.7), tip, bend, (x, y)], closed=False)
        canvas.fill([*slope, *belly], colour)


def _draw_street(canvas: Canvas) -> None:
    """Draw a wide street that mirrors the lights when it is wet."""
    road = mix(canvas.palette.shadow, canvas.palette.haze, 0.22)
    top = canvas.horizon + canvas.unit * 0.02
    layers = 5
    for layer in range(layers):
        y = top + (canvas.height - top) * (layer / layers) ** 1.4
        tone = mix(mix(road, canvas.palette.haze, 0.35), canvas.palette.dark, 0.65 * layer / layers)
        canvas.draw.rectangle((0, y, canvas.width, canvas.height), fill=tone)
    if canvas.is_dark:
        _draw_streaks(canvas, top)


def _draw_streaks(canvas: Canvas, top: float) -> None:
    """Let the lights of the houses run down the wet ground."""
    rng = canvas.rng
    choices = [
        canvas.palette.accent,
        canvas.palette.glow,
        canvas.palette.sky[-1],
        canvas.palette.sky[-2],
    ]
    for _ in range(26):
        x = rng.uniform(0, canvas.width)
        colour = mix(rng.choice(choices), canvas.palette.shadow, rng.uniform(0.25, 0.55))
        y = top + rng.random() * (canvas.height - top) * 0.35
        for step in range(rng.randint(4, 9)):
            y += canvas.unit * rng.uniform(0.014, 0.04)
            wide = canvas.unit * rng.uniform(0.02, 0.055) * (1 - step * 0.06)
            canvas.draw_lens(x + rng.uniform(-6, 6), y, wide, canvas.unit * 0.006, colour)


def _draw_meadow(canvas: Canvas) -> None:
    """Draw grass or snow in layers down to the lower edge, with tufts."""
    layers = 4
    for layer in range(layers):
        depth = 1 - (layer + 0.6) / layers
        base = canvas.horizon + (canvas.height - canvas.horizon) * (layer / layers) ** 1.3
        colour = get_ground_colour(canvas, depth)
        crest = draw_ridge(
            canvas, base + canvas.unit * 0.012, canvas.unit * 0.014, colour, waves=1.4
        )
        rim = mix(colour, canvas.palette.light, 0.3)
        if not canvas.flat:
            canvas.draw.line(crest, fill=rim, width=max(2, round(canvas.unit * 0.004)))
    if canvas.setting.composition == "bird's-eye view" and canvas.setting.ground == "meadow":
        _draw_fields(canvas)
    else:
        _draw_tufts(canvas)


def _draw_fields(canvas: Canvas) -> None:
    """Lay a patchwork of fields, as it is seen from the air, with hedges between them."""
    rng = canvas.rng
    rows, columns = 7, 9
    vanish = canvas.width * rng.uniform(0.35, 0.65)
    height = canvas.height * 1.08 - canvas.horizon

    def corner(row: int, column: int) -> Point:
        part = (row / rows) ** 1.5
        spread = canvas.width * (0.26 + 0.2 * part)
        sway = math.sin(row * 1.7 + column * 0.9 + vanish) * canvas.unit * 0.035 * (0.3 + part)
        x = vanish + (column - columns / 2) * spread + sway
        return x, canvas.horizon + canvas.unit * 0.015 + height * part + sway * 0.4

    crops: tuple[RGB, ...] = (
        (150, 168, 84),
        (206, 182, 96),
        (112, 148, 84),
        (184, 152, 92),
        (92, 130, 84),
    )
    for row in range(rows):
        for column in range(columns):
            crop = mix(rng.choice(crops), canvas.palette.land, 0.35)
            tone = mix(
                mix(crop, canvas.palette.shadow, canvas.palette.ambient),
                canvas.palette.haze,
                0.5 * (1 - row / rows),
            )
            corners = [
                corner(row, column),
                corner(row, column + 1),
                corner(row + 1, column + 1),
                corner(row + 1, column),
            ]
            canvas.fill(corners, tone)
            hedge = mix(tone, canvas.palette.shadow, 0.35)
            canvas.draw.line(
                [*corners, corners[0]],
                fill=hedge,
                width=round(canvas.unit * (0.002 + 0.003 * row / rows)),
            )


def draw_crag(canvas: Canvas, x: float, top: float, wide: float) -> None:
    """Draw a steep hill for a building to stand on.

    Args:
        canvas: what to draw on.
        x: the middle of its top, in pixels.
        top: pixels from the upper edge.
        wide: the width of its level top, in pixels.
    """
    rng = canvas.rng
    low = min(canvas.height * 1.05, top + wide * 1.1)
    deep = low - top
    rock = mix(
        mix((132, 120, 116), canvas.palette.land, 0.35),
        canvas.palette.shadow,
        canvas.palette.ambient,
    )
    left = _break_line((x - wide * 1.05, low), (x - wide * 0.58, top), wide * 0.08, canvas)
    right = _break_line((x + wide * 0.58, top), (x + wide * 1.05, low), wide * 0.08, canvas)
    canvas.fill([*left, *right], mix(rock, canvas.palette.shadow, 0.12))
    for index in range(13):
        part = (index + rng.random()) / 13
        foot = top + deep * (0.34 + 0.7 * part)
        reach = wide * (0.5 + 0.5 * part)
        height = deep * rng.uniform(0.26, 0.42)
        px = x + rng.uniform(-1.0, 1.0) * reach
        draw_peak(canvas, px, foot, min(height, foot - top), lift(rock, light=0.05 - 0.1 * part))
    sod = [
        (x - wide * 0.66, top + wide * 0.04),
        (x - wide * 0.3, top - wide * 0.02),
        (x + wide * 0.3, top - wide * 0.02),
        (x + wide * 0.66, top + wide * 0.04),
        (x + wide * 0.2, top + wide * 0.1),
        (x - wide * 0.25, top + wide * 0.07),
    ]
    canvas.fill(smooth(sod, closed=True), mix(canvas.palette.land, canvas.palette.shadow, 0.1))
    for index in range(15):
        px = x + (index - 7) / 7 * wide * 1.25 + rng.uniform(-0.05, 0.05) * wide
        pen = canvas.make_pen(
            px, low + rng.uniform(-0.16, 0.02) * wide, wide * rng.uniform(0.2, 0.34)
        )
        draw_pine(pen, snowy=canvas.setting.ground == "snow")


def _draw_tufts(canvas: Canvas) -> None:
    """Scatter blades of grass, and flowers in the warm seasons."""
    rng = canvas.rng
    count = 60 if canvas.flat else 260
    snowy = canvas.setting.ground == "snow"
    for _ in range(count // (4 if snowy else 1)):
        part = rng.random() ** 0.7
        y = canvas.horizon + canvas.unit * 0.04 + (canvas.height - canvas.horizon) * part
        x = rng.uniform(0, canvas.width)
        size = canvas.unit * (0.008 + 0.026 * part)
        tone = mix(
            get_ground_colour(canvas, 0.5 - part / 2), canvas.palette.shadow, rng.uniform(0, 0.4)
        )
        tone = mix(tone, canvas.palette.light, rng.choice((0.0, 0.0, 0.25)))
        for lean in (-0.5, 0.1, 0.6):
            tip = (x + lean * size, y - size * rng.uniform(0.7, 1.2))
            canvas.draw.polygon([(x - size * 0.09, y), (x + size * 0.09, y), tip], fill=tone)
    if canvas.reading.season in {"spring", "summer"} and not snowy:
        _draw_petals(canvas, count // 2)


def _draw_petals(canvas: Canvas, count: int) -> None:
    """Dot the grass with flowers."""
    rng = canvas.rng
    colours = [canvas.palette.accent, WHITE, (244, 204, 90), (226, 140, 170)]
    for _ in range(count):
        part = rng.random()
        y = canvas.horizon + canvas.unit * 0.05 + (canvas.height - canvas.horizon) * part
        x, r = rng.uniform(0, canvas.width), canvas.unit * (0.002 + 0.006 * part)
        colour = mix(rng.choice(colours), canvas.palette.shadow, canvas.palette.ambient)
        canvas.draw.ellipse((x - r, y - r, x + r, y + r), fill=colour)
