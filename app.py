"""Prompt Flow: the router and the frame of every page."""

import streamlit as st

from promptflow.settings import SHIPPED_DATA
from promptflow.ui.frame import enter_frame

st.set_page_config(page_title="Prompt Flow", layout="wide", initial_sidebar_state=360)
page = st.navigation(
    [
        st.Page(
            "pages/studio.py",
            title="Studio",
            default=True,
            help="Turn an idea into prompts and pictures. Watch every stage stream, and see what "
            "several image models make of it, side by side.",
        ),
        st.Page(
            "pages/gallery.py",
            title="Gallery",
            help="All pictures, newest first: find the good one again, give it a star, take some along.",
        ),
        st.Page(
            "pages/compare.py",
            title="Compare",
            help="Hold a few pictures against one another: in step, measured, and word by word.",
        ),
        st.Page(
            "pages/lineage.py",
            title="Lineage",
            help="Take one generation apart: what came from what, in which words, when, and how.",
        ),
        st.Page(
            "pages/usage.py",
            title="Usage",
            help="What was spent, painted and waited for: by day, model, provider and stage, "
            "and how much of the limits is left.",
        ),
    ],
    position="top",
)
enter_frame()
page.run()
# After the page, because the first picture of any kind has Streamlit import numpy and Pillow. Until
# then the page's own icon would be shown, and the browser would ask a font server for it.
st.set_page_config(page_icon=str(SHIPPED_DATA / "icon.svg"))
st.logo(str(SHIPPED_DATA / "logo.svg"), size="large")
