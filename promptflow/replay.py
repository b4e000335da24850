"""A finished flow once more, at its own pace. Floor 3.

The ledger gives a generation back sorted and with its answers whole. Here the order and the times it
happened in are put together again, from when things started, the time lines of the answers and the
waits; then it is played. Nothing is asked and nothing is spent.
"""

import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from promptflow.clock import Clock
from promptflow.events import Event, ReasoningDelta, StageDelta, StageReused
from promptflow.traces import FlowTrace, RunTrace, StageTrace, gather_trace

_FRAME_S = 0.04
"""Seconds between two batches at least: 25 frames a second are enough."""
_TICK_S = 0.2
"""Seconds between two batches at most, so that clocks on screen move while nothing happens."""
_REASONING_STEP_MS = 100
"""When each word of the reasoning came is not kept: it is spread over the time until the first word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedEvent:
    """An event and when it happened."""

    at_ms: int
    """Milliseconds since the flow's start."""
    event: Event


def plan_replay(events: Sequence[Event]) -> tuple[TimedEvent, ...]:
    """Put a flow's events in the order and at the times they happened.

    Moments are by the wall clock and durations by the stopwatch, so they may disagree by a little, or by
    a lot where the clock was set meanwhile. The grammar of a flow wins: nothing comes before what it
    follows from.

    Args:
        events: of a generation that is over, as the ledger gives them back.

    Returns:
        The same events, times ascending, with the answers in the pieces they came in. What a failed
        attempt had said and the previews of pictures aren't kept, and so are missing.

    Raises:
        ValueError: there is no `FlowStarted` among them.
    """
    trace = gather_trace(events)
    timed = [TimedEvent(at_ms=0, event=trace.started)]
    timed.extend(TimedEvent(at_ms=0, event=stored) for stored in trace.references)
    timed.extend(_Lanes(trace).plan())
    # Stable: what happened in the same millisecond stays in the order of the grammar.
    timed.sort(key=lambda one: one.at_ms)
    if trace.finished:
        end_ms = max(timed[-1].at_ms, trace.finished.total_ms)
        timed.append(TimedEvent(at_ms=end_ms, event=trace.finished))
    return tuple(timed)


class _Lanes:
    """Plans the stages and runs, each no earlier than what it follows from."""

    def __init__(self, trace: FlowTrace) -> None:
        self._trace = trace
        self._planned_ms = 0
        """When the last of plan and thinking was over."""
        self._ends_ms: dict[str, int] = {}
        """Stage id → when it was over."""

    def plan(self) -> Iterator[TimedEvent]:
        newest_ms = 0
        for stage in self._trace.stages:
            lane = _plan_stage(self._trace, stage, max(self._planned_ms, newest_ms))
            newest_ms = lane[0].at_ms
            self._ends_ms[stage.started.stage_id] = lane[-1].at_ms
            if stage.started.image_model is None:
                self._planned_ms = lane[-1].at_ms
            yield from lane
        newest_ms = self._planned_ms
        for run in self._trace.runs:
            written_ms = self._ends_ms.get(run.started.stage_id or "", 0)
            lane = _plan_run(self._trace, run, max(written_ms, newest_ms))
            newest_ms = lane[0].at_ms
            yield from lane


def _plan_stage(trace: FlowTrace, stage: StageTrace, earliest_ms: int) -> list[TimedEvent]:
    start_ms = max(trace.since_start_ms(stage.started.at), earliest_ms)
    if isinstance(stage.started, StageReused):
        return [TimedEvent(at_ms=start_ms, event=stage.started)]
    within = [
        TimedEvent(at_ms=trace.since_start_ms(retry.at), event=retry) for retry in stage.retries
    ]
    within.extend(_plan_answer(trace, stage, start_ms))
    total_ms = stage.closed.total_ms if stage.closed else 0
    return _enclose(start_ms, stage.started, within, stage.closed, total_ms)


def _plan_answer(trace: FlowTrace, stage: StageTrace, start_ms: int) -> list[TimedEvent]:
    """Time the reasoning and the words of the attempt that ended the stage."""
    begun_ms = start_ms
    for retry in stage.retries:
        # A stage that was cancelled in the wait ended with the attempt before it.
        if stage.closed is None or retry.attempt < stage.closed.attempt:
            begun_ms = max(begun_ms, trace.since_start_ms(retry.at) + round(retry.wait_s * 1000))
    stage_id = stage.started.stage_id
    said = [
        TimedEvent(
            at_ms=max(start_ms + ms, begun_ms), event=StageDelta(stage_id=stage_id, text=text)
        )
        for ms, text in _cut(stage.output, stage.closed.timeline if stage.closed else ())
    ]
    total_ms = stage.closed.total_ms if stage.closed else 0
    until_ms = said[0].at_ms if said else max(start_ms + total_ms, begun_ms)
    thought = [
        TimedEvent(at_ms=at_ms, event=ReasoningDelta(stage_id=stage_id, text=text))
        for at_ms, text in _spread(stage.reasoning, begun_ms, until_ms)
    ]
    return thought + said


def _plan_run(trace: FlowTrace, run: RunTrace, earliest_ms: int) -> list[TimedEvent]:
    start_ms = max(trace.since_start_ms(run.started.at), earliest_ms)
    within = [
        TimedEvent(at_ms=trace.since_start_ms(retry.at), event=retry) for retry in run.retries
    ]
    within.extend(TimedEvent(at_ms=start_ms + image.at_ms, event=image) for image in run.images)
    total_ms = run.closed.total_ms if run.closed else 0
    return _enclose(start_ms, run.started, within, run.closed, total_ms)


def _enclose(
    start_ms: int,
    started: Event,
    within: Iterable[TimedEvent],
    closed: Event | None,
    total_ms: int,
) -> list[TimedEvent]:
    """Put what happened in a stage or run between its start and its end."""
    lane = [TimedEvent(at_ms=start_ms, event=started)]
    lane += [
        TimedEvent(at_ms=max(one.at_ms, start_ms), event=one.event)
        for one in sorted(within, key=lambda one: one.at_ms)
    ]
    if closed:
        # Of what a process left behind when it ended nobody knows how long it took.
        lane.append(TimedEvent(at_ms=max(start_ms + total_ms, lane[-1].at_ms), event=closed))
    return lane


def _cut(text: str, timeline: Sequence[tuple[int, int]]) -> Iterator[tuple[int, str]]:
    """Cut an answer into the pieces it came in; what no entry speaks of comes with the last."""
    said, at_ms = 0, 0
    for index, (ms, chars) in enumerate(timeline):
        at_ms = max(at_ms, ms)
        until = len(text) if index == len(timeline) - 1 else chars
        if text[said:until]:
            yield at_ms, text[said:until]
            said = until
    if text[said:]:
        yield at_ms, text[said:]


def _spread(text: str, begin_ms: int, end_ms: int) -> Iterator[tuple[int, str]]:
    """Cut a text into even pieces over a span of time."""
    if not text:
        return
    steps = max((end_ms - begin_ms) // _REASONING_STEP_MS, 1)
    size = ceil(len(text) / steps)
    for index, start in enumerate(range(0, len(text), size)):
        yield begin_ms + index * _REASONING_STEP_MS, text[start : start + size]


class Playback:
    """A replay as far as it has come.

    Args:
        timed: as `plan_replay` returns it.
        started_at: when the flow started, aware.
        at_ms: where to begin, in milliseconds since the flow's start.
        clock: where time comes from.
        sleep: waits for some seconds.
    """

    def __init__(
        self,
        timed: Sequence[TimedEvent],
        *,
        started_at: datetime,
        at_ms: int = 0,
        clock: Clock,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._timed = timed
        self._started_at = started_at
        self._times_ms = [one.at_ms for one in timed]
        self._clock = clock
        self._sleep = sleep
        self.at_ms = min(max(at_ms, 0), self.end_ms)

    @property
    def end_ms(self) -> int:
        """When the flow was over, in milliseconds since its start."""
        return self._times_ms[-1]

    @property
    def over(self) -> bool:
        """Whether all of it has been played."""
        return self.at_ms >= self.end_ms

    def seen(self) -> tuple[Event, ...]:
        """Return what has happened so far; at least the flow's start."""
        return tuple(one.event for one in self._timed[: self._taken()])

    def now(self) -> datetime:
        """Return the moment of the flow that is being played."""
        return self._started_at + timedelta(milliseconds=self.at_ms)

    def pace(self, speed: float | None) -> Iterator[tuple[Event, ...]]:
        """Yield what happens, each thing when its time has come, as `LiveFlow.follow` does.

        Whoever stops listening can go on from `at_ms` later, at another speed: that is how a long wait
        is skipped.

        Args:
            speed: 1 for the flow's own pace, 4 for four times as fast; ``None`` for all at once.

        Yields:
            Batches in order, none lost, none twice; empty ones where nothing happened for a while.
        """
        if speed is None:
            yield self._move_to(self.end_ms)
            return
        from_ms, begun_s = self.at_ms, self._clock.stopwatch_s()

        def played_ms() -> float:
            return from_ms + (self._clock.stopwatch_s() - begun_s) * 1000 * speed

        while not self.over:
            due_s = (self._times_ms[self._taken()] - played_ms()) / 1000 / speed
            self._sleep(min(max(due_s, _FRAME_S), _TICK_S))
            yield self._move_to(min(int(played_ms()), self.end_ms))

    def _move_to(self, at_ms: int) -> tuple[Event, ...]:
        taken = self._taken()
        self.at_ms = at_ms
        return tuple(one.event for one in self._timed[taken : self._taken()])

    def _taken(self) -> int:
        return bisect_right(self._times_ms, self.at_ms)
