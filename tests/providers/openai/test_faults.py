"""Every fault of the matrix becomes the error it should, once, with what came before it kept."""

import pytest

from promptflow.errors import (
    BusyError,
    ProviderError,
    RefusedError,
    RejectedError,
    ReplyError,
)
from tests.providers.openai.conftest import Adapter
from tests.wire.fault_rows import Fault
from tests.wire.faults import find_fault, select_faults
from tests.wire.openai_wire import OpenAIWire
from tests.wire.wire import Wire

KINDS: dict[str, type[ProviderError] | None] = {
    "rate_limited": BusyError,
    "rate_limited_with_wait": BusyError,
    "rate_limited_with_wait_ms": BusyError,
    "quota": RejectedError,
    "billing_limit": RejectedError,
    "moderation": RefusedError,
    "bad_request": RejectedError,
    "bad_key": RejectedError,
    "unauthorized": RejectedError,
    "forbidden": RejectedError,
    "model_not_found": RejectedError,
    "server_error": BusyError,
    "overloaded": BusyError,
    "connection_refused": BusyError,
    "reset_before_headers": BusyError,
    "hang_up_before_headers": BusyError,
    "stall": BusyError,
    "reset_mid_stream": BusyError,
    "hang_up_mid_stream": BusyError,
    "stall_mid_stream": BusyError,
    "reset_at_the_end": None,
    "stall_at_the_end": None,
    "bad_gateway": BusyError,
    "wrong_content_type": ReplyError,
    "mislabelled": None,
    "broken_json": ReplyError,
    "malformed_event": ReplyError,
    "truncated_event": ReplyError,
    "no_final_event": ReplyError,
    "unknown_event": None,
    "error_event": BusyError,
    "failed": BusyError,
    "cut_at_limit": ReplyError,
    "filtered": RefusedError,
    "refusal": RefusedError,
    "wrapped_error_event": BusyError,
    "truncated_base64": ReplyError,
    # Bytes that are no picture, and answers without words, are for those who look into them.
    "not_a_picture": None,
    "cut_picture": None,
}
EMPTY: dict[str, type[ProviderError] | None] = {"text": None, "image": ReplyError}
FAULTS = select_faults(provider="openai")


def expected(fault: Fault) -> type[ProviderError] | None:
    """Return the error that a row is to become; ``None`` for an answer."""
    return EMPTY[fault.kind] if fault.name == "empty" else KINDS[fault.name]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_a_fault_becomes_its_error(opened: Wire, adapter: Adapter, fault: Fault) -> None:
    """The kind, the status and the wait are those of the row; the adapter itself asks only once."""
    fault.script(opened)
    kind = expected(fault)
    error: ProviderError | None = None

    try:
        adapter.waits_for(fault).ask(fault.kind)
    except ProviderError as caught:
        error = caught

    assert (type(error) if error else None) is kind
    assert getattr(error, "status", None) == fault.status
    assert getattr(error, "retry_after_s", None) == fault.wait_s
    assert opened.openai.count() == (0 if fault.name == "connection_refused" else 1)
    assert opened.violations == ()


@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        (
            "text",
            "quota",
            "OpenAI has no credit left for Luna: the balance or a spending limit is used up. Add credit"
            " or raise the limit at https://platform.openai.com/settings/organization/billing; before"
            " that, trying again is no use.",
        ),
        (
            "text",
            "bad_key",
            "OpenAI does not accept the key in OPENAI_API_KEY. Check it, or make a new one at"
            " https://platform.openai.com/api-keys.",
        ),
        (
            "text",
            "forbidden",
            "OpenAI lets only verified organizations use Luna. Verify yours at"
            " https://platform.openai.com/settings/organization/general, which counts within 15"
            " minutes, or choose another model.",
        ),
        (
            "image",
            "model_not_found",
            "OpenAI has no model Flare, or this key may not use it. Choose another one of those listed"
            " at https://developers.openai.com/api/docs/models.",
        ),
        (
            "image",
            "moderation",
            "OpenAI refused the request to Flare for reasons of content policy (category: sexual)."
            " Change the words or the reference pictures that could be meant, and ask again.",
        ),
        (
            "image",
            "rate_limited",
            "OpenAI takes no more requests to Flare just now: a rate limit is reached. Try again in a"
            " moment, or raise the limit at https://platform.openai.com/settings/organization/limits.",
        ),
        (
            "image",
            "bad_request",
            "OpenAI rejected the request to Flare (HTTP 400). Change what it names, or choose another"
            " model. It said: “Invalid value: 'x'. Supported values are: 'y'.”",
        ),
        (
            "text",
            "overloaded",
            "OpenAI has trouble of its own with Luna (HTTP 503). Try again in a moment, or see whether"
            " it is known at https://status.openai.com.",
        ),
    ],
)
def test_openai_is_spoken_of_by_name(
    opened: Wire, official: Adapter, kind: str, name: str, message: str
) -> None:
    """A failure of OpenAI itself says what failed, for which model, and the page to go to."""
    find_fault("openai", kind, name).script(opened)

    with pytest.raises(ProviderError) as caught:
        official.ask(kind)

    assert caught.value.message == message


def test_another_server_is_spoken_of_by_its_address(
    opened: Wire, wire: OpenAIWire, adapter: Adapter
) -> None:
    """OpenAI's page is told to those alone whom the server may have passed on to OpenAI."""
    find_fault("openai", "text", "quota").script(opened)

    with pytest.raises(RejectedError) as caught:
        adapter.ask("text")

    host = wire.origin.removeprefix("http://")
    assert caught.value.message.startswith(f"The server at {host} has no credit left for Luna")
    assert "there (for OpenAI: https://platform.openai.com/" in caught.value.message


@pytest.mark.parametrize(
    ("kind", "sentence", "max_attempts"),
    [
        ("text", r"sent nothing of Luna's answer for 0\.4 s\. Try again", None),
        ("image", r"sent nothing of Flare's answer for 0\.4 s, and may have billed it", 2),
    ],
)
@pytest.mark.parametrize("name", ["stall", "stall_mid_stream"])
def test_a_picture_that_may_be_billed_is_worth_one_more_try(
    opened: Wire, adapter: Adapter, name: str, kind: str, sentence: str, max_attempts: int | None
) -> None:
    """Silence is told in seconds; over a picture, what it may have cost is told, too."""
    fault = find_fault("openai", kind, name)
    fault.script(opened)

    with pytest.raises(BusyError, match=sentence) as caught:
        adapter.waits_for(fault).ask(kind)

    assert caught.value.max_attempts == max_attempts


@pytest.mark.parametrize("name", ["connection_refused", "rate_limited", "overloaded"])
def test_a_picture_that_was_not_begun_is_worth_every_try(
    opened: Wire, adapter: Adapter, name: str
) -> None:
    """What can't have been billed is tried again as often as anything."""
    find_fault("openai", "image", name).script(opened)

    with pytest.raises(BusyError) as caught:
        adapter.ask("image")

    assert caught.value.max_attempts is None
