"""What one look at stored pictures does for them: it makes thumbnails and empties the outbox.

When that is done, and by which process, is the housekeeping's affair; it is above this.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace

from promptflow.clock import Clock
from promptflow.errors import BucketError, PictureError, PromptflowError, StorageError
from promptflow.ledger import SqliteLedger
from promptflow.pictures import make_thumbnail
from promptflow.records import Asset, AssetRole, Fault, UploadStatus
from promptflow.storage.keys import parse_key
from promptflow.storage.shelves import OUTBOX, Shelves

_log = logging.getLogger(__name__)

_BATCH = 100
"""Rows that are looked up at a time."""
_AT_ONCE = 4
"""Uploads at a time: enough to fill a line in spite of the waits, few enough to hold in memory."""


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


@dataclass(slots=True, kw_only=True)
class Round:
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
        waiting = _each(self.ledger.assets.list_in_outbox)
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
        for asset in _each(self.ledger.assets.list_without_thumbnail):
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
            fault = to_fault(error)
            # What one picture lacks says nothing of the others; a bucket that fails does.
            is_down = isinstance(error, BucketError) and error.is_general
        self.ledger.assets.record_upload(
            asset.asset_id,
            status=UploadStatus.FAILED if fault else UploadStatus.SUCCEEDED,
            fault=fault,
            size_bytes=asset.size_bytes,
            started_at=started_at,
            total_ms=round((self.clock.stopwatch_s() - started_s) * 1000),
        )
        if fault:
            # A bucket that fails does so in several threads at a time, and is told of once.
            if self._count(trouble=fault, is_down=is_down):
                _log.warning("Not uploaded: %s", fault.message)
            return
        self.ledger.assets.mark_stored(asset.asset_id, B2Bucket.backend)
        if not self.ledger.assets.is_stored_at(asset.key, OUTBOX):
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
            self._count(trouble=to_fault(error))
            return
        self.ledger.assets.record_thumbnail(asset.asset_id, thumbnail)
        self._count(thumbnails=1)

    def _count(
        self,
        *,
        thumbnails: int = 0,
        uploads: int = 0,
        trouble: Fault | None = None,
        is_down: bool = False,
    ) -> bool:
        """Add to what was done; say whether it is news, and not one more word of a bucket that fails."""
        with self._lock:
            is_news = not (is_down and self.done.is_down)
            self.done = replace(
                self.done,
                thumbnails=self.done.thumbnails + thumbnails,
                uploads=self.done.uploads + uploads,
                trouble=self.done.trouble or trouble,
                is_down=self.done.is_down or is_down,
            )
            done = self.done
        self.tell(done)
        return is_news


def to_fault(error: PromptflowError) -> Fault:
    """Return what is kept of an error."""
    return Fault(code=error.code, message=error.message)


def _each(look: Callable[..., tuple[Asset, ...]]) -> Iterator[Asset]:
    """Yield rows by id, looked up in batches, until there are no more."""
    after = ""
    while batch := look(after=after, limit=_BATCH):
        yield from batch
        after = batch[-1].asset_id
