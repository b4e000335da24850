"""What becomes of a picture where many are shown."""

import random
from collections.abc import Callable
from io import BytesIO

import pytest
from PIL import Image, ImageCms

from promptflow.errors import PictureError
from promptflow.pictures import MAX_THUMBNAIL_BYTES, inspect_picture, make_thumbnail
from tests.test_pictures import png_header

ORIENTATION = 0x0112


def encode(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """Encode a picture."""
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def make(data: bytes) -> Image.Image:
    """Make a thumbnail, see that it is one, and decode it."""
    thumbnail = make_thumbnail(data)
    facts = inspect_picture(thumbnail)
    assert facts.mime == "image/webp"
    assert max(facts.width_px, facts.height_px) <= 512
    assert len(thumbnail) <= MAX_THUMBNAIL_BYTES
    image = Image.open(BytesIO(thumbnail))
    image.load()
    return image


def noise(mode: str, size: tuple[int, int]) -> Image.Image:
    """Paint the worst that can come: every byte by chance, always the same."""
    count = size[0] * size[1] * len(mode)
    return Image.frombytes(mode, size, random.Random(7).randbytes(count))  # noqa: S311 - no secret


def flicker(size: tuple[int, int]) -> Image.Image:
    """Paint black and white, opaque and clear points by chance."""
    return noise("RGBA", size).point(lambda value: 255 if value > 127 else 0)


def near(image: Image.Image, place: tuple[int, int], colour: tuple[int, ...]) -> bool:
    """Say whether a point has a colour, give or take what a lossy format changes."""
    point = image.getpixel(place)
    assert isinstance(point, tuple)
    return all(abs(one - other) <= 12 for one, other in zip(point, colour, strict=True))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize(
    ("size", "small"),
    [
        ((1_536, 1_024), (512, 341)),
        ((1_024, 1_536), (341, 512)),
        ((512, 512), (512, 512)),
        ((300, 200), (300, 200)),
        ((1, 1), (1, 1)),
        ((1, 9_000), (1, 512)),
        ((9_000, 1), (512, 1)),
        ((9_000, 30), (512, 2)),
    ],
)
def test_the_longer_side_has_512_pixels_at_most(
    size: tuple[int, int], small: tuple[int, int], kind: str
) -> None:
    """The shape is kept, however extreme; what is smaller is not enlarged."""
    thumbnail = make(encode(Image.new("RGB", size, (0, 120, 240)), kind))

    assert thumbnail.size == small
    assert near(thumbnail, (small[0] // 2, small[1] // 2), (0, 120, 240))


@pytest.mark.parametrize(
    "paint",
    [
        lambda: noise("RGB", (1_024, 1_024)),
        lambda: noise("RGB", (512, 512)),
        lambda: noise("RGBA", (512, 512)),
        lambda: flicker((512, 512)),
        lambda: noise("L", (2_048, 512)),
    ],
    ids=["noise", "small noise", "noise with alpha", "flicker", "gray noise"],
)
def test_noise_fits_into_40_kilobytes(paint: Callable[[], Image.Image]) -> None:
    """What compresses worst is made rougher, then smaller, and stays a picture."""
    thumbnail = make(encode(paint()))

    assert max(thumbnail.size) >= 160


def test_the_same_bytes_become_the_same_bytes() -> None:
    """A thumbnail that is made again is the same asset."""
    data = encode(noise("RGB", (700, 500)), "JPEG")

    assert make_thumbnail(data) == make_thumbnail(data)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_what_is_transparent_stays_so(kind: str) -> None:
    """Clear, half clear and opaque parts are told apart; an alpha without effect is left out."""
    image = Image.new("RGBA", (900, 300), (200, 0, 0, 255))
    image.paste((0, 0, 0, 0), (0, 0, 300, 300))
    image.paste((0, 0, 200, 128), (300, 0, 600, 300))

    thumbnail = make(encode(image, kind))
    opaque = make(encode(Image.new("RGBA", (9, 9), (1, 2, 3, 255)), kind))

    assert thumbnail.mode == "RGBA"
    points = (thumbnail.getpixel((x, 80)) for x in (80, 256, 430))
    assert [round(point[3] / 64) for point in points if isinstance(point, tuple)] == [0, 2, 4]
    assert near(thumbnail, (430, 80), (200, 0, 0, 255))
    assert opaque.mode == "RGB"


def test_a_transparent_palette_stays_so() -> None:
    """A colour of a palette that is marked as clear is clear."""
    image = Image.new("P", (40, 20), 1)
    image.putpalette([0, 0, 0, 250, 10, 10])
    image.paste(0, (0, 0, 20, 20))

    thumbnail = make(encode(image, transparency=0))

    assert near(thumbnail, (35, 10), (250, 10, 10, 255))
    assert thumbnail.getpixel((5, 10))[3:] == (0,)  # type: ignore[index]  # RGBA, as just seen


def test_sixteen_bits_are_divided() -> None:
    """A gray of 16 bits keeps its shade."""
    thumbnail = make(encode(Image.new("I;16", (600, 20), 0x8000)))

    assert near(thumbnail, (100, 8), (128, 128, 128))


def test_four_inks_become_colours() -> None:
    """A JPEG for print is shown on screen."""
    thumbnail = make(encode(Image.new("CMYK", (600, 20), (0, 255, 255, 0)), "JPEG"))

    assert near(thumbnail, (100, 8), (254, 0, 0))


def test_a_picture_is_turned_upright() -> None:
    """The way a camera was held is undone."""
    image = Image.new("RGB", (600, 300), (250, 250, 250))
    image.paste((0, 0, 0), (0, 0, 300, 300))
    exif = Image.Exif()
    exif[ORIENTATION] = 6

    thumbnail = make(encode(image, "JPEG", exif=exif))

    assert thumbnail.size == (256, 512)
    assert near(thumbnail, (128, 40), (0, 0, 0))
    assert near(thumbnail, (128, 470), (250, 250, 250))


def test_colours_are_brought_into_srgb() -> None:
    """A picture in another colour space looks as it should without its profile, which is gone."""
    data = encode(Image.new("RGB", (40, 40), (255, 0, 0)), icc_profile=_swapping_profile())

    thumbnail = make(data)

    assert near(thumbnail, (20, 20), (0, 0, 255))
    assert set(thumbnail.info) <= {"loop", "background", "timestamp", "duration"}


def _swapping_profile() -> bytes:
    """Return sRGB's profile with red and blue changing places."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for at in range(132, 132 + 12 * int.from_bytes(data[128:132]), 12):
        swapped = {b"rXYZ": b"bXYZ", b"bXYZ": b"rXYZ"}.get(bytes(data[at : at + 4]))
        if swapped:
            data[at : at + 4] = swapped
    return bytes(data)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_half_a_picture_has_no_thumbnail(kind: str) -> None:
    """A picture that breaks off is said to."""
    data = encode(noise("RGB", (64, 64)), kind)

    with pytest.raises(PictureError, match=r"damaged|no such picture"):
        make_thumbnail(data[: len(data) // 2])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "has 0 bytes"),
        (b"GIF89a", "A PNG, JPEG or WebP picture was expected"),
        (png_header(30_000, 30_000), "too large"),
        (png_header(8_000, 7_000), "too large"),
    ],
)
def test_what_is_no_picture_or_a_bomb_is_refused(data: bytes, said: str) -> None:
    """It is turned away by its header, before anything is decoded."""
    with pytest.raises(PictureError, match=said):
        make_thumbnail(data)
