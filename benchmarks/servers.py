"""Servers in child processes of their own, on 127.0.0.1 and a free port, stopped by their handle."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import CannotMeasureError

ROOT = Path(__file__).resolve().parent.parent
"""The checkout: the app runs from here."""

POLL_S = 0.02
_READY_S = 60.0
_STOP_S = 20.0
_LOG_CHARS = 2_000
_SETTINGS = (
    *("PROMPTFLOW_", "STREAMLIT_", "OPENAI_", "GOOGLE_", "GEMINI_"),
    *("B2_", "S3_", "IMAGE_"),
)
"""Beginnings of variables that would make one machine's figures differ from another's."""


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a child process: this one's without settings, keys and proxies.

    Args:
        variables: those to set.
    """
    kept = {name: value for name, value in os.environ.items() if not _is_setting(name)}
    return {**kept, "PYTHONPATH": str(ROOT), **variables}


def forget_settings() -> None:
    """Take settings, keys and proxies out of this process's own variables."""
    for name in filter(_is_setting, tuple(os.environ)):
        del os.environ[name]


def _is_setting(name: str) -> bool:
    return name.startswith(_SETTINGS) or name.lower().endswith("_proxy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server."""

    url: str
    spawned_s: float
    """Reading of `time.monotonic` just before the process was made."""


@contextmanager
def serve(
    *program: str,
    folder: Path,
    cwd: Path = ROOT,
    options: Sequence[str] = (),
    variables: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Run a Streamlit server until the block ends.

    Args:
        program: what Python is to run, up to the script; its arguments follow.
        folder: for the server's log.
        cwd: where it runs.
        options: further settings of Streamlit's.
        variables: environment variables to set.

    Yields:
        The server, once it answers.

    Raises:
        CannotMeasureError: it ended early, or did not answer in time; the message has its last words.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    log = folder / f"server-{port}.log"
    command = [
        sys.executable,
        *program,
        "--server.address=127.0.0.1",
        f"--server.port={port}",
        "--server.headless=true",
        "--browser.gatherUsageStats=false",
        *options,
    ]
    with log.open("wb") as output:
        spawned_s = time.monotonic()
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=environment(variables or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_until_ready(process, url, log)
            yield Server(url=url, spawned_s=spawned_s)
        finally:
            _stop(process)


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline_s = time.monotonic() + _READY_S
    while time.monotonic() < deadline_s and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=5):  # noqa: S310 - ours
                return
        except (urllib.error.URLError, OSError):
            time.sleep(POLL_S)
    last_words = log.read_text("utf-8", "replace")[-_LOG_CHARS:]
    raise CannotMeasureError(f"The server did not answer. Its last words:\n{last_words}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
