"""Rows that leave a ledger and come into another one, as they are. Floor 4.

Tables and columns are read from the database, so a step of the schema changes nothing here. Not among them:
uploads, which belong to a place, and thumbnails and the indexes for searching, which each ledger makes by
itself.
"""

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from promptflow.errors import InputError, LedgerError, UnknownGenerationError
from promptflow.labels import clean_labels
from promptflow.ledger.database import LedgerFile
from promptflow.ledger.migrations import STEPS, Step, migrate
from promptflow.ledger.organising import read_all_labels
from promptflow.ledger.read import read_events, tell_unknown
from promptflow.ledger.rows import insert
from promptflow.wording import mend_text

Value = str | int | float | None
Row = Mapping[str, Value]
Rows = Mapping[str, Sequence[Row]]
"""Table → its rows, column by column."""

TABLES = (
    *("generations", "stages", "prompts", "runs", "attempts", "assets"),
    *("generation_tags", "asset_tags"),
)
"""Those whose rows belong to a generation."""

_BELONGS = {
    "generations": "id = :id",
    # What was deleted stays at home; of a deleted generation that others grew from, the words go along.
    "assets": "generation_id = :id AND role <> 'thumbnail' AND hidden = 0",
    "asset_tags": (
        "asset_id IN (SELECT id FROM assets"
        " WHERE generation_id = :id AND role <> 'thumbnail' AND hidden = 0)"
    ),
    "attempts": (
        "run_id IN (SELECT id FROM runs WHERE generation_id = :id)"
        " OR stage_id IN (SELECT id FROM stages WHERE generation_id = :id)"
    ),
}
"""Table → which rows are a generation's, where it isn't told by its own column."""
_OWNERS = {
    "generation_tags": ("generation_id", "generations"),
    "asset_tags": ("asset_id", "assets"),
}
"""Table without ids → its column that tells whose a row is, and of which table that is."""
_OF_THE_PLACE = frozenset(
    {
        *("backend", "starred_at", "has_thumbnail"),
        *("title", "note", "deleted_at", "purged_at", "hidden"),
    }
)
"""Columns in which the same row may differ from ledger to ledger."""
_LEFT_OUT: Mapping[str, Row] = {"assets": {"has_thumbnail": 0}}
"""Table → what its rows say of that which doesn't go along."""
_TYPES: Mapping[str, tuple[type, ...]] = {"TEXT": (str,), "INTEGER": (int,), "REAL": (float, int)}
_MOST = 2**63
_SENSELESS = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)
"""What rows that make no sense lead to: no JSON or another, no date, a word unknown."""


def newest_step(steps: Sequence[Step] = STEPS) -> str:
    """Return the name of the step that a ledger of this version has taken last."""
    return steps[-1].__name__


def is_known(step: str, steps: Sequence[Step] = STEPS) -> bool:
    """Say whether a step of the schema is one of this version's."""
    return step in {known.__name__ for known in steps}


def read_rows(connection: sqlite3.Connection, generation_ids: Iterable[str]) -> Rows:
    """Read all rows of some generations, and of those they grew from.

    Args:
        connection: to the ledger, inside a transaction.
        generation_ids: whose; the order and repetitions don't matter.

    Returns:
        Each table of `TABLES`, its rows by id; whatever they point at is among them.

    Raises:
        UnknownGenerationError: there is no such generation.
    """
    rows: dict[str, list[Row]] = {table: [] for table in TABLES}
    taken: set[str] = set()
    # What was typed may hold bytes that are no text, and SQLite takes texts only.
    wanted = {one.encode(errors="replace").decode() for one in generation_ids}
    while wanted:
        for generation_id in sorted(wanted):
            _add_generation(connection, generation_id, rows)
        taken |= wanted
        # A fork points at what it was forked from, and is not whole without it.
        wanted = set(_find_origins(connection, rows)) - taken
    return {table: sorted(found, key=_order) for table, found in rows.items()}


def _order(row: Row) -> str:
    return str(row["id"]) if "id" in row else repr(sorted(row.items()))


def _add_generation(
    connection: sqlite3.Connection, generation_id: str, rows: Mapping[str, list[Row]]
) -> None:
    for table, found in rows.items():
        columns = tuple(_read_columns(connection, table))
        belongs = _BELONGS.get(table, "generation_id = :id")
        sql = f"SELECT {', '.join(columns)} FROM {table} WHERE {belongs}"  # noqa: S608
        fitting = connection.execute(sql, {"id": generation_id}).fetchall()
        if table == "generations" and not fitting:
            raise UnknownGenerationError(tell_unknown(generation_id))
        found.extend(
            {**dict(zip(columns, row, strict=True)), **_LEFT_OUT.get(table, {})} for row in fitting
        )


def _find_origins(connection: sqlite3.Connection, rows: Rows) -> Iterator[str]:
    """Yield the generations to which rows point that aren't among them."""
    there = {table: {row.get("id") for row in found} for table, found in rows.items()}
    for table, found in rows.items():
        for _, _, other, column, *_ in connection.execute(f"PRAGMA foreign_key_list({table})"):
            if other not in there:
                continue
            missing = {row[column] for row in found} - there[other] - {None}
            owner = "id" if other == "generations" else "generation_id"
            for row_id in missing:
                sql = f"SELECT {owner} FROM {other} WHERE id = ?"  # noqa: S608
                yield str(connection.execute(sql, (row_id,)).fetchone()[0])


def _read_columns(connection: sqlite3.Connection, table: str) -> dict[str, str]:
    """Return a table's columns and their types, in its order."""
    found = connection.execute(f"PRAGMA table_info({table})")
    return {str(row[1]): str(row[2]) for row in found}


def list_missing(connection: sqlite3.Connection, rows: Rows) -> Rows:
    """List the rows that a ledger doesn't have.

    Args:
        connection: to the ledger, inside a transaction.
        rows: of its own schema.

    Returns:
        Those whose ids aren't there; the others are there, and equal but for where their picture is
        kept, whether it is starred and has a thumbnail. What was purged is left out, though it isn't
        there: of a generation that others grew from, the words are, and the pictures stay gone.

    Raises:
        LedgerError: one is there and differs, or was purged; it says which.
    """
    missing: dict[str, list[Row]] = {table: [] for table in rows}
    purged = _find_purged(connection, rows)
    for table, given in rows.items():
        if table in _OWNERS:
            continue
        columns = tuple(_read_columns(connection, table))
        sql = f"SELECT {', '.join(columns)} FROM {table} WHERE id = ?"  # noqa: S608
        for row in given:
            known = connection.execute(sql, (row["id"],)).fetchone()
            if known is None:
                if table != "assets" or row["generation_id"] not in purged:
                    missing[table].append(row)
                continue
            pairs = zip(columns, known, strict=True)
            if any(row[name] != value for name, value in pairs if name not in _OF_THE_PLACE):
                here = dict(zip(columns, known, strict=True))
                is_purged = here.get("purged_at") is not None
                raise LedgerError(_tell_other(table, str(row["id"]), is_purged=is_purged))
    # Tags come with what is new; those of what is there are the business of whoever put them there.
    for table, (owner, other) in _OWNERS.items():
        new = {row["id"] for row in missing.get(other, ())}
        missing[table] = [row for row in rows.get(table, ()) if row[owner] in new]
    return missing


def _find_purged(connection: sqlite3.Connection, rows: Rows) -> frozenset[str]:
    """Return the ids of those generations that were purged here."""
    sql = "SELECT 1 FROM generations WHERE id = ? AND purged_at IS NOT NULL"
    ids = (str(row["id"]) for row in rows.get("generations", ()))
    return frozenset(one for one in ids if connection.execute(sql, (one,)).fetchone())


def _tell_other(table: str, row_id: str, *, is_purged: bool) -> str:
    if is_purged:
        return (
            f"The generation {row_id!r} was deleted and purged in this ledger; what is left of it can't "
            "be filled again."
        )
    return f"The row {row_id!r} of the table {table!r} is in this ledger already, and differs."


def insert_rows(connection: sqlite3.Connection, rows: Rows) -> tuple[str, ...]:
    """Insert the rows that aren't there yet; those that are stay as they are.

    Args:
        connection: inside a writing transaction.
        rows: of the ledger's own schema; whatever they point at is among them or there.

    Returns:
        The ids of the generations that are new.

    Raises:
        LedgerError: a row is there and differs, and the transaction must not be committed.
    """
    connection.execute("PRAGMA defer_foreign_keys=ON")
    missing = list_missing(connection, rows)
    for table, found in missing.items():
        for row in found:
            insert(connection, table, row)
    return tuple(str(row["id"]) for row in missing["generations"])


def upgrade_rows(rows: object, *, step: str, steps: Sequence[Step] = STEPS) -> Rows:
    """Check rows that come from elsewhere, and bring them to the newest schema.

    They are inserted into a ledger of their own that has the schema they were written with. What it
    doesn't take, no other would; then it takes the further steps, as any old ledger does.

    Args:
        rows: anything that JSON can say.
        step: the last step of their schema, a known one.
        steps: oldest first.

    Returns:
        The rows as `read_rows` returns them, columns that are new filled as a migration fills them.

    Raises:
        LedgerError: they are no rows of that schema, or make no sense; it says why.
        SetupError: there is no room to check them.
    """
    names = [known.__name__ for known in steps]
    with tempfile.TemporaryDirectory() as folder:
        file = LedgerFile(path=Path(folder) / "exchange.db")
        migrate(file, steps[: names.index(step) + 1])
        with file.writing(durable=False) as connection:
            _insert_strictly(connection, rows)
            ids = [str(one[0]) for one in connection.execute("SELECT id FROM generations")]
        migrate(file, steps)
        with file.reading() as connection:
            for generation_id in ids:
                _see_that_it_makes_sense(connection, generation_id)
            return read_rows(connection, ids)


def _insert_strictly(connection: sqlite3.Connection, rows: object) -> None:
    """Insert rows of any origin into an empty ledger; none are passed over, none are bent to fit."""
    if not isinstance(rows, dict) or set(rows) - set(TABLES):
        message = f"Tables {', '.join(TABLES)} were expected, each with its rows."
        raise LedgerError(message)
    connection.execute("PRAGMA defer_foreign_keys=ON")
    try:
        for table, given in rows.items():
            columns = _read_columns(connection, table)
            for row in _list_of_dicts(table, given):
                _check_row(table, row, columns)
                insert(connection, table, row)
    except sqlite3.Error as error:
        raise LedgerError(f"Its rows don't fit together ({error}).") from error
    lost = connection.execute("PRAGMA foreign_key_check").fetchone()
    if lost:
        message = f"A row of the table {lost[0]!r} points at one of {lost[2]!r} that is not there."
        raise LedgerError(message)


def _list_of_dicts(table: str, given: object) -> list[dict[str, Value]]:
    if not isinstance(given, list) or not all(isinstance(row, dict) for row in given):
        raise LedgerError(f"The rows of its table {table!r} are no list of rows.")
    return given


def _check_row(table: str, row: Row, columns: Mapping[str, str]) -> None:
    for name, value in row.items():
        if name not in columns:
            message = f"Its table {table!r} has a column {name[:60]!r}, which that schema has not."
            raise LedgerError(message)
        if value is not None and not _fits(value, columns[name]):
            message = (
                f"A value in the column {name!r} of its table {table!r} is of another type than "
                f"{columns[name]}."
            )
            raise LedgerError(message)


def _fits(value: object, kind: str) -> bool:
    """Say whether SQLite would keep a value as it is, and not turn it into another."""
    if isinstance(value, bool) or not isinstance(value, _TYPES.get(kind, ())):
        return False
    if isinstance(value, int):
        return -_MOST <= value < _MOST
    return not isinstance(value, str) or mend_text(value) == value


def _see_that_it_makes_sense(connection: sqlite3.Connection, generation_id: str) -> None:
    try:
        read_events(connection, generation_id)
        _check_labels(connection, generation_id)
    except (*_SENSELESS, InputError) as error:
        message = f"The rows of the generation {generation_id!r} make no sense ({error!r:.80})."
        raise LedgerError(message) from error


def _check_labels(connection: sqlite3.Connection, generation_id: str) -> None:
    """See that what was written on a generation and its pictures could have been written here."""
    for labels in read_all_labels(connection, generation_id).values():
        # A title that is the beginning of a request is cut like it, and not mended.
        cleaned = clean_labels("", labels.note, labels.tags)
        if (cleaned.note, cleaned.tags) != (labels.note, labels.tags):
            message = "a note or tag that is not as it is kept"
            raise ValueError(message)
