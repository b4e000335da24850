"""The schema: made, brought up to date, left alone, or refused."""

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from promptflow.errors import LedgerError, SetupError
from promptflow.ledger import SqliteLedger
from promptflow.ledger.database import LedgerFile
from promptflow.ledger.migrations import STEPS, migrate
from tests.ledger.processes import run_together
from tests.ledger.scripted_flow import StoppedClock, flow_started

if TYPE_CHECKING:
    from sqlite_utils import Database

SCHEMA = """\
table asset_tags: asset_id TEXT! -> assets.id, tag TEXT!
table assets: id TEXT!, generation_id TEXT! -> generations.id, run_id TEXT -> runs.id, position \
INTEGER!, role TEXT!, backend TEXT!, key TEXT!, sha256 TEXT!, mime TEXT!, width_px INTEGER!, \
height_px INTEGER!, size_bytes INTEGER!, seed INTEGER, at_ms INTEGER, resolved TEXT, request_id \
TEXT, created_at TEXT!, source_id TEXT -> assets.id, starred_at TEXT, image_model TEXT, run_status \
TEXT, run_cost_micro_usd INTEGER, has_thumbnail INTEGER!, title TEXT!, note TEXT!, deleted_at \
TEXT, purged_at TEXT, hidden INTEGER!
table attempts: id TEXT!, run_id TEXT -> runs.id, stage_id TEXT -> stages.id, number INTEGER!, \
status TEXT!, error_code TEXT, error_message TEXT, http_status INTEGER, error_category TEXT, \
error_request_id TEXT, wait_after_ms INTEGER, ended_at TEXT!
table generation_tags: generation_id TEXT! -> generations.id, tag TEXT!
table generations: id TEXT!, title TEXT!, request TEXT!, text_model TEXT!, image_models TEXT!, \
aspect_ratio TEXT!, images_per_model INTEGER!, seed INTEGER, estimate_micro_usd INTEGER, owner \
TEXT!, status TEXT!, error_code TEXT, error_message TEXT, error_http_status INTEGER, \
cost_micro_usd INTEGER, total_ms INTEGER, created_at TEXT!, finished_at TEXT, error_category TEXT, \
error_request_id TEXT, parameters TEXT!, parent_id TEXT -> generations.id, forked_at TEXT, \
baseline INTEGER!, instructions TEXT!, note TEXT!, deleted_at TEXT, purged_at TEXT
table picture_counts: day TEXT!, image_model TEXT!, run_status TEXT!, pictures INTEGER!, painted \
INTEGER!
table prompts: id TEXT!, generation_id TEXT! -> generations.id, stage_id TEXT -> stages.id, \
image_model TEXT!, text TEXT!, origin TEXT!, parent_prompt_id TEXT -> prompts.id
table runs: id TEXT!, generation_id TEXT! -> generations.id, ordinal INTEGER!, prompt_id TEXT! -> \
prompts.id, image_model TEXT!, provider TEXT!, version INTEGER!, status TEXT!, first_picture_ms \
INTEGER, total_ms INTEGER, input_tokens INTEGER, output_tokens INTEGER, cost_micro_usd INTEGER, \
error_code TEXT, error_message TEXT, error_http_status INTEGER, started_at TEXT!, error_category \
TEXT, error_request_id TEXT, cached_tokens INTEGER, cache_write_tokens INTEGER, input_image_tokens \
INTEGER, thinking_tokens INTEGER, output_image_tokens INTEGER, price_source TEXT, price_date TEXT, \
parameters TEXT!, parent_run_id TEXT -> runs.id, seed INTEGER, images INTEGER
table stages: id TEXT!, generation_id TEXT! -> generations.id, ordinal INTEGER!, stage TEXT!, \
image_model TEXT, model TEXT!, output TEXT!, plan TEXT, timeline TEXT!, first_token_ms INTEGER, \
total_ms INTEGER, input_tokens INTEGER, output_tokens INTEGER, cost_micro_usd INTEGER, status \
TEXT!, error_code TEXT, error_message TEXT, error_http_status INTEGER, started_at TEXT!, \
error_category TEXT, error_request_id TEXT, cached_tokens INTEGER, cache_write_tokens INTEGER, \
input_image_tokens INTEGER, thinking_tokens INTEGER, output_image_tokens INTEGER, price_source \
TEXT, price_date TEXT, reasoning TEXT!, attempts INTEGER!, reused_from TEXT -> stages.id, edited \
INTEGER!, instructions TEXT, material TEXT, question_sha256 TEXT
table uploads: id TEXT!, asset_id TEXT! -> assets.id, number INTEGER!, status TEXT!, error_code \
TEXT, error_message TEXT, size_bytes INTEGER!, started_at TEXT!, total_ms INTEGER!
"""

OTHER_OBJECTS = [
    ("index", "asset_tags_by_tag"),
    ("index", "assets_deleted_at"),
    ("index", "assets_in_outbox"),
    ("index", "assets_of_generation"),
    ("index", "assets_of_run"),
    ("index", "assets_of_source"),
    ("index", "assets_purged"),
    ("index", "assets_without_thumbnail"),
    ("index", "attempts_of_run"),
    ("index", "attempts_of_stage"),
    ("index", "generation_tags_by_tag"),
    ("index", "generations_by_day"),
    ("index", "generations_deleted_at"),
    ("index", "generations_of_parent"),
    ("index", "generations_running"),
    ("index", "pictures_by_model"),
    ("index", "pictures_by_time"),
    ("index", "pictures_of_odd_runs"),
    ("index", "pictures_of_run"),
    ("index", "pictures_starred"),
    ("index", "prompts_of_generation"),
    ("index", "prompts_of_parent"),
    ("index", "prompts_of_stage"),
    ("index", "runs_by_day"),
    ("index", "runs_of_model"),
    ("index", "runs_of_parent"),
    ("index", "runs_of_prompt"),
    ("index", "runs_refused"),
    ("index", "stages_by_day"),
    ("index", "stages_by_question"),
    ("index", "stages_in_order"),
    ("index", "stages_of_model"),
    ("index", "stages_refused"),
    ("index", "stages_reused"),
    ("index", "thumbnail_of_source"),
    ("trigger", "assets_arrived"),
    ("trigger", "assets_marked"),
    ("trigger", "generations_deleted"),
    ("trigger", "generations_inserted"),
    ("trigger", "generations_marked"),
    ("trigger", "generations_reworded"),
    ("trigger", "pictures_added"),
    ("trigger", "pictures_changed"),
    ("trigger", "pictures_removed"),
    ("trigger", "runs_closed"),
    ("trigger", "texts_after_change"),
    ("trigger", "texts_after_delete_of_asset_tags"),
    ("trigger", "texts_after_delete_of_assets"),
    ("trigger", "texts_after_delete_of_generation_tags"),
    ("trigger", "texts_after_delete_of_prompts"),
    ("trigger", "texts_after_delete_of_stages"),
    ("trigger", "texts_after_insert_of_asset_tags"),
    ("trigger", "texts_after_insert_of_assets"),
    ("trigger", "texts_after_insert_of_generation_tags"),
    ("trigger", "texts_after_insert_of_prompts"),
    ("trigger", "texts_after_insert_of_stages"),
    ("trigger", "texts_after_update_of_assets"),
    ("trigger", "texts_after_update_of_prompts"),
    ("trigger", "texts_after_update_of_stages"),
    ("trigger", "texts_before_change"),
    ("trigger", "texts_before_delete_of_asset_tags"),
    ("trigger", "texts_before_delete_of_assets"),
    ("trigger", "texts_before_delete_of_generation_tags"),
    ("trigger", "texts_before_delete_of_prompts"),
    ("trigger", "texts_before_delete_of_stages"),
    ("trigger", "texts_before_insert_of_asset_tags"),
    ("trigger", "texts_before_insert_of_assets"),
    ("trigger", "texts_before_insert_of_generation_tags"),
    ("trigger", "texts_before_insert_of_prompts"),
    ("trigger", "texts_before_insert_of_stages"),
    ("trigger", "texts_before_update_of_assets"),
    ("trigger", "texts_before_update_of_prompts"),
    ("trigger", "texts_before_update_of_stages"),
    ("trigger", "texts_deleted"),
    ("trigger", "texts_inserted"),
    ("trigger", "thumbnails_added"),
    ("trigger", "thumbnails_removed"),
    ("view", "daily_spend"),
    ("view", "generation_texts"),
    ("view", "generation_titles"),
    ("view", "lineage"),
    ("view", "model_scorecard"),
    ("view", "refusals"),
    ("view", "stage_times"),
]


def query(path: Path, sql: str) -> list[tuple[object, ...]]:
    """Read straight from the file."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def draw_schema(path: Path) -> str:
    """Render our tables, one a line: columns, types, ``!`` for NOT NULL, what they point at."""
    rows = query(
        path,
        """
        SELECT tables.name, columns.name, columns.type, columns."notnull", keys."table", keys."to"
        FROM pragma_table_list AS tables, pragma_table_info(tables.name) AS columns
        LEFT JOIN pragma_foreign_key_list(tables.name) AS keys ON keys."from" = columns.name
        WHERE tables.strict ORDER BY tables.name, columns.cid
        """,
    )
    lines: dict[object, list[str]] = {}
    for table, column, kind, required, target, target_column in rows:
        arrow = f" -> {target}.{target_column}" if target else ""
        lines.setdefault(table, []).append(f"{column} {kind}{'!' if required else ''}{arrow}")
    return "".join(f"table {table}: {', '.join(columns)}\n" for table, columns in lines.items())


def dump(path: Path) -> list[tuple[object, ...]]:
    """Read everything that makes up the schema, with the account of the steps taken."""
    return [
        *query(path, "SELECT type, name, sql FROM sqlite_schema ORDER BY name"),
        *query(path, "SELECT name, applied_at FROM _sqlite_migrations"),
    ]


def test_an_empty_folder_gets_the_newest_schema(ledger: SqliteLedger, path: Path) -> None:
    """The tables are these, all of them strict; a change to this text is a change of schema."""
    assert draw_schema(path) == SCHEMA
    assert (
        query(
            path,
            """
            SELECT type, name FROM sqlite_schema WHERE type IN ('index', 'trigger', 'view')
            AND name NOT LIKE 'sqlite%' AND tbl_name NOT LIKE '\\_sqlite%' ESCAPE '\\'
            ORDER BY type, name
            """,
        )
        == OTHER_OBJECTS
    )
    assert [row[0] for row in query(path, "SELECT name FROM _sqlite_migrations")] == [
        step.__name__ for step in STEPS
    ]


def test_the_log_is_written_ahead(ledger: SqliteLedger, path: Path) -> None:
    """Readers don't wait for writers: the file is in WAL mode."""
    assert query(path, "PRAGMA journal_mode") == [("wal",)]


def test_preparing_twice_changes_nothing(ledger: SqliteLedger, path: Path) -> None:
    """A ledger that is up to date is only looked at."""
    ledger.record(flow_started())
    before = dump(path)

    SqliteLedger(path, clock=StoppedClock()).prepare()

    assert dump(path) == before
    assert len(ledger.read_events("g1")) == 1


@pytest.mark.parametrize("taken", range(len(STEPS)))
def test_every_earlier_schema_is_brought_up_to_date(path: Path, taken: int) -> None:
    """A ledger of any earlier version ends with the newest schema and keeps working."""
    path.parent.mkdir()
    migrate(LedgerFile(path=path), STEPS[:taken])
    ledger = SqliteLedger(path, clock=StoppedClock())

    ledger.prepare()
    ledger.record(flow_started())

    assert draw_schema(path) == SCHEMA
    assert len(ledger.list_generations(search="octopus")) == 1


def test_a_failing_step_leaves_no_trace(ledger: SqliteLedger, path: Path) -> None:
    """When a step fails, it and those before it in the same start are undone."""

    def m101_add_column(db: "Database") -> None:
        db.execute("ALTER TABLE runs ADD COLUMN note TEXT")

    def m102_break(db: "Database") -> None:
        db.execute("CREATE TABLE half (id TEXT PRIMARY KEY) STRICT")
        db.execute("INSERT INTO nowhere VALUES (1)")

    before = dump(path)

    with pytest.raises(SetupError, match="no such table: nowhere"):
        migrate(ledger.file, (*STEPS, m101_add_column, m102_break))

    assert dump(path) == before


def test_a_failing_first_step_leaves_an_empty_file(path: Path) -> None:
    """A ledger that could not be made can be made by the next start."""

    def m001_break(db: "Database") -> None:
        db.execute("CREATE TABLE half (id TEXT PRIMARY KEY) STRICT")
        raise KeyboardInterrupt

    path.parent.mkdir()
    with pytest.raises(KeyboardInterrupt):
        migrate(LedgerFile(path=path), (m001_break,))

    assert query(path, "SELECT name FROM sqlite_schema") == []


def test_a_newer_schema_is_refused_and_untouched(ledger: SqliteLedger, path: Path) -> None:
    """An older version doesn't touch what a newer one wrote, and says so."""

    def m099_from_the_future(db: "Database") -> None:
        db.execute("CREATE TABLE future (id TEXT PRIMARY KEY) STRICT")

    migrate(ledger.file, (*STEPS, m099_from_the_future))
    before = dump(path)

    with pytest.raises(SetupError, match=r"newer version .*'m099_from_the_future'.* nothing was"):
        SqliteLedger(path, clock=StoppedClock()).prepare()

    assert dump(path) == before


def test_an_older_schema_fails_the_check(path: Path) -> None:
    """The check says when a ledger has steps to take."""
    path.parent.mkdir()
    migrate(LedgerFile(path=path), STEPS[:1])

    with pytest.raises(LedgerError, match="has an older schema"):
        SqliteLedger(path, clock=StoppedClock()).check()


def test_the_check_tells_what_is_there(ledger: SqliteLedger) -> None:
    """A sound ledger is described in a few phrases."""
    ledger.record(flow_started())

    assert ledger.check() == (
        "the file is sound",
        "the schema is the newest",
        "1 generation",
        "0 stages",
        "0 runs",
        "0 pictures",
    )


PREPARE = """
import sys
from pathlib import Path
from promptflow.clock import Clock
from promptflow.ledger import SqliteLedger

import sqlite_utils

# Ready only after the slow import, so that they really meet.
print("ready", flush=True)
sys.stdin.readline()
SqliteLedger(Path(sys.argv[1]), clock=Clock()).prepare()
print("done", flush=True)
"""


def test_processes_may_prepare_at_the_same_time(path: Path) -> None:
    """Of several processes that start at once each finds a ledger fit for use."""
    answers = run_together(PREPARE, str(path), processes=5)

    assert answers == ["done"] * 5
    assert draw_schema(path) == SCHEMA
    assert len(query(path, "SELECT * FROM _sqlite_migrations")) == len(STEPS)


def test_foreign_keys_hold(ledger: SqliteLedger) -> None:
    """A row can't point at a generation that isn't there."""
    with (
        pytest.raises(LedgerError, match="FOREIGN KEY constraint failed"),
        ledger.file.writing() as db,
    ):
        db.execute("INSERT INTO prompts VALUES ('p', 'nope', NULL, 'm', 'words', 'x', NULL)")


def test_types_hold(ledger: SqliteLedger) -> None:
    """A text in a number's place is refused."""
    ledger.record(flow_started())

    with pytest.raises(LedgerError, match="cannot store TEXT"), ledger.file.writing() as db:
        db.execute("UPDATE generations SET cost_micro_usd = 'dear'")
