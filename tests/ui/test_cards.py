"""The card of an image model while its run goes on, and once it is over."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block, Node

from promptflow.events import Event, RunRetrying
from promptflow.records import Fault, RunStatus
from tests.ledger.scripted_flow import (
    BUSY,
    REFUSED,
    at,
    flow_started,
    image_ready,
    run_failed,
    run_finished,
    run_started,
)
from tests.wire.pictures import make_png

PLACE_PX = 104
"""The least width of a picture in a card, which tells its grid from that of the cards."""
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RUNNING: tuple[Event, ...] = (flow_started(), run_started("r1", "painter-1"))
ENDED = run_failed("r1", "t1", RunStatus.REFUSED, REFUSED)
EACH_WAY = pytest.mark.parametrize("steps", [True, False], ids=["live", "finished"])


def test_every_picture_that_may_come_has_a_cell() -> None:
    """While a run goes on, there is a cell for each of the two pictures that each model is to paint."""
    page = draw(*RUNNING, steps=True)

    assert count_cells(page) == [2, 2]


@EACH_WAY
def test_a_refused_run_leaves_no_cells(steps: bool) -> None:
    """Where no picture came and none will, there is no grid to leave a gap, and the refusal stands."""
    page = draw(*RUNNING, ENDED, steps=steps)

    assert count_cells(page) == [2]
    assert [warning.proto.title for warning in page.warning] == ["Refused"]
    assert not page.exception


@EACH_WAY
def test_a_picture_that_came_outlives_the_end(steps: bool) -> None:
    """A run that fails after one of two keeps the picture, wherever it stands among them."""
    torn = run_failed("r1", "t1", RunStatus.PARTIAL, Fault(code="bad_picture", message="Torn."))

    page = draw(*RUNNING, image_ready("r1", 1, "a1"), torn, steps=steps)

    assert len(page.image) == 1
    assert len(page.get("download_button")) == 1


@EACH_WAY
def test_a_run_that_succeeds_keeps_its_cells(steps: bool) -> None:
    """Both pictures stand in the grid after the end."""
    images = (image_ready("r1", 0, "a1"), image_ready("r1", 1, "a2"))

    page = draw(*RUNNING, *images, run_finished("r1", "t1"), steps=steps)

    assert len(page.image) == 2
    assert count_cells(page) == [2, 2]


def test_a_countdown_does_not_ask_to_try_again() -> None:
    """While the next attempt comes by itself, only what happened is said."""
    fault = Fault(code=BUSY.code, message="Painter One is busy. Try again in a moment.")
    retry = RunRetrying(run_id="r1", attempt_id="t1", attempt=1, wait_s=9, fault=fault, at=at(4))

    page = draw(*RUNNING, retry, steps=True, now=at(5))

    said = [caption.value.replace("\\", "") for caption in page.caption]
    assert "Retrying in 8 s (attempt 2): Painter One is busy." in said


def draw(*events: Event, steps: bool, now: datetime = NOW) -> AppTest:
    """Draw the cards, after each event as a live page does, or once after the last."""
    return AppTest.from_function(
        _draw, args=(events, now, make_png(), steps), default_timeout=30
    ).run()


def _draw(events: "Sequence[Event]", now: "datetime", picture: bytes, steps: bool) -> None:
    import streamlit as st

    from promptflow.ui.cards import CardBoard
    from promptflow.view import fold

    board = CardBoard(
        st.container(),
        names=str,
        source_of=lambda asset: picture,
        read_picture=lambda asset: picture,
        count_refusals=lambda model: (0, 0),
        side_by_side=True,
    )
    for end in range(2, len(events) + 1):
        if steps or end == len(events):
            board.update(fold(list(events[:end])), now)


def count_cells(page: AppTest) -> list[int]:
    """Return how many cells each grid of pictures has."""
    return [len(grid.children) for grid in _find_grids(page.main)]


def _find_grids(node: Node) -> Iterator[Block]:
    if not isinstance(node, Block):
        return
    if node.type == "grid_container" and node.proto.min_column_width_px == PLACE_PX:
        yield node
    for child in node.children.values():
        yield from _find_grids(child)
