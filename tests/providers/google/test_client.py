"""How Google is reached: when, with what limits, and by whom."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import httpx2
import pytest

from promptflow.errors import RejectedError, SetupError
from promptflow.ports import ImageRequest, TextRequest
from promptflow.providers.google import GoogleImage, GoogleText, google_provider, make_client
from promptflow.records import Stage
from tests.providers.google.asking import IMAGE_MODEL, KEY, TEXT_MODEL, paint, write_text
from tests.wire.pictures import make_png
from tests.wire.wire import Wire

if TYPE_CHECKING:
    from google import genai

_PROBE = """
import sys
import promptflow.providers.google
print([name for name in ("google.genai", "httpx2", "pydantic") if name in sys.modules])
"""


def test_sdk_is_not_imported_before_it_is_needed() -> None:
    """A start that asks Google nothing does not pay for its SDK."""
    done = subprocess.run(
        [sys.executable, "-c", _PROBE], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"


def test_limits_are_those_of_the_product() -> None:
    """Five seconds to connect, 120 between pieces of text, 300 for a picture, never for ever."""
    seen: list[dict[str, float]] = []

    with closing(make_client(api_key=KEY, base_url="http://127.0.0.1:9")) as made:
        made._api_client._httpx_client.event_hooks["request"].append(
            lambda request: seen.append(dict(request.extensions["timeout"]))
        )
        write_text(made, silence_s=GoogleText(model=TEXT_MODEL, client=made).silence_s)
        paint(made, silence_s=GoogleImage(model=IMAGE_MODEL, client=made).silence_s)
        with pytest.raises(httpx2.ConnectError):
            made.models.list()

    assert seen == [
        {"connect": 5, "read": 120, "write": 120, "pool": 120},
        {"connect": 5, "read": 300, "write": 300, "pool": 300},
        {"connect": 5, "read": 300, "write": 300, "pool": 300},
    ]


def test_server_is_given_time_for_a_whole_answer(client: "genai.Client", wire: Wire) -> None:
    """The limit on silence is not passed on as the limit on the answer."""
    wire.google.answer_text("Yes.")

    write_text(client, silence_s=1)

    assert wire.google.requests[0].headers["x-server-timeout"] == "600"


def test_environment_has_no_say(
    client: "genai.Client", wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Key and address are those given, whatever variables are set."""
    for name, value in {
        "GOOGLE_API_KEY": "AIzaOther-0123456789",
        "GOOGLE_GENAI_USE_ENTERPRISE": "true",
        "GOOGLE_GENAI_USE_VERTEXAI": "true",
        "GOOGLE_CLOUD_PROJECT": "other",
        "GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)
    wire.google.answer_text("Yes.")

    with closing(make_client(api_key=f" {KEY}\n", base_url=wire.google.base_url)) as made:
        parts, _error = write_text(made)

    (request,) = wire.google.requests
    assert parts[0].text == "Yes."
    assert request.headers["x-goog-api-key"] == KEY
    assert request.path.startswith("/v1/models/")


def test_provider_shares_one_client(wire: Wire) -> None:
    """Models asked for at the same time, of either kind, have the same client."""
    provider = google_provider(
        api_key=KEY, base_url=wire.google.base_url, has_thinking=lambda model_id: model_id == "a"
    )
    with ThreadPoolExecutor(8) as threads:
        writers = list(threads.map(provider.text_model, ["a", "b"] * 4))
        painters = list(threads.map(provider.image_model, [IMAGE_MODEL] * 4))

    texts = [model for model in writers if isinstance(model, GoogleText)]
    images = [model for model in painters if isinstance(model, GoogleImage)]
    clients = [model.client for model in texts] + [model.client for model in images]
    assert len(clients) == 12
    assert len(set(map(id, clients))) == 1
    assert [model.thinking_level for model in texts] == ["LOW", None] * 4
    assert [model.model for model in images] == [IMAGE_MODEL] * 4
    texts[0].client.close()


def test_provider_looks_at_the_key_when_it_is_used() -> None:
    """A key that can't be one stops the models of this provider, not the start."""
    provider = google_provider(api_key="", base_url=None)

    with pytest.raises(SetupError):
        provider.text_model(TEXT_MODEL)


def test_messages_name_the_title_and_the_variable(wire: Wire) -> None:
    """What people call the model, and the variable that holds the key, stand in what they read."""
    provider = google_provider(
        api_key=KEY,
        base_url=wire.google.base_url,
        title={TEXT_MODEL: "Gemini 3.8 Flash", IMAGE_MODEL: "Nano Banana 2.1"}.__getitem__,
        key_variable="GEMINI_API_KEY",
    )
    writer, painter = provider.text_model(TEXT_MODEL), provider.image_model(IMAGE_MODEL)
    assert isinstance(writer, GoogleText)
    wire.google.answer_error(401, "No.", name="UNAUTHENTICATED", times=2)
    question = TextRequest(stage=Stage.THINKING, instructions="Think.", sections={"request": "x"})

    with pytest.raises(RejectedError) as written:
        list(writer.stream(question))
    with pytest.raises(RejectedError) as painted:
        list(painter.paint(ImageRequest(prompt="A tower", aspect_ratio="1:1", count=1)))

    said = (
        "Google does not accept the API key that {} was asked with: “No”. Check it, or make a new one"
        " at https://aistudio.google.com/api-keys, and set it as GEMINI_API_KEY."
    )
    assert written.value.message == said.format("Gemini 3.8 Flash")
    assert painted.value.message == said.format("Nano Banana 2.1")
    assert (written.value.model, painted.value.model) == (TEXT_MODEL, IMAGE_MODEL)
    writer.client.close()


def test_key_that_can_not_be_one_is_told_by_its_variable() -> None:
    """It is to be set anew where it was set before."""
    provider = google_provider(api_key="a b", base_url=None, key_variable="GOOGLE_API_KEY")

    with pytest.raises(SetupError, match="into GOOGLE_API_KEY"):
        provider.check()


def test_client_serves_many_threads(client: "genai.Client", wire: Wire) -> None:
    """Texts and pictures asked for side by side come to those who asked."""
    wire.google.answer_text("Yes.", times=8)
    wire.google.answer_image(make_png(4, 4), times=8)

    with ThreadPoolExecutor(16) as threads:
        texts = [threads.submit(write_text, client) for _ in range(8)]
        pictures = [threads.submit(paint, client) for _ in range(8)]

    assert [task.result()[0][0].text for task in texts] == ["Yes."] * 8
    assert [len(task.result()[0]) for task in pictures] == [1] * 8
