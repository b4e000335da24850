"""Live flows: started once, followed by anyone at any time, and never left without an end."""

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from types import FrameType

import pytest

from promptflow.clock import Clock
from promptflow.errors import LedgerError
from promptflow.events import (
    Event,
    FlowFinished,
    FlowStarted,
    ImageReady,
    PartialImage,
    StageDelta,
)
from promptflow.flows import Flows, LiveFlow, Pipeline
from promptflow.pipeline import Tools, Work, run_flow
from promptflow.ports import Reference
from promptflow.records import GenerationRequest, GenerationStatus
from tests.pipeline.expected import NOON
from tests.scripted import (
    GOUACHE,
    POSTER,
    FailingLedger,
    ListPainter,
    give,
    make_request,
    make_tools,
)

REQUEST = make_request()
Act = Callable[[], object]


def _started(generation_id: str = "flow-1") -> FlowStarted:
    return FlowStarted(generation_id=generation_id, request=REQUEST, at=NOON)


def _piece(text: str) -> StageDelta:
    return StageDelta(stage_id="stage-1", text=text)


def _finished(generation_id: str = "flow-1") -> FlowFinished:
    return FlowFinished(
        generation_id=generation_id,
        status=GenerationStatus.SUCCEEDED,
        fault=None,
        total_ms=5,
        cost_micro_usd=0,
        at=NOON,
    )


WHOLE: tuple[Event, ...] = (_started(), _piece("a"), _piece("b"), _piece("c"), _finished())


def _open(pipeline: Pipeline) -> Flows:
    """Make a registry whose flows are ``flow-1``, ``flow-2`` and so on."""
    numbers = itertools.count(1)
    return Flows(pipeline, new_id=lambda: f"flow-{next(numbers)}", clock=Clock())


def _scripted(steps: Sequence[Event | BaseException | Act]) -> Pipeline:
    """Make a pipeline that yields events, raises and does things as its steps say."""

    def run(
        request: GenerationRequest,
        references: tuple[Reference, ...],
        work: Work | None,
        generation_id: str,
        cancel: threading.Event,
    ) -> Iterator[Event]:
        for step in steps:
            if isinstance(step, BaseException):
                raise step
            if callable(step):
                step()
            else:
                yield step

    return run


def _start(*steps: Event | BaseException | Act) -> tuple[Flows, LiveFlow]:
    """Start one flow of these steps; it waits after the first until it is looked up."""
    gate = threading.Event()
    flows = _open(_scripted([steps[0], gate.wait, *steps[1:]]))
    flow = flows.find(flows.start(REQUEST))
    gate.set()
    assert flow is not None
    return flows, flow


def _start_real(tools: Tools) -> LiveFlow:
    """Start a flow of the real pipeline; it waits after its first event until it is looked up."""
    gate = threading.Event()

    def run(
        request: GenerationRequest,
        references: tuple[Reference, ...],
        work: Work | None,
        generation_id: str,
        cancel: threading.Event,
    ) -> Iterator[Event]:
        flow = run_flow(request, generation_id=generation_id, tools=tools, cancel=cancel)
        yield next(flow)
        gate.wait(10)
        yield from flow

    flows = _open(run)
    flow = flows.find(flows.start(REQUEST))
    gate.set()
    assert flow is not None
    return flow


def _collect(flow: LiveFlow, after: int = 0) -> tuple[Event, ...]:
    """Follow a flow to its end."""
    events: list[Event] = []
    for batch in flow.follow(after=after, timeout_s=10):
        assert batch, "nothing happened for 10 s"
        events += batch
    return tuple(events)


def test_follower_sees_the_whole_flow() -> None:
    """Every event arrives once, in order, and following ends with the last."""
    _, flow = _start(*WHOLE)

    assert _collect(flow) == WHOLE


def test_two_followers_see_the_same() -> None:
    """However many follow and whenever they read, each gets every event."""
    _, flow = _start(*WHOLE)
    with ThreadPoolExecutor(8) as pool:
        followers = [pool.submit(_collect, flow) for _ in range(8)]

        seen = {follower.result() for follower in followers}

    assert seen == {WHOLE}


def test_follower_that_left_and_came_back_has_missed_nothing() -> None:
    """One who read the beginning, left, and follows again from there gets the rest."""
    gate = threading.Event()
    _, flow = _start(*WHOLE[:2], gate.wait, *WHOLE[2:])
    first: list[Event] = []
    for batch in flow.follow(timeout_s=10):
        first += batch
        if len(first) == 2:
            break

    gate.set()
    rest = _collect(flow, after=2)

    assert (*first, *rest) == WHOLE


def test_late_follower_gets_everything() -> None:
    """Who follows a flow that is over gets the whole of it in one batch."""
    _, flow = _start(*WHOLE)
    assert flow.wait(10)

    batches = list(flow.follow(timeout_s=10))

    assert batches == [WHOLE]


@pytest.mark.parametrize("after", range(len(WHOLE)))
def test_follower_can_skip_what_it_has_seen(after: int) -> None:
    """With ``after`` so many events are left out, whether or not the flow is over."""
    _, flow = _start(*WHOLE)

    live = _collect(flow, after)

    assert live == WHOLE[after:]
    assert _collect(flow, after) == WHOLE[after:]


@pytest.mark.parametrize("after", [len(WHOLE), len(WHOLE) + 3])
def test_nothing_is_left_to_follow_after_the_end(after: int) -> None:
    """Who has seen the end waits for nothing more."""
    _, flow = _start(*WHOLE)
    assert flow.wait(10)
    patient: list[tuple[Event, ...]] = []
    follower = threading.Thread(
        target=lambda: patient.extend(flow.follow(after=after)), daemon=True
    )

    follower.start()
    follower.join(10)
    looks = list(islice(flow.follow(after=after, timeout_s=0.01), 3))

    assert not follower.is_alive()
    assert patient == looks == []


def test_silence_yields_empty_batches() -> None:
    """A follower with a timeout gets a sign of life when nothing happens."""
    gate = threading.Event()
    _, flow = _start(*WHOLE[:2], gate.wait, *WHOLE[2:])
    batches = flow.follow(after=2, timeout_s=0.01)

    silent = [next(batches), next(batches)]
    gate.set()
    told = [event for batch in batches for event in batch]

    assert silent == [(), ()]
    assert tuple(told) == WHOLE[2:]


def test_timeout_of_nothing_is_a_look() -> None:
    """With a timeout of 0 the first batch is what has happened so far."""
    gate = threading.Event()
    _, flow = _start(WHOLE[0], gate.wait, *WHOLE[1:])

    looked = next(flow.follow(timeout_s=0))
    gate.set()

    assert looked == WHOLE[:1]
    assert flow.wait(10)


def test_started_flow_has_its_first_event() -> None:
    """When `start` returns, the flow is registered and can be followed."""
    gate = threading.Event()
    flows = _open(_scripted([WHOLE[0], gate.wait, *WHOLE[1:]]))

    generation_id = flows.start(REQUEST)

    flow = flows.find(generation_id)
    assert generation_id == "flow-1"
    assert flows.live() == {"flow-1"}
    assert flow is not None
    assert next(flow.follow(timeout_s=0)) == WHOLE[:1]
    gate.set()
    assert flow.wait(10)


def test_flow_is_found_only_once_it_is_recorded() -> None:
    """While its first event is being recorded a flow counts as live, but isn't there to follow."""
    recording, gate = threading.Event(), threading.Event()
    flows = _open(_scripted([recording.set, gate.wait, *WHOLE]))
    with ThreadPoolExecutor(1) as pool:
        started = pool.submit(flows.start, REQUEST)
        assert recording.wait(10)

        found, live = flows.find("flow-1"), flows.live()
        gate.set()

        assert started.result(10) == "flow-1"
    assert found is None
    assert live == {"flow-1"}


def test_flow_that_cannot_be_recorded_leaves_nothing() -> None:
    """`start` raises what recording failed with, and no flow stays behind."""
    flows = _open(_scripted([LedgerError("The ledger can't be written. Free some space.")]))

    with pytest.raises(LedgerError, match="can't be written"):
        flows.start(REQUEST)

    assert flows.find("flow-1") is None
    assert flows.live() == frozenset()


def test_flow_without_a_thread_leaves_nothing() -> None:
    """`start` raises where the system gives no thread, and no flow stays behind."""
    flows = _open(_scripted(WHOLE))
    before = threading.stack_size(2**46)
    try:
        with pytest.raises(RuntimeError, match="thread"):
            flows.start(REQUEST)
    finally:
        threading.stack_size(before)

    assert flows.live() == frozenset()


def test_finished_flow_is_forgotten_before_its_end_is_seen() -> None:
    """Who sees the last event and looks again finds nothing here: the ledger has it all."""

    def linger(frame: FrameType, what: str, _: object) -> None:
        # Whatever the worker does after its last event would come too late for this test.
        if what == "return" and frame.f_code is LiveFlow.publish.__code__:
            time.sleep(0.05)

    threading.setprofile(linger)
    try:
        flows, flow = _start(*WHOLE)
    finally:
        threading.setprofile(None)

    seen = _collect(flow)

    assert (flows.find("flow-1"), flows.live()) == (None, frozenset())
    assert seen == WHOLE


def test_cancel_reaches_the_pipeline() -> None:
    """Cancelling sets the flag that the pipeline was given, and says that the flow was there."""
    flags: list[threading.Event] = []

    def run(
        request: GenerationRequest,
        references: tuple[Reference, ...],
        work: Work | None,
        generation_id: str,
        cancel: threading.Event,
    ) -> Iterator[Event]:
        flags.append(cancel)
        yield _started()
        cancel.wait(10)
        yield _finished()

    flows = _open(run)
    flow = flows.find(flows.start(REQUEST))
    assert flow is not None

    there = flows.cancel("flow-1")

    assert there
    assert flags[0].is_set()
    assert _collect(flow) == (_started(), _finished())


def test_cancelling_an_unknown_flow_says_so() -> None:
    """There is nothing to cancel where no such flow is under way."""
    assert not _open(_scripted(WHOLE)).cancel("flow-9")


def test_cancelling_a_finished_flow_says_so() -> None:
    """A flow that is over can't be cancelled any more."""
    flows, flow = _start(*WHOLE)
    assert flow.wait(10)

    assert not flows.cancel("flow-1")


def test_close_cancels_and_waits_for_what_is_paid_for() -> None:
    """When `close` returns, every flow has been asked to stop and has ended."""
    ended: list[str] = []

    def run(
        request: GenerationRequest,
        references: tuple[Reference, ...],
        work: Work | None,
        generation_id: str,
        cancel: threading.Event,
    ) -> Iterator[Event]:
        yield _started(generation_id)
        assert cancel.wait(10)
        ended.append(generation_id)
        yield _finished(generation_id)

    flows = _open(run)
    started = {flows.start(REQUEST) for _ in range(3)}

    flows.close(timeout_s=10)

    assert set(ended) == started
    assert flows.live() == frozenset()


def test_close_waits_no_longer_than_it_may() -> None:
    """A flow that does not end in time is left to be read as interrupted."""
    gate = threading.Event()
    flows = _open(_scripted([WHOLE[0], gate.wait, *WHOLE[1:]]))
    flows.start(REQUEST)
    flow = flows.find("flow-1")
    assert flow is not None

    flows.close(timeout_s=0.01)

    assert flows.live() == {"flow-1"}
    gate.set()
    assert flow.wait(10)


def test_closing_says_that_flows_are_being_finished(caplog: pytest.LogCaptureFixture) -> None:
    """Who stops the server reads why it takes a moment; with nothing under way it is silent."""
    gate = threading.Event()
    flows, flow = _start(WHOLE[0], gate.wait, *WHOLE[1:])
    flows.close(timeout_s=0)
    gate.set()
    assert flow.wait(10)

    flows.close(timeout_s=0)

    assert [record.getMessage() for record in caplog.records] == [
        "Finishing 1 flow(s) before stopping; nothing new is started."
    ]


def test_wait_says_whether_the_end_came() -> None:
    """Waiting for a flow that goes on is over after the timeout, and false."""
    gate = threading.Event()
    _, flow = _start(WHOLE[0], gate.wait, *WHOLE[1:])

    too_short = flow.wait(0.01)
    gate.set()

    assert not too_short
    assert flow.wait(10)


@pytest.mark.parametrize(
    "bug", [RuntimeError("a bug"), SystemExit(1), LedgerError("Not caught below.")], ids=repr
)
def test_bug_ends_the_flow_once_and_is_logged(
    bug: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    """Followers hear of one end, which says that the log knows more; the log has the traceback."""
    flows, flow = _start(WHOLE[0], WHOLE[1], bug)

    events = _collect(flow)

    ending = events[-1]
    assert events[:-1] == WHOLE[:2]
    assert isinstance(ending, FlowFinished)
    assert (ending.generation_id, ending.status) == ("flow-1", GenerationStatus.INTERRUPTED)
    assert ending.fault is not None
    assert ending.fault.code == "internal"
    assert "log" in ending.fault.message
    assert flows.live() == frozenset()
    [record] = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert record.exc_info is not None
    assert record.exc_info[1] is bug


def test_bug_after_the_end_changes_nothing() -> None:
    """The end that was recorded is the one that is told."""
    _, flow = _start(*WHOLE, RuntimeError("too late"))

    assert _collect(flow) == WHOLE


def test_pipeline_without_an_end_gets_one() -> None:
    """A pipeline that just stops is a bug, and the followers hear of the end."""
    _, flow = _start(*WHOLE[:3])

    events = _collect(flow)

    assert events[:-1] == WHOLE[:3]
    assert isinstance(events[-1], FlowFinished)


def test_bug_in_a_model_ends_the_flow_with_the_other_picture_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A model that crashes ends its own lane; the flow ends once, after the other's picture."""
    painters = {GOUACHE: ListPainter([RuntimeError("a bug")]), POSTER: give(0)}
    tools = make_tools(tmp_path, painters=painters)

    flow = _start_real(tools)

    events = _collect(flow)

    assert sum(isinstance(event, ImageReady) for event in events) == 1
    assert [event for event in events if isinstance(event, FlowFinished)] == list(events[-1:])
    assert [one.exc_text for one in caplog.records if "a bug" in (one.exc_text or "")]


def test_flow_whose_ledger_fails_ends_once(tmp_path: Path) -> None:
    """When nothing can be recorded any more, followers still get exactly one end, as the last."""
    ledger = FailingLedger(lambda event: not isinstance(event, FlowStarted))
    tools = make_tools(tmp_path, ledger=ledger)

    flow = _start_real(tools)

    events = _collect(flow)

    assert [type(event) for event in events] == [FlowStarted, FlowFinished]


def test_many_flows_run_beside_one_another() -> None:
    """Forty flows, two followers each: everyone sees their own flow, whole and unmixed."""
    gate = threading.Event()

    def run(
        request: GenerationRequest,
        references: tuple[Reference, ...],
        work: Work | None,
        generation_id: str,
        cancel: threading.Event,
    ) -> Iterator[Event]:
        yield _started(generation_id)
        gate.wait(10)
        for number in range(50):
            yield _piece(f"{generation_id}/{number}")
        yield _finished(generation_id)

    flows = _open(run)
    with ThreadPoolExecutor(80) as pool:
        ids = list(pool.map(flows.start, [REQUEST] * 40))
        live = [flow for flow in map(flows.find, ids) if flow]
        followers = [pool.submit(_collect, flow) for flow in live * 2]
        gate.set()

        seen = [follower.result() for follower in followers]

    assert [events for events in seen if events not in {_expected_of(one) for one in ids}] == []
    assert len(set(ids)) == len(live) == 40
    assert flows.live() == frozenset()


def _expected_of(generation_id: str) -> tuple[Event, ...]:
    pieces = (_piece(f"{generation_id}/{number}") for number in range(50))
    return (_started(generation_id), *pieces, _finished(generation_id))


def test_only_the_newest_preview_is_kept() -> None:
    """Whoever comes late is given each picture's newest preview; those before it are megabytes."""
    shown = threading.Event()
    first, second, other = (
        PartialImage(run_id="run-1", index=index, data=data)
        for index, data in ((0, b"first"), (0, b"second"), (1, b"other"))
    )
    flows, flow = _start(_started(), first, other, second, shown.set, lambda: None, _finished())
    shown.wait(10)

    events = _collect(flow)

    assert [event.data for event in events if isinstance(event, PartialImage)] == [
        b"",
        b"other",
        b"second",
    ]
    assert flows.find("flow-1") is None
