"""What is written down beside the flows: thumbnails, uploads; and what is left to do. Floor 4."""

import sqlite3
from datetime import datetime

from promptflow.clock import Clock, to_text
from promptflow.errors import LedgerError
from promptflow.ledger.access import Access
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


class Assets:
    """What is stored: where each is, its thumbnail, its uploads, and what is left to do for it.

    Args:
        access: to the ledger's file.
        clock: dates thumbnails.
    """

    def __init__(self, access: Access, *, clock: Clock) -> None:
        self._access = access
        self._clock = clock

    def find_asset(self, asset_id: str) -> Asset | None:
        """Return a stored object of any role; ``None`` where there is none of this id.

        Args:
            asset_id: anything; it may come from an address.

        Raises:
            LedgerError: the ledger can't be read.
        """
        if self._access.is_new:
            return None
        with self._access.reading() as connection:
            return find_asset(connection, asset_id)

    def list_assets(self, *, after: str = "", limit: int = 100) -> tuple[Asset, ...]:
        """List all that is stored, of every role, by id.

        Args:
            after: the last id of the batch before; empty for the first.
            limit: how many at most, from 1.

        Raises:
            LedgerError: the ledger can't be read.
        """
        return self._list(_ALL, after, limit)

    def list_without_thumbnail(self, *, after: str = "", limit: int = 100) -> tuple[Asset, ...]:
        """List pictures and references that no thumbnail was made of, by id.

        Args:
            after: the last id of the batch before; empty for the first.
            limit: how many at most, from 1.

        Raises:
            LedgerError: the ledger can't be read.
        """
        return self._list(_WITHOUT_THUMBNAIL, after, limit)

    def list_in_outbox(self, *, after: str = "", limit: int = 100) -> tuple[Asset, ...]:
        """List what has yet to be uploaded, thumbnails among it, by id.

        Args:
            after: the last id of the batch before; empty for the first.
            limit: how many at most, from 1.

        Raises:
            LedgerError: the ledger can't be read.
        """
        return self._list(_IN_OUTBOX, after, limit)

    def _list(self, sql: str, after: str, limit: int) -> tuple[Asset, ...]:
        """List one batch of rows; none where nothing is recorded yet."""
        if self._access.is_new:
            return ()
        with self._access.reading() as connection:
            return tuple(to_asset(row) for row in connection.execute(sql, (after, limit)))

    def is_stored_at(self, key: str, backend: str) -> bool:
        """Say whether any asset is said to be under a key of a store; several may share one object.

        Args:
            key: as an `Asset` holds it.
            backend: that store's name.

        Raises:
            LedgerError: the ledger can't be read.
        """
        with self._access.reading() as connection:
            generation_id = key.split("/")[1]
            row = connection.execute(_STORED_AT, (generation_id, key, backend)).fetchone()
            return row is not None

    def read_waiting(self) -> Waiting:
        """Return how much is in the outbox, and why the oldest of it did not go up the last time.

        Raises:
            LedgerError: the ledger can't be read.
        """
        if self._access.is_new:
            return Waiting(pictures=0, trouble=None)
        sql = "SELECT count(*) FROM assets WHERE backend = 'outbox' AND purged_at IS NULL"
        with self._access.reading() as connection:
            count = connection.execute(sql).fetchone()[0]
            row = connection.execute(_LAST_TROUBLE).fetchone() if count else None
            fault = Fault(code=row[0], message=row[1]) if row and row[0] else None
            return Waiting(pictures=count, trouble=fault)

    def record_thumbnail(self, source_id: str, thumbnail: Asset) -> None:
        """Write down the thumbnail of an asset; one that is there already stays.

        Args:
            source_id: the asset it shows.
            thumbnail: what is stored.

        Raises:
            LedgerError: there is no such asset, or it could not be written.
        """
        sql = "SELECT generation_id, has_thumbnail FROM assets WHERE id = ?"
        # It can be made again, so it need not survive a power cut.
        with self._access.writing(durable=False) as db:
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
                "created_at": to_text(self._clock.now()),
            }
            insert(db, "assets", row)

    def record_upload(
        self,
        asset_id: str,
        *,
        status: UploadStatus,
        started_at: datetime,
        total_ms: int,
        size_bytes: int,
        fault: Fault | None = None,
    ) -> int:
        """Write down one try to upload an asset.

        Args:
            asset_id: what was uploaded.
            status: how it ended.
            started_at: when it began.
            total_ms: milliseconds until it ended.
            size_bytes: how much was to be sent.
            fault: what went wrong, if anything.

        Returns:
            Its number, from 1.

        Raises:
            LedgerError: there is no such asset, or it could not be written.
        """
        from uuid_utils import uuid7

        sql = "SELECT coalesce(max(number), 0) + 1 FROM uploads WHERE asset_id = ?"
        with self._access.writing(durable=False) as db:
            if db.execute("SELECT 1 FROM assets WHERE id = ?", (asset_id,)).fetchone() is None:
                raise LedgerError(tell_unknown_picture(asset_id))
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

    def mark_stored(self, asset_id: str, backend: str) -> None:
        """Write down which store holds an asset now; once it returns, the other may let go of it.

        Args:
            asset_id: which.
            backend: that store's name.

        Raises:
            LedgerError: there is no such asset, or it could not be written.
        """
        sql = "UPDATE assets SET backend = ? WHERE id = ?"
        with self._access.writing() as db:
            if db.execute(sql, (backend, asset_id)).rowcount == 0:
                raise LedgerError(tell_unknown_picture(asset_id))


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


def tell_unknown_picture(asset_id: str) -> str:
    """Say that an id is no picture's.

    Args:
        asset_id: anything.
    """
    return (
        f"There is no picture {asset_id[:60]!r} in this ledger. Load the page again and choose one."
    )
