"""A Gemini model that paints."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from promptflow.errors import (
    BusyError,
    ProviderError,
    RefusedError,
    RejectedError,
    ReplyError,
)
from promptflow.ports import ImageRequest, Picture
from promptflow.providers.google.client import address_call, ask, limit_silence
from promptflow.providers.google.endings import pick_picture
from promptflow.providers.google.replies import Reply, to_content
from promptflow.providers.google.together import run_together
from promptflow.providers.google.words import KEY_VARIABLE
from promptflow.providers.several import speak_for_all
from promptflow.records import ImageParameters

if TYPE_CHECKING:
    from google import genai
    from google.genai import types

SIZES = frozenset({"1K", "2K", "4K"})
_AT_ONCE = 4
_GRAVITY = (RejectedError, RefusedError, ReplyError, BusyError)
"""Which of several failures is told: first the one that another try helps least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleImage:
    """A Gemini model behind the port `ImageModel`.

    It has no seed and shows no previews, and a call paints one picture: several are several calls.
    """

    model: str
    """The id, e.g. ``gemini-nano-banana-2.1``."""
    client: "genai.Client" = field(repr=False)
    """From `make_client`."""
    silence_s: float = 300.0
    """Seconds it may take for a picture: nothing comes before the whole of it."""
    title: str = ""
    """What people call the model, for messages; "" for its id."""
    key_variable: str = KEY_VARIABLE
    """Where the client's key is set, for messages."""

    def paint(self, request: ImageRequest) -> Iterator[Picture]:
        """Ask for each picture once and yield them as they come.

        When one call fails, no new one is started; what the others paint is paid for, so it is
        yielded before the failure is raised.

        Args:
            request: the prompt, the shape, how many, and a size of ``1K``, ``2K`` or ``4K``.

        Yields:
            Whole pictures, indexes ascending from `request.first_index` without a gap, the first that
            is done first; each with the bill of its own call.

        Raises:
            ProviderError: a filter of Google's blocked the prompt or the picture (RefusedError);
                Google can't paint now, gave no picture for no reason, or the connection broke
                (BusyError); the key, its quota or the request is at fault (RejectedError); what came
                is no picture, or not of the type it claims (ReplyError).

        Cost:
            Every call is billed from the moment Google accepts it.

        Source:
            google-genai 3.4.0, google/genai/types.py and models.py; https://aistudio.google.com/docs;
            read 2026-11-23.
        """
        index = request.first_index
        failures: list[ProviderError] = []
        for outcome in run_together(
            lambda: self._paint_one(request), times=request.count, at_once=_AT_ONCE
        ):
            match outcome:
                case ProviderError():
                    failures.append(outcome)
                case BaseException():
                    raise outcome
                case painted if painted.error:
                    failures.append(painted.error)
                    if painted.reply.usage:
                        # A refusal is billed, too: for what was read and thought.
                        painted.error.told = True
                        yield Picture(
                            index=index, data=b"", partial=True, usage=painted.reply.usage
                        )
                case painted:
                    yield self._to_picture(painted, index, request)
                    index += 1
        if failures:
            gravest = _find_gravest(failures)
            raise gravest

    def _paint_one(self, request: ImageRequest) -> "_Painted":
        """Make one call.

        Raises:
            ProviderError: it failed. What is wrong with an answer comes with its bill instead.
        """
        call = address_call(
            self.client,
            model=self.model,
            title=self.title,
            silence_s=self.silence_s,
            key_variable=self.key_variable,
            paints=True,
        )
        response = ask(
            lambda: self.client.models.generate_content(
                model=self.model,
                contents=to_content(request.prompt, request.references),
                config=self._config(request),
            ),
            call,
        )
        reply = Reply(key=call.key, whole=True)
        parts = list(reply.read(response))
        try:
            data = pick_picture(reply, parts, call)
        except ProviderError as error:
            return _Painted(data=b"", reply=reply, error=error)
        return _Painted(data=data, reply=reply)

    def _to_picture(self, painted: "_Painted", index: int, request: ImageRequest) -> Picture:
        size = _size(request)
        return Picture(
            index=index,
            data=painted.data,
            usage=painted.reply.usage,
            # Google does not say what it did; what was asked for is known to be obeyed.
            resolved=ImageParameters(size=size) if size else None,
            request_id=painted.reply.response_id,
        )

    def _config(self, request: ImageRequest) -> "types.GenerateContentConfig":
        from google.genai import types

        return types.GenerateContentConfig(
            response_modalities=["IMAGE"],
            # The SDK takes other fields too, and refuses them for this API: shape and size are all.
            image_config=types.ImageConfig(
                aspect_ratio=request.aspect_ratio, image_size=_size(request)
            ),
            automatic_continuation=False,
            automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
            http_options=limit_silence(self.silence_s),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Painted:
    """What one call brought."""

    data: bytes = field(repr=False)
    reply: Reply
    error: ProviderError | None = None
    """What is wrong with the answer."""


def _size(request: ImageRequest) -> str | None:
    """Return the class of sizes that was asked for, if it is one."""
    size = request.parameters.size
    return size if size in SIZES else None


def _find_gravest(failures: Sequence[ProviderError]) -> ProviderError:
    """Choose the failure that another try helps least; what is asked again asks for each of them."""

    def gravity(failure: ProviderError) -> int:
        kinds = [place for place, kind in enumerate(_GRAVITY) if isinstance(failure, kind)]
        return min(kinds, default=0)

    gravest = min(failures, key=gravity)
    speak_for_all(gravest, failures)
    return gravest
