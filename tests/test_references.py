"""What becomes of a picture that someone sends along, and which are turned away."""

import tomllib
import warnings
from base64 import b64encode
from io import BytesIO
from random import Random

import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from promptflow.catalog import MAX_REFERENCE_BYTES
from promptflow.errors import InputError
from promptflow.pictures import inspect_picture
from promptflow.ports import Reference
from promptflow.references import MAX_EDGE_PX, make_preview, prepare_reference
from promptflow.settings import ROOT
from tests.test_pictures import png_header

ORIENTATION, MAKE, GPS = 0x0112, 0x010F, 0x8825
RED, GREEN, BLUE = (255, 0, 0), (0, 128, 0), (0, 0, 255)


def encode(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """Encode a picture as someone's program would."""
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def prepare(data: bytes, name: str = "sun.png") -> Image.Image:
    """Prepare a picture and decode what came of it."""
    return decode(prepare_reference(data, name=name))


def decode(reference: Reference) -> Image.Image:
    """Decode a reference, and see that it is what it says."""
    assert inspect_picture(reference.data).mime == reference.mime
    image = Image.open(BytesIO(reference.data))
    image.load()
    return image


def refuse(data: bytes, name: str = "sun.png") -> str:
    """Return what is said to a picture that is turned away."""
    with pytest.raises(InputError) as caught:
        prepare_reference(data, name=name)
    assert caught.value.field == "reference_images"
    return caught.value.message


def corners(orientation: int) -> tuple[str, str]:
    """Return the letters in the upper and lower corners of a picture that lay some way, made upright."""
    stored = Image.new("L", (32, 16), 255)
    # Upper left A, upper right B, lower left C; the lower right stays white.
    for shade, box in ((0, (0, 0, 16, 8)), (80, (16, 0, 32, 8)), (160, (0, 8, 16, 16))):
        stored.paste(shade, box)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    upright = prepare(encode(stored, exif=exif)).convert("L")
    letters = {0: "A", 80: "B", 160: "C", 255: "D"}
    right, low = upright.width - 4, upright.height - 4

    def letter(x: int, y: int) -> str:
        return letters[upright.tobytes()[y * upright.width + x]]

    return letter(4, 4) + letter(right, 4), letter(4, low) + letter(right, low)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_small_picture_keeps_its_size_and_colours(kind: str) -> None:
    """What needs no change looks the same afterwards."""
    image = prepare(encode(Image.new("RGB", (40, 30), BLUE), kind))

    assert (image.size, image.mode) == ((40, 30), "RGB")
    assert _near(image.getpixel((20, 15)), BLUE)


@pytest.mark.parametrize("name", ["sun.gif", "sun", "sun.jpg", ""])
def test_the_content_decides_and_not_the_name(name: str) -> None:
    """A PNG under any name is a PNG."""
    reference = prepare_reference(encode(Image.new("RGB", (9, 9))), name=name)

    assert reference.mime == "image/png"


def test_the_longer_side_has_2048_pixels_at_most() -> None:
    """A larger picture is made smaller in its own shape."""
    wide = prepare(encode(Image.new("RGB", (4_096, 1_024), RED), "JPEG"))
    high = prepare(encode(Image.new("RGB", (30, 3_000), RED)))

    assert (wide.size, high.size) == ((2_048, 512), (20, 2_048))
    assert MAX_EDGE_PX == 2_048


@pytest.mark.parametrize(
    ("orientation", "upright"),
    [
        (1, ("AB", "CD")),
        (2, ("BA", "DC")),
        (3, ("DC", "BA")),
        (4, ("CD", "AB")),
        (5, ("AC", "BD")),
        (6, ("CA", "DB")),
        (7, ("DB", "CA")),
        (8, ("BD", "AC")),
        (9, ("AB", "CD")),
    ],
)
def test_a_picture_is_turned_upright(orientation: int, upright: tuple[str, str]) -> None:
    """Each way to hold a camera is undone; a number that means nothing changes nothing."""
    assert corners(orientation) == upright


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_nothing_but_the_pixels_is_kept(kind: str) -> None:
    """Place, camera, comments, editing history and colour profile are gone."""
    exif = Image.Exif()
    exif[MAKE] = "SECRET camera"
    exif.get_ifd(GPS)[29] = "SECRET day"
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>SECRET history</x:xmpmeta>"
    options: dict[str, object] = {"exif": exif, "icc_profile": _srgb(), "xmp": xmp}
    if kind == "PNG":
        note = PngInfo()
        note.add_text("Comment", "SECRET note")
        note.add_itxt("XML:com.adobe.xmp", xmp.decode())
        options |= {"pnginfo": note, "dpi": (72, 72)}
    if kind == "JPEG":
        options |= {"comment": b"SECRET note", "dpi": (72, 72)}
    data = encode(Image.new("RGB", (40, 30), BLUE), kind, **options)

    reference = prepare_reference(data, name="sun.png")

    assert b"SECRET" in data
    assert not any(
        mark in reference.data
        for mark in (
            b"SECRET",
            b"Exif",
            b"eXIf",
            b"xmp",
            b"tEXt",
            b"iTXt",
            b"pHYs",
            b"ICC",
            b"iCCP",
        )
    )
    assert not {"exif", "xmp", "icc_profile", "comment"} & decode(reference).info.keys()


def test_a_colour_profile_is_applied() -> None:
    """Colours of another space become the same colours in sRGB, and no longer need their profile."""
    swapped = _srgb().replace(b"rXYZ", b"-XYZ").replace(b"gXYZ", b"rXYZ").replace(b"-XYZ", b"gXYZ")

    image = prepare(encode(Image.new("RGB", (8, 8), RED), icc_profile=swapped))

    assert _near(image.getpixel((4, 4)), (0, 255, 0))


@pytest.mark.parametrize("profile", [b"nonsense", b"", b"\x00" * 200])
def test_a_broken_colour_profile_is_passed_over(profile: bytes) -> None:
    """A profile that can't be read changes no colour and stops nothing."""
    image = prepare(encode(Image.new("RGB", (8, 8), BLUE), icc_profile=profile))

    assert image.getpixel((4, 4)) == BLUE


def test_a_profile_for_other_channels_is_passed_over() -> None:
    """A gray picture with a profile for RGB stays as it is."""
    image = prepare(encode(Image.new("L", (8, 8), 90), icc_profile=_srgb()))

    assert image.getpixel((4, 4)) == (90, 90, 90)


def test_cmyk_becomes_rgb() -> None:
    """A picture for print has the colours it has on screen."""
    image = prepare(encode(Image.new("CMYK", (16, 16), (255, 255, 0, 0)), "JPEG"))

    assert image.mode == "RGB"
    assert _near(image.getpixel((8, 8)), BLUE)


def test_sixteen_bits_become_eight() -> None:
    """A gray of sixteen bits is divided and not cut off."""
    deep = Image.new("I;16", (4, 4))
    deep.putpixel((1, 1), 0x8000)

    image = prepare(encode(deep))

    assert [image.getpixel((1, 1)), image.getpixel((2, 2))] == [(128, 128, 128), (0, 0, 0)]


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA"])
def test_every_kind_of_pixels_becomes_rgb(mode: str) -> None:
    """Bits, grays and palettes, and an alpha channel that hides nothing, end as plain colours."""
    image = prepare(encode(Image.new("RGB", (16, 16), "white").convert(mode)))

    assert image.mode == "RGB"
    assert image.getpixel((8, 8)) == (255, 255, 255)


@pytest.mark.parametrize("transparency", [0, b"\x00\x40\xff"])
def test_a_palette_keeps_its_transparency(transparency: object) -> None:
    """A transparent colour of a palette is transparent afterwards, the others as they were."""
    palette = Image.new("P", (8, 8), 0)
    palette.putpalette([*RED, *GREEN, *BLUE])
    palette.paste(2, (0, 0, 4, 8))

    image = prepare(encode(palette, transparency=transparency))

    assert image.mode == "RGBA"
    assert image.getpixel((2, 2)) == (*BLUE, 255)
    assert _alpha(image, 6, 6) == 0


def test_a_transparent_colour_of_rgb_is_transparent() -> None:
    """A PNG that names one colour as transparent keeps that."""
    image = prepare(encode(Image.new("RGB", (8, 8), RED), transparency=RED))

    assert _alpha(image, 4, 4) == 0


def test_transparency_does_not_bleed_when_a_picture_shrinks() -> None:
    """Colours hidden by transparency don't show at the edges of what is seen."""
    cut_out = Image.new("RGBA", (4_096, 64), (*GREEN, 0))
    cut_out.paste((*RED, 255), (0, 0, 2_047, 64))

    image = prepare(encode(cut_out))

    seen = [image.getpixel((x, 16)) for x in range(1_010, 1_040)]
    assert image.mode == "RGBA"
    assert all(isinstance(pixel, tuple) and (pixel[3] == 0 or pixel[1] <= 2) for pixel in seen), (
        seen
    )


def test_the_first_of_several_pictures_is_taken() -> None:
    """Of what moves, and of a telephone's JPEG with more behind it, the first picture is meant."""
    first, second = Image.new("RGB", (16, 16), RED), Image.new("RGB", (16, 16), BLUE)

    kept = [
        prepare(encode(first, kind, save_all=True, append_images=[second]))
        for kind in ("PNG", "WEBP", "MPO")
    ]

    assert [_near(image.getpixel((8, 8)), RED) for image in kept] == [True] * 3
    assert [getattr(image, "n_frames", 1) for image in kept] == [1] * 3


def test_a_drawing_stays_exact() -> None:
    """A PNG that is small stays a PNG, pixel by pixel."""
    drawing = Image.linear_gradient("L").convert("RGB")

    reference = prepare_reference(encode(drawing), name="plan.png")

    assert reference.mime == "image/png"
    assert decode(reference).tobytes() == drawing.tobytes()


@pytest.mark.parametrize(("mode", "mime"), [("RGB", "image/jpeg"), ("RGBA", "image/webp")])
def test_a_large_png_is_written_smaller(mode: str, mime: str) -> None:
    """A PNG of noise becomes JPEG, or WebP if there is transparency, of less than two megabytes."""
    noise = Image.effect_noise((1_400, 1_400), 80).convert(mode)
    if mode == "RGBA":
        noise.putalpha(Image.linear_gradient("L").resize(noise.size))
    data = encode(noise)

    reference = prepare_reference(data, name="noise.png")

    assert len(data) > 2_000_000
    assert (reference.mime, decode(reference).mode) == (mime, mode)
    assert len(reference.data) <= 1_750_000


@pytest.mark.parametrize(
    ("mode", "kind", "mime"),
    [
        ("RGB", "PNG", "image/jpeg"),
        ("RGB", "JPEG", "image/jpeg"),
        ("RGBA", "PNG", "image/webp"),
    ],
)
def test_eight_pictures_of_noise_fit_into_one_request(mode: str, kind: str, mime: str) -> None:
    """What hardly compresses loses pixels until eight, and a megabyte of words, stay below 20 MB."""
    data = encode(_noise(mode, 2_200, 2_048), kind)

    reference = prepare_reference(data, name="noise")

    assert 8 * len(b64encode(reference.data)) + 1_000_000 <= 20_000_000
    picture = decode(reference)
    assert (reference.mime, picture.mode) == (mime, mode)
    assert picture.width / picture.height == pytest.approx(2_200 / 2_048, rel=0.01)
    assert picture.width >= 900


def test_the_same_noise_becomes_the_same_bytes() -> None:
    """A picture that loses pixels loses the same ones each time."""
    data = encode(_noise("RGB", 2_048, 2_048), "JPEG")

    first, second = (prepare_reference(data, name=name) for name in ("a", "b"))

    assert decode(first).width < 2_048
    assert first == second


def _noise(mode: str, width_px: int, height_px: int) -> Image.Image:
    """Return a picture in which every channel of every pixel is any number."""
    size_bytes = len(mode) * width_px * height_px
    return Image.frombytes(mode, (width_px, height_px), Random(7).randbytes(size_bytes))  # noqa: S311


def test_a_photograph_becomes_a_jpeg() -> None:
    """What came as JPEG is written as JPEG again."""
    reference = prepare_reference(encode(Image.effect_noise((64, 64), 80), "JPEG"), name="a.jpg")

    assert reference.mime == "image/jpeg"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_the_same_bytes_become_the_same_bytes(kind: str) -> None:
    """The same picture sent again is the same reference."""
    data = encode(Image.effect_noise((300, 200), 80).convert("RGB"), kind)

    assert prepare_reference(data, name="a") == prepare_reference(data, name="b")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_that_is_ready_stays_as_it_looks(kind: str) -> None:
    """What was prepared once can be prepared again: same type, same size."""
    first = prepare_reference(encode(Image.new("RGB", (64, 48), GREEN), kind), name="a")

    second = prepare_reference(first.data, name="a")

    assert (second.mime, decode(second).size) == (first.mime, (64, 48))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "The picture has 0 bytes. A PNG, JPEG or WebP picture was expected."),
        (b"%PDF-1.7 and more", "The 17 bytes are no such picture. A PNG, JPEG or WebP"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "are no such picture."),
        (png_header(10_000, 5_001), "at most 50 megapixels are accepted, it has 10000 by 5001"),
        (png_header(20_000, 20_000), "at most 50 megapixels are accepted"),
        (png_header(100, 100), "It breaks off or is damaged; save it anew and send that."),
        (bytes(21_000_000), "It has 21,000,000 bytes; at most 20,971,520 are accepted."),
    ],
)
def test_what_is_no_usable_picture_is_turned_away(data: bytes, said: str) -> None:
    """Nothing, something else, a bomb, a promise without pixels and 21 MB are said in a sentence."""
    message = refuse(data)

    assert message.startswith("The reference image 'sun.png' can't be used. ")
    assert said in message


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF"])
def test_other_formats_are_turned_away_whatever_their_name(kind: str) -> None:
    """A sound picture of another format does not pass as a PNG."""
    assert "A PNG, JPEG or WebP picture was expected" in refuse(
        encode(Image.new("RGB", (16, 16)), kind), "sun.png"
    )


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_half_a_picture_is_turned_away(kind: str) -> None:
    """A picture is decoded to its end: one that breaks off in the middle is refused."""
    data = encode(Image.linear_gradient("L").convert("RGB"), kind)

    assert "can't be used" in refuse(data[: len(data) // 2])


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_damaged_byte_anywhere_is_either_fine_or_an_input_error(kind: str) -> None:
    """Whichever byte is damaged, the only error is InputError, and nobody is warned."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    small = Image.linear_gradient("L").resize((12, 8)).convert("RGB")
    data = encode(small, kind, exif=exif, icc_profile=_srgb())

    tried = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for place in range(len(data)):
            broken = data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]
            try:
                prepare_reference(broken, name="sun")
            except InputError:
                continue
            finally:
                tried += 1

    assert tried == len(data)


def test_broken_metadata_spoils_no_picture() -> None:
    """Metadata is thrown away, so what is wrong with it does not matter."""
    data = encode(
        Image.new("RGB", (8, 4), BLUE), "JPEG", exif=b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x09"
    )

    assert prepare(data).size == (8, 4)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "'../../etc/passwd'"),
        ("a\nb\x1b[31m.png", r"'a\nb\x1b[31m.png'"),
        ("\u202egnp.exe", r"'\u202egnp.exe'"),
        ("n" * 300, f"'{'n' * 58}…"),
        ("\ud800.png", r"'\ud800.png'"),
        ("<b>*.png", "'<b>*.png'"),
    ],
)
def test_an_odd_name_is_quoted_safely(name: str, shown: str) -> None:
    """Whatever a file is called, its name is short, on one line, and as it is written."""
    message = refuse(b"nothing", name)

    assert message.startswith(f"The reference image {shown} can't be used.")
    assert message.isprintable()


def test_uploads_may_be_larger_than_references() -> None:
    """A file that is a little too large reaches the form, which says so and starts nothing without it."""
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))

    assert config["server"]["maxUploadSize"] * 1024 * 1024 > MAX_REFERENCE_BYTES


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_preview_is_small(kind: str) -> None:
    """A preview shows the whole picture in a small square, with nothing beside it."""
    reference = prepare_reference(encode(Image.new("RGB", (1_000, 500), RED), kind), name="a")

    preview = Image.open(BytesIO(make_preview(reference, edge_px=96)))

    assert (preview.format, preview.size) == ("PNG", (96, 96))
    assert _near(preview.getpixel((40, 48)), RED)
    assert [_alpha(preview, 40, y) for y in (5, 90)] == [0, 0]


def _srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _alpha(image: Image.Image, x: int, y: int) -> int:
    pixel = image.getpixel((x, y))
    assert isinstance(pixel, tuple)
    return int(pixel[3])


def _near(pixel: object, colour: tuple[int, int, int]) -> bool:
    assert isinstance(pixel, tuple)
    return all(abs(one - other) <= 6 for one, other in zip(pixel[:3], colour, strict=True))
