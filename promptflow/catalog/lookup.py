"""The catalogue: finding a model in it, whether it can be asked, and which to choose at first."""

import difflib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from promptflow.catalog.cards import (
    AnyCard,
    ImageModelCard,
    ModelCard,
    Provider,
    TextModelCard,
    Unavailable,
)
from promptflow.catalog.excerpts import EXCERPT_CHARS, excerpt
from promptflow.errors import InputError, SetupError

DEFAULT_IMAGE_MODELS = 2
"""How many image models are chosen at first: enough to compare, not more."""


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
        return pick_card("text_model", self.text_models, model_id)

    def image_model(self, model_id: str) -> ImageModelCard:
        """Return the card of an image model.

        Args:
            model_id: e.g. ``offline-gouache``.

        Returns:
            Its card, available or not.

        Raises:
            InputError: there is no such model; it offers the nearest.
        """
        return pick_card("image_models", self.image_models, model_id)

    def model_title(self, model_id: str) -> str:
        """Return what people call a model.

        Args:
            model_id: of a text or an image model, of this catalogue or an earlier one.

        Returns:
            Its title; the id itself where the catalogue has no such model.
        """
        cards: tuple[ModelCard, ...] = (*self.text_models, *self.image_models)
        return next((card.title for card in cards if card.id == model_id), model_id)

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


def pick_card(
    field: str,
    cards: Sequence[AnyCard],
    model_id: str,
    unavailable: Unavailable | None = None,
) -> AnyCard:
    """Find a card by its id, or say which ids there are.

    Args:
        field: the field that named the model: ``text_model`` or ``image_models``.
        cards: where to look.
        model_id: as it was sent.
        unavailable: tells which models not to offer instead; without it, all are offered.

    Returns:
        The card, available or not.

    Raises:
        InputError: there is no such model; it offers the nearest.
    """
    for card in cards:
        if card.id == model_id:
            return card
    kind = "text" if field == "text_model" else "image"
    ids = [card.id for card in cards]
    nearest = difflib.get_close_matches(model_id[:EXCERPT_CHARS], ids, n=1)
    guess = f" Did you mean {nearest[0]!r}?" if nearest else ""
    offered = [card.id for card in cards if unavailable is None or unavailable(card) is None]
    available = ", ".join(offered) or "none"
    raise InputError(
        field, f"There is no {kind} model {excerpt(model_id)}.{guess} Available: {available}."
    )


def _either(names: Sequence[str]) -> str:
    *head, last = names
    return f"{', '.join(head)} or {last}" if head else last
