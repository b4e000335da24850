"""A text in named sections while it is still being written."""

from collections.abc import Sequence

import pytest
from streamlit.testing.v1 import AppTest

TEXT = "Before.\n\n## Reading\nThe * idea.\n# not yet\nMore.\n**Light:**\n\n* Low\n**bold** sun"
SECTIONS = ["Before.", "**Reading**", "The * idea.", "**not yet**", "More.", "**Light**"]


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
def test_streamed_text_stands_in_its_sections_however_it_is_cut(step: int) -> None:
    """Wherever the pieces end, no heading is taken for text and no text is lost or told twice."""
    ends = [*range(step, len(TEXT), step), len(TEXT)]

    said = _stream([TEXT[:end] for end in [*ends, len(TEXT)]])

    assert said[:-1] == SECTIONS
    assert said[-1] == "* Low"


@pytest.mark.parametrize("last", ["#", "## Rea", "**Light", "*"])
def test_line_that_may_become_a_heading_waits_until_it_is_whole(last: str) -> None:
    """The beginning of a heading isn't shown as text, so that nothing shown is taken back."""
    assert _stream([f"Before.\n{last}"]) == ["Before."]


def test_text_without_a_heading_is_one_section() -> None:
    """A model that writes no headings is streamed as it is."""
    assert _stream(["One", "One line\nand", "One line\nand another"]) == ["One line\nand another"]


def test_nothing_said_draws_nothing() -> None:
    """As long as nothing is said there is nothing to see."""
    assert _stream(["", "", " \n"]) == []


def _stream(outputs: list[str]) -> list[str]:
    page = AppTest.from_function(_draw, args=(outputs,), default_timeout=30).run()
    assert not page.exception
    said = [mark.value.replace("\u2060", "").replace("\\", "") for mark in page.markdown]
    return [text.replace("  \n", "\n") for text in said]


def _draw(outputs: "Sequence[str]") -> None:
    """Stream one text."""
    import streamlit as st

    from promptflow.ui.sections import stream_sections

    stream_sections(st.container(), iter(outputs))
