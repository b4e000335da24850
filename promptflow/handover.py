"""Chosen pictures in one zip file, with a manifest that says what they are. Beside the laboratory.

Meant for people and other programs, and never read back: what is to go into another ledger is a bundle.
"""

import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import BinaryIO, Protocol

from promptflow import __version__
from promptflow.clock import to_text
from promptflow.errors import PromptflowError
from promptflow.events import Event
from promptflow.records import Asset, ImageParameters, PictureSummary
from promptflow.view import FlowView, ImageView, RunView, fold
from promptflow.wording import name_picture

MANIFEST = "manifest.json"
MOST_PICTURES = 200
MOST_BYTES = 400_000_000
"""Of all pictures of a handover: whoever sends it to a browser may hold it in memory."""
_MICRO = 1_000_000
_MODE = 0o644 << 16
"""Whoever unpacks it may read the files."""
_GONE = "There is no picture with this id in the ledger any more, or it was deleted."

ReadEvents = Callable[[str], tuple[Event, ...]]
"""Generation id → its events, in order."""


class Source(Protocol):
    """Where the pictures come from."""

    def find_picture(self, asset_id: str) -> PictureSummary | None:
        """Return one painted picture; ``None`` where there is none of this id."""
        ...

    def read_picture(self, asset: Asset) -> bytes:
        """Return the bytes of a picture."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """What became of the pictures that were chosen."""

    pictures: int
    """How many are in the file."""
    left_out: int
    """How many are not; the manifest says which and why."""


def write_handover(
    out: BinaryIO,
    asset_ids: Sequence[str],
    *,
    source: Source,
    read_events: ReadEvents,
    created_at: datetime,
) -> HandedOver:
    """Write pictures into a zip file, one at a time, and a manifest after them.

    A picture that can't be read is left out and noted; the others are not held up by it.

    Args:
        out: an empty file, open for writing.
        asset_ids: which, in this order; one that comes twice is written once.
        source: where they are.
        read_events: says what is known of their generations.
        created_at: dates the manifest; aware, in UTC.

    Returns:
        How many are in it and how many are not.

    Raises:
        OSError: the file can't be written, for instance because the disk is full.
    """
    writer = _Writer(source, read_events)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for asset_id in dict.fromkeys(asset_ids):
            writer.add(archive, asset_id)
        manifest = {
            "app_version": __version__,
            "created_at": to_text(created_at),
            "pictures": writer.pictures,
            "left_out": writer.left_out,
        }
        text = json.dumps(manifest, ensure_ascii=False, indent=1)
        archive.writestr(_entry(MANIFEST, created_at), text.encode(errors="replace"))
    return HandedOver(pictures=len(writer.pictures), left_out=len(writer.left_out))


class _Writer:
    """What has been written so far."""

    def __init__(self, source: Source, read_events: ReadEvents) -> None:
        self.pictures: list[dict[str, object]] = []
        self.left_out: list[dict[str, str]] = []
        self._source = source
        self._read_events = read_events
        self._views: dict[str, FlowView] = {}
        self._names: set[str] = {MANIFEST}

    def add(self, archive: zipfile.ZipFile, asset_id: str) -> None:
        try:
            picture = self._source.find_picture(asset_id)
            if picture is None:
                self.left_out.append({"asset_id": asset_id, "reason": _GONE})
                return
            view = self._view(picture.generation_id)
            data = self._source.read_picture(picture.asset)
        except PromptflowError as error:
            self.left_out.append({"asset_id": asset_id, "reason": error.message})
            return
        found = find_image(view, asset_id)
        name = self._name(picture, view, found[1].index + 1 if found else 1)
        archive.writestr(_entry(name, picture.created_at), data)
        self.pictures.append({"file_name": name, **_describe(picture, view, found)})

    def _view(self, generation_id: str) -> FlowView:
        if generation_id not in self._views:
            self._views[generation_id] = fold(self._read_events(generation_id))
        return self._views[generation_id]

    def _name(self, picture: PictureSummary, view: FlowView, number: int) -> str:
        """Name a picture, with a number behind the name where another has it."""
        extension = picture.asset.key.rsplit(".", 1)[-1]
        name = name_picture(
            view.request.request, picture.image_model, number=number, extension=extension
        )
        stem, same = name.removesuffix(f".{extension}"), 2
        # Some file systems take upper and lower case for the same.
        while name.casefold() in self._names:
            name, same = f"{stem}-{same}.{extension}", same + 1
        self._names.add(name.casefold())
        return name


def find_image(view: FlowView, asset_id: str) -> tuple[RunView, ImageView] | None:
    """Find a picture among those of its generation.

    Args:
        view: the generation.
        asset_id: the picture's.

    Returns:
        The run that painted it, and the picture; ``None`` where the generation has no such picture.
    """
    for run in view.runs:
        for image in run.images:
            if image.asset.asset_id == asset_id:
                return run, image
    return None


def _describe(
    picture: PictureSummary, view: FlowView, found: tuple[RunView, ImageView] | None
) -> dict[str, object]:
    asset, cost = picture.asset, picture.cost_micro_usd
    run, image = found or (None, None)
    return {
        "asset_id": asset.asset_id,
        "generation_id": picture.generation_id,
        "run_id": picture.run_id,
        "title": picture.title,
        "request": view.request.request,
        "prompt": run.prompt if run else None,
        "image_model": picture.image_model,
        "provider": picture.provider,
        "parameters": _told(run.parameters) if run else None,
        "resolved": _told(image.resolved) if image and image.resolved else None,
        "aspect_ratio": picture.aspect_ratio,
        "seed": image.seed if image else None,
        "width_px": asset.width_px,
        "height_px": asset.height_px,
        "mime": asset.mime,
        "size_bytes": asset.size_bytes,
        "sha256": asset.sha256,
        "run_cost_usd": None if cost is None else cost / _MICRO,
        "starred": picture.starred_at is not None,
        "created_at": to_text(picture.created_at),
    }


def _told(parameters: ImageParameters) -> dict[str, object]:
    return {name: value for name, value in asdict(parameters).items() if value is not None}


def _entry(name: str, at: datetime) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, date_time=at.timetuple()[:6])
    entry.external_attr = _MODE
    return entry
