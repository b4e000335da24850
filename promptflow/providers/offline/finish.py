"""Turns a drawing into gouache or into a print: light, weather, brush, grain, paper. Floor 4."""

import math
import random
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from promptflow.providers.offline.canvas import Canvas
from promptflow.providers.offline.colour import mix
from promptflow.providers.offline.pen import Glow
from promptflow.providers.offline.vocabulary import RGB

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.float32]

_PAPER: RGB = (246, 240, 227)
_EDGE = 22
"""A difference between two pixels, of 255, that no stroke is drawn across."""


def brush_over(canvas: Canvas, *, ratio: int, seed: int) -> None:
    """Repaint the background in visible strokes that take their colours from it.

    Args:
        canvas: the drawing so far; it is changed.
        ratio: canvas pixels to one pixel of the picture.
        seed: of the strokes.
    """
    small = canvas.image.reduce(ratio)
    rng = np.random.default_rng(seed)
    upright = canvas.setting.ground in {"city", "table", "underwater"}
    horizon = canvas.horizon / ratio if upright else 0.0
    for count, long, thick in ((1700, 52, 13), (2600, 28, 7)):
        _lay_strokes(small, rng, count=count, long=long, thick=thick, upright_above=horizon)
    canvas.image.paste(small.resize(canvas.image.size, Image.Resampling.BILINEAR))


def _lay_strokes(
    image: Image.Image,
    rng: np.random.Generator,
    *,
    count: int,
    long: float,
    thick: int,
    upright_above: float = 0.0,
) -> None:
    """Lay strokes in the colours below them, and none across an edge.

    Args:
        image: what is painted over.
        rng: where they lie, how they lean, how their colour strays.
        count: how many on a picture of 1,024 px × 1,024 px.
        long: their length in pixels.
        thick: their width in pixels.
        upright_above: pixels from the top down to which strokes stand upright.
    """
    width, height = image.size
    pixels = np.asarray(image.filter(ImageFilter.BoxBlur(1))).astype(np.int16)
    amount = int(count * width * height / 1024**2)
    xs, ys = rng.integers(0, width, amount), rng.integers(0, height, amount)
    turns = rng.normal(0, 0.2, amount) + np.sin(xs / width * 5 + ys / height * 2) * 0.3
    turns = np.where(ys < upright_above, turns + math.pi / 2, turns)
    reach = long / 2 * rng.uniform(0.5, 1.15, amount)
    dx, dy = np.cos(turns) * reach, np.sin(turns) * reach
    tones = pixels[ys, xs]
    keep = np.ones(amount, dtype=np.bool_)
    for part in (-1.0, -0.5, 0.5, 1.0):
        px = np.clip(xs + dx * part, 0, width - 1).astype(np.intp)
        py = np.clip(ys + dy * part, 0, height - 1).astype(np.intp)
        keep &= np.abs(pixels[py, px] - tones).max(axis=1) < _EDGE
    strayed = tones + rng.integers(-7, 8, (amount, 1)) + rng.integers(-2, 3, (amount, 3))
    colours = np.clip(strayed, 0, 255)[keep].tolist()
    lines = np.stack([xs - dx, ys - dy, xs + dx, ys + dy], axis=1)[keep].tolist()
    draw = ImageDraw.Draw(image)
    for line, colour in zip(lines, colours, strict=True):
        draw.line(line, fill=tuple(colour), width=thick)


def finish_gouache(canvas: Canvas, *, ratio: int, seed: int) -> Image.Image:
    """Finish a drawing as a gouache on paper.

    Args:
        canvas: the drawing.
        ratio: canvas pixels to one pixel of the picture.
        seed: of grain, edges and brush.

    Returns:
        The picture.
    """
    small = canvas.image.reduce(ratio)
    rng = np.random.default_rng(seed)
    _lay_strokes(small, rng, count=5200, long=15, thick=4)
    chance = random.Random(seed)  # noqa: S311 - draws a picture, guards nothing
    small = _add_weather(small, canvas, chance)
    pixels = np.asarray(small, dtype=np.float32)
    pixels = _wobble(pixels, rng)
    pixels = _add_glows(pixels, canvas, ratio)
    pixels = _add_bristles(pixels, rng)
    pixels = _set_on_paper(pixels, rng)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def finish_poster(canvas: Canvas, *, ratio: int, seed: int) -> Image.Image:
    """Finish a drawing as a screen print with a margin.

    Args:
        canvas: the drawing.
        ratio: canvas pixels to one pixel of the picture.
        seed: of grain and register.

    Returns:
        The picture.
    """
    small = canvas.image.reduce(ratio)
    rng = np.random.default_rng(seed)
    chance = random.Random(seed)  # noqa: S311 - draws a picture, guards nothing
    small = _add_weather(small, canvas, chance)
    pixels = np.asarray(small, dtype=np.float32)
    pixels = _add_glows(pixels, canvas, ratio, steps=3)
    pixels = np.stack(
        [
            np.roll(pixels[..., 0], 1, axis=1),
            pixels[..., 1],
            np.roll(pixels[..., 2], -1, axis=0),
        ],
        axis=-1,
    )
    grain = _noise(pixels.shape[:2], 2, rng)
    pixels += (np.where(grain > 1.45, 9.0, 0.0) - np.where(grain < -1.6, 7.0, 0.0))[..., None]
    picture = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    return _set_in_margin(picture)


def _noise(
    shape: tuple[int, ...], cell: float, rng: np.random.Generator, *, across: float = 1.0
) -> "Pixels":
    """Return smooth noise about 0 with a spread of about 1.

    Args:
        shape: height and width.
        cell: the size of its spots in pixels.
        rng: where it comes from.
        across: how much wider than high the spots are.
    """
    height, width = shape[0], shape[1]
    rows = max(2, round(height / cell))
    columns = max(2, round(width / cell / across))
    coarse = rng.standard_normal((rows, columns), dtype=np.float32)
    if cell <= 1 and across <= 1:
        return coarse
    field = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(field, dtype=np.float32)


def _wobble(pixels: "Pixels", rng: np.random.Generator) -> "Pixels":
    """Move pixels about a little, so that no edge is drawn with a ruler."""
    height, width = pixels.shape[:2]
    dx = _noise((height, width), 26, rng) * 1.5 + _noise((height, width), 5, rng) * 0.7
    dy = _noise((height, width), 26, rng) * 1.5 + _noise((height, width), 5, rng) * 0.7
    rows = np.clip(np.arange(height, dtype=np.float32)[:, None] + dy, 0, height - 1).astype(np.intp)
    columns = np.clip(np.arange(width, dtype=np.float32)[None, :] + dx, 0, width - 1).astype(
        np.intp
    )
    return pixels[rows, columns]


def _add_glows(pixels: "Pixels", canvas: Canvas, ratio: int, *, steps: int = 0) -> "Pixels":
    """Lay the lights over the picture, softly, or in a few flat rings."""
    pixels = np.array(pixels)
    for glow in canvas.glows:
        if glow.beam:
            _add_beams(pixels, glow, ratio, canvas, flat=steps > 0)
            continue
        x, y, radius = glow.x / ratio, glow.y / ratio, glow.radius / ratio
        left, right = max(0, int(x - radius)), min(pixels.shape[1], int(x + radius) + 1)
        top, low = max(0, int(y - radius)), min(pixels.shape[0], int(y + radius) + 1)
        if left >= right or top >= low:
            continue
        ys = (np.arange(top, low, dtype=np.float32)[:, None] - y) / radius
        xs = (np.arange(left, right, dtype=np.float32)[None, :] - x) / radius
        fall = np.clip(1 - np.sqrt(xs * xs + ys * ys), 0, 1)
        fall = np.ceil(fall * steps) / steps * 0.22 if steps else fall * fall
        part = (fall * glow.strength)[..., None]
        patch = pixels[top:low, left:right]
        light = np.array(glow.colour, dtype=np.float32)
        pixels[top:low, left:right] = patch + (light - patch * light / 300) * part * 0.8
    return pixels


def _add_beams(pixels: "Pixels", glow: Glow, ratio: int, canvas: Canvas, *, flat: bool) -> None:
    """Lay two long beams of light over the picture."""
    height, width = pixels.shape[:2]
    mask = Image.new("L", (width, height), 0)
    draw = ImageDraw.Draw(mask)
    x, y, reach = glow.x / ratio, glow.y / ratio, glow.radius / ratio
    for side in (-1, 1):
        tilt = -0.1 * side * canvas.sun
        near, far = reach * 0.008, reach * 0.13
        end = (x + side * reach, y + tilt * reach)
        draw.polygon(
            [(x, y - near), (end[0], end[1] - far), (end[0], end[1] + far), (x, y + near)], fill=255
        )
    beam = (
        np.asarray(mask if flat else mask.filter(ImageFilter.GaussianBlur(3)), dtype=np.float32)
        / 255
    )
    distance = np.abs(np.arange(width, dtype=np.float32) - x)[None, :] / reach
    fade = np.clip(1 - distance, 0, 1) ** 1.2 if not flat else np.full_like(distance, 0.5)
    part = (beam * fade * glow.strength)[..., None]
    pixels += (np.array(glow.colour, dtype=np.float32) - pixels) * part


def _add_weather(small: Image.Image, canvas: Canvas, rng: random.Random) -> Image.Image:
    """Let it rain or snow over everything."""
    weathers = canvas.reading.weathers
    indoors = canvas.setting.ground in {"table", "space", "underwater", "abstract"}
    if indoors or not {"rain", "storm", "snowfall"} & set(weathers):
        return small
    mask = Image.new("L", small.size, 0)
    draw = ImageDraw.Draw(mask)
    if "snowfall" in weathers:
        _draw_flakes(draw, small.size, rng, flat=canvas.flat)
        colour = mix((255, 255, 255), canvas.palette.haze, 0.08)
    else:
        _draw_rain(draw, small.size, rng, flat=canvas.flat)
        colour = mix((240, 246, 250), canvas.palette.haze, 0.35)
    return Image.composite(Image.new("RGB", small.size, colour), small, mask)


def _draw_flakes(
    draw: ImageDraw.ImageDraw, size: tuple[int, int], rng: random.Random, *, flat: bool
) -> None:
    """Draw snowflakes in three sizes."""
    for _ in range(150 if flat else 300):
        x, y = rng.uniform(0, size[0]), rng.uniform(0, size[1])
        radius = rng.choice((1.3, 1.6, 2.2, 3.2, 4.6))
        draw.ellipse(
            (x - radius, y - radius, x + radius, y + radius),
            fill=rng.randint(150, 245) if not flat else 255,
        )


def _draw_rain(
    draw: ImageDraw.ImageDraw, size: tuple[int, int], rng: random.Random, *, flat: bool
) -> None:
    """Draw slanting streaks."""
    for _ in range(110 if flat else 330):
        x, y = rng.uniform(-60, size[0]), rng.uniform(-60, size[1])
        long = rng.uniform(22, 64)
        fill = 150 if flat else rng.randint(40, 120)
        draw.line((x, y, x - long * 0.24, y + long), fill=fill, width=rng.choice((1, 1, 2)))


def _add_bristles(pixels: "Pixels", rng: np.random.Generator) -> "Pixels":
    """Shade the paint with the marks of a brush and with pools of thicker colour."""
    shape = pixels.shape[:2]
    streaks = _noise(shape, 2.2, rng, across=16)
    pools = _noise(shape, 70, rng)
    return pixels * (1 + 0.018 * streaks + 0.022 * pools)[..., None]


def _set_on_paper(pixels: "Pixels", rng: np.random.Generator) -> "Pixels":
    """Leave an uneven margin of paper, with the grain of the sheet over everything."""
    height, width = pixels.shape[:2]
    margin = min(height, width) * 0.035
    ys = np.minimum(np.arange(height), height - 1 - np.arange(height)).astype(np.float32)[:, None]
    xs = np.minimum(np.arange(width), width - 1 - np.arange(width)).astype(np.float32)[None, :]
    edge = np.minimum(xs, ys) - margin
    edge = edge + _noise((height, width), 40, rng) * 1.6 + _noise((height, width), 5, rng) * 1.2
    cover = np.clip(edge / 1.6, 0, 1)
    dark = 1 - 0.1 * np.exp(-(((edge - 2.5) / 3.0) ** 2))
    paper = np.array(_PAPER, dtype=np.float32)
    coarse = _noise((math.ceil(height / 2), math.ceil(width / 2)), 1, rng)
    grain = np.repeat(np.repeat(coarse, 2, axis=0), 2, axis=1)[:height, :width]
    mixed: Pixels = paper + (pixels * dark[..., None] - paper) * cover[..., None]
    return mixed * (1 + 0.014 * grain)[..., None]


def _set_in_margin(picture: Image.Image) -> Image.Image:
    """Lay a margin of unprinted paper around a print."""
    width, height = picture.size
    margin = round(min(width, height) * 0.055)
    framed = Image.new("RGB", picture.size, _PAPER)
    inside = picture.crop((margin, margin, width - margin, height - margin))
    framed.paste(inside, (margin, margin))
    return framed
