"""What happens in a flow, as frozen values in one closed union. Floor 2.

The grammar of one flow:

    FlowStarted ReferenceStored* work FlowFinished (FlowResumed work FlowFinished)*

    work = stage{0,2}        action plan; the second is a repair
           stage?            thinking
           per image model, interleaved with the others:
             stage?          prompt construction
             run*            its prompt, and beside it the request unchanged
    stage = StageStarted (ReasoningDelta | StageDelta | StageRetrying)* (StageFinished | StageFailed)
          | StageReused      in a fork
    run = RunStarted (RunRetrying | PartialImage | ImageReady)* (RunFinished | RunFailed)

A flow ends with `FlowFinished`. What follows it is another flow over the same generation, with what was there
before its `FlowResumed` as its beginning.

Matched without a catch-all, so that a forgotten event is a type error. `StageDelta`, `ReasoningDelta` and
`PartialImage` live in memory only; every other event is in the ledger before anyone sees it. Fields with
a default are those that many events have nothing to say about.
"""

from dataclasses import dataclass, field
from datetime import date, datetime

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


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowStarted:
    """A generation has begun."""

    generation_id: str
    request: GenerationRequest
    at: datetime
    parent_id: str | None = None
    """The generation it was forked from."""
    forked_at: Stage | None = None
    """The first stage that isn't taken over as it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowResumed:
    """Work goes on in a generation that was over; what is there stays."""

    generation_id: str
    request: GenerationRequest
    """With the image models and the estimate of what is added."""
    at: datetime
    after: datetime | None = None
    """The end that it goes on from: after another one it is not what was planned. ``None`` takes any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceStored:
    """A picture that goes along with the request is stored and recorded; nothing is spent yet."""

    generation_id: str
    index: int
    """Which of the references, from 0."""
    asset: Asset


@dataclass(frozen=True, slots=True, kw_only=True)
class StageStarted:
    """A language-model call has been sent."""

    generation_id: str
    stage_id: str
    stage: Stage
    image_model: str | None
    """The image model the prompt is written for; ``None`` before prompt construction."""
    model: str
    """The text model's id."""
    at: datetime
    question: Question | None = None
    """What exactly the model is sent; ``None`` in ledgers from before it was kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageReused:
    """An answer of another generation is taken over, as it was or changed by a person; it costs nothing."""

    generation_id: str
    stage_id: str
    """Its id here."""
    reused_from: str
    """The stage it was taken from."""
    edited: bool
    """Whether a person changed it."""
    stage: Stage
    image_model: str | None
    model: str
    """The id of the text model that gave the answer."""
    output: str
    plan: ActionPlan | None
    """Only for the action plan."""
    at: datetime
    reasoning: str = ""
    question: Question | None = None
    """What the model had been sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageDelta:
    """A piece of the answer."""

    stage_id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasoningDelta:
    """A piece of what the model lets be seen of its own reasoning; no part of the answer."""

    stage_id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRetrying:
    """A call failed in a way that is worth another try, after a wait; the answer starts over."""

    stage_id: str
    attempt_id: str
    """The failed attempt."""
    attempt: int
    """Its number, from 1."""
    wait_s: float
    """Seconds until the next attempt."""
    fault: Fault
    at: datetime
    """When the wait began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageFinished:
    """The answer is whole and usable."""

    stage_id: str
    output: str
    """The answer as the model gave it."""
    plan: ActionPlan | None
    """The plan read from it; only for the action plan."""
    timeline: tuple[tuple[int, int], ...]
    """When the text came: (milliseconds since the call, characters so far), ascending."""
    first_token_ms: int | None
    total_ms: int
    usage: Usage
    cost_micro_usd: int | None
    """Of all attempts; ``None`` where that of one is unknown."""
    price_source: str | None = None
    """The title of the document the price is from."""
    price_date: date | None = None
    """The day that document was read."""
    reasoning: str = ""
    """What the model let be seen of its reasoning."""
    attempt: int = 1
    """The number of the attempt that ended it, from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageFailed:
    """The call failed, or its answer can't be used."""

    stage_id: str
    output: str
    """What had been said until then."""
    fault: Fault
    timeline: tuple[tuple[int, int], ...]
    first_token_ms: int | None
    total_ms: int
    usage: Usage
    cost_micro_usd: int | None
    """Of all attempts; ``None`` where that of one is unknown."""
    price_source: str | None = None
    """The title of the document the price is from."""
    price_date: date | None = None
    """The day that document was read."""
    reasoning: str = ""
    """What the model let be seen of its reasoning."""
    attempt: int = 1
    """The number of the attempt that ended it, from 1."""

    @property
    def status(self) -> StageStatus:
        """``refused``, ``interrupted`` or ``failed``, as the fault says."""
        return _STATUS_OF_FAULT.get(self.fault.code, StageStatus.FAILED)


_STATUS_OF_FAULT = {"refused": StageStatus.REFUSED, "interrupted": StageStatus.INTERRUPTED}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """A prompt has been sent to an image model."""

    generation_id: str
    run_id: str
    image_model: str
    provider: str
    version: int
    """1 for the first run of this model in this generation, ascending by one."""
    prompt_id: str
    prompt: str
    prompt_origin: PromptOrigin
    stage_id: str | None
    """The prompt construction it came from, failed or not."""
    at: datetime
    parameters: ImageParameters = ImageParameters()
    """What is asked of the model besides the prompt."""
    seed: int | None = None
    """The seed asked for; ``None`` leaves it to the model."""
    images: int | None = None
    """How many pictures are asked for; ``None`` in ledgers from before it was kept."""
    parent_run_id: str | None = None
    """The run that it repeats or goes on from."""
    parent_prompt_id: str | None = None
    """The prompt that this one grew from, in this generation or the one it was forked from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRetrying:
    """A call failed in a way that is worth another try, after a wait."""

    run_id: str
    attempt_id: str
    """The failed attempt."""
    attempt: int
    """Its number, from 1."""
    wait_s: float
    """Seconds until the next attempt."""
    fault: Fault
    at: datetime
    """When the wait began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialImage:
    """A picture on its way: shown until the next one comes, never stored."""

    run_id: str
    index: int
    """Which of the run's pictures, from 0."""
    data: bytes = field(repr=False)
    """The encoded preview as the model sent it; empty once something newer has taken its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageReady:
    """A picture is stored and recorded."""

    run_id: str
    index: int
    """Which of the run's pictures, from 0."""
    asset: Asset
    seed: int | None
    """The seed the model used, where it has one."""
    at_ms: int
    """Milliseconds from the start of the run until the picture was recorded."""
    resolved: ImageParameters | None = None
    """What the provider says it did, where it tells."""
    request_id: str | None = None
    """The provider's own id of the call, where it gives one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished:
    """The image model delivered every picture it was asked for."""

    run_id: str
    attempt_id: str
    attempt: int
    total_ms: int
    usage: Usage
    cost_micro_usd: int | None
    """Of all attempts; ``None`` where that of one is unknown."""
    price_source: str | None = None
    """The title of the document the price is from."""
    price_date: date | None = None
    """The day that document was read."""

    @property
    def status(self) -> RunStatus:
        """Always ``succeeded``; a run that failed says how."""
        return RunStatus.SUCCEEDED


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFailed:
    """The image model did not deliver, or not all; what came before is kept."""

    run_id: str
    attempt_id: str
    attempt: int
    status: RunStatus
    """``partial``, ``failed``, ``refused``, ``cancelled`` or ``interrupted``."""
    fault: Fault
    total_ms: int
    usage: Usage
    cost_micro_usd: int | None
    """Of all attempts; ``None`` where that of one is unknown."""
    price_source: str | None = None
    """The title of the document the price is from."""
    price_date: date | None = None
    """The day that document was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowFinished:
    """The flow is over, one way or another."""

    generation_id: str
    status: GenerationStatus
    """Any but ``running``."""
    fault: Fault | None
    """Why there is no picture, where one stage is to blame."""
    total_ms: int
    cost_micro_usd: int | None
    """The sum of all calls; ``None`` where the price of one is unknown."""
    at: datetime


Event = (
    FlowStarted
    | FlowResumed
    | ReferenceStored
    | StageStarted
    | StageReused
    | ReasoningDelta
    | StageDelta
    | StageRetrying
    | StageFinished
    | StageFailed
    | RunStarted
    | RunRetrying
    | PartialImage
    | ImageReady
    | RunFinished
    | RunFailed
    | FlowFinished
)
