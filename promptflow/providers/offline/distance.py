"""What closes the distance: hills, mountains, forests, skylines. Floor 4."""

from promptflow.providers.offline.canvas import WHITE, Canvas
from promptflow.providers.offline.colour import lift, mix
from promptflow.providers.offline.land import draw_dunes, draw_peak, draw_ridge, get_foliage
from promptflow.providers.offline.pen import Point
from promptflow.providers.offline.plants import draw_pine, draw_tree
from promptflow.providers.offline.vocabulary import RGB


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
            draw_dunes(canvas, canvas.horizon, 2)
        case "hills":
            _draw_hills(canvas, 3)
            _draw_copses(canvas)
        case _:
            pass


def _draw_hills(canvas: Canvas, layers: int) -> None:
    """Draw rolling hills that fade into the haze."""
    for layer in range(layers):
        part = (layer + 0.5) / layers
        cool = mix(canvas.palette.shadow, canvas.palette.land, 0.25 + part * 0.5)
        colour = mix(cool, canvas.palette.haze, 0.78 - 0.42 * part)
        rise = canvas.unit * (0.05 - 0.02 * part)
        base = canvas.horizon - canvas.unit * (0.085 - 0.075 * part)
        draw_ridge(canvas, base, rise, colour, waves=1.8 + layer)


def _draw_copses(canvas: Canvas) -> None:
    """Set small groups of trees on the hills, more of them in autumn and spring."""
    rng = canvas.rng
    season = canvas.reading.season
    snowy = season == "winter" or canvas.setting.ground == "snow"
    groups = 6 if season in {"autumn", "spring"} else 4
    for _ in range(groups):
        middle = rng.uniform(0, canvas.width)
        for _ in range(rng.randint(2, 4)):
            x = middle + rng.uniform(-0.08, 0.08) * canvas.unit
            size = canvas.unit * rng.uniform(0.07, 0.15)
            foot = canvas.horizon + canvas.unit * rng.uniform(-0.01, 0.025)
            pen = canvas.make_pen(x, foot, size, ink=canvas.make_ink(haze=rng.uniform(0.18, 0.4)))
            draw_tree(pen, foliage=get_foliage(canvas), snowy=snowy)


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
            height = min(canvas.unit, canvas.horizon * 2.1) * tall * rng.uniform(0.65, 1.1)
            foot = canvas.horizon + canvas.unit * 0.02
            edges = draw_peak(canvas, x, foot, height, mix(rock, canvas.palette.haze, fade))
            if layer < 2:
                _draw_snow_cap(canvas, foot, height, edges, mix(rock, canvas.palette.haze, fade))
        cool = mix(rock, canvas.palette.haze, fade * 0.9)
        draw_ridge(
            canvas, canvas.horizon - canvas.unit * 0.012 * (2 - layer), canvas.unit * 0.012, cool
        )


def _draw_snow_cap(
    canvas: Canvas,
    foot: float,
    height: float,
    edges: tuple[list[Point], list[Point], list[Point]],
    rock: RGB,
) -> None:
    """Whiten a mountain's top, down to a jagged line."""
    left, right, spine = edges
    line = foot - height * canvas.rng.uniform(0.58, 0.68)
    bright = mix(mix(WHITE, canvas.palette.light, 0.4), rock, 0.16)
    dull = mix(bright, mix(rock, canvas.palette.shadow, 0.4), 0.42)
    tops = [[point for point in edge if point[1] < line] for edge in (left, right, spine)]
    if min(len(edge) for edge in tops) < 2:
        return
    west, east, middle = tops
    teeth = [
        (
            east[-1][0] + (west[0][0] - east[-1][0]) * part,
            line + height * canvas.rng.uniform(-0.05, 0.1),
        )
        for part in (0.12, 0.25, 0.37, 0.5, 0.62, 0.75, 0.88)
    ]
    canvas.fill([*west, *east, *teeth], bright)
    shaded = (
        [*west, *middle, (middle[-1][0], line + height * 0.04)]
        if canvas.sun > 0
        else [*middle[::-1], *east]
    )
    canvas.fill(shaded, dull)


def _draw_forest(canvas: Canvas) -> None:
    """Draw rows of trees, pale and small behind, dark and tall in front."""
    rng = canvas.rng
    wintry = canvas.reading.season == "winter" or canvas.setting.ground == "snow"
    leafy = canvas.reading.season in {"autumn", "spring"}
    draw = draw_tree if leafy else draw_pine
    for layer, (tall, count, haze) in enumerate(
        ((0.2, 26, 0.72), (0.32, 17, 0.5), (0.46, 11, 0.26))
    ):
        ink = canvas.make_ink(haze=haze)
        for index in range(count):
            x = canvas.width * (index + rng.uniform(-0.3, 1.3)) / count
            if layer == 2 and abs(x - canvas.width / 2) < canvas.width * 0.2:
                continue
            foot = canvas.horizon + canvas.unit * (0.015 + 0.02 * layer)
            size = canvas.unit * tall * rng.uniform(0.7, 1.15)
            pen = canvas.make_pen(x, foot, size, ink=ink)
            draw(pen, foliage=get_foliage(canvas), snowy=wintry)


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
    share = 0.2 if canvas.flat else 0.42
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
