"""Sees to it that a page is drawn within the frame that `app.py` puts around every page.

Streamlit takes each script in ``pages/`` for a page that stands alone until `st.navigation` has been called
for the first time in a process (seen in 1.67). So where the first address that is opened after a start is
a page's own, its script is run without `app.py`: no title, no logo, no wide layout, other names.
"""

import runpy

import streamlit as st

from promptflow.settings import ROOT
from promptflow.ui import state


def enter_frame() -> None:
    """Note that the frame is there; `app.py` calls it before it runs a page."""
    st.session_state[state.FRAMED] = True


def require_frame() -> None:
    """Run `app.py`, which runs the page, where the page's script was run without it; a page's first line."""
    if not st.session_state.pop(state.FRAMED, False):
        runpy.run_path(str(ROOT / "app.py"))
        st.stop()
