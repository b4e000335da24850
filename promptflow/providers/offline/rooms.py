"""Settings of the offline painters that have no landscape: a table, space, under water. Floor 4."""

import math

from promptflow.providers.offline.canvas import WHITE, Canvas
from promptflow.providers.offline.colour import lift, mix, ramp
from promptflow.providers.offline.pen import Glow, Point, smooth
from promptflow.providers.offline.vocabulary import RGB

_WALLS: dict[str, RGB] = {"morning": (226, 206, 178), "day": (206, 214, 204), "night": (58, 62, 96)}
_WOOD: RGB = (168, 112, 72)


def draw_table(canvas: Canvas) -> None:
    """Draw a wall, a window with the weather outside, and the table in front.

    Args:
        canvas: with its sky drawn; it stays visible in the window.
    """
    palette = canvas.palette
    wall = mix(_WALLS.get(canvas.setting.light, (212, 188, 164)), palette.sky[1], 0.22)
    wall = mix(wall, palette.shadow, palette.ambient)
    width, height = canvas.image.size
    half = canvas.unit * 0.19
    x = width * (0.5 + canvas.sun * 0.25)
    top, low = canvas.horizon - canvas.unit * 0.62, canvas.horizon - canvas.unit * 0.12
    view = canvas.image.crop((round(x - half), 0, round(x + half), round(canvas.horizon)))
    canvas.draw.rectangle((0, 0, width, height), fill=wall)
    _draw_wall_light(canvas, wall, x)
    view = view.resize((round(half * 2), round(low - top)))
    canvas.image.paste(view, (round(x - half), round(top)))
    _draw_outside(canvas, x, half, low)
    _draw_frame(canvas, (x - half, top, x + half, low))
    _draw_curtain(canvas, x + canvas.sun * half * 1.25, top, low)
    _draw_top(canvas)


def _draw_wall_light(canvas: Canvas, wall: RGB, x: float) -> None:
    """Let the window throw a slanting patch of light on the wall."""
    bright = mix(wall, canvas.palette.light, 0.45)
    shift = -canvas.sun * canvas.unit * 0.52
    for index in (0, 1):
        left = x + shift - canvas.unit * (0.17 - index * 0.19)
        right = left + canvas.unit * 0.16
        slant = -canvas.sun * canvas.unit * 0.16
        top, low = canvas.horizon - canvas.unit * 0.5, canvas.horizon - canvas.unit * 0.08
        canvas.fill([(left, top), (right, top), (right + slant, low), (left + slant, low)], bright)


def _draw_outside(canvas: Canvas, x: float, half: float, low: float) -> None:
    """Draw two hills in the window."""
    for index, fade in enumerate((0.55, 0.25)):
        colour = mix(
            mix(canvas.palette.land, canvas.palette.shadow, 0.2), canvas.palette.haze, fade
        )
        rise = canvas.unit * (0.17 - 0.07 * index)
        bump = (-0.3, 0.5)[index] * half
        hill: list[Point] = [
            (x - half, low - rise * 0.5),
            (x + bump, low - rise),
            (x + half, low - rise * 0.45),
        ]
        canvas.fill([*smooth(hill, closed=False), (x + half, low), (x - half, low)], colour)


def _draw_frame(canvas: Canvas, box: tuple[float, float, float, float]) -> None:
    """Draw the bars and the sill of a window."""
    left, top, right, low = box
    bar = canvas.unit * 0.014
    paint = mix((244, 236, 220), canvas.palette.shadow, canvas.palette.ambient * 0.7)
    edge = mix(paint, canvas.palette.shadow, 0.35)
    middle, across = (left + right) / 2, top + (low - top) * 0.42
    for x in (left, middle, right):
        canvas.draw.rectangle((x - bar, top - bar, x + bar, low + bar), fill=paint)
        canvas.draw.rectangle((x + bar * 0.5, top - bar, x + bar, low + bar), fill=edge)
    for y in (top, across, low):
        canvas.draw.rectangle((left - bar, y - bar, right + bar, y + bar), fill=paint)
    sill = (left - bar * 3, low, right + bar * 3, low + bar * 2.2)
    canvas.draw.rectangle(sill, fill=paint)
    canvas.draw.rectangle((sill[0], sill[3] - bar * 0.7, sill[2], sill[3]), fill=edge)


def _draw_curtain(canvas: Canvas, x: float, top: float, low: float) -> None:
    """Hang a folded curtain beside the window."""
    cloth = mix(canvas.palette.accent, canvas.palette.haze, 0.45)
    wide = canvas.unit * 0.13
    up, down = top - canvas.unit * 0.05, low + canvas.unit * 0.1
    for fold in range(5):
        left = x - wide / 2 + fold * wide / 5
        tone = mix(cloth, canvas.palette.shadow, (0.12, 0.3, 0.05, 0.24, 0.4)[fold])
        flare = (fold - 2) * wide * 0.05
        canvas.fill(
            [
                (left, up),
                (left + wide / 5 + 1, up),
                (left + wide / 5 + 1 + flare, down),
                (left + flare, down),
            ],
            tone,
        )


def _draw_top(canvas: Canvas) -> None:
    """Draw the table top with its grain and a cloth."""
    rng, palette = canvas.rng, canvas.palette
    wood = mix(mix(_WOOD, palette.sky[-1], 0.12), palette.shadow, palette.ambient * 0.8)
    y = canvas.horizon + canvas.unit * 0.03
    canvas.draw.rectangle((0, y, canvas.width, canvas.height), fill=wood)
    rim = mix(wood, palette.light, 0.4)
    canvas.draw.rectangle((0, y, canvas.width, y + canvas.unit * 0.008), fill=rim)
    for _ in range(8 if canvas.flat else 46):
        part = rng.random()
        gy = y + (canvas.height - y) * part
        tone = mix(wood, rng.choice((palette.shadow, palette.light)), rng.uniform(0.06, 0.2))
        half = canvas.unit * rng.uniform(0.1, 0.4)
        canvas.draw_lens(rng.uniform(0, canvas.width), gy, half, canvas.unit * 0.003, tone)
    cloth = mix((244, 236, 222), palette.shadow, palette.ambient * 0.7)
    x, deep = canvas.focus_x, canvas.height - y
    corners = [
        (x - canvas.unit * 0.42, y + deep * 0.26),
        (x + canvas.unit * 0.42, y + deep * 0.26),
        (x + canvas.unit * 0.62, canvas.height),
        (x - canvas.unit * 0.62, canvas.height),
    ]
    canvas.fill(corners, cloth)
    stripe = mix(palette.accent, cloth, 0.35)
    for index in range(1, 8):
        part = index / 8
        top_x = corners[0][0] + (corners[1][0] - corners[0][0]) * part
        low_x = corners[3][0] + (corners[2][0] - corners[3][0]) * part
        wide = canvas.unit * 0.006
        canvas.fill(
            [
                (top_x - wide, corners[0][1]),
                (top_x + wide, corners[0][1]),
                (low_x + wide * 1.5, canvas.height),
                (low_x - wide * 1.5, canvas.height),
            ],
            stripe,
        )


def draw_space(canvas: Canvas) -> None:
    """Draw deep space with nebulae, stars and the curve of a world below.

    Args:
        canvas: anything on it is drawn over.
    """
    from PIL import Image

    rng = canvas.rng
    deep = (
        mix((14, 14, 40), canvas.palette.sky[0], 0.4),
        mix((44, 28, 84), canvas.palette.sky[1], 0.4),
    )
    column = Image.new("RGB", (1, 2))
    column.putpixel((0, 0), deep[0])
    column.putpixel((0, 1), deep[1])
    if canvas.flat:
        for step in range(5):
            top = canvas.height * step / 5
            canvas.draw.rectangle((0, top, canvas.width, canvas.height), fill=ramp(deep, step / 4))
    else:
        canvas.image.paste(column.resize(canvas.image.size, Image.Resampling.BILINEAR))
    _draw_nebula(canvas, deep[1])
    for _ in range(90 if canvas.flat else 260):
        x, y = rng.uniform(0, canvas.width), rng.uniform(0, canvas.height)
        size = canvas.unit * rng.choice((0.001, 0.0014, 0.002, 0.0036))
        colour = mix(
            WHITE, rng.choice(((255, 214, 160), (170, 200, 255), deep[1])), rng.uniform(0, 0.6)
        )
        canvas.draw.ellipse((x - size, y - size, x + size, y + size), fill=colour)
    _draw_world(canvas)


def _draw_nebula(canvas: Canvas, deep: RGB) -> None:
    """Drift clouds of coloured gas across the dark."""
    rng = canvas.rng
    colours = [canvas.palette.accent, (196, 84, 150), (72, 140, 190), (120, 84, 190)]
    if canvas.flat:
        return
    start, slope = rng.uniform(0.3, 0.6), rng.uniform(-0.35, 0.35)
    for _ in range(16):
        part = rng.random()
        x = canvas.width * part
        y = canvas.height * (start + slope * (part - 0.5) + rng.gauss(0, 0.1))
        colour = mix(rng.choice(colours), deep, 0.25)
        canvas.glows.append(
            Glow(x=x, y=y, radius=canvas.unit * rng.uniform(0.16, 0.4), colour=colour, strength=0.2)
        )


def _draw_world(canvas: Canvas) -> None:
    """Draw the lit rim of a world along the lower edge, with craters."""
    rng = canvas.rng
    radius = canvas.width * 1.5
    x, top = canvas.width * 0.5, canvas.horizon + canvas.unit * 0.12
    soil = mix((150, 132, 140), canvas.palette.accent, 0.22)
    for step, tone in enumerate((mix(soil, WHITE, 0.45), soil, mix(soil, (40, 30, 66), 0.3))):
        y = top + step * canvas.unit * (0.008 if step == 1 else 0.05)
        box = (x - radius, y, x + radius, y + radius * 2)
        canvas.draw.ellipse(box, fill=tone)
    for _ in range(11):
        cx, cy = rng.uniform(0, canvas.width), top + canvas.unit * rng.uniform(0.11, 0.4)
        half = canvas.unit * rng.uniform(0.015, 0.06)
        for shift, tone in (
            (0.0, mix(soil, (40, 30, 66), 0.55)),
            (0.16, mix(soil, (40, 30, 66), 0.4)),
        ):
            box = (
                cx - half,
                cy - half * 0.3 + half * shift,
                cx + half,
                cy + half * 0.3 + half * shift,
            )
            canvas.draw.ellipse(box, fill=tone)


def draw_underwater(canvas: Canvas) -> None:
    """Draw the sea from below: light from above, sand, weeds and bubbles.

    Args:
        canvas: anything on it is drawn over.
    """
    rng = canvas.rng
    water = (
        mix((150, 218, 214), canvas.palette.sky[-1], 0.25),
        mix((46, 140, 160), canvas.palette.water, 0.3),
        mix((16, 66, 104), canvas.palette.shadow, 0.3),
    )
    steps = 6 if canvas.flat else 72
    for step in range(steps):
        top = canvas.height * step / steps
        canvas.draw.rectangle(
            (0, top, canvas.width, canvas.height), fill=ramp(water, step / (steps - 1))
        )
    for _ in range(6):
        x = canvas.width * rng.uniform(0.05, 0.95)
        spread, drift = canvas.unit * rng.uniform(0.04, 0.1), canvas.unit * rng.uniform(-0.2, 0.2)
        _draw_shaft(canvas, x, spread, drift, water)
    floor = canvas.height * 0.86
    for layer, tone in enumerate(
        (mix((204, 186, 140), water[2], 0.6), mix((222, 204, 154), water[1], 0.34))
    ):
        crest = [
            (
                canvas.width * step / 40,
                floor
                + layer * canvas.unit * 0.05
                + math.sin(step / 5 + layer * 2) * canvas.unit * 0.016,
            )
            for step in range(41)
        ]
        canvas.fill([*crest, (canvas.width, canvas.height), (0, canvas.height)], tone)
    _draw_weeds(canvas, water[2])
    for _ in range(26):
        x, y, r = (
            rng.uniform(0, canvas.width),
            rng.uniform(0, floor),
            canvas.unit * rng.uniform(0.003, 0.011),
        )
        canvas.draw.ellipse(
            (x - r, y - r, x + r, y + r),
            outline=mix(water[0], WHITE, 0.4),
            width=max(2, round(r / 4)),
        )


def _draw_shaft(
    canvas: Canvas,
    x: float,
    spread: float,
    drift: float,
    water: tuple[RGB, RGB, RGB],
) -> None:
    """Let a ray of light down into the water, weaker with depth."""
    deep = canvas.height * canvas.rng.uniform(0.5, 0.75)
    steps = 1 if canvas.flat else 14
    for step in range(steps):
        upper, lower = step / steps, (step + 1) / steps
        tone = mix(ramp(water, deep * upper / canvas.height), water[0], 0.3 * (1 - upper) ** 1.3)
        tone = mix(tone, ramp(water, 0.4), 0.5) if canvas.flat else tone
        corners = [
            (x + drift * part + spread * side * (0.5 + part * 0.5), deep * part)
            for part, side in ((upper, 0), (upper, 1), (lower, 1), (lower, 0))
        ]
        canvas.fill(corners, tone)


def _draw_weeds(canvas: Canvas, deep: RGB) -> None:
    """Let weeds and corals grow along both sides."""
    rng = canvas.rng
    for index in range(22):
        side = rng.choice((rng.uniform(-0.02, 0.3), rng.uniform(0.7, 1.02)))
        pen = canvas.make_pen(
            canvas.width * side,
            canvas.height * rng.uniform(0.88, 0.97),
            canvas.unit * rng.uniform(0.12, 0.34),
        )
        sway = rng.uniform(-0.2, 0.2)
        path = [(0.0, 0.0), (sway, 0.3), (-sway, 0.62), (sway * 1.4, 1.0)]
        if index % 4 == 0:
            coral = mix(canvas.palette.accent, deep, 0.22)
            for angle in (-0.6, -0.2, 0.2, 0.6):
                pen.taper(
                    [(0.0, 0.0), (angle * 0.3, 0.25), (angle * 0.7, 0.5)],
                    (0.1, 0.05),
                    lift(coral, light=angle * 0.06),
                )
        else:
            green = mix((70, 140, 96), deep, rng.uniform(0.15, 0.6))
            pen.taper(path, (0.08, 0.01), green)
