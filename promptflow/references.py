"""Pictures that people send along with a request, made fit to be kept and sent on. Floor 3.

What leaves here is small, upright, in sRGB and says nothing of where and by whom it was taken. The same
bytes always become the same bytes, so that the same picture sent again is the same asset.
"""

import math
import threading
from io import BytesIO
from typing import TYPE_CHECKING

from promptflow.catalog.excerpts import excerpt
from promptflow.catalog.limits import MAX_REFERENCE_BYTES
from promptflow.errors import InputError, PictureError
from promptflow.pictures import open_picture, without_warnings
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
_ORIENTATION = 0x0112
"""EXIF's number for the way a camera was held."""

_decoding = threading.Lock()
"""A picture of 50 megapixels takes up to 440 MB while it is decoded: one at a time."""


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
        with _decoding, open_picture(data) as image:
            image.draft(None, (MAX_EDGE_PX, MAX_EDGE_PX))
            exact = image.format == "PNG"
            ready = _turn_upright(_shrink(image, MAX_EDGE_PX), _read_orientation(image))
            return _encode(_to_srgb(ready), exact=exact)
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
        small = _shrink(image, edge_px).convert("RGBA")
        return _write(ImageOps.pad(small, (edge_px, edge_px), color=(0, 0, 0, 0)), "PNG")


def _refusal(name: str, why: str) -> str:
    return f"The reference image {excerpt(name)} can't be used. {why}"


def _shrink(image: "Image", edge_px: int) -> "Image":
    """Decode a picture, in eight bits a channel and with all its colours, no larger than allowed."""
    from PIL.Image import Resampling

    image.load()
    plain = _widen(image)
    # Transparent colours don't bleed: Pillow weighs colours by their alpha.
    plain.thumbnail((edge_px, edge_px), Resampling.LANCZOS)
    return plain


def _widen(image: "Image") -> "Image":
    """Take a picture out of palettes, single bits and sixteen bits, none of which can be resampled."""
    if image.mode.startswith("I"):
        # Pillow cuts sixteen bits off at 255 instead of dividing them.
        return image.point(lambda value: value / 256).convert("L")
    if image.mode in {"RGB", "RGBA", "L", "CMYK"} and "transparency" not in image.info:
        return image
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _read_orientation(image: "Image") -> int:
    """Read which way up a picture is, 1 to 8; what can't be read is taken as upright."""
    try:
        with without_warnings():
            return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - metadata is thrown away: broken metadata spoils no picture
        return 1


def _turn_upright(image: "Image", orientation: int) -> "Image":
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    return image.transpose(turns[orientation]) if orientation in turns else image


def _to_srgb(image: "Image") -> "Image":
    """Return RGB, or RGBA where something is transparent, in the colours of the profile if it has one."""
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    colours = image.convert("RGB") if image.mode == "RGBA" else image
    colours = _apply_profile(colours, image.info.get("icc_profile")).convert("RGB")
    if alpha is not None and alpha.getextrema() != (255, 255):
        colours.putalpha(alpha)
    return colours


def _apply_profile(image: "Image", profile: object) -> "Image":
    """Bring a picture into sRGB; one whose profile is broken or another's is taken as it is."""
    from PIL import ImageCms

    if not isinstance(profile, bytes):
        return image
    try:
        converted = ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            outputMode="RGB",
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image
    return converted or image


def _encode(image: "Image", *, exact: bool) -> Reference:
    clear = image.mode == "RGBA"
    if exact or clear:
        data = _write(image, "PNG")
        if len(data) <= _MOST_BYTES:
            return Reference(data=data, mime="image/png")
    kind = "WEBP" if clear else "JPEG"
    return Reference(data=_write_small(image, kind), mime=f"image/{kind.lower()}")


def _write_small(image: "Image", kind: str) -> bytes:
    """Encode a picture as well as it fits: first the quality goes down, then the size."""
    from PIL.Image import Resampling

    data = b""
    for quality in _QUALITIES:
        data = _write(image, kind, quality=quality)
        if len(data) <= _MOST_BYTES:
            return data
    while len(data) > _MOST_BYTES:
        fit = math.sqrt(_MOST_BYTES / len(data))
        edge_px = int(max(image.size) * fit * _MARGIN)
        image.thumbnail((edge_px, edge_px), Resampling.LANCZOS)
        data = _write(image, kind, quality=_QUALITIES[-1])
    return data


def _write(image: "Image", kind: str, **options: int) -> bytes:
    """Encode a picture and nothing else: Pillow would write down some of what it read."""
    image.info.clear()
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()
