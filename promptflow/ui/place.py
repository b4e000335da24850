"""The place of one picture in a card: a skeleton, a preview, the picture, or nothing."""

from collections.abc import Callable, Hashable

from streamlit.delta_generator import DeltaGenerator

from promptflow.errors import StorageError
from promptflow.events import PartialImage
from promptflow.pictures import inspect_picture
from promptflow.records import Asset, GenerationStatus, RunStatus
from promptflow.ui.labels import picture_facts
from promptflow.ui.pictures import SourceOf, draw_picture
from promptflow.ui.plain import as_markdown
from promptflow.view import FlowView, ImageView, RunView
from promptflow.wording import name_picture

_SKELETON_PX = 260


class Place:
    """Where one picture of one image model goes.

    A picture is drawn once: drawing it again would load it again, and its download button may be
    drawn only once in a run of the script.

    Args:
        place: where it is.
        title: the model's title.
        image_model: the model's id.
        source_of: asset → what it is shown from; raises StorageError.
        read_picture: asset → its bytes, for a download; raises StorageError.
    """

    def __init__(
        self,
        place: DeltaGenerator,
        *,
        title: str,
        image_model: str,
        source_of: SourceOf,
        read_picture: Callable[[Asset], bytes],
    ) -> None:
        self._picture = place.empty()
        self._facts = place.empty()
        self._download = place.empty()
        self._title = title
        self._image_model = image_model
        self._source_of = source_of
        self._read_picture = read_picture
        self._drawn: dict[str, Hashable] = {}
        self._previewed = False

    def update(self, view: FlowView, run: RunView | None, index: int) -> None:
        """Draw what looks different now.

        Args:
            view: the generation.
            run: the model's run, once there is one.
            index: which of the model's places this is, from 0.
        """
        image = _find(run, index)
        if image is not None:
            self._update_image(view, image)
            return
        if run and self._update_preview(run.partials.get(index)):
            return
        waiting = (
            run.status is RunStatus.RUNNING if run else view.status is GenerationStatus.RUNNING
        )
        if self._changed("picture", waiting):
            height_px = _SKELETON_PX if view.request.images_per_model == 1 else _SKELETON_PX // 2
            self._picture.skeleton(height=height_px) if waiting else self._picture.empty()
            self._facts.empty()

    def _changed(self, part: str, look: Hashable) -> bool:
        if part in self._drawn and self._drawn[part] == look:
            return False
        self._drawn[part] = look
        return True

    def _update_preview(self, partial: PartialImage | None) -> bool:
        """Draw a preview that is new; say whether one is to be seen."""
        if partial is None:
            self._previewed = False
        elif self._changed("preview", partial) and self._draw_preview(partial.data):
            self._drawn["picture"] = partial
            self._previewed = True
        return self._previewed

    def _draw_preview(self, data: bytes) -> bool:
        """Draw a preview; one that is broken leaves what is there, for the picture may yet come."""
        try:
            mime = inspect_picture(data).mime
            draw_picture(data, mime, alt=f"Preview from {self._title}", place=self._picture)
        except Exception:  # noqa: BLE001 - decoders meet hostile bytes with many types
            return False
        self._facts.caption("Preview")
        return True

    def _update_image(self, view: FlowView, image: ImageView) -> None:
        if self._changed("picture", image.asset.asset_id):
            self._draw_image(view, image)
            self._facts.caption(as_markdown(picture_facts(image)))

    def _draw_image(self, view: FlowView, image: ImageView) -> None:
        asset = image.asset
        try:
            source = self._source_of(asset)
        except StorageError as error:
            self._picture.error(as_markdown(error.message), icon=":material/broken_image:")
            return
        draw_picture(source, asset.mime, alt=_alt(view, self._title), place=self._picture)
        self._download.download_button(
            "Download",
            data=lambda: self._read_picture(asset),
            file_name=file_name(view.request.request, self._image_model, image),
            mime=asset.mime,
            key=f"download {asset.asset_id}",
            icon=":material/download:",
            on_click="ignore",
            width="stretch",
        )


def _find(run: RunView | None, index: int) -> ImageView | None:
    images = run.images if run else ()
    return next((image for image in images if image.index == index), None)


def _alt(view: FlowView, title: str) -> str:
    subject = view.plan.summary if view.plan else view.request.request
    return f"{title}: {' '.join(subject.split())[:200]}"


def file_name(request: str, image_model: str, image: ImageView) -> str:
    """Make a sensible name for a download.

    Args:
        request: the idea; its first words make the name.
        image_model: the model's id.
        image: which picture.

    Returns:
        Something like ``lighthouse-in-a-storm-offline-gouache-1.png``, safe on any file system.
    """
    extension = image.asset.key.rsplit(".", 1)[-1]
    return name_picture(request, image_model, number=image.index + 1, extension=extension)
