"""What is stored and what is recorded are compared, and mended where that can be done."""

import hashlib
from pathlib import Path

import pytest

from promptflow.doctor import Finding, examine
from promptflow.housekeeping import hold
from promptflow.laboratory import Laboratory
from promptflow.settings import read_settings
from tests.archive.installation import Installation, generate, pictures
from tests.scripted import make_png
from tests.storage.marked import digest

STRANGE = "generations/another-one/output/painter-1/{}.png"


def examine_it(kept: Installation, *, prune: bool = False) -> dict[str, Finding]:
    """Ask the doctor."""
    settings = read_settings({"PROMPTFLOW_DATA_DIR": str(kept.folder), **kept.variables})
    return {finding.what: finding for finding in examine(settings, prune=prune)}


def complaints(kept: Installation) -> dict[str, str]:
    """Return what the doctor doesn't like."""
    return {what: one.said for what, one in examine_it(kept).items() if not one.fine}


def make_uploaded(kept: Installation) -> tuple[Laboratory, str]:
    """Make a generation all of which is in the bucket."""
    lab = kept.open()
    generation_id = generate(lab)
    lab.archive.settle(timeout_s=30)
    assert kept.backends() == {"b2"}
    return lab, generation_id


def put_strange(kept: Installation, *, here: bool) -> str:
    """Store a picture that no row knows, and return its key."""
    data = make_png(7)
    key = STRANGE.format(digest(data)[:16])
    if here:
        path = kept.folder / "outbox" / key
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
    else:
        kept.bucket.put(key, data, mime="image/png", sha256=digest(data))
    return key


def test_what_was_uploaded_is_fine(kept: Installation) -> None:
    """After a flow with a bucket the doctor has nothing to say, and leaves all as it is."""
    make_uploaded(kept)
    before = kept.stored()

    said = complaints(kept)

    assert said == {}
    assert kept.stored() == before


def test_the_doctor_uploads_nothing(kept: Installation) -> None:
    """It tells what waits, and why; it is `sync` that uploads."""
    lab = kept.open()
    kept.refuse_uploads()
    generate(lab)
    lab.archive.settle(timeout_s=30)
    kept.accept()

    said = complaints(kept)

    assert list(said) == ["outbox"]
    assert said["outbox"].startswith("4 objects to be uploaded. The last try: ")
    assert kept.stored() == {}


def test_a_picture_that_lies_elsewhere_is_found(kept: Installation) -> None:
    """A row that names the wrong place is set right, and nothing is uploaded again."""
    lab, _ = make_uploaded(kept)
    kept.change("UPDATE assets SET backend = 'local'")
    puts = kept.front.count("PUT")

    synced = lab.archive.sync()

    assert synced.mended == 4
    assert synced.left.missing == ()
    assert kept.backends() == {"b2"}
    assert kept.front.count("PUT") == puts
    assert complaints(kept) == {}


def test_a_picture_that_is_nowhere_is_told(kept: Installation) -> None:
    """An object that somebody removed from the bucket is named, and the row stays."""
    lab, generation_id = make_uploaded(kept)
    lost = next(pictures(lab, generation_id))
    kept.bucket.delete(lost.key)

    synced = lab.archive.sync()

    assert [asset.key for asset in synced.left.missing] == [lost.key]
    assert repr(lost.key) in complaints(kept)["pictures"]
    assert lost.key in kept.recorded()


def test_what_lies_about_besides_is_removed(kept: Installation) -> None:
    """Copies in places that the ledger doesn't name go, and those it names stay."""
    lab, generation_id = make_uploaded(kept)
    for asset in pictures(lab, generation_id):
        path = kept.folder / "outbox" / asset.key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(kept.bucket.get(asset.key))

    said = complaints(kept)
    synced = lab.archive.sync()

    assert said["left-overs"].startswith("2 objects stored in one place too many")
    assert synced.mended == 2
    assert kept.here("outbox") == {}
    assert kept.stored() == kept.recorded()
    assert complaints(kept) == {}


def test_a_copy_that_is_whole_takes_the_place_of_a_damaged_one(kept: Installation) -> None:
    """What lies about is not removed while what is recorded can't be read: it is recorded instead."""
    lab, generation_id = make_uploaded(kept)
    asset = next(pictures(lab, generation_id))
    kept.change("UPDATE assets SET backend = 'local' WHERE id = ?", asset.asset_id)
    damaged = kept.folder / asset.key
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"damaged")

    lab.archive.sync()

    assert kept.backends() == {"b2"}
    assert kept.stored() == kept.recorded()
    assert not damaged.exists()
    assert complaints(kept) == {}


@pytest.mark.parametrize("here", [True, False], ids=["here", "in the bucket"])
def test_what_nobody_knows_is_removed_only_when_asked(kept: Installation, *, here: bool) -> None:
    """The doctor tells it with its size; `sync` leaves it; `--prune` removes it and nothing else."""
    lab, _ = make_uploaded(kept)
    key = put_strange(kept, here=here)

    said = complaints(kept)
    lab.archive.sync()
    still = key in (kept.here("outbox") if here else kept.stored())
    pruned = examine_it(kept, prune=True)["unrecorded"]

    assert said["unrecorded"].startswith("1 object of ")
    assert repr(key) in said["unrecorded"]
    assert still
    assert (pruned.fine, pruned.said.partition(" that")[0]) == (True, "1 object removed")
    assert kept.stored() == kept.recorded()
    assert kept.here("outbox") == {}


def test_a_running_generation_is_left_alone(kept: Installation) -> None:
    """A picture that was just written, and whose row is to come, is neither told nor removed."""
    lab, generation_id = make_uploaded(kept)
    kept.change("UPDATE generations SET status = 'running', owner = ?", lab.ledger.owner)
    data = make_png(9)
    path = (
        kept.folder / f"outbox/generations/{generation_id}/output/painter/{digest(data)[:16]}.png"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)

    removed = lab.archive.prune()
    found = lab.archive.take_inventory()

    assert removed == ()
    assert found.unrecorded == ()
    assert path.exists()


def test_what_a_writer_left_half_written_is_removed(kept: Installation) -> None:
    """Parts of files go with `sync`, but those of a running generation."""
    lab, generation_id = make_uploaded(kept)
    parts = [make_part(kept.folder, one) for one in (generation_id, "another-one")]

    lab.archive.sync()

    assert [path.exists() for path in parts] == [False, False]


def make_part(folder: Path, generation_id: str) -> Path:
    """Leave half a file."""
    path = folder / f"outbox/generations/{generation_id}/thumbnail/painter/.0123.webp.1.2.part"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"half")
    return path


def test_an_object_that_is_shared_goes_up_once(kept: Installation) -> None:
    """Two rows of one key are both recorded, and its file goes with the last of them."""
    lab = kept.open()
    kept.refuse_uploads()
    asset = next(pictures(lab, generate(lab)))
    lab.archive.settle(timeout_s=30)
    twin = "ffffffff-ffff-7fff-bfff-ffffffffffff"
    columns = [str(row[1]) for row in kept.rows("PRAGMA table_info(assets)")]
    taken = ", ".join("?" if name == "id" else name for name in columns)
    kept.change(
        f"INSERT INTO assets SELECT {taken} FROM assets WHERE id = ?",  # noqa: S608
        twin,
        asset.asset_id,
    )
    kept.accept()
    before = kept.front.count("PUT")

    synced = lab.archive.sync()

    assert synced.tidied.trouble is None
    assert synced.tidied.uploads == 5
    assert kept.front.count("PUT") - before == 4
    assert kept.backends() == {"b2"}
    assert kept.here("outbox") == {}
    assert complaints(kept) == {}


def test_nobody_prunes_while_another_is_at_it(kept: Installation) -> None:
    """An import, an upload or a move under way holds the lock that removing needs."""
    lab, _ = make_uploaded(kept)
    key = put_strange(kept, here=True)

    with hold(kept.folder) as mine:
        seen = hashlib.sha256((kept.folder / "outbox" / key).read_bytes()).hexdigest()
        with hold(kept.folder, wait_s=0.2) as other:
            pass
    removed = lab.archive.prune()

    assert (mine, other) == (True, False)
    assert seen
    assert [stored.key for stored in removed] == [key]
