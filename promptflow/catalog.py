"""Models, what they can do, what they cost, and whether a request fits them. Floor 3.

The facts are dated data with sources, in `data/models.toml`. This module reads them, prices usage by
them, and is the one place where what a person asks for is checked; the form and the command line
both come here. It talks to no provider and reads no environment: both are told to it.
"""

import difflib
import json
import re
import tomllib
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from promptflow.errors import InputError, SetupError
from promptflow.records import GenerationRequest, Usage

if TYPE_CHECKING:
    from pydantic import ValidationError

MAX_REQUEST_CHARS = 4_000
MAX_IMAGE_MODELS = 8
MAX_IMAGES_PER_MODEL = 4
MAX_SEED = 2_147_483_647
DEFAULT_IMAGE_MODELS = 2
"""How many image models are chosen at first: enough to compare, not more."""

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
_EXCERPT_CHARS = 60
_UNKEEPABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_RATIO = re.compile(r"[1-9][0-9]?:[1-9][0-9]?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a fact comes from."""

    title: str
    read: date
    """The day the document was read."""
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Whose models they are."""

    id: str
    title: str
    key_variables: tuple[str, ...] = ()
    """Environment variables that may hold the key, the first one preferred; none if no key is needed."""
    note: str = ""
    """What people must know of every picture and text from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPrice:
    """What a text model costs, in micro-dollars per million tokens; zero is free."""

    input_micro_usd_per_million: int
    output_micro_usd_per_million: int
    sources: tuple[Source, ...]
    valid_through: date | None = None
    """The last day of this price; ``None`` for no end known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PicturePrice:
    """What an image model costs, in micro-dollars; zero is free."""

    micro_usd_per_picture: int
    input_micro_usd_per_million: int = 0
    """Per million tokens of the prompt, where it is billed beside the picture."""
    output_micro_usd_per_million: int = 0
    """Per million tokens of text and thinking, where they are billed beside the picture."""
    sources: tuple[Source, ...]
    valid_through: date | None = None
    """The last day of this price; ``None`` for no end known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """What is known of any model."""

    id: str
    title: str
    provider: str
    """The provider's id."""
    recommended_for: str
    """A few words on what it is good for."""
    sources: tuple[Source, ...]
    released: date | None = None
    shutdown_on: date | None = None
    """The first day on which it no longer answers."""
    successor: str | None = None
    """The id of the model to use instead of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextModelCard(ModelCard):
    """What is known of a text model."""

    prices: tuple[TokenPrice, ...] = ()
    """The present one first, then those that follow it; none where the price is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageModelCard(ModelCard):
    """What is known of an image model."""

    aspect_ratios: tuple[str, ...]
    """Width to height, e.g. ``16:9``."""
    max_images_per_call: int
    has_seed: bool
    max_prompt_chars: int | None = None
    """``None`` where no limit is documented."""
    prices: tuple[PicturePrice, ...] = ()
    """The present one first, then those that follow it; none where the price is unknown."""


_AnyCard = TypeVar("_AnyCard", TextModelCard, ImageModelCard)
_AnyPrice = TypeVar("_AnyPrice", TokenPrice, PicturePrice)
Unavailable = Callable[[ModelCard], str | None]
"""Tells why a model can't be asked now, in one sentence; ``None`` if it can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """All models and their providers, in the order of the file."""

    providers: tuple[Provider, ...]
    text_models: tuple[TextModelCard, ...]
    image_models: tuple[ImageModelCard, ...]

    def provider(self, provider_id: str) -> Provider:
        """Return a provider.

        Args:
            provider_id: as a card of this catalogue has it.
        """
        return next(provider for provider in self.providers if provider.id == provider_id)

    def text_model(self, model_id: str) -> TextModelCard:
        """Return the card of a text model.

        Args:
            model_id: e.g. ``offline-planner``.

        Returns:
            Its card, available or not.

        Raises:
            InputError: there is no such model; it offers the nearest.
        """
        return _pick("text_model", self.text_models, model_id)

    def image_model(self, model_id: str) -> ImageModelCard:
        """Return the card of an image model.

        Args:
            model_id: e.g. ``offline-gouache``.

        Returns:
            Its card, available or not.

        Raises:
            InputError: there is no such model; it offers the nearest.
        """
        return _pick("image_models", self.image_models, model_id)

    def reason_unavailable(
        self,
        model: ModelCard,
        *,
        providers: Collection[str],
        environ_keys: Collection[str],
        today: date,
    ) -> str | None:
        """Say why a model can't be asked now.

        Args:
            model: a card of this catalogue.
            providers: ids of the providers the running app has an adapter and a key for.
            environ_keys: names of the environment variables that are set.
            today: the day of the question.

        Returns:
            One sentence; ``None`` if the model can be asked.
        """
        owner = self.provider(model.provider)
        if model.shutdown_on and today >= model.shutdown_on:
            instead = f"; use {model.successor} instead" if model.successor else ""
            return f"{model.title} has been gone since {model.shutdown_on.isoformat()}{instead}."
        if model.provider in providers:
            return None
        if not owner.key_variables:
            return f"This version has no adapter for {owner.title} yet."
        held = next((name for name in owner.key_variables if name in environ_keys), None)
        if held:
            return f"This version has no adapter for {owner.title} yet, although {held} is set."
        return f"{model.title} needs {_either(owner.key_variables)} to be set."

    def default_text_model(self, available: Collection[str]) -> str:
        """Choose the text model for someone who has not chosen.

        Args:
            available: ids of the models that can be asked.

        Returns:
            The first of them in the order of the catalogue.

        Raises:
            SetupError: no text model of the catalogue is available.
        """
        first = next((card.id for card in self.text_models if card.id in available), None)
        if first is None:
            message = (
                "No text model is available. Set the key of a provider, or use the offline one."
            )
            raise SetupError(message)
        return first

    def default_image_models(self, available: Collection[str]) -> tuple[str, ...]:
        """Choose the image models for someone who has not chosen.

        Args:
            available: ids of the models that can be asked.

        Returns:
            The first two of them in the order of the catalogue; fewer where there are fewer.
        """
        ids = (card.id for card in self.image_models)
        return tuple(model_id for model_id in ids if model_id in available)[:DEFAULT_IMAGE_MODELS]


# Reading the file


def read_catalog(path: Path) -> Catalog:
    """Read and check the catalogue.

    Args:
        path: a TOML file like `data/models.toml`.

    Returns:
        A catalogue whose every price has a source with a date, and in which no two models share an
        id.

    Raises:
        SetupError: the file is missing or wrong; it names the file, the model and the field.
    """
    from pydantic import TypeAdapter, ValidationError

    data = _read_toml(path)
    try:
        # By way of JSON, because strictly read Python data may not hold lists for tuples.
        catalog = TypeAdapter(Catalog).validate_json(
            json.dumps(data, default=str), strict=True, extra="forbid"
        )
    except ValidationError as error:
        raise SetupError(_wrong(path, *_first_mistake(data, error))) from error
    mistake = next(_mistakes(catalog), None)
    if mistake:
        raise SetupError(_wrong(path, *mistake))
    return catalog


def _read_toml(path: Path) -> Mapping[str, object]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        message = (
            f"The catalogue {str(path)!r} can't be read. Restore the file from the project, or check"
            " its permissions."
        )
        raise SetupError(message) from error
    except ValueError as error:
        message = f"The catalogue {str(path)!r} is not valid TOML in UTF-8: {error}. Correct it."
        raise SetupError(message) from error


def _wrong(path: Path, model: str, field: str, expected: str) -> str:
    return (
        f"The catalogue {str(path)!r} is wrong at {model}, field {field!r}: {expected}. Correct it."
    )


def _first_mistake(data: Mapping[str, object], error: "ValidationError") -> tuple[str, str, str]:
    """Return model, field and message of the first thing that pydantic refused."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = first["loc"]
    listed = data.get(str(place[0]))
    if len(place) < 2 or not isinstance(place[1], int) or not isinstance(listed, list):
        return "the top level", ".".join(map(str, place)), first["msg"]
    entry = listed[place[1]]
    named = entry.get("id") if isinstance(entry, dict) else None
    model = repr(named) if named else f"number {place[1] + 1} of {place[0]}"
    return model, ".".join(map(str, place[2:])), first["msg"]


def _mistakes(catalog: Catalog) -> Iterator[tuple[str, str, str]]:
    """Yield (model, field, what was expected) for what types alone don't rule out."""
    for field in ("text_models", "image_models"):
        if not getattr(catalog, field):
            yield "the top level", field, "at least one model was expected"
    cards: tuple[TextModelCard | ImageModelCard, ...] = (
        *catalog.text_models,
        *catalog.image_models,
    )
    for ids in ([card.id for card in cards], [provider.id for provider in catalog.providers]):
        for model_id in ids:
            if ids.count(model_id) > 1:
                yield repr(model_id), "id", "an id that no other entry has was expected"
    owners = {provider.id for provider in catalog.providers}
    for card in cards:
        for field, expected in chain(_card_mistakes(card, owners), _price_mistakes(card)):
            yield repr(card.id), field, expected


def _card_mistakes(card: ModelCard, owners: Collection[str]) -> Iterator[tuple[str, str]]:
    for field in ("id", "title", "recommended_for"):
        if not getattr(card, field).strip():
            yield field, "a text was expected"
    if card.provider not in owners:
        yield "provider", f"one of {', '.join(sorted(owners))} was expected"
    if not card.sources:
        yield "sources", "at least one source was expected"
    if isinstance(card, ImageModelCard):
        yield from _painter_mistakes(card)


def _painter_mistakes(card: ImageModelCard) -> Iterator[tuple[str, str]]:
    if not card.aspect_ratios or not all(map(_RATIO.fullmatch, card.aspect_ratios)):
        yield "aspect_ratios", "at least one, each like 16:9, was expected"
    if card.max_images_per_call < 1:
        yield "max_images_per_call", "1 or more was expected"
    if card.max_prompt_chars is not None and card.max_prompt_chars < 1:
        yield "max_prompt_chars", "1 or more was expected"


def _price_mistakes(card: TextModelCard | ImageModelCard) -> Iterator[tuple[str, str]]:
    prices: Sequence[TokenPrice | PicturePrice] = card.prices
    for index, price in enumerate(prices):
        if not price.sources:
            yield f"prices.{index}.sources", "at least one source was expected"
        if any(amount < 0 for amount in _amounts(price)):
            yield f"prices.{index}", "micro-dollars of zero or more were expected"
    ends = [price.valid_through for price in prices]
    for index, (end, following) in enumerate(pairwise(ends)):
        if end is None or (following is not None and following <= end):
            yield f"prices.{index}.valid_through", "a day before the following price's was expected"


def _amounts(price: TokenPrice | PicturePrice) -> tuple[int, ...]:
    token_prices = (price.input_micro_usd_per_million, price.output_micro_usd_per_million)
    if isinstance(price, PicturePrice):
        return (price.micro_usd_per_picture, *token_prices)
    return token_prices


# Prices


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
    if not any(_amounts(price)):
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


# Checking a request


def check_request(
    catalog: Catalog,
    *,
    request: str,
    image_models: Sequence[str],
    text_model: str,
    aspect_ratio: str,
    images_per_model: int,
    seed: int | None,
    unavailable: Unavailable,
) -> GenerationRequest:
    """Check what a person asks for against the catalogue.

    Args:
        catalog: the catalogue.
        request: the idea; line ends become newlines and outer whitespace goes.
        image_models: ids; repetitions are dropped.
        text_model: an id.
        aspect_ratio: e.g. ``16:9``.
        images_per_model: 1 to 4.
        seed: 0 to 2,147,483,647, or ``None``.
        unavailable: tells why a model can't be asked now.

    Returns:
        A request that can be carried out as it stands, with its estimate.

    Raises:
        InputError: the first thing that is wrong, with its field and what is accepted.
    """
    idea = _check_idea(request)
    painters = _check_painters(catalog, image_models, unavailable)
    planner = _check_model("text_model", catalog.text_models, text_model, unavailable)
    for card in painters:
        if aspect_ratio not in card.aspect_ratios:
            raise InputError(
                "aspect_ratio",
                f"{card.title} does not paint {_excerpt(aspect_ratio)}. It accepts"
                f" {', '.join(card.aspect_ratios)}; choose one of them, or leave this model out.",
            )
    if not _is_whole(images_per_model, 1, MAX_IMAGES_PER_MODEL):
        raise InputError(
            "images_per_model",
            f"{_excerpt(images_per_model)} images per model can't be asked for. Choose a whole"
            f" number from 1 to {MAX_IMAGES_PER_MODEL}.",
        )
    _check_seed(seed, painters)
    ids = tuple(card.id for card in painters)
    return GenerationRequest(
        request=idea,
        text_model=planner.id,
        image_models=ids,
        aspect_ratio=aspect_ratio,
        images_per_model=images_per_model,
        seed=seed,
        estimate_micro_usd=estimate_cost(
            catalog, text_model=planner.id, image_models=ids, images_per_model=images_per_model
        ),
    )


def _check_idea(request: str) -> str:
    idea = request.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(idea) > MAX_REQUEST_CHARS:
        raise InputError(
            "request",
            f"The request has {len(idea):,} characters; at most {MAX_REQUEST_CHARS:,} are accepted."
            " Shorten it.",
        )
    found = _UNKEEPABLE.search(idea)
    if found:
        kind = "lone surrogate" if "\ud800" <= found[0] <= "\udfff" else "control character"
        raise InputError(
            "request",
            f"The request holds the {kind} U+{ord(found[0]):04X} at position {found.start() + 1:,},"
            " which can't be shown or kept. Remove it.",
        )
    # Signs that show nothing by themselves, such as a zero-width space, are no idea either.
    if all(sign.isspace() or unicodedata.category(sign) == "Cf" for sign in idea):
        raise InputError(
            "request", "The request is empty. Describe the picture you want in a sentence."
        )
    return idea


def _check_painters(
    catalog: Catalog, image_models: Sequence[str], unavailable: Unavailable
) -> tuple[ImageModelCard, ...]:
    chosen = tuple(dict.fromkeys(image_models))
    if not chosen:
        raise InputError(
            "image_models",
            f"No image model is chosen. Choose between 1 and {MAX_IMAGE_MODELS} of them.",
        )
    if len(chosen) > MAX_IMAGE_MODELS:
        raise InputError(
            "image_models",
            f"{len(chosen):,} image models are chosen; at most {MAX_IMAGE_MODELS} are accepted."
            f" Leave {len(chosen) - MAX_IMAGE_MODELS:,} of them out.",
        )
    cards = catalog.image_models
    return tuple(_check_model("image_models", cards, each, unavailable) for each in chosen)


def _check_model(
    field: str, cards: Sequence[_AnyCard], model_id: str, unavailable: Unavailable
) -> _AnyCard:
    card = _pick(field, cards, model_id, unavailable)
    if reason := unavailable(card):
        raise InputError(field, reason)
    return card


def _pick(
    field: str,
    cards: Sequence[_AnyCard],
    model_id: str,
    unavailable: Unavailable | None = None,
) -> _AnyCard:
    """Find a card by its id, or say which ids there are."""
    for card in cards:
        if card.id == model_id:
            return card
    kind = "text" if field == "text_model" else "image"
    ids = [card.id for card in cards]
    nearest = difflib.get_close_matches(model_id[:_EXCERPT_CHARS], ids, n=1)
    guess = f" Did you mean {nearest[0]!r}?" if nearest else ""
    offered = [card.id for card in cards if unavailable is None or unavailable(card) is None]
    available = ", ".join(offered) or "none"
    raise InputError(
        field, f"There is no {kind} model {_excerpt(model_id)}.{guess} Available: {available}."
    )


def _check_seed(seed: int | None, painters: Sequence[ImageModelCard]) -> None:
    if seed is None:
        return
    if not _is_whole(seed, 0, MAX_SEED):
        raise InputError(
            "seed",
            f"The seed {_excerpt(seed)} can't be used. Give a whole number from 0 to {MAX_SEED:,}, or"
            " leave it empty.",
        )
    if not any(card.has_seed for card in painters):
        titles = ", ".join(card.title for card in painters)
        raise InputError(
            "seed",
            f"None of the chosen image models has a seed: {titles}. Leave the seed empty, or choose"
            " a model that has one.",
        )


def _is_whole(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _excerpt(value: object) -> str:
    """Show a value in at most 60 characters."""
    if isinstance(value, int) and value.bit_length() > 128:
        return "of over 128 bits"
    shown = repr(value[:_EXCERPT_CHARS] if isinstance(value, str) else value)
    return shown if len(shown) <= _EXCERPT_CHARS else f"{shown[: _EXCERPT_CHARS - 1]}…"


def _either(names: Sequence[str]) -> str:
    *head, last = names
    return f"{', '.join(head)} or {last}" if head else last
