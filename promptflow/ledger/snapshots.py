"""Copies of a whole ledger: taken while it is written to, and put back. Floor 4."""

import shutil
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from promptflow.clock import from_text
from promptflow.errors import LedgerError, SetupError
from promptflow.ledger.database import LedgerFile
from promptflow.ledger.migrations import find_pending

_LAST_CHANGE = """
    SELECT max(at) FROM (
        SELECT max(created_at) AS at FROM generations UNION ALL SELECT max(finished_at) FROM generations
        UNION ALL SELECT max(ended_at) FROM attempts UNION ALL SELECT max(created_at) FROM assets
    )
"""
_FIRST_GENERATION = "SELECT min(id) FROM generations"
_BESIDES = ("-wal", "-shm", "-journal")
"""Endings of the files that SQLite keeps beside its own."""


def take_snapshot(file: LedgerFile, target: Path) -> None:
    """Copy the ledger as it is at one moment; writers need not wait.

    Args:
        file: the ledger.
        target: a file to be made.

    Raises:
        LedgerError: the ledger can't be read, or the copy can't be written.
    """
    with (
        file.worded(LedgerError),
        closing(file.connect("ro")) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)
        # One file that needs none beside it.
        copy.execute("PRAGMA journal_mode=DELETE")


def read_series(file: LedgerFile) -> str | None:
    """Return what tells this ledger from others: the id of its first generation, if there is one.

    Raises:
        LedgerError: the ledger can't be read.
    """
    with file.reading() as connection:
        row = connection.execute(_FIRST_GENERATION).fetchone()
        return str(row[0]) if row[0] else None


def put_back(file: LedgerFile, copy: Path, *, now: datetime) -> Path | None:
    """Make a copy the ledger. One that is there is moved aside, and never one that is newer.

    Args:
        file: where the ledger is to be; nobody has it open.
        copy: a whole ledger, on the same disk; gone afterwards.
        now: dates the name under which the ledger that was there is kept.

    Returns:
        Where the ledger that was there is now; ``None`` if there was none.

    Raises:
        SetupError: the copy is damaged, no ledger, or of a newer version of Prompt Flow.
        LedgerError: the ledger that is there has changed after the copy was taken.
    """
    taken_at = _examine(LedgerFile(path=copy))
    aside = None
    if file.path.exists():
        changed_at = read_last_change(file)
        if changed_at and (taken_at is None or changed_at > taken_at):
            message = (
                f"The ledger {str(file.path)!r} was changed after this copy of it was taken: its last "
                f"change is of {changed_at:%Y-%m-%d %H:%M:%S} UTC. Nothing was put back; to go back "
                "all the same, move that file away first."
            )
            raise LedgerError(message)
        aside = file.path.with_name(f"{file.path.name}.before-{now:%Y%m%dT%H%M%SZ}")
        _move(file.path, aside)
    copy.replace(file.path)
    return aside


def _examine(copy: LedgerFile) -> datetime | None:
    """Make sure that a copy is whole and of a version we know; return its last change."""
    with copy.legible(SetupError), closing(copy.connect("ro")) as connection:
        problem = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        if problem != "ok":
            raise SetupError(f"The copy of the ledger is damaged ({problem}). Choose another one.")
        find_pending(connection, copy)
        return _last_change(connection)


def read_last_change(file: LedgerFile) -> datetime | None:
    """Return when a generation, an attempt or a picture was recorded last; ``None`` for none at all.

    Raises:
        LedgerError: the ledger can't be read.
    """
    with file.legible(LedgerError), closing(file.connect("ro")) as connection:
        return _last_change(connection)


def _last_change(connection: sqlite3.Connection) -> datetime | None:
    has_any = "SELECT 1 FROM sqlite_schema WHERE name = 'generations'"
    if connection.execute(has_any).fetchone() is None:
        return None
    at = connection.execute(_LAST_CHANGE).fetchone()[0]
    return from_text(at) if at else None


def _move(path: Path, aside: Path) -> None:
    """Move a database with what SQLite keeps beside it."""
    for ending in ("", *_BESIDES):
        source = path.with_name(path.name + ending)
        if source.exists():
            shutil.move(source, aside.with_name(aside.name + ending))
