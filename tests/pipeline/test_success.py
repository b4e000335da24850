"""Flows in which nothing goes wrong, event by event."""

import threading
from pathlib import Path

from promptflow.events import (
    Event,
    ImageReady,
    PartialImage,
    RunFinished,
    RunStarted,
    StageDelta,
    StageFinished,
    StageStarted,
)
from promptflow.pipeline import run_flow
from promptflow.plans import PLAN_SCHEMA
from promptflow.ports import Picture
from promptflow.providers.offline import OfflinePainter, OfflinePlanner
from promptflow.records import GenerationStatus, Stage, Usage
from promptflow.storage.local import LocalStore
from tests.pipeline.expected import (
    ANSWERS,
    PLAN_TEXT,
    PROMPT,
    THOUGHT,
    constructed,
    flow_finished,
    flow_started,
    happened,
    image_ready,
    painted,
    planned,
    run_finished,
    run_started,
)
from tests.scripted import (
    GOUACHE,
    IDEA,
    POSTER,
    FailingLedger,
    ListLedger,
    ListPainter,
    PlannerPerModel,
    give,
    make_png,
    make_request,
    make_tools,
    run_whole,
)


def test_two_models_go_from_an_idea_to_two_pictures(tmp_path: Path) -> None:
    """A flow plans, thinks, then writes a prompt and paints once for each image model."""
    tools = make_tools(
        tmp_path,
        planner=OfflinePlanner(answers=ANSWERS),
        painters={GOUACHE: give(0), POSTER: give(0)},
    )

    events = run_whole(tools, make_request())

    assert happened(events) == [
        flow_started(),
        *planned(),
        *painted(1, GOUACHE),
        *painted(2, POSTER),
        flow_finished(GenerationStatus.SUCCEEDED),
    ]


def test_several_pictures_of_one_model_are_one_run(tmp_path: Path) -> None:
    """Each picture is shown when it is there; the run ends once, with the bill of them all."""
    bill = Usage(input_tokens=9, output_tokens=20)
    painter = ListPainter(
        [
            Picture(index=0, data=make_png(0), seed=7, usage=bill),
            Picture(index=1, data=make_png(90), seed=8, usage=bill),
        ]
    )
    request = make_request(image_models=(GOUACHE,), images_per_model=2, seed=7)
    tools = make_tools(
        tmp_path, planner=OfflinePlanner(answers=ANSWERS), painters={GOUACHE: painter}
    )

    events = run_whole(tools, request)

    assert happened(events) == [
        flow_started(request),
        *planned(),
        *constructed(3, GOUACHE),
        run_started(1, GOUACHE),
        image_ready(1, 1, seed=7),
        image_ready(1, 2, index=1, data=make_png(90), seed=8),
        run_finished(1, 1, usage=Usage(input_tokens=18, output_tokens=40)),
        flow_finished(GenerationStatus.SUCCEEDED),
    ]


def test_previews_are_shown_as_they_came_and_not_stored(tmp_path: Path) -> None:
    """A preview passes through unchecked; only the picture is kept."""
    painter = ListPainter(
        [
            Picture(index=0, data=b"rough", partial=True),
            Picture(index=0, data=b"clearer", partial=True),
            Picture(index=0, data=make_png()),
        ]
    )
    request = make_request(image_models=(GOUACHE,))
    tools = make_tools(
        tmp_path, planner=OfflinePlanner(answers=ANSWERS), painters={GOUACHE: painter}
    )

    events = run_whole(tools, request)

    assert happened(events) == [
        flow_started(request),
        *planned(),
        *constructed(3, GOUACHE),
        run_started(1, GOUACHE),
        PartialImage(run_id="run-1", index=0, data=b"rough"),
        PartialImage(run_id="run-1", index=0, data=b"clearer"),
        image_ready(1, 1),
        run_finished(1, 1),
        flow_finished(GenerationStatus.SUCCEEDED),
    ]
    assert len(list(LocalStore(tmp_path).list_generation("generation-1"))) == 1


def test_same_picture_twice_is_two_assets_on_one_file(tmp_path: Path) -> None:
    """Two pictures of the same bytes are both recorded, under ids of their own."""
    request = make_request(image_models=(GOUACHE,), images_per_model=2)
    tools = make_tools(tmp_path, painters={GOUACHE: give(5, 5)})

    events = run_whole(tools, request)

    assets = [event.asset for event in events if isinstance(event, ImageReady)]
    assert len({asset.asset_id for asset in assets}) == 2
    assert len({asset.key for asset in assets}) == 1


def test_every_event_is_in_the_ledger_before_it_is_seen(tmp_path: Path) -> None:
    """Whoever sees an event can read it back; only pieces and previews live in memory alone."""
    ledger = ListLedger()
    painters = {model: OfflinePainter(model=model, partials=1) for model in (GOUACHE, POSTER)}
    tools = make_tools(tmp_path, painters=painters, ledger=ledger)
    flow = run_flow(
        make_request(), generation_id="generation-1", tools=tools, cancel=threading.Event()
    )

    unwritten = [event for event in flow if event not in ledger.events]

    assert {type(event) for event in unwritten} == {StageDelta, PartialImage}


def test_picture_is_stored_before_it_is_recorded(tmp_path: Path) -> None:
    """When the ledger hears of a picture its bytes are there already."""
    store = LocalStore(tmp_path)
    looks: list[bool] = []

    def look(event: Event) -> bool:
        if isinstance(event, ImageReady):
            looks.append(store.holds(event.asset.key))
        return False

    run_whole(make_tools(tmp_path, ledger=FailingLedger(look)), make_request())

    assert looks == [True, True]


def test_model_paints_as_soon_as_its_own_prompt_is_there(tmp_path: Path) -> None:
    """One image model is done while the prompt of the other is still being written."""
    gate = threading.Event()
    planner = PlannerPerModel(
        OfflinePlanner(answers=ANSWERS), {POSTER: OfflinePlanner(answers=ANSWERS, gate=gate)}
    )
    painters = {GOUACHE: give(0), POSTER: give(0)}
    tools = make_tools(tmp_path, planner=planner, painters=painters)
    # Were the first to wait for the second, nothing but this would end the test.
    watchdog = threading.Timer(10, gate.set)
    watchdog.start()
    events: list[Event] = []

    for event in run_flow(
        make_request(), generation_id="generation-1", tools=tools, cancel=threading.Event()
    ):
        events.append(event)
        if isinstance(event, RunFinished):
            gate.set()
    watchdog.cancel()

    kinds = [type(event) for event in events]
    poster = next(
        event.stage_id
        for event in events
        if isinstance(event, StageStarted) and event.image_model == POSTER
    )
    written = next(
        place
        for place, event in enumerate(events)
        if isinstance(event, StageFinished) and event.stage_id == poster
    )
    assert kinds.index(RunFinished) < written
    assert happened(events) == [
        flow_started(),
        *planned(),
        *painted(1, GOUACHE),
        *painted(2, POSTER),
        flow_finished(GenerationStatus.SUCCEEDED),
    ]


def test_slow_painter_does_not_hold_up_the_other(tmp_path: Path) -> None:
    """One image model's picture is seen while the other has not begun to give any."""
    gate = threading.Event()
    slow = OfflinePainter(model=GOUACHE, gate=gate)
    tools = make_tools(tmp_path, painters={GOUACHE: slow, POSTER: give(0)})
    watchdog = threading.Timer(10, gate.set)
    watchdog.start()
    painters_of: dict[str, str] = {}
    finished: list[str] = []

    for event in run_flow(
        make_request(), generation_id="generation-1", tools=tools, cancel=threading.Event()
    ):
        if isinstance(event, RunStarted):
            painters_of[event.run_id] = event.image_model
        if isinstance(event, RunFinished):
            finished.append(painters_of[event.run_id])
            gate.set()
    watchdog.cancel()

    assert finished == [POSTER, GOUACHE]


def test_each_stage_is_asked_with_what_came_before(tmp_path: Path) -> None:
    """The plan reads the request, thinking the plan, and each prompt both, for its own model."""
    planner = OfflinePlanner(answers=ANSWERS)
    request = make_request(image_models=(GOUACHE,), aspect_ratio="16:9")
    tools = make_tools(tmp_path, planner=planner, painters={GOUACHE: give(0)})

    run_whole(tools, request)

    asked = [(one.stage, dict(one.sections), one.schema) for one in planner.requests]
    base = {"request": IDEA, "aspect_ratio": "16:9"}
    assert asked == [
        (Stage.ACTION_PLAN, base, PLAN_SCHEMA),
        (Stage.THINKING, base | {"action_plan": PLAN_TEXT}, None),
        (
            Stage.PROMPT_CONSTRUCTION,
            base | {"image_model": GOUACHE, "action_plan": PLAN_TEXT, "thinking": THOUGHT},
            None,
        ),
    ]
    assert "offline-gouache" in planner.requests[-1].instructions


def test_painter_is_asked_for_what_was_requested(tmp_path: Path) -> None:
    """The image model gets the prompt without the blanks around it, the shape, count and seed."""
    painter = give(0, 1, 2)
    answers = ANSWERS | {Stage.PROMPT_CONSTRUCTION: [f"\n  {PROMPT}\n"]}
    request = make_request(image_models=(GOUACHE,), images_per_model=3, aspect_ratio="3:2", seed=11)
    tools = make_tools(
        tmp_path, planner=OfflinePlanner(answers=answers), painters={GOUACHE: painter}
    )

    run_whole(tools, request)

    asked = painter.requests[0]
    assert (asked.prompt, asked.aspect_ratio, asked.seed) == (PROMPT, "3:2", 11)
    assert (asked.count, asked.first_index) == (3, 0)


def test_pieces_are_what_the_model_said(tmp_path: Path) -> None:
    """The pieces of a stage put together are its output, and its time line counts them."""
    events = run_whole(make_tools(tmp_path), make_request(image_models=(GOUACHE,)))

    for ending in [event for event in events if isinstance(event, StageFinished)]:
        pieces = [
            event.text
            for event in events
            if isinstance(event, StageDelta) and event.stage_id == ending.stage_id
        ]
        moments = [moment for moment, _ in ending.timeline]
        assert len(pieces) > 1
        assert "".join(pieces) == ending.output
        assert ending.timeline[-1][1] == len(ending.output)
        assert moments == sorted(moments)
        assert ending.first_token_ms == moments[0]


def test_stage_keeps_the_tokens_it_was_billed_for(tmp_path: Path) -> None:
    """The usage of a stage is what the model told with its answer."""
    planner = OfflinePlanner()
    tools = make_tools(tmp_path, planner=planner, painters={GOUACHE: give(0)})

    events = run_whole(tools, make_request(image_models=(GOUACHE,)))

    told = [list(OfflinePlanner().stream(question))[-1].usage for question in planner.requests]
    assert [event.usage for event in events if isinstance(event, StageFinished)] == told
