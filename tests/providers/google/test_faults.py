"""Every way in which a call to Google goes wrong, and which of our errors it becomes."""

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from google.genai import errors

from promptflow.errors import (
    BusyError,
    ProviderError,
    RejectedError,
    ReplyError,
)
from promptflow.providers.google.errors import Call, to_ours
from promptflow.providers.google.table import TABLE
from tests.providers.google.asking import (
    IMAGE_MODEL,
    KEY,
    TEXT_MODEL,
    ask_for,
    choose_patience,
    write_text,
)
from tests.providers.google.outcomes import OUTCOMES
from tests.providers.outcome import describe, find_outcome
from tests.wire.answers import Answer, Json, json_answer, stream_answer, to_json, whole_answer
from tests.wire.fault_rows import Fault
from tests.wire.faults import select_faults
from tests.wire.google_wire import error_info, quota_failure, retry_info
from tests.wire.requested import Request
from tests.wire.wire import Wire

if TYPE_CHECKING:
    from google import genai

_FAULTS = select_faults(provider="google")
_MODELS = {"text": TEXT_MODEL, "image": IMAGE_MODEL}


@pytest.mark.filterwarnings("ignore:.*HOLOGRAM is not a valid:UserWarning")
@pytest.mark.parametrize("fault", _FAULTS, ids=lambda fault: fault.id)
def test_fault_becomes_what_the_table_says(
    client: "genai.Client", wire: Wire, fault: Fault
) -> None:
    """Kind, words, status, tries, wait, cost and ids are those of the table; the adapter asks once."""
    fault.script(wire)
    outcome = find_outcome(OUTCOMES, fault)

    _came, error = ask_for(fault.kind, client, silence_s=choose_patience(fault))

    worded = outcome and replace(outcome, says=outcome.says.format(model=repr(_MODELS[fault.kind])))
    assert describe(error, request_id=f"resp{1:024d}") == worded
    assert len(wire.google.requests) == (0 if fault.name == "connection_refused" else 1)
    assert wire.violations == ()


_DAY = "GenerateRequestsPerDayPerProjectPerModel-FreeTier"
_MINUTE = "GenerateContentInputTokensPerModelPerMinute-FreeTier"
_QUOTA = "You exceeded your current quota, please check your plan and billing details."


@pytest.mark.parametrize(
    ("status", "message", "details", "kind", "told"),
    [
        (400, "API key expired. Renew it.", (), RejectedError, "/api-keys, and set it as"),
        (400, "API Key not found.", (error_info("API_KEY_INVALID"),), RejectedError, "/api-keys"),
        (
            403,
            "Your API key was reported as leaked.",
            (),
            RejectedError,
            "/api-keys, and set it as",
        ),
        (400, "User location is not supported for the API use.", (), RejectedError, "regions"),
        (403, "User location is not supported.", (), RejectedError, "/docs/available-regions"),
        (
            400,
            "Gemini API free tier is not available in your country. Please enable billing.",
            (),
            RejectedError,
            "/docs/available-regions",
        ),
        (403, "Off.", (error_info("BILLING_DISABLED"),), RejectedError, "/billing"),
        (402, "Pay.", (), RejectedError, "https://aistudio.google.com/billing"),
        (403, "This API method requires billing to be enabled.", (), RejectedError, "/billing"),
        (429, _QUOTA, (), RejectedError, "is used up"),
        (429, "Your prepayment credits are depleted.", (), RejectedError, "is used up"),
        (429, _QUOTA, (quota_failure(_MINUTE, "m"),), BusyError, "limits how often"),
        (429, _QUOTA, (retry_info("2s"),), BusyError, "limits how often"),
        (
            429,
            _QUOTA,
            (quota_failure(_MINUTE, "m"), quota_failure(_DAY, "m"), retry_info("30s")),
            RejectedError,
            "is used up",
        ),
        (
            429,
            f"{_QUOTA} Quota exceeded for metric: x, limit: 0, model: m. Please retry in 20s.",
            (quota_failure(_MINUTE, "m"), retry_info("20s")),
            RejectedError,
            "is used up",
        ),
        (429, "limit: 0.5 per s", (), BusyError, "limits how often"),
        (408, "Slow.", (), BusyError, "took too long to answer"),
        (504, "Deadline expired.", (), BusyError, "took too long to answer"),
        (409, "Aborted.", (), BusyError, "dropped the request"),
        (413, "Big.", (), RejectedError, "fewer or smaller reference pictures"),
        (400, "Request payload size exceeds the limit: 20 bytes.", (), RejectedError, "smaller"),
        (418, "Teapot.", (), RejectedError, "does not accept the request"),
        (502, "Bad gateway.", (), BusyError, "can't answer for"),
    ],
)
def test_error_with_a_status_is_told_apart(
    client: "genai.Client",
    wire: Wire,
    status: int,
    message: str,
    details: Sequence[Json],
    kind: type[ProviderError],
    told: str,
) -> None:
    """Key, region, billing, quota, rate, size and the rest have each their kind and their page."""
    wire.google.answer_error(status, message, name="X", details=details)

    _parts, error = write_text(client)

    assert type(error) is kind
    assert told in str(error)


def test_cancelled_call_may_be_tried_again() -> None:
    """A status outside of the standard, as Google sends it, is known."""
    error = _translate(errors.ClientError(499, {"error": {"message": "Cancelled."}}))

    assert isinstance(error, BusyError)
    assert "dropped the request" in error.message


def _translate(error: Exception) -> ProviderError | None:
    return to_ours(error, Call(model="m", title="M", key=KEY, silence_s=300))


@pytest.mark.parametrize(
    ("delay", "wait_s"),
    [
        ("7s", 7.0),
        ("0.5s", 0.5),
        ("41.532104s", 41.532104),
        ("0s", 0.0),
        ("-3s", None),
        ("soon", None),
        ("nan", None),
        ("", None),
        (7, None),
        (None, None),
    ],
)
def test_retry_info_is_read(delay: object, wait_s: float | None) -> None:
    """Google's wait is seconds with an s; anything else is no wait."""
    body = {"error": {"code": 429, "details": [{"retryDelay": delay}]}}

    error = _translate(errors.ClientError(429, body))

    assert isinstance(error, BusyError)
    assert error.retry_after_s == wait_s


@pytest.mark.parametrize(
    ("header", "details", "wait_s"),
    [
        ("12", (), 12.0),
        ("12", (retry_info("3s"),), 3.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", (), 0.0),
        ("tomorrow", (), None),
    ],
)
def test_retry_after_of_a_server_between_is_obeyed(
    client: "genai.Client", wire: Wire, header: str, details: Sequence[Json], wait_s: float | None
) -> None:
    """The header counts where Google itself names no wait: in seconds, or a date."""
    headers = {"retry-after": header}
    wire.google.answer_error(503, "Busy.", name="UNAVAILABLE", details=details, headers=headers)

    _parts, error = write_text(client)

    assert isinstance(error, BusyError)
    assert error.retry_after_s == wait_s


def test_retry_after_may_be_a_date_to_come() -> None:
    """A date is a wait from now on."""
    response = httpx2.Response(503, headers={"retry-after": "Fri, 31 Dec 2100 23:59:59 GMT"})

    error = _translate(errors.ServerError(503, {}, response))

    assert isinstance(error, BusyError)
    assert error.retry_after_s is not None
    assert math.isfinite(error.retry_after_s)
    assert error.retry_after_s > 0


_MISSHAPEN: tuple[Any, ...] = (
    None,
    [],
    [1],
    "x",
    1,
    {"candidates": 5},
    {"candidates": [5]},
    {"candidates": [{"content": []}]},
    {"candidates": [{"content": {"parts": [5]}}]},
    {"candidates": [{"content": {"parts": [{"inlineData": 5}]}}]},
    {"candidates": [{"content": {"parts": [{"inlineData": {}}]}}]},
    {"candidates": [{"finishReason": 7}]},
    {"usageMetadata": []},
    {"usageMetadata": {"promptTokenCount": "x"}},
    {"promptFeedback": 5},
    {"promptFeedback": {"blockReason": 7}},
    {"responseId": 7},
    {"error": {}},
    {"error": "x"},
    {"error": None},
    {"error": {"code": "x"}},
    {"error": {"code": 418, "message": 5, "details": 5}},
    {"error": {"code": 418, "details": [5, {"violations": 5}, {"violations": [5]}]}},
)


@pytest.mark.parametrize("body", _MISSHAPEN, ids=str)
@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("kind", ["text", "image"])
def test_json_of_another_shape_is_our_error(
    client: "genai.Client", wire: Wire, kind: str, status: int, body: object
) -> None:
    """Whatever JSON comes, under whatever status, it ends as one of ours."""

    def render(request: Request) -> Answer:
        if request.streamed and status == 200:
            return stream_answer([b"data: %b\r\n\r\n" % to_json(body)])
        return json_answer(body, status=status)

    wire.google.answer_with(render)

    _came, error = ask_for(kind, client)

    assert isinstance(error, ProviderError)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"usageMetadata":{"promptTokenCount":' + b"9" * 5_000 + b"}}",
    ],
    ids=["too_deep", "too_long_a_number"],
)
@pytest.mark.parametrize("kind", ["text", "image"])
def test_json_that_python_does_not_read_is_a_damaged_answer(
    client: "genai.Client", wire: Wire, kind: str, body: bytes
) -> None:
    """What JSON allows and Python does not is the answer's fault, and the call went out."""

    def render(request: Request) -> Answer:
        return stream_answer([b"data: %b\n\n" % body]) if request.streamed else whole_answer(body)

    wire.google.answer_with(render)

    _came, error = ask_for(kind, client)

    assert isinstance(error, ReplyError)
    assert error.sent
    assert "is damaged or not Google's" in error.message


_REQUEST_INFO = {"@type": "type.googleapis.com/google.rpc.RequestInfo", "requestId": "info-7"}


@pytest.mark.parametrize(
    ("headers", "details", "request_id"),
    [
        ({"x-request-id": "head-7"}, (), "head-7"),
        ({"x-request-id": "head-7"}, (_REQUEST_INFO,), "info-7"),
        ({"x-request-id": f"key={KEY}"}, (), None),
        ({}, (), None),
    ],
)
def test_id_of_an_error_is_told(
    client: "genai.Client",
    wire: Wire,
    headers: dict[str, str],
    details: Sequence[Json],
    request_id: str | None,
) -> None:
    """The id stands in the body, or in the head where a server between us and Google has one."""
    wire.google.answer_error(403, "No.", name="X", headers=headers, details=details)

    _parts, error = write_text(client)

    assert error is not None
    assert error.request_id == request_id


def test_text_that_is_not_in_utf_8_is_our_error(client: "genai.Client", wire: Wire) -> None:
    """An error page in another encoding is a damaged answer."""
    page = whole_answer(b"\xff\xfe{\xe4", status=500, headers={"content-type": "application/json"})
    wire.google.answer_with(lambda _request: page)

    _parts, error = write_text(client)

    assert isinstance(error, (BusyError, ReplyError))


def test_page_of_html_is_not_quoted(client: "genai.Client", wire: Wire) -> None:
    """A proxy's page is nobody's words; the status says enough."""
    page = whole_answer(b"<html>" + b"x" * 9000, status=502, headers={"content-type": "text/html"})
    wire.google.answer_with(lambda _request: page)

    _parts, error = write_text(client)

    assert isinstance(error, BusyError)
    assert error.message == (
        "Google can't answer for 'gemini-3.8-flash' just now (status 502). Try again later;"
        " https://aistudio.google.com/status tells of outages."
    )


def _public_errors() -> list[type[Exception]]:
    """Return the exception classes of the SDK, and of its transport as far as they come through."""
    sdk = [value for name, value in vars(errors).items() if not name.startswith("_")]
    transport = [getattr(httpx2, name) for name in httpx2.__all__]
    classes = [value for value in (*sdk, *transport) if isinstance(value, type)]
    return [
        each
        for each in classes
        if issubclass(each, Exception)
        and not issubclass(each, Warning)
        # A response read in the wrong order: a mistake of the SDK or of ours, not of the world.
        and not issubclass(each, httpx2.StreamError)
    ]


def _make(kind: type[Any]) -> Exception:
    """Make an error of a class."""
    request = httpx2.Request("POST", "http://127.0.0.1/v1/models/m:generateContent?key=1")
    if issubclass(kind, errors.APIError):
        made: Exception = kind(418, {"error": {"message": "No."}})
    elif issubclass(kind, httpx2.HTTPStatusError):
        made = kind("No.", request=request, response=httpx2.Response(418))
    else:
        made = kind("No.")
    return made


@pytest.mark.parametrize("kind", _public_errors(), ids=lambda kind: kind.__name__)
def test_every_class_is_mapped(kind: type[Exception]) -> None:
    """Each public exception class of the SDK and its transport becomes one of our errors."""
    assert isinstance(_translate(_make(kind)), ProviderError)


_NEVER_SENT = {
    "ConnectError",
    "ConnectTimeout",
    "InvalidURL",
    "LocalProtocolError",
    "PoolTimeout",
    "ProxyError",
    "UnsupportedFunctionError",
    "UnsupportedProtocol",
}


@pytest.mark.parametrize("kind", _public_errors(), ids=lambda kind: kind.__name__)
def test_only_what_never_left_is_told_to_cost_nothing(kind: type[Exception]) -> None:
    """Where no connection was had, or the SDK sent nothing, nothing can have been billed."""
    error = _translate(_make(kind))

    assert error is not None
    assert error.sent == (kind.__name__ not in _NEVER_SENT)


def test_there_are_classes_to_map() -> None:
    """The walk finds the SDK's errors and the transport's."""
    names = {kind.__name__ for kind in _public_errors()}

    assert {"APIError", "ServerError", "UnknownApiResponseError"} <= names
    assert {"ReadTimeout", "RemoteProtocolError", "InvalidURL"} <= names


def test_bug_is_not_mapped() -> None:
    """What no row holds for is a bug, and passes as it is."""
    assert _translate(RuntimeError("No.")) is None
    assert _translate(httpx2.StreamError("No.")) is None


def test_every_row_says_something_else() -> None:
    """Each kind of failure has its own sentence: what failed, for which model, and what to do."""
    sentences = [row.sentence for row in TABLE]

    assert len(set(sentences)) == len(sentences)
    assert [each for each in sentences if "{title}" not in each] == []
    assert [each for each in sentences if not re.search(r"[.;] [A-Z]|; https", each)] == []
