"""Draws a picture from the words of a prompt: by code, not by an AI model. Floor 4."""

from typing import TYPE_CHECKING, Literal

from promptflow.providers.offline_words import hash_text

if TYPE_CHECKING:
    from PIL.Image import Image

Manner = Literal["gouache", "poster"]


def render_scene(prompt: str, *, manner: Manner, aspect_ratio: str, seed: int) -> "Image":
    """Draw a picture from the words of a prompt."""
    from PIL import Image

    w, h = (int(x) for x in aspect_ratio.split(":"))
    size = (1024, round(1024 * h / w / 8) * 8) if w >= h else (round(1024 * w / h / 8) * 8, 1024)
    n = hash_text(f"{prompt}{seed}{manner}")
    return Image.new("RGB", size, (n & 255, n >> 8 & 255, n >> 16 & 255))
