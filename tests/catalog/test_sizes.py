"""Which sizes a model paints, and which is chosen for a shape."""

import pytest

from promptflow.catalog import ImageModelCard, choose_pixels, read_catalog
from promptflow.catalog.sizes import accepts_size, has_shape, list_sizes, read_pixels
from promptflow.settings import SHIPPED_DATA

CATALOG = read_catalog(SHIPPED_DATA / "models.toml")
PIXELED = [card for card in CATALOG.image_models if card.id.startswith("gpt-image")]


@pytest.mark.parametrize(
    ("size", "pixels"),
    [
        ("1536x1024", (1536, 1024)),
        ("2K", None),
        ("auto", None),
        ("0x16", None),
        ("16x16x16", None),
        ("1536X1024", None),
        (" 1536x1024", None),
        ("99999999x16", None),
    ],
)
def test_a_size_in_pixels_is_read(size: str, pixels: tuple[int, int] | None) -> None:
    """Width and height are read; anything else is no size in pixels."""
    assert read_pixels(size) == pixels


@pytest.mark.parametrize(
    ("model_id", "size", "accepted"),
    [
        ("gpt-image-2", "1536x1024", True),
        ("gpt-image-2", "3840x2160", True),
        ("gpt-image-2", "2880x2880", True),
        ("gpt-image-2", "1824x608", True),
        ("gpt-image-2", "1824x592", False),
        ("gpt-image-2", "1000x1000", False),
        ("gpt-image-2", "512x512", False),
        ("gpt-image-2", "3856x2160", False),
        ("gpt-image-2", "2896x2896", False),
        ("gpt-image-2", "2K", False),
        ("gpt-image-1.5", "1536x1024", True),
        ("gpt-image-1.5", "1536x864", False),
        ("gemini-3-pro-image", "2K", True),
        ("gemini-3-pro-image", "1024x1024", False),
        ("gemini-3.1-flash-lite-image", "2K", False),
        ("offline-gouache", "1024x1024", False),
        ("gpt-image-2", "auto", True),
        ("gpt-image-1.5", "auto", True),
        ("gemini-3-pro-image", "auto", False),
        ("offline-gouache", "auto", False),
    ],
)
def test_sizes_are_accepted_by_list_or_rule(model_id: str, size: str, accepted: bool) -> None:
    """A listed size is accepted, with a rule any that obeys it, and auto where sizes are in pixels."""
    assert accepts_size(CATALOG.image_model(model_id), size) is accepted


@pytest.mark.parametrize(
    ("aspect_ratio", "size"),
    [
        ("1:1", "1024x1024"),
        ("3:2", "1536x1024"),
        ("2:3", "1024x1536"),
        ("4:3", "1152x864"),
        ("3:4", "864x1152"),
        ("5:4", "1120x896"),
        ("4:5", "896x1120"),
        ("16:9", "1280x720"),
        ("9:16", "720x1280"),
        ("21:9", "1568x672"),
    ],
)
def test_a_shape_has_a_size_of_about_a_megapixel(aspect_ratio: str, size: str) -> None:
    """A standard size of exactly the shape comes first, then what is nearest to a megapixel."""
    assert choose_pixels(CATALOG.image_model("gpt-image-2.6-flare"), aspect_ratio) == size


@pytest.mark.parametrize("card", PIXELED, ids=lambda card: card.id)
def test_every_shape_has_a_size_that_its_model_paints(card: ImageModelCard) -> None:
    """Whatever shape is offered, there are pixels for it that the model accepts."""
    sizes = [choose_pixels(card, ratio) for ratio in card.aspect_ratios]

    assert [size for size in sizes if size is None or not accepts_size(card, size)] == []


@pytest.mark.parametrize("card", CATALOG.image_models, ids=lambda card: card.id)
def test_every_size_that_is_offered_can_be_asked_for(card: ImageModelCard) -> None:
    """Whatever shape is chosen, a size offered with it is one that the model paints in that shape."""
    offered = [(size, ratio) for ratio in card.aspect_ratios for size in list_sizes(card, ratio)]

    assert [
        (size, ratio)
        for size, ratio in offered
        if not accepts_size(card, size) or not has_shape(size, ratio)
    ] == []


@pytest.mark.parametrize(
    ("model_id", "aspect_ratio", "sizes"),
    [
        ("gpt-image-2", "1:1", ("1024x1024", "1456x1456", "2048x2048", "2880x2880")),
        ("gpt-image-2", "16:9", ("1280x720", "2048x1152", "2816x1584", "3840x2160")),
        ("gpt-image-1.5", "3:2", ("1536x1024",)),
        ("gemini-nano-banana-2.1", "8:1", ("1K", "2K", "4K")),
        ("offline-poster", "1:1", ()),
    ],
)
def test_sizes_are_offered_from_small_to_large(
    model_id: str, aspect_ratio: str, sizes: tuple[str, ...]
) -> None:
    """A handful of sizes in the shape, the one that comes by itself first; or the model's classes."""
    assert list_sizes(CATALOG.image_model(model_id), aspect_ratio) == sizes


def test_models_that_are_asked_for_a_shape_have_no_pixels() -> None:
    """Google and the offline painters are told the shape itself."""
    assert choose_pixels(CATALOG.image_model("gemini-nano-banana-2.1"), "16:9") is None
    assert choose_pixels(CATALOG.image_model("offline-poster"), "1:1") is None
