"""What never reached Google is told to have cost nothing, and nothing else is."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import httpx2
import pytest

from promptflow.errors import BusyError, RejectedError
from promptflow.ports import TextRequest
from promptflow.providers.google import GoogleText, make_client
from promptflow.records import Stage
from tests.providers.google.asking import KEY, ask_for, paint
from tests.wire.answers import Answer, HangUp, Pause, Piece, Stall, instead
from tests.wire.deaf import open_deaf_port
from tests.wire.requested import Request
from tests.wire.wire import Wire

if TYPE_CHECKING:
    from google import genai

_KINDS = pytest.mark.parametrize("kind", ["text", "image"])


@_KINDS
def test_server_that_takes_no_connection_got_nothing(kind: str) -> None:
    """A server that can't be reached is given up long before a silent one."""
    started_s = time.monotonic()
    with open_deaf_port() as port:
        made = make_client(api_key=KEY, base_url=f"http://127.0.0.1:{port}", connect_s=0.3)
        with closing(made):
            _came, error = ask_for(kind, made, silence_s=30)

    assert isinstance(error, BusyError)
    assert isinstance(error.__cause__, httpx2.ConnectTimeout)
    assert error.max_attempts is None
    assert "could not be reached" in error.message
    assert not error.sent
    assert time.monotonic() - started_s < 5


@_KINDS
@pytest.mark.parametrize(
    "base_url", ["gopher://127.0.0.1", "127.0.0.1:9", "http://[::1", "http://"]
)
def test_address_that_is_none_got_nothing(base_url: str, kind: str) -> None:
    """An address nothing can be sent to is told by the variable that holds it."""
    with closing(make_client(api_key=KEY, base_url=base_url)) as made:
        _came, error = ask_for(kind, made)

    assert isinstance(error, RejectedError)
    assert not error.sent


def test_request_that_the_sdk_refuses_was_not_sent(client: "genai.Client", wire: Wire) -> None:
    """What the SDK itself finds wrong is told, and cost nothing."""
    question = TextRequest(stage=Stage.THINKING, instructions="Think.", sections={"request": "x"})

    with pytest.raises(RejectedError, match="can't be sent as it is") as caught:
        list(GoogleText(model="", client=client).stream(question))

    assert not caught.value.sent
    assert wire.google.requests == ()


def _only_one_connection(wire: Wire) -> "genai.Client":
    """Return a client that has one connection, and whose other calls wait for it."""
    from google import genai
    from google.genai import types

    return genai.Client(
        api_key=KEY,
        http_options=types.HttpOptions(
            base_url=wire.google.base_url,
            client_args={"limits": httpx2.Limits(max_connections=1)},
        ),
    )


def test_turn_that_did_not_come_was_not_sent(wire: Wire) -> None:
    """A call that found no free connection is told so, and may be made again as often as any."""
    wire.google.answer_text("Yes.", fault=instead(Stall()))
    with closing(_only_one_connection(wire)) as client, ThreadPoolExecutor(1) as threads:
        threads.submit(ask_for, "text", client)
        wire.google.wait_for(1)

        _pictures, error = paint(client, silence_s=0.3)
        wire.google.refuse()

    assert isinstance(error, BusyError)
    assert error.max_attempts is None
    assert error.message == (
        "Too many requests to Google are under way at once: 'gemini-nano-banana-2.1' could not be asked"
        " in time. Try again, or ask for fewer pictures at once."
    )
    assert not error.sent
    assert len(wire.google.requests) == 1


def _hold_then_hang_up(_request: Request) -> Answer:
    """Answer so slowly that the connection is held for long, and break off."""
    steps = (Pause(0.3), Piece(b"{"), Pause(0.3), Piece(b" "), HangUp())
    return Answer(headers={"content-type": "application/json"}, steps=steps)


def test_what_holds_for_one_picture_holds_for_all(wire: Wire) -> None:
    """Of two calls that failed, one of which went out, it is not told that they cost nothing."""
    wire.google.answer_with(_hold_then_hang_up)
    with closing(_only_one_connection(wire)) as client:
        _pictures, error = paint(client, count=2, silence_s=0.5)

    assert isinstance(error, BusyError)
    assert len(wire.google.requests) == 1
    assert error.sent
