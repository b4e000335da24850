"""What a call cost: by modality, at the price of its day, or not known."""

import subprocess
import sys
from dataclasses import replace
from datetime import date

import pytest

from promptflow.catalog import (
    Charge,
    ImageModelCard,
    Price,
    TextModelCard,
    price_call,
    read_catalog,
)
from promptflow.catalog.cards import Source
from promptflow.records import Usage
from promptflow.settings import ROOT, SHIPPED_DATA

TODAY = date(2026, 11, 23)
CATALOG = read_catalog(SHIPPED_DATA / "models.toml")
LIST = Source(title="A price list", read=date(2026, 11, 20))


def tell_cost(
    card: TextModelCard | ImageModelCard,
    usage: Usage,
    *,
    pictures: int = 0,
    size: str | None = None,
    on: date,
) -> int | None:
    """Return the micro-dollars of a call."""
    charge = price_call(card, usage, pictures=pictures, size=size, on=on)
    return charge.micro_usd if charge else None


@pytest.mark.parametrize(
    ("model_id", "usage", "cost"),
    [
        ("offline-planner", Usage(input_tokens=1_000, output_tokens=1_000), 0),
        ("offline-planner", Usage(), 0),
        ("gpt-6.1-terra", Usage(input_tokens=1_000, output_tokens=200), 2_000),
        ("gpt-6.1-terra", Usage(input_tokens=1_000), None),
        ("gpt-6.1-terra", Usage(output_tokens=1_000), None),
        ("gpt-6.1-terra", Usage(input_tokens=1_000, cached_tokens=600, output_tokens=0), 430),
        (
            "gpt-6.1-terra",
            Usage(input_tokens=1_000, input_image_tokens=900, output_tokens=0),
            1_000,
        ),
        ("gpt-6.1-terra", Usage(input_tokens=0, output_tokens=200, thinking_tokens=150), 1_000),
        ("gpt-6.1-terra", Usage(input_tokens=1, cached_tokens=2, output_tokens=0), None),
        ("gpt-6.2-astra", Usage(input_tokens=1_000, cached_tokens=1, output_tokens=0), None),
        ("gpt-6-luna", Usage(input_tokens=0, output_tokens=1), 1),
        ("gpt-6-luna", Usage(input_tokens=4, output_tokens=0), 0),
        ("gpt-6-luna", Usage(input_tokens=5, output_tokens=0), 1),
    ],
)
def test_text_is_priced_by_its_tokens(model_id: str, usage: Usage, cost: int | None) -> None:
    """Half a micro-dollar is rounded up; what was not told, or can't be, is not guessed."""
    card = CATALOG.text_model(model_id)

    assert tell_cost(card, usage, on=TODAY) == cost
    assert tell_cost(card, usage, on=TODAY) == cost


@pytest.mark.parametrize(
    ("model_id", "usage", "cost"),
    [
        # Terra: text at 1.00, read from the cache at 0.05, written to it at 1.25.
        ("gpt-6.1-terra", Usage(input_tokens=1_000, cache_write_tokens=0), 1_000),
        ("gpt-6.1-terra", Usage(input_tokens=1_000, cache_write_tokens=400), 600 + 500),
        ("gpt-6.1-terra", Usage(input_tokens=1_000, cache_write_tokens=1_000), 1_250),
        (
            "gpt-6.1-terra",
            Usage(input_tokens=1_000, cached_tokens=200, cache_write_tokens=400),
            400 + 10 + 500,
        ),
        (
            "gpt-6.1-terra",
            Usage(input_tokens=1_000, cached_tokens=601, cache_write_tokens=400),
            None,
        ),
        ("gpt-6.1-terra", Usage(input_tokens=1_000, cache_write_tokens=-1), None),
        ("gpt-6.2-astra", Usage(input_tokens=1_000, cache_write_tokens=0), 8_000),
        ("gpt-6.2-astra", Usage(input_tokens=1_000, cache_write_tokens=1), None),
    ],
)
def test_what_was_written_to_the_cache_has_its_own_price(
    model_id: str, usage: Usage, cost: int | None
) -> None:
    """Written tokens are a part of those sent, at the price of writing; without one it is unknown."""
    card = CATALOG.text_model(model_id)

    assert tell_cost(card, replace(usage, output_tokens=0), on=TODAY) == cost


def test_writing_to_the_cache_may_cost_no_extra() -> None:
    """A price of writing that is the plain one says so, and zero says that it is free."""
    card = CATALOG.text_model("gpt-6.1-terra")
    usage = Usage(input_tokens=1_000, cache_write_tokens=400, output_tokens=0)
    plain = replace(card.prices[0], cache_write_micro_usd_per_million=1_000_000)
    free = replace(card.prices[0], cache_write_micro_usd_per_million=0)

    assert tell_cost(replace(card, prices=(plain,)), usage, on=TODAY) == 1_000
    assert tell_cost(replace(card, prices=(free,)), usage, on=TODAY) == 600


def test_pictures_and_a_written_cache_are_not_told_apart() -> None:
    """Where pictures have a price of their own, nobody says which of them were written to the cache."""
    card = CATALOG.image_model("gpt-image-2.6-flare")
    price = replace(card.prices[0], cache_write_micro_usd_per_million=6_250_000)
    usage = Usage(input_tokens=1_000, input_image_tokens=1, cache_write_tokens=400, output_tokens=0)
    words = replace(usage, input_image_tokens=0)

    assert tell_cost(replace(card, prices=(price,)), usage, on=TODAY) is None
    assert tell_cost(replace(card, prices=(price,)), words, on=TODAY) == 600 * 5 + 400 * 25 // 4


def test_the_package_prices_what_was_written_to_the_cache() -> None:
    """Where the catalogue has no price of the day, the package's price of writing counts."""
    card = replace(CATALOG.text_model("gpt-6-luna"), prices=())
    usage = Usage(input_tokens=1_000, cache_write_tokens=1_000, output_tokens=0)

    assert tell_cost(card, usage, on=TODAY) == 125


SENT = Usage(input_tokens=1_000, input_image_tokens=0)


@pytest.mark.parametrize(
    ("model_id", "usage", "cost"),
    [
        # Text at 5, pictures at 8 in and 30 out: 300 + 700 in, 7,024 out.
        (
            "gpt-image-2",
            Usage(input_tokens=1_000, input_image_tokens=700, output_tokens=7_024),
            300 * 5 + 700 * 8 + 7_024 * 30,
        ),
        ("gpt-image-2.6-flare", replace(SENT, output_tokens=100), 1_000 * 5 + 100 * 30),
        ("gpt-image-2.6-flare", replace(SENT, cached_tokens=800, output_tokens=0), 2_000),
        ("gpt-image-2.6-flare", Usage(input_tokens=1_000, output_tokens=100), None),
        (
            "gpt-image-2.6-flare",
            Usage(input_tokens=1_000, cached_tokens=1, input_image_tokens=1, output_tokens=100),
            None,
        ),
        ("gpt-image-1.5", replace(SENT, output_tokens=100), None),
        (
            "gpt-image-1.5",
            replace(SENT, output_tokens=100, output_image_tokens=90),
            1_000 * 5 + 10 * 10 + 90 * 32,
        ),
        # One price for all that goes in; thinking at 7.50, the picture at 30.
        (
            "gemini-nano-banana-2.1",
            Usage(
                input_tokens=1_000,
                input_image_tokens=600,
                output_tokens=1_520,
                thinking_tokens=400,
                output_image_tokens=1_120,
            ),
            1_500 + 400 * 15 // 2 + 1_120 * 30,
        ),
        (
            "gemini-nano-banana-2.1",
            replace(SENT, output_tokens=10, output_image_tokens=11),
            None,
        ),
    ],
)
def test_pictures_are_priced_by_modality(model_id: str, usage: Usage, cost: int | None) -> None:
    """Text, pictures and what was cached each have their price; without the split there is none."""
    assert tell_cost(CATALOG.image_model(model_id), usage, on=TODAY) == cost


@pytest.mark.parametrize(
    ("model_id", "pictures", "size", "cost"),
    [
        ("offline-gouache", 4, None, 0),
        ("offline-gouache", 0, None, 0),
        ("gemini-nano-banana-2.1", 3, None, 100_800),
        ("gemini-nano-banana-2.1", 1, "1K", 33_600),
        ("gemini-nano-banana-2.1", 1, "2K", None),
        ("gemini-nano-banana-2.1", 1, "4K", 113_400),
        ("gemini-nano-banana-2.1", 0, None, None),
        ("gemini-3-pro-image", 2, "2K", 268_800),
        ("gpt-image-2", 1, None, None),
        ("gpt-image-2.6-flare", 1, None, None),
    ],
)
def test_without_usage_a_picture_costs_what_is_documented(
    model_id: str, pictures: int, size: str | None, cost: int | None
) -> None:
    """A picture stands for its documented tokens; where there are none, its price is unknown."""
    card = CATALOG.image_model(model_id)

    assert tell_cost(card, Usage(), pictures=pictures, size=size, on=TODAY) == cost


def test_pictures_that_are_billed_by_number_are_priced_by_number() -> None:
    """A price per picture counts the pictures, whatever tokens were told."""
    card = CATALOG.image_model("gpt-image-2")
    billed = replace(card, prices=(Price(micro_usd_per_picture=40_000, sources=(LIST,)),))
    usage = Usage(input_tokens=9, output_tokens=9)

    assert tell_cost(billed, usage, pictures=3, on=TODAY) == 120_000
    assert tell_cost(billed, Usage(), pictures=0, on=TODAY) == 0


@pytest.mark.parametrize(
    ("on", "cost"), [(date(2026, 12, 31), 4_500_000), (date(2027, 1, 1), 9_000_000)]
)
def test_a_price_holds_until_its_day(on: date, cost: int) -> None:
    """The price of the day of the call is taken."""
    usage = Usage(input_tokens=1_000_000, output_tokens=1_000_000)

    assert tell_cost(CATALOG.text_model("gemini-3.8-flash"), usage, on=on) == cost


def test_a_charge_names_its_price() -> None:
    """With the money come the document that the price is from, the newest, and the day it was read."""
    older = Source(title="An older list", read=date(2026, 1, 1))
    price = Price(
        input_micro_usd_per_million=500_000, output_micro_usd_per_million=0, sources=(older, LIST)
    )
    card = replace(CATALOG.text_model("gpt-6-luna"), prices=(price,))

    charge = price_call(card, Usage(input_tokens=3, output_tokens=3), on=TODAY)

    assert charge == Charge(micro_usd=2, source="A price list", price_date=date(2026, 11, 20))


def test_a_price_that_says_nothing_is_not_free() -> None:
    """Free is a price of zero, not a price without amounts."""
    silent = replace(CATALOG.text_model("gpt-6.2-sol"), prices=(Price(sources=(LIST,)),))

    assert tell_cost(silent, Usage(input_tokens=1, output_tokens=1), on=TODAY) is None


@pytest.mark.parametrize(
    ("model_id", "on", "micro_usd"),
    [
        ("gpt-6-luna", TODAY, 100 + 500),
        ("models/gemini-3.8-flash", TODAY, 750 + 3_750),
        ("models/gemini-3.8-flash", date(2027, 1, 1), 1_500 + 7_500),
    ],
)
def test_the_package_prices_what_the_catalogue_does_not(
    model_id: str, on: date, micro_usd: int
) -> None:
    """A model without a price of ours has that of the package, on the day of the call."""
    known = CATALOG.text_model(model_id.removeprefix("models/"))
    card = replace(known, id=model_id, prices=())

    charge = price_call(card, Usage(input_tokens=1_000, output_tokens=1_000), on=on)

    assert charge == Charge(micro_usd=micro_usd, source="genai-prices 0.2.3", price_date=None)


def test_the_package_prices_pictures_by_modality() -> None:
    """The package's rates for pictures and for what was cached count as ours do."""
    ours = CATALOG.image_model("gpt-image-2")
    usage = Usage(input_tokens=1_000, input_image_tokens=700, output_tokens=7_024)
    cached = Usage(input_tokens=1_000, cached_tokens=800, input_image_tokens=0, output_tokens=0)

    assert tell_cost(replace(ours, prices=()), usage, on=TODAY) == 217_820
    assert tell_cost(replace(ours, prices=()), cached, on=TODAY) == 2_000


def test_a_price_that_has_ended_leaves_it_to_the_package() -> None:
    """After the last day of the last price of ours, the package is asked."""
    card = CATALOG.text_model("gpt-6-luna")
    ended = replace(card, prices=(replace(card.prices[0], valid_through=date(2026, 11, 22)),))

    charge = price_call(ended, Usage(input_tokens=10, output_tokens=0), on=TODAY)

    assert charge == Charge(micro_usd=1, source="genai-prices 0.2.3", price_date=None)


def test_an_input_too_long_for_our_price_is_the_packages() -> None:
    """Above 272,000 tokens GPT-6 costs twice as much; what ours does not say, the package does."""
    usage = Usage(input_tokens=272_001, output_tokens=0)

    assert tell_cost(CATALOG.text_model("gpt-6.1-terra"), usage, on=TODAY) == 544_002


@pytest.mark.parametrize("model_id", ["gpt-6.2-sol", "gpt-7-nobody-knows"])
def test_what_nobody_prices_is_unknown(model_id: str) -> None:
    """A model that neither the catalogue nor the package prices has no price, not even 0."""
    card = replace(CATALOG.text_model("gpt-6.2-sol"), id=model_id, prices=())

    assert tell_cost(card, Usage(input_tokens=1, output_tokens=1), on=TODAY) is None


def test_a_named_model_has_no_price() -> None:
    """Who serves a model that the operator named is not known, so the package's price is not its."""
    named = CATALOG.with_named("openai", ["gpt-5.5"], []).text_model("gpt-5.5")

    assert tell_cost(named, Usage(input_tokens=1, output_tokens=1), on=TODAY) is None
    assert tell_cost(replace(named, named=False), Usage(input_tokens=1, output_tokens=0), on=TODAY)


def test_the_package_is_imported_only_when_it_is_needed() -> None:
    """A price of ours, and a call without usage, leave the package where it is."""
    script = f"""
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from promptflow.catalog import price_call, read_catalog
from promptflow.records import Usage
card = read_catalog(Path({str(SHIPPED_DATA / "models.toml")!r})).text_model("gpt-6-luna")
price_call(card, Usage(input_tokens=9, output_tokens=9), on=date(2026, 11, 23))
price_call(replace(card, prices=()), Usage(), on=date(2026, 11, 23))
sys.exit("genai_prices" in sys.modules)
"""

    finished = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False)

    assert finished.returncode == 0
