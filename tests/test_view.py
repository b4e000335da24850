"""The fold: what there is to see after each event, live, in mid-flight, or read back."""

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptflow.events import Event, FlowResumed, PartialImage, RunRetrying, StageDelta
from promptflow.records import GenerationStatus, RunStatus, Stage, StageStatus, Usage
from promptflow.view import (
    FlowView,
    ImageView,
    RunView,
    StageView,
    apply,
    fold,
    open_view,
)
from tests.ledger.scripted_flow import (
    BAD_PLAN,
    BUSY,
    PLAN,
    REFUSED,
    START,
    at,
    flow_finished,
    flow_started,
    image_ready,
    rich_flow,
    run_failed,
    run_finished,
    run_started,
    stage_failed,
    stage_finished,
    stage_started,
)

STORY = rich_flow()
INTERRUPTED = replace(BUSY, code="interrupted")
RETRYING = RunRetrying(run_id="r1", attempt_id="t1", attempt=1, wait_s=1.5, fault=BUSY, at=at(4))
FIRST, SECOND = (PartialImage(run_id="r1", index=0, data=data) for data in (b"one", b"two"))


def _stage(*events: Event) -> StageView:
    """Fold a flow and return its only stage."""
    [stage] = fold([flow_started(), *events]).stages
    return stage


def _run(*events: Event) -> RunView:
    """Fold a flow of one run and return it."""
    [run] = fold([flow_started(), run_started("r1"), *events]).runs
    return run


def _settled(view: FlowView) -> FlowView:
    """Put the pieces of running answers together, as looking at them does."""
    assert all(isinstance(stage.output, str) for stage in view.stages)
    return view


def test_view_opens_with_the_request() -> None:
    """After its first event a flow is running, and nothing has come of it."""
    started = flow_started()

    assert fold([started]) == FlowView(
        generation_id="g1", request=started.request, started_at=START
    )
    assert open_view(started).status is GenerationStatus.RUNNING


@pytest.mark.parametrize("events", [[], [flow_finished()], [stage_started("s1"), flow_started()]])
def test_fold_needs_the_beginning(events: list[Event]) -> None:
    """Events that do not begin with the start of a flow can't be folded."""
    with pytest.raises(ValueError, match="begin with FlowStarted"):
        fold(events)


def test_started_stage_is_running() -> None:
    """A language-model call that was sent is there, and has said nothing."""
    assert _stage(stage_started("s1", Stage.PROMPT_CONSTRUCTION, "painter-1")) == StageView(
        stage_id="s1",
        stage=Stage.PROMPT_CONSTRUCTION,
        image_model="painter-1",
        model="writer-1",
        started_at=at(1),
    )


def test_pieces_add_up() -> None:
    """What a running stage has said is all its pieces in order."""
    stage = _stage(
        stage_started("s1"),
        StageDelta(stage_id="s1", text="Ink "),
        StageDelta(stage_id="s1", text="and "),
        StageDelta(stage_id="s1", text="salt"),
    )

    assert stage.output == "Ink and salt"
    assert stage.status is StageStatus.RUNNING


def test_finished_stage_has_its_answer_and_bill() -> None:
    """The answer as the event has it counts, whatever the pieces were."""
    stage = _stage(
        stage_started("s1", Stage.ACTION_PLAN),
        StageDelta(stage_id="s1", text="{"),
        stage_finished("s1", "{…}", PLAN),
    )

    assert stage == StageView(
        stage_id="s1",
        stage=Stage.ACTION_PLAN,
        image_model=None,
        model="writer-1",
        started_at=at(1),
        status=StageStatus.SUCCEEDED,
        pieces=["{…}"],
        plan=PLAN,
        first_token_ms=120,
        total_ms=250,
        usage=Usage(input_tokens=100, output_tokens=20),
        cost_micro_usd=500,
    )


@pytest.mark.parametrize(
    ("fault", "status"),
    [(BAD_PLAN, StageStatus.FAILED), (INTERRUPTED, StageStatus.INTERRUPTED)],
    ids=["failed", "interrupted"],
)
def test_failed_stage_says_why(fault: object, status: StageStatus) -> None:
    """A stage that failed keeps what was said; one that a crash ended is told apart."""
    stage = _stage(stage_started("s1"), stage_failed("s1", "Ink", fault))  # type: ignore[arg-type]

    assert (stage.status, stage.output, stage.fault) == (status, "Ink", fault)
    assert (stage.total_ms, stage.cost_micro_usd) == (80, None)


def test_pieces_of_lanes_that_interleave_stay_apart() -> None:
    """Each piece goes to its own stage, however they mix."""
    view = fold(
        [
            flow_started(),
            stage_started("s1", Stage.PROMPT_CONSTRUCTION, "painter-1"),
            stage_started("s2", Stage.PROMPT_CONSTRUCTION, "painter-2"),
            StageDelta(stage_id="s2", text="b"),
            StageDelta(stage_id="s1", text="a"),
            StageDelta(stage_id="s2", text="B"),
        ]
    )

    assert [stage.output for stage in view.stages] == ["a", "bB"]


def test_repair_stands_for_the_plan() -> None:
    """Asked for a stage, the view gives its newest call; both calls are there."""
    view = fold(STORY)

    stage = view.stage(Stage.ACTION_PLAN)

    assert stage is not None
    assert stage.stage_id == "s2"
    assert [one.status for one in view.stages[:2]] == [StageStatus.FAILED, StageStatus.SUCCEEDED]
    assert view.plan == PLAN


def test_what_has_not_begun_is_not_there() -> None:
    """Before its first call a stage, a run and the plan are missing, not empty."""
    view = fold(STORY[:5])

    assert view.stage(Stage.THINKING) is None
    assert view.stage(Stage.PROMPT_CONSTRUCTION, "painter-1") is None
    assert view.run("painter-1") is None
    assert view.plan is None


def test_prompt_construction_is_told_by_image_model() -> None:
    """Each image model has a construction and a run of its own."""
    view = fold(STORY)

    found = [view.stage(Stage.PROMPT_CONSTRUCTION, f"painter-{number}") for number in (1, 2, 3)]
    runs = [view.run(f"painter-{number}") for number in (1, 2, 3)]

    assert [stage.stage_id for stage in found if stage] == ["s4", "s5", "s6"]
    assert [run.run_id for run in runs if run] == ["r1", "r2", "r3"]


def test_second_run_of_a_model_is_the_newest() -> None:
    """Asked for a model's run, the view gives the last one that started."""
    again = replace(run_started("r9"), version=2)

    view = fold([*STORY, again])

    run = view.run("painter-1")
    assert run is not None
    assert (run.run_id, run.version) == ("r9", 2)


def test_started_run_is_running() -> None:
    """A prompt that was sent is there with its words and where they come from."""
    started = run_started("r1")

    assert _run() == RunView(
        run_id="r1",
        image_model="painter-1",
        provider="offline",
        version=1,
        prompt_id=started.prompt_id,
        prompt=started.prompt,
        prompt_origin=started.prompt_origin,
        stage_id=started.stage_id,
        parameters=started.parameters,
        started_at=started.at,
    )


def test_newest_preview_is_the_one_shown() -> None:
    """A preview takes the place of the one before it."""
    assert _run(FIRST, SECOND).partials == {0: SECOND}


def test_preview_without_data_shows_nothing() -> None:
    """A preview that something newer has taken the place of leaves what is shown."""
    assert _run(FIRST, replace(SECOND, data=b"")).partials == {0: FIRST}


def test_picture_takes_the_place_of_its_preview() -> None:
    """Once a picture is there its preview is gone; those of the others stay."""
    other = replace(FIRST, index=1)
    ready = image_ready("r1", 0, "a1")

    run = _run(FIRST, other, ready)

    assert run.partials == {1: other}
    assert run.images == [ImageView(index=0, asset=ready.asset, seed=7, at_ms=1_500, resolved=None)]


def test_wait_is_shown_until_something_comes() -> None:
    """The wait before another attempt is over with its first preview or picture."""
    assert _run(RETRYING).retry == RETRYING
    assert _run(RETRYING, FIRST).retry is None
    assert _run(RETRYING, image_ready("r1", 0, "a1")).retry is None


def test_finished_run_has_its_bill_and_nothing_on_its_way() -> None:
    """When a run is over neither a preview nor a wait is left."""
    run = _run(FIRST, RETRYING, run_finished("r1", "t2", attempt=2))

    assert (run.status, run.fault) == (RunStatus.SUCCEEDED, None)
    assert (run.total_ms, run.cost_micro_usd) == (3_000, 40_000)
    assert run.usage == Usage(input_tokens=30)
    assert (run.partials, run.retry) == ({}, None)


@pytest.mark.parametrize(
    "status",
    [
        RunStatus.PARTIAL,
        RunStatus.FAILED,
        RunStatus.REFUSED,
        RunStatus.CANCELLED,
        RunStatus.INTERRUPTED,
    ],
)
def test_failed_run_keeps_its_pictures_and_says_why(status: RunStatus) -> None:
    """However a run ends, what came before is kept and the reason is there."""
    ready = image_ready("r1", 0, "a1")

    run = _run(ready, FIRST, RETRYING, run_failed("r1", "t1", status, REFUSED))

    assert (run.status, run.fault, run.total_ms) == (status, REFUSED, 1_000)
    assert [image.asset for image in run.images] == [ready.asset]
    assert (run.partials, run.retry) == ({}, None)


def test_finished_flow_says_how_it_ended() -> None:
    """The last event gives the status, the reason, what it took and what it cost."""
    ending = replace(flow_finished(), status=GenerationStatus.PARTIAL, fault=BUSY)

    view = fold([flow_started(), ending])

    assert view == FlowView(
        generation_id="g1",
        request=flow_started().request,
        started_at=START,
        status=GenerationStatus.PARTIAL,
        fault=BUSY,
        total_ms=9_000,
        cost_micro_usd=81_000,
        finished_at=at(9),
    )


def test_every_kind_of_event_is_folded() -> None:
    """There is no event that the fold does not take; what resumes a flow is folded below."""
    assert {type(event) for event in STORY} | {FlowResumed} == set(get_args(Event))


def test_resumed_flow_is_running_again_with_what_it_had() -> None:
    """What was there stays; how it had ended is forgotten, and models may have been added."""
    request = replace(flow_started().request, image_models=("painter-1", "painter-9"))
    resumed = FlowResumed(generation_id="g1", request=request, at=at(99))

    before, after = fold(STORY), fold([*STORY, resumed])

    assert after.request == request
    assert (after.status, after.fault) == (GenerationStatus.RUNNING, None)
    assert (after.cost_micro_usd, after.total_ms, after.finished_at) == (None, None, None)
    assert (after.stages, after.runs) == (before.stages, before.runs)
    assert fold(STORY).status is GenerationStatus.PARTIAL


def test_beginning_told_twice_changes_nothing() -> None:
    """A follower that gets the first event again still sees the same."""
    assert fold([STORY[0], *STORY]) == fold(STORY)


@given(cut=st.integers(1, len(STORY)))
def test_reload_in_mid_flight_sees_what_the_live_view_sees(cut: int) -> None:
    """Folding a part and applying the rest comes to the same as folding all."""
    view = fold(STORY[:cut])
    for event in STORY[cut:]:
        apply(view, event)

    assert view == fold(STORY)


@settings(deadline=None)
@given(looks=st.sets(st.integers(0, len(STORY))), end=st.integers(1, len(STORY)))
def test_looking_changes_nothing(looks: set[int], end: int) -> None:
    """A view that was read at any moments on the way is the same as one that was not."""
    watched = fold(STORY[:1])
    for place, event in enumerate(STORY[1:end]):
        apply(watched, event)
        if place in looks:
            _settled(watched)

    assert _settled(watched) == _settled(fold(STORY[:end]))


@given(cuts=st.lists(st.integers(1, 6), min_size=8))
def test_size_of_pieces_does_not_matter(cuts: list[int]) -> None:
    """However an answer was cut into pieces, it reads the same."""
    text = "Ink, salt and a storm of paper boats"
    pieces: list[Event] = []
    start = 0
    for size in cuts:
        pieces.append(StageDelta(stage_id="s1", text=text[start : start + size]))
        start += size

    stage = _stage(stage_started("s1"), *pieces, StageDelta(stage_id="s1", text=text[start:]))

    assert stage.output == text
