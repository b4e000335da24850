"""What is written down beside the flows: thumbnails, uploads, stars; and what is left to do. Floor 4."""

import sqlite3
from collections.abc import Iterator
from datetime import datetime

from promptflow.clock import to_text
from promptflow.errors import LedgerError
from promptflow.ledger.read import to_asset
from promptflow.ledger.rows import insert, row_of_asset
from promptflow.records import Asset, Fault, UploadStatus, Waiting

_WITHOUT_THUMBNAIL = """
    SELECT * FROM assets INDEXED BY assets_without_thumbnail
    WHERE has_thumbnail = 0 AND role IN ('output', 'reference') AND purged_at IS NULL AND id > ?
    ORDER BY id LIMIT ?
"""
_ALL = "SELECT * FROM assets WHERE id > ? ORDER BY id LIMIT ?"
_STORED_AT = "SELECT 1 FROM assets WHERE generation_id = ? AND key = ? AND backend = ?"
_LAST_TROUBLE = """
    SELECT error_code, error_message FROM uploads
    WHERE asset_id = (SELECT min(id) FROM assets WHERE backend = 'outbox') ORDER BY number DESC
"""
_IN_OUTBOX = """
    SELECT * FROM assets WHERE backend = 'outbox' AND purged_at IS NULL AND id > ?
    ORDER BY id LIMIT ?
"""


def record_thumbnail(
    db: sqlite3.Connection, source_id: str, thumbnail: Asset, *, now: datetime
) -> None:
    """Insert the row of a thumbnail; one that is there already stays.

    Args:
        db: inside a transaction.
        source_id: the asset it shows.
        thumbnail: what is stored.
        now: the time of recording.

    Raises:
        LedgerError: there is no such asset.
    """
    sql = "SELECT generation_id, has_thumbnail FROM assets WHERE id = ?"
    found = db.execute(sql, (source_id,)).fetchone()
    if found is None:
        raise LedgerError(tell_unknown_picture(source_id))
    generation_id, has_thumbnail = found
    if has_thumbnail:
        return
    row = {
        **row_of_asset(thumbnail),
        "generation_id": generation_id,
        "position": 0,
        "source_id": source_id,
        "created_at": to_text(now),
    }
    insert(db, "assets", row)


def record_upload(
    db: sqlite3.Connection,
    asset_id: str,
    *,
    status: UploadStatus,
    fault: Fault | None,
    size_bytes: int,
    started_at: datetime,
    total_ms: int,
) -> int:
    """Insert one try to upload an asset.

    Args:
        db: inside a transaction.
        asset_id: what was uploaded.
        status: how it ended.
        fault: what went wrong, if anything.
        size_bytes: how much was to be sent.
        started_at: when it began.
        total_ms: milliseconds until it ended.

    Returns:
        Its number, from 1.

    Raises:
        LedgerError: there is no such asset.
    """
    from uuid_utils import uuid7

    _check_known(db, asset_id)
    sql = "SELECT coalesce(max(number), 0) + 1 FROM uploads WHERE asset_id = ?"
    number = int(db.execute(sql, (asset_id,)).fetchone()[0])
    row = {
        "id": str(uuid7()),
        "asset_id": asset_id,
        "number": number,
        "status": status,
        "error_code": fault.code if fault else None,
        "error_message": fault.message if fault else None,
        "size_bytes": size_bytes,
        "started_at": to_text(started_at),
        "total_ms": total_ms,
    }
    insert(db, "uploads", row)
    return number


def mark_stored(db: sqlite3.Connection, asset_id: str, backend: str) -> None:
    """Say which store holds an asset now.

    Args:
        db: inside a transaction.
        asset_id: which.
        backend: that store's name.

    Raises:
        LedgerError: there is no such asset.
    """
    _change(db, "UPDATE assets SET backend = ? WHERE id = ?", backend, asset_id)


def star(db: sqlite3.Connection, asset_id: str, at: datetime | None) -> None:
    """Give an asset a star, or take it away.

    Args:
        db: inside a transaction.
        asset_id: which.
        at: when; ``None`` takes it away. A star that is there keeps its time.

    Raises:
        LedgerError: there is no such asset, or it was deleted.
    """
    if db.execute("SELECT 1 FROM assets WHERE id = ? AND hidden = 1", (asset_id,)).fetchone():
        raise LedgerError("The picture was deleted meanwhile. Restore it to give it a star.")
    if at is None:
        _change(db, "UPDATE assets SET starred_at = ? WHERE id = ?", None, asset_id)
    else:
        sql = "UPDATE assets SET starred_at = coalesce(starred_at, ?) WHERE id = ?"
        _change(db, sql, to_text(at), asset_id)


def find_asset(connection: sqlite3.Connection, asset_id: str) -> Asset | None:
    """Return a stored object of any role; ``None`` where there is none of this id.

    Args:
        connection: to the ledger, inside a transaction.
        asset_id: anything; it may come from an address.
    """
    # What was typed may hold bytes that are no text, and SQLite takes texts only.
    sought = asset_id.encode(errors="replace").decode()
    row = connection.execute("SELECT * FROM assets WHERE id = ?", (sought,)).fetchone()
    return to_asset(row) if row else None


def list_without_thumbnail(
    connection: sqlite3.Connection, *, after: str, limit: int
) -> tuple[Asset, ...]:
    """List pictures and references that no thumbnail was made of, by id.

    Args:
        connection: to the ledger, inside a transaction.
        after: the last id of the batch before; empty for the first.
        limit: how many at most, from 1.
    """
    return tuple(_assets(connection, _WITHOUT_THUMBNAIL, after, limit))


def list_in_outbox(connection: sqlite3.Connection, *, after: str, limit: int) -> tuple[Asset, ...]:
    """List what has yet to be uploaded, by id.

    Args:
        connection: to the ledger, inside a transaction.
        after: the last id of the batch before; empty for the first.
        limit: how many at most, from 1.
    """
    return tuple(_assets(connection, _IN_OUTBOX, after, limit))


def list_assets(connection: sqlite3.Connection, *, after: str, limit: int) -> tuple[Asset, ...]:
    """List all that is stored, of every role, by id.

    Args:
        connection: to the ledger, inside a transaction.
        after: the last id of the batch before; empty for the first.
        limit: how many at most, from 1.
    """
    return tuple(_assets(connection, _ALL, after, limit))


def is_stored_at(connection: sqlite3.Connection, key: str, backend: str) -> bool:
    """Say whether any asset is said to be under a key of a store; several may share one object.

    Args:
        connection: to the ledger, inside a transaction.
        key: as an `Asset` holds it.
        backend: that store's name.
    """
    generation_id = key.split("/")[1]
    return connection.execute(_STORED_AT, (generation_id, key, backend)).fetchone() is not None


def read_waiting(connection: sqlite3.Connection) -> Waiting:
    """Return how much is in the outbox, and why the oldest of it did not go up the last time.

    Args:
        connection: to the ledger, inside a transaction.
    """
    sql = "SELECT count(*) FROM assets WHERE backend = 'outbox' AND purged_at IS NULL"
    count = connection.execute(sql).fetchone()[0]
    row = connection.execute(_LAST_TROUBLE).fetchone() if count else None
    fault = Fault(code=row[0], message=row[1]) if row and row[0] else None
    return Waiting(pictures=count, trouble=fault)


def _assets(connection: sqlite3.Connection, sql: str, after: str, limit: int) -> Iterator[Asset]:
    for row in connection.execute(sql, (after, limit)):
        yield to_asset(row)


def _check_known(db: sqlite3.Connection, asset_id: str) -> None:
    if db.execute("SELECT 1 FROM assets WHERE id = ?", (asset_id,)).fetchone() is None:
        raise LedgerError(tell_unknown_picture(asset_id))


def _change(db: sqlite3.Connection, sql: str, value: str | None, asset_id: str) -> None:
    if db.execute(sql, (value, asset_id)).rowcount == 0:
        raise LedgerError(tell_unknown_picture(asset_id))


def tell_unknown_picture(asset_id: str) -> str:
    """Say that an id is no picture's.

    Args:
        asset_id: anything.
    """
    return (
        f"There is no picture {asset_id[:60]!r} in this ledger. Load the page again and choose one."
    )
