"""One stage: a language-model call, streamed, timed, read and recorded."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field

from promptflow.catalog import price_usage
from promptflow.errors import PromptflowError, ReplyError
from promptflow.events import Event, StageDelta, StageFailed, StageFinished, StageStarted
from promptflow.pipeline.tools import Account, Tools, surprises_named, to_fault
from promptflow.plans import PLAN_SCHEMA, load_plan
from promptflow.ports import TextRequest
from promptflow.records import ActionPlan, Fault, Stage, Usage

_TIMELINE_STEP_MS = 20
"""Deltas closer together than this share one entry of the time line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of one stage."""

    stage_id: str
    output: str
    plan: ActionPlan | None = None
    fault: Fault | None = None


@dataclass(slots=True)
class _Stream:
    """What has been said, and when."""

    tools: Tools
    started_s: float
    pieces: list[str] = field(default_factory=list)
    length: int = 0
    timeline: list[tuple[int, int]] = field(default_factory=list)
    usage: Usage = Usage()

    def add(self, text: str) -> None:
        self.pieces.append(text)
        self.length += len(text)
        now_ms = self.tools.since_ms(self.started_s)
        if self.timeline[1:] and now_ms - self.timeline[-1][0] < _TIMELINE_STEP_MS:
            self.timeline[-1] = (self.timeline[-1][0], self.length)
        else:
            self.timeline.append((now_ms, self.length))

    @property
    def output(self) -> str:
        return "".join(self.pieces)

    @property
    def first_token_ms(self) -> int | None:
        return self.timeline[0][0] if self.timeline else None


def write_question(
    account: Account, stage: Stage, image_model: str | None = None, **more: str
) -> TextRequest:
    """Put together what a stage is asked.

    Args:
        account: the flow.
        stage: which stage.
        image_model: for prompt construction, the image model to write for.
        more: further sections by name, e.g. ``action_plan``.
    """
    sections: Mapping[str, str] = {
        "request": account.request.request,
        "aspect_ratio": account.request.aspect_ratio,
        **({"image_model": image_model} if image_model else {}),
        **more,
    }
    return TextRequest(
        stage=stage,
        instructions=account.tools.instructions.for_stage(stage, image_model),
        sections=sections,
        schema=PLAN_SCHEMA if stage is Stage.ACTION_PLAN else None,
    )


def ask(account: Account, question: TextRequest) -> Generator[Event, None, Answer]:
    """Make one language-model call and record it.

    Args:
        account: the flow; the cost is added to it.
        question: the stage and what it works on.

    Yields:
        StageStarted, StageDelta*, (StageFinished | StageFailed)

    Returns:
        The answer; it has a fault where the stage failed.

    Cost:
        Billed once it has started, whatever becomes of it.
    """
    tools, stage_id = account.tools, account.tools.new_id()
    yield account.write(
        StageStarted(
            generation_id=account.generation_id,
            stage_id=stage_id,
            stage=question.stage,
            image_model=question.sections.get("image_model"),
            model=account.request.text_model,
            at=tools.clock.now(),
        )
    )
    stream = _Stream(tools, tools.clock.stopwatch_s())
    plan, fault = None, None
    try:
        with surprises_named(tools.catalog.model_title(account.request.text_model)):
            for part in tools.text_model(account.request.text_model).stream(question):
                stream.usage = part.usage or stream.usage
                if part.text:
                    stream.add(part.text)
                    yield StageDelta(stage_id=stage_id, text=part.text)
            plan = _read(account, question.stage, stream.output)
    except PromptflowError as error:
        fault = to_fault(error)
    yield account.write(_close(account, stage_id, stream, plan, fault))
    return Answer(stage_id=stage_id, output=stream.output, plan=plan, fault=fault)


def _read(account: Account, stage: Stage, output: str) -> ActionPlan | None:
    """Read the plan from a planning answer; any other answer has only to say something."""
    if stage is Stage.ACTION_PLAN:
        return load_plan(output)
    if output.strip():
        return None
    model = account.tools.catalog.text_model(account.request.text_model)
    message = (
        f"{model.title} gave an empty answer where text was expected. "
        "Try again, or choose another text model."
    )
    raise ReplyError(message, provider=model.provider, model=account.request.text_model)


def _close(
    account: Account, stage_id: str, stream: _Stream, plan: ActionPlan | None, fault: Fault | None
) -> StageFinished | StageFailed:
    total_ms = account.tools.since_ms(stream.started_s)
    model = account.tools.catalog.text_model(account.request.text_model)
    cost = price_usage(model, stream.usage, on=account.tools.clock.now().date())
    account.costs.append(cost)
    if fault:
        return StageFailed(
            stage_id=stage_id,
            output=stream.output,
            fault=fault,
            timeline=tuple(stream.timeline),
            first_token_ms=stream.first_token_ms,
            total_ms=total_ms,
            usage=stream.usage,
            cost_micro_usd=cost,
        )
    return StageFinished(
        stage_id=stage_id,
        output=stream.output,
        plan=plan,
        timeline=tuple(stream.timeline),
        first_token_ms=stream.first_token_ms,
        total_ms=total_ms,
        usage=stream.usage,
        cost_micro_usd=cost,
    )
