"""What becomes of a flow whose ledger fails, or in which there is a bug."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from promptflow.errors import LedgerError
from promptflow.events import (
    Event,
    FlowFinished,
    FlowStarted,
    ImageReady,
    RunFailed,
    RunFinished,
    RunRetrying,
    RunStarted,
    StageFailed,
    StageFinished,
    StageStarted,
)
from promptflow.pipeline import run_flow
from promptflow.ports import Picture, TextPart, TextRequest
from promptflow.providers.offline import OfflinePlanner
from promptflow.records import Fault, GenerationStatus, RunStatus
from tests.pipeline.expected import (
    ANSWERS,
    GENERATION,
    constructed,
    flow_finished,
    flow_started,
    happened,
    image_ready,
    painted,
    planned,
    run_finished,
    run_started,
    stage_told,
)
from tests.scripted import (
    GOUACHE,
    POSTER,
    FailingLedger,
    ListLedger,
    ListPainter,
    give,
    make_fault,
    make_png,
    make_request,
    make_rush,
    make_tools,
    run_whole,
)

FAULT = Fault(code="ledger", message="The ledger can't be written. Free some space.")


class _Once:
    """Fits the first event of a kind, and of one image model where it is given."""

    def __init__(self, kind: type[Event], image_model: str | None = None) -> None:
        self._kind = kind
        self._image_model = image_model
        self._runs: dict[str, str] = {}
        self._done = False

    def __call__(self, event: Event) -> bool:
        if isinstance(event, RunStarted):
            self._runs[event.run_id] = event.image_model
        if self._done or not isinstance(event, self._kind):
            return False
        model = self._runs.get(getattr(event, "run_id", ""))
        self._done = self._image_model is None or model == self._image_model
        return self._done


def test_flow_that_cannot_be_recorded_is_not_started(tmp_path: Path) -> None:
    """Without its first record there is no flow, and nobody is asked."""
    planner = OfflinePlanner()
    tools = make_tools(tmp_path, planner=planner, ledger=FailingLedger(_Once(FlowStarted)))

    with pytest.raises(LedgerError):
        run_whole(tools, make_request())

    assert planner.requests == []


def test_plan_that_cannot_be_recorded_ends_the_flow(tmp_path: Path) -> None:
    """What isn't written down isn't shown, and nothing is built on it."""
    planner = OfflinePlanner(answers=ANSWERS)
    tools = make_tools(tmp_path, planner=planner, ledger=FailingLedger(_Once(StageFinished)))

    events = run_whole(tools, make_request())

    told = stage_told(1, planner.requests[0].stage, ANSWERS[planner.requests[0].stage][0])
    assert happened(events) == [
        flow_started(),
        *told[:2],
        flow_finished(GenerationStatus.FAILED, FAULT),
    ]


def test_stage_that_cannot_be_recorded_is_not_asked(tmp_path: Path) -> None:
    """The call is written down before it is made: no record, no bill."""
    planner = OfflinePlanner(answers=ANSWERS)
    tools = make_tools(tmp_path, planner=planner, ledger=FailingLedger(_Once(StageStarted)))

    events = run_whole(tools, make_request())

    assert happened(events) == [flow_started(), flow_finished(GenerationStatus.FAILED, FAULT)]
    assert planner.requests == []


def test_run_that_cannot_be_recorded_is_not_painted(tmp_path: Path) -> None:
    """One lane ends before it spends anything; the other goes on to its picture."""
    painter = ListPainter()
    tools = make_tools(
        tmp_path,
        planner=OfflinePlanner(answers=ANSWERS),
        painters={GOUACHE: painter, POSTER: give(0)},
        ledger=FailingLedger(_Once(RunStarted, GOUACHE)),
    )

    events = run_whole(tools, make_request())

    assert happened(events) == [
        flow_started(),
        *planned(),
        *constructed(3, GOUACHE),
        *painted(1, POSTER, stage=4),
        flow_finished(GenerationStatus.PARTIAL, FAULT),
    ]
    assert painter.requests == []


def test_picture_that_cannot_be_recorded_costs_no_other(tmp_path: Path) -> None:
    """Its run goes on to the pictures that are paid for, and so does the other lane."""
    painter = ListPainter([Picture(index=0, data=make_png()), Picture(index=1, data=make_png(1))])
    ledger = ListLedger()
    tools = make_tools(
        tmp_path,
        planner=OfflinePlanner(answers=ANSWERS),
        painters={GOUACHE: painter, POSTER: give(0, 1)},
        ledger=FailingLedger(_Once(ImageReady, GOUACHE), ledger),
    )
    request = make_request(images_per_model=2)

    events = run_whole(tools, request)

    assert happened(events) == [
        flow_started(request),
        *planned(),
        *constructed(3, GOUACHE),
        run_started(1, GOUACHE),
        image_ready(1, 1, index=1, data=make_png(1)),
        *constructed(4, POSTER),
        run_started(2, POSTER),
        image_ready(2, 2, image_model=POSTER),
        image_ready(2, 3, index=1, image_model=POSTER, data=make_png(1)),
        run_finished(2, 1),
        flow_finished(GenerationStatus.INTERRUPTED, FAULT),
    ]
    assert not isinstance(ledger.events[-1], FlowFinished)


def test_end_of_a_run_that_cannot_be_recorded_leaves_the_flow_partial(tmp_path: Path) -> None:
    """The picture is there; that the run is over is not known to the ledger, and not shown."""
    tools = make_tools(
        tmp_path,
        planner=OfflinePlanner(answers=ANSWERS),
        painters={GOUACHE: give(0), POSTER: give(0)},
        ledger=FailingLedger(_Once(RunFinished, GOUACHE)),
    )

    events = run_whole(tools, make_request())

    assert happened(events) == [
        flow_started(),
        *planned(),
        *painted(1, GOUACHE)[:-1],
        *painted(2, POSTER, attempt_id=1),
        flow_finished(GenerationStatus.PARTIAL, FAULT),
    ]


def test_end_of_the_flow_that_cannot_be_recorded_reads_as_interrupted(tmp_path: Path) -> None:
    """Who follows hears of the end as the ledger will tell it after recovery."""
    tools = make_tools(
        tmp_path,
        planner=OfflinePlanner(answers=ANSWERS),
        painters={GOUACHE: give(0), POSTER: give(0)},
        ledger=FailingLedger(_Once(FlowFinished)),
    )

    events = run_whole(tools, make_request())

    assert happened(events) == [
        flow_started(),
        *planned(),
        *painted(1, GOUACHE),
        *painted(2, POSTER),
        flow_finished(GenerationStatus.INTERRUPTED, FAULT),
    ]


def test_ledger_that_never_comes_back_still_ends_the_flow(tmp_path: Path) -> None:
    """When nothing can be recorded any more, the last event comes all the same."""
    tools = make_tools(
        tmp_path, ledger=FailingLedger(lambda event: not isinstance(event, FlowStarted))
    )

    events = run_whole(tools, make_request())

    assert happened(events) == [
        flow_started(),
        flow_finished(GenerationStatus.INTERRUPTED, FAULT),
    ]


@pytest.mark.parametrize(
    "kind",
    [
        StageStarted,
        StageFinished,
        StageFailed,
        RunStarted,
        RunRetrying,
        ImageReady,
        RunFinished,
        RunFailed,
        FlowFinished,
    ],
)
def test_flow_ends_once_whatever_the_ledger_does_not_take(
    tmp_path: Path, kind: type[Event]
) -> None:
    """Whichever kind of event can't be recorded, the end comes once, and comes last."""
    broken = OfflinePlanner(answers=ANSWERS, faults=[None, None, make_fault("offline-planner")])
    retried = ListPainter(
        [make_rush()], [Picture(index=0, data=make_png())], [Picture(index=0, data=make_png())]
    )
    tools = make_tools(
        tmp_path,
        planner=broken,
        painters={GOUACHE: retried, POSTER: ListPainter([make_fault()])},
        ledger=FailingLedger(lambda event: isinstance(event, kind)),
    )

    events = run_whole(tools, make_request())

    ends = [event for event in events if isinstance(event, FlowFinished)]
    assert ends == events[-1:]
    assert ends[0].fault == FAULT
    assert not any(isinstance(event, kind) for event in events[:-1])


def test_bug_in_an_image_model_is_its_runs_failure(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A mistake of ours in one lane is logged and fails that run alone; the end is recorded."""
    ledger = ListLedger()
    tools = make_tools(
        tmp_path,
        planner=OfflinePlanner(answers=ANSWERS),
        painters={GOUACHE: ListPainter([RuntimeError("a bug")]), POSTER: give(1)},
        ledger=ledger,
    )

    events = run_whole(tools, make_request())

    [failed] = [event for event in events if isinstance(event, RunFailed)]
    assert (failed.status, failed.fault.code) == (RunStatus.FAILED, "internal")
    assert "a bug" not in failed.fault.message
    assert isinstance(events[-1], FlowFinished)
    assert events[-1].status is GenerationStatus.PARTIAL
    assert ledger.events[-1] == events[-1]
    assert "Offline gouache stopped on an unexpected error." in caplog.text


def test_bug_in_the_planner_is_its_stages_failure(tmp_path: Path) -> None:
    """A mistake of ours in the planner fails the stage, and the generation says why."""

    class BrokenPlanner:
        def stream(self, request: TextRequest) -> Iterator[TextPart]:
            yield TextPart(text="{")
            raise OSError

    tools = make_tools(tmp_path, planner=BrokenPlanner())

    events = run_whole(tools, make_request())

    assert isinstance(events[-1], FlowFinished)
    assert events[-1].status is GenerationStatus.FAILED
    assert events[-1].fault is not None
    assert events[-1].fault.code == "internal"


@pytest.mark.parametrize("bug", [KeyboardInterrupt()], ids=repr)
def test_end_of_the_process_in_a_lane_stops_no_other(tmp_path: Path, bug: BaseException) -> None:
    """What is no error of a model comes out, but only after the other lane has its picture."""
    ledger = ListLedger()
    gate = threading.Event()
    late: list[Callable[[], object] | Picture] = [gate.wait, Picture(index=0, data=make_png())]
    painters = {GOUACHE: ListPainter([bug]), POSTER: ListPainter(late)}
    tools = make_tools(
        tmp_path, planner=OfflinePlanner(answers=ANSWERS), painters=painters, ledger=ledger
    )
    flow = run_flow(make_request(), generation_id=GENERATION, tools=tools, cancel=threading.Event())
    events: list[Event] = []

    def run() -> None:
        for event in flow:
            events.append(event)
            if isinstance(event, RunStarted) and event.image_model == POSTER:
                gate.set()

    with pytest.raises(type(bug)) as caught:
        run()

    assert caught.value is bug
    assert sum(isinstance(event, ImageReady) for event in events) == 1
    assert not any(isinstance(event, FlowFinished) for event in ledger.events)
