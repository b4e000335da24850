"""Everything that keeps pictures and ledger for good: places, links, uploads, snapshots, moves.

Below the laboratory, which has one. Without a bucket most of it has nothing to do.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from promptflow.buckets import BucketSettings
from promptflow.clock import Clock
from promptflow.errors import BucketError, PromptflowError, SetupError, StorageError
from promptflow.housekeeping import Housekeeper, hold
from promptflow.inventory import (
    NOTHING,
    Backend,
    Inventory,
    Moved,
    Stored,
    mend,
    move_pictures,
    prune,
    take_inventory,
)
from promptflow.ledger import SqliteLedger
from promptflow.purging import purge
from promptflow.records import Asset, Doomed
from promptflow.rounds import Tell, Tidied
from promptflow.settings import Settings
from promptflow.storage.links import Links
from promptflow.storage.shelves import LOCAL, Shelves

if TYPE_CHECKING:
    from promptflow.backups import Backups, Snapshot
    from promptflow.storage.b2 import B2Bucket

_log = logging.getLogger(__name__)

_PATIENCE_S = 60.0
"""Seconds to wait for another process that looks after the pictures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """What a whole comparison has brought."""

    tidied: Tidied
    mended: int
    """Pictures that were missing and are found, and objects that lay about besides."""
    left: Inventory
    """What still doesn't fit together."""


class Archive:
    """Where one installation keeps what was paid for.

    Args:
        settings: how it is set up.
        ledger: what is recorded.
        clock: where time comes from.
    """

    def __init__(self, *, settings: Settings, ledger: SqliteLedger, clock: Clock) -> None:
        self._folder = settings.data_dir
        self._ledger = ledger
        self.bucket: B2Bucket | None = None
        self._backups: Backups | None = None
        self._has_looked = False
        self._links: Links | None = None
        self.link_ttl_s: int | None = None
        """How long a link is good for, in seconds; ``None`` where there are none or they don't end."""
        if settings.bucket:
            self._connect(settings.bucket, clock)
        self.store = Shelves(settings.data_dir, self.bucket)
        self._housekeeper = Housekeeper(
            ledger=ledger,
            shelves=self.store,
            backups=self._backups,
            folder=settings.data_dir,
            clock=clock,
        )

    def _connect(self, bucket: BucketSettings, clock: Clock) -> None:
        # Only where there is a bucket: every first page would wait for it.
        from promptflow.backups import Backups
        from promptflow.storage.b2 import B2Bucket

        self.bucket = B2Bucket(bucket)
        self._backups = Backups(self._ledger, self.bucket, clock=clock)
        self._links = Links(self.bucket.sign, ttl_s=bucket.link_ttl_s, clock=clock)
        self.link_ttl_s = None if bucket.public_url_base else bucket.link_ttl_s

    def link(self, asset: Asset, *, filename: str | None = None) -> str | None:
        """Return an address at which a browser gets a picture; ``None`` where there is none.

        Args:
            asset: as the ledger has it.
            filename: makes the browser save it under this name; ``None`` lets it be shown.

        Returns:
            A secret for as long as it is good: never to be stored or logged.

        Raises:
            StorageError: it could not be signed.
        """
        if self._links is None or self.bucket is None or asset.backend != self.bucket.backend:
            return None
        return self._links.link(asset.key, mime=asset.mime, filename=filename)

    def find_address(self, asset: Asset, *, filename: str | None = None) -> str:
        """Return where a picture can be had right now: a fresh link, or its file on this machine.

        Args:
            asset: as the ledger has it.
            filename: makes the browser save it under this name; ``None`` lets it be shown.

        Returns:
            ``https://…``, a secret for as long as it is good, or ``file://…``.

        Raises:
            StorageError: it could not be signed, or its key is not one of ours.
        """
        if self.bucket and self.store.is_uploaded(asset):
            return self.bucket.sign(asset.key, mime=asset.mime, filename=filename)
        return self.store.path(asset).as_uri()

    # What is done in the background

    def wake(self) -> None:
        """Have it looked soon whether there is something to do for stored pictures."""
        self._housekeeper.wake()

    def settle(self, *, timeout_s: float) -> Tidied | None:
        """Have all done that there is to do now, and wait for it.

        Args:
            timeout_s: seconds to wait.

        Returns:
            What was done, and what was in the way; ``None`` where it took longer.
        """
        return self._housekeeper.settle(timeout_s=timeout_s)

    def close(self, *, timeout_s: float) -> None:
        """End the background work, and save the ledger if it has changed since it was saved.

        Args:
            timeout_s: seconds to wait for the pictures that are on their way.
        """
        self._housekeeper.close(timeout_s=timeout_s)

    # What is done when asked for

    def sync(self, tell: Tell = lambda _: None) -> Synced:
        """Upload what waits, then compare all places with the ledger and mend what can be mended.

        Args:
            tell: hears how far the uploads have come.

        Raises:
            LedgerError: the ledger can't be read or written.
            StorageError: a place can't be looked at, or another process is at it.
        """
        tidied = self._housekeeper.tidy(tell, wait_s=_PATIENCE_S)
        if tidied.is_down:
            # What can't be asked can't be compared.
            return Synced(tidied=tidied, mended=0, left=NOTHING)
        with self.held():
            found = take_inventory(self._ledger, self.store)
            left = mend(self._ledger, self.store, found)
        mended = len(found.missing) - len(left.missing)
        mended += len(found.left_over) - len(left.left_over)
        return Synced(tidied=tidied, mended=mended, left=left)

    def take_inventory(self) -> Inventory:
        """Compare all places with the ledger, and change nothing.

        Nothing is uploaded or moved meanwhile, unless another process takes too long about it: what that
        one is at would read as left over.

        Raises:
            LedgerError: the ledger can't be read.
            StorageError: a place can't be looked at.
        """
        with hold(self._folder, wait_s=_PATIENCE_S):
            return take_inventory(self._ledger, self.store)

    def prune(self) -> tuple[Stored, ...]:
        """Remove for good what is stored and not recorded.

        Compared and removed under one lock, which an import holds, too: its pictures come before their
        rows.

        Returns:
            What was removed.

        Raises:
            LedgerError: the ledger can't be read.
            StorageError: a place can't be looked at or changed, or another process is at it.
        """
        with self.held():
            found = take_inventory(self._ledger, self.store)
            prune(self.store, found)
            return found.unrecorded

    def purge(self, before: datetime, tell: Callable[[int], None] = lambda _: None) -> Doomed:
        """Remove for good what was deleted before a moment, as `promptflow.purging` does.

        Args:
            before: what was deleted later stays.
            tell: hears how many objects are gone so far.

        Returns:
            What was removed.

        Raises:
            SetupError: some of it is in a bucket, and none is set up; nothing was changed.
            LedgerError: the ledger can't be read or written.
            StorageError: an object can't be removed, or another process is at it.
        """
        with self.held():
            return purge(self._ledger, self.store, before=before, tell=tell)

    def move(self, to: Backend, tell: Callable[[Moved], None]) -> Moved:
        """Move every picture to one place; broken off, it goes on where it stopped.

        Args:
            to: ``local`` or ``b2``.
            tell: hears how far it has come, after each picture.

        Raises:
            SetupError: there is no bucket to move to.
            LedgerError: the ledger can't be read or written.
            StorageError: another process is at it.
        """
        if to != LOCAL and self.bucket is None:
            raise SetupError(_NO_BUCKET.format("Nothing was moved"))
        with self.held():
            return move_pictures(self._ledger, self.store, to=to, tell=tell)

    # Snapshots of the ledger

    def back_up(self) -> "Snapshot | None":
        """Save the ledger to the bucket now.

        Returns:
            What was saved; ``None`` for a ledger in which nothing is recorded.

        Raises:
            SetupError: there is no bucket.
            LedgerError: the ledger can't be read.
            StorageError: it can't be saved.
        """
        return self._require_backups("Nothing was saved").save()

    def list_snapshots(self) -> "tuple[Snapshot, ...]":
        """List what is saved in the bucket, newest first.

        Raises:
            SetupError: there is no bucket.
            StorageError: it can't be listed.
        """
        return self._require_backups("There are no snapshots").list()

    def restore(self, snapshot: "Snapshot") -> Path | None:
        """Make a snapshot the ledger; one that is there is moved aside, and never one that is newer.

        Args:
            snapshot: as `list_snapshots` returns it.

        Returns:
            Where the ledger that was there is now; ``None`` if there was none.

        Raises:
            SetupError: there is no bucket, or the snapshot is damaged or of a newer version.
            StorageError: it can't be fetched.
            LedgerError: the ledger that is there is newer.
        """
        backups = self._require_backups("Nothing was restored")
        with self.held():
            return backups.restore(snapshot)

    def restore_if_lost(self) -> None:
        """Bring the ledger back where there is none, on a host whose disk doesn't last; looks once.

        What keeps it from being brought back is logged: without a ledger the app can still be used, and
        a ledger that begins anew doesn't push out what was saved of the old one.
        """
        if self._backups is None or self._has_looked or not self._ledger.is_new:
            return
        self._has_looked = True
        try:
            with self.held():
                self._restore_newest(self._backups)
        except PromptflowError as error:
            _log.warning("The ledger was not brought back from the bucket: %s", error.message)

    def _restore_newest(self, backups: "Backups") -> None:
        # Another process may have done it while this one waited.
        if self._ledger.is_new:
            self._make_sure_of_answers()
            any(self._try_restore(backups, snapshot) for snapshot in backups.list())

    def _make_sure_of_answers(self) -> None:
        """Ask the bucket once: the first page waits for it, and not for four tries."""
        if self.bucket is None:
            return
        from promptflow.storage.b2 import B2Bucket

        asked = B2Bucket(self.bucket.settings, attempts=1, connect_timeout_s=5, read_timeout_s=10)
        try:
            next(asked.list("snapshots/"), None)
        finally:
            asked.close()

    def _try_restore(self, backups: "Backups", snapshot: "Snapshot") -> bool:
        try:
            backups.restore(snapshot)
        except PromptflowError as error:
            # A damaged one is passed over; a bucket or a disk that fails would fail the next, too.
            one_alone = isinstance(error, SetupError | BucketError)
            if not one_alone or (isinstance(error, BucketError) and error.is_general):
                raise
            _log.warning("The snapshot %r was not restored: %s", snapshot.key, error.message)
            return False
        _log.warning("The ledger was restored from %r.", snapshot.key)
        return True

    def _require_backups(self, said: str) -> "Backups":
        if self._backups is None:
            raise SetupError(_NO_BUCKET.format(said))
        return self._backups

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep all processes from uploading, moving and removing pictures meanwhile.

        Raises:
            StorageError: another process is at it, or the data folder can't be written.
        """
        with hold(self._folder, wait_s=_PATIENCE_S) as mine:
            if not mine:
                message = (
                    "Another process has been looking after the pictures for "
                    f"{_PATIENCE_S:.0f} s. Try again when it is done; nothing was changed."
                )
                raise StorageError(message)
            yield


_NO_BUCKET = (
    "{0}, because no bucket is set up. Set B2_APPLICATION_KEY_ID, B2_APPLICATION_KEY, B2_BUCKET_NAME "
    "and B2_REGION."
)
