"""What every test stands on: no network beyond this machine, an environment without keys."""

import os
import socket
from pathlib import Path

import pytest

from promptflow.settings import Settings, read_settings
from tests.processes import SETTINGS

_LOOPBACK = ("127.", "localhost", "::1")


@pytest.fixture(autouse=True)
def _only_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing beyond this machine can be reached."""
    connect = socket.socket.connect

    def refuse_others(sock: socket.socket, address: object) -> None:
        host = str(address[0]) if isinstance(address, tuple) else ""
        if isinstance(address, tuple) and not host.startswith(_LOOPBACK):
            message = f"a test tried to reach {host}"
            raise ConnectionRefusedError(message)
        connect(sock, address)  # type: ignore[arg-type]  # any family's address passes through

    monkeypatch.setattr(socket.socket, "connect", refuse_others)


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting or key of whoever runs the tests gets in."""
    for name in list(os.environ):
        if name.startswith(SETTINGS):
            monkeypatch.delenv(name)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation of its own, empty."""
    return read_settings({"PROMPTFLOW_DATA_DIR": str(tmp_path / "data")})
