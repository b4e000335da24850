"""Earlier answers to the same questions: when they are found, what they save, and what taking them does."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from promptflow.laboratory import Laboratory, make_laboratory
from promptflow.offers import Offer
from promptflow.ports import Reference
from promptflow.records import GenerationRequest, GenerationStatus, KeptAnswer, Stage
from promptflow.settings import Settings, read_settings
from promptflow.view import FlowView
from tests.pipeline.expected import PLAN, PLAN_TEXT
from tests.scripted import finish, make_png
from tests.sequences import (
    FAILS,
    GOOD,
    OTHER_WRITER,
    PAINTERS,
    WRITER,
    MillisecondClock,
    Script,
)

FLARE, BANANA, GOUACHE = PAINTERS
Desk = tuple[Laboratory, Script]


def open_desk(settings: Settings) -> Desk:
    """Open a laboratory with scripted models."""
    script = Script()
    lab = make_laboratory(settings, providers=script.providers(), clock=MillisecondClock())
    lab.open(make=True, tend=False)
    return lab, script


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a ledger in which nothing is written."""
    folder = tmp_path_factory.mktemp("empty") / "data"
    open_desk(read_settings({"PROMPTFLOW_DATA_DIR": str(folder)}))[0].close(timeout_s=0)
    return folder


@pytest.fixture
def desk(empty: Path, settings: Settings) -> Iterator[Desk]:
    """A laboratory in which nothing has happened yet, and what its models do."""
    shutil.copytree(empty, settings.data_dir)
    lab, script = open_desk(settings)
    yield lab, script
    lab.close(timeout_s=10)


def ask(lab: Laboratory, **more: object) -> GenerationRequest:
    """Return a checked request."""
    asked = {
        "request": "A lighthouse",
        "image_models": (FLARE, GOUACHE),
        "text_model": WRITER,
        "aspect_ratio": "1:1",
        "images_per_model": 1,
        "seed": None,
    } | more
    return lab.check(**asked)  # type: ignore[arg-type]  # by name


def run(
    desk: Desk, request: GenerationRequest, *texts: str, references: tuple[Reference, ...] = ()
) -> FlowView:
    """Run a generation to its end; the text models do as told."""
    lab, script = desk
    script.tell(texts, {})
    generation_id = lab.start(request, references)
    list(finish(lab, generation_id))
    return lab.look_up(generation_id)[1]


def find(desk: Desk, request: GenerationRequest) -> Offer:
    """Return the offer that there has to be."""
    offer = desk[0].find_offer(request)
    assert offer is not None
    return offer


def test_a_request_that_was_never_made_has_no_offer(desk: Desk) -> None:
    """Nothing was asked before; looking asks nobody."""
    lab, script = desk

    assert lab.find_offer(ask(lab)) is None
    assert sum(script.text_calls.values()) == 0


@pytest.mark.parametrize(
    "other",
    [
        {"request": "A lighthouse."},
        {"text_model": OTHER_WRITER},
        {"aspect_ratio": "16:9"},
        {"instructions": {Stage.ACTION_PLAN: "Plan it."}},
    ],
)
def test_another_question_finds_nothing(desk: Desk, other: dict[str, object]) -> None:
    """Another idea, model, shape or instruction is another question from the plan on."""
    lab, _ = desk
    run(desk, ask(lab))

    assert lab.find_offer(ask(lab, **other)) is None


@pytest.mark.parametrize(
    ("other", "stages"),
    [
        ({"instructions": {Stage.THINKING: "Think."}}, 1),
        ({"instructions": {Stage.PROMPT_CONSTRUCTION: "Write."}}, 2),
        ({"image_models": (BANANA,)}, 2),
        ({"image_models": (FLARE,)}, 3),
        ({"images_per_model": 3, "baseline": True}, 3),
    ],
)
def test_an_offer_goes_as_far_as_the_questions_are_the_same(
    desk: Desk, other: dict[str, object], stages: int
) -> None:
    """What differs later on leaves the earlier answers to be offered."""
    lab, _ = desk
    run(desk, ask(lab))

    assert find(desk, ask(lab, **other)).stages == tuple(Stage)[:stages]


def test_references_are_part_of_the_question(desk: Desk) -> None:
    """A model that sees pictures was asked something else where they were others, or none."""
    lab, _ = desk
    first, second = (Reference(data=make_png(shade), mime="image/png") for shade in (1, 2))
    request = ask(lab, image_models=(FLARE,), references=1)
    run(desk, request, references=(first,))

    assert lab.find_offer(request, (first,)) is not None
    assert lab.find_offer(request, (second,)) is None
    assert lab.find_offer(ask(lab, image_models=(FLARE,))) is None


def test_an_answer_that_failed_is_not_offered(desk: Desk) -> None:
    """Only whole answers are: of a generation whose thinking failed the plan is."""
    lab, _ = desk
    run(desk, ask(lab), GOOD, FAILS)

    assert find(desk, ask(lab)).stages == (Stage.ACTION_PLAN,)


def test_the_newest_answer_is_offered(desk: Desk) -> None:
    """Of two generations that asked the same, the later one's answers are taken."""
    lab, _ = desk
    run(desk, ask(lab))
    second = run(desk, ask(lab))

    assert find(desk, ask(lab)).plan.generation_id == second.generation_id


def test_what_was_taken_over_is_offered_from_where_it_was_bought(desk: Desk) -> None:
    """A reused or edited answer is no answer to the question: the model's own is."""
    lab, _ = desk
    first = run(desk, ask(lab))
    edited = replace(PLAN, mood="calm")
    child = lab.fork(
        first.generation_id,
        lambda view: lab.iterations.fork(view, view.request, Stage.ACTION_PLAN, plan=edited),
    )
    list(finish(lab, child))

    offer = find(desk, ask(lab))

    assert (offer.plan.stage_id, offer.plan.plan) == (first.stages[0].stage_id, PLAN)


@pytest.mark.parametrize(
    ("until", "asked", "reused", "forked_at"),
    [
        (Stage.ACTION_PLAN, {"thinking": 1, "prompt_construction": 2}, 1, Stage.THINKING),
        (Stage.THINKING, {"prompt_construction": 2}, 2, Stage.PROMPT_CONSTRUCTION),
        (Stage.PROMPT_CONSTRUCTION, {}, 4, None),
    ],
)
def test_what_is_taken_is_not_bought(
    desk: Desk, until: Stage, asked: dict[str, int], reused: int, forked_at: Stage | None
) -> None:
    """Up to the stage that was chosen nothing is asked; it shows as reused, and free."""
    lab, script = desk
    first = run(desk, ask(lab))
    before = script.text_calls.copy()
    request = ask(lab)

    generation_id = lab.start(request, work=find(desk, request).to_work(request, until))
    list(finish(lab, generation_id))

    view = lab.look_up(generation_id)[1]
    assert dict(script.text_calls - before) == asked
    assert sum(stage.reused_from is not None for stage in view.stages) == reused
    assert (view.parent_id, view.forked_at) == (first.generation_id, forked_at)
    assert view.status is GenerationStatus.SUCCEEDED


def test_it_is_never_taken_silently(desk: Desk) -> None:
    """A request that is simply started asks for everything, whatever there is."""
    lab, script = desk
    run(desk, ask(lab))
    before = script.text_calls.copy()

    run(desk, ask(lab))

    assert (script.text_calls - before).total() == 4


def test_with_some_prompts_missing_those_are_made(desk: Desk) -> None:
    """Of two image models one had its words before; the other's are asked for."""
    lab, script = desk
    run(desk, ask(lab, image_models=(FLARE,)))
    before = script.text_calls.copy()
    request = ask(lab)
    work = find(desk, request).to_work(request, Stage.PROMPT_CONSTRUCTION)

    generation_id = lab.start(request, work=work)
    list(finish(lab, generation_id))

    view = lab.look_up(generation_id)[1]
    assert dict(script.text_calls - before) == {"prompt_construction": 1}
    assert view.forked_at is Stage.PROMPT_CONSTRUCTION
    assert view.status is GenerationStatus.SUCCEEDED


def test_the_estimate_is_of_what_is_left(desk: Desk) -> None:
    """What is reused is not in the most that it can cost."""
    lab, _ = desk
    only = {"image_models": (GOUACHE,)}
    run(desk, ask(lab, **only))
    request = ask(lab, **only)
    work = find(desk, request).to_work(request, Stage.PROMPT_CONSTRUCTION)

    generation_id = lab.start(request, work=work)

    assert (request.estimate_micro_usd or 0) > 0
    assert lab.look_up(generation_id)[1].request.estimate_micro_usd == 0
    list(finish(lab, generation_id))


def make_answer(stage: Stage, cost: int | None, total_ms: int, model: str | None) -> KeptAnswer:
    """Make an answer that was kept."""
    return KeptAnswer(
        generation_id="g1",
        stage_id=f"{stage}-{model}",
        stage=stage,
        image_model=model,
        model=WRITER,
        output=PLAN_TEXT,
        plan=PLAN,
        reasoning="",
        question=None,
        cost_micro_usd=cost,
        total_ms=total_ms,
    )


def test_savings_are_sums_and_prompts_are_written_side_by_side() -> None:
    """Money adds up; of times that ran beside each other the longest counts."""
    offer = Offer(
        plan=make_answer(Stage.ACTION_PLAN, 100, 1_000, None),
        thinking=make_answer(Stage.THINKING, 200, 2_000, None),
        prompts={
            FLARE: make_answer(Stage.PROMPT_CONSTRUCTION, 30, 300, FLARE),
            BANANA: make_answer(Stage.PROMPT_CONSTRUCTION, 40, 400, BANANA),
        },
    )

    assert [offer.saves(until) for until in offer.stages] == [
        (100, 1_000),
        (300, 3_000),
        (370, 3_400),
    ]


def test_a_saving_whose_price_is_unknown_is_unknown() -> None:
    """A part of a sum would read as the whole."""
    offer = Offer(
        plan=make_answer(Stage.ACTION_PLAN, 100, 1_000, None),
        thinking=make_answer(Stage.THINKING, None, 2_000, None),
    )

    assert offer.saves(Stage.ACTION_PLAN) == (100, 1_000)
    assert offer.saves(Stage.THINKING) == (None, 3_000)
