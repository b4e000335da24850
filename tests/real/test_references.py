"""Reference images on their way through a flow: kept, shown to those who plan, and given to both painters."""

import base64
from collections.abc import Iterator

import pytest

from promptflow.events import ReferenceStored
from promptflow.laboratory import Laboratory, open_laboratory
from promptflow.ports import Reference
from promptflow.records import AssetRole, Stage
from promptflow.references import prepare_reference
from promptflow.settings import read_settings
from promptflow.view import FlowView
from tests.real.scripts import (
    IDEA,
    PAINTERS,
    WRITERS,
    find_server,
    script_picture,
    script_texts,
)
from tests.scripted import finish
from tests.wire.pictures import make_png
from tests.wire.requested import Request
from tests.wire.wire import Wire

REFERENCES = (
    prepare_reference(make_png(20, 10, rgb=(250, 0, 0)), name="sun.png"),
    prepare_reference(make_png(10, 20, rgb=(0, 0, 250)), name="sea.png"),
)


@pytest.fixture
def lab(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Laboratory]:
    """A laboratory with keys of both providers."""
    monkeypatch.setenv("SSL_CERT_FILE", environ["SSL_CERT_FILE"])
    opened = open_laboratory(read_settings(environ))
    yield opened
    opened.close(timeout_s=10)


@pytest.fixture(params=WRITERS)
def writer(request: pytest.FixtureRequest) -> str:
    """Each provider as the one that plans, thinks and writes."""
    return str(request.param)


@pytest.fixture
def view(lab: Laboratory, wire: Wire, writer: str) -> FlowView:
    """A flow with two references that went well, read back from the ledger."""
    script_texts(wire, writer)
    for provider in PAINTERS:
        script_picture(wire, provider)
    request = lab.check(
        request=IDEA,
        image_models=tuple(PAINTERS.values()),
        text_model=WRITERS[writer],
        aspect_ratio="1:1",
        images_per_model=1,
        seed=None,
        references=len(REFERENCES),
    )
    generation_id = lab.start(request, REFERENCES)
    list(finish(lab, generation_id))
    return lab.look_up(generation_id)[1]


def test_every_stage_sees_them(view: FlowView, wire: Wire, writer: str) -> None:
    """Plan, thinking and both prompts are asked for with the pictures, in their order."""
    asked = [each for each in find_server(wire, writer).requests if each.kind == "text"]

    read = read_shown if writer == "openai" else read_inline
    assert [read(request) for request in asked] == [list(REFERENCES)] * 4
    assert [stage.stage for stage in view.stages[:2]] == [Stage.ACTION_PLAN, Stage.THINKING]
    assert {stage.status for stage in view.stages} == {"succeeded"}


def test_openai_edits_them(view: FlowView, wire: Wire) -> None:
    """OpenAI's painter is asked for an edit with both files."""
    (asked,) = [request for request in wire.openai.requests if request.kind == "image"]

    assert asked.path == "/v1/images/edits"
    assert asked.read_field("prompt") == view.runs[0].prompt
    files = [part for part in asked.parts if part.filename is not None]
    assert {part.name for part in files} == {"image[]"}
    sent = [Reference(data=part.data, mime=part.content_type or "") for part in files]
    assert sent == list(REFERENCES)


def test_google_is_given_them_beside_the_prompt(view: FlowView, wire: Wire) -> None:
    """Google's painter is asked with the prompt and both pictures in one content."""
    (asked,) = [request for request in wire.google.requests if request.kind == "image"]

    assert read_inline(asked) == list(REFERENCES)
    (content,) = (asked.json or {})["contents"]
    assert [part["text"] for part in content["parts"] if "text" in part] == [view.runs[0].prompt]


def test_the_apis_accept_what_they_are_asked(view: FlowView, wire: Wire) -> None:
    """No request of the flow breaks a rule of its API, and both painters deliver."""
    assert wire.violations == ()
    assert len(wire.requests) == 6
    assert [len(run.images) for run in view.runs] == [1, 1]


def test_they_are_kept_as_references(view: FlowView, lab: Laboratory) -> None:
    """The ledger has both with their role and order, from before the first call, and the files are there."""
    events = lab.read_events(view.generation_id)

    stored = [event for event in events if isinstance(event, ReferenceStored)]
    assert [event.index for event in stored] == [0, 1]
    assert list(events[1:3]) == stored
    assert [event.asset for event in stored] == view.references
    assert {asset.role for asset in view.references} == {AssetRole.REFERENCE}
    assert [(asset.width_px, asset.height_px) for asset in view.references] == [(20, 10), (10, 20)]
    assert [lab.gallery.read_picture(asset) for asset in view.references] == [
        reference.data for reference in REFERENCES
    ]
    assert lab.archive.take_inventory().missing == ()


def read_shown(request: Request) -> list[Reference]:
    """Return the pictures that a request to the Responses API shows."""
    assert request.path == "/v1/responses"
    parts = [part for message in (request.json or {})["input"] for part in message["content"]]
    shown = [part["image_url"] for part in parts if part["type"] == "input_image"]
    return [
        Reference(data=base64.b64decode(data), mime=head.removeprefix("data:"))
        for head, _, data in (url.partition(";base64,") for url in shown)
    ]


def read_inline(request: Request) -> list[Reference]:
    """Return the pictures in a request to Google."""
    (content,) = (request.json or {})["contents"]
    blobs = [part["inlineData"] for part in content["parts"] if "inlineData" in part]
    return [
        Reference(data=base64.urlsafe_b64decode(blob["data"]), mime=blob["mimeType"])
        for blob in blobs
    ]
