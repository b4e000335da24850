"""The Google rows of the fault matrix."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.wire.answers import (
    Answer,
    Json,
    add_fields,
    both,
    end_after,
    insert_after,
    json_answer,
    midway,
    relabel,
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
from tests.wire.google_answers import (
    REPLY_HEADERS,
    encode_chunk,
    make_response_id,
    make_usage,
    stream_chunks,
)
from tests.wire.google_wire import error_info, make_error, quota_failure, retry_info
from tests.wire.pictures import encode_truncated
from tests.wire.requested import Request
from tests.wire.wire import Wire

_CLIENT = "google.genai.errors.ClientError"
_SERVER = "google.genai.errors.ServerError"
_UNREADABLE = "google.genai.errors.UnknownApiResponseError"
_JSON = "json.decoder.JSONDecodeError"
_PROTOCOL = "httpx2.RemoteProtocolError"
_INVALID = "pydantic_core._pydantic_core.ValidationError"
_WARNS = "the SDK warns (UserWarning) and keeps the value"
_SEEN = Seen(
    refused="httpx2.ConnectError",
    reset="httpx2.ReadError",
    hung_up=_PROTOCOL,
    silent="httpx2.ReadTimeout",
)
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
    retry_after: str | None = None
    """The header of a server between us and Google."""
    note: str = ""

    @property
    def wait_s(self) -> float | None:
        """The wait that is asked for, wherever it stands."""
        told = self.retry_after if self.delay is None else self.delay.removesuffix("s")
        return None if told is None else float(told)

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
        headers = {} if self.retry_after is None else {"retry-after": self.retry_after}
        return json_answer(body, status=self.status, headers=REPLY_HEADERS | headers)


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
        name="rate_limited_with_header",
        status=429,
        title="RESOURCE_EXHAUSTED",
        message="Resource has been exhausted (e.g. check quota).",
        retry_after="7",
        note="Google itself tells the wait in the body",
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
        name="moderation_as_bad_request",
        status=400,
        title="INVALID_ARGUMENT",
        message="The prompt violates Google's Responsible AI practices. Try rephrasing the prompt.",
        note="as servers say it that pass on Google's other models",
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


def _status_rows(rows: Rows) -> Iterator[Fault]:
    """Yield the rows of errors with a status of their own."""
    for error in _ERRORS:
        raised = _CLIENT if error.status < 500 else _SERVER
        yield Fault(
            name=error.name,
            provider=rows.provider,
            kind=rows.kind,
            script=rows.answer(error.render),
            streamed=raised,
            whole=raised,
            status=error.status,
            code=error.reason,
            wait_s=error.wait_s,
            note=error.note,
        )


def _content_rows(rows: Rows) -> Iterator[Fault]:
    """Yield the rows in which the connection holds and the content is wrong."""

    def block(wire: Wire, *, times: int | None = 1) -> None:
        reason = "PROHIBITED_CONTENT" if rows.kind == "text" else "IMAGE_SAFETY"
        wire.google.answer_block(reason, kind=rows.kind, times=times)

    yield rows.make("moderation", block, None, None, "prompt_feedback, and candidates None")
    yield rows.answered("empty", _send_nothing, None, None, "candidates None")
    yield rows.answered("wrong_content_type", send_a_page, _UNREADABLE, _JSON)
    yield rows.broken(
        "mislabelled", relabel("text/plain; charset=utf-8"), None, None, "nobody minds"
    )
    yield rows.answered("broken_json", send_broken_json, _UNREADABLE, _JSON)
    yield rows.broken(
        "malformed_event", insert_after(1, b'data: {"candidates":\r\n\r\n'), _UNREADABLE, None
    )
    yield rows.broken("truncated_event", midway(truncate_after), _UNREADABLE, _JSON)
    yield rows.broken(
        "no_final_event",
        end_after(-1),
        None,
        _PROTOCOL,
        "a stream ends in good order, but neither finish reason nor bill came",
    )
    yield rows.broken("error_event", insert_after(1, encode_chunk(_overloaded())), _SERVER, None)
    yield rows.broken(
        "unknown_event",
        both(insert_after(1, encode_chunk(_hologram())), add_fields(hologram={"depth": 3})),
        None,
        None,
        "all else is there; what is unknown is dropped",
    )


def _text_rows(rows: Rows) -> Iterator[Fault]:
    """Yield the rows of texts that stop for a reason of their own, and of one with a picture in it."""

    def text(finish: str, words: str = "") -> Script:
        def script(wire: Wire, *, times: int | None = 1) -> None:
            wire.google.answer_text(words, finish=finish, times=times)

        return script

    yield rows.make("blocked_answer", text("SAFETY"), None, None, "a candidate without content")
    yield rows.make("cut_at_limit", text("MAX_TOKENS", TEXT), None, None)
    yield rows.make("unknown_finish", text("HOLOGRAM", TEXT), None, None, _WARNS)
    yield rows.broken(
        "truncated_base64",
        insert_after(1, encode_chunk(_truncated_picture())),
        _INVALID,
        None,
        "a picture among the words, that nobody asked for",
    )


def _image_rows(rows: Rows) -> Iterator[Fault]:
    """Yield the rows of pictures that are none, and of those that are not painted."""

    def image(finish: str) -> Script:
        def script(wire: Wire, *, times: int | None = 1) -> None:
            wire.google.answer_image((), finish=finish, message="No picture.", times=times)

        return script

    note = "a candidate without content"
    yield rows.make("blocked_answer", image("IMAGE_SAFETY"), None, None, note)
    yield rows.make("no_image", image("NO_IMAGE"), None, None, note)
    yield rows.make("unknown_finish", image("IMAGE_HOLOGRAM"), None, None, _WARNS)
    yield from rows.pictures(truncated=_INVALID, note="the SDK decodes, and fails")


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


def _truncated_picture() -> Json:
    """Return a chunk with a picture whose base64 ends too early."""
    blob = {"mimeType": "image/png", "data": encode_truncated(PICTURE)}
    return {"candidates": [{"content": {"parts": [{"inlineData": blob}]}, "index": 0}]}


def _all_rows(rows: Rows) -> Iterator[Fault]:
    """Yield every row of one kind of model."""
    yield from _status_rows(rows)
    yield from rows.connections(_SEEN)
    yield rows.gateway(_SERVER)
    yield from _content_rows(rows)
    yield from (_text_rows if rows.kind == "text" else _image_rows)(rows)


GOOGLE_FAULTS: tuple[Fault, ...] = tuple(
    row for kind in KINDS for row in _all_rows(Rows(provider="google", kind=kind))
)
