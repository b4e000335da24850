"""Sizes of pictures: which a model paints, and how many tokens one takes."""

import math
import re
from collections.abc import Sequence

from promptflow.catalog.cards import ImageModelCard, SizeRule, TokenRule
from promptflow.records import ImageParameters

AUTO_SIZE = "auto"
"""Leaves size and shape to a model that is asked for pixels.

Source: openai 3.54.0 for Python, openai/types/image_generate_params.py, read 2026-11-23.
"""
PLAIN_PIXELS = 1024 * 1024
"""About how large a picture is where only its shape was chosen."""
_OFFERED_PIXELS = tuple(times * PLAIN_PIXELS for times in (2, 4, 8))
"""About how large the sizes are that are offered besides."""
_TOLERANCE_PERCENT = 1
"""How far a size may be off its shape: few shapes have round numbers in steps of 16 px."""

_PIXELS = re.compile(r"([1-9][0-9]{1,4})x([1-9][0-9]{1,4})")


def read_pixels(size: str) -> tuple[int, int] | None:
    """Read a size in pixels.

    Args:
        size: e.g. ``1536x1024``.

    Returns:
        Width and height; ``None`` for what is no such size, as ``2K``.
    """
    found = _PIXELS.fullmatch(size)
    return (int(found[1]), int(found[2])) if found else None


def paints_pixels(card: ImageModelCard) -> bool:
    """Tell whether an image model is asked for sizes in pixels, and not for classes of them."""
    return card.size_rule is not None or any(map(read_pixels, card.sizes))


def accepts_size(card: ImageModelCard, size: str) -> bool:
    """Tell whether an image model paints a size.

    Args:
        card: of the image model.
        size: in pixels, `AUTO_SIZE` or a class, as in `ImageParameters.size`.
    """
    if size in card.sizes:
        return True
    if size == AUTO_SIZE:
        return paints_pixels(card)
    pixels = read_pixels(size)
    return bool(pixels and card.size_rule and _obeys(card.size_rule, *pixels))


def choose_pixels(card: ImageModelCard, aspect_ratio: str) -> str | None:
    """Choose the size in pixels for a shape, for models that are asked for pixels.

    Args:
        card: of the image model.
        aspect_ratio: one that it paints, e.g. ``16:9``.

    Returns:
        A listed size of exactly this shape, else that which the model's rule allows nearest to a
        megapixel; ``None`` for a model that is asked for a shape instead of pixels.
    """
    wide, high = map(int, aspect_ratio.split(":"))
    for size in card.sizes:
        pixels = read_pixels(size)
        if pixels and pixels[0] * high == pixels[1] * wide:
            return size
    if card.size_rule is None:
        return None
    allowed = _sizes_in_shape(card.size_rule, wide, high)
    return _write_pixels(_nearest(allowed, PLAIN_PIXELS)) if allowed else None


def list_sizes(card: ImageModelCard, aspect_ratio: str) -> tuple[str, ...]:
    """List sizes worth offering for a shape.

    Args:
        card: of the image model.
        aspect_ratio: one that it paints, e.g. ``16:9``.

    Returns:
        For a model that is asked for pixels the listed sizes in this shape and, where a rule allows
        more, those nearest to 1, 2, 4 and 8 megapixels; for others its classes. From small to large;
        empty for a model that can't be asked for a size.
    """
    standard = choose_pixels(card, aspect_ratio)
    if standard is None:
        return card.sizes
    sizes = [size for size in card.sizes if has_shape(size, aspect_ratio)] or [standard]
    if card.size_rule:
        wide, high = map(int, aspect_ratio.split(":"))
        allowed = _sizes_in_shape(card.size_rule, wide, high)
        sizes += [_write_pixels(_nearest(allowed, pixels)) for pixels in _OFFERED_PIXELS]
    return tuple(dict.fromkeys(sizes))


def has_shape(size: str, aspect_ratio: str) -> bool:
    """Tell whether a size has a shape, give or take a hundredth.

    Args:
        size: in pixels, `AUTO_SIZE` or a class; what is not in pixels has every shape.
        aspect_ratio: width to height, e.g. ``16:9``.
    """
    pixels = read_pixels(size)
    if pixels is None:
        return True
    wide, high = map(int, aspect_ratio.split(":"))
    across, down = pixels[0] * high, pixels[1] * wide
    return abs(across - down) * 100 <= down * _TOLERANCE_PERCENT


def documented_tokens(card: ImageModelCard, size: str | None) -> int | None:
    """Return the output tokens that one picture is documented to take.

    Args:
        card: of the image model.
        size: the class of sizes; ``None`` for the one that comes if none is asked for.

    Returns:
        Tokens; ``None`` where that is not documented.
    """
    if size is None:
        return card.picture_tokens[0].tokens if card.picture_tokens else None
    return next((each.tokens for each in card.picture_tokens if each.size == size), None)


def most_tokens(
    card: ImageModelCard, parameters: ImageParameters, aspect_ratio: str | None
) -> int | None:
    """Return the most output tokens that one picture can take.

    Args:
        card: of the image model.
        parameters: what is asked for; of what is left open, the dearest is taken.
        aspect_ratio: the shape, where it is known; else the dearest one is taken.

    Returns:
        Tokens; ``None`` where they are not documented. A class of sizes without a figure is taken
        to need at most what the next larger documented one does.
    """
    if card.token_rule:
        return max(_by_rule(card, card.token_rule, parameters, aspect_ratio), default=None)
    if parameters.size is None:
        return documented_tokens(card, None)
    if parameters.size not in card.sizes:
        return None
    larger = card.sizes[card.sizes.index(parameters.size) :]
    known = (documented_tokens(card, size) for size in larger)
    return next((tokens for tokens in known if tokens is not None), None)


def _by_rule(
    card: ImageModelCard, rule: TokenRule, parameters: ImageParameters, aspect_ratio: str | None
) -> list[int]:
    """Return the tokens of every picture that the parameters leave possible."""
    by_quality = {"low": rule.low, "medium": rule.medium, "high": rule.high}
    patches = by_quality.get(parameters.quality or "", max(by_quality.values()))
    ratios = (aspect_ratio,) if aspect_ratio else card.aspect_ratios
    sizes: list[str | None]
    match parameters.size:
        case None:
            sizes = [choose_pixels(card, ratio) for ratio in ratios]
        case size if size == AUTO_SIZE:
            # The model may choose another shape, too.
            sizes = [size for ratio in card.aspect_ratios for size in list_sizes(card, ratio)]
        case size:
            sizes = [size]
    pixels = [read_pixels(size) for size in sizes if size]
    return [_patch_tokens(patches, *found) for found in pixels if found]


def _patch_tokens(patches: int, width_px: int, height_px: int) -> int:
    """Return the output tokens of one picture of gpt-image-2.

    Source: OpenAI developer community, https://community.openai.com/t/1382699, read 2026-11-23.
    """
    long, short = max(width_px, height_px), min(width_px, height_px)
    across = (2 * patches * short + long) // (2 * long)
    return -(-patches * across * (2_000_000 + width_px * height_px) // 4_000_000)


def _sizes_in_shape(rule: SizeRule, wide: int, high: int) -> list[tuple[int, int]]:
    """Return every size of exactly a shape that a rule allows."""
    shared = math.gcd(wide, high)
    step_w, step_h = wide // shared * rule.multiple_px, high // shared * rule.multiple_px
    most = rule.max_edge_px // max(step_w, step_h)
    sizes = [(step_w * steps, step_h * steps) for steps in range(1, most + 1)]
    return [size for size in sizes if _obeys(rule, *size)]


def _nearest(sizes: Sequence[tuple[int, int]], pixels: int) -> tuple[int, int]:
    return min(sizes, key=lambda size: abs(size[0] * size[1] - pixels))


def _write_pixels(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def _obeys(rule: SizeRule, width_px: int, height_px: int) -> bool:
    long, short = max(width_px, height_px), min(width_px, height_px)
    return (
        not width_px % rule.multiple_px
        and not height_px % rule.multiple_px
        and long <= rule.max_ratio * short
        and long <= rule.max_edge_px
        and rule.min_pixels <= width_px * height_px <= rule.max_pixels
    )
