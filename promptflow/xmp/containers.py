"""The places for an XMP packet in PNG, JPEG and WebP files. Floor 3.

The places are those of Adobe's XMP Specification, part 3, 1.1.3 and 1.1.5, and of the WebP Container
Specification, https://developers.google.com/speed/webp/docs/riff_container. The sizes in WebP's own headers
are laid out as in RFC 6386 and RFC 9649.
"""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

from promptflow.errors import PictureError

_MOST_PACKET_BYTES = 4_000_000
"""A larger packet is passed over; those of picture editors with long histories have some 100 kB."""
_MOST_PARTS = 200_000
"""A picture of 1 GB in PNG chunks of 8 kB has fewer; beyond, a file only costs time."""

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEYWORD = b"XML:com.adobe.xmp\0"
_JPEG = b"\xff\xd8"
_JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_JPEG_EXIF = b"Exif\0"
_MOST_SEGMENT_BYTES = 65_502
"""What the specification leaves for a packet in a JPEG's segment."""
_APP0, _APP1, _SCAN, _END = 0xE0, 0xE1, 0xDA, 0xD9
_WEBP_HAS_XMP, _WEBP_HAS_ALPHA = 0x04, 0x10
_WEBP_FLAGS_AT = 8
"""Behind the kind and the length of an extended file's header, which comes first."""

_Span = tuple[int, int]
"""Where a part of the file begins and ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A picture's file, and the place for a packet in it."""

    data: bytes = field(repr=False)
    packet: bytes | None = field(repr=False)
    """The packet that is there, the first one if there are several."""
    place: int
    """Where the new packet goes."""
    old: tuple[_Span, ...]
    """Where packets are, in the order of the file; they go."""
    join: Callable[[bytes, bytes, bytes], bytes]
    """Puts the packet between what is before the place and what is behind it."""
    most_bytes: int = _MOST_PACKET_BYTES
    """The longest packet for which there is room."""

    def put(self, packet: bytes) -> bytes:
        """Return the file with a packet in the place of all that were there."""
        before, behind = self._cut(0, self.place), self._cut(self.place, len(self.data))
        return self.join(before, packet, behind)

    def _cut(self, start: int, end: int) -> bytes:
        """Return a part of the file without the old packets."""
        view, kept = memoryview(self.data), []
        for old_start, old_end in self.old:
            if start <= old_start < end:
                kept.append(view[start:old_start])
                start = old_end
        kept.append(view[start:end])
        return b"".join(kept)


def find_container(data: bytes) -> Container:
    """Find the place for a packet in a picture's file.

    Args:
        data: anything.

    Returns:
        The place, and the packet that is there.

    Raises:
        PictureError: the bytes are no PNG, JPEG or WebP, or break off before the place.
    """
    if data.startswith(_PNG):
        return _find_in_png(data)
    if data.startswith(_JPEG):
        return _find_in_jpeg(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _find_in_webp(data)
    message = (
        f"The {len(data)} bytes are no picture that can hold its lineage. A PNG, JPEG or WebP picture "
        "was expected."
    )
    raise PictureError(message)


def _find_in_png(data: bytes) -> Container:
    place = 0
    packet: bytes | None = None
    old: list[_Span] = []
    for kind, start, end in islice(_walk_png(data), _MOST_PARTS):
        if kind == b"IDAT" and not place:
            place = start
        if kind == b"iTXt" and data.startswith(_PNG_KEYWORD, start + 8):
            packet = packet or _unpack_png_text(data[start:end])
            old.append((start, end))
    if not place:
        raise PictureError(_breaks_off("PNG", data))
    # Before the pixels, so that a reader of streams meets it first.
    return Container(data=data, packet=packet, place=place, old=tuple(old), join=_join_png)


def _join_png(before: bytes, packet: bytes, behind: bytes) -> bytes:
    # Neither compressed nor of a language; the packet is UTF-8.
    content = b"iTXt" + _PNG_KEYWORD + b"\0\0\0\0" + packet
    length, check = len(content) - 4, zlib.crc32(content)
    return b"".join((before, length.to_bytes(4), content, check.to_bytes(4), behind))


def _walk_png(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield each chunk's kind, start and end, as far as they are whole."""
    at = len(_PNG)
    while at + 12 <= len(data):
        kind, end = data[at + 4 : at + 8], at + 12 + int.from_bytes(data[at : at + 4])
        if end > len(data):
            # What breaks off behind its beginning can hold a packet all the same.
            if kind == b"IDAT":
                yield kind, at, len(data)
            return
        yield kind, at, end
        if kind == b"IEND":
            return
        at = end


def _unpack_png_text(chunk: bytes) -> bytes | None:
    """Return the packet in an iTXt chunk; ``None`` where it is damaged or too large."""
    if zlib.crc32(chunk[4:-4]) != int.from_bytes(chunk[-4:]):
        return None
    compressed, method, rest = chunk[26:27], chunk[27:28], chunk[28:-4]
    # Language, its translated keyword, text.
    _, first, rest = rest.partition(b"\0")
    _, second, text = rest.partition(b"\0")
    if not (first and second) or method != b"\0" or compressed not in {b"\0", b"\1"}:
        return None
    if compressed == b"\1":
        try:
            text = zlib.decompressobj().decompress(text, _MOST_PACKET_BYTES + 1)
        except zlib.error:
            return None
    return text if len(text) <= _MOST_PACKET_BYTES else None


def _find_in_jpeg(data: bytes) -> Container:
    place, first, whole = len(_JPEG), True, False
    packet: bytes | None = None
    old: list[_Span] = []
    for marker, start, end in islice(_walk_jpeg(data), _MOST_PARTS):
        whole = whole or marker == _SCAN
        exif = marker == _APP1 and data.startswith(_JPEG_EXIF, start + 4)
        # JFIF and Exif have to come first.
        first = first and (marker == _APP0 or exif)
        place = end if first else place
        if marker == _APP1 and data.startswith(_JPEG_XMP, start + 4):
            packet = packet or data[start + 4 + len(_JPEG_XMP) : end]
            old.append((start, end))
    if not whole:
        raise PictureError(_breaks_off("JPEG", data))
    return Container(
        data=data,
        packet=packet,
        place=place,
        old=tuple(old),
        join=_join_jpeg,
        most_bytes=_MOST_SEGMENT_BYTES,
    )


def _join_jpeg(before: bytes, packet: bytes, behind: bytes) -> bytes:
    length = 2 + len(_JPEG_XMP) + len(packet)
    head = bytes((0xFF, _APP1)) + length.to_bytes(2) + _JPEG_XMP
    return b"".join((before, head, packet, behind))


def _walk_jpeg(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield each segment's marker, start and end, up to the first scan."""
    at = len(_JPEG)
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            # A marker may be preceded by any number of these.
            at += 1
            continue
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4])
        if marker == _END or end < at + 4 or end > len(data):
            return
        yield marker, at, end
        if marker == _SCAN:
            return
        at = end


def _find_in_webp(data: bytes) -> Container:
    end_of_riff = 8 + int.from_bytes(data[4:8], "little")
    if end_of_riff > len(data):
        raise PictureError(_breaks_off("WebP", data))
    packet: bytes | None = None
    old: list[_Span] = []
    pictures = False
    for kind, start, end in islice(_walk_webp(data, end_of_riff), _MOST_PARTS):
        pictures = pictures or kind in {b"VP8 ", b"VP8L", b"ANMF"}
        if kind == b"XMP ":
            length = int.from_bytes(data[start + 4 : start + 8], "little")
            if length <= _MOST_PACKET_BYTES:
                packet = packet or data[start + 8 : start + 8 + length]
            old.append((start, end))
    if not pictures:
        raise PictureError(_breaks_off("WebP", data))
    if data[12:16] == b"VP8X":
        join = _join_webp
    else:
        join = partial(_join_webp, header=_make_webp_header(data))
    # At the end, where the specification has it.
    return Container(data=data, packet=packet, place=end_of_riff, old=tuple(old), join=join)


def _join_webp(before: bytes, packet: bytes, behind: bytes, *, header: bytes = b"") -> bytes:
    parts = bytearray(header + before[12:])
    parts[_WEBP_FLAGS_AT] |= _WEBP_HAS_XMP
    # A last chunk of odd length may lack its padding.
    parts += b"\0" * (len(parts) % 2)
    parts += b"XMP " + len(packet).to_bytes(4, "little") + packet + b"\0" * (len(packet) % 2)
    size = 4 + len(parts)
    return b"".join((b"RIFF", size.to_bytes(4, "little"), b"WEBP", parts, behind))


def _walk_webp(data: bytes, end_of_riff: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield each chunk's kind, start and end with its padding, as far as they are whole."""
    at = 12
    while at + 8 <= end_of_riff:
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + length > end_of_riff:
            return
        end = min(at + 8 + length + length % 2, end_of_riff)
        yield data[at : at + 4], at, end
        at = end


def _make_webp_header(data: bytes) -> bytes:
    """Make the header of an extended file from that of a simple one: its canvas, and whether it is clear.

    Raises:
        PictureError: there is no such header.
    """
    kind, head = data[12:16], data[20:30]
    if kind == b"VP8L" and len(head) == 10 and head[0] == 0x2F:
        bits = int.from_bytes(head[1:5], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        clear = bool(bits >> 28 & 1)
    elif kind == b"VP8 " and head[3:6] == b"\x9d\x01\x2a" and len(head) == 10:
        width = int.from_bytes(head[6:8], "little") & 0x3FFF
        height = int.from_bytes(head[8:10], "little") & 0x3FFF
        clear = False
    else:
        raise PictureError(_breaks_off("WebP", data))
    if not (width and height):
        raise PictureError(_breaks_off("WebP", data))
    flags = _WEBP_HAS_ALPHA if clear else 0
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"VP8X" + (10).to_bytes(4, "little") + bytes((flags, 0, 0, 0)) + canvas


def _breaks_off(kind: str, data: bytes) -> str:
    return (
        f"The {kind} picture of {len(data)} bytes breaks off or is damaged: its lineage can't be written "
        "into it. Ask for it again."
    )
