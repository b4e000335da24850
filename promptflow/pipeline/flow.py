"""One flow: plan, think, then a lane per image model.

The critical path is plan + think + the longest lane (construct + paint). A lane is one image model
in a thread of its own; it paints as soon as its own prompt is there, and fails alone.
"""

import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from queue import SimpleQueue

from promptflow.errors import (
    InternalError,
    LedgerError,
    PictureError,
    RefusedError,
    StorageError,
)
from promptflow.events import (
    Event,
    FlowFinished,
    FlowResumed,
    FlowStarted,
    ReferenceStored,
    StageReused,
)
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
from promptflow.pipeline.work import Known, Lane, Words, Work, whole_work
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
    work: Work | None = None,
    generation_id: str,
    tools: Tools,
    cancel: threading.Event,
) -> Iterator[Event]:
    """Turn one request into plan, thinking, prompts and pictures.

    Args:
        request: checked against the catalogue.
        references: the pictures that go along; those models that take any are given them.
        work: what there is to do, and what is there already; by default all that is asked for.
        generation_id: the id of the generation, which is new unless the work has an earlier part.
        tools: models, store, ledger and the like.
        cancel: once set, what is running is finished and nothing more is started.

    Yields:
        The event sequence of `promptflow.events`; each is recorded before it is yielded.

    Raises:
        BusyGenerationError: it is to be resumed, and is being worked on; nothing was spent.
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
    return _Flow(account=account, work=work or whole_work(request)).events()


@dataclass(slots=True, kw_only=True)
class _Flow:
    account: Account
    work: Work
    fault: Fault | None = None
    painting: set[str] = field(default_factory=set)
    """Ids of the image models whose prompts are sent."""

    def events(self) -> Iterator[Event]:
        account, earlier = self.account, self.work.earlier
        started_s = account.tools.clock.stopwatch_s()
        if earlier:
            account.costs.append(earlier.cost_micro_usd)
            account.versions.update(earlier.versions)
            account.outcomes.update(earlier.outcomes)
            account.pictures.extend(earlier.pictures)
        yield account.write(self._open())
        try:
            with surprises_named("the pipeline"):
                if earlier is None:
                    yield from self._keep_references()
                yield from self._stages()
        except (LedgerError, InternalError, PictureError, StorageError) as error:
            self.fault = to_fault(error)
        took_ms = account.tools.since_ms(started_s)
        yield self._finish(took_ms + (earlier.total_ms if earlier else 0))

    def _open(self) -> Event:
        account, work, now = self.account, self.work, self.account.tools.clock.now()
        if work.earlier:
            return FlowResumed(
                generation_id=account.generation_id,
                request=account.request,
                at=now,
                after=work.earlier.ended_at,
            )
        return FlowStarted(
            generation_id=account.generation_id,
            request=account.request,
            at=now,
            parent_id=work.parent_id,
            forked_at=work.forked_at,
        )

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
        work, cancel = self.work, self.account.cancel
        if work.parent_id:
            for known in work.known:
                yield self._reuse(known)[1]
        if not work.constructs:
            yield from self._fan_out(None)
            return
        plan = yield from self._find_plan()
        if plan is None or cancel.is_set():
            return
        thinking = yield from self._find_thinking(plan)
        if thinking is not None and not cancel.is_set():
            yield from self._fan_out(_Thought(plan=plan, thinking=thinking))

    def _reuse(self, known: Known) -> tuple[str, Event]:
        """Take an answer of another generation over; return its id here, and the event."""
        account = self.account
        stage_id = account.tools.new_id()
        event = StageReused(
            generation_id=account.generation_id,
            stage_id=stage_id,
            reused_from=known.stage_id,
            edited=known.edited,
            stage=known.stage,
            image_model=known.image_model,
            model=known.model,
            output=known.output,
            plan=known.plan,
            at=account.tools.clock.now(),
            reasoning=known.reasoning,
            question=known.question,
        )
        return stage_id, account.write(event)

    def _find_plan(self) -> Generator[Event, None, ActionPlan | None]:
        if self.work.plan:
            return self.work.plan.plan
        if self.account.cancel.is_set():
            return None
        planned = yield from self._plan()
        if planned.plan is None:
            self.fault = self._say_unplanned(planned)
        return planned.plan

    def _find_thinking(self, plan: ActionPlan) -> Generator[Event, None, str | None]:
        if self.work.thinking:
            return self.work.thinking.output
        thought = yield from ask(
            self.account,
            write_question(self.account, Stage.THINKING, action_plan=plan_to_json(plan)),
        )
        self.fault = thought.fault
        return None if thought.fault else thought.output

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

    def _fan_out(self, thought: "_Thought | None") -> Iterator[Event]:
        """Run one lane per image model, each in its own thread; yield what they report."""
        news = _News()

        def work(events: Iterator[Event], sent: threading.Event) -> None:
            try:
                for event in events:
                    news.put(event)
            except BaseException as error:  # noqa: BLE001 - raised again in `_drain`
                news.put(error)
            sent.set()
            news.put(None)

        threads: list[threading.Thread] = []
        for lane in self.work.lanes:
            sent = threading.Event()
            named = [(f"lane {lane.image_model}", self._lane(lane, thought, sent))]
            if lane.baseline:
                named.append((f"baseline {lane.image_model}", self._baseline(lane, sent)))
            threads.extend(
                threading.Thread(target=work, args=(events, sent), name=name, daemon=True)
                for name, events in named
            )
        for thread in threads:
            thread.start()
        yield from _drain(news, lanes=len(threads))

    def _lane(
        self, lane: Lane, thought: "_Thought | None", sent: threading.Event
    ) -> Iterator[Event]:
        words = lane.words
        if words is None and thought:
            words = yield from self._construct(lane.image_model, thought)
        elif words and words.construction:
            stage_id, event = self._reuse(words.construction)
            yield event
            words = replace(words, stage_id=stage_id)
        if words is None or self.account.cancel.is_set():
            return
        for event in Run.of(self.account, lane).events(words):
            self.painting.add(lane.image_model)
            sent.set()
            yield event

    def _baseline(self, lane: Lane, sent: threading.Event) -> Iterator[Event]:
        """Paint the request unchanged, from the moment on at which the model's own words are sent."""
        sent.wait()
        if lane.image_model not in self.painting or self.account.cancel.is_set():
            return
        request = self.account.request.request
        run = Run.of(self.account, replace(lane, parent_run_id=None))
        yield from run.events(Words(text=request, origin=PromptOrigin.RAW))

    def _construct(self, image_model: str, thought: "_Thought") -> Generator[Event, None, Words]:
        answer = yield from ask(
            self.account,
            write_question(
                self.account,
                Stage.PROMPT_CONSTRUCTION,
                image_model,
                action_plan=plan_to_json(thought.plan),
                thinking=thought.thinking,
            ),
        )
        prompt, origin = answer.output.strip(), PromptOrigin.CONSTRUCTED
        limit = self.account.tools.catalog.image_model(image_model).max_prompt_chars
        if answer.fault or (limit is not None and len(prompt) > limit):
            prompt = render_fallback_prompt(thought.plan)[:limit]
            origin = PromptOrigin.FALLBACK
        return Words(text=prompt, origin=origin, stage_id=answer.stage_id)

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
        best = account.outcomes
        delivered = all(
            best.get(model) is RunStatus.SUCCEEDED for model in account.request.image_models
        )
        if account.cancel.is_set() and not (delivered and self.work.earlier):
            return GenerationStatus.CANCELLED
        # What was delivered earlier may have been deleted since.
        if not account.pictures and RunStatus.SUCCEEDED not in best.values():
            return GenerationStatus.REFUSED if self._is_refused() else GenerationStatus.FAILED
        return GenerationStatus.SUCCEEDED if delivered else GenerationStatus.PARTIAL

    def _is_refused(self) -> bool:
        """Say whether safety systems alone are why there is no picture."""
        if self.fault:
            return self.fault.code == RefusedError.code
        return set(self.account.outcomes.values()) == {RunStatus.REFUSED}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Thought:
    """What words for an image model are constructed from."""

    plan: ActionPlan
    thinking: str


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
