"""The views that people read: what a row is, and that asking for a part reads no whole table."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.ledgers import fill
from promptflow.clock import Clock
from promptflow.ledger import SqliteLedger
from promptflow.ledger.database import LedgerFile
from promptflow.ledger.migrations import STEPS, migrate
from promptflow.records import RunStatus
from tests.ledger.scripted_flow import (
    REFUSED,
    rich_flow,
    run_failed,
    run_started,
    stage_failed,
    stage_started,
)

_REFUSED = ("SCAN r USING INDEX runs_refused", "SCAN s USING INDEX stages_refused")


def query(ledger: SqliteLedger, sql: str) -> list[Mapping[str, object]]:
    """Read rows as mappings."""
    with ledger.file.reading() as connection:
        return [dict(row) for row in connection.execute(sql)]


@pytest.fixture
def rich(ledger: SqliteLedger) -> SqliteLedger:
    """A ledger in which everything has happened, a refusal of the text model among it."""
    for event in (
        *rich_flow()[:-1],
        stage_started("s9"),
        stage_failed("s9", "", REFUSED),
        replace(run_started("r9", "painter-1"), version=2),
        run_failed("r9", "t9b", RunStatus.REFUSED, REFUSED),
        rich_flow()[-1],
    ):
        ledger.record(event)
    return ledger


def test_a_row_of_lineage_is_a_picture(rich: SqliteLedger) -> None:
    """Each picture stands with its idea, plan, prompt, run, times and costs."""
    rows = query(rich, "SELECT * FROM lineage WHERE generation_id = 'g1' ORDER BY asset_id")

    assert [row["asset_id"] for row in rows] == ["a1", "a2", "a3"]
    expected = {
        "title": "An octopus plays chess",
        "prompt": "an octopus, linocut",
        "prompt_origin": "constructed",
        "stage_id": "s4",
        "image_model": "painter-1",
        "provider": "offline",
        "run_status": "succeeded",
        "run_ms": 3_000,
        "run_cost_micro_usd": 40_000,
        "run_cost_usd": 0.04,
        "generation_cost_usd": None,
        "thumbnail_id": None,
    }
    assert {name: rows[0][name] for name in expected} == expected
    assert '"mood": "calm ☕"' in str(rows[0]["plan"])


def test_a_row_of_stage_times_is_a_call(rich: SqliteLedger) -> None:
    """Each call of a language model stands with its times and its cost."""
    rows = query(rich, "SELECT * FROM stage_times WHERE stage_id IN ('s3', 's1') ORDER BY 1")

    seen = [(row["stage"], row["status"], row["attempts"], row["total_ms"]) for row in rows]
    assert seen == [("action_plan", "failed", 1, 80), ("thinking", "succeeded", 2, 250)]
    assert [row["cost_usd"] for row in rows] == [None, 0.0005]


def test_a_row_of_the_scorecard_is_a_model_on_a_day(rich: SqliteLedger) -> None:
    """Runs are counted by how they ended; an unknown price leaves the cost of a picture open."""
    rows = query(rich, "SELECT * FROM model_scorecard ORDER BY image_model")

    names = ("image_model", "day", "runs", "succeeded", "refused", "pictures", "unpriced_runs")
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("painter-1", "2026-11-23", 2, 1, 1, 2, 1),
        ("painter-2", "2026-11-23", 1, 0, 0, 1, 1),
        ("painter-3", "2026-11-23", 1, 0, 1, 0, 1),
    ]
    assert [row["cost_usd"] for row in rows] == [0.04, None, None]
    assert [row["cost_per_picture_usd"] for row in rows] == [None, None, None]


def test_a_picture_bears_the_cost_of_all_runs(rich: SqliteLedger) -> None:
    """Where every run has a price, the cost of a picture is their sum by the pictures there are."""
    with rich.file.writing() as db:
        db.execute("UPDATE runs SET cost_micro_usd = 20000 WHERE id = 'r9'")

    rows = query(rich, "SELECT * FROM model_scorecard WHERE image_model = 'painter-1'")
    assert [row["cost_per_picture_usd"] for row in rows] == [0.03]


def test_a_row_of_daily_spend_is_a_model_on_a_day(rich: SqliteLedger) -> None:
    """Text and image models stand apart, and calls without a price are counted."""
    rows = query(rich, "SELECT * FROM daily_spend ORDER BY kind, model")

    names = ("kind", "model", "calls", "unpriced_calls", "cost_micro_usd")
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("image", "painter-1", 2, 1, 40_000),
        ("image", "painter-2", 1, 1, None),
        ("image", "painter-3", 1, 1, None),
        ("text", "writer-1", 7, 3, 2_000),
    ]


def test_a_row_of_refusals_is_a_refused_call(rich: SqliteLedger) -> None:
    """Refusals of image and text models stand with their category and their words."""
    rows = query(rich, "SELECT * FROM refusals ORDER BY kind, model")

    names = ("kind", "model", "category", "run_id", "prompt")
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("image", "painter-1", "violence", "r9", "an octopus, linocut"),
        ("image", "painter-3", "violence", "r3", "an octopus, linocut"),
        ("text", "writer-1", "violence", None, None),
    ]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> SqliteLedger:
    """A ledger of 50 generations."""
    path = tmp_path_factory.mktemp("views") / "data" / "promptflow.db"
    fill(path, 50)
    return SqliteLedger(path, clock=Clock())


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM lineage WHERE generation_id = 'g1'",
        "SELECT * FROM lineage WHERE asset_id = 'a1'",
        "SELECT * FROM lineage WHERE run_id = 'r1'",
        "SELECT * FROM lineage WHERE image_model = 'm' ORDER BY created_at DESC LIMIT 20",
        "SELECT * FROM lineage WHERE created_at >= '2026-11-01'",
        "SELECT * FROM stage_times WHERE day >= '2026-11-01'",
        "SELECT stage, avg(total_ms) FROM stage_times WHERE day = '2026-11-01' GROUP BY stage",
        "SELECT * FROM stage_times WHERE generation_id = 'g1'",
        "SELECT * FROM model_scorecard WHERE day >= '2026-11-01'",
        "SELECT * FROM model_scorecard WHERE day = '2026-11-01' AND image_model = 'm'",
        "SELECT * FROM daily_spend WHERE day >= '2026-11-01'",
        "SELECT * FROM daily_spend WHERE day = '2026-11-01' AND model = 'm'",
        "SELECT * FROM refusals WHERE started_at >= '2026-11-01'",
        "SELECT * FROM refusals ORDER BY started_at DESC LIMIT 20",
        """
        WITH RECURSIVE grown (id) AS (
            SELECT 'p1' UNION SELECT p.id FROM grown JOIN prompts AS p
            ON p.parent_prompt_id = grown.id
        )
        SELECT * FROM grown CROSS JOIN prompts AS p ON p.id = grown.id
        """,
    ],
)
def test_a_part_of_a_view_is_found_through_indexes(full: SqliteLedger, sql: str) -> None:
    """Asked for one generation, one model or some days, no view reads a table from end to end."""
    steps = [str(row["detail"]) for row in query(full, f"EXPLAIN QUERY PLAN {sql}")]

    # What a view's own SELECT has put together is small, and so is the index of what was refused.
    small = (
        "SCAN (subquery",
        "SCAN grown",
        "SCAN CONSTANT ROW",
        "SCAN daily_spend",
        *_REFUSED,
    )
    scans = [step for step in steps if step.startswith("SCAN") and not step.startswith(small)]
    assert scans == []


def test_pictures_of_an_older_ledger_know_their_run(path: Path) -> None:
    """The step that adds columns fills them from what was there before, and counts."""
    path.parent.mkdir()
    file = LedgerFile(path=path)
    migrate(file, STEPS[:3])
    with file.writing() as db:
        db.execute("""
            INSERT INTO generations (id, title, request, text_model, image_models, aspect_ratio,
                images_per_model, owner, status, created_at)
            VALUES ('g1', 'A', 'A', 'm', '[]', '1:1', 1, '', 'succeeded', '2026-11-23T12:00:00.000')
        """)
        db.execute("INSERT INTO prompts VALUES ('p1', 'g1', NULL, 'm', 'words', 'constructed')")
        db.execute("""
            INSERT INTO runs (id, generation_id, ordinal, prompt_id, image_model, provider, version,
                status, cost_micro_usd, started_at)
            VALUES ('r1', 'g1', 1, 'p1', 'm', 'offline', 1, 'partial', 7, '2026-11-23T12:00:00.000')
        """)
        for asset_id, role, run_id in (("a1", "output", "r1"), ("a2", "reference", None)):
            db.execute(
                """
                INSERT INTO assets (id, generation_id, run_id, position, role, backend, key, sha256,
                    mime, width_px, height_px, size_bytes, created_at)
                VALUES (?, 'g1', ?, 0, ?, 'local', 'k', 's', 'image/png', 1, 1, 1,
                    '2026-11-23T12:00:00.000+00:00')
                """,
                (asset_id, run_id, role),
            )
    ledger = SqliteLedger(path, clock=Clock())

    ledger.prepare()

    sql = "SELECT id, image_model, run_status, run_cost_micro_usd FROM assets ORDER BY id"
    assert [tuple(row.values()) for row in query(ledger, sql)] == [
        ("a1", "m", "partial", 7),
        ("a2", None, None, None),
    ]
    assert [tuple(row.values()) for row in query(ledger, "SELECT * FROM picture_counts")] == [
        ("2026-11-23", "m", "partial", 1, 1)
    ]
    assert [one.asset_id for one in ledger.assets.list_without_thumbnail()] == ["a1", "a2"]
