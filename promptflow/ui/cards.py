"""One image model's card: waiting, painting, its pictures, or what failed and what to do."""

import re
from collections.abc import Callable, Hashable
from datetime import datetime
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from promptflow.errors import StorageError
from promptflow.records import Asset, GenerationStatus, RunStatus
from promptflow.ui.labels import Color, Names, retry_words
from promptflow.ui.plain import as_label, as_markdown
from promptflow.view import FlowView, ImageView, RunView
from promptflow.wording import format_duration, format_size, format_usd

_SKELETON_PX = 260
_MOST_COLUMNS = 3
_SLUG_WORDS = 6

_BADGES: dict[RunStatus, tuple[str, str, Color]] = {
    RunStatus.RUNNING: ("Painting", ":material/brush:", "blue"),
    RunStatus.SUCCEEDED: ("Done", ":material/check:", "green"),
    RunStatus.PARTIAL: ("Partly failed", ":material/rule:", "orange"),
    RunStatus.FAILED: ("Failed", ":material/error:", "red"),
    RunStatus.REFUSED: ("Refused", ":material/block:", "orange"),
    RunStatus.CANCELLED: ("Cancelled", ":material/block:", "gray"),
    RunStatus.INTERRUPTED: ("Interrupted", ":material/power_off:", "orange"),
}


class CardBoard:
    """The cards of one generation.

    Args:
        place: where they go.
        names: model id → title.
        read_picture: asset → its bytes; raises StorageError.
        side_by_side: whether they stand in a grid, or under one another.
    """

    def __init__(
        self,
        place: DeltaGenerator,
        *,
        names: Names,
        read_picture: Callable[[Asset], bytes],
        side_by_side: bool,
    ) -> None:
        self._place = place
        self._names = names
        self._read_picture = read_picture
        self._side_by_side = side_by_side
        self._cards: dict[str, Card] = {}

    def update(self, view: FlowView, now: datetime) -> None:
        """Draw every card that looks different now."""
        if not self._cards:
            self._lay_out(view)
        for card in self._cards.values():
            card.update(view, now)

    def _lay_out(self, view: FlowView) -> None:
        models = view.request.image_models
        columns = min(len(models), _MOST_COLUMNS) if self._side_by_side else 1
        grid = self._place.grid(columns, min_column_width=240)
        for model in models:
            self._cards[model] = Card(
                grid.cell(),
                title=self._names(model),
                image_model=model,
                read_picture=self._read_picture,
            )


class Card:
    """The card of one image model in one generation.

    Args:
        place: where it goes.
        title: the model's title.
        image_model: the model's id.
        read_picture: asset → its bytes; raises StorageError.
    """

    def __init__(
        self,
        place: DeltaGenerator,
        *,
        title: str,
        image_model: str,
        read_picture: Callable[[Asset], bytes],
    ) -> None:
        self._slot = place.empty()
        self._title = title
        self._image_model = image_model
        self._read_picture = read_picture
        self._drawn: Hashable = None

    def update(self, view: FlowView, now: datetime) -> None:
        """Draw the card anew if it looks different now."""
        run = view.run(self._image_model)
        look = _look(view, run, now)
        if look == self._drawn:
            return
        self._drawn = look
        with self._slot.container(border=True, gap="small"):
            self._draw_head(view, run)
            if run is None:
                self._draw_waiting(view)
            else:
                self._draw_run(view, run, now)

    def _draw_head(self, view: FlowView, run: RunView | None) -> None:
        with st.container(horizontal=True, horizontal_alignment="distribute"):
            st.markdown(f"**{as_label(self._title)}**", width="content")
            if run is not None:
                words, icon, color = _BADGES[run.status]
                if run.retry:
                    words, icon, color = "Retrying", ":material/replay:", "orange"
            elif view.status is GenerationStatus.RUNNING:
                words, icon, color = "Waiting", ":material/hourglass_empty:", "gray"
            else:
                words, icon, color = "Not started", ":material/block:", "gray"
            st.badge(words, icon=icon, color=color)

    def _draw_waiting(self, view: FlowView) -> None:
        if view.status is GenerationStatus.RUNNING:
            st.skeleton(height=_SKELETON_PX)
            st.caption("Paints as soon as its prompt is written.")
        else:
            st.caption("Nothing was sent to this model.")

    def _draw_run(self, view: FlowView, run: RunView, now: datetime) -> None:
        wanted = view.request.images_per_model
        places = wanted if run.status is RunStatus.RUNNING else len(run.images)
        if places > 1:
            cells = st.grid(2, min_column_width=120, gap="small")
            for index in range(places):
                with cells.cell():
                    self._draw_place(view, run, index)
        elif places:
            self._draw_place(view, run, 0)
        if run.retry:
            st.caption(as_markdown(retry_words(run, now)))
        if run.fault:
            self._draw_fault(run)

    def _draw_place(self, view: FlowView, run: RunView, index: int) -> None:
        """Draw one picture, or what is to be seen of it so far."""
        if run.status is RunStatus.RUNNING:
            image = next((one for one in run.images if one.index == index), None)
        else:
            image = run.images[index]
        if image:
            self._draw_image(view, run, image)
        elif index in run.partials:
            st.image(run.partials[index].data, alt=f"Preview from {self._title}", width="stretch")
            st.caption("Painting, this is a preview.")
        else:
            st.skeleton(height=_SKELETON_PX)

    def _draw_image(self, view: FlowView, run: RunView, image: ImageView) -> None:
        asset = image.asset
        try:
            data = self._read_picture(asset)
        except StorageError as error:
            st.error(as_markdown(error.message), icon=":material/broken_image:")
            return
        # Named, because Streamlit turns a PNG without transparency into a JPEG otherwise.
        kind: Literal["JPEG", "PNG"] = "JPEG" if asset.mime == "image/jpeg" else "PNG"
        st.image(data, alt=self._alt(view), width="stretch", output_format=kind)
        facts = [
            f"{asset.width_px} × {asset.height_px} px",
            format_size(asset.size_bytes),
            format_duration(image.at_ms),
            *([format_usd(run.cost_micro_usd)] if run.total_ms is not None else []),
            *([f"seed {image.seed}"] if image.seed is not None else []),
        ]
        st.caption(as_markdown("  ·  ".join(facts)))
        st.download_button(
            "Download",
            data=lambda: self._read_picture(asset),
            file_name=file_name(view.request.request, self._image_model, image),
            mime=asset.mime,
            key=f"download {asset.asset_id}",
            icon=":material/download:",
            on_click="ignore",
            width="stretch",
        )

    def _draw_fault(self, run: RunView) -> None:
        if run.fault is None:
            return
        message = as_markdown(run.fault.message)
        match run.status:
            case RunStatus.REFUSED:
                st.warning(message, title="Refused", icon=":material/block:")
            case RunStatus.CANCELLED | RunStatus.INTERRUPTED:
                st.info(message, icon=":material/power_off:")
            case RunStatus.RUNNING | RunStatus.SUCCEEDED | RunStatus.PARTIAL | RunStatus.FAILED:
                st.error(message, title="What failed", icon=":material/error:")

    def _alt(self, view: FlowView) -> str:
        plan = view.plan
        subject = plan.summary if plan else view.request.request
        return f"{self._title}: {' '.join(subject.split())[:200]}"


def _look(view: FlowView, run: RunView | None, now: datetime) -> Hashable:
    if run is None:
        return view.status
    partials = tuple((index, id(partial)) for index, partial in run.partials.items())
    return (run.run_id, run.status, len(run.images), partials, retry_words(run, now))


def file_name(request: str, image_model: str, image: ImageView) -> str:
    """Make a sensible name for a download.

    Args:
        request: the idea; its first words make the name.
        image_model: the model's id.
        image: which picture.

    Returns:
        Something like ``lighthouse-in-a-storm-offline-gouache-1.png``, safe on any file system.
    """
    words = re.findall(r"\w+", request.lower())[:_SLUG_WORDS]
    slug = "-".join(words)[:60].strip("-") or "picture"
    ending = image.asset.key.rsplit(".", 1)[-1]
    model = re.sub(r"[^\w.-]+", "-", image_model)
    return f"{slug}-{model}-{image.index + 1}.{ending}"
