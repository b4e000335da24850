"""The step that keeps what is done once more: versions, forks, edits and the exact questions. Floor 4."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database


def m008_add_iterations(db: "Database") -> None:
    """Keep what each stage was sent, what each run was asked for, and what a person changed.

    Of what is there already, the seed and the number of pictures were the same for all runs of a
    generation; what its stages were sent was not kept.
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
