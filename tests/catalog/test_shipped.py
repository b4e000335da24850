"""The shipped catalogue: its facts have sources, and it holds what is promised."""

from datetime import date

import pytest

from promptflow.catalog import (
    INSTRUCTION_TOKENS,
    ImageModelCard,
    ModelCard,
    Price,
    estimate_cost,
    read_catalog,
)
from promptflow.instructions import read_instructions
from promptflow.records import Stage
from promptflow.settings import SHIPPED_DATA

TODAY = date(2026, 11, 23)
CATALOG = read_catalog(SHIPPED_DATA / "models.toml")
CARDS: tuple[ModelCard, ...] = (*CATALOG.text_models, *CATALOG.image_models)
PRICED = [(card.id, price) for card in CARDS for price in card.prices]
LASTING = [card for card in CATALOG.image_models if (card.shutdown_on or date.max) > TODAY]
REAL = [card for card in LASTING if card.provider != "offline"]
OURS = ("1:1", "2:3", "3:2", "3:4", "4:3", "9:16", "16:9")


@pytest.mark.parametrize(("model_id", "price"), PRICED)
def test_every_price_has_a_source_and_a_date(model_id: str, price: Price) -> None:
    """No price stands without a document and the day on which it was read."""
    assert price.sources
    assert all(source.title and source.read <= TODAY for source in price.sources)


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.id)
def test_every_model_has_a_source(card: ModelCard) -> None:
    """What is said of a model can be looked up."""
    assert all(source.title and source.read <= TODAY for source in card.sources)
    assert card.sources


def test_every_model_id_is_unique() -> None:
    """No two models, of whatever kind, share an id."""
    ids = [card.id for card in CARDS]

    assert len(set(ids)) == len(ids)


def test_the_shipped_models_are_the_known_ones() -> None:
    """The catalogue holds the offline models first, then those of OpenAI and Google."""
    assert [card.id for card in CATALOG.text_models] == [
        "offline-planner",
        "gpt-6.1-terra",
        "gpt-6-luna",
        "gpt-6.2-sol",
        "gpt-6.2-astra",
        "gpt-6.1-sol",
        "gemini-3.8-flash",
        "gemini-4-hydrogen",
        "gemini-4-argon",
        "gemini-4-carbon",
        "gemini-3.5-flash-lite",
    ]
    assert [card.id for card in CATALOG.image_models] == [
        "offline-gouache",
        "offline-poster",
        "gpt-image-2.6-flare",
        "gpt-image-2.6-sunburst",
        "gpt-image-2.5-flare",
        "gpt-image-2.5-sunburst",
        "gpt-image-2",
        "gpt-image-1.5",
        "gpt-image-1-mini",
        "gpt-image-1",
        "gemini-nano-banana-2.1",
        "gemini-3-pro-image",
        "gemini-3.1-flash-lite-image",
        "gemini-3.1-flash-image",
        "gemini-2.5-flash-image",
    ]


def test_every_provider_has_a_recommended_model_of_each_kind() -> None:
    """With a key alone, there is something to begin with: one text model, two image models."""
    texts = [card.provider for card in CATALOG.text_models if card.recommended]
    images = [card.provider for card in CATALOG.image_models if card.recommended]

    assert texts == ["openai", "google"]
    assert images == ["openai", "openai", "google", "google"]
    assert [card.id for card in CARDS if card.recommended and card.shutdown_on] == []


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.id)
def test_a_model_with_an_end_names_who_follows(card: ModelCard) -> None:
    """Whoever is refused a model that is gone is told of another, which can be asked."""
    known = {each.id: each for each in CARDS}

    heir = known.get(card.successor or "", card)

    assert bool(card.successor) == bool(card.shutdown_on)
    assert heir.provider == card.provider
    assert heir.shutdown_on is None


@pytest.mark.parametrize("card", [*CATALOG.text_models, *LASTING], ids=lambda card: card.id)
def test_every_model_that_can_be_asked_has_a_price(card: ModelCard) -> None:
    """Whatever a call to a shipped model comes to, it can be told from its usage."""
    assert card.prices


@pytest.mark.parametrize("card", REAL, ids=lambda card: card.id)
def test_every_real_painter_is_written_for_in_its_own_way(card: ImageModelCard) -> None:
    """Prompt construction is told what the model is good at, within what the estimate allows."""
    instructions = read_instructions(SHIPPED_DATA / "instructions")

    told = instructions.for_stage(Stage.PROMPT_CONSTRUCTION, card.id)

    assert instructions.guidance[card.id] in told
    assert len(told) < 3 * INSTRUCTION_TOKENS


def test_guidance_is_for_models_that_there_are() -> None:
    """No file of guidance is left over from a model that the catalogue has lost."""
    instructions = read_instructions(SHIPPED_DATA / "instructions")

    assert set(instructions.guidance) == {card.id for card in LASTING}


def test_the_abilities_are_the_documented_ones() -> None:
    """What the models differ in is as their makers' types and documents have it."""
    painters = {card.id: card for card in CATALOG.image_models}
    flare, two, banana = (
        painters[model_id]
        for model_id in ("gpt-image-2.6-flare", "gpt-image-2", "gemini-nano-banana-2.1")
    )

    assert {card.references for card in REAL if card.provider == "openai"} == {16}
    assert {card.partials for card in REAL if card.provider == "openai"} == {3}
    assert set(flare.qualities) - set(two.qualities) == {"xhigh", "max"}
    assert set(flare.backgrounds) - set(two.backgrounds) == {"transparent"}
    assert (banana.references, banana.partials, banana.max_images_per_call) == (14, 0, 1)
    assert banana.sizes == ("1K", "2K", "4K")
    assert banana.thinking_levels == ("minimal", "medium", "high")
    assert "none" not in CATALOG.text_model("gpt-6.2-sol").reasoning_efforts
    assert CATALOG.text_model("gemini-3.8-flash").reasoning_efforts == ("low", "medium", "high")


def test_the_offline_models_are_free_and_say_what_they_are() -> None:
    """Offline needs no key, costs nothing, and is not passed off as an AI model."""
    offline = CATALOG.provider("offline")
    painters = [card for card in CATALOG.image_models if card.provider == "offline"]

    assert offline.key_variables == ()
    assert offline.note == "drawn by code, not by an AI model"
    assert {card.aspect_ratios for card in painters} == {OURS}
    assert all(card.has_seed for card in painters)
    assert estimate_cost(
        CATALOG,
        text_model="offline-planner",
        image_models=[card.id for card in painters],
        images_per_model=4,
    ).total_micro_usd == 0  # fmt: skip


@pytest.mark.parametrize("card", LASTING, ids=lambda card: card.id)
def test_every_lasting_painter_accepts_our_shapes(card: ImageModelCard) -> None:
    """Any of the seven shapes can be asked of any image model that is not about to be shut down."""
    assert set(OURS) <= set(card.aspect_ratios) or card.shutdown_on


def test_only_offline_painters_have_a_seed() -> None:
    """OpenAI's and Google's image models take no seed."""
    assert {card.provider for card in CATALOG.image_models if card.has_seed} == {"offline"}
