"""That no read looks at a big table from end to end, whatever is asked for."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations
from pathlib import Path

import pytest

from benchmarks.ledgers import RARE, fill, generation_id
from promptflow.clock import Clock
from promptflow.ledger import SqliteLedger, recover
from promptflow.ledger.database import LedgerFile
from promptflow.records import GalleryFilter, RunStatus, UploadStatus
from promptflow.storage.local import LocalStore
from promptflow.usage import Period
from tests.ledger.scripted_flow import START, rich_flow
from tests.ledger.test_gallery import thumbnail_of

JANUARY = Period(first=date(2026, 1, 1), last=date(2026, 1, 31))

FILTERS = {
    "text": GalleryFilter(text=f"tram {RARE}"),
    "models": GalleryFilter(image_models=("painter-3", "painter-4")),
    "statuses": GalleryFilter(run_statuses=(RunStatus.SUCCEEDED,)),
    "rare": GalleryFilter(run_statuses=(RunStatus.PARTIAL, RunStatus.INTERRUPTED)),
    "dates": GalleryFilter(created_from=date(2026, 1, 1), created_to=date(2026, 1, 1)),
    "cost": GalleryFilter(cost_from_micro_usd=1, cost_to_micro_usd=20_000),
    "starred": GalleryFilter(starred=True),
}

WALKS = {
    "SCAN g USING INDEX sqlite_autoindex_generations_1": "the list, newest first, to the page's end",
    "SCAN assets USING COVERING INDEX pictures_by_time": "a page of the gallery, from the newest on",
    "SCAN assets USING COVERING INDEX pictures_starred": "the same; it has starred pictures alone",
    "SCAN generations USING INDEX generations_running": "it has what is under way alone",
    "SCAN picture_counts": "a row for a day and a model, not for a picture",
    "SCAN main.generations_fts_config": "FTS5's own three settings",
    "SCAN main.texts_fts_config": "the same",
    "SCAN (subquery-2)": "the calls of one generation, whose cost is added up",
    "SCAN runs USING COVERING INDEX runs_of_model": "how often models refused, once for a form",
    "SCAN stages USING COVERING INDEX stages_of_model": "the same of text models",
    "SCAN assets USING INDEX assets_in_outbox": "what waits to be uploaded, counted",
    "SCAN (subquery-4)": "the calls of some days, found by their day and put in order",
    "SCAN (subquery-5)": "the same",
    "SCAN calls": "the calls of a month, found by their day",
    "SCAN sums": "the same, a row for a generation",
    "SCAN unsettled": "those of them that may come to more",
    "SCAN rest": "the same, with how much more",
    "SCAN CONSTANT ROW": "no table at all",
}
"""Walks along a table or an index that are as they should be → why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedFile(LedgerFile):
    """A ledger's file whose connections write down what they execute."""

    seen: set[str] = field(default_factory=set)

    def connect(self, mode: str) -> sqlite3.Connection:
        """Open a connection, and listen to it."""
        connection = LedgerFile.connect(self, mode)
        connection.set_trace_callback(self.seen.add)
        return connection


@pytest.fixture
def traced(tmp_path: Path) -> Iterator[tuple[SqliteLedger, set[str]]]:
    """A ledger with earlier generations, and what it executes."""
    path = tmp_path / "data" / "promptflow.db"
    fill(path, 60)
    ledger = SqliteLedger(path, clock=Clock(), owner="owner-1")
    file = TracedFile(path=path)
    ledger.access.file = file
    yield ledger, file.seen
    ledger.close()


def explain(ledger: SqliteLedger, seen: set[str]) -> dict[str, str]:
    """Return what the statements scan → one of the statements that does."""
    scans = {}
    with LedgerFile(path=ledger.file.path).reading() as connection:
        for sql in seen:
            if re.match(r"\s*(SELECT|UPDATE|INSERT|WITH)\b", sql):
                for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}"):
                    if row["detail"].startswith("SCAN") and "VIRTUAL TABLE" not in row["detail"]:
                        scans[row["detail"]] = sql
    return scans


def combine() -> Iterator[GalleryFilter]:
    """Yield no filter, each of them, and each with every other."""
    yield GalleryFilter()
    yield from FILTERS.values()
    for one, other in combinations(FILTERS.values(), 2):
        yield GalleryFilter(
            text=one.text or other.text,
            image_models=one.image_models or other.image_models,
            run_statuses=one.run_statuses or other.run_statuses,
            created_from=one.created_from or other.created_from,
            created_to=one.created_to or other.created_to,
            cost_from_micro_usd=one.cost_from_micro_usd or other.cost_from_micro_usd,
            cost_to_micro_usd=one.cost_to_micro_usd or other.cost_to_micro_usd,
            starred=one.starred or other.starred,
        )


def test_no_read_looks_at_a_whole_table(traced: tuple[SqliteLedger, set[str]]) -> None:
    """Every statement of every read goes through an index, but for walks that end with the page."""
    ledger, seen = traced
    reads: list[Callable[[], object]] = [
        lambda: ledger.read_events(generation_id(7)),
        lambda: ledger.read_lineage(generation_id(7)),
        ledger.list_generations,
        lambda: ledger.list_generations(before=generation_id(30)),
        *(
            lambda search=search, before=before: ledger.list_generations(
                search=search, before=before
            )
            for search in ("tram", RARE, "a tram", "zq", "wi", "low-key", "é", f"pictu {RARE}")
            for before in (None, generation_id(30))
        ),
        ledger.pictures.list_gallery_models,
        ledger.calls.count_refusals,
        ledger.assets.list_without_thumbnail,
        ledger.assets.list_in_outbox,
        ledger.assets.list_assets,
        ledger.list_running,
        ledger.assets.read_waiting,
        lambda: ledger.assets.is_stored_at("generations/g1/output/painter-1/a1.png", "local"),
        lambda: ledger.assets.find_asset("a1"),
        lambda: ledger.pictures.find_picture("a1"),
        lambda: ledger.calls.read_usage(JANUARY),
        lambda: ledger.calls.read_month_spend(JANUARY),
    ]
    for read in reads:
        read()
    for wanted in combine():
        ledger.pictures.count_pictures(wanted)
        ledger.pictures.list_pictures(wanted, limit=5)
        ledger.pictures.list_pictures(wanted, limit=5, offset=20)

    scans = explain(ledger, seen)

    assert len(seen) > 100
    assert {scan: sql for scan, sql in scans.items() if scan not in WALKS} == {}


def test_no_write_looks_at_a_whole_table(traced: tuple[SqliteLedger, set[str]]) -> None:
    """Recording, keeping and recovering go through indexes only, their triggers included."""
    ledger, seen = traced
    for event in rich_flow()[:-1]:
        ledger.record(event)
    ledger.assets.record_thumbnail("a1", thumbnail_of(ledger.assets.list_without_thumbnail()[0]))
    ledger.assets.record_upload(
        "a1", status=UploadStatus.SUCCEEDED, started_at=START, total_ms=1, size_bytes=1
    )
    ledger.assets.mark_stored("a1", "b2")
    ledger.marks.star("a1", START)
    folder = ledger.file.path.parent
    recovered = recover(ledger, [LocalStore(folder)], folder=folder, live=tuple)

    scans = explain(ledger, seen)

    assert recovered == ("g1",)
    assert {scan: sql for scan, sql in scans.items() if scan not in WALKS} == {}
