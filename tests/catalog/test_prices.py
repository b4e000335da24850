"""Prices: what was used, and the most that a request can come to."""

from dataclasses import replace
from datetime import date

import pytest

from promptflow.catalog import (
    ANSWER_TOKENS,
    INSTRUCTION_TOKENS,
    REQUEST_TOKENS,
    estimate_cost,
    price_pictures,
    price_text,
    read_catalog,
)
from promptflow.records import Usage
from promptflow.settings import SHIPPED_DATA

CATALOG = read_catalog(SHIPPED_DATA / "models.toml")


@pytest.mark.parametrize(
    ("model_id", "usage", "cost"),
    [
        ("offline-planner", Usage(input_tokens=1_000, output_tokens=1_000), 0),
        ("offline-planner", Usage(), 0),
        ("gpt-6.1-terra", Usage(input_tokens=1_000, output_tokens=200), 2_000),
        ("gpt-6.1-terra", Usage(input_tokens=1_000), None),
        ("gpt-6-luna", Usage(input_tokens=0, output_tokens=1), 1),
        ("gpt-6-luna", Usage(input_tokens=4, output_tokens=0), 0),
        ("gpt-6-luna", Usage(input_tokens=5, output_tokens=0), 1),
    ],
)
def test_text_is_priced_by_its_tokens(model_id: str, usage: Usage, cost: int | None) -> None:
    """Half a micro-dollar is rounded up; what was not told is not guessed."""
    assert price_text(CATALOG.text_model(model_id), usage) == cost


@pytest.mark.parametrize(
    ("on", "cost"),
    [(date(2026, 12, 31), 4_500_000), (date(2027, 1, 1), 9_000_000), (None, 9_000_000)],
)
def test_a_price_holds_from_its_day(on: date | None, cost: int) -> None:
    """The price of the day is taken; without a day, the one that lasts."""
    usage = Usage(input_tokens=1_000_000, output_tokens=1_000_000)

    assert price_text(CATALOG.text_model("gemini-3.8-flash"), usage, on=on) == cost


@pytest.mark.parametrize(
    ("model_id", "count", "cost"),
    [
        ("offline-gouache", 4, 0),
        ("gemini-nano-banana-2.1", 3, 100_800),
        ("gemini-nano-banana-2.1", 0, 0),
        ("gpt-image-2.6-flare", 1, None),
    ],
)
def test_pictures_are_priced_by_number(model_id: str, count: int, cost: int | None) -> None:
    """Pictures cost what is documented; where nothing is, the price is unknown, not zero."""
    assert price_pictures(CATALOG.image_model(model_id), count) == cost


def test_a_price_that_has_ended_is_unknown() -> None:
    """After the last day of the last known price there is none."""
    card = CATALOG.image_model("gemini-nano-banana-2.1")
    ended = replace(card, prices=(replace(card.prices[0], valid_through=date(2026, 11, 23)),))

    assert price_pictures(ended, 1, on=date(2026, 11, 24)) is None


def test_the_estimate_is_the_worst_case() -> None:
    """Plan with repair, thinking, construction, pictures and the tokens beside them are counted."""
    question = INSTRUCTION_TOKENS + REQUEST_TOKENS
    read = question + (question + ANSWER_TOKENS) * 2 + question + 2 * ANSWER_TOKENS
    beside = 4 * ANSWER_TOKENS
    luna = (read * 100_000 + 4 * ANSWER_TOKENS * 500_000) // 1_000_000
    banana = 4 * 33_600 + (beside * 1_500_000 + beside * 7_500_000) // 1_000_000

    estimate = estimate_cost(
        CATALOG,
        text_model="gpt-6-luna",
        image_models=["gemini-nano-banana-2.1"],
        images_per_model=4,
    )

    assert estimate == luna + banana


def test_an_unknown_price_makes_the_estimate_unknown() -> None:
    """A sum with an unknown part is unknown."""
    estimate = estimate_cost(
        CATALOG,
        text_model="offline-planner",
        image_models=["offline-gouache", "gpt-image-2.6-flare"],
        images_per_model=1,
    )

    assert estimate is None
