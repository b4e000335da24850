"""One stage: a language-model call, streamed, timed, read and recorded."""

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TypedDict

from promptflow.errors import BusyError, PromptflowError, ReplyError
from promptflow.events import (
    Event,
    ReasoningDelta,
    StageDelta,
    StageFailed,
    StageFinished,
    StageRetrying,
    StageStarted,
)
from promptflow.material import to_question
from promptflow.pipeline.tools import (
    CANCELLED,
    Account,
    Bill,
    Failure,
    Tools,
    surprises_named,
    to_fault,
)
from promptflow.plans import PLAN_SCHEMA, load_plan
from promptflow.ports import TextRequest
from promptflow.records import ActionPlan, Fault, Stage, Usage
from promptflow.retries import plan_wait
from promptflow.wording import mend_text

_TIMELINE_STEP_MS = 20
"""Deltas closer together than this share one entry of the time line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of one stage."""

    stage_id: str
    output: str
    plan: ActionPlan | None = None
    fault: Fault | None = None


@dataclass(slots=True, kw_only=True)
class _Stream:
    """What one attempt has said, and when."""

    tools: Tools
    started_s: float
    """When the stage started: what came before this attempt was waited for as well."""
    pieces: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
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

    def fail(self, error: PromptflowError) -> Failure:
        """Return what its failing means for the bill."""
        return Failure(
            error=error,
            heard=bool(self.pieces or self.reasoning),
            told=self.usage != Usage(),
        )


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
    model = account.tools.catalog.text_model(account.request.text_model)
    sections: Mapping[str, str] = {
        "request": account.request.request,
        "aspect_ratio": account.request.aspect_ratio,
        **({"image_model": image_model} if image_model else {}),
        **more,
    }
    return TextRequest(
        stage=stage,
        instructions=account.tools.instructions.for_stage(
            stage, image_model, instead=account.request.instructions.get(stage)
        ),
        sections=sections,
        schema=PLAN_SCHEMA if stage is Stage.ACTION_PLAN else None,
        references=account.references if model.sees_references else (),
    )


def ask(account: Account, question: TextRequest) -> Generator[Event, None, Answer]:
    """Ask a language model, again where that is worth it, and record what it says.

    Args:
        account: the flow; the cost is added to it.
        question: the stage and what it works on.

    Yields:
        StageStarted (ReasoningDelta | StageDelta | StageRetrying)* (StageFinished | StageFailed)

    Returns:
        The answer; it has a fault where the stage failed.

    Cost:
        Billed once it has started, whatever becomes of it.
    """
    tools = account.tools
    stage_id = tools.new_id()
    yield account.write(
        StageStarted(
            generation_id=account.generation_id,
            stage_id=stage_id,
            stage=question.stage,
            image_model=question.sections.get("image_model"),
            model=account.request.text_model,
            at=tools.clock.now(),
            question=to_question(question, model=account.request.text_model),
        )
    )
    return (yield from _Asking(account=account, question=question, stage_id=stage_id).events())


class _Asking:
    """One stage while it works: one attempt after another."""

    def __init__(self, *, account: Account, question: TextRequest, stage_id: str) -> None:
        tools = account.tools
        self._account = account
        self._tools = tools
        self._question = question
        self._stage_id = stage_id
        self._model = account.request.text_model
        self._bill = Bill(tools=tools, card=tools.catalog.text_model(self._model))
        self._started_s = tools.clock.stopwatch_s()
        self._waited_s = 0.0
        self._attempt = 1

    def events(self) -> Generator[Event, None, Answer]:
        """Yield what happens until the stage is over; return the answer."""
        while True:
            stream = _Stream(tools=self._tools, started_s=self._started_s)
            plan, error = None, None
            try:
                with surprises_named(self._tools.catalog.model_title(self._model)):
                    yield from self._listen(stream)
                plan = _read(self._account, self._question.stage, stream.output)
            except PromptflowError as caught:
                error = caught
            self._bill.enter(stream.usage, failure=stream.fail(error) if error else None)
            fault = to_fault(error) if error else None
            wait_s = self._plan_wait(error) if isinstance(error, BusyError) else None
            if fault and wait_s is not None:
                yield self._retry(fault, wait_s)
                if not self._account.cancel.wait(wait_s):
                    self._waited_s += wait_s
                    self._attempt += 1
                    continue
                fault = CANCELLED
            yield self._account.write(self._close(stream, plan, fault))
            return Answer(stage_id=self._stage_id, output=stream.output, plan=plan, fault=fault)

    def _listen(self, stream: _Stream) -> Iterator[Event]:
        for part in self._tools.text_model(self._model).stream(self._question):
            stream.usage = part.usage or stream.usage
            text, reasoning = mend_text(part.text), mend_text(part.reasoning)
            if reasoning:
                stream.reasoning.append(reasoning)
                yield ReasoningDelta(stage_id=self._stage_id, text=reasoning)
            if text:
                stream.add(text)
                yield StageDelta(stage_id=self._stage_id, text=text)

    def _plan_wait(self, error: BusyError) -> float | None:
        return plan_wait(
            error,
            attempt=self._attempt,
            waited_s=self._waited_s,
            jitter=self._tools.jitter(),
        )

    def _retry(self, fault: Fault, wait_s: float) -> Event:
        return self._account.write(
            StageRetrying(
                stage_id=self._stage_id,
                attempt_id=self._tools.new_id(),
                attempt=self._attempt,
                wait_s=wait_s,
                fault=fault,
                at=self._tools.clock.now(),
            )
        )

    def _close(
        self, stream: _Stream, plan: ActionPlan | None, fault: Fault | None
    ) -> StageFinished | StageFailed:
        bill = self._bill
        self._account.costs.append(bill.cost_micro_usd)
        told = _Told(
            stage_id=self._stage_id,
            output=stream.output,
            reasoning="".join(stream.reasoning),
            timeline=tuple(stream.timeline),
            first_token_ms=stream.first_token_ms,
            total_ms=self._tools.since_ms(self._started_s),
            usage=bill.usage,
            cost_micro_usd=bill.cost_micro_usd,
            price_source=bill.price_source,
            price_date=bill.price_date,
            attempt=self._attempt,
        )
        if fault:
            return StageFailed(fault=fault, **told)
        return StageFinished(plan=plan, **told)


class _Told(TypedDict):
    """What is told of a stage however it ended."""

    stage_id: str
    output: str
    reasoning: str
    timeline: tuple[tuple[int, int], ...]
    first_token_ms: int | None
    total_ms: int
    usage: Usage
    cost_micro_usd: int | None
    price_source: str | None
    price_date: date | None
    attempt: int


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
