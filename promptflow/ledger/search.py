"""The list of generations, and finding them by parts of words. Floor 4: reads only.

Words of three characters and more go through the trigram index; shorter ones, of which it knows
nothing, are looked for in the rows that are left.
"""

import itertools
import json
import sqlite3

from promptflow.clock import from_text
from promptflow.records import GenerationStatus, GenerationSummary

_TRIGRAM_CHARS = 3

_COLUMNS = "SELECT g.id, g.title, g.image_models, g.status, g.created_at FROM"
_LISTED = f"{_COLUMNS} generations AS g"
_FOUND = f"{_COLUMNS} generations_fts AS f CROSS JOIN generations AS g ON g.rowid = f.rowid"
"""From the index to the rows, newest first, so that the first hits end it however many there are."""
_BEFORE = "g.id < ?"
_FOUND_BEFORE = "g.rowid < (SELECT rowid FROM generations WHERE id = ?)"
_INDEXED = "generations_fts MATCH ?"
_LIKE = r"g.request LIKE ? ESCAPE '\' OR g.title LIKE ? ESCAPE '\'"


def list_generations(
    connection: sqlite3.Connection, *, search: str, limit: int, before: str | None
) -> tuple[GenerationSummary, ...]:
    """List generations, newest first: by id, or, where words are looked up, as they were recorded.

    Args:
        connection: to the ledger, inside a transaction.
        search: words, or parts of words, that must all be in the request or the title, in upper or
            lower case; nothing special is in them.
        limit: how many at most, from 1.
        before: the last id of the page before; ``None`` for the first page.

    Returns:
        At most `limit`; empty where nothing fits.
    """
    found = _find(search)
    indexed = any(condition == _INDEXED for condition, _ in found)
    conditions = [condition for condition, _ in found]
    values: list[str | int] = [value for _, fitting in found for value in fitting]
    if before is not None:
        # It may come from an address, whose bytes need be no text; SQLite takes texts only.
        before = before.encode(errors="replace").decode()
        conditions.append(_FOUND_BEFORE if found else _BEFORE)
        values.append(before)
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    # Short words are looked for in row after row, which is quickest as the rows lie.
    order = "g.rowid" if found else "g.id"
    order = "f.rowid" if indexed else order
    sql = f"{_FOUND if indexed else _LISTED}{where} ORDER BY {order} DESC LIMIT ?"
    rows = connection.execute(sql, (*values, limit))
    return tuple(_summary(row) for row in rows)


def _find(search: str) -> list[tuple[str, list[str]]]:
    """Turn what was typed into conditions and their values; constants alone become SQL."""
    # SQLite ends a text at NUL, and can't hold half a surrogate pair; neither can be found.
    typed = search.replace("\0", " ").encode("utf-16", "replace").decode("utf-16")
    words = dict.fromkeys(typed.split())
    indexed = [word for word in words if len(word) >= _TRIGRAM_CHARS]
    conditions: list[tuple[str, list[str]]] = []
    if indexed:
        phrases = " ".join('"' + word.replace('"', '""') + '"' for word in indexed)
        conditions.append((_INDEXED, [phrases]))
    for word in words:
        if len(word) < _TRIGRAM_CHARS:
            patterns = _patterns(word)
            likes = " OR ".join(_LIKE for _ in patterns)
            doubled = [pattern for pattern in patterns for _ in ("request", "title")]
            conditions.append((f"({likes})", doubled))
    return conditions


def _patterns(word: str) -> list[str]:
    """Return LIKE patterns for a short word; LIKE folds the case of ASCII letters only."""
    if word.isascii():
        spellings = {word}
    else:
        cases = ({char.lower(), char.upper()} for char in word)
        spellings = {"".join(chars) for chars in itertools.product(*cases)}
    return sorted(f"%{_escape(spelling)}%" for spelling in spellings)


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")


def _summary(row: sqlite3.Row) -> GenerationSummary:
    return GenerationSummary(
        generation_id=row["id"],
        title=row["title"],
        image_models=tuple(json.loads(row["image_models"])),
        status=GenerationStatus(row["status"]),
        created_at=from_text(row["created_at"]),
    )
