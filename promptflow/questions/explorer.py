"""Datasette over the ledger: the one place that builds it, and the one that imports it. Floor 7.

Importing Datasette takes most of a second, so this module is imported when the first question comes.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock, Timer
from typing import Any

from datasette.app import Datasette
from datasette.database import Database, QueryInterrupted, Results
from datasette.plugins import pm
from datasette.utils import parse_metadata

from promptflow.ledger.database import LedgerFile
from promptflow.questions.guard import begin_question, guard
from promptflow.settings import SHIPPED_DATA

SHIPPED = SHIPPED_DATA / "datasette"
"""Metadata, settings, plugins, templates and styles."""
NAME = "promptflow"
"""What the ledger is called in addresses."""
_MAX_RESULT_BYTES = 5_000_000
"""Of all the texts in one answer: a thousand rows may hold the longest text in every column."""
_PRINTING = "datasette.handle_exception"
_INTERRUPTED = ("interrupted",)
"""The arguments of SQLite's error when the time is up."""


def build_explorer(database: Path, *, base_url: str, studio_url: str | None) -> Datasette:
    """Build Datasette over a ledger, with what is shipped for it.

    Args:
        database: the ledger; it exists and has the newest schema.
        base_url: where it is served: a path with a slash at both ends.
        studio_url: where the Studio is, a slash at its end; ``None`` where nobody knows.

    Returns:
        Datasette, before its start-up.
    """
    # It prints what was asked, and locals with it; the shipped plugin has another.
    if pm.has_plugin(_PRINTING):
        pm.unregister(name=_PRINTING)
    metadata = parse_metadata((SHIPPED / "metadata.yaml").read_text("utf-8"))
    settings = json.loads((SHIPPED / "settings.json").read_text("utf-8"))
    explorer = Datasette(
        [],
        config_dir=SHIPPED,
        metadata={**metadata, "plugins": {NAME: {"studio_url": studio_url}}},
        settings={**settings, "base_url": base_url},
    )
    # Where it is given no file, Datasette adds an empty database of its own.
    explorer.remove_database("_memory")
    explorer.add_database(_GuardedLedger(explorer, database), name=NAME)
    return explorer


class _GuardedLedger(Database):  # type: ignore[misc]  # Datasette has no types
    """The ledger as Datasette sees it: each connection guarded, each answer bounded."""

    def __init__(self, explorer: Datasette, path: Path) -> None:
        super().__init__(explorer, path=str(path), is_mutable=True)
        self._file = LedgerFile(path=path)

    def connect(self, write: bool = False) -> sqlite3.Connection:
        if write:
            message = "The ledger is open to questions only; nothing can be written here."
            raise sqlite3.OperationalError(message)
        connection = self._file.connect("ro")
        guard(connection)
        self._all_file_connections.append(connection)
        return connection

    async def attached_databases(self) -> list[Any]:
        # There are none, and asking for them would tell the ledger's path.
        return []

    async def execute(
        self,
        sql: str,
        params: Any = None,
        truncate: bool = False,
        custom_time_limit: int | None = None,
        page_size: int | None = None,
        log_sql_errors: bool = True,  # noqa: ARG002 - Datasette gives it; nothing is logged
    ) -> Results:
        """Run a SELECT in a thread; the same as Datasette's own, but with bounds, and without a log.

        Datasette looks at the time between thousands of steps, and prints statements that fail with
        what was typed into them.
        """
        most_ms = self.ds.sql_time_limit_ms
        limit_ms = min(custom_time_limit or most_ms, most_ms)
        most_rows = self.ds.max_returned_rows
        # As Datasette does, so that it can tell whether there is a next page.
        most_rows += most_rows == (page_size or self.ds.page_size)

        def read(connection: sqlite3.Connection) -> Results:
            begin_question()
            try:
                with closing(connection.cursor()) as cursor, _interrupting(connection, limit_ms):
                    cursor.execute(sql, {} if params is None else params)
                    rows, truncated = _fetch(cursor, most_rows if truncate else None)
                    return Results(rows, truncated, cursor.description)
            except (sqlite3.DatabaseError, sqlite3.Warning) as error:
                if error.args == _INTERRUPTED:
                    raise QueryInterrupted(error, sql, params) from error
                # Of this kind alone Datasette makes an answer of its own wherever it asks.
                raise sqlite3.OperationalError(str(error)) from error

        return await self.execute_fn(read)


@contextmanager
def _interrupting(connection: sqlite3.Connection, limit_ms: int) -> Iterator[None]:
    """Stop whatever the block runs when its time is up.

    From another thread, because a handler that SQLite calls would wait for Python's lock each time.
    """
    lock = Lock()
    running = True

    def stop() -> None:
        with lock:
            if running:
                connection.interrupt()

    timer = Timer(limit_ms / 1000, stop)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        with lock:
            running = False
        timer.cancel()


def _fetch(cursor: sqlite3.Cursor, most_rows: int | None) -> tuple[list[sqlite3.Row], bool]:
    """Read rows up to a number, or all, and say whether more were left; never more than fit."""
    rows: list[sqlite3.Row] = []
    size_bytes = 0
    for row in cursor:
        size_bytes += sum(len(value) for value in row if isinstance(value, str | bytes))
        if len(rows) == most_rows or size_bytes > _MAX_RESULT_BYTES:
            return rows, True
        rows.append(row)
    return rows, False
