"""Painted pictures of all generations, newest first. Floor 4: reads only.

A page is a walk along one index that holds all that is filtered by, as far as the page goes, and a look at
the rows it shows. `picture_counts` says how many there are of a model, a status and a day, and so where
a page far back begins. Pictures of the same millisecond come in the order of the index.
"""

import itertools
import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from promptflow.clock import from_text
from promptflow.ledger.access import Access
from promptflow.ledger.read import to_asset
from promptflow.ledger.search import find_generations, has_words
from promptflow.records import Asset, GalleryFilter, PictureSummary, RunStatus

COUNT_LIMIT = 1_000
"""What no count is kept of is counted up to here."""
_MOST_WALKS = 50
"""So many models or statuses are walked side by side; more of them are most of all there are."""
_MOST = 2**63 - 1
"""The largest number SQLite takes; one that was typed may be larger."""
_BATCH = 200
"""As many generations are looked into at a time where words are looked for."""

_SUMMARIES = """
    SELECT a.*, g.title AS generation_title, g.aspect_ratio, r.provider
    FROM json_each(?) AS page
    CROSS JOIN assets AS a ON a.rowid = page.value
    CROSS JOIN runs AS r ON r.id = a.run_id
    CROSS JOIN generations AS g ON g.id = a.generation_id
    ORDER BY page.key
"""
_THUMBNAILS = """
    SELECT t.* FROM json_each(?) AS page
    CROSS JOIN assets AS a ON a.rowid = page.value
    CROSS JOIN assets AS t ON t.source_id = a.id AND t.role = 'thumbnail'
"""

_TAGGED = """
    SELECT a.rowid FROM asset_tags AS t CROSS JOIN assets AS a ON a.id = t.asset_id WHERE t.tag = ?
    UNION SELECT a.rowid FROM generation_tags AS t
    CROSS JOIN assets AS a ON a.generation_id = t.generation_id WHERE t.tag = ?
"""
_TAGS_OF_PAGE = """
    SELECT a.id, t.tag FROM json_each(:page) AS page
    CROSS JOIN assets AS a ON a.rowid = page.value
    CROSS JOIN asset_tags AS t ON t.asset_id = a.id
    UNION SELECT a.id, t.tag FROM json_each(:page) AS page
    CROSS JOIN assets AS a ON a.rowid = page.value
    CROSS JOIN generation_tags AS t ON t.generation_id = a.generation_id
    ORDER BY 1, 2
"""

_Values = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Where:
    """Conditions and their values; the conditions are constants of this module."""

    conditions: tuple[str, ...]
    values: _Values

    def __add__(self, other: "_Where") -> "_Where":
        return _Where(
            conditions=self.conditions + other.conditions, values=self.values + other.values
        )

    def __str__(self) -> str:
        return " AND ".join(self.conditions)


class Pictures:
    """Painted pictures as the gallery looks for them.

    Args:
        access: to the ledger's file.
    """

    def __init__(self, access: Access) -> None:
        self._access = access

    def list_pictures(
        self, wanted: GalleryFilter, *, limit: int, offset: int = 0
    ) -> tuple[PictureSummary, ...]:
        """List painted pictures: newest first, or, where words are looked up, by their generations.

        Args:
            wanted: which.
            limit: how many at most, from 1.
            offset: how many to leave out before, from 0.

        Returns:
            At most `limit`; empty where nothing fits, or fewer than `offset` do.

        Raises:
            LedgerError: the ledger can't be read.
        """
        if self._access.is_new:
            return ()
        offset = min(offset, _MOST)
        with self._access.reading() as connection:
            if has_words(wanted.text):
                end = min(offset + limit, _MOST)
                rowids = list(itertools.islice(_find(connection, wanted), offset, end))
            else:
                rowids = _walk(connection, wanted, limit=limit, offset=offset)
            return _describe(connection, rowids)

    def count_pictures(self, wanted: GalleryFilter) -> tuple[int, bool]:
        """Count painted pictures.

        Args:
            wanted: which.

        Returns:
            How many, and whether there are more than that: by words, cost, tag or star it is counted up
            to `COUNT_LIMIT` only.

        Raises:
            LedgerError: the ledger can't be read.
        """
        if self._access.is_new:
            return 0, False
        with self._access.reading() as connection:
            if has_words(wanted.text):
                found: Iterator[object] = _find(connection, wanted)
            elif _is_counted(wanted):
                return sum(pictures for _, pictures in _count_days(connection, wanted)), False
            else:
                found = iter(_walk(connection, wanted, limit=COUNT_LIMIT + 1, offset=0))
            number = sum(1 for _ in itertools.islice(found, COUNT_LIMIT + 1))
        return min(number, COUNT_LIMIT), number > COUNT_LIMIT

    def list_gallery_models(self) -> tuple[str, ...]:
        """List the image models that have painted a picture, by id.

        Raises:
            LedgerError: the ledger can't be read.
        """
        if self._access.is_new:
            return ()
        sql = "SELECT image_model FROM picture_counts GROUP BY image_model HAVING sum(pictures) > 0"
        with self._access.reading() as connection:
            rows = connection.execute(f"{sql} ORDER BY image_model")
            return tuple(row["image_model"] for row in rows)

    def find_picture(self, asset_id: str) -> PictureSummary | None:
        """Return one painted picture; ``None`` where there is none of this id.

        Args:
            asset_id: anything; it may come from an address.

        Raises:
            LedgerError: the ledger can't be read.
        """
        if self._access.is_new:
            return None
        # What was typed may hold bytes that are no text, and SQLite takes texts only.
        sought = asset_id.encode(errors="replace").decode()
        sql = "SELECT rowid FROM assets WHERE id = ? AND role = 'output' AND hidden = 0"
        with self._access.reading() as connection:
            rowids = [row[0] for row in connection.execute(sql, (sought,))]
            return next(iter(_describe(connection, rowids)), None)


def _walk(
    connection: sqlite3.Connection, wanted: GalleryFilter, *, limit: int, offset: int
) -> list[int]:
    """Return the rows' numbers of a page."""
    more = _Where(conditions=(), values=())
    if offset and _is_counted(wanted):
        # Whole days are left out by their counts; only the rest of the last one is walked.
        for day, pictures in _count_days(connection, wanted):
            if pictures > offset:
                more = _before(date.fromisoformat(day) + timedelta(days=1))
                break
            offset -= pictures
        else:
            return []
    walks = _choose_walks(wanted, more)
    sql = " UNION ALL ".join(sql for sql, _ in walks)
    values = (*(value for _, values in walks for value in values), limit, offset)
    rows = connection.execute(f"{sql} ORDER BY created_at DESC LIMIT ? OFFSET ?", values)
    return [row["number"] for row in rows]


def _choose_walks(wanted: GalleryFilter, more: _Where) -> list[tuple[str, _Values]]:
    """Choose the index by which least is walked in vain; each model or rare status has a walk."""
    rest = more + _within_dates(wanted) + _within_cost(wanted)
    models = _among("image_model", wanted.image_models)
    statuses = _among("run_status", wanted.run_statuses)
    if wanted.tags:
        where = _tagged(wanted, "rowid")
        if wanted.starred:
            where += _Where(conditions=("starred_at IS NOT NULL",), values=())
        # Few have a tag: they are looked up by it, and put in order.
        return [_walk_along(None, where + models + statuses + rest)]
    if wanted.starred:
        starred = _Where(conditions=("starred_at IS NOT NULL",), values=())
        return [_walk_along("pictures_starred", starred + models + statuses + rest)]
    if 0 < len(wanted.image_models) <= _MOST_WALKS:
        return [
            _walk_along("pictures_by_model", _is("image_model", model) + statuses + rest)
            for model in dict.fromkeys(wanted.image_models)
        ]
    if wanted.run_statuses and RunStatus.SUCCEEDED not in wanted.run_statuses:
        odd = _Where(conditions=("run_status <> 'succeeded'",), values=())
        return [
            _walk_along("pictures_of_odd_runs", odd + _is("run_status", status) + models + rest)
            for status in dict.fromkeys(wanted.run_statuses)
        ]
    return [_walk_along("pictures_by_time", models + statuses + rest)]


def _walk_along(index: str | None, where: _Where) -> tuple[str, _Values]:
    conditions = " AND ".join(("role = 'output'", "hidden = 0", *where.conditions))
    how = f"INDEXED BY {index}" if index else "NOT INDEXED"
    sql = f"SELECT created_at, rowid AS number FROM assets {how} WHERE {conditions}"  # noqa: S608
    return sql, where.values


def _find(connection: sqlite3.Connection, wanted: GalleryFilter) -> Iterator[int]:
    """Yield the rows' numbers of the pictures whose generations hold the words."""
    where = (
        _among("a.image_model", wanted.image_models)
        + _among("a.run_status", wanted.run_statuses)
        + _within_dates(wanted, "a.created_at")
        + _within_cost(wanted)
        + _tagged(wanted, "a.rowid")
    )
    conditions = ["a.role = 'output'", "a.hidden = 0", *where.conditions]
    if wanted.starred:
        conditions.append("a.starred_at IS NOT NULL")
    sql = f"""
        SELECT a.rowid AS number FROM json_each(?) AS found
        CROSS JOIN generations AS g ON g.rowid = found.value
        CROSS JOIN assets AS a ON a.generation_id = g.id
        WHERE {" AND ".join(conditions)} ORDER BY found.key, a.created_at DESC, a.rowid DESC
    """  # noqa: S608 - constants of this module
    generations = find_generations(connection, wanted.text)
    while batch := list(itertools.islice(generations, _BATCH)):
        for row in connection.execute(sql, (json.dumps(batch), *where.values)):
            yield row["number"]


def _is_counted(wanted: GalleryFilter) -> bool:
    """Say whether `picture_counts` knows how many there are."""
    has_cost = wanted.cost_from_micro_usd is not None or wanted.cost_to_micro_usd is not None
    return not (has_cost or wanted.starred or wanted.tags)


def _count_days(connection: sqlite3.Connection, wanted: GalleryFilter) -> Iterator[tuple[str, int]]:
    """Yield (day, pictures), the newest first."""
    where = _among("image_model", wanted.image_models) + _among("run_status", wanted.run_statuses)
    if wanted.created_from:
        where += _Where(conditions=("day >= ?",), values=(wanted.created_from.isoformat(),))
    if wanted.created_to:
        where += _Where(conditions=("day <= ?",), values=(wanted.created_to.isoformat(),))
    sql = "SELECT day, sum(pictures) AS pictures FROM picture_counts"
    sql += f" WHERE {where}" if where.conditions else ""
    for row in connection.execute(f"{sql} GROUP BY day ORDER BY day DESC", where.values):
        yield row["day"], row["pictures"]


def _within_dates(wanted: GalleryFilter, column: str = "created_at") -> _Where:
    where = _Where(conditions=(), values=())
    if wanted.created_from:
        # Times begin with their day, so a day sorts before all of its times.
        first = wanted.created_from.isoformat()
        where += _Where(conditions=(f"{column} >= ?",), values=(first,))
    if wanted.created_to and wanted.created_to < date.max:
        where += _before(wanted.created_to + timedelta(days=1), column)
    return where


def _before(day: date, column: str = "created_at") -> _Where:
    return _Where(conditions=(f"{column} < ?",), values=(day.isoformat(),))


def _within_cost(wanted: GalleryFilter) -> _Where:
    where = _Where(conditions=(), values=())
    if wanted.cost_from_micro_usd is not None:
        least = (min(wanted.cost_from_micro_usd, _MOST),)
        where += _Where(conditions=("run_cost_micro_usd >= ?",), values=least)
    if wanted.cost_to_micro_usd is not None:
        most = (min(wanted.cost_to_micro_usd, _MOST),)
        where += _Where(conditions=("run_cost_micro_usd <= ?",), values=most)
    return where


def _tagged(wanted: GalleryFilter, rowid: str) -> _Where:
    """Let through what has every tag, by itself or with its generation."""
    values = tuple(tag for tag in wanted.tags for _ in range(2))
    return _Where(conditions=(f"{rowid} IN ({_TAGGED})",) * len(wanted.tags), values=values)


def _is(column: str, value: str) -> _Where:
    return _Where(conditions=(f"{column} = ?",), values=(value,))


def _among(column: str, values: Sequence[str]) -> _Where:
    if not values:
        return _Where(conditions=(), values=())
    condition = f"{column} IN (SELECT value FROM json_each(?))"  # noqa: S608 - constants of this module
    return _Where(conditions=(condition,), values=(json.dumps([str(value) for value in values]),))


def _describe(connection: sqlite3.Connection, rowids: Sequence[int]) -> tuple[PictureSummary, ...]:
    page = (json.dumps(rowids),)
    thumbnails = {row["source_id"]: to_asset(row) for row in connection.execute(_THUMBNAILS, page)}
    tags: dict[str, list[str]] = {}
    for asset_id, tag in connection.execute(_TAGS_OF_PAGE, {"page": page[0]}):
        tags.setdefault(asset_id, []).append(tag)
    rows = connection.execute(_SUMMARIES, page)
    return tuple(_summary(row, thumbnails.get(row["id"]), tags.get(row["id"], ())) for row in rows)


def _summary(row: sqlite3.Row, thumbnail: Asset | None, tags: Sequence[str]) -> PictureSummary:
    return PictureSummary(
        asset=to_asset(row),
        thumbnail=thumbnail,
        generation_id=row["generation_id"],
        run_id=row["run_id"],
        title=row["title"] or row["generation_title"],
        tags=tuple(tags),
        image_model=row["image_model"],
        provider=row["provider"],
        run_status=RunStatus(row["run_status"]),
        cost_micro_usd=row["run_cost_micro_usd"],
        aspect_ratio=row["aspect_ratio"],
        created_at=from_text(row["created_at"]),
        starred_at=from_text(row["starred_at"]) if row["starred_at"] else None,
    )
