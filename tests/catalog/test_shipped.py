"""The shipped catalogue: its facts have sources, and it holds what is promised."""

from datetime import date

import pytest

from promptflow.catalog import ModelCard, PicturePrice, TokenPrice, estimate_cost, read_catalog
from promptflow.settings import SHIPPED_DATA

TODAY = date(2026, 11, 23)
CATALOG = read_catalog(SHIPPED_DATA / "models.toml")
CARDS: tuple[ModelCard, ...] = (*CATALOG.text_models, *CATALOG.image_models)
PRICED: list[tuple[str, TokenPrice | PicturePrice]] = [
    *((card.id, price) for card in CATALOG.text_models for price in card.prices),
    *((card.id, price) for card in CATALOG.image_models for price in card.prices),
]
OURS = ("1:1", "2:3", "3:2", "3:4", "4:3", "9:16", "16:9")


@pytest.mark.parametrize(("model_id", "price"), PRICED)
def test_every_price_has_a_source_and_a_date(
    model_id: str, price: TokenPrice | PicturePrice
) -> None:
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
        "gemini-3.8-flash",
    ]
    assert [card.id for card in CATALOG.image_models] == [
        "offline-gouache",
        "offline-poster",
        "gpt-image-2.6-flare",
        "gpt-image-2.6-sunburst",
        "gemini-nano-banana-2.1",
    ]


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
    ) == 0  # fmt: skip


@pytest.mark.parametrize("card", CATALOG.image_models, ids=lambda card: card.id)
def test_every_painter_accepts_our_shapes(card: ModelCard) -> None:
    """Any of the seven shapes can be asked of any image model."""
    assert set(OURS) <= set(CATALOG.image_model(card.id).aspect_ratios)


def test_only_offline_painters_have_a_seed() -> None:
    """OpenAI's and Google's image models take no seed."""
    assert {card.provider for card in CATALOG.image_models if card.has_seed} == {"offline"}
