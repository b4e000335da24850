"""The sidebar on narrow screens, where it lies over the page."""

import streamlit as st

from promptflow.ui import state

_CLOSE = """<script>
if (window.innerWidth < 768) {
  document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
}
</script>"""
"""Streamlit has no call for it: the page's settings only say how the sidebar is at first, and what someone
has opened stays open over what they asked to see."""


def ask_aside() -> None:
    """Have the sidebar make room in the next run, because what was asked for lies beneath it."""
    st.session_state[state.ASIDE] = True


def step_aside() -> None:
    """Close the sidebar where it covers the page and something was asked for; else do nothing."""
    if st.session_state.pop(state.ASIDE, False):
        st.html(_CLOSE, unsafe_allow_javascript=True)
