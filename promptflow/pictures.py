"""Picture bytes checked, decoded, and made into smaller pictures. Floor 3: opens no file."""

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

THUMBNAIL_EDGE_PX = 512
MAX_THUMBNAIL_BYTES = 40_000
_THUMBNAIL_EDGES_PX = (THUMBNAIL_EDGE_PX, 384, 256, 160, 64)
_THUMBNAIL_QUALITIES = (80, 70, 60, 45, 30)
"""Tried from the first on, each size with each quality, until one is small enough: the first is for nearly
all pictures. 64 px have 16 kB even unencoded."""

_ACCEPTED = "A PNG, JPEG or WebP picture was expected."
_TOO_LARGE = (
    "The picture is too large: at most 50 megapixels are accepted, it has {}. Take a smaller one."
)

_ORIENTATION = 0x0112
"""EXIF's number for the way a camera was held."""

decoding = threading.Lock()
"""A picture of 50 megapixels takes up to 440 MB while it is decoded: one at a time."""
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
        with _decoded(image, data):
            if image.format == "PNG":
                image.verify()
                _begin_png(data)
            else:
                image.load()
    return PictureFacts(mime=mime, extension=extension, width_px=width_px, height_px=height_px)


@contextmanager
def _decoded(image: "Image", data: bytes) -> Iterator[None]:
    """Put into a sentence what decoders say.

    Raises:
        PictureError: the picture can't be decoded.
    """
    try:
        yield
    except Exception as error:
        # Decoders meet hostile bytes with many types: OSError, SyntaxError, ValueError, zlib.error.
        message = (
            f"The {image.format} picture of {len(data)} bytes breaks off or is damaged. "
            "Ask for it again."
        )
        raise PictureError(message) from error


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


def make_thumbnail(data: bytes) -> bytes:
    """Make a small picture of a picture, for pages that show many.

    About 30 ms for a megapixel. The same bytes always become the same bytes.

    Args:
        data: an encoded PNG, JPEG or WebP of at most 50 megapixels.

    Returns:
        An encoded WebP of at most 512 px and 40,000 bytes: upright, in sRGB, transparent where the
        picture is, without metadata. A smaller picture is not made larger.

    Raises:
        PictureError: the bytes are empty, cut short, broken, too large, or something else.
    """
    with open_picture(data) as image, _decoded(image, data):
        with decoding:
            small = decode_small(image, THUMBNAIL_EDGE_PX)
        return _encode_thumbnail(small)


def _encode_thumbnail(image: "Image") -> bytes:
    from PIL.Image import Resampling

    encoded = b""
    for edge_px in _THUMBNAIL_EDGES_PX:
        image.thumbnail((edge_px, edge_px), Resampling.LANCZOS)
        for quality in _THUMBNAIL_QUALITIES:
            # What is transparent by shades is kept exactly otherwise, at any size.
            encoded = write_plain(image, "WEBP", quality=quality, alpha_quality=quality)
            if len(encoded) <= MAX_THUMBNAIL_BYTES:
                return encoded
    return encoded


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


def decode_small(image: "Image", edge_px: int) -> "Image":
    """Decode a picture as it is meant to be seen: upright, in sRGB, no larger than asked.

    It takes the memory of the whole picture, unless it is a JPEG: hold `decoding` meanwhile.

    Args:
        image: as `open_picture` returns it; its first picture is taken where there are several.
        edge_px: its longer side at most; a smaller picture keeps its size.

    Returns:
        RGB, or RGBA where something is transparent.
    """
    image.draft(None, (edge_px, edge_px))
    return _to_srgb(_turn_upright(shrink(image, edge_px), _read_orientation(image)))


def shrink(image: "Image", edge_px: int) -> "Image":
    """Decode a picture as `decode_small` does, but leave it as it lies and in its own colours.

    Args:
        image: as `open_picture` returns it.
        edge_px: its longer side at most.
    """
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


def write_plain(image: "Image", kind: str, **options: int) -> bytes:
    """Encode a picture and nothing else: Pillow would write down some of what it read.

    Args:
        image: rid of its metadata here.
        kind: Pillow's name of the format.
        options: of that format's encoder.
    """
    image.info.clear()
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()
