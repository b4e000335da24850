"""A bundle into a ledger: everything is checked before anything is written."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from promptflow.bundles.archive import Archive, open_archive
from promptflow.bundles.manifest import IMAGES, LEDGER, PICTURE_NAME, tell_newer
from promptflow.catalog.excerpts import excerpt
from promptflow.errors import LedgerError, PictureError, StorageError
from promptflow.ledger import SqliteLedger
from promptflow.ledger.exchange import (
    Row,
    Rows,
    insert_rows,
    is_known,
    list_missing,
    upgrade_rows,
)
from promptflow.pictures import inspect_picture
from promptflow.ports import ImageStore
from promptflow.records import AssetRole, GenerationStatus

_ROLES = {role.value: role for role in AssetRole}


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of an import."""

    generations: int
    """How many are new."""
    known: int
    """How many were there already."""
    pictures: int
    """How many are new."""


def import_bundle(path: Path, *, ledger: SqliteLedger, store: ImageStore) -> Imported:
    """Take the generations of a bundle into a ledger; what is there already is passed over.

    Ids are kept. The pictures come first, then all rows at once: what breaks off in between leaves
    pictures without rows, which another import of the same bundle makes use of.

    Args:
        path: of the bundle; it may come from anyone.
        ledger: of the newest schema.
        store: where the pictures go.

    Returns:
        What is new.

    Raises:
        InputError: it is no bundle, is damaged, is of a newer version, or holds rows that differ from
            those of this ledger; nothing was imported.
        LedgerError: the ledger can't be read or written; nothing but pictures was imported.
        StorageError: a picture can't be written; nothing but pictures was imported.
        SetupError: there is no room to check the bundle.
    """
    with open_archive(path) as archive:
        rows = _read_rows(archive)
        _check_files(archive, rows)
        missing = _find_missing(archive, ledger, rows)
        places = {str(row["key"]): _store(archive, row, store) for row in missing["assets"]}
        assets = [{**row, "backend": places.get(str(row["key"]), "")} for row in rows["assets"]]
        new = _insert(archive, ledger, {**rows, "assets": assets})
    known = len(rows["generations"]) - len(new)
    return Imported(generations=len(new), known=known, pictures=len(places))


def _read_rows(archive: Archive) -> Rows:
    """Read the rows as ones of the newest schema, and check what no database can."""
    if not is_known(archive.manifest.schema):
        raise archive.fail(tell_newer(excerpt(archive.manifest.schema)))
    try:
        given = json.loads(archive.read(LEDGER))
    except (ValueError, RecursionError) as error:
        raise archive.fail(f"Its {LEDGER} makes no sense.") from error
    try:
        rows = upgrade_rows(given, step=archive.manifest.schema)
    except LedgerError as error:
        raise archive.fail(error.message) from error
    if {row["id"] for row in rows["generations"]} != set(archive.manifest.generations):
        raise archive.fail(f"Its manifest and its {LEDGER} disagree on the generations in it.")
    for row in rows["generations"]:
        if row["status"] == GenerationStatus.RUNNING:
            raise archive.fail(f"Its generation {row['id']!r} is still running.")
    return rows


def _check_files(archive: Archive, rows: Rows) -> None:
    """Read every file once, and see that pictures and rows tell the same."""
    assets: dict[str, list[Row]] = {}
    for row in rows["assets"]:
        assets.setdefault(f"{IMAGES}{row['key']}", []).append(row)
    lost = assets.keys() - archive.manifest.files.keys()
    if lost:
        raise archive.fail(f"Its picture {excerpt(min(lost))} is not in it.")
    for name in archive.manifest.files:
        data = archive.read(name)
        if name.startswith(IMAGES):
            _check_picture(archive, name, data, assets.get(name, []))


def _check_picture(archive: Archive, name: str, data: bytes, assets: Sequence[Row]) -> None:
    if not assets:
        raise archive.fail(f"Its picture {name!r} belongs to no row.")
    try:
        told = _describe(name, data, archive.manifest.files[name].sha256)
    except PictureError as error:
        raise archive.fail(f"Its file {name!r} can't be used. {error.message}") from error
    for row in assets:
        if any(row[column] != value for column, value in told.items()):
            raise archive.fail(f"The row {row['id']!r} of its pictures does not fit its picture.")


def _describe(name: str, data: bytes, sha256: str) -> Row:
    """Return what a picture's row must say.

    Raises:
        PictureError: it is no usable picture.
    """
    parts, facts = _parts(name), inspect_picture(data)
    place = f"generations/{parts['generation']}/{parts['role']}/{parts['model']}"
    return {
        "generation_id": parts["generation"],
        "role": parts["role"],
        "key": f"{place}/{sha256[:16]}.{facts.extension}",
        "sha256": sha256,
        "mime": facts.mime,
        "width_px": facts.width_px,
        "height_px": facts.height_px,
        "size_bytes": len(data),
    }


def _parts(name: str) -> Mapping[str, str]:
    """Take a picture's name apart; the archive has only names that fit."""
    found = PICTURE_NAME.fullmatch(name)
    if found is None or found["role"] not in _ROLES:
        message = "Its name has a role that is not known."
        raise PictureError(message)
    return found.groupdict()


def _find_missing(archive: Archive, ledger: SqliteLedger, rows: Rows) -> Rows:
    with ledger.file.reading() as connection:
        try:
            return list_missing(connection, rows)
        except LedgerError as error:
            raise archive.fail(error.message) from error


def _store(archive: Archive, row: Row, store: ImageStore) -> str:
    """Put a picture into the store, under its own key, and return the name of the store."""
    name = f"{IMAGES}{row['key']}"
    parts = _parts(name)
    asset = store.write(
        generation_id=parts["generation"],
        role=_ROLES[parts["role"]],
        model=parts["model"],
        data=archive.read(name),
    )
    if asset.key != row["key"]:
        message = f"The picture {row['key']!r} was stored under another key, {asset.key!r}."
        raise StorageError(message)
    return asset.backend


def _insert(archive: Archive, ledger: SqliteLedger, rows: Rows) -> tuple[str, ...]:
    with ledger.file.writing() as connection:
        try:
            return insert_rows(connection, rows)
        except LedgerError as error:
            # Another import was quicker, with other rows.
            raise archive.fail(error.message) from error
