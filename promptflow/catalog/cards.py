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
class TokenPrice:
    """What a text model costs, in micro-dollars per million tokens; zero is free."""

    input_micro_usd_per_million: int
    output_micro_usd_per_million: int
    sources: tuple[Source, ...]
    valid_through: date | None = None
    """The last day of this price; ``None`` for no end known."""

    @property
    def amounts(self) -> tuple[int, ...]:
        """Everything it charges for; all zero where the model is free."""
        return (self.input_micro_usd_per_million, self.output_micro_usd_per_million)


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

    @property
    def amounts(self) -> tuple[int, ...]:
        """Everything it charges for; all zero where the model is free."""
        return (
            self.micro_usd_per_picture,
            self.input_micro_usd_per_million,
            self.output_micro_usd_per_million,
        )


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


AnyCard = TypeVar("AnyCard", TextModelCard, ImageModelCard)
Unavailable = Callable[[ModelCard], str | None]
"""Tells why a model can't be asked now, in one sentence; ``None`` if it can."""


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
