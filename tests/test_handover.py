"""Chosen pictures in one zip file."""

import hashlib
import io
import json
import tracemalloc
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from promptflow import __version__
from promptflow.errors import LedgerError, StorageError
from promptflow.events import Event
from promptflow.handover import MANIFEST, HandedOver, write_handover
from promptflow.laboratory import Laboratory
from promptflow.records import Asset, GalleryFilter, PictureSummary
from promptflow.settings import Settings
from tests.scripted import (
    GOUACHE,
    POSTER,
    ShadePainter,
    finish,
    give,
    make_laboratory,
    make_request,
)

NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Written:
    """A zip file that was made, and what was said of it."""

    said: HandedOver
    archive: zipfile.ZipFile

    @property
    def manifest(self) -> dict[str, list[dict[str, object]]]:
        """Return what the manifest says."""
        manifest: dict[str, list[dict[str, object]]] = json.loads(self.archive.read(MANIFEST))
        return manifest


@pytest.fixture
def lab(settings: Settings) -> Laboratory:
    """Open a laboratory whose painters give two pictures and one."""
    return make_laboratory(settings, painters={GOUACHE: give(10, 20), POSTER: give(30, 40)})


def test_pictures_are_in_it_as_they_are_stored(lab: Laboratory) -> None:
    """Each picture's file has the bytes that the ledger knows, uncompressed."""
    pictures = _paint(lab)

    written = _write(lab, [one.asset.asset_id for one in pictures])

    assert written.said == HandedOver(pictures=4, left_out=0)
    told = {str(one["asset_id"]): str(one["file_name"]) for one in written.manifest["pictures"]}
    for picture in pictures:
        data = written.archive.read(told[picture.asset.asset_id])
        assert hashlib.sha256(data).hexdigest() == picture.asset.sha256
    assert {one.compress_type for one in written.archive.infolist()} == {zipfile.ZIP_STORED}


def test_manifest_says_what_each_picture_is(lab: Laboratory) -> None:
    """The manifest has the ids, the words, the model, the parameters, the file and the cost."""
    picture = _paint(lab, request="A fox, a lamp, a book")[-1]
    lab.organiser.star(picture.asset.asset_id, starred=True)

    written = _write(lab, [picture.asset.asset_id])

    [told] = written.manifest["pictures"]
    prompt = told.pop("prompt")
    assert isinstance(prompt, str)
    assert "fox" in prompt
    assert told == {
        "file_name": f"a-fox-a-lamp-a-book-{picture.image_model}-1.png",
        "asset_id": picture.asset.asset_id,
        "generation_id": picture.generation_id,
        "run_id": picture.run_id,
        "title": picture.title,
        "request": "A fox, a lamp, a book",
        "image_model": picture.image_model,
        "provider": "offline",
        "parameters": {},
        "resolved": None,
        "aspect_ratio": "1:1",
        "seed": None,
        "width_px": 2,
        "height_px": 1,
        "mime": "image/png",
        "size_bytes": picture.asset.size_bytes,
        "sha256": picture.asset.sha256,
        "run_cost_usd": 0.0,
        "starred": True,
        "created_at": told["created_at"],
    }
    manifest = json.loads(written.archive.read(MANIFEST))
    assert manifest["app_version"] == __version__
    assert manifest["created_at"] == "2026-11-23T12:30:00.000+00:00"


def test_order_is_that_of_choosing_and_twice_is_once(lab: Laboratory) -> None:
    """Pictures come in the order they are asked for, each once."""
    ids = [one.asset.asset_id for one in _paint(lab)]

    written = _write(lab, [ids[2], ids[0], ids[2]])

    assert [one["asset_id"] for one in written.manifest["pictures"]] == [ids[2], ids[0]]


def test_no_two_names_are_alike(settings: Settings) -> None:
    """Pictures of the same words, model and number get numbers, upper and lower case being one."""
    lab = make_laboratory(settings, painters={GOUACHE: ShadePainter()})
    for request in ("A fox", "a FOX", "A fox!"):
        list(finish(lab, lab.start(make_request(request, image_models=(GOUACHE,)))))
    pictures = lab.gallery.list_pictures(GalleryFilter(), limit=9)

    written = _write(lab, [one.asset.asset_id for one in pictures])

    assert written.archive.namelist() == [
        "a-fox-offline-gouache-1.png",
        "a-fox-offline-gouache-1-2.png",
        "a-fox-offline-gouache-1-3.png",
        MANIFEST,
    ]


def test_names_can_be_unpacked_anywhere(lab: Laboratory) -> None:
    """A request full of separators and dots makes a plain name inside the folder."""
    picture = _paint(lab, request="../../etc/passwd C:\\x\0 <b>")[0]

    written = _write(lab, [picture.asset.asset_id])

    [name, _] = written.archive.namelist()
    assert name.startswith("etc-passwd-c-x-b-offline-")


def test_missing_picture_is_left_out_with_a_note(lab: Laboratory) -> None:
    """A file that is gone holds nothing up: the others are there, and the manifest says why it is not."""
    gone, kept = _paint(lab)[:2]
    lab.archive.store.path(gone.asset).unlink()

    written = _write(lab, [gone.asset.asset_id, kept.asset.asset_id])

    assert written.said == HandedOver(pictures=1, left_out=1)
    assert [one["asset_id"] for one in written.manifest["pictures"]] == [kept.asset.asset_id]
    [left_out] = written.manifest["left_out"]
    assert left_out["asset_id"] == gone.asset.asset_id
    assert "make the picture again" in str(left_out["reason"])


def test_changed_picture_is_left_out(lab: Laboratory) -> None:
    """A file whose bytes are not those that were recorded is not handed over."""
    picture = _paint(lab)[0]
    lab.archive.store.path(picture.asset).write_bytes(b"other")

    written = _write(lab, [picture.asset.asset_id])

    assert written.archive.namelist() == [MANIFEST]
    assert "was changed after it was stored" in str(written.manifest["left_out"][0]["reason"])


def test_unknown_picture_is_left_out(lab: Laboratory) -> None:
    """An id without a picture is noted."""
    written = _write(lab, ["../x"])

    assert written.manifest["left_out"] == [
        {
            "asset_id": "../x",
            "reason": "There is no picture with this id in the ledger any more, or it was deleted.",
        }
    ]


def test_picture_whose_words_cannot_be_read_is_left_out(lab: Laboratory) -> None:
    """Where the ledger fails for one generation, its pictures are noted and the others are there."""
    picture = _paint(lab)[0]
    out = io.BytesIO()

    def fail(generation_id: str) -> tuple[Event, ...]:
        if generation_id == picture.generation_id:
            raise LedgerError("The ledger is damaged. Bring back a backup.")
        return lab.read_events(generation_id)

    said = write_handover(
        out,
        [picture.asset.asset_id],
        source=lab.gallery,
        read_events=fail,
        created_at=NOW,
    )

    assert said == HandedOver(pictures=0, left_out=1)


def test_many_large_pictures_take_the_memory_of_one(lab: Laboratory, tmp_path: Path) -> None:
    """Forty pictures of 2 MB are written with a few of them in memory at most."""

    @dataclass(frozen=True)
    class Heavy:
        picture: PictureSummary

        def find_picture(self, asset_id: str) -> PictureSummary:
            asset = replace(self.picture.asset, asset_id=asset_id)
            return replace(self.picture, asset=asset)

        def read_picture(self, asset: Asset) -> bytes:
            return bytes(2_000_000)

    source = Heavy(_paint(lab)[0])
    path = tmp_path / "pictures.zip"
    tracemalloc.start()

    with path.open("wb") as out:
        said = write_handover(
            out,
            [f"{n}" for n in range(40)],
            source=source,
            read_events=lab.read_events,
            created_at=NOW,
        )
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert said.pictures == 40
    assert path.stat().st_size > 80_000_000
    assert peak_bytes < 10_000_000


def test_reason_is_a_whole_sentence(lab: Laboratory) -> None:
    """What is left out is explained in the words of the error that it met."""
    picture = _paint(lab)[0]
    lab.archive.store.path(picture.asset).unlink()
    with pytest.raises(StorageError) as caught:
        lab.gallery.read_picture(picture.asset)

    written = _write(lab, [picture.asset.asset_id])

    assert written.manifest["left_out"][0]["reason"] == caught.value.message


def _paint(lab: Laboratory, request: str = "A lighthouse") -> Sequence[PictureSummary]:
    list(finish(lab, lab.start(make_request(request, images_per_model=2))))
    return lab.gallery.list_pictures(GalleryFilter(), limit=20)


def _write(lab: Laboratory, asset_ids: Sequence[str]) -> Written:
    out = io.BytesIO()
    said = write_handover(
        out, asset_ids, source=lab.gallery, read_events=lab.read_events, created_at=NOW
    )
    archive = zipfile.ZipFile(out)
    assert archive.testzip() is None
    return Written(said=said, archive=archive)
