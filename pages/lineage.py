"""I take one generation apart: what came from what, in which words, when, and how it happened."""

import streamlit as st

from promptflow.ui import state
from promptflow.ui.deps import laboratory
from promptflow.ui.errors import telling_errors
from promptflow.ui.frame import require_frame
from promptflow.ui.history import draw_history
from promptflow.ui.lineage.page import draw_lineage, draw_nothing, find_newest
from promptflow.ui.outbox import draw_place

require_frame()
with telling_errors():
    lab = laboratory()
    lab.open()
    shown = st.query_params.get(state.GENERATION)
    if shown is None:
        shown = find_newest(lab)
        if shown is not None:
            # Another that ends meanwhile does not take its place under the reader's hands.
            st.query_params[state.GENERATION] = shown
    if shown is None:
        draw_nothing()
    else:
        draw_lineage(lab, shown, lab.models.name_of)
    with st.sidebar:
        draw_history(lab, shown=shown, names=lab.models.name_of, now=lab.now())
        draw_place(lab)
