"""How many pixels to ask for, by the shape that is wanted."""

import re

# About one megapixel each, exactly in shape, and within what gpt-image-2 and newer accept: both edges
# divisible by 16, 1:3 to 3:1, 655,360 to 8,294,400 pixels. 1:1, 3:2 and 2:3 are the standard sizes, which
# earlier models and most compatible servers take as well.
# Source: openai 3.54.0 for Python, openai/types/image_generate_params.py, read 2026-11-23; the least and
# the most pixels are what users report.
SIZES = {
    "1:1": "1024x1024",
    "3:2": "1536x1024",
    "2:3": "1024x1536",
    "4:3": "1152x864",
    "3:4": "864x1152",
    "5:4": "1120x896",
    "4:5": "896x1120",
    "16:9": "1280x720",
    "9:16": "720x1280",
    "2:1": "1440x720",
    "1:2": "720x1440",
    "21:9": "1568x672",
    "9:21": "672x1568",
    "3:1": "1776x592",
    "1:3": "592x1776",
}
"""Aspect ratio → width × height in pixels."""

_PIXELS = re.compile(r"[1-9]\d{1,4}x[1-9]\d{1,4}")


def choose_size(aspect_ratio: str, size: str | None) -> str | None:
    """Choose the size to ask for.

    Args:
        aspect_ratio: e.g. ``16:9``.
        size: what was chosen: width × height in pixels or ``auto``; it goes before the shape.

    Returns:
        What to send; ``None`` where nothing fits: an unknown shape, or a class of sizes like ``2K``.
    """
    if size is None:
        return SIZES.get(aspect_ratio)
    return size if size == "auto" or _PIXELS.fullmatch(size) else None
