"""Plays a finished flow once more on the canvas that live flows are drawn on.

Choosing a speed starts it and goes on from where it is; without one nothing is played. The choice is a
widget's, and Streamlit forgets a widget that isn't drawn: so leaving the page, or this part of it, stops
the replay.
"""

import time
from collections.abc import Callable, Iterator, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from promptflow.clock import Clock
from promptflow.events import Event
from promptflow.replay import Playback, plan_replay
from promptflow.ui import state
from promptflow.ui.canvas import Canvas
from promptflow.ui.errors import errors_told
from promptflow.ui.live import draw_batches
from promptflow.view import FlowView, fold
from promptflow.wording import format_duration

_SPEEDS: dict[str, float | None] = {"1×": 1.0, "4×": 4.0, "At once": None}
_RUN_EVERY_S = 0.15
"""Seconds from the full run to the first that plays."""
_LINGER_S = 0.25
"""Seconds between the end and the full run that follows it."""


def draw_replay(
    events: Sequence[Event],
    view: FlowView,
    *,
    new_canvas: Callable[[], Canvas],
    clock: Clock,
    renew_every_s: float | None,
) -> None:
    """Draw the choice of a speed, and once there is one, the flow as it was.

    Args:
        events: of a generation that is over.
        view: the fold over them.
        new_canvas: lays the columns out; called within the fragment.
        clock: whose seconds are played.
        renew_every_s: seconds after which what is over is drawn again, for its pictures' links.
    """
    timed = plan_replay(events)
    at_ms = _read_position(view.generation_id)
    playback = Playback(timed, started_at=view.started_at, at_ms=at_ms, clock=clock)
    chosen = _draw_controls(view.generation_id, playback)
    if chosen not in _SPEEDS:
        st.session_state.pop(state.REPLAYED, None)
        return
    speed = _SPEEDS[chosen]
    if speed is None:
        next(playback.pace(None), ())
    _note_position(view.generation_id, playback)
    st.session_state[state.FULL_RUN] = True

    @st.fragment(run_every=renew_every_s if playback.over else _RUN_EVERY_S)
    @errors_told
    def play() -> None:
        progress = st.empty()
        shown = fold(playback.seen())
        canvas = new_canvas()
        _draw_progress(progress, playback)
        canvas.update(shown, playback.now())
        if st.session_state.pop(state.FULL_RUN, False) or playback.over:
            return
        batches = _noted(view.generation_id, playback, playback.pace(speed), progress)
        draw_batches(batches, shown, canvas, playback.now)
        time.sleep(_LINGER_S)
        st.rerun()

    play()


def _draw_controls(generation_id: str, playback: Playback) -> str | None:
    key = state.of_generation(generation_id, "replay")
    with st.container(horizontal=True, vertical_alignment="center"):
        chosen = st.segmented_control(
            "Replay at",
            list(_SPEEDS),
            key=key,
            label_visibility="collapsed",
            on_change=_start_over,
            args=(playback.over,),
        )
        if chosen:
            st.button(
                "Stop",
                key=state.STOP_REPLAY,
                icon=":material/stop:",
                on_click=_forget,
                args=(key,),
            )
        took = format_duration(playback.end_ms)
        st.caption(
            f":material/replay: A replay of what is kept: nothing is asked, nothing is spent. It took {took}."
        )
    return chosen


def _draw_progress(place: DeltaGenerator, playback: Playback) -> None:
    words = f"{format_duration(playback.at_ms)} of {format_duration(playback.end_ms)}"
    share = playback.at_ms / playback.end_ms if playback.end_ms else 1.0
    place.progress(share, text=f"Replay: {words}")


def _noted(
    generation_id: str,
    playback: Playback,
    batches: Iterator[tuple[Event, ...]],
    progress: DeltaGenerator,
) -> Iterator[tuple[Event, ...]]:
    """Hand batches on, and note how far they have come: any click elsewhere interrupts them."""
    for batch in batches:
        _note_position(generation_id, playback)
        _draw_progress(progress, playback)
        yield batch


def _read_position(generation_id: str) -> int:
    whose, at_ms = st.session_state.get(state.REPLAYED, ("", 0))
    return at_ms if whose == generation_id else 0


def _note_position(generation_id: str, playback: Playback) -> None:
    st.session_state[state.REPLAYED] = (generation_id, playback.at_ms)


def _start_over(over: bool) -> None:
    """Begin anew where all had been played; otherwise go on at the new speed."""
    if over:
        st.session_state.pop(state.REPLAYED, None)


def _forget(key: str) -> None:
    st.session_state[key] = None
