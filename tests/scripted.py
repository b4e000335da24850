"""Laboratories and tools whose models do as a test says: the shipped offline ones, scripted."""

import itertools
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from promptflow.catalog import read_catalog
from promptflow.clock import Clock
from promptflow.errors import BusyError, RefusedError, RejectedError
from promptflow.events import Event
from promptflow.instructions import read_instructions
from promptflow.laboratory import Laboratory, open_laboratory
from promptflow.pipeline import Tools, run_flow
from promptflow.ports import ImageModel, ImageStore, Ledger, TextModel
from promptflow.providers import Provider
from promptflow.providers.offline import OfflinePainter, OfflinePlanner
from promptflow.records import GenerationRequest
from promptflow.settings import SHIPPED_DATA, Settings
from promptflow.storage.local import LocalStore

GOUACHE, POSTER = "offline-gouache", "offline-poster"
BOTH = (GOUACHE, POSTER)
IDEA = "A lighthouse in a storm at dusk"


def make_request(request: str = IDEA, **more: object) -> GenerationRequest:
    """Make a checked request; by default for both painters."""
    fields = {"text_model": "offline-planner", "image_models": BOTH} | more
    return GenerationRequest(request=request, **fields)  # type: ignore[arg-type]


def make_refusal(model: str = GOUACHE) -> RefusedError:
    """Make what a safety system says."""
    message = "The picture was refused as violent. Describe it without weapons."
    return RefusedError(message, provider="offline", model=model, category="violence")


def make_fault(model: str = GOUACHE) -> RejectedError:
    """Make a failure that another try would not mend."""
    message = "Offline gouache does not take this prompt. Shorten it."
    return RejectedError(message, provider="offline", model=model, status=400)


def make_rush(model: str = GOUACHE, retry_after_s: float | None = 0.0) -> BusyError:
    """Make a failure that another try may mend."""
    message = "Offline gouache has too much to do. It is tried again by itself."
    return BusyError(
        message, provider="offline", model=model, status=429, retry_after_s=retry_after_s
    )


@dataclass(slots=True)
class ListLedger:
    """A ledger that keeps its events in a list."""

    events: list[Event] = field(default_factory=list)

    def record(self, event: Event) -> None:
        """Keep an event."""
        self.events.append(event)


def make_tools(
    folder: Path,
    *,
    planner: TextModel | None = None,
    painters: Mapping[str, ImageModel] | None = None,
    ledger: Ledger | None = None,
    store: ImageStore | None = None,
) -> Tools:
    """Put tools together whose ids count up: ``id-0001``, ``id-0002`` and so on."""
    chosen = {model: OfflinePainter(model=model) for model in BOTH} | dict(painters or {})
    writer = planner or OfflinePlanner()
    numbers = itertools.count(1)
    return Tools(
        text_model=lambda _: writer,
        image_model=lambda model: chosen[model],
        store=store or LocalStore(folder),
        ledger=ledger or ListLedger(),
        catalog=read_catalog(SHIPPED_DATA / "models.toml"),
        instructions=read_instructions(SHIPPED_DATA / "instructions"),
        clock=Clock(),
        new_id=lambda: f"id-{next(numbers):04}",
        jitter=lambda: 0.0,
    )


def run_whole(
    tools: Tools, request: GenerationRequest, cancel: threading.Event | None = None
) -> list[Event]:
    """Run one flow to its end and return its events."""
    return list(
        run_flow(
            request,
            generation_id="generation-1",
            tools=tools,
            cancel=cancel or threading.Event(),
        )
    )


def make_laboratory(
    settings: Settings,
    *,
    planner: TextModel | None = None,
    painters: Mapping[str, ImageModel] | None = None,
) -> Laboratory:
    """Open a laboratory whose offline models are scripted."""
    chosen = {model: OfflinePainter(model=model) for model in BOTH} | dict(painters or {})
    writer = planner or OfflinePlanner()
    provider = Provider(text_model=lambda _: writer, image_model=lambda model: chosen[model])
    return open_laboratory(settings, providers={"offline": provider})


def finish(laboratory: Laboratory, generation_id: str) -> Iterator[Event]:
    """Follow a flow of a laboratory to its end."""
    flow = laboratory.find_flow(generation_id)
    for batch in flow.follow(timeout_s=10) if flow else ():
        yield from batch
