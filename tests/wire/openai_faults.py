"""The OpenAI rows of the fault matrix."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tests.wire.answers import (
    Break,
    Json,
    add_fields,
    both,
    end_after,
    insert_after,
    midway,
    relabel,
    to_json,
    truncate_after,
)
from tests.wire.fault_rows import (
    KINDS,
    PICTURE,
    TEXT,
    Fault,
    Rows,
    Script,
    Seen,
    send_a_page,
    send_broken_json,
)
from tests.wire.openai_text import Finish
from tests.wire.openai_wire import make_error
from tests.wire.pictures import encode_truncated
from tests.wire.wire import Wire

_CONNECTION = "openai.APIConnectionError"
_TIMEOUT = "openai.APITimeoutError"
_API = "openai.APIError"
_JSON = "json.decoder.JSONDecodeError"
_SEEN = Seen(refused=_CONNECTION, reset=_CONNECTION, hung_up=_CONNECTION, silent=_TIMEOUT)
_BY_STATUS = {
    400: "openai.BadRequestError",
    401: "openai.AuthenticationError",
    403: "openai.PermissionDeniedError",
    404: "openai.NotFoundError",
    429: "openai.RateLimitError",
    500: "openai.InternalServerError",
    503: "openai.InternalServerError",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Error:
    """An answer with an error status."""

    name: str
    status: int
    message: str
    code: str | None = None
    type: str = "invalid_request_error"
    headers: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, object] = field(default_factory=dict)
    wait_s: float | None = None
    kinds: tuple[str, ...] = KINDS
    note: str = ""

    def script_for(self, kind: str) -> Script:
        """Make the script for one kind of model."""

        def script(wire: Wire, *, times: int | None = 1) -> None:
            wire.openai.answer_error(
                self.status,
                self.message,
                code=self.code,
                type=self.type,
                more=dict(self.more),
                headers=self.headers,
                kind=kind,
                times=times,
            )

        return script


def _limited(name: str, wait_s: float | None, **headers: str) -> _Error:
    """Return the error of a rate limit, with the headers that say how long to wait."""
    return _Error(
        name=name,
        status=429,
        message="Rate limit reached for requests per min. Limit: 5 / 1min.",
        code="rate_limit_exceeded",
        type="requests",
        headers={key.replace("_", "-"): value for key, value in headers.items()},
        wait_s=wait_s,
    )


_ERRORS = (
    _limited("rate_limited", None),
    _limited("rate_limited_with_wait", 7, retry_after="7"),
    _limited("rate_limited_with_wait_ms", 1.5, retry_after_ms="1500", retry_after="2"),
    _Error(
        name="quota",
        status=429,
        message="You exceeded your current quota, please check your plan and billing details.",
        code="insufficient_quota",
        type="insufficient_quota",
        note="no waiting helps, although the status is that of a rate limit",
    ),
    _Error(
        name="billing_limit",
        status=400,
        message="Billing hard limit has been reached.",
        code="billing_hard_limit_reached",
        kinds=("image",),
    ),
    _Error(
        name="moderation",
        status=400,
        message="Invalid prompt: your prompt was flagged as potentially violating our usage policy.",
        code="invalid_prompt",
        kinds=("text",),
    ),
    _Error(
        name="moderation",
        status=400,
        message="Your request was rejected by the safety system. If you believe this is an error, "
        "contact us at help.openai.com and include the request ID. safety_violations=[sexual].",
        code="moderation_blocked",
        type="image_generation_user_error",
        more={"moderation_details": {"moderation_stage": "input", "categories": ["sexual"]}},
        kinds=("image",),
    ),
    _Error(
        name="bad_request",
        status=400,
        message="Invalid value: 'x'. Supported values are: 'y'.",
        code="invalid_value",
    ),
    _Error(
        name="bad_key",
        status=401,
        message="Incorrect API key provided: sk-x***. You can find your API key at "
        "https://platform.openai.com/account/api-keys.",
        code="invalid_api_key",
        note="the message repeats the ends of the key",
    ),
    _Error(
        name="bad_key_as_bad_request",
        status=400,
        message="Incorrect%20API%20key%20provided:%20ba***na. You can obtain one from the console.",
        code="Client specified an invalid argument",
        note="as a compatible server says it",
    ),
    _Error(
        name="unauthorized",
        status=401,
        message="You must be a member of an organization to use the API.",
    ),
    _Error(
        name="forbidden",
        status=403,
        message="Your organization must be verified to use this model.",
    ),
    _Error(
        name="model_not_found",
        status=404,
        message="The model does not exist or you do not have access to it.",
        code="model_not_found",
    ),
    _Error(
        name="server_error",
        status=500,
        message="The server had an error while processing your request.",
        type="server_error",
    ),
    _Error(
        name="overloaded",
        status=503,
        message="The server is currently overloaded with other requests.",
        type="server_error",
    ),
)


def _status_rows(kind: str) -> Iterator[Fault]:
    """Yield the rows of errors with a status of their own."""
    for error in _ERRORS:
        if kind in error.kinds:
            raised = _BY_STATUS[error.status]
            yield Fault(
                name=error.name,
                provider="openai",
                kind=kind,
                script=error.script_for(kind),
                streamed=raised,
                whole=raised,
                status=error.status,
                code=error.code,
                wait_s=error.wait_s,
                note=error.note,
            )


def _content_rows(rows: Rows) -> Iterator[Fault]:
    """Yield the rows in which the connection holds and the content is wrong."""
    yield rows.answered(
        "wrong_content_type",
        send_a_page,
        None,
        None,
        "a stream is empty; a whole answer is the page, as a str",
    )
    yield rows.broken(
        "mislabelled",
        relabel("text/plain; charset=utf-8"),
        None,
        None,
        "a whole answer is a str instead of a model, although the JSON in it is good",
    )
    yield rows.answered("broken_json", send_broken_json, None, _JSON, "a stream is empty")
    yield rows.broken("malformed_event", insert_after(1, b'data: {"type":\n\n'), _JSON, None)
    yield rows.broken(
        "truncated_event",
        midway(truncate_after),
        None,
        _JSON,
        "the SDK drops the last, unfinished event without a word",
    )
    yield rows.broken(
        "no_final_event",
        end_after(-1),
        None,
        _CONNECTION,
        "a stream ends in good order, but neither result nor bill came",
    )
    yield rows.broken(
        "unknown_event",
        _unknown_event(rows.kind),
        None,
        None,
        "all else is there; the event is of whichever class comes first",
    )


def _text_rows(rows: Rows) -> Iterator[Fault]:
    """Yield the rows that only text has."""

    def row(name: str, finish: Finish, note: str) -> Fault:
        def script(wire: Wire, *, times: int | None = 1) -> None:
            wire.openai.answer_text(TEXT, finish=finish, times=times)

        return rows.make(name, script, None, None, note)

    def nothing(wire: Wire, *, times: int | None = 1) -> None:
        wire.openai.answer_text("", times=times)

    def refusal(wire: Wire, *, times: int | None = 1) -> None:
        wire.openai.answer_text("I can't help with that.", refusal=True, times=times)

    yield row("error_event", "error", "an event of type error is handed over, not raised")
    yield row("failed", "failed", "response.failed, with response.error.code")
    yield row("cut_at_limit", "max_output_tokens", "response.incomplete, with the bill")
    yield row("filtered", "content_filter", "response.incomplete, with the bill")
    yield rows.make("empty", nothing, None, None, "completed and billed, without a letter")
    yield rows.make("refusal", refusal, None, None, "response.refusal.delta in place of text")
    yield rows.broken(
        "wrapped_error_event",
        insert_after(1, _error_event()),
        _API,
        None,
        "an error event with an error object inside is raised",
    )
    yield rows.broken(
        "truncated_base64",
        insert_after(1, _truncated_preview()),
        None,
        None,
        "a picture among the words, that nobody asked for",
    )


def _image_rows(rows: Rows) -> Iterator[Fault]:
    """Yield the rows that only pictures have."""

    def nothing(wire: Wire, *, times: int | None = 1) -> None:
        wire.openai.answer_image((), times=times)

    yield from rows.pictures(
        truncated=None, note="decoding the base64 is the caller's: it fails there"
    )
    yield rows.make("empty", nothing, None, None, "an empty list; a stream without events")
    yield rows.broken(
        "error_event",
        insert_after(0, _error_event()),
        _API,
        None,
        "it has a code and a type, but no status",
    )


def _error_event() -> bytes:
    """Encode an error in the middle of a stream, as both stream formats have it."""
    error = make_error("The server had an error.", code="server_error", type="server_error")
    return _event({"type": "error", "error": error})


def _truncated_preview() -> bytes:
    """Encode a preview whose base64 ends too early, as the Responses API sends them."""
    kind = "response.image_generation_call.partial_image"
    picture = {"item_id": "ig_1", "output_index": 0, "partial_image_index": 0, "sequence_number": 1}
    return _event({"type": kind, "partial_image_b64": encode_truncated(PICTURE), **picture})


def _unknown_event(kind: str) -> Break:
    """Slip in an event, or into a whole answer a field, that the SDK has never heard of."""
    family = "response" if kind == "text" else "image_generation"
    event = {"type": f"{family}.hologram", "sequence_number": 1, "hologram": {"depth": 3}}
    return both(
        insert_after(1, _event(event), b": a comment\n\n"), add_fields(hologram={"depth": 3})
    )


def _event(data: Json) -> bytes:
    """Encode an event for slipping in."""
    return b"event: %b\ndata: %b\n\n" % (str(data["type"]).encode(), to_json(data))


def _all_rows(rows: Rows) -> Iterator[Fault]:
    """Yield every row of one kind of model."""
    yield from _status_rows(rows.kind)
    yield from rows.connections(_SEEN)
    yield rows.gateway(_BY_STATUS[500])
    yield from _content_rows(rows)
    yield from (_text_rows if rows.kind == "text" else _image_rows)(rows)


OPENAI_FAULTS: tuple[Fault, ...] = tuple(
    row for kind in KINDS for row in _all_rows(Rows(provider="openai", kind=kind))
)
