"""What is done once more, counted at the wire: nothing that is there already is asked for again."""

from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from promptflow.iterations import Iteration
from promptflow.laboratory import Laboratory, open_laboratory
from promptflow.records import GenerationRequest, GenerationStatus, RunStatus, Stage
from promptflow.settings import read_settings
from promptflow.view import FlowView
from tests.real.scripts import (
    IDEA,
    OTHER,
    PAINTERS,
    PICTURE_COST,
    PICTURES,
    PROMPT,
    STAGE_COST,
    THINKING,
    WRITERS,
    find_server,
    script_texts,
)
from tests.scripted import finish
from tests.wire.faults import find_fault
from tests.wire.wire import Wire

Plan = Callable[[FlowView], Iteration]
Calls = dict[tuple[str, str], int]
"""(provider, ``text`` or ``image``) → how often it was asked."""


@pytest.fixture
def lab(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Laboratory]:
    """A laboratory with keys of both providers."""
    monkeypatch.setenv("SSL_CERT_FILE", environ["SSL_CERT_FILE"])
    opened = open_laboratory(read_settings(environ))
    yield opened
    opened.close(timeout_s=10)


@pytest.fixture(params=tuple(WRITERS))
def writer(request: pytest.FixtureRequest) -> str:
    """The provider that plans, thinks and writes."""
    return str(request.param)


@pytest.fixture
def whole(lab: Laboratory, wire: Wire, writer: str) -> FlowView:
    """A generation that both have painted; from then on each paints whatever it is asked for."""
    script_texts(wire, writer)
    for provider, picture in PICTURES.items():
        find_server(wire, provider).answer_image(picture, times=None)
    return run(lab, ask(lab, writer))


def test_again_is_one_picture(lab: Laboratory, wire: Wire, whole: FlowView, writer: str) -> None:
    """A new version with the same words asks its image model once, and no other model."""
    before = count(wire)
    chosen = whole.runs[0]

    view = resume(lab, whole, lambda view: lab.iterations.again(view, chosen.run_id))

    assert asked_since(wire, before) == {(chosen.provider, "image"): 1}
    versions = view.versions(chosen.image_model)
    assert [run.version for run in versions] == [1, 2]
    assert versions[1].prompt_id == versions[0].prompt_id
    assert versions[1].parent_run_id == versions[0].run_id
    assert view.cost_micro_usd == full_cost(writer) + PICTURE_COST[chosen.provider]
    assert wire.violations == ()


def test_an_edited_prompt_is_one_picture(lab: Laboratory, wire: Wire, whole: FlowView) -> None:
    """Words that a person has changed go to the image model as they are; no text model is asked."""
    before = count(wire)
    chosen = whole.runs[1]

    view = resume(
        lab, whole, lambda view: lab.iterations.again(view, chosen.run_id, prompt="A cat, ink")
    )

    assert asked_since(wire, before) == {(chosen.provider, "image"): 1}
    newest = view.run(chosen.image_model)
    assert newest is not None
    assert (newest.prompt, newest.prompt_origin) == ("A cat, ink", "edited")
    assert newest.parent_prompt_id == chosen.prompt_id
    body = wire.requests[-1].body
    assert b"A cat, ink" in body
    assert PROMPT.encode() not in body


def test_a_fork_at_the_thinking_buys_no_plan(
    lab: Laboratory, wire: Wire, whole: FlowView, writer: str
) -> None:
    """The plan is taken over; thinking, a prompt and a picture of each are asked for."""
    find_server(wire, writer).answer_text(THINKING)
    find_server(wire, writer).answer_text(PROMPT, times=2)
    before = count(wire)

    view = fork(lab, whole, Stage.THINKING)

    assert asked_since(wire, before) == add((writer, "text"), 3)
    assert (view.parent_id, view.forked_at) == (whole.generation_id, "thinking")
    assert [stage.reused_from for stage in view.stages] == [
        whole.stages[0].stage_id,
        *(None, None, None),
    ]
    assert view.cost_micro_usd == full_cost(writer) - STAGE_COST[writer]


def test_a_fork_with_edited_thinking_buys_prompts_and_pictures(
    lab: Laboratory, wire: Wire, whole: FlowView, writer: str
) -> None:
    """Neither plan nor thinking is asked for; the prompts are made from the changed thinking."""
    find_server(wire, writer).answer_text(PROMPT, times=2)
    before = count(wire)

    view = fork(lab, whole, Stage.THINKING, thinking="Two gulls, no ship")

    assert asked_since(wire, before) == add((writer, "text"), 2)
    assert [stage.edited for stage in view.stages] == [False, True, False, False]
    texts = [one for one in wire.requests if one.kind == "text"]
    assert all(b"Two gulls, no ship" in one.body for one in texts[-2:])


def test_a_fork_at_the_prompts_buys_pictures_only(
    lab: Laboratory, wire: Wire, whole: FlowView
) -> None:
    """With words for each image model, changed or not, no text model is asked."""
    before = count(wire)
    first, second = whole.runs

    view = fork(
        lab,
        whole,
        Stage.PROMPT_CONSTRUCTION,
        prompts={first.image_model: "A dog, ink", second.image_model: second.prompt},
    )

    assert asked_since(wire, before) == {("openai", "image"): 1, ("google", "image"): 1}
    made = {run.image_model: run for run in view.runs}
    assert made[first.image_model].prompt_origin == "edited"
    assert made[first.image_model].parent_prompt_id == first.prompt_id
    assert made[second.image_model].prompt_origin == "constructed"
    construction = view.stage(Stage.PROMPT_CONSTRUCTION, second.image_model)
    assert construction is not None
    assert construction.reused_from == second.stage_id
    assert view.cost_micro_usd == sum(PICTURE_COST.values())


def test_a_further_model_is_one_prompt_and_its_picture(
    lab: Laboratory, wire: Wire, writer: str
) -> None:
    """Plan and thinking are there; the new model's words and picture alone are asked for."""
    script_texts(wire, writer)
    for provider, picture in PICTURES.items():
        find_server(wire, provider).answer_image(picture, times=None)
    new = OTHER[writer]
    first = run(lab, ask(lab, writer, PAINTERS[writer]))
    before = count(wire)

    view = resume(lab, first, lambda view: lab.iterations.add_models(view, [PAINTERS[new]]))

    assert asked_since(wire, before) == {(writer, "text"): 1, (new, "image"): 1}
    assert view.status is GenerationStatus.SUCCEEDED
    assert view.request.image_models == (PAINTERS[writer], PAINTERS[new])


@pytest.mark.parametrize("failing", PAINTERS)
def test_a_retry_asks_only_the_model_that_failed(lab: Laboratory, wire: Wire, failing: str) -> None:
    """One picture call; the model that has delivered and the text model are left alone."""
    script_texts(wire, "openai")
    find_server(wire, OTHER[failing]).answer_image(PICTURES[OTHER[failing]], times=None)
    find_fault(failing, "image", "quota").script(wire)
    first = run(lab, ask(lab, "openai"))
    find_server(wire, failing).answer_image(PICTURES[failing], times=None)
    before = count(wire)

    view = resume(lab, first, lab.iterations.retry)

    assert first.status is GenerationStatus.PARTIAL
    assert asked_since(wire, before) == {(failing, "image"): 1}
    assert view.status is GenerationStatus.SUCCEEDED
    assert [run.status for run in view.versions(PAINTERS[failing])] == [
        RunStatus.FAILED,
        RunStatus.SUCCEEDED,
    ]
    assert view.cost_micro_usd == full_cost("openai")


def test_a_retry_asks_for_the_plan_that_failed(lab: Laboratory, wire: Wire) -> None:
    """Where nothing came of the plan, everything is asked for, in the same generation."""
    find_fault("openai", "text", "bad_key").script(wire)
    first = run(lab, ask(lab, "openai"))
    script_texts(wire, "openai")
    for provider, picture in PICTURES.items():
        find_server(wire, provider).answer_image(picture)
    before = count(wire)

    view = resume(lab, first, lab.iterations.retry)

    assert first.status is GenerationStatus.FAILED
    assert asked_since(wire, before) == add(("openai", "text"), 4)
    assert view.status is GenerationStatus.SUCCEEDED
    assert view.fault is None


def test_an_offer_that_is_taken_buys_no_text(
    lab: Laboratory, wire: Wire, whole: FlowView, writer: str
) -> None:
    """The same request finds every earlier answer, says what it saves, and only pictures are bought."""
    request = ask(lab, writer)
    before = count(wire)

    offer = lab.find_offer(request)
    looked = count(wire)

    assert offer is not None
    assert offer.stages == tuple(Stage)
    assert offer.saves(Stage.PROMPT_CONSTRUCTION)[0] == 4 * STAGE_COST[writer]
    assert looked == before
    generation_id = lab.start(request, work=offer.to_work(request, Stage.PROMPT_CONSTRUCTION))
    list(finish(lab, generation_id))
    view = lab.look_up(generation_id)[1]
    assert asked_since(wire, before) == {("openai", "image"): 1, ("google", "image"): 1}
    assert view.cost_micro_usd == sum(PICTURE_COST.values())
    assert [run.prompt for run in view.runs] == [PROMPT, PROMPT]
    assert {stage.reused_from for stage in view.stages} == {
        stage.stage_id for stage in whole.stages
    }


def test_a_baseline_is_one_more_picture_of_each(lab: Laboratory, wire: Wire) -> None:
    """Beside the constructed words each image model is sent the request as it was typed, once."""
    script_texts(wire, "openai")
    for provider, picture in PICTURES.items():
        find_server(wire, provider).answer_image(picture, times=None)

    view = run(lab, ask(lab, "openai", baseline=True))

    assert count(wire) == {("openai", "text"): 4, ("openai", "image"): 2, ("google", "image"): 2}
    assert {run.prompt for run in view.runs if run.prompt_origin == "raw"} == {IDEA}
    assert view.cost_micro_usd == full_cost("openai") + sum(PICTURE_COST.values())


def ask(
    lab: Laboratory, writer: str, *image_models: str, baseline: bool = False
) -> GenerationRequest:
    """Return a checked request, by default for both painters."""
    return lab.check(
        request=IDEA,
        image_models=image_models or tuple(PAINTERS.values()),
        text_model=WRITERS[writer],
        aspect_ratio="1:1",
        images_per_model=1,
        seed=None,
        baseline=baseline,
    )


def run(lab: Laboratory, request: GenerationRequest) -> FlowView:
    """Run a flow to its end and return it as the ledger has it."""
    generation_id = lab.start(request)
    list(finish(lab, generation_id))
    return lab.look_up(generation_id)[1]


def resume(lab: Laboratory, view: FlowView, plan: Plan) -> FlowView:
    """Do something once more and return what has become of it."""
    list(finish(lab, lab.resume(view.generation_id, plan)))
    return lab.look_up(view.generation_id)[1]


def fork(lab: Laboratory, parent: FlowView, stage: Stage, **edited: object) -> FlowView:
    """Fork a generation and return the child."""
    child = lab.fork(
        parent.generation_id,
        lambda view: lab.iterations.fork(view, view.request, stage, **edited),  # type: ignore[arg-type]  # any of its own
    )
    list(finish(lab, child))
    return lab.look_up(child)[1]


def count(wire: Wire) -> Calls:
    """Return how often each provider was asked for what."""
    return dict(Counter((one.provider, one.kind) for one in wire.requests))


def asked_since(wire: Wire, before: Calls) -> Calls:
    """Return what was asked for since."""
    return dict(Counter(count(wire)) - Counter(before))


def add(texts: tuple[str, str], times: int) -> Calls:
    """Return a picture of each, and so many texts."""
    return {("openai", "image"): 1, ("google", "image"): 1, texts: times}


def full_cost(writer: str) -> int:
    """Return what a generation with both painters costs."""
    return 4 * STAGE_COST[writer] + sum(PICTURE_COST.values())
