"""Chat Completions, for servers without a Responses API: a question, and its stream as an answer.

Source: openai 3.54.0 for Python, openai/types/chat/, read 2026-11-23.
"""

from collections.abc import Generator, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from promptflow.catalog import ANSWER_TOKENS
from promptflow.errors import ProviderError
from promptflow.material import render_sections
from promptflow.ports import TextPart, TextRequest
from promptflow.providers.bounds import Tally
from promptflow.providers.openai.dialect import Dialect
from promptflow.providers.openai.errors import (
    Call,
    cut_off,
    ended_early,
    find_error_in_stream,
    refuse,
)
from promptflow.providers.openai.questions import (
    EFFORT,
    encode_reference,
    write_instructions,
)
from promptflow.providers.openai.reading import read, read_count, read_first, read_text
from promptflow.records import Usage

if TYPE_CHECKING:
    from openai import OpenAI, Stream


def ask_chat(client: "OpenAI", request: TextRequest, dialect: Dialect, call: Call) -> "Stream[Any]":
    """Send a question.

    Args:
        client: the SDK's.
        request: the question.
        dialect: how to put it.
        call: whom it goes to.

    Returns:
        The chunks; the caller closes them.
    """
    limit = "max_completion_tokens" if call.is_openai else dialect.limit
    more: dict[str, Any] = {limit: ANSWER_TOKENS}
    if dialect.reasoning:
        more["reasoning_effort"] = EFFORT
    if request.schema is not None and dialect.schema:
        form = {"name": request.stage.value, "strict": True, "schema": dict(request.schema)}
        more["response_format"] = {"type": "json_schema", "json_schema": form}
    stream: Stream[Any] = client.chat.completions.create(
        model=call.model,
        messages=[
            {"role": "system", "content": write_instructions(request, dialect)},
            {"role": "user", "content": _write_content(request)},
        ],
        stream=True,
        stream_options={"include_usage": True},
        **more,
    )
    return stream


def read_chat(chunks: Iterable[object], call: Call) -> Generator[TextPart, None, bool]:
    """Read an answer as it comes.

    Args:
        chunks: of the stream.
        call: whom they come from.

    Yields:
        TextPart with text or reasoning, then one with the usage, where the server tells it.

    Returns:
        True: the answer is complete.

    Raises:
        RefusedError: the model or a safety system said no.
        ReplyError: it was cut off, or ended before its end.
        AnswerTooLargeError: it is longer than is read.
    """
    reason, refusal, usage, tally = "", "", Usage(), Tally()
    try:
        for chunk in chunks:
            choice = read_first(chunk, "choices")
            usage = _read_usage(chunk, usage)
            for part in _read_delta(read(choice, "delta")):
                tally.add(text=part.text, reasoning=part.reasoning)
                yield part
            tally.add(text=read_text(choice, "delta", "refusal"))
            refusal += read_text(choice, "delta", "refusal")
            reason = read_text(choice, "finish_reason") or reason
            if reason and usage != Usage():
                break
    except Exception:
        # What breaks after the last word costs no more than the bill.
        if not reason:
            # One that grows with the answer does not know yet what came in the end.
            yield from _tell_usage(replace(usage, output_tokens=None, thinking_tokens=None))
            raise
    yield from _tell_usage(usage)
    error = _find_end_error(reason, refusal, call)
    if error is not None:
        raise error
    return True


def _write_content(request: TextRequest) -> Any:
    """Return the sections as text; with references, as the first of several parts."""
    text = render_sections(request.sections)
    if not request.references:
        # Plain, because not every server takes parts.
        return text
    pictures = [
        {"type": "image_url", "image_url": {"url": encode_reference(reference)}}
        for reference in request.references
    ]
    return [{"type": "text", "text": text}, *pictures]


def _read_delta(delta: object) -> Generator[TextPart]:
    """Yield what one chunk says; open models send what they think in a field of its own."""
    text = read_text(delta, "content")
    reasoning = read_text(delta, "reasoning_content") or read_text(delta, "reasoning")
    if text or reasoning:
        yield TextPart(text=text, reasoning=reasoning)


def _tell_usage(usage: Usage) -> Generator[TextPart]:
    """Yield the bill, where there is one."""
    if usage != Usage():
        yield TextPart(usage=usage)


def _read_usage(chunk: object, known: Usage) -> Usage:
    """Return the bill that a chunk carries, or else what is known already."""
    usage = Usage(
        input_tokens=read_count(chunk, "usage", "prompt_tokens"),
        cached_tokens=read_count(chunk, "usage", "prompt_tokens_details", "cached_tokens"),
        cache_write_tokens=read_count(
            chunk, "usage", "prompt_tokens_details", "cache_write_tokens"
        ),
        output_tokens=read_count(chunk, "usage", "completion_tokens"),
        thinking_tokens=read_count(chunk, "usage", "completion_tokens_details", "reasoning_tokens"),
    )
    return known if usage == Usage() else usage


def _find_end_error(reason: str, refusal: str, call: Call) -> ProviderError | None:
    """Return why what has ended is not the answer; ``None`` if it is."""
    if refusal:
        return refuse(call, said=refusal)
    if reason == "content_filter":
        return find_error_in_stream({"code": reason}, call)
    if reason == "length":
        return cut_off(call)
    return None if reason else ended_early(call)
