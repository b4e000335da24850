"""Pictures in a folder of this machine, each file under its key. Floor 4.

A file appears under its name only when it is whole and on stable storage, and its name says what its
bytes must be. Nothing that comes from outside is joined to a path before it is a key.
"""

import errno
import hashlib
import os
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from promptflow.errors import StorageError
from promptflow.pictures import inspect_picture
from promptflow.records import Asset, AssetRole
from promptflow.storage.keys import (
    PICTURES,
    find_parts,
    is_generation,
    make_folder,
    make_key,
    make_place,
    parse_key,
)

_FULL = {errno.ENOSPC, errno.EDQUOT}
_FOLDERS = 3
"""Those of a key that may be removed: the generation's, the role's and the model's."""
_MOST_TRIES = 100
"""Each takes another who removes a folder in the very moment in which it is empty."""


class LocalStore:
    """An `ImageStore` over a folder; several processes may share it.

    Args:
        folder: where the pictures are; made with the first one.
        backend: the name of this store in the assets it describes.
    """

    def __init__(self, folder: Path, *, backend: str = "local") -> None:
        self.backend = backend
        self._folder = folder.absolute()

    def write(self, *, generation_id: str, role: AssetRole, model: str, data: bytes) -> Asset:
        """Check that the bytes are a picture, keep them for good, and describe them.

        The same bytes for the same model of a generation share one file.

        Args:
            generation_id: whose picture it is; letters, digits, ``-`` and ``_``.
            role: what it is for.
            model: the id of the model that made it; letters, digits, ``.``, ``-`` and ``_``.
            data: an encoded PNG, JPEG or WebP.

        Returns:
            The asset, with an id of its own; its bytes are on stable storage.

        Raises:
            PictureError: the bytes are not a usable picture.
            StorageError: an id can't be part of a path, or the folder can't be written.
        """
        place = make_place(generation_id=generation_id, role=role, model=model)
        asset = self._describe(data, place, role)
        path = self.path(asset.key)
        try:
            if not _holds(path, data):
                _write_into_folder(path, data)
        except OSError as error:
            self._fail_write(error, asset.key)
        return asset

    def read(self, key: str) -> bytes:
        """Return the bytes behind a key, and make sure they are the ones that were stored.

        Args:
            key: as an `Asset` holds it.

        Returns:
            The encoded picture.

        Raises:
            StorageError: there is nothing under this key, it can't be read, or it was changed.
        """
        parts = parse_key(key)
        path = self._inside(key)
        try:
            data = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError) as error:
            message = (
                f"The picture {key!r} is not in {str(self._folder)!r}. "
                "Bring the file back from a backup, or make the picture again."
            )
            raise StorageError(message) from error
        except OSError as error:
            message = f"The picture {key!r} can't be read ({error.strerror}). Check {str(path)!r}."
            raise StorageError(message) from error
        if not parts.fits(data):
            message = (
                f"The picture {key!r} was changed after it was stored: its bytes no longer fit "
                "its name. Bring the file back from a backup."
            )
            raise StorageError(message)
        return data

    def path(self, key: str) -> Path:
        """Return the place of a key, whether or not there is a file.

        Args:
            key: as an `Asset` holds it.

        Returns:
            An absolute path inside the folder.

        Raises:
            StorageError: the key is not one of ours, or a link leads it out of the folder.
        """
        parse_key(key)
        return self._inside(key)

    def holds(self, key: str) -> bool:
        """Say whether there is a file under a key, without reading it.

        Raises:
            StorageError: the key is not one of ours, or a link leads it out of the folder.
        """
        return self.path(key).is_file()

    def describe(self, key: str) -> Asset:
        """Read a stored picture again and describe it anew, as `write` did.

        Args:
            key: as `list_generation` yields it.

        Returns:
            The asset, under a new id.

        Raises:
            PictureError: the file is not a usable picture.
            StorageError: there is nothing under this key, or its bytes don't fit its name.
        """
        asset = self._describe(self.read(key), key.rpartition("/")[0], parse_key(key).role)
        if asset.key != key:
            message = f"The picture {key!r} is of the type {asset.mime}. Give it the fitting name."
            raise StorageError(message)
        return asset

    def list_generation(self, generation_id: str) -> Iterator[tuple[str, AssetRole, str]]:
        """Yield what is stored for a generation, recorded or not.

        Args:
            generation_id: as it was written.

        Yields:
            (key, role, model), keys ascending; files with names that aren't ours are left out.

        Raises:
            StorageError: the id can't be part of a path, or the folder can't be read.
        """
        for path in self._files(generation_id):
            key = path.relative_to(self._folder).as_posix()
            parts = find_parts(key)
            if parts is not None:
                yield key, parts.role, parts.model

    def list_generations(self) -> tuple[str, ...]:
        """List the ids of the generations of which anything is stored, recorded or not.

        Raises:
            StorageError: the folder can't be read.
        """
        found = _find(self._folder / PICTURES, levels=1)
        return tuple(path.name for path in found if is_generation(path.name))

    def list_keys(self) -> Iterator[tuple[str, int]]:
        """Yield all that is stored, recorded or not.

        Yields:
            (key, bytes), in no order; files with names that aren't ours are left out.

        Raises:
            StorageError: the folder can't be read.
        """
        for path in _find(self._folder / PICTURES, levels=4):
            key = path.relative_to(self._folder).as_posix()
            if find_parts(key) is not None:
                yield from _weigh(path, key)

    def remove(self, key: str) -> None:
        """Remove a picture for good, and the folders that it leaves empty, up to the generation's.

        Where there is none, nothing happens.

        Args:
            key: as an `Asset` holds it.

        Raises:
            StorageError: the key is not one of ours, or the folder can't be changed.
        """
        path = self.path(key)
        try:
            path.unlink(missing_ok=True)
        except NotADirectoryError:
            return
        except OSError as error:
            self._fail_write(error, key)
        _remove_empty(path.parents[:_FOLDERS])

    def remove_leftovers(self, generation_id: str) -> None:
        """Remove what a writer that was killed left half-written, and folders that were left empty.

        Args:
            generation_id: one that nobody writes to any more.

        Raises:
            StorageError: the id can't be part of a path, or the folder can't be changed.
        """
        for path in self._files(generation_id):
            if path.name.startswith(".") and path.suffix == ".part":
                try:
                    path.unlink(missing_ok=True)
                except OSError as error:
                    self._fail_write(error, path.name)
        folder = self._inside(make_folder(generation_id))
        # Not through a link: it may lead to folders that are none of ours.
        roles = [path for path in _find(folder, levels=1) if not path.is_symlink()]
        models = [path for role in roles for path in _find(role, levels=1)]
        _remove_empty((*models, *roles, folder))

    def check_writable(self) -> None:
        """Write a byte where the pictures go and remove it again.

        Raises:
            StorageError: that is not possible; it says why.
        """
        folder = self._folder / PICTURES
        try:
            _make_folder(folder)
            # Without a name where the system allows it, so that nothing can be left behind.
            with tempfile.TemporaryFile(dir=folder) as probe:
                probe.write(b"\0")
        except OSError as error:
            self._fail_write(error, PICTURES)

    def _describe(self, data: bytes, place: str, role: AssetRole) -> Asset:
        from uuid_utils import uuid7

        facts = inspect_picture(data)
        digest = hashlib.sha256(data).hexdigest()
        return Asset(
            asset_id=str(uuid7()),
            role=role,
            backend=self.backend,
            key=make_key(place, sha256=digest, extension=facts.extension),
            sha256=digest,
            mime=facts.mime,
            width_px=facts.width_px,
            height_px=facts.height_px,
            size_bytes=len(data),
        )

    def _files(self, generation_id: str) -> list[Path]:
        return sorted(_find(self._inside(make_folder(generation_id)), levels=_FOLDERS))

    def _inside(self, key: str) -> Path:
        """Join a checked key, and make sure that no link on the way leads out."""
        path = self._folder / key
        if not path.resolve().is_relative_to(self._folder.resolve()):
            message = (
                f"{key!r} leads out of {str(self._folder)!r} through a link. Pictures are kept "
                "in that folder only; remove the link."
            )
            raise StorageError(message)
        return path

    def _fail_write(self, error: OSError, key: str) -> NoReturn:
        folder = str(self._folder)
        if error.errno in _FULL:
            message = f"The disk that holds {folder!r} is full. Free some space and try again."
        else:
            message = (
                f"{key!r} can't be written to {folder!r} "
                f"({error.strerror or type(error).__name__}). Make that folder writable."
            )
        raise StorageError(message) from error


def _find(folder: Path, *, levels: int) -> Iterator[Path]:
    """Yield what is so many levels below a folder; one that is removed meanwhile holds nothing."""
    try:
        entries = tuple(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        message = f"The folder {str(folder)!r} can't be read ({error.strerror}). Check it."
        raise StorageError(message) from error
    for entry in entries:
        if levels == 1:
            yield entry
        else:
            yield from _find(entry, levels=levels - 1)


def _weigh(path: Path, key: str) -> Iterator[tuple[str, int]]:
    """Yield a key with its file's size, unless the file was removed meanwhile."""
    try:
        yield key, path.stat().st_size
    except FileNotFoundError:
        return


def _holds(path: Path, data: bytes) -> bool:
    """Say whether these very bytes are there already; damaged ones are written anew."""
    return path.is_file() and path.read_bytes() == data


def _remove_empty(folders: Iterable[Path]) -> None:
    """Remove those folders that are empty, the deepest first; the system lets no other go."""
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


def _write_into_folder(path: Path, data: bytes) -> None:
    """Make the folder and write; anew where it was removed in between because it was empty."""
    for left in reversed(range(_MOST_TRIES)):
        try:
            _make_folder(path.parent)
            _write_whole(path, data)
        except FileNotFoundError:
            if not left:
                raise
        else:
            return


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it, each name on stable storage."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    # `Path.mkdir` looks again where one is there already, and fails when it has just gone.
    with suppress(FileExistsError):
        os.mkdir(folder)  # noqa: PTH102
    _sync_folder(folder.parent)


def _write_whole(path: Path, data: bytes) -> None:
    """Write beside the place, sync, and rename: the name never stands for half a file."""
    # Process and thread in the name, so that two writers of the same bytes don't share a file.
    part = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.part")
    # Made anew: what a killed process of the same number left isn't written into, nor a link followed.
    part.unlink(missing_ok=True)
    try:
        with part.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Put a folder's names on stable storage, where the system can open folders."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
