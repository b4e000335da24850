"""One image model's card: waiting, painting, its pictures, or what failed and what to do."""

from collections.abc import Callable, Hashable, Sequence
from datetime import datetime

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from promptflow.records import Asset, Fault, GenerationStatus, RunStatus
from promptflow.ui.actions import draw_card_actions, draw_changes_link
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
from promptflow.ui.versions import draw_switch, tell_first, tell_origin
from promptflow.view import FlowView, RunView

CountRefusals = Callable[[str], tuple[int, int]]
"""Model id → (runs that were refused, all runs that are over)."""
_Slot = tuple[str, bool]
"""Whose card: the image model's id, and whether it is for the request unchanged."""
_MOST_COLUMNS = 3
_BASELINE_HELP = "Sent without plan, thinking and prompt, to see what those do for the picture."

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
    """The cards of one generation: one for each image model, and one for what it made of the request.

    Args:
        place: where they go.
        names: model id → title.
        source_of: asset → what it is shown from; raises StorageError.
        read_picture: asset → its bytes; raises StorageError.
        count_refusals: model id → how many of its runs were refused, of how many.
        side_by_side: whether they stand in a grid, or under one another.
        with_actions: whether to draw what can be done with a generation that is over.
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
        with_actions: bool = False,
    ) -> None:
        self._place = place
        self._names = names
        self._source_of = source_of
        self._read_picture = read_picture
        self._count_refusals = count_refusals
        self._side_by_side = side_by_side
        self._with_actions = with_actions
        self._new_cell: Callable[[], DeltaGenerator] | None = None
        self._cards: dict[_Slot, Card] = {}

    def update(self, view: FlowView, now: datetime) -> None:
        """Draw every card that looks different now, and those that have come to be since."""
        slots = _list_slots(view)
        if self._new_cell is None:
            columns = _count_columns(slots) if self._side_by_side else 1
            self._new_cell = self._place.grid(columns, min_column_width=240).cell
        for slot in slots:
            if slot not in self._cards:
                self._cards[slot] = self._make_card(self._new_cell(), *slot)
            self._cards[slot].update(view, now)

    def _make_card(self, cell: DeltaGenerator, model: str, baseline: bool) -> "Card":
        return Card(
            cell,
            title=self._names(model),
            image_model=model,
            baseline=baseline,
            source_of=self._source_of,
            read_picture=self._read_picture,
            count_refusals=self._count_refusals,
            with_actions=self._with_actions,
        )


class Card:
    """The card of one image model in one generation.

    Its parts have slots of their own, so that what changes in one leaves the others, and above all a
    picture that is there, untouched.

    Args:
        place: where it goes.
        title: the model's title.
        image_model: the model's id.
        baseline: whether it is for the request unchanged, instead of the words made for the model.
        source_of: asset → what it is shown from; raises StorageError.
        read_picture: asset → its bytes; raises StorageError.
        count_refusals: model id → how many of its runs were refused, of how many.
        with_actions: whether to draw what can be done with a generation that is over.
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
        baseline: bool = False,
        with_actions: bool = False,
    ) -> None:
        self._body = place.container(border=True, gap="small")
        self._head = self._body.empty()
        # With the words, because a container without anything in it would leave a gap.
        self._pictures = self._body.container(gap="small")
        self._words = self._pictures.empty()
        self._switch = self._pictures.empty()
        self._origin = self._pictures.empty()
        self._foot = self._body.empty()
        self._offer = self._body.empty()
        self._title = title
        self._image_model = image_model
        self._baseline = baseline
        self._source_of = source_of
        self._read_picture = read_picture
        self._count_refusals = count_refusals
        self._with_actions = with_actions
        self._slot = self._pictures.empty()
        self._places: dict[int, Place] | None = None
        self._placed: str | None = None
        """The run whose pictures the places are for, once there is one."""
        self._drawn: dict[str, Hashable] = {}

    def update(self, view: FlowView, now: datetime) -> None:
        """Draw what looks different now."""
        versions = view.versions(self._image_model, baseline=self._baseline)
        run = self._choose(view, versions)
        badge = _badge(view, run, now)
        if self._changed("head", badge):
            self._draw_head(*badge)
        shown = _with_something_to_see(versions, run)
        for index, place in self._lay_out(view, shown).items():
            place.update(view, shown, index)
        words = self._tell(view, run, shown, now)
        if self._changed("words", words):
            self._words.caption(as_markdown(words))
        origin = self._tell_origin(view, run) if run else ""
        if self._changed("origin", (run and run.run_id, origin)):
            self._draw_origin(view, run, origin)
        fault = run.fault if run else None
        if self._changed("foot", fault):
            self._draw_foot(run, fault) if run and fault else self._foot.empty()
        if self._with_actions and run and self._changed("offer", run.run_id):
            with self._offer.container():
                draw_card_actions(view, run)

    def _choose(self, view: FlowView, versions: Sequence[RunView]) -> RunView | None:
        """Return the run to show: the newest, unless a person has chosen another one."""
        if not self._with_actions or len(versions) < 2:
            return versions[-1] if versions else None
        with self._switch.container():
            return draw_switch(view, versions)

    def _tell(
        self, view: FlowView, run: RunView | None, shown: RunView | None, now: datetime
    ) -> str:
        """Say how it stands, and whose pictures are shown where they aren't the run's own."""
        words = _words(view, run, now)
        if self._baseline:
            # Its head has no room for the model's name.
            words = f"{self._title}  ·  {words}"
        if shown is not run and shown is not None:
            words += f" Until there is something to see, v{shown.version} is shown."
        return words

    def _tell_origin(self, view: FlowView, run: RunView) -> str:
        """Say where a run comes from; of a first one, where two cards share the numbers of the versions."""
        shared = self._baseline or _has_baseline(view, self._image_model)
        return tell_origin(view, run) or (tell_first(run) if shared else "")

    def _changed(self, part: str, look: Hashable) -> bool:
        if part in self._drawn and self._drawn[part] == look:
            return False
        self._drawn[part] = look
        return True

    def _lay_out(self, view: FlowView, run: RunView | None) -> dict[int, Place]:
        """Return the places of the pictures that came or may come, by index; made anew for each run."""
        expected = _expected(view, run)
        run_id = run.run_id if run else None
        if self._places is None or (self._placed is not None and self._placed != run_id):
            self._places = self._make_places(expected, several=view.request.images_per_model > 1)
        self._placed = run_id
        if not expected and self._places:
            # Cells without anything in them would leave a gap.
            self._slot.empty()
            self._places = {}
        return self._places

    def _make_places(self, expected: Sequence[int], *, several: bool) -> dict[int, Place]:
        # Another slot each time: a container that takes another's place inherits what is in it.
        self._slot.empty()
        self._slot = self._pictures.empty()
        if not expected:
            return {}
        slot = self._slot.container(gap="small")
        grid = slot.grid(2, min_column_width=104, gap=("small", "xsmall")) if several else None
        return {
            index: Place(
                grid.cell() if grid else slot,
                title=self._title,
                image_model=self._image_model,
                source_of=self._source_of,
                read_picture=self._read_picture,
            )
            for index in expected
        }

    def _draw_head(self, words: str, icon: str, color: Color) -> None:
        with self._head.container(horizontal=True, horizontal_alignment="distribute"):
            # Short, so that the badge stands beside it as on the card it is to be held against.
            title = "Your own words" if self._baseline else as_label(self._title)
            st.markdown(f"**{title}**", width="content")
            st.badge(words, icon=icon, color=color)

    def _draw_origin(self, view: FlowView, run: RunView | None, words: str) -> None:
        if not words:
            self._origin.empty()
            return
        with self._origin.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            first = self._baseline and run is not None and words == tell_first(run)
            why = _BASELINE_HELP if first else None
            st.caption(as_markdown(words), width="content", help=why)
            if self._with_actions and run:
                draw_changes_link(view, run)

    def _draw_foot(self, run: RunView, fault: Fault) -> None:
        with self._foot.container(gap="xsmall"):
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
    return range((run and run.wanted) or view.request.images_per_model)


def _list_slots(view: FlowView) -> list[_Slot]:
    """List whose cards there are, each model's own beside what it makes of the request unchanged."""
    slots = []
    for model in view.request.image_models:
        slots.append((model, False))
        if _has_baseline(view, model):
            slots.append((model, True))
    return slots


def _has_baseline(view: FlowView, model: str) -> bool:
    """Say whether a model has a card, too, for what it makes of the request unchanged."""
    return view.request.baseline or bool(view.versions(model, baseline=True))


def _count_columns(slots: Sequence[_Slot]) -> int:
    """Say how many cards stand side by side: two where they are pairs."""
    most = 2 if any(baseline for _, baseline in slots) else _MOST_COLUMNS
    return min(len(slots), most)


def _with_something_to_see(versions: Sequence[RunView], run: RunView | None) -> RunView | None:
    """Return the run whose pictures to show: an earlier one's until one that has begun brings any."""
    if run is None or run.status is not RunStatus.RUNNING or run.images or run.partials:
        return run
    return next((one for one in reversed(versions) if one.images), run)


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
