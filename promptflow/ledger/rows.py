"""What more than one event, and recovery, do to the rows; always inside a transaction. Floor 4."""

import dataclasses
import json
import sqlite3
from collections.abc import Mapping
from datetime import datetime

from promptflow.clock import to_text
from promptflow.errors import LedgerError
from promptflow.records import Asset, Fault, ImageParameters, RunStatus, StageStatus, Usage
from promptflow.wording import mend_text

_UNKNOWN = "The table {!r} has no row {!r}. Record the event that opens it first."


def insert(db: sqlite3.Connection, table: str, row: Mapping[str, object]) -> None:
    """Insert one row; the names of table and columns are constants of this package."""
    marks = ", ".join(f":{name}" for name in row)
    db.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", _fit(row))  # noqa: S608


def update(db: sqlite3.Connection, table: str, row_id: str, row: Mapping[str, object]) -> None:
    """Change one row; the names of table and columns are constants of this package.

    Raises:
        LedgerError: there is no such row.
    """
    changes = ", ".join(f"{name} = :{name}" for name in row)
    sql = f"UPDATE {table} SET {changes} WHERE id = :id"  # noqa: S608
    if db.execute(sql, {**_fit(row), "id": row_id}).rowcount == 0:
        raise LedgerError(_UNKNOWN.format(table, row_id))


def _fit(row: Mapping[str, object]) -> dict[str, object]:
    """Replace half surrogate pairs in texts: models write them, SQLite can't hold them."""
    return {
        name: mend_text(value) if isinstance(value, str) else value for name, value in row.items()
    }


def fault_columns(fault: Fault | None) -> dict[str, object]:
    """Return the columns in which generations, stages and runs keep a failure."""
    return {
        "error_code": fault.code if fault else None,
        "error_message": fault.message if fault else None,
        "error_http_status": fault.http_status if fault else None,
        "error_category": fault.category if fault else None,
        "error_request_id": fault.request_id if fault else None,
    }


def attempt_columns(fault: Fault | None) -> dict[str, object]:
    """Return the columns in which attempts keep a failure."""
    columns = fault_columns(fault)
    columns["http_status"] = columns.pop("error_http_status")
    return columns


def row_of_asset(asset: Asset) -> dict[str, object]:
    """Return the columns that describe what is stored."""
    row = dataclasses.asdict(asset)
    return {"id": row.pop("asset_id"), **row}


def parameters_to_json(parameters: ImageParameters) -> str:
    """Render what is asked for as a JSON object; what is left to the model is left out."""
    told = dataclasses.asdict(parameters)
    return json.dumps({name: value for name, value in told.items() if value is not None})


def usage_columns(usage: Usage) -> dict[str, object]:
    """Return the columns in which stages and runs keep their tokens."""
    return dataclasses.asdict(usage)


def add_reference(
    db: sqlite3.Connection, *, generation_id: str, position: int, asset: Asset, now: datetime
) -> None:
    """Insert the row of one picture that goes along with a request.

    Args:
        db: inside a transaction.
        generation_id: the request it goes along with.
        position: which of the references, from 0.
        asset: what is stored.
        now: the time of recording.
    """
    row = {
        **row_of_asset(asset),
        "generation_id": generation_id,
        "position": position,
        "created_at": to_text(now),
    }
    insert(db, "assets", row)


def add_picture(
    db: sqlite3.Connection,
    *,
    run_id: str,
    position: int,
    asset: Asset,
    seed: int | None,
    at_ms: int | None,
    now: datetime,
    resolved: ImageParameters | None = None,
    request_id: str | None = None,
) -> None:
    """Insert the row of one picture that was painted.

    Args:
        db: inside a transaction.
        run_id: the run that made it.
        position: which of the run's pictures, from 0.
        asset: what is stored.
        seed: the seed used, where known.
        at_ms: milliseconds from the start of the run, where known.
        now: the time of recording.
        resolved: what the provider says it did, where it tells.
        request_id: the provider's own id of the call, where it gave one.

    Raises:
        LedgerError: there is no such run.
    """
    sql = "SELECT generation_id, image_model, status, cost_micro_usd FROM runs WHERE id = ?"
    found = db.execute(sql, (run_id,)).fetchone()
    if found is None:
        raise LedgerError(_UNKNOWN.format("runs", run_id))
    generation_id, image_model, status, cost_micro_usd = found
    row = {
        **row_of_asset(asset),
        "generation_id": generation_id,
        "run_id": run_id,
        "position": position,
        "seed": seed,
        "at_ms": at_ms,
        "resolved": parameters_to_json(resolved) if resolved else None,
        "request_id": request_id,
        "created_at": to_text(now),
        "image_model": image_model,
        "run_status": status,
        "run_cost_micro_usd": cost_micro_usd,
    }
    insert(db, "assets", row)
    sql = "UPDATE runs SET first_picture_ms = coalesce(first_picture_ms, ?) WHERE id = ?"
    db.execute(sql, (at_ms, run_id))


def add_ending(
    db: sqlite3.Connection,
    *,
    run_id: str,
    attempt_id: str,
    number: int,
    status: RunStatus,
    fault: Fault | None,
    now: datetime,
) -> None:
    """Insert the attempt that ended a run, unless its failure is there already.

    Args:
        db: inside a transaction.
        run_id: the run.
        attempt_id: the attempt.
        number: from 1.
        status: how it ended.
        fault: what went wrong, if anything.
        now: when it ended.
    """
    known = db.execute("SELECT 1 FROM attempts WHERE id = ?", (attempt_id,)).fetchone()
    if known:
        return
    row = {
        "id": attempt_id,
        "run_id": run_id,
        "number": number,
        "status": status,
        **attempt_columns(fault),
        "ended_at": to_text(now),
    }
    insert(db, "attempts", row)


def interrupt_parts(
    db: sqlite3.Connection, generation_id: str, *, fault: Fault, now: datetime
) -> None:
    """Mark the stages and runs of a generation that still say ``running`` as interrupted.

    Args:
        db: inside a transaction.
        generation_id: a generation that nobody works on any more.
        fault: why they ended.
        now: when that was noticed.
    """
    from uuid_utils import uuid7

    row = {"status": StageStatus.INTERRUPTED, **fault_columns(fault)}
    sql = "SELECT id FROM stages WHERE generation_id = ? AND status = 'running'"
    for (stage_id,) in db.execute(sql, (generation_id,)).fetchall():
        sql = "SELECT coalesce(max(number), 0) + 1 FROM attempts WHERE stage_id = ?"
        attempts = db.execute(sql, (stage_id,)).fetchone()[0]
        update(db, "stages", stage_id, {**row, "attempts": attempts})
    sql = "SELECT id FROM runs WHERE generation_id = ? AND status = 'running'"
    for (run_id,) in db.execute(sql, (generation_id,)).fetchall():
        update(db, "runs", run_id, row)
        sql = "SELECT coalesce(max(number), 0) + 1 FROM attempts WHERE run_id = ?"
        number = db.execute(sql, (run_id,)).fetchone()[0]
        add_ending(
            db,
            run_id=run_id,
            attempt_id=str(uuid7()),
            number=number,
            status=RunStatus.INTERRUPTED,
            fault=fault,
            now=now,
        )
