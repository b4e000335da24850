"""What clicks on pictures do; callbacks, which run before the page is drawn anew."""

import streamlit as st

from promptflow.errors import PromptflowError
from promptflow.laboratory import Laboratory
from promptflow.ui import state
from promptflow.ui.plain import as_message


def star(lab: Laboratory, asset_id: str, *, starred: bool) -> None:
    """Give a picture a star, or take it away; a callback.

    Args:
        lab: where it is kept.
        asset_id: the picture's.
        starred: whether it is to have one.
    """
    st.session_state[state.CLICKED] = True
    try:
        lab.organiser.star(asset_id, starred=starred)
    except PromptflowError as error:
        # Outside of what the page catches: Streamlit would draw a bug.
        st.session_state[state.TROUBLE] = error.message


def look_at(asset_id: str) -> None:
    """Have a picture opened by the run that follows; a callback."""
    st.session_state[state.CLICKED] = True
    st.session_state[state.LOOKED_AT] = asset_id


def draw_star(lab: Laboratory, asset_id: str, *, starred: bool, name: str = "star") -> None:
    """Draw the star of a picture; a click turns it over.

    Args:
        lab: where the picture is kept.
        asset_id: the picture's.
        starred: whether it has one.
        name: of the button; the same picture may have one on the page and one in its dialog.
    """
    st.button(
        ":orange[★] Starred" if starred else "☆ Star",
        key=state.of_picture(asset_id, name),
        type="tertiary",
        on_click=star,
        args=(lab, asset_id),
        kwargs={"starred": not starred},
        help="Take the star away" if starred else "Give it a star, to find it again",
    )


def draw_trouble() -> None:
    """Draw what the last click could not do, once."""
    trouble = st.session_state.pop(state.TROUBLE, None)
    if trouble:
        st.error(as_message(trouble), icon=":material/error:")
