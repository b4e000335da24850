"""Titles, notes, tags, and the marks of what is deleted; the use of all of them. Floor 4.

A mark is all that deleting does, so that it can be undone. What it costs to have made something is told by
stages and runs, which no mark changes.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from promptflow.clock import from_text, to_text
from promptflow.errors import (
    DeletedGenerationError,
    InputError,
    LedgerError,
    UnknownGenerationError,
)
from promptflow.labels import Kind
from promptflow.ledger.keeping import tell_unknown_picture
from promptflow.ledger.read import tell_unknown
from promptflow.ledger.rows import insert
from promptflow.records import GenerationStatus, Labels
from promptflow.wording import title_of

_STATES = {
    "generation": "SELECT status, deleted_at, purged_at FROM generations WHERE id = ?",
    "picture": (
        "SELECT run_status AS status, deleted_at, purged_at FROM assets "
        "WHERE id = ? AND role = 'output'"
    ),
}
_EXCERPT_CHARS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where the labels of a kind are kept; constants of this module."""

    table: str
    tags: str
    owner: str


_PLACES: Mapping[Kind, _Place] = {
    "generation": _Place(table="generations", tags="generation_tags", owner="generation_id"),
    "picture": _Place(table="assets", tags="asset_tags", owner="asset_id"),
}


def read_labels(connection: sqlite3.Connection, kind: Kind, row_id: str) -> Labels:
    """Return what a person wrote on something.

    Args:
        connection: to the ledger, inside a transaction.
        kind: what it is.
        row_id: its id; it may come from an address.

    Raises:
        LedgerError: there is none of this id.
    """
    place, row_id = _PLACES[kind], _mend(row_id)
    _read_state(connection, kind, row_id)
    sql = f"SELECT title, note FROM {place.table} WHERE id = ?"  # noqa: S608
    title, note = connection.execute(sql, (row_id,)).fetchone()
    sql = f"SELECT tag FROM {place.tags} WHERE {place.owner} = ? ORDER BY tag"  # noqa: S608
    tags = tuple(row[0] for row in connection.execute(sql, (row_id,)))
    return Labels(title=title, note=note, tags=tags)


def read_all_labels(connection: sqlite3.Connection, generation_id: str) -> dict[str, Labels]:
    """Return what a person wrote on a generation and on its pictures.

    Args:
        connection: to the ledger, inside a transaction.
        generation_id: whose.

    Returns:
        Id of the generation or of a picture → what is written on it; empty labels among them.

    Raises:
        LedgerError: there is no such generation.
    """
    sql = "SELECT id FROM assets WHERE generation_id = ? AND role = 'output'"
    rows = connection.execute(sql, (generation_id,)).fetchall()
    return {
        generation_id: read_labels(connection, "generation", generation_id),
        **{row[0]: read_labels(connection, "picture", row[0]) for row in rows},
    }


def write_labels(db: sqlite3.Connection, kind: Kind, row_id: str, labels: Labels) -> None:
    """Replace what a person wrote on something.

    Args:
        db: inside a transaction.
        kind: what it is.
        row_id: its id.
        labels: as `clean_labels` returns them; a generation without a title gets the beginning of its
            request for one.

    Raises:
        LedgerError: there is none of this id, or it was deleted.
    """
    place, title = _PLACES[kind], labels.title
    state = _read_state(db, kind, row_id)
    if state["deleted_at"] is not None:
        raise LedgerError(f"The {kind} was deleted, so nothing was written. Restore it first.")
    if kind == "generation" and not title:
        sql = "SELECT request FROM generations WHERE id = ?"
        title = title_of(db.execute(sql, (row_id,)).fetchone()[0])
    sql = f"UPDATE {place.table} SET title = ?, note = ? WHERE id = ?"  # noqa: S608
    db.execute(sql, (title, labels.note, row_id))
    db.execute(f"DELETE FROM {place.tags} WHERE {place.owner} = ?", (row_id,))  # noqa: S608
    for tag in labels.tags:
        insert(db, place.tags, {place.owner: row_id, "tag": tag})


def list_tags(connection: sqlite3.Connection) -> tuple[str, ...]:
    """List the tags that are in use, in the order of the alphabet.

    Args:
        connection: to the ledger, inside a transaction.
    """
    sql = "SELECT tag FROM generation_tags UNION SELECT tag FROM asset_tags ORDER BY tag"
    return tuple(row[0] for row in connection.execute(sql))


def mark_deleted(db: sqlite3.Connection, kind: Kind, row_id: str, at: datetime) -> None:
    """Mark something as deleted; what is so already keeps its time.

    Args:
        db: inside a transaction.
        kind: what it is.
        row_id: its id.
        at: when.

    Raises:
        InputError: it is a generation that still runs.
        LedgerError: there is none of this id.
    """
    state = _read_state(db, kind, row_id)
    if state["status"] == GenerationStatus.RUNNING:
        message = (
            f"The {kind} {row_id[:_EXCERPT_CHARS]!r} is still being made, so it was not deleted. "
            "Cancel it first, or wait until it has ended."
        )
        raise InputError(kind, message)
    table = _PLACES[kind].table
    sql = f"UPDATE {table} SET deleted_at = coalesce(deleted_at, ?) WHERE id = ?"  # noqa: S608
    db.execute(sql, (to_text(at), row_id))


def unmark_deleted(db: sqlite3.Connection, kind: Kind, row_id: str) -> None:
    """Bring back what was deleted; what was not stays as it is.

    Args:
        db: inside a transaction.
        kind: what it is.
        row_id: its id.

    Raises:
        LedgerError: there is none of this id, or it was purged.
    """
    if _read_state(db, kind, row_id)["purged_at"] is not None:
        message = f"The {kind} was purged, or is about to be: it can't be brought back."
        raise LedgerError(message)
    table = _PLACES[kind].table
    db.execute(f"UPDATE {table} SET deleted_at = NULL WHERE id = ?", (row_id,))  # noqa: S608


def list_deleted_pictures(connection: sqlite3.Connection, generation_id: str) -> tuple[str, ...]:
    """List the pictures of a generation that were deleted by themselves and can be brought back.

    Args:
        connection: to the ledger, inside a transaction.
        generation_id: whose; it may come from an address.

    Returns:
        Their ids.
    """
    sql = """
        SELECT id FROM assets
        WHERE generation_id = ? AND deleted_at IS NOT NULL AND purged_at IS NULL ORDER BY id
    """
    return tuple(row[0] for row in connection.execute(sql, (_mend(generation_id),)))


def check_shown(connection: sqlite3.Connection, generation_id: str) -> None:
    """See that a generation was not deleted; one that there isn't passes.

    Args:
        connection: to the ledger, inside a transaction.
        generation_id: anything; it may come from an address.

    Raises:
        DeletedGenerationError: it was.
    """
    row = connection.execute(_STATES["generation"], (_mend(generation_id),)).fetchone()
    if row is None:
        return
    _, deleted, purged = row
    if deleted is None:
        return
    deleted_at = from_text(deleted)
    said = f"The generation {generation_id!r} was deleted on {deleted_at:%Y-%m-%d at %H:%M} UTC."
    if purged is None:
        said += " Restore it in the Studio, at its address, or with `delete --undo`."
    else:
        said += " It was purged since: what is left of it is what it cost."
    raise DeletedGenerationError(said, deleted_at=deleted_at, is_purged=purged is not None)


def _read_state(
    connection: sqlite3.Connection, kind: Kind, row_id: str
) -> Mapping[str, str | None]:
    """Return the status and the marks of something.

    Raises:
        LedgerError: there is none of this id.
    """
    row = connection.execute(_STATES[kind], (_mend(row_id),)).fetchone()
    if row is None:
        is_generation = kind == "generation"
        unknown = UnknownGenerationError if is_generation else LedgerError
        raise unknown((tell_unknown if is_generation else tell_unknown_picture)(row_id))
    return dict(zip(("status", "deleted_at", "purged_at"), row, strict=True))


def _mend(row_id: str) -> str:
    """What was typed may hold bytes that are no text, and SQLite takes texts only."""
    return row_id.encode(errors="replace").decode()
