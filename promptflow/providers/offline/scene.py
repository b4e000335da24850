"""Draws a picture from the words of a prompt: by code, not by an AI model. Floor 4."""

import random
from typing import TYPE_CHECKING, Literal

from promptflow.providers.offline.abstract import draw_abstract
from promptflow.providers.offline.canvas import Canvas
from promptflow.providers.offline.colour import choose_palette
from promptflow.providers.offline.distance import draw_backdrop
from promptflow.providers.offline.land import draw_land
from promptflow.providers.offline.layout import draw_subjects
from promptflow.providers.offline.rooms import (
    draw_space,
    draw_table,
    draw_underwater,
)
from promptflow.providers.offline.setting import Setting, choose_setting
from promptflow.providers.offline.sky import draw_mist, draw_sky, draw_sparks
from promptflow.providers.offline.water import draw_water
from promptflow.providers.offline.words import Reading, hash_text, read_words

if TYPE_CHECKING:
    from PIL.Image import Image

Manner = Literal["gouache", "poster"]

LONGEST_PX = 1024
_STEP_PX = 8
_RATIO = 2
"""Canvas pixels to one of the picture: shapes are drawn large, so that their edges are clean."""
_HORIZONS = {"bird's-eye view": 0.3, "low angle": 0.8, "wide view": 0.62, "close-up": 0.6}


def render_scene(prompt: str, *, manner: Manner, aspect_ratio: str, seed: int) -> "Image":
    """Draw a picture from the words of a prompt, always the same one.

    Args:
        prompt: anything; what the vocabulary does not know becomes an abstract picture.
        manner: ``gouache`` or ``poster``.
        aspect_ratio: width to height, e.g. ``16:9``.
        seed: 0 to 2,147,483,647; moves and varies what is drawn.

    Returns:
        An RGB picture whose longest side is 1,024 px.
    """
    from promptflow.providers.offline.finish import brush_over, finish_gouache, finish_poster

    reading = read_words(prompt)
    setting = choose_setting(reading)
    grain = hash_text(f"{prompt}|{aspect_ratio}|{seed}") % 2**32
    size = measure_picture(aspect_ratio)
    canvas = _prepare(reading, setting, manner, size, grain)
    _draw_setting(canvas)
    if manner == "gouache":
        brush_over(canvas, ratio=_RATIO, seed=grain)
    draw_sparks(canvas)
    draw_subjects(canvas)
    finish = finish_gouache if manner == "gouache" else finish_poster
    return finish(canvas, ratio=_RATIO, seed=grain)


def measure_picture(aspect_ratio: str) -> tuple[int, int]:
    """Return the size of a picture of this shape.

    Args:
        aspect_ratio: width to height, e.g. ``16:9``.

    Returns:
        Width and height in pixels, multiples of 8, the longer one 1,024.
    """
    wide, high = (int(part) for part in aspect_ratio.split(":"))
    longest = max(wide, high)
    return (
        max(_STEP_PX, round(LONGEST_PX * wide / longest / _STEP_PX) * _STEP_PX),
        max(_STEP_PX, round(LONGEST_PX * high / longest / _STEP_PX) * _STEP_PX),
    )


def _prepare(
    reading: Reading, setting: Setting, manner: Manner, size: tuple[int, int], grain: int
) -> Canvas:
    """Lay out an empty canvas: horizon, light and the place of the focus."""
    from PIL import Image, ImageDraw

    rng = random.Random(grain)  # noqa: S311 - draws a picture, guards nothing
    image = Image.new("RGB", (size[0] * _RATIO, size[1] * _RATIO))
    side = rng.choice((-1.0, 1.0))
    horizon = _HORIZONS.get(setting.composition, 0.64) + rng.uniform(-0.02, 0.02)
    if setting.ground == "table":
        horizon = 0.6
    off = 0.0 if setting.composition in {"centred", "close-up"} else rng.uniform(0.13, 0.18)
    if size[0] < size[1]:
        off *= 0.6
    return Canvas(
        image=image,
        draw=ImageDraw.Draw(image),
        palette=choose_palette(reading, setting),
        setting=setting,
        reading=reading,
        rng=rng,
        flat=manner == "poster",
        sun=side,
        horizon=image.height * horizon,
        focus_x=image.width * (0.5 - side * off),
    )


def _draw_setting(canvas: Canvas) -> None:
    """Draw everything but the subjects."""
    match canvas.setting.ground:
        case "abstract":
            draw_abstract(canvas)
        case "space":
            draw_space(canvas)
        case "underwater":
            draw_underwater(canvas)
        case "table":
            draw_sky(canvas)
            draw_table(canvas)
        case "sea" | "beach" | "lake":
            _draw_distance(canvas)
            draw_water(canvas)
        case "river":
            _draw_distance(canvas)
            draw_land(canvas)
            draw_water(canvas)
        case _:
            _draw_distance(canvas)
            draw_land(canvas)


def _draw_distance(canvas: Canvas) -> None:
    """Draw the sky and what stands along the horizon."""
    draw_sky(canvas)
    draw_backdrop(canvas)
    if "fog" in canvas.reading.weathers:
        draw_mist(canvas, 0.85)
    elif canvas.setting.light == "dawn":
        draw_mist(canvas, 0.5)
