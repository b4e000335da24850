"""Prompt Flow's servers in processes of their own, on 127.0.0.1 and a free port, stopped by their handle."""

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from promptflow.settings import ROOT
from tests.processes import environ_for

_START_S = 60.0
STUDIO = "http://127.0.0.1:9"
"""Where the questions believe the Studio to be, when they are served alone."""


@contextmanager
def serve_questions(folder: Path, *, studio: str | None = STUDIO) -> Iterator[str]:
    """Serve the questions about a data folder alone; yield the address, without a slash at its end."""
    port = _find_port()
    command = ["-m", "promptflow.questions", "--port", str(port)]
    if studio:
        command += ["--studio", studio]
    with _serve(folder, command, port, "/"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def serve_app(folder: Path, script: str, *, base_path: str = "", **environ: str) -> Iterator[str]:
    """Serve a script with Streamlit; yield the address, without a slash at its end."""
    port = _find_port()
    command = [
        *("-m", "streamlit", "run", script),
        *("--server.address=127.0.0.1", f"--server.port={port}", "--server.headless=true"),
        f"--server.baseUrlPath={base_path}",
    ]
    with _serve(folder, command, port, f"{base_path}/_stcore/health", **environ):
        yield f"http://127.0.0.1:{port}{base_path}"


def _find_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port: int = free.getsockname()[1]
    return port


@contextmanager
def _serve(
    folder: Path, command: list[str], port: int, path: str, **environ: str
) -> Iterator[None]:
    log = folder.parent / f"{port}.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=environ_for(folder, **environ),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait(f"http://127.0.0.1:{port}{path}", server, log)
            yield
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
    assert "Traceback" not in log.read_text("utf-8", "replace")


def _wait(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline_s = time.monotonic() + _START_S
    while time.monotonic() < deadline_s and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=30):  # noqa: S310 - our own address
                return
        except urllib.error.HTTPError as answer:
            answer.close()
            return
        except OSError:
            time.sleep(0.1)
    message = f"The server did not start. It said: {log.read_text('utf-8', 'replace')[-2000:]}"
    raise AssertionError(message)
