"""One flow: plan, think, then a lane per image model.

The critical path is plan + think + the longest lane (construct + paint). A lane is one image model
in a thread of its own; it paints as soon as its own prompt is there, and fails alone.
"""

import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from queue import SimpleQueue

from promptflow.errors import (
    InternalError,
    LedgerError,
    PictureError,
    RefusedError,
    StorageError,
)
from promptflow.events import Event, FlowFinished, FlowStarted, ReferenceStored
from promptflow.pipeline.runs import Run
from promptflow.pipeline.stages import Answer, ask, write_question
from promptflow.pipeline.tools import (
    CANCELLED,
    Account,
    Tools,
    add_costs,
    surprises_named,
    to_fault,
)
from promptflow.plans import PlanError, plan_to_json, render_fallback_prompt
from promptflow.ports import Reference
from promptflow.records import (
    ActionPlan,
    AssetRole,
    Fault,
    GenerationRequest,
    GenerationStatus,
    PromptOrigin,
    RunStatus,
    Stage,
)

_REPAIR_EXCERPT = 12_000
"""Characters of an unusable answer that are shown to the model when it is asked for a repair."""

_UPLOADED = "upload"
"""Stands where a stored picture names the model that made it."""

_News = SimpleQueue[Event | BaseException | None]
"""What lanes report: events, the error that broke one, ``None`` when one has ended."""


def run_flow(
    request: GenerationRequest,
    *,
    references: tuple[Reference, ...] = (),
    generation_id: str,
    tools: Tools,
    cancel: threading.Event,
) -> Iterator[Event]:
    """Turn one request into plan, thinking, prompts and pictures.

    Args:
        request: checked against the catalogue.
        references: the pictures that go along; those models that take any are given them.
        generation_id: the id of the new generation.
        tools: models, store, ledger and the like.
        cancel: once set, what is running is finished and nothing more is started.

    Yields:
        The event sequence of `promptflow.events`; each is recorded before it is yielded.

    Raises:
        LedgerError: the generation could not even be opened; nothing was spent.

    Cost:
        Each stage and each run is billed once it has started, whatever becomes of it.
    """
    account = Account(
        request=request,
        references=references,
        generation_id=generation_id,
        tools=tools,
        cancel=cancel,
    )
    return _Flow(account=account).events()


@dataclass(slots=True, kw_only=True)
class _Flow:
    account: Account
    fault: Fault | None = None

    def events(self) -> Iterator[Event]:
        account, clock = self.account, self.account.tools.clock
        started_s = clock.stopwatch_s()
        yield account.write(
            FlowStarted(
                generation_id=account.generation_id, request=account.request, at=clock.now()
            )
        )
        try:
            with surprises_named("the pipeline"):
                yield from self._keep_references()
                yield from self._stages()
        except (LedgerError, InternalError, PictureError, StorageError) as error:
            self.fault = to_fault(error)
        yield self._finish(account.tools.since_ms(started_s))

    def _keep_references(self) -> Iterator[Event]:
        """Store what goes along before anything is spent: without it the work can't be traced."""
        account = self.account
        for index, reference in enumerate(account.references):
            asset = account.tools.store.write(
                generation_id=account.generation_id,
                role=AssetRole.REFERENCE,
                model=_UPLOADED,
                data=reference.data,
            )
            event = ReferenceStored(generation_id=account.generation_id, index=index, asset=asset)
            try:
                yield account.write(event)
            except LedgerError:
                account.unrecorded.append(asset.key)
                raise

    def _stages(self) -> Iterator[Event]:
        cancel = self.account.cancel
        if cancel.is_set():
            return
        planned = yield from self._plan()
        if planned.plan is None:
            self.fault = self._say_unplanned(planned)
            return
        if cancel.is_set():
            return
        plan = plan_to_json(planned.plan)
        thought = yield from ask(
            self.account, write_question(self.account, Stage.THINKING, action_plan=plan)
        )
        if thought.fault:
            self.fault = thought.fault
        elif not cancel.is_set():
            yield from self._fan_out(planned.plan, thought.output)

    def _say_unplanned(self, planned: Answer) -> Fault | None:
        """Say why there is no plan; what is wrong with an answer is worded for the model."""
        fault = planned.fault
        if fault is None or fault.code != PlanError.code or self.account.cancel.is_set():
            return fault
        title = self.account.tools.catalog.model_title(self.account.request.text_model)
        message = (
            f"{title} gave no readable plan, though it was asked twice. "
            "Try again, or choose another text model."
        )
        return Fault(code=PlanError.code, message=message)

    def _plan(self) -> Generator[Event, None, Answer]:
        """Ask for the plan; if the answer can't be read as one, ask once for a repair."""
        answer = yield from ask(self.account, write_question(self.account, Stage.ACTION_PLAN))
        unreadable = answer.fault is not None and answer.fault.code == PlanError.code
        if answer.fault is None or not unreadable or self.account.cancel.is_set():
            return answer
        repair = f"{answer.fault.message}\n\nThe answer was:\n{answer.output[:_REPAIR_EXCERPT]}"
        question = write_question(self.account, Stage.ACTION_PLAN, repair=repair)
        return (yield from ask(self.account, question))

    def _fan_out(self, plan: ActionPlan, thinking: str) -> Iterator[Event]:
        """Run one lane per image model, each in its own thread; yield what they report."""
        news = _News()

        def work(image_model: str) -> None:
            try:
                for event in self._lane(image_model, plan, thinking):
                    news.put(event)
            except BaseException as error:  # noqa: BLE001 - raised again in `_drain`
                news.put(error)
            news.put(None)

        models = self.account.request.image_models
        for image_model in models:
            name = f"lane {image_model}"
            threading.Thread(target=work, args=(image_model,), name=name, daemon=True).start()
        yield from _drain(news, lanes=len(models))

    def _lane(self, image_model: str, plan: ActionPlan, thinking: str) -> Iterator[Event]:
        answer = yield from ask(
            self.account,
            write_question(
                self.account,
                Stage.PROMPT_CONSTRUCTION,
                image_model,
                action_plan=plan_to_json(plan),
                thinking=thinking,
            ),
        )
        if self.account.cancel.is_set():
            return
        prompt, origin = answer.output.strip(), PromptOrigin.CONSTRUCTED
        limit = self.account.tools.catalog.image_model(image_model).max_prompt_chars
        if answer.fault or (limit is not None and len(prompt) > limit):
            prompt, origin = render_fallback_prompt(plan)[:limit], PromptOrigin.FALLBACK
        run = Run.of(self.account, image_model)
        yield from run.events(prompt, origin, answer.stage_id)

    def _finish(self, total_ms: int) -> FlowFinished:
        account = self.account
        event = FlowFinished(
            generation_id=account.generation_id,
            status=self._status(),
            fault=self.fault or (CANCELLED if account.cancel.is_set() else None),
            total_ms=total_ms,
            cost_micro_usd=add_costs(account.costs),
            at=account.tools.clock.now(),
        )
        fault = event.fault
        # Recovery gives a stored picture its row, but only in a generation that still says `running`.
        if not account.unrecorded:
            try:
                account.write(event)
            except LedgerError as error:
                fault = self.fault or to_fault(error)
            else:
                return event
        # The followers must hear of the end; the ledger will read it as interrupted.
        return replace(event, status=GenerationStatus.INTERRUPTED, fault=fault)

    def _status(self) -> GenerationStatus:
        account = self.account
        if account.cancel.is_set():
            return GenerationStatus.CANCELLED
        if not account.pictures:
            return GenerationStatus.REFUSED if self._is_refused() else GenerationStatus.FAILED
        whole = len(account.outcomes) == len(account.request.image_models)
        if whole and set(account.outcomes) == {RunStatus.SUCCEEDED}:
            return GenerationStatus.SUCCEEDED
        return GenerationStatus.PARTIAL

    def _is_refused(self) -> bool:
        """Say whether safety systems alone are why there is no picture."""
        if self.fault:
            return self.fault.code == RefusedError.code
        return set(self.account.outcomes) == {RunStatus.REFUSED}


def _drain(news: _News, *, lanes: int) -> Iterator[Event]:
    """Yield until every lane has ended: a broken one must not stop what the others paid for."""
    broken: BaseException | None = None
    while lanes:
        match news.get():
            case None:
                lanes -= 1
            case BaseException() as error:
                broken = broken or error
            case event:
                yield event
    if broken:
        raise broken
