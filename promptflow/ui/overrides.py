"""Own instructions for the stages, in place of the shipped ones."""

from collections.abc import Mapping

import streamlit as st

from promptflow.catalog import NO_INSTRUCTIONS
from promptflow.laboratory import Laboratory
from promptflow.records import Stage
from promptflow.ui import state
from promptflow.ui.labels import STAGE_TITLES

_HEIGHT_PX = 220


def draw_instructions(lab: Laboratory) -> Mapping[Stage, str]:
    """Draw a switch, and where it is on the text of each stage to be changed.

    Args:
        lab: what is shipped.

    Returns:
        Stage → its text, of those that differ from the shipped ones.
    """
    own = st.toggle(
        "Own instructions",
        key=state.OWN_INSTRUCTIONS,
        help="Change what the text model is told to do in each stage, for what is generated from here. "
        "The guidance for each image model comes besides.",
        persist_state="session",
    )
    if not own:
        return NO_INSTRUCTIONS
    return {stage: text for stage in Stage if (text := _draw_stage(lab, stage)) is not None}


def _draw_stage(lab: Laboratory, stage: Stage) -> str | None:
    """Draw the text of one stage; return it where it was changed."""
    shipped = lab.shipped_instructions(stage)
    key = state.instructions(stage)
    st.session_state.setdefault(key, shipped)
    typed = st.text_area(
        f"{STAGE_TITLES[stage]}: instructions",
        key=key,
        height=_HEIGHT_PX,
        persist_state="session",
    )
    text = (typed or "").replace("\r\n", "\n").strip()
    if text == shipped:
        return None
    st.button(
        "Back to the shipped text",
        key=f"shipped {key}",
        type="tertiary",
        icon=":material/undo:",
        on_click=_put_back,
        args=(key, shipped),
    )
    return text


def _put_back(key: str, shipped: str) -> None:
    st.session_state[key] = shipped
