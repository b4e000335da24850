"""The water of the offline painters: sea, lake, river, beach. Floor 4."""

import math

from promptflow.providers.offline.canvas import WHITE, Canvas
from promptflow.providers.offline.colour import mix, ramp
from promptflow.providers.offline.land import draw_ridge, get_ground_colour, get_sand
from promptflow.providers.offline.pen import Point, smooth
from promptflow.providers.offline.vocabulary import RGB


def draw_water(canvas: Canvas) -> None:
    """Draw the water of a scene and the bank or beach before it.

    Args:
        canvas: with its backdrop drawn.
    """
    ground = canvas.setting.ground
    if ground == "river":
        _draw_river(canvas)
        return
    _draw_waves(canvas)
    _draw_glitter(canvas)
    if ground == "beach":
        _draw_beach(canvas)
    if ground == "lake":
        _draw_bank(canvas)


def get_water_colour(canvas: Canvas, depth: float) -> RGB:
    """Return the colour of the water.

    Args:
        canvas: its palette decides.
        depth: 0 close by, 1 at the horizon, where the sky lies on it.

    Returns:
        The colour.
    """
    palette = canvas.palette
    near = mix(palette.water, palette.shadow, 0.42)
    mirrored = mix(palette.water, palette.haze, 0.55)
    return mix(near, mirrored, depth**1.5)


def _is_rough(canvas: Canvas) -> bool:
    """Tell whether the wind whips the water up."""
    return canvas.setting.light == "storm" or bool({"storm", "wind"} & set(canvas.reading.weathers))


def _draw_waves(canvas: Canvas) -> None:
    """Draw the water as bands of waves that grow towards the lower edge."""
    rough = _is_rough(canvas) and canvas.setting.ground in {"sea", "beach"}
    layers = 6 if canvas.flat else 14
    for layer in range(layers):
        part = layer / layers
        top = canvas.horizon + (canvas.height - canvas.horizon) * part**1.5
        rise = canvas.unit * (0.001 + (0.034 if rough else 0.006) * part)
        colour = get_water_colour(canvas, 1 - part)
        crest = _draw_wave(canvas, top, rise, colour, 3 + 5 * (1 - part))
        if rough and part > 0.1:
            _draw_foam(canvas, crest, rise)
    if not canvas.flat:
        _draw_ripples(canvas, 260, rough=rough)
    else:
        _draw_ripples(canvas, 34, rough=rough)


def _draw_wave(canvas: Canvas, top: float, rise: float, colour: RGB, waves: float) -> list[Point]:
    """Fill a layer of water below a crest with pointed tops."""
    phase = canvas.rng.uniform(0, math.tau)
    second = canvas.rng.uniform(0, math.tau)
    crest = []
    for step in range(97):
        part = step / 96
        swing = 1 - abs(math.sin(part * waves * math.pi + phase)) ** 0.8
        swing += 0.4 * math.sin(part * waves * 2.3 + second)
        crest.append((canvas.width * part, top - swing * rise))
    canvas.fill([*crest, (canvas.width, canvas.height), (0, canvas.height)], colour)
    return crest


def _draw_foam(canvas: Canvas, crest: list[Point], rise: float) -> None:
    """Whiten the tops of a wave."""
    rng = canvas.rng
    foam = mix(WHITE, canvas.palette.haze, 0.35)
    for index in range(2, len(crest) - 2):
        x, y = crest[index]
        if y < crest[index - 2][1] and y <= crest[index + 2][1]:
            half = rise * rng.uniform(0.7, 1.9)
            shift = rng.uniform(-0.4, 0.4) * half
            points = [
                (x - half + shift, y + rise * 0.42),
                (x, y - rise * 0.1),
                (x + half, y + rise * 0.36),
                (x, y + rise * 0.24),
            ]
            canvas.fill(smooth(points, closed=True), foam)


def _draw_ripples(canvas: Canvas, count: int, *, rough: bool) -> None:
    """Scatter level strokes, lighter and darker than the water around."""
    rng = canvas.rng
    for _ in range(count):
        part = rng.random()
        y = canvas.horizon + (canvas.height - canvas.horizon) * part**1.5
        half = canvas.unit * (0.012 + 0.06 * part) * rng.uniform(0.5, 1.3)
        thick = canvas.unit * (0.0007 + 0.0032 * part)
        other = rng.choice((canvas.palette.haze, canvas.palette.shadow, canvas.palette.sky[1]))
        strength = rng.uniform(0.1, 0.36) * (0.7 if rough else 1.0)
        colour = mix(get_water_colour(canvas, 1 - part), other, strength)
        canvas.draw_lens(rng.uniform(0, canvas.width), y, half, thick, colour)


def _draw_glitter(canvas: Canvas) -> None:
    """Lay the path of light below the sun or the moon."""
    if canvas.body is None:
        return
    rng = canvas.rng
    x = canvas.body[0]
    count = 26 if canvas.flat else 110
    for index in range(count):
        part = (index + rng.random()) / count
        y = canvas.horizon + (canvas.height - canvas.horizon) * part**1.3
        spread = canvas.unit * (0.02 + 0.07 * part)
        half = canvas.unit * rng.uniform(0.008, 0.03) * (0.6 + part)
        thick = canvas.unit * (0.0012 + 0.003 * part)
        colour = mix(
            canvas.palette.glow, get_water_colour(canvas, 1 - part), rng.uniform(0.05, 0.5)
        )
        canvas.draw_lens(x + rng.gauss(0, 0.5) * spread, y, half, thick, colour)


def _draw_beach(canvas: Canvas) -> None:
    """Draw sand with a wet rim and a line of foam."""
    height = canvas.height - canvas.horizon
    base = canvas.horizon + height * 0.5
    slope = canvas.unit * 0.05
    sand = get_sand(canvas, 0.15)
    steps = (
        (-0.018, mix(WHITE, canvas.palette.haze, 0.25)),
        (0.0, mix(sand, canvas.palette.shadow, 0.32)),
        (0.028, sand),
    )
    phase = canvas.rng.uniform(0, math.tau)
    for shift, colour in steps:
        edge = [
            (
                canvas.width * step / 48,
                base
                + shift * canvas.unit
                + math.sin(step / 9 + phase) * slope * 0.4
                + (step / 48 - 0.5) * slope * 2 * canvas.sun,
            )
            for step in range(49)
        ]
        canvas.fill([*edge, (canvas.width, canvas.height), (0, canvas.height)], colour)
    draw_ridge(
        canvas, canvas.height * 0.93, canvas.unit * 0.02, mix(sand, canvas.palette.light, 0.2)
    )


def _draw_bank(canvas: Canvas) -> None:
    """Draw the near shore of a lake with reeds."""
    rng = canvas.rng
    colour = get_ground_colour(canvas, 0.05)
    base = canvas.horizon + (canvas.height - canvas.horizon) * 0.82
    draw_ridge(canvas, base, canvas.unit * 0.022, mix(colour, canvas.palette.shadow, 0.3))
    draw_ridge(canvas, base + canvas.unit * 0.02, canvas.unit * 0.022, colour)
    for _ in range(46):
        x = rng.choice((rng.uniform(0, 0.3), rng.uniform(0.72, 1.0))) * canvas.width
        y = base + canvas.unit * rng.uniform(0.0, 0.05)
        tall = canvas.unit * rng.uniform(0.05, 0.13)
        tip = (x + rng.uniform(-0.25, 0.25) * tall, y - tall)
        wide = canvas.unit * 0.0028
        blade = mix(colour, canvas.palette.shadow, rng.uniform(0.1, 0.6))
        canvas.fill([(x - wide, y), (x + wide, y), tip], blade)


def _draw_river(canvas: Canvas) -> None:
    """Draw a river that winds from the horizon to the lower edge, away from the focus."""
    rng = canvas.rng
    away = -1 if canvas.focus_x > canvas.width / 2 else 1
    height = canvas.height - canvas.horizon
    left: list[Point] = []
    right: list[Point] = []
    bend = rng.uniform(0.8, 1.2)
    for step in range(31):
        part = step / 30
        y = canvas.horizon + canvas.unit * 0.012 + height * part**1.25
        middle = canvas.width * (0.5 + away * (0.06 + 0.2 * part))
        middle += math.sin(part * 4.2 * bend) * canvas.unit * 0.07 * away
        half = canvas.unit * (0.03 + 0.36 * part**1.2)
        left.append((middle - half, y))
        right.append((middle + half, y))
    rim = canvas.unit * 0.014
    bank = mix(get_ground_colour(canvas, 0.2), canvas.palette.shadow, 0.4)
    canvas.fill([(x - rim, y) for x, y in left] + [(x + rim, y) for x, y in right[::-1]], bank)
    canvas.fill(left + right[::-1], _get_river_colour(canvas))
    _draw_reflected_sky(canvas, left, right)


def _get_river_colour(canvas: Canvas) -> RGB:
    """Return the colour of a river, which takes more of the sky than the sea does."""
    water = mix(canvas.palette.water, canvas.palette.sky[1], 0.45)
    return mix(water, canvas.palette.shadow, 0.12)


def _draw_reflected_sky(canvas: Canvas, left: list[Point], right: list[Point]) -> None:
    """Let the sky lie on a river in level strokes."""
    rng = canvas.rng
    for _ in range(40 if canvas.flat else 190):
        index = min(len(left) - 1, int(rng.random() * len(left)))
        part = index / (len(left) - 1)
        (x1, y), (x2, _) = left[index], right[index]
        half = (x2 - x1) * rng.uniform(0.04, 0.22)
        x = rng.uniform(x1 + half, x2 - half)
        tone = rng.choice(
            (ramp(canvas.palette.sky, 1 - part), canvas.palette.haze, canvas.palette.shadow)
        )
        colour = mix(_get_river_colour(canvas), tone, rng.uniform(0.2, 0.5))
        canvas.draw_lens(
            x, y + rng.uniform(-8, 8), half, canvas.unit * (0.0008 + 0.0035 * part), colour
        )
