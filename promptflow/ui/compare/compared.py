"""The pictures on the page, with all that is known of each. Draws nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from promptflow.errors import PromptflowError
from promptflow.handover import find_image
from promptflow.laboratory import Laboratory
from promptflow.records import DeletedPicture, PictureSummary, PromptOrigin
from promptflow.ui.labels import Names
from promptflow.view import FlowView, ImageView, RunView, fold

_LETTERS = "ABCDEF"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One of the pictures."""

    letter: str
    """What it goes by on the page: ``A``, ``B`` and so on, as they lie."""
    name: str
    """Its letter and its model's title; no two have the same."""
    picture: PictureSummary
    view: FlowView | None
    """Its generation; ``None`` where that can't be read."""
    run: RunView | None
    image: ImageView | None

    @property
    def asset_id(self) -> str:
        """What it is known by."""
        return self.picture.asset.asset_id

    @property
    def alt(self) -> str:
        """What it shows, for those who can't see it."""
        return f"{self.name}: {self.picture.title}"

    @property
    def shape(self) -> float:
        """Its width to its height."""
        return self.picture.asset.width_px / self.picture.asset.height_px


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What became of the ids in an address."""

    pictures: tuple[Compared, ...]
    """Those there are, in their order."""
    deleted: tuple[DeletedPicture, ...]
    """Those that can be brought back."""
    notes: tuple[str, ...]
    """A sentence about each of the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """A picture that could be added."""

    asset_id: str
    name: str


def gather(lab: Laboratory, asset_ids: Sequence[str]) -> Gathered:
    """Look the pictures up; one that isn't there holds up no other.

    Args:
        lab: where they are kept.
        asset_ids: at most six, no two alike; each may be anything.

    Raises:
        LedgerError: the ledger can't be read.
    """
    pictures, deleted, notes = [], [], []
    for asset_id in asset_ids:
        picture = lab.gallery.find_picture(asset_id)
        if picture is not None:
            pictures.append(picture)
            continue
        gone = lab.organiser.find_deleted_picture(asset_id)
        if gone is None or gone.is_purged:
            notes.append(_tell_gone(asset_id, gone))
        else:
            deleted.append(gone)
    views: dict[str, FlowView | None] = {}
    for generation_id in dict.fromkeys(picture.generation_id for picture in pictures):
        try:
            views[generation_id] = fold(lab.read_events(generation_id))
        except PromptflowError as error:
            views[generation_id] = None
            notes.append(error.message)
    letters = zip(_LETTERS, pictures, strict=False)
    found = (_compared(one, views[one.generation_id], letter, lab) for letter, one in letters)
    return Gathered(pictures=tuple(found), deleted=tuple(deleted), notes=tuple(notes))


def _tell_gone(asset_id: str, gone: DeletedPicture | None) -> str:
    if gone is None:
        return (
            f"There is no picture {asset_id!r} in the ledger: none was painted under this id, or a "
            "purge took it."
        )
    return (
        f"The picture {asset_id!r} was deleted on {gone.deleted_at:%Y-%m-%d} and purged since: it "
        "can't be brought back."
    )


def _compared(
    picture: PictureSummary, view: FlowView | None, letter: str, lab: Laboratory
) -> Compared:
    found = find_image(view, picture.asset.asset_id) if view else None
    run, image = found or (None, None)
    return Compared(
        letter=letter,
        name=f"{letter} · {lab.models.name_of(picture.image_model)}{_version_words(run)}",
        picture=picture,
        view=view,
        run=run,
        image=image,
    )


def _version_words(run: RunView | None) -> str:
    """Say which of its model's runs it is, where that isn't plain."""
    if run and run.prompt_origin is PromptOrigin.RAW:
        return ", your own words"
    return f", v{run.version}" if run and run.version > 1 else ""


def list_others(compared: Sequence[Compared], names: Names) -> Iterator[Other]:
    """Yield the pictures of the same generations that aren't on the page.

    Args:
        compared: those that are.
        names: model id → title.
    """
    shown = {one.asset_id for one in compared}
    views = {one.view.generation_id: one.view for one in compared if one.view}
    for view in views.values():
        for run in view.runs:
            for image in run.images:
                if image.asset.asset_id not in shown:
                    title = f"{names(run.image_model)}{_version_words(run)}"
                    name = f"{title}, picture {image.index + 1}"
                    yield Other(asset_id=image.asset.asset_id, name=name)
