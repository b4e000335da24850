"""The list of generations and the search in it."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from promptflow.ledger import SqliteLedger
from promptflow.records import GenerationStatus, GenerationSummary
from tests.ledger.scripted_flow import START, flow_finished, flow_started


def record(ledger: SqliteLedger, *requests: str) -> None:
    """Record generations g1, g2, … with these requests."""
    for number, request in enumerate(requests, start=1):
        ledger.record(flow_started(f"g{number}", request))


def find(ledger: SqliteLedger, search: str) -> list[str]:
    """Return the ids that a search finds."""
    return [one.generation_id for one in ledger.list_generations(search=search)]


def test_an_empty_ledger_lists_nothing(ledger: SqliteLedger) -> None:
    """Nothing recorded is an empty list, with and without a search."""
    assert ledger.list_generations() == ()
    assert ledger.list_generations(search="octopus") == ()


def test_a_line_of_the_list_says_what_is_needed(ledger: SqliteLedger) -> None:
    """Each generation is listed with title, models, status and time."""
    ledger.record(flow_started())
    ledger.record(flow_finished())

    assert ledger.list_generations() == (
        GenerationSummary(
            generation_id="g1",
            title="An octopus plays chess",
            image_models=("painter-1", "painter-2"),
            status=GenerationStatus.SUCCEEDED,
            created_at=START,
        ),
    )


def test_a_line_of_the_list_says_what_is_a_fork(ledger: SqliteLedger) -> None:
    """What grew from another generation is told from what did not, with and without a search."""
    ledger.record(flow_started("g1"))
    ledger.record(replace(flow_started("g2"), parent_id="g1"))

    for search in ("", "octopus", "oc"):
        listed = ledger.list_generations(search=search)
        assert [(one.generation_id, one.is_fork) for one in listed] == [("g2", True), ("g1", False)]


def test_the_newest_comes_first(ledger: SqliteLedger) -> None:
    """The list goes by id, which sorts by time; what is found goes by when it was recorded."""
    for generation_id in ("b", "d", "a", "c"):
        ledger.record(flow_started(generation_id))

    assert find(ledger, "") == ["d", "c", "b", "a"]
    assert find(ledger, "octopus") == ["c", "a", "d", "b"]


@pytest.mark.parametrize("search", ["", "octopus", "oc"])
def test_pages_follow_on_one_another(ledger: SqliteLedger, search: str) -> None:
    """Asking before the last id of a page gives the next one, and none is lost or twice there."""
    record(ledger, *["An octopus"] * 7)

    pages = []
    before = None
    for _ in range(3):
        page = ledger.list_generations(search=search, limit=3, before=before)
        pages.append([one.generation_id for one in page])
        before = pages[-1][-1]

    assert pages == [["g7", "g6", "g5"], ["g4", "g3", "g2"], ["g1"]]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("octopus", ["g1"]),
        ("OCTOPUS", ["g1"]),
        ("topu", ["g1"]),
        ("chess octopus", ["g1"]),
        ("chess lighthouse", []),
        ("  lighthouse\tdawn\n", ["g2"]),
        ("at", ["g2"]),
        ("AT", ["g2"]),
        ("a", ["g4", "g3", "g2", "g1"]),
        ("at lighthouse", ["g2"]),
        ("at octopus", []),
        ("zzz", []),
        ("zz", []),
    ],
)
def test_every_word_must_be_in_the_request(
    ledger: SqliteLedger, search: str, found: list[str]
) -> None:
    """A search finds parts of words in any case, and all of them must be there."""
    record(ledger, "An octopus plays chess", "A lighthouse at dawn", "Ein Wal", "a")

    assert find(ledger, search) == found


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("100%", ["g1"]),
        ("0%", ["g1"]),
        ("%", ["g1"]),
        ("snake_case", ["g2"]),
        ("e_", ["g2"]),
        ("_", ["g2"]),
        ('"quoted', ["g3"]),
        ('"q', ["g3"]),
        ('"', ["g3"]),
        ("it's", ["g4"]),
        ("'", ["g4"]),
        ("a\\b", ["g5"]),
        ("\\", ["g5"]),
        ("🐙", ["g6"]),
        ("🐙🐙🐙", ["g6"]),
        ("bär", ["g7"]),
        ("BÄR", ["g7"]),
        ("är", ["g7"]),
        ("ÄR", ["g7"]),
        ("Ä", ["g7"]),
        ("日本", ["g8"]),
        ("日本語", ["g8"]),
    ],
)
def test_no_character_has_a_special_meaning(
    ledger: SqliteLedger, search: str, found: list[str]
) -> None:
    """Wildcards, quotes, backslashes, emoji and other scripts are found as they are."""
    record(
        ledger,
        "Grow by 100% now",
        "A snake_case name",
        'A "quoted" word',
        "it's mine",
        "a\\b",
        "An 🐙🐙🐙 octopus",
        "Ein Bär",
        "日本語の絵",
    )

    assert find(ledger, search) == found


@pytest.mark.parametrize(
    "search",
    [
        "NEAR(octopus chess)",
        "octopus AND chess",
        "octopus OR zebra",
        "octopus NOT chess",
        "title:octopus",
        "{title request}: octopus",
        "octo*",
        "^An octopus",
        "octopus + chess",
        "(octopus",
        '"octopus" "chess',
        "-octopus",
        "'; DROP TABLE generations; --",
    ],
)
def test_the_syntax_of_the_index_is_plain_text(ledger: SqliteLedger, search: str) -> None:
    """What would be an operator to the index is looked for as words, and not found here."""
    record(ledger, "An octopus plays chess")

    assert find(ledger, search) == []


@pytest.mark.parametrize(
    "search", ["\0", "oct\0opus", "\ud83d", "a" * 4_000, " ".join(f"w{n}" for n in range(700))]
)
def test_any_text_may_be_searched_for(ledger: SqliteLedger, search: str) -> None:
    """Neither NUL nor half characters nor a whole pasted request make a search fail."""
    record(ledger, "A lighthouse")

    assert find(ledger, search) in ([], ["g1"])


def test_words_beyond_the_title_are_found(ledger: SqliteLedger) -> None:
    """The whole request is searched, not only what the list shows of it."""
    record(ledger, "A poster\n" + "very " * 200 + "quiet")

    assert find(ledger, "quiet") == ["g1"]


def test_a_status_change_leaves_the_search_alone(ledger: SqliteLedger) -> None:
    """A generation is found before and after its end."""
    record(ledger, "An octopus")
    ledger.record(flow_finished("g1"))

    assert find(ledger, "octopus") == ["g1"]


def test_the_search_follows_the_rows(ledger: SqliteLedger) -> None:
    """Rewording or removing a generation changes what is found."""
    record(ledger, "An octopus", "A zebra")
    with ledger.file.writing() as db:
        db.execute("UPDATE generations SET title = 'Kraken' WHERE id = 'g1'")
        db.execute("DELETE FROM generations WHERE id = 'g2'")

    assert find(ledger, "kraken") == ["g1"]
    assert find(ledger, "zebra") == []


def test_the_search_survives_a_vacuum(ledger: SqliteLedger, path: Path) -> None:
    """Compacting the file keeps the index and its rows together."""
    record(ledger, "An octopus", "A zebra", "A lighthouse")
    with ledger.file.writing() as db:
        db.execute("DELETE FROM generations WHERE id = 'g1'")
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("VACUUM")
    connection.close()

    assert find(ledger, "zebra") == ["g2"]
    assert find(ledger, "lighthouse") == ["g3"]


@pytest.mark.parametrize(
    ("sql", "plan"),
    [
        (
            "SELECT id FROM generations AS g WHERE g.id < 'g9' ORDER BY g.id DESC LIMIT 20",
            "SEARCH g USING COVERING INDEX sqlite_autoindex_generations_1 (id<?)",
        ),
        (
            "SELECT owner, id FROM generations WHERE status = 'running'",
            "SCAN generations USING INDEX generations_running",
        ),
        (
            "SELECT id FROM generations WHERE status = 'running' AND owner = 'o'",
            "SEARCH generations USING INDEX generations_running (owner=?)",
        ),
        (
            "SELECT * FROM stages WHERE generation_id = 'g1' ORDER BY ordinal",
            "SEARCH stages USING INDEX stages_in_order (generation_id=?)",
        ),
        (
            "SELECT * FROM attempts WHERE run_id = 'r1' ORDER BY number",
            "SEARCH attempts USING INDEX attempts_of_run (run_id=?)",
        ),
        (
            "SELECT * FROM assets WHERE run_id = 'r1' ORDER BY position",
            "SEARCH assets USING INDEX assets_of_run (run_id=?)",
        ),
        (
            "SELECT key FROM assets WHERE generation_id = 'g1'",
            "SEARCH assets USING INDEX assets_of_generation (generation_id=?)",
        ),
    ],
)
def test_lookups_use_an_index(ledger: SqliteLedger, sql: str, plan: str) -> None:
    """No lookup reads a table from end to end, and none needs a sort."""
    with ledger.file.reading() as connection:
        steps = [row["detail"] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]

    assert steps == [plan]
