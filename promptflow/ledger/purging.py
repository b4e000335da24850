"""What a purge does to the rows: marks what goes, removes what is gone, forgets the words. Floor 4.

What was paid stays in the books: of a purged generation the rows of its stages, runs and attempts are left,
with models, times, tokens and prices and without a word of what was written. Its pictures' rows go.
"""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from promptflow.clock import to_text
from promptflow.ledger.read import to_asset
from promptflow.records import Asset, AssetRole, Doomed

_DUE = "{0}.deleted_at IS NOT NULL AND ({0}.deleted_at <= :before OR {0}.purged_at IS NOT NULL)"
"""Marked long enough, or taken by a purge that was broken off."""
_DUE_GENERATIONS = f"SELECT g.id FROM generations AS g WHERE {_DUE.format('g')}"  # noqa: S608
_DUE_ASSETS = f"""
    SELECT a.id FROM assets AS a WHERE {_DUE.format("a")}
    UNION SELECT t.id FROM assets AS a CROSS JOIN assets AS t ON t.source_id = a.id
    WHERE {_DUE.format("a")}
    UNION SELECT a.id FROM generations AS g CROSS JOIN assets AS a ON a.generation_id = g.id
    WHERE {_DUE.format("g")}
"""  # noqa: S608 - constants of this module
_LEFT = """
    SELECT * FROM assets INDEXED BY assets_purged WHERE purged_at IS NOT NULL
    ORDER BY role <> 'thumbnail', id LIMIT ?
"""
_NEEDED = "SELECT 1 FROM assets WHERE generation_id = ? AND key = ? AND purged_at IS NULL"
_WORDED = """
    SELECT g.id FROM generations AS g
    WHERE g.deleted_at IS NOT NULL AND g.purged_at IS NOT NULL AND g.request <> ''
    ORDER BY g.id DESC
"""
_REFERRING = """
    SELECT id AS whose FROM generations WHERE parent_id = :id
    UNION SELECT o.generation_id FROM stages AS s CROSS JOIN stages AS o ON o.reused_from = s.id
    WHERE s.generation_id = :id
    UNION SELECT o.generation_id FROM prompts AS p
    CROSS JOIN prompts AS o ON o.parent_prompt_id = p.id WHERE p.generation_id = :id
    UNION SELECT o.generation_id FROM runs AS r CROSS JOIN runs AS o ON o.parent_run_id = r.id
    WHERE r.generation_id = :id
"""
_IS_REFERRED_TO = f"""
    SELECT 1 FROM ({_REFERRING}) AS other CROSS JOIN generations AS g ON g.id = other.whose
    WHERE g.id <> :id AND g.request <> ''
"""  # noqa: S608 - constants of this module
_NO_MESSAGE = "error_message = CASE WHEN error_message IS NULL THEN NULL ELSE '' END"
_WORDS = {
    "generations": ("title = '', request = '', note = '', instructions = '{}'", "id = :id"),
    "stages": (
        "output = '', reasoning = '', plan = NULL, timeline = '[]', instructions = NULL,"
        " material = NULL, question_sha256 = NULL",
        "generation_id = :id",
    ),
    "prompts": ("text = ''", "generation_id = :id"),
}
"""Table → what becomes of its words, and in which rows."""
_MESSAGES = {
    "generations": "id = :id",
    "stages": "generation_id = :id",
    "runs": "generation_id = :id",
    "attempts": (
        "run_id IN (SELECT id FROM runs WHERE generation_id = :id)"
        " OR stage_id IN (SELECT id FROM stages WHERE generation_id = :id)"
    ),
}
"""Table → the rows whose failures are told in words, which may quote a request."""


def count_doomed(connection: sqlite3.Connection, before: datetime) -> Doomed:
    """Count what a purge would take.

    Args:
        connection: to the ledger, inside a transaction.
        before: what was deleted later stays.
    """
    due = {"before": to_text(before)}
    sql = f"SELECT count(*) FROM ({_DUE_GENERATIONS} AND g.purged_at IS NULL)"  # noqa: S608
    generations = connection.execute(sql, due).fetchone()[0]
    generations += len(list_forgettable(connection))
    sql = f"""
        SELECT backend, role = 'thumbnail' AS small, count(*) AS objects, sum(size_bytes) AS bytes
        FROM assets WHERE id IN ({_DUE_ASSETS}) GROUP BY 1, 2 ORDER BY 1
    """  # noqa: S608 - constants of this module
    rows = connection.execute(sql, due).fetchall()
    places: dict[str, tuple[int, int]] = {}
    for row in rows:
        objects, size_bytes = places.get(row["backend"], (0, 0))
        places[row["backend"]] = (objects + row["objects"], size_bytes + row["bytes"])
    return Doomed(
        generations=generations,
        pictures=sum(row["objects"] for row in rows if not row["small"]),
        thumbnails=sum(row["objects"] for row in rows if row["small"]),
        size_bytes=sum(row["bytes"] for row in rows),
        places=places,
    )


def mark_doomed(db: sqlite3.Connection, before: datetime, *, now: datetime) -> None:
    """Mark what a purge takes: from here on nothing brings it back, and only a purge goes on with it.

    Args:
        db: inside a transaction.
        before: what was deleted later stays.
        now: the time of the mark.
    """
    values = {"before": to_text(before), "now": to_text(now)}
    for table, due in (("assets", _DUE_ASSETS), ("generations", _DUE_GENERATIONS)):
        sql = f"UPDATE {table} SET purged_at = :now WHERE purged_at IS NULL AND id IN ({due})"  # noqa: S608
        db.execute(sql, values)


def list_marked(connection: sqlite3.Connection, *, limit: int) -> tuple[Asset, ...]:
    """List what a purge has marked and not removed yet; thumbnails come before what they show.

    Args:
        connection: to the ledger, inside a transaction.
        limit: how many at most, from 1.
    """
    return tuple(to_asset(row) for row in connection.execute(_LEFT, (limit,)))


def list_marked_ids(connection: sqlite3.Connection) -> frozenset[str]:
    """Return the ids of what a purge has marked and not removed yet.

    Args:
        connection: to the ledger, inside a transaction.
    """
    sql = "SELECT id FROM assets INDEXED BY assets_purged WHERE purged_at IS NOT NULL"
    return frozenset(row[0] for row in connection.execute(sql))


def is_needed(connection: sqlite3.Connection, key: str) -> bool:
    """Say whether an object belongs to a row, too, that no purge has marked.

    Args:
        connection: to the ledger, inside a transaction.
        key: as an `Asset` holds it.
    """
    return connection.execute(_NEEDED, (key.split("/")[1], key)).fetchone() is not None


def remove_assets(db: sqlite3.Connection, assets: Sequence[Asset]) -> None:
    """Remove the rows of objects that are gone, and what is told of them.

    Args:
        db: inside a transaction.
        assets: as `list_marked` lists them.
    """
    ids = [(asset.asset_id,) for asset in assets]
    db.executemany("DELETE FROM uploads WHERE asset_id = ?", ids)
    db.executemany("DELETE FROM asset_tags WHERE asset_id = ?", ids)
    small = [(one.asset_id,) for one in assets if one.role is AssetRole.THUMBNAIL]
    db.executemany("DELETE FROM assets WHERE id = ?", small)
    db.executemany("DELETE FROM assets WHERE id = ?", ids)


def list_forgettable(connection: sqlite3.Connection) -> tuple[str, ...]:
    """List purged generations whose words are still there and that no other one grew from.

    Args:
        connection: to the ledger, inside a transaction.

    Returns:
        Their ids, newest first. When they are forgotten there may be more, from which these grew.
    """
    rows = connection.execute(_WORDED).fetchall()
    return tuple(row[0] for row in rows if not _is_referred_to(connection, row[0]))


def forget_words(db: sqlite3.Connection, generation_id: str) -> None:
    """Blank what was written, leave what it cost.

    Args:
        db: inside a transaction.
        generation_id: a purged one without assets.
    """
    whose = {"id": generation_id}
    db.execute("DELETE FROM generation_tags WHERE generation_id = :id", whose)
    for table, (changes, where) in _WORDS.items():
        db.execute(f"UPDATE {table} SET {changes} WHERE {where}", whose)  # noqa: S608
    for table, where in _MESSAGES.items():
        db.execute(f"UPDATE {table} SET {_NO_MESSAGE} WHERE {where}", whose)  # noqa: S608


def _is_referred_to(connection: sqlite3.Connection, generation_id: str) -> bool:
    return connection.execute(_IS_REFERRED_TO, {"id": generation_id}).fetchone() is not None
