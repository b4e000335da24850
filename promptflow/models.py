"""The models of one installation: which can be asked, what they are called, and how to get at them.

A role of the laboratory, above the providers.
"""

from collections.abc import Mapping, Sequence

from promptflow.catalog import Catalog, ModelCard, tell_unnamed, uses_references
from promptflow.clock import Clock
from promptflow.ports import ImageModel, TextModel
from promptflow.providers import Provider, keyed_google, keyed_openai, offline_provider
from promptflow.settings import Settings


class Models:
    """What the catalogue tells of, seen from here.

    Args:
        settings: say which keys there are.
        catalog: the models.
        providers: provider id → how to get at its models, of those that can be asked.
        clock: says which of them are gone by now.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        catalog: Catalog,
        providers: Mapping[str, Provider],
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._catalog = catalog
        self._providers = providers
        self._clock = clock

    def reason_unavailable(self, model: ModelCard) -> str | None:
        """Say why a model can't be asked, in one sentence; ``None`` if it can."""
        reason = self._catalog.reason_unavailable(
            model,
            providers=self._providers.keys(),
            environ_keys=self._settings.variables,
            today=self._clock.now().date(),
        )
        named = self._settings.openai and self._settings.openai.only_models
        if reason is None and named and model.provider == "openai" and model.id not in named:
            return tell_unnamed(model)
        return reason

    def check_provider(self, provider_id: str) -> None:
        """See whether a provider's key and address can be used; asks nobody.

        Args:
            provider_id: as the catalogue has it; one that is off is fine.

        Raises:
            SetupError: they can't; it says what to do.
        """
        if provider_id in self._providers:
            self._providers[provider_id].check()

    def available(self, models: Sequence[ModelCard]) -> tuple[str, ...]:
        """Return the ids of those models that can be asked, in their order."""
        return tuple(model.id for model in models if self.reason_unavailable(model) is None)

    def name_of(self, model_id: str) -> str:
        """Return a model's title; its id where the catalogue has lost it."""
        return self._catalog.model_title(model_id)

    def name_provider(self, provider_id: str) -> str:
        """Return a provider's title; its id where the catalogue has lost it."""
        titles = {provider.id: provider.title for provider in self._catalog.providers}
        return titles.get(provider_id, provider_id)

    def sees_references(self, model_id: str) -> bool | None:
        """Tell whether a model can use reference pictures; ``None`` where the catalogue has lost it."""
        cards = (*self._catalog.text_models, *self._catalog.image_models)
        return next((uses_references(card) for card in cards if card.id == model_id), None)

    def text_model(self, model_id: str) -> TextModel:
        """Return a language model to ask; its provider is imported now, if it was not yet."""
        card = self._catalog.text_model(model_id)
        return self._providers[card.provider].text_model(model_id)

    def image_model(self, model_id: str) -> ImageModel:
        """Return an image model to ask; its provider is imported now, if it was not yet."""
        card = self._catalog.image_model(model_id)
        return self._providers[card.provider].image_model(model_id)


def find_providers(settings: Settings, catalog: Catalog) -> Mapping[str, Provider]:
    """Return the providers that can be asked: the offline one, and those with a key.

    Args:
        settings: say which keys there are.
        catalog: the models.

    Returns:
        Provider id → how to get at its models.
    """
    found = {"offline": offline_provider()}
    if settings.openai:
        found["openai"] = keyed_openai(settings.openai, catalog)
    if settings.google:
        found["google"] = keyed_google(settings.google, catalog)
    return found
