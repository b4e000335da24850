"""What never reached the server is told to have cost nothing, and nothing else is."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import httpx2
import openai
import pytest

from promptflow.errors import BusyError, ProviderError, RejectedError
from promptflow.ports import ImageRequest
from promptflow.providers.openai import Timeouts
from promptflow.records import ImageParameters
from tests.providers.openai.conftest import KEY, Adapter
from tests.wire.answers import Answer, HangUp, Pause, Piece, Stall, instead
from tests.wire.deaf import open_deaf_port
from tests.wire.openai_wire import OpenAIWire
from tests.wire.requested import Request

KINDS = pytest.mark.parametrize("kind", ["text", "image"])
HASTY = Timeouts(connect_s=0.3, text_s=0.5, image_s=0.5)


def fail(adapter: Adapter, kind: str) -> ProviderError:
    """Make a call that fails."""
    with pytest.raises(ProviderError) as caught:
        adapter.ask(kind)
    return caught.value


@KINDS
def test_a_server_that_takes_no_connection_got_nothing(
    shared_client: openai.OpenAI, kind: str
) -> None:
    """A connection that is not had in time is given up, long before a silent answer would be."""
    with open_deaf_port() as port:
        deaf = shared_client.with_options(base_url=f"http://127.0.0.1:{port}/v1")

        error = fail(Adapter(client=deaf, timeouts=Timeouts(connect_s=0.3)), kind)

    assert isinstance(error, BusyError)
    assert error.max_attempts is None
    assert "can't be reached to ask" in error.message
    assert not error.sent


def only_one_connection(wire: OpenAIWire) -> openai.OpenAI:
    """Return a client that has one connection, and whose other calls wait for it."""
    transport = httpx2.Client(limits=httpx2.Limits(max_connections=1))
    return openai.OpenAI(api_key=KEY, base_url=wire.base_url, max_retries=0, http_client=transport)


def test_a_turn_that_did_not_come_was_not_sent(wire: OpenAIWire) -> None:
    """A call that found no free connection is told so, and may be made again as often as any."""
    wire.answer_text("Done.", fault=instead(Stall()))
    with closing(only_one_connection(wire)) as client, ThreadPoolExecutor(1) as threads:
        threads.submit(fail, Adapter(client=client), "text")
        wire.wait_for(1)

        error = fail(Adapter(client=client, timeouts=HASTY), "image")
        wire.refuse()

    assert isinstance(error, BusyError)
    assert error.max_attempts is None
    assert error.message == (
        f"The server at {wire.origin.removeprefix('http://')} is being asked so much at once that"
        " Flare's turn did not come in time. Try again, or ask for fewer pictures at once."
    )
    assert not error.sent
    assert wire.count() == 1


def hold_then_hang_up(_request: Request) -> Answer:
    """Answer so slowly that the connection is held for long, and break off."""
    steps = (Pause(0.3), Piece(b": wait\n\n"), Pause(0.3), Piece(b": wait\n\n"), HangUp())
    return Answer(headers={"content-type": "text/event-stream"}, steps=steps)


def test_what_holds_for_one_picture_holds_for_all(wire: OpenAIWire) -> None:
    """Of two calls that failed, one of which went out, it is not told that they cost nothing."""
    wire.answer_with(hold_then_hang_up)
    with closing(only_one_connection(wire)) as client:
        model = Adapter(client=client, timeouts=HASTY).image()

        with pytest.raises(BusyError) as caught:
            list(model.paint(ImageRequest(prompt="A", aspect_ratio="1:1", count=2)))

    assert wire.count() == 1
    assert caught.value.sent


def test_a_size_that_there_is_not_was_not_sent(wire: OpenAIWire, adapter: Adapter) -> None:
    """What can't be asked for costs nothing."""
    request = ImageRequest(
        prompt="A", aspect_ratio="1:1", count=1, parameters=ImageParameters(size="2K")
    )

    with pytest.raises(RejectedError) as caught:
        list(adapter.image().paint(request))

    assert not caught.value.sent
    assert wire.count() == 0
