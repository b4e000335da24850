"""Pictures that people send along with a request, made fit to be kept and sent on. Floor 3.

What leaves here is small, upright, in sRGB and says nothing of where and by whom it was taken. The same
bytes always become the same bytes, so that the same picture sent again is the same asset.
"""

import math
from typing import TYPE_CHECKING

from promptflow.catalog.excerpts import excerpt
from promptflow.catalog.limits import MAX_REFERENCE_BYTES
from promptflow.errors import InputError, PictureError
from promptflow.pictures import decode_small, decoding, open_picture, shrink, write_plain
from promptflow.ports import Reference

if TYPE_CHECKING:
    from PIL.Image import Image

FIELD = "reference_images"
MAX_EDGE_PX = 2_048
"""Models see no more of a picture, and every call carries it."""
_MOST_BYTES = 1_750_000
"""Eight of them, in base64, still fit into one request to Google, which may have about 20 MB.

Source: Gemini API documentation, https://aistudio.google.com/docs, read 2026-11-23.
"""
_QUALITIES = (92, 85, 75)
"""Of JPEG and WebP, the first that is small enough, or else the last; at 92 no loss is seen."""
_MARGIN = 0.95
"""How much shorter the sides of a picture become than would do if it took bytes by its pixels alone."""


def prepare_reference(data: bytes, *, name: str) -> Reference:
    """Check a picture that someone sent, and make it fit to go along with a request.

    It is decoded whole, its first picture where there are several, turned upright, brought to sRGB and
    at most 2,048 px, and written anew without anything but its pixels. What came as PNG, and what is
    transparent, stays exact as PNG where that is small: drawings, screenshots and cut-outs, whose edges
    JPEG would smear. Everything else becomes JPEG, or WebP where there is transparency, at a quality
    and in a size in which eight of them fit into one request.

    Args:
        data: an encoded PNG, JPEG or WebP by content, whatever its name says; at most 20 MB and 50
            megapixels.
        name: its file name, for messages.

    Returns:
        A picture fit to be stored and sent to models.

    Raises:
        InputError: it can't be used; the message quotes the name.
    """
    if len(data) > MAX_REFERENCE_BYTES:
        why = f"It has {len(data):,} bytes; at most {MAX_REFERENCE_BYTES:,} are accepted."
        raise InputError(FIELD, _refusal(name, why))
    try:
        with open_picture(data) as image:
            exact = image.format == "PNG"
            with decoding:
                small = decode_small(image, MAX_EDGE_PX)
            # Noise takes seconds to be made to fit, and little memory: no one else has to wait.
            return _encode(small, exact=exact)
    except PictureError as error:
        raise InputError(FIELD, _refusal(name, error.message)) from error
    except Exception as error:
        # Decoders meet hostile bytes with many types: OSError, SyntaxError, ValueError, zlib.error.
        why = "It breaks off or is damaged; save it anew and send that."
        raise InputError(FIELD, _refusal(name, why)) from error


def make_preview(reference: Reference, *, edge_px: int) -> bytes:
    """Make a small picture of a reference, to show which one it is.

    Args:
        reference: as `prepare_reference` returns it.
        edge_px: both sides, so that several stand in line.

    Returns:
        An encoded PNG, the reference in its middle, transparent beside it.
    """
    from PIL import ImageOps

    with open_picture(reference.data) as image:
        image.draft(None, (edge_px, edge_px))
        small = shrink(image, edge_px).convert("RGBA")
        return write_plain(ImageOps.pad(small, (edge_px, edge_px), color=(0, 0, 0, 0)), "PNG")


def _refusal(name: str, why: str) -> str:
    return f"The reference image {excerpt(name)} can't be used. {why}"


def _encode(image: "Image", *, exact: bool) -> Reference:
    clear = image.mode == "RGBA"
    if exact or clear:
        data = write_plain(image, "PNG")
        if len(data) <= _MOST_BYTES:
            return Reference(data=data, mime="image/png")
    kind = "WEBP" if clear else "JPEG"
    return Reference(data=_write_small(image, kind), mime=f"image/{kind.lower()}")


def _write_small(image: "Image", kind: str) -> bytes:
    """Encode a picture as well as it fits: first the quality goes down, then the size."""
    from PIL.Image import Resampling

    data = b""
    for quality in _QUALITIES:
        data = write_plain(image, kind, quality=quality)
        if len(data) <= _MOST_BYTES:
            return data
    while len(data) > _MOST_BYTES:
        fit = math.sqrt(_MOST_BYTES / len(data))
        edge_px = int(max(image.size) * fit * _MARGIN)
        image.thumbnail((edge_px, edge_px), Resampling.LANCZOS)
        data = write_plain(image, kind, quality=_QUALITIES[-1])
    return data
