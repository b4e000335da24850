"""The Responses API: a question as it wants it, and its stream of events as parts of an answer.

Source: openai 3.54.0 for Python, openai/types/responses/, read 2026-11-23.
"""

from collections.abc import Generator, Iterable
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
from promptflow.providers.openai.reading import read, read_count, read_text
from promptflow.records import Usage

if TYPE_CHECKING:
    from openai import OpenAI, Stream

_ENDS = frozenset({"response.completed", "response.incomplete", "response.failed", "error"})


def ask_responses(
    client: "OpenAI", request: TextRequest, dialect: Dialect, call: Call
) -> "Stream[Any]":
    """Send a question.

    Args:
        client: the SDK's.
        request: the question.
        dialect: how to put it.
        call: whom it goes to.

    Returns:
        The events; the caller closes them.
    """
    more: dict[str, Any] = {}
    if dialect.reasoning:
        summary = {"summary": "auto"} if dialect.summary else {}
        more["reasoning"] = {"effort": EFFORT, **summary}
    if request.schema is not None and dialect.schema:
        form = {"type": "json_schema", "name": request.stage.value, "strict": True}
        more["text"] = {"format": form | {"schema": dict(request.schema)}}
    stream: Stream[Any] = client.responses.create(
        model=call.model,
        instructions=write_instructions(request, dialect),
        input=[{"role": "user", "content": _write_content(request)}],
        max_output_tokens=ANSWER_TOKENS,
        store=False,
        stream=True,
        **more,
    )
    return stream


def read_responses(events: Iterable[object], call: Call) -> Generator[TextPart, None, bool]:
    """Read an answer as it comes; events of other kinds are passed over.

    Args:
        events: of the stream.
        call: whom they come from.

    Yields:
        TextPart with text or reasoning, then one with the usage.

    Returns:
        True: the answer is complete.

    Raises:
        RefusedError: the model or a safety system said no.
        ProviderError: the answer failed.
        ReplyError: it was cut off, or ended before its end.
        AnswerTooLargeError: it is longer than is read.
    """
    refusal, tally = "", Tally()
    for event in events:
        kind = read_text(event, "type")
        part = _read_piece(kind, event)
        if part is not None:
            tally.add(text=part.text, reasoning=part.reasoning)
            yield part
        if kind == "response.refusal.delta":
            tally.add(text=read_text(event, "delta"))
            refusal += read_text(event, "delta")
        if kind in _ENDS:
            yield from _read_usage(read(event, "response"))
            error = _find_end_error(kind, event, refusal, call)
            if error is not None:
                raise error
            return True
    error = ended_early(call)
    raise error


def _read_piece(kind: str, event: object) -> TextPart | None:
    """Return what one event says; ``None`` where it says nothing."""
    text = reasoning = ""
    match kind:
        case "response.output_text.delta":
            text = read_text(event, "delta")
        case "response.reasoning_summary_text.delta" | "response.reasoning_text.delta":
            reasoning = read_text(event, "delta")
        case "response.reasoning_summary_part.added" if read_count(event, "summary_index"):
            reasoning = "\n\n"
        case _:
            pass
    return TextPart(text=text, reasoning=reasoning) if text or reasoning else None


def _write_content(request: TextRequest) -> list[Any]:
    """Return the sections as text, then the references as pictures."""
    pictures = [
        {"type": "input_image", "image_url": encode_reference(reference), "detail": "auto"}
        for reference in request.references
    ]
    return [{"type": "input_text", "text": render_sections(request.sections)}, *pictures]


def _read_usage(response: object) -> Generator[TextPart]:
    """Yield the bill, where there is one."""
    usage = Usage(
        input_tokens=read_count(response, "usage", "input_tokens"),
        cached_tokens=read_count(response, "usage", "input_tokens_details", "cached_tokens"),
        cache_write_tokens=read_count(
            response, "usage", "input_tokens_details", "cache_write_tokens"
        ),
        output_tokens=read_count(response, "usage", "output_tokens"),
        thinking_tokens=read_count(response, "usage", "output_tokens_details", "reasoning_tokens"),
    )
    if usage != Usage():
        yield TextPart(usage=usage)


def _find_end_error(kind: str, event: object, refusal: str, call: Call) -> ProviderError | None:
    """Return why what has ended is not the answer; ``None`` if it is."""
    if kind == "error":
        return find_error_in_stream(event, call)
    if kind == "response.failed":
        return find_error_in_stream(read(event, "response", "error"), call)
    if refusal:
        return refuse(call, said=refusal)
    if kind == "response.completed":
        return None
    reason = read_text(event, "response", "incomplete_details", "reason")
    if reason == "content_filter":
        return find_error_in_stream({"code": reason}, call)
    return cut_off(call) if reason == "max_output_tokens" else ended_early(call)
