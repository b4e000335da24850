"""What becomes of a flow when a language-model call goes wrong."""

from pathlib import Path

import pytest

from promptflow.errors import ProviderError
from promptflow.pipeline.tools import to_fault
from promptflow.plans import MAX_ANSWER_CHARS, render_fallback_prompt
from promptflow.providers.offline import OfflinePlanner
from promptflow.records import Fault, GenerationStatus, PromptOrigin, Stage
from tests.pipeline.expected import (
    ANSWERS,
    PLAN,
    PLAN_TEXT,
    THOUGHT,
    flow_finished,
    flow_started,
    happened,
    image_ready,
    painted,
    plan_fault,
    planned,
    run_finished,
    run_started,
    stage_told,
)
from tests.scripted import (
    GOUACHE,
    POSTER,
    PlannerPerModel,
    give,
    make_fault,
    make_request,
    make_tools,
    run_whole,
)

NO_PLAN = "I would rather talk about boats."
EMPTY = Fault(
    code="bad_reply",
    message="Offline planner gave an empty answer where text was expected. "
    "Try again, or choose another text model.",
)


def test_unreadable_plan_is_repaired(tmp_path: Path) -> None:
    """An answer without a plan is kept as a failed call; the plan of the second call is used."""
    planner = OfflinePlanner(answers=ANSWERS | {Stage.ACTION_PLAN: [NO_PLAN, PLAN_TEXT]})
    request = make_request(image_models=(GOUACHE,))
    tools = make_tools(tmp_path, planner=planner, painters={GOUACHE: give(0)})

    events = run_whole(tools, request)

    assert happened(events) == [
        flow_started(request),
        *stage_told(1, Stage.ACTION_PLAN, NO_PLAN, fault=plan_fault(NO_PLAN)),
        *stage_told(2, Stage.ACTION_PLAN, PLAN_TEXT, plan=PLAN),
        *stage_told(3, Stage.THINKING, THOUGHT),
        *painted(1, GOUACHE, stage=4),
        flow_finished(GenerationStatus.SUCCEEDED),
    ]


def test_repair_is_asked_with_the_answer_and_what_was_wrong(tmp_path: Path) -> None:
    """The second planning call sees the first answer and why it could not be read."""
    planner = OfflinePlanner(answers={Stage.ACTION_PLAN: [NO_PLAN, NO_PLAN]})

    run_whole(make_tools(tmp_path, planner=planner), make_request())

    first, second = planner.requests
    repair = f"{plan_fault(NO_PLAN).message}\n\nThe answer was:\n{NO_PLAN}"
    assert second.sections == {**first.sections, "repair": repair}
    assert second.schema == first.schema


def test_repair_of_an_endless_answer_shows_only_its_beginning(tmp_path: Path) -> None:
    """An answer of any length is repaired within the same bounds."""
    endless = "boats " * 20_000
    planner = OfflinePlanner(answers={Stage.ACTION_PLAN: [endless, NO_PLAN]})

    run_whole(make_tools(tmp_path, planner=planner), make_request())

    assert len(planner.requests[1].sections["repair"]) < MAX_ANSWER_CHARS + 500


def test_two_unreadable_plans_fail_the_flow(tmp_path: Path) -> None:
    """There is one repair and no more: the flow fails, and says so in words for people."""
    planner = OfflinePlanner(answers={Stage.ACTION_PLAN: [NO_PLAN, "[]"]})

    events = run_whole(make_tools(tmp_path, planner=planner), make_request())

    unplanned = Fault(
        code="bad_plan",
        message="Offline planner gave no readable plan, though it was asked twice. "
        "Try again, or choose another text model.",
    )
    assert happened(events) == [
        flow_started(),
        *stage_told(1, Stage.ACTION_PLAN, NO_PLAN, fault=plan_fault(NO_PLAN)),
        *stage_told(2, Stage.ACTION_PLAN, "[]", fault=plan_fault("[]")),
        flow_finished(GenerationStatus.FAILED, unplanned),
    ]


def test_planner_that_fails_mid_stream_fails_the_flow(tmp_path: Path) -> None:
    """What was said before the failure is kept; a failed call is not repaired."""
    planner = OfflinePlanner(
        answers=ANSWERS, faults=[make_fault("offline-planner")], break_after=20
    )

    events = run_whole(make_tools(tmp_path, planner=planner), make_request())

    fault = to_fault(make_fault())
    assert happened(events) == [
        flow_started(),
        *stage_told(1, Stage.ACTION_PLAN, PLAN_TEXT[:20], fault=fault),
        flow_finished(GenerationStatus.FAILED, fault),
    ]
    assert len(planner.requests) == 1


def test_repair_that_fails_fails_the_flow(tmp_path: Path) -> None:
    """When the second call does not answer, the flow fails with that call's failure."""
    planner = OfflinePlanner(
        answers={Stage.ACTION_PLAN: [NO_PLAN, ""]}, faults=[None, make_fault("offline-planner")]
    )

    events = run_whole(make_tools(tmp_path, planner=planner), make_request())

    fault = to_fault(make_fault())
    assert happened(events) == [
        flow_started(),
        *stage_told(1, Stage.ACTION_PLAN, NO_PLAN, fault=plan_fault(NO_PLAN)),
        *stage_told(2, Stage.ACTION_PLAN, "", fault=fault),
        flow_finished(GenerationStatus.FAILED, fault),
    ]


@pytest.mark.parametrize("thought", ["", " \n\t"])
def test_empty_thinking_fails_the_flow(tmp_path: Path, thought: str) -> None:
    """Thinking that says nothing is a failed call, and no prompt is written from it."""
    planner = OfflinePlanner(answers=ANSWERS | {Stage.THINKING: [thought]})

    events = run_whole(make_tools(tmp_path, planner=planner), make_request())

    assert happened(events) == [
        flow_started(),
        *stage_told(1, Stage.ACTION_PLAN, PLAN_TEXT, plan=PLAN),
        *stage_told(2, Stage.THINKING, thought, fault=EMPTY),
        flow_finished(GenerationStatus.FAILED, EMPTY),
    ]


def test_thinking_that_fails_keeps_the_plan(tmp_path: Path) -> None:
    """The plan stays a finished stage when the thinking after it fails."""
    planner = OfflinePlanner(
        answers=ANSWERS, faults=[None, make_fault("offline-planner")], break_after=4
    )

    events = run_whole(make_tools(tmp_path, planner=planner), make_request())

    fault = to_fault(make_fault())
    assert happened(events) == [
        flow_started(),
        *stage_told(1, Stage.ACTION_PLAN, PLAN_TEXT, plan=PLAN),
        *stage_told(2, Stage.THINKING, THOUGHT[:4], fault=fault),
        flow_finished(GenerationStatus.FAILED, fault),
    ]


@pytest.mark.parametrize(
    ("answer", "error", "fault"),
    [
        ("A lighth", make_fault("offline-planner"), to_fault(make_fault())),
        ("", None, EMPTY),
    ],
    ids=["fails mid-stream", "says nothing"],
)
def test_failed_construction_uses_a_plain_prompt(
    tmp_path: Path, answer: str, error: ProviderError | None, fault: Fault
) -> None:
    """One model's prompt is built from the plan by rule instead; the other's is not touched."""
    broken = OfflinePlanner(
        answers={Stage.PROMPT_CONSTRUCTION: [answer]},
        faults=[error],
        break_after=len(answer),
    )
    tools = make_tools(
        tmp_path,
        planner=PlannerPerModel(OfflinePlanner(answers=ANSWERS), {GOUACHE: broken}),
        painters={GOUACHE: give(0), POSTER: give(0)},
    )

    events = run_whole(tools, make_request())

    assert happened(events) == [
        flow_started(),
        *planned(),
        *stage_told(3, Stage.PROMPT_CONSTRUCTION, answer, image_model=GOUACHE, fault=fault),
        run_started(1, GOUACHE, render_fallback_prompt(PLAN), PromptOrigin.FALLBACK),
        image_ready(1, 1),
        run_finished(1, 1),
        *painted(2, POSTER),
        flow_finished(GenerationStatus.SUCCEEDED),
    ]


def test_prompt_longer_than_the_model_takes_is_replaced(tmp_path: Path) -> None:
    """The stage succeeded and is kept as such; the image model gets the plain prompt."""
    limit = make_tools(tmp_path).catalog.image_model(GOUACHE).max_prompt_chars or 0
    long = "wave " * (limit // 5) + "!"
    planner = OfflinePlanner(answers=ANSWERS | {Stage.PROMPT_CONSTRUCTION: [long]})
    request = make_request(image_models=(GOUACHE,))
    tools = make_tools(tmp_path, planner=planner, painters={GOUACHE: give(0)})

    events = run_whole(tools, request)

    assert len(long) == limit + 1
    assert happened(events) == [
        flow_started(request),
        *planned(),
        *stage_told(3, Stage.PROMPT_CONSTRUCTION, long, image_model=GOUACHE),
        run_started(1, GOUACHE, render_fallback_prompt(PLAN), PromptOrigin.FALLBACK),
        image_ready(1, 1),
        run_finished(1, 1),
        flow_finished(GenerationStatus.SUCCEEDED),
    ]


def test_prompt_as_long_as_the_model_takes_is_used(tmp_path: Path) -> None:
    """Only the words count against the limit, not the blanks around them."""
    limit = make_tools(tmp_path).catalog.image_model(GOUACHE).max_prompt_chars or 0
    longest = "w" * limit
    painter = give(0)
    planner = OfflinePlanner(answers=ANSWERS | {Stage.PROMPT_CONSTRUCTION: [f"\n{longest}\n\n"]})
    tools = make_tools(tmp_path, planner=planner, painters={GOUACHE: painter})

    run_whole(tools, make_request(image_models=(GOUACHE,)))

    assert painter.requests[0].prompt == longest
