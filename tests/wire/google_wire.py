"""Google's Gemini API on the loopback: its routes, its errors, and what tests script it to say."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Unpack

from tests.wire.answers import Answer, Json, json_answer, split_words
from tests.wire.endpoint import Endpoint, Render, To
from tests.wire.google_answers import (
    REPLY_HEADERS,
    ContentScript,
    make_usage,
    render_block,
    render_content,
)
from tests.wire.google_checks import MODELS, check_body, check_key, check_model, in_camel_case
from tests.wire.pictures import encode_base64
from tests.wire.requested import Request, Violation

_GENERATE = re.compile(r"/v1(?:beta)?/models/([^/:]+):(generateContent|streamGenerateContent)")
_LIST = re.compile(r"/v1(?:beta)?/models")
_RPC = "type.googleapis.com/google.rpc"


class GoogleWire(Endpoint):
    """The Gemini API."""

    provider = "google"

    @property
    def base_url(self) -> str:
        """What the SDK is to be given as ``HttpOptions(base_url=…)``; it adds the version."""
        return self.origin

    def answer_text(
        self,
        text: str | Sequence[str],
        *,
        thoughts: str | Sequence[str] = (),
        finish: str = "STOP",
        usage: Json | None = None,
        more: Mapping[str, object] | None = None,
        pace_s: float = 0,
        **to: Unpack[To],
    ) -> None:
        """Answer the next request to a text model.

        Args:
            text: cut into words; a sequence is streamed as it is cut; empty for no content at all.
            thoughts: in one part or in several; only for those who ask.
            finish: the finish reason.
            usage: as `make_usage` makes it.
            more: further fields of the last chunk.
            pace_s: the pause before each chunk.
            **to: which requests it is for, and how it breaks.
        """
        script = ContentScript(
            deltas=split_words(text) if text else (),
            thoughts=(thoughts,) if isinstance(thoughts, str) else tuple(thoughts),
            finish=finish,
            usage=usage or make_usage(),
            more=more or {},
            pace_s=pace_s,
        )
        self.answer_with(lambda request: render_content(script, request), kind="text", **to)

    def answer_image(
        self,
        pictures: bytes | Sequence[bytes],
        *,
        text: str = "",
        thoughts: str | Sequence[str] = (),
        drafts: Sequence[bytes] = (),
        finish: str = "STOP",
        message: str | None = None,
        usage: Json | None = None,
        more: Mapping[str, object] | None = None,
        encode: Callable[[bytes], str] = encode_base64,
        pace_s: float = 0,
        **to: Unpack[To],
    ) -> None:
        """Answer the next request to a model that paints.

        Args:
            pictures: usually one; empty for a candidate without content.
            text: beside the picture; only for those who ask for text too.
            thoughts: in text; only for those who ask for thoughts.
            drafts: interim pictures, marked as thoughts; only for those who ask for thoughts.
            finish: the finish reason, e.g. ``NO_IMAGE`` or ``IMAGE_SAFETY``.
            message: what the API adds to the finish reason.
            usage: as `make_usage` makes it.
            more: further fields of the last chunk.
            encode: turns a picture into base64.
            pace_s: the pause before each chunk.
            **to: which requests it is for, and how it breaks.
        """
        script = ContentScript(
            deltas=(text,) if text else (),
            thoughts=(thoughts,) if isinstance(thoughts, str) else tuple(thoughts),
            drafts=tuple(drafts),
            pictures=(pictures,) if isinstance(pictures, bytes) else tuple(pictures),
            finish=finish,
            message=message,
            usage=usage or make_usage(candidates=1120, painted=True),
            more=more or {},
            encode=encode,
            pace_s=pace_s,
        )
        self.answer_with(lambda request: render_content(script, request), kind="image", **to)

    def answer_block(
        self, reason: str = "PROHIBITED_CONTENT", *, kind: str | None = None, **to: Unpack[To]
    ) -> None:
        """Answer that the prompt was blocked, without candidates.

        Args:
            reason: the block reason, e.g. ``SAFETY`` or ``IMAGE_SAFETY``.
            kind: ``text`` or ``image``; None for any.
            **to: which requests it is for, and how it breaks.
        """
        usage = make_usage(candidates=0)
        self.answer_with(lambda request: render_block(reason, usage, request), kind=kind, **to)

    def answer_error(
        self,
        status: int,
        message: str,
        *,
        name: str,
        details: Sequence[Json] = (),
        headers: Mapping[str, str] | None = None,
        kind: str | None = None,
        **to: Unpack[To],
    ) -> None:
        """Answer the next request with an error.

        Args:
            status: of HTTP.
            message: for people.
            name: of the status, e.g. ``RESOURCE_EXHAUSTED``.
            details: such as `retry_info`, `error_info` and `quota_failure` make.
            headers: more than the usual ones.
            kind: ``text`` or ``image``; None for any.
            **to: which requests it is for, and how it breaks.
        """
        body = make_error(status, message, name=name, details=details)
        self.answer_with(
            lambda request: json_answer(
                body, status=status, headers=REPLY_HEADERS | dict(headers or {})
            ),
            kind=kind,
            **to,
        )

    def _sort(self, request: Request) -> Request:
        """Read kind, model and streaming off the path; give the body's names one spelling."""
        if request.method == "GET" and _LIST.fullmatch(request.path):
            return replace(request, kind="models")
        found = _GENERATE.fullmatch(request.path)
        if found is None or request.method != "POST":
            return request
        limits = MODELS.get(found[1])
        kind = "image" if limits is not None and limits.ratios else "text"
        streamed = found[2] == "streamGenerateContent"
        body = in_camel_case(request.json)
        return replace(request, kind=kind, model=found[1], streamed=streamed, json=body)

    def _complain(self, request: Request) -> Iterator[Violation]:
        """Yield what Google does not accept of a request."""
        if request.kind == "other":
            yield Violation(status=404, message="Not Found", type="NOT_FOUND")
            return
        yield from check_key(request)
        if request.kind != "models":
            yield from check_model(request)
            yield from check_body(request)

    def _turn_down(self, request: Request, violation: Violation) -> Answer:
        """Word a violation as Google does."""
        # An unscripted request has OpenAI's type; Google has a name for every status.
        known = violation.type.isupper()
        name = violation.type if known else "INVALID_ARGUMENT"
        details = []
        if violation.param is not None:
            fault = {"field": violation.param, "description": violation.message}
            details.append({"@type": f"{_RPC}.BadRequest", "fieldViolations": [fault]})
        body = make_error(violation.status, violation.message, name=name, details=details)
        return json_answer(body, status=violation.status, headers=REPLY_HEADERS)

    def _fixed_answer(self, request: Request) -> Render | None:
        """List the models, unless a test scripts that too."""
        if request.kind != "models":
            return None
        return self._next_render(request) or _list_models


def make_error(status: int, message: str, *, name: str, details: Sequence[Json] = ()) -> Json:
    """Make the body of an error.

    Args:
        status: of HTTP.
        message: for people.
        name: of the status.
        details: typed objects; left out where there are none.

    Returns:
        The whole body.
    """
    error: Json = {"code": status, "message": message, "status": name}
    return {"error": error | ({"details": list(details)} if details else {})}


def retry_info(delay: str) -> Json:
    """Make the detail that says how long to wait, e.g. ``7s``."""
    return {"@type": f"{_RPC}.RetryInfo", "retryDelay": delay}


def error_info(reason: str) -> Json:
    """Make the detail that names the reason."""
    return {
        "@type": f"{_RPC}.ErrorInfo",
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": {"service": "generativelanguage.googleapis.com"},
    }


def quota_failure(quota_id: str, model: str) -> Json:
    """Make the detail that names the quota that is used up."""
    violation = {
        "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
        "quotaId": quota_id,
        "quotaDimensions": {"location": "global", "model": model},
        "quotaValue": "100",
    }
    return {"@type": f"{_RPC}.QuotaFailure", "violations": [violation]}


def _list_models(request: Request) -> Answer:
    """Answer a request for the models."""
    models = [
        {
            "name": f"models/{model}",
            "version": "001",
            "displayName": model,
            "inputTokenLimit": 1_048_576,
            "outputTokenLimit": 65_536,
            "supportedGenerationMethods": ["generateContent", "countTokens"],
        }
        for model in MODELS
    ]
    return json_answer({"models": models}, headers=REPLY_HEADERS)
