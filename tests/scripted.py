"""Laboratories and tools whose models do as a test says: the shipped offline ones, scripted."""

import io
import itertools
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from promptflow.catalog import read_catalog
from promptflow.clock import Clock
from promptflow.errors import (
    BusyError,
    LedgerError,
    PictureError,
    RefusedError,
    RejectedError,
)
from promptflow.events import Event
from promptflow.instructions import read_instructions
from promptflow.laboratory import Laboratory, open_laboratory
from promptflow.pipeline import Tools, run_flow
from promptflow.ports import (
    ImageModel,
    ImageRequest,
    ImageStore,
    Ledger,
    Picture,
    TextModel,
    TextPart,
    TextRequest,
)
from promptflow.providers import Provider
from promptflow.providers.offline import OfflinePainter, OfflinePlanner
from promptflow.records import Asset, AssetRole, GenerationRequest
from promptflow.settings import SHIPPED_DATA, Settings
from promptflow.storage.local import LocalStore
from tests.unmarked import without_lineage

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


@dataclass(slots=True)
class FailingLedger:
    """A ledger that does not take some events."""

    fails: Callable[[Event], bool]
    inner: Ledger = field(default_factory=ListLedger)

    def record(self, event: Event) -> None:
        """Hand an event on, or fail."""
        if self.fails(event):
            raise LedgerError("The ledger can't be written. Free some space.")
        self.inner.record(event)


@dataclass(slots=True)
class PlannerPerModel:
    """A text model that has prompts written by another planner for each image model."""

    planner: TextModel
    others: Mapping[str, TextModel]
    """Image model id → who writes its prompt; those left out are the planner's."""

    def stream(self, request: TextRequest) -> Iterator[TextPart]:
        """Hand a question on."""
        writer = self.others.get(request.sections.get("image_model", ""), self.planner)
        return writer.stream(request)


class ListWriter:
    """A text model that says, call by call, what its lists say; a call too many is an error."""

    def __init__(self, *calls: Sequence[TextPart | BaseException]) -> None:
        self.requests: list[TextRequest] = []
        self._calls = list(calls)

    def stream(self, request: TextRequest) -> Iterator[TextPart]:
        """Take the steps of the next call."""
        self.requests.append(request)
        for step in self._calls.pop(0):
            if isinstance(step, BaseException):
                raise step
            yield step


Step = Picture | BaseException | Callable[[], object]
"""What a painter does next: give a picture, raise, or do something."""


class ListPainter:
    """An image model that does, call by call, what its lists say; a call too many is an error."""

    def __init__(self, *calls: Sequence[Step]) -> None:
        self.requests: list[ImageRequest] = []
        self._calls = list(calls)

    def paint(self, request: ImageRequest) -> Iterator[Picture]:
        """Take the steps of the next call."""
        self.requests.append(request)
        for step in self._calls.pop(0):
            if isinstance(step, Picture):
                yield step
            elif isinstance(step, BaseException):
                raise step
            else:
                step()


def give(*shades: int) -> ListPainter:
    """Make a painter of one call: a gray picture of each shade."""
    return ListPainter(
        [Picture(index=index, data=make_png(shade)) for index, shade in enumerate(shades)]
    )


class ShadePainter:
    """An image model of any number of calls, whose pictures are all different.

    Args:
        first: the shade of its first picture, 0 to 255.
    """

    def __init__(self, first: int = 0) -> None:
        self._next = first

    def paint(self, request: ImageRequest) -> Iterator[Picture]:
        """Give as many as are asked for."""
        for index in range(request.first_index, request.count):
            yield Picture(index=index, data=make_png(self._next))
            self._next += 1


def make_png(shade: int = 0) -> bytes:
    """Encode a gray picture of 2 × 1 px."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("L", (2, 1), shade).save(buffer, "PNG")
    return buffer.getvalue()


class PlainStore(LocalStore):
    """Keeps pictures as the models sent them, so that they can be told beforehand."""

    def write(self, *, generation_id: str, role: AssetRole, model: str, data: bytes) -> Asset:
        """Keep a picture without the lineage that was written into it."""
        with suppress(PictureError):
            data = without_lineage(data)
        return super().write(generation_id=generation_id, role=role, model=model, data=data)


def make_tools(
    folder: Path,
    *,
    planner: TextModel | None = None,
    painters: Mapping[str, ImageModel] | None = None,
    ledger: Ledger | None = None,
    store: ImageStore | None = None,
    clock: Clock | None = None,
) -> Tools:
    """Put tools together whose ids count up: ``id-0001``, ``id-0002`` and so on."""
    chosen: dict[str, ImageModel] = {model: OfflinePainter(model=model) for model in BOTH}
    chosen |= painters or {}
    writer = planner or OfflinePlanner()
    numbers = itertools.count(1)
    return Tools(
        text_model=lambda _: writer,
        image_model=lambda model: chosen[model],
        store=store or PlainStore(folder),
        ledger=ledger or ListLedger(),
        catalog=read_catalog(SHIPPED_DATA / "models.toml"),
        instructions=read_instructions(SHIPPED_DATA / "instructions"),
        clock=clock or Clock(),
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
    chosen: dict[str, ImageModel] = {model: OfflinePainter(model=model) for model in BOTH}
    chosen |= painters or {}
    writer = planner or OfflinePlanner()
    provider = Provider(text_model=lambda _: writer, image_model=lambda model: chosen[model])
    return open_laboratory(settings, providers={"offline": provider})


def finish(laboratory: Laboratory, generation_id: str) -> Iterator[Event]:
    """Follow a flow of a laboratory to its end."""
    flow = laboratory.find_flow(generation_id)
    for batch in flow.follow(timeout_s=10) if flow else ():
        yield from batch
