"""What the events of a generation don't tell: where it comes from, when each call lay. Floor 4: reads."""

import sqlite3
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from promptflow.clock import from_text
from promptflow.errors import UnknownGenerationError
from promptflow.ledger.read import tell_unknown, to_asset, to_attempt_fault, to_fault
from promptflow.ledger.search import to_summary
from promptflow.records import (
    AttemptSpan,
    Fault,
    Lineage,
    RunStatus,
    Stage,
    StageStatus,
    Upload,
    UploadStatus,
)

_UPLOADS = """
    SELECT u.* FROM assets AS a CROSS JOIN uploads AS u ON u.asset_id = a.id
    WHERE a.generation_id = ? ORDER BY u.asset_id, u.number
"""
_THUMBNAILS = """
    SELECT t.* FROM assets AS a
    CROSS JOIN assets AS t ON t.source_id = a.id AND t.role = 'thumbnail'
    WHERE a.generation_id = ?
"""
_CHILDREN = """
    SELECT id, title, image_models, status, created_at, parent_id FROM generations
    WHERE parent_id = ? AND deleted_at IS NULL ORDER BY id
"""
_REUSED = "SELECT id, reused_from FROM stages WHERE generation_id = ? AND reused_from IS NOT NULL"
_PROMPTS = """
    SELECT id, parent_prompt_id FROM prompts
    WHERE generation_id = ? AND parent_prompt_id IS NOT NULL
"""
_RUNS = "SELECT id, parent_run_id FROM runs WHERE generation_id = ? AND parent_run_id IS NOT NULL"
_STARS = "SELECT id, starred_at FROM assets WHERE generation_id = ? AND starred_at IS NOT NULL"


def read_lineage(connection: sqlite3.Connection, generation_id: str) -> Lineage:
    """Read what `read_events` leaves out.

    Args:
        connection: to the ledger, inside a transaction.
        generation_id: whose.

    Returns:
        What is known so far.

    Raises:
        UnknownGenerationError: there is no such generation.
    """
    # What was typed may hold bytes that are no text, and SQLite takes texts only.
    generation_id = generation_id.encode(errors="replace").decode()
    sql = "SELECT parent_id, forked_at FROM generations WHERE id = ?"
    row = connection.execute(sql, (generation_id,)).fetchone()
    if row is None:
        raise UnknownGenerationError(tell_unknown(generation_id))
    whose = (generation_id,)
    stars = _pairs(connection, _STARS, generation_id)
    return Lineage(
        parent_id=row["parent_id"],
        forked_at=Stage(row["forked_at"]) if row["forked_at"] else None,
        children=tuple(to_summary(child) for child in connection.execute(_CHILDREN, whose)),
        reused_stages=_pairs(connection, _REUSED, generation_id),
        prompt_parents=_pairs(connection, _PROMPTS, generation_id),
        run_parents=_pairs(connection, _RUNS, generation_id),
        attempts=(*_stage_spans(connection, whose), *_run_spans(connection, whose)),
        uploads=tuple(_upload(one) for one in connection.execute(_UPLOADS, whose)),
        thumbnails={
            one["source_id"]: to_asset(one) for one in connection.execute(_THUMBNAILS, whose)
        },
        stars={asset_id: from_text(at) for asset_id, at in stars.items()},
    )


def _pairs(connection: sqlite3.Connection, sql: str, generation_id: str) -> Mapping[str, str]:
    return {row[0]: row[1] for row in connection.execute(sql, (generation_id,))}


def _stage_spans(connection: sqlite3.Connection, whose: tuple[str]) -> Iterator[AttemptSpan]:
    """Yield a stage's failed attempts, and the last one, which is told by its own row."""
    sql = """
        SELECT * FROM stages WHERE generation_id = ? AND reused_from IS NULL ORDER BY ordinal
    """
    for stage in connection.execute(sql, whose):
        began = from_text(stage["started_at"])
        sql = "SELECT * FROM attempts WHERE stage_id = ? ORDER BY number"
        tried = connection.execute(sql, (stage["id"],)).fetchall()
        for row in tried:
            yield _span(row, began)
            began = _next_began(row)
        known = stage["total_ms"] is not None
        yield AttemptSpan(
            stage_id=stage["id"],
            run_id=None,
            number=stage["attempts"] if known else len(tried) + 1,
            status=StageStatus(stage["status"]),
            fault=to_fault(stage) if stage["error_code"] is not None else None,
            started_at=began,
            ended_at=_after(stage["started_at"], stage["total_ms"]) if known else None,
        )


def _run_spans(connection: sqlite3.Connection, whose: tuple[str]) -> Iterator[AttemptSpan]:
    """Yield a run's attempts, the one that ended it among them, and the one under way."""
    sql = "SELECT id, status, started_at FROM runs WHERE generation_id = ? ORDER BY ordinal"
    for run in connection.execute(sql, whose):
        began = from_text(run["started_at"])
        sql = "SELECT * FROM attempts WHERE run_id = ? ORDER BY number"
        tried = connection.execute(sql, (run["id"],)).fetchall()
        for row in tried:
            yield _span(row, began)
            began = _next_began(row)
        if run["status"] == RunStatus.RUNNING:
            yield AttemptSpan(
                stage_id=None,
                run_id=run["id"],
                number=len(tried) + 1,
                status=RunStatus.RUNNING,
                fault=None,
                started_at=began,
                ended_at=None,
            )


def _span(row: sqlite3.Row, began: datetime) -> AttemptSpan:
    status = RunStatus(row["status"])
    return AttemptSpan(
        stage_id=row["stage_id"],
        run_id=row["run_id"],
        number=row["number"],
        status=status,
        fault=to_attempt_fault(row) if row["error_code"] is not None else None,
        started_at=began,
        # What was interrupted is dated by when that was noticed, which may be days later.
        ended_at=None if status is RunStatus.INTERRUPTED else from_text(row["ended_at"]),
    )


def _next_began(row: sqlite3.Row) -> datetime:
    wait = timedelta(milliseconds=row["wait_after_ms"] or 0)
    return from_text(row["ended_at"]) + wait


def _after(started_at: str, total_ms: int) -> datetime:
    return from_text(started_at) + timedelta(milliseconds=total_ms)


def _upload(row: sqlite3.Row) -> Upload:
    failed = row["error_code"] is not None
    return Upload(
        asset_id=row["asset_id"],
        number=row["number"],
        status=UploadStatus(row["status"]),
        fault=Fault(code=row["error_code"], message=row["error_message"]) if failed else None,
        size_bytes=row["size_bytes"],
        started_at=from_text(row["started_at"]),
        total_ms=row["total_ms"],
    )
