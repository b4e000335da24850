"""The step that keeps where things come from: forks, thumbnails, stars and uploads. Floor 4."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database


def m004_add_lineage(db: "Database") -> None:
    """Let rows point at what they grew from, and keep each try to upload a picture."""
    db.executescript("""
        ALTER TABLE generations ADD COLUMN parent_id TEXT REFERENCES generations (id);
        ALTER TABLE generations ADD COLUMN forked_at TEXT;
        ALTER TABLE stages ADD COLUMN reused_from TEXT REFERENCES stages (id);
        ALTER TABLE prompts ADD COLUMN parent_prompt_id TEXT REFERENCES prompts (id);
        ALTER TABLE runs ADD COLUMN parent_run_id TEXT REFERENCES runs (id);
        ALTER TABLE assets ADD COLUMN source_id TEXT REFERENCES assets (id);
        ALTER TABLE assets ADD COLUMN starred_at TEXT;

        CREATE INDEX generations_of_parent ON generations (parent_id) WHERE parent_id IS NOT NULL;
        CREATE INDEX stages_reused ON stages (reused_from) WHERE reused_from IS NOT NULL;
        CREATE INDEX prompts_of_parent ON prompts (parent_prompt_id)
            WHERE parent_prompt_id IS NOT NULL;
        CREATE INDEX runs_of_parent ON runs (parent_run_id) WHERE parent_run_id IS NOT NULL;
        CREATE INDEX assets_of_source ON assets (source_id) WHERE source_id IS NOT NULL;
        CREATE INDEX assets_in_outbox ON assets (id) WHERE backend = 'outbox';

        CREATE TABLE uploads (
            id TEXT PRIMARY KEY NOT NULL,
            asset_id TEXT NOT NULL REFERENCES assets (id),
            number INTEGER NOT NULL,
            status TEXT NOT NULL,
            error_code TEXT,
            error_message TEXT,
            size_bytes INTEGER NOT NULL,
            started_at TEXT NOT NULL,
            total_ms INTEGER NOT NULL,
            UNIQUE (asset_id, number)
        ) STRICT;
    """)
