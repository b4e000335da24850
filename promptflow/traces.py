"""The events of one generation, sorted by what they are about. Floor 3.

The fold says how things stand; a trace also keeps what led there: every attempt with its wait and fault,
the price each call was billed by, ids and times. Pages that explain a generation read it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from promptflow.events import (
    Event,
    FlowFinished,
    FlowResumed,
    FlowStarted,
    ImageReady,
    PartialImage,
    ReasoningDelta,
    ReferenceStored,
    RunFailed,
    RunFinished,
    RunRetrying,
    RunStarted,
    StageDelta,
    StageFailed,
    StageFinished,
    StageRetrying,
    StageReused,
    StageStarted,
)
from promptflow.records import Usage

_PAUSE = timedelta(seconds=5)
"""Between two steps of one flow lie milliseconds; what is longer was waited for by nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTrace:
    """One language-model call with all its attempts; or what was taken over instead of one."""

    started: StageStarted | StageReused
    retries: tuple[StageRetrying, ...]
    """The attempts that failed and were made again, by number."""
    output: str
    """What has been said."""
    reasoning: str
    """What the model has let be seen of its reasoning."""
    closed: StageFinished | StageFailed | None
    """``None`` while it runs. What was taken over ended as it began: at once, and free."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTrace:
    """One image model's work on one prompt with all its attempts."""

    started: RunStarted
    retries: tuple[RunRetrying, ...]
    """The attempts that failed and were made again, by number."""
    images: tuple[ImageReady, ...]
    """The pictures that are stored, as they came."""
    closed: RunFinished | RunFailed | None
    """``None`` while it runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowTrace:
    """One generation with all that came of it."""

    started: FlowStarted
    references: tuple[ReferenceStored, ...]
    stages: tuple[StageTrace, ...]
    """In the order they started."""
    runs: tuple[RunTrace, ...]
    """In the order they started."""
    finished: FlowFinished | None
    """``None`` while it runs."""
    pauses: tuple[tuple[datetime, datetime], ...] = ()
    """(from, to) between the end of a flow and the next one over the same generation, ascending."""

    def since_start_ms(self, moment: datetime) -> int:
        """Return the milliseconds of work from the flow's start to a moment; never below 0.

        Pauses don't count: between a flow and what was asked of its generation days later lies no time
        that anything took.
        """
        idle = sum(
            (min(until, moment) - since for since, until in self.pauses if since < moment),
            timedelta(),
        )
        return max(round((moment - self.started.at - idle) / timedelta(milliseconds=1)), 0)

    def stage(self, stage_id: str | None) -> StageTrace | None:
        """Find a stage by its id; ``None`` for an id of none."""
        return next((one for one in self.stages if one.started.stage_id == stage_id), None)


def gather_trace(events: Iterable[Event]) -> FlowTrace:
    """Sort the events of one generation by what they are about.

    Args:
        events: in the order they happened, or as the ledger gives them back; of a generation that
            still runs, those that there are.

    Returns:
        The trace. Of an answer that started over it has what was said last.

    Raises:
        ValueError: there is no `FlowStarted` among them.
    """
    gathering = _Gathering()
    for event in events:
        gathering.take(event)
    return gathering.trace()


class _Gathering:
    def __init__(self) -> None:
        self._started: FlowStarted | None = None
        self._finished: FlowFinished | None = None
        self._references: list[ReferenceStored] = []
        self._stages: dict[str, _StageParts] = {}
        self._runs: dict[str, _RunParts] = {}

    def take(self, event: Event) -> None:
        match event:
            case FlowStarted() | FlowResumed() | FlowFinished() | ReferenceStored():
                self._take_flow(event)
            case StageStarted() | StageReused():
                self._stages[event.stage_id] = _StageParts(event)
            case (
                StageDelta() | ReasoningDelta() | StageRetrying() | StageFinished() | StageFailed()
            ):
                self._stages[event.stage_id].take(event)
            case RunStarted():
                self._runs[event.run_id] = _RunParts(event)
            case RunRetrying() | PartialImage() | ImageReady() | RunFinished() | RunFailed():
                self._runs[event.run_id].take(event)

    def _take_flow(self, event: FlowStarted | FlowResumed | FlowFinished | ReferenceStored) -> None:
        match event:
            case FlowStarted():
                self._started = event
            case FlowResumed():
                self._finished = None
            case FlowFinished():
                self._finished = event
            case ReferenceStored():
                self._references.append(event)

    def trace(self) -> FlowTrace:
        if self._started is None:
            raise ValueError("a flow's events begin with FlowStarted")
        stages = tuple(parts.trace() for parts in self._stages.values())
        runs = tuple(parts.trace() for parts in self._runs.values())
        return FlowTrace(
            started=self._started,
            references=tuple(self._references),
            stages=stages,
            runs=runs,
            finished=self._finished,
            pauses=_find_pauses(self._started.at, (*stages, *runs)),
        )


def _find_pauses(
    started_at: datetime, parts: Iterable[StageTrace | RunTrace]
) -> tuple[tuple[datetime, datetime], ...]:
    """Find the times in which nothing was under way, by when each stage and run started and ended."""
    pauses: list[tuple[datetime, datetime]] = []
    busy_until = started_at
    for part in sorted(parts, key=lambda part: part.started.at):
        if part.started.at - busy_until > _PAUSE:
            pauses.append((busy_until, part.started.at))
        took_ms = part.closed.total_ms if part.closed else 0
        busy_until = max(busy_until, part.started.at + timedelta(milliseconds=took_ms))
    return tuple(pauses)


class _StageParts:
    def __init__(self, started: StageStarted | StageReused) -> None:
        self._started = started
        self._retries: list[StageRetrying] = []
        self._said: list[str] = []
        self._reasoned: list[str] = []
        self._closed: StageFinished | StageFailed | None = None
        if isinstance(started, StageReused):
            self.take(_close_at_once(started))

    def take(
        self, event: StageDelta | ReasoningDelta | StageRetrying | StageFinished | StageFailed
    ) -> None:
        match event:
            case StageDelta():
                self._said.append(event.text)
            case ReasoningDelta():
                self._reasoned.append(event.text)
            case StageRetrying():
                self._retries.append(event)
                self._said.clear()
                self._reasoned.clear()
            case StageFinished() | StageFailed():
                self._closed = event
                self._said, self._reasoned = [event.output], [event.reasoning]

    def trace(self) -> StageTrace:
        return StageTrace(
            started=self._started,
            retries=tuple(self._retries),
            output="".join(self._said),
            reasoning="".join(self._reasoned),
            closed=self._closed,
        )


def _close_at_once(reused: StageReused) -> StageFinished:
    return StageFinished(
        stage_id=reused.stage_id,
        output=reused.output,
        plan=reused.plan,
        timeline=(),
        first_token_ms=None,
        total_ms=0,
        usage=Usage(),
        cost_micro_usd=0,
        reasoning=reused.reasoning,
    )


class _RunParts:
    def __init__(self, started: RunStarted) -> None:
        self._started = started
        self._retries: list[RunRetrying] = []
        self._images: list[ImageReady] = []
        self._closed: RunFinished | RunFailed | None = None

    def take(
        self, event: RunRetrying | PartialImage | ImageReady | RunFinished | RunFailed
    ) -> None:
        match event:
            case RunRetrying():
                self._retries.append(event)
            case PartialImage():
                pass  # shown until the next one comes, never stored
            case ImageReady():
                self._images.append(event)
            case RunFinished() | RunFailed():
                self._closed = event

    def trace(self) -> RunTrace:
        return RunTrace(
            started=self._started,
            retries=tuple(self._retries),
            images=tuple(self._images),
            closed=self._closed,
        )
