"""What a question may do to the ledger: read, and little of anything else. Floor 7.

SQLite itself enforces it, on the connection, before a statement runs. That the file is opened read-only,
and that only SELECT is let through, comes on top.
"""

import sqlite3
import threading

_LIMITS = {
    # Of a text, blob or row. The longest answers of text models are half as long, and what compares two
    # texts of this length letter by letter, which can't be interrupted, is done within a second.
    sqlite3.SQLITE_LIMIT_LENGTH: 500_000,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 50_000,
    # Twice as many as the widest view has; a row of so many of the longest texts still fits into memory.
    sqlite3.SQLITE_LIMIT_COLUMN: 100,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 200,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 50,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 200,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
_READING = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE})
_SCHEMA_PRAGMAS = frozenset(
    ("table_info", "table_xinfo", "foreign_key_list", "index_list", "index_info", "index_xinfo")
)
"""They tell of a table or an index; their argument is its name."""
_STATE_PRAGMAS = frozenset(("schema_version", "data_version"))
"""With an argument they would write. The others tell paths, or change the connection."""
_REACHING = (
    "load_extension",
    "readfile",
    "writefile",
    "fsdir",
    "edit",
    "fts3_tokenizer",
    "sqlite_log",
)
"""They reach beyond the ledger; some are in other builds of SQLite only."""
_ENDLESS = ("printf", "format", "json_patch")
"""One call may take minutes, and nothing can stop it: a width may be two thousand million."""
_DENIED_FUNCTIONS = frozenset((*_REACHING, *_ENDLESS))
_SLOW_FUNCTIONS = frozenset(("instr", "replace", "like", "glob"))
"""One call may take a second, and nothing can stop it."""
_MAX_SLOW_CALLS = 12
"""A question may name so many of them."""


class _Question(threading.local):
    """What was seen of the question that this thread prepares."""

    slow_calls = 0


_question = _Question()


def begin_question() -> None:
    """Count a new question's calls from nothing: to be said in the thread that asks, before it asks."""
    _question.slow_calls = 0


def guard(connection: sqlite3.Connection) -> None:
    """Let a connection read the ledger's rows and nothing else.

    Args:
        connection: opened read-only; SQL can't lift the guard.
    """
    connection.execute("PRAGMA query_only=ON")
    for limit, most in _LIMITS.items():
        connection.setlimit(limit, most)
    connection.set_authorizer(_authorize)


def _authorize(
    action: int, first: str | None, second: str | None, _database: str | None, _cause: str | None
) -> int:
    """Answer SQLite, which asks for each thing that a statement would do before it runs."""
    return sqlite3.SQLITE_OK if _is_allowed(action, first, second) else sqlite3.SQLITE_DENY


def _is_allowed(action: int, first: str | None, second: str | None) -> bool:
    match action:
        case sqlite3.SQLITE_FUNCTION:
            name = (second or "").lower()
            _question.slow_calls += name in _SLOW_FUNCTIONS
            return name not in _DENIED_FUNCTIONS and _question.slow_calls <= _MAX_SLOW_CALLS
        case sqlite3.SQLITE_PRAGMA:
            name = (first or "").lower()
            return name in _SCHEMA_PRAGMAS or (name in _STATE_PRAGMAS and second is None)
        case sqlite3.SQLITE_UPDATE:
            # So a virtual table, such as the search index or json_each, tells its columns when it is
            # first used. SQLite lets no statement change this table.
            return first == "sqlite_master"
        case _:
            return action in _READING
