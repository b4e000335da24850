"""The step with the views that people read. Floor 4.

Durations are milliseconds. Money is integer micro-dollars in `…_micro_usd` and dollars in `…_usd`; where a
price is unknown it is NULL, and a sum leaves it out and counts it as unpriced. Days are UTC. Asked
for one generation, one model or some days, each view is answered through indexes.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database


def m007_create_views(db: "Database") -> None:
    """Create the views, and the indexes by which they are asked for some days."""
    _index_days(db)
    _create_lineage(db)
    _create_stage_times(db)
    _create_model_scorecard(db)
    _create_daily_spend(db)
    _create_refusals(db)


def _index_days(db: "Database") -> None:
    """Index calls by their day, with all that is summed up, so that no row is looked at."""
    db.executescript("""
        CREATE INDEX stages_by_day ON stages (
            substr(started_at, 1, 10), model, stage, status, first_token_ms, total_ms,
            cost_micro_usd
        );
        CREATE INDEX runs_by_day ON runs (
            substr(started_at, 1, 10), image_model, provider, status, first_picture_ms, total_ms,
            cost_micro_usd
        );
        CREATE INDEX stages_of_model ON stages (model, status);
        CREATE INDEX stages_refused ON stages (started_at) WHERE error_code = 'refused';
        CREATE INDEX runs_refused ON runs (started_at) WHERE status = 'refused';
    """)


def _create_lineage(db: "Database") -> None:
    """One row is one picture, with the idea, the plan, the prompt and the run it came from."""
    db.executescript("""
        CREATE VIEW lineage AS
        SELECT a.id AS asset_id, a.generation_id, a.run_id, r.prompt_id, t.id AS thumbnail_id,
            g.title, g.request, g.parent_id, g.forked_at, g.status AS generation_status,
            (
                SELECT s.plan FROM stages AS s
                WHERE s.generation_id = a.generation_id AND s.plan IS NOT NULL
                ORDER BY s.ordinal DESC LIMIT 1
            ) AS plan,
            g.text_model, p.stage_id, p.text AS prompt, p.origin AS prompt_origin,
            p.parent_prompt_id, a.image_model, r.provider, r.version, r.status AS run_status,
            r.parameters AS asked, a.resolved, g.aspect_ratio, a.seed, a.width_px, a.height_px,
            a.size_bytes, a.mime, a.sha256, a.backend, a.key, g.created_at AS asked_at,
            r.started_at AS run_started_at, a.at_ms AS picture_ms, r.total_ms AS run_ms,
            g.total_ms AS generation_ms, r.cost_micro_usd AS run_cost_micro_usd,
            r.cost_micro_usd / 1e6 AS run_cost_usd,
            g.cost_micro_usd AS generation_cost_micro_usd,
            g.cost_micro_usd / 1e6 AS generation_cost_usd, a.created_at, a.starred_at
        FROM assets AS a
        JOIN runs AS r ON r.id = a.run_id
        JOIN prompts AS p ON p.id = r.prompt_id
        JOIN generations AS g ON g.id = a.generation_id
        LEFT JOIN assets AS t ON t.source_id = a.id AND t.role = 'thumbnail'
        WHERE a.role = 'output';
    """)


def _create_stage_times(db: "Database") -> None:
    """One row is one call of a language model."""
    db.executescript("""
        CREATE VIEW stage_times AS
        SELECT id AS stage_id, generation_id, substr(started_at, 1, 10) AS day, stage, model,
            image_model, status, error_code, attempts, first_token_ms, total_ms, input_tokens,
            output_tokens, thinking_tokens, cost_micro_usd, cost_micro_usd / 1e6 AS cost_usd,
            started_at
        FROM stages;
    """)


def _create_model_scorecard(db: "Database") -> None:
    """One row is one image model on one day: its runs by how they ended, their times and costs.

    The cost of a picture bears the failed runs too, and is told only where every run has a price.
    """
    db.executescript("""
        CREATE VIEW model_scorecard AS
        SELECT day, image_model, provider, runs, succeeded, partial, refused, failed, cancelled,
            interrupted, running, pictures, unpriced_runs, cost_micro_usd,
            cost_micro_usd / 1e6 AS cost_usd,
            CASE WHEN unpriced_runs = 0 AND pictures > 0
                THEN cost_micro_usd / 1e6 / pictures END AS cost_per_picture_usd,
            mean_first_picture_ms, mean_total_ms, longest_ms
        FROM (
            SELECT substr(started_at, 1, 10) AS day, image_model, max(provider) AS provider,
                count(*) AS runs,
                count(*) FILTER (WHERE status = 'succeeded') AS succeeded,
                count(*) FILTER (WHERE status = 'partial') AS partial,
                count(*) FILTER (WHERE status = 'refused') AS refused,
                count(*) FILTER (WHERE status = 'failed') AS failed,
                count(*) FILTER (WHERE status = 'cancelled') AS cancelled,
                count(*) FILTER (WHERE status = 'interrupted') AS interrupted,
                count(*) FILTER (WHERE status = 'running') AS running,
                (
                    SELECT coalesce(sum(c.pictures), 0) FROM picture_counts AS c
                    WHERE c.day = substr(runs.started_at, 1, 10)
                    AND c.image_model = runs.image_model
                ) AS pictures,
                count(*) FILTER (WHERE cost_micro_usd IS NULL AND status <> 'running')
                    AS unpriced_runs,
                sum(cost_micro_usd) AS cost_micro_usd,
                CAST(round(avg(first_picture_ms)) AS INTEGER) AS mean_first_picture_ms,
                CAST(round(avg(total_ms) FILTER (WHERE status = 'succeeded')) AS INTEGER)
                    AS mean_total_ms,
                max(total_ms) FILTER (WHERE status = 'succeeded') AS longest_ms
            FROM runs GROUP BY substr(started_at, 1, 10), image_model
        );
    """)


def _create_daily_spend(db: "Database") -> None:
    """One row is what one model's calls of one day cost: `kind` is ``text`` or ``image``."""
    db.executescript("""
        CREATE VIEW daily_spend AS
        SELECT substr(started_at, 1, 10) AS day, 'text' AS kind, model, count(*) AS calls,
            count(*) FILTER (WHERE cost_micro_usd IS NULL AND status <> 'running')
                AS unpriced_calls,
            sum(cost_micro_usd) AS cost_micro_usd, sum(cost_micro_usd) / 1e6 AS cost_usd
        FROM stages GROUP BY substr(started_at, 1, 10), model
        UNION ALL
        SELECT substr(started_at, 1, 10), 'image', image_model, count(*),
            count(*) FILTER (WHERE cost_micro_usd IS NULL AND status <> 'running'),
            sum(cost_micro_usd), sum(cost_micro_usd) / 1e6
        FROM runs GROUP BY substr(started_at, 1, 10), image_model;
    """)


def _create_refusals(db: "Database") -> None:
    """One row is one call that a safety system refused: a run (``image``) or a stage (``text``).

    Both halves have the same types: only then does SQLite take the newest of each without the others.
    """
    db.executescript("""
        CREATE VIEW refusals AS
        SELECT r.started_at, substr(r.started_at, 1, 10) AS day, 'image' AS kind,
            r.image_model AS model, r.provider, r.error_category AS category,
            r.error_message AS message, r.generation_id, r.id AS run_id, p.stage_id, g.title,
            p.text AS prompt, r.total_ms, r.cost_micro_usd, r.cost_micro_usd / 1e6 AS cost_usd
        FROM runs AS r
        JOIN prompts AS p ON p.id = r.prompt_id
        JOIN generations AS g ON g.id = r.generation_id
        WHERE r.status = 'refused'
        UNION ALL
        SELECT s.started_at, substr(s.started_at, 1, 10), 'text', s.model, CAST(NULL AS TEXT),
            s.error_category, s.error_message, s.generation_id, CAST(NULL AS TEXT), s.id, g.title,
            CAST(NULL AS TEXT), s.total_ms, s.cost_micro_usd, s.cost_micro_usd / 1e6
        FROM stages AS s
        JOIN generations AS g ON g.id = s.generation_id
        WHERE s.error_code = 'refused';
    """)
