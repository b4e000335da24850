"""What models cost: what was used, and the most that a request can come to."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TypeVar

from promptflow.catalog.cards import ImageModelCard, PicturePrice, TextModelCard, TokenPrice
from promptflow.catalog.limits import MAX_REQUEST_CHARS
from promptflow.catalog.lookup import Catalog
from promptflow.records import Usage

# What the estimate takes a call to need at most. An answer, with what the model thinks, is bounded by
# the output limit that adapters send; a plan or a prompt was such an answer, so the same bound holds
# where it is read again. Calls that failed and were made again are taken as not billed.
ANSWER_TOKENS = 8_000
REQUEST_TOKENS = 3 * MAX_REQUEST_CHARS
"""Three tokens a character, as rare scripts and emoji need."""
INSTRUCTION_TOKENS = 4_000
"""Instructions and schema: at most 12,000 characters of plain English, three to a token."""
PLAN_CALLS = 2
"""The plan, and once more when the first answer can't be read."""

_PER_MILLION = 1_000_000

_AnyPrice = TypeVar("_AnyPrice", TokenPrice, PicturePrice)


def price_text(model: TextModelCard, usage: Usage, *, on: date | None = None) -> int | None:
    """Price what a text model was used for.

    Args:
        model: its card.
        usage: the tokens billed; output includes what the model thought.
        on: the day of the call; without it, the price that holds in the long run is taken.

    Returns:
        Micro-dollars, half a one rounded up; ``None`` where the price or a number of tokens is not
        known. A free model costs 0, whatever is known of its tokens.
    """
    price = _price_on(model.prices, on)
    if price is None:
        return None
    if not any(price.amounts):
        return 0
    if usage.input_tokens is None or usage.output_tokens is None:
        return None
    cost = _token_cost(price, usage.input_tokens, usage.output_tokens)
    return (cost + _PER_MILLION // 2) // _PER_MILLION


def price_pictures(model: ImageModelCard, count: int, *, on: date | None = None) -> int | None:
    """Price pictures that an image model delivered.

    Args:
        model: its card.
        count: how many pictures.
        on: the day of the call; without it, the price that holds in the long run is taken.

    Returns:
        Micro-dollars for the pictures, without tokens that are billed beside them; ``None`` where
        the price is not known.
    """
    price = _price_on(model.prices, on)
    return None if price is None else price.micro_usd_per_picture * count


def estimate_cost(
    catalog: Catalog, *, text_model: str, image_models: Sequence[str], images_per_model: int
) -> int | None:
    """Estimate the most that a request can cost.

    Every call is taken to use all the tokens it may (`ANSWER_TOKENS` and the constants beside it),
    the plan to need a repair, and of prices that change by date the dearest to hold.

    Args:
        catalog: the catalogue.
        text_model: the id of the text model.
        image_models: the ids of the image models.
        images_per_model: pictures from each.

    Returns:
        Micro-dollars, rounded up; ``None`` where one price is not known.

    Raises:
        InputError: there is no model of that id.
    """
    lanes = len(image_models)
    question = INSTRUCTION_TOKENS + REQUEST_TOKENS
    # The repair reads the refused answer, thinking the plan, construction both plan and thinking.
    read = PLAN_CALLS * question + (PLAN_CALLS - 1) * ANSWER_TOKENS
    read += question + ANSWER_TOKENS + lanes * (question + 2 * ANSWER_TOKENS)
    written = (PLAN_CALLS + 1 + lanes) * ANSWER_TOKENS
    costs = [_dearest(_token_cost(p, read, written) for p in catalog.text_model(text_model).prices)]
    for model_id in image_models:
        card = catalog.image_model(model_id)
        calls = -(-images_per_model // card.max_images_per_call)
        beside = calls * ANSWER_TOKENS
        costs.append(
            _dearest(
                price.micro_usd_per_picture * images_per_model * _PER_MILLION
                + _token_cost(price, beside, beside)
                for price in card.prices
            )
        )
    known = [cost for cost in costs if cost is not None]
    return -(-sum(known) // _PER_MILLION) if len(known) == len(costs) else None


def _price_on(prices: Sequence[_AnyPrice], on: date | None) -> _AnyPrice | None:
    """Return the price that holds on a day; without a day, the last of all."""
    if on is None:
        return prices[-1] if prices else None
    held = (p for p in prices if p.valid_through is None or on <= p.valid_through)
    return next(held, None)


def _token_cost(price: TokenPrice | PicturePrice, read: int, written: int) -> int:
    """Return millionths of a micro-dollar."""
    return read * price.input_micro_usd_per_million + written * price.output_micro_usd_per_million


def _dearest(costs: Iterable[int]) -> int | None:
    return max(costs, default=None)
