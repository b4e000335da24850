"""One image model's card: waiting, painting, its pictures, or what failed and what to do."""

from collections.abc import Callable, Hashable, Sequence
from datetime import datetime

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from promptflow.records import Asset, Fault, GenerationStatus, RunStatus
from promptflow.ui.labels import (
    REFUSED_ICON,
    Color,
    Names,
    is_waiting,
    refusal_facts,
    retry_words,
    run_facts,
)
from promptflow.ui.pictures import SourceOf
from promptflow.ui.place import Place
from promptflow.ui.plain import as_label, as_markdown, as_message
from promptflow.view import FlowView, RunView

CountRefusals = Callable[[str], tuple[int, int]]
"""Model id → (runs that were refused, all runs that are over)."""
_MOST_COLUMNS = 3

_BADGES: dict[RunStatus, tuple[str, str, Color]] = {
    RunStatus.RUNNING: ("Painting", ":material/brush:", "blue"),
    RunStatus.SUCCEEDED: ("Done", ":material/check:", "green"),
    RunStatus.PARTIAL: ("Partly done", ":material/rule:", "orange"),
    RunStatus.FAILED: ("Failed", ":material/error:", "red"),
    RunStatus.REFUSED: ("Refused", REFUSED_ICON, "orange"),
    RunStatus.CANCELLED: ("Cancelled", ":material/block:", "gray"),
    RunStatus.INTERRUPTED: ("Interrupted", ":material/power_off:", "orange"),
}


class CardBoard:
    """The cards of one generation.

    Args:
        place: where they go.
        names: model id → title.
        source_of: asset → what it is shown from; raises StorageError.
        read_picture: asset → its bytes; raises StorageError.
        count_refusals: model id → how many of its runs were refused, of how many.
        side_by_side: whether they stand in a grid, or under one another.
    """

    def __init__(
        self,
        place: DeltaGenerator,
        *,
        names: Names,
        source_of: SourceOf,
        read_picture: Callable[[Asset], bytes],
        count_refusals: CountRefusals,
        side_by_side: bool,
    ) -> None:
        self._place = place
        self._names = names
        self._source_of = source_of
        self._read_picture = read_picture
        self._count_refusals = count_refusals
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
                source_of=self._source_of,
                read_picture=self._read_picture,
                count_refusals=self._count_refusals,
            )


class Card:
    """The card of one image model in one generation.

    Its parts have slots of their own, so that what changes in one leaves the others, and above all a
    picture that is there, untouched.

    Args:
        place: where it goes.
        title: the model's title.
        image_model: the model's id.
        source_of: asset → what it is shown from; raises StorageError.
        read_picture: asset → its bytes; raises StorageError.
        count_refusals: model id → how many of its runs were refused, of how many.
    """

    def __init__(
        self,
        place: DeltaGenerator,
        *,
        title: str,
        image_model: str,
        source_of: SourceOf,
        read_picture: Callable[[Asset], bytes],
        count_refusals: CountRefusals,
    ) -> None:
        self._body = place.container(border=True, gap="small")
        self._head = self._body.empty()
        self._words = self._body.empty()
        self._title = title
        self._image_model = image_model
        self._source_of = source_of
        self._read_picture = read_picture
        self._count_refusals = count_refusals
        self._grid: DeltaGenerator | None = None
        """The slot of the grid, where several pictures were asked for and one may still come."""
        self._places: dict[int, Place] | None = None
        self._foot: DeltaGenerator | None = None
        self._drawn: dict[str, Hashable] = {}

    def update(self, view: FlowView, now: datetime) -> None:
        """Draw what looks different now."""
        run = view.run(self._image_model)
        badge = _badge(view, run, now)
        if self._changed("head", badge):
            self._draw_head(*badge)
        for index, place in self._lay_out(view, run).items():
            place.update(view, run, index)
        words = _words(view, run, now)
        if self._changed("words", words):
            self._words.caption(as_markdown(words))
        if self._foot is not None and run and run.fault and self._changed("foot", run.fault):
            self._draw_foot(self._foot, run, run.fault)

    def _changed(self, part: str, look: Hashable) -> bool:
        if part in self._drawn and self._drawn[part] == look:
            return False
        self._drawn[part] = look
        return True

    def _lay_out(self, view: FlowView, run: RunView | None) -> dict[int, Place]:
        """Return the places of the pictures that came or may come, by index; made at the first call."""
        expected = _expected(view, run)
        if self._places is None:
            self._places = self._make_places(expected, several=view.request.images_per_model > 1)
            self._foot = self._body.empty()
        if not expected and self._grid:
            # Cells without anything in them would leave a gap.
            self._grid.empty()
            self._grid, self._places = None, {}
        return self._places

    def _make_places(self, expected: Sequence[int], *, several: bool) -> dict[int, Place]:
        grid = None
        if several and expected:
            self._grid = self._body.empty()
            grid = self._grid.grid(2, min_column_width=104, gap=("small", "xsmall"))
        return {
            index: Place(
                grid.cell() if grid else self._body,
                title=self._title,
                image_model=self._image_model,
                source_of=self._source_of,
                read_picture=self._read_picture,
            )
            for index in expected
        }

    def _draw_head(self, words: str, icon: str, color: Color) -> None:
        with self._head.container(horizontal=True, horizontal_alignment="distribute"):
            st.markdown(f"**{as_label(self._title)}**", width="content")
            st.badge(words, icon=icon, color=color)

    def _draw_foot(self, foot: DeltaGenerator, run: RunView, fault: Fault) -> None:
        with foot.container(gap="xsmall"):
            _draw_fault(run.status, as_message(fault.message))
            if run.status is RunStatus.REFUSED:
                facts = refusal_facts(fault.category, *self._count_refusals(run.image_model))
                st.caption(as_markdown(facts))


def _expected(view: FlowView, run: RunView | None) -> Sequence[int]:
    """Return the indexes of the pictures that are there, or of all while more may come."""
    over = view.status is not GenerationStatus.RUNNING
    if run is not None:
        over = run.status is not RunStatus.RUNNING
    if over:
        return sorted(image.index for image in run.images) if run else ()
    return range(view.request.images_per_model)


def _badge(view: FlowView, run: RunView | None, now: datetime) -> tuple[str, str, Color]:
    """Return words, icon and colour of how a model stands."""
    if run is None:
        if view.status is GenerationStatus.RUNNING:
            return "Waiting", ":material/hourglass_empty:", "gray"
        return "Not started", ":material/block:", "gray"
    if is_waiting(run.retry, now):
        return "Retrying", ":material/replay:", "orange"
    return _BADGES[run.status]


def _words(view: FlowView, run: RunView | None, now: datetime) -> str:
    """Say what a model waits for, or what its run took and cost."""
    if run is None and view.status is GenerationStatus.RUNNING:
        return "Paints as soon as its prompt is written."
    if run is None:
        return "Nothing was sent to this model."
    if is_waiting(run.retry, now):
        return retry_words(run.retry, now, verb="Retrying")
    if run.status is RunStatus.RUNNING:
        return f"Attempt {run.attempt} is under way." if run.attempt > 1 else "Its prompt is sent."
    return run_facts(run)


def _draw_fault(status: RunStatus, message: str) -> None:
    match status:
        case RunStatus.REFUSED:
            st.warning(message, title="Refused", icon=REFUSED_ICON)
        case RunStatus.CANCELLED | RunStatus.INTERRUPTED:
            st.info(message, icon=":material/power_off:")
        case RunStatus.RUNNING | RunStatus.SUCCEEDED | RunStatus.PARTIAL | RunStatus.FAILED:
            st.error(message, title="What failed", icon=":material/error:")
