"""Prices from the package `genai-prices`: for models, days and lengths that the catalogue lacks.

Only the data that is packaged with it is read; nothing is fetched.
"""

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from promptflow.catalog.cards import ModelCard, Price

if TYPE_CHECKING:
    from decimal import Decimal

    from genai_prices.types import TieredPrices

_MICRO = 1_000_000
_PREFIX = "models/"
"""Google's API puts it before names; the package does not know it."""


def read_packaged_price(
    card: ModelCard, *, on: date, input_tokens: int = 0
) -> tuple[Price, str] | None:
    """Look up what the package says a model costs.

    Args:
        card: of the model.
        on: the day of the call.
        input_tokens: how long the input was: some prices depend on it.

    Returns:
        The price, for this length alone, and the package with its version; ``None`` where the
        package has none, and for a model that the operator named: nobody knows who serves it.
    """
    if card.named:
        return None
    from genai_prices import Usage, __version__, calc_price

    try:
        found = calc_price(
            Usage(),
            card.id.removeprefix(_PREFIX),
            provider_id=card.provider,
            genai_request_timestamp=datetime.combine(on, time(), UTC),
        ).model_price
    except (LookupError, ValueError):
        return None
    price = Price(
        sources=(),
        input_micro_usd_per_million=_rate(found.input_mtok, input_tokens),
        cached_input_micro_usd_per_million=_rate(found.cache_read_mtok, input_tokens),
        cache_write_micro_usd_per_million=_rate(found.cache_write_mtok, input_tokens),
        input_image_micro_usd_per_million=_rate(found.input_image_mtok, input_tokens),
        output_micro_usd_per_million=_rate(found.output_mtok, input_tokens),
        output_image_micro_usd_per_million=_rate(found.output_image_mtok, input_tokens),
    )
    # A model without a rate for each direction is one the package does not price by tokens alone.
    sent = price.input_micro_usd_per_million is not None
    came = price.output_micro_usd_per_million is not None
    return (price, f"genai-prices {__version__}") if sent and came else None


def _rate(usd: "Decimal | TieredPrices | None", input_tokens: int) -> int | None:
    """Return micro-dollars per million tokens, half a one rounded up."""
    from decimal import ROUND_HALF_UP, Decimal

    if usd is None:
        return None
    if not isinstance(usd, Decimal):
        reached = [tier.price for tier in usd.tiers if input_tokens > tier.start]
        usd = reached[-1] if reached else usd.base
    return int((usd * _MICRO).to_integral_value(ROUND_HALF_UP))
