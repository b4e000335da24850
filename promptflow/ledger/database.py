"""The ledger's file: connections, transactions, and words for what SQLite complains about. Floor 4.

Each operation has a connection to itself, since flows run in many threads. It then waits for the next one:
a new connection reads the whole schema, which takes longer than most operations. Every writing
transaction takes the write lock at its beginning: one that reads first and writes later fails at once
with "database is locked" when another writer came between, however long its timeout.
"""

import shutil
import sqlite3
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from promptflow.errors import LedgerError, SetupError

_MOST_IDLE = 4
"""So many connections of a kind wait for their next use; more of them at once are rare."""
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


_Identity = tuple[int, int]
"""The numbers of a file on the disk, kept for as long as it is open anywhere."""
_Waiting = tuple[str, _Identity, sqlite3.Connection]
"""The mode of a connection, which file it was opened to, and the connection."""


class _Idle:
    """Connections that wait for their next use.

    A connection goes on with a file that was removed or replaced, and what it writes is lost then; so
    it is used again only while its file is the one at the path.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: list[_Waiting] = []
        weakref.finalize(self, _close_all, self._waiting)

    def take(self, mode: str, file: _Identity | None) -> sqlite3.Connection | None:
        """Take out a connection to a file, ``None`` if none waits; close those to others."""
        with self._lock:
            stale = [one for one in self._waiting if one[1] != file]
            self._waiting[:] = [one for one in self._waiting if one[1] == file]
            found = next((one for one in self._waiting if one[0] == mode), None)
            if found:
                self._waiting.remove(found)
        _close_all(stale)
        return found[2] if found else None

    def put(self, mode: str, file: _Identity, connection: sqlite3.Connection) -> None:
        """Let a connection wait that is in no transaction; close it where enough of them do."""
        with self._lock:
            waiting = sum(1 for one in self._waiting if one[0] == mode)
            if waiting < _MOST_IDLE:
                self._waiting.append((mode, file, connection))
                return
        connection.close()

    def close(self) -> None:
        """Close all that wait."""
        with self._lock:
            _close_all(self._waiting)


def _close_all(waiting: list[_Waiting]) -> None:
    while waiting:
        _, _, connection = waiting.pop()
        connection.close()


def _identify(path: Path) -> _Identity | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerFile:
    """Where the ledger is and how long to wait for it."""

    path: Path
    timeout_s: float = 30.0
    """Seconds to wait for another writer."""
    _idle: _Idle = field(default_factory=_Idle, init=False, repr=False, compare=False)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Open the file read-only, for one consistent look.

        Yields:
            A connection inside a transaction: later commits of others don't show.

        Raises:
            LedgerError: the file can't be opened or read, or what the block read makes no sense; the
                text says why.
        """
        with self.legible(LedgerError), self._connected("ro") as connection:
            connection.row_factory = sqlite3.Row
            connection.execute("BEGIN")
            yield connection
            connection.execute("ROLLBACK")

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
        with self.worded(LedgerError), self._connected("rw") as connection:
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

    @contextmanager
    def _connected(self, mode: str) -> Iterator[sqlite3.Connection]:
        """Yield a connection that is used for nothing else meanwhile."""
        file = _identify(self.path)
        connection = self._idle.take(mode, file)
        if connection is None:
            connection = self.connect(mode)
            # Where the file was replaced meanwhile there is no telling which one was opened.
            file = file if _identify(self.path) == file else None
        try:
            yield connection
        except BaseException:
            # Whatever state it is in: the next operation starts afresh.
            connection.close()
            raise
        if file is None:
            connection.close()
        else:
            self._idle.put(mode, file, connection)

    def close(self) -> None:
        """Close the connections that wait for their next use; operations later open new ones."""
        self._idle.close()

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
