"""Pictures to send and to be sent, made with the standard library: whole ones and broken ones."""

import base64
import struct
import zlib

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_RGB, _GRAY_ALPHA, _RGBA = 2, 4, 6

JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACgcHiMeGSgjISMtKygwPGRBPDc3PHtYXUlkkYCZlo+AjIqgtObDoKra"
    "rYqMyP/L2u71////m8H////6/+b9//j/wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAABP/EABQQAQAA"
    "AAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AO//Z"
)
"""A JPEG of 1 by 1 pixel."""

WEBP = base64.b64decode(
    "UklGRjIAAABXRUJQVlA4ICYAAABwAQCdASoBAAEAB0CWJaACdAFAAAD+u7eqqev1rfUTsRxl0AAAAA=="
)
"""A WebP of 1 by 1 pixel."""

NOT_A_PICTURE = b"<html><body>502 Bad Gateway</body></html>"
"""Bytes that pass for a picture only until someone decodes them."""


def make_png(
    width_px: int = 1,
    height_px: int = 1,
    *,
    rgb: tuple[int, int, int] = (200, 80, 40),
    alpha: int | None = None,
) -> bytes:
    """Paint a PNG of one colour.

    Args:
        width_px: at least 1.
        height_px: at least 1.
        rgb: red, green and blue, 0 to 255 each; another colour makes other bytes.
        alpha: 0 (see-through) to 255; None for a picture without an alpha channel.

    Returns:
        The encoded picture, a few kilobytes even at 3840 by 2160.
    """
    pixel = bytes((*rgb, *(() if alpha is None else (alpha,))))
    kind = _RGB if alpha is None else _RGBA
    header = struct.pack(">IIBBBBB", width_px, height_px, 8, kind, 0, 0, 0)
    rows = (b"\x00" + pixel * width_px) * height_px
    return b"".join(
        (
            _PNG_SIGNATURE,
            _chunk(b"IHDR", header),
            _chunk(b"IDAT", zlib.compress(rows)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(name: bytes, data: bytes) -> bytes:
    """Wrap data as a PNG wants it: length, name, data, checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def cut_picture(picture: bytes) -> bytes:
    """Return the first two thirds of a picture: its header is right, its end is missing."""
    return picture[: len(picture) * 2 // 3]


def encode_base64(data: bytes) -> str:
    """Encode bytes as both APIs send them."""
    return base64.b64encode(data).decode("ascii")


def encode_truncated(data: bytes) -> str:
    """Encode bytes and lose the end, so that no decoder accepts the rest."""
    whole = encode_base64(data)
    return whole[: len(whole) // 2 // 4 * 4 + 1]


def detect_mime(data: bytes) -> str | None:
    """Return the type of a picture by its first bytes: PNG, JPEG or WebP, or None."""
    if data.startswith(_PNG_SIGNATURE):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return None


def read_png_header(data: bytes) -> tuple[int, int, bool]:
    """Read a PNG's width, height, and whether it has an alpha channel.

    Args:
        data: bytes that `detect_mime` knows as a PNG, the header whole.

    Returns:
        Width in pixels, height in pixels, True where there is an alpha channel.
    """
    width_px, height_px, _depth, kind = struct.unpack(">IIBB", data[16:26])
    return width_px, height_px, kind in {_GRAY_ALPHA, _RGBA}
