"""Titles, notes, tags, and what is deleted: what is shown, found and counted meanwhile."""

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptflow.errors import (
    DeletedGenerationError,
    InputError,
    LedgerError,
    UnknownGenerationError,
)
from promptflow.events import Event, ImageReady
from promptflow.labels import Kind, clean_labels
from promptflow.ledger import SqliteLedger, purging
from promptflow.records import DeletedPicture, GalleryFilter
from tests.ledger.scripted_flow import (
    START,
    StoppedClock,
    flow_finished,
    flow_started,
    image_ready,
    rich_flow,
    run_finished,
    run_started,
)
from tests.ledger.test_gallery import thumbnail_of
from tests.ledger.test_texts import check_index, find

ALL = GalleryFilter()
VIEWS = ("daily_spend", "model_scorecard", "stage_times")
NEVER = START + timedelta(days=1)


def flow(number: int, request: str = "An octopus plays chess") -> Iterator[Event]:
    """Yield a flow with two pictures of one run."""
    own, run = f"g{number}", f"r{number}"
    yield flow_started(own, request)
    yield run_started(run, generation_id=own)
    for index in range(2):
        yield image_ready(run, index, f"a{number}{index}")
    yield run_finished(run, f"t{number}")
    yield flow_finished(own)


def record(ledger: SqliteLedger, *flows: Iterator[Event]) -> SqliteLedger:
    """Write flows down."""
    for events in flows:
        for event in events:
            ledger.record(event)
    return ledger


def shown(ledger: SqliteLedger, wanted: GalleryFilter = ALL) -> set[str]:
    """Return the ids of the pictures that the gallery shows, as many as it counts."""
    pictures = {one.asset.asset_id for one in ledger.pictures.list_pictures(wanted, limit=100)}
    assert ledger.pictures.count_pictures(wanted) == (len(pictures), False)
    return pictures


def counted(ledger: SqliteLedger) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Return what the counts say, and what counting the rows says."""
    with ledger.file.reading() as connection:
        kept = connection.execute(
            "SELECT * FROM picture_counts WHERE painted <> 0 OR pictures <> 0 ORDER BY 1, 2, 3"
        )
        true = connection.execute("""
            SELECT substr(a.created_at, 1, 10), a.image_model, a.run_status,
                count(*) FILTER (WHERE a.deleted_at IS NULL AND g.deleted_at IS NULL), count(*)
            FROM assets AS a JOIN generations AS g ON g.id = a.generation_id
            WHERE a.role = 'output' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
        """)
        return [tuple(row) for row in kept], [tuple(row) for row in true]


def test_labels_are_kept_and_replaced(ledger: SqliteLedger) -> None:
    """What is written last is what is read; a generation without a title has its request's beginning."""
    record(ledger, flow(1))

    before = ledger.marks.read_labels("generation", "g1")
    ledger.marks.write_labels(
        "generation", "g1", clean_labels("Chess", "For the poster", ["b", "a"])
    )
    after = ledger.marks.read_labels("generation", "g1")
    ledger.marks.write_labels("generation", "g1", clean_labels("", "", ["c"]))

    assert before == clean_labels("An octopus plays chess", "", ())
    assert after == clean_labels("Chess", "For the poster", ("a", "b"))
    assert ledger.marks.read_labels("generation", "g1") == clean_labels(
        "An octopus plays chess", "", ("c",)
    )
    assert ledger.marks.list_tags() == ("c",)


def test_a_picture_has_labels_of_its_own(ledger: SqliteLedger) -> None:
    """In the gallery it goes by its own title, and by its tags and those of its generation."""
    record(ledger, flow(1))
    ledger.marks.write_labels("generation", "g1", clean_labels("", "", ["all"]))
    ledger.marks.write_labels("picture", "a10", clean_labels("The best", "Frame it", ["one"]))

    first, other = (ledger.pictures.find_picture(one) for one in ("a10", "a11"))

    assert first is not None
    assert other is not None
    assert (first.title, first.tags) == ("The best", ("all", "one"))
    assert (other.title, other.tags) == ("An octopus plays chess", ("all",))
    assert ledger.marks.read_all_labels("g1")["a10"].note == "Frame it"


def test_the_gallery_filters_by_tags(ledger: SqliteLedger) -> None:
    """A picture fits that has every tag, by itself or with its generation."""
    record(ledger, flow(1), flow(2))
    ledger.marks.write_labels("generation", "g1", clean_labels("", "", ["red", "fox"]))
    ledger.marks.write_labels("picture", "a10", clean_labels("", "", ["best"]))
    ledger.marks.write_labels("picture", "a20", clean_labels("", "", ["red"]))
    ledger.marks.star("a20", START)

    assert shown(ledger, GalleryFilter(tags=("red",))) == {"a10", "a11", "a20"}
    assert shown(ledger, GalleryFilter(tags=("red", "best"))) == {"a10"}
    assert shown(ledger, GalleryFilter(tags=("red",), starred=True)) == {"a20"}
    assert shown(ledger, GalleryFilter(tags=("red",), text="octopus")) == {"a10", "a11", "a20"}
    assert shown(ledger, GalleryFilter(tags=("none",))) == set()


@pytest.mark.parametrize(
    "word", ["Kraken", "framed", "seaside", "Masterpiece", "wallpaper", "blue"]
)
def test_search_finds_what_was_written(ledger: SqliteLedger, word: str) -> None:
    """Titles, notes and tags of a generation and of its pictures are found, until they are taken away."""
    record(ledger, flow(1), flow(2))
    ledger.marks.write_labels(
        "generation", "g1", clean_labels("Kraken", "To be framed", ["seaside"])
    )
    ledger.marks.write_labels(
        "picture", "a10", clean_labels("Masterpiece", "As wallpaper", ["blue"])
    )

    found = find(ledger, word)
    check_index(ledger)
    for kind, row_id in (("generation", "g1"), ("picture", "a10")):
        ledger.marks.write_labels(kind, row_id, clean_labels("", "", ()))  # type: ignore[arg-type]  # kinds

    assert found == ["g1"]
    assert find(ledger, word) == []
    check_index(ledger)


@pytest.mark.parametrize("word", ["octopus", "ctopu", "oc", "o", "kraken"])
def test_a_deleted_generation_is_nowhere(ledger: SqliteLedger, word: str) -> None:
    """No list, search, gallery or count has it, until it is brought back."""
    record(ledger, flow(1), flow(2, "A kraken, not an octopus"))
    before = find(ledger, word)

    ledger.marks.delete("generation", "g2", START)
    deleted = find(ledger, word)
    listed = [one.generation_id for one in ledger.list_generations()]
    pictures = shown(ledger)
    by_words = shown(ledger, GalleryFilter(text=word))
    check_index(ledger)
    ledger.marks.undelete("generation", "g2")

    assert "g2" in before
    assert deleted == [one for one in before if one != "g2"]
    assert listed == ["g1"]
    assert pictures == {"a10", "a11"}
    assert by_words == ({"a10", "a11"} if deleted else set())
    assert find(ledger, word) == before
    assert shown(ledger) == {"a10", "a11", "a20", "a21"}
    check_index(ledger)


def test_its_address_says_that_it_was_deleted(ledger: SqliteLedger) -> None:
    """Whoever asks for a deleted generation hears when that was, and what to do."""
    record(ledger, flow(1))
    ledger.marks.delete("generation", "g1", START)
    ledger.marks.delete("generation", "g1", NEVER)

    for read in (ledger.read_events, ledger.read_lineage):
        with pytest.raises(DeletedGenerationError, match="on 2026-11-23 at 12:00 UTC") as caught:
            read("g1")
        assert caught.value.deleted_at == START
        assert not caught.value.is_purged
    ledger.marks.undelete("generation", "g1")
    assert len(ledger.read_events("g1")) == 6


def test_a_deleted_picture_can_be_asked_for(ledger: SqliteLedger) -> None:
    """Of a picture that is marked, alone or with its generation, there is told where and since when."""
    record(ledger, flow(1), flow(2))
    ledger.marks.delete("picture", "a10", START)
    ledger.marks.delete("generation", "g2", START)

    alone = DeletedPicture(
        generation_id="g1", with_generation=False, deleted_at=START, is_purged=False
    )
    assert ledger.marks.find_deleted_picture("a10") == alone
    with_generation = replace(alone, generation_id="g2", with_generation=True)
    assert ledger.marks.find_deleted_picture("a20") == with_generation
    for other in ("a11", "g1", "nothing", "\ud800", ""):
        assert ledger.marks.find_deleted_picture(other) is None


def test_a_deleted_picture_is_nowhere(ledger: SqliteLedger) -> None:
    """Its generation goes on without it; no star can be given to it; it comes back whole."""
    record(ledger, flow(1))
    ledger.marks.star("a10", START)

    ledger.marks.delete("picture", "a10", START)
    images = [one for one in ledger.read_events("g1") if isinstance(one, ImageReady)]
    with pytest.raises(LedgerError, match="was deleted meanwhile"):
        ledger.marks.star("a10", None)
    with pytest.raises(LedgerError, match="was deleted, so nothing was written"):
        ledger.marks.write_labels("picture", "a10", clean_labels("x", "", ()))

    assert [one.asset.asset_id for one in images] == ["a11"]
    assert shown(ledger) == {"a11"}
    assert ledger.pictures.find_picture("a10") is None
    assert ledger.marks.list_deleted_pictures("g1") == ("a10",)
    ledger.marks.undelete("picture", "a10")
    assert shown(ledger, GalleryFilter(starred=True)) == {"a10"}


def test_a_picture_stays_deleted_when_its_generation_comes_back(ledger: SqliteLedger) -> None:
    """Each has a mark of its own."""
    record(ledger, flow(1))
    ledger.marks.delete("picture", "a10", START)
    ledger.marks.delete("generation", "g1", START)

    ledger.marks.undelete("generation", "g1")

    assert shown(ledger) == {"a11"}


def test_what_is_being_made_cannot_be_deleted(ledger: SqliteLedger) -> None:
    """A generation that runs, and a picture of a run that paints, have a sentence instead."""
    for event in list(flow(1))[:3]:
        ledger.record(event)

    for kind, row_id in (("generation", "g1"), ("picture", "a10")):
        with pytest.raises(InputError, match="Cancel it first, or wait until it has ended"):
            ledger.marks.delete(kind, row_id, START)  # type: ignore[arg-type]  # kinds
    assert shown(ledger) == {"a10"}


@pytest.mark.parametrize("row_id", ["", "x", "\x00", "' OR 1=1 --"])
def test_what_there_is_not_is_told(ledger: SqliteLedger, row_id: str) -> None:
    """An id of nothing leads to a sentence, whatever is asked."""
    record(ledger, flow(1))

    with pytest.raises(UnknownGenerationError):
        ledger.marks.delete("generation", row_id, START)
    with pytest.raises(LedgerError, match="There is no picture"):
        ledger.marks.undelete("picture", row_id)
    with pytest.raises(LedgerError, match="There is no picture"):
        ledger.marks.read_labels("picture", row_id)


def test_references_and_thumbnails_cannot_be_deleted(ledger: SqliteLedger) -> None:
    """Only painted pictures can."""
    for event in rich_flow():
        ledger.record(event)
    ledger.assets.record_thumbnail("a1", thumbnail_of(image_ready("r1", 0, "a1").asset))
    with ledger.file.reading() as connection:
        ids = connection.execute("SELECT id FROM assets WHERE role <> 'output'").fetchall()

    assert len(ids) >= 2
    for (asset_id,) in ids:
        with pytest.raises(LedgerError, match="There is no picture"):
            ledger.marks.delete("picture", asset_id, START)


def test_what_was_spent_stays_in_the_books(ledger: SqliteLedger) -> None:
    """Deleting changes no view that tells of money or calls."""
    record(ledger, flow(1))

    def spent() -> list[tuple[object, ...]]:
        with ledger.file.reading() as connection:
            views = [connection.execute(f"SELECT * FROM {name}").fetchall() for name in VIEWS]  # noqa: S608
        return [tuple(row) for rows in views for row in rows]

    before = spent()
    ledger.marks.delete("generation", "g1", START)
    deleted = spent()
    with ledger.file.writing() as db:
        purging.mark_doomed(db, NEVER, now=START)
        db.row_factory = sqlite3.Row
        purging.remove_assets(db, purging.list_marked(db, limit=9))
        db.row_factory = None
        purging.forget_words(db, "g1")

    assert before == deleted == spent()
    assert ledger.calls.count_refusals() == {"painter-1": (0, 1)}


DEEDS = st.lists(
    st.tuples(
        st.sampled_from(["delete", "undelete", "remove", "insert", "finish"]),
        st.sampled_from(["g1", "g2", "a10", "a11", "a20", "a21"]),
    ),
    max_size=14,
)


@given(deeds=DEEDS)
@settings(max_examples=60, deadline=None)
def test_counts_and_indexes_never_differ_from_the_rows(deeds: list[tuple[str, str]]) -> None:
    """After any sequence of deleting and undoing, counts, gallery and search agree with the rows."""
    with TemporaryDirectory() as folder:
        ledger = SqliteLedger(Path(folder) / "promptflow.db", clock=StoppedClock(), owner="o")
        ledger.prepare()
        record(ledger, flow(1), flow(2))
        for number, (deed, row_id) in enumerate(deeds):
            carry_out(ledger, deed, row_id, number)

            kept, true = counted(ledger)
            assert kept == true
            assert len(shown(ledger)) == sum(int(str(row[-2])) for row in true)
        check_index(ledger)
        ledger.close()


def carry_out(ledger: SqliteLedger, deed: str, row_id: str, number: int) -> None:
    """Do one deed; what isn't there any more is passed over."""
    kind: Kind = "generation" if row_id.startswith("g") else "picture"
    match deed:
        case "delete":
            with suppress(LedgerError):
                ledger.marks.delete(kind, row_id, START)
        case "undelete":
            with suppress(LedgerError):
                ledger.marks.undelete(kind, row_id)
        case "remove":
            with ledger.file.writing() as db:
                db.execute("DELETE FROM assets WHERE id = ?", (row_id,))
        case "insert":
            ledger.record(image_ready(f"r{row_id[1]}", number + 5, f"new{number}"))
        case _:
            with ledger.file.writing() as db:
                db.execute("UPDATE runs SET status = 'partial' WHERE id = ?", (f"r{row_id[1]}",))
