"""Cancelling: what is paid for is finished, nothing more is started."""

import threading
from collections.abc import Callable
from pathlib import Path

from promptflow.events import Event, RunRetrying, StageFailed, StageFinished, StageStarted
from promptflow.pipeline import CANCELLED, Tools, run_flow
from promptflow.pipeline.tools import to_fault
from promptflow.ports import Picture
from promptflow.providers.offline import OfflinePlanner
from promptflow.records import GenerationRequest, GenerationStatus, RunStatus, Stage
from tests.pipeline.expected import (
    ANSWERS,
    GENERATION,
    PLAN,
    PLAN_TEXT,
    constructed,
    flow_finished,
    flow_started,
    happened,
    image_ready,
    painted,
    plan_fault,
    planned,
    retrying,
    run_failed,
    run_finished,
    run_started,
    stage_told,
)
from tests.scripted import (
    GOUACHE,
    POSTER,
    ListPainter,
    PlannerPerModel,
    give,
    make_fault,
    make_png,
    make_request,
    make_rush,
    make_tools,
    run_whole,
)


def _run(
    tools: Tools,
    when: Callable[[Event], bool],
    cancel: threading.Event,
    request: GenerationRequest | None = None,
) -> list[Event]:
    """Run a flow and cancel it at the first event that fits."""
    events: list[Event] = []
    chosen = request or make_request()
    for event in run_flow(chosen, generation_id=GENERATION, tools=tools, cancel=cancel):
        events.append(event)
        if when(event):
            cancel.set()
    return happened(events)


def test_cancelled_before_it_plans_asks_nobody(tmp_path: Path) -> None:
    """A flow that is cancelled at once makes no call at all."""
    planner = OfflinePlanner()
    cancel = threading.Event()
    cancel.set()

    events = run_whole(make_tools(tmp_path, planner=planner), make_request(), cancel)

    assert happened(events) == [
        flow_started(),
        flow_finished(GenerationStatus.CANCELLED, CANCELLED),
    ]
    assert planner.requests == []


def test_cancelled_before_thinking_keeps_the_plan(tmp_path: Path) -> None:
    """The plan is finished, and no thinking is asked for."""
    planner = OfflinePlanner(answers=ANSWERS)
    tools = make_tools(tmp_path, planner=planner)

    events = _run(tools, lambda event: isinstance(event, StageStarted), threading.Event())

    assert events == [
        flow_started(),
        *stage_told(1, Stage.ACTION_PLAN, PLAN_TEXT, plan=PLAN),
        flow_finished(GenerationStatus.CANCELLED, CANCELLED),
    ]


def test_cancelled_flow_repairs_no_plan(tmp_path: Path) -> None:
    """An unreadable plan is not asked for again once the flow is cancelled."""
    planner = OfflinePlanner(answers={Stage.ACTION_PLAN: ["No.", PLAN_TEXT]})
    tools = make_tools(tmp_path, planner=planner)

    events = _run(tools, lambda event: isinstance(event, StageFailed), threading.Event())

    fault = plan_fault("No.")
    assert events == [
        flow_started(),
        *stage_told(1, Stage.ACTION_PLAN, "No.", fault=fault),
        flow_finished(GenerationStatus.CANCELLED, fault),
    ]


def test_cancelled_after_thinking_writes_no_prompt(tmp_path: Path) -> None:
    """Thinking is finished, and no lane is started."""
    tools = make_tools(tmp_path, planner=OfflinePlanner(answers=ANSWERS))

    def thought(event: Event) -> bool:
        return isinstance(event, StageFinished) and event.plan is None

    events = _run(tools, thought, threading.Event())

    assert events == [
        flow_started(),
        *planned(),
        flow_finished(GenerationStatus.CANCELLED, CANCELLED),
    ]


def test_cancelled_while_prompts_are_written_paints_nothing(tmp_path: Path) -> None:
    """Every prompt that is being written is finished, and none is sent."""
    cancel = threading.Event()
    writers = {model: OfflinePlanner(answers=ANSWERS, gate=cancel) for model in (GOUACHE, POSTER)}
    planner = PlannerPerModel(OfflinePlanner(answers=ANSWERS), writers)
    painters = {GOUACHE: ListPainter(), POSTER: ListPainter()}
    tools = make_tools(tmp_path, planner=planner, painters=painters)
    started: list[Event] = []

    def both_write(event: Event) -> bool:
        if isinstance(event, StageStarted) and event.image_model:
            started.append(event)
        return len(started) == 2

    events = _run(tools, both_write, cancel)

    assert events == [
        flow_started(),
        *planned(),
        *constructed(3, GOUACHE),
        *constructed(4, POSTER),
        flow_finished(GenerationStatus.CANCELLED, CANCELLED),
    ]


def test_cancelled_while_painting_keeps_what_is_paid_for(tmp_path: Path) -> None:
    """A call that was made is seen through to its last picture."""
    cancel = threading.Event()
    painter = ListPainter(
        [Picture(index=0, data=make_png()), cancel.set, Picture(index=1, data=make_png(1))]
    )
    request = make_request(image_models=(GOUACHE,), images_per_model=2)
    tools = make_tools(
        tmp_path, planner=OfflinePlanner(answers=ANSWERS), painters={GOUACHE: painter}
    )

    events = run_whole(tools, request, cancel)

    assert happened(events) == [
        flow_started(request),
        *planned(),
        *constructed(3, GOUACHE),
        run_started(1, GOUACHE),
        image_ready(1, 1),
        image_ready(1, 2, index=1, data=make_png(1)),
        run_finished(1, 1),
        flow_finished(GenerationStatus.CANCELLED, CANCELLED),
    ]


def test_cancelled_with_one_model_painting_does_not_start_the_other(tmp_path: Path) -> None:
    """The painting model finishes; the one whose prompt is being written paints nothing."""
    cancel = threading.Event()
    painter = ListPainter([cancel.set, Picture(index=0, data=make_png())])
    late = OfflinePlanner(answers=ANSWERS, gate=cancel)
    tools = make_tools(
        tmp_path,
        planner=PlannerPerModel(OfflinePlanner(answers=ANSWERS), {POSTER: late}),
        painters={GOUACHE: painter, POSTER: ListPainter()},
    )

    events = run_whole(tools, make_request(), cancel)

    assert happened(events) == [
        flow_started(),
        *planned(),
        *painted(1, GOUACHE),
        *constructed(4, POSTER),
        flow_finished(GenerationStatus.CANCELLED, CANCELLED),
    ]


def test_cancelled_while_waiting_is_not_tried_again(tmp_path: Path) -> None:
    """The wait ends at once, with what came before it kept and no other call."""
    painter = ListPainter([Picture(index=0, data=make_png()), make_rush(retry_after_s=100)])
    tools = make_tools(
        tmp_path, planner=OfflinePlanner(answers=ANSWERS), painters={GOUACHE: painter}
    )
    request = make_request(image_models=(GOUACHE,), images_per_model=2)

    events = _run(tools, lambda event: isinstance(event, RunRetrying), threading.Event(), request)

    assert events == [
        flow_started(request),
        *planned(),
        *constructed(3, GOUACHE),
        run_started(1, GOUACHE),
        image_ready(1, 1),
        retrying(1, 1, to_fault(make_rush()), attempt_id=1, wait_s=100),
        run_failed(1, 1, RunStatus.CANCELLED, CANCELLED, attempt=1),
        flow_finished(GenerationStatus.CANCELLED, CANCELLED),
    ]
    assert len(painter.requests) == 1


def test_cancelled_while_painting_does_not_retry(tmp_path: Path) -> None:
    """A model that turns out to be busy after the flow was cancelled is not asked again."""
    cancel = threading.Event()
    painter = ListPainter([cancel.set, make_rush()])
    request = make_request(image_models=(GOUACHE,))
    tools = make_tools(
        tmp_path, planner=OfflinePlanner(answers=ANSWERS), painters={GOUACHE: painter}
    )

    events = run_whole(tools, request, cancel)

    assert happened(events)[-2:] == [
        run_failed(1, 1, RunStatus.CANCELLED, CANCELLED, attempt=1),
        flow_finished(GenerationStatus.CANCELLED, CANCELLED),
    ]
    assert len(painter.requests) == 1


def test_failure_after_cancelling_reads_as_cancelled(tmp_path: Path) -> None:
    """The flow is cancelled, the run says itself what went wrong."""
    cancel = threading.Event()
    tools = make_tools(
        tmp_path,
        planner=OfflinePlanner(answers=ANSWERS),
        painters={GOUACHE: ListPainter([cancel.set, make_fault()]), POSTER: give(0)},
    )
    request = make_request(image_models=(GOUACHE,))

    events = run_whole(tools, request, cancel)

    assert happened(events)[-2:] == [
        run_failed(1, 1, RunStatus.FAILED, to_fault(make_fault())),
        flow_finished(GenerationStatus.CANCELLED, CANCELLED),
    ]
