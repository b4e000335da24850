"""Answers in text as OpenAI gives them: of the Responses API and of Chat Completions.

Shapes as in openai 3.54.0 for Python, openai/types/responses/ and openai/types/chat/.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tests.wire.answers import Answer, Json, json_answer, split_words, stream_answer, to_json
from tests.wire.requested import Request

Finish = Literal["completed", "max_output_tokens", "content_filter", "failed", "error"]
"""How an answer ends: whole, cut at a limit, cut by a filter, as failed, or with a bare error event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextScript:
    """What the model says."""

    deltas: tuple[str, ...]
    """The answer, piece by piece."""
    reasoning: tuple[str, ...] = ()
    """The parts of its summary of its reasoning; sent only to those who ask for one."""
    refusal: bool = False
    """Whether the text is a refusal."""
    finish: Finish = "completed"
    code: str = "server_error"
    """The error's code, for ``failed`` and ``error``."""
    message: str = "The server had an error while processing your request. Sorry about that!"
    usage: Json
    """As the Responses API counts; translated for Chat Completions."""
    pace_s: float = 0
    """The pause before each event."""

    @property
    def text(self) -> str:
        """The whole answer."""
        return "".join(self.deltas)


def make_text_usage(
    *,
    input_tokens: int = 120,
    output_tokens: int = 80,
    reasoning_tokens: int = 0,
    cached: int = 0,
    cache_write: int = 0,
) -> Json:
    """Make the bill of an answer in text.

    Args:
        input_tokens: with the cached ones.
        output_tokens: with those of the reasoning.
        reasoning_tokens: of the output.
        cached: of the input, read from the cache.
        cache_write: of the input, written to the cache.

    Returns:
        The object as the Responses API sends it.
    """
    return {
        "input_tokens": input_tokens,
        "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": cache_write},
        "output_tokens": output_tokens,
        "output_tokens_details": {"reasoning_tokens": reasoning_tokens},
        "total_tokens": input_tokens + output_tokens,
    }


def render_responses(script: TextScript, request: Request, headers: dict[str, str]) -> Answer:
    """Answer a request to ``/responses``, streamed or not."""
    story = _Story(script, request)
    if request.streamed:
        return stream_answer(story.tell(), pace_s=script.pace_s, headers=headers)
    return json_answer(story.finished(), headers=headers)


def render_chat(script: TextScript, request: Request, headers: dict[str, str]) -> Answer:
    """Answer a request to ``/chat/completions``, streamed or not."""
    if request.streamed:
        events = [b"data: %b\n\n" % to_json(chunk) for chunk in _chat_chunks(script, request)]
        if script.finish not in {"failed", "error"}:
            events.append(b"data: [DONE]\n\n")
        return stream_answer(events, pace_s=script.pace_s, headers=headers)
    spoken = {"refusal": script.text} if script.refusal else {"content": script.text}
    message: Json = {"role": "assistant", "content": None, "refusal": None, "annotations": []}
    choice = {
        "index": 0,
        "message": message | spoken,
        "logprobs": None,
        "finish_reason": _finish_reason(script),
    }
    body = _chat_head(request, "chat.completion") | {
        "choices": [choice],
        "usage": _chat_usage(script.usage),
    }
    return json_answer(body, headers=headers)


class _Story:
    """The events of one streamed response, numbered in order."""

    def __init__(self, script: TextScript, request: Request) -> None:
        self._script = script
        self._body: Json = request.json or {}
        self._key = f"{request.number:048x}"
        self._created_at = int(time.time())
        self._sequence_number = -1
        self._output: list[Json] = []

    def tell(self) -> Iterator[bytes]:
        """Yield every event, encoded."""
        script = self._script
        yield self._event("response.created", response=self._response("in_progress"))
        yield self._event("response.in_progress", response=self._response("in_progress"))
        yield from self._tell_reasoning()
        yield from self._tell_message()
        if script.finish == "error":
            yield self._event("error", code=script.code, message=script.message, param=None)
        else:
            status = self._status()
            yield self._event(f"response.{status}", response=self.finished())

    def finished(self) -> Json:
        """Return the response as it is in the end."""
        if not self._output:
            self._output = [self._reasoning_item(self._summary()), self._message_item()]
        status = self._status()
        response = self._response(status)
        response["output"] = self._output
        if status == "completed":
            response["completed_at"] = self._created_at + 1
        elif status == "incomplete":
            response["incomplete_details"] = {"reason": self._script.finish}
        else:
            response["output"] = []
            response["error"] = {"code": self._script.code, "message": self._script.message}
        response["usage"] = None if status == "failed" else self._script.usage
        return response

    def _status(self) -> str:
        """Return the status of the finished response."""
        match self._script.finish:
            case "completed":
                return "completed"
            case "max_output_tokens" | "content_filter":
                return "incomplete"
            case "failed" | "error":
                return "failed"

    def _summary(self) -> tuple[str, ...]:
        """Return the parts of the summary, where one was asked for."""
        asked = (self._body.get("reasoning") or {}).get("summary")
        return self._script.reasoning if asked else ()

    def _tell_reasoning(self) -> Iterator[bytes]:
        """Yield the events of the reasoning item: without a summary it is there all the same."""
        yield self._event(
            "response.output_item.added", output_index=0, item=self._reasoning_item(())
        )
        for number, text in enumerate(self._summary()):
            yield from self._tell_summary_part(number, text)
        item = self._reasoning_item(self._summary())
        self._output.append(item)
        yield self._event("response.output_item.done", output_index=0, item=item)

    def _tell_summary_part(self, number: int, text: str) -> Iterator[bytes]:
        """Yield the events of one part of the summary."""
        place = {"item_id": f"rs_{self._key}", "output_index": 0, "summary_index": number}
        name = "response.reasoning_summary"
        yield self._event(f"{name}_part.added", **place, part=_summary_text(""))
        for delta in split_words(text):
            yield self._event(f"{name}_text.delta", **place, delta=delta)
        yield self._event(f"{name}_text.done", **place, text=text)
        yield self._event(f"{name}_part.done", **place, part=_summary_text(text))

    def _tell_message(self) -> Iterator[bytes]:
        """Yield the events of the message; one that failed is left unfinished."""
        script = self._script
        place = {"item_id": f"msg_{self._key}", "output_index": 1, "content_index": 0}
        item = self._message_item() | {"status": "in_progress", "content": []}
        yield self._event("response.output_item.added", output_index=1, item=item)
        yield self._event("response.content_part.added", **place, part=self._part(""))
        name = "refusal" if script.refusal else "output_text"
        more: Json = {} if script.refusal else {"logprobs": []}
        for delta in script.deltas:
            yield self._event(f"response.{name}.delta", **place, delta=delta, **more)
        if script.finish in {"failed", "error"}:
            return
        done: Json = {"refusal": script.text} if script.refusal else {"text": script.text} | more
        yield self._event(f"response.{name}.done", **place, **done)
        yield self._event("response.content_part.done", **place, part=self._part(script.text))
        item = self._message_item()
        self._output.append(item)
        yield self._event("response.output_item.done", output_index=1, item=item)

    def _event(self, kind: str, **fields: Any) -> bytes:
        """Encode the next event."""
        self._sequence_number += 1
        data = {"type": kind, "sequence_number": self._sequence_number, **fields}
        return b"event: %b\ndata: %b\n\n" % (kind.encode(), to_json(data))

    def _part(self, text: str) -> Json:
        """Return the message's one content part, with a text."""
        if self._script.refusal:
            return {"type": "refusal", "refusal": text}
        return {"type": "output_text", "annotations": [], "logprobs": [], "text": text}

    def _message_item(self) -> Json:
        """Return the finished message."""
        return {
            "id": f"msg_{self._key}",
            "type": "message",
            "status": "completed" if self._script.finish == "completed" else "incomplete",
            "content": [self._part(self._script.text)],
            "role": "assistant",
        }

    def _reasoning_item(self, summary: Sequence[str]) -> Json:
        """Return the reasoning item with the parts of a summary."""
        return {
            "id": f"rs_{self._key}",
            "type": "reasoning",
            "summary": [_summary_text(text) for text in summary],
        }

    def _response(self, status: str) -> Json:
        """Return the response object, its output still empty."""
        body = self._body
        reasoning = {"effort": "medium", "summary": None} | (body.get("reasoning") or {})
        text = {"format": {"type": "text"}, "verbosity": "medium"} | (body.get("text") or {})
        return {
            "id": f"resp_{self._key}",
            "object": "response",
            "created_at": self._created_at,
            "status": status,
            "background": False,
            "completed_at": None,
            "error": None,
            "incomplete_details": None,
            "instructions": body.get("instructions"),
            "max_output_tokens": body.get("max_output_tokens"),
            "max_tool_calls": None,
            "model": body.get("model"),
            "output": [],
            "parallel_tool_calls": True,
            "previous_response_id": None,
            "prompt_cache_key": None,
            "reasoning": reasoning,
            "safety_identifier": None,
            "service_tier": "default",
            "temperature": 1.0,
            "text": text,
            "tool_choice": "auto",
            "tools": [],
            "top_logprobs": 0,
            "top_p": 1.0,
            "truncation": "disabled",
            "usage": None,
            "user": None,
            "metadata": {},
        }


def _summary_text(text: str) -> Json:
    return {"type": "summary_text", "text": text}


def _chat_chunks(script: TextScript, request: Request) -> Iterator[Json]:
    """Yield the chunks of a streamed chat, the one with the bill last where it is asked for."""
    options = (request.json or {}).get("stream_options") or {}
    billed = bool(options.get("include_usage"))
    head = _chat_head(request, "chat.completion.chunk") | ({"usage": None} if billed else {})
    name = "refusal" if script.refusal else "content"
    opening = {"role": "assistant", "content": None if script.refusal else "", "refusal": None}
    yield head | {"choices": [_chat_choice(opening, None)]}
    for delta in script.deltas:
        yield head | {"choices": [_chat_choice({name: delta}, None)]}
    if script.finish in {"failed", "error"}:
        error = {"message": script.message, "type": "server_error", "code": script.code}
        yield {"error": error | {"param": None}}
        return
    yield head | {"choices": [_chat_choice({}, _finish_reason(script))]}
    if billed:
        yield head | {"choices": [], "usage": _chat_usage(script.usage)}


def _chat_head(request: Request, kind: str) -> Json:
    """Return what every chunk of a chat has."""
    return {
        "id": f"chatcmpl-{request.number:024x}",
        "object": kind,
        "created": int(time.time()),
        "model": request.model,
        "service_tier": "default",
        "system_fingerprint": None,
    }


def _chat_choice(delta: Json, finish_reason: str | None) -> Json:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}


def _finish_reason(script: TextScript) -> str:
    """Return Chat Completions' word for how the answer ends."""
    return {"max_output_tokens": "length", "content_filter": "content_filter"}.get(
        script.finish, "stop"
    )


def _chat_usage(usage: Json) -> Json:
    """Translate a bill from the Responses API's words."""
    return {
        "prompt_tokens": usage["input_tokens"],
        "completion_tokens": usage["output_tokens"],
        "total_tokens": usage["total_tokens"],
        "prompt_tokens_details": {
            **usage["input_tokens_details"],
            "audio_tokens": 0,
        },
        "completion_tokens_details": {
            "reasoning_tokens": usage["output_tokens_details"]["reasoning_tokens"],
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
