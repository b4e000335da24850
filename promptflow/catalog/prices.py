"""What a call cost: its usage at the price of its day, by modality, or not known."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from promptflow.catalog.cards import ImageModelCard, ModelCard, Price, TextModelCard
from promptflow.catalog.packaged import read_packaged_price
from promptflow.catalog.sizes import documented_tokens
from promptflow.records import Usage

PER_MILLION = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What a call cost, and by which price."""

    micro_usd: int
    source: str
    """The title of the document the price is from."""
    price_date: date | None
    """The day that document was read; ``None`` for a package, whose version is in `source`."""


def price_call(
    card: TextModelCard | ImageModelCard,
    usage: Usage,
    *,
    pictures: int = 0,
    size: str | None = None,
    on: date,
) -> Charge | None:
    """Price one call from the usage that came back.

    The catalogue's own price of the day comes first, then that of the package `genai-prices`. Where
    no usage came, or not split as the price is, pictures are taken at what one is documented to
    take. What the provider read from its cache without saying so is taken at the full price; what it
    says it wrote there has a price of its own, which is the plain one only where the catalogue says so.

    Args:
        card: of the model that was asked.
        usage: the tokens it was billed for.
        pictures: how many whole pictures came.
        size: the class of sizes they were asked in; ``None`` for the model's own choice.
        on: the day of the call.

    Returns:
        The charge, half a micro-dollar rounded up; ``None`` where the price or a number of tokens is
        not known. A free model charges 0, whatever is known of its tokens.
    """
    for price, source, price_date in _prices(card, usage, on):
        cost = _cost(card, price, usage, pictures, size)
        if cost is not None:
            micro_usd = (cost + PER_MILLION // 2) // PER_MILLION
            return Charge(micro_usd=micro_usd, source=source, price_date=price_date)
    return None


def _prices(
    card: TextModelCard | ImageModelCard, usage: Usage, on: date
) -> Iterator[tuple[Price, str, date | None]]:
    """Yield the price of the day, its source and that one's date, the best known first."""
    price = price_on(card, on)
    if price:
        newest = max(price.sources, key=lambda source: source.read)
        yield price, newest.title, newest.read
    # The package knows tokens only, and takes half a second to import: not for nothing.
    if usage.input_tokens is None or usage.output_tokens is None:
        return
    packaged = read_packaged_price(card, on=on, input_tokens=usage.input_tokens)
    if packaged:
        yield *packaged, None


def price_on(card: ModelCard, day: date) -> Price | None:
    """Return the catalogue's own price of a model.

    Args:
        card: of the model.
        day: the day it is to hold on.

    Returns:
        The price; ``None`` where the catalogue has none.
    """
    held = (each for each in card.prices if each.valid_through is None or day <= each.valid_through)
    return next(held, None)


def _cost(
    card: TextModelCard | ImageModelCard,
    price: Price,
    usage: Usage,
    pictures: int,
    size: str | None,
) -> int | None:
    """Return millionths of a micro-dollar."""
    if price.is_free:
        return 0
    sent, came = _sent_cost(price, usage), _answer_cost(price, usage)
    if sent is not None and came is not None:
        return sent + came
    painted = _pictures_cost(card, price, pictures, size)
    if painted is None or usage == Usage() or price.micro_usd_per_picture is not None:
        return painted
    # What was told counts as well: with reference images most of the bill may be what was sent.
    thought = (usage.thinking_tokens or 0) * (price.output_micro_usd_per_million or 0)
    return None if sent is None else sent + thought + painted


def _sent_cost(price: Price, usage: Usage) -> int | None:
    """Price what was sent: text, pictures, and what was read from a cache or written to it."""
    rate, sent = price.input_micro_usd_per_million, usage.input_tokens
    if rate is None or sent is None:
        return None
    if price.max_input_tokens is not None and sent > price.max_input_tokens:
        return None
    image_rate = price.input_image_micro_usd_per_million
    split = image_rate is not None and image_rate != rate
    images = usage.input_image_tokens if split else 0
    cached = _cache_cost(usage.cached_tokens, price.cached_input_micro_usd_per_million)
    stored = _cache_cost(usage.cache_write_tokens, price.cache_write_micro_usd_per_million)
    in_cache = (usage.cached_tokens or 0) + (usage.cache_write_tokens or 0)
    # Cached pictures are billed otherwise than cached text, and no provider tells them apart.
    if cached is None or stored is None or images is None or (images and in_cache):
        return None
    text = sent - images - in_cache
    if min(text, images) < 0:
        return None
    return text * rate + images * (image_rate or 0) + cached + stored


def _cache_cost(tokens: int | None, rate: int | None) -> int | None:
    """Price what went through a cache; a rate that is left out is unknown, not the plain one."""
    if not tokens:
        return 0
    return None if rate is None or tokens < 0 else tokens * rate


def _answer_cost(price: Price, usage: Usage) -> int | None:
    """Price what came back: text and thinking, and pictures."""
    rate, image_rate = price.output_micro_usd_per_million, price.output_image_micro_usd_per_million
    rate, image_rate = _first(rate, image_rate), _first(image_rate, rate)
    came = usage.output_tokens
    if rate is None or image_rate is None or came is None:
        return None
    if rate == image_rate:
        return came * rate
    images = usage.output_image_tokens
    if images is None and came == (usage.thinking_tokens or 0):
        images = 0
    if images is None or not 0 <= images <= came:
        return None
    return (came - images) * rate + images * image_rate


def _pictures_cost(
    card: TextModelCard | ImageModelCard, price: Price, pictures: int, size: str | None
) -> int | None:
    """Price pictures by their number: as billed, or at the tokens that one is documented to take."""
    if price.micro_usd_per_picture is not None:
        return pictures * price.micro_usd_per_picture * PER_MILLION
    if pictures < 1 or not isinstance(card, ImageModelCard):
        return None
    tokens = documented_tokens(card, size)
    rate = _first(price.output_image_micro_usd_per_million, price.output_micro_usd_per_million)
    return None if tokens is None or rate is None else pictures * tokens * rate


def _first(preferred: int | None, other: int | None) -> int | None:
    return other if preferred is None else preferred
