"""The most that a request can come to."""

from dataclasses import replace

import pytest

from promptflow.catalog import (
    ANSWER_TOKENS,
    INSTRUCTION_TOKENS,
    PREVIEW_TOKENS,
    REFERENCE_TOKENS,
    REQUEST_TOKENS,
    Estimate,
    estimate_cost,
    read_catalog,
)
from promptflow.records import ImageParameters
from promptflow.settings import SHIPPED_DATA

CATALOG = read_catalog(SHIPPED_DATA / "models.toml")
QUESTION = INSTRUCTION_TOKENS + REQUEST_TOKENS


def _estimate(
    image_model: str,
    parameters: ImageParameters | None = None,
    *,
    aspect_ratio: str | None = "1:1",
    references: int = 0,
) -> int | None:
    """Estimate one picture, planned for nothing."""
    return estimate_cost(
        CATALOG,
        text_model="offline-planner",
        image_models=[image_model],
        images_per_model=1,
        aspect_ratio=aspect_ratio,
        parameters={image_model: parameters} if parameters else {},
        references=references,
    ).total_micro_usd


def test_the_estimate_is_the_worst_case() -> None:
    """Plan with repair, thinking, construction, pictures and the tokens beside them are counted."""
    read = QUESTION + (QUESTION + ANSWER_TOKENS) * 2 + QUESTION + 2 * ANSWER_TOKENS
    beside = 4 * ANSWER_TOKENS
    # What GPT-6 reads is written to its cache, for a quarter more.
    luna = (read * 125_000 + 4 * ANSWER_TOKENS * 500_000) // 1_000_000
    banana = 4 * 33_600 + (beside * 1_500_000 + beside * 7_500_000) // 1_000_000

    estimate = estimate_cost(
        CATALOG,
        text_model="gpt-6-luna",
        image_models=["gemini-nano-banana-2.1"],
        images_per_model=4,
    )

    assert estimate == Estimate(known_micro_usd=luna + banana)


def test_of_prices_that_change_the_dearest_is_taken() -> None:
    """A request may be sent after the price has gone up."""
    flash = CATALOG.text_model("gemini-3.8-flash")
    later = replace(CATALOG, text_models=(replace(flash, prices=flash.prices[1:]),))

    now, then = (
        estimate_cost(catalog, text_model=flash.id, image_models=[], images_per_model=1)
        for catalog in (CATALOG, later)
    )

    assert now == then
    assert now.total_micro_usd is not None


PREVIEWS = 3 * PREVIEW_TOKENS * 30
PROMPT = ANSWER_TOKENS * 5


@pytest.mark.parametrize(
    ("quality", "size", "aspect_ratio", "tokens"),
    [
        ("high", "1024x1024", "1:1", 7_024),
        ("high", None, "1:1", 7_024),
        ("auto", None, "1:1", 7_024),
        (None, None, "1:1", 7_024),
        ("medium", "1024x1024", "1:1", 1_756),
        ("low", "1024x1024", "1:1", 196),
        ("low", "1536x1024", "1:1", 158),
        ("high", "2880x2880", "1:1", 23_719),
        ("high", "auto", "16:9", 23_719),
    ],
)
def test_a_picture_of_gpt_image_2_is_estimated_by_its_rule(
    quality: str | None, size: str | None, aspect_ratio: str, tokens: int
) -> None:
    """Quality and size tell the tokens; what is left open is taken at its dearest."""
    parameters = ImageParameters(quality=quality, size=size)

    estimate = _estimate("gpt-image-2", parameters, aspect_ratio=aspect_ratio)

    assert estimate == tokens * 30 + PREVIEWS + PROMPT


def test_without_a_shape_the_dearest_is_taken() -> None:
    """Where the shape is not known either, no shape costs more."""
    each = [_estimate("gpt-image-2", aspect_ratio=ratio) for ratio in ("1:1", "16:9", "21:9")]

    open_shape = _estimate("gpt-image-2", aspect_ratio=None)

    assert open_shape is not None
    assert open_shape == max(cost or 0 for cost in each)


@pytest.mark.parametrize(
    ("model_id", "size", "picture"),
    [
        ("gemini-nano-banana-2.1", "1K", 33_600),
        ("gemini-nano-banana-2.1", "2K", 113_400),
        ("gemini-nano-banana-2.1", "4K", 113_400),
        ("gemini-3-pro-image", "2K", 134_400),
        ("gemini-3-pro-image", "4K", 240_000),
    ],
)
def test_a_class_of_sizes_is_estimated_at_its_tokens(
    model_id: str, size: str, picture: int
) -> None:
    """One without a documented figure is taken to need at most what the next larger one does."""
    card = CATALOG.image_model(model_id)
    prompt, thinking = (
        ANSWER_TOKENS * (rate or 0) // 1_000_000
        for rate in (
            card.prices[0].input_micro_usd_per_million,
            card.prices[0].output_micro_usd_per_million,
        )
    )

    assert _estimate(model_id, ImageParameters(size=size)) == picture + prompt + thinking


def test_references_are_counted_wherever_they_are_seen() -> None:
    """Each call that sees them reads them anew; a model takes no more of them than it can."""
    plain, seen = _estimate("gpt-image-2"), _estimate("gpt-image-2", references=2)
    lite = "gemini-3.1-flash-lite-image"
    one, eight = _estimate(lite, references=1), _estimate(lite, references=8)

    assert (seen or 0) - (plain or 0) == 2 * REFERENCE_TOKENS * 8
    assert one == eight


def test_text_models_that_see_are_estimated_with_references() -> None:
    """Planning, its repair, thinking and construction look at them; a model that can't does not."""
    costs = [
        estimate_cost(
            CATALOG,
            text_model=model,
            image_models=["offline-gouache"],
            images_per_model=1,
            references=count,
        ).known_micro_usd
        for model in ("gpt-6-luna", "gemini-4-argon")
        for count in (0, 1)
    ]

    assert costs[1] - costs[0] == 4 * REFERENCE_TOKENS * 125 // 1_000
    assert costs[2] == costs[3]


@pytest.mark.parametrize(
    "model_id", ["gpt-image-2.6-flare", "gpt-image-2.5-sunburst", "gpt-image-1.5"]
)
def test_an_unknown_number_of_tokens_makes_the_estimate_unknown(model_id: str) -> None:
    """A sum with an unknown part is unknown, though its usage will be priced; the part is named."""
    estimate = estimate_cost(
        CATALOG,
        text_model="offline-planner",
        image_models=["offline-gouache", model_id],
        images_per_model=1,
    )

    assert estimate == Estimate(known_micro_usd=0, unknown=(model_id,))
    assert estimate.total_micro_usd is None


def test_what_is_known_is_told_beside_what_is_not() -> None:
    """The parts that are known add up, whatever the others may cost."""
    models = {"text_model": "gpt-6-luna", "images_per_model": 1, "aspect_ratio": "1:1"}

    known, both = (
        estimate_cost(CATALOG, image_models=painters, **models)  # type: ignore[arg-type]
        for painters in (["gpt-image-2", "offline-poster"], ["gpt-image-2", "gpt-image-1.5"])
    )

    assert known.unknown == ()
    assert both == Estimate(known_micro_usd=known.total_micro_usd or 0, unknown=("gpt-image-1.5",))


def test_a_model_without_a_price_of_ours_is_estimated_by_the_package() -> None:
    """The package's price stands in; a model that it lacks too has no estimate."""
    luna, sol = (CATALOG.text_model(model_id) for model_id in ("gpt-6-luna", "gpt-6.2-sol"))
    bare = replace(CATALOG, text_models=(replace(luna, prices=()), replace(sol, prices=())))
    costs = [
        estimate_cost(
            catalog, text_model=card.id, image_models=[], images_per_model=1
        ).total_micro_usd
        for card in (luna, sol)
        for catalog in (CATALOG, bare)
    ]

    assert costs[0] == costs[1]
    assert costs[2] is not None
    assert costs[3] is None


def test_a_named_model_has_no_estimate() -> None:
    """Nothing is known of what an operator's own model costs."""
    catalog = CATALOG.with_named("openai", ["llama"], ["sdxl"])

    estimate = estimate_cost(
        catalog,
        text_model="llama",
        image_models=["offline-gouache", "sdxl"],
        images_per_model=1,
    )

    assert estimate.unknown == ("llama", "sdxl")
