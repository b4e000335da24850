"""The purge of what was deleted: what goes, what stays, and that a kill loses and leaves nothing."""

import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from promptflow.doctor import examine
from promptflow.errors import BucketError, DeletedGenerationError, LedgerError, SetupError
from promptflow.laboratory import Laboratory
from promptflow.purging import NOTHING, plan_purge
from promptflow.records import GenerationStatus
from promptflow.settings import read_settings
from tests.archive.installation import (
    DENIED,
    NO_BUCKET,
    HandClock,
    Installation,
    generate,
    pictures,
)
from tests.archive.test_kills import run

DEATHS = 10
SECRETS = "SELECT 1 FROM {} WHERE {} LIKE '%lighthouse%'"
WORDS = (
    *(("generations", name) for name in ("title", "request", "note")),
    *(("stages", name) for name in ("output", "reasoning", "plan")),
    ("prompts", "text"),
    ("texts_fts_terms", "term"),
)


def later(lab: Laboratory) -> datetime:
    """Return a moment before which everything was deleted."""
    return lab.now() + timedelta(seconds=1)


def worded(kept: Installation) -> list[tuple[str, str]]:
    """Return the columns in which words of the request are left."""
    return [place for place in WORDS if kept.rows(SECRETS.format(*place))]


def spent(kept: Installation) -> list[tuple[object, ...]]:
    """Return what was called, and what it cost."""
    return kept.rows("SELECT * FROM daily_spend ORDER BY day, kind, model")


def stored_anywhere(kept: Installation) -> set[str]:
    """Return the keys of all objects, wherever they are."""
    return {*kept.here("."), *kept.here("outbox"), *kept.stored()}


@pytest.mark.parametrize("place", ["local", "outbox", "b2"])
def test_a_purge_takes_objects_rows_and_words_and_leaves_the_books(
    kept: Installation, place: str
) -> None:
    """Of a deleted generation nothing is left but what it cost; its neighbour is untouched."""
    lab = kept.open(variables=NO_BUCKET if place == "local" else None)
    if place == "outbox":
        kept.refuse_uploads()
    own, other = generate(lab), generate(lab)
    lab.archive.settle(timeout_s=30)
    kept.accept()
    lab.organiser.label(
        "generation", own, title="A lighthouse", note="lighthouse", tags=["lighthouse"]
    )
    neighbour = {key for key in stored_anywhere(kept) if other in key}
    before = spent(kept)
    lab.organiser.delete("generation", own)
    kept.change(
        "UPDATE generations SET title = 'x', request = 'x' WHERE id = ?", other
    )  # so that no other words are like it
    kept.change(
        "UPDATE stages SET output = '', plan = NULL, reasoning = '' WHERE generation_id = ?", other
    )
    kept.change("UPDATE prompts SET text = 'x' WHERE generation_id = ?", other)

    planned = plan_purge(lab.ledger, before=later(lab))
    done = lab.archive.purge(later(lab))

    assert planned == done
    assert (done.generations, done.pictures, done.thumbnails) == (1, 2, 2)
    assert {name: objects for name, (objects, _) in done.places.items()} == {place: 4}
    assert done.size_bytes > 0
    assert stored_anywhere(kept) == neighbour == set(kept.recorded())
    assert worded(kept) == []
    assert kept.rows("SELECT * FROM generation_tags") == []
    assert spent(kept) == before
    assert plan_purge(lab.ledger, before=later(lab)) == NOTHING
    with pytest.raises(
        DeletedGenerationError, match="what is left of it is what it cost"
    ) as caught:
        lab.look_up(own)
    assert caught.value.is_purged
    with pytest.raises(LedgerError, match="can't be brought back"):
        lab.organiser.restore("generation", own)
    assert lab.look_up(other)[1].status is GenerationStatus.SUCCEEDED
    assert kept.rows("PRAGMA foreign_key_check") == []


def test_a_deleted_picture_alone_goes(kept: Installation) -> None:
    """Its generation stays, with its words and its other picture."""
    lab = kept.open(variables=NO_BUCKET)
    own = generate(lab)
    lab.archive.settle(timeout_s=30)
    first, second = pictures(lab, own)
    lab.organiser.delete("picture", first.asset_id)

    done = lab.archive.purge(later(lab))

    assert (done.generations, done.pictures, done.thumbnails) == (0, 1, 1)
    assert [one.asset_id for one in pictures(lab, own)] == [second.asset_id]
    assert first.key not in kept.here(".")
    assert kept.here(".") == kept.recorded()
    assert lab.organiser.list_deleted_pictures(own) == ()
    assert ("generations", "request") in worded(kept)


def test_what_was_deleted_later_stays(kept: Installation) -> None:
    """Only what was deleted before the moment goes; what was restored meanwhile does not."""
    clock = HandClock()
    lab = kept.open(variables=NO_BUCKET, clock=clock)
    old, restored, young = (generate(lab) for _ in range(3))
    for one in (old, restored):
        lab.organiser.delete("generation", one)
    clock.turn(10 * 86_400)
    lab.organiser.delete("generation", young)
    lab.organiser.restore("generation", restored)

    done = lab.archive.purge(clock.now() - timedelta(days=5))

    assert done.generations == 1
    assert {key.split("/")[1] for key in kept.here(".")} == {restored, young}
    lab.organiser.restore("generation", young)
    assert len(list(pictures(lab, young))) == 2


def test_an_object_that_another_row_needs_stays(kept: Installation) -> None:
    """Two pictures that are the same bytes share an object, which goes with the last of them."""
    lab = kept.open(variables=NO_BUCKET)
    own = generate(lab)
    first, second = pictures(lab, own)
    kept.change(
        "UPDATE assets SET key = ?, sha256 = ? WHERE id = ?",
        first.key,
        first.sha256,
        second.asset_id,
    )
    lab.organiser.delete("picture", first.asset_id)

    lab.archive.purge(later(lab))
    after_one = first.key in kept.here(".")
    lab.organiser.delete("picture", second.asset_id)
    lab.archive.purge(later(lab))

    assert after_one
    assert first.key not in kept.here(".")


def test_words_stay_as_long_as_another_generation_grew_from_them(kept: Installation) -> None:
    """A purged parent loses its pictures at once, and its words with its last child."""
    lab = kept.open(variables=NO_BUCKET)
    parent, child = generate(lab), generate(lab)
    kept.change("UPDATE generations SET parent_id = ? WHERE id = ?", parent, child)
    lab.organiser.delete("generation", parent)

    lab.archive.purge(later(lab))
    words = kept.rows("SELECT request FROM generations WHERE id = ?", parent)
    left = {key.split("/")[1] for key in kept.here(".")}
    assert plan_purge(lab.ledger, before=later(lab)) == NOTHING
    lab.organiser.delete("generation", child)
    done = lab.archive.purge(later(lab))

    assert words != [("",)]
    assert left == {child}
    assert done.generations == 1
    assert worded(kept) == []
    assert kept.rows("PRAGMA foreign_key_check") == []


def test_without_its_bucket_nothing_is_purged(kept: Installation) -> None:
    """What can't be removed keeps its row, and the sentence says what to set."""
    lab = kept.open()
    own = generate(lab)
    lab.archive.settle(timeout_s=30)
    lab.organiser.delete("generation", own)
    kept.close()
    lab = kept.open(variables=NO_BUCKET)
    recorded = kept.recorded()

    with pytest.raises(SetupError, match=r"4 objects .* are in a bucket, but none is set up"):
        lab.archive.purge(later(lab))

    assert kept.recorded() == recorded
    lab.organiser.restore("generation", own)


def test_a_bucket_that_fails_is_gone_on_with(kept: Installation) -> None:
    """A purge that is broken off is told by the doctor, misses nothing, and ends with the next one."""
    lab = kept.open()
    own = generate(lab)
    lab.archive.settle(timeout_s=30)
    lab.organiser.delete("generation", own)
    moment = later(lab)
    kept.front.fail("DELETE", DENIED, times=1_000)

    with pytest.raises(BucketError):
        lab.archive.purge(moment)
    kept.accept()
    found = {
        one.what: one.said for one in examine(read_settings(lab_variables(kept))) if not one.fine
    }
    synced = lab.archive.sync()
    with pytest.raises(LedgerError, match="is about to be"):
        lab.organiser.restore("generation", own)
    lab.archive.purge(datetime(2000, 1, 1, tzinfo=UTC))

    assert list(found) == ["purge"]
    assert "4 objects left. `python -m promptflow purge --yes` goes on with it." in found["purge"]
    assert synced.left.missing == ()
    assert stored_anywhere(kept) == set()
    assert worded(kept) == []


def lab_variables(kept: Installation) -> dict[str, str]:
    """Return how the installation is set up."""
    return {"PROMPTFLOW_DATA_DIR": str(kept.folder), **kept.variables}


def delete_one(kept: Installation) -> str:
    """Make a generation, have it uploaded, and delete it."""
    lab = kept.open()
    own = generate(lab)
    lab.archive.settle(timeout_s=30)
    lab.organiser.delete("generation", own)
    kept.close()
    return own


def test_a_kill_at_any_step_is_gone_on_with(kept: Installation, tmp_path: Path) -> None:
    """Killed over and over, ever later, a purge misses nothing, takes no neighbour, and ends."""
    lab = kept.open()
    neighbour = generate(lab)
    lab.archive.settle(timeout_s=30)
    kept.close()
    pictures_of_neighbour = kept.recorded()
    whole = Installation(folder=tmp_path / "whole", front=kept.front)
    delete_one(whole)
    steps = int(run(whole, "purge", 0).stdout)
    whole.close()

    ends = []
    for number in range(DEATHS):
        delete_one(kept)
        ends.append(run(kept, "purge", 1 + steps * number // DEATHS).returncode)
        lab = kept.open()
        synced = lab.archive.sync()
        found = examine(read_settings(lab_variables(kept)))
        assert synced.left.missing == ()
        assert {one.what for one in found if not one.fine} <= {"purge"}
        lab.archive.purge(later(lab))
        assert kept.recorded() == pictures_of_neighbour
        assert stored_anywhere(kept) == set(pictures_of_neighbour)
        assert [
            one.said for one in examine(read_settings(lab_variables(kept))) if not one.fine
        ] == []
        assert kept.rows("SELECT id FROM generations WHERE request <> ''") == [(neighbour,)]
        kept.close()

    assert ends.count(-signal.SIGKILL) >= DEATHS // 2
