"""What is recorded comes back: the same events, in an order of the ledger's own."""

import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from promptflow.errors import LedgerError, UnknownGenerationError
from promptflow.events import (
    Event,
    FlowFinished,
    ImageReady,
    PartialImage,
    ReasoningDelta,
    RunRetrying,
    StageDelta,
    StageFinished,
)
from promptflow.ledger import SqliteLedger
from promptflow.records import Fault, GenerationStatus, RunStatus, Stage
from promptflow.view import fold
from tests.ledger.scripted_flow import (
    BUSY,
    PLAN,
    RICH_FLOW_IN_ORDER,
    StoppedClock,
    at,
    flow_finished,
    flow_started,
    image_ready,
    outline,
    rich_flow,
    run_failed,
    run_finished,
    run_started,
    stage_finished,
    stage_started,
)


def record(ledger: SqliteLedger, events: Sequence[Event]) -> None:
    """Write events down, one by one."""
    for event in events:
        ledger.record(event)


def read_rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    """Read straight from the file."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def test_a_flow_comes_back_event_by_event(ledger: SqliteLedger) -> None:
    """Every event that is kept comes back equal, and nothing else does."""
    written = rich_flow()
    record(ledger, written)

    events = ledger.read_events("g1")

    in_memory_only = (StageDelta, ReasoningDelta, PartialImage)
    kept = [event for event in written if not isinstance(event, in_memory_only)]
    back = [event for event in events if not isinstance(event, in_memory_only)]
    assert sorted(map(repr, back)) == sorted(map(repr, kept))


def test_a_flow_comes_back_in_the_canonical_order(ledger: SqliteLedger) -> None:
    """Stages come first, then runs, each whole, between the flow's start and its end."""
    record(ledger, rich_flow())

    events = ledger.read_events("g1")

    assert outline(events) == RICH_FLOW_IN_ORDER


def test_deltas_come_back_as_one(ledger: SqliteLedger) -> None:
    """What a stage said piece by piece is read back in one piece, or none if it said nothing."""
    record(ledger, rich_flow())

    deltas = [event for event in ledger.read_events("g1") if isinstance(event, StageDelta)]

    assert [(delta.stage_id, delta.text) for delta in deltas] == [
        ("s1", '{"summary": 1}'),
        ("s2", "{…}"),
        ("s3", "Ink and salt"),
        ("s4", "an octopus, linocut"),
        ("s6", "words"),
    ]


def test_the_fold_can_not_tell_a_replay_from_the_live_flow(ledger: SqliteLedger) -> None:
    """Folding what was read back gives the view that was seen live."""
    written = rich_flow()
    record(ledger, written)

    live, replayed = fold(written), fold(ledger.read_events("g1"))

    assert replayed == live


def test_every_prefix_of_a_flow_can_be_read(ledger: SqliteLedger) -> None:
    """Wherever a process is killed, what was recorded until then can be read and folded."""
    read = []
    for event in rich_flow():
        ledger.record(event)
        read.append(fold(ledger.read_events("g1")).status)

    assert read == [GenerationStatus.RUNNING] * (len(read) - 1) + [GenerationStatus.PARTIAL]


def test_what_is_running_has_no_closing_event(ledger: SqliteLedger) -> None:
    """A stage, a run and a flow under way are open in what is read back."""
    record(ledger, [flow_started(), stage_started("s1"), run_started("r1", stage_id="s1")])

    events = ledger.read_events("g1")

    assert outline(events) == ("FlowStarted", "StageStarted s1", "RunStarted r1")


def test_events_in_memory_only_are_passed_over(ledger: SqliteLedger, path: Path) -> None:
    """Deltas and partial pictures touch nothing, not even the file."""
    path.rename(path.with_suffix(".away"))

    ledger.record(StageDelta(stage_id="s1", text="Ink"))
    ledger.record(PartialImage(run_id="r1", index=0, data=b""))

    assert not path.exists()


def test_an_unknown_generation_is_named(ledger: SqliteLedger) -> None:
    """Reading what was never recorded says which id it was."""
    with pytest.raises(
        UnknownGenerationError, match="There is no generation 'nope' in this ledger"
    ):
        ledger.read_events("nope")


def test_the_status_follows_the_flow(ledger: SqliteLedger) -> None:
    """A generation is running until its last event."""
    ledger.record(flow_started())
    running = fold(ledger.read_events("g1")).status
    ledger.record(flow_finished())

    assert running is GenerationStatus.RUNNING
    assert fold(ledger.read_events("g1")).status is GenerationStatus.SUCCEEDED


def test_the_first_picture_is_timed(ledger: SqliteLedger, path: Path) -> None:
    """A run knows how long its first picture took, whatever came later."""
    record(ledger, [flow_started(), run_started("r1")])
    record(ledger, [image_ready("r1", 0, "a1"), image_ready("r1", 1, "a2")])

    assert read_rows(path, "SELECT first_picture_ms FROM runs") == [(1_500,)]


def test_attempts_say_how_each_call_ended(ledger: SqliteLedger, path: Path) -> None:
    """Each attempt has its own row: number, how it ended, and the wait that followed."""
    record(ledger, rich_flow())

    rows = read_rows(
        path,
        """
        SELECT id, coalesce(run_id, stage_id), number, status, error_code, http_status, wait_after_ms
        FROM attempts ORDER BY id
        """,
    )

    assert rows == [
        ("t1", "r1", 1, "failed", "busy", 429, 1_500),
        ("t2", "r1", 2, "succeeded", None, None, None),
        ("t3", "r2", 1, "failed", "busy", 429, None),
        ("t4", "r3", 1, "refused", "refused", 400, None),
        ("t9", "s3", 1, "failed", "busy", 429, 500),
    ]


def test_refusals_are_counted_per_model(ledger: SqliteLedger) -> None:
    """The ledger knows how many runs of an image model, and stages of a text model, were refused."""
    record(ledger, rich_flow())

    assert ledger.calls.count_refusals() == {
        "painter-1": (0, 1),
        "painter-2": (0, 1),
        "painter-3": (1, 1),
        "writer-1": (0, 6),
    }


def test_a_run_may_end_with_the_attempt_it_waited_for(ledger: SqliteLedger) -> None:
    """A run cancelled in its wait may end with the attempt that failed before it."""
    retrying = RunRetrying(
        run_id="r1", attempt_id="t1", attempt=1, wait_s=2.0, fault=BUSY, at=at(3)
    )
    cancelled = run_failed("r1", "t1", RunStatus.CANCELLED, Fault(code="cancelled", message="Off."))
    record(ledger, [flow_started(), run_started("r1"), retrying, cancelled])

    assert ledger.read_events("g1")[2:] == (retrying, cancelled)


def test_the_end_of_a_flow_closes_what_a_broken_lane_left_open(ledger: SqliteLedger) -> None:
    """Nothing reads as running for ever once its flow is over."""
    record(ledger, [flow_started(), stage_started("s1"), run_started("r1"), flow_finished()])

    view = fold(ledger.read_events("g1"))

    assert view.status is GenerationStatus.SUCCEEDED
    assert [stage.status.value for stage in view.stages] == ["interrupted"]
    assert [run.status.value for run in view.runs] == ["interrupted"]


@pytest.mark.parametrize(
    "text",
    ["half a pair: \ud83d", "NUL: \0.", "🐙 ½ \u202e", "x" * 1_000_000, "'; DROP TABLE runs"],
)
def test_whatever_a_model_writes_is_kept(ledger: SqliteLedger, text: str) -> None:
    """Any text is stored; only what is no character becomes a replacement character."""
    record(ledger, [flow_started(), stage_started("s1"), stage_finished("s1", text)])

    finished = ledger.read_events("g1")[-1]

    assert isinstance(finished, StageFinished)
    assert finished.output == text.replace("\ud83d", "\ufffd")


def test_the_plan_keeps_its_characters(ledger: SqliteLedger, path: Path) -> None:
    """The plan is JSON that people and queries can read."""
    record(ledger, [flow_started(), stage_started("s1", Stage.ACTION_PLAN)])
    ledger.record(stage_finished("s1", "", PLAN))

    rows = read_rows(path, "SELECT plan ->> 'mood', plan ->> '$.subjects[1]' FROM stages")

    assert rows == [("calm ☕", "chess board")]


@pytest.mark.parametrize(
    ("request_text", "title"),
    [
        ("An octopus", "An octopus"),
        ("\n \n  An octopus  \nand more", "An octopus"),
        ("x" * 80, "x" * 80),
        ("x" * 81, "x" * 79 + "…"),
        ("word " * 30, "word " * 15 + "word…"),
        (" \n ", ""),
    ],
)
def test_the_title_is_the_first_line_cut_short(
    ledger: SqliteLedger, request_text: str, title: str
) -> None:
    """A generation is titled by the first line that says something, in 80 characters at most."""
    ledger.record(flow_started(request=request_text))

    assert [one.title for one in ledger.list_generations()] == [title]


def test_recording_the_same_event_twice_is_refused(ledger: SqliteLedger) -> None:
    """An id stands for one row; a second one is an error and changes nothing."""
    record(ledger, [flow_started(), stage_started("s1")])

    with pytest.raises(LedgerError, match=r"UNIQUE constraint failed: stages\.id"):
        ledger.record(stage_started("s1"))

    assert outline(ledger.read_events("g1")) == ("FlowStarted", "StageStarted s1")


@pytest.mark.parametrize(
    "event",
    [
        stage_finished("nope", "words"),
        run_finished("nope", "t1"),
        image_ready("nope", 0, "a1"),
        flow_finished("nope"),
    ],
)
def test_an_event_without_its_beginning_is_refused(ledger: SqliteLedger, event: Event) -> None:
    """What was never begun can't be continued; the message names it."""
    with pytest.raises(LedgerError, match="has no row 'nope'"):
        ledger.record(event)


def test_a_failed_record_leaves_nothing_behind(ledger: SqliteLedger, path: Path) -> None:
    """A run whose second row can't be written doesn't leave its first."""
    record(ledger, [flow_started(), run_started("r1")])

    with pytest.raises(LedgerError, match="UNIQUE constraint failed"):
        ledger.record(run_started("r2"))

    assert read_rows(path, "SELECT id FROM prompts") == [("prompt-r1",)]


def test_flows_beside_one_another_are_kept_apart(ledger: SqliteLedger) -> None:
    """Two flows of one process keep their stages and runs apart."""
    ledger.record(flow_started("g1"))
    ledger.record(flow_started("g2"))
    ledger.record(stage_started("s1", generation_id="g1"))
    ledger.record(stage_started("s2", generation_id="g2"))
    ledger.record(run_started("r2", generation_id="g2"))

    assert outline(ledger.read_events("g1")) == ("FlowStarted", "StageStarted s1")
    assert outline(ledger.read_events("g2")) == ("FlowStarted", "StageStarted s2", "RunStarted r2")


def test_the_owner_is_written_on_the_generation(path: Path) -> None:
    """A generation says which process runs it, even when the owner was set late."""
    ledger = SqliteLedger(path, clock=StoppedClock())
    ledger.prepare()
    ledger.owner = "owner-9"

    ledger.record(flow_started())

    assert read_rows(path, "SELECT owner FROM generations") == [("owner-9",)]


def test_six_threads_can_write_at_once(ledger: SqliteLedger, path: Path) -> None:
    """Writers wait for their turn; none is told that the database is locked."""

    def write_flow(number: int) -> None:
        own = f"g{number}"
        ledger.record(flow_started(own))
        for count in range(49):
            ledger.record(stage_started(f"s{number}-{count:02}", generation_id=own))

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(write_flow, range(6)))

    assert read_rows(path, "SELECT count(*), max(ordinal) FROM stages") == [(6 * 49, 49)]


def test_readers_see_whole_records_while_others_write(ledger: SqliteLedger) -> None:
    """What is read is one moment: a run never shows without its prompt."""
    ledger.record(flow_started())

    def write(number: int) -> None:
        ledger.record(run_started(f"r{number}", f"painter-{number}"))

    with ThreadPoolExecutor(4) as threads:
        written = threads.map(write, range(40))
        seen = list(threads.map(lambda _: len(ledger.read_events("g1")), range(40)))
        list(written)

    assert all(1 <= count <= 41 for count in seen)
    assert len(ledger.read_events("g1")) == 41


def test_the_ledger_stays_usable_after_close(ledger: SqliteLedger) -> None:
    """Closing only lets go of the idle connection."""
    ledger.close()
    ledger.close()

    ledger.record(flow_started())

    assert outline(ledger.read_events("g1")) == ("FlowStarted",)


def test_the_end_and_the_pictures_keep_their_numbers(ledger: SqliteLedger) -> None:
    """Costs, times and seeds come back as they were; what is unknown stays unknown."""
    record(ledger, rich_flow())

    events = ledger.read_events("g1")

    assert isinstance(events[-1], FlowFinished)
    assert events[-1].cost_micro_usd is None
    pictures = [event for event in events if isinstance(event, ImageReady)]
    assert [(one.index, one.seed, one.at_ms) for one in pictures] == [
        (0, 7, 1_500),
        (1, 8, 1_501),
        (0, 7, 1_500),
    ]
