"""What is done for stored pictures when nobody has to wait for it: thumbnails, uploads, snapshots.

One thread per process works through what the ledger says is left to do, so that nothing is forgotten
however a process ends. A lock lets one process at a time do it. All threads are daemons: a process that
ends waits as long as it was told to and no longer. Beside the flows, below the laboratory.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from promptflow.clock import Clock
from promptflow.errors import BucketError, PictureError, PromptflowError, StorageError
from promptflow.ledger import SqliteLedger
from promptflow.pictures import make_thumbnail
from promptflow.records import Asset, AssetRole, Fault, UploadStatus
from promptflow.storage.keys import parse_key
from promptflow.storage.shelves import OUTBOX, Shelves

if TYPE_CHECKING:
    from promptflow.backups import Backups

_log = logging.getLogger(__name__)

_BATCH = 100
"""Rows that are looked up at a time."""
_AT_ONCE = 4
"""Uploads at a time: enough to fill a line in spite of the waits, few enough to hold in memory."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S, _MOST_DOUBLINGS = 5.0, 600.0, 10
_BUSY_WAIT_S = 1.0
"""Seconds until it is looked whether the other process has done all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tidied:
    """What one round has done so far."""

    thumbnails: int = 0
    uploads: int = 0
    trouble: Fault | None = None
    """The first thing that failed; what it is about stays where it is and is tried again."""
    is_down: bool = False
    """Whether it was more than one picture: then nothing more was tried, and there is a pause."""
    busy: bool = False
    """Whether another process is at it, and nothing was done here."""


Tell = Callable[[Tidied], None]


class Housekeeper:
    """Keeps thumbnails and uploads up with what is stored.

    Args:
        ledger: says what is left to do, and is told what was done.
        shelves: where the pictures are.
        backups: takes snapshots of the ledger; ``None`` where there is no bucket for them.
        folder: the data folder, for the lock.
        clock: where time comes from.
    """

    def __init__(
        self,
        *,
        ledger: SqliteLedger,
        shelves: Shelves,
        backups: "Backups | None",
        folder: Path,
        clock: Clock,
    ) -> None:
        self._ledger = ledger
        self._shelves = shelves
        self._backups = backups
        self._folder = folder
        self._clock = clock
        self._news = threading.Condition()
        self._asked = self._begun = self._ended = 0
        """How often it was asked to look, and up to which time it has begun to, and has done so."""
        self._urgent = False
        self._closed = False
        self._last: Tidied | None = None
        self._thread: threading.Thread | None = None
        self._has_looked_back = False

    def wake(self) -> None:
        """Have it looked soon, in the background, whether there is something to do."""
        self._ask(urgent=False)

    def settle(self, *, timeout_s: float) -> Tidied | None:
        """Have all done that there is to do now, in the background, and wait for it.

        Args:
            timeout_s: seconds to wait, for another process that is at it, too; what takes longer goes
                on while this process lives.

        Returns:
            What the last round has done, and what was in the way; ``None`` where it took longer.
        """
        number = self._ask(urgent=True)
        with self._news:
            self._news.wait_for(lambda: self._closed or self._ended >= number, timeout_s)
            return self._last if self._ended >= number else None

    def close(self, *, timeout_s: float) -> None:
        """Let the background work end, and save the ledger if it has changed.

        What is left to do is done by the next process.

        Args:
            timeout_s: seconds to wait for what is to be uploaded; with 0 only what is saved is waited
                for.
        """
        until_s = self._clock.stopwatch_s() + timeout_s
        if timeout_s > 0 and self._shelves.bucket and self._thread:
            # The disk may not last any longer than this process.
            self.settle(timeout_s=timeout_s)
        with self._news:
            self._closed = True
            self._news.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(max(until_s - self._clock.stopwatch_s(), 0.0))
        self._save_last()

    def _ask(self, *, urgent: bool) -> int:
        """Ask for a look, and return its number."""
        with self._news:
            if self._closed:
                return 0
            self._asked += 1
            self._urgent = self._urgent or urgent
            self._news.notify_all()
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="housekeeper", daemon=True)
                self._thread.start()
            return self._asked

    def tidy(self, tell: Tell = lambda _: None, *, wait_s: float = 0.0) -> Tidied:
        """Do all there is to do, in the caller's thread.

        Args:
            tell: hears how far it has come, after each picture, from any thread.
            wait_s: seconds to wait for another process that is at it.

        Returns:
            What was done. Trouble with the bucket ends a round; trouble with one picture does not.

        Raises:
            LedgerError: the ledger can't be read or written.
            StorageError: the data folder can't be written.
        """
        if self._ledger.is_new:
            return Tidied()
        with hold(self._folder, wait_s=wait_s) as mine:
            if not mine:
                return Tidied(busy=True)
            chores = _Round(
                ledger=self._ledger,
                shelves=self._shelves,
                clock=self._clock,
                tell=tell,
                is_over=lambda: self._closed,
            )
            # Pictures first, they are what was paid for; then the thumbnails go up as well.
            chores.upload_all()
            chores.make_thumbnails()
            chores.upload_all()
            return chores.done

    def _save_last(self) -> None:
        """Save the ledger as it is when the process ends; what keeps it from that is logged."""
        if self._backups is None or self._backups.due_in_s() is None:
            return
        if self._last and self._last.is_down:
            return  # it was just tried, and logged
        try:
            self._backups.save()
        except PromptflowError as error:
            _log.warning("The ledger could not be saved at the end: %s", error.message)

    def _work(self) -> None:
        """Work in rounds: when woken, after a while where the bucket failed, and for snapshots."""
        failures = 0
        pause_s: float | None = 0.0
        while self._wait(pause_s, hasten=not failures):
            done = self._make_round()
            failures = failures + 1 if done.is_down else 0
            if done.is_down:
                pause_s = plan_pause(failures)
            elif done.busy:
                pause_s = _BUSY_WAIT_S
            else:
                pause_s = self._backups.due_in_s() if self._backups else None
            self._tell_end(done)

    def _tell_end(self, done: Tidied) -> None:
        """Let those go on who wait for a round; one in which another process was at it is none."""
        with self._news:
            self._last = done
            if not done.busy:
                self._ended = self._begun
                self._news.notify_all()

    def _make_round(self) -> Tidied:
        try:
            done = self.tidy()
            if self._backups and not done.busy and not done.is_down:
                self._save(self._backups)
        except BucketError as error:
            _log.warning("The ledger could not be saved: %s", error.message)
            return Tidied(trouble=_to_fault(error), is_down=True)
        except PromptflowError as error:
            _log.warning("The housekeeping stopped: %s", error.message)
            return Tidied(trouble=_to_fault(error), is_down=True)
        except Exception:  # noqa: BLE001 - logged with its traceback
            _log.exception("The housekeeping stopped on an unexpected error.")
            return Tidied(is_down=True)
        return done

    def _save(self, backups: "Backups") -> None:
        if not self._has_looked_back:
            backups.look_back()
            self._has_looked_back = True
        backups.save_if_due()

    def _wait(self, pause_s: float | None, *, hasten: bool) -> bool:
        """Wait for the next round; say whether there is to be one.

        Args:
            pause_s: seconds; ``None`` ends the thread unless it was asked to look meanwhile.
            hasten: whether news cut the pause short. Where the bucket has just failed, new pictures
                would meet the same trouble; somebody who waits cuts it short all the same.
        """
        with self._news:
            if pause_s is None and self._asked == self._begun:
                # All is done: who asks next starts another thread.
                self._thread = None
                return False
            self._news.wait_for(
                lambda: self._closed or self._urgent or (hasten and self._asked > self._begun),
                pause_s,
            )
            self._urgent = False
            self._begun = self._asked
            return not self._closed


@contextmanager
def hold(folder: Path, *, wait_s: float = 0.0) -> Iterator[bool]:
    """Hold the lock under which stored pictures are uploaded, moved or removed.

    Args:
        folder: the data folder, shared with other processes.
        wait_s: seconds to wait for another process.

    Yields:
        Whether it could be had.

    Raises:
        StorageError: the folder can't be written.
    """
    from filelock import FileLock, Timeout

    path = folder / "housekeeping.lock"
    lock = FileLock(path, timeout=wait_s, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        yield False
        return
    except OSError as error:
        message = (
            f"The lock {str(path)!r} can't be taken ({error.strerror}). Make the folder writable."
        )
        raise StorageError(message) from error
    try:
        yield True
    finally:
        lock.release()


@dataclass(slots=True, kw_only=True)
class _Round:
    """One look at all that is left to do."""

    ledger: SqliteLedger
    shelves: Shelves
    clock: Clock
    tell: Tell
    is_over: Callable[[], bool]
    done: Tidied = Tidied()
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _error: Exception | None = None
    """The first mistake of an uploading thread."""
    _going: set[str] = field(default_factory=set)
    """The keys of what goes up now."""
    _twins: list[Asset] = field(default_factory=list)
    """Rows whose object was on its way when their turn came."""
    _is_left: bool = False
    """Whether who waited for the uploads has gone, because of Ctrl-C."""

    def upload_all(self) -> None:
        """Upload what is in the outbox, a few at a time, until it is empty or the bucket fails."""
        if self.shelves.bucket is None:
            return
        self._is_left = False
        waiting = _each(self.ledger.list_in_outbox)
        beside = [
            threading.Thread(target=self._upload_from, args=(waiting,), name="upload", daemon=True)
            for _ in range(_AT_ONCE - 1)
        ]
        # When Python is about to end it starts no thread; then they go up one by one.
        with suppress(RuntimeError):
            for thread in beside:
                thread.start()
        try:
            self._upload_from(waiting)
            for thread in beside:
                if thread.ident is not None:
                    thread.join()
            twins, self._twins = self._twins, []
            self._upload_from(iter(twins))
        finally:
            self._is_left = True
        if self._error:
            raise self._error

    def make_thumbnails(self) -> None:
        """Make the thumbnails that are missing."""
        for asset in _each(self.ledger.list_without_thumbnail):
            if self.is_over():
                return
            self._make_thumbnail(asset)

    @property
    def _stops(self) -> bool:
        return self._is_left or self._error is not None or self.done.is_down or self.is_over()

    def _upload_from(self, waiting: Iterator[Asset]) -> None:
        """Upload what waits, beside others; the first mistake ends all of them."""
        try:
            while not self._stops:
                asset = self._take(waiting)
                if asset is None:
                    return
                self._upload(asset)
                self._going.discard(asset.key)
        except Exception as error:  # noqa: BLE001 - raised again by the thread that waits
            self._error = self._error or error

    def _take(self, waiting: Iterator[Asset]) -> Asset | None:
        """Take the next one; what shares its object with one that goes up comes after the others."""
        with self._turn:
            for asset in waiting:
                if asset.key not in self._going:
                    self._going.add(asset.key)
                    return asset
                self._twins.append(asset)
        return None

    def _upload(self, asset: Asset) -> None:
        """Upload one picture, record how it went, and let go of its file."""
        from promptflow.storage.b2 import B2Bucket

        started_at, started_s = self.clock.now(), self.clock.stopwatch_s()
        fault, is_down = None, False
        try:
            self.shelves.upload(asset)
        except StorageError as error:
            fault = _to_fault(error)
            # What one picture lacks says nothing of the others; a bucket that fails does.
            is_down = isinstance(error, BucketError) and error.is_general
        self.ledger.record_upload(
            asset.asset_id,
            status=UploadStatus.FAILED if fault else UploadStatus.SUCCEEDED,
            fault=fault,
            size_bytes=asset.size_bytes,
            started_at=started_at,
            total_ms=round((self.clock.stopwatch_s() - started_s) * 1000),
        )
        if fault:
            _log.warning("The picture %r stays in the outbox: %s", asset.key, fault.message)
            self._count(trouble=fault, is_down=is_down)
            return
        self.ledger.mark_stored(asset.asset_id, B2Bucket.backend)
        if not self.ledger.is_stored_at(asset.key, OUTBOX):
            self.shelves.remove(asset.key, backend=OUTBOX)
        self._count(uploads=1)

    def _make_thumbnail(self, asset: Asset) -> None:
        try:
            parts = parse_key(asset.key)
            thumbnail = self.shelves.write(
                generation_id=parts.generation_id,
                role=AssetRole.THUMBNAIL,
                model=parts.model,
                data=make_thumbnail(self.shelves.read(asset)),
            )
        except (StorageError, PictureError) as error:
            _log.warning("There is no thumbnail of %r: %s", asset.key, error.message)
            self._count(trouble=_to_fault(error))
            return
        self.ledger.record_thumbnail(asset.asset_id, thumbnail)
        self._count(thumbnails=1)

    def _count(
        self,
        *,
        thumbnails: int = 0,
        uploads: int = 0,
        trouble: Fault | None = None,
        is_down: bool = False,
    ) -> None:
        with self._lock:
            self.done = replace(
                self.done,
                thumbnails=self.done.thumbnails + thumbnails,
                uploads=self.done.uploads + uploads,
                trouble=self.done.trouble or trouble,
                is_down=self.done.is_down or is_down,
            )
            done = self.done
        self.tell(done)


def _to_fault(error: PromptflowError) -> Fault:
    return Fault(code=error.code, message=error.message)


def plan_pause(failures: int) -> float:
    """Return the seconds until the next round.

    Args:
        failures: how many rounds have failed in a row, from 1.

    Returns:
        5 s, doubled with each failure, and at most 10 minutes.
    """
    return min(_FIRST_PAUSE_S * 2.0 ** min(failures - 1, _MOST_DOUBLINGS), _LONGEST_PAUSE_S)


def _each(look: Callable[..., tuple[Asset, ...]]) -> Iterator[Asset]:
    """Yield rows by id, looked up in batches, until there are no more."""
    after = ""
    while batch := look(after=after, limit=_BATCH):
        yield from batch
        after = batch[-1].asset_id
