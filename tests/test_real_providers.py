"""Whole flows through the real SDKs, over HTTP to servers on this machine."""

import json
from collections.abc import Iterator
from dataclasses import asdict

import pytest

from promptflow.laboratory import Laboratory, open_laboratory
from promptflow.plans import load_plan
from promptflow.records import GenerationStatus, RunStatus
from promptflow.settings import Settings, read_settings
from promptflow.view import FlowView
from tests.scripted import finish
from tests.wire.pictures import make_png
from tests.wire.wire import Wire

KEY = "sk-marked-0123456789abcdefghij"
PLAN = {
    "summary": "A lighthouse at dusk",
    "intent": "Show calm before a storm",
    "subjects": ["a lighthouse", "the sea"],
    "style": "gouache",
    "composition": "wide",
    "mood": "calm",
    "technical_notes": [],
}
PAINTERS = ("gpt-image-2.6-flare", "gemini-nano-banana-2.1")


@pytest.fixture
def wire() -> Iterator[Wire]:
    """Both providers on the loopback."""
    with Wire() as both:
        yield both


@pytest.fixture
def lab(wire: Wire, settings: Settings) -> Iterator[Laboratory]:
    """A laboratory with keys of both providers."""
    opened = open_laboratory(
        read_settings(
            {
                "PROMPTFLOW_DATA_DIR": str(settings.data_dir),
                "OPENAI_API_KEY": KEY,
                "OPENAI_BASE_URL": wire.openai.base_url,
                "GEMINI_API_KEY": KEY,
                "GOOGLE_GEMINI_BASE_URL": wire.google.base_url,
            }
        )
    )
    yield opened
    opened.close(timeout_s=10)


def test_keys_choose_one_model_of_each_provider(lab: Laboratory) -> None:
    """With both keys, one OpenAI and one Google model stand side by side to begin with."""
    chosen = lab.catalog.default_image_models(lab.available(lab.catalog.image_models))

    assert {lab.catalog.image_model(model).provider for model in chosen} == {"openai", "google"}


def test_both_providers_paint_side_by_side(lab: Laboratory, wire: Wire) -> None:
    """OpenAI plans, thinks and writes; both paint; every request is one the APIs accept."""
    _script_texts(wire)
    wire.openai.answer_image(make_png())
    wire.google.answer_image(make_png())

    view = _run(lab)

    assert view.status is GenerationStatus.SUCCEEDED
    assert {run.provider: len(run.images) for run in view.runs} == {"openai": 1, "google": 1}
    assert asdict(load_plan(view.stages[0].output)) == asdict(load_plan(json.dumps(PLAN)))
    assert view.stages[0].cost_micro_usd is not None
    assert wire.violations == ()


def test_one_provider_failing_leaves_the_others_picture(lab: Laboratory, wire: Wire) -> None:
    """A refusal of one is its result; the other's picture is there, and no key is anywhere."""
    _script_texts(wire)
    wire.openai.answer_error(
        400, "Your request was rejected by the safety system.", code="moderation_blocked"
    )
    wire.google.answer_image(make_png())

    view = _run(lab)

    runs = {run.provider: run for run in view.runs}
    assert view.status is GenerationStatus.PARTIAL
    assert runs["openai"].status is RunStatus.REFUSED
    assert len(runs["google"].images) == 1
    assert KEY not in repr(view)
    assert KEY.encode() not in lab.settings.database.read_bytes()


def _script_texts(wire: Wire) -> None:
    wire.openai.answer_text(json.dumps(PLAN))
    wire.openai.answer_text("## Reading the idea\nThe lighthouse leads.")
    wire.openai.answer_text("A lighthouse at dusk, in gouache.", times=2)


def _run(lab: Laboratory) -> FlowView:
    request = lab.check(
        request="A lighthouse at dusk",
        image_models=PAINTERS,
        text_model="gpt-6.1-terra",
        aspect_ratio="1:1",
        images_per_model=1,
        seed=None,
    )
    generation_id = lab.start(request)
    list(finish(lab, generation_id))
    return lab.look_up(generation_id)[1]
