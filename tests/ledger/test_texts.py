"""The search in all texts of a generation, and that its index never falls behind the rows."""

import os
import random
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from promptflow.clock import Clock
from promptflow.events import Event
from promptflow.ledger import SqliteLedger, recover
from promptflow.ledger.database import LedgerFile
from promptflow.ledger.migrations import STEPS, migrate
from promptflow.records import Stage
from promptflow.storage.local import LocalStore
from tests.ledger.processes import start
from tests.ledger.scripted_flow import (
    PLAN,
    StoppedClock,
    flow_finished,
    flow_started,
    run_started,
    stage_finished,
    stage_started,
)


def flow(number: int, *, request: str, mood: str = "calm", prompt: str) -> Sequence[Event]:
    """Return a whole flow with one plan and one prompt."""
    own = f"g{number}"
    return (
        flow_started(own, request),
        stage_started(f"s{number}", Stage.ACTION_PLAN, generation_id=own),
        stage_finished(
            f"s{number}", "{…}", replace(PLAN, summary="A board", subjects=(), mood=mood)
        ),
        replace(run_started(f"r{number}", generation_id=own), prompt=prompt),
        flow_finished(own),
    )


def find(ledger: SqliteLedger, search: str) -> list[str]:
    """Return the ids that a search finds."""
    return [one.generation_id for one in ledger.list_generations(search=search)]


def check_index(ledger: SqliteLedger) -> None:
    """Have FTS5 compare both indexes with what they are indexes of."""
    with ledger.file.writing() as db:
        for index in ("texts_fts", "generations_fts"):
            sql = f"INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)"  # noqa: S608
            db.execute(sql)


@pytest.fixture
def told(ledger: SqliteLedger) -> SqliteLedger:
    """A ledger with three flows that ended."""
    for event in (
        *flow(1, request="A lighthouse", mood="melancholy", prompt="Gouache of a low-key tower"),
        *flow(2, request="An octopus", mood="brave", prompt="An ink octopus, café light, 16:9"),
        *flow(3, request="Ein Bär am See", mood="quiet", prompt="Щит, 日本語, towering firs"),
    ):
        ledger.record(event)
    return ledger


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("melancholy", ["g1"]),
        ("MELAN", ["g1"]),
        ("ancholy", []),
        ("gouache", ["g1"]),
        ("ou", ["g1"]),
        ("go", ["g1"]),
        ("tower", ["g3", "g1"]),
        ("towering", ["g3"]),
        ("t", ["g3", "g2", "g1"]),
        ("low-key", ["g1"]),
        ("low-k", ["g1"]),
        ("cafe", ["g2"]),
        ("CAFÉ", ["g2"]),
        ("16:9", ["g2"]),
        ("щи", ["g3"]),
        ("日本", ["g3"]),
        ("bar", ["g3"]),
        ("är", ["g3"]),
        ("ee", ["g3"]),
        ("e", ["g3", "g1"]),
        ("lighthouse melancholy gouache", ["g1"]),
        ("ightho melan", ["g1"]),
        ("octopus melancholy", []),
        ("light", ["g2", "g1"]),
        ("summary", []),
        ("technical_notes", []),
        ("subjects", []),
        ("linocut boar", ["g3", "g2", "g1"]),
        ("melan*", []),
        ('"brave"', []),
        ("mood:brave", []),
        ("zeppelin", []),
    ],
)
def test_words_are_found_in_plan_and_prompts_by_their_beginning(
    told: SqliteLedger, search: str, found: list[str]
) -> None:
    """A word is part of title or request, or begins a word of plan or prompts; all must be there."""
    assert find(told, search) == found


def test_a_flow_under_way_is_found_by_its_request_alone(ledger: SqliteLedger) -> None:
    """Plan and prompts are searched from the moment the generation ends."""
    events = flow(1, request="A lighthouse", mood="melancholy", prompt="gouache")
    for event in events[:-1]:
        ledger.record(event)

    while_running = (find(ledger, "lighthouse"), find(ledger, "gouache"))
    ledger.record(events[-1])

    assert while_running == (["g1"], [])
    assert find(ledger, "lighthouse gouache melancholy") == ["g1"]


def test_pages_of_hits_follow_on_one_another(ledger: SqliteLedger) -> None:
    """Hits of both indexes come once each, newest first, page by page."""
    for number in range(1, 8):
        request = "A tower" if number % 2 else "A house"
        for event in flow(number, request=request, prompt="a tower"):
            ledger.record(event)

    pages, before = [], None
    for _ in range(4):
        page = ledger.list_generations(search="tower", limit=3, before=before)
        pages.append([one.generation_id for one in page])
        before = pages[-1][-1] if page else before

    assert pages == [["g7", "g6", "g5"], ["g4", "g3", "g2"], ["g1"], []]


def test_every_long_word_must_be_there_however_many_there_are(ledger: SqliteLedger) -> None:
    """Words that are common each, and hardly ever together, are found where they meet."""
    for number in range(1, 120):
        prompt = "copper ivory" if number == 60 else ("copper", "ivory")[number % 2]
        for event in flow(number, request="A house", prompt=prompt):
            ledger.record(event)

    assert find(ledger, "copper ivory") == ["g60"]
    assert find(ledger, "ivory copper hous") == ["g60"]


def test_a_search_finds_what_reading_would(ledger: SqliteLedger) -> None:
    """Of any words, alone or together, the index finds what someone would who read all the texts."""
    dice = random.Random(11)  # noqa: S311
    stems = ("amber", "ember", "emb", "am", "lamp", "lamplight", "light", "a", "po", "pond")
    texts = {}
    for number in range(1, 301):
        request, prompt = (" ".join(dice.sample(stems, 2)) for _ in range(2))
        texts[f"g{number}"] = (request, prompt)
        for event in flow(number, request=request, mood="still", prompt=prompt):
            ledger.record(event)

    def fits(generation_id: str, word: str) -> bool:
        request, prompt = texts[generation_id]
        return word in request or any(one.startswith(word) for one in prompt.split())

    for _ in range(150):
        words = dice.sample(("am", "mb", "light", "lamp", "pon", "e", "mbe", "nd", "lampl"), 2)
        found = ledger.list_generations(search=" ".join(words), limit=1_000)

        read = [one for one in reversed(texts) if all(fits(one, word) for word in words)]
        assert [one.generation_id for one in found] == read


def test_a_beginning_of_very_many_words_finds_them_all(ledger: SqliteLedger) -> None:
    """More words than are looked up one by one are found all the same."""
    words = " ".join(f"inter{number}" for number in range(150))
    for event in flow(1, request="A house", prompt=words):
        ledger.record(event)

    assert find(ledger, "inter") == ["g1"]
    assert find(ledger, "inter149") == ["g1"]


def test_letters_that_begin_very_many_threes_are_found(ledger: SqliteLedger) -> None:
    """One letter that is followed by nearly everything is found, at a text's end, too."""
    for number, request in enumerate(("qaqbqcqdqeqfqgqhqiqjqkqlqmqnqoqp", "iraq", "Iran"), start=1):
        for event in flow(number, request=request, prompt="none"):
            ledger.record(event)

    assert find(ledger, "q") == ["g2", "g1"]
    assert find(ledger, "Q") == ["g2", "g1"]
    assert find(ledger, "aq") == ["g2", "g1"]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE generations SET title = 'Kraken' WHERE id = 'g1'",
        "UPDATE generations SET status = 'running' WHERE id = 'g1'",
        "UPDATE prompts SET text = 'kraken' WHERE id = 'prompt-r1'",
        "UPDATE stages SET plan = NULL WHERE id = 's1'",
        "UPDATE stages SET plan = 'no json' WHERE id = 's1'",
        "UPDATE stages SET plan = '[1' || char(10) || ']' WHERE id = 's1'",
        "INSERT INTO prompts VALUES ('p9', 'g1', NULL, 'm', 'kraken', 'edited', NULL)",
        "DELETE FROM attempts; DELETE FROM runs; DELETE FROM prompts WHERE id = 'prompt-r1'",
        "DELETE FROM stages WHERE id = 's1'",
        """
        DELETE FROM attempts; DELETE FROM runs; DELETE FROM prompts;
        DELETE FROM stages WHERE id = 's1'; DELETE FROM generations WHERE id = 'g1'
        """,
    ],
)
def test_the_index_follows_every_change(told: SqliteLedger, sql: str) -> None:
    """Whatever changes in a generation that has ended, the index is that of the texts as they are."""
    with told.file.writing() as db:
        for statement in sql.split(";"):
            db.execute(statement)

    check_index(told)
    assert bool(find(told, "kraken")) == ("raken" in sql)
    assert find(told, "octopus") == ["g2"]


def test_a_killed_flow_is_searchable_once_it_is_mended(ledger: SqliteLedger, path: Path) -> None:
    """Recovery ends the generation, and so puts its texts into the index."""
    for event in flow(1, request="A lighthouse", mood="melancholy", prompt="gouache")[:-1]:
        ledger.record(event)
    later = SqliteLedger(path, clock=StoppedClock(), owner="owner-2")

    recovered = recover(later, [LocalStore(path.parent)], folder=path.parent, live=tuple)

    assert recovered == ("g1",)
    assert find(later, "melan gouache") == ["g1"]
    check_index(later)


WRITE_ON = """
import sys
from pathlib import Path
from promptflow.clock import Clock
from promptflow.ledger import SqliteLedger
from tests.ledger.test_texts import flow

ledger = SqliteLedger(Path(sys.argv[1]), clock=Clock(), owner="gone")
for number in range(1, 100_000):
    for event in flow(number, request="A lighthouse", mood="brave", prompt="copper ivory " * 40):
        ledger.record(event)
    if number == 5:
        print("under way", flush=True)
"""


def test_a_kill_leaves_no_gap_in_the_index(ledger: SqliteLedger, path: Path) -> None:
    """Wherever a writer is killed, what has ended is in the index and nothing else is."""
    process = start(WRITE_ON, str(path))
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()

    check_index(ledger)
    ended = [one for one in ledger.list_generations(limit=10_000) if one.status != "running"]
    found = ledger.list_generations(search="ivory", limit=10_000)
    assert {one.generation_id for one in found} == {one.generation_id for one in ended}


def test_generations_of_an_older_ledger_are_searchable(path: Path) -> None:
    """The step that makes the index fills it from what was there before."""
    path.parent.mkdir()
    file = LedgerFile(path=path)
    migrate(file, STEPS[:3])
    with file.writing() as db:
        db.execute("""
            INSERT INTO generations (id, title, request, text_model, image_models, aspect_ratio,
                images_per_model, owner, status, created_at)
            VALUES ('g1', 'A lighthouse', 'A lighthouse', 'm', '[]', '1:1', 1, '', 'succeeded',
                '2026-11-23T12:00:00.000+00:00')
        """)
        db.execute("INSERT INTO prompts VALUES ('p1', 'g1', NULL, 'm', 'gouache', 'constructed')")
    ledger = SqliteLedger(path, clock=Clock())

    ledger.prepare()

    assert find(ledger, "gouache light") == ["g1"]
    assert find(ledger, "se") == ["g1"]
    check_index(ledger)
