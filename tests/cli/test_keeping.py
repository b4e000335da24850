"""The commands for where things are kept: what they say, and how they end."""

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from tests.archive.installation import DENIED, Installation
from tests.cli.finished import Finished
from tests.processes import run_cli
from tests.storage.conftest import front, s3_server
from tests.wire.b2_front import B2Front

__all__ = ["front", "s3_server"]


@pytest.fixture
def kept(front: B2Front, tmp_path: Path) -> Installation:
    """An installation with an empty bucket, nothing in it yet."""
    return Installation(folder=tmp_path / "data", front=front)


def generate(kept: Installation, *, local: bool = False) -> str:
    """Make a generation with the command line, and return its id."""
    arguments = ("generate", "A kite", "--json")
    done = run_cli(kept.folder, *arguments) if local else kept.run(*arguments)
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout)["generation_id"])


def last_line(stderr: bytes) -> str:
    """Return what was said last."""
    return stderr.decode().splitlines()[-1]


def test_links_are_freshly_signed_or_files(kept: Installation, finished: Finished) -> None:
    """Each picture of the document has a `url`: signed for the bucket, a file on this machine."""
    uploaded = kept.run("show", generate(kept), "--json", "--links")
    local = run_cli(finished.folder, "show", finished.generation_id, "--json", "--links")

    (run, *_) = json.loads(uploaded.stdout)["runs"]
    assert (
        f"{kept.front.endpoint}/{kept.bucket.settings.bucket}/generations/"
        in run["images"][0]["url"]
    )
    assert "X-Amz-Signature=" in run["images"][0]["url"]
    asked = parse_qs(urlsplit(run["images"][0]["url"]).query)
    assert asked["response-content-type"] == ["image/png"]
    assert asked["response-content-disposition"] == [
        f'attachment; filename="a-kite-{run["image_model"]}-1.png"'
    ]
    (run, *_) = json.loads(local.stdout)["runs"]
    path = Path(unquote(urlsplit(run["images"][0]["url"]).path))
    assert run["images"][0]["url"].startswith("file:///")
    assert len(path.read_bytes()) == run["images"][0]["size_bytes"]


def test_links_without_json_are_refused(finished: Finished) -> None:
    """The option belongs to the document."""
    done = run_cli(finished.folder, "show", finished.generation_id, "--links")

    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == b"--links goes with --json; write both.\n"


def test_a_command_says_what_stays_in_the_outbox(kept: Installation) -> None:
    """A generation succeeds though the bucket doesn't take it; `sync` says the same, then uploads."""
    kept.refuse_uploads()

    made = kept.run("generate", "A kite")
    tried = kept.run("sync")
    kept.accept()
    done = kept.run("sync")
    again = kept.run("sync")

    assert made.returncode == 0
    assert (
        "4 objects kept in the outbox, to be uploaded later. 'generations/" in made.stderr.decode()
    )
    assert "may not write there" in made.stderr.decode()
    assert tried.returncode == 1
    assert "0 objects uploaded.\n" in tried.stderr.decode()
    assert (done.returncode, last_line(done.stderr)) == (0, "4 objects uploaded.")
    assert (again.returncode, last_line(again.stderr)) == (0, "0 objects uploaded.")
    assert kept.front.key not in (made.stderr + tried.stderr).decode()
    assert kept.stored() == kept.recorded()


def test_sync_tells_what_is_nowhere(kept: Installation) -> None:
    """A lost picture is named, with exit code 1, and what can be mended is mended."""
    generate(kept)
    lost, found = sorted(kept.recorded())[:2]
    kept.bucket.delete(lost)
    kept.change("UPDATE assets SET backend = 'local' WHERE key = ?", found)

    done = kept.run("sync")

    assert done.returncode == 1
    assert done.stderr.decode().splitlines() == [
        "0 objects uploaded, 1 object put in order.",
        f"1 picture recorded but nowhere to be found, the first is {lost!r}. Bring them back from a "
        "backup.",
    ]


def test_pictures_in_a_bucket_that_is_not_set_up_are_told(kept: Installation) -> None:
    """`sync` doesn't say that all is there where nobody can say so."""
    generate(kept)

    done = run_cli(kept.folder, "sync")

    assert done.returncode == 1
    assert last_line(done.stderr) == (
        "4 objects in a bucket, but none is set up, so nobody can say whether they are there. Set the "
        "B2_ variables to those they were uploaded with."
    )


def test_an_outbox_without_a_bucket_is_told(kept: Installation) -> None:
    """Where the variables are gone, `sync` and the doctor say what to do with what waits."""
    kept.refuse_uploads()
    generate(kept)

    done = run_cli(kept.folder, "sync")
    doctor = run_cli(kept.folder, "doctor")
    moved = run_cli(kept.folder, "migrate-storage", "--to", "local")
    after = run_cli(kept.folder, "doctor")

    assert done.returncode == 1
    assert "4 objects in the outbox, but no bucket is set up." in done.stderr.decode()
    assert (
        "bad  outbox: 4 objects to be uploaded, but no bucket is set up." in doctor.stdout.decode()
    )
    assert (moved.returncode, last_line(moved.stderr)[:10]) == (0, "4 objects,")
    assert after.returncode == 0


def test_pictures_are_moved_there_and_back(kept: Installation) -> None:
    """How many and how large is told; what can't be moved is told, and the command goes on later."""
    generate(kept, local=True)
    there = kept.run("migrate-storage", "--to", "b2")
    kept.front.fail("GET", DENIED, times=1_000)
    broken = kept.run("migrate-storage", "--to", "local")
    kept.accept()
    back = kept.run("migrate-storage", "--to", "local")

    assert there.returncode == back.returncode == 0
    assert re.fullmatch(r"4 objects, [\d.]+ [kM]B, moved to b2\.", last_line(there.stderr))
    assert re.fullmatch(r"4 objects, [\d.]+ [kM]B, moved to local\.", last_line(back.stderr))
    assert broken.returncode == 1
    assert (
        "1 object could not be moved. Broken off; the same command goes on"
        in broken.stderr.decode()
    )
    assert kept.here(".") == kept.recorded()
    assert kept.stored() == {}


NO_BUCKET_SET = (
    "because no bucket is set up. Set B2_APPLICATION_KEY_ID, B2_APPLICATION_KEY, B2_BUCKET_NAME and "
    "B2_REGION."
)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("migrate-storage", "--to", "b2"), f"Nothing was moved, {NO_BUCKET_SET}"),
        (("backup",), f"Nothing was saved, {NO_BUCKET_SET}"),
        (("restore",), f"There are no snapshots, {NO_BUCKET_SET}"),
        (("restore", "--list"), f"There are no snapshots, {NO_BUCKET_SET}"),
    ],
)
def test_without_a_bucket_it_is_told_what_to_set(
    shared: Path, arguments: tuple[str, ...], said: str
) -> None:
    """What needs a bucket ends in exit code 1 and one line."""
    done = run_cli(shared, *arguments)

    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode() == f"{said}\n"


@pytest.mark.parametrize("to", ["", "s3", "B2", "../b2"])
def test_a_wrong_place_is_refused(shared: Path, to: str) -> None:
    """It is told which there are."""
    done = run_cli(shared, "migrate-storage", "--to", to)

    assert done.returncode == 2
    assert "'b2', 'local'" in done.stderr.decode()
    assert len(done.stderr.decode().splitlines()) == 1


def test_a_ledger_is_saved_and_brought_back(kept: Installation) -> None:
    """What was saved is listed newest first; a lost ledger comes back, and the doctor is content."""
    empty = kept.run("backup")
    nothing = kept.run("restore")
    generation_id = generate(kept)
    saved = kept.run("backup")
    listed = kept.run("restore", "--list")
    unknown = kept.run("restore", "snapshots/x/y.db.gz")
    for path in kept.folder.glob("promptflow.db*"):
        path.unlink()

    restored = kept.run("restore")

    assert (empty.returncode, empty.stderr) == (
        0,
        b"Nothing is recorded yet, so nothing was saved.\n",
    )
    assert nothing.returncode == 2
    assert nothing.stderr == b"There is no snapshot in the bucket. `backup` makes one.\n"
    key = last_line(saved.stderr).removeprefix("Saved ").partition(",")[0]
    assert listed.stdout.decode().splitlines()[0].startswith(f"{key}  ")
    assert len(listed.stdout.decode().splitlines()) == len(kept.snapshots())
    assert unknown.returncode == 2
    assert "There is no snapshot 'snapshots/x/y.db.gz'." in unknown.stderr.decode()
    assert (restored.returncode, restored.stderr.decode()) == (0, f"Restored {key}.\n")
    assert kept.rows("SELECT id FROM generations") == [(generation_id,)]
    doctor = kept.run("doctor")
    assert doctor.returncode == 0, doctor.stdout


def test_a_newer_ledger_is_never_replaced(kept: Installation) -> None:
    """It is told that it is newer; the same ledger is moved aside, and it is told where."""
    generate(kept)
    key = kept.snapshots()[-1]
    same = kept.run("restore", key)
    newer = generate(kept)

    refused = kept.run("restore", key)

    assert same.returncode == 0
    assert f"The ledger that was there is now '{kept.folder}/promptflow.db.before-" in (
        same.stderr.decode()
    )
    assert refused.returncode == 1
    assert "was changed after this copy of it was taken" in refused.stderr.decode()
    with closing(sqlite3.connect(kept.folder / "promptflow.db")) as connection:
        assert (newer,) in connection.execute("SELECT id FROM generations").fetchall()


def test_the_doctor_names_another_server_and_what_nobody_knows(kept: Installation) -> None:
    """It says where pictures go, and removes objects without a row only when asked."""
    generate(kept)
    key = min(kept.stored())
    kept.change("DELETE FROM uploads")
    kept.change("DELETE FROM assets WHERE role = 'thumbnail'")

    told = kept.run("doctor")
    pruned = kept.run("doctor", "--prune")
    after = kept.run("doctor")

    assert told.returncode == 1
    assert f"{kept.front.endpoint}" in told.stdout.decode()
    assert "bad  unrecorded: 2 objects of " in told.stdout.decode()
    assert pruned.returncode == after.returncode == 0
    assert "ok   unrecorded: 2 objects removed" in pruned.stdout.decode()
    assert key in kept.stored()
    assert kept.stored() == kept.recorded()
