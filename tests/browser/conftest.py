"""A real server process and a real Chromium."""

import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from promptflow.settings import ROOT
from tests.processes import environ_for

_CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_WATCH_FOR_ERRORS = """
window.errorsSeen = [];
new MutationObserver(() => {
  for (const box of document.querySelectorAll("[data-testid='stException']"))
    if (!window.errorsSeen.includes(box.innerText)) window.errorsSeen.push(box.innerText);
}).observe(document, {childList: true, subtree: true});
"""
_PIECE_S = "0.02"
"""Seconds between two pieces of an answer: a whole flow takes about ten seconds."""
_START_S = 60.0


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the app with an empty ledger; yield its address."""
    with serve(tmp_path_factory.mktemp("served"), piece_s=_PIECE_S) as served:
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Chromium, headless."""
    with sync_playwright() as playwright:
        started = launch(playwright, find_chromium())
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Open a tab in a browser window of its own."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    context.set_default_timeout(40_000)
    # Noted as it appears: the next redraw may take an error box away again.
    context.add_init_script(_WATCH_FOR_ERRORS)
    tab = context.new_page()
    yield tab
    assert tab.evaluate("window.errorsSeen") == []
    context.close()


def find_chromium() -> str:
    """Find the browser's program, or say how to get it."""
    program = shutil.which("chromium")
    if program is None:
        message = "There is no chromium on this machine; Debian: apt-get install chromium."
        raise AssertionError(message)
    return program


def launch(playwright: Playwright, program: str) -> Browser:
    """Start a browser that talks to nobody by itself."""
    return playwright.chromium.launch(executable_path=program, args=list(_CHROMIUM_FLAGS))


@contextmanager
def serve(folder: Path, *, piece_s: str, script: str = "serve.py") -> Iterator[str]:
    """Serve the app with its data in a folder; yield its address, and stop it in the end.

    Args:
        folder: an empty one.
        piece_s: seconds between two pieces of an answer.
        script: what serves it, of this folder.
    """
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, str(Path(__file__).parent / script), str(port), piece_s],
            cwd=ROOT,
            env=environ_for(folder / "data", PYTHONPATH=str(ROOT)),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait(f"http://127.0.0.1:{port}/_stcore/health", server, folder / "log")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
    assert "Traceback" not in (folder / "log").read_text("utf-8", "replace")


def _wait(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline_s = time.monotonic() + _START_S
    while time.monotonic() < deadline_s and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310 - our own address
                return
        except OSError:
            time.sleep(0.1)
    message = f"The server did not start. It said: {log.read_text('utf-8', 'replace')[-2000:]}"
    raise AssertionError(message)
