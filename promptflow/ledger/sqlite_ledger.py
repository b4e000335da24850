"""The ledger as one object: the `Ledger` port, generations read back, and its roles. Floor 4."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
from promptflow.ledger import read
from promptflow.ledger.access import Access
from promptflow.ledger.answers import find_answer
from promptflow.ledger.calls import Calls
from promptflow.ledger.database import LedgerFile
from promptflow.ledger.gallery import Pictures
from promptflow.ledger.keeping import Assets
from promptflow.ledger.lineage import read_lineage
from promptflow.ledger.migrations import find_pending, migrate
from promptflow.ledger.organising import Marks, check_shown
from promptflow.ledger.search import list_generations
from promptflow.ledger.write import write_event
from promptflow.records import GenerationSummary, KeptAnswer, Lineage
from promptflow.wording import count

_COUNTS = {
    "generation": "SELECT count(*) FROM generations",
    "stage": "SELECT count(*) FROM stages",
    "run": "SELECT count(*) FROM runs",
    "picture": "SELECT count(*) FROM assets WHERE role <> 'thumbnail'",
}
"""What is counted → how."""


class SqliteLedger:
    """The `Ledger` port over an SQLite file, and the generations that are read back from it.

    Threads and processes may write at the same time; each record waits for its turn. What is beside the
    generations is with a role of its own: `pictures` for the gallery, `assets` for what is stored, `marks`
    for what a person puts on things, `calls` for what they took.

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
        self.access = Access(LedgerFile(path=path, timeout_s=timeout_s))
        self.clock = clock
        self.owner = owner
        self.pictures = Pictures(self.access)
        self.assets = Assets(self.access, clock=clock)
        self.marks = Marks(self.access)
        self.calls = Calls(self.access)

    @property
    def file(self) -> LedgerFile:
        """Where the ledger is."""
        return self.access.file

    @property
    def is_new(self) -> bool:
        """Whether nothing was ever recorded: there is no file, and there was none to lose."""
        return self.access.is_new

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
        self.access.stay_open()

    def close(self) -> None:
        """Let go of the file; records made later still work."""
        self.access.close()

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
        with self.access.writing(durable=durable) as db:
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
        with self.access.reading() as connection:
            check_shown(connection, generation_id)
            return read.read_events(connection, generation_id)

    def find_answer(self, question_sha256: str) -> KeptAnswer | None:
        """Find the newest whole answer to a question, as `promptflow.ledger.answers` does.

        Raises:
            LedgerError: the ledger can't be read.
        """
        if self.is_new:
            return None
        with self.access.reading() as connection:
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
        with self.access.reading() as connection:
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
        with self.access.reading() as connection:
            check_shown(connection, generation_id)
            return read_lineage(connection, generation_id)

    def list_running(self) -> frozenset[str]:
        """Return the ids of the generations under way, in whichever process.

        Raises:
            LedgerError: the ledger can't be read.
        """
        if self.is_new:
            return frozenset()
        sql = "SELECT id FROM generations WHERE status = 'running'"
        with self.access.reading() as connection:
            return frozenset(row["id"] for row in connection.execute(sql))

    def check(self) -> tuple[str, ...]:
        """Examine the file from end to end.

        Returns:
            What is fine, in phrases, with the number of rows of each kind.

        Raises:
            LedgerError: the file is damaged, or its schema is not of this version.
        """
        with self.access.reading() as connection:
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
