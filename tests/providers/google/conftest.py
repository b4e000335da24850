"""Both providers on the loopback, and the one client a test needs."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import certifi
import pytest

from promptflow.providers.google import make_client
from tests.providers.google.asking import KEY
from tests.wire.wire import Wire

if TYPE_CHECKING:
    from google import genai


@pytest.fixture(scope="session")
def one_certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a single certificate."""
    end = "-----END CERTIFICATE-----\n"
    first, _, _ = Path(certifi.where()).read_text("ascii").partition(end)
    path = tmp_path_factory.mktemp("certificates") / "one.pem"
    path.write_text(first + end, "ascii")
    return path


@pytest.fixture(autouse=True)
def _few_certificates(one_certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new client reads one certificate: all those of the system take longer than most tests."""
    monkeypatch.setenv("SSL_CERT_FILE", str(one_certificate))


@pytest.fixture
def wire() -> Iterator[Wire]:
    """The servers."""
    with Wire() as opened:
        yield opened


@pytest.fixture
def client(wire: Wire) -> "Iterator[genai.Client]":
    """The adapter's own client, pointed at the loopback."""
    made = make_client(api_key=KEY, base_url=wire.google.base_url)
    yield made
    made.close()
