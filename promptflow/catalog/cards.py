"""What is known of providers, models and prices: frozen values, each fact with its sources."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar


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
class Price:
    """What a model costs, in micro-dollars per million tokens; zero is free, ``None`` unknown."""

    sources: tuple[Source, ...]
    valid_through: date | None = None
    """The last day of this price; ``None`` for no end known."""
    max_input_tokens: int | None = None
    """The longest input it holds for; ``None`` for any."""
    input_micro_usd_per_million: int | None = None
    """What is sent."""
    cached_input_micro_usd_per_million: int | None = None
    """Of what is sent, what the provider read from its cache."""
    cache_write_micro_usd_per_million: int | None = None
    """Of what is sent, what the provider wrote to its cache; ``None`` is unknown."""
    input_image_micro_usd_per_million: int | None = None
    """Of what is sent, pictures; ``None`` where they cost what text costs."""
    output_micro_usd_per_million: int | None = None
    """What comes back, thinking included; ``None`` where all of it costs what pictures cost."""
    output_image_micro_usd_per_million: int | None = None
    """Of what comes back, pictures; ``None`` where they cost what text costs."""
    micro_usd_per_picture: int | None = None
    """Per whole picture, of providers that bill by number."""

    @property
    def amounts(self) -> tuple[int, ...]:
        """Everything it is known to charge for."""
        every = (
            self.input_micro_usd_per_million,
            self.cached_input_micro_usd_per_million,
            self.cache_write_micro_usd_per_million,
            self.input_image_micro_usd_per_million,
            self.output_micro_usd_per_million,
            self.output_image_micro_usd_per_million,
            self.micro_usd_per_picture,
        )
        return tuple(amount for amount in every if amount is not None)

    @property
    def is_free(self) -> bool:
        """Whether nothing costs anything; a price that says nothing is unknown, not free."""
        return bool(self.amounts) and not any(self.amounts)


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
    recommended: bool = False
    """Whether it is chosen at first before its provider's others."""
    named: bool = False
    """Whether the operator named it, so that nothing is known of it, not even whose it is."""
    released: date | None = None
    shutdown_on: date | None = None
    """The first day on which it no longer answers."""
    successor: str | None = None
    """The id of the model to use instead of it."""
    prices: tuple[Price, ...] = ()
    """The present one first, then those that follow it; none where the price is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextModelCard(ModelCard):
    """What is known of a text model."""

    reasoning_efforts: tuple[str, ...] = ()
    """How hard it can be told to think, from least to most; empty where that can't be told."""
    shows_reasoning: bool = False
    """Whether it can be asked to tell what it thought."""
    sees_references: bool = False
    """Whether it takes pictures to look at."""
    strict_json: bool = False
    """Whether it can be held to a JSON schema."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeRule:
    """Which sizes in pixels a model paints, where it is not bound to a list of them."""

    multiple_px: int
    """Width and height are multiples of it."""
    max_ratio: int
    """The longer edge over the shorter one, at most."""
    max_edge_px: int
    min_pixels: int
    max_pixels: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureTokens:
    """How many output tokens one picture of a class of sizes takes."""

    size: str
    """E.g. ``1K``."""
    tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRule:
    """How many patches lie along the longer edge, by quality; see `promptflow.catalog.sizes`."""

    low: int
    medium: int
    high: int
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageModelCard(ModelCard):
    """What is known of an image model; what is left empty can't be asked of it."""

    aspect_ratios: tuple[str, ...]
    """Width to height, e.g. ``16:9``."""
    max_images_per_call: int
    has_seed: bool
    max_prompt_chars: int | None = None
    """``None`` where no limit is documented."""
    references: int = 0
    """How many pictures it can go by."""
    partials: int = 0
    """How many previews it can stream on the way to a picture."""
    qualities: tuple[str, ...] = ()
    """From least to most; ``auto``, where there is one, last."""
    sizes: tuple[str, ...] = ()
    """Width × height in pixels, e.g. ``1536x1024``, or classes from small to large: ``1K``."""
    size_rule: SizeRule | None = None
    """Allows sizes in pixels besides those listed."""
    backgrounds: tuple[str, ...] = ()
    output_formats: tuple[str, ...] = ()
    """``png``, ``jpeg``, ``webp``; the first is what comes if none is asked for."""
    has_compression: bool = False
    """Whether JPEG and WebP can be asked for smaller and worse."""
    moderation_levels: tuple[str, ...] = ()
    thinking_levels: tuple[str, ...] = ()
    """How hard it can be told to think, from least to most."""
    picture_tokens: tuple[PictureTokens, ...] = ()
    """By class of sizes, from small to large; the first is what comes if none is asked for."""
    token_rule: TokenRule | None = None
    """Tells the output tokens of a picture from its quality and its size in pixels."""


AnyCard = TypeVar("AnyCard", TextModelCard, ImageModelCard)
Unavailable = Callable[[ModelCard], str | None]
"""Tells why a model can't be asked now, in one sentence; ``None`` if it can."""


def uses_references(card: ModelCard) -> bool:
    """Tell whether a model can look at reference pictures, or go by them."""
    if isinstance(card, TextModelCard):
        return card.sees_references
    return isinstance(card, ImageModelCard) and card.references > 0


def shared_aspect_ratios(cards: Sequence[ImageModelCard]) -> tuple[str, ...]:
    """Return the shapes that several image models can all paint.

    Args:
        cards: of the image models.

    Returns:
        The aspect ratios that every card accepts, in the order of the first card; empty where none
        is shared, or where there is no card.
    """
    if not cards:
        return ()
    first, *others = cards
    ratios = dict.fromkeys(first.aspect_ratios)
    return tuple(each for each in ratios if all(each in card.aspect_ratios for card in others))
