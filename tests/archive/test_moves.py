"""All pictures from one place to the other."""

import pytest

from promptflow.errors import SetupError
from promptflow.inventory import Moved
from promptflow.laboratory import Laboratory
from tests.archive.installation import DENIED, NO_BUCKET, Installation, generate, pictures
from tests.scripted import make_png
from tests.storage.marked import digest


def ignore(_: Moved) -> None:
    """Hear nothing of how far it is."""


def make_local(kept: Installation) -> Laboratory:
    """Make two generations on this machine, with thumbnails; open it again with the bucket."""
    lab = kept.open(variables=NO_BUCKET)
    generate(lab)
    generate(lab)
    lab.archive.settle(timeout_s=30)
    lab.close(timeout_s=0)
    return kept.open()


def test_pictures_go_to_the_bucket_and_back(kept: Installation) -> None:
    """Each is in one place at a time, and the same as it was."""
    lab = make_local(kept)
    before = kept.here(".")

    there = lab.archive.move("b2", ignore)
    left, stored = kept.here("."), kept.stored()
    back = lab.archive.move("local", ignore)

    assert (there.pictures, there.failed, back.pictures, back.failed) == (8, 0, 8, 0)
    assert (left, stored) == ({}, before)
    assert kept.here(".") == before == kept.recorded()
    assert kept.stored() == {}
    assert kept.backends() == {"local"}


def test_it_is_told_how_far_it_is(kept: Installation) -> None:
    """After each picture: how many, and how large."""
    lab = make_local(kept)
    told: list[Moved] = []

    moved = lab.archive.move("b2", told.append)

    assert [one.pictures for one in told] == list(range(1, 9))
    assert told[-1] == moved
    assert moved.size_bytes == kept.rows("SELECT sum(size_bytes) FROM assets")[0][0]


def test_a_bucket_that_fails_breaks_it_off_and_it_goes_on_later(kept: Installation) -> None:
    """What was moved stays moved, the rest isn't tried; the next time does the rest alone."""
    lab = make_local(kept)
    told: list[Moved] = []

    def fail_from_the_third_on(moved: Moved) -> None:
        told.append(moved)
        if moved.pictures == 2:
            kept.front.fail("PUT", DENIED, times=1_000)

    first = lab.archive.move("b2", fail_from_the_third_on)
    between = len(kept.here(".")), len(kept.stored())
    kept.accept()
    second = lab.archive.move("b2", ignore)

    assert (first.pictures, first.failed, first.broken_off) == (2, 1, True)
    assert "may not write" in first.trouble
    assert between == (6, 2)
    assert (second.pictures, second.failed) == (6, 0)
    assert kept.stored() == kept.recorded()
    assert kept.here(".") == {}


def test_an_object_that_was_changed_stays_where_it_is(kept: Installation) -> None:
    """What isn't the picture that was stored is refused and told, and the others go."""
    lab = make_local(kept)
    lab.archive.move("b2", ignore)
    asset = next(pictures(lab, lab.list_generations()[0].generation_id))
    other = make_png(99)
    kept.bucket._client.put_object(
        Bucket=kept.bucket.settings.bucket,
        Key=asset.key,
        Body=other,
        Metadata={"sha256": digest(other)},
    )

    moved = lab.archive.move("local", ignore)

    assert (moved.pictures, moved.failed, moved.broken_off) == (7, 1, False)
    assert "was changed after it was stored" in moved.trouble
    assert not (kept.folder / asset.key).exists()
    assert kept.rows("SELECT key FROM assets WHERE backend = 'b2'") == [(asset.key,)]


def test_a_row_that_is_damaged_stays_where_it_is(kept: Installation) -> None:
    """A key that is none, and a hash that is another's, are refused and told; the others go."""
    lab = make_local(kept)
    lab.archive.move("b2", ignore)
    ids = [str(row[0]) for row in kept.rows("SELECT id FROM assets ORDER BY id LIMIT 2")]
    kept.change("UPDATE assets SET key = 'x' WHERE id = ?", ids[0])
    kept.change("UPDATE assets SET sha256 = ? WHERE id = ?", "0" * 64, ids[1])

    moved = lab.archive.move("local", ignore)

    assert (moved.pictures, moved.failed) == (6, 2)
    assert len(kept.here(".")) == 6


def test_what_waits_in_the_outbox_is_moved_too(kept: Installation) -> None:
    """Without a bucket, too: it is on this machine."""
    lab = kept.open()
    kept.refuse_uploads()
    generate(lab)
    lab.archive.settle(timeout_s=30)
    lab.close(timeout_s=0)

    moved = kept.open(variables=NO_BUCKET).archive.move("local", ignore)

    assert (moved.pictures, moved.failed) == (4, 0)
    assert kept.here(".") == kept.recorded()
    assert kept.here("outbox") == {}


def test_without_a_bucket_nothing_is_moved_there(kept: Installation) -> None:
    """It is told which variables are missing."""
    lab = kept.open(variables=NO_BUCKET)

    with pytest.raises(
        SetupError, match=r"Nothing was moved, because no bucket is set up\. Set B2_"
    ):
        lab.archive.move("b2", ignore)
