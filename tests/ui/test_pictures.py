"""How a page comes by a picture: a link where there is one, else the picture itself."""

from base64 import b64decode
from dataclasses import replace

import pytest

from promptflow.buckets import BucketSettings
from promptflow.catalog import read_catalog
from promptflow.clock import Clock
from promptflow.errors import StorageError
from promptflow.laboratory import Laboratory
from promptflow.pictures import make_thumbnail
from promptflow.records import Asset, AssetRole
from promptflow.settings import SHIPPED_DATA, Settings
from promptflow.ui.pictures import source_of
from tests.scripted import GOUACHE, make_png

BUCKET = BucketSettings(
    key_id="key",
    key="secret",
    bucket="pictures",
    region="us-west-004",
    endpoint="https://s3.us-west-004.backblazeb2.com",
    public_url_base="https://pictures.example",
)


def _make(settings: Settings) -> Laboratory:
    catalog = read_catalog(SHIPPED_DATA / "models.toml")
    return Laboratory(settings=settings, catalog=catalog, providers={}, clock=Clock())


def _store(lab: Laboratory, role: AssetRole, data: bytes) -> Asset:
    return lab.archive.store.write(generation_id="g", role=role, model=GOUACHE, data=data)


def test_link_is_taken_where_there_is_one(settings: Settings) -> None:
    """A picture that a bucket has is not read: the browser gets it from there."""
    waiting = _store(_make(settings), AssetRole.OUTPUT, make_png())
    lab = _make(replace(settings, bucket=BUCKET))
    asset = replace(waiting, backend="b2")

    assert source_of(lab, asset) == f"https://pictures.example/{asset.key}"


def test_picture_without_a_link_is_its_bytes(settings: Settings) -> None:
    """A picture on this machine comes as it is stored."""
    lab = _make(settings)
    asset = _store(lab, AssetRole.OUTPUT, make_png(7))

    assert source_of(lab, asset) == make_png(7)


def test_thumbnail_without_a_link_is_an_address_that_holds_it(settings: Settings) -> None:
    """A thumbnail comes as an address with all of its bytes, which nothing encodes anew."""
    lab = _make(settings)
    data = make_thumbnail(make_png(7))
    asset = _store(lab, AssetRole.THUMBNAIL, data)

    head, _, body = str(source_of(lab, asset)).partition(",")

    assert head == "data:image/webp;base64"
    assert b64decode(body) == data


def test_thumbnail_is_read_once(settings: Settings) -> None:
    """A thumbnail that was shown is shown again from memory: its key stands for these bytes for good."""
    lab = _make(settings)
    asset = _store(lab, AssetRole.THUMBNAIL, make_thumbnail(make_png(7)))
    first = source_of(lab, asset)
    lab.archive.store.path(asset).unlink()

    assert source_of(lab, asset) == first


def test_missing_picture_is_told(settings: Settings) -> None:
    """Where there is neither a link nor a file, the storage's error says so."""
    lab = _make(settings)
    asset = _store(lab, AssetRole.OUTPUT, make_png())
    lab.archive.store.path(asset).unlink()

    with pytest.raises(StorageError, match="is not in"):
        source_of(lab, asset)
