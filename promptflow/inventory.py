"""Compares what is stored with what is recorded, mends what can be mended, and moves pictures.

Beside the flows, below the laboratory. Whoever calls holds the lock of the housekeeping, so that nothing is
moved or removed by two at a time.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from promptflow.errors import BucketError, PictureError, StorageError
from promptflow.ledger import SqliteLedger, purging
from promptflow.records import Asset
from promptflow.storage.keys import parse_key
from promptflow.storage.shelves import LOCAL, OUTBOX, Shelves

Backend = Literal["local", "b2"]
_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One object that is in a place."""

    backend: str
    key: str
    size_bytes: int
    recorded: tuple[Asset, ...] = ()
    """The rows that say it is elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What doesn't fit together."""

    missing: tuple[Asset, ...]
    """Recorded, and not where the ledger says."""
    left_over: tuple[Stored, ...]
    """Recorded, and stored in one more place than the ledger says."""
    unrecorded: tuple[Stored, ...]
    """Stored, and not recorded at all; not those of generations under way."""
    out_of_reach: int = 0
    """How many are recorded to be in a bucket, where none is set up."""
    half_purged: int = 0
    """How many a purge that was broken off has marked: theirs may be gone, and are not missing."""


NOTHING = Inventory(missing=(), left_over=(), unrecorded=())
"""Where nothing was compared, or all fits together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """How far a move has come."""

    pictures: int = 0
    size_bytes: int = 0
    failed: int = 0
    trouble: str = ""
    """The first sentence of what failed; where it was broken off, of what broke it off."""
    broken_off: bool = False
    """Whether the bucket failed altogether, so that the rest wasn't tried."""


def take_inventory(ledger: SqliteLedger, shelves: Shelves) -> Inventory:
    """Compare every place with the ledger.

    Args:
        ledger: what is recorded.
        shelves: what is stored.

    Raises:
        LedgerError: the ledger can't be read.
        StorageError: a place can't be looked at.
    """
    # Places first: what is recorded after they were looked at is not missed.
    stored = {place: dict(shelves.list_keys(place)) for place in _find_places(shelves)}
    busy = ledger.list_running()
    purged = _list_purged(ledger)
    recorded: dict[str, list[Asset]] = {}
    missing: list[Asset] = []
    out_of_reach = 0
    for asset in _walk(ledger):
        recorded.setdefault(asset.key, []).append(asset)
        if shelves.bucket is None and asset.backend not in {LOCAL, OUTBOX}:
            out_of_reach += 1
        elif asset.asset_id in purged:
            continue
        elif asset.key not in stored.get(asset.backend, ()):
            missing.append(asset)
    left_over, unrecorded = _sort_out(stored, recorded, busy)
    return Inventory(
        # Looked at again one by one: an upload may have come between the two looks.
        missing=tuple(asset for asset in missing if not _is_there(ledger, shelves, asset)),
        left_over=left_over,
        unrecorded=unrecorded,
        out_of_reach=out_of_reach,
        half_purged=len(purged),
    )


def mend(ledger: SqliteLedger, shelves: Shelves, inventory: Inventory) -> Inventory:
    """Bring back what is missing and lies elsewhere, and remove what lies about besides.

    What is recorded is read before anything else of the same key goes: if it is damaged, the other
    one is what the ledger then names.

    Args:
        ledger: told where things are now.
        shelves: where they are.
        inventory: what doesn't fit together.

    Returns:
        What still doesn't.

    Raises:
        LedgerError: the ledger can't be written.
        StorageError: a place can't be changed.
    """
    missing = tuple(asset for asset in inventory.missing if not _bring_back(ledger, shelves, asset))
    left_over = tuple(one for one in inventory.left_over if not _clear(ledger, shelves, one))
    shelves.remove_leftovers(ledger.list_running())
    return replace(inventory, missing=missing, left_over=left_over)


def prune(shelves: Shelves, inventory: Inventory) -> None:
    """Remove for good what is stored and not recorded.

    Raises:
        StorageError: it can't be removed.
    """
    for stored in inventory.unrecorded:
        shelves.remove(stored.key, backend=stored.backend)


def move_pictures(
    ledger: SqliteLedger, shelves: Shelves, *, to: Backend, tell: Callable[[Moved], None]
) -> Moved:
    """Move every picture to one place; broken off, it goes on where it stopped.

    Each is copied, compared by its hash, recorded, and only then removed from where it was. Trouble with
    one picture leaves it where it is; trouble with the bucket or the disk ends the move.

    Args:
        ledger: told where things are now.
        shelves: where they are.
        to: ``local`` or ``b2``.
        tell: hears how far it has come, after each picture.

    Returns:
        What was moved; what failed is where it was.

    Raises:
        LedgerError: the ledger can't be read or written.
    """
    moved = Moved()
    for asset in _walk(ledger):
        if asset.backend == to:
            continue
        try:
            _move(ledger, shelves, asset, to)
        except (StorageError, PictureError) as error:
            moved = replace(moved, failed=moved.failed + 1, trouble=moved.trouble or error.message)
            if isinstance(error, BucketError) and error.is_general:
                return replace(moved, broken_off=True, trouble=error.message)
        else:
            moved = replace(
                moved,
                pictures=moved.pictures + 1,
                size_bytes=moved.size_bytes + asset.size_bytes,
            )
        tell(moved)
    return moved


def _move(ledger: SqliteLedger, shelves: Shelves, asset: Asset, to: Backend) -> None:
    if to == LOCAL:
        shelves.download(asset)
    else:
        shelves.upload(asset)
    ledger.assets.mark_stored(asset.asset_id, to)
    # Several rows may share one object.
    if not ledger.assets.is_stored_at(asset.key, asset.backend):
        shelves.remove(asset.key, backend=asset.backend)


def _find_places(shelves: Shelves) -> tuple[str, ...]:
    return (LOCAL, OUTBOX, *((shelves.bucket.backend,) if shelves.bucket else ()))


def _walk(ledger: SqliteLedger) -> Iterator[Asset]:
    after = ""
    while batch := ledger.assets.list_assets(after=after, limit=_BATCH):
        yield from batch
        after = batch[-1].asset_id


def _list_purged(ledger: SqliteLedger) -> frozenset[str]:
    if ledger.is_new:
        return frozenset()
    with ledger.file.reading() as connection:
        return purging.list_marked_ids(connection)


def _is_there(ledger: SqliteLedger, shelves: Shelves, asset: Asset) -> bool:
    now = ledger.assets.find_asset(asset.asset_id) or asset
    try:
        return shelves.holds(now)
    except BucketError:
        raise
    except StorageError:  # no key of ours, so nothing can be under it
        return False


def _sort_out(
    stored: Mapping[str, Mapping[str, int]],
    recorded: Mapping[str, Sequence[Asset]],
    busy: frozenset[str],
) -> tuple[tuple[Stored, ...], tuple[Stored, ...]]:
    """Return what is stored once too often, and what isn't recorded."""
    left_over: list[Stored] = []
    unrecorded: list[Stored] = []
    for backend, keys in stored.items():
        for key, size_bytes in keys.items():
            found = Stored(backend=backend, key=key, size_bytes=size_bytes)
            rows = recorded.get(key, ())
            if not rows:
                if parse_key(key).generation_id not in busy:
                    unrecorded.append(found)
            elif all(row.backend != backend for row in rows) and any(
                key in stored.get(row.backend, ()) for row in rows
            ):
                left_over.append(replace(found, recorded=tuple(rows)))
    return tuple(left_over), tuple(unrecorded)


def _bring_back(ledger: SqliteLedger, shelves: Shelves, asset: Asset) -> bool:
    """Look for a missing picture in the other places; say whether it is recorded where it is now."""
    for place in _find_places(shelves):
        if _is_sound(shelves, asset.key, place):
            ledger.assets.mark_stored(asset.asset_id, place)
            return True
    return False


def _clear(ledger: SqliteLedger, shelves: Shelves, stored: Stored) -> bool:
    """Remove an object that lies about, or what it can stand in for; say whether one is left."""
    for row in stored.recorded:
        if _is_sound(shelves, row.key, row.backend):
            continue
        if not _is_sound(shelves, stored.key, stored.backend):
            return False
        ledger.assets.mark_stored(row.asset_id, stored.backend)
    still = {
        now.backend for row in stored.recorded if (now := ledger.assets.find_asset(row.asset_id))
    }
    for place in {stored.backend, *(row.backend for row in stored.recorded)} - still:
        shelves.remove(stored.key, backend=place)
    return True


def _is_sound(shelves: Shelves, key: str, place: str) -> bool:
    """Say whether a place has a picture, and its bytes fit its name."""
    try:
        shelves.read_at(key, backend=place)
    except BucketError as error:
        if error.is_general:
            raise
        return False
    except StorageError:
        return False
    return True
