"""Draws a `FlowView`: the stages on one side, the pictures on the other.

There is one drawing path. `update` is called with the view as it stands, whether the flow is live,
re-opened in mid-flight or long finished, and redraws only the parts that look different now.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from promptflow.records import Asset
from promptflow.ui.cards import CardBoard
from promptflow.ui.labels import Names
from promptflow.ui.stages import StageBoard
from promptflow.view import FlowView


class Canvas:
    """The two columns of one generation.

    Args:
        stages: where the stages go.
        pictures: where the pictures go.
        names: model id → title.
        read_picture: asset → its bytes; raises StorageError.
        side_by_side: whether cards stand in a grid, or under one another.
    """

    def __init__(
        self,
        stages: DeltaGenerator,
        pictures: DeltaGenerator,
        *,
        names: Names,
        read_picture: Callable[[Asset], bytes],
        side_by_side: bool,
    ) -> None:
        self._place = stages
        self._names = names
        self._stages: StageBoard | None = None
        self._cards = CardBoard(
            pictures, names=names, read_picture=read_picture, side_by_side=side_by_side
        )

    def update(self, view: FlowView, now: datetime) -> None:
        """Draw what has changed since the last call, the pictures first: they are waited for.

        Args:
            view: the generation as it stands.
            now: an aware datetime, for the seconds that are counted on screen.
        """
        self._cards.update(view, now)
        if self._stages is None:
            if view.finished_at is not None:
                with self._place:
                    _draw_finished(view.generation_id, view.finished_at, view, self._names)
                return
            self._stages = StageBoard(self._place, names=self._names)
        self._stages.update(view, now)

    def stream_thinking(self, pieces: Iterable[str]) -> None:
        """Write the thinking as it comes.

        Args:
            pieces: what has been said so far, then each new piece; ends with the stage. Whoever
                makes them goes on calling `update` for everything else.
        """
        if self._stages is not None:
            self._stages.stream_thinking(pieces)


@st.cache_data(max_entries=100, show_spinner=False)
def _draw_finished(
    generation_id: str,  # noqa: ARG001 - with the next, what the cache knows it by
    finished_at: datetime,
    _view: FlowView,
    _names: Names,
) -> None:
    """Draw the stages of a finished generation; Streamlit replays them the next time.

    Each `st.status` sleeps for 50 ms when it is made (Streamlit 1.67), which would make every click on
    a page with five of them wait for a quarter of a second.
    """
    StageBoard(st.container(), names=_names).update(_view, finished_at)
