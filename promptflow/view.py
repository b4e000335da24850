"""The fold: events in, what there is to see out. Floor 3.

The live page, a reload in mid-flight, a finished generation read from the ledger and the command
line's document all go through `apply`; there is no second way to arrive at a view.
"""

from dataclasses import dataclass, field
from datetime import date, datetime

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
from promptflow.records import (
    ActionPlan,
    Asset,
    Fault,
    GenerationRequest,
    GenerationStatus,
    ImageParameters,
    PromptOrigin,
    Question,
    RunStatus,
    Stage,
    StageStatus,
    Usage,
)


@dataclass(slots=True, kw_only=True)
class StageView:
    """One language-model call as far as it has come."""

    stage_id: str
    stage: Stage
    image_model: str | None
    model: str
    started_at: datetime
    question: Question | None = None
    """What exactly the model was sent, where that was kept."""
    reused_from: str | None = None
    """The stage of another generation that it was taken from."""
    edited: bool = False
    """Whether a person changed what was taken."""
    status: StageStatus = StageStatus.RUNNING
    pieces: list[str] = field(default_factory=list)
    reasoning_pieces: list[str] = field(default_factory=list)
    retry: StageRetrying | None = None
    """The wait it is in, or the last one it was in."""
    attempt: int = 1
    plan: ActionPlan | None = None
    first_token_ms: int | None = None
    total_ms: int | None = None
    usage: Usage = Usage()
    cost_micro_usd: int | None = None
    price_source: str | None = None
    """The title of the document that its price is from, and below the day that was read."""
    price_date: date | None = None
    fault: Fault | None = None

    @property
    def output(self) -> str:
        """What has been said so far."""
        return _put_together(self.pieces)

    @property
    def reasoning(self) -> str:
        """What the model has let be seen of its reasoning so far."""
        return _put_together(self.reasoning_pieces)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageView:
    """One picture that is stored."""

    index: int
    asset: Asset
    seed: int | None
    at_ms: int
    resolved: ImageParameters | None
    """What the provider says it did, where it tells."""


@dataclass(slots=True, kw_only=True)
class RunView:
    """One image model's work on one prompt as far as it has come."""

    run_id: str
    image_model: str
    provider: str
    version: int
    prompt_id: str
    prompt: str
    prompt_origin: PromptOrigin
    stage_id: str | None
    """The prompt construction that its words come from."""
    parameters: ImageParameters
    started_at: datetime
    seed: int | None = None
    """The seed asked for."""
    wanted: int | None = None
    """How many pictures were asked for, where that was kept."""
    parent_run_id: str | None = None
    """The run that it repeats or goes on from."""
    parent_prompt_id: str | None = None
    """The prompt that its own grew from."""
    status: RunStatus = RunStatus.RUNNING
    retry: RunRetrying | None = None
    """The wait it is in, or the last one it was in."""
    partials: dict[int, PartialImage] = field(default_factory=dict)
    """The newest preview of each picture that isn't there yet, by index."""
    images: list[ImageView] = field(default_factory=list)
    """By index."""
    attempt: int = 1
    total_ms: int | None = None
    usage: Usage = Usage()
    cost_micro_usd: int | None = None
    price_source: str | None = None
    """The title of the document that its price is from, and below the day that was read."""
    price_date: date | None = None
    fault: Fault | None = None

    @property
    def has_delivered(self) -> bool:
        """Whether it is over and brought all it was asked for, even if nobody was left to say so.

        What was deleted since is not among its images, and was brought all the same.
        """
        if self.status in {RunStatus.RUNNING, RunStatus.SUCCEEDED} or self.wanted is None:
            return self.status is RunStatus.SUCCEEDED
        return len(self.images) >= self.wanted


@dataclass(slots=True, kw_only=True)
class FlowView:
    """One generation as far as it has come."""

    generation_id: str
    request: GenerationRequest
    started_at: datetime
    status: GenerationStatus = GenerationStatus.RUNNING
    references: list[Asset] = field(default_factory=list)
    """The pictures that went along with the request, in their order."""
    stages: list[StageView] = field(default_factory=list)
    """In the order they started."""
    runs: list[RunView] = field(default_factory=list)
    """In the order they started."""
    fault: Fault | None = None
    total_ms: int | None = None
    cost_micro_usd: int | None = None
    finished_at: datetime | None = None
    parent_id: str | None = None
    """The generation it was forked from."""
    forked_at: Stage | None = None
    """The first stage that wasn't taken over as it was."""

    def stage(self, stage: Stage, image_model: str | None = None) -> StageView | None:
        """Return the newest call of a stage, or ``None`` before the first.

        Args:
            stage: which stage.
            image_model: for prompt construction, the image model written for.
        """
        for view in reversed(self.stages):
            if view.stage is stage and view.image_model == image_model:
                return view
        return None

    def run(self, image_model: str) -> RunView | None:
        """Return the newest run of an image model with words made for it; ``None`` before the first."""
        return next(reversed(self.versions(image_model)), None)

    def versions(self, image_model: str, *, baseline: bool = False) -> tuple[RunView, ...]:
        """Return the runs of an image model, the first one first.

        Args:
            image_model: whose.
            baseline: those of the request unchanged, instead of those with words made for the model.
        """
        return tuple(
            run
            for run in self.runs
            if run.image_model == image_model
            and (run.prompt_origin is PromptOrigin.RAW) is baseline
        )

    def has_delivered(self, image_model: str, *, baseline: bool = False) -> bool:
        """Say whether a run of an image model brought all it was asked for.

        Args:
            image_model: whose.
            baseline: of the request unchanged, instead of words made for the model.
        """
        return any(run.has_delivered for run in self.versions(image_model, baseline=baseline))

    @property
    def plan(self) -> ActionPlan | None:
        """The action plan, once it is there."""
        view = self.stage(Stage.ACTION_PLAN)
        return view.plan if view else None


def open_view(event: FlowStarted) -> FlowView:
    """Begin a view with a flow's first event."""
    return FlowView(
        generation_id=event.generation_id,
        request=event.request,
        started_at=event.at,
        parent_id=event.parent_id,
        forked_at=event.forked_at,
    )


def fold(events: tuple[Event, ...] | list[Event]) -> FlowView:
    """Fold a whole event sequence.

    Args:
        events: at least one, the first a `FlowStarted`.

    Returns:
        The view after the last of them.

    Raises:
        ValueError: the sequence does not begin with `FlowStarted`.
    """
    if not events or not isinstance(events[0], FlowStarted):
        raise ValueError("a flow's events begin with FlowStarted")
    view = open_view(events[0])
    for event in events[1:]:
        apply(view, event)
    return view


def apply(view: FlowView, event: Event) -> None:
    """Take one more event into a view.

    Args:
        view: changed in place.
        event: the next event of the same flow.
    """
    match event:
        case FlowStarted():
            pass  # `open_view` took it
        case FlowResumed():
            view.request = event.request
            view.status, view.fault = GenerationStatus.RUNNING, None
            view.total_ms, view.cost_micro_usd, view.finished_at = None, None, None
        case ReferenceStored():
            view.references.append(event.asset)
        case (
            StageStarted()
            | StageReused()
            | ReasoningDelta()
            | StageDelta()
            | StageRetrying()
            | StageFinished()
            | StageFailed()
        ):
            _apply_stage(view, event)
        case (
            RunStarted()
            | RunRetrying()
            | PartialImage()
            | ImageReady()
            | RunFinished()
            | RunFailed()
        ):
            _apply_run(view, event)
        case FlowFinished():
            _finish(view, event)


def _apply_stage(
    view: FlowView,
    event: (
        StageStarted
        | StageReused
        | ReasoningDelta
        | StageDelta
        | StageRetrying
        | StageFinished
        | StageFailed
    ),
) -> None:
    if isinstance(event, StageStarted | StageReused):
        view.stages.append(_open_stage(event))
        return
    stage = next(one for one in reversed(view.stages) if one.stage_id == event.stage_id)
    match event:
        case ReasoningDelta():
            stage.retry = None
            stage.reasoning_pieces.append(event.text)
        case StageDelta():
            stage.retry = None
            stage.pieces.append(event.text)
        case StageRetrying():
            stage.retry = event
            stage.attempt = event.attempt + 1
            stage.pieces.clear()
            stage.reasoning_pieces.clear()
        case StageFinished():
            stage.status = StageStatus.SUCCEEDED
            stage.plan = event.plan
            _close_stage(stage, event)
        case StageFailed():
            stage.status = event.status
            stage.fault = event.fault
            _close_stage(stage, event)


def _open_stage(event: StageStarted | StageReused) -> StageView:
    stage = StageView(
        stage_id=event.stage_id,
        stage=event.stage,
        image_model=event.image_model,
        model=event.model,
        started_at=event.at,
        question=event.question,
    )
    if isinstance(event, StageReused):
        stage.status = StageStatus.SUCCEEDED
        stage.reused_from, stage.edited = event.reused_from, event.edited
        stage.pieces, stage.plan = [event.output], event.plan
        stage.reasoning_pieces = [event.reasoning] if event.reasoning else []
        stage.total_ms, stage.cost_micro_usd = 0, 0
    return stage


def _close_stage(stage: StageView, event: StageFinished | StageFailed) -> None:
    stage.retry = None
    stage.attempt = event.attempt
    stage.pieces[:] = [event.output]
    stage.reasoning_pieces[:] = [event.reasoning] if event.reasoning else []
    stage.first_token_ms = event.first_token_ms
    stage.total_ms = _known_ms(event.total_ms, interrupted=stage.status is StageStatus.INTERRUPTED)
    stage.usage = event.usage
    stage.cost_micro_usd = event.cost_micro_usd
    stage.price_source, stage.price_date = event.price_source, event.price_date


def _apply_run(
    view: FlowView,
    event: RunStarted | RunRetrying | PartialImage | ImageReady | RunFinished | RunFailed,
) -> None:
    if isinstance(event, RunStarted):
        view.runs.append(
            RunView(
                run_id=event.run_id,
                image_model=event.image_model,
                provider=event.provider,
                version=event.version,
                prompt_id=event.prompt_id,
                prompt=event.prompt,
                prompt_origin=event.prompt_origin,
                stage_id=event.stage_id,
                parameters=event.parameters,
                started_at=event.at,
                seed=event.seed,
                wanted=event.images,
                parent_run_id=event.parent_run_id,
                parent_prompt_id=event.parent_prompt_id,
            )
        )
        return
    run = next(one for one in reversed(view.runs) if one.run_id == event.run_id)
    match event:
        case RunRetrying():
            run.retry = event
            run.attempt = event.attempt + 1
        case PartialImage():
            run.retry = None
            if event.data:
                run.partials[event.index] = event
        case ImageReady():
            run.retry = None
            run.partials.pop(event.index, None)
            run.images.append(
                ImageView(
                    index=event.index,
                    asset=event.asset,
                    seed=event.seed,
                    at_ms=event.at_ms,
                    resolved=event.resolved,
                )
            )
            # Several calls at once may answer in any order.
            run.images.sort(key=lambda image: image.index)
        case RunFinished():
            _close_run(run, event)
        case RunFailed():
            run.fault = event.fault
            _close_run(run, event)


def _close_run(run: RunView, event: RunFinished | RunFailed) -> None:
    run.status = event.status
    run.retry = None
    run.attempt = event.attempt
    run.partials.clear()
    run.total_ms = _known_ms(event.total_ms, interrupted=run.status is RunStatus.INTERRUPTED)
    run.usage = event.usage
    run.cost_micro_usd = event.cost_micro_usd
    run.price_source, run.price_date = event.price_source, event.price_date


def _finish(view: FlowView, event: FlowFinished) -> None:
    view.status = event.status
    view.fault = event.fault
    interrupted = event.status is GenerationStatus.INTERRUPTED
    view.total_ms = _known_ms(event.total_ms, interrupted=interrupted)
    view.cost_micro_usd = event.cost_micro_usd
    view.finished_at = event.at


def _put_together(pieces: list[str]) -> str:
    """Join pieces, and keep them joined: they are asked for at every frame."""
    if len(pieces) > 1:
        pieces[:] = ["".join(pieces)]
    return pieces[0] if pieces else ""


def _known_ms(total_ms: int, *, interrupted: bool) -> int | None:
    """How long something took; nobody knows of what a process left behind when it ended."""
    return None if interrupted and total_ms == 0 else total_ms
