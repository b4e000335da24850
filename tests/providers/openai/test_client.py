"""One client for the process, made late, patient as it should be, without retries of its own."""

import gc
import subprocess
import sys
import threading

import openai
import pytest

from promptflow.errors import SetupError
from promptflow.ports import ImageRequest
from promptflow.providers.openai import Timeouts, make_client, openai_provider
from promptflow.providers.openai.client import with_patience
from promptflow.settings import ROOT
from tests.providers.openai.conftest import KEY, NOWHERE, question
from tests.wire.openai_wire import OpenAIWire
from tests.wire.pictures import make_png


def test_the_client_does_not_retry_and_does_not_wait_for_ever() -> None:
    """The SDK's own retries are off, and its time-outs set."""
    with make_client(api_key=KEY, base_url=None) as client:
        assert client.max_retries == 0
        assert client.timeout == openai.Timeout(120, connect=5)


def test_each_kind_of_request_has_its_patience(shared_client: openai.OpenAI) -> None:
    """Five seconds for a connection, two minutes for text, five for pictures."""
    timeouts = Timeouts()

    text = with_patience(shared_client, timeouts, timeouts.text_s)
    image = with_patience(shared_client, timeouts, timeouts.image_s)

    assert text.timeout == openai.Timeout(120, connect=5)
    assert image.timeout == openai.Timeout(300, connect=5)
    assert (text.max_retries, image.max_retries) == (0, 0)


def test_the_address_is_openais_unless_another_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only what the settings say counts, not what the SDK would find in the environment."""
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/elsewhere")
    with (
        make_client(api_key=KEY, base_url=None) as official,
        make_client(api_key=KEY, base_url=f" {NOWHERE} ") as other,
    ):
        assert str(official.base_url) == "https://api.openai.com/v1/"
        assert str(other.base_url) == f"{NOWHERE}/"


@pytest.mark.parametrize(
    "base_url",
    [
        "someserver:1143",
        "ftp://secret/v1",
        "http:///v1",
        "http://x:y/v1",
        "http://a\tb/v1",
        "http://[v1.a]/v1",
    ],
)
def test_an_address_that_is_none_is_refused(base_url: str) -> None:
    """What can't be an address is the operator's to mend, and is not repeated."""
    with pytest.raises(SetupError, match="OPENAI_BASE_URL") as caught:
        make_client(api_key=KEY, base_url=base_url)

    assert base_url not in caught.value.message


def test_a_client_that_is_thrown_away_closes_its_connections() -> None:
    """A client that nobody has any more leaves no connection open."""
    client = make_client(api_key=KEY, base_url=NOWHERE)
    transport = client._client

    del client
    gc.collect()

    assert transport.is_closed


def test_a_server_without_keys_needs_none(wire: OpenAIWire) -> None:
    """A blank key is sent as a word that stands for none."""
    wire.answer_text("Done.")
    provider = openai_provider(api_key=" ", base_url=wire.base_url)

    list(provider.text_model("gpt-4o").stream(question()))

    assert wire.requests[0].headers["authorization"] == "Bearer none"


def test_all_models_share_one_client(wire: OpenAIWire) -> None:
    """However many threads ask first, text and pictures go through the same client."""
    wire.answer_text("Done.", times=None)
    wire.answer_image(make_png(), times=None)
    provider = openai_provider(
        api_key=KEY, base_url=wire.base_url, reasoning=lambda model: model == "gpt-6-luna"
    )
    before = threading.active_count()

    text = list(provider.text_model("gpt-6-luna").stream(question()))
    plain = list(provider.text_model("gpt-4o").stream(question()))
    pictures = list(
        provider.image_model("gpt-image-2").paint(
            ImageRequest(prompt="A", aspect_ratio="1:1", count=1)
        )
    )

    assert text
    assert plain
    assert pictures
    assert "reasoning" in (wire.requests[0].json or {})
    assert "reasoning" not in (wire.requests[1].json or {})
    assert threading.active_count() <= before + 3
    assert wire.violations == ()


def test_nothing_is_imported_before_a_model_is_asked() -> None:
    """The adapter loads, and makes its models, without the SDK."""
    script = """
import sys
from promptflow.providers.openai import openai_provider
provider = openai_provider(api_key="x")
provider.text_model("gpt-6-luna"), provider.image_model("gpt-image-2")
print([name for name in ("openai", "httpx2", "pydantic") if name in sys.modules])
"""

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True
    )

    assert done.stdout == "[]\n"


def test_client_waits_for_a_module_that_another_thread_imports() -> None:
    """No client is made beside a half-imported `httpx`, over which the SDK would trip."""
    script = """
import sys, threading
from promptflow.providers.openai import make_client
other = threading.Thread(target=lambda: __import__("google.genai"))
other.start()
while "httpx" not in sys.modules and other.is_alive():
    pass
make_client(api_key="x" * 20, base_url=None)
whole = hasattr(sys.modules["httpx"], "Client")
other.join()
print(whole)
"""

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True
    )

    assert done.stdout == "True\n"
