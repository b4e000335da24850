"""Titles, notes, tags, stars, and the marks of what is deleted; the use of all of them. Floor 4.

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
from promptflow.ledger.access import Access
from promptflow.ledger.keeping import tell_unknown_picture
from promptflow.ledger.read import tell_unknown
from promptflow.ledger.rows import insert
from promptflow.records import DeletedPicture, GenerationStatus, Labels
from promptflow.wording import title_of

_STATES = {
    "generation": "SELECT status, deleted_at, purged_at FROM generations WHERE id = ?",
    "picture": (
        "SELECT run_status AS status, deleted_at, purged_at FROM assets "
        "WHERE id = ? AND role = 'output'"
    ),
}
_HIDDEN = "SELECT 1 FROM assets WHERE id = ? AND hidden = 1"
_STAR = """
    UPDATE assets SET starred_at = iif(:at IS NULL, NULL, coalesce(starred_at, :at)) WHERE id = :id
"""
_DELETED_PICTURE = """
    SELECT a.generation_id, g.deleted_at IS NOT NULL, coalesce(a.deleted_at, g.deleted_at),
        coalesce(a.purged_at, g.purged_at)
    FROM assets AS a CROSS JOIN generations AS g ON g.id = a.generation_id
    WHERE a.id = ? AND a.role = 'output' AND a.hidden = 1
"""
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


class Marks:
    """What a person puts on generations and pictures: titles, notes, tags, stars, and what is deleted.

    Args:
        access: to the ledger's file.
    """

    def __init__(self, access: Access) -> None:
        self._access = access

    def star(self, asset_id: str, at: datetime | None) -> None:
        """Give an asset a star, or take it away.

        Args:
            asset_id: which.
            at: when; ``None`` takes it away. A star that is there keeps its time.

        Raises:
            LedgerError: there is no such asset, it was deleted, or it could not be written.
        """
        with self._access.writing() as db:
            if db.execute(_HIDDEN, (asset_id,)).fetchone():
                raise LedgerError(
                    "The picture was deleted meanwhile. Restore it to give it a star."
                )
            star = {"id": asset_id, "at": None if at is None else to_text(at)}
            if db.execute(_STAR, star).rowcount == 0:
                raise LedgerError(tell_unknown_picture(asset_id))

    def read_labels(self, kind: Kind, row_id: str) -> Labels:
        """Return what a person wrote on a generation or picture.

        Args:
            kind: what it is.
            row_id: its id; it may come from an address.

        Raises:
            LedgerError: there is none of this id, or the ledger can't be read.
        """
        with self._access.reading() as connection:
            return _read_labels(connection, kind, row_id)

    def read_all_labels(self, generation_id: str) -> dict[str, Labels]:
        """Return what a person wrote on a generation and on its pictures, by id.

        Args:
            generation_id: whose.

        Raises:
            LedgerError: there is none of this id, or the ledger can't be read.
        """
        with self._access.reading() as connection:
            return read_all_labels(connection, generation_id)

    def write_labels(self, kind: Kind, row_id: str, labels: Labels) -> None:
        """Replace what a person wrote on a generation or picture.

        Args:
            kind: what it is.
            row_id: its id.
            labels: as `promptflow.labels.clean_labels` returns them; a generation without a title gets
                the beginning of its request for one.

        Raises:
            LedgerError: there is none of this id, it was deleted, or it could not be written.
        """
        place, title = _PLACES[kind], labels.title
        with self._access.writing() as db:
            if _read_state(db, kind, row_id)["deleted_at"] is not None:
                raise LedgerError(
                    f"The {kind} was deleted, so nothing was written. Restore it first."
                )
            if kind == "generation" and not title:
                sql = "SELECT request FROM generations WHERE id = ?"
                title = title_of(db.execute(sql, (row_id,)).fetchone()[0])
            sql = f"UPDATE {place.table} SET title = ?, note = ? WHERE id = ?"  # noqa: S608
            db.execute(sql, (title, labels.note, row_id))
            db.execute(f"DELETE FROM {place.tags} WHERE {place.owner} = ?", (row_id,))  # noqa: S608
            for tag in labels.tags:
                insert(db, place.tags, {place.owner: row_id, "tag": tag})

    def list_tags(self) -> tuple[str, ...]:
        """List the tags that are in use, in the order of the alphabet.

        Raises:
            LedgerError: the ledger can't be read.
        """
        if self._access.is_new:
            return ()
        sql = "SELECT tag FROM generation_tags UNION SELECT tag FROM asset_tags ORDER BY tag"
        with self._access.reading() as connection:
            return tuple(row[0] for row in connection.execute(sql))

    def delete(self, kind: Kind, row_id: str, at: datetime) -> None:
        """Mark a generation or picture as deleted; what is so already keeps its time.

        Args:
            kind: what it is.
            row_id: its id.
            at: when.

        Raises:
            InputError: it is still being made.
            LedgerError: there is none of this id, or it could not be written.
        """
        table = _PLACES[kind].table
        sql = f"UPDATE {table} SET deleted_at = coalesce(deleted_at, ?) WHERE id = ?"  # noqa: S608
        with self._access.writing() as db:
            if _read_state(db, kind, row_id)["status"] == GenerationStatus.RUNNING:
                message = (
                    f"The {kind} {row_id[:_EXCERPT_CHARS]!r} is still being made, so it was not "
                    "deleted. Cancel it first, or wait until it has ended."
                )
                raise InputError(kind, message)
            db.execute(sql, (to_text(at), row_id))

    def undelete(self, kind: Kind, row_id: str) -> None:
        """Bring back a generation or picture that was deleted; what was not stays as it is.

        Args:
            kind: what it is.
            row_id: its id.

        Raises:
            LedgerError: there is none of this id, it was purged, or it could not be written.
        """
        table = _PLACES[kind].table
        with self._access.writing() as db:
            if _read_state(db, kind, row_id)["purged_at"] is not None:
                message = f"The {kind} was purged, or is about to be: it can't be brought back."
                raise LedgerError(message)
            db.execute(f"UPDATE {table} SET deleted_at = NULL WHERE id = ?", (row_id,))  # noqa: S608

    def list_deleted_pictures(self, generation_id: str) -> tuple[str, ...]:
        """List the pictures of a generation that were deleted by themselves and can be brought back.

        Args:
            generation_id: whose; it may come from an address.

        Returns:
            Their ids.

        Raises:
            LedgerError: the ledger can't be read.
        """
        sql = """
            SELECT id FROM assets
            WHERE generation_id = ? AND deleted_at IS NOT NULL AND purged_at IS NULL ORDER BY id
        """
        with self._access.reading() as connection:
            return tuple(row[0] for row in connection.execute(sql, (_mend(generation_id),)))

    def find_deleted_picture(self, picture_id: str) -> DeletedPicture | None:
        """Return what is known of a picture that was deleted, by itself or with its generation.

        Args:
            picture_id: anything; it may come from an address.

        Returns:
            ``None`` where there is none of this id, or it was not deleted.

        Raises:
            LedgerError: the ledger can't be read.
        """
        if self._access.is_new:
            return None
        with self._access.reading() as connection:
            row = connection.execute(_DELETED_PICTURE, (_mend(picture_id),)).fetchone()
        if row is None:
            return None
        generation_id, with_generation, deleted_at, purged_at = row
        return DeletedPicture(
            generation_id=generation_id,
            with_generation=bool(with_generation),
            deleted_at=from_text(deleted_at),
            is_purged=purged_at is not None,
        )


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
        generation_id: _read_labels(connection, "generation", generation_id),
        **{row[0]: _read_labels(connection, "picture", row[0]) for row in rows},
    }


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


def _read_labels(connection: sqlite3.Connection, kind: Kind, row_id: str) -> Labels:
    """Return what a person wrote on something.

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
