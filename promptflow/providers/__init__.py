"""Adapters to models, one file a provider, and how to get at each. Floor 4."""

from collections.abc import Callable
from dataclasses import dataclass

from promptflow.catalog import Catalog, choose_pixels
from promptflow.ports import ImageModel, TextModel
from promptflow.settings import Endpoint

_PIECE_S = 0.006
"""Seconds between two pieces of an offline answer: fast, and slow enough to be followed."""
_PREVIEWS = 2
_PREVIEW_S = 0.25


def _check_nothing() -> None:
    """Find nothing wrong: there is nothing to set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """How to get at one provider's models."""

    text_model: Callable[[str], TextModel]
    """Model id → the model; imports what it needs."""
    image_model: Callable[[str], ImageModel]
    """Model id → the model; imports what it needs."""
    check: Callable[[], object] = _check_nothing
    """Raises SetupError where the key or the address can't be used; asks nobody."""


def offline_provider() -> Provider:
    """Return the provider that needs no key: drawn by code, not by an AI model."""
    return Provider(text_model=_offline_planner, image_model=_offline_painter)


def _offline_planner(model_id: str) -> TextModel:
    from promptflow.providers.offline import OfflinePlanner

    return OfflinePlanner(model=model_id, piece_s=_PIECE_S, keep_requests=False)


def _offline_painter(model_id: str) -> ImageModel:
    from promptflow.providers.offline import OfflinePainter

    return OfflinePainter(
        model=model_id, partials=_PREVIEWS, step_s=_PREVIEW_S, keep_requests=False
    )


def keyed_openai(endpoint: Endpoint, catalog: Catalog) -> Provider:
    """Return OpenAI, or a server that speaks its API; the SDK is imported by the first call."""
    from promptflow.providers.openai import openai_provider

    reasoning = {card.id for card in catalog.text_models if card.reasoning_efforts}
    return openai_provider(
        api_key=endpoint.key,
        base_url=endpoint.base_url,
        reasoning=reasoning.__contains__,
        title=catalog.model_title,
        pixels=lambda model_id, ratio: choose_pixels(catalog.image_model(model_id), ratio),
    )


def keyed_google(endpoint: Endpoint, catalog: Catalog) -> Provider:
    """Return Google; the SDK is imported by the first call."""
    from promptflow.providers.google import google_provider

    return google_provider(
        api_key=endpoint.key,
        base_url=endpoint.base_url,
        title=catalog.model_title,
        key_variable=endpoint.variable,
    )
