"""The key goes to the server and nowhere else."""

import logging
import traceback

import pytest

from promptflow.errors import PromptflowError, SetupError
from promptflow.providers.openai import OpenAIText, make_client, openai_provider
from tests.providers.openai.conftest import KEY, Adapter, question
from tests.wire.answers import Answer, json_answer, stream_answer, to_json, whole_answer
from tests.wire.fault_rows import Fault
from tests.wire.faults import select_faults
from tests.wire.openai_wire import OpenAIWire
from tests.wire.requested import Request
from tests.wire.wire import Wire

SPEECH = f"Wrong key {KEY} (Bearer {KEY}), see https://127.0.0.1/?key={KEY}"


def show(error: PromptflowError | None) -> str:
    """Return all that a message, a repr, a page or a log could show of an error."""
    if error is None:
        return ""
    return "\n".join(
        [str(error), repr(error), str(vars(error)), *traceback.format_exception(error)]
    )


def try_once(adapter: Adapter, kind: str) -> PromptflowError | None:
    """Ask and return the error that is raised."""
    try:
        adapter.ask(kind)
    except PromptflowError as error:
        return error
    return None


@pytest.mark.parametrize("fault", select_faults(provider="openai"), ids=lambda fault: fault.id)
def test_no_fault_shows_the_key(
    opened: Wire, adapter: Adapter, caplog: pytest.LogCaptureFixture, fault: Fault
) -> None:
    """Neither the error nor what all libraries log of it holds the key."""
    fault.script(opened)

    with caplog.at_level(logging.DEBUG):
        error = try_once(adapter.waits_for(fault), fault.kind)

    sent = [request.headers["authorization"] for request in opened.requests]
    assert set(sent) <= {f"Bearer {KEY}"}
    assert KEY not in show(error)
    assert KEY not in caplog.text


@pytest.mark.parametrize("kind", ["text", "image"])
@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 418, 422, 429, 500, 503])
@pytest.mark.parametrize("code", [None, "moderation_blocked", "invalid_image", KEY])
def test_a_server_that_repeats_the_key_is_not_repeated(
    wire: OpenAIWire,
    adapter: Adapter,
    caplog: pytest.LogCaptureFixture,
    kind: str,
    status: int,
    code: str | None,
) -> None:
    """An error whose every field holds the key is told without it."""
    error = {"message": SPEECH, "type": KEY, "param": KEY, "code": code}

    def repeat(_request: Request) -> Answer:
        return json_answer({"error": error}, status=status, headers={"x-request-id": KEY})

    wire.answer_with(repeat, times=None)

    with caplog.at_level(logging.DEBUG, logger="promptflow"):
        caught = try_once(adapter, kind)

    assert caught is not None
    assert KEY not in show(caught)
    assert KEY not in caplog.text


@pytest.mark.parametrize("kind", ["text", "image"])
@pytest.mark.parametrize(
    "event",
    [
        {"type": "error", "message": SPEECH, "code": KEY},
        {"type": "error", "error": {"message": SPEECH, "code": KEY}},
        {"type": "response.failed", "response": {"error": {"message": SPEECH, "code": KEY}}},
        {"type": "response.incomplete", "response": {"incomplete_details": {"reason": KEY}}},
        {"type": "response.refusal.done", "refusal": SPEECH},
        {"error": SPEECH},
        SPEECH,
        [SPEECH],
    ],
)
def test_a_stream_that_repeats_the_key_is_not_repeated(
    wire: OpenAIWire, adapter: Adapter, kind: str, event: object
) -> None:
    """An error in the middle of an answer is told without the key it holds."""
    end = {"type": "response.completed", "response": {}}
    events = [b"data: %b\n\n" % to_json(each) for each in (event, end)]
    wire.answer_with(lambda _request: stream_answer(events), times=None)

    caught = try_once(adapter, kind)

    assert KEY not in show(caught)


@pytest.mark.parametrize("kind", ["text", "image"])
def test_a_page_that_repeats_the_key_is_not_repeated(
    wire: OpenAIWire, adapter: Adapter, kind: str
) -> None:
    """Nothing of an answer that is no JSON is told."""
    wire.answer_with(lambda _request: whole_answer(SPEECH.encode(), status=400), times=None)

    caught = try_once(adapter, kind)

    assert caught is not None
    assert KEY not in show(caught)


def test_nothing_kept_of_a_picture_is_the_key(wire: OpenAIWire, adapter: Adapter) -> None:
    """What a server tells about a picture is kept without the key it holds."""
    resolved = dict.fromkeys(("size", "quality", "background", "output_format"), KEY)
    headers = {"x-request-id": KEY}
    body = {"data": [{"b64_json": "aGVsbG8="}], **resolved}
    wire.answer_with(lambda _request: json_answer(body, headers=headers), kind="image")

    (picture,) = adapter.ask("image")

    assert KEY not in repr(picture)


def test_no_object_shows_the_key(adapter: Adapter) -> None:
    """Whoever prints a model or a provider sees no key."""
    provider = openai_provider(api_key=KEY)

    shown = f"{provider!r} {provider.text_model('x')!r} {vars(provider.image_model('x'))!r}"

    assert KEY not in shown
    assert KEY not in repr(adapter.text())


@pytest.mark.parametrize("flaw", ["\u2026", "\n", " ", "\u201c", "\x00", "ä"])
def test_a_key_that_can_not_be_sent_is_refused_without_repeating_it(flaw: str) -> None:
    """A key with a stray sign is the operator's to mend: nothing is sent, nothing quoted."""
    flawed = f"{KEY}{flaw}{KEY}"
    model = OpenAIText(
        model="gpt-6-luna",
        client=lambda: make_client(api_key=flawed, base_url=None),
        reasoning=False,
    )

    with pytest.raises(SetupError, match="OPENAI_API_KEY") as caught:
        list(model.stream(question()))

    assert KEY not in show(caught.value)
