"""The one place where a request is checked."""

from collections.abc import Callable, Mapping
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promptflow.catalog import NO_PARAMETERS, ModelCard, check_request, read_catalog
from promptflow.errors import InputError
from promptflow.records import GenerationRequest, ImageParameters
from promptflow.settings import SHIPPED_DATA

TODAY = date(2026, 11, 23)
CATALOG = read_catalog(SHIPPED_DATA / "models.toml")
EMPTY = "The request is empty. Describe the picture you want in a sentence."
AVAILABLE = "Available: offline-gouache, offline-poster."

Check = Callable[..., GenerationRequest]


def _without_keys(card: ModelCard) -> str | None:
    return CATALOG.reason_unavailable(
        card, providers=["offline"], environ_keys=["OPENAI_API_KEY"], today=TODAY
    )


def _all_available(card: ModelCard) -> str | None:
    return None


def _check(
    *,
    request: str = "A fox in the snow",
    image_models: tuple[str, ...] = ("offline-gouache", "offline-poster"),
    text_model: str = "offline-planner",
    aspect_ratio: str = "1:1",
    images_per_model: int = 1,
    seed: int | None = None,
    unavailable: Callable[[ModelCard], str | None] = _without_keys,
    parameters: Mapping[str, ImageParameters] = NO_PARAMETERS,
    references: int = 0,
) -> GenerationRequest:
    """Check a good request with one thing changed."""
    return check_request(
        CATALOG,
        request=request,
        image_models=image_models,
        text_model=text_model,
        aspect_ratio=aspect_ratio,
        images_per_model=images_per_model,
        seed=seed,
        unavailable=unavailable,
        parameters=parameters,
        references=references,
    )


def test_a_good_request_is_normalised() -> None:
    """Line ends become newlines, outer whitespace and repeated models go; the estimate is added."""
    checked = _check(
        request="\r\n  A fox\r\nin the\rsnow\t! \n",
        image_models=("offline-poster", "offline-gouache", "offline-poster"),
        aspect_ratio="16:9",
        images_per_model=4,
        seed=2_147_483_647,
    )

    assert checked == GenerationRequest(
        request="A fox\nin the\nsnow\t!",
        text_model="offline-planner",
        image_models=("offline-poster", "offline-gouache"),
        aspect_ratio="16:9",
        images_per_model=4,
        seed=2_147_483_647,
        estimate_micro_usd=0,
    )


@pytest.mark.parametrize(
    "request_text",
    [
        "👩‍🚀 on the 🌙",
        "ثعلب في الثلج",
        "שועל \u200fבשלג",
        "# A *fox*\n\n- in `snow`",
        "<b>fox</b> & <script>alert(1)</script>",
        r"$\sum_{i} fox_i$",
        "x" * 4_000,
        "🦊" * 4_000,
        "?",
    ],
)
def test_any_readable_text_is_a_request(request_text: str) -> None:
    """Emoji, right-to-left scripts, Markdown, HTML and LaTeX are kept as they are."""
    assert _check(request=request_text).request == request_text


@pytest.mark.parametrize(
    ("changed", "field", "message"),
    [
        ({"request": ""}, "request", EMPTY),
        ({"request": " \r\n\t\u3000"}, "request", EMPTY),
        ({"request": "\u200b\u2060\ufeff"}, "request", EMPTY),
        (
            {"request": "x" * 4_001},
            "request",
            "The request has 4,001 characters; at most 4,000 are accepted. Shorten it.",
        ),
        (
            {"request": "fox\x00es"},
            "request",
            "The request holds the control character U+0000 at position 4, which can't be shown or"
            " kept. Remove it.",
        ),
        (
            {"request": " a\r\n\x9b"},
            "request",
            "The request holds the control character U+009B at position 3, which can't be shown or"
            " kept. Remove it.",
        ),
        (
            {"request": "fox \ud83d"},
            "request",
            "The request holds the lone surrogate U+D83D at position 5, which can't be shown or"
            " kept. Remove it.",
        ),
        (
            {"image_models": ()},
            "image_models",
            "No image model is chosen. Choose between 1 and 8 of them.",
        ),
        (
            {"image_models": tuple("abcdefghij")},
            "image_models",
            "10 image models are chosen; at most 8 are accepted. Leave 2 of them out.",
        ),
        (
            {"image_models": ("offline-gouash",)},
            "image_models",
            "There is no image model 'offline-gouash'. Did you mean 'offline-gouache'? "
            + AVAILABLE,
        ),
        (
            {"image_models": ("offline-gouache", "z" * 500)},
            "image_models",
            f"There is no image model '{'z' * 58}…. {AVAILABLE}",
        ),
        (
            {"image_models": ("gemini-nano-banana-2.1",)},
            "image_models",
            "Nano Banana 2.1 needs GOOGLE_AI_API_KEY, GEMINI_API_KEY or GOOGLE_API_KEY to be set.",
        ),
        (
            {"image_models": ("gpt-image-2.6-flare",)},
            "image_models",
            "This version has no adapter for OpenAI yet, although OPENAI_API_KEY is set.",
        ),
        (
            {"image_models": ("gemini-2.5-flash-image",)},
            "image_models",
            "Nano Banana has been gone since 2026-10-02; use gemini-3.1-flash-lite-image instead.",
        ),
        (
            {"parameters": {"gpt-image-2": ImageParameters(quality="low")}},
            "parameters",
            "Parameters are given for 'gpt-image-2', which is not among the chosen image models:"
            " offline-gouache, offline-poster. Leave them out, or choose it.",
        ),
        (
            {"parameters": {"offline-poster": ImageParameters(quality="low")}},
            "quality",
            "Offline poster can't be asked for any quality. Leave the quality out.",
        ),
        (
            {"text_model": "offline"},
            "text_model",
            "There is no text model 'offline'. Did you mean 'offline-planner'?"
            " Available: offline-planner.",
        ),
        (
            {"text_model": "gpt-6-luna"},
            "text_model",
            "This version has no adapter for OpenAI yet, although OPENAI_API_KEY is set.",
        ),
        (
            {"aspect_ratio": "21:9"},
            "aspect_ratio",
            "Offline gouache does not paint '21:9'. It accepts 1:1, 2:3, 3:2, 3:4, 4:3, 9:16, 16:9;"
            " choose one of them, or leave this model out.",
        ),
        (
            {"images_per_model": 0},
            "images_per_model",
            "0 images per model can't be asked for. Choose a whole number from 1 to 4.",
        ),
        (
            {"images_per_model": 5},
            "images_per_model",
            "5 images per model can't be asked for. Choose a whole number from 1 to 4.",
        ),
        (
            {"images_per_model": True},
            "images_per_model",
            "True images per model can't be asked for. Choose a whole number from 1 to 4.",
        ),
        (
            {"seed": -1},
            "seed",
            "The seed -1 can't be used. Give a whole number from 0 to 2,147,483,647, or leave it"
            " empty.",
        ),
        (
            {"seed": 2**31},
            "seed",
            "The seed 2147483648 can't be used. Give a whole number from 0 to 2,147,483,647, or"
            " leave it empty.",
        ),
        (
            {"seed": 10**5_000},
            "seed",
            "The seed of over 128 bits can't be used. Give a whole number from 0 to 2,147,483,647,"
            " or leave it empty.",
        ),
        (
            {
                "seed": 7,
                "image_models": ("gpt-image-2.6-flare", "gemini-nano-banana-2.1"),
                "unavailable": _all_available,
            },
            "seed",
            "None of the chosen image models has a seed: GPT Image 2.6 Flare, Nano Banana 2.1."
            " Leave the seed empty, or choose a model that has one.",
        ),
        (
            {"references": 9, "unavailable": _all_available},
            "reference_images",
            "9 reference images can't go along. Choose at most 8.",
        ),
        (
            {"references": -1},
            "reference_images",
            "-1 reference images can't go along. Choose at most 8.",
        ),
        (
            {
                "references": 3,
                "image_models": ("gpt-image-2", "gemini-3.1-flash-lite-image"),
                "unavailable": _all_available,
            },
            "reference_images",
            "Nano Banana 2 Lite takes 1 of 3 reference images. Leave 2 of them out, or leave this"
            " model out.",
        ),
        (
            {"references": 1},
            "reference_images",
            "None of the chosen models can use reference images: Offline planner, Offline gouache,"
            " Offline poster. Leave them out: no model that could is available.",
        ),
        (
            {"references": 1, "unavailable": _all_available},
            "reference_images",
            "None of the chosen models can use reference images: Offline planner, Offline gouache,"
            " Offline poster. Choose one that can, such as GPT-6.1 Terra or GPT Image 2.6 Flare, or"
            " leave them out.",
        ),
        (
            {
                "image_models": ("gpt-image-2",),
                "aspect_ratio": "16:9",
                "parameters": {"gpt-image-2": ImageParameters(size="1024x1024")},
                "unavailable": _all_available,
            },
            "size",
            "The size 1024x1024 of GPT Image 2 does not have the aspect ratio 16:9. Choose one that"
            " does, such as 1280x720, another aspect ratio, or leave the size out.",
        ),
        (
            {
                "image_models": ("gpt-image-2",),
                "references": 1,
                "parameters": {"gpt-image-2": ImageParameters(moderation="low")},
                "unavailable": _all_available,
            },
            "moderation",
            "GPT Image 2 can't be asked for any moderation when reference images go along. Leave the"
            " moderation out, or the reference images.",
        ),
    ],
)
def test_bad_input_is_explained(changed: dict[str, object], field: str, message: str) -> None:
    """What can't be done names its field, what is wrong with it and what is accepted."""
    check: Check = _check

    with pytest.raises(InputError) as caught:
        check(**changed)

    assert caught.value.field == field
    assert caught.value.message == message


def test_a_seed_is_fine_where_one_model_has_one() -> None:
    """Models without a seed may be asked beside one that has it."""
    checked = _check(
        seed=0, image_models=("gpt-image-2.6-flare", "offline-poster"), unavailable=_all_available
    )

    assert checked.seed == 0
    assert checked.estimate_micro_usd is None


def test_parameters_make_the_estimate_closer() -> None:
    """What is asked of a model counts in the estimate: low quality costs less than any."""
    model = "gpt-image-2"
    whole = _check(image_models=(model,), unavailable=_all_available)
    low = _check(
        image_models=(model,),
        unavailable=_all_available,
        parameters={model: ImageParameters(quality="low")},
    )

    assert (whole.estimate_micro_usd, low.estimate_micro_usd) == (259_720, 54_880)


def test_parameters_are_part_of_the_request() -> None:
    """What is asked of each model is kept in the models' order; what asks for nothing is not."""
    models = ("gemini-3-pro-image", "gpt-image-2", "offline-poster")

    checked = _check(
        image_models=models,
        unavailable=_all_available,
        parameters={
            "gpt-image-2": ImageParameters(quality="low"),
            "offline-poster": ImageParameters(),
            "gemini-3-pro-image": ImageParameters(size="4K"),
        },
    )

    assert list(checked.parameters.items()) == [
        ("gemini-3-pro-image", ImageParameters(size="4K")),
        ("gpt-image-2", ImageParameters(quality="low")),
    ]


@pytest.mark.parametrize(
    ("text_model", "image_models"),
    [
        ("gpt-6-luna", ("offline-poster",)),
        ("offline-planner", ("offline-poster", "gpt-image-2")),
        ("gemini-4-argon", ("gemini-3-pro-image",)),
    ],
)
def test_references_need_one_model_that_can_use_them(
    text_model: str, image_models: tuple[str, ...]
) -> None:
    """A model that can't see is fine beside one that can, whichever of them it is."""
    fields = {
        "text_model": text_model,
        "image_models": image_models,
        "unavailable": _all_available,
    }

    plain, seen = (_check(**fields, references=count) for count in (0, 8))  # type: ignore[arg-type]

    assert seen.estimate_micro_usd is not None
    assert seen.estimate_micro_usd > (plain.estimate_micro_usd or 0)


def test_the_model_that_refuses_a_shape_is_named() -> None:
    """Of several models, the one that does not paint the shape is named."""
    with pytest.raises(InputError, match="Offline poster does not paint '8:1'"):
        _check(
            aspect_ratio="8:1",
            image_models=("gemini-nano-banana-2.1", "offline-poster"),
            unavailable=_all_available,
        )


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(st.characters(), max_size=50))
def test_a_request_is_kept_or_refused(request_text: str) -> None:
    """Any text either becomes a request that UTF-8 can hold, or is an input error."""
    try:
        checked = _check(request=request_text)
    except InputError:
        return

    assert checked.request.encode("utf-8")
    assert checked.request == checked.request.strip()
