"""Snapshots of the ledger in the bucket, for hosts whose disk doesn't last.

    snapshots/{id of the ledger's first generation}/{when}.db.gz

Each ledger has a series of its own, so that one that began anew, because the bucket could not be reached,
doesn't push out what was saved before. Beside the flows, below the laboratory.
"""

import gzip
import logging
import os
import shutil
import tempfile
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from promptflow.clock import Clock
from promptflow.errors import LedgerError, SetupError, StorageError
from promptflow.ledger import SqliteLedger
from promptflow.ledger.snapshots import (
    put_back,
    read_last_change,
    read_series,
    take_snapshot,
)
from promptflow.storage.b2 import B2Bucket

_log = logging.getLogger(__name__)

_PREFIX = "snapshots/"
_ENDING = ".db.gz"
_TIME = "%Y%m%dT%H%M%S.%fZ"
_KEPT = 20
"""Snapshots of one ledger that stay."""
_EVERY_S = 60.0
_SHARE = 20
"""Saving may take one part in so many of the time: a large ledger is saved less often."""
_SCRATCH = ".snapshot-"
_SURELY_OVER_S = 3_600.0
_MIME = "application/gzip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One copy of a ledger in the bucket."""

    key: str
    series: str
    """Which ledger it is of."""
    taken_at: datetime
    size_bytes: int


class Backups:
    """Saves the ledger to the bucket and brings it back.

    Args:
        ledger: what is saved.
        bucket: where to.
        clock: where time comes from.
    """

    def __init__(self, ledger: SqliteLedger, bucket: B2Bucket, *, clock: Clock) -> None:
        self._ledger = ledger
        self._bucket = bucket
        self._clock = clock
        self._lock = threading.Lock()
        self._saved: _Look | None = self._look()
        """The files as they were saved; ``None`` where that was never done."""
        self._next_s = clock.stopwatch_s() + _EVERY_S

    def due_in_s(self) -> float | None:
        """Return the seconds until the next snapshot is due; ``None`` where nothing has changed."""
        if self._look() == self._saved:
            return None
        return max(self._next_s - self._clock.stopwatch_s(), 0.0)

    def look_back(self) -> None:
        """Find out whether what earlier processes wrote was saved; until then it is taken for saved.

        Raises:
            LedgerError: the ledger can't be read.
            StorageError: the bucket can't be listed.
        """
        series = None if self._ledger.is_new else read_series(self._ledger.file)
        if series is None:
            return
        mine = [snapshot.taken_at for snapshot in self.list() if snapshot.series == series]
        changed_at = read_last_change(self._ledger.file)
        if not mine or (changed_at and mine[0] < changed_at):
            self._saved = None

    def save_if_due(self) -> None:
        """Save the ledger if it has changed, and the last time was long enough ago.

        Raises:
            LedgerError: it can't be read.
            StorageError: it can't be saved.
        """
        if self.due_in_s() == 0:
            self.save()

    def save(self) -> Snapshot | None:
        """Save the ledger as it is now, and remove its oldest snapshots beyond the newest 20.

        Returns:
            What was saved; ``None`` for a ledger in which nothing is recorded.

        Raises:
            LedgerError: the ledger can't be read.
            StorageError: it can't be saved. Where only the oldest can't be removed, that is logged.
        """
        with self._lock:
            # Looked at before it is copied: what is written meanwhile counts as a change.
            look, started_s = self._look(), self._clock.stopwatch_s()
            series = None if self._ledger.is_new else read_series(self._ledger.file)
            if series is None:
                self._saved = look
                return None
            snapshot = self._upload(series)
            took_s = self._clock.stopwatch_s() - started_s
            self._saved = look
            self._next_s = started_s + max(_EVERY_S, took_s * _SHARE)
            # It is saved, whether or not the key may remove the oldest.
            try:
                self._remove_oldest(series)
            except StorageError as error:
                _log.warning("The oldest snapshots stay: %s", error.message)
            return snapshot

    def list(self) -> tuple[Snapshot, ...]:
        """List what is saved in the bucket, newest first.

        Raises:
            StorageError: the bucket can't be listed.
        """
        found = [_read(key, size) for key, size in self._bucket.list(_PREFIX)]
        known = [snapshot for snapshot in found if snapshot]
        return tuple(sorted(known, key=lambda snapshot: snapshot.taken_at, reverse=True))

    def restore(self, snapshot: Snapshot) -> Path | None:
        """Make a snapshot the ledger; one that is there is moved aside, and never one that is newer.

        Args:
            snapshot: as `list` returns it.

        Returns:
            Where the ledger that was there is now; ``None`` if there was none.

        Raises:
            StorageError: it can't be fetched, or there is no room for it.
            SetupError: it is damaged, or of a newer version of Prompt Flow.
            LedgerError: the ledger that is there is newer, or open in another process.
        """
        with self._scratch() as folder:
            packed, copy = folder / "packed", folder / "copy"
            self._bucket.get_file(snapshot.key, packed)
            _unpack(snapshot.key, packed, copy)
            self._ledger.close()
            return put_back(self._ledger.file, copy, now=self._clock.now())

    def _upload(self, series: str) -> Snapshot:
        taken_at = self._clock.now()
        key = f"{_PREFIX}{series}/{taken_at.strftime(_TIME)}{_ENDING}"
        with self._scratch() as folder:
            copy, packed = folder / "copy", folder / "packed"
            take_snapshot(self._ledger.file, copy)
            try:
                with copy.open("rb") as source, gzip.open(packed, "xb", compresslevel=6) as target:
                    shutil.copyfileobj(source, target)
            except OSError as error:
                message = f"The ledger can't be packed ({error.strerror}). Free some disk space."
                raise LedgerError(message) from error
            self._bucket.put_file(key, packed, mime=_MIME)
            size_bytes = packed.stat().st_size
        return Snapshot(key=key, series=series, taken_at=taken_at, size_bytes=size_bytes)

    def _remove_oldest(self, series: str) -> None:
        mine = [snapshot for snapshot in self.list() if snapshot.series == series]
        for snapshot in mine[_KEPT:]:
            self._bucket.delete(snapshot.key)

    @contextmanager
    def _scratch(self) -> Iterator[Path]:
        """Yield a folder on the ledger's disk that is gone afterwards."""
        home = self._ledger.file.path.absolute().parent
        try:
            home.mkdir(parents=True, exist_ok=True)
            _remove_left_behind(home)
            scratch = tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=home)
        except OSError as error:
            message = f"{str(home)!r} can't be written ({error.strerror}). Make it writable."
            raise StorageError(message) from error
        with scratch as name:
            yield Path(name)

    def _look(self) -> "_Look":
        """Look at the ledger's files: any commit changes one of them."""
        path = self._ledger.file.path
        found = []
        for each in (path, path.with_name(f"{path.name}-wal")):
            try:
                facts = each.stat()
            except OSError:
                found.append((0, 0))
            else:
                # An empty log comes and goes with whoever only looks.
                found.append((facts.st_mtime_ns, facts.st_size) if facts.st_size else (0, 0))
        return tuple(found)


def _unpack(key: str, packed: Path, copy: Path) -> None:
    """Unpack a snapshot onto stable storage."""
    try:
        with gzip.open(packed) as source, copy.open("xb") as target:
            shutil.copyfileobj(source, target)
            target.flush()
            os.fsync(target.fileno())
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        message = f"The snapshot {key!r} is damaged: it can't be unpacked. Choose an earlier one."
        raise SetupError(message) from error
    except OSError as error:
        message = (
            f"The snapshot {key!r} can't be unpacked ({error.strerror}). Free some disk space."
        )
        raise StorageError(message) from error


def _remove_left_behind(home: Path) -> None:
    """Remove what a process left that was killed while it saved."""
    before_s = time.time() - _SURELY_OVER_S
    for folder in home.glob(f"{_SCRATCH}*"):
        # Another process may be at the same.
        with suppress(FileNotFoundError):
            if folder.stat().st_mtime < before_s:
                shutil.rmtree(folder, ignore_errors=True)


_Look = tuple[tuple[int, int], ...]
"""Time of change and size of each file."""


def _read(key: str, size_bytes: int) -> Snapshot | None:
    """Read what a key says; ``None`` for one that isn't ours."""
    series, _, name = key.removeprefix(_PREFIX).partition("/")
    if not name.endswith(_ENDING):
        return None
    try:
        taken_at = datetime.strptime(f"{name.removesuffix(_ENDING)}+0000", f"{_TIME}%z")
    except ValueError:
        return None
    return Snapshot(key=key, series=series, taken_at=taken_at, size_bytes=size_bytes)
