"""Every shape has a size that the API accepts."""

from fractions import Fraction

import pytest

from promptflow.catalog import read_catalog
from promptflow.providers.openai.sizes import SIZES, choose_size
from promptflow.settings import SHIPPED_DATA

STANDARD = {"1:1": "1024x1024", "3:2": "1536x1024", "2:3": "1024x1536"}


@pytest.mark.parametrize(("ratio", "size"), SIZES.items())
def test_a_size_is_legal_and_exactly_in_shape(ratio: str, size: str) -> None:
    """Both edges are multiples of 16, the pixels within the limits, the shape the one asked for."""
    width_px, height_px = map(int, size.split("x"))

    assert (width_px % 16, height_px % 16) == (0, 0)
    assert 655_360 <= width_px * height_px <= 8_294_400
    assert Fraction(width_px, height_px) == Fraction(*map(int, ratio.split(":")))
    assert Fraction(1, 3) <= Fraction(width_px, height_px) <= 3


@pytest.mark.parametrize(("ratio", "size"), SIZES.items())
def test_a_size_is_about_a_megapixel(ratio: str, size: str) -> None:
    """All shapes cost about the same; only the standard sizes are larger."""
    width_px, height_px = map(int, size.split("x"))

    assert ratio in STANDARD or 0.85 <= width_px * height_px / 1_048_576 <= 1.01


def test_standard_shapes_have_standard_sizes() -> None:
    """What earlier models know is asked for by the sizes they know."""
    assert STANDARD.items() <= SIZES.items()


def test_every_shape_of_the_catalogue_has_a_size() -> None:
    """No shape that is offered for an OpenAI model is one the adapter can't ask for."""
    catalog = read_catalog(SHIPPED_DATA / "models.toml")
    offered = {
        ratio
        for card in catalog.image_models
        if card.provider == "openai"
        for ratio in card.aspect_ratios
    }

    assert offered
    assert offered <= SIZES.keys()


@pytest.mark.parametrize("size", ["1536x864", "auto"])
def test_a_chosen_size_goes_before_the_shape(size: str) -> None:
    """Pixels and `auto` are asked for as they are."""
    assert choose_size("1:1", size) == size


@pytest.mark.parametrize("size", ["2K", "1K", "", "0x0", "1024", "1024x", "99999999x16"])
def test_what_is_no_size_in_pixels_is_not_asked_for(size: str) -> None:
    """Classes of sizes are another provider's."""
    assert choose_size("1:1", size) is None


def test_an_unknown_shape_has_no_size() -> None:
    """A shape outside the table is not guessed at."""
    assert choose_size("7:6", None) is None
