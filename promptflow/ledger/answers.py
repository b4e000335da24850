"""Answers that were given before to the very same question. Floor 4: reads only."""

import sqlite3

from promptflow.ledger.read import to_plan, to_question
from promptflow.records import KeptAnswer, Stage

# An answer that was taken over has its question from elsewhere, and may have been changed.
_NEWEST = """
    SELECT stages.* FROM stages JOIN generations ON generations.id = stages.generation_id
    WHERE stages.question_sha256 = ? AND stages.status = 'succeeded'
    AND stages.reused_from IS NULL AND generations.deleted_at IS NULL
    ORDER BY stages.id DESC LIMIT 1
"""


def find_answer(connection: sqlite3.Connection, question_sha256: str) -> KeptAnswer | None:
    """Find the newest whole answer to a question.

    Args:
        connection: to the ledger, inside a transaction.
        question_sha256: the hash of the question.

    Returns:
        The answer as the model gave it; ``None`` where there is none.
    """
    row = connection.execute(_NEWEST, (question_sha256,)).fetchone()
    if row is None:
        return None
    return KeptAnswer(
        generation_id=row["generation_id"],
        stage_id=row["id"],
        stage=Stage(row["stage"]),
        image_model=row["image_model"],
        model=row["model"],
        output=row["output"],
        plan=to_plan(row["plan"]),
        reasoning=row["reasoning"],
        question=to_question(row),
        cost_micro_usd=row["cost_micro_usd"],
        total_ms=row["total_ms"],
    )
