"""When things are done for stored pictures that nobody has to wait for: thumbnails, uploads, snapshots.

One thread per process makes rounds through what the ledger says is left to do, so that nothing is forgotten
however a process ends. A lock lets one process at a time do it. All threads are daemons: a process that
ends waits as long as it was told to and no longer. Beside the flows, below the laboratory.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from promptflow.clock import Clock
from promptflow.errors import BucketError, PromptflowError, StorageError
from promptflow.ledger import SqliteLedger
from promptflow.rounds import Round, Tell, Tidied, to_fault
from promptflow.storage.shelves import Shelves

if TYPE_CHECKING:
    from promptflow.backups import Backups

_log = logging.getLogger(__name__)

_FIRST_PAUSE_S, _LONGEST_PAUSE_S, _MOST_DOUBLINGS = 5.0, 600.0, 10
_BUSY_WAIT_S = 1.0
"""Seconds until it is looked whether the other process has done all."""


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
            chores = Round(
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
            return Tidied(trouble=to_fault(error), is_down=True)
        except PromptflowError as error:
            _log.warning("The housekeeping stopped: %s", error.message)
            return Tidied(trouble=to_fault(error), is_down=True)
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


def plan_pause(failures: int) -> float:
    """Return the seconds until the next round.

    Args:
        failures: how many rounds have failed in a row, from 1.

    Returns:
        5 s, doubled with each failure, and at most 10 minutes.
    """
    return min(_FIRST_PAUSE_S * 2.0 ** min(failures - 1, _MOST_DOUBLINGS), _LONGEST_PAUSE_S)
