"""How the rest of the product gets at Google's models."""

import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from promptflow.ports import ImageModel, TextModel
from promptflow.providers import Provider
from promptflow.providers.google.client import make_client
from promptflow.providers.google.images import GoogleImage
from promptflow.providers.google.text import GoogleText
from promptflow.providers.google.words import KEY_VARIABLE

if TYPE_CHECKING:
    from google import genai


def google_provider(
    *,
    api_key: str,
    base_url: str | None,
    has_thinking: Callable[[str], bool] = lambda _model_id: True,
    title: Callable[[str], str] = repr,
    key_variable: str = KEY_VARIABLE,
) -> Provider:
    """Return the provider of Google's models.

    Args:
        api_key: the key; it is looked at when the first model is asked for.
        base_url: another server that speaks this API; ``None`` for Google's own.
        has_thinking: text model id → whether that model thinks. All current ones do.
        title: model id → what people call it, for messages; the quoted id by default.
        key_variable: where the key is set, for messages.

    Returns:
        How to get at the models; they share one client, made with the first of them.
    """
    reach = _once(
        partial(make_client, api_key=api_key, base_url=base_url, key_variable=key_variable)
    )

    def text_model(model_id: str) -> TextModel:
        level = "LOW" if has_thinking(model_id) else None
        return GoogleText(
            model=model_id,
            client=reach(),
            thinking_level=level,
            title=title(model_id),
            key_variable=key_variable,
        )

    def image_model(model_id: str) -> ImageModel:
        return GoogleImage(
            model=model_id, client=reach(), title=title(model_id), key_variable=key_variable
        )

    return Provider(text_model=text_model, image_model=image_model, check=reach)


def _once(make: Callable[[], "genai.Client"]) -> Callable[[], "genai.Client"]:
    """Return a function that makes the client at its first call, and keeps it."""
    lock = threading.Lock()
    made: list[genai.Client] = []

    def get() -> "genai.Client":
        with lock:
            if not made:
                made.append(make())
            return made[0]

    return get
