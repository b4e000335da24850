"""What a flow should look like, and what happened in the same form, to compare whole lists.

What can't be known beforehand is put aside: times, durations, the tokens of offline texts and the
source of a price. Ids
are numbered in order of appearance (``stage-1``, ``run-1``…), pieces of one answer are put together,
and the lanes, which interleave as they like, stand one after another.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime

import pytest

from promptflow.events import (
    Event,
    FlowFinished,
    FlowResumed,
    FlowStarted,
    ImageReady,
    PartialImage,
    ReasoningDelta,
    ReferenceStored,
    RunFailed,
    RunFinished,
    RunRetrying,
    RunStarted,
    StageDelta,
    StageFailed,
    StageFinished,
    StageRetrying,
    StageReused,
    StageStarted,
)
from promptflow.pipeline.tools import to_fault
from promptflow.plans import PlanError, load_plan, plan_to_json
from promptflow.records import (
    ActionPlan,
    Asset,
    AssetRole,
    Fault,
    GenerationRequest,
    GenerationStatus,
    PromptOrigin,
    RunStatus,
    Stage,
    Usage,
)
from tests.scripted import GOUACHE, make_png, make_request

GENERATION = "generation-1"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PLAN = ActionPlan(
    summary="A lighthouse stands in a storm",
    intent="A cover",
    subjects=("a lighthouse", "waves"),
    style="gouache",
    composition="low horizon",
    mood="wild",
    technical_notes=("no people",),
)
PLAN_TEXT = plan_to_json(PLAN)
THOUGHT = "# Light\nThe beam leads the eye."
PROMPT = "A lighthouse in a storm, gouache."
ANSWERS = {
    Stage.ACTION_PLAN: [PLAN_TEXT],
    Stage.THINKING: [THOUGHT],
    Stage.PROMPT_CONSTRUCTION: [PROMPT, PROMPT],
}
"""What a planner says in a flow for two image models in which nothing goes wrong."""


def flow_started(request: GenerationRequest | None = None) -> FlowStarted:
    """Expect the first event."""
    return FlowStarted(generation_id=GENERATION, request=request or make_request(), at=NOON)


def stage_started(number: int, stage: Stage, image_model: str | None = None) -> StageStarted:
    """Expect a language-model call."""
    return StageStarted(
        generation_id=GENERATION,
        stage_id=f"stage-{number}",
        stage=stage,
        image_model=image_model,
        model="offline-planner",
        at=NOON,
    )


def stage_told(
    number: int,
    stage: Stage,
    output: str,
    *,
    image_model: str | None = None,
    plan: ActionPlan | None = None,
    fault: Fault | None = None,
) -> list[Event]:
    """Expect a whole call: started, what it said, and how it ended."""
    end: StageFinished | StageFailed
    if fault is None:
        end = StageFinished(
            stage_id=f"stage-{number}",
            output=output,
            plan=plan,
            timeline=(),
            first_token_ms=0 if output else None,
            total_ms=0,
            usage=Usage(),
            cost_micro_usd=0,
        )
    else:
        end = StageFailed(
            stage_id=f"stage-{number}",
            output=output,
            fault=fault,
            timeline=(),
            first_token_ms=0 if output else None,
            total_ms=0,
            usage=Usage(),
            cost_micro_usd=0,
        )
    said = [StageDelta(stage_id=f"stage-{number}", text=output)] if output else []
    return [stage_started(number, stage, image_model), *said, end]


def planned() -> list[Event]:
    """Expect plan and thinking as `ANSWERS` has them: stages 1 and 2."""
    return [
        *stage_told(1, Stage.ACTION_PLAN, PLAN_TEXT, plan=PLAN),
        *stage_told(2, Stage.THINKING, THOUGHT),
    ]


def constructed(number: int, image_model: str) -> list[Event]:
    """Expect a prompt construction as `ANSWERS` has it."""
    return stage_told(number, Stage.PROMPT_CONSTRUCTION, PROMPT, image_model=image_model)


def run_started(
    number: int,
    image_model: str,
    prompt: str = PROMPT,
    origin: PromptOrigin = PromptOrigin.CONSTRUCTED,
    *,
    stage: int | None = None,
) -> RunStarted:
    """Expect a run; after plan and thinking, the number of its own stage is two more than its own."""
    return RunStarted(
        generation_id=GENERATION,
        run_id=f"run-{number}",
        image_model=image_model,
        provider="offline",
        version=1,
        prompt_id=f"prompt-{number}",
        prompt=prompt,
        prompt_origin=origin,
        stage_id=f"stage-{stage or number + 2}",
        at=NOON,
        images=1,
    )


def retrying(number: int, attempt: int, fault: Fault, attempt_id: int, wait_s: float = 0) -> Event:
    """Expect a failed attempt and the wait after it."""
    return RunRetrying(
        run_id=f"run-{number}",
        attempt_id=f"attempt-{attempt_id}",
        attempt=attempt,
        wait_s=wait_s,
        fault=fault,
        at=NOON,
    )


def image_ready(
    number: int,
    picture: int,
    *,
    index: int = 0,
    image_model: str = GOUACHE,
    data: bytes = b"",
    seed: int | None = None,
) -> ImageReady:
    """Expect a picture of `make_png`, or one of the same size: number of its run, its own number."""
    content = data or make_png()
    sha256 = hashlib.sha256(content).hexdigest()
    return ImageReady(
        run_id=f"run-{number}",
        index=index,
        asset=Asset(
            asset_id=f"asset-{picture}",
            role=AssetRole.OUTPUT,
            backend="local",
            key=f"generations/{GENERATION}/output/{image_model}/{sha256[:16]}.png",
            sha256=sha256,
            mime="image/png",
            width_px=2,
            height_px=1,
            size_bytes=len(content),
        ),
        seed=seed,
        at_ms=0,
    )


def run_finished(
    number: int, attempt_id: int, attempt: int = 1, usage: Usage | None = None
) -> RunFinished:
    """Expect a run that delivered everything."""
    return RunFinished(
        run_id=f"run-{number}",
        attempt_id=f"attempt-{attempt_id}",
        attempt=attempt,
        total_ms=0,
        usage=usage or Usage(),
        cost_micro_usd=0,
    )


def run_failed(
    number: int, attempt_id: int, status: RunStatus, fault: Fault, attempt: int = 1
) -> RunFailed:
    """Expect a run that did not."""
    return RunFailed(
        run_id=f"run-{number}",
        attempt_id=f"attempt-{attempt_id}",
        attempt=attempt,
        status=status,
        fault=fault,
        total_ms=0,
        usage=Usage(),
        cost_micro_usd=0,
    )


def flow_finished(status: GenerationStatus, fault: Fault | None = None) -> FlowFinished:
    """Expect the last event."""
    return FlowFinished(
        generation_id=GENERATION,
        status=status,
        fault=fault,
        total_ms=0,
        cost_micro_usd=0,
        at=NOON,
    )


def painted(
    number: int,
    image_model: str,
    *,
    stage: int | None = None,
    picture: int | None = None,
    attempt_id: int | None = None,
) -> list[Event]:
    """Expect the whole lane of one image model that paints one `make_png`.

    Args:
        number: of its run; also of the next three, where they aren't given.
        image_model: whose lane.
        stage: the number of its prompt construction; two more by default.
        picture: the number of its picture.
        attempt_id: the number of its attempt.
    """
    return [
        *constructed(stage or number + 2, image_model),
        run_started(number, image_model, stage=stage),
        image_ready(number, picture or number, image_model=image_model),
        run_finished(number, attempt_id or number),
    ]


def plan_fault(answer: str) -> Fault:
    """Expect what reading an answer as a plan fails with."""
    with pytest.raises(PlanError) as caught:
        load_plan(answer)
    return to_fault(caught.value)


def happened(events: Sequence[Event]) -> list[Event]:
    """Bring what happened into the form of what is expected.

    Args:
        events: of a whole flow; its end has to be the last one.

    Returns:
        Planning, then lane after lane in the order in which the image models were chosen, then the end.
    """
    assert isinstance(events[-1], FlowFinished)
    first = events[0]
    assert isinstance(first, FlowStarted)
    lanes = _Lanes(models=first.request.image_models)
    ranked = sorted(events, key=lanes.rank)
    names = _Names()
    return [names.tidy(event) for event in _put_together(ranked)]


@dataclass(slots=True, kw_only=True)
class _Lanes:
    models: Sequence[str]
    _ranks: dict[str, int] = field(default_factory=dict)

    def rank(self, event: Event) -> int:
        """Say which lane an event belongs to; it is asked in the order in which they happened."""
        match event:
            case FlowStarted() | FlowResumed() | ReferenceStored():
                return 0
            case FlowFinished():
                return len(self.models) + 1
            case StageStarted() | StageReused():
                lane = self.models.index(event.image_model) + 1 if event.image_model else 0
                return self._ranks.setdefault(event.stage_id, lane)
            case (
                StageDelta() | ReasoningDelta() | StageRetrying() | StageFinished() | StageFailed()
            ):
                return self._ranks[event.stage_id]
            case RunStarted():
                lane = self.models.index(event.image_model) + 1
                return self._ranks.setdefault(event.run_id, lane)
            case RunRetrying() | PartialImage() | ImageReady() | RunFinished() | RunFailed():
                return self._ranks[event.run_id]


def _put_together(events: Sequence[Event]) -> Iterator[Event]:
    """Join pieces of the same answer that follow one another."""
    waiting: StageDelta | None = None
    for event in events:
        if isinstance(event, StageDelta):
            waiting = replace(event, text=(waiting.text if waiting else "") + event.text)
            continue
        if waiting:
            yield waiting
            waiting = None
        yield event


_PUT_ASIDE: dict[str, object] = {"at": NOON, "total_ms": 0, "at_ms": 0, "timeline": ()}
_KINDS = ("stage_id", "run_id", "prompt_id", "attempt_id", "asset_id")


class _Names:
    """Numbers ids in order of appearance, each kind for itself."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], str] = {}

    def tidy(self, event: Event) -> Event:
        present = {one.name for one in fields(event)}
        changes = {name: value for name, value in _PUT_ASIDE.items() if name in present}
        for kind in _KINDS:
            given = getattr(event, kind, None)
            if given is not None:
                changes[kind] = self._name(kind, given)
        if isinstance(event, StageFinished | StageFailed | RunFinished | RunFailed):
            changes["price_source"], changes["price_date"] = None, None
        if isinstance(event, StageFinished | StageFailed):
            changes["usage"] = Usage()
            changes["first_token_ms"] = None if event.first_token_ms is None else 0
        if isinstance(event, StageStarted):
            changes["question"] = None
        if isinstance(event, RunStarted):
            changes["images"], changes["seed"] = 1, None
        if isinstance(event, ImageReady | ReferenceStored):
            asset_id = self._name("asset_id", event.asset.asset_id)
            changes["asset"] = replace(event.asset, asset_id=asset_id)
        return replace(event, **changes)  # type: ignore[arg-type]  # by name, from its own fields

    def _name(self, kind: str, given: str) -> str:
        count = sum(known == kind for known, _ in self._known) + 1
        name = f"{kind.removesuffix('_id')}-{count}"
        return self._known.setdefault((kind, given), name)
