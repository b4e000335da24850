"""Getting at OpenAI's models: one SDK client for the process, shared by all threads."""

import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from promptflow.catalog import STANDARD_SIZES
from promptflow.ports import ImageModel, TextModel
from promptflow.providers import Provider
from promptflow.providers.openai.client import Timeouts, make_client
from promptflow.providers.openai.images import OpenAIImage
from promptflow.providers.openai.text import OpenAIText

if TYPE_CHECKING:
    import openai


def openai_provider(
    *,
    api_key: str,
    base_url: str | None = None,
    reasoning: Callable[[str], bool] = lambda _model_id: False,
    title: Callable[[str], str] = str,
    chat: bool = False,
    timeouts: Timeouts | None = None,
    pixels: Callable[[str, str], str | None] = lambda _model_id, ratio: STANDARD_SIZES.get(ratio),
) -> Provider:
    """Return OpenAI, or a server that speaks its API, as a provider.

    Nothing is imported or connected before a model is asked; all models share one client.

    Args:
        api_key: the key; blank for a server that needs none.
        base_url: where the API is; ``None`` for OpenAI's own.
        reasoning: tells of a text model's id whether the model reasons.
        title: model id → what people call it, for messages; the id itself by default.
        chat: use Chat Completions from the start; else it is found out whether it has to be used.
        timeouts: how long to wait; the defaults of `Timeouts` if left out.
        pixels: (id of an image model, aspect ratio) → the size to ask for where none was chosen; the
            three sizes that every server knows by default.
    """
    client = _Shared(lambda: make_client(api_key=api_key, base_url=base_url))

    def text_model(model_id: str) -> TextModel:
        return OpenAIText(
            model=model_id,
            client=client,
            reasoning=reasoning(model_id),
            chat=chat,
            title=title(model_id),
            timeouts=timeouts,
        )

    def image_model(model_id: str) -> ImageModel:
        return OpenAIImage(
            model=model_id,
            client=client,
            title=title(model_id),
            timeouts=timeouts,
            pixels=partial(pixels, model_id),
        )

    return Provider(text_model=text_model, image_model=image_model, check=client)


class _Shared:
    """Makes a client when it is first needed, once for all threads."""

    def __init__(self, make: "Callable[[], openai.OpenAI]") -> None:
        self._make = make
        self._lock = threading.Lock()
        self._client: openai.OpenAI | None = None

    def __call__(self) -> "openai.OpenAI":
        with self._lock:
            if self._client is None:
                self._client = self._make()
            return self._client
