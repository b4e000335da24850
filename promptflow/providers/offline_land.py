"""The land of the offline painters: what closes the distance and what things stand on. Floor 4."""

import math

from promptflow.providers.offline_canvas import WHITE, Canvas
from promptflow.providers.offline_colour import lift, mix
from promptflow.providers.offline_pen import Point, smooth
from promptflow.providers.offline_plants import draw_pine, draw_tree
from promptflow.providers.offline_vocabulary import RGB

_SAND: RGB = (226, 184, 122)


def draw_backdrop(canvas: Canvas) -> None:
    """Draw what stands along the horizon.

    Args:
        canvas: with its sky drawn.
    """
    match canvas.setting.backdrop:
        case "mountain":
            _draw_mountains(canvas)
        case "forest":
            _draw_hills(canvas, 1)
            _draw_forest(canvas)
        case "city":
            _draw_skyline(canvas)
        case "desert":
            _draw_dunes(canvas, canvas.horizon, 2)
        case "hills":
            _draw_hills(canvas, 3)
        case _:
            pass


def draw_land(canvas: Canvas) -> None:
    """Draw the ground of a scene that stands on land.

    Args:
        canvas: with its backdrop drawn.
    """
    match canvas.setting.ground:
        case "desert":
            _draw_dunes(canvas, canvas.horizon + canvas.unit * 0.02, 5)
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
        white = mix((240, 244, 250), palette.sky[len(palette.sky) // 2], palette.ambient * 0.8 + 0.08)
        return mix(mix(white, palette.shadow, 0.2 * (1 - depth)), palette.haze, depth * 0.45)
    if canvas.setting.ground in {"desert", "beach"}:
        sand = mix(_SAND, palette.shadow, palette.ambient * 0.8)
        return mix(lift(sand, light=-0.1 * (1 - depth)), palette.haze, depth * 0.5)
    near = mix(palette.land, palette.shadow, 0.38)
    return mix(mix(near, palette.land, min(1.0, depth * 2)), palette.haze, depth * 0.55)


def _draw_hills(canvas: Canvas, layers: int) -> None:
    """Draw rolling hills that fade into the haze."""
    for layer in range(layers):
        part = (layer + 0.5) / layers
        cool = mix(canvas.palette.shadow, canvas.palette.land, 0.25 + part * 0.5)
        colour = mix(cool, canvas.palette.haze, 0.78 - 0.42 * part)
        rise = canvas.unit * (0.05 - 0.02 * part)
        base = canvas.horizon - canvas.unit * (0.085 - 0.075 * part)
        draw_ridge(canvas, base, rise, colour, waves=1.8 + layer)


def _draw_mountains(canvas: Canvas) -> None:
    """Draw three ranges, the far ones pale, with lit and shaded faces."""
    rng = canvas.rng
    for layer, (tall, count) in enumerate(((0.34, 4), (0.25, 5), (0.13, 6))):
        fade = 0.66 - 0.24 * layer
        rock = mix(canvas.palette.shadow, canvas.palette.land, 0.18 + 0.12 * layer)
        order = list(range(count))
        rng.shuffle(order)
        for index in order:
            x = canvas.width * (index + rng.uniform(0.2, 0.8)) / count
            height = canvas.unit * tall * rng.uniform(0.65, 1.1)
            _draw_peak(canvas, x, height, mix(rock, canvas.palette.haze, fade), snow=layer < 2)
        cool = mix(rock, canvas.palette.haze, fade * 0.9)
        draw_ridge(canvas, canvas.horizon - canvas.unit * 0.012 * (2 - layer), canvas.unit * 0.012, cool)


def _draw_peak(canvas: Canvas, x: float, height: float, rock: RGB, *, snow: bool) -> None:
    """Draw one mountain with a broken ridge between light and shade."""
    rng = canvas.rng
    foot, half = canvas.horizon + canvas.unit * 0.02, height * rng.uniform(0.8, 1.15)
    top = (x, foot - height)
    left = _break_line((x - half, foot), top, rng.uniform(0.03, 0.06) * height, canvas)
    right = _break_line(top, (x + half, foot), rng.uniform(0.03, 0.06) * height, canvas)
    spine = _break_line(top, (x + canvas.sun * half * -0.12, foot), height * 0.09, canvas)
    lit = mix(rock, canvas.palette.light, 0.3)
    shade = mix(rock, canvas.palette.shadow, 0.3)
    canvas.fill([*left, *right], lit)
    canvas.fill([*left, *spine] if canvas.sun > 0 else [*spine[::-1], *right], shade)
    if snow:
        _draw_snow_cap(canvas, x, height, (left, right, spine), rock)


def _draw_snow_cap(
    canvas: Canvas,
    x: float,
    height: float,
    edges: tuple[list[Point], list[Point], list[Point]],
    rock: RGB,
) -> None:
    """Whiten a mountain's top, down to a jagged line."""
    left, right, spine = edges
    line = canvas.horizon + canvas.unit * 0.02 - height * canvas.rng.uniform(0.58, 0.68)
    bright = mix(mix(WHITE, canvas.palette.light, 0.4), rock, 0.16)
    dull = mix(bright, mix(rock, canvas.palette.shadow, 0.4), 0.42)
    tops = [[point for point in edge if point[1] < line] for edge in (left, right, spine)]
    if min(len(edge) for edge in tops) < 2:
        return
    (l, r, s) = tops
    teeth = [
        (r[-1][0] + (l[0][0] - r[-1][0]) * part, line + height * canvas.rng.uniform(-0.05, 0.1))
        for part in (0.12, 0.25, 0.37, 0.5, 0.62, 0.75, 0.88)
    ]
    canvas.fill([*l, *r, *teeth], bright)
    shaded = [*l, *s, (s[-1][0], line + height * 0.04)] if canvas.sun > 0 else [*s[::-1], *r]
    canvas.fill(shaded, dull)


def _break_line(start: Point, end: Point, jitter: float, canvas: Canvas) -> list[Point]:
    """Return a line between two points with uneven steps."""
    rng = canvas.rng
    points = [start]
    for step in range(1, 9):
        part = step / 9
        fade = math.sin(part * math.pi)
        points.append((
            start[0] + (end[0] - start[0]) * part + rng.uniform(-jitter, jitter) * fade,
            start[1] + (end[1] - start[1]) * part + rng.uniform(-jitter, jitter) * fade,
        ))
    points.append(end)
    return points


def _draw_forest(canvas: Canvas) -> None:
    """Draw rows of trees, pale and small behind, dark and tall in front."""
    rng = canvas.rng
    wintry = canvas.reading.season == "winter" or canvas.setting.ground == "snow"
    leafy = canvas.reading.season in {"autumn", "spring"}
    draw = draw_tree if leafy else draw_pine
    for layer, (tall, count, haze) in enumerate(((0.2, 26, 0.72), (0.32, 17, 0.5), (0.46, 11, 0.26))):
        ink = canvas.make_ink(haze=haze)
        for index in range(count):
            x = canvas.width * (index + rng.uniform(-0.3, 1.3)) / count
            if layer == 2 and abs(x - canvas.width / 2) < canvas.width * 0.2:
                continue
            foot = canvas.horizon + canvas.unit * (0.015 + 0.02 * layer)
            size = canvas.unit * tall * rng.uniform(0.7, 1.15)
            pen = canvas.make_pen(x, foot, size, ink=ink)
            draw(pen, foliage=get_foliage(canvas), snowy=wintry)


def get_foliage(canvas: Canvas) -> RGB:
    """Return a leaf colour of the season, a little different each time."""
    choices: dict[str, tuple[RGB, ...]] = {
        "autumn": ((204, 112, 46), (222, 156, 58), (176, 74, 42), (190, 138, 60)),
        "spring": ((150, 186, 104), (128, 172, 96), (236, 178, 190)),
        "winter": ((70, 98, 96), (62, 88, 92), (80, 106, 104)),
    }
    usual: tuple[RGB, ...] = ((84, 124, 74), (72, 112, 78), (102, 138, 76), (62, 102, 76))
    return canvas.rng.choice(choices.get(canvas.reading.season, usual))


def _draw_skyline(canvas: Canvas) -> None:
    """Draw three rows of houses with lit windows after dark."""
    rng = canvas.rng
    tall = 0.62 if canvas.setting.ground == "city" else 0.34
    for layer, fade in enumerate((0.62, 0.36, 0.1)):
        x = -canvas.unit * 0.05
        base = mix(canvas.palette.shadow, canvas.palette.sky[0], 0.35)
        while x < canvas.width:
            wide = canvas.unit * rng.uniform(0.06, 0.13)
            high = canvas.unit * tall * (rng.random() ** 1.4 * 0.75 + 0.25) * (1 - 0.22 * layer)
            colour = lift(mix(base, canvas.palette.haze, fade), light=rng.uniform(-0.02, 0.02))
            _draw_block(canvas, x, wide, high, colour, lit=canvas.is_dark and layer > 0)
            x += wide * rng.uniform(0.85, 1.1)


def _draw_block(
    canvas: Canvas, x: float, wide: float, high: float, colour: RGB, *, lit: bool
) -> None:
    """Draw one tall house, one side in the light."""
    rng, foot = canvas.rng, canvas.horizon + canvas.unit * 0.03
    top = foot - high
    canvas.draw.rectangle((x, top, x + wide, foot), fill=colour)
    face = wide * 0.3
    left = x if canvas.sun < 0 else x + wide - face
    canvas.draw.rectangle(
        (left, top, left + face, foot), fill=mix(colour, canvas.palette.light, 0.14)
    )
    roof = rng.random()
    if roof < 0.25:
        canvas.fill([(x, top), (x + wide / 2, top - wide * 0.5), (x + wide, top)], colour)
    elif roof < 0.5:
        canvas.draw.line((x + wide / 2, top, x + wide / 2, top - wide * 0.7), fill=colour, width=3)
        canvas.draw.rectangle((x + wide * 0.2, top - wide * 0.16, x + wide * 0.8, top), fill=colour)
    if lit:
        _draw_windows(canvas, x, wide, top, foot)


def _draw_windows(canvas: Canvas, x: float, wide: float, top: float, foot: float) -> None:
    """Light some of the windows of a house."""
    rng = canvas.rng
    choices = [canvas.palette.accent, canvas.palette.glow, (250, 204, 120)]
    if canvas.setting.light == "neon":
        choices = [(255, 94, 170), (58, 226, 232), (255, 196, 110), (150, 104, 255)]
    step = canvas.unit * 0.021
    columns = max(1, int(wide / step) - 1)
    share = 0.2 if canvas.flat else 0.34
    for row in range(int((foot - top) / (step * 1.25)) - 1):
        for column in range(columns):
            if rng.random() < share:
                wx = x + (wide - columns * step) / 2 + column * step + step * 0.2
                wy = top + (row + 0.6) * step * 1.25
                box = (wx, wy, wx + step * 0.5, wy + step * 0.66)
                canvas.draw.rectangle(box, fill=rng.choice(choices))
    if canvas.setting.light == "neon" and rng.random() < 0.5:
        bar = rng.choice(choices)
        wx, wy = x + wide * rng.uniform(0.2, 0.7), top + (foot - top) * rng.uniform(0.1, 0.4)
        box = (wx, wy, wx + step * 0.7, wy + step * rng.uniform(4, 8))
        canvas.draw.rounded_rectangle(box, radius=step * 0.3, fill=bar)
        canvas.make_pen(wx, wy + step * 3, 1).glow((0, 0), step * 6, bar, 0.4)


def _draw_dunes(canvas: Canvas, start: float, layers: int) -> None:
    """Draw dunes with a sharp crest between sun and shade."""
    for layer in range(layers):
        depth = 1 - layer / max(1, layers - 1) if layers > 1 else 1.0
        base = start + (canvas.height - start) * (layer / layers) ** 1.25
        sand = get_sand(canvas, depth)
        rise = canvas.unit * (0.022 + 0.035 * (1 - depth))
        crest = draw_ridge(canvas, base, rise, mix(sand, canvas.palette.light, 0.22), waves=1.2 + depth)
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
    choices = [canvas.palette.accent, canvas.palette.glow, canvas.palette.sky[-1], canvas.palette.sky[-2]]
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
        crest = draw_ridge(canvas, base + canvas.unit * 0.012, canvas.unit * 0.014, colour, waves=1.4)
        rim = mix(colour, canvas.palette.light, 0.3)
        if not canvas.flat:
            canvas.draw.line(crest, fill=rim, width=max(2, round(canvas.unit * 0.004)))
    _draw_tufts(canvas)


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
        tone = mix(get_ground_colour(canvas, 0.5 - part / 2), canvas.palette.shadow, rng.uniform(0, 0.4))
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

