"""Whole flows through both real SDKs, a real ledger and a real store, in which no retry is waited for."""

import json
import logging
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from promptflow.document import render_document
from promptflow.events import Event, RunRetrying, StageRetrying
from promptflow.laboratory import Laboratory, open_laboratory
from promptflow.providers import Provider
from promptflow.providers.google import GoogleImage, GoogleText, make_client
from promptflow.providers.openai import Timeouts, openai_provider
from promptflow.records import Fault as Kept
from promptflow.settings import read_settings
from promptflow.transcript import Transcript
from promptflow.view import FlowView, fold
from tests.real.scripts import IDEA, PAINTERS, WRITERS
from tests.scripted import make_request, make_tools, run_whole
from tests.wire.fault_rows import Fault
from tests.wire.requested import Request
from tests.wire.wire import Wire

if TYPE_CHECKING:
    from google import genai

OPENAI_KEY = "sk-marked-0123456789abcdefghij"
GOOGLE_KEY = "AIzaMarked-0123456789_abcdefghijklmnopq"
KEYS = (OPENAI_KEY, GOOGLE_KEY)
_OPENAI_URL = "http://api.openai.com/v1"
"""OpenAI's own address: the loopback stands in as a proxy, and messages speak of OpenAI itself."""
_PATIENT_S = 10.0
"""For a busy machine."""
_HASTY_S = {"openai": 0.4, "google": 0.3}
"""For silence that is meant; the tables of outcomes tell these seconds."""


class NoWaiting(threading.Event):
    """A wish to cancel that never comes; who waits for it is told at once that the time is up."""

    def __init__(self) -> None:
        super().__init__()
        self.waits_s: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        """Note how long the wait would have been."""
        self.waits_s.append(timeout)
        return self.is_set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A flow that is over, and all that it left."""

    events: Sequence[Event] = field(repr=False)
    """As they happened."""
    kept: Sequence[Event] = field(repr=False)
    """As the ledger has them."""
    waits_s: Sequence[float | None]
    """Seconds before each retry."""
    folder: Path
    """The data folder."""
    logged: str = field(repr=False)
    """All that was logged by anyone."""
    requests: Sequence[Request] = field(repr=False)
    """What both servers were asked."""
    violations: int
    """How often the servers did not accept what they were asked."""

    @property
    def view(self) -> FlowView:
        """The flow as it was seen."""
        return fold(list(self.events))

    @property
    def kept_view(self) -> FlowView:
        """The flow as it is read back."""
        return fold(list(self.kept))

    def tell(self) -> str:
        """Return what the command line says of it to people and to programs."""
        said: list[str] = []
        transcript = Transcript(said.append, str)
        for event in self.events:
            transcript.take(event)
        return "".join((*said, json.dumps(render_document(self.kept_view), ensure_ascii=False)))

    def read_files(self) -> bytes:
        """Return the bytes of every file it left: the ledger, its log, and the pictures."""
        paths = sorted(path for path in self.folder.rglob("*") if path.is_file())
        return b"\n".join(path.read_bytes() for path in paths)


def find_retries(events: Sequence[Event]) -> list[tuple[int, float, Kept]]:
    """Return attempt, wait and fault of each retry."""
    return [
        (event.attempt, event.wait_s, event.fault)
        for event in events
        if isinstance(event, RunRetrying | StageRetrying)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Where flows are run.

    Its ledger is a copy: making one takes a third of a second. Its clients read one certificate: all
    those of the system take longer than most flows.
    """

    empty: Path
    """A data folder with a ledger in which nothing is written."""
    certificate: Path
    """A file with a single certificate."""

    def run(
        self,
        folder: Path,
        script: Callable[[Wire], None],
        *,
        writer: str,
        silent: Fault | None = None,
    ) -> Flow:
        """Run one flow to its end.

        Args:
            folder: the data folder to be.
            script: tells the servers what to say.
            writer: the provider that plans, thinks and writes; both paint.
            silent: the fault that it meets: with its silence, if it is that, there is little patience.
        """
        shutil.copytree(self.empty, folder)
        lab = open_laboratory(read_settings({"PROMPTFLOW_DATA_DIR": str(folder)}))
        cancel = NoWaiting()
        with Wire() as wire, self._near(wire), _logged() as lines:
            script(wire)
            google = make_client(api_key=GOOGLE_KEY, base_url=wire.google.base_url)
            providers = {
                "openai": _make_openai(lab, silent),
                "google": _make_google(lab, google, silent),
            }
            tools = make_tools(
                folder,
                planner=providers[writer].text_model(WRITERS[writer]),
                painters={
                    model: providers[provider].image_model(model)
                    for provider, model in PAINTERS.items()
                },
                ledger=lab.ledger,
                store=lab.archive.store,
            )
            events = run_whole(
                tools,
                make_request(
                    IDEA, text_model=WRITERS[writer], image_models=tuple(PAINTERS.values())
                ),
                cancel,
            )
            google.close()
        kept = lab.read_events(fold(events).generation_id)
        lab.close(timeout_s=0)
        return Flow(
            events=events,
            kept=kept,
            waits_s=cancel.waits_s,
            folder=folder,
            logged="\n".join(lines),
            requests=wire.requests,
            violations=len(wire.violations),
        )

    @contextmanager
    def _near(self, wire: Wire) -> Iterator[None]:
        """Let OpenAI's own address be found on the loopback."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SSL_CERT_FILE", str(self.certificate))
            patch.setenv("http_proxy", wire.openai.origin)
            patch.setenv("no_proxy", "127.0.0.1")
            yield


def _make_openai(lab: Laboratory, silent: Fault | None) -> Provider:
    return openai_provider(
        api_key=OPENAI_KEY,
        base_url=_OPENAI_URL,
        title=lab.catalog.model_title,
        timeouts=Timeouts(
            text_s=_bear(silent, "openai", "text"), image_s=_bear(silent, "openai", "image")
        ),
    )


def _make_google(lab: Laboratory, client: "genai.Client", silent: Fault | None) -> Provider:
    return Provider(
        text_model=lambda model: GoogleText(
            model=model,
            client=client,
            silence_s=_bear(silent, "google", "text"),
            title=lab.models.name_of(model),
        ),
        image_model=lambda model: GoogleImage(
            model=model,
            client=client,
            silence_s=_bear(silent, "google", "image"),
            title=lab.models.name_of(model),
        ),
    )


def _bear(silent: Fault | None, provider: str, kind: str) -> float:
    """Return the seconds of silence that a kind of model bears."""
    if silent is None or "stall" not in silent.name:
        return _PATIENT_S
    met = (silent.provider, silent.kind) == (provider, kind)
    return _HASTY_S[provider] if met else _PATIENT_S


class _Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{self.format(record)} {record.args!r}")


@contextmanager
def _logged() -> Iterator[list[str]]:
    """Yield the lines that are logged, with all that libraries log of their own accord."""
    root, handler = logging.getLogger(), _Lines()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield handler.lines
    finally:
        root.setLevel(before)
        root.removeHandler(handler)
