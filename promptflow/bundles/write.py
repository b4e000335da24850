"""Generations into a bundle."""

import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from promptflow import __version__
from promptflow.bundles.manifest import (
    IMAGES,
    LEDGER,
    MANIFEST,
    MOST_FILES,
    PAGE,
    FileFacts,
    Manifest,
    most_bytes,
    render_manifest,
)
from promptflow.bundles.page import render_page
from promptflow.clock import Clock, to_text
from promptflow.errors import InputError, StorageError, UnknownGenerationError
from promptflow.ledger import SqliteLedger
from promptflow.ledger.exchange import Rows, newest_step, read_rows
from promptflow.ledger.keeping import find_asset
from promptflow.ledger.organising import check_shown
from promptflow.ledger.read import read_events, tell_unknown
from promptflow.records import Asset, GenerationStatus
from promptflow.view import FlowView, fold

_FIELD = "out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What became of an export."""

    generations: int
    """How many are in it, those included that others grew from."""
    pictures: int
    size_bytes: int
    """Of the whole bundle."""


def export_bundle(
    generation_ids: Sequence[str],
    out: Path,
    *,
    ledger: SqliteLedger,
    read_picture: Callable[[Asset], bytes],
    clock: Clock,
) -> Exported:
    """Write generations into one file that another ledger can take in.

    It appears under its name only when it is whole. A generation that grew from another brings that one
    along: the rows would point nowhere without it.

    Args:
        generation_ids: whose; at least one.
        out: a name that is still free, in a folder that is there.
        ledger: where they are recorded.
        read_picture: returns a picture's bytes; raises StorageError.
        clock: dates the bundle.

    Returns:
        What is in it.

    Raises:
        UnknownGenerationError: there is no such generation.
        DeletedGenerationError: one was deleted.
        InputError: one is still running, or the file can't be written where it is wanted.
        LedgerError: the ledger can't be read.
        StorageError: a picture is missing or was changed, or the disk is full.
    """
    _check_free(out)
    rows, views, pictures = _read(ledger, generation_ids)
    with _writing(out) as archive:
        bundle = _Writer(archive=archive)
        bundle.add(LEDGER, json.dumps(rows, ensure_ascii=False, indent=1).encode())
        bundle.add(PAGE, render_page(views).encode(errors="replace"))
        for key, asset in sorted(pictures.items()):
            bundle.add_picture(key, read_picture(asset), asset.sha256)
        manifest = Manifest(
            app_version=__version__,
            schema=newest_step(),
            created_at=to_text(clock.now()),
            generations=tuple(str(row["id"]) for row in rows["generations"]),
            files=bundle.files,
        )
        archive.writestr(MANIFEST, render_manifest(manifest))
    size_bytes = out.stat().st_size
    return Exported(
        generations=len(rows["generations"]), pictures=len(pictures), size_bytes=size_bytes
    )


def _read(
    ledger: SqliteLedger, generation_ids: Sequence[str]
) -> tuple[Rows, list[FlowView], Mapping[str, Asset]]:
    """Read the rows, the same as views, and the stored objects by key, at one moment."""
    if ledger.is_new:
        raise UnknownGenerationError(tell_unknown(generation_ids[0]))
    with ledger.file.reading() as connection:
        for generation_id in generation_ids:
            check_shown(connection, generation_id)
        rows = read_rows(connection, generation_ids)
        # A deleted one that others grew from goes along for the sake of its rows, and has no page.
        shown = [row for row in rows["generations"] if row["deleted_at"] is None]
        ids = [str(row["id"]) for row in shown]
        views = [fold(read_events(connection, generation_id)) for generation_id in ids]
        assets = [find_asset(connection, str(row["id"])) for row in rows["assets"]]
    for view in views:
        if view.status is GenerationStatus.RUNNING:
            message = f"The generation {view.generation_id!r} is still running. Export it when it is finished."
            raise InputError("generation", message)
    return rows, views, {asset.key: asset for asset in assets if asset}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Writer:
    """The files of a bundle on their way into it."""

    archive: zipfile.ZipFile
    files: dict[str, FileFacts] = field(default_factory=dict)

    def add(self, name: str, data: bytes) -> str:
        """Add a file, and return its sha256."""
        if len(data) > most_bytes(name) or len(self.files) + 2 > MOST_FILES:
            message = "These generations are too many for one bundle. Export some of them, then the others."
            raise InputError("generation", message)
        digest = hashlib.sha256(data).hexdigest()
        self.files[name] = FileFacts(sha256=digest, size_bytes=len(data))
        self.archive.writestr(name, data)
        return digest

    def add_picture(self, key: str, data: bytes, sha256: str) -> None:
        if self.add(IMAGES + key, data) != sha256:
            message = (
                f"The picture {key!r} is not the one that was recorded. Bring the file back from a "
                "backup."
            )
            raise StorageError(message)


def _check_free(out: Path) -> None:
    """See that nothing is in the way; what is there is never overwritten.

    Raises:
        InputError: something is.
    """
    if os.path.lexists(out):
        message = f"There is something at {str(out)!r} already. Choose another name, or remove it."
        raise InputError(_FIELD, message)


@contextmanager
def _writing(out: Path) -> Iterator[zipfile.ZipFile]:
    """Write beside the place, sync, and rename.

    Raises:
        InputError: the file can't be made there.
        StorageError: it can't be written to its end.
    """
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        # What a killed process of the same number left is in the way.
        part.unlink(missing_ok=True)
        file = part.open("xb")
    except OSError as error:
        message = f"{str(out)!r} can't be written ({error.strerror}). Choose another place."
        raise InputError(_FIELD, message) from error
    try:
        with file:
            with zipfile.ZipFile(file, "w") as archive:
                yield archive
            file.flush()
            os.fsync(file.fileno())
        _check_free(out)
        part.replace(out)
    except OSError as error:
        message = f"{str(out)!r} can't be written ({error.strerror}). Check the disk."
        raise StorageError(message) from error
    finally:
        part.unlink(missing_ok=True)
