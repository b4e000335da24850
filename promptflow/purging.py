"""Removes for good what was deleted long enough ago. Beside the flows, below the laboratory.

Marked first, then the objects, then their rows, then the words. Killed in between, it leaves marked rows: no
click brings them back any more, the comparison of places doesn't miss them, and the next purge goes on
with them. Whoever calls holds the lock of the housekeeping.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from promptflow.errors import SetupError
from promptflow.ledger import SqliteLedger, purging
from promptflow.records import Asset, Doomed
from promptflow.storage.shelves import LOCAL, OUTBOX, Shelves
from promptflow.wording import count

NOTHING = Doomed(generations=0, pictures=0, thumbnails=0, size_bytes=0, places={})
"""Where nothing was deleted, or not long enough ago."""
_BATCH = 100


def plan_purge(ledger: SqliteLedger, *, before: datetime) -> Doomed:
    """Count what `purge` would take; changes nothing.

    Args:
        ledger: what is recorded.
        before: what was deleted later stays.

    Raises:
        LedgerError: the ledger can't be read.
    """
    if ledger.is_new:
        return NOTHING
    with ledger.file.reading() as connection:
        return purging.count_doomed(connection, before)


def purge(
    ledger: SqliteLedger,
    shelves: Shelves,
    *,
    before: datetime,
    tell: Callable[[int], None] = lambda _: None,
) -> Doomed:
    """Remove for good what was deleted before a moment, and what an earlier purge left behind.

    Args:
        ledger: what is recorded.
        shelves: where the pictures are.
        before: what was deleted later stays.
        tell: hears how many objects are gone so far.

    Returns:
        What was taken.

    Raises:
        SetupError: some of it is in a bucket, and none is set up; nothing was changed.
        LedgerError: the ledger can't be read or written.
        StorageError: an object can't be removed; the next purge goes on there.
    """
    doomed = plan_purge(ledger, before=before)
    _check_reach(shelves, doomed)
    if doomed == NOTHING:
        return doomed
    with ledger.file.writing() as db:
        purging.mark_doomed(db, before, now=ledger.clock.now())
    gone = 0
    while assets := _list_marked(ledger):
        for asset in assets:
            _remove_object(ledger, shelves, asset)
        # Durable, like what is paid for: a row that comes back would point at nothing.
        with ledger.file.writing() as db:
            purging.remove_assets(db, assets)
        gone += len(assets)
        tell(gone)
    _forget_words(ledger)
    return doomed


def _check_reach(shelves: Shelves, doomed: Doomed) -> None:
    places = {LOCAL, OUTBOX}
    objects = sum(number for place, (number, _) in doomed.places.items() if place not in places)
    if objects and shelves.bucket is None:
        message = (
            f"{count(objects, 'object')} of what is to be purged are in a bucket, but none is set up. "
            "Set the B2_ variables to those they were uploaded with; nothing was purged."
        )
        raise SetupError(message)


def _list_marked(ledger: SqliteLedger) -> Sequence[Asset]:
    with ledger.file.reading() as connection:
        return purging.list_marked(connection, limit=_BATCH)


def _remove_object(ledger: SqliteLedger, shelves: Shelves, asset: Asset) -> None:
    """Remove an object from every place, unless a row that stays has the same one."""
    with ledger.file.reading() as connection:
        if purging.is_needed(connection, asset.key):
            return
    # A move or an upload that was killed may have left it in two places.
    for place in (LOCAL, OUTBOX, *((shelves.bucket.backend,) if shelves.bucket else ())):
        shelves.remove(asset.key, backend=place)


def _forget_words(ledger: SqliteLedger) -> None:
    """Blank the words of what nothing grew from; then there may be more of which that is true."""
    while True:
        with ledger.file.reading() as connection:
            ids = purging.list_forgettable(connection)
        if not ids:
            return
        for generation_id in ids:
            with ledger.file.writing() as db:
                purging.forget_words(db, generation_id)
