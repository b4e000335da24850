"""The Google rows of the fault matrix."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from tests.wire.answers import (
    ALL,
    Answer,
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
    json_answer,
    midway,
    relabel,
    reset_after,
    stall_after,
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
from tests.wire.google_answers import (
    REPLY_HEADERS,
    encode_chunk,
    make_response_id,
    make_usage,
    stream_chunks,
)
from tests.wire.google_wire import error_info, make_error, quota_failure, retry_info
from tests.wire.pictures import NOT_A_PICTURE, cut_picture, encode_base64, encode_truncated
from tests.wire.requested import Request
from tests.wire.wire import Wire

_KINDS = ("text", "image")
_CLIENT = "google.genai.errors.ClientError"
_SERVER = "google.genai.errors.ServerError"
_UNREADABLE = "google.genai.errors.UnknownApiResponseError"
_JSON = "json.decoder.JSONDecodeError"
_CONNECT = "httpx2.ConnectError"
_READ = "httpx2.ReadError"
_TIMEOUT = "httpx2.ReadTimeout"
_PROTOCOL = "httpx2.RemoteProtocolError"
_INVALID = "pydantic_core._pydantic_core.ValidationError"
_QUOTA = (
    "You exceeded your current quota, please check your plan and billing details. For more "
    "information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Error:
    """An answer with an error status."""

    name: str
    status: int
    title: str
    """Google's name of the status."""
    message: str
    reason: str | None = None
    """What `error_info` says."""
    quota_id: str | None = None
    """What `quota_failure` says."""
    delay: str | None = None
    """What `retry_info` says."""
    note: str = ""

    def render(self, request: Request) -> Answer:
        """Make the answer."""
        details: list[Json] = []
        if self.quota_id is not None:
            details.append(quota_failure(self.quota_id, request.model or ""))
        if self.reason is not None:
            details.append(error_info(self.reason))
        if self.delay is not None:
            details.append(retry_info(self.delay))
        body = make_error(self.status, self.message, name=self.title, details=details)
        return json_answer(body, status=self.status, headers=REPLY_HEADERS)


_ERRORS = (
    _Error(
        name="rate_limited",
        status=429,
        title="RESOURCE_EXHAUSTED",
        message="Resource has been exhausted (e.g. check quota).",
    ),
    _Error(
        name="rate_limited_with_wait",
        status=429,
        title="RESOURCE_EXHAUSTED",
        message=f"{_QUOTA} Please retry in 7s.",
        quota_id="GenerateRequestsPerMinutePerProjectPerModel",
        delay="7s",
    ),
    _Error(
        name="quota",
        status=429,
        title="RESOURCE_EXHAUSTED",
        message=f"{_QUOTA} Please retry in 41.5s.",
        quota_id="GenerateRequestsPerDayPerProjectPerModel-FreeTier",
        delay="41.5s",
        note="a wait is told all the same, but only the quota's id says that it is the day's",
    ),
    _Error(
        name="bad_request",
        status=400,
        title="INVALID_ARGUMENT",
        message="Request contains an invalid argument.",
    ),
    _Error(
        name="bad_key",
        status=400,
        title="INVALID_ARGUMENT",
        message="API key not valid. Please pass a valid API key.",
        reason="API_KEY_INVALID",
        note="only the reason tells it from any other bad request",
    ),
    _Error(
        name="unauthorized",
        status=401,
        title="UNAUTHENTICATED",
        message="Request had invalid authentication credentials.",
        reason="ACCESS_TOKEN_TYPE_UNSUPPORTED",
    ),
    _Error(
        name="forbidden",
        status=403,
        title="PERMISSION_DENIED",
        message="Generative Language API has not been used in this project or it is disabled.",
        reason="SERVICE_DISABLED",
    ),
    _Error(
        name="model_not_found",
        status=404,
        title="NOT_FOUND",
        message="models/x is not found for API version v1, or is not supported for "
        "generateContent. Call ListModels to see the list of available models.",
    ),
    _Error(
        name="server_error",
        status=500,
        title="INTERNAL",
        message="An internal error has occurred. Please retry.",
    ),
    _Error(
        name="overloaded",
        status=503,
        title="UNAVAILABLE",
        message="The model is overloaded. Please try again later.",
    ),
)


def _status_rows(kind: str) -> Iterator[Fault]:
    """Yield the rows of errors with a status of their own."""
    for error in _ERRORS:
        raised = _CLIENT if error.status < 500 else _SERVER
        yield Fault(
            name=error.name,
            provider="google",
            kind=kind,
            script=answer_with("google", kind, error.render),
            streamed=raised,
            whole=raised,
            status=error.status,
            code=error.reason,
            wait_s=None if error.delay is None else float(error.delay.removesuffix("s")),
            note=error.note,
        )


def _row(
    name: str, kind: str, script: Script, streamed: str | None, whole: str | None, note: str = ""
) -> Fault:
    """Make the row of a fault that has no status."""
    return Fault(
        name=name,
        provider="google",
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
        return _row(name, kind, answer_healthily("google", kind, fault), streamed, whole, note)

    yield _row("connection_refused", kind, refuse("google"), _CONNECT, _CONNECT)
    yield row("reset_before_headers", instead(Reset()), _READ, _READ)
    yield row("hang_up_before_headers", instead(HangUp()), _PROTOCOL, _PROTOCOL)
    yield row("stall", instead(Stall()), _TIMEOUT, _TIMEOUT, "nothing comes, not even headers")
    yield row("reset_mid_stream", midway(reset_after), _READ, _READ)
    yield row("hang_up_mid_stream", midway(hang_up_after), _PROTOCOL, _PROTOCOL)
    yield row("stall_mid_stream", midway(stall_after), _TIMEOUT, _TIMEOUT)
    yield row(
        "reset_at_the_end",
        reset_after(ALL),
        _READ,
        None,
        "everything has come, the picture and the bill too, before it breaks",
    )
    yield row("stall_at_the_end", stall_after(ALL), _TIMEOUT, None, "everything has come")


def _gateway_row(kind: str) -> Fault:
    """Return the row of a proxy that fails in its own words."""
    script = answer_with("google", kind, fail_as_a_gateway)
    return replace(_row("bad_gateway", kind, script, _SERVER, _SERVER, "HTML"), status=502)


def _content_rows(kind: str) -> Iterator[Fault]:
    """Yield the rows in which the connection holds and the content is wrong."""

    def row(
        name: str, fault: Break, streamed: str | None, whole: str | None, note: str = ""
    ) -> Fault:
        return _row(name, kind, answer_healthily("google", kind, fault), streamed, whole, note)

    def block(wire: Wire, *, times: int | None = 1) -> None:
        reason = "PROHIBITED_CONTENT" if kind == "text" else "IMAGE_SAFETY"
        wire.google.answer_block(reason, kind=kind, times=times)

    yield _gateway_row(kind)
    yield _row("moderation", kind, block, None, None, "prompt_feedback, and candidates None")
    yield _row(
        "empty", kind, answer_with("google", kind, _send_nothing), None, None, "candidates None"
    )
    yield _row(
        "wrong_content_type", kind, answer_with("google", kind, send_a_page), _UNREADABLE, _JSON
    )
    yield row("mislabelled", relabel("text/plain; charset=utf-8"), None, None, "nobody minds")
    yield _row(
        "broken_json", kind, answer_with("google", kind, send_broken_json), _UNREADABLE, _JSON
    )
    yield row(
        "malformed_event", insert_after(1, b'data: {"candidates":\r\n\r\n'), _UNREADABLE, None
    )
    yield row("truncated_event", midway(truncate_after), _UNREADABLE, _JSON)
    yield row(
        "no_final_event",
        end_after(-1),
        None,
        _PROTOCOL,
        "a stream ends in good order, but neither finish reason nor bill came",
    )
    yield row("error_event", insert_after(1, encode_chunk(_overloaded())), _SERVER, None)
    yield row(
        "unknown_event",
        both(insert_after(1, encode_chunk(_hologram())), add_fields(hologram={"depth": 3})),
        None,
        None,
        "all else is there; what is unknown is dropped",
    )


def _ending_rows() -> Iterator[Fault]:
    """Yield the rows of answers that stop for a reason of their own."""

    def text(finish: str, words: str = "") -> Script:
        def script(wire: Wire, *, times: int | None = 1) -> None:
            wire.google.answer_text(words, finish=finish, times=times)

        return script

    def image(finish: str) -> Script:
        def script(wire: Wire, *, times: int | None = 1) -> None:
            wire.google.answer_image((), finish=finish, message="No picture.", times=times)

        return script

    note = "a candidate without content"
    yield _row("blocked_answer", "text", text("SAFETY"), None, None, note)
    yield _row("cut_at_limit", "text", text("MAX_TOKENS", TEXT), None, None)
    yield _row("blocked_answer", "image", image("IMAGE_SAFETY"), None, None, note)
    yield _row("no_image", "image", image("NO_IMAGE"), None, None, note)
    warns = "the SDK warns (UserWarning) and keeps the value"
    yield _row("unknown_finish", "text", text("HOLOGRAM", TEXT), None, None, warns)
    yield _row("unknown_finish", "image", image("IMAGE_HOLOGRAM"), None, None, warns)


def _image_rows() -> Iterator[Fault]:
    """Yield the rows of pictures that are none."""

    def paint(picture: bytes, encode: Callable[[bytes], str] = encode_base64) -> Script:
        def script(wire: Wire, *, times: int | None = 1) -> None:
            wire.google.answer_image(picture, encode=encode, times=times)

        return script

    broken = paint(PICTURE, encode_truncated)
    yield _row("truncated_base64", "image", broken, _INVALID, _INVALID)
    yield _row("not_a_picture", "image", paint(NOT_A_PICTURE), None, None, "good base64 of HTML")
    yield _row(
        "cut_picture", "image", paint(cut_picture(PICTURE)), None, None, "its end is missing"
    )


def _send_nothing(request: Request) -> Answer:
    """Answer without candidates and without a reason."""
    body: Json = {"usageMetadata": make_usage(candidates=0), "modelVersion": request.model}
    body["responseId"] = make_response_id(request)
    return stream_chunks([body]) if request.streamed else json_answer(body, headers=REPLY_HEADERS)


def _overloaded() -> Json:
    return make_error(503, "The model is overloaded. Please try again later.", name="UNAVAILABLE")


def _hologram() -> Json:
    """Return a chunk with a kind of part, and a field, that the SDK has never heard of."""
    content = {"parts": [{"hologram": {"depth": 3}}], "role": "model"}
    return {"candidates": [{"content": content, "index": 0}], "hologram": {"depth": 3}}


GOOGLE_FAULTS: tuple[Fault, ...] = (
    *(row for kind in _KINDS for row in _status_rows(kind)),
    *(row for kind in _KINDS for row in _connection_rows(kind)),
    *(row for kind in _KINDS for row in _content_rows(kind)),
    *_ending_rows(),
    *_image_rows(),
)
