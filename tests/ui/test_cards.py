"""The card of an image model while its run goes on, and once it is over."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block, Node

from promptflow.events import Event, FlowResumed, RunRetrying
from promptflow.records import Fault, PromptOrigin, RunStatus
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
FIRST_VERSION: tuple[Event, ...] = (
    *RUNNING,
    image_ready("r1", 0, "a1"),
    run_finished("r1", "t1"),
)
SECOND_VERSION = replace(run_started("r2", "painter-1"), version=2, parent_run_id="r1")
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


def test_earlier_picture_stays_until_the_new_version_has_one() -> None:
    """A version that has begun leaves the earlier one's picture in sight, and says so."""
    page = draw(*FIRST_VERSION, SECOND_VERSION, steps=True)

    assert [button.key for button in page.download_button] == ["download a1"]
    assert len(page.image) == 1
    assert "Until there is something to see, v1 is shown." in _said(page)
    assert "From v1: nothing changed" in _said(page)


def test_picture_of_the_new_version_takes_the_place() -> None:
    """As soon as the new version has a picture, it and its download are the only ones."""
    page = draw(*FIRST_VERSION, SECOND_VERSION, image_ready("r2", 0, "a2"), steps=True)

    assert [button.key for button in page.download_button] == ["download a2"]
    assert "v1 is shown" not in _said(page)


def test_failure_goes_once_the_model_is_retried() -> None:
    """What a failed run said is not beside the version that makes it good."""
    failed = run_failed("r1", "t1", RunStatus.REFUSED, REFUSED)

    page = draw(*RUNNING, failed, SECOND_VERSION, steps=True)

    assert not page.warning
    assert "Painting" in "".join(str(one.value) for one in page.markdown)


def test_version_has_as_many_places_as_it_was_asked_for() -> None:
    """A retry of the one picture that is missing waits for one, not for two."""
    page = draw(*RUNNING, ENDED, replace(SECOND_VERSION, images=1), steps=True)

    assert count_cells(page) == [1, 2]


def test_baseline_has_a_card_beside_the_models() -> None:
    """What a model makes of the request unchanged is in a card of its own, whose title says so."""
    raw = replace(run_started("r3", "painter-1", origin=PromptOrigin.RAW), version=2)

    page = draw(*RUNNING, raw, image_ready("r3", 0, "a3"), steps=False)

    titles = [str(one.value) for one in page.markdown if str(one.value).startswith("**")]
    assert titles[:2] == ["**painter\\-1**", "**Your own words**"]
    assert "v1: its constructed prompt" in _said(page)
    assert "painter-1  ·  " in _said(page)
    assert "v2: your request, word for word" in _said(page)


def test_model_that_joins_gets_a_card_while_it_is_followed() -> None:
    """An image model that a resumed flow adds has its card at once, beside those that are there."""
    resumed = FlowResumed(
        generation_id="g1",
        request=replace(flow_started().request, image_models=("painter-1", "painter-2", "new-1")),
        at=at(20),
    )

    page = draw(*RUNNING, ENDED, resumed, steps=True)

    assert "**new\\-1**" in [str(one.value) for one in page.markdown]


def _said(page: AppTest) -> str:
    return "\n".join(one.value.replace("\\", "") for one in page.caption)
