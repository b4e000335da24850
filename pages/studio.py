"""I type an idea, watch it become prompts, and see the pictures side by side."""

import streamlit as st

from promptflow.ui import state
from promptflow.ui.deps import laboratory
from promptflow.ui.errors import telling_errors
from promptflow.ui.form import draw_form
from promptflow.ui.frame import require_frame
from promptflow.ui.history import draw_history, open_generation
from promptflow.ui.outbox import draw_place
from promptflow.ui.sidebar import step_aside
from promptflow.ui.studio import draw_empty, draw_generation

require_frame()
with telling_errors():
    lab = laboratory()
    with st.sidebar:
        started = draw_form(lab)
        st.space("small")
        earlier = st.container()
    if started:
        open_generation(started)
    shown = st.query_params.get(state.GENERATION)
    if shown is None:
        draw_empty()
    lab.open()
    if shown is not None:
        draw_generation(lab, shown, lab.models.name_of)
    # Last, because looking a generation up may find that it was interrupted.
    with earlier:
        step_aside()
        draw_history(lab, shown=shown, names=lab.models.name_of, now=lab.now())
        draw_place(lab)
