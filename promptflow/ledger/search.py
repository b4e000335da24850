"""The list of generations, and finding them by words. Floor 4: reads only.

A word is looked up in two indexes: as letters in a row of a title or request, and, once the generation has
ended, as the beginning of a word of its title, request, plan or prompts. Hits are read from the newest
on, and only as far as they are asked for, so that neither a word of every generation nor a word of none
costs more in a large ledger.
"""

import itertools
import json
import sqlite3
import unicodedata
from collections.abc import Iterator, Sequence

from promptflow.clock import from_text
from promptflow.records import GenerationStatus, GenerationSummary

_TRIGRAM_CHARS = 3
_PREFIX_CHARS = 3
"""Beginnings of words up to this length have an index of their own, which is read as it is needed."""
_MOST_WORDS = 100
"""As many words of the index are looked up one by one."""
_MOST_TRIGRAMS = 12
"""As many threes of letters are looked up one by one; what begins more of them is common."""
_STEPS = 16
"""So many hits are passed over one by one before a jump; a jump costs about as much."""
_LAST = "\U0010ffff"
"""Sorts behind whatever may follow a beginning."""

_COLUMNS = """
    SELECT g.id, g.title, g.image_models, g.status, g.created_at, g.parent_id FROM generations AS g
"""
_SHOWN = "g.deleted_at IS NULL"
_FOUND = f"""
    {_COLUMNS} WHERE g.rowid IN (SELECT value FROM json_each(?)) ORDER BY g.rowid DESC
"""  # noqa: S608 - constants of this module
_LETTERS = """
    SELECT rowid FROM generations_fts WHERE generations_fts MATCH ? AND rowid <= ?
    ORDER BY rowid DESC
"""
_WORDS = "SELECT rowid FROM texts_fts WHERE texts_fts MATCH ? AND rowid <= ? ORDER BY rowid DESC"
_ROWS = """
    SELECT rowid FROM generations WHERE ({}) AND deleted_at IS NULL AND rowid <= ?
    ORDER BY rowid DESC
"""
_LIKE = r"request LIKE ? ESCAPE '\' OR title LIKE ? ESCAPE '\'"
_LETTERS_TERM = "SELECT term FROM generations_fts_terms WHERE term >= ? AND term < ? LIMIT 1"
_WORDS_TERM = "SELECT term FROM texts_fts_terms WHERE term >= ? AND term < ? LIMIT 1"


def list_generations(
    connection: sqlite3.Connection, *, search: str, limit: int, before: str | None
) -> tuple[GenerationSummary, ...]:
    """List generations, newest first: by id, or, where words are looked up, as they were recorded.

    Args:
        connection: to the ledger, inside a transaction.
        search: words as `find_generations` takes them; nothing lists all.
        limit: how many at most, from 1.
        before: the last id of the page before; ``None`` for the first page.

    Returns:
        At most `limit`; empty where nothing fits.
    """
    if before is not None:
        # It may come from an address, whose bytes need be no text; SQLite takes texts only.
        before = before.encode(errors="replace").decode()
    if has_words(search):
        found = itertools.islice(find_generations(connection, search, before=before), limit)
        rows = connection.execute(_FOUND, (json.dumps(list(found)),))
    elif before is None:
        rows = connection.execute(f"{_COLUMNS} WHERE {_SHOWN} ORDER BY g.id DESC LIMIT ?", (limit,))
    else:
        sql = f"{_COLUMNS} WHERE {_SHOWN} AND g.id < ? ORDER BY g.id DESC LIMIT ?"
        rows = connection.execute(sql, (before, limit))
    return tuple(to_summary(row) for row in rows)


def has_words(search: str) -> bool:
    """Say whether there is anything to look for."""
    return bool(search.replace("\0", " ").split())


def find_generations(
    connection: sqlite3.Connection, search: str, *, before: str | None = None
) -> Iterator[int]:
    """Find generations by words that must all be somewhere in their texts.

    Args:
        connection: to the ledger, inside a transaction.
        search: words, in upper or lower case; no character has a special meaning. A word may be any
            part of the title or the request. In plan and prompts it is the beginning of a word, once
            the generation has ended; accents don't count there, and signs within it are gaps.
        before: only what was recorded before this generation.

    Yields:
        The rows' numbers, those recorded last first; nothing where there are no words.

    Raises:
        LookupError: the index gives hits out of order: it is damaged.
    """
    if before is None:
        found = connection.execute("SELECT max(rowid) FROM generations").fetchone()
    else:
        sql = "SELECT rowid - 1 FROM generations WHERE id = ?"
        found = connection.execute(sql, (before,)).fetchone()
    if found is None or found[0] is None:
        return
    newest = int(found[0])
    # SQLite ends a text at NUL, and can't hold half a surrogate pair; neither can be found.
    typed = search.replace("\0", " ").encode("utf-16", "replace").decode("utf-16")
    words = []
    for word in dict.fromkeys(typed.split()):
        words.append(_Hits(list(_look_up(connection, word, newest))))
        # One word of none ends it before the others are looked up.
        if words[-1].seek(newest) is None:
            return
    if words:
        yield from _meet(words, newest)


class _Stream:
    """The hits of one query, from the newest on, read only as far as they are asked for."""

    def __init__(self, connection: sqlite3.Connection, sql: str, *sought: str) -> None:
        self._connection = connection
        self._sql = sql
        self._sought = sought
        self._rows: Iterator[sqlite3.Row] | None = None
        self._hit: int | None = None

    def seek(self, newest: int) -> int | None:
        """Return the newest hit that is not above a number; numbers don't grow from call to call."""
        if self._rows is None:
            return self._jump(newest)
        for _ in range(_STEPS):
            if self._hit is None or self._hit <= newest:
                return self._hit
            self._hit = next((row[0] for row in self._rows), None)
        return self._jump(newest)

    def _jump(self, newest: int) -> int | None:
        self._rows = self._connection.execute(self._sql, (*self._sought, newest))
        self._hit = next((row[0] for row in self._rows), None)
        if self._hit is not None and self._hit > newest:
            message = f"the search index gives row {self._hit} where at most {newest} can be"
            raise LookupError(message)
        return self._hit


class _Hits:
    """The hits of one word, from whichever index has them."""

    def __init__(self, streams: Sequence[_Stream]) -> None:
        self._streams = streams

    def seek(self, newest: int) -> int | None:
        """Return the newest hit that is not above a number; numbers don't grow from call to call."""
        best = None
        for stream in self._streams:
            hit = stream.seek(newest)
            if hit == newest:
                return hit
            if hit is not None and (best is None or hit > best):
                best = hit
        return best


def _meet(words: Sequence[_Hits], newest: int) -> Iterator[int]:
    """Yield what is a hit of every word, from the newest on."""
    while True:
        reached = newest
        for word in words:
            found = word.seek(reached)
            if found is None:
                return
            reached = found
        if reached == newest:
            yield reached
            reached -= 1
        newest = reached


def _look_up(connection: sqlite3.Connection, word: str, newest: int) -> Iterator[_Stream]:
    """Yield where the hits of a word come from, what jumps quicker first."""
    if _is_wordlike(word[0]) and _is_wordlike(word[-1]):
        yield from _look_up_beginning(connection, word, newest)
    if len(word) >= _TRIGRAM_CHARS:
        yield _Stream(connection, _LETTERS, _quote(word))
    else:
        beginning = "".join(map(_fold, word))
        terms = _list_terms(connection, _LETTERS_TERM, beginning, at_most=_MOST_TRIGRAMS)
        if terms is None:
            # In rows that are read one after another what is common is found at once.
            patterns = [pattern for pattern in _patterns(word) for _ in ("request", "title")]
            likes = " OR ".join([_LIKE] * (len(patterns) // 2))
            yield _Stream(connection, _ROWS.format(likes), *patterns)
        elif terms:
            yield _Stream(connection, _LETTERS, _either(terms))


def _look_up_beginning(connection: sqlite3.Connection, word: str, newest: int) -> Iterator[_Stream]:
    """Yield where words that begin with a word come from.

    FTS5 gathers all hits of a long beginning before it gives the first, so the words are looked up by
    themselves where that is safe: in ASCII there is no doubt what the index makes of a letter.
    """
    terms = None
    if len(word) > _PREFIX_CHARS and word.isascii() and word.isalnum():
        # A look at the short index first: what isn't there is sought across all hits of its neighbour.
        short = f"{_quote(word[:_PREFIX_CHARS])} *"
        if _Stream(connection, _WORDS, short).seek(newest) is None:
            return
        terms = _list_terms(connection, _WORDS_TERM, word.lower(), at_most=_MOST_WORDS)
    if terms is None:
        yield _Stream(connection, _WORDS, f"{_quote(word)} *")
    elif terms:
        yield _Stream(connection, _WORDS, _either(terms))


def _list_terms(
    connection: sqlite3.Connection, sql: str, beginning: str, *, at_most: int
) -> list[str] | None:
    """List the entries of an index that begin with these letters; ``None`` if there are too many."""
    terms: list[str] = []
    # Entry by entry, because the table has a row for each place where an entry occurs.
    found = connection.execute(sql, (beginning, beginning + _LAST)).fetchone()
    while found is not None:
        terms.append(str(found[0]))
        if len(terms) > at_most:
            return None
        # No entry goes on with this sign, so it leads right behind the last one.
        found = connection.execute(sql, (f"{terms[-1]}\1", beginning + _LAST)).fetchone()
    return terms


def _either(terms: Sequence[str]) -> str:
    return " OR ".join(map(_quote, terms))


def _quote(text: str) -> str:
    """Make a phrase for FTS5, in which nothing has a meaning."""
    return '"' + text.replace('"', '""') + '"'


def _is_wordlike(char: str) -> bool:
    """Say whether a word may begin or end with it: a letter, a mark on one, or a number."""
    return unicodedata.category(char)[0] in "LMN"


def _fold(char: str) -> str:
    """Fold the case of one character as FTS5 does: into one character."""
    folded = char.casefold()
    return folded if len(folded) == 1 else char.lower()[0]


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


def to_summary(row: sqlite3.Row) -> GenerationSummary:
    """Return the summary of a row of `generations`."""
    return GenerationSummary(
        generation_id=row["id"],
        title=row["title"],
        image_models=tuple(json.loads(row["image_models"])),
        status=GenerationStatus(row["status"]),
        created_at=from_text(row["created_at"]),
        is_fork=row["parent_id"] is not None,
    )
