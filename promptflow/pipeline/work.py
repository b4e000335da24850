"""What a flow has to do, and what it finds done already. Floor 5."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from promptflow.records import (
    ActionPlan,
    GenerationRequest,
    ImageParameters,
    PromptOrigin,
    Question,
    RunStatus,
    Stage,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A stage's answer that nobody has to be asked for."""

    stage_id: str
    """Where it is from: a stage of the generation itself, or of another one."""
    stage: Stage
    model: str
    """The id of the text model that gave it."""
    output: str
    plan: ActionPlan | None = None
    """Only of an action plan."""
    reasoning: str = ""
    question: Question | None = None
    edited: bool = False
    """Whether a person changed it."""
    image_model: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Words for an image model that are there already."""

    text: str
    origin: PromptOrigin
    prompt_id: str | None = None
    """The same prompt once more; ``None`` for a new one."""
    parent_prompt_id: str | None = None
    """The prompt that a new one grew from."""
    stage_id: str | None = None
    """The construction that they come from, in the same generation."""
    construction: Known | None = None
    """The construction that they come from, in another generation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """What is to be done for one image model."""

    image_model: str
    images: int
    """How many pictures to ask for, 1 to 4."""
    words: Words | None = None
    """``None`` has them constructed."""
    parameters: ImageParameters = ImageParameters()
    seed: int | None = None
    parent_run_id: str | None = None
    baseline: bool = False
    """Whether to paint the request unchanged, too."""

    @classmethod
    def of(cls, request: GenerationRequest, image_model: str) -> "Lane":
        """Make the lane of an image model as a request has it."""
        return cls(
            image_model=image_model,
            images=request.images_per_model,
            parameters=request.parameters.get(image_model, ImageParameters()),
            seed=request.seed,
            baseline=request.baseline,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What a generation has come to before it is resumed."""

    cost_micro_usd: int | None
    total_ms: int
    """As far as that is known."""
    versions: Mapping[str, int]
    """Image model id → its newest version."""
    outcomes: Mapping[str, RunStatus]
    """Image model id → how the best of its runs ended."""
    pictures: tuple[str, ...]
    """Ids of the assets."""
    ended_at: datetime | None = None
    """When it was over: whoever else has resumed it meanwhile has changed all this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """All that one flow has to do."""

    lanes: tuple[Lane, ...]
    plan: Known | None = None
    """``None`` has the model asked, where a lane needs it."""
    thinking: Known | None = None
    """``None`` has the model asked, where a lane needs it."""
    parent_id: str | None = None
    """The generation whose answers are taken over; ``None`` takes none over."""
    forked_at: Stage | None = None
    """The first stage that isn't taken over as it was; ``None`` where only pictures are made anew."""
    earlier: Earlier | None = None
    """Set where the generation is there already, and is resumed."""

    @property
    def known(self) -> tuple[Known, ...]:
        """Plan and thinking, as far as they are there."""
        return tuple(one for one in (self.plan, self.thinking) if one)

    @property
    def constructs(self) -> bool:
        """Whether words have to be constructed for at least one image model."""
        return any(lane.words is None for lane in self.lanes)


def whole_work(request: GenerationRequest) -> Work:
    """Return the work that a request asks for, from the plan on."""
    return Work(lanes=tuple(Lane.of(request, model) for model in request.image_models))
