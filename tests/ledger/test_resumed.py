"""Generations that go on after their end, as the ledger keeps them."""

import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from promptflow.errors import BusyGenerationError, LedgerError
from promptflow.events import Event, FlowResumed, ImageReady, RunStarted
from promptflow.ledger import Ownership, SqliteLedger, recover
from promptflow.records import Asset, AssetRole, GenerationStatus, PromptOrigin, RunStatus
from promptflow.storage.local import LocalStore
from promptflow.view import fold
from promptflow.xmp import embed_lineage
from tests.ledger.processes import run_together
from tests.ledger.scripted_flow import (
    START,
    StoppedClock,
    at,
    flow_finished,
    flow_started,
    resumed_flow,
    rich_flow,
    run_finished,
    run_started,
)
from tests.scripted import make_png
from tests.xmp.lineages import LINEAGE


def record(ledger: SqliteLedger, events: Sequence[Event]) -> None:
    """Write events down, one by one."""
    for event in events:
        ledger.record(event)


def go_on(generation_id: str = "g1") -> FlowResumed:
    """Return the event that opens `flow_finished` again."""
    return FlowResumed(
        generation_id=generation_id, request=flow_started().request, at=at(20), after=at(9)
    )


def read_row(path: Path, columns: str) -> tuple[object, ...]:
    """Read the generation straight from the file."""
    with closing(sqlite3.connect(path)) as connection:
        sql = f"SELECT {columns} FROM generations"  # noqa: S608 - of this test
        row: tuple[object, ...] = connection.execute(sql).fetchone()
    return row


class SlowStore(LocalStore):
    """A store that takes so long over one generation that something else is done meanwhile."""

    def __init__(self, folder: Path, meanwhile: Callable[[], object]) -> None:
        super().__init__(folder)
        self._meanwhile = meanwhile

    def remove_leftovers(self, generation_id: str) -> None:
        """Remove what was left half-written."""
        super().remove_leftovers(generation_id)
        if generation_id == "g1":
            self._meanwhile()


def test_what_another_process_has_gone_on_with_is_not_marked(
    path: Path, ledger: SqliteLedger
) -> None:
    """Two processes mend what dead ones left; what the quicker one has resumed is not the slower one's."""
    for own, owner in (("g1", "a" * 32), ("g2", "b" * 32)):
        SqliteLedger(path, clock=StoppedClock(), owner=owner).record(flow_started(own))
    ownership = Ownership.claim(path.parent)
    quick = SqliteLedger(path, clock=StoppedClock(), owner=ownership.owner)

    def mend_and_go_on() -> None:
        recover(quick, [LocalStore(path.parent)], folder=path.parent, live=tuple)
        quick.record(replace(go_on("g2"), after=None))

    slow = SlowStore(path.parent, mend_and_go_on)
    marked = recover(ledger, [slow], folder=path.parent, live=tuple)

    assert marked == ("g1",)
    assert ledger.list_running() == {"g2"}
    ownership.release()


def test_what_another_thread_has_gone_on_with_is_not_marked(
    path: Path, ledger: SqliteLedger
) -> None:
    """Two threads mend what this process left; what the quicker one has resumed is live, and stays so."""
    record(ledger, [flow_started("g1"), flow_started("g2")])
    live: set[str] = set()

    def mend_and_go_on() -> None:
        recover(ledger, [LocalStore(path.parent)], folder=path.parent, live=lambda: live)
        for own in ("g1", "g2"):
            live.add(own)
            ledger.record(replace(go_on(own), after=None))

    slow = SlowStore(path.parent, mend_and_go_on)
    marked = recover(ledger, [slow], folder=path.parent, live=lambda: live)

    assert marked == ()
    assert ledger.list_running() == live


def test_what_is_read_back_is_what_was_seen(ledger: SqliteLedger) -> None:
    """The fold over a resumed flow as it happened, and as the ledger has it, is the same view."""
    record(ledger, resumed_flow())

    assert fold(ledger.read_events("g1")) == fold(resumed_flow())


@pytest.mark.parametrize("missing", range(len(resumed_flow()) - len(rich_flow())))
def test_every_state_on_the_way_is_read_back(ledger: SqliteLedger, missing: int) -> None:
    """However far a resumed flow has come, what is read back is what was seen."""
    so_far = resumed_flow()[: len(resumed_flow()) - missing]
    record(ledger, so_far)

    assert fold(ledger.read_events("g1")) == fold(so_far)


def test_a_generation_that_runs_is_not_resumed(ledger: SqliteLedger, path: Path) -> None:
    """Also another process is told that it is being worked on, and nothing is written."""
    other = SqliteLedger(path, clock=StoppedClock(), owner="owner-2")
    record(ledger, [flow_started()])

    with pytest.raises(BusyGenerationError, match="still being worked on"):
        other.record(replace(go_on(), after=None))

    assert read_row(path, "owner, status") == ("owner-1", "running")


def test_a_generation_that_has_changed_is_not_resumed(ledger: SqliteLedger, path: Path) -> None:
    """Work that was planned for an earlier end does not begin: versions and costs would be wrong."""
    other = SqliteLedger(path, clock=StoppedClock(), owner="owner-2")
    later = replace(flow_finished(), at=at(30))
    record(ledger, [flow_started(), flow_finished(), go_on(), later])

    with pytest.raises(BusyGenerationError):
        other.record(go_on())

    assert fold(ledger.read_events("g1")).finished_at == at(30)


def test_whoever_resumes_owns(ledger: SqliteLedger, path: Path) -> None:
    """The generation is marked with the process that goes on with it; its end is gone until the next."""
    other = SqliteLedger(path, clock=StoppedClock(), owner="owner-2")
    record(ledger, [flow_started(), flow_finished()])

    other.record(go_on())

    columns = "owner, status, finished_at, cost_micro_usd, total_ms"
    assert read_row(path, columns) == ("owner-2", "running", None, None, None)


def test_an_unknown_generation_is_not_resumed(ledger: SqliteLedger) -> None:
    """What there is no row of can't go on."""
    with pytest.raises(LedgerError, match="has no row 'g7'"):
        ledger.record(go_on("g7"))


RESUME = """
import sys
from pathlib import Path
from promptflow.clock import Clock
from promptflow.errors import BusyGenerationError
from promptflow.ledger import SqliteLedger
from tests.ledger.test_resumed import go_on

ledger = SqliteLedger(Path(sys.argv[1]), clock=Clock(), owner="owner-2")
print("ready", flush=True)
sys.stdin.readline()
try:
    ledger.record(go_on())
except BusyGenerationError:
    print("busy")
else:
    print("mine")
"""


def test_of_processes_that_resume_at_once_one_wins(ledger: SqliteLedger, path: Path) -> None:
    """However many try at the same moment, exactly one has the generation."""
    record(ledger, [flow_started(), flow_finished()])

    answers = run_together(RESUME, str(path), processes=3)

    assert sorted(answers) == ["busy", "busy", "mine"]


def test_of_threads_that_resume_at_once_one_wins(ledger: SqliteLedger) -> None:
    """Likewise within one process."""
    record(ledger, [flow_started(), flow_finished()])
    together = threading.Barrier(6)

    def resume(_number: int) -> bool:
        together.wait()
        try:
            ledger.record(go_on())
        except BusyGenerationError:
            return False
        return True

    with ThreadPoolExecutor(6) as threads:
        won = list(threads.map(resume, range(6)))

    assert sum(won) == 1


def test_a_killed_resumed_flow_keeps_what_was_there(ledger: SqliteLedger, path: Path) -> None:
    """Recovery interrupts what ran alone; the cost is whole where each part's is known, else unknown."""
    run = replace(run_started("r2", "painter-2"), at=at(21))
    known: list[Event] = [
        flow_started(),
        run_started("r1"),
        run_finished("r1", "t1"),
        flow_finished(),
    ]
    record(ledger, [*known, go_on(), run])
    later = SqliteLedger(path, clock=StoppedClock(), owner="owner-2")

    recovered = recover(later, [LocalStore(path.parent)], folder=path.parent, live=tuple)

    view = fold(later.read_events("g1"))
    assert recovered == ("g1",)
    assert view.status is GenerationStatus.INTERRUPTED
    assert [run.status for run in view.runs] == [RunStatus.SUCCEEDED, RunStatus.INTERRUPTED]
    assert (view.runs[0].cost_micro_usd, view.runs[1].cost_micro_usd) == (40_000, None)
    assert (view.cost_micro_usd, view.total_ms) == (None, None)
    later.record(replace(go_on(), after=START))
    assert fold(later.read_events("g1")).status is GenerationStatus.RUNNING


def test_a_flow_killed_before_it_did_anything_cost_what_was_there(
    ledger: SqliteLedger, path: Path
) -> None:
    """A resumed flow that was killed at once leaves the cost as it was."""
    record(ledger, [flow_started(), run_started("r1"), run_finished("r1", "t1"), flow_finished()])
    record(ledger, [go_on()])

    recover(ledger, [LocalStore(path.parent)], folder=path.parent, live=tuple)

    assert fold(ledger.read_events("g1")).cost_micro_usd == 40_000


def test_new_words_of_a_resumed_generation_are_found(ledger: SqliteLedger) -> None:
    """Once it has ended again, a prompt that a person has written leads to it, and it is there once."""
    record(ledger, resumed_flow())

    found = ledger.list_generations(search="squid")

    assert [one.generation_id for one in found] == ["g1"]


def store_of_run(store: LocalStore, run_id: str, index: int, seed: int) -> Asset:
    """Store a picture of painter-1 whose file says which run it is of, without recording it."""
    lineage = replace(LINEAGE, generation_id="g1", run_id=run_id, index=index, seed=seed)
    return store.write(
        generation_id="g1",
        role=AssetRole.OUTPUT,
        model="painter-1",
        data=embed_lineage(make_png(index % 256), lineage),
    )


def two_runs() -> list[Event]:
    """Return a flow in which two runs of a model paint at once."""
    raw: RunStarted = replace(run_started("r2"), version=2, prompt_origin=PromptOrigin.RAW)
    return [flow_started(), run_started("r1"), raw]


def test_a_picture_goes_to_the_run_that_its_file_names(ledger: SqliteLedger, path: Path) -> None:
    """Of two runs of a model, each adopts its own pictures, at their places and with their seeds."""
    store = LocalStore(path.parent)
    record(ledger, two_runs())
    stored = [
        store_of_run(store, run, index, seed)
        for run, index, seed in (("r1", 1, 8), ("r1", 0, 7), ("r2", 1, 9))
    ]

    recover(ledger, [store], folder=path.parent, live=tuple)

    view = fold(ledger.read_events("g1"))
    found = [
        (run.run_id, one.index, one.seed, one.asset.key) for run in view.runs for one in run.images
    ]
    assert found == [
        ("r1", 0, 7, stored[1].key),
        ("r1", 1, 8, stored[0].key),
        ("r2", 1, 9, stored[2].key),
    ]


def test_a_place_that_is_taken_is_not_taken_twice(ledger: SqliteLedger, path: Path) -> None:
    """Where the place that a file tells is another picture's, the picture comes after the last one."""
    store = LocalStore(path.parent)
    record(ledger, two_runs())
    there = store_of_run(store, "r1", 0, 7)
    ledger.record(ImageReady(run_id="r1", index=0, asset=there, seed=7, at_ms=1))
    store_of_run(store, "r1", 0, 8)

    recover(ledger, [store], folder=path.parent, live=tuple)

    run = fold(ledger.read_events("g1")).runs[0]
    assert [(one.index, one.seed) for one in run.images] == [(0, 7), (1, 8)]


def test_numbers_that_can_not_be_kept_are_left_out(ledger: SqliteLedger, path: Path) -> None:
    """However odd the numbers in a file, its picture is adopted, and recovery ends."""
    store = LocalStore(path.parent)
    record(ledger, two_runs())
    store_of_run(store, "r1", 10**19 - 1, -5)

    recovered = recover(ledger, [store], folder=path.parent, live=tuple)

    assert recovered == ("g1",)
    (image,) = fold(ledger.read_events("g1")).runs[0].images
    assert (image.index, image.seed) == (0, None)


def test_a_file_that_names_no_run_of_its_own_goes_to_the_newest(
    ledger: SqliteLedger, path: Path
) -> None:
    """A file may say anything: what names a run that is over, or none, goes where it went before."""
    store = LocalStore(path.parent)
    record(ledger, [*two_runs(), run_finished("r1", "t1")])
    store_of_run(store, "r1", 0, 7)
    store_of_run(store, "no such run", 1, 7)

    recover(ledger, [store], folder=path.parent, live=tuple)

    first, second = fold(ledger.read_events("g1")).runs
    assert first.images == []
    assert sorted((one.index, one.seed) for one in second.images) == [(0, None), (1, None)]
