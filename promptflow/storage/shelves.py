"""Every place where pictures of one installation may be. Floor 4.

Without a bucket they are kept in the data folder. With one they are written to the outbox, a folder of this
machine that nothing but its disk can keep them from, and go up when no flow has to wait for it. An
asset's ``backend`` says where it is: ``local``, ``outbox`` or ``b2``. Its key is the same everywhere.
"""

import hashlib
from collections.abc import Container, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from promptflow.errors import StorageError
from promptflow.records import Asset, AssetRole
from promptflow.storage.keys import PICTURES, find_parts, parse_key
from promptflow.storage.local import LocalStore

if TYPE_CHECKING:
    from promptflow.storage.b2 import B2Bucket

LOCAL, OUTBOX = "local", "outbox"
"""Backends of this machine; `B2Bucket.backend` is the third."""


class Shelves:
    """An `ImageStore` over all places, for any number of threads and processes.

    Args:
        folder: the data folder; the outbox is in it.
        bucket: where pictures go in the end; ``None`` to keep them in the folder.
    """

    def __init__(self, folder: Path, bucket: "B2Bucket | None" = None) -> None:
        self.local = LocalStore(folder, backend=LOCAL)
        self.outbox = LocalStore(folder / OUTBOX, backend=OUTBOX)
        self.bucket = bucket

    @property
    def home(self) -> LocalStore:
        """Where new pictures are written."""
        return self.local if self.bucket is None else self.outbox

    def write(self, *, generation_id: str, role: AssetRole, model: str, data: bytes) -> Asset:
        """Check that the bytes are a picture, keep them for good, and describe them.

        Args:
            generation_id: whose picture it is.
            role: what it is for.
            model: the id of the model that made it.
            data: an encoded PNG, JPEG or WebP.

        Returns:
            The asset; its bytes are on stable storage of this machine.

        Raises:
            PictureError: the bytes are not a usable picture.
            StorageError: they could not be written.
        """
        return self.home.write(generation_id=generation_id, role=role, model=model, data=data)

    def read(self, asset: Asset) -> bytes:
        """Return the bytes of a picture, and make sure they are the ones that were stored.

        Args:
            asset: as the ledger had it; it may have been uploaded or moved since.

        Returns:
            The encoded picture.

        Raises:
            StorageError: it is missing, was changed, or can't be read.
        """
        try:
            return self.read_at(asset.key, backend=asset.backend)
        except StorageError:
            for place in self._others(asset):
                with suppress(StorageError):
                    return self.read_at(asset.key, backend=place)
            raise

    def read_at(self, key: str, *, backend: str) -> bytes:
        """Return the bytes that one place has under a key, and look nowhere else.

        Args:
            key: as an `Asset` holds it.
            backend: the place.

        Raises:
            StorageError: they are missing there, were changed, or can't be read.
        """
        match backend:
            case "local":
                return self.local.read(key)
            case "outbox":
                return self.outbox.read(key)
            case _:
                return self._bucket_for(key).get(key)

    def holds(self, asset: Asset) -> bool:
        """Say whether a picture is where the ledger says, without reading it.

        Args:
            asset: as the ledger has it.

        Raises:
            StorageError: the key is not one of ours, or the bucket can't be asked.
        """
        store = self._local_place(asset)
        if store:
            return store.holds(asset.key)
        return self._bucket_for(asset.key).head(asset.key) is not None

    def is_uploaded(self, asset: Asset) -> bool:
        """Say whether a picture is in the bucket only.

        Raises:
            StorageError: the key is not one of ours.
        """
        return self._local_place(asset) is None

    def path(self, asset: Asset) -> Path:
        """Return the file of a picture that is on this machine.

        Raises:
            StorageError: it is in the bucket, or its key is not one of ours.
        """
        store = self._local_place(asset)
        if store is None:
            message = f"The picture {asset.key!r} is in the bucket and has no file here."
            raise StorageError(message)
        return store.path(asset.key)

    def upload(self, asset: Asset) -> None:
        """Bring a picture of this machine into the bucket; its file stays.

        Args:
            asset: one that is here; where its file has gone because it was uploaded already, that is
                enough.

        Raises:
            StorageError: it can't be read, or the bucket didn't take it.
        """
        bucket = self._bucket_for(asset.key)
        store = self.outbox if asset.backend == OUTBOX else self.local
        if not store.holds(asset.key):
            found = bucket.head(asset.key)
            if found and (found.size_bytes, found.sha256) == (asset.size_bytes, asset.sha256):
                return
        bucket.put(asset.key, store.read(asset.key), mime=asset.mime, sha256=asset.sha256)

    def download(self, asset: Asset) -> None:
        """Bring a picture into the data folder; where it came from it stays.

        Args:
            asset: one that is in the bucket or in the outbox.

        Raises:
            PictureError: what came is not a usable picture.
            StorageError: it can't be read or written, or is not the one that was stored.
        """
        parts = parse_key(asset.key)
        data = self.read(asset)
        # Looked at before anything is written: what may lie there already stays untouched.
        if hashlib.sha256(data).hexdigest() != asset.sha256:
            message = (
                f"The picture {asset.key!r} is not the one that was recorded. Nothing was moved; "
                "bring it back from a backup."
            )
            raise StorageError(message)
        self.local.write(
            generation_id=parts.generation_id, role=parts.role, model=parts.model, data=data
        )
        if not self.local.holds(asset.key):
            message = (
                f"The picture {asset.key!r} is of the type {asset.mime}, which its name denies. It "
                "was not moved."
            )
            raise StorageError(message)

    def remove(self, key: str, *, backend: str) -> None:
        """Remove an object from one place for good; where there is none, nothing happens.

        Args:
            key: as an `Asset` holds it.
            backend: the place.

        Raises:
            StorageError: the key is not one of ours, or it can't be removed.
        """
        match backend:
            case "local":
                self.local.remove(key)
            case "outbox":
                self.outbox.remove(key)
            case _:
                self._bucket_for(key).delete(key)

    def list_keys(self, backend: str) -> Iterator[tuple[str, int]]:
        """Yield all pictures that are in one place, recorded or not.

        Args:
            backend: the place.

        Yields:
            (key, bytes), in no order.

        Raises:
            StorageError: the place can't be looked at.
        """
        match backend:
            case "local":
                yield from self.local.list_keys()
            case "outbox":
                yield from self.outbox.list_keys()
            case _:
                for key, size_bytes in self._bucket_for(PICTURES).list(f"{PICTURES}/"):
                    if find_parts(key):
                        yield key, size_bytes

    @property
    def here(self) -> tuple[LocalStore, LocalStore]:
        """The folders of this machine in which a process that was killed may have left pictures."""
        return self.local, self.outbox

    def check_writable(self) -> None:
        """Write a byte where new pictures go and remove it again.

        Raises:
            StorageError: that is not possible; it says why.
        """
        self.home.check_writable()

    def remove_leftovers(self, busy: Container[str]) -> None:
        """Remove what writers that were killed left half-written on this machine.

        Args:
            busy: the ids of generations under way, which are left alone.

        Raises:
            StorageError: a folder can't be read or changed.
        """
        for store in self.here:
            for generation_id in store.list_generations():
                if generation_id not in busy:
                    store.remove_leftovers(generation_id)

    def _others(self, asset: Asset) -> Iterator[str]:
        """Yield the places to which a picture may have been moved since it was looked up."""
        for store in self.here:
            if store.backend != asset.backend and store.holds(asset.key):
                yield store.backend
        if self.bucket and asset.backend != self.bucket.backend:
            yield self.bucket.backend

    def _local_place(self, asset: Asset) -> LocalStore | None:
        """Return the folder an asset is in; ``None`` where it is in the bucket."""
        if asset.backend == LOCAL:
            return self.local
        if asset.backend == OUTBOX and (self.bucket is None or self.outbox.holds(asset.key)):
            return self.outbox
        return None

    def _bucket_for(self, what: str) -> "B2Bucket":
        if self.bucket is None:
            message = (
                f"{what!r} is in a bucket, but none is set up here. Set B2_APPLICATION_KEY_ID, "
                "B2_APPLICATION_KEY, B2_BUCKET_NAME and B2_REGION to those it was uploaded with."
            )
            raise StorageError(message)
        return self.bucket
