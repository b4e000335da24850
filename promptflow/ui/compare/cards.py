"""Who is who: for each picture its name, its star, and the ways to where it comes from."""

from collections.abc import Sequence

import streamlit as st

from promptflow.laboratory import Laboratory
from promptflow.ui import state
from promptflow.ui.compare.compared import Compared
from promptflow.ui.compare.link import show_pictures
from promptflow.ui.gallery.clicks import draw_star
from promptflow.ui.plain import as_label

_TITLE_CHARS = 64


def draw_cards(lab: Laboratory, compared: Sequence[Compared]) -> None:
    """Draw one card for each picture.

    Args:
        lab: where they are kept.
        compared: the pictures.
    """
    with st.grid(len(compared), min_column_width=200):
        for one in compared:
            with st.container(border=True, gap="xsmall"):
                _draw_card(lab, one, [other.asset_id for other in compared if other != one])


def _draw_card(lab: Laboratory, one: Compared, others: Sequence[str]) -> None:
    st.markdown(f"**{as_label(one.name)}**")
    st.caption(as_label(one.picture.title, limit=_TITLE_CHARS))
    address = {state.GENERATION: one.picture.generation_id}
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        draw_star(lab, one.asset_id, starred=one.picture.starred_at is not None)
        st.page_link(
            "pages/studio.py",
            label=":material/brush:",
            help="Open in Studio",
            query_params=address,
        )
        st.page_link(
            "pages/lineage.py",
            label=":material/account_tree:",
            help="Lineage",
            query_params=address,
        )
        st.button(
            "Remove",
            key=state.of_picture(one.asset_id, "remove"),
            type="tertiary",
            icon=":material/close:",
            on_click=show_pictures,
            args=(others,),
            help="Take it off this page; the picture itself stays.",
        )
