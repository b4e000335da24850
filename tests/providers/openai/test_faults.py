"""Every fault of the matrix becomes the error it should, once, in the words it should."""

from dataclasses import replace

import pytest

from promptflow.errors import ProviderError, RejectedError
from tests.providers.openai.conftest import IMAGE_TITLE, TEXT_TITLE, Adapter
from tests.providers.openai.outcomes import OUTCOMES
from tests.providers.outcome import describe, find_outcome
from tests.wire.answers import Break, end_after, reset_after, stall_after, truncate_after
from tests.wire.fault_rows import PICTURE, Fault
from tests.wire.faults import find_fault, select_faults
from tests.wire.openai_wire import OpenAIWire
from tests.wire.requested import Request
from tests.wire.wire import Wire

FAULTS = select_faults(provider="openai")
TITLES = {"text": TEXT_TITLE, "image": IMAGE_TITLE}


def is_streamed(request: Request) -> bool:
    """Say whether a stream is asked for."""
    return request.streamed


def find_error(adapter: Adapter, kind: str) -> ProviderError | None:
    """Make a call and return the error it ends in."""
    try:
        adapter.ask(kind)
    except ProviderError as error:
        return error
    return None


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_a_fault_becomes_what_the_table_says(opened: Wire, official: Adapter, fault: Fault) -> None:
    """Kind, words, status, tries, wait, cost and ids are those of the table; the adapter asks once."""
    fault.script(opened)
    outcome = find_outcome(OUTCOMES, fault)

    error = find_error(official.waits_for(fault), fault.kind)

    worded = outcome and replace(outcome, says=outcome.says.format(model=TITLES[fault.kind]))
    assert describe(error, request_id=f"req_{1:032x}") == worded
    assert opened.openai.count() == (0 if fault.name == "connection_refused" else 1)
    assert opened.violations == ()


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (reset_after(1), "busy"),
        (stall_after(1), "busy"),
        (truncate_after(1), "bad_reply"),
        (end_after(1), "busy"),
    ],
    ids=["reset", "stall", "truncated", "ended"],
)
def test_what_breaks_in_one_piece_keeps_its_id(
    wire: OpenAIWire, adapter: Adapter, fault: Break, code: str
) -> None:
    """A picture that is not streamed tells its call's id, too, wherever its answer breaks."""
    wire.answer_error(400, "no streaming", fits=is_streamed)
    wire.answer_image(PICTURE, fault=fault)

    error = find_error(adapter.hasty(), "image")

    assert error is not None
    assert error.code == code
    assert error.request_id == f"req_{2:032x}"


def test_another_server_is_spoken_of_by_its_address(
    opened: Wire, wire: OpenAIWire, adapter: Adapter
) -> None:
    """OpenAI's page is told to those alone whom the server may have passed on to OpenAI."""
    find_fault("openai", "text", "quota").script(opened)

    with pytest.raises(RejectedError) as caught:
        adapter.ask("text")

    host = wire.origin.removeprefix("http://")
    assert caught.value.message.startswith(
        f"The server at {host} wants to be paid before Luna answers"
    )
    assert "there (for OpenAI: https://platform.openai.com/" in caught.value.message
