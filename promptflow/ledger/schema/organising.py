"""The step with which generations and pictures are put in order: titles, notes, tags, and deleting. Floor 4.

What is deleted is marked first and stays where it is. `assets.hidden` says whether a picture or its
generation is marked, so that the walks of the gallery pass over neither; triggers keep it, and the
counts, in step with the marks, whoever sets them. The search indexes hold no deleted generation.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_TEXTS = "title, request, plan, prompts, notes, tags"
_FORGET = f"""
    INSERT INTO texts_fts (texts_fts, rowid, {_TEXTS})
    SELECT 'delete', rowid, {_TEXTS} FROM generation_texts
"""  # noqa: S608 - constants of this module
_LEARN = f"""
    INSERT INTO texts_fts (rowid, {_TEXTS}) SELECT rowid, {_TEXTS} FROM generation_texts
"""  # noqa: S608 - constants of this module


def m009_organise(db: "Database") -> None:
    """Add titles, notes, tags and the marks of what is deleted; hide it, and find the new texts."""
    _add_columns(db)
    _rebuild_indexes(db)
    _count_what_is_shown(db)
    _hide(db)
    _rebuild_letters(db)
    _rebuild_texts(db)


def _add_columns(db: "Database") -> None:
    db.executescript("""
        ALTER TABLE generations ADD COLUMN note TEXT NOT NULL DEFAULT '';
        ALTER TABLE generations ADD COLUMN deleted_at TEXT;
        ALTER TABLE generations ADD COLUMN purged_at TEXT;
        ALTER TABLE assets ADD COLUMN title TEXT NOT NULL DEFAULT '';
        ALTER TABLE assets ADD COLUMN note TEXT NOT NULL DEFAULT '';
        ALTER TABLE assets ADD COLUMN deleted_at TEXT;
        ALTER TABLE assets ADD COLUMN purged_at TEXT;
        ALTER TABLE assets ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0;

        CREATE TABLE generation_tags (
            generation_id TEXT NOT NULL REFERENCES generations (id),
            tag TEXT NOT NULL,
            PRIMARY KEY (generation_id, tag)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX generation_tags_by_tag ON generation_tags (tag);
        CREATE TABLE asset_tags (
            asset_id TEXT NOT NULL REFERENCES assets (id),
            tag TEXT NOT NULL,
            PRIMARY KEY (asset_id, tag)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX asset_tags_by_tag ON asset_tags (tag);

        CREATE INDEX generations_deleted_at ON generations (deleted_at)
            WHERE deleted_at IS NOT NULL;
        CREATE INDEX assets_deleted_at ON assets (deleted_at) WHERE deleted_at IS NOT NULL;
        CREATE INDEX assets_purged ON assets (id) WHERE purged_at IS NOT NULL;
    """)


def _rebuild_indexes(db: "Database") -> None:
    """Leave out of the gallery's indexes what is hidden."""
    db.executescript("""
        DROP INDEX pictures_by_time;
        DROP INDEX pictures_by_model;
        DROP INDEX pictures_of_odd_runs;
        DROP INDEX pictures_starred;
        CREATE INDEX pictures_by_time
            ON assets (created_at, image_model, run_status, run_cost_micro_usd, role, hidden)
            WHERE role = 'output' AND hidden = 0;
        CREATE INDEX pictures_by_model
            ON assets (image_model, created_at, run_status, run_cost_micro_usd, role, hidden)
            WHERE role = 'output' AND hidden = 0;
        CREATE INDEX pictures_of_odd_runs
            ON assets (run_status, created_at, image_model, run_cost_micro_usd, role, hidden)
            WHERE role = 'output' AND hidden = 0 AND run_status <> 'succeeded';
        CREATE INDEX pictures_starred
            ON assets (
                created_at, image_model, run_status, run_cost_micro_usd, role, starred_at, hidden
            )
            WHERE role = 'output' AND hidden = 0 AND starred_at IS NOT NULL;
    """)


def _count_what_is_shown(db: "Database") -> None:
    """Let `pictures` count what is shown, and `painted` what was paid for: no mark, no purge takes it back."""
    shown = "iif({row}.hidden = 0, {step}, 0)"
    add = _change_counts("new", shown.format(row="new", step=1), "1")
    drop = _change_counts("old", shown.format(row="old", step=-1), "-1")
    remove = _change_counts(
        "old", shown.format(row="old", step=-1), "iif(old.purged_at IS NULL, -1, 0)"
    )
    db.executescript(f"""
        ALTER TABLE picture_counts ADD COLUMN painted INTEGER NOT NULL DEFAULT 0;
        UPDATE picture_counts SET painted = pictures;
        DROP TRIGGER pictures_added;
        DROP TRIGGER pictures_removed;
        DROP TRIGGER pictures_changed;
        CREATE TRIGGER pictures_added AFTER INSERT ON assets WHEN new.role = 'output' BEGIN
            {add}
        END;
        CREATE TRIGGER pictures_removed AFTER DELETE ON assets WHEN old.role = 'output' BEGIN
            {remove}
        END;
        CREATE TRIGGER pictures_changed
        AFTER UPDATE OF created_at, image_model, run_status, hidden ON assets
        WHEN new.role = 'output' AND (
            old.created_at <> new.created_at OR old.image_model IS NOT new.image_model
            OR old.run_status IS NOT new.run_status OR old.hidden <> new.hidden
        ) BEGIN
            {drop}
            {add}
        END;
    """)  # noqa: S608 - constants of this module
    # What a picture cost is told by all that were painted; where one came from, by those that are shown.
    _change_view(db, "model_scorecard", "sum(c.pictures)", "sum(c.painted)")
    _change_view(db, "lineage", "a.role = 'output'", "a.role = 'output' AND a.hidden = 0")


def _change_view(db: "Database", name: str, before: str, after: str) -> None:
    sql = db.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (name,)).fetchone()[0]
    db.executescript(f"DROP VIEW {name}; {str(sql).replace(before, after)};")


def _change_counts(row: str, pictures: str, painted: str) -> str:
    return f"""
        INSERT INTO picture_counts (day, image_model, run_status, pictures, painted)
        VALUES (substr({row}.created_at, 1, 10), coalesce({row}.image_model, ''),
            coalesce({row}.run_status, ''), {pictures}, {painted})
        ON CONFLICT (day, image_model, run_status) DO UPDATE SET
            pictures = pictures + excluded.pictures, painted = painted + excluded.painted;
    """  # noqa: S608 - constants of this module


def _hide(db: "Database") -> None:
    """Let `hidden` follow the marks: a picture is hidden by its own, and by its generation's."""
    hidden = """
        (deleted_at IS NOT NULL OR EXISTS (
            SELECT 1 FROM generations AS g
            WHERE g.id = assets.generation_id AND g.deleted_at IS NOT NULL
        ))
    """
    db.executescript(f"""
        CREATE TRIGGER assets_arrived AFTER INSERT ON assets BEGIN
            UPDATE assets SET hidden = {hidden} WHERE id = new.id AND hidden <> {hidden};
        END;
        CREATE TRIGGER assets_marked AFTER UPDATE OF deleted_at, generation_id ON assets BEGIN
            UPDATE assets SET hidden = {hidden} WHERE id = new.id AND hidden <> {hidden};
        END;
        CREATE TRIGGER generations_marked AFTER UPDATE OF deleted_at ON generations
        WHEN (old.deleted_at IS NULL) <> (new.deleted_at IS NULL) BEGIN
            UPDATE assets SET hidden = {hidden}
            WHERE generation_id = new.id AND hidden <> {hidden};
        END;
    """)  # noqa: S608 - constants of this module


def _rebuild_letters(db: "Database") -> None:
    """Leave deleted generations out of the index of three letters."""
    learn, forget = (
        f"""
            INSERT INTO generations_fts ({command} rowid, title, request)
            SELECT {value} {row}.rowid, {row}.title || '  ', {row}.request || '  '
            WHERE {row}.deleted_at IS NULL;
        """
        for row, command, value in (("new", "", ""), ("old", "generations_fts,", "'delete',"))
    )
    db.executescript(f"""
        DROP TRIGGER generations_inserted;
        DROP TRIGGER generations_deleted;
        DROP TRIGGER generations_reworded;
        DROP VIEW generation_titles;
        CREATE VIEW generation_titles AS
            SELECT rowid, title || '  ' AS title, request || '  ' AS request FROM generations
            WHERE deleted_at IS NULL;
        CREATE TRIGGER generations_inserted AFTER INSERT ON generations BEGIN
            {learn}
        END;
        CREATE TRIGGER generations_deleted AFTER DELETE ON generations BEGIN
            {forget}
        END;
        CREATE TRIGGER generations_reworded
        AFTER UPDATE OF title, request, deleted_at ON generations BEGIN
            {forget}
            {learn}
        END;
    """)  # noqa: S608 - constants of this module


def _rebuild_texts(db: "Database") -> None:
    """Make the index of words anew, with notes and tags and without what is deleted."""
    _drop_texts(db)
    _create_texts(db)
    _follow_generations(db)
    _follow_parts(db)


def _drop_texts(db: "Database") -> None:
    sql = "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name GLOB 'texts_*'"
    for (name,) in db.execute(sql).fetchall():
        db.execute(f"DROP TRIGGER {name}")
    db.executescript("""
        DROP TABLE texts_fts_terms;
        DROP TABLE texts_fts;
        DROP VIEW generation_texts;
    """)


def _create_texts(db: "Database") -> None:
    db.executescript(r"""
        CREATE VIEW generation_texts AS
            SELECT g.rowid, g.title, g.request,
                (
                    SELECT group_concat(
                        replace(
                            json_extract(
                                s.plan, '$.summary', '$.intent', '$.subjects', '$.style',
                                '$.composition', '$.mood', '$.technical_notes'
                            ),
                            '\n', ' '
                        ),
                        char(10)
                    )
                    FROM stages AS s WHERE s.generation_id = g.id AND json_valid(s.plan)
                ) AS plan,
                (
                    SELECT group_concat(p.text, char(10))
                    FROM prompts AS p WHERE p.generation_id = g.id
                ) AS prompts,
                g.note || char(10) || coalesce((
                    SELECT group_concat(a.title || char(10) || a.note, char(10))
                    FROM assets AS a
                    WHERE a.generation_id = g.id AND (a.title <> '' OR a.note <> '')
                ), '') AS notes,
                coalesce((
                    SELECT group_concat(t.tag, char(10))
                    FROM generation_tags AS t WHERE t.generation_id = g.id
                ), '') || char(10) || coalesce((
                    SELECT group_concat(t.tag, char(10))
                    FROM assets AS a CROSS JOIN asset_tags AS t ON t.asset_id = a.id
                    WHERE a.generation_id = g.id
                ), '') AS tags
            FROM generations AS g WHERE g.status <> 'running' AND g.deleted_at IS NULL;
        CREATE VIRTUAL TABLE texts_fts USING fts5 (
            title, request, plan, prompts, notes, tags, content='generation_texts',
            tokenize='unicode61 remove_diacritics 2', prefix='1 2 3'
        );
        CREATE VIRTUAL TABLE texts_fts_terms USING fts5vocab (texts_fts, instance);
        INSERT INTO texts_fts (texts_fts) VALUES ('rebuild');
    """)


def _follow_generations(db: "Database") -> None:
    shown = "status <> 'running' AND {row}.deleted_at IS NULL"
    new, old = (f"{row}.{shown.format(row=row)}" for row in ("new", "old"))
    columns = "title, request, note, status, deleted_at"
    db.executescript(f"""
        CREATE TRIGGER texts_inserted AFTER INSERT ON generations WHEN {new} BEGIN
            {_LEARN} WHERE rowid = new.rowid;
        END;
        CREATE TRIGGER texts_deleted BEFORE DELETE ON generations WHEN {old} BEGIN
            {_FORGET} WHERE rowid = old.rowid;
        END;
        CREATE TRIGGER texts_before_change BEFORE UPDATE OF {columns} ON generations
        WHEN {old} BEGIN
            {_FORGET} WHERE rowid = old.rowid;
        END;
        CREATE TRIGGER texts_after_change AFTER UPDATE OF {columns} ON generations
        WHEN {new} BEGIN
            {_LEARN} WHERE rowid = new.rowid;
        END;
    """)


def _follow_parts(db: "Database") -> None:
    """Follow what comes to, or changes in, a generation that has ended."""
    of_generation = "SELECT rowid FROM generations WHERE id = {row}.generation_id"
    of_asset = """
        SELECT g.rowid FROM assets AS a CROSS JOIN generations AS g ON g.id = a.generation_id
        WHERE a.id = {row}.asset_id
    """
    titled = "WHEN {row}.title <> '' OR {row}.note <> ''"
    changes = (
        ("prompts", "INSERT", "new", "", of_generation),
        ("prompts", "UPDATE OF text", "new", "", of_generation),
        ("prompts", "DELETE", "old", "", of_generation),
        ("stages", "INSERT", "new", "WHEN new.plan IS NOT NULL", of_generation),
        ("stages", "UPDATE OF plan", "new", "WHEN old.plan IS NOT new.plan", of_generation),
        ("stages", "DELETE", "old", "WHEN old.plan IS NOT NULL", of_generation),
        ("assets", "INSERT", "new", titled, of_generation),
        ("assets", "UPDATE OF title, note", "new", "", of_generation),
        ("assets", "DELETE", "old", titled, of_generation),
        ("generation_tags", "INSERT", "new", "", of_generation),
        ("generation_tags", "DELETE", "old", "", of_generation),
        ("asset_tags", "INSERT", "new", "", of_asset),
        ("asset_tags", "DELETE", "old", "", of_asset),
    )
    for table, change, row, condition, whose in changes:
        name = f"{change.split()[0].lower()}_of_{table}"
        where = f"WHERE rowid = ({whose})".format(row=row)
        when = condition.format(row=row)
        db.executescript(f"""
            CREATE TRIGGER texts_before_{name} BEFORE {change} ON {table} {when} BEGIN
                {_FORGET} {where};
            END;
            CREATE TRIGGER texts_after_{name} AFTER {change} ON {table} {when} BEGIN
                {_LEARN} {where};
            END;
        """)
