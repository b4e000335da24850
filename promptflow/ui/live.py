"""Follows a flow on screen: draws what has been said so far, then what is being said.

The script's full run draws the flow as it stands and ends, so the page is ready at once. The
fragment's next run, a moment later, stays with the flow until its end. Any widget outside interrupts
it, and the full run that follows starts over the same way: nothing is lost, because the flow belongs
to the process.
"""

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import chain

import streamlit as st

from promptflow.events import Event, ReasoningDelta, StageDelta
from promptflow.flows import LiveFlow
from promptflow.records import Stage, StageStatus
from promptflow.ui import state
from promptflow.ui.canvas import Canvas
from promptflow.ui.errors import errors_told
from promptflow.view import FlowView, apply, fold

FRAME_S = 0.04
"""Seconds that words are gathered for: 25 frames a second are enough for text. Pictures don't wait."""
_TICK_S = 0.2
"""Seconds after which clocks on screen move even if nothing happens."""
_RUN_EVERY_S = 0.15
"""Seconds from the full run to the first following run."""
_LINGER_S = 0.25
"""Seconds between the end of a flow and the full run that follows it."""
_LOOK_EVERY_S = 2.0
"""Seconds between two looks at a flow that runs elsewhere."""

NewCanvas = Callable[[], Canvas]


def draw_live(flow: LiveFlow, *, new_canvas: NewCanvas, now: Callable[[], datetime]) -> None:
    """Draw a flow that is under way and follow it to its end.

    Args:
        flow: the flow.
        new_canvas: lays the columns out; called within the fragment.
        now: the current time, aware.
    """
    st.session_state[state.FULL_RUN] = True

    @st.fragment(run_every=_RUN_EVERY_S)
    @errors_told
    def follow() -> None:
        batches = _paced(flow.follow(timeout_s=_TICK_S))
        view = fold(next(batches))
        canvas = new_canvas()
        canvas.update(view, now())
        if st.session_state.pop(state.FULL_RUN, False):
            return
        draw_batches(batches, view, canvas, now)
        # The last picture is on its way to the browser, which is to show it before it draws anew.
        time.sleep(_LINGER_S)
        st.rerun()

    follow()


def draw_elsewhere(
    look_up: Callable[[], FlowView], *, new_canvas: NewCanvas, now: Callable[[], datetime]
) -> None:
    """Draw a flow that another process runs, as the ledger has it, until it is over.

    Args:
        look_up: reads the view from the ledger.
        new_canvas: lays the columns out; called within the fragment.
        now: the current time, aware.
    """

    @st.fragment(run_every=_LOOK_EVERY_S)
    @errors_told
    def look() -> None:
        view = look_up()
        if view.finished_at is not None:
            st.rerun()
        st.caption("Another process runs this; finished stages and pictures show up as they come.")
        new_canvas().update(view, now())

    look()


def draw_batches(
    batches: Iterator[tuple[Event, ...]],
    view: FlowView,
    canvas: Canvas,
    now: Callable[[], datetime],
) -> None:
    """Take in and draw one batch of events after the other, until there is no more.

    Args:
        batches: what happens, in order; empty ones only move the clocks.
        view: what has happened before; changed in place.
        canvas: where it is drawn already.
        now: the current time, aware.
    """
    for batch in chain([()], batches):
        _take(batch, view, canvas, now)
        if _is_thinking(view):
            canvas.stream_thinking(_thinking(batches, view, canvas, now))
            canvas.update(view, now())


def _paced(batches: Iterator[tuple[Event, ...]]) -> Iterator[tuple[Event, ...]]:
    """Let the words of one frame arrive together, so that the browser can keep up."""
    for batch in batches:
        yield batch
        if batch and all(isinstance(event, StageDelta | ReasoningDelta) for event in batch):
            time.sleep(FRAME_S)


def _take(
    batch: tuple[Event, ...], view: FlowView, canvas: Canvas, now: Callable[[], datetime]
) -> None:
    for event in batch:
        apply(view, event)
    canvas.update(view, now())


def _is_thinking(view: FlowView) -> bool:
    stage = view.stage(Stage.THINKING)
    return stage is not None and stage.status is StageStatus.RUNNING


def _thinking(
    batches: Iterator[tuple[Event, ...]],
    view: FlowView,
    canvas: Canvas,
    now: Callable[[], datetime],
) -> Iterator[str]:
    """Yield all that has been thought, each time there is more, until the attempt is over.

    Another attempt starts over: what the one before it said is no beginning of what it says.
    """
    stage = view.stage(Stage.THINKING)
    attempt = stage.attempt if stage else 0
    while stage and stage.attempt == attempt and _is_thinking(view):
        yield stage.output
        batch = next(batches, None)
        if batch is None:
            return
        for event in batch:
            apply(view, event)
        if _is_thinking(view):
            canvas.update(view, now())
