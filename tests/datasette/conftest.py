"""The questions about a ledger of which everything is known, served alone."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.datasette.known import make_ledger
from tests.datasette.serving import serve_questions


@pytest.fixture(scope="session")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of the known ledger."""
    return make_ledger(tmp_path_factory.mktemp("known") / "data")


@pytest.fixture(scope="session")
def _address(known: Path) -> Iterator[str]:
    """Where the known ledger is served."""
    with serve_questions(known.parent) as address:
        yield address


@pytest.fixture
def site(_address: str) -> Iterator[httpx.Client]:
    """A visitor of the site over the known ledger."""
    with httpx.Client(base_url=_address, timeout=30) as client:
        yield client
