"""A text model that fails in every way there is: at the action plan, and at the prompts."""

from dataclasses import replace
from pathlib import Path

import pytest

from promptflow.plans import PlanError, load_plan, render_fallback_prompt
from promptflow.records import Fault as Kept
from promptflow.records import PromptOrigin, Stage
from promptflow.storage.local import LocalStore
from promptflow.view import StageView
from tests.real.costs import find_cost
from tests.real.expected import (
    Ending,
    expect_stage,
    expect_waits,
    find_ending,
    find_expected,
)
from tests.real.scripts import (
    IDEA,
    PAINTERS,
    PICTURES,
    PLAN,
    PROMPT,
    STAGE_COST,
    THINKING,
    script_picture,
    script_plan,
    script_texts,
)
from tests.real.workbench import KEYS, Bench, Flow, find_retries
from tests.unmarked import without_lineage
from tests.wire.fault_rows import TEXT, Fault
from tests.wire.faults import select_faults
from tests.wire.wire import Wire

FAULTS = select_faults(kind="text")
LATER = [fault for fault in FAULTS if fault.name != "connection_refused"]
"""Faults that can come after answers that were good."""
pytestmark = pytest.mark.filterwarnings("ignore:.*HOLOGRAM is not a valid:UserWarning")


@pytest.fixture(scope="module", params=FAULTS, ids=lambda fault: fault.id)
def fault(request: pytest.FixtureRequest) -> Fault:
    """Each way in which a text model fails."""
    assert isinstance(request.param, Fault)
    return request.param


@pytest.fixture(scope="module")
def flow(fault: Fault, bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> Flow:
    """A flow whose text model meets a fault whenever it is asked."""
    folder = tmp_path_factory.mktemp("flow") / "data"
    return bench.run(
        folder, lambda wire: fault.script(wire, times=None), writer=fault.provider, silent=fault
    )


def test_the_plan_ends_as_the_tables_say(fault: Fault, flow: Flow) -> None:
    """Status, attempts, cost and fault are the tables'; an answer that is no plan is asked for twice."""
    outcome = find_expected(fault)
    endings = [find_ending(stage) for stage in flow.view.stages]

    assert endings == ([expect_stage(fault, outcome)] if outcome else expect_no_plan(fault, flow))


def test_it_is_asked_as_often_as_it_is_worth(fault: Fault, flow: Flow) -> None:
    """Every attempt is one request, after the wait that the provider or the policy asks for."""
    outcome = find_expected(fault)

    attempts = outcome.attempts if outcome else 2
    assert len(flow.requests) == (0 if fault.name == "connection_refused" else attempts)
    assert flow.waits_s == expect_waits(outcome)
    assert len(find_retries(flow.events)) == len(flow.waits_s)
    assert flow.violations == 0


def test_nothing_is_painted(fault: Fault, flow: Flow) -> None:
    """Without a plan no painter is asked, and the generation says what the stage failed with."""
    view = flow.view

    assert [request.kind for request in flow.requests if request.kind != "text"] == []
    assert (view.runs, view.status.value) == ([], view.stages[-1].status.value)
    assert view.fault is not None
    assert view.fault.code == (view.stages[-1].fault or view.fault).code
    assert view.cost_micro_usd == find_cost(fault)


def test_the_ledger_has_the_same(flow: Flow) -> None:
    """Stages, retries, words and costs are read back as they happened."""
    seen, kept = flow.view, flow.kept_view

    assert [describe(stage) for stage in kept.stages] == [describe(stage) for stage in seen.stages]
    assert find_retries(flow.kept) == find_retries(flow.events)
    assert (kept.status, kept.fault) == (seen.status, seen.fault)
    assert kept.cost_micro_usd == seen.cost_micro_usd


def test_no_key_is_left_anywhere(flow: Flow) -> None:
    """No key is in an event, a log, what is told, or the ledger's files."""
    files, seen = flow.read_files(), f"{flow.events!r}\n{flow.logged}\n{flow.tell()}"

    assert IDEA.encode() in files
    assert IDEA in seen
    assert [key for key in KEYS if key in seen or key.encode() in files] == []


@pytest.mark.parametrize("fault", LATER, ids=lambda fault: fault.id)
def test_prompts_that_fail_are_built_from_the_plan(
    bench: Bench, tmp_path: Path, fault: Fault
) -> None:
    """A text model that fails at the prompts costs no picture: fallbacks are painted, and marked."""

    def script(wire: Wire) -> None:
        script_plan(wire, fault.provider)
        fault.script(wire, times=None)
        script_picture(wire, "openai")
        script_picture(wire, "google")

    flow = bench.run(tmp_path / "data", script, writer=fault.provider, silent=fault)

    stages = [stage for stage in flow.view.stages if stage.stage is Stage.PROMPT_CONSTRUCTION]
    expected = expect_prompt(fault)
    assert [without_id(find_ending(stage)) for stage in stages] == [expected] * 2
    sent = (
        (PromptOrigin.FALLBACK, render_fallback_prompt(load_plan(PLAN)))
        if expected.fault
        else (PromptOrigin.CONSTRUCTED, TEXT)
    )
    runs = {run.provider: run for run in flow.kept_view.runs}
    assert {(run.prompt_origin, run.prompt) for run in runs.values()} == {sent}
    store = LocalStore(flow.folder)
    stored = {
        name: without_lineage(store.read(run.images[0].asset.key)) for name, run in runs.items()
    }
    assert stored == PICTURES
    assert flow.view.status == "succeeded"
    assert flow.violations == 0


@pytest.mark.parametrize(
    "fault",
    [fault for fault in LATER if (outcome := find_expected(fault)) and outcome.attempts > 1],
    ids=lambda fault: fault.id,
)
def test_a_passing_fault_costs_one_retry(bench: Bench, tmp_path: Path, fault: Fault) -> None:
    """Met once, it is followed by the plan, with nothing of the first attempt's words in it."""

    def script(wire: Wire) -> None:
        fault.script(wire, times=1)
        script_texts(wire, fault.provider)
        for provider in PAINTERS:
            script_picture(wire, provider)

    flow = bench.run(tmp_path / "data", script, writer=fault.provider, silent=fault)

    plan, thinking, *prompts = flow.kept_view.stages
    assert (plan.status, plan.attempt, plan.output) == ("succeeded", 2, PLAN)
    assert (thinking.output, {each.output for each in prompts}) == (THINKING, {PROMPT})
    cost = find_cost(fault)
    assert plan.cost_micro_usd == (None if cost is None else cost + STAGE_COST[fault.provider])
    assert len(find_retries(flow.kept)) == 1
    assert flow.view.status == "succeeded"


def expect_no_plan(fault: Fault, flow: Flow) -> list[Ending]:
    """Return how two answers end that can't be read as a plan."""
    (said,) = {stage.fault.message if stage.fault else None for stage in flow.view.stages}
    assert said is not None
    assert said.startswith("There is no JSON object in the planning answer")
    ending = Ending(
        status="failed",
        attempts=1,
        cost_micro_usd=STAGE_COST[fault.provider],
        fault=Kept(code=PlanError.code, message=said),
    )
    return [ending, ending]


def expect_prompt(fault: Fault) -> Ending:
    """Return how a prompt construction ends, without the id of its call: two run at a time."""
    outcome = find_expected(fault)
    if outcome is None and fault.name == "empty":
        return Ending(
            status="failed",
            attempts=1,
            cost_micro_usd=STAGE_COST[fault.provider],
            fault=Kept(code="bad_reply", message=EMPTY),
        )
    if outcome is None:
        cost = STAGE_COST[fault.provider]
        return Ending(status="succeeded", attempts=1, cost_micro_usd=cost, fault=None)
    return without_id(expect_stage(fault, outcome))


EMPTY = (
    "GPT-6.1 Terra gave an empty answer where text was expected. "
    "Try again, or choose another text model."
)


def without_id(ending: Ending | None) -> Ending:
    """Return an ending whose fault names no call."""
    assert ending is not None
    fault = ending.fault and replace(ending.fault, request_id=None)
    return replace(ending, fault=fault)


def describe(stage: StageView) -> tuple[object, ...]:
    """Return what there is to know of a stage but when it was."""
    return (stage.stage, find_ending(stage), stage.output, stage.usage, stage.total_ms)
