"""Events into rows: one event, one transaction. Floor 4."""

import dataclasses
import json
import sqlite3
from collections.abc import Mapping
from datetime import datetime

from promptflow.clock import to_text
from promptflow.errors import BusyGenerationError
from promptflow.events import (
    FlowFinished,
    FlowResumed,
    FlowStarted,
    ImageReady,
    ReferenceStored,
    RunFailed,
    RunFinished,
    RunRetrying,
    RunStarted,
    StageFailed,
    StageFinished,
    StageRetrying,
    StageReused,
    StageStarted,
)
from promptflow.ledger.organising import check_shown
from promptflow.ledger.rows import (
    add_ending,
    add_picture,
    add_reference,
    attempt_columns,
    fault_columns,
    insert,
    interrupt_parts,
    parameters_to_json,
    update,
    usage_columns,
)
from promptflow.records import (
    ActionPlan,
    Fault,
    GenerationRequest,
    GenerationStatus,
    Question,
    RunStatus,
    StageStatus,
)
from promptflow.wording import title_of

KeptEvent = (
    FlowStarted
    | FlowResumed
    | ReferenceStored
    | StageStarted
    | StageReused
    | StageRetrying
    | StageFinished
    | StageFailed
    | RunStarted
    | RunRetrying
    | ImageReady
    | RunFinished
    | RunFailed
    | FlowFinished
)
"""The events that are written down: all but those that live in memory only."""

_LEFT_OVER = Fault(
    code="interrupted",
    message="The flow ended while this was running. What was finished is kept.",
)


def write_event(
    db: sqlite3.Connection,
    event: KeptEvent,
    *,
    owner: str,
    now: datetime,
) -> None:
    """Write one event into the rows.

    Args:
        db: inside a transaction.
        event: the event.
        owner: the process that runs the flow.
        now: dates what the event doesn't.

    Raises:
        BusyGenerationError: it resumes a generation that is being worked on.
        DeletedGenerationError: it resumes a generation that was deleted.
        LedgerError: what it belongs to is unknown, or not recorded.
    """
    writer = _Writer(db=db, owner=owner, now=now)
    match event:
        case FlowStarted() | FlowResumed() | ReferenceStored() | FlowFinished():
            writer.write_flow(event)
        case StageStarted() | StageReused() | StageRetrying() | StageFinished() | StageFailed():
            writer.write_stage(event)
        case RunStarted() | RunRetrying() | ImageReady() | RunFinished() | RunFailed():
            writer.write_run(event)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Writer:
    """One event on its way into the rows, inside a transaction."""

    db: sqlite3.Connection
    owner: str
    now: datetime

    def write_flow(self, event: FlowStarted | FlowResumed | ReferenceStored | FlowFinished) -> None:
        match event:
            case FlowStarted():
                self._open_generation(event)
            case FlowResumed():
                self._reopen_generation(event)
            case ReferenceStored():
                add_reference(
                    self.db,
                    generation_id=event.generation_id,
                    position=event.index,
                    asset=event.asset,
                    now=self.now,
                )
            case FlowFinished():
                self._close_generation(event)

    def write_stage(
        self, event: StageStarted | StageReused | StageRetrying | StageFinished | StageFailed
    ) -> None:
        match event:
            case StageStarted():
                self._open_stage(event)
            case StageReused():
                self._take_stage_over(event)
            case StageRetrying():
                self._keep_retry(event, {"stage_id": event.stage_id})
            case StageFinished():
                done = {"status": StageStatus.SUCCEEDED, "plan": _plan_to_json(event.plan)}
                self._close_stage(event, done)
            case StageFailed():
                failed = {"status": event.status, **fault_columns(event.fault)}
                self._close_stage(event, failed)

    def write_run(
        self, event: RunStarted | RunRetrying | ImageReady | RunFinished | RunFailed
    ) -> None:
        match event:
            case RunStarted():
                self._open_run(event)
            case RunRetrying():
                self._keep_retry(event, {"run_id": event.run_id})
            case ImageReady():
                self._keep_picture(event)
            case RunFinished():
                self._close_run(event, RunStatus.SUCCEEDED, None)
            case RunFailed():
                self._close_run(event, event.status, event.fault)

    def _open_generation(self, event: FlowStarted) -> None:
        request = event.request
        row = {
            "id": event.generation_id,
            "title": title_of(request.request),
            "request": request.request,
            "text_model": request.text_model,
            "aspect_ratio": request.aspect_ratio,
            "images_per_model": request.images_per_model,
            "seed": request.seed,
            **_what_may_be_added(request),
            "baseline": int(request.baseline),
            "instructions": json.dumps(request.instructions, ensure_ascii=False),
            "parent_id": event.parent_id,
            "forked_at": event.forked_at,
            "owner": self.owner,
            "status": GenerationStatus.RUNNING,
            "created_at": to_text(event.at),
        }
        insert(self.db, "generations", row)

    def _reopen_generation(self, event: FlowResumed) -> None:
        """Let a generation run again; only one flow at a time, of whatever process, may have it."""
        check_shown(self.db, event.generation_id)
        sql = "SELECT status, finished_at FROM generations WHERE id = ?"
        found = self.db.execute(sql, (event.generation_id,)).fetchone()
        # One that has run and ended since it was looked at isn't what this flow was planned for.
        changed = found and event.after and found[1] != to_text(event.after)
        if found and (found[0] == GenerationStatus.RUNNING or changed):
            raise BusyGenerationError
        row = {
            **_what_may_be_added(event.request),
            "owner": self.owner,
            "status": GenerationStatus.RUNNING,
            **fault_columns(None),
            # What the earlier flows came to is not what this one will have come to when it breaks off.
            "cost_micro_usd": None,
            "total_ms": None,
            "finished_at": None,
        }
        update(self.db, "generations", event.generation_id, row)

    def _open_stage(self, event: StageStarted) -> None:
        row = {
            **self._stage_columns(event),
            "status": StageStatus.RUNNING,
        }
        insert(self.db, "stages", row)

    def _take_stage_over(self, event: StageReused) -> None:
        row = {
            **self._stage_columns(event),
            "reused_from": event.reused_from,
            "edited": int(event.edited),
            "output": event.output,
            "plan": _plan_to_json(event.plan),
            "reasoning": event.reasoning,
            "status": StageStatus.SUCCEEDED,
            "cost_micro_usd": 0,
        }
        insert(self.db, "stages", row)

    def _stage_columns(self, event: StageStarted | StageReused) -> dict[str, object]:
        return {
            "id": event.stage_id,
            "generation_id": event.generation_id,
            "ordinal": self._next_ordinal(
                "SELECT max(ordinal) FROM stages WHERE generation_id = ?", event.generation_id
            ),
            "stage": event.stage,
            "image_model": event.image_model,
            "model": event.model,
            "started_at": to_text(event.at),
            **_question_columns(event.question),
        }

    def _close_stage(
        self, event: StageFinished | StageFailed, outcome: Mapping[str, object]
    ) -> None:
        row = {
            "output": event.output,
            "reasoning": event.reasoning,
            "timeline": json.dumps(event.timeline),
            "first_token_ms": event.first_token_ms,
            "attempts": event.attempt,
            **_bill(event),
            **outcome,
        }
        update(self.db, "stages", event.stage_id, row)

    def _open_run(self, event: RunStarted) -> None:
        prompt = {
            "id": event.prompt_id,
            "generation_id": event.generation_id,
            "stage_id": event.stage_id,
            "image_model": event.image_model,
            "text": event.prompt,
            "origin": event.prompt_origin,
            "parent_prompt_id": event.parent_prompt_id,
        }
        run = {
            "id": event.run_id,
            "generation_id": event.generation_id,
            "ordinal": self._next_ordinal(
                "SELECT max(ordinal) FROM runs WHERE generation_id = ?", event.generation_id
            ),
            "prompt_id": event.prompt_id,
            "image_model": event.image_model,
            "provider": event.provider,
            "version": event.version,
            "parameters": parameters_to_json(event.parameters),
            "seed": event.seed,
            "images": event.images,
            "parent_run_id": event.parent_run_id,
            "status": RunStatus.RUNNING,
            "started_at": to_text(event.at),
        }
        # The same words sent once more are the same prompt.
        sql = "SELECT 1 FROM prompts WHERE id = ?"
        if self.db.execute(sql, (event.prompt_id,)).fetchone() is None:
            insert(self.db, "prompts", prompt)
        insert(self.db, "runs", run)

    def _keep_retry(self, event: RunRetrying | StageRetrying, whose: Mapping[str, str]) -> None:
        row = {
            "id": event.attempt_id,
            **whose,
            "number": event.attempt,
            "status": RunStatus.FAILED,
            **attempt_columns(event.fault),
            "wait_after_ms": round(event.wait_s * 1000),
            "ended_at": to_text(event.at),
        }
        insert(self.db, "attempts", row)

    def _keep_picture(self, event: ImageReady) -> None:
        add_picture(
            self.db,
            run_id=event.run_id,
            position=event.index,
            asset=event.asset,
            seed=event.seed,
            at_ms=event.at_ms,
            now=self.now,
            resolved=event.resolved,
            request_id=event.request_id,
        )

    def _close_run(
        self, event: RunFinished | RunFailed, status: RunStatus, fault: Fault | None
    ) -> None:
        row = {
            "status": status,
            **_bill(event),
            **fault_columns(fault),
        }
        update(self.db, "runs", event.run_id, row)
        add_ending(
            self.db,
            run_id=event.run_id,
            attempt_id=event.attempt_id,
            number=event.attempt,
            # A run can be partial; the attempt that ended it failed.
            status=RunStatus.FAILED if status is RunStatus.PARTIAL else status,
            fault=fault,
            now=self.now,
        )

    def _close_generation(self, event: FlowFinished) -> None:
        # A lane that could not record its end leaves rows that would read as running for ever.
        interrupt_parts(self.db, event.generation_id, fault=_LEFT_OVER, now=event.at)
        row = {
            "status": event.status,
            **fault_columns(event.fault),
            "cost_micro_usd": event.cost_micro_usd,
            "total_ms": event.total_ms,
            "finished_at": to_text(event.at),
        }
        update(self.db, "generations", event.generation_id, row)

    def _next_ordinal(self, sql: str, generation_id: str) -> int:
        return int(self.db.execute(sql, (generation_id,)).fetchone()[0] or 0) + 1


def _bill(event: StageFinished | StageFailed | RunFinished | RunFailed) -> dict[str, object]:
    """Return the columns in which stages and runs keep what they took."""
    return {
        "total_ms": event.total_ms,
        **usage_columns(event.usage),
        "cost_micro_usd": event.cost_micro_usd,
        "price_source": event.price_source,
        "price_date": event.price_date.isoformat() if event.price_date else None,
    }


def _what_may_be_added(request: GenerationRequest) -> dict[str, object]:
    """Return the columns of a request that change when image models are added."""
    return {
        "image_models": json.dumps(request.image_models, ensure_ascii=False),
        "parameters": json.dumps(
            {
                model: json.loads(parameters_to_json(asked))
                for model, asked in request.parameters.items()
            },
            ensure_ascii=False,
        ),
        "estimate_micro_usd": request.estimate_micro_usd,
    }


def _question_columns(question: Question | None) -> dict[str, object]:
    return {
        "instructions": question.instructions if question else None,
        "material": question.material if question else None,
        "question_sha256": question.sha256 if question else None,
    }


def _plan_to_json(plan: ActionPlan | None) -> str | None:
    return json.dumps(dataclasses.asdict(plan), ensure_ascii=False) if plan else None
