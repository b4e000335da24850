"""The way from a generation to the one that it was forked from."""

import streamlit as st

from promptflow.ui import state
from promptflow.ui.history import open_generation
from promptflow.ui.labels import FORK_ICON, forked_words
from promptflow.view import FlowView


def draw_parent(view: FlowView) -> None:
    """Draw what leads to a generation's parent, on the same page; nothing where it has none.

    Args:
        view: the generation.
    """
    if view.parent_id is not None:
        st.button(
            forked_words(view.forked_at),
            key=state.of_generation(view.generation_id, "parent"),
            type="tertiary",
            icon=FORK_ICON,
            help="Open the earlier generation.",
            on_click=open_generation,
            args=(view.parent_id,),
        )
