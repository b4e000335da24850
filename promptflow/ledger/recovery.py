"""Who runs what, and what becomes of the work of a process that was killed. Floor 4.

Each process that runs flows holds a lock on a file of its own, `{folder}/owners/{owner}.lock`, and marks
its generations with its owner id. The kernel lets go of the lock however the process ends; whoever can
take it knows that its owner is gone, and mends what it left. Only the holder of a lock removes its
file, and a lock on a removed file counts for nothing, so that two owners never share a name.
"""

import logging
import re
import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from promptflow.clock import to_text
from promptflow.errors import PictureError, SetupError, StorageError
from promptflow.ledger.rows import (
    add_picture,
    add_reference,
    fault_columns,
    interrupt_parts,
    update,
)
from promptflow.ledger.sqlite_ledger import SqliteLedger
from promptflow.records import Asset, AssetRole, Fault, GenerationStatus

if TYPE_CHECKING:
    from filelock import FileLock

    from promptflow.xmp import PictureLineage

_log = logging.getLogger(__name__)

_OWNER = re.compile(r"[A-Za-z0-9_-]{1,64}")

_CLAIM_S = 10.0
"""How long another process can be looking at a file that was just made; it takes microseconds."""

_WHOLE_COST = """
    SELECT CASE WHEN count(*) = count(cost_micro_usd) THEN sum(cost_micro_usd) END FROM (
        SELECT cost_micro_usd FROM stages WHERE generation_id = :id
        UNION ALL SELECT cost_micro_usd FROM runs WHERE generation_id = :id
    )
"""
"""NULL unless the cost of every stage and run is known: a part would read as the whole."""

INTERRUPTED = Fault(
    code="interrupted",
    message="The process ended while this was running. What was finished is kept.",
)


class StoredPictures(Protocol):
    """What recovery needs of a store."""

    def list_generation(self, generation_id: str) -> Iterator[tuple[str, AssetRole, str]]:
        """Yield (key, role, model) of every picture stored for a generation."""
        ...

    def describe(self, key: str) -> Asset:
        """Read a stored picture again and describe it, under a new id."""
        ...

    def read(self, key: str) -> bytes:
        """Return the bytes of a stored picture."""
        ...

    def remove_leftovers(self, generation_id: str) -> None:
        """Remove what was left half-written."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Orphan:
    """A picture that was stored and not recorded."""

    model: str
    asset: Asset
    lineage: "PictureLineage | None"
    """What its file says of itself."""


class Ownership:
    """One process's claim to the flows it runs, held until released or until the process ends.

    Args:
        owner: the id, as recorded with each generation.
        lock: held.
    """

    def __init__(self, owner: str, lock: "FileLock") -> None:
        self.owner = owner
        self._lock = lock

    @classmethod
    def claim(cls, folder: Path) -> "Ownership":
        """Take a new owner id for this process.

        Args:
            folder: the data folder, shared with the other processes.

        Returns:
            A held ownership. Keep a reference: the lock goes with the object.

        Raises:
            SetupError: the folder can't be written.
        """
        from uuid_utils import uuid7

        owner = uuid7().hex
        path = _lock_path(folder, owner)
        from filelock import FileLock

        lock = FileLock(path, timeout=_CLAIM_S, thread_local=False)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Another process may look between the making of the file and the lock, take it for dead
            # and remove it. The lock is then taken again, on a new file, before this returns.
            lock.acquire(poll_interval=0.01)
        except OSError as error:
            message = (
                f"The lock {str(path)!r} can't be taken ({error.strerror or 'it is held'}). Make "
                "the folder writable, or set PROMPTFLOW_DATA_DIR to another one."
            )
            raise SetupError(message) from error
        return cls(owner, lock)

    def release(self) -> None:
        """Give the claim up; generations still marked with it count as interrupted."""
        if self._lock.is_locked:
            _remove(Path(self._lock.lock_file))
            self._lock.release()


def recover(
    ledger: SqliteLedger,
    stores: Sequence[StoredPictures],
    *,
    folder: Path,
    live: Callable[[], Collection[str]],
) -> tuple[str, ...]:
    """Mark as interrupted what says it runs and doesn't; keep the pictures it had finished.

    May be called at any time, by several processes and threads at once, and again after being killed
    halfway. Where nothing is marked as running it costs one look at an index.

    Args:
        ledger: prepared.
        stores: where a flow's pictures may lie.
        folder: the data folder, with the owners' locks.
        live: tells which generations this process is running. It is asked after the ledger was, so
            that a flow which starts meanwhile isn't taken for dead; it must know a flow's id before
            the ledger does.

    Returns:
        The ids of the generations that this call marked, ascending.

    Raises:
        LedgerError: the ledger can't be read or written.
    """

    def mend(generation_id: str, owner: str) -> bool:
        def is_left(connection: sqlite3.Connection) -> bool:
            left = _is_left(connection, generation_id, owner)
            return left and (owner != ledger.owner or generation_id not in live())

        return _interrupt(ledger, stores, generation_id, is_left)

    by_owner = _read_running(ledger)
    ours = by_owner.pop(ledger.owner, [])
    marked = [one for one in ours if mend(one, ledger.owner)]
    for owner, generation_ids in by_owner.items():
        with _hold_dead(folder, owner) as dead:
            if dead:
                marked.extend(one for one in generation_ids if mend(one, owner))
    _remove_dead_locks(folder, {ledger.owner, *by_owner})
    return tuple(sorted(marked))


def _read_running(ledger: SqliteLedger) -> dict[str, list[str]]:
    """Return owner → ids of the generations it is said to run."""
    by_owner: dict[str, list[str]] = {}
    with ledger.file.reading() as connection:
        sql = "SELECT owner, id FROM generations WHERE status = 'running'"
        for row in connection.execute(sql):
            # In a damaged file a text may be anything, and what is no owner's name is of no owner.
            by_owner.setdefault(str(row["owner"]), []).append(str(row["id"]))
    return by_owner


def _interrupt(
    ledger: SqliteLedger,
    stores: Sequence[StoredPictures],
    generation_id: str,
    is_left: Callable[[sqlite3.Connection], bool],
) -> bool:
    """Adopt one generation's pictures and mark it, in one transaction; say whether it was due."""
    # Another process or thread may have mended it since, and gone on with it.
    with ledger.file.reading() as connection:
        if not is_left(connection):
            return False
    for store in stores:
        try:
            store.remove_leftovers(generation_id)
        except StorageError as error:
            # They are in nobody's way; what follows says whether the store can be read.
            _log.warning("What generation %s left half-written stays: %s", generation_id, error)
    try:
        orphans = _find_orphans(ledger, stores, generation_id)
    except StorageError as error:
        # Marked without them, its pictures would never be looked for again.
        _log.warning("Generation %s can't be recovered yet: %s", generation_id, error)
        return False
    now = ledger.clock.now()
    with ledger.file.writing() as db:
        if not is_left(db):
            return False
        for orphan in orphans:
            _adopt(db, generation_id, orphan, now)
        interrupt_parts(db, generation_id, fault=INTERRUPTED, now=now)
        row = {
            "status": GenerationStatus.INTERRUPTED,
            **fault_columns(INTERRUPTED),
            "cost_micro_usd": db.execute(_WHOLE_COST, {"id": generation_id}).fetchone()[0],
            "finished_at": to_text(now),
        }
        update(db, "generations", generation_id, row)
    return True


def _is_left(connection: sqlite3.Connection, generation_id: str, owner: str) -> bool:
    sql = "SELECT owner FROM generations WHERE id = ? AND status = 'running'"
    found = connection.execute(sql, (generation_id,)).fetchone()
    return found is not None and str(found[0]) == owner


def _find_orphans(
    ledger: SqliteLedger, stores: Sequence[StoredPictures], generation_id: str
) -> list[_Orphan]:
    """List what was stored and not recorded: killed between the two.

    A thumbnail is none: it is made again, and then lies in the same place.
    """
    # Only where a process was killed is a file asked what it is.
    from promptflow.xmp import read_lineage

    with ledger.file.reading() as connection:
        sql = "SELECT key FROM assets WHERE generation_id = ?"
        recorded = {row["key"] for row in connection.execute(sql, (generation_id,))}
    orphans: list[_Orphan] = []
    stored = ((store, *one) for store in stores for one in store.list_generation(generation_id))
    for store, key, role, model in stored:
        if key in recorded or role is AssetRole.THUMBNAIL:
            continue
        try:
            asset, lineage = store.describe(key), read_lineage(store.read(key))
            orphans.append(_Orphan(model=model, asset=asset, lineage=lineage))
            recorded.add(key)
        except (PictureError, StorageError) as error:
            _log.warning("The stored file %r is left as it is, unrecorded: %s", key, error)
    return orphans


def _adopt(db: sqlite3.Connection, generation_id: str, orphan: _Orphan, now: datetime) -> None:
    """Record a picture where it belongs: with the run that was making it, or with the request."""
    asset, lineage = orphan.asset, orphan.lineage
    if asset.role is AssetRole.REFERENCE:
        sql = "SELECT count(*) FROM assets WHERE generation_id = ? AND role = ?"
        position = db.execute(sql, (generation_id, AssetRole.REFERENCE)).fetchone()[0]
        add_reference(db, generation_id=generation_id, position=position, asset=asset, now=now)
        return
    # Two runs of a model may paint at once, and the file itself says which of them it is of.
    sql = """
        SELECT id, id = ? FROM runs
        WHERE generation_id = ? AND image_model = ? AND status = 'running'
        ORDER BY id = ? DESC, version DESC
    """
    told = lineage.run_id if lineage else ""
    run = db.execute(sql, (told, generation_id, orphan.model, told)).fetchone()
    if run is None:
        _log.warning("The stored file %r is left unrecorded: no run was making it.", asset.key)
        return
    run_id, is_told = run
    known = lineage if is_told else None
    add_picture(
        db,
        run_id=run_id,
        position=_find_position(db, run_id, _keepable(known.index) if known else None),
        asset=asset,
        seed=_keepable(known.seed) if known else None,
        at_ms=None,
        now=now,
    )


def _keepable(number: int | None) -> int | None:
    """Return a number that a file tells, where SQLite can hold it."""
    return number if number is not None and 0 <= number < 2**63 else None


def _find_position(db: sqlite3.Connection, run_id: str, told: int | None) -> int:
    """Return the place of a picture among those of its run: the one it tells, or the next."""
    sql = "SELECT position FROM assets WHERE run_id = ?"
    taken = {row[0] for row in db.execute(sql, (run_id,))}
    return told if told is not None and told not in taken else max(taken, default=-1) + 1


@contextmanager
def _hold_dead(folder: Path, owner: str) -> Iterator[bool]:
    """Take the lock of an owner that is gone, and remove its file at the end.

    Yields:
        Whether it is gone. While it is held, no other process mends the same work.
    """
    if _OWNER.fullmatch(owner) is None:
        yield True
        return
    path = _lock_path(folder, owner)
    from filelock import FileLock

    lock = FileLock(path, timeout=0, thread_local=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError:  # among them filelock's Timeout: someone lives
        yield False
        return
    try:
        yield True
        _remove(path)
    finally:
        lock.release()


def _remove_dead_locks(folder: Path, known: Collection[str]) -> None:
    """Remove the locks of owners that are gone and left nothing running."""
    for path in (folder / "owners").glob("*.lock"):
        if path.stem not in known:
            with _hold_dead(folder, path.stem):
                pass


def _remove(path: Path) -> None:
    # Where open files can't be removed, the next one to look does it.
    with suppress(OSError):
        path.unlink()


def _lock_path(folder: Path, owner: str) -> Path:
    return folder.absolute() / "owners" / f"{owner}.lock"
