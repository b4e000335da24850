"""Draws a `FlowView`: the stages on one side, the pictures on the other.

There is one drawing path. `update` is called with the view as it stands, whether the flow is live,
re-opened in mid-flight or long finished, and redraws only the parts that look different now.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from promptflow.records import Asset
from promptflow.ui.cards import CardBoard, CountRefusals
from promptflow.ui.labels import Names
from promptflow.ui.pictures import SourceOf
from promptflow.ui.stages import StageBoard
from promptflow.view import FlowView


class Canvas:
    """The two columns of one generation.

    Args:
        stages: where the stages go.
        pictures: where the pictures go.
        names: model id → title.
        source_of: asset → what it is shown from; raises StorageError.
        read_picture: asset → its bytes; raises StorageError.
        count_refusals: model id → how many of its runs were refused, of how many; asked only where
            a refusal is drawn.
        side_by_side: whether cards stand in a grid, or under one another.
        with_actions: whether to draw what can be done with a generation that is over.
    """

    def __init__(
        self,
        stages: DeltaGenerator,
        pictures: DeltaGenerator,
        *,
        names: Names,
        source_of: SourceOf,
        read_picture: Callable[[Asset], bytes],
        count_refusals: CountRefusals,
        side_by_side: bool,
        with_actions: bool = False,
    ) -> None:
        self._place = stages
        self._names = names
        self._read_picture = read_picture
        self._stages: StageBoard | None = None
        self._cards = CardBoard(
            pictures,
            names=names,
            source_of=source_of,
            read_picture=read_picture,
            count_refusals=count_refusals,
            side_by_side=side_by_side,
            with_actions=with_actions,
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
                    _draw_finished(
                        view.generation_id, view.finished_at, view, self._names, self._read_picture
                    )
                return
            self._stages = StageBoard(
                self._place, names=self._names, read_picture=self._read_picture
            )
        self._stages.update(view, now)

    def under_stages(self) -> DeltaGenerator:
        """Return a container below the stages, once they are drawn, for what can be done with them."""
        return self._place.container()

    def stream_thinking(self, outputs: Iterator[str]) -> None:
        """Write the thinking as it comes.

        Args:
            outputs: all that has been said, each time there is more; ends with the attempt. Whoever
                makes them goes on calling `update` for everything else.
        """
        if self._stages is not None:
            self._stages.stream_thinking(outputs)


@st.cache_data(max_entries=100, show_spinner=False)
def _draw_finished(
    generation_id: str,  # noqa: ARG001 - with the next, what the cache knows it by
    finished_at: datetime,
    _view: FlowView,
    _names: Names,
    _read_picture: Callable[[Asset], bytes],
) -> None:
    """Draw the stages of a finished generation; Streamlit replays them the next time.

    Each `st.status` sleeps for 50 ms when it is made (Streamlit 1.67), which would make every click on
    a page with five of them wait for a quarter of a second.
    """
    board = StageBoard(st.container(), names=_names, read_picture=_read_picture)
    board.update(_view, finished_at)
