"""The key is nowhere: in no message, no repr, no traceback and no log, whatever goes wrong."""

import logging
import traceback
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from promptflow.errors import ProviderError, SetupError
from promptflow.providers.google import GoogleImage, GoogleText, google_provider, make_client
from tests.providers.google.asking import IMAGE_MODEL, KEY, TEXT_MODEL, ask_for, choose_patience
from tests.wire.answers import Answer, json_answer, stream_answer, to_json, whole_answer
from tests.wire.fault_rows import Fault
from tests.wire.faults import select_faults
from tests.wire.pictures import make_png
from tests.wire.requested import Request
from tests.wire.wire import Wire

if TYPE_CHECKING:
    from google import genai

_MARK = "Marked-0123456789"
_FAULTS = select_faults(provider="google")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and all that hang on it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _said(error: ProviderError | None, caplog: pytest.LogCaptureFixture) -> str:
    """Return everything that anyone could come to see of an error."""
    parts = [f"{each} {each!r} {vars(each)!r}" for each in _chain(error)]
    told = "".join(traceback.format_exception(error)) if error else ""
    logged = "\n".join(f"{record.getMessage()} {record.args}" for record in caplog.records)
    return "\n".join((*parts, told, logged, caplog.text))


def _seen(error: ProviderError | None, caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the lines in which the key is seen."""
    return [line for line in _said(error, caplog).splitlines() if _MARK in line]


@pytest.mark.filterwarnings("ignore:.*HOLOGRAM is not a valid:UserWarning")
@pytest.mark.parametrize("fault", _FAULTS, ids=lambda fault: fault.id)
def test_fault_does_not_show_the_key(
    client: "genai.Client", wire: Wire, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    """After each fault the key is in nothing that was raised or logged."""
    caplog.set_level(logging.DEBUG)
    fault.script(wire)

    _came, error = ask_for(fault.kind, client, silence_s=choose_patience(fault))

    assert _seen(error, caplog) == []


def _echo(status: int) -> Answer:
    message = f"API key {KEY} not valid, see https://example.com/?key={KEY}."
    return json_answer({"error": {"code": status, "message": message}}, status=status)


def _echo_ending(kind: str) -> Answer:
    candidate = {"finishReason": "NO_IMAGE" if kind == "image" else "OTHER", "finishMessage": KEY}
    body = {"candidates": [candidate]}
    if kind == "text":
        return stream_answer([b"data: %b\r\n\r\n" % to_json(body)])
    return json_answer(body)


def _echo_damaged(_kind: str) -> Answer:
    return whole_answer(b'{"key": "' + KEY.encode(), headers={"content-type": "application/json"})


def _echo_mime(kind: str) -> Answer:
    part = {"inlineData": {"mimeType": KEY, "data": "AAAA"}}
    body = {"candidates": [{"content": {"parts": [part]}, "finishReason": KEY}]}
    if kind == "text":
        return stream_answer([b"data: %b\r\n\r\n" % to_json(body)])
    return json_answer(body)


@pytest.mark.filterwarnings("ignore:.*is not a valid FinishReason:UserWarning")
@pytest.mark.parametrize("echo", [_echo_ending, _echo_damaged, _echo_mime])
@pytest.mark.parametrize("kind", ["text", "image"])
def test_answer_that_holds_the_key_is_not_repeated(
    client: "genai.Client",
    wire: Wire,
    kind: str,
    echo: Callable[[str], Answer],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A server that writes the key into its answer is not quoted with it."""
    caplog.set_level(logging.DEBUG)
    wire.google.answer_with(lambda _request: echo(kind))

    _came, error = ask_for(kind, client)

    assert error is not None
    assert _seen(error, caplog) == []


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500])
@pytest.mark.parametrize("kind", ["text", "image"])
def test_error_that_holds_the_key_is_not_repeated(
    client: "genai.Client",
    wire: Wire,
    kind: str,
    status: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its words are quoted without the key and without the query of the address."""
    caplog.set_level(logging.DEBUG)
    wire.google.answer_with(lambda _request: _echo(status))

    _came, error = ask_for(kind, client)

    assert error is not None
    assert "API key [key] not valid, see https://example.com/" in error.message
    assert _seen(error, caplog) == []


def test_id_that_is_the_key_is_not_kept(client: "genai.Client", wire: Wire) -> None:
    """A picture whose answer names the key as its id has none."""
    wire.google.answer_image(make_png(4, 4), more={"responseId": KEY})

    came, error = ask_for("image", client)

    assert error is None
    assert [getattr(picture, "request_id", KEY) for picture in came] == [None]


def test_redirect_does_not_take_the_key_along(client: "genai.Client", wire: Wire) -> None:
    """A server that points elsewhere does not make us send the key there."""

    def point_elsewhere(_request: Request) -> Answer:
        address = f"{wire.openai.origin}/v1/collect"
        return Answer(status=307, headers={"location": address}, length=0)

    wire.google.answer_with(point_elsewhere)

    _came, error = ask_for("text", client)

    assert error is not None
    assert "GOOGLE_GEMINI_BASE_URL" in error.message
    assert wire.openai.requests == ()


@pytest.mark.parametrize(
    "key",
    [
        "",
        "  ",
        "AIza Marked-0123456789",
        "AIzaMarked-0123456789é",
        "AIza\nMarked-0123456789",
        "k\x7f",
    ],
)
def test_key_that_fits_no_header_is_a_matter_of_setup(key: str) -> None:
    """It is refused before any library says so with the key in its words."""
    with pytest.raises(SetupError) as caught:
        make_client(api_key=key, base_url=None)

    assert _MARK not in "".join(traceback.format_exception(caught.value))
    assert "GOOGLE_AI_API_KEY" in caught.value.message


def test_models_do_not_show_the_key(client: "genai.Client") -> None:
    """Neither a model nor its provider has the key in its repr."""
    shown = [
        repr(GoogleText(model=TEXT_MODEL, client=client)),
        repr(GoogleImage(model=IMAGE_MODEL, client=client)),
        repr(client),
        repr(google_provider(api_key=KEY, base_url=None)),
    ]

    assert [line for line in shown if _MARK in line] == []
