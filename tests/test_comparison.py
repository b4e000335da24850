"""Two pictures measured against each other."""

import io
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptflow.comparison import EDGE_PX, HASH_BITS, compare_pictures
from promptflow.errors import PictureError
from tests.scripted import make_png

if TYPE_CHECKING:
    from PIL.Image import Image


@given(seed=st.integers(0, 10_000), width=st.integers(1, 60), height=st.integers(1, 60))
@settings(max_examples=25, deadline=None)
def test_same_picture_lies_nowhere_apart(seed: int, width: int, height: int) -> None:
    """Of the same picture twice the SSIM is 1, the distance 0, and the map dark all over."""
    data = _encode(_noise(seed, width, height))

    measured = compare_pictures(data, data)

    assert measured.ssim == 1
    assert measured.hash_distance == 0
    assert _decode(measured.heat).getextrema() == ((24, 24), (22, 22), (30, 30))


@given(
    seeds=st.tuples(st.integers(0, 10_000), st.integers(0, 10_000)),
    sizes=st.lists(st.integers(1, 50), min_size=4, max_size=4),
)
@settings(max_examples=25, deadline=None)
def test_order_of_the_two_makes_no_difference(seeds: tuple[int, int], sizes: list[int]) -> None:
    """Any two pictures lie as far apart as the other way round, and within the ranges."""
    one, other = (
        _encode(_noise(seeds[0], sizes[0], sizes[1])),
        _encode(_noise(seeds[1], sizes[2], sizes[3])),
    )

    there, back = compare_pictures(one, other), compare_pictures(other, one)

    assert there.ssim == pytest.approx(back.ssim, abs=1e-4)
    assert there.hash_distance == back.hash_distance
    assert (there.width_px, there.height_px) == (back.width_px, back.height_px)
    assert -1 <= there.ssim <= 1
    assert 0 <= there.hash_distance <= HASH_BITS


def test_changed_corner_is_light_on_the_map() -> None:
    """Where a part was painted over the map is light, and dark where nothing changed."""
    whole = _noise(1, 200, 200)
    changed = whole.copy()
    changed.paste((255, 0, 0), (0, 0, 60, 60))

    measured = compare_pictures(_encode(whole), _encode(changed))

    heat = _decode(measured.heat)
    assert 0.85 < measured.ssim < 0.95
    assert heat.size == (200, 200)
    assert _light(heat, (30, 30)) > 0.6
    assert _light(heat, (150, 150)) < 0.15


def test_noise_and_its_negative_are_far_apart() -> None:
    """A picture and its negative have less in common than two that are unlike by chance."""
    from PIL import ImageChops

    noise = _noise(3, 100, 100)

    measured = compare_pictures(_encode(noise), _encode(ImageChops.invert(noise)))

    assert measured.ssim < -0.5
    assert measured.hash_distance > HASH_BITS // 2


def test_colours_of_the_same_lightness_are_told_apart() -> None:
    """A red field and a green one that is just as light are not the same."""
    from PIL import Image

    red, green = (Image.new("RGB", (64, 64), colour) for colour in ((200, 0, 0), (0, 102, 0)))

    measured = compare_pictures(_encode(red), _encode(green))

    assert measured.ssim < 0.5


def test_wider_picture_loses_its_sides() -> None:
    """Of two shapes the wider is cut to the other's, in its middle, whichever comes first."""
    from PIL import Image

    square = _noise(4, 100, 100)
    wide = Image.new("RGB", (180, 100), "blue")
    wide.paste(square, (40, 0))

    first, second = (
        compare_pictures(_encode(wide), _encode(square)),
        compare_pictures(_encode(square), _encode(wide)),
    )

    assert (first.cut, second.cut) == (0, 1)
    assert first.ssim == second.ssim == 1
    assert (first.width_px, first.height_px) == (100, 100)


def test_larger_pictures_are_measured_smaller() -> None:
    """What is larger than needs be is made smaller, and said to be."""
    from PIL import Image

    measured = compare_pictures(
        _encode(Image.new("RGB", (1200, 1200), "teal")),
        _encode(Image.new("RGB", (1100, 1100), "teal")),
    )

    assert (measured.width_px, measured.height_px) == (EDGE_PX, EDGE_PX)
    assert measured.resized
    assert measured.cut is None
    assert measured.ssim == pytest.approx(1)


def test_transparent_is_white() -> None:
    """A picture without anything in it is the same as a white one."""
    from PIL import Image

    measured = compare_pictures(
        _encode(Image.new("RGBA", (50, 50), (255, 0, 0, 0))),
        _encode(Image.new("RGB", (50, 50), "white")),
    )

    assert measured.ssim == pytest.approx(1)


@pytest.mark.parametrize("broken", [b"", b"no picture", make_png()[:40]])
def test_what_is_no_picture_is_a_sentence(broken: bytes) -> None:
    """Bytes that are no picture are refused in words, whichever of the two they are."""
    for pair in ((broken, make_png()), (make_png(), broken)):
        with pytest.raises(PictureError, match="picture"):
            compare_pictures(*pair)


def _noise(seed: int, width: int, height: int) -> "Image":
    import numpy as np
    from PIL import Image

    shades = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(shades)


def _encode(image: "Image") -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _decode(data: bytes) -> "Image":
    from PIL import Image

    return Image.open(io.BytesIO(data))


def _light(heat: "Image", place: tuple[int, int]) -> float:
    """Return how light a place of a map is, 0 to 1."""
    around = heat.convert("L").crop((place[0] - 5, place[1] - 5, place[0] + 5, place[1] + 5))
    shades: Any = around.resize((1, 1)).getpixel((0, 0))
    return float(shades) / 255
