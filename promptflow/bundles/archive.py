"""A bundle's file, opened with care: it may come from anyone."""

import hashlib
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from promptflow.bundles.manifest import (
    LEDGER,
    MANIFEST,
    MOST_BYTES,
    MOST_FILES,
    PAGE,
    PICTURE_NAME,
    Manifest,
    most_bytes,
    parse_manifest,
)
from promptflow.catalog.excerpts import excerpt
from promptflow.errors import InputError

FIELD = "bundle"
_MOST_RATIO = 200
"""How much more than its packed size a file may have; texts come to some 20."""
_SMALL_BYTES = 1_000_000
"""Up to here the ratio says nothing."""
_PACKINGS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ENCRYPTED = 0x1
_NO_ZIP = (
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    ValueError,
    EOFError,
    LookupError,
    OverflowError,
    struct.error,
    zlib.error,
)
"""What broken and hostile zip files lead to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A bundle's file; names and sizes are checked, what is in the files is not."""

    path: Path
    file: zipfile.ZipFile
    manifest: Manifest

    def read(self, name: str) -> bytes:
        """Read a file of the bundle whole, and compare it with what the manifest says.

        Raises:
            InputError: it is damaged, or another than the manifest says.
        """
        data = _read_entry(self.path, self.file, name)
        facts = self.manifest.files[name]
        if len(data) != facts.size_bytes or hashlib.sha256(data).hexdigest() != facts.sha256:
            why = f"Its file {name!r} is not the one that its {MANIFEST} describes."
            raise InputError(FIELD, refusal(self.path, why))
        return data

    def fail(self, why: str) -> InputError:
        """Make the error that refuses the bundle."""
        return InputError(FIELD, refusal(self.path, why))


def refusal(path: Path, why: str) -> str:
    """Say that a bundle is refused as a whole.

    Args:
        path: where it is.
        why: a sentence.
    """
    return f"The bundle {str(path)!r} can't be imported. {why} Nothing was imported."


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open a bundle and check the names and sizes of all that is in it.

    Args:
        path: anything.

    Yields:
        The archive; its files are those that the manifest names, no more and no fewer.

    Raises:
        InputError: it can't be read, or is no bundle.
    """
    try:
        if not path.is_file():
            raise InputError(FIELD, refusal(path, "It is no file. Give the path of a bundle."))
        file = zipfile.ZipFile(path)
    except OSError as error:
        why = f"It can't be read ({error.strerror}). Check the path."
        raise InputError(FIELD, refusal(path, why)) from error
    except _NO_ZIP as error:
        why = "It is no zip file, or a damaged one."
        raise InputError(FIELD, refusal(path, why)) from error
    with file:
        for why in _find_troubles(file.infolist(), path.stat().st_size):
            raise InputError(FIELD, refusal(path, why))
        try:
            manifest = parse_manifest(_read_entry(path, file, MANIFEST))
        except ValueError as error:
            raise InputError(FIELD, refusal(path, str(error))) from error
        odd = set(manifest.files).symmetric_difference(set(file.namelist()) - {MANIFEST})
        if odd:
            why = f"It and its {MANIFEST} disagree on the file {excerpt(min(odd))}."
            raise InputError(FIELD, refusal(path, why))
        yield Archive(path=path, file=file, manifest=manifest)


def _find_troubles(entries: list[zipfile.ZipInfo], size_bytes: int) -> Iterator[str]:
    """Yield what is wrong with a zip file's entries, by what they say of themselves."""
    if len(entries) > MOST_FILES:
        yield f"It has {len(entries):,} files; at most {MOST_FILES:,} are accepted."
    for entry in entries:
        trouble = _look_at_name(entry) or _look_at_size(entry)
        if trouble:
            yield f"Its file {excerpt(entry.orig_filename)} {trouble}"
    names = {entry.filename for entry in entries}
    if len(names) < len(entries):
        yield "Two of its files have the same name."
    for name in sorted({MANIFEST, LEDGER, PAGE} - names):
        yield f"It has no {name!r}, so it is no bundle of Prompt Flow."
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > MOST_BYTES:
        yield f"It unfolds into {unpacked:,} bytes; at most {MOST_BYTES:,} are accepted."
    if sum(entry.compress_size for entry in entries) > size_bytes:
        yield "Its files lie one upon the other."


def _look_at_name(entry: zipfile.ZipInfo) -> str | None:
    fits = entry.filename in {MANIFEST, LEDGER, PAGE} or PICTURE_NAME.fullmatch(entry.filename)
    if not fits or entry.filename != entry.orig_filename:
        return "has a name that no file of a bundle has."
    mode = entry.external_attr >> 16
    if stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
        return "is a link or something else that is no file."
    if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _PACKINGS:
        return "is encrypted, or packed in a way that is not known."
    return None


def _look_at_size(entry: zipfile.ZipInfo) -> str | None:
    most = most_bytes(entry.filename)
    if entry.file_size > most:
        return f"has {entry.file_size:,} bytes; at most {most:,} are accepted."
    if entry.compress_type == zipfile.ZIP_STORED and entry.file_size != entry.compress_size:
        return "is not as large as it says."
    if entry.file_size > max(_SMALL_BYTES, _MOST_RATIO * entry.compress_size):
        return f"unfolds into more than {_MOST_RATIO} times its size."
    return None


def _read_entry(path: Path, file: zipfile.ZipFile, name: str) -> bytes:
    """Read a file whole; it can't be longer than it said, and its checksum is compared."""
    try:
        with file.open(name) as entry:
            return entry.read()
    except OSError as error:
        why = f"It can't be read ({error.strerror}). Check the disk."
        raise InputError(FIELD, refusal(path, why)) from error
    except _NO_ZIP as error:
        why = f"Its file {name!r} is damaged."
        raise InputError(FIELD, refusal(path, why)) from error
