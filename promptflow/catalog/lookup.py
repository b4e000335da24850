"""The catalogue: finding a model in it, whether it can be asked, and which to choose at first."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
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
from promptflow.catalog.named import make_image_card, make_text_card, read_names
from promptflow.errors import InputError, SetupError

DEFAULT_IMAGE_MODELS = 2
"""How many image models are chosen at first: enough to compare, not more."""
WARNING_DAYS = 30
"""From how many days before its end on a model carries a warning."""


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
        if is_gone(model, today):
            return f"{model.title} has been gone since {model.shutdown_on}{_instead(model)}."
        if model.provider in providers:
            return None
        if not owner.key_variables:
            return f"This version has no adapter for {owner.title} yet."
        held = next((name for name in owner.key_variables if name in environ_keys), None)
        if held:
            return f"This version has no adapter for {owner.title} yet, although {held} is set."
        return f"{model.title} needs {_either(owner.key_variables)} to be set."

    def warning(self, model: ModelCard, today: date) -> str | None:
        """Say that a model will soon be gone.

        Args:
            model: a card of this catalogue.
            today: the day of the question.

        Returns:
            One sentence within 30 days before the model's end; else ``None``, also for a model that
            is gone already.
        """
        if model.shutdown_on is None:
            return None
        days = (model.shutdown_on - today).days
        if not 0 < days <= WARNING_DAYS:
            return None
        left = "tomorrow" if days == 1 else f"in {days} days"
        return f"{model.title} is shut down {left}, on {model.shutdown_on.isoformat()}{_instead(model)}."

    def with_named(self, provider: str, text: Sequence[str], image: Sequence[str]) -> "Catalog":
        """Return this catalogue with the models that an operator named in front.

        Args:
            provider: the id of the provider whose adapter asks them.
            text: ids of text models.
            image: ids of image models.

        Returns:
            A catalogue in which each of them is recommended. Models that it knew keep their cards;
            of the others only the id is known. An id that a model of the other kind, or one of
            another provider, has already is passed over, since ids are unique.
        """
        known = {card.id: card for card in (*self.text_models, *self.image_models)}
        others = {card.id for card in known.values() if card.provider != provider}
        painters = {card.id for card in self.image_models}
        writers = {card.id for card in self.text_models}
        texts = read_names(text, taken=others | painters)
        images = read_names(image, taken=others | writers | set(texts))
        return replace(
            self,
            text_models=_in_front(
                self.text_models, [make_text_card(provider, name) for name in texts]
            ),
            image_models=_in_front(
                self.image_models, [make_image_card(provider, name) for name in images]
            ),
        )

    def default_text_model(self, available: Collection[str]) -> str:
        """Choose the text model for someone who has not chosen.

        Args:
            available: ids of the models that can be asked.

        Returns:
            A recommended one of a provider with a key; failing that, the first in the order of the
            catalogue.

        Raises:
            SetupError: no text model of the catalogue is available.
        """
        ranked = self._rank(self.text_models, available)
        if not ranked:
            message = (
                "No text model is available. Set the key of a provider, or use the offline one."
            )
            raise SetupError(message)
        return ranked[0].id

    def default_image_models(self, available: Collection[str]) -> tuple[str, ...]:
        """Choose the image models for someone who has not chosen.

        Args:
            available: ids of the models that can be asked.

        Returns:
            Two models: with keys of several providers the recommended ones of the first two of them,
            with one key two of that provider, without any the first two of the others. Fewer where
            there are fewer.
        """
        ranked = self._rank(self.image_models, available)
        keyed = [card for card in ranked if self.provider(card.provider).key_variables]
        owners = [owner.id for owner in self.providers]
        leading = [
            next(card for card in keyed if card.provider == owner)
            for owner in sorted({card.provider for card in keyed}, key=owners.index)
        ]
        ids = dict.fromkeys(card.id for card in (*leading, *(keyed or ranked)))
        return tuple(ids)[:DEFAULT_IMAGE_MODELS]

    def _rank(self, cards: Sequence[AnyCard], available: Collection[str]) -> list[AnyCard]:
        """Return what can be asked, the best choice first."""
        usable = (card for card in cards if card.id in available)
        return sorted(
            usable,
            key=lambda card: (
                not self.provider(card.provider).key_variables,
                not card.recommended,
            ),
        )


def is_gone(model: ModelCard, today: date) -> bool:
    """Tell whether a model is past its end, so that nothing brings it back.

    Args:
        model: any card.
        today: the day of the question.
    """
    return model.shutdown_on is not None and today >= model.shutdown_on


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
    # A hundredth of a second to import: only who asks for an unknown model waits for it.
    import difflib

    nearest = difflib.get_close_matches(model_id[:EXCERPT_CHARS], ids, n=1)
    guess = f" Did you mean {nearest[0]!r}?" if nearest else ""
    offered = [card.id for card in cards if unavailable is None or unavailable(card) is None]
    available = ", ".join(offered) or "none"
    raise InputError(
        field, f"There is no {kind} model {excerpt(model_id)}.{guess} Available: {available}."
    )


def _in_front(cards: Sequence[AnyCard], named: Sequence[AnyCard]) -> tuple[AnyCard, ...]:
    """Put the named cards first; one that is known keeps what is known of it."""
    known = {card.id: card for card in cards}
    ids = {card.id for card in named}
    ordered = [known.get(card.id, card) for card in named]
    ordered.extend(card for card in cards if card.id not in ids)
    return tuple(replace(card, recommended=card.recommended or card.id in ids) for card in ordered)


def _instead(model: ModelCard) -> str:
    return f"; use {model.successor} instead" if model.successor else ""


def _either(names: Sequence[str]) -> str:
    *head, last = names
    return f"{', '.join(head)} or {last}" if head else last
