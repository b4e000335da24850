"""The step that keeps what is done once more: versions, forks, edits and the exact questions. Floor 4."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database


def m008_add_iterations(db: "Database") -> None:
    """Keep what each stage was sent, what each run was asked for, and what a person changed."""
    _add_columns(db)
    _leave_reused_out(db)


def _add_columns(db: "Database") -> None:
    """Of what is there already, seed and pictures were the same for all runs of a generation.

    What its stages were sent was not kept.
    """
    db.executescript("""
        ALTER TABLE generations ADD COLUMN baseline INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE generations ADD COLUMN instructions TEXT NOT NULL DEFAULT '{}';
        ALTER TABLE stages ADD COLUMN edited INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE stages ADD COLUMN instructions TEXT;
        ALTER TABLE stages ADD COLUMN material TEXT;
        ALTER TABLE stages ADD COLUMN question_sha256 TEXT;
        ALTER TABLE runs ADD COLUMN seed INTEGER;
        ALTER TABLE runs ADD COLUMN images INTEGER;
        UPDATE runs SET seed = generations.seed, images = generations.images_per_model
        FROM generations WHERE generations.id = runs.generation_id;

        CREATE INDEX stages_by_question ON stages (question_sha256, id)
            WHERE question_sha256 IS NOT NULL AND status = 'succeeded';
    """)


def _leave_reused_out(db: "Database") -> None:
    """Let the views tell of calls only: an answer that was taken over is none."""
    db.executescript("""
        DROP INDEX stages_by_day;
        CREATE INDEX stages_by_day ON stages (
            substr(started_at, 1, 10), model, stage, status, first_token_ms, total_ms,
            cost_micro_usd, reused_from
        );
        DROP INDEX stages_of_model;
        CREATE INDEX stages_of_model ON stages (model, status, reused_from);

        DROP VIEW stage_times;
        CREATE VIEW stage_times AS
        SELECT id AS stage_id, generation_id, substr(started_at, 1, 10) AS day, stage, model,
            image_model, status, error_code, attempts, first_token_ms, total_ms, input_tokens,
            output_tokens, thinking_tokens, cost_micro_usd, cost_micro_usd / 1e6 AS cost_usd,
            started_at
        FROM stages WHERE reused_from IS NULL;

        DROP VIEW daily_spend;
        CREATE VIEW daily_spend AS
        SELECT substr(started_at, 1, 10) AS day, 'text' AS kind, model, count(*) AS calls,
            count(*) FILTER (WHERE cost_micro_usd IS NULL AND status <> 'running')
                AS unpriced_calls,
            sum(cost_micro_usd) AS cost_micro_usd, sum(cost_micro_usd) / 1e6 AS cost_usd
        FROM stages WHERE reused_from IS NULL GROUP BY substr(started_at, 1, 10), model
        UNION ALL
        SELECT substr(started_at, 1, 10), 'image', image_model, count(*),
            count(*) FILTER (WHERE cost_micro_usd IS NULL AND status <> 'running'),
            sum(cost_micro_usd), sum(cost_micro_usd) / 1e6
        FROM runs GROUP BY substr(started_at, 1, 10), image_model;
    """)
