"""Flows that have less to do than all, or more: resumed, forked, beside a baseline."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from promptflow.events import (
    Event,
    FlowFinished,
    FlowResumed,
    FlowStarted,
    ReferenceStored,
    RunFinished,
    RunStarted,
    StageReused,
    StageStarted,
)
from promptflow.pipeline import Earlier, Known, Lane, Tools, Words, Work, run_flow, whole_work
from promptflow.ports import ImageModel, ImageRequest, Picture, Reference
from promptflow.providers.offline import OfflinePlanner
from promptflow.records import (
    GenerationRequest,
    GenerationStatus,
    PromptOrigin,
    RunStatus,
    Stage,
    StageStatus,
)
from promptflow.view import fold
from tests.pipeline.expected import GENERATION, PLAN, PLAN_TEXT, THOUGHT
from tests.scripted import (
    GOUACHE,
    IDEA,
    POSTER,
    FailingLedger,
    ListPainter,
    ListWriter,
    ShadePainter,
    give,
    make_fault,
    make_png,
    make_refusal,
    make_request,
    make_rush,
    make_tools,
)

WORDS = Words(text="A cat, ink", origin=PromptOrigin.EDITED, parent_prompt_id="prompt-0")
PLANNED = Known(
    stage_id="s1", stage=Stage.ACTION_PLAN, model="writer-1", output=PLAN_TEXT, plan=PLAN
)
THOUGHT_OF = Known(stage_id="s2", stage=Stage.THINKING, model="writer-1", output=THOUGHT)
ONE = make_request(image_models=(GOUACHE,))


def lane(**more: object) -> Lane:
    """Make the lane of gouache with words that are there."""
    fields = {"image_model": GOUACHE, "images": 1, "words": WORDS} | more
    return Lane(**fields)  # type: ignore[arg-type]  # by name


def earlier(**more: object) -> Earlier:
    """Make what a generation had come to: one picture of gouache, for 500 micro-dollars."""
    fields = {
        "cost_micro_usd": 500,
        "total_ms": 60_000,
        "versions": {GOUACHE: 3},
        "outcomes": {GOUACHE: RunStatus.SUCCEEDED},
        "pictures": ("a1",),
    } | more
    return Earlier(**fields)  # type: ignore[arg-type]  # by name


def run(
    tools: Tools,
    work: Work,
    request: GenerationRequest = ONE,
    cancel: threading.Event | None = None,
    references: tuple[Reference, ...] = (),
) -> list[Event]:
    """Run a flow to its end."""
    return list(
        run_flow(
            request,
            references=references,
            work=work,
            generation_id=GENERATION,
            tools=tools,
            cancel=cancel or threading.Event(),
        )
    )


def ending(events: Sequence[Event]) -> FlowFinished:
    """Return the end of a flow."""
    last = events[-1]
    assert isinstance(last, FlowFinished)
    return last


def kinds(events: Sequence[Event]) -> list[str]:
    """Return the names of the events."""
    return [type(event).__name__ for event in events]


# Resumed


def test_a_resumed_flow_paints_with_the_words_that_are_there(tmp_path: Path) -> None:
    """No text model is asked; the version follows the newest, and cost and time go on."""
    writer = ListWriter()
    tools = make_tools(tmp_path, planner=writer, painters={GOUACHE: give(1)})

    events = run(tools, Work(lanes=(lane(parent_run_id="r3"),), earlier=earlier()))

    assert kinds(events) == [
        *("FlowResumed", "RunStarted", "ImageReady", "RunFinished", "FlowFinished")
    ]
    assert writer.requests == []
    started = events[1]
    assert isinstance(started, RunStarted)
    assert (started.version, started.parent_run_id) == (4, "r3")
    assert (started.prompt, started.parent_prompt_id) == ("A cat, ink", "prompt-0")
    assert ending(events).cost_micro_usd == 500
    assert ending(events).total_ms >= 60_000


def test_a_resumed_flow_stores_its_references_no_second_time(tmp_path: Path) -> None:
    """They are in the ledger already."""
    painter = give(1)
    tools = make_tools(tmp_path, painters={GOUACHE: painter})
    picture = Reference(data=make_png(9), mime="image/png")

    events = run(tools, Work(lanes=(lane(),), earlier=earlier()), references=(picture,))

    assert not any(isinstance(event, ReferenceStored) for event in events)


@pytest.mark.parametrize(
    ("outcomes", "pictures", "call", "status"),
    [
        ({GOUACHE: RunStatus.SUCCEEDED}, ("a1",), [make_fault()], GenerationStatus.SUCCEEDED),
        ({GOUACHE: RunStatus.PARTIAL}, ("a1",), [make_fault()], GenerationStatus.PARTIAL),
        ({GOUACHE: RunStatus.FAILED}, (), [make_fault()], GenerationStatus.FAILED),
        ({GOUACHE: RunStatus.FAILED}, (), [make_refusal()], GenerationStatus.REFUSED),
        ({GOUACHE: RunStatus.REFUSED}, (), [make_fault()], GenerationStatus.FAILED),
        (
            {GOUACHE: RunStatus.FAILED},
            (),
            [Picture(index=0, data=make_png())],
            GenerationStatus.SUCCEEDED,
        ),
        ({}, (), [Picture(index=0, data=make_png())], GenerationStatus.SUCCEEDED),
    ],
)
def test_the_status_is_of_the_whole_generation(
    tmp_path: Path,
    outcomes: dict[str, RunStatus],
    pictures: tuple[str, ...],
    call: list[Picture | BaseException],
    status: GenerationStatus,
) -> None:
    """What a model has delivered before counts; of what it has not, its newest run speaks."""
    tools = make_tools(tmp_path, painters={GOUACHE: ListPainter(call)})
    before = earlier(outcomes=outcomes, pictures=pictures)

    events = run(tools, Work(lanes=(lane(),), earlier=before))

    assert ending(events).status is status


def test_a_model_that_is_not_retried_counts_as_before(tmp_path: Path) -> None:
    """With one model made good and the other still missing the generation is partial."""
    tools = make_tools(tmp_path, painters={GOUACHE: give(1)})
    before = earlier(outcomes={POSTER: RunStatus.FAILED}, pictures=())

    events = run(tools, Work(lanes=(lane(),), earlier=before), make_request())

    assert ending(events).status is GenerationStatus.PARTIAL


def test_a_cost_that_was_unknown_stays_unknown(tmp_path: Path) -> None:
    """A part of a sum is not the sum."""
    tools = make_tools(tmp_path, painters={GOUACHE: give(1)})

    events = run(tools, Work(lanes=(lane(),), earlier=earlier(cost_micro_usd=None)))

    assert ending(events).cost_micro_usd is None


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (RunStatus.SUCCEEDED, GenerationStatus.SUCCEEDED),
        (RunStatus.PARTIAL, GenerationStatus.CANCELLED),
    ],
)
def test_cancelling_takes_nothing_back(
    tmp_path: Path, outcome: RunStatus, status: GenerationStatus
) -> None:
    """A generation that was whole before a version was cancelled is still whole."""
    cancel = threading.Event()
    cancel.set()
    painter = ListPainter()
    tools = make_tools(tmp_path, painters={GOUACHE: painter})
    before = earlier(outcomes={GOUACHE: outcome})

    events = run(tools, Work(lanes=(lane(),), earlier=before), cancel=cancel)

    assert kinds(events) == ["FlowResumed", "FlowFinished"]
    assert ending(events).status is status
    assert painter.requests == []


def test_known_answers_are_asked_for_no_more(tmp_path: Path) -> None:
    """With plan and thinking there, a resumed flow asks for the missing words alone, and reuses nothing."""
    writer = OfflinePlanner()
    tools = make_tools(tmp_path, planner=writer, painters={GOUACHE: give(1)})
    work = Work(lanes=(lane(words=None),), plan=PLANNED, thinking=THOUGHT_OF, earlier=earlier())

    events = run(tools, work)

    assert [one.stage for one in writer.requests] == [Stage.PROMPT_CONSTRUCTION]
    assert writer.requests[0].sections["thinking"] == THOUGHT
    assert not any(isinstance(event, StageReused) for event in events)


# Forked


def test_a_fork_takes_over_what_is_known(tmp_path: Path) -> None:
    """Plan and changed thinking are reused, free; the words are made from them."""
    writer = OfflinePlanner()
    tools = make_tools(tmp_path, planner=writer, painters={GOUACHE: give(1)})
    edited = replace(THOUGHT_OF, output="No ship.", edited=True)
    work = Work(
        lanes=(lane(words=None),),
        plan=PLANNED,
        thinking=edited,
        parent_id="parent",
        forked_at=Stage.THINKING,
    )

    events = run(tools, work)

    first = events[0]
    assert isinstance(first, FlowStarted)
    assert (first.parent_id, first.forked_at) == ("parent", Stage.THINKING)
    reused = [event for event in events if isinstance(event, StageReused)]
    assert [(one.reused_from, one.edited) for one in reused] == [("s1", False), ("s2", True)]
    assert [one.stage for one in writer.requests] == [Stage.PROMPT_CONSTRUCTION]
    assert writer.requests[0].sections["thinking"] == "No ship."
    view = fold(events)
    assert [one.status for one in view.stages] == [StageStatus.SUCCEEDED] * 3
    assert view.plan == PLAN
    assert ending(events).cost_micro_usd == 0


def test_words_of_another_generation_bring_their_construction(tmp_path: Path) -> None:
    """The prompt of a fork belongs to the stage that was taken over with it."""
    construction = Known(
        stage_id="s3",
        stage=Stage.PROMPT_CONSTRUCTION,
        model="writer-1",
        output="A cat",
        image_model=GOUACHE,
    )
    words = Words(text="A cat", origin=PromptOrigin.CONSTRUCTED, construction=construction)
    tools = make_tools(tmp_path, planner=ListWriter(), painters={GOUACHE: give(1)})

    events = run(tools, Work(lanes=(lane(words=words),), parent_id="parent"))

    view = fold(events)
    (stage,), (painted,) = view.stages, view.runs
    assert (stage.reused_from, stage.image_model) == ("s3", GOUACHE)
    assert painted.stage_id == stage.stage_id


def test_a_fork_stores_its_references(tmp_path: Path) -> None:
    """They belong to the child, too."""
    tools = make_tools(tmp_path, painters={GOUACHE: give(1)})
    picture = Reference(data=make_png(9), mime="image/png")

    events = run(tools, Work(lanes=(lane(),), parent_id="parent"), references=(picture,))

    assert [type(event) for event in events[:2]] == [FlowStarted, ReferenceStored]


# Beside a baseline


def with_baseline(*models: str) -> tuple[GenerationRequest, Work]:
    """Make a request with a baseline, and its work."""
    request = make_request(image_models=models or (GOUACHE,), baseline=True)
    return request, whole_work(request)


def test_a_baseline_is_the_next_version(tmp_path: Path) -> None:
    """The request unchanged is painted beside the constructed words, from the same moment on."""
    request, work = with_baseline()
    tools = make_tools(tmp_path, painters={GOUACHE: ShadePainter()})

    view = fold(run(tools, work, request))

    made, raw = view.runs
    assert (made.version, made.prompt_origin) == (1, PromptOrigin.CONSTRUCTED)
    assert (raw.version, raw.prompt_origin, raw.prompt) == (2, PromptOrigin.RAW, IDEA)
    assert raw.stage_id is None
    assert view.run(GOUACHE) is made
    assert view.status is GenerationStatus.SUCCEEDED


@pytest.mark.parametrize("failing", ["words", "baseline"])
def test_a_baseline_and_the_words_fail_alone(tmp_path: Path, failing: str) -> None:
    """The status is that of the words; a picture of the baseline is a picture all the same."""
    request, work = with_baseline()
    painter = _ByPrompt(IDEA, raw_fails=failing == "baseline")
    tools = make_tools(tmp_path, painters={GOUACHE: painter})

    view = fold(run(tools, work, request))

    assert {run.prompt_origin: run.status for run in view.runs} == {
        PromptOrigin.CONSTRUCTED: RunStatus.FAILED if failing == "words" else RunStatus.SUCCEEDED,
        PromptOrigin.RAW: RunStatus.FAILED if failing == "baseline" else RunStatus.SUCCEEDED,
    }
    expected = GenerationStatus.PARTIAL if failing == "words" else GenerationStatus.SUCCEEDED
    assert view.status is expected


def test_a_baseline_that_waits_is_not_begun_when_cancelled(tmp_path: Path) -> None:
    """While the words are written nothing is painted, and after the wish to cancel nothing is begun."""
    request, work = with_baseline()
    cancel = threading.Event()
    painter = ListPainter()
    tools = make_tools(tmp_path, painters={GOUACHE: painter})

    events: list[Event] = []
    flow = run_flow(request, work=work, generation_id=GENERATION, tools=tools, cancel=cancel)
    for event in flow:
        events.append(event)
        if isinstance(event, StageStarted) and event.stage is Stage.THINKING:
            cancel.set()

    assert painter.requests == []
    assert ending(events).status is GenerationStatus.CANCELLED


def test_without_words_there_is_no_baseline(tmp_path: Path) -> None:
    """Where the start of the words' run can't be recorded, the baseline is not begun either."""
    request, work = with_baseline()
    painter = ListPainter()
    ledger = FailingLedger(fails=lambda event: isinstance(event, RunStarted))
    tools = make_tools(tmp_path, painters={GOUACHE: painter}, ledger=ledger)

    events = run(tools, work, request)

    assert painter.requests == []
    assert ending(events).status is GenerationStatus.FAILED


def test_a_start_that_can_not_be_recorded_takes_no_version(tmp_path: Path) -> None:
    """The version of a run that was never recorded goes to the next one: there are no gaps."""
    ledger = FailingLedger(
        fails=lambda event: (
            isinstance(event, RunStarted) and event.prompt_origin is PromptOrigin.EDITED
        )
    )
    tools = make_tools(tmp_path, painters={GOUACHE: ShadePainter()}, ledger=ledger)
    raw = Words(text=IDEA, origin=PromptOrigin.RAW)
    lanes = (lane(), lane(words=raw), lane(words=raw))

    events = run(tools, Work(lanes=lanes, earlier=earlier()))

    versions = [event.version for event in events if isinstance(event, RunStarted)]
    assert sorted(versions) == [4, 5]


def test_versions_are_given_out_one_by_one(tmp_path: Path) -> None:
    """However many runs of a model start at once, each has a version of its own."""
    tools = make_tools(tmp_path, painters={GOUACHE: _Plain()})
    raw = Words(text=IDEA, origin=PromptOrigin.RAW)

    events = run(tools, Work(lanes=(lane(words=raw),) * 8, earlier=earlier(versions={})))

    versions = [event.version for event in events if isinstance(event, RunStarted)]
    assert sorted(versions) == list(range(1, 9))
    assert sum(isinstance(event, RunFinished) for event in events) == 8


def test_a_cancelled_wait_of_a_version_ends_it(tmp_path: Path) -> None:
    """A version that waits for another attempt is cancelled; the generation stays whole."""
    cancel = threading.Event()
    painter = ListPainter([cancel.set, make_rush(retry_after_s=60.0)])
    tools = make_tools(tmp_path, painters={GOUACHE: painter})

    events = run(tools, Work(lanes=(lane(),), earlier=earlier()), cancel=cancel)

    resumed = events[0]
    assert isinstance(resumed, FlowResumed)
    started = next(event for event in events if isinstance(event, FlowResumed))
    assert started.request == ONE
    assert ending(events).status is GenerationStatus.SUCCEEDED
    assert len(painter.requests) == 1


class _Plain:
    """Paints one picture, always another one."""

    def __init__(self) -> None:
        self._shades: Iterator[int] = iter(range(256))
        self._turn = threading.Lock()

    def paint(self, request: ImageRequest) -> Iterator[Picture]:
        with self._turn:
            shade = next(self._shades)
        yield Picture(index=0, data=make_png(shade))


class _ByPrompt:
    """Fails for the raw request, or for every other prompt."""

    def __init__(self, raw: str, *, raw_fails: bool) -> None:
        self._raw = raw
        self._raw_fails = raw_fails
        self._inner: ImageModel = _Plain()

    def paint(self, request: ImageRequest) -> Iterator[Picture]:
        if (request.prompt == self._raw) is self._raw_fails:
            raise make_fault()
        yield from self._inner.paint(request)
