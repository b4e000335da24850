"""Copies of a whole ledger: taken while it is written to, and put back. Floor 4."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

from promptflow.clock import from_text
from promptflow.errors import LedgerError, SetupError
from promptflow.ledger.database import LedgerFile
from promptflow.ledger.migrations import find_pending

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_SPOILT = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}

_LAST_CHANGE = """
    SELECT max(at) FROM (
        SELECT max(created_at) AS at FROM generations UNION ALL SELECT max(finished_at) FROM generations
        UNION ALL SELECT max(ended_at) FROM attempts UNION ALL SELECT max(created_at) FROM assets
    )
"""
_GENERATIONS = "SELECT id FROM generations ORDER BY id"
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
    """Make a copy the ledger. One that is there is kept beside it, and never one that is newer.

    There is a ledger at every moment: broken off, it is either the one or the other.

    Args:
        file: where the ledger is to be; nobody has it open.
        copy: a whole ledger, on the same disk and on stable storage; gone afterwards.
        now: dates the name under which the ledger that was there is kept.

    Returns:
        Where the ledger that was there is now; ``None`` if there was none. One that is damaged is kept,
        too.

    Raises:
        SetupError: the copy is damaged, no ledger, or of a newer version of Prompt Flow.
        LedgerError: the ledger that is there has changed after the copy was taken, or another process
            has it open.
    """
    _examine(LedgerFile(path=copy))
    aside = None
    if file.path.exists():
        if _is_readable(file):
            _refuse_newer(file, LedgerFile(path=copy))
        _fold_log(file)
        aside = _find_name(file.path, now)
    try:
        if aside:
            os.link(file.path, aside)
        _clear_log(file.path, aside)
        copy.replace(file.path)
    except OSError as error:
        message = (
            f"{str(file.path)!r} can't be replaced ({error.strerror}). Make its folder writable."
        )
        raise LedgerError(message) from error
    return aside


def read_last_change(file: LedgerFile) -> datetime | None:
    """Return when a generation, an attempt or a picture was recorded last; ``None`` for none at all.

    Raises:
        LedgerError: the ledger can't be read.
    """
    with file.legible(LedgerError), closing(file.connect("ro")) as connection:
        return _last_change(connection)


def _examine(copy: LedgerFile) -> None:
    """Make sure that a copy is whole and of a version we know."""
    try:
        with copy.legible(LedgerError), closing(copy.connect("ro")) as connection:
            problem = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
            find_pending(connection, copy)
            _last_change(connection)
    except LedgerError as error:
        message = "The copy of the ledger is damaged: it can't be read. Choose another one."
        raise SetupError(message) from error
    if problem != "ok":
        raise SetupError(f"The copy of the ledger is damaged ({problem}). Choose another one.")


def _is_readable(file: LedgerFile) -> bool:
    """Say whether the ledger that is there can be compared; a damaged one can't."""
    try:
        read_last_change(file)
    except LedgerError as error:
        cause = error.__cause__
        if not isinstance(cause, sqlite3.Error):
            return False
        if getattr(cause, "sqlite_errorcode", 0) & _PRIMARY in _SPOILT:
            return False
        raise
    return True


def _refuse_newer(file: LedgerFile, copy: LedgerFile) -> None:
    """Make sure that nothing is recorded in the ledger that isn't in the copy."""
    changed_at, taken_at = read_last_change(file), read_last_change(copy)
    if changed_at and (taken_at is None or changed_at > taken_at):
        raise LedgerError(
            _NEWER.format(path=str(file.path), when=f"{changed_at:%Y-%m-%d %H:%M:%S}")
        )
    # What was imported is older than its coming.
    kept = set(_list_generations(copy))
    if any(generation_id not in kept for generation_id in _list_generations(file)):
        raise LedgerError(_MORE.format(path=str(file.path)))


def _list_generations(file: LedgerFile) -> Iterator[str]:
    with file.legible(LedgerError), closing(file.connect("ro")) as connection:
        if _has_any(connection):
            yield from (str(row[0]) for row in connection.execute(_GENERATIONS))


def _fold_log(file: LedgerFile) -> None:
    """Make the ledger one file that needs none beside it, which nobody else must have open."""
    try:
        with closing(file.connect("rw")) as connection:
            connection.execute("PRAGMA busy_timeout=2000")
            connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & _PRIMARY in _BUSY:
            raise LedgerError(_OPEN.format(path=str(file.path))) from error
        # A damaged one is kept as it is.


def _clear_log(path: Path, aside: Path | None) -> None:
    """Move away what is left of a log: it would be played into whatever takes the ledger's place."""
    for ending in _BESIDES:
        rest = path.with_name(path.name + ending)
        if aside and rest.exists():
            rest.replace(aside.with_name(aside.name + ending))
        else:
            rest.unlink(missing_ok=True)


def _find_name(path: Path, now: datetime) -> Path:
    """Return a name beside the ledger that is free."""
    plain = path.with_name(f"{path.name}.before-{now:%Y%m%dT%H%M%SZ}")
    aside, number = plain, 1
    while os.path.lexists(aside):
        number += 1
        aside = plain.with_name(f"{plain.name}-{number}")
    return aside


def _has_any(connection: sqlite3.Connection) -> bool:
    has_any = "SELECT 1 FROM sqlite_schema WHERE name = 'generations'"
    return connection.execute(has_any).fetchone() is not None


def _last_change(connection: sqlite3.Connection) -> datetime | None:
    if not _has_any(connection):
        return None
    at = connection.execute(_LAST_CHANGE).fetchone()[0]
    return from_text(at) if at else None


_PRIMARY = 0xFF
"""SQLite's extended error codes carry the primary one in the lowest byte."""
_NEWER = (
    "The ledger {path!r} was changed after this copy of it was taken: its last change is of {when} UTC. "
    "Nothing was put back; to go back all the same, move that file away first."
)
_MORE = (
    "The ledger {path!r} has generations that this copy has not. Nothing was put back; to go back all "
    "the same, move that file away first."
)
_OPEN = "The ledger {path!r} is open in another process. Stop the app, then try again; nothing was put back."
