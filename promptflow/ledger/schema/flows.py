"""The first steps: what the events of a flow fill, and the search in requests. Floor 4.

Each table is STRICT, ids are texts that sort by time (UUIDv7), times are UTC ISO-8601, money is integer
micro-dollars and NULL where no price is known.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database


def m001_create_records(db: "Database") -> None:
    """Create the tables that the events of a flow fill."""
    db.executescript("""
        CREATE TABLE generations (
            id TEXT PRIMARY KEY NOT NULL,
            title TEXT NOT NULL,
            request TEXT NOT NULL,
            text_model TEXT NOT NULL,
            image_models TEXT NOT NULL,
            aspect_ratio TEXT NOT NULL,
            images_per_model INTEGER NOT NULL,
            seed INTEGER,
            estimate_micro_usd INTEGER,
            owner TEXT NOT NULL,
            status TEXT NOT NULL,
            error_code TEXT,
            error_message TEXT,
            error_http_status INTEGER,
            cost_micro_usd INTEGER,
            total_ms INTEGER,
            created_at TEXT NOT NULL,
            finished_at TEXT
        ) STRICT;
        CREATE INDEX generations_running ON generations (owner) WHERE status = 'running';

        CREATE TABLE stages (
            id TEXT PRIMARY KEY NOT NULL,
            generation_id TEXT NOT NULL REFERENCES generations (id),
            ordinal INTEGER NOT NULL,
            stage TEXT NOT NULL,
            image_model TEXT,
            model TEXT NOT NULL,
            output TEXT NOT NULL DEFAULT '',
            plan TEXT,
            timeline TEXT NOT NULL DEFAULT '[]',
            first_token_ms INTEGER,
            total_ms INTEGER,
            input_tokens INTEGER,
            output_tokens INTEGER,
            cost_micro_usd INTEGER,
            status TEXT NOT NULL,
            error_code TEXT,
            error_message TEXT,
            error_http_status INTEGER,
            started_at TEXT NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX stages_in_order ON stages (generation_id, ordinal);

        CREATE TABLE prompts (
            id TEXT PRIMARY KEY NOT NULL,
            generation_id TEXT NOT NULL REFERENCES generations (id),
            stage_id TEXT REFERENCES stages (id),
            image_model TEXT NOT NULL,
            text TEXT NOT NULL,
            origin TEXT NOT NULL
        ) STRICT;
        CREATE INDEX prompts_of_generation ON prompts (generation_id);
        CREATE INDEX prompts_of_stage ON prompts (stage_id);

        CREATE TABLE runs (
            id TEXT PRIMARY KEY NOT NULL,
            generation_id TEXT NOT NULL REFERENCES generations (id),
            ordinal INTEGER NOT NULL,
            prompt_id TEXT NOT NULL REFERENCES prompts (id),
            image_model TEXT NOT NULL,
            provider TEXT NOT NULL,
            version INTEGER NOT NULL,
            status TEXT NOT NULL,
            first_picture_ms INTEGER,
            total_ms INTEGER,
            input_tokens INTEGER,
            output_tokens INTEGER,
            cost_micro_usd INTEGER,
            error_code TEXT,
            error_message TEXT,
            error_http_status INTEGER,
            started_at TEXT NOT NULL,
            UNIQUE (generation_id, image_model, version)
        ) STRICT;
        CREATE INDEX runs_of_prompt ON runs (prompt_id);

        CREATE TABLE attempts (
            id TEXT PRIMARY KEY NOT NULL,
            run_id TEXT NOT NULL REFERENCES runs (id),
            number INTEGER NOT NULL,
            status TEXT NOT NULL,
            error_code TEXT,
            error_message TEXT,
            http_status INTEGER,
            wait_after_ms INTEGER,
            ended_at TEXT NOT NULL
        ) STRICT;
        CREATE INDEX attempts_of_run ON attempts (run_id, number);

        CREATE TABLE assets (
            id TEXT PRIMARY KEY NOT NULL,
            generation_id TEXT NOT NULL REFERENCES generations (id),
            run_id TEXT NOT NULL REFERENCES runs (id),
            position INTEGER NOT NULL,
            role TEXT NOT NULL,
            backend TEXT NOT NULL,
            key TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            mime TEXT NOT NULL,
            width_px INTEGER NOT NULL,
            height_px INTEGER NOT NULL,
            size_bytes INTEGER NOT NULL,
            seed INTEGER,
            at_ms INTEGER,
            created_at TEXT NOT NULL
        ) STRICT;
        CREATE INDEX assets_of_run ON assets (run_id, position);
        CREATE INDEX assets_of_generation ON assets (generation_id);
    """)


def m002_create_search(db: "Database") -> None:
    """Create the index for finding requests by any three letters in a row.

    It goes by the table's rowid, which VACUUM keeps because the table has an index.
    """
    db.executescript("""
        CREATE VIRTUAL TABLE generations_fts USING fts5 (
            title, request, content='generations', tokenize='trigram'
        );
        CREATE TRIGGER generations_inserted AFTER INSERT ON generations BEGIN
            INSERT INTO generations_fts (rowid, title, request)
            VALUES (new.rowid, new.title, new.request);
        END;
        CREATE TRIGGER generations_deleted AFTER DELETE ON generations BEGIN
            INSERT INTO generations_fts (generations_fts, rowid, title, request)
            VALUES ('delete', old.rowid, old.title, old.request);
        END;
        CREATE TRIGGER generations_reworded AFTER UPDATE OF title, request ON generations BEGIN
            INSERT INTO generations_fts (generations_fts, rowid, title, request)
            VALUES ('delete', old.rowid, old.title, old.request);
            INSERT INTO generations_fts (rowid, title, request)
            VALUES (new.rowid, new.title, new.request);
        END;
    """)


def m003_add_bills_and_references(db: "Database") -> None:
    """Add what the providers tell: bills by modality, prices, reasoning, ids; and what goes along.

    Assets may belong to no run (references), attempts to a stage; both tables are made anew, since a
    column can't be made optional.
    """
    for table in ("generations", "stages", "runs"):
        db.executescript(f"""
            ALTER TABLE {table} ADD COLUMN error_category TEXT;
            ALTER TABLE {table} ADD COLUMN error_request_id TEXT;
        """)
    for table in ("stages", "runs"):
        db.executescript(f"""
            ALTER TABLE {table} ADD COLUMN cached_tokens INTEGER;
            ALTER TABLE {table} ADD COLUMN cache_write_tokens INTEGER;
            ALTER TABLE {table} ADD COLUMN input_image_tokens INTEGER;
            ALTER TABLE {table} ADD COLUMN thinking_tokens INTEGER;
            ALTER TABLE {table} ADD COLUMN output_image_tokens INTEGER;
            ALTER TABLE {table} ADD COLUMN price_source TEXT;
            ALTER TABLE {table} ADD COLUMN price_date TEXT;
        """)
    db.executescript("""
        ALTER TABLE generations ADD COLUMN parameters TEXT NOT NULL DEFAULT '{}';
        ALTER TABLE stages ADD COLUMN reasoning TEXT NOT NULL DEFAULT '';
        ALTER TABLE stages ADD COLUMN attempts INTEGER NOT NULL DEFAULT 1;
        ALTER TABLE runs ADD COLUMN parameters TEXT NOT NULL DEFAULT '{}';
        CREATE INDEX runs_of_model ON runs (image_model, status);

        CREATE TABLE attempts_2 (
            id TEXT PRIMARY KEY NOT NULL,
            run_id TEXT REFERENCES runs (id),
            stage_id TEXT REFERENCES stages (id),
            number INTEGER NOT NULL,
            status TEXT NOT NULL,
            error_code TEXT,
            error_message TEXT,
            http_status INTEGER,
            error_category TEXT,
            error_request_id TEXT,
            wait_after_ms INTEGER,
            ended_at TEXT NOT NULL,
            CHECK ((run_id IS NULL) <> (stage_id IS NULL))
        ) STRICT;
        INSERT INTO attempts_2 (id, run_id, number, status, error_code, error_message, http_status,
            wait_after_ms, ended_at)
        SELECT id, run_id, number, status, error_code, error_message, http_status, wait_after_ms,
            ended_at FROM attempts;
        DROP TABLE attempts;
        ALTER TABLE attempts_2 RENAME TO attempts;
        CREATE INDEX attempts_of_run ON attempts (run_id, number);
        CREATE INDEX attempts_of_stage ON attempts (stage_id, number) WHERE stage_id IS NOT NULL;

        CREATE TABLE assets_2 (
            id TEXT PRIMARY KEY NOT NULL,
            generation_id TEXT NOT NULL REFERENCES generations (id),
            run_id TEXT REFERENCES runs (id),
            position INTEGER NOT NULL,
            role TEXT NOT NULL,
            backend TEXT NOT NULL,
            key TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            mime TEXT NOT NULL,
            width_px INTEGER NOT NULL,
            height_px INTEGER NOT NULL,
            size_bytes INTEGER NOT NULL,
            seed INTEGER,
            at_ms INTEGER,
            resolved TEXT,
            request_id TEXT,
            created_at TEXT NOT NULL
        ) STRICT;
        INSERT INTO assets_2 (id, generation_id, run_id, position, role, backend, key, sha256, mime,
            width_px, height_px, size_bytes, seed, at_ms, created_at)
        SELECT id, generation_id, run_id, position, role, backend, key, sha256, mime, width_px,
            height_px, size_bytes, seed, at_ms, created_at FROM assets;
        DROP TABLE assets;
        ALTER TABLE assets_2 RENAME TO assets;
        CREATE INDEX assets_of_run ON assets (run_id, position);
        CREATE INDEX assets_of_generation ON assets (generation_id);
    """)
