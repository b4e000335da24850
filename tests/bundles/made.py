"""Ledgers and stores with something in them, and bundles that are made and unmade."""

import hashlib
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from promptflow.bundles import Exported, Imported, export_bundle, import_bundle
from promptflow.events import Event, ImageReady, ReferenceStored
from promptflow.ledger import SqliteLedger
from promptflow.records import Asset, AssetRole
from promptflow.storage.local import LocalStore
from tests.ledger.scripted_flow import StoppedClock, rich_flow
from tests.scripted import make_png

Files = dict[str, bytes]
"""Name → bytes, of what is in a bundle."""


class Place:
    """A ledger and a store in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = LocalStore(folder)
        self.ledger = SqliteLedger(folder / "promptflow.db", clock=StoppedClock(), owner="owner-1")
        self.ledger.prepare()

    def record(self, events: list[Event]) -> None:
        """Write events down, their pictures with them."""
        for number, event in enumerate(events):
            self.ledger.record(self._with_picture(event, number))

    def _with_picture(self, event: Event, shade: int) -> Event:
        if isinstance(event, ImageReady | ReferenceStored):
            painted = isinstance(event, ImageReady)
            asset = self.store.write(
                generation_id=event.asset.key.split("/")[1],
                role=AssetRole.OUTPUT if painted else AssetRole.REFERENCE,
                model="painter-1" if painted else "upload",
                data=make_png(shade),
            )
            return replace(event, asset=replace(asset, asset_id=event.asset.asset_id))
        return event

    def export(self, out: Path, *generation_ids: str) -> Exported:
        """Write a bundle."""
        return export_bundle(
            generation_ids,
            out,
            ledger=self.ledger,
            read_picture=self.read_picture,
            clock=StoppedClock(),
        )

    def read_picture(self, asset: Asset) -> bytes:
        """Return a picture's bytes."""
        return self.store.read(asset.key)

    def take(self, bundle: Path) -> Imported:
        """Take a bundle in."""
        return import_bundle(bundle, ledger=self.ledger, store=self.store)

    def pictures(self) -> list[str]:
        """Return the keys of all files in the store."""
        files = (path for path in self.folder.rglob("generations/**/*") if path.is_file())
        return sorted(path.relative_to(self.folder).as_posix() for path in files)

    def generations(self) -> list[str]:
        """Return the ids of all generations."""
        return [one.generation_id for one in self.ledger.list_generations()]


def make_rich(folder: Path) -> Place:
    """Make a place that holds a flow in which everything happens, ``g1``."""
    place = Place(folder)
    place.record(rich_flow())
    return place


def read_files(bundle: Path) -> Files:
    """Read all that is in a bundle."""
    with zipfile.ZipFile(bundle) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_files(bundle: Path, files: Files, compression: int = zipfile.ZIP_STORED) -> None:
    """Write a zip file."""
    with zipfile.ZipFile(bundle, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)


def describe(files: Files) -> None:
    """Make the manifest fit what is there."""
    manifest = json.loads(files["manifest.json"])
    manifest["files"] = [
        {"name": name, "sha256": hashlib.sha256(data).hexdigest(), "size_bytes": len(data)}
        for name, data in files.items()
        if name != "manifest.json"
    ]
    files["manifest.json"] = json.dumps(manifest).encode()


def with_manifest(**changes: object) -> Callable[[Files], None]:
    """Return a change: other values in the manifest."""

    def change(files: Files) -> None:
        manifest = json.loads(files["manifest.json"]) | changes
        files["manifest.json"] = json.dumps(manifest).encode()

    return change


Tables = dict[str, list[dict[str, object]]]


def with_rows(change_tables: Callable[[Tables], object]) -> Callable[[Files], None]:
    """Return a change: other rows, described as they should be."""

    def change(files: Files) -> None:
        tables = json.loads(files["ledger.json"])
        change_tables(tables)
        files["ledger.json"] = json.dumps(tables).encode()
        describe(files)

    return change


@dataclass(frozen=True, slots=True, kw_only=True)
class ElsewhereStore:
    """A store of another name."""

    store: LocalStore

    def write(self, *, generation_id: str, role: AssetRole, model: str, data: bytes) -> Asset:
        """Hand on, and say that it is elsewhere."""
        asset = self.store.write(generation_id=generation_id, role=role, model=model, data=data)
        return replace(asset, backend="elsewhere")

    def read(self, key: str) -> bytes:
        """Hand on."""
        return self.store.read(key)
