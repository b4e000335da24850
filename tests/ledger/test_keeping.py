"""What is written down beside the flows: thumbnails, uploads, and what is left to do."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from promptflow.errors import LedgerError
from promptflow.ledger import SqliteLedger
from promptflow.records import AssetRole, Fault, Upload, UploadStatus
from tests.ledger.processes import run_together
from tests.ledger.scripted_flow import START, at, image_ready, rich_flow
from tests.ledger.test_gallery import thumbnail_of

PICTURE = image_ready("r1", 0, "a1").asset
RESET = Fault(code="storage", message="The connection broke off. It will be tried again.")


@pytest.fixture
def painted(ledger: SqliteLedger) -> SqliteLedger:
    """A ledger with three pictures and two references."""
    for event in rich_flow():
        ledger.record(event)
    return ledger


def ids(ledger: SqliteLedger, *, after: str = "", limit: int = 100) -> list[str]:
    """Return the ids of what has no thumbnail."""
    listed = ledger.assets.list_without_thumbnail(after=after, limit=limit)
    return [asset.asset_id for asset in listed]


def test_what_has_no_thumbnail_is_listed_in_batches(painted: SqliteLedger) -> None:
    """Pictures and references come by id until they have one; a thumbnail needs none itself."""
    before = ids(painted)
    painted.assets.record_thumbnail("a2", thumbnail_of(PICTURE))

    assert before == ["a1", "a2", "a3", "a8", "a9"]
    assert ids(painted, limit=2) == ["a1", "a3"]
    assert ids(painted, after="a3", limit=2) == ["a8", "a9"]
    assert ids(painted, after="a9") == []


def test_a_thumbnail_is_made_once(painted: SqliteLedger) -> None:
    """Of two that are recorded for a picture the first stays, and the events know of neither."""
    events = painted.read_events("g1")

    for asset_id in ("first", "second"):
        painted.assets.record_thumbnail("a1", replace(thumbnail_of(PICTURE), asset_id=asset_id))

    assert painted.read_lineage("g1").thumbnails.keys() == {"a1"}
    assert painted.assets.find_asset("first") == replace(thumbnail_of(PICTURE), asset_id="first")
    assert painted.assets.find_asset("second") is None
    assert painted.read_events("g1") == events


def test_a_thumbnail_that_is_removed_is_asked_for_again(painted: SqliteLedger) -> None:
    """Without the row of its thumbnail a picture is listed as having none."""
    painted.assets.record_thumbnail("a1", thumbnail_of(PICTURE))
    with painted.file.writing() as db:
        db.execute("DELETE FROM assets WHERE role = ?", (AssetRole.THUMBNAIL,))

    assert "a1" in ids(painted)


def test_each_try_to_upload_is_kept(painted: SqliteLedger) -> None:
    """Tries are numbered from 1 for each asset, whatever became of them."""
    numbers = [
        painted.assets.record_upload(
            asset_id,
            status=UploadStatus.FAILED if fault else UploadStatus.SUCCEEDED,
            started_at=at(10),
            total_ms=120,
            size_bytes=321_000,
            fault=fault,
        )
        for asset_id, fault in (("a1", RESET), ("a1", None), ("a2", None))
    ]

    assert numbers == [1, 2, 1]
    assert painted.read_lineage("g1").uploads[:2] == (
        Upload(
            asset_id="a1",
            number=1,
            status=UploadStatus.FAILED,
            fault=RESET,
            size_bytes=321_000,
            started_at=at(10),
            total_ms=120,
        ),
        Upload(
            asset_id="a1",
            number=2,
            status=UploadStatus.SUCCEEDED,
            fault=None,
            size_bytes=321_000,
            started_at=at(10),
            total_ms=120,
        ),
    )


def test_the_outbox_is_what_no_other_store_holds(painted: SqliteLedger) -> None:
    """Assets are in the outbox until they are marked as stored elsewhere, thumbnails too."""
    for asset_id in ("a1", "a8"):
        painted.assets.mark_stored(asset_id, "outbox")
    painted.assets.record_thumbnail(
        "a1", replace(thumbnail_of(PICTURE), asset_id="a5", backend="outbox")
    )

    whole = [asset.asset_id for asset in painted.assets.list_in_outbox()]
    painted.assets.mark_stored("a1", "b2")

    assert whole == ["a1", "a5", "a8"]
    assert [asset.asset_id for asset in painted.assets.list_in_outbox(limit=1)] == ["a5"]
    assert [asset.asset_id for asset in painted.assets.list_in_outbox(after="a5")] == ["a8"]
    assert painted.assets.find_asset("a1") == replace(PICTURE, backend="b2")


@pytest.mark.parametrize(
    "write",
    [
        lambda ledger: ledger.marks.star("nothing", START),
        lambda ledger: ledger.marks.star("nothing", None),
        lambda ledger: ledger.assets.mark_stored("nothing", "b2"),
        lambda ledger: ledger.assets.record_thumbnail("nothing", thumbnail_of(PICTURE)),
        lambda ledger: ledger.assets.record_upload(
            "nothing",
            status=UploadStatus.SUCCEEDED,
            started_at=START,
            total_ms=1,
            size_bytes=1,
        ),
    ],
    ids=["star", "no star", "stored", "thumbnail", "upload"],
)
def test_a_picture_that_is_not_there_is_named(
    painted: SqliteLedger, write: Callable[[SqliteLedger], object]
) -> None:
    """Nothing is written down about an asset that the ledger doesn't have."""
    with pytest.raises(LedgerError, match="There is no picture 'nothing' in this ledger"):
        write(painted)


UPLOAD = """
import sys
from pathlib import Path
from promptflow.clock import Clock
from promptflow.ledger import SqliteLedger
from promptflow.records import UploadStatus

ledger = SqliteLedger(Path(sys.argv[1]), clock=Clock())
print("ready", flush=True)
sys.stdin.readline()
print(*(
    ledger.assets.record_upload(
        "a1", status=UploadStatus.SUCCEEDED, started_at=Clock().now(), total_ms=1, size_bytes=1
    )
    for _ in range(25)
), flush=True)
"""


def test_processes_may_upload_the_same_picture(painted: SqliteLedger, path: Path) -> None:
    """However many write at once, no number is given twice and none is left out."""
    answers = run_together(UPLOAD, str(path), processes=4)

    numbers = sorted(int(number) for answer in answers for number in answer.split())
    assert numbers == list(range(1, 101))
