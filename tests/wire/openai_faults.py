"""The OpenAI rows of the fault matrix."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from tests.wire.answers import (
    ALL,
    UNBROKEN,
    Break,
    HangUp,
    Json,
    Reset,
    Stall,
    add_fields,
    both,
    end_after,
    hang_up_after,
    insert_after,
    instead,
    midway,
    relabel,
    reset_after,
    stall_after,
    to_json,
    truncate_after,
)
from tests.wire.fault_rows import (
    PICTURE,
    TEXT,
    Fault,
    Script,
    answer_healthily,
    answer_with,
    fail_as_a_gateway,
    refuse,
    send_a_page,
    send_broken_json,
)
from tests.wire.openai_text import Finish
from tests.wire.openai_wire import make_error
from tests.wire.pictures import NOT_A_PICTURE, cut_picture, encode_base64, encode_truncated
from tests.wire.wire import Wire

_KINDS = ("text", "image")
_TIMEOUT = "openai.APITimeoutError"
_CONNECTION = "openai.APIConnectionError"
_API = "openai.APIError"
_JSON = "json.decoder.JSONDecodeError"
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
    kinds: tuple[str, ...] = _KINDS
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


def _row(
    name: str, kind: str, script: Script, streamed: str | None, whole: str | None, note: str = ""
) -> Fault:
    """Make the row of a fault that has no status."""
    return Fault(
        name=name,
        provider="openai",
        kind=kind,
        script=script,
        streamed=streamed,
        whole=whole,
        note=note,
    )


def _connection_rows(kind: str) -> Iterator[Fault]:
    """Yield the rows in which the connection fails."""

    def row(
        name: str, fault: Break, streamed: str | None, whole: str | None, note: str = ""
    ) -> Fault:
        return _row(name, kind, answer_healthily("openai", kind, fault), streamed, whole, note)

    yield _row("connection_refused", kind, refuse("openai"), _CONNECTION, _CONNECTION)
    yield row("reset_before_headers", instead(Reset()), _CONNECTION, _CONNECTION)
    yield row("hang_up_before_headers", instead(HangUp()), _CONNECTION, _CONNECTION)
    yield row("stall", instead(Stall()), _TIMEOUT, _TIMEOUT, "nothing comes, not even headers")
    yield row("reset_mid_stream", midway(reset_after), _CONNECTION, _CONNECTION)
    yield row("hang_up_mid_stream", midway(hang_up_after), _CONNECTION, _CONNECTION)
    yield row("stall_mid_stream", midway(stall_after), _TIMEOUT, _TIMEOUT)
    yield row(
        "reset_at_the_end",
        reset_after(ALL),
        _CONNECTION,
        None,
        "everything has come, the picture and the bill too, before it breaks",
    )
    yield row("stall_at_the_end", stall_after(ALL), _TIMEOUT, None, "everything has come")


def _gateway_row(kind: str) -> Fault:
    """Return the row of a proxy that fails in its own words."""
    script = answer_with("openai", kind, fail_as_a_gateway)
    raised = _BY_STATUS[500]
    return replace(_row("bad_gateway", kind, script, raised, raised, "HTML"), status=502)


def _content_rows(kind: str) -> Iterator[Fault]:
    """Yield the rows in which the connection holds and the content is wrong."""

    def row(
        name: str, fault: Break, streamed: str | None, whole: str | None, note: str = ""
    ) -> Fault:
        return _row(name, kind, answer_healthily("openai", kind, fault), streamed, whole, note)

    yield _gateway_row(kind)
    yield _row(
        "wrong_content_type",
        kind,
        answer_with("openai", kind, send_a_page),
        None,
        None,
        "a stream is empty; a whole answer is the page, as a str",
    )
    yield row(
        "mislabelled",
        relabel("text/plain; charset=utf-8"),
        None,
        None,
        "a whole answer is a str instead of a model, although the JSON in it is good",
    )
    yield _row(
        "broken_json",
        kind,
        answer_with("openai", kind, send_broken_json),
        None,
        _JSON,
        "a stream is empty",
    )
    yield row("malformed_event", insert_after(1, b'data: {"type":\n\n'), _JSON, None)
    yield row(
        "truncated_event",
        midway(truncate_after),
        None,
        _JSON,
        "the SDK drops the last, unfinished event without a word",
    )
    yield row(
        "no_final_event",
        end_after(-1),
        None,
        _CONNECTION,
        "a stream ends in good order, but neither result nor bill came",
    )
    yield row(
        "unknown_event",
        _unknown_event(kind),
        None,
        None,
        "all else is there; the event is of whichever class comes first",
    )


def _text_rows() -> Iterator[Fault]:
    """Yield the rows that only text has."""

    def row(name: str, finish: Finish, note: str) -> Fault:
        def script(wire: Wire, *, times: int | None = 1) -> None:
            wire.openai.answer_text(TEXT, finish=finish, times=times)

        return _row(name, "text", script, None, None, note)

    def nothing(wire: Wire, *, times: int | None = 1) -> None:
        wire.openai.answer_text("", times=times)

    def refusal(wire: Wire, *, times: int | None = 1) -> None:
        wire.openai.answer_text("I can't help with that.", refusal=True, times=times)

    yield row("error_event", "error", "an event of type error is handed over, not raised")
    yield row("failed", "failed", "response.failed, with response.error.code")
    yield row("cut_at_limit", "max_output_tokens", "response.incomplete, with the bill")
    yield row("filtered", "content_filter", "response.incomplete, with the bill")
    yield _row("empty", "text", nothing, None, None, "completed and billed, without a letter")
    yield _row("refusal", "text", refusal, None, None, "response.refusal.delta in place of text")
    yield _row(
        "wrapped_error_event",
        "text",
        answer_healthily("openai", "text", insert_after(1, _error_event())),
        _API,
        None,
        "an error event with an error object inside is raised",
    )


def _image_rows() -> Iterator[Fault]:
    """Yield the rows that only pictures have."""

    def paint(
        *pictures: bytes, encode: Callable[[bytes], str] = encode_base64, fault: Break = UNBROKEN
    ) -> Script:
        def script(wire: Wire, *, times: int | None = 1) -> None:
            wire.openai.answer_image(pictures, encode=encode, times=times, fault=fault)

        return script

    note = "decoding the base64 is the caller's: it fails there"
    yield _row(
        "truncated_base64", "image", paint(PICTURE, encode=encode_truncated), None, None, note
    )
    yield _row("not_a_picture", "image", paint(NOT_A_PICTURE), None, None, "good base64 of HTML")
    yield _row(
        "cut_picture", "image", paint(cut_picture(PICTURE)), None, None, "its end is missing"
    )
    yield _row("empty", "image", paint(), None, None, "an empty list; a stream without events")
    yield _row(
        "error_event",
        "image",
        paint(PICTURE, fault=insert_after(0, _error_event())),
        _API,
        None,
        "it has a code and a type, but no status",
    )


def _error_event() -> bytes:
    """Encode an error in the middle of a stream, as both stream formats have it."""
    error = make_error("The server had an error.", code="server_error", type="server_error")
    return _event({"type": "error", "error": error})


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


OPENAI_FAULTS: tuple[Fault, ...] = (
    *(row for kind in _KINDS for row in _status_rows(kind)),
    *(row for kind in _KINDS for row in _connection_rows(kind)),
    *(row for kind in _KINDS for row in _content_rows(kind)),
    *_text_rows(),
    *_image_rows(),
)
