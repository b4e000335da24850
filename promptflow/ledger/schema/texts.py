"""The step that makes all texts of a generation searchable. Floor 4.

Two indexes: `generations_fts` finds any three letters in a row of a title or request from the moment it
is asked; `texts_fts` finds words by their beginning in these and in the plan and the prompts, once a
generation has ended. Neither keeps a copy of the texts. Each is at any moment the index of its view:
triggers take out what the view showed before a change and put in what it shows after it. So a killed
process leaves no gap, and ``INSERT INTO texts_fts (texts_fts) VALUES ('rebuild')`` mends any.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_FORGET = """
    INSERT INTO texts_fts (texts_fts, rowid, title, request, plan, prompts)
    SELECT 'delete', rowid, title, request, plan, prompts FROM generation_texts
"""
_LEARN = """
    INSERT INTO texts_fts (rowid, title, request, plan, prompts)
    SELECT rowid, title, request, plan, prompts FROM generation_texts
"""


def m006_index_texts(db: "Database") -> None:
    """Index words of request, title, plan and prompts, and letters up to the end of a text."""
    _pad_trigrams(db)
    _create_texts(db)
    _follow_generations(db)
    _follow_parts(db)


def _pad_trigrams(db: "Database") -> None:
    """Make the index of three letters anew, over texts with two spaces at their end.

    Every letter then begins one of its entries, so that one or two letters can be looked up as the
    beginnings of entries. The vocabulary lists these.
    """
    db.executescript("""
        DROP TRIGGER generations_inserted;
        DROP TRIGGER generations_deleted;
        DROP TRIGGER generations_reworded;
        DROP TABLE generations_fts;
        CREATE VIEW generation_titles AS
            SELECT rowid, title || '  ' AS title, request || '  ' AS request FROM generations;
        CREATE VIRTUAL TABLE generations_fts USING fts5 (
            title, request, content='generation_titles', tokenize='trigram'
        );
        CREATE VIRTUAL TABLE generations_fts_terms USING fts5vocab (generations_fts, instance);
        INSERT INTO generations_fts (generations_fts) VALUES ('rebuild');
        CREATE TRIGGER generations_inserted AFTER INSERT ON generations BEGIN
            INSERT INTO generations_fts (rowid, title, request)
            VALUES (new.rowid, new.title || '  ', new.request || '  ');
        END;
        CREATE TRIGGER generations_deleted AFTER DELETE ON generations BEGIN
            INSERT INTO generations_fts (generations_fts, rowid, title, request)
            VALUES ('delete', old.rowid, old.title || '  ', old.request || '  ');
        END;
        CREATE TRIGGER generations_reworded AFTER UPDATE OF title, request ON generations BEGIN
            INSERT INTO generations_fts (generations_fts, rowid, title, request)
            VALUES ('delete', old.rowid, old.title || '  ', old.request || '  ');
            INSERT INTO generations_fts (rowid, title, request)
            VALUES (new.rowid, new.title || '  ', new.request || '  ');
        END;
    """)


def _create_texts(db: "Database") -> None:
    """Make the index of words, with the ended generations in it.

    Of a plan only the words are shown, not the names of its fields, which are in every one. FTS5 takes
    no view that reads a virtual table, such as `json_tree`.
    """
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
                ) AS prompts
            FROM generations AS g WHERE g.status <> 'running';
        CREATE VIRTUAL TABLE texts_fts USING fts5 (
            title, request, plan, prompts, content='generation_texts',
            tokenize='unicode61 remove_diacritics 2', prefix='1 2 3'
        );
        CREATE VIRTUAL TABLE texts_fts_terms USING fts5vocab (texts_fts, instance);
        INSERT INTO texts_fts (texts_fts) VALUES ('rebuild');
    """)


def _follow_generations(db: "Database") -> None:
    db.executescript(f"""
        CREATE TRIGGER texts_inserted AFTER INSERT ON generations
        WHEN new.status <> 'running' BEGIN
            {_LEARN} WHERE rowid = new.rowid;
        END;
        CREATE TRIGGER texts_deleted BEFORE DELETE ON generations
        WHEN old.status <> 'running' BEGIN
            {_FORGET} WHERE rowid = old.rowid;
        END;
        CREATE TRIGGER texts_before_change
        BEFORE UPDATE OF title, request, status ON generations
        WHEN old.status <> 'running' BEGIN
            {_FORGET} WHERE rowid = old.rowid;
        END;
        CREATE TRIGGER texts_after_change
        AFTER UPDATE OF title, request, status ON generations
        WHEN new.status <> 'running' BEGIN
            {_LEARN} WHERE rowid = new.rowid;
        END;
    """)


def _follow_parts(db: "Database") -> None:
    """Follow prompts and plans that come to, or change in, a generation that has ended.

    The view shows no other, so that a flow under way pays for a look at one row and nothing more.
    """
    changes = (
        ("prompts", "INSERT", "INSERT", "new", ""),
        ("prompts", "UPDATE", "UPDATE OF text", "new", ""),
        ("prompts", "DELETE", "DELETE", "old", ""),
        ("stages", "INSERT", "INSERT", "new", "WHEN new.plan IS NOT NULL"),
        ("stages", "UPDATE", "UPDATE OF plan", "new", "WHEN old.plan IS NOT new.plan"),
        ("stages", "DELETE", "DELETE", "old", "WHEN old.plan IS NOT NULL"),
    )
    for table, name, change, row, condition in changes:
        where = f"WHERE rowid = (SELECT rowid FROM generations WHERE id = {row}.generation_id)"  # noqa: S608
        db.executescript(f"""
            CREATE TRIGGER texts_before_{name.lower()}_of_{table}
            BEFORE {change} ON {table} {condition} BEGIN
                {_FORGET} {where};
            END;
            CREATE TRIGGER texts_after_{name.lower()}_of_{table}
            AFTER {change} ON {table} {condition} BEGIN
                {_LEARN} {where};
            END;
        """)
