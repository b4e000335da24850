"""The ledger's schema, as numbered steps that are never edited once they are out. Floor 4.

The steps themselves are in `promptflow.ledger.schema`, by subject.
"""

import sqlite3
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from promptflow.errors import SetupError
from promptflow.ledger.database import LedgerFile
from promptflow.ledger.schema.flows import (
    m001_create_records,
    m002_create_search,
    m003_add_bills_and_references,
)
from promptflow.ledger.schema.iterations import m008_add_iterations
from promptflow.ledger.schema.lineage import m004_add_lineage
from promptflow.ledger.schema.organising import m009_organise
from promptflow.ledger.schema.pictures import m005_index_pictures
from promptflow.ledger.schema.texts import m006_index_texts
from promptflow.ledger.schema.usage import m010_index_usage
from promptflow.ledger.schema.views import m007_create_views

if TYPE_CHECKING:
    from sqlite_utils import Database

Step = Callable[["Database"], None]

_SET_NAME = "promptflow"


STEPS: tuple[Step, ...] = (
    m001_create_records,
    m002_create_search,
    m003_add_bills_and_references,
    m004_add_lineage,
    m005_index_pictures,
    m006_index_texts,
    m007_create_views,
    m008_add_iterations,
    m009_organise,
    m010_index_usage,
)
"""Oldest first. A step that is out stays as it is; a change is a new step."""


def migrate(file: LedgerFile, steps: Sequence[Step] = STEPS) -> None:
    """Bring the ledger's file to the newest schema; make it if there is none.

    All missing steps go into one transaction: either all of them are there, or nothing changed.
    Processes that start at the same time wait for one another.

    Args:
        file: the ledger; its folder exists.
        steps: oldest first.

    Raises:
        SetupError: the file is no ledger, is damaged, can't be written, or belongs to a newer
            version.
    """
    with file.legible(SetupError):
        connection = file.connect("rwc")
        try:
            if find_pending(connection, file, steps):
                connection.execute("BEGIN IMMEDIATE")
                _apply(connection, file, steps)
            connection.execute("PRAGMA journal_mode=WAL")
        finally:
            connection.close()


def find_pending(
    connection: sqlite3.Connection, file: LedgerFile, steps: Sequence[Step] = STEPS
) -> tuple[str, ...]:
    """List the steps a ledger has yet to take.

    Args:
        connection: to the ledger; only read.
        file: where it is, for the message.
        steps: oldest first.

    Returns:
        Names, oldest first; empty when the schema is the newest.

    Raises:
        SetupError: it has taken steps this version doesn't know.
    """
    known = tuple(step.__name__ for step in steps)
    taken = _read_taken(connection)
    unknown = sorted(taken.difference(known))
    if unknown:
        message = (
            f"The ledger {str(file.path)!r} is of a newer version of Prompt Flow: this one "
            f"doesn't know {unknown[0]!r}. Get the newer one, or set PROMPTFLOW_DATA_DIR to another "
            "folder; nothing was changed."
        )
        raise SetupError(message)
    return tuple(name for name in known if name not in taken)


def _read_taken(connection: sqlite3.Connection) -> set[str]:
    has_any = "SELECT 1 FROM sqlite_schema WHERE name = '_sqlite_migrations'"
    if connection.execute(has_any).fetchone() is None:
        return set()
    names = "SELECT name FROM _sqlite_migrations WHERE migration_set = ?"
    return {str(row[0]) for row in connection.execute(names, (_SET_NAME,))}


def _apply(connection: sqlite3.Connection, file: LedgerFile, steps: Sequence[Step]) -> None:
    """Take the missing steps and commit; the write lock is held, so they are looked up again."""
    # Here alone: it imports pandas where that is installed, which takes a second.
    from sqlite_utils import Database, Migrations

    migrations = Migrations(_SET_NAME)
    for step in steps:
        migrations(name=step.__name__)(step)
    try:
        find_pending(connection, file, steps)
        migrations.apply(Database(connection, execute_plugins=False))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
