"""Whole flows of a laboratory that is put together as an installation is, with keys of both providers."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict

import pytest

from promptflow.laboratory import Laboratory, open_laboratory
from promptflow.plans import load_plan
from promptflow.records import GenerationRequest, GenerationStatus, ImageParameters, Stage
from promptflow.settings import read_settings
from promptflow.view import FlowView
from tests.real.scripts import (
    IDEA,
    OTHER,
    PAINTERS,
    PICTURE_COST,
    PICTURES,
    PLAN,
    PROMPT,
    STAGE_COST,
    THINKING,
    WRITERS,
    script_picture,
    script_texts,
)
from tests.scripted import finish
from tests.unmarked import without_lineage
from tests.wire.answers import later
from tests.wire.faults import find_fault
from tests.wire.wire import Wire


@pytest.fixture
def lab(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Laboratory]:
    """A laboratory with keys of both providers."""
    monkeypatch.setenv("SSL_CERT_FILE", environ["SSL_CERT_FILE"])
    opened = open_laboratory(read_settings(environ))
    yield opened
    opened.close(timeout_s=10)


def test_keys_choose_one_model_of_each_provider(lab: Laboratory) -> None:
    """With both keys, one OpenAI and one Google model stand side by side to begin with."""
    chosen = lab.catalog.default_image_models(lab.models.available(lab.catalog.image_models))

    assert chosen == tuple(PAINTERS.values())


@pytest.mark.parametrize("writer", WRITERS)
def test_both_providers_paint_what_either_has_planned(
    lab: Laboratory, wire: Wire, writer: str
) -> None:
    """One plans, thinks and writes; both paint; every request is one the APIs accept, once each."""
    script_texts(wire, writer)
    for provider in PAINTERS:
        script_picture(wire, provider)

    view = run(lab, ask(lab, writer=writer))

    assert view.status is GenerationStatus.SUCCEEDED
    assert asdict(view.plan or load_plan("{}")) == asdict(load_plan(PLAN))
    assert [stage.output for stage in view.stages[1:]] == [THINKING, PROMPT, PROMPT]
    assert find_pictures(lab, view) == {name: [data] for name, data in PICTURES.items()}
    assert {
        (run.prompt, run.cost_micro_usd == PICTURE_COST[run.provider]) for run in view.runs
    } == {(PROMPT, True)}
    assert view.cost_micro_usd == 4 * STAGE_COST[writer] + sum(PICTURE_COST.values())
    assert len(wire.requests) == 6
    assert wire.violations == ()


def test_both_paint_at_the_same_time(lab: Laboratory, wire: Wire) -> None:
    """Neither waits for the other: both requests are there before the first answer."""
    script_texts(wire, "openai")
    wire.openai.answer_image(PICTURES["openai"], fault=later(1))
    wire.google.answer_image(PICTURES["google"], fault=later(1))

    run(lab, ask(lab))

    first, second = [each.arrived_s for each in wire.requests if each.kind == "image"]
    assert second - first < 1


def test_a_slow_painter_does_not_hold_the_other_up(lab: Laboratory, wire: Wire) -> None:
    """The quick one's picture is recorded while the slow one has not begun to answer."""
    script_texts(wire, "openai")
    wire.openai.answer_image(PICTURES["openai"], fault=later(1.5))
    script_picture(wire, "google")

    view = run(lab, ask(lab))

    times_ms = {run.provider: run.images[0].at_ms for run in view.runs}
    assert times_ms["google"] < 1_500 <= times_ms["openai"]


@pytest.mark.parametrize("failing", PAINTERS)
def test_a_refusal_counts_for_the_model_that_refused(
    lab: Laboratory, wire: Wire, failing: str
) -> None:
    """A refusal of one is its result; the other's picture is there, and each has its own count."""
    good = OTHER[failing]
    script_texts(wire, good)
    script_picture(wire, good)
    find_fault(failing, "image", "moderation").script(wire)

    view = run(lab, ask(lab, writer=good))

    assert view.status is GenerationStatus.PARTIAL
    assert find_pictures(lab, view) == {failing: [], good: [PICTURES[good]]}
    counts = lab.spending.count_refusals()
    assert (counts[PAINTERS[failing]], counts[PAINTERS[good]]) == ((1, 1), (0, 1))


def test_what_is_asked_of_each_reaches_each(lab: Laboratory, wire: Wire) -> None:
    """Parameters go to the model that they are for, and what came back is kept as resolved."""
    script_texts(wire, "openai")
    for provider in PAINTERS:
        script_picture(wire, provider)
    parameters = {
        PAINTERS["openai"]: ImageParameters(quality="high", output_format="png"),
        PAINTERS["google"]: ImageParameters(size="1K"),
    }

    view = run(lab, ask(lab, parameters=parameters))

    runs = {run.provider: run for run in view.runs}
    assert {name: run.parameters for name, run in runs.items()} == {
        name: parameters[model] for name, model in PAINTERS.items()
    }
    (openai,) = [each.json or {} for each in wire.openai.requests if each.kind == "image"]
    (google,) = [each.json or {} for each in wire.google.requests if each.kind == "image"]
    assert (openai["quality"], openai["output_format"]) == ("high", "png")
    assert google["generationConfig"]["imageConfig"] == {"aspectRatio": "1:1", "imageSize": "1K"}
    resolved = runs["openai"].images[0].resolved
    assert resolved is not None
    assert (resolved.quality, resolved.output_format) == ("high", "png")
    assert runs["google"].images[0].resolved == ImageParameters(size="1K")
    assert wire.violations == ()


def test_several_pictures_of_each(lab: Laboratory, wire: Wire) -> None:
    """Two pictures of each are four: in one call of OpenAI's and in two of Google's, all billed."""
    script_texts(wire, "openai")
    wire.openai.answer_image(PICTURES["openai"], times=None)
    wire.google.answer_image(PICTURES["google"], times=None)

    view = run(lab, ask(lab, images=2))

    assert {name: len(data) for name, data in find_pictures(lab, view).items()} == {
        "openai": 2,
        "google": 2,
    }
    assert wire.google.count(kind="image") == 2
    assert {run.provider: run.cost_micro_usd for run in view.runs}["google"] == (
        2 * PICTURE_COST["google"]
    )
    assert wire.violations == ()


def test_reasoning_is_kept_apart_from_the_answer(lab: Laboratory, wire: Wire) -> None:
    """What the model lets be seen of its reasoning is read back from the ledger, and is no answer."""
    wire.openai.answer_text(PLAN, reasoning="The sea comes first.")
    wire.openai.answer_text(THINKING, reasoning="Two lights would compete.")
    wire.openai.answer_text(PROMPT, times=2)
    for provider in PAINTERS:
        script_picture(wire, provider)

    view = run(lab, ask(lab))

    thinking = view.stage(Stage.THINKING)
    assert thinking is not None
    assert (thinking.output, thinking.reasoning) == (THINKING, "Two lights would compete.")


def ask(
    lab: Laboratory,
    *,
    writer: str = "openai",
    images: int = 1,
    parameters: Mapping[str, ImageParameters] | None = None,
) -> GenerationRequest:
    """Return a checked request for both painters."""
    return lab.check(
        request=IDEA,
        image_models=tuple(PAINTERS.values()),
        text_model=WRITERS[writer],
        aspect_ratio="1:1",
        images_per_model=images,
        seed=None,
        parameters=parameters or {},
    )


def run(lab: Laboratory, request: GenerationRequest) -> FlowView:
    """Run a flow to its end and return it as the ledger has it."""
    generation_id = lab.start(request)
    list(finish(lab, generation_id))
    return lab.look_up(generation_id)[1]


def find_pictures(lab: Laboratory, view: FlowView) -> dict[str, list[bytes]]:
    """Return what is stored of each provider."""
    return {
        run.provider: [
            without_lineage(lab.gallery.read_picture(image.asset)) for image in run.images
        ]
        for run in view.runs
    }
