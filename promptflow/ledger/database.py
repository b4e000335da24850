"""The ledger's file: connections, transactions, and words for what SQLite complains about. Floor 4.

One connection per operation, because connections belong to a thread and flows to many. Every writing
transaction takes the write lock at its beginning: one that reads first and writes later fails at once
with "database is locked" when another writer came between, however long its timeout.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from promptflow.errors import LedgerError, SetupError

_PRIMARY_CODE = 0xFF
"""SQLite's extended error codes carry the primary one in the lowest byte."""
_ROOM_BYTES = 1_000_000
"""Less than this much free space is a full disk: the log's index alone takes 32 kB at a time."""

_LOCKED = (
    "The ledger {path!r} was locked by another program for {wait_s:g} s. Try again; if it stays "
    "locked, end the program that holds it."
)
_SHUT = (
    "The ledger {path!r} can't be opened or written ({error}). Make sure that it is there, and that "
    "its folder is writable."
)
_SENTENCES = {
    sqlite3.SQLITE_FULL: (
        "The disk that holds the ledger {path!r} is full. Free some space and try again."
    ),
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_NOTADB: (
        "The file {path!r} is not a ledger: it is no SQLite database. Move it away, or set "
        "PROMPTFLOW_DATA_DIR to another folder."
    ),
    sqlite3.SQLITE_CORRUPT: (
        "The ledger {path!r} is damaged ({error}). Bring it back from a backup, or move it away to "
        "begin an empty one."
    ),
    sqlite3.SQLITE_CANTOPEN: _SHUT,
    sqlite3.SQLITE_READONLY: _SHUT,
    sqlite3.SQLITE_PERM: _SHUT,
    sqlite3.SQLITE_IOERR: (
        "The ledger {path!r} can't be read or written ({error}). Check the disk and its free space."
    ),
}
_SENSELESS = (ValueError, TypeError, LookupError, OverflowError)
"""What rows that can be read and make no sense lead to: no text, no JSON, no date, a word unknown."""
_CAUSE_CHARS = 200
"""How much of a cause is repeated: it may quote a whole page of rubbish."""
_REFUSED = (
    "The ledger {path!r} refused an operation: {error}. `python -m promptflow doctor` checks it."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerFile:
    """Where the ledger is and how long to wait for it."""

    path: Path
    timeout_s: float = 30.0
    """Seconds to wait for another writer."""

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Open the file read-only, for one consistent look.

        Yields:
            A connection inside a transaction: later commits of others don't show.

        Raises:
            LedgerError: the file can't be opened or read, or what the block read makes no sense; the
                text says why.
        """
        with self.legible(LedgerError), closing(self.connect("ro")) as connection:
            connection.row_factory = sqlite3.Row
            connection.execute("BEGIN")
            yield connection

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """Open the file for one transaction, committed at the end, rolled back on any error.

        Args:
            durable: whether it must survive a power cut too. Surviving the process is certain either
                way; the sync costs 0.4 ms on an SSD, and makes all earlier commits durable with it.

        Yields:
            A connection with the write lock held.

        Raises:
            LedgerError: the file can't be opened or written; the text says why.
        """
        with self.worded(LedgerError), closing(self.connect("rw")) as connection:
            with self.legible(LedgerError):
                connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
                connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # SQLite itself has already rolled back after some errors, e.g. a full disk.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def connect(self, mode: str) -> sqlite3.Connection:
        """Open a connection that begins and ends transactions only when told to.

        Args:
            mode: ``ro``, ``rw``, or ``rwc`` to make the file if there is none.

        Returns:
            An open connection for the caller to close, from any thread.
        """
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=self.timeout_s,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            connection.execute("PRAGMA foreign_keys=ON")
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def worded(self, kind: type[LedgerError] | type[SetupError]) -> Iterator[None]:
        """Turn SQLite's errors into sentences.

        Args:
            kind: what to raise them as.

        Yields:
            Nothing; the errors of the block are turned.

        Raises:
            LedgerError: SQLite complained, and `kind` says so.
            SetupError: SQLite complained, and `kind` says so.
        """
        try:
            yield
        except sqlite3.Error as error:
            raise kind(self._explain(error)) from error
        except UnicodeDecodeError as error:
            # SQLite's own message quotes a damaged schema; what we write is never decoded.
            raise kind(self._call_damaged(error)) from error

    @contextmanager
    def legible(self, kind: type[LedgerError] | type[SetupError]) -> Iterator[None]:
        """Turn SQLite's errors, and those of rows that make no sense, into sentences.

        For opening and reading only: in a block that writes, such errors are mistakes of ours.

        Args:
            kind: what to raise them as.

        Yields:
            Nothing; the errors of the block are turned.

        Raises:
            LedgerError: the ledger is damaged or SQLite complained, and `kind` says so.
            SetupError: the ledger is damaged or SQLite complained, and `kind` says so.
        """
        try:
            with self.worded(kind):
                yield
        except _SENSELESS as error:
            raise kind(self._call_damaged(error)) from error

    def _explain(self, error: sqlite3.Error) -> str:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY_CODE
        if code == sqlite3.SQLITE_IOERR and self._is_disk_full():
            code = sqlite3.SQLITE_FULL
        sentence = _SENTENCES.get(code, _REFUSED)
        return sentence.format(path=str(self.path), wait_s=self.timeout_s, error=error)

    def _call_damaged(self, error: Exception) -> str:
        sentence = _SENTENCES[sqlite3.SQLITE_CORRUPT]
        return sentence.format(path=str(self.path), error=str(error)[:_CAUSE_CHARS])

    def _is_disk_full(self) -> bool:
        """Say whether there is no room: SQLite calls it an I/O error in the files beside its own."""
        try:
            return shutil.disk_usage(self.path.absolute().parent).free < _ROOM_BYTES
        except OSError:
            return False
