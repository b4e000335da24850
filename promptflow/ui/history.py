"""The list of earlier generations: searchable, newest first, a page at a time."""

from datetime import datetime

import streamlit as st

from promptflow.laboratory import Laboratory
from promptflow.records import GenerationSummary
from promptflow.ui import state
from promptflow.ui.labels import FORK_ICON, STATUS_ICONS, STATUS_WORDS, Names
from promptflow.ui.plain import as_label, as_markdown
from promptflow.ui.sidebar import ask_aside
from promptflow.wording import format_age

PAGE_SIZE = 20


def draw_history(lab: Laboratory, *, shown: str | None, names: Names, now: datetime) -> None:
    """Draw the list; a click on a generation opens it.

    Args:
        lab: where they are kept.
        shown: the id of the generation on screen.
        names: model id → title.
        now: an aware datetime, for the ages.
    """
    st.subheader("Earlier", icon=":material/history:", anchor=False)
    search = st.text_input(
        "Search earlier generations",
        key=state.SEARCH,
        type="search",
        live=True,
        placeholder="Search requests",
        label_visibility="collapsed",
        on_change=_first_page,
    )
    pages: list[str] = st.session_state.setdefault(state.HISTORY_PAGES, [])
    rows = lab.list_generations(
        search=search or "", limit=PAGE_SIZE + 1, before=pages[-1] if pages else None
    )
    if not rows:
        _draw_nothing(searching=bool(search))
    for row in rows[:PAGE_SIZE]:
        _draw_row(row, shown=shown, names=names, now=now)
    more = len(rows) > PAGE_SIZE
    if pages or more:
        _draw_pager(pages, rows[PAGE_SIZE - 1].generation_id if more else None)


def open_generation(generation_id: str | None) -> None:
    """Put a generation into the address, or take it out; a callback."""
    ask_aside()
    if generation_id is None:
        st.query_params.pop(state.GENERATION, None)
    else:
        st.query_params[state.GENERATION] = generation_id


def _draw_nothing(*, searching: bool) -> None:
    if searching:
        st.caption("Nothing found. Every word has to be in the request; try fewer.")
    else:
        st.caption("Nothing here yet. What you generate stays in this list.")


def _draw_row(row: GenerationSummary, *, shown: str | None, names: Names, now: datetime) -> None:
    title = as_label(row.title, limit=64)
    models = ", ".join(names(model) for model in row.image_models)
    facts = [format_age(row.created_at, now), STATUS_WORDS[row.status], models]
    mark = f"{FORK_ICON} Fork  ·  " if row.is_fork else ""
    with st.container(gap=None):
        st.button(
            f"**{title}**" if row.generation_id == shown else title,
            key=f"open {row.generation_id}",
            type="tertiary",
            icon=STATUS_ICONS[row.status],
            wrap=False,
            on_click=open_generation,
            args=(row.generation_id,),
        )
        st.caption(f"{mark}{as_markdown('  ·  '.join(facts))}", wrap=False, width="stretch")


def _draw_pager(pages: list[str], last: str | None) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        st.button(
            "Newer",
            key=state.NEWER,
            icon=":material/chevron_left:",
            disabled=not pages,
            on_click=_turn,
            args=(pages[:-1],),
        )
        st.button(
            "Older",
            key=state.OLDER,
            icon=":material/chevron_right:",
            icon_position="right",
            disabled=last is None,
            on_click=_turn,
            args=([*pages, last],),
        )


def _turn(pages: list[str]) -> None:
    st.session_state[state.HISTORY_PAGES] = pages


def _first_page() -> None:
    _turn([])
