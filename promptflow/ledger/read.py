"""Rows into events and records. Floor 4: reads only.

The canonical order of a generation read back: `FlowStarted`; its references by position; its stages in the
order they started, each whole (started, retries by number, one delta with all its reasoning and one with
all it said, closed); then its runs in the order they started, each
whole (started, retries by number, pictures by position, closed); `FlowFinished`. Live, lanes of
several models interleave, a retry may follow a picture, and work that was resumed comes after a
`FlowResumed`; nothing else differs.
"""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import fields
from datetime import date

from promptflow.clock import from_text
from promptflow.errors import UnknownGenerationError
from promptflow.events import (
    Event,
    FlowFinished,
    FlowStarted,
    ImageReady,
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
    AssetRole,
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

_EXCERPT_CHARS = 60
"""How much of an id that leads nowhere is repeated to whoever gave it."""


def read_events(connection: sqlite3.Connection, generation_id: str) -> tuple[Event, ...]:
    """Rebuild the events of one generation.

    Args:
        connection: to the ledger, inside a transaction.
        generation_id: whose.

    Returns:
        The canonical order; what is still running has no closing event.

    Raises:
        UnknownGenerationError: there is no such generation.
    """
    sql = "SELECT * FROM generations WHERE id = ?"
    # What was typed may hold bytes that are no text, and SQLite takes texts only.
    generation_id = generation_id.encode(errors="replace").decode()
    row = connection.execute(sql, (generation_id,)).fetchone()
    if row is None:
        raise UnknownGenerationError(tell_unknown(generation_id))
    return (
        _flow_started(row),
        *_references(connection, generation_id),
        *_stages(connection, generation_id),
        *_runs(connection, generation_id),
        *_flow_finished(row),
    )


def tell_unknown(generation_id: str) -> str:
    """Say that an id leads nowhere.

    Args:
        generation_id: anything.
    """
    told = f"There is no generation {generation_id[:_EXCERPT_CHARS]!r} in this ledger."
    return f"{told} {UnknownGenerationError.advice}"


def _flow_started(row: sqlite3.Row) -> FlowStarted:
    return FlowStarted(
        generation_id=row["id"],
        request=GenerationRequest(
            request=row["request"],
            text_model=row["text_model"],
            image_models=tuple(json.loads(row["image_models"])),
            aspect_ratio=row["aspect_ratio"],
            images_per_model=row["images_per_model"],
            seed=row["seed"],
            parameters={
                model: ImageParameters(**asked)
                for model, asked in json.loads(row["parameters"]).items()
            },
            estimate_micro_usd=row["estimate_micro_usd"],
            baseline=bool(row["baseline"]),
            instructions={
                Stage(stage): text for stage, text in json.loads(row["instructions"]).items()
            },
        ),
        at=from_text(row["created_at"]),
        parent_id=row["parent_id"],
        forked_at=Stage(row["forked_at"]) if row["forked_at"] else None,
    )


def _flow_finished(row: sqlite3.Row) -> Iterator[FlowFinished]:
    status = GenerationStatus(row["status"])
    if status is GenerationStatus.RUNNING:
        return
    yield FlowFinished(
        generation_id=row["id"],
        status=status,
        fault=to_fault(row) if row["error_code"] is not None else None,
        # Unknown, and NULL, where the process ended first.
        total_ms=row["total_ms"] or 0,
        cost_micro_usd=row["cost_micro_usd"],
        at=from_text(row["finished_at"]),
    )


def _references(connection: sqlite3.Connection, generation_id: str) -> Iterator[ReferenceStored]:
    sql = "SELECT * FROM assets WHERE generation_id = ? AND role = ? ORDER BY position"
    for row in connection.execute(sql, (generation_id, AssetRole.REFERENCE)):
        yield ReferenceStored(
            generation_id=generation_id, index=row["position"], asset=to_asset(row)
        )


def _stages(connection: sqlite3.Connection, generation_id: str) -> Iterator[Event]:
    sql = "SELECT * FROM stages WHERE generation_id = ? ORDER BY ordinal"
    for row in connection.execute(sql, (generation_id,)):
        if row["reused_from"] is not None:
            yield _stage_reused(row)
            continue
        yield StageStarted(
            generation_id=generation_id,
            stage_id=row["id"],
            stage=Stage(row["stage"]),
            image_model=row["image_model"],
            model=row["model"],
            at=from_text(row["started_at"]),
            question=to_question(row),
        )
        yield from _stage_retries(connection, row["id"])
        if row["reasoning"]:
            yield ReasoningDelta(stage_id=row["id"], text=row["reasoning"])
        if row["output"]:
            yield StageDelta(stage_id=row["id"], text=row["output"])
        yield from _stage_closed(row)


def _stage_reused(row: sqlite3.Row) -> StageReused:
    return StageReused(
        generation_id=row["generation_id"],
        stage_id=row["id"],
        reused_from=row["reused_from"],
        edited=bool(row["edited"]),
        stage=Stage(row["stage"]),
        image_model=row["image_model"],
        model=row["model"],
        output=row["output"],
        plan=to_plan(row["plan"]),
        at=from_text(row["started_at"]),
        reasoning=row["reasoning"],
        question=to_question(row),
    )


def to_question(row: sqlite3.Row) -> Question | None:
    """Return what a row of a stage says it was sent; ``None`` where that was not kept."""
    if row["question_sha256"] is None:
        return None
    return Question(
        instructions=row["instructions"],
        material=row["material"],
        sha256=row["question_sha256"],
    )


def _stage_retries(connection: sqlite3.Connection, stage_id: str) -> Iterator[StageRetrying]:
    sql = "SELECT * FROM attempts WHERE stage_id = ? ORDER BY number"
    for row in connection.execute(sql, (stage_id,)):
        yield StageRetrying(
            stage_id=stage_id,
            attempt_id=row["id"],
            attempt=row["number"],
            wait_s=row["wait_after_ms"] / 1000,
            fault=to_attempt_fault(row),
            at=from_text(row["ended_at"]),
        )


def _stage_closed(row: sqlite3.Row) -> Iterator[StageFinished | StageFailed]:
    timeline = tuple((ms, chars) for ms, chars in json.loads(row["timeline"]))
    match StageStatus(row["status"]):
        case StageStatus.RUNNING:
            return
        case StageStatus.SUCCEEDED:
            yield StageFinished(
                stage_id=row["id"],
                output=row["output"],
                plan=to_plan(row["plan"]),
                timeline=timeline,
                first_token_ms=row["first_token_ms"],
                total_ms=row["total_ms"],
                usage=_usage(row),
                cost_micro_usd=row["cost_micro_usd"],
                price_source=row["price_source"],
                price_date=_price_date(row),
                reasoning=row["reasoning"],
                attempt=row["attempts"],
            )
        case StageStatus.REFUSED | StageStatus.FAILED | StageStatus.INTERRUPTED:
            yield StageFailed(
                stage_id=row["id"],
                output=row["output"],
                fault=to_fault(row),
                timeline=timeline,
                first_token_ms=row["first_token_ms"],
                total_ms=row["total_ms"] or 0,
                usage=_usage(row),
                cost_micro_usd=row["cost_micro_usd"],
                price_source=row["price_source"],
                price_date=_price_date(row),
                reasoning=row["reasoning"],
                attempt=row["attempts"],
            )


def _runs(connection: sqlite3.Connection, generation_id: str) -> Iterator[Event]:
    sql = """
        SELECT runs.*, prompts.text AS prompt, prompts.origin, prompts.stage_id,
            prompts.parent_prompt_id
        FROM runs JOIN prompts ON prompts.id = runs.prompt_id
        WHERE runs.generation_id = ? ORDER BY runs.ordinal
    """
    for row in connection.execute(sql, (generation_id,)):
        yield RunStarted(
            generation_id=generation_id,
            run_id=row["id"],
            image_model=row["image_model"],
            provider=row["provider"],
            version=row["version"],
            prompt_id=row["prompt_id"],
            prompt=row["prompt"],
            prompt_origin=PromptOrigin(row["origin"]),
            stage_id=row["stage_id"],
            at=from_text(row["started_at"]),
            parameters=_parameters(row["parameters"]) or ImageParameters(),
            seed=row["seed"],
            images=row["images"],
            parent_run_id=row["parent_run_id"],
            parent_prompt_id=row["parent_prompt_id"],
        )
        sql = "SELECT * FROM attempts WHERE run_id = ? ORDER BY number"
        attempts = connection.execute(sql, (row["id"],)).fetchall()
        yield from _retries(attempts)
        yield from _pictures(connection, row["id"])
        yield from _run_closed(row, attempts)


def _retries(attempts: list[sqlite3.Row]) -> Iterator[RunRetrying]:
    for row in attempts:
        if row["wait_after_ms"] is not None:
            yield RunRetrying(
                run_id=row["run_id"],
                attempt_id=row["id"],
                attempt=row["number"],
                wait_s=row["wait_after_ms"] / 1000,
                fault=to_attempt_fault(row),
                at=from_text(row["ended_at"]),
            )


def _pictures(connection: sqlite3.Connection, run_id: str) -> Iterator[ImageReady]:
    # Those of a deleted generation are marked by that alone; whoever asks for it may see them.
    sql = """
        SELECT * FROM assets WHERE run_id = ? AND role = ? AND deleted_at IS NULL
        ORDER BY position
    """
    for row in connection.execute(sql, (run_id, AssetRole.OUTPUT)):
        yield ImageReady(
            run_id=run_id,
            index=row["position"],
            asset=to_asset(row),
            seed=row["seed"],
            # Unknown, and NULL, for a picture that recovery found.
            at_ms=row["at_ms"] or 0,
            resolved=_parameters(row["resolved"]),
            request_id=row["request_id"],
        )


def _run_closed(row: sqlite3.Row, attempts: list[sqlite3.Row]) -> Iterator[RunFinished | RunFailed]:
    status = RunStatus(row["status"])
    if status is RunStatus.RUNNING:
        return
    ending = attempts[-1]
    if status is RunStatus.SUCCEEDED:
        yield RunFinished(
            run_id=row["id"],
            attempt_id=ending["id"],
            attempt=ending["number"],
            total_ms=row["total_ms"],
            usage=_usage(row),
            cost_micro_usd=row["cost_micro_usd"],
            price_source=row["price_source"],
            price_date=_price_date(row),
        )
        return
    yield RunFailed(
        run_id=row["id"],
        attempt_id=ending["id"],
        attempt=ending["number"],
        status=status,
        fault=to_fault(row),
        total_ms=row["total_ms"] or 0,
        usage=_usage(row),
        cost_micro_usd=row["cost_micro_usd"],
        price_source=row["price_source"],
        price_date=_price_date(row),
    )


def to_asset(row: sqlite3.Row) -> Asset:
    """Return the asset of a row of that table."""
    return Asset(
        asset_id=row["id"],
        role=AssetRole(row["role"]),
        backend=row["backend"],
        key=row["key"],
        sha256=row["sha256"],
        mime=row["mime"],
        width_px=row["width_px"],
        height_px=row["height_px"],
        size_bytes=row["size_bytes"],
    )


def to_fault(row: sqlite3.Row) -> Fault:
    """Return the failure of a row of a generation, stage or run."""
    return Fault(
        code=row["error_code"],
        message=row["error_message"],
        http_status=row["error_http_status"],
        category=row["error_category"],
        request_id=row["error_request_id"],
    )


def to_attempt_fault(row: sqlite3.Row) -> Fault:
    """Return the failure of a row of an attempt."""
    return Fault(
        code=row["error_code"],
        message=row["error_message"],
        http_status=row["http_status"],
        category=row["error_category"],
        request_id=row["error_request_id"],
    )


def _usage(row: sqlite3.Row) -> Usage:
    return Usage(**{one.name: row[one.name] for one in fields(Usage)})


def _price_date(row: sqlite3.Row) -> date | None:
    return date.fromisoformat(row["price_date"]) if row["price_date"] else None


def _parameters(text: str | None) -> ImageParameters | None:
    return ImageParameters(**json.loads(text)) if text is not None else None


def to_plan(text: str | None) -> ActionPlan | None:
    """Return the plan that a row of a stage holds as JSON."""
    if text is None:
        return None
    kept = json.loads(text)
    return ActionPlan(
        summary=kept["summary"],
        intent=kept["intent"],
        subjects=tuple(kept["subjects"]),
        style=kept["style"],
        composition=kept["composition"],
        mood=kept["mood"],
        technical_notes=tuple(kept["technical_notes"]),
    )
