"""Nothing but reading is possible, whatever is asked, and little of the machine is told."""

import hashlib
import time
from pathlib import Path

import httpx
import pytest

from tests.datasette.known import ASSETS, GENERATIONS

WRITING = [
    "INSERT INTO generations (id) VALUES ('x')",
    "UPDATE generations SET title = 'x'",
    "DELETE FROM generations",
    "CREATE TABLE x (a)",
    "CREATE TEMP TABLE x (a)",
    "DROP TABLE generations",
    "ALTER TABLE generations ADD COLUMN x",
    "REINDEX",
    "ANALYZE",
    "VACUUM",
    "VACUUM INTO 'stolen.db'",
    "ATTACH 'stolen.db' AS stolen",
    "DETACH main",
    "BEGIN IMMEDIATE",
    "PRAGMA user_version = 7",
    "PRAGMA journal_mode = DELETE",
    "PRAGMA query_only = OFF",
    "PRAGMA writable_schema = ON",
    "PRAGMA database_list",
    "WITH x AS (SELECT 1) INSERT INTO generations (id) SELECT 'x'",
    "WITH x AS (SELECT 1) DELETE FROM generations",
    "WITH x AS (SELECT 1) UPDATE sqlite_master SET sql = ''",
    "EXPLAIN WITH x AS (SELECT 1) DELETE FROM generations",
    "SELECT 1; DELETE FROM generations",
    "SELECT * FROM pragma_database_list",
    "SELECT * FROM pragma_schema_version(7)",
    "SELECT * FROM pragma_user_version(7)",
    "SELECT * FROM pragma_query_only(0)",
    "SELECT load_extension('/tmp/x')",
    "SELECT readfile('/etc/passwd')",
    "SELECT writefile('stolen', 'x')",
    "SELECT * FROM fsdir('/')",
    "SELECT edit('x')",
    "SELECT fts3_tokenizer('simple')",
    "SELECT sqlite_log(1, 'x')",
    "SELECT printf('%.*c', 2000000000, 'x')",
    "SELECT format('%.*c', 2000000000, 'x')",
    "SELECT json_patch('{}', '{}')",
    f"SELECT {' + '.join(['instr(1, 2)'] * 13)}",
    f"SELECT {', '.join(['replace(1, 2, 3)'] * 13)}",
]
READING = [
    "SELECT count(*) FROM generations",
    "SELECT count(*) FROM texts_fts WHERE texts_fts MATCH 'fox'",
    "SELECT term FROM texts_fts_terms LIMIT 1",
    "SELECT json_extract(plan, '$.style') FROM stages WHERE json_valid(plan)",
    "SELECT value FROM json_each('[1, 2]')",
    "SELECT name FROM pragma_table_info('generations')",
    "SELECT * FROM generation_texts",
    "SELECT group_concat(title, ' ') OVER () FROM generations",
    "SELECT instr(replace(trim(' a '), 'a', 'b'), 'b')",
    f"SELECT {', '.join(['replace(1, 2, 3)'] * 12)}",
    "EXPLAIN QUERY PLAN SELECT * FROM lineage",
]
CLOSED = [
    *("databases", "settings", "versions", "plugins", "threads", "actor", "metadata", "config"),
    *("permissions", "allow-debug", "messages", "auth-token", "logout", "patterns", "env"),
]


def _fingerprint(folder: Path) -> dict[str, str]:
    """Return what is in the data folder: file → hash; SQLite's own index of the log comes and goes."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith("-shm")
    }


@pytest.mark.parametrize("sql", WRITING)
def test_what_isnt_reading_is_refused(site: httpx.Client, known: Path, sql: str) -> None:
    """A statement that would write, or reach beyond the ledger, is refused and changes nothing."""
    before = _fingerprint(known.parent)

    page = site.get("/promptflow", params={"sql": sql})
    data = site.get("/promptflow.json", params={"sql": sql})

    assert page.status_code == 400
    assert data.status_code == 400
    assert data.json()["ok"] is False
    assert "took longer" not in data.json()["error"]
    assert _fingerprint(known.parent) == before
    assert not Path("stolen.db").exists()


@pytest.mark.parametrize("sql", READING)
def test_reading_is_free(site: httpx.Client, sql: str) -> None:
    """What only reads is answered, search and JSON included."""
    answer = site.get("/promptflow.json", params={"sql": sql, "_shape": "array"})

    assert answer.status_code == 200
    assert answer.json()


@pytest.mark.parametrize(
    "where",
    [
        "load_extension('x')",
        "1; DELETE FROM generations",
        "id IN (SELECT file FROM pragma_database_list)",
    ],
)
def test_conditions_of_a_table_are_held_to_the_same(site: httpx.Client, where: str) -> None:
    """SQL in a table's filter can do no more than a question can."""
    answer = site.get("/promptflow/generations.json", params={"_where": where})

    assert answer.status_code == 400


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", ["/promptflow", "/promptflow/generations", "/-/permissions"])
def test_only_questions_are_taken(site: httpx.Client, method: str, path: str) -> None:
    """No way of asking but GET and HEAD comes through, wherever it goes."""
    answer = site.request(method, path, content=b"sql=select 1")

    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", ["/promptflow.db", "/promptflow.db?_dl=1"])
def test_the_ledger_cant_be_downloaded(site: httpx.Client, path: str) -> None:
    """The file itself is not handed out."""
    answer = site.get(path)

    assert answer.status_code == 403
    assert b"SQLite format 3" not in answer.content


def test_rows_cant_be_streamed_without_end(site: httpx.Client) -> None:
    """A stream of all rows is refused; a CSV has as many rows as a page may have."""
    sql = "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c LIMIT 5000"

    stream = site.get("/promptflow/generations.csv", params={"_stream": "on"})
    csv = site.get("/promptflow.csv", params={"sql": sql})

    assert stream.status_code == 400
    assert csv.status_code == 200
    assert len(csv.text.splitlines()) == 1_001


@pytest.mark.parametrize("name", CLOSED)
@pytest.mark.parametrize("form", ["/-/{}", "/-/{}.json", "/%2D/{}", "//-/{}", "/-//{}"])
def test_pages_about_the_machine_are_closed(site: httpx.Client, name: str, form: str) -> None:
    """Settings, versions, threads, paths and permissions are told to nobody."""
    answer = site.get(form.format(name), follow_redirects=True)

    assert answer.status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/promptflow",
        "/promptflow.json",
        "/promptflow?_show_hidden=1",
        "/promptflow/_sqlite_migrations.json",
        "/promptflow/generations.json",
        "/promptflow/nothing",
        "/nothing",
        "/.json",
        "/promptflow?sql=select+nothing",
    ],
)
def test_no_page_tells_a_path(site: httpx.Client, known: Path, path: str) -> None:
    """Where the ledger is on the machine is in no page."""
    answer = site.get(path, follow_redirects=True)

    assert str(known.parent) not in answer.text
    assert "site-packages" not in answer.text


@pytest.mark.parametrize("name", ["_internal", "_memory", ":memory:"])
def test_there_is_no_other_database(site: httpx.Client, name: str) -> None:
    """Datasette's own databases can't be asked."""
    answer = site.get(f"/{name}", params={"sql": "select 1"}, follow_redirects=True)

    assert answer.status_code in {403, 404}


@pytest.mark.parametrize(
    "sql",
    [
        "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c",
        "SELECT count(*) FROM stages a, stages b, stages c, stages d, stages e, stages f, stages g, stages h",
    ],
)
def test_a_question_without_end_is_stopped(site: httpx.Client, sql: str) -> None:
    """After two seconds a question is stopped, and told so in a sentence."""
    began_s = time.monotonic()

    page = site.get("/promptflow", params={"sql": sql})

    assert time.monotonic() - began_s < 8
    assert page.status_code == 400
    assert "The question took longer than 2 s." in page.text


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT zeroblob(1000000000)",
        "SELECT randomblob(1000000000)",
        "WITH RECURSIVE c (s) AS (SELECT 'x' UNION ALL SELECT s || s FROM c) SELECT max(s) FROM c",
        "SELECT group_concat(hex(zeroblob(200000))) FROM stages",
        "SELECT json_group_array(hex(zeroblob(200000))) FROM stages",
    ],
)
def test_a_value_can_only_be_so_long(site: httpx.Client, sql: str) -> None:
    """A value of many megabytes is refused before there is memory for it."""
    answer = site.get("/promptflow.json", params={"sql": sql})

    assert answer.status_code == 400
    assert "too big" in answer.json()["error"]


def test_an_answer_can_only_be_so_large(site: httpx.Client) -> None:
    """Many long rows are cut off, and said to be."""
    sql = "SELECT hex(zeroblob(200000)) AS long FROM stages a, stages b"

    answer = site.get("/promptflow.json", params={"sql": sql})

    assert answer.status_code == 200
    assert answer.json()["truncated"] is True
    assert len(answer.content) < 6_000_000


def test_rows_are_limited(site: httpx.Client) -> None:
    """A thousand rows are shown of an answer that has more."""
    sql = "SELECT a.id FROM stages a, stages b, stages c"

    answer = site.get("/promptflow.json", params={"sql": sql}).json()

    assert len(answer["rows"]) == 1_000
    assert answer["truncated"] is True


@pytest.mark.parametrize(
    "expression",
    [
        "instr(t, substr(t, 1, 200000) || '1')",
        "replace(t, substr(t, 1, 200000) || '1', '')",
        "t LIKE '%0%0%0%0%0%0%0%0%0%0%0%1%'",
        "t GLOB '*0*0*0*0*0*0*0*0*0*0*0*1*'",
    ],
)
def test_a_single_slow_step_is_short(site: httpx.Client, expression: str) -> None:
    """What SQLite can't interrupt in the middle ends soon by itself, for the texts are short."""
    sql = f"SELECT length({expression}) FROM (SELECT hex(zeroblob(200000)) AS t)"  # noqa: S608
    began_s = time.monotonic()

    site.get("/promptflow.json", params={"sql": sql})

    assert time.monotonic() - began_s < 5


def test_failed_questions_are_not_logged(site: httpx.Client, known: Path) -> None:
    """What was typed into a question that fails is in no log."""
    site.get("/promptflow", params={"sql": "select nothing, 'a secret idea'"})

    logs = [path.read_text("utf-8") for path in known.parent.parent.glob("*.log")]

    assert logs
    assert not any("secret idea" in log for log in logs)


def test_every_page_loads_from_here_alone(site: httpx.Client) -> None:
    """The browser is told to load nothing from elsewhere, whatever a cell says."""
    policy = site.get("/promptflow/generations").headers["content-security-policy"]

    assert policy.startswith("default-src 'none'")
    assert "http" not in policy


def test_ids_that_arent_recorded_have_no_picture(site: httpx.Client) -> None:
    """A picture is read only for an asset the ledger knows."""
    unknown = ASSETS[0].replace("019cd000", "019cd001")

    thumbnail = site.get(f"/-/thumbnail/{unknown}")
    studio = site.get(f"/-/studio/{GENERATIONS[0]}")
    path = site.get("/-/thumbnail/..%2f..%2fpromptflow.db", follow_redirects=True)

    assert thumbnail.status_code == 404
    assert thumbnail.headers["content-type"] == "image/svg+xml"
    assert studio.status_code == 404
    assert path.status_code == 404
