"""A finished flow once more: the order and the times it happened in, and the pace it is played at."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptflow.clock import Clock
from promptflow.events import (
    Event,
    FlowFinished,
    FlowStarted,
    ImageReady,
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
    StageStarted,
)
from promptflow.ledger import SqliteLedger
from promptflow.records import GenerationStatus, RunStatus, Stage
from promptflow.replay import Playback, TimedEvent, plan_replay
from promptflow.view import fold
from tests.ledger.scripted_flow import (
    BUSY,
    PLAN,
    START,
    at,
    flow_finished,
    flow_started,
    image_ready,
    reference_stored,
    resumed_flow,
    rich_flow,
    run_failed,
    run_finished,
    run_started,
    stage_failed,
    stage_finished,
    stage_started,
)

MODELS = ("painter-1", "painter-2", "painter-3")
# Clocks that jump, time lines that run backwards or past the end: a damaged ledger may say anything.
moments = st.floats(-5, 30).map(lambda seconds: at(round(seconds, 3)))
durations = st.integers(0, 20_000)
timelines = st.lists(st.tuples(st.integers(0, 9_000), st.integers(0, 40)), max_size=5).map(tuple)
words = st.text(alphabet="ab \nü", max_size=20)


@st.composite
def _stages(draw: st.DrawFn, number: int, stage: Stage, model: str | None) -> list[Event]:
    stage_id, retries = f"s{number}", draw(st.integers(0, 2))
    output, reasoning = draw(words), draw(words)
    lane: list[Event] = [replace(stage_started(stage_id, stage, model), at=draw(moments))]
    lane += [
        StageRetrying(
            stage_id=stage_id,
            attempt_id=f"{stage_id}-{one}",
            attempt=one + 1,
            wait_s=draw(st.floats(0, 9)),
            fault=BUSY,
            at=draw(moments),
        )
        for one in range(retries)
    ]
    if reasoning:
        lane.append(ReasoningDelta(stage_id=stage_id, text=reasoning))
    if output:
        lane.append(StageDelta(stage_id=stage_id, text=output))
    closed: StageFinished | StageFailed = stage_finished(stage_id, output)
    if draw(st.booleans()):
        closed = stage_failed(stage_id, output, BUSY)
    # Cancelled in a wait, a stage ends with the attempt before it.
    attempt = draw(st.integers(max(retries, 1), retries + 1))
    closed = replace(closed, reasoning=reasoning, timeline=draw(timelines), attempt=attempt)
    return [*lane, replace(closed, total_ms=draw(durations))]


@st.composite
def _runs(draw: st.DrawFn, number: int, model: str) -> list[Event]:
    run_id, retries = f"r{number}", draw(st.integers(0, 2))
    started = run_started(run_id, model, draw(st.sampled_from([None, f"s{number + 2}"])))
    lane: list[Event] = [replace(started, at=draw(moments))]
    lane += [
        RunRetrying(
            run_id=run_id,
            attempt_id=f"{run_id}-{one}",
            attempt=one + 1,
            wait_s=draw(st.floats(0, 9)),
            fault=BUSY,
            at=draw(moments),
        )
        for one in range(retries)
    ]
    lane += [
        replace(image_ready(run_id, one, f"{run_id}-a{one}"), at_ms=draw(durations))
        for one in range(draw(st.integers(0, 3)))
    ]
    closed: RunFinished | RunFailed = run_finished(run_id, "t", retries + 1)
    if draw(st.booleans()):
        closed = run_failed(run_id, "t", RunStatus.PARTIAL, BUSY, retries + 1)
    return [*lane, replace(closed, total_ms=draw(durations))]


@st.composite
def _flows(draw: st.DrawFn) -> list[Event]:
    """Whole flows in the order in which the ledger gives them back."""
    events: list[Event] = [flow_started(), reference_stored(0, "a9")]
    events += draw(_stages(1, Stage.ACTION_PLAN, None))
    events += draw(_stages(2, Stage.THINKING, None))
    models = MODELS[: draw(st.integers(0, 3))]
    for number, model in enumerate(models):
        events += draw(_stages(number + 3, Stage.PROMPT_CONSTRUCTION, model))
    for number, model in enumerate(models):
        events += draw(_runs(number + 1, model))
    status = draw(st.sampled_from([GenerationStatus.SUCCEEDED, GenerationStatus.INTERRUPTED]))
    return [*events, replace(flow_finished(status=status), total_ms=draw(durations))]


@given(_flows())
def test_replay_leads_to_the_same_view(events: list[Event]) -> None:
    """Folding the replay gives what folding the recorded events gives, whatever the clocks said."""
    assert fold([one.event for one in plan_replay(events)]) == fold(events)


@given(_flows())
def test_times_of_a_replay_ascend(events: list[Event]) -> None:
    """No event is earlier than the one before it, and none is before the start."""
    times_ms = [one.at_ms for one in plan_replay(events)]

    assert times_ms[0] == 0
    assert times_ms == sorted(times_ms)


@given(_flows())
def test_replay_obeys_the_grammar(events: list[Event]) -> None:
    """Plan, thinking, prompt and run follow one another, and nothing is outside of its stage or run."""
    replayed = [one.event for one in plan_replay(events)]
    kinds = [type(event) for event in replayed]

    assert kinds[0] is FlowStarted
    assert kinds[1] is ReferenceStored
    assert kinds[-1] is FlowFinished
    for lane in _lanes(replayed).values():
        assert isinstance(lane[0], StageStarted | RunStarted)
        assert isinstance(lane[-1], StageFinished | StageFailed | RunFinished | RunFailed)
    ends = {_id(event): index for index, event in enumerate(replayed)}
    for index, event in enumerate(replayed):
        if isinstance(event, StageStarted) and event.stage_id != "s1":
            before = "s2" if event.image_model else "s1"
            assert ends[before] < index
        if isinstance(event, RunStarted):
            assert ends[event.stage_id or "s2"] < index


@given(_flows())
def test_pieces_of_an_answer_are_the_answer(events: list[Event]) -> None:
    """What a time line cuts, and what is spread, is whole when put together, and no piece is empty."""
    replayed = [one.event for one in plan_replay(events)]

    for kind in (StageDelta, ReasoningDelta):
        pieces = [one for one in replayed if isinstance(one, kind)]
        assert all(one.text for one in pieces)
        for event in events:
            if isinstance(event, kind):
                said = "".join(one.text for one in pieces if one.stage_id == event.stage_id)
                assert said == event.text


def test_everything_comes_at_its_time() -> None:
    """Starts by the clock, words by the time line, pictures and ends from their start on."""
    events: list[Event] = [
        flow_started(),
        stage_started("s1", Stage.ACTION_PLAN),
        StageDelta(stage_id="s1", text="abcdef"),
        stage_finished("s1", "abcdef", PLAN),
        run_started("r1"),
        image_ready("r1", 0, "a1"),
        run_finished("r1", "t1"),
        flow_finished(),
    ]

    assert _told(plan_replay(events)) == [
        (0, "FlowStarted"),
        (1_000, "StageStarted"),
        (1_120, "abc"),
        (1_240, "def"),
        (1_250, "StageFinished"),
        (2_500, "RunStarted"),
        (4_000, "ImageReady"),
        (5_500, "RunFinished"),
        (9_000, "FlowFinished"),
    ]


def test_answer_that_started_over_comes_after_the_wait() -> None:
    """What is kept are the words of the last attempt: they come after the wait, reasoning first."""
    retrying = StageRetrying(
        stage_id="s1", attempt_id="t1", attempt=1, wait_s=0.5, fault=BUSY, at=at(2)
    )
    closed = replace(
        stage_finished("s1", "ab"),
        reasoning="why?",
        timeline=((1_700, 1), (1_800, 2)),
        total_ms=1_900,
        attempt=2,
    )
    events: list[Event] = [flow_started(), stage_started("s1"), retrying, closed, flow_finished()]

    assert _told(plan_replay(events))[1:-1] == [
        (1_000, "StageStarted"),
        (2_000, "StageRetrying"),
        (2_500, "wh"),
        (2_600, "y?"),
        (2_700, "a"),
        (2_800, "b"),
        (2_900, "StageFinished"),
    ]


def test_pictures_come_as_they_came() -> None:
    """Where the second picture was there first, it is first in the replay."""
    pictures = [
        replace(image_ready("r1", index, f"a{index}"), at_ms=at_ms)
        for index, at_ms in enumerate((900, 400))
    ]
    events: list[Event] = [
        flow_started(),
        run_started("r1"),
        *pictures,
        run_finished("r1", "t"),
        flow_finished(),
    ]

    replayed = [one.event for one in plan_replay(events)]

    assert [one.index for one in replayed if isinstance(one, ImageReady)] == [1, 0]
    assert [image.index for image in fold(replayed).runs[0].images] == [0, 1]


def test_interrupted_flow_ends_with_what_is_known() -> None:
    """Where nobody knows how long things took, they end with the last thing that happened."""
    fault = replace(BUSY, code="interrupted")
    events: list[Event] = [
        flow_started(),
        run_started("r1"),
        image_ready("r1", 0, "a1"),
        replace(run_failed("r1", "t", RunStatus.INTERRUPTED, fault), total_ms=0),
        replace(flow_finished(status=GenerationStatus.INTERRUPTED), total_ms=0),
    ]

    assert _told(plan_replay(events))[2:] == [
        (4_000, "ImageReady"),
        (4_000, "RunFailed"),
        (4_000, "FlowFinished"),
    ]


def test_what_the_ledger_gives_back_can_be_replayed(tmp_path: Path) -> None:
    """A flow in which everything happens, written down and read back, is replayed to its end."""
    ledger = SqliteLedger(tmp_path / "promptflow.db", clock=Clock())
    ledger.prepare()
    for event in rich_flow():
        ledger.record(event)
    events = ledger.read_events("g1")

    assert fold([one.event for one in plan_replay(events)]) == fold(events)


def test_a_resumed_flow_is_replayed_without_the_pause(tmp_path: Path) -> None:
    """What was asked for a minute later follows at once, and the end is where the work has ended."""
    ledger = SqliteLedger(tmp_path / "promptflow.db", clock=Clock())
    ledger.prepare()
    for event in resumed_flow():
        ledger.record(event)
    events = ledger.read_events("g1")

    timed = plan_replay(events)

    assert fold([one.event for one in timed]) == fold(events)
    began = {one.event.run_id: one.at_ms for one in timed if isinstance(one.event, RunStarted)}
    assert [began[run] for run in ("r1", "r4", "r5", "r6")] == [3_000, 5_500, 5_500, 5_500]
    assert timed[-1].at_ms == 13_000


def test_a_replay_needs_the_beginning() -> None:
    """Events without the start of a flow can't be timed."""
    with pytest.raises(ValueError, match="begin with FlowStarted"):
        plan_replay([flow_finished()])


@dataclass(frozen=True, slots=True)
class Hourglass(Clock):
    """A clock that only moves while someone sleeps, or draws."""

    slept: list[float] = field(default_factory=list)
    drew: list[float] = field(default_factory=list)

    def stopwatch_s(self) -> float:
        """Return what has passed."""
        return 100 + sum(self.slept) + sum(self.drew)


def _playback(*times_ms: int, at_ms: int = 0) -> tuple[Playback, Hourglass]:
    clock = Hourglass()
    timed = [
        TimedEvent(at_ms=at_ms, event=StageDelta(stage_id="s", text=str(index)))
        for index, at_ms in enumerate(times_ms)
    ]
    played = Playback(timed, started_at=START, at_ms=at_ms, clock=clock, sleep=clock.slept.append)
    return played, clock


def _texts(batch: Sequence[Event]) -> list[str]:
    return [event.text for event in batch if isinstance(event, StageDelta)]


@pytest.mark.parametrize(("speed", "took_s"), [(1.0, 3.0), (4.0, 0.75)])
def test_speed_is_kept(speed: float, took_s: float) -> None:
    """At its own pace a flow of three seconds takes three; four times as fast, a quarter of it."""
    playback, clock = _playback(0, 1_000, 1_010, 1_020, 3_000)

    batches = list(playback.pace(speed))

    assert [_texts(batch) for batch in batches if batch] == [["1"], ["2", "3"], ["4"]]
    assert sum(clock.slept) == pytest.approx(took_s, abs=0.05)
    assert playback.over


def test_clocks_move_while_nothing_happens() -> None:
    """In a long wait there are empty batches, five in a second, and the moment played moves on."""
    playback, clock = _playback(0, 2_000)

    batches = playback.pace(1.0)
    waited = [next(batches) for _ in range(5)]

    assert waited == [()] * 5
    assert clock.slept == [0.2] * 5
    assert playback.now() == at(1)


def test_all_at_once_is_one_batch() -> None:
    """Without a speed everything left comes together and nobody sleeps."""
    playback, clock = _playback(0, 1_000, 60_000)

    assert [_texts(batch) for batch in playback.pace(None)] == [["1", "2"]]
    assert clock.slept == []
    assert playback.over


def test_replay_goes_on_where_it_was() -> None:
    """Who stops listening in a wait can go on from there, at another speed, and misses nothing."""
    first, _ = _playback(0, 100, 60_000, 60_500)
    batches = first.pace(1.0)
    while first.at_ms < 1_000:
        next(batches)

    second, clock = _playback(0, 100, 60_000, 60_500, at_ms=first.at_ms)

    assert _texts(second.seen()) == ["0", "1"]
    assert list(chain.from_iterable(map(_texts, second.pace(100.0)))) == ["2", "3"]
    assert sum(clock.slept) < 1


@given(
    times=st.lists(st.integers(0, 3_000), min_size=1, max_size=20).map(sorted),
    speed=st.sampled_from([1.0, 4.0, None]),
    draws_s=st.floats(0, 0.5),
)
def test_nothing_is_lost_and_nothing_comes_twice(
    times: list[int], speed: float | None, draws_s: float
) -> None:
    """However long drawing takes, what was seen and what comes make up the whole, in order."""
    playback, clock = _playback(0, *times)
    played = _texts(playback.seen())

    for batch in playback.pace(speed):
        played += _texts(batch)
        clock.drew.append(draws_s)

    assert played == [str(index) for index in range(len(times) + 1)]


def _id(event: Event) -> str:
    return str(getattr(event, "run_id", getattr(event, "stage_id", "")))


def _lanes(events: Sequence[Event]) -> dict[str, list[Event]]:
    lanes: dict[str, list[Event]] = {}
    for event in events:
        if _id(event):
            lanes.setdefault(_id(event), []).append(event)
    return lanes


def _told(timed: Sequence[TimedEvent]) -> list[tuple[int, str]]:
    return [(one.at_ms, str(getattr(one.event, "text", type(one.event).__name__))) for one in timed]
