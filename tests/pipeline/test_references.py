"""Pictures that go along with a request: stored first, then given to whoever takes them."""

import threading
from pathlib import Path

from promptflow.errors import StorageError
from promptflow.events import Event, FlowFinished, FlowStarted, ReferenceStored, StageStarted
from promptflow.pipeline import run_flow
from promptflow.ports import Reference, TextPart
from promptflow.records import Asset, AssetRole, GenerationStatus, ImageParameters
from promptflow.storage.local import LocalStore
from tests.pipeline.expected import PLAN_TEXT, PROMPT, THOUGHT
from tests.scripted import (
    GOUACHE,
    FailingLedger,
    ListPainter,
    ListWriter,
    give,
    make_png,
    make_request,
    make_tools,
)

FLASH, ARGON, BANANA = "gemini-3.8-flash", "gemini-4-argon", "gemini-nano-banana-2.1"
REFERENCES = tuple(Reference(data=make_png(shade), mime="image/png") for shade in (10, 20))


def _writer() -> ListWriter:
    return ListWriter(*([TextPart(text=text)] for text in (PLAN_TEXT, THOUGHT, PROMPT)))


def _run(
    folder: Path,
    writer: ListWriter,
    *,
    text_model: str = FLASH,
    image_model: str = BANANA,
    painter: ListPainter | None = None,
    **tools: object,
) -> list[Event]:
    """Run a flow of one image model with two references."""
    made = make_tools(
        folder,
        planner=writer,
        painters={image_model: painter or give(0)},
        **tools,  # type: ignore[arg-type]  # as `make_tools` names them
    )
    request = make_request(
        text_model=text_model,
        image_models=(image_model,),
        parameters={BANANA: ImageParameters(size="2K")} if image_model == BANANA else {},
    )
    return list(
        run_flow(
            request,
            references=REFERENCES,
            generation_id="generation-1",
            tools=made,
            cancel=threading.Event(),
        )
    )


def test_references_are_stored_before_anything_is_spent(tmp_path: Path) -> None:
    """Each is an asset of its own, told before the first stage starts."""
    events = _run(tmp_path, _writer())

    assert [type(event) for event in events[:4]] == [
        FlowStarted,
        ReferenceStored,
        ReferenceStored,
        StageStarted,
    ]
    stored = [event for event in events if isinstance(event, ReferenceStored)]
    assert [event.index for event in stored] == [0, 1]
    assert all(event.asset.role is AssetRole.REFERENCE for event in stored)
    kept = LocalStore(tmp_path)
    assert [kept.read(event.asset.key) for event in stored] == [one.data for one in REFERENCES]


def test_every_text_stage_sees_them(tmp_path: Path) -> None:
    """Plan, thinking and construction carry them where the text model can see."""
    writer = _writer()

    _run(tmp_path, writer)

    assert [request.references for request in writer.requests] == [REFERENCES] * 3


def test_text_model_that_can_not_see_is_not_shown_them(tmp_path: Path) -> None:
    """A text model without eyes is asked as without references."""
    writer = _writer()

    _run(tmp_path, writer, text_model=ARGON)

    assert [request.references for request in writer.requests] == [()] * 3


def test_image_model_is_given_them_and_its_parameters(tmp_path: Path) -> None:
    """Whoever takes references is given all of them, with what is asked of it."""
    painter = give(0)

    _run(tmp_path, _writer(), painter=painter)

    [request] = painter.requests
    assert request.references == REFERENCES
    assert request.parameters == ImageParameters(size="2K")


def test_image_model_that_takes_none_is_given_none(tmp_path: Path) -> None:
    """An image model that can't go by pictures paints from the words alone."""
    painter = give(0)

    _run(tmp_path, _writer(), image_model=GOUACHE, painter=painter)

    assert [request.references for request in painter.requests] == [()]


def test_nothing_is_spent_without_the_references(tmp_path: Path) -> None:
    """Where one can't be stored, the flow fails before the first call."""

    class FullStore(LocalStore):
        def write(self, *, generation_id: str, role: AssetRole, model: str, data: bytes) -> Asset:
            message = f"No room for {role} {generation_id} {model} ({len(data)} bytes). Make some."
            raise StorageError(message)

    writer = _writer()

    events = _run(tmp_path, writer, store=FullStore(tmp_path))

    ending = events[-1]
    assert isinstance(ending, FlowFinished)
    assert ending.status is GenerationStatus.FAILED
    assert ending.fault is not None
    assert ending.fault.code == "storage"
    assert ending.cost_micro_usd == 0
    assert writer.requests == []


def test_reference_the_ledger_did_not_take_leaves_the_flow_to_recovery(tmp_path: Path) -> None:
    """A stored reference without its row is adopted later, so the generation stays open."""
    ledger = FailingLedger(lambda event: isinstance(event, ReferenceStored))

    events = _run(tmp_path, _writer(), ledger=ledger)

    ending = events[-1]
    assert isinstance(ending, FlowFinished)
    assert ending.status is GenerationStatus.INTERRUPTED
