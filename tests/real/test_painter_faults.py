"""One painter that fails in every way there is, beside another that paints well."""

from pathlib import Path

import pytest

from promptflow.records import RunStatus
from promptflow.storage.local import LocalStore
from promptflow.view import FlowView, RunView
from tests.real.costs import COSTS, TURNED_DOWN, find_cost
from tests.real.expected import expect_run, expect_waits, find_ending, find_expected
from tests.real.scripts import (
    IDEA,
    OTHER,
    PAINTERS,
    PICTURE_COST,
    PICTURES,
    STAGE_COST,
    script_picture,
    script_texts,
)
from tests.real.workbench import KEYS, Bench, Flow, find_retries
from tests.unmarked import without_lineage
from tests.wire.fault_rows import PICTURE, Fault
from tests.wire.faults import select_faults
from tests.wire.wire import Wire

FAULTS = select_faults(kind="image")
RETRIED = [
    fault
    for fault in FAULTS
    if (outcome := find_expected(fault)) and outcome.attempts > 1 and not outcome.free
]
"""Faults that pass; a connection that nobody takes is none."""
pytestmark = pytest.mark.filterwarnings("ignore:.*HOLOGRAM is not a valid:UserWarning")


@pytest.fixture(scope="module", params=FAULTS, ids=lambda fault: fault.id)
def fault(request: pytest.FixtureRequest) -> Fault:
    """Each way in which a painter fails."""
    assert isinstance(request.param, Fault)
    return request.param


@pytest.fixture(scope="module")
def flow(fault: Fault, bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> Flow:
    """A flow in which one painter meets a fault whenever it is asked."""
    good = OTHER[fault.provider]

    def script(wire: Wire) -> None:
        script_texts(wire, good)
        script_picture(wire, good)
        fault.script(wire, times=None)

    return bench.run(tmp_path_factory.mktemp("flow") / "data", script, writer=good, silent=fault)


def test_the_run_ends_as_the_tables_say(fault: Fault, flow: Flow) -> None:
    """Status, attempts, cost, code, words, category and ids are those of the tables."""
    run = flow.view.run(PAINTERS[fault.provider])

    assert find_ending(run) == expect_run(fault)


def test_it_is_asked_as_often_as_it_is_worth(fault: Fault, flow: Flow) -> None:
    """Every attempt is one request, after the wait that the provider or the policy asks for."""
    outcome = find_expected(fault)
    asked = [request for request in flow.requests if request.provider == fault.provider]

    attempts = outcome.attempts if outcome else 1
    assert len(asked) == (0 if fault.name == "connection_refused" else attempts)
    assert flow.waits_s == expect_waits(outcome)
    assert flow.violations == 0


def test_the_others_picture_is_untouched(fault: Fault, flow: Flow) -> None:
    """The other painter's picture is whole, stored and paid for once."""
    good = OTHER[fault.provider]
    run = flow.view.run(PAINTERS[good])

    assert run is not None
    assert (run.status, run.attempt, run.cost_micro_usd) == ("succeeded", 1, PICTURE_COST[good])
    (image,) = run.images
    assert without_lineage(LocalStore(flow.folder).read(image.asset.key)) == PICTURES[good]


def test_the_flow_sums_up_what_came(fault: Fault, flow: Flow) -> None:
    """The generation is whole or partial, and its cost is known where that of every call is."""
    good, cost = OTHER[fault.provider], find_cost(fault)
    whole = expect_run(fault).status == "succeeded"
    known = 4 * STAGE_COST[good] + PICTURE_COST[good]

    assert flow.view.status == ("succeeded" if whole else "partial")
    assert flow.view.cost_micro_usd == (None if cost is None else known + cost)


def test_only_what_is_a_picture_is_stored(fault: Fault, flow: Flow) -> None:
    """There is a picture of the failing painter only where one came whole."""
    run = flow.view.run(PAINTERS[fault.provider])
    whole = expect_run(fault).status == "succeeded"

    assert run is not None
    stored = [LocalStore(flow.folder).read(image.asset.key) for image in run.images]
    assert [without_lineage(data) for data in stored] == ([PICTURE] if whole else [])
    files = [path for path in flow.folder.rglob("*") if path.suffix in {".png", ".jpg", ".webp"}]
    assert len(files) == 1 + len(stored)


def test_the_ledger_has_the_same(fault: Fault, flow: Flow) -> None:
    """Runs, retries, pictures and costs are read back as they happened."""
    seen, kept = flow.view, flow.kept_view

    assert find_ending(kept.run(PAINTERS[fault.provider])) == expect_run(fault)
    assert find_retries(flow.kept) == find_retries(flow.events)
    assert [(run.image_model, run.images, run.usage) for run in sorted_runs(kept)] == [
        (run.image_model, run.images, run.usage) for run in sorted_runs(seen)
    ]
    assert (kept.status, kept.cost_micro_usd) == (seen.status, seen.cost_micro_usd)


def test_no_key_is_left_anywhere(flow: Flow) -> None:
    """Both keys were sent, and neither is in an event, a log, what is told, the ledger's or a picture's file."""
    files, seen = flow.read_files(), f"{flow.events!r}\n{flow.logged}\n{flow.tell()}"

    assert IDEA.encode() in files
    assert IDEA in seen
    assert [key for key in KEYS if key in seen or key.encode() in files] == []


def sorted_runs(view: FlowView) -> list[RunView]:
    """Return the runs in the order of their models: they start at the same time."""
    return sorted(view.runs, key=lambda run: run.image_model)


def test_every_cost_in_the_tables_is_of_a_fault() -> None:
    """No row of the tables of costs is too many, and none is there twice."""
    names = {fault.name for fault in select_faults()}

    assert TURNED_DOWN - names == set()
    rows = {(*where, name) for where, known in COSTS.items() for name in known}
    assert rows - {(fault.provider, fault.kind, fault.name) for fault in select_faults()} == set()
    assert {name for _, _, name in rows} & TURNED_DOWN == set()


@pytest.mark.parametrize("fault", RETRIED, ids=lambda fault: fault.id)
def test_a_passing_fault_costs_one_retry(bench: Bench, tmp_path: Path, fault: Fault) -> None:
    """Met once, it is followed by the picture; what the first attempt cost stays in the bill."""
    good, cost = OTHER[fault.provider], find_cost(fault)

    def script(wire: Wire) -> None:
        script_texts(wire, good)
        fault.script(wire, times=1)
        script_picture(wire, "openai")
        script_picture(wire, "google")

    flow = bench.run(tmp_path / "data", script, writer=good, silent=fault)

    run = flow.kept_view.run(PAINTERS[fault.provider])
    assert run is not None
    assert (run.status, run.attempt, len(run.images)) == (RunStatus.SUCCEEDED, 2, 1)
    expected = find_expected(fault)
    assert expected is not None
    once = None if cost is None else cost // expected.attempts
    assert run.cost_micro_usd == (None if once is None else once + PICTURE_COST[fault.provider])
    assert len(find_retries(flow.kept)) == 1
