"""The pictures to send are pictures to a real decoder, and the broken ones are not."""

import base64
import binascii

import pytest

from promptflow.errors import PictureError
from promptflow.pictures import inspect_picture
from tests.wire.pictures import (
    JPEG,
    NOT_A_PICTURE,
    WEBP,
    cut_picture,
    detect_mime,
    encode_base64,
    encode_truncated,
    make_png,
    read_png_header,
)


@pytest.mark.parametrize(
    ("picture", "mime", "size"),
    [
        (make_png(), "image/png", (1, 1)),
        (make_png(1024, 1024), "image/png", (1024, 1024)),
        (make_png(30, 20, alpha=0), "image/png", (30, 20)),
        (JPEG, "image/jpeg", (1, 1)),
        (WEBP, "image/webp", (1, 1)),
    ],
)
def test_pictures_can_be_decoded(picture: bytes, mime: str, size: tuple[int, int]) -> None:
    """Each is whole, of the type it is known by, and of the size it was made."""
    facts = inspect_picture(picture)

    assert (facts.width_px, facts.height_px) == size
    assert facts.mime == detect_mime(picture) == mime


@pytest.mark.parametrize("broken", [NOT_A_PICTURE, cut_picture(make_png(64, 48))])
def test_broken_pictures_cannot(broken: bytes) -> None:
    """What is meant to be broken is."""
    with pytest.raises(PictureError):
        inspect_picture(broken)


@pytest.mark.parametrize("size", [1, 2, 3, 50, 51, 52])
def test_truncated_base64_cannot_be_decoded(size: int) -> None:
    """Whatever the length of the bytes, no decoder accepts what is left."""
    with pytest.raises(binascii.Error):
        base64.b64decode(encode_truncated(bytes(size)))


def test_whole_base64_can() -> None:
    """The bytes come back."""
    assert base64.b64decode(encode_base64(JPEG)) == JPEG


def test_alpha_is_told() -> None:
    """A mask can be told from a picture without an alpha channel."""
    assert read_png_header(make_png(3, 2, alpha=0)) == (3, 2, True)
    assert read_png_header(make_png(3, 2)) == (3, 2, False)


def test_colours_make_other_bytes() -> None:
    """Pictures of different colours can be told apart."""
    assert make_png(rgb=(1, 2, 3)) != make_png(rgb=(3, 2, 1))


def test_other_bytes_have_no_type() -> None:
    """A page is no picture."""
    assert detect_mime(NOT_A_PICTURE) is None
