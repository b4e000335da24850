"""Both providers on the loopback, and what a flow needs beside them."""

from collections.abc import Iterator
from pathlib import Path

import certifi
import pytest

from promptflow.laboratory import open_laboratory
from promptflow.settings import read_settings
from tests.real.workbench import GOOGLE_KEY, OPENAI_KEY, Bench
from tests.wire.wire import Wire


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a single certificate."""
    end = "-----END CERTIFICATE-----\n"
    first, _, _ = Path(certifi.where()).read_text("ascii").partition(end)
    path = tmp_path_factory.mktemp("certificates") / "one.pem"
    path.write_text(first + end, "ascii")
    return path


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory, certificate: Path) -> Bench:
    """Where flows are run in which no retry is waited for."""
    folder = tmp_path_factory.mktemp("empty") / "data"
    lab = open_laboratory(read_settings({"PROMPTFLOW_DATA_DIR": str(folder)}))
    lab.close(timeout_s=0)
    lab.ledger.close()
    return Bench(empty=folder, certificate=certificate)


@pytest.fixture
def wire() -> Iterator[Wire]:
    """Both providers on the loopback."""
    with Wire() as both:
        yield both


@pytest.fixture
def environ(wire: Wire, tmp_path: Path, certificate: Path) -> dict[str, str]:
    """The variables of an installation with marked keys of both providers."""
    return {
        "PROMPTFLOW_DATA_DIR": str(tmp_path / "data"),
        "OPENAI_API_KEY": OPENAI_KEY,
        "OPENAI_BASE_URL": wire.openai.base_url,
        "GEMINI_API_KEY": GOOGLE_KEY,
        "GOOGLE_GEMINI_BASE_URL": wire.google.base_url,
        "SSL_CERT_FILE": str(certificate),
    }
