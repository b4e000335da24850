"""The ledger is saved to the bucket and comes back from it."""

import gzip
import logging
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from promptflow.backups import Backups
from promptflow.clock import Clock
from promptflow.errors import LedgerError, SetupError
from promptflow.laboratory import Laboratory
from promptflow.ledger import SqliteLedger
from promptflow.ledger.database import LedgerFile
from promptflow.ledger.snapshots import put_back, take_snapshot
from promptflow.settings import ROOT
from tests.archive.installation import DENIED, HandClock, Installation, generate
from tests.datasette.serving import serve_app
from tests.processes import environ_for, run_cli
from tests.storage.marked import digest
from tests.storage.tiny_disk import run_on_tiny_disk
from tests.wire.b2_front import S3Fault


def settle(lab: Laboratory) -> None:
    """Let a round of the housekeeping pass."""
    assert lab.archive.settle(timeout_s=30) is not None


def lose_the_disk(kept: Installation) -> None:
    """Let the folder be as new."""
    kept.close()
    shutil.rmtree(kept.folder)


def ids(lab: Laboratory) -> list[str]:
    """Return the generations of a ledger."""
    return [one.generation_id for one in lab.list_generations()]


def test_a_change_is_saved_at_most_every_60_seconds(kept: Installation) -> None:
    """Not before a minute has passed, then once; and not again without another change."""
    clock = HandClock()
    lab = kept.open(clock=clock)
    generate(lab)
    settle(lab)
    settle(lab)
    counts = [len(kept.snapshots())]
    for seconds in (59, 1, 60):
        clock.turn(seconds)
        settle(lab)
        settle(lab)
        counts.append(len(kept.snapshots()))
    clock.turn(1)
    generate(lab)
    settle(lab)
    settle(lab)
    counts.append(len(kept.snapshots()))

    assert counts == [0, 0, 1, 1, 2]


def test_the_end_of_a_process_saves_what_changed(kept: Installation) -> None:
    """A snapshot is taken at stop; a process that only looked takes none."""
    lab = kept.open()
    generate(lab)
    lab.close(timeout_s=30)
    lab.ledger.close()
    first = kept.snapshots()

    looker = kept.open()
    assert ids(looker)
    looker.close(timeout_s=30)

    assert len(first) == 1
    assert kept.snapshots() == first


def test_a_server_that_is_told_to_stop_saves_what_changed(kept: Installation) -> None:
    """SIGTERM, with which hosts stop an app, ends the server in order, the ledger in the bucket."""
    kept.folder.mkdir()
    with serve_app(kept.folder, "promptflow/server.py", **kept.variables) as address:
        with pytest.raises(HTTPError, match="503"):
            urlopen(f"{address}/datasette/")  # noqa: S310 - our own address
        assert run_cli(kept.folder, "generate", "A kite").returncode == 0
        assert kept.snapshots() == []

    assert len(kept.snapshots()) == 1


def test_the_newest_20_of_a_series_are_kept(kept: Installation) -> None:
    """The oldest go; those of another ledger stay."""
    clock = HandClock()
    lab = kept.open(clock=clock)
    generate(lab)
    other = "snapshots/another-ledger/20260101T000000.000000Z.db.gz"
    kept.bucket.put(other, b"x", mime="application/gzip", sha256=digest(b"x"))
    keys = []
    for _ in range(23):
        clock.turn(1)
        saved = lab.archive.back_up()
        assert saved is not None
        keys.append(saved.key)

    assert kept.snapshots() == sorted([other, *keys[-20:]])


def test_a_key_that_may_not_remove_still_saves_once(
    kept: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the oldest can't be removed that is logged, and the same isn't saved over and over."""
    clock = HandClock()
    lab = kept.open(clock=clock)
    generate(lab)
    settle(lab)
    for _ in range(20):
        clock.turn(1)
        assert lab.archive.back_up()
    kept.front.fail("DELETE", DENIED, times=1_000)
    generate(lab)
    clock.turn(61)

    with caplog.at_level(logging.WARNING, logger="promptflow.backups"):
        settle(lab)
        settle(lab)
    clock.turn(61)
    settle(lab)

    assert len(kept.snapshots()) == 21
    assert "The oldest snapshots stay" in caplog.text


def test_a_start_without_a_ledger_brings_it_back(kept: Installation) -> None:
    """On a disk that didn't last, generations and pictures are there again at the next start."""
    lab = kept.open()
    before = generate(lab)
    lab.close(timeout_s=30)
    lose_the_disk(kept)

    again = kept.open()

    assert ids(again) == [before]
    view = again.look_up(before)[1]
    assert [again.gallery.read_picture(image.asset) for run in view.runs for image in run.images]
    assert kept.backends() == {"b2"}
    again.archive.sync()
    assert again.archive.take_inventory().missing == ()


def test_what_was_saved_before_its_upload_was_recorded_is_mended(kept: Installation) -> None:
    """A snapshot may say that a picture waits which is in the bucket by now: it is read from there."""
    lab = kept.open()
    kept.refuse_uploads()
    generation_id = generate(lab)
    settle(lab)
    kept.accept()
    lab.archive.back_up()
    lab.archive.sync()
    lab.archive._backups = None
    lab.archive._housekeeper._backups = None
    lose_the_disk(kept)

    again = kept.open()

    waiting = again.ledger.assets.read_waiting().pictures
    view = again.look_up(generation_id)[1]
    assert waiting == 4
    assert [again.gallery.read_picture(image.asset) for run in view.runs for image in run.images]
    puts = kept.front.count("PUT")
    assert again.archive.sync().tidied.uploads == 4
    assert kept.front.count("PUT") == puts
    assert kept.backends() == {"b2"}


@pytest.mark.parametrize("damage", ["no gzip", "cut off", "bits", "no ledger", "newer"])
def test_a_damaged_snapshot_is_passed_over(kept: Installation, damage: str) -> None:
    """The one before is restored, and the start doesn't fail."""
    lab = kept.open()
    before = generate(lab)
    saved = lab.archive.back_up()
    assert saved is not None
    whole = kept.bucket.get(saved.key)
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 0xFF
    newer = bytearray(gzip.decompress(whole)).replace(
        b"m001_create_records", b"m999_create_records"
    )
    broken = {
        "no gzip": b"what is this",
        "cut off": whole[:-200],
        "bits": bytes(flipped),
        "no ledger": gzip.compress(b"no ledger" * 1000),
        "newer": gzip.compress(bytes(newer)),
    }[damage]
    key = f"{saved.key.rpartition('/')[0]}/20990101T000000.000000Z.db.gz"
    kept.bucket.put(key, broken, mime="application/gzip", sha256=digest(broken))
    lab.archive._backups = None
    lab.archive._housekeeper._backups = None
    lose_the_disk(kept)

    again = kept.open()

    assert ids(again) == [before]


@pytest.mark.parametrize("fault", ["denied", "refused", "busy"])
def test_a_bucket_out_of_reach_does_not_keep_the_app_from_starting(
    kept: Installation, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It begins anew and says so in the log; what was saved of the old ledger isn't pushed out."""
    lab = kept.open()
    generate(lab)
    lab.close(timeout_s=30)
    saved = kept.snapshots()
    lose_the_disk(kept)
    variables = dict(kept.variables)
    if fault == "denied":
        kept.front.fail("GET", DENIED, times=5)
    elif fault == "busy":
        kept.front.fail("GET", S3Fault(code="SlowDown"), times=1)
    else:
        variables["S3_ENDPOINT_URL"] = "http://127.0.0.1:9"

    again = kept.open(variables=variables)

    assert ids(again) == []
    assert "was not brought back" in caplog.text
    kept.accept()
    anew = kept.open()
    generate(anew)
    for _ in range(22):
        anew.archive.back_up()
    assert set(saved) <= set(kept.snapshots())


def test_a_restore_never_replaces_a_newer_ledger(kept: Installation) -> None:
    """A ledger that was changed after the snapshot stays, and it is told when and what to do."""
    lab = kept.open()
    generate(lab)
    saved = lab.archive.back_up()
    assert saved is not None
    newer = generate(lab)
    kept.close()

    with pytest.raises(LedgerError, match="was changed after this copy of it was taken"):
        kept.open().archive.restore(saved)

    assert newer in ids(kept.open())


def test_a_restore_never_drops_what_was_imported(kept: Installation) -> None:
    """A generation that is older than the snapshot, and came after it, counts as well."""
    lab = kept.open()
    generate(lab)
    settle(lab)
    saved = lab.archive.back_up()
    assert saved is not None
    kept.close()
    columns = [str(row[1]) for row in kept.rows("PRAGMA table_info(generations)")]
    taken = ", ".join("'old-one'" if name == "id" else name for name in columns)
    kept.change(f"INSERT INTO generations SELECT {taken} FROM generations")  # noqa: S608

    with pytest.raises(LedgerError, match="has generations that this copy has not"):
        kept.open().archive.restore(saved)

    assert ("old-one",) in kept.rows("SELECT id FROM generations")


def test_a_ledger_that_is_open_elsewhere_is_not_replaced(kept: Installation) -> None:
    """While the app runs it would go on writing into a file that has no name any more."""
    lab = kept.open()
    generate(lab)
    lab.archive.settle(timeout_s=30)
    saved = lab.archive.back_up()
    assert saved is not None

    with pytest.raises(LedgerError, match=r"is open in another process\. Stop the app"):
        kept.open().archive.restore(saved)

    assert list(kept.folder.glob("*.before-*")) == []


def test_the_ledger_that_was_there_is_kept_beside(kept: Installation) -> None:
    """Each restore moves it to a name of its own, also twice within a second."""
    lab = kept.open(clock=HandClock())
    generation_id = generate(lab)
    saved = lab.archive.back_up()
    assert saved is not None
    kept.close()

    aside = []
    for _ in range(2):
        lab = kept.open(clock=HandClock())
        aside.append(lab.archive.restore(saved))
        lab.ledger.close()

    assert [path.name for path in aside if path] == [
        "promptflow.db.before-20261123T120000Z",
        "promptflow.db.before-20261123T120000Z-2",
    ]
    for path in (*aside, kept.folder / "promptflow.db"):
        assert path is not None
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("SELECT id FROM generations").fetchall() == [(generation_id,)]


def test_a_damaged_ledger_is_replaced_and_kept(kept: Installation) -> None:
    """It can't be compared, so it is moved aside as it is."""
    lab = kept.open()
    generation_id = generate(lab)
    saved = lab.archive.back_up()
    assert saved is not None
    kept.close()
    database = kept.folder / "promptflow.db"
    database.write_bytes(b"damaged" * 1000)
    ledger = SqliteLedger(database, clock=Clock())

    aside = Backups(ledger, kept.bucket, clock=Clock()).restore(saved)

    assert aside is not None
    assert aside.read_bytes() == b"damaged" * 1000
    assert kept.rows("SELECT id FROM generations") == [(generation_id,)]


def test_a_log_that_lost_its_ledger_is_not_played_into_a_restored_one(kept: Installation) -> None:
    """What SQLite left beside a database that is gone belongs to nothing any more."""
    lab = kept.open()
    generation_id = generate(lab)
    saved = lab.archive.back_up()
    assert saved is not None
    log = (kept.folder / "promptflow.db-wal").read_bytes()
    kept.close()
    (kept.folder / "promptflow.db").unlink()
    (kept.folder / "promptflow.db-wal").write_bytes(log)

    ledger = SqliteLedger(kept.folder / "promptflow.db", clock=Clock())
    Backups(ledger, kept.bucket, clock=Clock()).restore(saved)

    assert len(log) > 100_000
    assert not (kept.folder / "promptflow.db-wal").exists()
    assert kept.rows("PRAGMA integrity_check") == [("ok",)]
    assert kept.rows("SELECT id FROM generations") == [(generation_id,)]


def test_a_snapshot_in_the_middle_of_writing_is_whole(tmp_path: Path) -> None:
    """While another thread writes, each copy is one moment: both rows of a transaction or none."""
    path = tmp_path / "ledger.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("PRAGMA journal_mode=WAL; CREATE TABLE pairs (id, half)")
    over = threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(path, timeout=30)) as connection:
            number = 0
            while not over.is_set():
                with connection:
                    for half in "ab":
                        row = (number, half * 2_000)
                        connection.execute("INSERT INTO pairs VALUES (?, ?)", row)
                number += 1

    writer = threading.Thread(target=write)
    writer.start()
    counts = []
    try:
        for number in range(12):
            take_snapshot(LedgerFile(path=path), tmp_path / f"copy-{number}")
            with closing(sqlite3.connect(tmp_path / f"copy-{number}")) as connection:
                counts.append(connection.execute("SELECT count(*) FROM pairs").fetchone()[0])
                assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    finally:
        over.set()
        writer.join()

    assert [count % 2 for count in counts] == [0] * 12
    assert counts == sorted(counts)
    assert counts[-1] > counts[0]


def test_a_copy_that_is_no_ledger_is_not_put_back(tmp_path: Path) -> None:
    """What can't be read is refused, and what was there is untouched."""
    there, copy = tmp_path / "ledger.db", tmp_path / "copy"
    there.write_bytes(b"there")
    copy.write_bytes(b"no ledger" * 1000)

    with pytest.raises(SetupError, match="The copy of the ledger is damaged"):
        put_back(LedgerFile(path=there), copy, now=datetime.now(UTC))

    assert there.read_bytes() == b"there"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs the peak from /proc")
def test_memory_stays_flat_with_a_large_ledger(kept: Installation) -> None:
    """A ledger of 60 MB that can't be compressed is saved and brought back a piece at a time."""
    lab = kept.open()
    generate(lab)
    kept.close()
    script = f"""
import re, sqlite3
from pathlib import Path
from promptflow.backups import Backups
from promptflow.clock import Clock
from promptflow.ledger import SqliteLedger
from promptflow.settings import read_settings
from promptflow.storage.b2 import B2Bucket
settings = read_settings({{"PROMPTFLOW_DATA_DIR": {str(kept.folder)!r}, **{kept.variables!r}}})
bucket = B2Bucket(settings.bucket)
ledger = SqliteLedger(settings.database, clock=Clock())
backups = Backups(ledger, bucket, clock=Clock())
backups.save()
def peak_kb():
    return int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1])
before = peak_kb()
connection = sqlite3.connect(settings.database)
connection.execute("CREATE TABLE filler (data)")
for _ in range(60):
    connection.execute("INSERT INTO filler VALUES (randomblob(1000000))")
    connection.commit()
connection.close()
saved = backups.save()
settings.database.rename(settings.database.with_name("lost.db"))
backups.restore(saved)
after = peak_kb()
print(saved.size_bytes, after - before)
"""  # noqa: S608 - it makes a table

    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=environ_for(kept.folder),
        check=True,
        capture_output=True,
        text=True,
    )

    size_bytes, grown_kb = map(int, done.stdout.split())
    assert size_bytes > 55_000_000
    assert grown_kb < 25_000
    assert kept.rows("SELECT count(*) FROM filler") == [(60,)]


ON_TINY_DISK = """
import subprocess, sys
from pathlib import Path
from promptflow.backups import Backups
from promptflow.clock import Clock
from promptflow.errors import PromptflowError
from promptflow.ledger import SqliteLedger
from promptflow.settings import read_settings
from promptflow.storage.b2 import B2Bucket
from tests.ledger.scripted_flow import rich_flow
folder = Path(sys.argv[1])
ledger = SqliteLedger(folder / "promptflow.db", clock=Clock())
ledger.prepare()
for event in rich_flow():
    ledger.record(event)
backups = Backups(ledger, B2Bucket(read_settings(VARIABLES).bucket), clock=Clock())
for attempt in range(2):
    try:
        backups.save()
    except PromptflowError as error:
        print("said", error.message)
print("left", [path.name for path in folder.iterdir() if path.name.startswith(".snapshot")])
subprocess.run(["mount", "-o", "remount,size=20m", sys.argv[1]], check=True)
print("later", backups.save() is not None)
"""


def test_a_full_disk_is_told_and_the_next_snapshot_is_whole(
    kept: Installation, tmp_path: Path
) -> None:
    """Nothing is left behind where the copy didn't fit, and with some room it is saved."""
    script = ON_TINY_DISK.replace("VARIABLES", repr(kept.variables))

    told = run_on_tiny_disk(tmp_path / "disk", script, size="1200k")

    said = [line for line in told.splitlines() if line.startswith("said ")]
    assert len(said) == 2
    assert all("full" in line or "No space left" in line for line in said)
    assert "left []" in told
    assert "later True" in told
    assert len(kept.snapshots()) == 1
