"""What is known of picture bytes once they have been checked. Floor 3: opens no file."""

import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from promptflow.errors import PictureError

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PIXELS = 50_000_000
"""Beyond it bytes aren't decoded; 4 times what a current model paints (4096 by 3072)."""
_BEGINNING_BYTES = 65_536
"""How much of a PNG's pixels is unpacked, at most."""
_SIGNATURE_BYTES = 8
_CHUNK_FRAME_BYTES = 12
"""Length, kind and checksum around what a part of a PNG holds."""

_FORMATS = ("PNG", "JPEG", "WEBP")
_KINDS = {
    "PNG": ("image/png", "png"),
    "JPEG": ("image/jpeg", "jpg"),
    # A JPEG with further pictures behind it, as many telephones write.
    "MPO": ("image/jpeg", "jpg"),
    "WEBP": ("image/webp", "webp"),
}
"""Pillow's name of a format → (mime, extension)."""

_ACCEPTED = "A PNG, JPEG or WebP picture was expected."
_TOO_LARGE = (
    "The picture is too large: at most 50 megapixels are accepted, it has {}. Take a smaller one."
)

_filters_lock = threading.Lock()
"""Warning filters belong to the whole process: one at a time switches them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureFacts:
    """What decoding a picture told about it."""

    mime: str
    """``image/png``, ``image/jpeg`` or ``image/webp``."""
    extension: str
    """Without the dot: ``png``, ``jpg`` or ``webp``."""
    width_px: int
    height_px: int


def inspect_picture(data: bytes) -> PictureFacts:
    """Check that bytes are a whole picture and say what it is.

    The size is read from the header first, so that a small file that unfolds into gigabytes is
    turned away before it is decoded. JPEG and WebP are decoded to the last pixel. A PNG carries a
    checksum over every part, so each of them is compared and only its beginning decoded: 1 ms
    instead of 25 for a megapixel, in which eight models may finish at once.

    Args:
        data: an encoded PNG, JPEG or WebP of at most 50 megapixels.

    Returns:
        Its type by content, whatever its name said, and its size in pixels.

    Raises:
        PictureError: the bytes are empty, cut short, broken, too large, or something else.
    """
    with open_picture(data) as image:
        mime, extension = _KINDS[image.format or ""]
        width_px, height_px = image.size
        try:
            if image.format == "PNG":
                image.verify()
                _begin_png(data)
            else:
                image.load()
        except Exception as error:
            # Decoders meet hostile bytes with many types: OSError, SyntaxError, ValueError, zlib.error.
            message = (
                f"The {image.format} picture of {len(data)} bytes breaks off or is damaged. "
                "Ask for it again."
            )
            raise PictureError(message) from error
    return PictureFacts(mime=mime, extension=extension, width_px=width_px, height_px=height_px)


def _begin_png(data: bytes) -> None:
    """Unpack the beginning of a PNG's pixels; raises zlib.error or ValueError if they aren't any."""
    at = _SIGNATURE_BYTES
    while at + 8 <= len(data):
        length, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        if kind == b"IDAT":
            pixels = memoryview(data)[at + 8 : at + 8 + length]
            if zlib.decompressobj().decompress(pixels, _BEGINNING_BYTES):
                return
            break
        at += _CHUNK_FRAME_BYTES + length
    message = "no pixels"
    raise ValueError(message)


def open_picture(data: bytes) -> "Image":
    """Read the header of a picture and check its size; nothing is decoded yet.

    Args:
        data: an encoded PNG, JPEG or WebP of at most 50 megapixels.

    Returns:
        Pillow's picture, which the caller closes; its first one, where there are several.

    Raises:
        PictureError: the bytes are empty, too large, or something else.
    """
    if not data:
        raise PictureError(f"The picture has 0 bytes. {_ACCEPTED}")
    image = _read_header(data)
    width_px, height_px = image.size
    if width_px * height_px > MAX_PIXELS:
        raise PictureError(_TOO_LARGE.format(f"{width_px} by {height_px} pixels"))
    return image


@contextmanager
def without_warnings() -> Iterator[None]:
    """Keep to itself what Pillow says of odd pictures; for short work only, as others wait."""
    with _filters_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _read_header(data: bytes) -> "Image":
    from PIL import Image, UnidentifiedImageError

    try:
        with without_warnings():
            return Image.open(BytesIO(data), formats=_FORMATS)
    except Image.DecompressionBombError as error:
        raise PictureError(_TOO_LARGE.format("several times that")) from error
    except UnidentifiedImageError as error:
        raise PictureError(f"The {len(data)} bytes are no such picture. {_ACCEPTED}") from error
    except Exception as error:
        message = f"The header of the picture of {len(data)} bytes is damaged. {_ACCEPTED}"
        raise PictureError(message) from error
