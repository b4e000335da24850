"""The ledger as one object: the `Ledger` port and everything that is read back. Floor 4."""

import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from promptflow.budget import MonthSpend
from promptflow.clock import Clock
from promptflow.errors import LedgerError, SetupError, UnknownGenerationError
from promptflow.events import (
    Event,
    FlowFinished,
    ImageReady,
    PartialImage,
    ReasoningDelta,
    StageDelta,
    StageFailed,
    StageFinished,
)
from promptflow.labels import Kind
from promptflow.ledger import gallery, keeping, organising, read, usage
from promptflow.ledger.answers import find_answer
from promptflow.ledger.database import LedgerFile
from promptflow.ledger.lineage import read_lineage
from promptflow.ledger.migrations import find_pending, migrate
from promptflow.ledger.search import list_generations
from promptflow.ledger.write import write_event
from promptflow.records import (
    Asset,
    Fault,
    GalleryFilter,
    GenerationSummary,
    KeptAnswer,
    Labels,
    Lineage,
    PictureSummary,
    UploadStatus,
    Waiting,
)
from promptflow.usage import Period, UsageReport
from promptflow.wording import count

_COUNTS = {
    "generation": "SELECT count(*) FROM generations",
    "stage": "SELECT count(*) FROM stages",
    "run": "SELECT count(*) FROM runs",
    "picture": "SELECT count(*) FROM assets WHERE role <> 'thumbnail'",
}
"""What is counted → how."""


class SqliteLedger:
    """The `Ledger` port over an SQLite file, and what is read back from it.

    Threads and processes may write at the same time; each record waits for its turn.

    Args:
        path: the database file.
        clock: dates what its event doesn't.
        owner: the id of the `Ownership` this process holds, empty for one that runs no flow; it marks
            the generations recorded here, and may be set later.
        timeout_s: seconds to wait for another writer.
    """

    def __init__(
        self, path: Path, *, clock: Clock, owner: str = "", timeout_s: float = 30.0
    ) -> None:
        self.file = LedgerFile(path=path, timeout_s=timeout_s)
        self.clock = clock
        self.owner = owner
        self._turn = threading.Lock()
        self._idle: weakref.finalize[..., SqliteLedger] | None = None

    @property
    def is_new(self) -> bool:
        """Whether nothing was ever recorded: there is no file, and there was none to lose."""
        return self._idle is None and not self.file.path.exists()

    def prepare_folder(self) -> None:
        """Make the folder, and see that there is room for a ledger in it.

        Raises:
            SetupError: it can't be made or written.
        """
        with self._folder_worded() as folder:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder) as probe:
                probe.write(b"\0")

    def prepare(self) -> None:
        """Make the folder and the file, and bring the schema up to date.

        To be called once before anything is recorded; an up-to-date ledger is only looked at.

        Raises:
            SetupError: the folder or the file can't be written, the file is no ledger or damaged, or
                it belongs to a newer version of Prompt Flow, in which case nothing was changed.
        """
        with self._folder_worded() as folder:
            folder.mkdir(parents=True, exist_ok=True)
        migrate(self.file)
        self._stay_open()

    def close(self) -> None:
        """Let go of the file; records made later still work."""
        self.file.close()
        if self._idle:
            self._idle()

    def record(self, event: Event) -> None:
        """Write one event down; once it returns, the event survives the process.

        Args:
            event: any event; those that live in memory only are passed over.

        Raises:
            LedgerError: it could not be written.
        """
        if isinstance(event, StageDelta | ReasoningDelta | PartialImage):
            return
        # Words and pictures are what was paid for; the next of these makes the others durable too.
        durable = isinstance(event, StageFinished | StageFailed | ImageReady | FlowFinished)
        # Lanes that meet wait for each other here: SQLite's own waiting sleeps, for up to 0.1 s.
        with self._turn, self.file.writing(durable=durable) as db:
            write_event(db, event, owner=self.owner, now=self.clock.now())

    def read_events(self, generation_id: str) -> tuple[Event, ...]:
        """Rebuild the events of one generation, as `promptflow.ledger.read` orders them.

        Args:
            generation_id: anything; it may come from an address.

        Returns:
            All of them, deltas merged into one per stage, partial pictures left out; what is still
            running has no closing event.

        Raises:
            UnknownGenerationError: there is no such generation.
            DeletedGenerationError: it was deleted.
            LedgerError: the ledger can't be read.
        """
        if self.is_new:
            raise UnknownGenerationError(read.tell_unknown(generation_id))
        with self.file.reading() as connection:
            organising.check_shown(connection, generation_id)
            return read.read_events(connection, generation_id)

    def find_answer(self, question_sha256: str) -> KeptAnswer | None:
        """Find the newest whole answer to a question, as `promptflow.ledger.answers` does.

        Raises:
            LedgerError: the ledger can't be read.
        """
        if self.is_new:
            return None
        with self.file.reading() as connection:
            return find_answer(connection, question_sha256)

    def list_generations(
        self, *, search: str = "", limit: int = 20, before: str | None = None
    ) -> tuple[GenerationSummary, ...]:
        """List generations, newest first by id.

        Args:
            search: words that must all be in the texts: parts of words of the title or the request,
                or, once it has ended, the beginnings of words of its plan or prompts. In upper or
                lower case; no character has a special meaning.
            limit: how many at most, from 1.
            before: the last id of the page before; ``None`` for the first page.

        Returns:
            At most `limit`; empty where nothing fits.

        Raises:
            LedgerError: the ledger can't be read.
        """
        if self.is_new:
            return ()
        with self.file.reading() as connection:
            return list_generations(connection, search=search, limit=limit, before=before)

    def read_lineage(self, generation_id: str) -> Lineage:
        """Read what the events of a generation don't tell, as `promptflow.ledger.lineage` has it.

        Args:
            generation_id: anything; it may come from an address.

        Raises:
            UnknownGenerationError: there is no such generation.
            DeletedGenerationError: it was deleted.
            LedgerError: the ledger can't be read.
        """
        if self.is_new:
            raise UnknownGenerationError(read.tell_unknown(generation_id))
        with self.file.reading() as connection:
            organising.check_shown(connection, generation_id)
            return read_lineage(connection, generation_id)

    # The gallery

    def list_pictures(
        self, wanted: GalleryFilter, *, limit: int, offset: int = 0
    ) -> tuple[PictureSummary, ...]:
        """List painted pictures: newest first, or, where words are looked up, by their generations.

        Args:
            wanted: which.
            limit: how many at most, from 1.
            offset: how many to leave out before, from 0.

        Returns:
            At most `limit`; empty where nothing fits, or fewer than `offset` do.

        Raises:
            LedgerError: the ledger can't be read.
        """
        if self.is_new:
            return ()
        with self.file.reading() as connection:
            return gallery.list_pictures(connection, wanted, limit=limit, offset=offset)

    def count_pictures(self, wanted: GalleryFilter) -> tuple[int, bool]:
        """Count painted pictures.

        Args:
            wanted: which.

        Returns:
            How many, and whether there are more than that: by words, cost or star it is counted up to
            `promptflow.ledger.gallery.COUNT_LIMIT` only.

        Raises:
            LedgerError: the ledger can't be read.
        """
        if self.is_new:
            return 0, False
        with self.file.reading() as connection:
            return gallery.count_pictures(connection, wanted)

    def list_gallery_models(self) -> tuple[str, ...]:
        """List the image models that have painted a picture, by id.

        Raises:
            LedgerError: the ledger can't be read.
        """
        if self.is_new:
            return ()
        with self.file.reading() as connection:
            return gallery.list_models(connection)

    def find_picture(self, asset_id: str) -> PictureSummary | None:
        """Return one painted picture; ``None`` where there is none of this id.

        Args:
            asset_id: anything; it may come from an address.

        Raises:
            LedgerError: the ledger can't be read.
        """
        if self.is_new:
            return None
        with self.file.reading() as connection:
            return gallery.find_picture(connection, asset_id)

    def find_asset(self, asset_id: str) -> Asset | None:
        """Return a stored object of any role; ``None`` where there is none of this id.

        Args:
            asset_id: anything; it may come from an address.

        Raises:
            LedgerError: the ledger can't be read.
        """
        if self.is_new:
            return None
        with self.file.reading() as connection:
            return keeping.find_asset(connection, asset_id)

    def star(self, asset_id: str, at: datetime | None) -> None:
        """Give an asset a star, or take it away.

        Args:
            asset_id: which.
            at: when; ``None`` takes it away. A star that is there keeps its time.

        Raises:
            LedgerError: there is no such asset, it was deleted, or it could not be written.
        """
        with self._turn, self.file.writing() as db:
            keeping.star(db, asset_id, at)

    # What was used

    def read_usage(self, period: Period) -> UsageReport:
        """Add up what the calls of some days took, as `promptflow.ledger.usage` has it.

        Raises:
            LedgerError: the ledger can't be read.
        """
        if self.is_new:
            return UsageReport(period=period)
        with self.file.reading() as connection:
            return usage.read_usage(connection, period)

    def read_month_spend(self, month: Period) -> MonthSpend:
        """Say what the calls begun in a month cost, and what they may yet come to.

        Raises:
            LedgerError: the ledger can't be read.
        """
        if self.is_new:
            return MonthSpend(month=month.first)
        with self.file.reading() as connection:
            return usage.read_month_spend(connection, month)

    def has_calls(self) -> bool:
        """Say whether a model was ever asked.

        Raises:
            LedgerError: the ledger can't be read.
        """
        if self.is_new:
            return False
        with self.file.reading() as connection:
            return usage.has_calls(connection)

    # Titles, notes, tags, and what is deleted

    def read_labels(self, kind: Kind, row_id: str) -> Labels:
        """Return what a person wrote on a generation or picture.

        Args:
            kind: what it is.
            row_id: its id; it may come from an address.

        Raises:
            LedgerError: there is none of this id, or the ledger can't be read.
        """
        with self.file.reading() as connection:
            return organising.read_labels(connection, kind, row_id)

    def read_all_labels(self, generation_id: str) -> dict[str, Labels]:
        """Return what a person wrote on a generation and on its pictures, by id.

        Args:
            generation_id: whose.

        Raises:
            LedgerError: there is none of this id, or the ledger can't be read.
        """
        with self.file.reading() as connection:
            return organising.read_all_labels(connection, generation_id)

    def write_labels(self, kind: Kind, row_id: str, labels: Labels) -> None:
        """Replace what a person wrote on a generation or picture.

        Args:
            kind: what it is.
            row_id: its id.
            labels: as `promptflow.labels.clean_labels` returns them.

        Raises:
            LedgerError: there is none of this id, it was deleted, or it could not be written.
        """
        with self._turn, self.file.writing() as db:
            organising.write_labels(db, kind, row_id, labels)

    def list_tags(self) -> tuple[str, ...]:
        """List the tags that are in use, in the order of the alphabet.

        Raises:
            LedgerError: the ledger can't be read.
        """
        if self.is_new:
            return ()
        with self.file.reading() as connection:
            return organising.list_tags(connection)

    def delete(self, kind: Kind, row_id: str, at: datetime) -> None:
        """Mark a generation or picture as deleted; what is so already keeps its time.

        Args:
            kind: what it is.
            row_id: its id.
            at: when.

        Raises:
            InputError: it is still being made.
            LedgerError: there is none of this id, or it could not be written.
        """
        with self._turn, self.file.writing() as db:
            organising.mark_deleted(db, kind, row_id, at)

    def undelete(self, kind: Kind, row_id: str) -> None:
        """Bring back a generation or picture that was deleted; what was not stays as it is.

        Args:
            kind: what it is.
            row_id: its id.

        Raises:
            LedgerError: there is none of this id, it was purged, or it could not be written.
        """
        with self._turn, self.file.writing() as db:
            organising.unmark_deleted(db, kind, row_id)

    def list_deleted_pictures(self, generation_id: str) -> tuple[str, ...]:
        """List the ids of a generation's pictures that were deleted and can be brought back.

        Args:
            generation_id: whose; it may come from an address.

        Raises:
            LedgerError: the ledger can't be read.
        """
        with self.file.reading() as connection:
            return organising.list_deleted_pictures(connection, generation_id)

    # What is done beside the flows

    def list_without_thumbnail(self, *, after: str = "", limit: int = 100) -> tuple[Asset, ...]:
        """List pictures and references that no thumbnail was made of, by id.

        Args:
            after: the last id of the batch before; empty for the first.
            limit: how many at most, from 1.

        Raises:
            LedgerError: the ledger can't be read.
        """
        return self._list(keeping.list_without_thumbnail, after=after, limit=limit)

    def list_in_outbox(self, *, after: str = "", limit: int = 100) -> tuple[Asset, ...]:
        """List what has yet to be uploaded, thumbnails among it, by id.

        Args:
            after: the last id of the batch before; empty for the first.
            limit: how many at most, from 1.

        Raises:
            LedgerError: the ledger can't be read.
        """
        return self._list(keeping.list_in_outbox, after=after, limit=limit)

    def list_assets(self, *, after: str = "", limit: int = 100) -> tuple[Asset, ...]:
        """List all that is stored, of every role, by id.

        Args:
            after: the last id of the batch before; empty for the first.
            limit: how many at most, from 1.

        Raises:
            LedgerError: the ledger can't be read.
        """
        return self._list(keeping.list_assets, after=after, limit=limit)

    def _list(
        self, look: Callable[..., tuple[Asset, ...]], *, after: str, limit: int
    ) -> tuple[Asset, ...]:
        """List one batch of rows; none where nothing is recorded yet."""
        if self.is_new:
            return ()
        with self.file.reading() as connection:
            return look(connection, after=after, limit=limit)

    def list_running(self) -> frozenset[str]:
        """Return the ids of the generations under way, in whichever process.

        Raises:
            LedgerError: the ledger can't be read.
        """
        if self.is_new:
            return frozenset()
        sql = "SELECT id FROM generations WHERE status = 'running'"
        with self.file.reading() as connection:
            return frozenset(row["id"] for row in connection.execute(sql))

    def is_stored_at(self, key: str, backend: str) -> bool:
        """Say whether any asset is said to be under a key of a store; several may share one object.

        Args:
            key: as an `Asset` holds it.
            backend: that store's name.

        Raises:
            LedgerError: the ledger can't be read.
        """
        with self.file.reading() as connection:
            return keeping.is_stored_at(connection, key, backend)

    def read_waiting(self) -> Waiting:
        """Return how much is in the outbox, and why it did not go up the last time.

        Raises:
            LedgerError: the ledger can't be read.
        """
        if self.is_new:
            return Waiting(pictures=0, trouble=None)
        with self.file.reading() as connection:
            return keeping.read_waiting(connection)

    def record_thumbnail(self, source_id: str, thumbnail: Asset) -> None:
        """Write down the thumbnail of an asset; one that is there already stays.

        Args:
            source_id: the asset it shows.
            thumbnail: what is stored.

        Raises:
            LedgerError: there is no such asset, or it could not be written.
        """
        # It can be made again, so it need not survive a power cut.
        with self._turn, self.file.writing(durable=False) as db:
            keeping.record_thumbnail(db, source_id, thumbnail, now=self.clock.now())

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
        with self._turn, self.file.writing(durable=False) as db:
            return keeping.record_upload(
                db,
                asset_id,
                status=status,
                fault=fault,
                size_bytes=size_bytes,
                started_at=started_at,
                total_ms=total_ms,
            )

    def mark_stored(self, asset_id: str, backend: str) -> None:
        """Write down which store holds an asset now; once it returns, the other may let go of it.

        Args:
            asset_id: which.
            backend: that store's name.

        Raises:
            LedgerError: there is no such asset, or it could not be written.
        """
        with self._turn, self.file.writing() as db:
            keeping.mark_stored(db, asset_id, backend)

    # The whole

    def count_refusals(self) -> dict[str, tuple[int, int]]:
        """Count how often models refused.

        Returns:
            Model id → (refusals, calls in all): of an image model its runs, of a text model its
            stages. Those that were never asked are left out.

        Raises:
            LedgerError: the ledger can't be read.
        """
        if self.is_new:
            return {}
        sql = """
            SELECT image_model, count(*) FILTER (WHERE status = 'refused'), count(*)
            FROM runs GROUP BY image_model
            UNION ALL SELECT model, count(*) FILTER (WHERE status = 'refused'), count(*)
            FROM stages WHERE reused_from IS NULL GROUP BY model
        """
        with self.file.reading() as connection:
            return {model: (refused, calls) for model, refused, calls in connection.execute(sql)}

    def check(self) -> tuple[str, ...]:
        """Examine the file from end to end.

        Returns:
            What is fine, in phrases, with the number of rows of each kind.

        Raises:
            LedgerError: the file is damaged, or its schema is not of this version.
        """
        with self.file.reading() as connection:
            problem = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
            if problem != "ok":
                message = (
                    f"The ledger {str(self.file.path)!r} is damaged ({problem}). Bring it back from "
                    "a backup, or move it away to begin an empty one."
                )
                raise LedgerError(message)
            if find_pending(connection, self.file):
                message = (
                    f"The ledger {str(self.file.path)!r} has an older schema. Start the app once to "
                    "bring it up to date."
                )
                raise LedgerError(message)
            counts = [
                count(connection.execute(sql).fetchone()[0], noun) for noun, sql in _COUNTS.items()
            ]
        return ("the file is sound", "the schema is the newest", *counts)

    @contextmanager
    def _folder_worded(self) -> Iterator[Path]:
        """Yield the ledger's folder; what the system says of it becomes a sentence."""
        folder = self.file.path.absolute().parent
        try:
            yield folder
        except OSError as error:
            message = (
                f"The folder {str(folder)!r} for the ledger can't be made or written "
                f"({error.strerror}). Make it writable, or set PROMPTFLOW_DATA_DIR to another folder."
            )
            raise SetupError(message) from error

    def _stay_open(self) -> None:
        """Hold an idle connection: whenever the last one closes, SQLite empties and syncs the log.

        With it, a record is one sync instead of three (0.4 ms instead of 1.2 ms on an SSD).
        """
        if self._idle and self._idle.alive:
            return
        with self.file.legible(SetupError):
            connection = self.file.connect("rw")
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        self._idle = weakref.finalize(self, connection.close)
