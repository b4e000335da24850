"""Whether twenty followers keep up with a fast flow: nothing lost, order kept, and how soon."""

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count, pairwise

from benchmarks.figures import CannotMeasureError, median, p95, run, say
from benchmarks.scripted import sleep_until
from promptflow.clock import Clock
from promptflow.events import Event, FlowFinished, FlowStarted, StageDelta
from promptflow.flows import Flows, LiveFlow
from promptflow.pipeline import Work
from promptflow.ports import Reference
from promptflow.records import GenerationRequest, GenerationStatus

RATE = 2_000
"""Deltas a second."""
LASTS_S = 5.0
FOLLOWERS = 20
ROUNDS = 5
LIMIT = 0.99
"""Of the rate at which deltas are produced, and of the rate at which they should be."""
REQUEST = GenerationRequest(request="A lighthouse", text_model="fast", image_models=("none",))


@dataclass(slots=True)
class Received:
    """What one follower got: the events, and when each batch of them came."""

    events: list[Event] = field(default_factory=list)
    batches: list[tuple[int, float]] = field(default_factory=list)
    """(events so far, reading of the stopwatch)."""

    def follow(self, flow: LiveFlow) -> None:
        """Take everything to the end; as little work as possible beside it."""
        for batch in flow.follow():
            self.events += batch
            self.batches.append((len(self.events), time.monotonic()))


@dataclass(slots=True)
class Stream:
    """A pipeline that yields deltas at a fixed rate, and remembers what and when."""

    lasts_s: float
    events: list[Event] = field(default_factory=list)
    at_s: list[float] = field(default_factory=list)
    ready: threading.Event = field(default_factory=threading.Event)

    def __call__(
        self,
        request: GenerationRequest,
        references: tuple[Reference, ...],  # noqa: ARG002 - a pipeline's, none here
        work: Work | None,  # noqa: ARG002 - a pipeline's, none here
        generation_id: str,
        cancel: threading.Event,  # noqa: ARG002 - a pipeline's, never set here
    ) -> Iterator[Event]:
        """Yield the flow; the deltas begin once the followers are there."""
        now = Clock().now()
        yield self._note(FlowStarted(generation_id=generation_id, request=request, at=now))
        self.ready.wait()
        started_s = time.monotonic()
        for number in range(round(RATE * self.lasts_s)):
            sleep_until(started_s + number / RATE)
            yield self._note(StageDelta(stage_id="stage", text=f"piece {number} "))
        yield self._note(
            FlowFinished(
                generation_id=generation_id,
                status=GenerationStatus.FAILED,
                fault=None,
                total_ms=0,
                cost_micro_usd=None,
                at=now,
            )
        )

    def _note(self, event: Event) -> Event:
        self.events.append(event)
        self.at_s.append(time.monotonic())
        return event


def measure() -> Mapping[str, object]:
    """Run the same flow several times and put the rounds together."""
    fan_out(Stream(0.5))  # the warm-up
    produced: list[float] = []
    delivered: list[float] = []
    delays_ms: list[float] = []
    wrong = 0
    for number in range(ROUNDS):
        stream = Stream(LASTS_S)
        received = fan_out(stream)
        wrong += sum(one.events != stream.events for one in received)
        produced.append(_rate(stream.at_s[1], stream.at_s[-1], len(stream.events) - 1))
        ends = [_rate(stream.at_s[1], one.batches[-1][1], len(one.events) - 1) for one in received]
        delivered.append(min(ends) / produced[-1])
        delays_ms += [delay for one in received for delay in _delays_ms(stream, one)]
        say(f"fanout: round {number + 1} of {ROUNDS}")
    on_time = median(produced) >= LIMIT * RATE and median(delivered) >= LIMIT
    return {
        "metric": "rate at the slowest follower ÷ rate produced",
        "median": median(delivered, 4),
        "limit": LIMIT,
        "passed": not wrong and on_time,
        "followers": FOLLOWERS,
        "deltas": round(RATE * LASTS_S),
        "rounds": ROUNDS,
        "sequences_that_differ": wrong,
        "asked_per_s": RATE,
        "produced_per_s": median(produced, 1),
        "median_delay_ms": median(delays_ms),
        "p95_delay_ms": p95(delays_ms),
        "max_delay_ms": round(max(delays_ms), 3),
    }


def fan_out(stream: Stream) -> list[Received]:
    """Start a flow, follow it twenty times over, and return what each follower got.

    Raises:
        CannotMeasureError: a follower did not come to the end.
    """
    ids = (f"flow-{number}" for number in count(1))
    flows = Flows(stream, new_id=lambda: next(ids), clock=Clock())
    flow = flows.find(flows.start(REQUEST))
    if flow is None:
        raise CannotMeasureError("The flow was over before anyone could follow it.")
    received = [Received() for _ in range(FOLLOWERS)]
    threads = [threading.Thread(target=one.follow, args=(flow,), daemon=True) for one in received]
    for thread in threads:
        thread.start()
    stream.ready.set()
    for thread in threads:
        thread.join(stream.lasts_s * 6 + 10)
    if any(thread.is_alive() for thread in threads):
        raise CannotMeasureError("A follower did not come to the end of the flow.")
    return received


def _rate(start_s: float, end_s: float, events: int) -> float:
    return events / (end_s - start_s)


def _delays_ms(stream: Stream, received: Received) -> Iterator[float]:
    """Yield, for every event after the first, how long it took to this follower."""
    edges = [(0, 0.0), *received.batches]
    for (start, _), (end, at_s) in pairwise(edges):
        for index in range(max(start, 1), min(end, len(stream.at_s))):
            yield (at_s - stream.at_s[index]) * 1000


if __name__ == "__main__":
    run("fanout", measure)
