"""A ledger in a folder of its own."""

from pathlib import Path

import pytest

from promptflow.ledger import SqliteLedger
from tests.ledger.scripted_flow import StoppedClock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the ledger is."""
    return tmp_path / "data" / "promptflow.db"


@pytest.fixture
def ledger(path: Path) -> SqliteLedger:
    """An empty ledger at noon, fit for use."""
    ledger = SqliteLedger(path, clock=StoppedClock(), owner="owner-1")
    ledger.prepare()
    return ledger
