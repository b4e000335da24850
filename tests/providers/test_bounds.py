"""However much a server sends, only so much of it is read, by either adapter."""

import base64
import gc
import gzip
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from promptflow.errors import ProviderError, ReplyError
from promptflow.ports import ImageModel, ImageRequest, Picture, TextModel, TextPart, TextRequest
from promptflow.providers import google, openai
from promptflow.providers.bounds import (
    MAX_PICTURE_BYTES,
    MAX_TEXT_BYTES,
    MAX_TEXT_CHARS,
    AnswerTooLargeError,
    Tally,
    bound_answer,
)
from promptflow.records import Stage, Usage
from tests.wire.answers import ALL, Answer, Piece, Stall, Step, stall_after
from tests.wire.endpoint import Endpoint
from tests.wire.google_wire import GoogleWire
from tests.wire.openai_wire import OpenAIWire
from tests.wire.requested import Request
from tests.wire.wire import Wire

PATIENCE_S = 10
"""Less than it would take to wait for what never comes, and more than enough for what does."""
KEY = "a-key-0123456789"
PIECE = "x" * 1_000
ENOUGH = MAX_TEXT_CHARS // len(PIECE)
EACH = pytest.mark.parametrize("provider", ["openai", "google"])
MODELS = {
    "openai": {"text": "gpt-6-luna", "image": "gpt-image-2.6-flare"},
    "google": {"text": "gemini-3.8-flash", "image": "gemini-nano-banana-2.1"},
}
SAID = {
    "openai": "The server at {host} sent more than {limit} of {model}'s answer, where it was broken off;"
    " they may be billed. Try again with a shorter request, or choose another model.",
    "google": "The answer of {model} was broken off: more than {limit} of it came, and Google may bill"
    " them. Try again with a shorter request, or choose another model.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """One provider: its server, and models pointed at it."""

    provider: str
    endpoint: Endpoint
    answer_text: Callable[..., None]
    """Of the server's."""
    writer: TextModel
    chatter: TextModel
    """Writes as well, by the provider's other API where it has one."""
    painter: ImageModel

    def message(self, kind: str, limit: str) -> str:
        """Return what is said of an answer that is too large."""
        host = self.endpoint.origin.removeprefix("http://")
        model = repr(MODELS[self.provider][kind])
        return SAID[self.provider].format(host=host, limit=limit, model=model)


@contextmanager
def set_google_up(server: GoogleWire) -> Iterator[Setup]:
    """Yield Google, with little patience."""
    text, image = MODELS["google"].values()
    with closing(google.make_client(api_key=KEY, base_url=server.base_url)) as client:
        writer = google.GoogleText(model=text, client=client, silence_s=PATIENCE_S)
        yield Setup(
            provider="google",
            endpoint=server,
            answer_text=server.answer_text,
            writer=writer,
            chatter=writer,
            painter=google.GoogleImage(model=image, client=client, silence_s=PATIENCE_S),
        )


@contextmanager
def set_openai_up(server: OpenAIWire) -> Iterator[Setup]:
    """Yield OpenAI, with little patience."""
    text, image = MODELS["openai"].values()
    patience = openai.Timeouts(text_s=PATIENCE_S, image_s=PATIENCE_S)
    with openai.make_client(api_key=KEY, base_url=server.base_url) as client:
        writer, chatter = (
            openai.OpenAIText(
                model=text, client=lambda: client, reasoning=True, chat=chat, timeouts=patience
            )
            for chat in (False, True)
        )
        yield Setup(
            provider="openai",
            endpoint=server,
            answer_text=server.answer_text,
            writer=writer,
            chatter=chatter,
            painter=openai.OpenAIImage(model=image, client=lambda: client, timeouts=patience),
        )


@pytest.fixture
def setup(provider: str) -> Iterator[Setup]:
    """The provider that a test is for."""
    with Wire() as wire, ExitStack() as stack:
        yield stack.enter_context(
            set_google_up(wire.google) if provider == "google" else set_openai_up(wire.openai)
        )


def read_all(items: Iterable[Any]) -> tuple[list[Any], ProviderError]:
    """Read what comes, up to the error it ends in."""
    came: list[Any] = []
    with pytest.raises(ProviderError) as caught:
        came.extend(items)
    return came, caught.value


def write(model: TextModel) -> tuple[list[TextPart], ProviderError]:
    """Ask for a text that fails."""
    question = TextRequest(stage=Stage.THINKING, instructions="Think.", sections={"request": "x"})
    return read_all(model.stream(question))


def paint(model: ImageModel) -> tuple[list[Picture], ProviderError]:
    """Ask for a picture that fails."""
    return read_all(model.paint(ImageRequest(prompt="A", aspect_ratio="1:1", count=1)))


@EACH
def test_a_text_that_never_ends_is_left(setup: Setup) -> None:
    """What is within the bound is handed on; then the connection is closed, and it is told why."""
    setup.answer_text([PIECE] * (ENOUGH + 1), fault=stall_after(ALL))

    parts, error = write(setup.writer)

    assert "".join(part.text for part in parts) == PIECE * ENOUGH
    assert isinstance(error, ReplyError)
    assert error.message == setup.message("text", "200,000 characters")
    assert error.request_id is not None
    assert error.sent
    setup.endpoint.wait_until_idle()
    assert setup.endpoint.loopback.abandoned == 1


@EACH
def test_a_text_up_to_the_bound_is_read(setup: Setup) -> None:
    """The last character that is allowed is handed on, and the bill after it."""
    setup.answer_text([PIECE] * ENOUGH)
    question = TextRequest(stage=Stage.THINKING, instructions="Think.", sections={"request": "x"})

    parts = list(setup.writer.stream(question))

    assert sum(len(part.text) for part in parts) == MAX_TEXT_CHARS
    assert parts[-1].usage is not None


@pytest.mark.parametrize(("provider", "name"), [("openai", "reasoning"), ("google", "thoughts")])
def test_reasoning_that_never_ends_is_left(setup: Setup, name: str) -> None:
    """A model that thinks and thinks is left as well."""
    setup.answer_text("Done.", **{name: [PIECE] * (ENOUGH + 1)}, fault=stall_after(ALL))

    parts, error = write(setup.writer)

    assert len("".join(part.reasoning for part in parts).replace("\n", "")) <= MAX_TEXT_CHARS
    assert not any(part.text for part in parts)
    assert error.message == setup.message("text", "200,000 characters")
    setup.endpoint.wait_until_idle()
    assert setup.endpoint.loopback.abandoned == 1


@pytest.mark.parametrize("provider", ["google"])
def test_what_is_known_of_the_bill_is_kept(setup: Setup) -> None:
    """The input that Google bills from the first piece on is told, the output is not known."""
    setup.answer_text([PIECE] * (ENOUGH + 1))

    parts, _error = write(setup.writer)

    assert parts[-1] == TextPart(usage=Usage(input_tokens=120, input_image_tokens=0))


@pytest.mark.parametrize("provider", ["openai"])
@pytest.mark.parametrize("refusal", [False, True])
def test_a_chat_that_never_ends_is_left(setup: Setup, refusal: bool) -> None:
    """Chat Completions are bounded alike, and so is a refusal, of which nothing is handed on."""
    setup.answer_text([PIECE] * (ENOUGH + 1), refusal=refusal, fault=stall_after(ALL))

    parts, error = write(setup.chatter)

    assert len(parts) == (0 if refusal else ENOUGH)
    assert error.message == setup.message("text", "200,000 characters")


@pytest.mark.parametrize("provider", ["openai"])
def test_a_refusal_that_never_ends_is_left(setup: Setup) -> None:
    """A refusal in the Responses API is bounded like an answer."""
    setup.answer_text([PIECE] * (ENOUGH + 1), refusal=True, fault=stall_after(ALL))

    parts, error = write(setup.writer)

    assert parts == []
    assert isinstance(error, ReplyError)


def send_one_line(*, mega_bytes: int) -> Callable[[Request], Answer]:
    """Make an answer whose one event never comes to its end."""
    steps: tuple[Step, ...] = (Piece(b"data: "), *[Piece(b"x" * 1_000_000)] * mega_bytes, Stall())
    answer = Answer(headers={"content-type": "text/event-stream"}, steps=steps)
    return lambda _request: answer


@EACH
def test_one_event_that_never_ends_is_left(setup: Setup) -> None:
    """The SDK waits for the end of a line in vain; the bound on what is read holds all the same."""
    setup.endpoint.answer_with(send_one_line(mega_bytes=MAX_TEXT_BYTES // 1_000_000 + 1))

    parts, error = write(setup.writer)

    assert parts == []
    assert isinstance(error, ReplyError)
    assert error.message == setup.message("text", "32 MB")
    setup.endpoint.wait_until_idle()
    assert setup.endpoint.loopback.abandoned == 1


def send_bomb(*, size_bytes: int, content_type: str) -> Callable[[Request], Answer]:
    """Make a small answer that unpacks to a large one."""
    data = gzip.compress(b'{"data":"' + b"A" * size_bytes, 1)
    headers = {"content-type": content_type, "content-encoding": "gzip"}
    answer = Answer(headers=headers, steps=(Piece(data),), length=len(data))
    return lambda _request: answer


@EACH
def test_a_text_that_unpacks_to_too_much_is_left(setup: Setup) -> None:
    """What counts is what there is to hold, not what came through the wire."""
    bomb = send_bomb(size_bytes=MAX_TEXT_BYTES, content_type="text/event-stream")
    setup.endpoint.answer_with(bomb)

    _parts, error = write(setup.writer)

    assert error.message == setup.message("text", "32 MB")


@EACH
def test_a_picture_that_unpacks_to_too_much_is_left(setup: Setup) -> None:
    """A picture is bounded while it comes, so that never more than the bound is held."""
    bomb = send_bomb(size_bytes=MAX_PICTURE_BYTES, content_type="application/json")
    setup.endpoint.answer_with(bomb)

    pictures, error = paint(setup.painter)

    assert pictures == []
    assert isinstance(error, ReplyError)
    assert error.message == setup.message("image", "100 MB")


@EACH
def test_a_picture_that_announces_too_much_is_not_read(setup: Setup) -> None:
    """Where the size is told beforehand, nothing of the answer is waited for."""
    headers = {"content-type": "application/json"}
    answer = Answer(headers=headers, steps=(Stall(),), length=MAX_PICTURE_BYTES + 1)
    setup.endpoint.answer_with(lambda _request: answer)

    _pictures, error = paint(setup.painter)

    assert error.message == setup.message("image", "100 MB")


@EACH
def test_a_picture_may_be_larger_than_a_text(setup: Setup) -> None:
    """A picture of more bytes than a text may have is handed on whole."""
    picture = b"\x89PNG\r\n\x1a\n" + bytes(MAX_TEXT_BYTES)
    setup.endpoint.answer_with(lambda request: answer_picture(setup.provider, picture))

    (painted,) = setup.painter.paint(ImageRequest(prompt="A", aspect_ratio="1:1", count=1))

    assert painted.data == picture


def test_an_answer_is_let_go_once_nobody_needs_it(uncollected: None) -> None:
    """The bytes of an answer that was read don't wait for the collector of cycles."""
    request = httpx2.Request("POST", "http://127.0.0.1/v1/images/generations")
    answer = httpx2.Response(200, content=iter([b"{}"]), request=request)
    bound_answer(answer, painting="/images/")
    answer.read()
    watched = weakref.ref(answer)

    del answer

    assert watched() is None


@pytest.fixture
def uncollected() -> Iterator[None]:
    """No collector of cycles, until the test ends."""
    gc.disable()
    yield
    gc.enable()


def answer_picture(provider: str, picture: bytes) -> Answer:
    """Make an answer in one piece that holds a picture."""
    data = base64.b64encode(picture)
    body = {
        "openai": b'{"data":[{"b64_json":"%b"}]}',
        "google": b'{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"image/png","data":'
        b'"%b"}}]},"finishReason":"STOP"}]}',
    }[provider] % data
    headers = {"content-type": "application/json"}
    return Answer(headers=headers, steps=(Piece(body),), length=len(body))


def test_answer_and_reasoning_are_counted_apart() -> None:
    """Much reasoning leaves the answer its room."""
    tally = Tally()
    tally.add(reasoning="x" * MAX_TEXT_CHARS)
    tally.add(text="x" * MAX_TEXT_CHARS)

    with pytest.raises(AnswerTooLargeError) as caught:
        tally.add(reasoning="x")

    assert caught.value.limit == "200,000 characters"
