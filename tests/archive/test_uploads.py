"""The way of a picture: recorded and shown first, then uploaded, whatever the bucket does."""

import hashlib
import http.client
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

import pytest

from promptflow.errors import StorageError
from promptflow.events import FlowFinished, ImageReady
from promptflow.housekeeping import hold, plan_pause
from promptflow.records import GenerationStatus
from promptflow.settings import ROOT
from tests.archive.installation import (
    NO_BUCKET,
    HandClock,
    Installation,
    generate,
    pictures,
)
from tests.processes import environ_for
from tests.scripted import finish, make_request
from tests.wire.b2_front import S3Fault

PATIENCE_S = 30.0


def test_a_picture_is_shown_before_it_is_uploaded(kept: Installation) -> None:
    """While the bucket takes nothing each picture is recorded, can be read and is part of a success."""
    lab = kept.open()
    kept.refuse_uploads()

    events = list(finish(lab, lab.start(make_request())))

    ready = [event.asset for event in events if isinstance(event, ImageReady)]
    assert len(ready) == 2
    assert {asset.backend for asset in ready} == {"outbox"}
    assert [hashlib.sha256(lab.gallery.read_picture(one)).hexdigest() for one in ready] == [
        one.sha256 for one in ready
    ]
    assert isinstance(events[-1], FlowFinished)
    assert events[-1].status is GenerationStatus.SUCCEEDED
    assert kept.stored() == {}


def test_pictures_and_thumbnails_end_in_the_bucket_alone(kept: Installation) -> None:
    """In the end each recorded hash is in the bucket once, and the outbox is empty."""
    lab = kept.open()
    generation_id = generate(lab)

    done = lab.archive.settle(timeout_s=PATIENCE_S)

    assert done is not None
    assert done.trouble is None
    assert kept.backends() == {"b2"}
    assert kept.stored() == kept.recorded()
    assert kept.here("outbox") == {}
    assert sorted(kept.rows("SELECT role, count(*) FROM assets GROUP BY role")) == [
        ("output", 2),
        ("thumbnail", 2),
    ]
    assert kept.rows("SELECT DISTINCT status, number FROM uploads") == [("succeeded", 1)]
    assert [
        hashlib.sha256(lab.gallery.read_picture(one)).hexdigest() == one.sha256
        for one in pictures(lab, generation_id)
    ] == [True, True]


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait until something holds, as long as it may take a background."""
    until_s = time.monotonic() + PATIENCE_S
    while not holds() and time.monotonic() < until_s:
        time.sleep(0.1)


def fetch(url: str) -> tuple[int, bytes, dict[str, str]]:
    """Get an address as a browser does."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    connection.request("GET", f"{parts.path}?{parts.query}")
    answer = connection.getresponse()
    try:
        return (
            answer.status,
            answer.read(),
            {key.lower(): value for key, value in answer.getheaders()},
        )
    finally:
        connection.close()


def test_a_link_gives_the_picture_to_whoever_has_it(kept: Installation) -> None:
    """Its bytes, its type and the file name come over HTTP without any key."""
    lab = kept.open()
    generation_id = generate(lab)
    lab.archive.settle(timeout_s=PATIENCE_S)
    asset = next(pictures(lab, generation_id))

    url = lab.gallery.link(asset, filename="a kite.png")

    assert url is not None
    status, data, headers = fetch(url)
    assert (status, hashlib.sha256(data).hexdigest()) == (200, asset.sha256)
    assert headers["content-type"] == asset.mime
    assert "a kite.png" in unquote(headers["content-disposition"])
    shown = fetch(lab.archive.find_address(asset))
    assert (shown[0], shown[1]) == (200, data)
    assert "content-disposition" not in shown[2]


def test_a_link_stays_the_same_for_half_its_life(kept: Installation) -> None:
    """A browser's cache works, and no link is given out that ends soon."""
    clock = HandClock()
    lab = kept.open(clock=clock, variables=kept.variables | {"IMAGE_URL_TTL_SECONDS": "600"})
    generation_id = generate(lab)
    lab.archive.settle(timeout_s=PATIENCE_S)
    asset = next(pictures(lab, generation_id))
    first = lab.gallery.link(asset)

    clock.turn(299)
    same = lab.gallery.link(asset)
    clock.turn(2)
    # A signature dates itself by the real clock, to the second.
    time.sleep(1.1)
    new = lab.gallery.link(asset)

    assert lab.archive.link_ttl_s == 600
    assert first == same
    assert new != first


def test_what_is_on_this_machine_has_a_file_for_an_address(kept: Installation) -> None:
    """A picture in the outbox has no link; its address is its file."""
    lab = kept.open()
    kept.refuse_uploads()
    asset = next(pictures(lab, generate(lab)))

    address = lab.archive.find_address(asset)

    assert lab.gallery.link(asset) is None
    assert address == (kept.folder / "outbox" / asset.key).as_uri()


FAULTS = {
    "no permission": (S3Fault(status=403, code="AccessDenied"), "may not write"),
    "slow down": (S3Fault(status=503, code="SlowDown"), "is busy (SlowDown)"),
    "trouble of its own": (S3Fault(status=500, code="InternalError"), "trouble of its own"),
    "full": (S3Fault(status=403, code="QuotaExceeded"), "a limit of the account"),
    "reset": (S3Fault(how="reset"), "broke off"),
    "reset in the middle": (S3Fault(how="reset_midway"), "broke off"),
    "no bucket": (S3Fault(status=404, code="NoSuchBucket"), "no bucket of that name"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_bucket_that_fails_costs_nothing(kept: Installation, fault: str) -> None:
    """The run succeeds, the picture stays, the ledger says why, and it goes up later."""
    lab = kept.open()
    kept.front.fail("PUT", FAULTS[fault][0], times=1_000)

    generation_id = generate(lab)
    done = lab.archive.settle(timeout_s=120)

    view = lab.look_up(generation_id)[1]
    assert view.status is GenerationStatus.SUCCEEDED
    assert done is not None
    assert done.is_down
    assert kept.here("outbox") == kept.recorded()
    waiting = lab.ledger.assets.read_waiting()
    assert waiting.pictures == 4
    assert waiting.trouble is not None
    assert FAULTS[fault][1] in waiting.trouble.message
    assert kept.front.key not in waiting.trouble.message
    assert {row[0] for row in kept.rows("SELECT status FROM uploads")} == {"failed"}
    kept.accept()
    synced = lab.archive.sync()
    assert synced.tidied.trouble is None
    assert kept.backends() == {"b2"}
    assert kept.stored() == kept.recorded()
    assert kept.here("outbox") == {}


def test_a_bucket_that_fails_is_logged_once(
    kept: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    """However many pictures wait, a round says once what is wrong, and of which picture."""
    kept.refuse_uploads()
    lab = kept.open()
    generate(lab)
    lab.archive.settle(timeout_s=PATIENCE_S)
    lab.archive.close(timeout_s=0)
    caplog.clear()

    done = kept.open().archive.sync()

    assert done.tidied.trouble is not None
    assert [record.message for record in caplog.records] == [
        f"Not uploaded: {done.tidied.trouble.message}"
    ]


def test_pauses_double_up_to_ten_minutes() -> None:
    """A bucket that fails is asked less and less often."""
    pauses = [plan_pause(failures) for failures in (1, 2, 3, 4, 7, 8, 100)]

    assert pauses == [5, 10, 20, 40, 320, 600, 600]


def test_new_pictures_do_not_hasten_the_next_try(kept: Installation) -> None:
    """After a failure the pause is kept, however much is painted; somebody who waits ends it."""
    lab = kept.open()
    kept.refuse_uploads()
    generate(lab)
    lab.archive.settle(timeout_s=PATIENCE_S)
    before = kept.front.count("PUT")

    generate(lab)
    generate(lab)
    meanwhile = kept.front.count("PUT")
    kept.accept()
    done = lab.archive.settle(timeout_s=PATIENCE_S)

    assert meanwhile == before
    assert done is not None
    assert done.uploads == 12
    assert kept.here("outbox") == {}


def test_what_failed_goes_up_by_itself(kept: Installation) -> None:
    """When the pause is over the background tries again, without being asked."""
    lab = kept.open()
    kept.refuse_uploads()
    generate(lab)
    assert lab.archive.settle(timeout_s=PATIENCE_S)
    kept.accept()

    wait_until(lambda: kept.backends() == {"b2"})

    assert kept.backends() == {"b2"}


def test_one_picture_that_is_lost_does_not_keep_the_others(kept: Installation) -> None:
    """A file that vanished is told with its own sentence, and all else goes up."""
    lab = kept.open()
    kept.refuse_uploads()
    lost = next(pictures(lab, generate(lab)))
    lab.archive.settle(timeout_s=PATIENCE_S)
    (kept.folder / "outbox" / lost.key).unlink()
    kept.accept()

    done = lab.archive.settle(timeout_s=PATIENCE_S)

    assert done is not None
    assert done.trouble is not None
    assert lost.key in done.trouble.message
    assert not done.is_down
    assert kept.rows("SELECT key FROM assets WHERE backend = 'outbox'") == [(lost.key,)]


def test_a_key_that_is_none_does_not_keep_the_others(kept: Installation) -> None:
    """A row with a damaged key ends neither thumbnails nor uploads."""
    lab = kept.open()
    kept.refuse_uploads()
    generate(lab)
    lab.archive.settle(timeout_s=PATIENCE_S)
    kept.change("UPDATE assets SET key = 'x' WHERE id = (SELECT min(id) FROM assets)")
    kept.accept()

    done = lab.archive.settle(timeout_s=PATIENCE_S)

    assert done is not None
    assert done.uploads == 3
    assert not done.is_down


def test_a_picture_is_read_while_it_goes_up(kept: Installation) -> None:
    """Whoever still holds the row of before gets the bytes from the bucket."""
    lab = kept.open()
    kept.refuse_uploads()
    asset = next(pictures(lab, generate(lab)))
    kept.accept()
    lab.archive.sync()

    data = lab.gallery.read_picture(asset)

    assert asset.backend == "outbox"
    assert hashlib.sha256(data).hexdigest() == asset.sha256


def test_without_its_bucket_what_is_here_can_still_be_seen(kept: Installation) -> None:
    """What waits is read from the outbox; what went up is told with the variables to set."""
    lab = kept.open()
    uploaded = generate(lab)
    lab.archive.settle(timeout_s=PATIENCE_S)
    kept.refuse_uploads()
    waiting = generate(lab)
    lab.close(timeout_s=0)

    later = kept.open(variables=NO_BUCKET)

    here = next(pictures(later, waiting))
    there = next(pictures(later, uploaded))
    assert hashlib.sha256(later.gallery.read_picture(here)).hexdigest() == here.sha256
    with pytest.raises(StorageError, match="Set B2_APPLICATION_KEY_ID"):
        later.gallery.read_picture(there)
    assert later.archive.take_inventory().out_of_reach == 4
    assert next(pictures(later, generate(later))).backend == "local"


def test_another_key_is_used_from_the_next_start_on(kept: Installation) -> None:
    """Pictures that a revoked key could not upload go up with the next one."""
    kept.front.key, right = "K004another", kept.front.key
    lab = kept.open()
    generate(lab)
    done = lab.archive.settle(timeout_s=PATIENCE_S)
    lab.close(timeout_s=0)
    kept.front.key = right

    synced = kept.open().archive.sync()

    assert done is not None
    assert done.trouble is not None
    assert "does not belong to the key id" in done.trouble.message
    assert synced.tidied.uploads == 4
    assert kept.stored() == kept.recorded()


def test_one_process_at_a_time_uploads(kept: Installation) -> None:
    """While another one holds the lock nothing goes up; then it does, and nothing goes up twice."""
    lab = kept.open()
    with hold(kept.folder) as mine:
        generate(lab)
        done = lab.archive.settle(timeout_s=1.5)
        meanwhile = kept.front.count("PUT")

    after = lab.archive.settle(timeout_s=PATIENCE_S)

    assert mine
    assert done is None
    assert meanwhile == 0
    assert after is not None
    assert kept.backends() == {"b2"}
    assert {row[0] for row in kept.rows("SELECT number FROM uploads")} == {1}


def test_closing_a_server_empties_the_outbox(kept: Installation) -> None:
    """What was painted last is uploaded before the process ends: its disk may not last."""
    lab = kept.open()
    generate(lab)

    lab.close(timeout_s=PATIENCE_S)

    assert kept.backends() == {"b2"}
    assert kept.here("outbox") == {}


def test_a_command_uploads_before_it_ends(kept: Installation) -> None:
    """`generate` leaves nothing in the outbox, also beside a process that looks after the pictures."""
    lab = kept.open()
    generate(lab)

    done = kept.run("generate", "A red kite")
    lab.archive.settle(timeout_s=PATIENCE_S)

    assert done.returncode == 0, done.stderr
    assert b"outbox" not in done.stderr
    assert kept.backends() == {"b2"}
    assert kept.stored() == kept.recorded()
    assert {row[0] for row in kept.rows("SELECT number FROM uploads")} == {1}


def test_a_ledger_that_fails_is_not_asked_without_a_pause(
    kept: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    """After trouble of any kind the background work waits, and does not turn in circles."""
    lab = kept.open()
    generate(lab)
    lab.archive.settle(timeout_s=PATIENCE_S)
    lab.ledger.close()
    (kept.folder / "promptflow.db").write_bytes(b"no database at all" * 100)
    with caplog.at_level("WARNING", logger="promptflow.housekeeping"):
        lab.archive.wake()
        time.sleep(1.5)

    assert len(caplog.records) == 1
    assert "is not a ledger" in caplog.text


def test_a_silent_bucket_holds_nobody_up(kept: Installation) -> None:
    """Who waits for uploads waits as long as asked, and the picture is shown meanwhile."""
    lab = kept.open()
    kept.front.fail("PUT", S3Fault(how="stall"), times=1_000)
    asset = next(pictures(lab, generate(lab)))
    before_s = time.monotonic()

    done = lab.archive.settle(timeout_s=1)

    assert done is None
    assert time.monotonic() - before_s < 3
    assert hashlib.sha256(lab.gallery.read_picture(asset)).hexdigest() == asset.sha256


def test_a_command_that_is_killed_while_it_uploads_loses_nothing(kept: Installation) -> None:
    """What the bucket was about to take is in the outbox, goes up with `sync`, and is there once."""
    kept.front.fail("PUT", S3Fault(how="stall"), times=1_000)
    environ = environ_for(kept.folder, **kept.variables)
    command = [sys.executable, "-m", "promptflow", "generate", "A red kite"]
    with subprocess.Popen(command, cwd=ROOT, env=environ, stderr=subprocess.DEVNULL) as process:
        wait_until(lambda: kept.front.count("PUT") > 0)
        process.kill()
    kept.accept()

    synced = kept.open().archive.sync()

    assert process.returncode == -signal.SIGKILL
    assert synced.left.missing == ()
    assert synced.left.unrecorded == ()
    assert len(kept.recorded()) >= 2
    assert kept.stored() == kept.recorded()
    assert kept.here("outbox") == {}
