"""What is asked of an image model besides the prompt."""

import pytest

from promptflow.catalog import check_parameters, read_catalog, takes_moderation
from promptflow.errors import InputError
from promptflow.records import ImageParameters
from promptflow.settings import SHIPPED_DATA

CATALOG = read_catalog(SHIPPED_DATA / "models.toml")


@pytest.mark.parametrize(
    ("model_id", "parameters"),
    [
        ("offline-gouache", ImageParameters()),
        ("gemini-nano-banana-2.1", ImageParameters(size="4K")),
        (
            "gpt-image-2.6-flare",
            ImageParameters(
                quality="max",
                size="1024x1024",
                background="transparent",
                output_format="webp",
                output_compression=0,
                moderation="low",
            ),
        ),
        (
            "gpt-image-2",
            ImageParameters(quality="auto", output_format="jpeg", output_compression=100),
        ),
        ("gpt-image-2.6-flare", ImageParameters(background="transparent")),
    ],
)
def test_what_a_model_can_do_is_accepted(model_id: str, parameters: ImageParameters) -> None:
    """Everything the catalogue says a model takes can be asked of it, and nothing need be."""
    check_parameters(CATALOG.image_model(model_id), parameters, aspect_ratio="1:1")


@pytest.mark.parametrize(
    ("model_id", "parameters", "field", "message"),
    [
        (
            "gpt-image-2",
            ImageParameters(quality="max"),
            "quality",
            "GPT Image 2 has no quality 'max'. It accepts low, medium, high, auto; choose one of"
            " them, or leave it out.",
        ),
        (
            "gemini-nano-banana-2.1",
            ImageParameters(quality="high"),
            "quality",
            "Nano Banana 2.1 can't be asked for any quality. Leave the quality out.",
        ),
        (
            "gpt-image-2",
            ImageParameters(size="999x999"),
            "size",
            "GPT Image 2 does not paint the size '999x999'. It accepts 1024x1024, 1536x1024,"
            " 1024x1536, auto; or width × height in multiples of 16 px, from 1:3 to 3:1, at most 3,840 px"
            " long, with 655,360 to 8,294,400 pixels in all. Choose one of them, or leave it out.",
        ),
        (
            "gemini-3.1-flash-lite-image",
            ImageParameters(size="4K"),
            "size",
            "Nano Banana 2 Lite does not paint the size '4K'. It accepts 1K. Choose one of them, or"
            " leave it out.",
        ),
        (
            "offline-poster",
            ImageParameters(size="1K"),
            "size",
            "Offline poster can't be asked for any size. Leave the size out.",
        ),
        (
            "gpt-image-2",
            ImageParameters(background="transparent"),
            "background",
            "GPT Image 2 has no background 'transparent'. It accepts opaque, auto; choose one of"
            " them, or leave it out.",
        ),
        (
            "gpt-image-2.6-flare",
            ImageParameters(background="transparent", output_format="jpeg"),
            "background",
            "GPT Image 2.6 Flare can't paint a transparent background as JPEG, which has none."
            " Choose the output format png or webp, or another background.",
        ),
        (
            "gpt-image-2.6-flare",
            ImageParameters(output_format="svg"),
            "output_format",
            "GPT Image 2.6 Flare has no output format 'svg'. It accepts png, jpeg, webp; choose one"
            " of them, or leave it out.",
        ),
        (
            "gpt-image-2.6-flare",
            ImageParameters(output_format="jpeg", output_compression=101),
            "output_compression",
            "The compression 101 can't be used. Give a whole number from 0 to 100, or leave it out.",
        ),
        (
            "gpt-image-2.6-flare",
            ImageParameters(output_format="jpeg", output_compression=True),
            "output_compression",
            "The compression True can't be used. Give a whole number from 0 to 100, or leave it"
            " out.",
        ),
        (
            "gpt-image-2.6-flare",
            ImageParameters(output_format="png", output_compression=50),
            "output_compression",
            "GPT Image 2.6 Flare compresses only jpeg or webp. Choose one of them as the output"
            " format, or leave the compression out.",
        ),
        (
            "gpt-image-2.6-flare",
            ImageParameters(output_compression=50),
            "output_compression",
            "GPT Image 2.6 Flare compresses only jpeg or webp. Choose one of them as the output"
            " format, or leave the compression out.",
        ),
        (
            "gemini-3-pro-image",
            ImageParameters(output_compression=50),
            "output_compression",
            "Nano Banana Pro can't be asked for any compression. Leave the compression out.",
        ),
        (
            "gpt-image-2",
            ImageParameters(moderation="off" * 40),
            "moderation",
            f"GPT Image 2 has no moderation '{('off' * 40)[:58]}…. It accepts auto, low; choose one"
            " of them, or leave it out.",
        ),
    ],
)
def test_what_a_model_lacks_is_refused(
    model_id: str, parameters: ImageParameters, field: str, message: str
) -> None:
    """The field, the value and what the model accepts are said."""
    with pytest.raises(InputError) as caught:
        check_parameters(CATALOG.image_model(model_id), parameters, aspect_ratio="1:1")

    assert (caught.value.field, caught.value.message) == (field, message)


@pytest.mark.parametrize(
    ("model_id", "size", "aspect_ratio"),
    [
        ("gpt-image-2", "3840x2160", "16:9"),
        ("gpt-image-2", "1920x1088", "16:9"),
        ("gpt-image-1.5", "1024x1536", "2:3"),
        ("gemini-nano-banana-2.1", "4K", "8:1"),
        ("gpt-image-2", "auto", "16:9"),
        ("gpt-image-1.5", "auto", "2:3"),
    ],
)
def test_a_size_of_the_shape_is_accepted(model_id: str, size: str, aspect_ratio: str) -> None:
    """Pixels in the shape that was chosen, give or take a hundredth, every class and auto go with it."""
    check_parameters(
        CATALOG.image_model(model_id), ImageParameters(size=size), aspect_ratio=aspect_ratio
    )


@pytest.mark.parametrize(
    ("size", "aspect_ratio", "instead"),
    [
        ("1024x1024", "16:9", "1280x720"),
        ("1536x864", "1:1", "1024x1024"),
        ("1344x768", "16:9", "1280x720"),
        ("1024x1536", "3:2", "1536x1024"),
    ],
)
def test_a_size_of_another_shape_is_refused(size: str, aspect_ratio: str, instead: str) -> None:
    """A size that contradicts the aspect ratio is said with one that doesn't."""
    with pytest.raises(InputError) as caught:
        check_parameters(
            CATALOG.image_model("gpt-image-2"),
            ImageParameters(size=size),
            aspect_ratio=aspect_ratio,
        )

    assert (caught.value.field, caught.value.message) == (
        "size",
        f"The size {size} of GPT Image 2 does not have the aspect ratio {aspect_ratio}. Choose one"
        f" that does, such as {instead}, another aspect ratio, or leave the size out.",
    )


def test_moderation_can_not_be_asked_of_an_edit() -> None:
    """With reference images the API has no moderation to choose."""
    flare = CATALOG.image_model("gpt-image-2.6-flare")

    with pytest.raises(InputError) as caught:
        check_parameters(flare, ImageParameters(moderation="low"), aspect_ratio="1:1", references=1)

    assert caught.value.field == "moderation"
    assert "when reference images go along" in caught.value.message
    assert takes_moderation(flare, 0)
    assert not takes_moderation(flare, 1)
    assert not takes_moderation(CATALOG.image_model("gemini-3-pro-image"), 0)
