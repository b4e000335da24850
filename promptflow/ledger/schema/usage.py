"""The step that lets usage be added up for some days without looking at a row. Floor 4."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database


def m010_index_usage(db: "Database") -> None:
    """Put into the indexes by day what usage adds up: tokens, what was reused, whose call it was.

    They take the place of those of the same name, which had a part of it. Pictures are counted with
    their run, whose day and provider they share.
    """
    db.executescript("""
        DROP INDEX stages_by_day;
        CREATE INDEX stages_by_day ON stages (
            substr(started_at, 1, 10), model, stage, status, first_token_ms, total_ms,
            cost_micro_usd, input_tokens, output_tokens, reused_from, generation_id
        );
        DROP INDEX runs_by_day;
        CREATE INDEX runs_by_day ON runs (
            substr(started_at, 1, 10), image_model, provider, status, first_picture_ms, total_ms,
            cost_micro_usd, input_tokens, output_tokens, generation_id, id
        );
        CREATE INDEX pictures_of_run ON assets (run_id, role) WHERE role = 'output';
        CREATE INDEX generations_by_day ON generations (
            substr(created_at, 1, 10), status, estimate_micro_usd, cost_micro_usd
        );
    """)
