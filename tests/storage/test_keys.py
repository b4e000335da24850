"""Keys: put together, taken apart, and nothing else let through."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptflow.errors import StorageError
from promptflow.records import AssetRole
from promptflow.storage.keys import (
    PictureKey,
    check_object_key,
    find_parts,
    make_key,
    make_place,
    parse_key,
)

SHA256 = hashlib.sha256(b"picture").hexdigest()
KEY = f"generations/019a-1/output/painter-1.5/{SHA256[:16]}.png"


def test_a_key_is_put_together() -> None:
    """Generation, role, model and hash are in a picture's key."""
    place = make_place(generation_id="019a-1", role=AssetRole.OUTPUT, model="painter-1.5")

    assert make_key(place, sha256=SHA256, extension="png") == KEY


def test_a_key_is_taken_apart() -> None:
    """What a key was made of comes out of it."""
    assert parse_key(KEY) == PictureKey(
        generation_id="019a-1",
        role=AssetRole.OUTPUT,
        model="painter-1.5",
        digest=SHA256[:16],
        extension="png",
    )


def test_a_key_knows_its_bytes() -> None:
    """Only the bytes that a key was made for fit it."""
    parts = parse_key(KEY)

    assert parts.fits(b"picture")
    assert not parts.fits(b"another")


@given(
    generation_id=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", fullmatch=True),
    role=st.sampled_from(AssetRole),
    model=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", fullmatch=True),
    extension=st.sampled_from(["png", "jpg", "webp"]),
)
def test_every_key_that_is_made_can_be_taken_apart(
    generation_id: str, role: AssetRole, model: str, extension: str
) -> None:
    """Making and parsing are each other's inverse."""
    place = make_place(generation_id=generation_id, role=role, model=model)

    parts = parse_key(make_key(place, sha256=SHA256, extension=extension))

    assert (parts.generation_id, parts.role, parts.model) == (generation_id, role, model)


@given(st.text())
def test_no_other_text_leads_out(key: str) -> None:
    """A text that is taken for a key has no way up, no root and no blank in it."""
    try:
        check_object_key(key)
    except StorageError:
        return

    assert not key.startswith("/")
    assert ".." not in key.split("/")
    assert key.isascii()
    assert key.isprintable()


@pytest.mark.parametrize(
    "key", ["snapshots/20261123T150405Z.db.gz", "checks/019a.txt", "a/b/c/d/e/f/g", KEY]
)
def test_other_keys_of_ours_are_let_through(key: str) -> None:
    """Not everything in a bucket is a picture."""
    check_object_key(key)

    assert (find_parts(key) is not None) == (key == KEY)


@pytest.mark.parametrize(
    "key",
    [
        "snapshots",
        "snapshots/",
        "snapshots/../x",
        "snapshots/.hidden",
        "Snapshots/x",
        "snapshots/x\n",
        "a/b/c/d/e/f/g/h",
        KEY.replace("output", "unknown"),
        KEY.upper(),
    ],
)
def test_other_texts_are_no_keys(key: str) -> None:
    """What begins like a picture's key must be one, and all others keep to the pattern."""
    with pytest.raises(StorageError, match="is no key of ours"):
        check_object_key(key)
