"""Answers as the Gemini API gives them: text, thoughts, pictures, blocks and bills.

Shapes as in google-genai 3.4.0 for Python, google/genai/types.py, in the API's own spelling.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tests.wire.answers import Answer, Json, json_answer, stream_answer, to_json
from tests.wire.pictures import detect_mime, encode_base64
from tests.wire.requested import Request

_SIGNATURE = encode_base64(b"thought signature")
_HARMS = (
    "HARM_CATEGORY_SEXUALLY_EXPLICIT",
    "HARM_CATEGORY_HATE_SPEECH",
    "HARM_CATEGORY_HARASSMENT",
    "HARM_CATEGORY_DANGEROUS_CONTENT",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentScript:
    """What the model says and paints."""

    deltas: tuple[str, ...] = ()
    """Text, piece by piece."""
    thoughts: tuple[str, ...] = ()
    """Thoughts in text; sent only to those who ask for them."""
    drafts: tuple[bytes, ...] = ()
    """Interim pictures, marked as thoughts; sent only to those who ask for thoughts."""
    pictures: tuple[bytes, ...] = ()
    finish: str = "STOP"
    """The finish reason."""
    message: str | None = None
    """What the API adds to a finish reason for people."""
    usage: Json
    more: Mapping[str, object] = field(default_factory=dict)
    """Further fields of the last chunk, as of an API newer than the SDK."""
    encode: Callable[[bytes], str] = encode_base64
    """Turns a picture into base64."""
    pace_s: float = 0
    """The pause before each chunk."""


def make_usage(
    *,
    prompt: int = 120,
    candidates: int = 80,
    thoughts: int = 0,
    cached: int = 0,
    references: int = 0,
    painted: bool = False,
) -> Json:
    """Make the bill of an answer.

    Args:
        prompt: tokens of the whole input.
        candidates: tokens of the answer, without thoughts.
        thoughts: tokens of the thoughts.
        cached: of the prompt.
        references: of the prompt, for pictures sent along.
        painted: the answer is a picture.

    Returns:
        The object as the API sends it.
    """
    details = [{"modality": "TEXT", "tokenCount": prompt - references}]
    if references:
        details.append({"modality": "IMAGE", "tokenCount": references})
    usage: Json = {
        "promptTokenCount": prompt,
        "candidatesTokenCount": candidates,
        "totalTokenCount": prompt + candidates + thoughts,
        "promptTokensDetails": details,
    }
    if painted:
        usage["candidatesTokensDetails"] = [{"modality": "IMAGE", "tokenCount": candidates}]
    if thoughts:
        usage["thoughtsTokenCount"] = thoughts
    if cached:
        usage["cachedContentTokenCount"] = cached
    return usage


def render_content(script: ContentScript, request: Request) -> Answer:
    """Answer a request to generate content, streamed or not."""
    head = {"modelVersion": request.model, "responseId": make_response_id(request)}
    groups = list(_part_groups(script, request))
    if request.streamed:
        chunks = _chunks(script, groups, head)
        return stream_chunks(chunks, pace_s=script.pace_s)
    parts = [part for group in groups for part in group]
    body = {"candidates": [_candidate(script, parts)], "usageMetadata": script.usage}
    return json_answer(body | head | dict(script.more), headers=REPLY_HEADERS)


def render_block(reason: str, usage: Json, request: Request) -> Answer:
    """Answer that the prompt was blocked: there are no candidates."""
    body = {
        "promptFeedback": {"blockReason": reason},
        "usageMetadata": usage,
        "modelVersion": request.model,
        "responseId": make_response_id(request),
    }
    if request.streamed:
        return stream_chunks([body])
    return json_answer(body, headers=REPLY_HEADERS)


def stream_chunks(chunks: Sequence[Json] | Iterator[Json], *, pace_s: float = 0) -> Answer:
    """Make a stream of chunks, as ``alt=sse`` sends them."""
    return stream_answer(map(encode_chunk, chunks), pace_s=pace_s, headers=REPLY_HEADERS)


def encode_chunk(chunk: Json) -> bytes:
    """Encode one chunk of a stream."""
    return b"data: %b\r\n\r\n" % to_json(chunk)


def make_response_id(request: Request) -> str:
    """Return the id of an answer; it is told by the request's number."""
    return f"resp{request.number:024d}"


REPLY_HEADERS = {"server": "scaffolding on HTTPServer2", "server-timing": "gfet4t7; dur=5"}
"""What Google adds to every answer."""


def _chunks(script: ContentScript, groups: Sequence[list[Json]], head: Json) -> Iterator[Json]:
    """Yield a chunk per group of parts, and one with the finish reason and the whole bill."""
    billed = {"promptTokenCount", "promptTokensDetails"}
    so_far = {name: value for name, value in script.usage.items() if name in billed}
    so_far["totalTokenCount"] = script.usage.get("promptTokenCount", 0)
    for parts in groups:
        candidate = {"content": {"parts": parts, "role": "model"}, "index": 0}
        yield {"candidates": [candidate], "usageMetadata": so_far} | head
    # A finished text closes with the signature of its thoughts on an empty part.
    signed = script.finish == "STOP" and not script.pictures
    last = [{"text": "", "thoughtSignature": _SIGNATURE}] if signed else []
    body = {"candidates": [_candidate(script, last)], "usageMetadata": script.usage}
    yield body | head | dict(script.more)


def _candidate(script: ContentScript, parts: list[Json]) -> Json:
    """Return a candidate with its finish reason; without parts it has no content."""
    candidate: Json = {"content": {"parts": parts, "role": "model"}} if parts else {}
    candidate |= {"finishReason": script.finish, "index": 0}
    if script.message is not None:
        candidate["finishMessage"] = script.message
    if script.finish == "SAFETY":
        candidate["safetyRatings"] = [
            {"category": harm, "probability": "HIGH" if harm == _HARMS[0] else "NEGLIGIBLE"}
            for harm in _HARMS
        ]
    return candidate


def _part_groups(script: ContentScript, request: Request) -> Iterator[list[Json]]:
    """Yield the parts as they are streamed, a group per chunk; thoughts only where asked for."""
    config = (request.json or {}).get("generationConfig") or {}
    if (config.get("thinkingConfig") or {}).get("includeThoughts"):
        yield from ([{"text": thought, "thought": True}] for thought in script.thoughts)
        yield from ([_picture(script, draft) | {"thought": True}] for draft in script.drafts)
    if "TEXT" in (config.get("responseModalities") or ["TEXT"]):
        yield from ([{"text": delta}] for delta in script.deltas)
    for picture in script.pictures:
        yield [_picture(script, picture) | {"thoughtSignature": _SIGNATURE}]


def _picture(script: ContentScript, picture: bytes) -> Json:
    """Return the part that holds a picture."""
    mime = detect_mime(picture) or "image/png"
    return {"inlineData": {"mimeType": mime, "data": script.encode(picture)}}
