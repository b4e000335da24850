"""How far two pictures lie apart: measured, and drawn as a heat map. Floor 3: opens no file.

Two measures that see different things. SSIM goes window by window over the very pixels, so it also tells
where the pictures differ. The perceptual hash goes by the coarse pattern of light and dark alone.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from promptflow.errors import PictureError
from promptflow.pictures import decode_small, decoding, open_picture, write_plain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

EDGE_PX = 1024
"""Pictures are compared no larger: the time grows with the pixels, and the eye sees no more of a map."""
HASH_BITS = 64
_LEAST_PX = 16
"""SSIM looks through windows of 11 pixels."""
_SAME_SHAPE = 0.01
"""Shapes that differ by less are the same: models round to whole blocks of pixels."""
_HEAT = (
    (0.0, (24, 22, 30)),
    (0.25, (92, 28, 92)),
    (0.5, (198, 52, 62)),
    (0.75, (246, 146, 40)),
    (1.0, (255, 244, 168)),
)
"""Difference → colour, darker to lighter all the way, so that it can be read without colours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two pictures measured against each other; the order of the two makes no difference."""

    ssim: float
    """Structural similarity of the colours: 1 for the same pixels, about 0 for nothing in common."""
    hash_distance: int
    """Bits in which the perceptual hashes differ: 0 looks the same, 32 of 64 is what chance makes."""
    heat: bytes
    """An encoded PNG: dark where they are the same, light where they differ."""
    width_px: int
    """Of what was compared."""
    height_px: int
    cut: int | None
    """The one of which the outer parts were left out to make the shapes equal: 0 the first, 1 the
    second; ``None`` where they had the same shape."""
    resized: bool
    """Whether one of them at least was made smaller or larger."""


def compare_pictures(first: bytes, second: bytes) -> Comparison:
    """Measure how far two pictures lie apart.

    They are brought to one size: the wider one loses its sides to left and right evenly, then both
    take the size of the smaller, `EDGE_PX` at most. What is transparent is laid on white.

    About two seconds for pictures of a megapixel, most of it SSIM.

    Args:
        first: an encoded PNG, JPEG or WebP of at most 50 megapixels.
        second: likewise.

    Raises:
        PictureError: one of them is empty, cut short, broken, too large, or something else.
    """
    decoded = (_decode(first), _decode(second))
    pictures = tuple(one.pixels for one in decoded)
    cut = _find_wider(pictures)
    if cut is not None:
        narrow = pictures[1 - cut]
        cropped = _crop(pictures[cut], narrow.width / narrow.height)
        pictures = (cropped, narrow) if cut == 0 else (narrow, cropped)
    size = _choose_size(pictures)
    one, other = (_resize(picture, size) for picture in pictures)
    ssim, likeness = _measure_ssim(one, other)
    return Comparison(
        ssim=ssim,
        hash_distance=_measure_hash(one, other),
        heat=_draw_heat(likeness),
        width_px=size[0],
        height_px=size[1],
        cut=cut,
        resized=any(picture.stored != size for picture in decoded),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decoded:
    stored: tuple[int, int]
    """The size it is stored in."""
    pixels: "Image"


def _decode(data: bytes) -> _Decoded:
    """Decode a picture no larger than it is compared, on white where it is transparent."""
    from PIL import Image

    with open_picture(data) as image:
        try:
            with decoding:
                whole = image.size
                small = decode_small(image, EDGE_PX)
        except Exception as error:
            # Decoders meet hostile bytes with many types: OSError, SyntaxError, ValueError, zlib.error.
            message = (
                f"The {image.format} picture of {len(data)} bytes breaks off or is damaged. "
                "Choose another one to compare."
            )
            raise PictureError(message) from error
    if small.mode == "RGBA":
        ground = Image.new("RGBA", small.size, "white")
        ground.alpha_composite(small)
        small = ground.convert("RGB")
    return _Decoded(stored=whole, pixels=small)


def _find_wider(pictures: "tuple[Image, ...]") -> int | None:
    shapes = [picture.width / picture.height for picture in pictures]
    if max(shapes) / min(shapes) < 1 + _SAME_SHAPE:
        return None
    return shapes.index(max(shapes))


def _crop(picture: "Image", shape: float) -> "Image":
    """Take the middle of a picture that is too wide for a shape."""
    width = max(1, round(picture.height * shape))
    left = (picture.width - width) // 2
    return picture.crop((left, 0, left + width, picture.height))


def _choose_size(pictures: "tuple[Image, ...]") -> tuple[int, int]:
    smaller = min(pictures, key=lambda picture: (picture.width * picture.height, picture.size))
    return max(smaller.width, _LEAST_PX), max(smaller.height, _LEAST_PX)


def _resize(picture: "Image", size: tuple[int, int]) -> "Image":
    from PIL.Image import Resampling

    return picture if picture.size == size else picture.resize(size, Resampling.LANCZOS)


def _measure_ssim(first: "Image", second: "Image") -> "tuple[float, NDArray[np.float64]]":
    """Return the mean over all windows, and that of each pixel's window over its colours."""
    import numpy as np
    from skimage.metrics import structural_similarity

    # As its authors have it: windows that fade out, and the colours' mean. By light and dark
    # alone, a red thing and an equally light green one would be the same.
    ssim, likeness = structural_similarity(  # type: ignore[no-untyped-call]  # it has none
        np.asarray(first, dtype=np.float32),
        np.asarray(second, dtype=np.float32),
        data_range=255,
        channel_axis=2,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        full=True,
    )
    return float(ssim), likeness.mean(axis=2)


def _measure_hash(first: "Image", second: "Image") -> int:
    from imagehash import phash

    return int(phash(first) - phash(second))


def _draw_heat(likeness: "NDArray[np.float64]") -> bytes:
    import numpy as np
    from PIL import Image

    difference = np.clip(1 - likeness, 0, 1)
    at = [step for step, _ in _HEAT]
    levels = np.linspace(0, 1, 256)
    colours = np.stack(
        [np.interp(levels, at, [colour[band] for _, colour in _HEAT]) for band in range(3)], axis=1
    )
    table = colours.round().astype(np.uint8)
    return write_plain(Image.fromarray(table[(difference * 255).astype(np.uint8)]), "PNG")
