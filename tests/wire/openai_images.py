"""Pictures as OpenAI gives them: generated and edited, whole and streamed.

Shapes as in openai 3.54.0 for Python, openai/types/images_response.py and openai/types/image_gen_*.py.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from tests.wire.answers import Answer, Json, json_answer, stream_answer, to_json
from tests.wire.openai_image_checks import read_params
from tests.wire.requested import Request

_RESOLVED = {"background": "opaque", "quality": "medium", "size": "1024x1024"}
"""What ``auto`` comes to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageScript:
    """What the model paints."""

    pictures: tuple[bytes, ...]
    """One, given as often as asked for; or several, given as they are; or none."""
    partials: tuple[bytes, ...] = ()
    """Previews; no more of them are streamed than asked for."""
    resolved: Mapping[str, str] = field(default_factory=dict)
    """The size, quality, background or output_format echoed, where it is not the one asked for."""
    usage: Json
    encode: Callable[[bytes], str]
    """Turns a picture into base64."""
    pace_s: float = 0
    """The pause before each event."""


def make_image_usage(
    *, text_tokens: int = 40, image_tokens: int = 0, output_tokens: int = 1120
) -> Json:
    """Make the bill of an answer in pictures.

    Args:
        text_tokens: of the prompt.
        image_tokens: of the pictures sent along.
        output_tokens: of the pictures painted.

    Returns:
        The object as stream events hold it; whole answers say more about the output.
    """
    input_tokens = text_tokens + image_tokens
    return {
        "input_tokens": input_tokens,
        "input_tokens_details": {"image_tokens": image_tokens, "text_tokens": text_tokens},
        "output_tokens": output_tokens,
        "total_tokens": input_tokens + output_tokens,
    }


def render_images(script: ImageScript, request: Request, headers: dict[str, str]) -> Answer:
    """Answer a request to ``/images/generations`` or ``/images/edits``, streamed or not."""
    params = read_params(request)
    if request.streamed:
        events = _events(script, request, params)
        return stream_answer(events, pace_s=script.pace_s, headers=headers)
    pictures = script.pictures
    if len(pictures) == 1:
        pictures *= params.get("n") or 1
    details = {"image_tokens": script.usage["output_tokens"], "text_tokens": 0}
    body = {
        "created": int(time.time()),
        **_echo(script, params),
        "data": [{"b64_json": script.encode(picture)} for picture in pictures],
        "usage": script.usage | {"output_tokens_details": details},
    }
    return json_answer(body, headers=headers)


def _events(script: ImageScript, request: Request, params: Json) -> Iterator[bytes]:
    """Yield the previews that were asked for, and the picture."""
    family = "image_edit" if request.path.endswith("/edits") else "image_generation"
    shared = {"created_at": int(time.time()), **_echo(script, params)}
    for number, partial in enumerate(script.partials[: params.get("partial_images") or 0]):
        fields = {"b64_json": script.encode(partial), "partial_image_index": number}
        yield _event(f"{family}.partial_image", shared | fields)
    for picture in script.pictures:
        fields = {"b64_json": script.encode(picture), "usage": script.usage}
        yield _event(f"{family}.completed", shared | fields)


def _event(kind: str, fields: Json) -> bytes:
    """Encode one event."""
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), to_json({"type": kind, **fields}))


def _echo(script: ImageScript, params: Json) -> Json:
    """Return the parameters as they were resolved."""
    echo = {"output_format": params.get("output_format") or "png"}
    for name, value in _RESOLVED.items():
        asked = params.get(name)
        echo[name] = value if asked in {None, "auto"} else asked
    return echo | dict(script.resolved)
