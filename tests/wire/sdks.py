"""The real SDKs, without retries, ready to be pointed at the loopback.

One client of each serves a whole run: making one reads every certificate of the system, which takes
longer than most tests.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import openai
from google import genai
from google.genai import types
from openai import BaseModel

from tests.wire.wire import Wire

KEY_OPENAI = "sk-test-0123456789abcdef"
KEY_GOOGLE = "AIzaTest0123456789abcdef"
TEXT_MODEL_OPENAI = "gpt-6-luna"
TEXT_MODEL_GOOGLE = "gemini-3.8-flash"
IMAGE_MODEL_OPENAI = "gpt-image-2.6-flare"
IMAGE_MODEL_GOOGLE = "gemini-nano-banana-2.1"
_NOWHERE = "http://127.0.0.1:9"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleCaller:
    """The Google SDK, pointed at one server."""

    client: genai.Client
    options: types.HttpOptions

    def generate(self, model: str, contents: Any, **config: Any) -> types.GenerateContentResponse:
        """Ask for a whole answer."""
        return self.client.models.generate_content(
            model=model, contents=contents, config=self._configure(config)
        )

    def stream(
        self, model: str, contents: Any, **config: Any
    ) -> Iterator[types.GenerateContentResponse]:
        """Ask for a stream."""
        return self.client.models.generate_content_stream(
            model=model, contents=contents, config=self._configure(config)
        )

    def _configure(self, config: dict[str, Any]) -> types.GenerateContentConfig:
        """Add where to ask, and that one answer is enough."""
        return types.GenerateContentConfig(
            http_options=self.options, automatic_continuation=False, **config
        )


class Sdks:
    """Both SDKs, until the `with` block ends."""

    def __init__(self) -> None:
        self._openai = openai.OpenAI(api_key=KEY_OPENAI, base_url=_NOWHERE, max_retries=0)
        self._google = genai.Client(
            api_key=KEY_GOOGLE, http_options=types.HttpOptions(base_url=_NOWHERE)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._openai.close()
        self._google.close()

    def openai(self, wire: Wire, *, timeout_s: float = 10) -> openai.OpenAI:
        """Return the OpenAI SDK, pointed at a server."""
        return self._openai.with_options(base_url=wire.openai.base_url, timeout=timeout_s)

    def google(self, wire: Wire, *, timeout_s: float = 10) -> GoogleCaller:
        """Return the Google SDK, pointed at a server."""
        options = types.HttpOptions(base_url=wire.google.base_url, timeout=round(timeout_s * 1000))
        return GoogleCaller(client=self._google, options=options)

    def call(
        self, wire: Wire, provider: str, kind: str, *, streamed: bool, timeout_s: float = 10
    ) -> Any:
        """Make a plain, good call to its end.

        Args:
            wire: the servers.
            provider: ``openai`` or ``google``.
            kind: ``text`` or ``image``.
            streamed: whether to ask for a stream.
            timeout_s: the client's patience.

        Returns:
            What the SDK gives: an answer, or the list of a stream's events.
        """
        if provider == "google":
            caller = self.google(wire, timeout_s=timeout_s)
            ask = caller.stream if streamed else caller.generate
            model = TEXT_MODEL_GOOGLE if kind == "text" else IMAGE_MODEL_GOOGLE
            answer: Any = ask(model, "A lighthouse")
        else:
            answer = _call_openai(self.openai(wire, timeout_s=timeout_s), kind, streamed=streamed)
        return list(answer) if streamed else answer


def _call_openai(client: openai.OpenAI, kind: str, *, streamed: bool) -> Any:
    """Make a plain, good call to OpenAI."""
    if kind == "text":
        return client.responses.create(
            model=TEXT_MODEL_OPENAI, input="A lighthouse", stream=streamed, store=False
        )
    if streamed:
        return client.images.generate(
            model=IMAGE_MODEL_OPENAI, prompt="A lighthouse", stream=True, partial_images=1
        )
    return client.images.generate(model=IMAGE_MODEL_OPENAI, prompt="A lighthouse")


def find_strangers(value: object) -> Iterator[str]:
    """Check an OpenAI answer, or a list of them, against the SDK's own types.

    The SDK takes whatever comes; this does not.

    Args:
        value: what the SDK made of the wire.

    Yields:
        The names of fields that the types don't have.
    """
    if isinstance(value, list):
        for one in value:
            yield from find_strangers(one)
    if isinstance(value, BaseModel):
        type(value).model_validate(value.to_dict(use_api_names=True, exclude_unset=True))
        yield from value.model_extra or ()
        for name in type(value).model_fields:
            yield from find_strangers(getattr(value, name))
