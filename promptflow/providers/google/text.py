"""A Gemini model that writes."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from promptflow.catalog import ANSWER_TOKENS
from promptflow.errors import ProviderError
from promptflow.material import render_sections
from promptflow.ports import TextPart, TextRequest
from promptflow.providers.bounds import AnswerTooLargeError, Tally
from promptflow.providers.google.client import address_call, ask, limit_silence
from promptflow.providers.google.endings import check_text
from promptflow.providers.google.errors import Call, to_ours
from promptflow.providers.google.late import take_late
from promptflow.providers.google.replies import Reply, to_content
from promptflow.providers.google.words import KEY_VARIABLE

if TYPE_CHECKING:
    from google import genai
    from google.genai import types


_LATE_S = 1.0
"""How long an answer that is complete is watched for more: its end normally comes at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleText:
    """A Gemini model behind the port `TextModel`."""

    model: str
    """The id, e.g. ``gemini-3.8-flash``."""
    client: "genai.Client" = field(repr=False)
    """From `make_client`."""
    thinking_level: str | None = "LOW"
    """How much it may think: ``LOW``, ``MEDIUM``, ``HIGH``; ``None`` for a model that can't."""
    title: str = ""
    """What people call the model, for messages; "" for its id."""
    key_variable: str = KEY_VARIABLE
    """Where the client's key is set, for messages."""
    silence_s: float = 120.0
    """Seconds it may be silent, before the first piece and between two."""

    def stream(self, request: TextRequest) -> Iterator[TextPart]:
        """Ask once and yield the answer as it comes.

        Args:
            request: the question.

        Yields:
            (TextPart with text | TextPart with reasoning)* and one with the usage, as far as it is
            told, which comes even if the answer broke off or turns out unusable.

        Raises:
            ProviderError: a filter of Google's blocked the question or the answer (RefusedError);
                Google can't answer now, or the connection broke (BusyError); the key, its quota or
                the request is at fault (RejectedError); the answer is empty, cut off, or longer than
                is read (ReplyError).

        Cost:
            Billed from the moment Google accepts the request, thinking included; at most
            `ANSWER_TOKENS` of output.

        Source:
            google-genai 3.4.0, google/genai/types.py; https://aistudio.google.com/docs; read
            2026-11-23.
        """
        call = address_call(
            self.client,
            model=self.model,
            title=self.title,
            silence_s=self.silence_s,
            key_variable=self.key_variable,
        )
        reply, tally = Reply(key=call.key), Tally()
        failure: ProviderError | None = None
        try:
            with closing(self._chunks(request, reply, call)) as chunks:
                for chunk in chunks:
                    for part in _to_parts(reply.read(chunk)):
                        tally.add(text=part.text, reasoning=part.reasoning)
                        yield part
        except AnswerTooLargeError as error:
            failure = to_ours(error, replace(call, request_id=reply.response_id))
        except ProviderError as error:
            # After its last word the answer is whole, and paid for, whatever becomes of the connection.
            failure = None if reply.whole else error
        if usage := reply.usage:
            yield TextPart(usage=usage)
        if failure:
            raise failure
        check_text(reply, call)

    def _chunks(
        self, request: TextRequest, reply: Reply, call: Call
    ) -> "Generator[types.GenerateContentResponse]":
        """Yield what the SDK yields; leaving early closes the connection.

        Google ends a stream with the finish reason and the bill. Servers that pass it on are known to put
        the reason on earlier chunks as well, so what still comes soon after is taken along.
        """
        answer = cast(  # a generator, in truth: it can be closed
            "Generator[types.GenerateContentResponse]",
            self.client.models.generate_content_stream(
                model=self.model,
                contents=to_content(render_sections(request.sections), request.references),
                config=self._config(request),
            ),
        )
        complete = False
        try:
            while not complete and (
                chunk := ask(
                    lambda: next(answer, None), replace(call, request_id=reply.response_id)
                )
            ):
                yield chunk
                complete = reply.complete
        finally:
            if not complete:
                answer.close()
        if complete:
            yield from take_late(answer, within_s=_LATE_S)

    def _config(self, request: TextRequest) -> "types.GenerateContentConfig":
        from google.genai import types

        thinking = None
        if self.thinking_level:
            level = types.ThinkingLevel(self.thinking_level)
            thinking = types.ThinkingConfig(include_thoughts=True, thinking_level=level)
        schema = request.schema
        return types.GenerateContentConfig(
            system_instruction=request.instructions,
            response_mime_type=None if schema is None else "application/json",
            response_json_schema=None if schema is None else dict(schema),
            thinking_config=thinking,
            max_output_tokens=ANSWER_TOKENS,
            # Each continuation would be another call that nobody sees or bounds.
            automatic_continuation=False,
            automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
            http_options=limit_silence(self.silence_s),
        )


def _to_parts(parts: Iterable["types.Part"]) -> Iterator[TextPart]:
    """Yield what there is to read, the model's thoughts apart from its answer."""
    for part in parts:
        if part.text:
            yield TextPart(reasoning=part.text) if part.thought else TextPart(text=part.text)
