"""OpenAI on the loopback: its routes, its errors, and what tests script it to say."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Unpack

from tests.wire.answers import Answer, Json, json_answer, split_words
from tests.wire.endpoint import Endpoint, Render, To
from tests.wire.openai_checks import (
    bad_request,
    bad_value,
    check_chat,
    check_json,
    check_key,
    check_responses,
    missing,
)
from tests.wire.openai_image_checks import check_edit, check_generate, read_params
from tests.wire.openai_images import ImageScript, make_image_usage, render_images
from tests.wire.openai_models import IMAGE_MODELS, TEXT_MODELS
from tests.wire.openai_text import (
    Finish,
    TextScript,
    make_text_usage,
    render_chat,
    render_responses,
)
from tests.wire.pictures import encode_base64
from tests.wire.requested import Request, Violation

_KINDS = {
    ("POST", "/v1/responses"): "text",
    ("POST", "/v1/chat/completions"): "text",
    ("POST", "/v1/images/generations"): "image",
    ("POST", "/v1/images/edits"): "image",
    ("GET", "/v1/models"): "models",
}
_MODEL_SINCE_S = 1_790_000_000


class OpenAIWire(Endpoint):
    """The OpenAI API."""

    provider = "openai"

    @property
    def base_url(self) -> str:
        """What the SDK is to be given as ``base_url``."""
        return f"{self.origin}/v1"

    def answer_text(
        self,
        text: str | Sequence[str],
        *,
        reasoning: str | Sequence[str] = (),
        refusal: bool = False,
        finish: Finish = "completed",
        code: str = "server_error",
        usage: Json | None = None,
        pace_s: float = 0,
        **to: Unpack[To],
    ) -> None:
        """Answer the next request for text, by the Responses API or by Chat Completions.

        Args:
            text: cut into words; a sequence is streamed as it is cut.
            reasoning: the summary of the reasoning, in one part or in several; only for those who ask.
            refusal: the text is a refusal.
            finish: how the answer ends.
            code: the error's code, where it ends as failed or with an error.
            usage: as `make_text_usage` makes it.
            pace_s: the pause before each event.
            **to: which requests it is for, and how it breaks.
        """
        script = TextScript(
            deltas=split_words(text),
            reasoning=(reasoning,) if isinstance(reasoning, str) else tuple(reasoning),
            refusal=refusal,
            finish=finish,
            code=code,
            usage=usage or make_text_usage(),
            pace_s=pace_s,
        )

        def render(request: Request) -> Answer:
            if request.path.endswith("/chat/completions"):
                return render_chat(script, request, reply_headers(request))
            return render_responses(script, request, reply_headers(request))

        self.answer_with(render, kind="text", **to)

    def answer_image(
        self,
        pictures: bytes | Sequence[bytes],
        *,
        partials: Sequence[bytes] = (),
        usage: Json | None = None,
        resolved: Mapping[str, str] | None = None,
        encode: Callable[[bytes], str] = encode_base64,
        pace_s: float = 0,
        **to: Unpack[To],
    ) -> None:
        """Answer the next request for pictures, generated or edited, streamed or not.

        Args:
            pictures: one, given as often as asked for; or several as they are; empty for none.
            partials: previews, for those who ask for them.
            usage: as `make_image_usage` makes it.
            resolved: echoed parameters that differ from those asked for.
            encode: turns a picture into base64.
            pace_s: the pause before each event.
            **to: which requests it is for, and how it breaks.
        """
        script = ImageScript(
            pictures=(pictures,) if isinstance(pictures, bytes) else tuple(pictures),
            partials=tuple(partials),
            resolved=resolved or {},
            usage=usage or make_image_usage(),
            encode=encode,
            pace_s=pace_s,
        )
        self.answer_with(
            lambda request: render_images(script, request, reply_headers(request)),
            kind="image",
            **to,
        )

    def answer_error(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        type: str = "invalid_request_error",  # the name on the wire
        more: Json | None = None,
        headers: Mapping[str, str] | None = None,
        kind: str | None = None,
        **to: Unpack[To],
    ) -> None:
        """Answer the next request with an error.

        Args:
            status: of HTTP.
            message: for people.
            code: for programs.
            type: the family of the error.
            more: further fields of the error.
            headers: such as ``retry-after``, ``retry-after-ms``, ``x-should-retry``.
            kind: ``text`` or ``image``; None for any.
            **to: which requests it is for, and how it breaks.
        """
        error = make_error(message, code=code, type=type) | (more or {})
        self.answer_with(
            lambda request: json_answer(
                {"error": error},
                status=status,
                headers=reply_headers(request) | dict(headers or {}),
            ),
            kind=kind,
            **to,
        )

    def _sort(self, request: Request) -> Request:
        """Read kind, model and streaming off the route and the body."""
        params = read_params(request)
        model = params.get("model")
        return replace(
            request,
            kind=_KINDS.get((request.method, request.path), "other"),
            model=model if isinstance(model, str) else None,
            streamed=params.get("stream") is True,
        )

    def _complain(self, request: Request) -> Iterator[Violation]:
        """Yield what OpenAI does not accept of a request."""
        if request.kind == "other":
            yield replace(
                bad_request(f"Invalid URL ({request.method} {request.path})", None), status=404
            )
            return
        yield from check_key(request)
        if request.kind == "models":
            return
        yield from _check_model(request)
        if request.path.endswith("/edits"):
            yield from check_edit(read_params(request), request.parts)
            return
        yield from check_json(request)
        check = {
            "/v1/responses": check_responses,
            "/v1/chat/completions": check_chat,
            "/v1/images/generations": check_generate,
        }[request.path]
        yield from check(request.json or {})

    def _turn_down(self, request: Request, violation: Violation) -> Answer:
        """Word a violation as OpenAI does."""
        error = make_error(
            violation.message, code=violation.code, type=violation.type, param=violation.param
        )
        return json_answer(
            {"error": error}, status=violation.status, headers=reply_headers(request)
        )

    def _fixed_answer(self, request: Request) -> Render | None:
        """List the models, unless a test scripts that too."""
        if request.kind != "models":
            return None
        return self._next_render(request) or _list_models


def make_error(
    message: str,
    *,
    code: str | None = None,
    type: str = "invalid_request_error",  # the name on the wire
    param: str | None = None,
) -> Json:
    """Make the object under ``error``."""
    return {"message": message, "type": type, "param": param, "code": code}


def reply_headers(request: Request) -> dict[str, str]:
    """Return what OpenAI adds to every answer; the request id is told by the request's number."""
    return {
        "x-request-id": f"req_{request.number:032x}",
        "openai-processing-ms": "5",
        "openai-version": "2020-10-01",
        "x-ratelimit-limit-requests": "500",
        "x-ratelimit-remaining-requests": "499",
    }


def _check_model(request: Request) -> Iterator[Violation]:
    """Yield a model that is missing, unknown, or of the other kind."""
    model = request.model
    if model is None:
        yield missing("model")
    elif model not in TEXT_MODELS and model not in IMAGE_MODELS:
        yield Violation(
            status=404,
            message=f"The model `{model}` does not exist or you do not have access to it.",
            code="model_not_found",
        )
    elif model not in (TEXT_MODELS if request.kind == "text" else IMAGE_MODELS):
        yield bad_value(model, "model", f"a model for {request.kind}")


def _list_models(request: Request) -> Answer:
    """Answer ``GET /models``."""
    models = []
    for model in (*TEXT_MODELS, *IMAGE_MODELS):
        limits = IMAGE_MODELS.get(model)
        models.append(
            {
                "id": model,
                "object": "model",
                "created": _MODEL_SINCE_S,
                "owned_by": "system",
                "shutdown_date": limits.shutdown_date if limits else None,
            }
        )
    return json_answer({"object": "list", "data": models}, headers=reply_headers(request))
