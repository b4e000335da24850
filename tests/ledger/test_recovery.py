"""What becomes of the work of a process that was killed."""

import logging
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from promptflow.events import (
    Event,
    FlowFinished,
    ImageReady,
    ReferenceStored,
    RunFailed,
    StageFailed,
)
from promptflow.ledger import Ownership, SqliteLedger, recover
from promptflow.records import Asset, AssetRole, GalleryFilter, GenerationStatus, RunStatus
from promptflow.storage.local import LocalStore
from promptflow.view import fold
from tests.ledger.processes import run_together, start
from tests.ledger.scripted_flow import (
    START,
    StoppedClock,
    flow_started,
    image_ready,
    outline,
    rich_flow,
    run_finished,
    run_started,
    stage_finished,
    stage_started,
)

MESSAGE = "The process ended while this was running. What was finished is kept."


def encode(shade: int) -> bytes:
    """Encode a small picture."""
    file = BytesIO()
    Image.new("RGB", (4, 3), (shade, 0, 0)).save(file, "PNG")
    return file.getvalue()


def store_picture(store: LocalStore, shade: int, model: str = "painter-1") -> Asset:
    """Store a picture of g1 without recording it."""
    return store.write(generation_id="g1", role=AssetRole.OUTPUT, model=model, data=encode(shade))


@pytest.fixture
def store(path: Path) -> LocalStore:
    """The pictures beside the ledger."""
    return LocalStore(path.parent)


@pytest.fixture
def later(ledger: SqliteLedger, path: Path) -> SqliteLedger:
    """The same ledger, opened by a process that came later."""
    return SqliteLedger(path, clock=StoppedClock(), owner="owner-2")


def mend(ledger: SqliteLedger, store: LocalStore, *live: str) -> tuple[str, ...]:
    """Recover as a process in which these generations are under way."""
    return recover(ledger, [store], folder=ledger.file.path.parent, live=lambda: live)


KILLED = """
import sys, time
from io import BytesIO
from pathlib import Path
from PIL import Image
from promptflow.clock import Clock
from promptflow.events import ImageReady
from promptflow.ledger import Ownership, SqliteLedger
from promptflow.records import AssetRole
from promptflow.storage.local import LocalStore
from tests.ledger.scripted_flow import flow_started, run_started, stage_finished, stage_started

folder = Path(sys.argv[1])
ownership = Ownership.claim(folder)
ledger = SqliteLedger(folder / "promptflow.db", clock=Clock(), owner=ownership.owner)
store = LocalStore(folder)

def paint(shade):
    file = BytesIO()
    Image.new("RGB", (4, 3), (shade, 0, 0)).save(file, "PNG")
    return store.write(
        generation_id="g1", role=AssetRole.OUTPUT, model="painter-1", data=file.getvalue()
    )

for event in (
    flow_started(), stage_started("s1"), stage_finished("s1", "Ink and salt"), run_started("r1"),
    ImageReady(run_id="r1", index=0, asset=paint(1), seed=3, at_ms=700), stage_started("s2"),
):
    ledger.record(event)
paint(2)
print("half done", flush=True)
time.sleep(600)
"""


def test_a_killed_process_leaves_what_it_finished(
    ledger: SqliteLedger, later: SqliteLedger, store: LocalStore, path: Path
) -> None:
    """After a kill the flow reads as interrupted; stages and pictures that were done are kept."""
    process = start(KILLED, str(path.parent))
    while_alive = mend(later, store)
    process.kill()
    process.communicate()

    recovered = mend(later, store)

    assert while_alive == ()
    assert recovered == ("g1",)
    events = later.read_events("g1")
    assert outline(events) == (
        "FlowStarted",
        *("StageStarted s1", "StageDelta s1", "StageFinished s1"),
        *("StageStarted s2", "StageFailed s2"),
        *("RunStarted r1", "ImageReady r1", "ImageReady r1", "RunFailed r1"),
        "FlowFinished",
    )
    pictures = [event for event in events if isinstance(event, ImageReady)]
    assert [store.read(one.asset.key) for one in pictures] == [encode(1), encode(2)]
    assert [(one.index, one.seed, one.at_ms) for one in pictures] == [(0, 3, 700), (1, None, 0)]
    assert list((path.parent / "owners").iterdir()) == []


def test_what_was_running_says_why_it_ended(
    ledger: SqliteLedger, later: SqliteLedger, store: LocalStore
) -> None:
    """Flow, stage and run get the same code and sentence, and the fold shows them interrupted."""
    for event in (flow_started(), stage_started("s1"), run_started("r1")):
        ledger.record(event)

    mend(later, store)

    events = later.read_events("g1")
    closing = [one for one in events if isinstance(one, StageFailed | RunFailed | FlowFinished)]
    faults = [one.fault for one in closing]
    assert [fault and (fault.code, fault.message) for fault in faults] == [
        ("interrupted", MESSAGE)
    ] * 3
    view = fold(events)
    assert view.status is GenerationStatus.INTERRUPTED
    assert [stage.status.value for stage in view.stages] == ["interrupted"]
    assert [run.status.value for run in view.runs] == ["interrupted"]


def test_a_cost_that_is_known_as_a_whole_is_kept(
    ledger: SqliteLedger, later: SqliteLedger, store: LocalStore
) -> None:
    """An interrupted flow costs the sum of its calls where each of them has its cost."""
    for event in (
        flow_started(),
        stage_started("s1"),
        stage_finished("s1", "words"),
        run_started("r1"),
        run_finished("r1", "t1"),
    ):
        ledger.record(event)

    mend(later, store)

    finished = later.read_events("g1")[-1]
    assert finished == FlowFinished(
        generation_id="g1",
        status=GenerationStatus.INTERRUPTED,
        fault=finished.fault if isinstance(finished, FlowFinished) else None,
        total_ms=0,
        cost_micro_usd=40_500,
        at=START,
    )


@pytest.mark.parametrize("open_call", [stage_started("s2"), run_started("r2", "painter-2")])
def test_a_part_of_the_cost_is_not_given_as_the_whole(
    ledger: SqliteLedger, later: SqliteLedger, store: LocalStore, open_call: Event
) -> None:
    """Where the cost of one call is unknown, so is the flow's; what is known of others stays."""
    for event in (
        *(flow_started(), stage_started("s1"), stage_finished("s1", "words")),
        *(run_started("r1"), run_finished("r1", "t1"), open_call),
    ):
        ledger.record(event)

    mend(later, store)

    view = fold(later.read_events("g1"))
    assert view.cost_micro_usd is None
    costs = [one.cost_micro_usd for one in view.stages] + [one.cost_micro_usd for one in view.runs]
    assert costs.count(None) == 1
    assert (view.stages[0].cost_micro_usd, view.runs[0].cost_micro_usd) == (500, 40_000)


def test_a_run_that_delivered_and_was_not_closed_has_no_cost(
    ledger: SqliteLedger, later: SqliteLedger, store: LocalStore
) -> None:
    """Pictures of a run that was cut off were paid for; how much is not known, nor in the flow."""
    for event in (flow_started(), run_started("r1"), image_ready("r1", 0, "a1")):
        ledger.record(event)

    mend(later, store)

    view = fold(later.read_events("g1"))
    assert (view.cost_micro_usd, view.runs[0].cost_micro_usd) == (None, None)


def test_a_flow_that_had_spent_nothing_has_no_cost(
    ledger: SqliteLedger, later: SqliteLedger, store: LocalStore
) -> None:
    """Where no cost is known, none is claimed."""
    ledger.record(flow_started())

    mend(later, store)

    finished = later.read_events("g1")[-1]
    assert isinstance(finished, FlowFinished)
    assert finished.cost_micro_usd is None


def test_what_is_over_is_left_alone(
    ledger: SqliteLedger, later: SqliteLedger, store: LocalStore
) -> None:
    """Finished flows read as before, and mending again changes nothing."""
    for event in rich_flow():
        ledger.record(event)
    ledger.record(flow_started("g2"))
    before = ledger.read_events("g1")
    first = mend(later, store)
    mended = later.read_events("g2")

    assert first == ("g2",)
    assert mend(later, store) == ()
    assert later.read_events("g1") == before
    assert later.read_events("g2") == mended


def test_a_flow_of_this_process_goes_on(ledger: SqliteLedger, store: LocalStore) -> None:
    """What this process is running is not touched; what it only says to run is."""
    for generation_id in ("g1", "g2", "g3"):
        ledger.record(flow_started(generation_id))

    recovered = mend(ledger, store, "g1", "g3")

    assert recovered == ("g2",)
    assert fold(ledger.read_events("g1")).status is GenerationStatus.RUNNING


def test_a_flow_that_starts_meanwhile_is_not_taken_for_dead(
    ledger: SqliteLedger, store: LocalStore, path: Path
) -> None:
    """What is live is asked after the ledger was, so a flow in both is never missed."""
    under_way: list[str] = []
    ledger.record(flow_started("g1"))

    def live() -> list[str]:
        ledger.record(flow_started("g2"))
        under_way.append("g1")
        return under_way

    assert recover(ledger, [store], folder=path.parent, live=live) == ()
    assert fold(ledger.read_events("g2")).status is GenerationStatus.RUNNING


def test_nothing_is_asked_where_nothing_runs(
    ledger: SqliteLedger, store: LocalStore, path: Path
) -> None:
    """With nothing marked as running, recovery is a look at the ledger."""

    def live() -> list[str]:
        raise AssertionError

    assert recover(ledger, [store], folder=path.parent, live=live) == ()


def test_a_living_owner_keeps_its_flow(
    ledger: SqliteLedger, later: SqliteLedger, store: LocalStore, path: Path
) -> None:
    """While the owner's lock is held, its flow is running, however long it takes."""
    ownership = Ownership.claim(path.parent)
    ledger.owner = ownership.owner
    ledger.record(flow_started())
    held = mend(later, store)
    ownership.release()

    assert held == ()
    assert mend(later, store) == ("g1",)


def test_stored_pictures_go_to_the_run_of_their_model(
    ledger: SqliteLedger, later: SqliteLedger, store: LocalStore
) -> None:
    """Each picture without a record is adopted by the run that was making it, once."""
    recorded = store_picture(store, 1)
    for event in (flow_started(), run_started("r1"), run_started("r2", "painter-2")):
        ledger.record(event)
    ledger.record(ImageReady(run_id="r1", index=0, asset=recorded, seed=None, at_ms=5))
    orphans = [store_picture(store, shade, "painter-2").key for shade in (2, 3)]

    mend(later, store)

    runs = {run.run_id: run.images for run in fold(later.read_events("g1")).runs}
    assert [one.asset for one in runs["r1"]] == [recorded]
    assert [one.index for one in runs["r2"]] == [0, 1]
    assert sorted(one.asset.key for one in runs["r2"]) == sorted(orphans)


def test_stored_references_go_to_the_request(ledger: SqliteLedger, store: LocalStore) -> None:
    """A reference that was stored and not recorded is adopted as the next one of its request."""
    first, second = (
        store.write(
            generation_id="g1", role=AssetRole.REFERENCE, model="upload", data=encode(shade)
        )
        for shade in (5, 6)
    )
    ledger.record(flow_started())
    ledger.record(ReferenceStored(generation_id="g1", index=0, asset=first))

    mend(ledger, store)

    keys = [asset.key for asset in fold(ledger.read_events("g1")).references]
    assert keys == [first.key, second.key]


def test_a_picture_that_no_run_was_making_is_left_and_reported(
    ledger: SqliteLedger,
    later: SqliteLedger,
    store: LocalStore,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A file of a model without a running run stays where it is; the log names it."""
    for event in (flow_started(), run_started("r1"), run_finished("r1", "t1")):
        ledger.record(event)
    stray = store_picture(store, 1)

    with caplog.at_level(logging.WARNING):
        mend(later, store)

    assert store.holds(stray.key)
    assert outline(later.read_events("g1"))[-3:] == (
        "RunStarted r1",
        "RunFinished r1",
        "FlowFinished",
    )
    assert f"The stored file '{stray.key}' is left unrecorded" in caplog.text


def test_a_damaged_file_is_left_and_reported(
    ledger: SqliteLedger,
    later: SqliteLedger,
    store: LocalStore,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A stored file that is no picture, or not the one its name says, is not adopted."""
    for event in (flow_started(), run_started("r1")):
        ledger.record(event)
    damaged = store_picture(store, 1)
    store.path(damaged.key).write_bytes(b"damaged")
    sound = store_picture(store, 2)

    with caplog.at_level(logging.WARNING):
        mend(later, store)

    pictures = fold(later.read_events("g1")).runs[0].images
    assert [one.asset.key for one in pictures] == [sound.key]
    assert f"The stored file '{damaged.key}' is left as it is" in caplog.text


def test_half_written_files_are_removed(
    ledger: SqliteLedger, later: SqliteLedger, store: LocalStore
) -> None:
    """What a killed writer left half-written goes, and its pictures stay."""
    ledger.record(flow_started())
    ledger.record(run_started("r1"))
    asset = store_picture(store, 1)
    half = store.path(asset.key).with_name(".0123456789abcdef.png.4711.1.part")
    half.write_bytes(b"half")

    mend(later, store)

    assert not half.exists()
    assert store.holds(asset.key)


def test_half_written_files_that_stay_keep_nothing_running(
    ledger: SqliteLedger,
    later: SqliteLedger,
    store: LocalStore,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Where leftovers can't be removed, that is logged; the flow is mended all the same."""
    ledger.record(flow_started())
    ledger.record(run_started("r1"))
    asset = store_picture(store, 1)
    store.path(asset.key).with_name(".0123456789abcdef.png.4711.1.part").mkdir()

    with caplog.at_level(logging.WARNING):
        recovered = mend(later, store)

    assert recovered == ("g1",)
    assert [one.asset.key for one in fold(later.read_events("g1")).runs[0].images] == [asset.key]
    assert "What generation g1 left half-written stays: " in caplog.text


def test_a_generation_whose_pictures_can_not_be_listed_waits(
    ledger: SqliteLedger,
    later: SqliteLedger,
    store: LocalStore,
    path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """As long as the store can't be read, nothing is given up; other flows are mended."""
    ledger.record(flow_started("g1"))
    ledger.record(flow_started("g2"))
    (path.parent / "generations").mkdir()
    (path.parent / "generations" / "g1").symlink_to(path.parent.parent)

    with caplog.at_level(logging.WARNING):
        first = mend(later, store)
    (path.parent / "generations" / "g1").unlink()

    assert first == ("g2",)
    assert "Generation g1 can't be recovered yet" in caplog.text
    assert mend(later, store) == ("g1",)


RECOVER = """
import sys
from pathlib import Path
from promptflow.clock import Clock
from promptflow.ledger import SqliteLedger, recover
from promptflow.storage.local import LocalStore

folder = Path(sys.argv[1])
ledger, store = SqliteLedger(folder / "promptflow.db", clock=Clock()), LocalStore(folder)
print("ready", flush=True)
sys.stdin.readline()
print(",".join(recover(ledger, [store], folder=folder, live=tuple)), flush=True)
"""


def test_processes_may_recover_at_the_same_time(
    ledger: SqliteLedger, store: LocalStore, path: Path
) -> None:
    """However many look at once, each flow is mended by one, and each picture adopted once."""
    for number in range(20):
        ledger.owner = f"gone-{number % 5}"
        ledger.record(flow_started(f"g{number:02}"))
        ledger.record(run_started(f"r{number}", generation_id=f"g{number:02}"))
        store.write(
            generation_id=f"g{number:02}", role=AssetRole.OUTPUT, model="painter-1", data=encode(1)
        )

    answers = run_together(RECOVER, str(path.parent), processes=4)

    mended = sorted(one for answer in answers for one in answer.split(",") if one)
    assert mended == [f"g{number:02}" for number in range(20)]
    views = [fold(ledger.read_events(generation_id)) for generation_id in mended]
    assert [len(view.runs[0].images) for view in views] == [1] * 20


def test_threads_may_recover_at_the_same_time(ledger: SqliteLedger, store: LocalStore) -> None:
    """Two pages that look at once mend a flow of their own process once."""
    ledger.record(flow_started())
    ledger.record(run_started("r1"))
    store_picture(store, 1)

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda _: mend(ledger, store), range(6)))

    assert sorted(answers) == [(), (), (), (), (), ("g1",)]
    assert len(fold(ledger.read_events("g1")).runs[0].images) == 1


def test_pictures_in_two_stores_are_adopted_once(
    ledger: SqliteLedger, later: SqliteLedger, store: LocalStore, path: Path
) -> None:
    """What a dead flow stored is found wherever it lies, and what lies twice is adopted once."""
    outbox = LocalStore(path.parent / "outbox")
    for event in (flow_started(), run_started("r1")):
        ledger.record(event)
    stored = [store_picture(store, 1), store_picture(outbox, 1), store_picture(outbox, 2)]

    recovered = recover(later, [store, outbox], folder=path.parent, live=tuple)

    assert recovered == ("g1",)
    pictures = fold(later.read_events("g1")).runs[0].images
    assert sorted(one.asset.key for one in pictures) == sorted({one.key for one in stored})
    assert later.pictures.count_pictures(GalleryFilter(run_statuses=(RunStatus.INTERRUPTED,))) == (
        2,
        False,
    )


def test_a_thumbnail_without_a_row_is_no_picture(
    ledger: SqliteLedger, later: SqliteLedger, store: LocalStore
) -> None:
    """A thumbnail that was stored and not recorded is left: it is made again in the same place."""
    for event in (flow_started(), run_started("r1")):
        ledger.record(event)
    store.write(generation_id="g1", role=AssetRole.THUMBNAIL, model="painter-1", data=encode(1))

    recovered = mend(later, store)

    assert recovered == ("g1",)
    assert fold(later.read_events("g1")).runs[0].images == []
