"""The most that a request can come to, told before it is sent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from promptflow.catalog.cards import ImageModelCard, ModelCard, Price, TextModelCard
from promptflow.catalog.limits import MAX_REQUEST_CHARS
from promptflow.catalog.lookup import Catalog
from promptflow.catalog.packaged import read_packaged_price
from promptflow.catalog.prices import PER_MILLION
from promptflow.catalog.sizes import most_tokens
from promptflow.records import ImageParameters

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
REFERENCE_TOKENS = 10_000
"""One reference picture of at most 2,048 px, wherever it is read; assumed, for it is not documented."""
PREVIEW_TOKENS = 100
"""One partial picture, as users cite OpenAI's documentation."""

NO_PARAMETERS: Mapping[str, ImageParameters] = MappingProxyType({})
"""Everything is left to the models."""

_LATER = date(9998, 1, 1)
"""The package's price that has no end yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """The most that a request can come to, as far as it is known beforehand."""

    known_micro_usd: int
    """What the models of known cost come to, rounded up."""
    unknown: tuple[str, ...] = ()
    """Ids of the models of which a price, or the tokens of a picture, are not known."""

    @property
    def total_micro_usd(self) -> int | None:
        """All of it; ``None`` where a part is not known."""
        return None if self.unknown else self.known_micro_usd


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """Which stages a text model is asked for."""

    plan: bool = False
    thinking: bool = False
    constructions: int = 0
    """How many prompts it is to write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureOrder:
    """What an image model is asked for at once."""

    image_model: str
    images: int
    parameters: ImageParameters = ImageParameters()


def estimate_cost(
    catalog: Catalog,
    *,
    text_model: str,
    image_models: Sequence[str],
    images_per_model: int,
    aspect_ratio: str | None = None,
    parameters: Mapping[str, ImageParameters] = NO_PARAMETERS,
    references: int = 0,
    baseline: bool = False,
) -> Estimate:
    """Estimate the most that a request can cost, and of which models that can't be told.

    Every call is taken to use all the tokens it may (`ANSWER_TOKENS` and the constants beside it),
    the plan to need a repair, every picture a call of its own with all its previews, what goes in to
    be written to the provider's cache, and of prices that change by date the dearest to hold.

    Args:
        catalog: the catalogue.
        text_model: the id of the text model.
        image_models: the ids of the image models.
        images_per_model: pictures from each.
        aspect_ratio: the shape; without it, the dearest one is taken.
        parameters: image model id → what is asked for; of what is left open, the dearest is taken.
        references: how many reference pictures go along.
        baseline: whether each image model also paints the request unchanged.

    Returns:
        What is known, and the models of which it is not.

    Raises:
        InputError: there is no model of that id.
    """
    orders = [
        PictureOrder(
            image_model=model_id,
            images=images_per_model,
            parameters=parameters.get(model_id, ImageParameters()),
        )
        for model_id in image_models
    ]
    return estimate_calls(
        catalog,
        text_model=text_model,
        questions=Questions(plan=True, thinking=True, constructions=len(image_models)),
        orders=orders * 2 if baseline else orders,
        aspect_ratio=aspect_ratio,
        references=references,
    )


def estimate_calls(
    catalog: Catalog,
    *,
    text_model: str,
    questions: Questions,
    orders: Sequence[PictureOrder],
    aspect_ratio: str | None,
    references: int,
) -> Estimate:
    """Estimate the most that some of a generation's calls can cost, as `estimate_cost` does for all.

    Args:
        catalog: the catalogue.
        text_model: the id of the text model.
        questions: what it is asked.
        orders: what image models are asked for; one may be asked several times.
        aspect_ratio: the shape; without it, the dearest one is taken.
        references: how many reference pictures go along.

    Returns:
        What is known, and the models of which it is not.

    Raises:
        InputError: there is no model of that id.
    """
    costs: list[tuple[str, int | None]] = []
    if questions != Questions():
        writer = catalog.text_model(text_model)
        costs.append((writer.id, _text_cost(writer, questions, references)))
    for order in orders:
        card = catalog.image_model(order.image_model)
        tokens = most_tokens(card, order.parameters, aspect_ratio)
        costs.append((card.id, _pictures_cost(card, order.images, tokens, references)))
    known = sum(cost for _, cost in costs if cost is not None)
    unknown = dict.fromkeys(model_id for model_id, cost in costs if cost is None)
    return Estimate(known_micro_usd=-(-known // PER_MILLION), unknown=tuple(unknown))


def _text_cost(card: TextModelCard, questions: Questions, references: int) -> int | None:
    """Return millionths of a micro-dollar for all calls of the text model."""
    question = INSTRUCTION_TOKENS + REQUEST_TOKENS
    plans, thinks = PLAN_CALLS * questions.plan, int(questions.thinking)
    calls = plans + thinks + questions.constructions
    # The repair reads the refused answer, thinking the plan, construction both plan and thinking.
    answers = plans // 2 + thinks + 2 * questions.constructions
    read = calls * question + answers * ANSWER_TOKENS
    if card.sees_references:
        read += calls * references * REFERENCE_TOKENS
    written = calls * ANSWER_TOKENS
    return _dearest(_tokens_cost(price, read, 0, written, 0) for price in _prices(card))


def _pictures_cost(
    card: ImageModelCard, pictures: int, tokens: int | None, references: int
) -> int | None:
    """Return millionths of a micro-dollar for all pictures of one model."""
    seen = pictures * min(references, card.references) * REFERENCE_TOKENS
    beside = pictures * ANSWER_TOKENS
    costs: list[int | None] = []
    for price in _prices(card):
        if price.micro_usd_per_picture is not None:
            costs.append(pictures * price.micro_usd_per_picture * PER_MILLION)
        elif tokens is None:
            costs.append(None)
        else:
            painted = pictures * (tokens + card.partials * PREVIEW_TOKENS)
            # Without a rate for text, only pictures come back.
            said = beside if price.output_micro_usd_per_million is not None else 0
            costs.append(_tokens_cost(price, beside, seen, said, painted))
    return _dearest(costs)


def _tokens_cost(price: Price, read: int, seen: int, written: int, painted: int) -> int | None:
    """Return millionths of a micro-dollar for text and pictures in, text and pictures out."""
    rate, image_rate = price.input_micro_usd_per_million, price.input_image_micro_usd_per_million
    out, image_out = price.output_micro_usd_per_million, price.output_image_micro_usd_per_million
    if rate is None or (out is None and image_out is None):
        return None
    dearest = max(rate, price.cache_write_micro_usd_per_million or 0)
    sent = read * dearest + seen * max(dearest, image_rate or 0)
    return sent + written * (out or 0) + painted * ((out or 0) if image_out is None else image_out)


def _prices(card: ModelCard) -> tuple[Price, ...]:
    """Return every price the model has or will have."""
    if card.prices:
        return card.prices
    packaged = read_packaged_price(card, on=_LATER)
    return (packaged[0],) if packaged else ()


def _dearest(costs: Iterable[int | None]) -> int | None:
    """Return the highest; ``None`` where one is not known, or there is none."""
    every = list(costs)
    known = [cost for cost in every if cost is not None]
    return max(known) if known and len(known) == len(every) else None
