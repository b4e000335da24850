"""The process's live flows: start, follow, cancel. Floor 6.

A flow belongs to the process, not to a browser tab: a worker thread drives the pipeline to its end
whoever watches, and any number of followers read what has happened and then what happens. Finished
flows are forgotten here; the ledger remembers them.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from promptflow.clock import Clock
from promptflow.errors import BusyGenerationError
from promptflow.events import Event, FlowFinished, FlowStarted, ImageReady, PartialImage
from promptflow.ports import Reference
from promptflow.records import Fault, GenerationRequest, GenerationStatus

if TYPE_CHECKING:
    from promptflow.pipeline import Work

_log = logging.getLogger(__name__)

Pipeline = Callable[
    [GenerationRequest, tuple[Reference, ...], "Work | None", str, threading.Event], Iterator[Event]
]
"""(request, references, what there is to do, generation id, cancel) → the events of one flow."""


@dataclass(slots=True, kw_only=True)
class LiveFlow:
    """One flow on its way: what has happened so far, and who is waiting for more.

    Every event is kept until the end, for those who come later; but of each picture only the newest
    preview, since they are megabytes: a preview that another one or the picture has taken the place of
    stays as an event without data.
    """

    generation_id: str
    cancel: threading.Event = field(default_factory=threading.Event)
    _events: list[Event] = field(default_factory=list)
    _news: threading.Condition = field(default_factory=threading.Condition)
    _over: bool = False
    _previews: dict[tuple[str, int], tuple[int, PartialImage]] = field(default_factory=dict)
    """(run id, index of the picture) → its newest preview, with its position among the events."""

    def publish(self, *events: Event) -> None:
        """Append events and wake the followers."""
        with self._news:
            for event in events:
                if isinstance(event, PartialImage | ImageReady):
                    self._forget_preview(event)
                if isinstance(event, PartialImage):
                    self._previews[event.run_id, event.index] = (len(self._events), event)
                self._events.append(event)
                self._over = isinstance(event, FlowFinished)
            self._news.notify_all()

    def follow(
        self, *, after: int = 0, timeout_s: float | None = None
    ) -> Iterator[tuple[Event, ...]]:
        """Yield what has happened, then what happens, until the flow is over.

        Args:
            after: how many events to skip.
            timeout_s: seconds to wait for news before yielding an empty batch; ``None`` waits
                for as long as it takes.

        Yields:
            Batches in order, none lost, none twice; empty only on a timeout. The last batch ends
            with `FlowFinished`; nothing at all where that is among what is skipped.
        """
        over = False
        while not over:
            with self._news:
                self._news.wait_for(partial(self._beyond, after), timeout_s)
                batch, over = tuple(self._events[after:]), self._over
            after += len(batch)
            if batch or not over:
                yield batch

    def _forget_preview(self, successor: PartialImage | ImageReady) -> None:
        found = self._previews.pop((successor.run_id, successor.index), None)
        if found:
            position, preview = found
            self._events[position] = replace(preview, data=b"")

    def _beyond(self, after: int) -> bool:
        return self._over or len(self._events) > after

    @property
    def begun(self) -> bool:
        """Whether its first event is recorded and there to follow."""
        with self._news:
            return bool(self._events)

    def wait(self, timeout_s: float) -> bool:
        """Wait for the end; say whether it came."""
        with self._news:
            return self._news.wait_for(lambda: self._over, timeout_s)


def _find_id(before: Sequence[Event]) -> str:
    """Return whose events they are; "" where there are none."""
    started = next((event for event in before if isinstance(event, FlowStarted)), None)
    return started.generation_id if started else ""


def _without_end(before: Sequence[Event]) -> Iterator[Event]:
    """Leave ends out: whoever follows a resumed generation is to follow it to its new end."""
    return (event for event in before if not isinstance(event, FlowFinished))


class Flows:
    """The registry of the flows this process is running.

    Args:
        pipeline: makes the event iterator of a request; its first event opens the generation.
        new_id: makes generation ids that sort by time.
        clock: where time comes from.
    """

    def __init__(self, pipeline: Pipeline, *, new_id: Callable[[], str], clock: Clock) -> None:
        self._pipeline = pipeline
        self._new_id = new_id
        self._clock = clock
        self._live: dict[str, LiveFlow] = {}
        self._lock = threading.Lock()

    def start(
        self,
        request: GenerationRequest,
        references: Sequence[Reference] = (),
        *,
        work: "Work | None" = None,
        before: Sequence[Event] = (),
    ) -> str:
        """Record a generation, new or resumed, and set it going.

        Args:
            request: checked against the catalogue.
            references: the pictures that go along.
            work: what there is to do; by default all that is asked for.
            before: of a generation that is resumed, what has happened in it, its end among it.

        Returns:
            The generation's id; it is in the ledger, and its first event is there to follow.

        Raises:
            BusyGenerationError: it is to be resumed, and is being worked on; nothing was started.
            LedgerError: it could not be recorded; nothing was started, nothing spent.
        """
        flow = LiveFlow(generation_id=_find_id(before) or self._new_id())
        events = self._pipeline(request, tuple(references), work, flow.generation_id, flow.cancel)
        # In the registry before it is in the ledger: a row that says `running` and is not live here
        # would be taken for one that a crash left behind.
        with self._lock:
            if flow.generation_id in self._live:
                raise BusyGenerationError
            self._live[flow.generation_id] = flow
        name = f"flow {flow.generation_id}"
        worker = threading.Thread(target=self._drive, args=(flow, events), name=name, daemon=True)
        try:
            flow.publish(*_without_end(before), next(events))
            worker.start()
        except BaseException:
            self._forget(flow)
            raise
        return flow.generation_id

    def find(self, generation_id: str) -> LiveFlow | None:
        """Return a flow that is under way here; ``None`` when it is over, or elsewhere."""
        with self._lock:
            flow = self._live.get(generation_id)
        return flow if flow and flow.begun else None

    def live(self) -> frozenset[str]:
        """Return the ids of the generations under way in this process."""
        with self._lock:
            return frozenset(self._live)

    def cancel(self, generation_id: str) -> bool:
        """Ask a flow to finish what is paid for and start nothing more.

        Returns:
            Whether it was under way here.
        """
        flow = self.find(generation_id)
        if flow:
            flow.cancel.set()
        return flow is not None

    def close(self, *, timeout_s: float) -> None:
        """Cancel every flow and wait until what is paid for has arrived.

        Args:
            timeout_s: seconds to wait in all; what isn't done then will read as interrupted.
        """
        with self._lock:
            flows = list(self._live.values())
        for flow in flows:
            flow.cancel.set()
        if flows:
            _log.warning(
                "Finishing %d flow(s) before stopping; nothing new is started.", len(flows)
            )
        deadline_s = self._clock.stopwatch_s() + timeout_s
        for flow in flows:
            flow.wait(max(deadline_s - self._clock.stopwatch_s(), 0.0))

    def _drive(self, flow: LiveFlow, events: Iterator[Event]) -> None:
        last: Event | None = None
        try:
            for event in events:
                if isinstance(event, FlowFinished):
                    last = event
                else:
                    flow.publish(event)
        except BaseException:  # noqa: BLE001 - logged with its traceback
            # Whatever the bug, the followers must hear of the end; the log has the traceback. Code
            # written in Rust panics outside of `Exception`.
            _log.exception("The flow %s stopped on an unexpected error.", flow.generation_id)
        # Out of the registry before the last event is out: whoever has seen the end and looks again
        # finds the ledger's account, which is complete by now.
        self._forget(flow)
        flow.publish(last or self._broken(flow))

    def _forget(self, flow: LiveFlow) -> None:
        with self._lock:
            del self._live[flow.generation_id]

    def _broken(self, flow: LiveFlow) -> FlowFinished:
        return FlowFinished(
            generation_id=flow.generation_id,
            status=GenerationStatus.INTERRUPTED,
            fault=Fault(
                code="internal",
                message="Prompt Flow made a mistake and stopped here. What was finished is kept; "
                "the server's log says more.",
            ),
            total_ms=0,
            cost_micro_usd=None,
            at=self._clock.now(),
        )
