"""One image model's card: waiting, painting, its pictures, or what failed and what to do."""

from collections.abc import Callable, Hashable
from datetime import datetime

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from promptflow.records import Asset, GenerationStatus, RunStatus
from promptflow.ui.labels import Color, Names, retry_words
from promptflow.ui.place import Place
from promptflow.ui.plain import as_label, as_markdown
from promptflow.view import FlowView, RunView

_MOST_COLUMNS = 3

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

    Its parts have slots of their own, so that what changes in one leaves the others, and above all a
    picture that is there, untouched.

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
        self._body = place.container(border=True, gap="small")
        self._head = self._body.empty()
        self._title = title
        self._image_model = image_model
        self._read_picture = read_picture
        self._places: list[Place] = []
        self._foot: DeltaGenerator | None = None
        self._drawn: dict[str, Hashable] = {}

    def update(self, view: FlowView, now: datetime) -> None:
        """Draw what looks different now."""
        run = view.run(self._image_model)
        badge = _badge(view, run)
        if self._changed("head", badge):
            self._draw_head(*badge)
        for index, place in enumerate(self._lay_out(view)):
            place.update(view, run, index)
        retry = retry_words(run, now) if run else ""
        if self._foot is not None and self._changed(
            "foot", (view.status, run and run.fault, retry)
        ):
            self._draw_foot(self._foot, view, run, retry)

    def _changed(self, part: str, look: Hashable) -> bool:
        if part in self._drawn and self._drawn[part] == look:
            return False
        self._drawn[part] = look
        return True

    def _lay_out(self, view: FlowView) -> list[Place]:
        """Return a place for each picture that was asked for, made at the first call."""
        if not self._places:
            wanted = view.request.images_per_model
            grid = self._body.grid(2, min_column_width=120) if wanted > 1 else None
            self._places = [
                Place(
                    grid.cell() if grid else self._body,
                    title=self._title,
                    image_model=self._image_model,
                    read_picture=self._read_picture,
                )
                for _ in range(wanted)
            ]
            self._foot = self._body.empty()
        return self._places

    def _draw_head(self, words: str, icon: str, color: Color) -> None:
        with self._head.container(horizontal=True, horizontal_alignment="distribute"):
            st.markdown(f"**{as_label(self._title)}**", width="content")
            st.badge(words, icon=icon, color=color)

    def _draw_foot(
        self, foot: DeltaGenerator, view: FlowView, run: RunView | None, retry: str
    ) -> None:
        if run is None and view.status is GenerationStatus.RUNNING:
            foot.caption("Paints as soon as its prompt is written.")
        elif run is None:
            foot.caption("Nothing was sent to this model.")
        elif retry:
            foot.caption(as_markdown(retry))
        elif run.fault:
            _draw_fault(foot, run.status, as_markdown(run.fault.message))
        else:
            foot.empty()


def _badge(view: FlowView, run: RunView | None) -> tuple[str, str, Color]:
    """Return words, icon and colour of how a model stands."""
    if run is None:
        if view.status is GenerationStatus.RUNNING:
            return "Waiting", ":material/hourglass_empty:", "gray"
        return "Not started", ":material/block:", "gray"
    if run.retry:
        return "Retrying", ":material/replay:", "orange"
    return _BADGES[run.status]


def _draw_fault(foot: DeltaGenerator, status: RunStatus, message: str) -> None:
    match status:
        case RunStatus.REFUSED:
            foot.warning(message, title="Refused", icon=":material/block:")
        case RunStatus.CANCELLED | RunStatus.INTERRUPTED:
            foot.info(message, icon=":material/power_off:")
        case RunStatus.RUNNING | RunStatus.SUCCEEDED | RunStatus.PARTIAL | RunStatus.FAILED:
            foot.error(message, title="What failed", icon=":material/error:")
