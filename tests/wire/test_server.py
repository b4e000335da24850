"""The server breaks where it is told to, keeps what it was asked, and ends without a trace."""

import os
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

from tests.wire.answers import (
    ALL,
    Answer,
    Stall,
    end_after,
    instead,
    json_answer,
    later,
    reset_after,
    split_every,
    stall_after,
    stream_answer,
)
from tests.wire.google_wire import GoogleWire
from tests.wire.openai_wire import OpenAIWire
from tests.wire.pictures import encode_base64, make_png
from tests.wire.requested import Request, read_form
from tests.wire.sdks import Sdks
from tests.wire.wire import Wire

_KEY = {"authorization": "Bearer sk-test"}
_AT_ONCE_S = 5
"""Far less than the stalls here last, far more than a busy machine needs."""
_BODY = {"model": "gpt-6-luna", "input": "x"}


def _post(wire: Wire, *, timeout_s: float = 5, **body: object) -> httpx2.Response:
    """Ask the Responses API without an SDK, and without reading the system's certificates."""
    return httpx2.post(
        f"{wire.openai.base_url}/responses",
        json=_BODY | body,
        headers=_KEY,
        timeout=timeout_s,
        verify=False,
    )


def _read_raw(wire: Wire) -> bytes:
    """Ask for a stream over a bare socket and return every byte that comes."""
    body = b'{"model":"gpt-6-luna","input":"x","stream":true}'
    head = (
        "POST /v1/responses HTTP/1.1\r\nhost: x\r\nauthorization: Bearer x\r\nconnection: close\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", wire.openai.loopback.port), timeout=5) as link:
        link.sendall(head.encode() + body)
        received = bytearray()
        while data := link.recv(65536):
            received += data
    return bytes(received)


def _count_files() -> int:
    """Return how many files and sockets this process has open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def _say(text: str) -> Callable[[Request], Answer]:
    """Return a function that answers with a word."""
    return lambda _request: json_answer({"said": text})


def test_chunks_are_as_small_as_told(wire: Wire) -> None:
    """A split goes through the letters and through the empty line of an event."""
    events = [b"data: \xc3\xa9\r\n\r\n"]
    wire.openai.answer_with(lambda _request: stream_answer(events), fault=split_every(1))

    _, _, body = _read_raw(wire).partition(b"\r\n\r\n")

    assert body == b"".join(b"1\r\n%c\r\n" % byte for byte in events[0]) + b"0\r\n\r\n"


def test_pieces_come_no_faster_than_their_pace(wire: Wire, sdks: Sdks) -> None:
    """Between any two events there is the pause that was asked for."""
    wire.openai.answer_text(["a", "b", "c", "d"], pace_s=0.01)
    started_s = time.monotonic()

    events = list(sdks.openai(wire).responses.create(model="gpt-6-luna", input="x", stream=True))

    assert len(events) == 14
    assert time.monotonic() - started_s >= 13 * 0.01


def test_body_can_begin_later(wire: Wire) -> None:
    """An answer can be put off."""
    wire.openai.answer_with(_say("late"), fault=later(0.05))
    started_s = time.monotonic()

    answer = _post(wire)

    assert answer.json() == {"said": "late"}
    assert time.monotonic() - started_s >= 0.05


def test_everything_sent_before_a_reset_arrives(wire: Wire, sdks: Sdks) -> None:
    """A picture of megabytes is all there when the connection breaks behind it."""
    picture = make_png() + os.urandom(3_000_000)
    wire.openai.answer_image(picture, fault=reset_after(ALL))
    stream = sdks.openai(wire).images.generate(model="gpt-image-2", prompt="x", stream=True)

    event: Any = next(stream)

    assert event.b64_json == encode_base64(picture)
    with pytest.raises(openai.APIConnectionError):
        next(stream)


@pytest.mark.parametrize(
    "fault",
    [instead(Stall()), stall_after(1), stall_after(ALL)],
    ids=["before", "within", "behind"],
)
def test_closing_ends_a_stall_at_once(fault: Any) -> None:
    """No test has to wait for a stalled handler, nor has the client that waits for it."""
    with ThreadPoolExecutor(1) as pool:
        with Wire() as wire:
            wire.openai.answer_text("Deep blue", fault=fault)
            waiting = pool.submit(_post, wire, stream=True, timeout_s=30)
            wire.openai.wait_for(1)
            started_s = time.monotonic()
        closed_s = time.monotonic() - started_s

        with pytest.raises(httpx2.TransportError):
            waiting.result(timeout=1)

    assert closed_s < _AT_ONCE_S
    assert wire.openai.loopback.abandoned == 0


def test_closing_ends_a_slow_answer_at_once(sdks: Sdks) -> None:
    """A handler that waits for its next event does not wait to the end."""
    with Wire() as wire:
        wire.google.answer_text("a b c", pace_s=30)
        stream = sdks.google(wire).stream("gemini-3.8-flash", "x")
        next(iter(stream))
        started_s = time.monotonic()

    assert time.monotonic() - started_s < _AT_ONCE_S


def test_many_are_answered_at_once(wire: Wire) -> None:
    """Forty requests are in hand side by side: none is answered before all have come."""
    everyone = threading.Barrier(40)

    def wait_for_the_others(_request: Request) -> Answer:
        everyone.wait(timeout=20)
        return json_answer({})

    wire.openai.answer_with(wait_for_the_others, times=None)

    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda _: _post(wire, timeout_s=30).status_code, range(40)))

    assert answers == [200] * 40
    assert wire.openai.loopback.most_at_once == 40
    assert [request.number for request in wire.openai.requests] == list(range(1, 41))


def test_nothing_is_left_behind() -> None:
    """After closing there is no thread and no socket more than before, whatever was going on."""
    threads, files = threading.active_count(), _count_files()

    for _ in range(5):
        with Wire() as wire, httpx2.Client(headers=_KEY) as client:
            wire.openai.answer_with(_say("x"))
            client.post(f"{wire.openai.base_url}/responses", json=_BODY)
            wire.openai.answer_text("x", fault=instead(Stall()))
            with pytest.raises(httpx2.ReadTimeout):
                client.post(f"{wire.openai.base_url}/responses", json=_BODY, timeout=0.02)
            wire.google.refuse()

    assert threading.active_count() == threads
    assert _count_files() == files


def test_server_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    """Requests, faults and clients that leave print nothing."""
    with Wire() as wire:
        wire.openai.answer_text("x", fault=reset_after(1))
        with pytest.raises(httpx2.TransportError):
            _post(wire, stream=True)
        _post(wire, input="")
        with socket.create_connection(("127.0.0.1", wire.openai.loopback.port)) as link:
            link.sendall(b"NONSENSE\r\n\r\n")

    assert capfd.readouterr() == ("", "")


def test_refused_connection_stays_refused(wire: Wire) -> None:
    """Once a server refuses, it does so for good, on the same port."""
    address = wire.openai.base_url
    wire.openai.refuse()

    for _ in range(2):
        with pytest.raises(httpx2.ConnectError):
            _post(wire)

    assert wire.openai.base_url == address


def test_script_may_refuse_while_it_answers(wire: Wire) -> None:
    """A script function can take the server down under its own feet."""

    def pull_the_plug(_request: Request) -> Answer:
        wire.openai.refuse()
        return json_answer({})

    wire.openai.answer_with(pull_the_plug)

    with pytest.raises(httpx2.TransportError):
        _post(wire)


def test_client_that_leaves_is_counted(wire: Wire) -> None:
    """A client that gives up on a stall ends the handler, and is noted."""
    wire.openai.answer_text("x", fault=instead(Stall()))

    with pytest.raises(httpx2.ReadTimeout):
        _post(wire, timeout_s=0.05)

    wire.openai.wait_for(1)
    wire.openai.wait_until_idle()
    assert wire.openai.loopback.abandoned == 1


def test_answers_are_given_in_order(wire: Wire) -> None:
    """The script is a queue; an answer is used up after as many requests as it was for."""
    wire.openai.answer_with(_say("first"), times=2)
    wire.openai.answer_with(_say("second"))

    said = [_post(wire).json()["said"] for _ in range(3)]

    assert said == ["first", "first", "second"]


def test_answers_wait_for_their_request(wire: Wire) -> None:
    """An answer for one model, one kind or one sort of request lets the others pass."""
    wire.openai.answer_with(_say("picture"), kind="image", times=None)
    wire.openai.answer_with(_say("terra"), model="gpt-6.1-terra")
    wire.openai.answer_with(_say("sea"), fits=lambda request: b"sea" in request.body)
    wire.openai.answer_with(_say("any"))

    answers = [_post(wire), _post(wire, input="the sea"), _post(wire, model="gpt-6.1-terra")]

    said = [answer.json()["said"] for answer in answers]
    assert said == ["any", "sea", "terra"]


def test_request_without_an_answer_is_a_violation(wire: Wire) -> None:
    """When the script has run out, the request is turned down loudly and noted."""
    answer = _post(wire)

    assert answer.status_code == 400
    assert "No answer is scripted" in answer.json()["error"]["message"]
    assert [violation.code for violation in wire.violations] == ["unscripted"]


def test_bad_request_uses_up_no_answer(wire: Wire) -> None:
    """A request that is turned away leaves its answer for the next one."""
    wire.openai.answer_with(_say("here"))

    statuses = [_post(wire, input="").status_code, _post(wire).status_code]

    assert statuses == [400, 200]


def test_crash_of_a_script_is_raised_on_closing() -> None:
    """A script function that fails is not taken for a network fault."""

    def stumble(_request: Request) -> Answer:
        message = "stumbled"
        raise OSError(message)

    wire = Wire()
    wire.openai.answer_with(stumble)
    with pytest.raises(httpx2.RemoteProtocolError):
        _post(wire)

    with pytest.raises(RuntimeError, match="stumbled"):
        wire.__exit__(None, None, None)


def test_requests_of_both_are_kept_in_order(wire: Wire, sdks: Sdks) -> None:
    """Method, path, query, headers, body and time of every request are there to be looked at."""
    wire.openai.answer_text("x")
    wire.google.answer_text("x")
    sdks.call(wire, "openai", "text", streamed=False)
    sdks.call(wire, "google", "text", streamed=True)

    first, second = wire.requests

    assert (first.method, first.path, first.model) == ("POST", "/v1/responses", "gpt-6-luna")
    assert first.json == {
        "model": "gpt-6-luna", "input": "A lighthouse", "stream": False, "store": False
    }  # fmt: skip
    assert first.headers["content-type"] == "application/json"
    assert (second.kind, second.streamed, second.query) == ("text", True, {"alt": "sse"})
    assert first.arrived_s <= second.arrived_s
    assert wire.openai.count(kind="text", model="gpt-6-luna") == 1
    assert wire.openai.count(kind="image") == 0


def test_requests_that_do_not_come_are_not_waited_for_forever(wire: Wire) -> None:
    """Waiting ends with an error that says how many came."""
    with pytest.raises(TimeoutError, match="0 of 1 requests"):
        wire.openai.wait_for(1, timeout_s=0.01)


def test_body_in_chunks_is_read(wire: Wire) -> None:
    """A client may send its body in chunks, too."""
    wire.openai.answer_with(_say("x"))
    parts = iter([b'{"model": "gpt-6-luna",', b' "input": "x"}'])

    answer = httpx2.post(
        f"{wire.openai.base_url}/responses",
        content=parts,
        headers=_KEY | {"content-type": "application/json"},
    )

    assert answer.status_code == 200
    assert wire.openai.requests[0].json == _BODY


def test_form_is_taken_apart_byte_by_byte() -> None:
    """Line ends and dashes inside a file belong to it."""
    data = b"\r\n--almost\r\n\r\n\x00\xff--edge"
    body = (
        b"--edge\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\n2\r\n"
        b"--edge\r\nContent-Disposition: form-data; name=\"image\"; filename=\"\xc3\xa9.png\"\r\n"
        b"Content-Type: image/png\r\n\r\n" + data + b"\r\n--edge--\r\n"
    )  # fmt: skip

    plain, file = read_form("multipart/form-data; boundary=edge", body)

    assert (plain.name, plain.filename, plain.data) == ("n", None, b"2")
    assert (file.name, file.content_type, file.data) == ("image", "image/png", data)
    assert file.filename is not None


def test_stream_may_end_before_its_last_event(wire: Wire) -> None:
    """A body that ends too early, but in good order, looks whole to HTTP."""
    wire.openai.answer_text("x", fault=end_after(2))

    answer = _post(wire, stream=True)

    assert answer.status_code == 200
    assert answer.text.count("data: ") == 2


@pytest.mark.parametrize("endpoint", [OpenAIWire, GoogleWire])
def test_server_stands_alone(endpoint: type[OpenAIWire | GoogleWire]) -> None:
    """One provider's server can be used without the other."""
    server = endpoint()

    server.close()

    with pytest.raises(httpx2.ConnectError):
        httpx2.get(server.origin)
