"""What a page that follows a flow shows while the flow is still under way."""

from collections.abc import Sequence
from datetime import UTC, datetime

from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Markdown, Text

from promptflow.events import (
    Event,
    FlowStarted,
    ReasoningDelta,
    StageDelta,
    StageRetrying,
    StageStarted,
)
from promptflow.records import Fault, Stage
from tests.scripted import make_request

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
STARTED = (
    FlowStarted(generation_id="generation", request=make_request(), at=NOW),
    StageStarted(
        generation_id="generation",
        stage_id="stage",
        stage=Stage.THINKING,
        image_model=None,
        model="offline-planner",
        at=NOW,
    ),
)
BUSY = StageRetrying(
    stage_id="stage",
    attempt_id="attempt",
    attempt=1,
    wait_s=4.0,
    fault=Fault(code="busy", message="Too much to do."),
    at=NOW,
)


def test_thinking_grows_in_its_sections() -> None:
    """Headings are headings while the text is still being written, wherever it is cut."""
    page = _follow(*_say("Before.\n## Rea", "ding\nThe id", "ea.\n**Li", "ght:**\nLow", " sun."))

    assert _thinking(page) == ["Before.", "**Reading**", "The idea.", "**Light**", "Low sun."]


def test_thinking_that_starts_over_takes_the_place_of_the_first() -> None:
    """After a retry the new answer stands alone, though it is the shorter one."""
    first = _say("## One\nA long first try.\n## Two\nMore of it.\n## Three\nAnd more.")

    page = _follow(*first, BUSY, *_say("## Light\nThe second."))

    assert _thinking(page) == ["**Light**", "The second."]


def test_wait_to_start_over_counts_down_and_shows_no_old_words() -> None:
    """While a stage waits, the box says for how long and why, and what was said is gone."""
    page = _follow(*_say("## One\nA first try."), BUSY)

    assert _thinking(page) == []
    assert any(
        "Starting over in 4 s \\(attempt 2\\)\\: Too much to do\\." in caption.value
        for caption in page.caption
    )


def test_reasoning_is_shown_apart_and_its_end_only() -> None:
    """A model that reasons is seen to: the newest words, muted, and no word of an answer."""
    page = _follow(ReasoningDelta(stage_id="stage", text="**Light** " + "word " * 90 + "end"))

    told = [caption.value for caption in page.caption]
    assert any("Model's own reasoning" in caption for caption in told)
    assert any(caption.startswith("… word") and caption.endswith("word end") for caption in told)
    assert _thinking(page) == []
    assert not page.expander


def test_reasoning_folds_away_once_the_answer_begins() -> None:
    """With the first word of the answer the reasoning is folded, whole, and can be opened."""
    reasoning = ReasoningDelta(stage_id="stage", text="**Light**\n\nThe hour is open.")

    page = _follow(reasoning, *_say("Low sun."))

    assert [fold.label for fold in page.expander] == ["Model's own reasoning"]
    assert not page.expander[0].proto.expanded
    assert [told.value for told in page.expander[0].caption] == ["**Light**", "The hour is open\\."]
    assert _thinking(page) == ["Low sun."]


def test_reasoning_of_an_attempt_that_failed_is_gone() -> None:
    """What an attempt reasoned before it failed is not taken for reasoning of the next."""
    page = _follow(ReasoningDelta(stage_id="stage", text="A first thought."), BUSY)

    assert not any("Model's own reasoning" in caption.value for caption in page.caption)
    assert not page.expander


def _say(*pieces: str) -> list[Event]:
    return [StageDelta(stage_id="stage", text=piece) for piece in pieces]


def _follow(*events: Event) -> AppTest:
    page = AppTest.from_function(_draw, args=((*STARTED, *events), NOW), default_timeout=30).run()
    assert not page.exception
    return page


def _draw(events: "Sequence[Event]", now: "datetime") -> None:
    """Draw the first event as the full run does, and follow the others as they come."""
    import streamlit as st

    from promptflow.ui.canvas import Canvas
    from promptflow.ui.live import draw_batches
    from promptflow.view import fold

    canvas = Canvas(
        st.container(),
        st.container(),
        names=str,
        source_of=lambda asset: b"",
        read_picture=lambda asset: b"",
        count_refusals=lambda model: (0, 0),
        side_by_side=True,
    )
    view = fold(list(events[:2]))
    canvas.update(view, now)
    draw_batches(iter([(event,) for event in events[2:]]), view, canvas, lambda: now)


def _thinking(page: AppTest) -> list[str]:
    """What stands in the box of the thinking, in order, without the marks that keep it plain."""
    inside = [one for one in page.status[1] if isinstance(one, Markdown | Text)]
    said = [one.value for one in inside if one.type != "caption"]
    return [text.replace("\u2060", "").replace("\\", "") for text in said]
