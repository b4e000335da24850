"""Every row of the fault matrix does to the real SDK what it says."""

import pytest

from tests.wire.fault_rows import KINDS, PICTURE, Fault
from tests.wire.faults import FAULTS, find_fault, select_faults
from tests.wire.sdks import Sdks
from tests.wire.wire import Wire

_SHORT_S, _LONG_S = 0.2, 10.0
_PASSING = [
    "overloaded",
    "reset_before_headers",
    "stall",
    "reset_mid_stream",
    "hang_up_mid_stream",
    "stall_at_the_end",
    "wrong_content_type",
    "truncated_event",
    "error_event",
]
_CELLS: dict[str, str | dict[str, str]] = {
    "429 with Retry-After": {
        "openai": "rate_limited_with_wait",
        "google": "rate_limited_with_header",
    },
    "429 without Retry-After": "rate_limited",
    "429 quota": "quota",
    "400 moderation": {"openai": "moderation", "google": "moderation_as_bad_request"},
    "moderation, as the provider itself says it": "moderation",
    "400 bad key": {"openai": "bad_key_as_bad_request", "google": "bad_key"},
    "401": "unauthorized",
    "403": "forbidden",
    "404": "model_not_found",
    "500": "server_error",
    "503": "overloaded",
    "reset before the headers": "reset_before_headers",
    "reset in mid-stream": "reset_mid_stream",
    "stall": "stall",
    "truncated base64": "truncated_base64",
    "wrong content type": "wrong_content_type",
    "empty candidates": "empty",
    "unknown type of event": "unknown_event",
}
"""What the matrix has to hold → the name of the row, by provider where it differs."""


def _name(error: BaseException | None) -> str | None:
    """Return the full name of an error's class, as the table spells it."""
    if error is None:
        return None
    kind = type(error)
    module = "openai" if kind.__module__.startswith("openai.") else kind.__module__
    return f"{module}.{kind.__qualname__}"


def _try(sdks: Sdks, wire: Wire, fault: Fault, *, streamed: bool) -> BaseException | None:
    """Make a call and return what it raises; where a stall is to come, with little patience."""
    expected = (fault.streamed if streamed else fault.whole) or ""
    timeout_s = _SHORT_S if "Timeout" in expected else _LONG_S
    try:
        sdks.call(wire, fault.provider, fault.kind, streamed=streamed, timeout_s=timeout_s)
    except Exception as error:  # noqa: BLE001  # any class at all is what is asked for
        return error
    return None


@pytest.mark.filterwarnings("ignore:.*HOLOGRAM is not a valid FinishReason:UserWarning")
@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_fault_raises_what_the_table_says(
    sdks: Sdks, wire: Wire, fault: Fault, streamed: bool
) -> None:
    """The SDK raises the class of the row, and the fault is not the request's."""
    fault.script(wire)

    error = _try(sdks, wire, fault, streamed=streamed)

    assert _name(error) == (fault.streamed if streamed else fault.whole)
    assert wire.violations == ()


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.status], ids=lambda f: f.id)
def test_fault_has_the_status_and_the_code_of_the_table(
    sdks: Sdks, wire: Wire, fault: Fault
) -> None:
    """The error of a row with a status shows it, and the provider's own word for it."""
    fault.script(wire)

    error = _try(sdks, wire, fault, streamed=True)

    assert getattr(error, "status_code", getattr(error, "code", None)) == fault.status
    if fault.provider == "openai":
        assert getattr(error, "code", None) == fault.code
    elif fault.code:
        assert fault.code in str(error)


@pytest.mark.parametrize("provider", ["openai", "google"])
@pytest.mark.parametrize("name", _PASSING)
def test_next_call_is_well_again(sdks: Sdks, wire: Wire, provider: str, name: str) -> None:
    """A fault set up for one call leaves the next one alone, whatever became of the connection."""
    fault = find_fault(provider, "image", name)
    fault.script(wire)
    wire.openai.answer_image(PICTURE)
    wire.google.answer_image(PICTURE)
    _try(sdks, wire, fault, streamed=True)

    answer = sdks.call(wire, fault.provider, fault.kind, streamed=False)

    assert answer is not None
    assert wire.violations == ()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("provider", ["openai", "google"])
@pytest.mark.parametrize("cell", _CELLS)
def test_matrix_is_full(cell: str, provider: str, kind: str) -> None:
    """Each provider's text and pictures meet every fault that was asked for, in a row of its own."""
    names = _CELLS[cell]
    name = names if isinstance(names, str) else names[provider]

    assert find_fault(provider, kind, name).id == f"{provider}-{kind}-{name}"


@pytest.mark.parametrize("provider", ["openai", "google"])
def test_text_and_pictures_meet_the_same_faults(provider: str) -> None:
    """What can happen to any call is there for both; the rest is about what only one of them has."""
    text, image = (
        {fault.name for fault in select_faults(provider=provider, kind=kind)} for kind in KINDS
    )

    assert text - image <= {"failed", "cut_at_limit", "filtered", "refusal", "wrapped_error_event"}
    assert image - text <= {"billing_limit", "not_a_picture", "cut_picture", "no_image"}


def test_rows_have_names_of_their_own() -> None:
    """No two rows share an id."""
    ids = [fault.id for fault in FAULTS]

    assert sorted(ids) == sorted(set(ids))


def test_wait_is_told_in_the_headers(sdks: Sdks, wire: Wire) -> None:
    """OpenAI's wait stands in `Retry-After`, and finer in `retry-after-ms`."""
    find_fault("openai", "text", "rate_limited_with_wait").script(wire)
    find_fault("openai", "text", "rate_limited_with_wait_ms").script(wire)
    fault = find_fault("openai", "text", "rate_limited_with_wait")

    told = [
        getattr(_try(sdks, wire, fault, streamed=True), "response").headers  # noqa: B009  # any error
        for _ in range(2)
    ]

    assert told[0]["retry-after"] == "7"
    assert "retry-after-ms" not in told[0]
    assert told[1]["retry-after-ms"] == "1500"


def test_wait_is_told_in_the_details(sdks: Sdks, wire: Wire) -> None:
    """Google's wait stands in the error's `RetryInfo`."""
    fault = find_fault("google", "image", "rate_limited_with_wait")
    fault.script(wire)

    error = _try(sdks, wire, fault, streamed=False)

    details = getattr(error, "details")["error"]["details"]  # noqa: B009  # any error
    assert details[-1]["retryDelay"] == "7s"


def test_fault_can_stay(sdks: Sdks, wire: Wire) -> None:
    """A fault set up without an end meets every call."""
    fault = find_fault("openai", "image", "overloaded")
    fault.script(wire, times=None)

    errors = [_name(_try(sdks, wire, fault, streamed=False)) for _ in range(3)]

    assert errors == ["openai.InternalServerError"] * 3
