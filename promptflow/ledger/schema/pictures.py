"""The step that makes a gallery of any size quick: what it filters by lies with each picture. Floor 4.

A page is a walk along one index, from the newest on, and a look at as many rows as it shows. How many
pictures there are, and where a page far back begins, is told by `picture_counts`. Triggers keep both in
step with the rows, whoever writes them.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database


def m005_index_pictures(db: "Database") -> None:
    """Copy to each picture what its run knows, count pictures by day, and index both."""
    _add_columns(db)
    _count(db)
    _add_triggers(db)


def _add_columns(db: "Database") -> None:
    """Fill the copies, then index them: an index looks at what it ends with, so `role` is in each."""
    db.executescript("""
        ALTER TABLE assets ADD COLUMN image_model TEXT;
        ALTER TABLE assets ADD COLUMN run_status TEXT;
        ALTER TABLE assets ADD COLUMN run_cost_micro_usd INTEGER;
        ALTER TABLE assets ADD COLUMN has_thumbnail INTEGER NOT NULL DEFAULT 0;
        UPDATE assets SET image_model = runs.image_model, run_status = runs.status,
            run_cost_micro_usd = runs.cost_micro_usd
        FROM runs WHERE runs.id = assets.run_id;

        CREATE INDEX pictures_by_time
            ON assets (created_at, image_model, run_status, run_cost_micro_usd, role)
            WHERE role = 'output';
        CREATE INDEX pictures_by_model
            ON assets (image_model, created_at, run_status, run_cost_micro_usd, role)
            WHERE role = 'output';
        CREATE INDEX pictures_of_odd_runs
            ON assets (run_status, created_at, image_model, run_cost_micro_usd, role)
            WHERE role = 'output' AND run_status <> 'succeeded';
        CREATE INDEX pictures_starred
            ON assets (created_at, image_model, run_status, run_cost_micro_usd, role, starred_at)
            WHERE role = 'output' AND starred_at IS NOT NULL;
        CREATE UNIQUE INDEX thumbnail_of_source ON assets (source_id) WHERE role = 'thumbnail';
        CREATE INDEX assets_without_thumbnail ON assets (id, role)
            WHERE has_thumbnail = 0 AND role IN ('output', 'reference');
    """)


def _count(db: "Database") -> None:
    """Make one row for each day, model and status: a few hundred to add up, however many pictures."""
    db.executescript("""
        CREATE TABLE picture_counts (
            day TEXT NOT NULL,
            image_model TEXT NOT NULL,
            run_status TEXT NOT NULL,
            pictures INTEGER NOT NULL,
            PRIMARY KEY (day, image_model, run_status)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO picture_counts
        SELECT substr(created_at, 1, 10), coalesce(image_model, ''), coalesce(run_status, ''),
            count(*)
        FROM assets WHERE role = 'output' GROUP BY 1, 2, 3;
    """)


def _add_triggers(db: "Database") -> None:
    """Keep copies and counts in step.

    A picture's run must be known before it, and is: the copies of its status and cost follow the run.
    """
    add, drop = (
        f"""
            INSERT INTO picture_counts (day, image_model, run_status, pictures)
            VALUES (substr({row}.created_at, 1, 10), coalesce({row}.image_model, ''),
                coalesce({row}.run_status, ''), {step})
            ON CONFLICT (day, image_model, run_status)
            DO UPDATE SET pictures = pictures + excluded.pictures;
        """  # noqa: S608 - constants of this module
        for row, step in (("new", 1), ("old", -1))
    )
    db.executescript(f"""
        CREATE TRIGGER runs_closed AFTER UPDATE OF status, cost_micro_usd ON runs BEGIN
            UPDATE assets SET run_status = new.status, run_cost_micro_usd = new.cost_micro_usd
            WHERE run_id = new.id;
        END;

        CREATE TRIGGER pictures_added AFTER INSERT ON assets WHEN new.role = 'output' BEGIN
            {add}
        END;
        CREATE TRIGGER pictures_removed AFTER DELETE ON assets WHEN old.role = 'output' BEGIN
            {drop}
        END;
        CREATE TRIGGER pictures_changed
        AFTER UPDATE OF created_at, image_model, run_status ON assets
        WHEN new.role = 'output' AND (
            old.created_at <> new.created_at OR old.image_model IS NOT new.image_model
            OR old.run_status IS NOT new.run_status
        ) BEGIN
            {drop}
            {add}
        END;

        CREATE TRIGGER thumbnails_added AFTER INSERT ON assets WHEN new.role = 'thumbnail' BEGIN
            UPDATE assets SET has_thumbnail = 1 WHERE id = new.source_id;
        END;
        CREATE TRIGGER thumbnails_removed AFTER DELETE ON assets WHEN old.role = 'thumbnail' BEGIN
            UPDATE assets SET has_thumbnail = 0 WHERE id = old.source_id;
        END;
    """)  # noqa: S608 - constants of this module
