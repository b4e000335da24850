"""The sky of the offline painters: washes, sun and moon, clouds, stars. Floor 4."""

import math

from promptflow.providers.offline.canvas import WHITE, Canvas
from promptflow.providers.offline.colour import lift, lightness, mix, ramp
from promptflow.providers.offline.pen import Glow
from promptflow.providers.offline.vocabulary import RGB

_SUN_HEIGHTS = {
    "dawn": 0.8,
    "golden hour": 0.72,
    "dusk": 0.86,
    "morning": 0.5,
    "day": 0.3,
    "neon": 0.62,
}

_BRIGHTEST_SKY = 0.55
"""Where the sky is lighter, no star is seen."""


def draw_sky(canvas: Canvas) -> None:
    """Draw everything above the horizon, from back to front.

    Args:
        canvas: an empty canvas; where the sun or the moon stands is noted on it.
    """
    _place_body(canvas)
    if canvas.flat:
        _draw_bands(canvas)
    else:
        _draw_washes(canvas)
    weathers = canvas.reading.weathers
    if "aurora" in weathers:
        _draw_aurora(canvas)
    if "rainbow" in weathers:
        _draw_rainbow(canvas)
    _draw_body(canvas)
    _draw_clouds(canvas)


def _place_body(canvas: Canvas) -> None:
    """Put the sun or the moon on the side the focus leaves free."""
    kinds = {one.kind for one in canvas.reading.subjects}
    light = canvas.setting.light
    is_moon = light == "night"
    hidden = light == "storm" or {"storm", "rain", "fog", "snowfall"} & set(canvas.reading.weathers)
    if hidden and not kinds & {"sun", "moon"}:
        return
    if light == "neon" and not canvas.flat:
        return
    height = 0.27 if is_moon or "moon" in kinds else _SUN_HEIGHTS.get(light, 0.3)
    x = canvas.width * (0.5 + canvas.sun * canvas.rng.uniform(0.16, 0.24))
    y = canvas.horizon * (height + canvas.rng.uniform(-0.05, 0.05))
    lowest = canvas.unit * (0.22 if canvas.flat else 0.13)
    canvas.body = (x, max(y, min(lowest, canvas.horizon)))


def _draw_washes(canvas: Canvas) -> None:
    """Lay the sky as one gradient down to the horizon."""
    from PIL import Image

    steps = 64
    column = Image.new("RGB", (1, steps))
    for step in range(steps):
        column.putpixel((0, step), ramp(canvas.palette.sky, step / (steps - 1)))
    depth = max(1, round(canvas.horizon))
    sky = column.resize((canvas.width, depth), Image.Resampling.BILINEAR)
    canvas.image.paste(sky, (0, 0))
    below = (0, depth, canvas.width, canvas.height)
    canvas.draw.rectangle(below, fill=canvas.palette.haze)


def _draw_bands(canvas: Canvas) -> None:
    """Cut the sky into rings around the sun, or into level bands where there is none."""
    sky = canvas.palette.sky
    steps = 5
    canvas.draw.rectangle((0, 0, *canvas.image.size), fill=sky[0])
    for step in range(1, steps):
        colour = ramp(sky, step / (steps - 1))
        if canvas.body is None:
            top = canvas.horizon * step / steps
            canvas.draw.rectangle((0, top, canvas.width, canvas.height), fill=colour)
        else:
            x, y = canvas.body
            radius = canvas.unit * (0.86 - 0.15 * step)
            canvas.draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def draw_sparks(canvas: Canvas) -> None:
    """Set what is too fine for a brush into the sky: stars on clear nights, or a flash.

    Args:
        canvas: with its setting drawn.
    """
    weathers = set(canvas.reading.weathers)
    if canvas.setting.ground in {"table", "space", "underwater", "abstract"}:
        return
    if "storm" in weathers:
        _draw_lightning(canvas)
    starry = canvas.setting.light == "night" or "stars" in weathers
    if starry and not weathers & {"storm", "rain", "clouds"}:
        _draw_stars(canvas)


def _draw_stars(canvas: Canvas) -> None:
    """Scatter stars over what is dark enough, thinner towards the horizon."""
    rng = canvas.rng
    for _ in range(70 if canvas.flat else 190):
        x = rng.uniform(0, canvas.width)
        y = canvas.horizon * rng.random() ** 1.5 * 0.95
        size = canvas.unit * rng.choice((0.0012, 0.0016, 0.002, 0.0034))
        faint = rng.uniform(0.0, 0.5)
        behind = canvas.get_pixel(x, y)
        if lightness(behind) > _BRIGHTEST_SKY:
            continue
        colour = mix(canvas.palette.glow, behind, faint)
        canvas.draw.ellipse((x - size, y - size, x + size, y + size), fill=colour)


def _draw_aurora(canvas: Canvas) -> None:
    """Hang curtains of light into the sky."""
    rng = canvas.rng
    for layer, colour in enumerate(((96, 214, 160), (84, 190, 190), (150, 120, 210))):
        base = canvas.horizon * (0.66 - 0.13 * layer)
        phase = rng.uniform(0, math.tau)
        for step in range(90):
            x = canvas.width * step / 89
            wave = math.sin(step / 13 + phase) * 0.08 + math.sin(step / 5 + phase * 2) * 0.02
            bottom = base + wave * canvas.horizon
            top = bottom - canvas.horizon * rng.uniform(0.22, 0.42)
            self_light = mix(canvas.palette.sky[1], colour, rng.uniform(0.25, 0.6))
            width = canvas.width / 80
            canvas.draw.polygon(
                [(x, bottom), (x + width, bottom), (x + width * 0.7, top), (x + width * 0.4, top)],
                fill=self_light,
            )


def _draw_rainbow(canvas: Canvas) -> None:
    """Draw a wide bow away from the sun."""
    x = canvas.width * (0.5 - canvas.sun * 0.18)
    radius = canvas.unit * 0.62
    colours = (
        (214, 84, 74),
        (236, 148, 72),
        (244, 208, 96),
        (120, 178, 110),
        (88, 140, 200),
        (132, 106, 178),
    )
    thick = canvas.unit * 0.018
    for index, colour in enumerate(colours):
        reach = radius - index * thick
        box = (x - reach, canvas.horizon - reach, x + reach, canvas.horizon + reach)
        pale = mix(colour, canvas.palette.sky[-2], 0.2 if canvas.flat else 0.48)
        canvas.draw.arc(box, 180, 360, fill=pale, width=round(thick * 1.05))


def _draw_body(canvas: Canvas) -> None:
    """Draw the sun's or the moon's disc with its halo."""
    if canvas.body is None:
        return
    x, y = canvas.body
    named = any(one.kind in {"sun", "moon"} for one in canvas.reading.subjects)
    radius = canvas.unit * ((0.125 if canvas.flat else 0.062) + (0.03 if named else 0.0))
    colour = canvas.palette.glow
    if canvas.setting.light == "neon":
        _draw_banded_sun(canvas, x, y, radius * 1.5)
        return
    if not canvas.flat:
        halo = 0.34 if canvas.setting.light == "night" else 0.42
        canvas.glows.append(Glow(x=x, y=y, radius=radius * 6.5, colour=colour, strength=halo))
    canvas.draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    if canvas.setting.light == "night":
        _draw_craters(canvas, x, y, radius)


def _draw_craters(canvas: Canvas, x: float, y: float, radius: float) -> None:
    """Give the moon its grey seas."""
    grey = mix(canvas.palette.glow, canvas.palette.sky[-1], 0.28)
    for dx, dy, size in (
        (-0.3, -0.25, 0.28),
        (0.28, 0.05, 0.2),
        (-0.1, 0.42, 0.24),
        (0.36, -0.42, 0.12),
    ):
        cx, cy, r = x + dx * radius, y + dy * radius, size * radius
        canvas.draw.ellipse((cx - r, cy - r * 0.9, cx + r, cy + r * 0.9), fill=grey)


def _draw_banded_sun(canvas: Canvas, x: float, y: float, radius: float) -> None:
    """Draw a disc cut into stripes."""
    canvas.draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=canvas.palette.glow)
    for step in range(5):
        top = y + radius * (0.05 + step * 0.2)
        gap = radius * (0.03 + step * 0.02)
        canvas.draw.rectangle((x - radius, top, x + radius, top + gap), fill=canvas.palette.sky[-2])


def _draw_clouds(canvas: Canvas) -> None:
    """Draw clouds as the weather asks for them."""
    rng, weathers = canvas.rng, set(canvas.reading.weathers)
    heavy = bool(weathers & {"storm", "rain"}) or canvas.setting.light == "storm"
    if canvas.setting.light in {"night", "neon"} and not heavy and "clouds" not in weathers:
        return
    count = 15 if heavy else (8 if "clouds" in weathers else 4)
    for index in range(count):
        high = rng.random()
        y = canvas.horizon * ((0.02 + 0.5 * high) if heavy else (0.14 + 0.6 * high))
        x = canvas.width * ((index + rng.uniform(0.0, 1.0)) / count)
        wide = canvas.unit * rng.uniform(0.16, 0.34) * (1.4 - high * 0.7) * (1.35 if heavy else 1.0)
        behind = ramp(canvas.palette.sky, y / canvas.horizon)
        if canvas.flat:
            _draw_flat_cloud(canvas, x, y, wide * 0.8, _tone_cloud(canvas, behind, heavy)[1])
        else:
            _draw_soft_cloud(canvas, x, y, wide, _tone_cloud(canvas, behind, heavy))


def _tone_cloud(canvas: Canvas, behind: RGB, heavy: bool) -> tuple[RGB, RGB, RGB]:
    """Return the shade, the body and the light of a cloud before a piece of sky."""
    palette = canvas.palette
    if heavy:
        body = mix(behind, palette.shadow, canvas.rng.uniform(0.25, 0.6))
        return mix(body, palette.shadow, 0.5), body, mix(body, palette.haze, 0.32)
    bright = mix(palette.light, WHITE, 0.4)
    body = mix(behind, bright, 0.5)
    return mix(behind, palette.shadow, 0.16), body, mix(behind, bright, 0.82)


def _draw_soft_cloud(
    canvas: Canvas, x: float, y: float, wide: float, tones: tuple[RGB, RGB, RGB]
) -> None:
    """Heap up puffs: shaded below, lit towards the sun."""
    rng = canvas.rng
    puffs = []
    for index in range(9):
        place = index / 8 - 0.5
        swell = 1 - (2 * place) ** 2
        radius = wide * (0.07 + 0.13 * swell) * rng.uniform(0.75, 1.15)
        puffs.append((x + place * wide, y - radius * rng.uniform(0.2, 0.9), radius))
    for tone, shift, factor in zip(tones, (0.16, 0.0, -0.22), (1.08, 1.0, 0.66), strict=True):
        for px, py, radius in puffs:
            r = radius * factor
            cx, cy = px + canvas.sun * radius * (0.2 if shift < 0 else 0), py + radius * shift
            canvas.draw.ellipse(
                (cx - r * 1.35, cy - r * 0.72, cx + r * 1.35, cy + r * 0.72), fill=tone
            )


def _draw_flat_cloud(canvas: Canvas, x: float, y: float, wide: float, colour: RGB) -> None:
    """Stack two or three bars with round ends."""
    rng = canvas.rng
    thick = wide * 0.11
    for level in range(rng.choice((2, 3))):
        half = wide * (0.5 - 0.13 * level) * rng.uniform(0.8, 1.1)
        cx, top = x + rng.uniform(-0.16, 0.16) * wide, y - level * thick * 0.96
        box = (cx - half, top, cx + half, top + thick)
        canvas.draw.rounded_rectangle(box, radius=thick / 2, fill=lift(colour, light=0.01 * level))


def _draw_lightning(canvas: Canvas) -> None:
    """Let a forked flash down on the side the focus leaves free."""
    rng = canvas.rng
    x = canvas.width * (0.5 + canvas.sun * rng.uniform(0.22, 0.32))
    y, low = canvas.horizon * 0.3, canvas.horizon * 0.96
    bolt: list[tuple[float, float]] = [(x, y)]
    while y < low:
        y += canvas.unit * rng.uniform(0.03, 0.07)
        x += canvas.unit * rng.uniform(-0.045, 0.045)
        bolt.append((x, min(y, low)))
    bright = mix(canvas.palette.glow, WHITE, 0.6)
    fork = bolt[len(bolt) // 2]
    twig = [fork]
    for _ in range(3):
        last = twig[-1]
        twig.append(
            (
                last[0] - canvas.sun * canvas.unit * rng.uniform(0.02, 0.05),
                last[1] + canvas.unit * rng.uniform(0.02, 0.05),
            )
        )
    canvas.draw.line(bolt, fill=bright, width=round(canvas.unit * 0.005), joint="curve")
    canvas.draw.line(twig, fill=bright, width=round(canvas.unit * 0.003), joint="curve")
    middle = bolt[len(bolt) // 3]
    light = Glow(x=middle[0], y=middle[1], radius=canvas.unit * 0.34, colour=bright, strength=0.4)
    canvas.glows.append(light)


def draw_mist(canvas: Canvas, strength: float) -> None:
    """Veil the distance: softly in gouache, in three flat bands on a poster.

    Args:
        canvas: with its backdrop drawn.
        strength: how much of it disappears where the mist is thickest, 0 to 1.
    """
    from PIL import Image

    middle, half = canvas.horizon - canvas.unit * 0.02, canvas.unit * 0.2
    steps = 6 if canvas.flat else 48
    veil = Image.new("L", (1, steps))
    for step in range(steps):
        near = 1 - abs((step + 0.5) / steps * 2 - 1)
        veil.putpixel((0, step), round(255 * strength * near))
    box = (0, round(middle - half), canvas.width, round(middle + half))
    size = (box[2] - box[0], box[3] - box[1])
    smooth_or_flat = Image.Resampling.NEAREST if canvas.flat else Image.Resampling.BILINEAR
    pale = mix(canvas.palette.haze, WHITE, 0.25)
    canvas.image.paste(pale, box, veil.resize(size, smooth_or_flat))
