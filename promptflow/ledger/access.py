"""One process's way to the ledger's file, which all that reads and writes rows shares. Floor 4."""

import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from promptflow.errors import SetupError
from promptflow.ledger.database import LedgerFile


class Access:
    """The ledger's file, whether it is there yet, and whose turn it is to write.

    Args:
        file: where the ledger is.
    """

    def __init__(self, file: LedgerFile) -> None:
        self.file = file
        self._turn = threading.Lock()
        self._idle: weakref.finalize[..., Access] | None = None

    @property
    def is_new(self) -> bool:
        """Whether nothing was ever recorded: there is no file, and there was none to lose."""
        return self._idle is None and not self.file.path.exists()

    def reading(self) -> AbstractContextManager[sqlite3.Connection]:
        """Open the file for one consistent look, as `LedgerFile.reading` does.

        Raises:
            LedgerError: the file can't be opened or read, or what was read makes no sense.
        """
        return self.file.reading()

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """Open the file for one transaction, as `LedgerFile.writing` does, one thread at a time.

        Args:
            durable: whether it must survive a power cut too.

        Yields:
            A connection with the write lock held.

        Raises:
            LedgerError: the file can't be opened or written.
        """
        # Lanes that meet wait for each other here: SQLite's own waiting sleeps, for up to 0.1 s.
        with self._turn, self.file.writing(durable=durable) as db:
            yield db

    def stay_open(self) -> None:
        """Hold an idle connection: whenever the last one closes, SQLite empties and syncs the log.

        With it, a record is one sync instead of three (0.4 ms instead of 1.2 ms on an SSD).

        Raises:
            SetupError: the file can't be opened, or is no ledger.
        """
        if self._idle and self._idle.alive:
            return
        with self.file.legible(SetupError):
            connection = self.file.connect("rw")
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        self._idle = weakref.finalize(self, connection.close)

    def close(self) -> None:
        """Let go of the file; it is opened again where that is needed."""
        self.file.close()
        if self._idle:
            self._idle()
