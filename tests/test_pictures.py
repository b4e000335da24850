"""What counts as a picture, and what is turned away."""

import struct
import warnings
import zlib
from io import BytesIO

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from promptflow.errors import PictureError
from promptflow.pictures import PictureFacts, inspect_picture


def encode(kind: str, size: tuple[int, int] = (7, 5)) -> bytes:
    """Encode a small gradient, which no format can store in a byte or two."""
    image = Image.linear_gradient("L").resize(size).convert("RGB")
    file = BytesIO()
    image.save(file, kind)
    return file.getvalue()


def png_header(width_px: int, height_px: int) -> bytes:
    """Return a PNG that promises a size and holds no pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    header = struct.pack(">IIBBBBB", width_px, height_px, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("kind", "mime", "extension"),
    [("PNG", "image/png", "png"), ("JPEG", "image/jpeg", "jpg"), ("WEBP", "image/webp", "webp")],
)
def test_png_jpeg_and_webp_are_described(kind: str, mime: str, extension: str) -> None:
    """A picture of an accepted format is described by what is in it."""
    assert inspect_picture(encode(kind)) == PictureFacts(
        mime=mime, extension=extension, width_px=7, height_px=5
    )


def test_empty_bytes_are_refused() -> None:
    """Nothing at all is not a picture."""
    with pytest.raises(PictureError, match="has 0 bytes"):
        inspect_picture(b"")


@pytest.mark.parametrize(
    "data", [b"{}", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\x00" * 99]
)
def test_bytes_that_are_no_picture_are_refused(data: bytes) -> None:
    """Text and noise are refused with a word on what was expected."""
    with pytest.raises(PictureError, match="A PNG, JPEG or WebP picture was expected"):
        inspect_picture(data)


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "ICO"])
def test_other_formats_are_refused(kind: str) -> None:
    """A sound picture of another format is refused."""
    with pytest.raises(PictureError, match="A PNG, JPEG or WebP picture was expected"):
        inspect_picture(encode(kind, (16, 16)))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_half_a_picture_is_refused(kind: str) -> None:
    """A picture that breaks off in the middle is refused."""
    data = encode(kind, (64, 64))

    with pytest.raises(PictureError, match=r"damaged|no such picture"):
        inspect_picture(data[: len(data) // 2])


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_cut_anywhere_is_either_fine_or_a_picture_error(kind: str) -> None:
    """Wherever a picture is cut, the only error is PictureError."""
    data = encode(kind, (16, 16))

    refused = 0
    for length in range(1, len(data)):
        try:
            inspect_picture(data[:length])
        except PictureError:
            refused += 1

    assert refused > len(data) // 2


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_damaged_byte_anywhere_is_either_fine_or_a_picture_error(kind: str) -> None:
    """Whichever byte is damaged, the only error is PictureError."""
    data = encode(kind, (16, 16))

    inspected = 0
    for place in range(len(data)):
        try:
            inspect_picture(data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :])
        except PictureError:
            continue
        finally:
            inspected += 1

    assert inspected == len(data)


def test_a_picture_beyond_fifty_megapixels_is_refused_unread() -> None:
    """The size in the header is enough to refuse; the pixels are never unfolded."""
    with pytest.raises(
        PictureError, match="at most 50 megapixels are accepted, it has 10000 by 5001"
    ):
        inspect_picture(png_header(10_000, 5_001))


@pytest.mark.parametrize("size", [(10_000, 9_999), (20_000, 20_000)])
def test_a_bomb_that_pillow_warns_of_is_refused_silently(size: tuple[int, int]) -> None:
    """Sizes at which Pillow itself warns or raises are refused in our own words."""
    with warnings.catch_warnings(record=True) as leaked:
        warnings.simplefilter("always")

        with pytest.raises(PictureError, match="at most 50 megapixels"):
            inspect_picture(png_header(*size))

    assert leaked == []


def test_a_promise_of_pixels_that_are_not_there_is_refused() -> None:
    """A header without the pixels it promises is a damaged picture."""
    with pytest.raises(PictureError, match="breaks off or is damaged"):
        inspect_picture(png_header(100, 100))


def test_warnings_of_the_decoder_stay_inside() -> None:
    """A picture with broken metadata is fine, and nobody is warned."""
    file = BytesIO()
    Image.new("RGB", (3, 3)).save(file, "JPEG", exif=b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x09")
    with warnings.catch_warnings(record=True) as leaked:
        warnings.simplefilter("always")

        facts = inspect_picture(file.getvalue())

    assert facts.mime == "image/jpeg"
    assert leaked == []


def test_a_text_bomb_in_a_png_is_refused() -> None:
    """A PNG whose text unfolds into many megabytes is refused."""
    info = PngInfo()
    info.add_text("comment", "a" * 70_000_000, zip=True)
    file = BytesIO()
    Image.new("RGB", (3, 3)).save(file, "PNG", pnginfo=info)

    with pytest.raises(PictureError, match="damaged"):
        inspect_picture(file.getvalue())


def test_a_png_that_speaks_of_its_own_parts_is_a_picture() -> None:
    """The name of a part inside a comment isn't taken for the part."""
    comment = PngInfo()
    comment.add_text("Comment", "see the IDAT chunk")
    file = BytesIO()
    Image.new("RGB", (7, 5), "teal").save(file, "PNG", pnginfo=comment)

    assert inspect_picture(file.getvalue()).width_px == 7


def test_a_png_whose_pixels_are_none_is_refused() -> None:
    """Right checksums around bytes that don't unpack make no picture."""
    body = b"these are no pixels"
    chunk = struct.pack(">I", len(body)) + b"IDAT" + body
    chunk += struct.pack(">I", zlib.crc32(b"IDAT" + body))
    end = struct.pack(">I", 0) + b"IEND" + struct.pack(">I", zlib.crc32(b"IEND"))

    with pytest.raises(PictureError, match="breaks off or is damaged"):
        inspect_picture(png_header(7, 5)[:33] + chunk + end)
