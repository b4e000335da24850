"""The bar above the pictures. What it says comes out of the address and goes back into it."""

from collections.abc import Sequence
from datetime import date

import streamlit as st

from promptflow.records import GalleryFilter, RunStatus
from promptflow.ui import state
from promptflow.ui.gallery.address import (
    FIRST_DAY,
    LAST_DAY,
    MOST_CHARS,
    MOST_USD,
    STATUSES,
    GalleryView,
    clean_text,
    parse_address,
    render_address,
)
from promptflow.ui.labels import Names
from promptflow.wording import count

STATUS_WORDS = {
    RunStatus.RUNNING: "Painting",
    RunStatus.SUCCEEDED: "Succeeded",
    RunStatus.PARTIAL: "Partly done",
    RunStatus.FAILED: "Failed",
    RunStatus.REFUSED: "Refused",
    RunStatus.CANCELLED: "Cancelled",
    RunStatus.INTERRUPTED: "Interrupted",
}
_MICRO = 1_000_000
_SEARCH_PX = 240
"""Fits beside the heading on a telephone."""


def read_view(models: Sequence[str], tags: Sequence[str]) -> GalleryView:
    """Read what to show off the address, and have the widgets say the same.

    Not done by Streamlit's `bind`: it takes any text for a text, knows nothing of pairs like two days,
    and its names in the address would be the widgets' keys, those of all pages beside one another.

    Args:
        models: ids of the models there are pictures of.
        tags: those in use.
    """
    view = parse_address(
        {name: st.query_params.get_all(name) for name in st.query_params}, models=models, tags=tags
    )
    if state.GALLERY_TEXT not in st.session_state or _read_widgets() != view.wanted:
        _set_widgets(view.wanted)
    return view


def show(view: GalleryView) -> None:
    """Put what to show into the address; a callback."""
    st.query_params.from_dict(render_address(view))


def draw_filters(
    wanted: GalleryFilter,
    *,
    head: str,
    models: Sequence[str],
    names: Names,
    tags: Sequence[str],
) -> None:
    """Draw how many fit, the search, the star, and the other filters behind a button.

    Args:
        wanted: what is shown.
        head: how many there are, as `head_words` says it.
        models: ids of the models there are pictures of.
        names: model id → title.
        tags: those in use.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader(head, anchor=False, width="content")
        st.text_input(
            "Search",
            key=state.GALLERY_TEXT,
            type="search",
            live=True,
            max_chars=MOST_CHARS,
            placeholder="Search words",
            width=_SEARCH_PX,
            label_visibility="collapsed",
            on_change=_apply,
        )
        st.toggle("Starred", key=state.GALLERY_STARRED, on_change=_apply)
        folded = _count_folded(wanted)
        label = f"Filters ({folded})" if folded else "Filters"
        with st.popover(label, icon=":material/tune:", type="secondary"):
            _draw_folded(models, names, tags)
        if wanted != GalleryFilter():
            st.button(
                "Clear",
                key=state.CLEAR_FILTERS,
                type="tertiary",
                icon=":material/filter_alt_off:",
                on_click=show,
                args=(GalleryView(),),
            )


def _draw_folded(models: Sequence[str], names: Names, tags: Sequence[str]) -> None:
    st.multiselect(
        "Image models",
        models,
        format_func=names,
        key=state.GALLERY_MODELS,
        placeholder="All",
        on_change=_apply,
    )
    if tags:
        st.multiselect(
            "Tags",
            tags,
            key=state.GALLERY_TAGS,
            placeholder="Any",
            on_change=_apply,
            help="Pictures that have all of them, by themselves or with their generation.",
        )
    st.pills(
        "How the run ended",
        STATUSES,
        selection_mode="multi",
        format_func=STATUS_WORDS.__getitem__,
        key=state.GALLERY_STATUSES,
        wrap=True,
        on_change=_apply,
    )
    with st.grid(2, min_column_width=130):
        _draw_day("From", state.GALLERY_FROM)
        _draw_day("To", state.GALLERY_TO)
        _draw_cost("Cost from, $", state.GALLERY_COST_FROM)
        _draw_cost("Cost to, $", state.GALLERY_COST_TO)
    st.caption("Days are in UTC. A cost is that of the run, with all of its pictures.")


def _draw_day(label: str, key: str) -> None:
    st.date_input(
        label,
        value=None,
        min_value=FIRST_DAY,
        max_value=LAST_DAY,
        key=key,
        format="YYYY-MM-DD",
        on_change=_apply,
    )


def _draw_cost(label: str, key: str) -> None:
    st.number_input(
        label,
        min_value=0.0,
        max_value=float(MOST_USD),
        value=None,
        step=0.01,
        format="%.4f",
        key=key,
        placeholder="Any",
        on_change=_apply,
    )


def _count_folded(wanted: GalleryFilter) -> int:
    return sum(
        bool(one)
        for one in (
            wanted.image_models,
            wanted.run_statuses,
            wanted.tags,
            wanted.created_from or wanted.created_to,
            wanted.cost_from_micro_usd is not None or wanted.cost_to_micro_usd is not None,
        )
    )


def _apply() -> None:
    show(GalleryView(wanted=_read_widgets()))


def _read_widgets() -> GalleryFilter:
    kept = st.session_state
    day_from: date | None = kept.get(state.GALLERY_FROM)
    day_to: date | None = kept.get(state.GALLERY_TO)
    return GalleryFilter(
        text=clean_text(kept.get(state.GALLERY_TEXT) or ""),
        image_models=tuple(kept.get(state.GALLERY_MODELS) or ()),
        run_statuses=tuple(kept.get(state.GALLERY_STATUSES) or ()),
        created_from=day_from,
        created_to=day_to,
        cost_from_micro_usd=_to_micro(kept.get(state.GALLERY_COST_FROM)),
        cost_to_micro_usd=_to_micro(kept.get(state.GALLERY_COST_TO)),
        starred=bool(kept.get(state.GALLERY_STARRED)),
        tags=tuple(kept.get(state.GALLERY_TAGS) or ()),
    )


def _set_widgets(wanted: GalleryFilter) -> None:
    st.session_state[state.GALLERY_TEXT] = wanted.text
    st.session_state[state.GALLERY_MODELS] = list(wanted.image_models)
    st.session_state[state.GALLERY_STATUSES] = list(wanted.run_statuses)
    st.session_state[state.GALLERY_FROM] = wanted.created_from
    st.session_state[state.GALLERY_TO] = wanted.created_to
    st.session_state[state.GALLERY_COST_FROM] = _to_usd(wanted.cost_from_micro_usd)
    st.session_state[state.GALLERY_COST_TO] = _to_usd(wanted.cost_to_micro_usd)
    st.session_state[state.GALLERY_STARRED] = wanted.starred
    st.session_state[state.GALLERY_TAGS] = list(wanted.tags)


def _to_micro(usd: float | None) -> int | None:
    return None if usd is None else round(usd * _MICRO)


def _to_usd(micro_usd: int | None) -> float | None:
    return None if micro_usd is None else micro_usd / _MICRO


def head_words(number: int, *, more: bool, wanted: GalleryFilter) -> str:
    """Say how many pictures there are: ``12 pictures``, ``More than 1,000 pictures fit``."""
    words = f"More than {count(number, 'picture')}" if more else count(number, "picture")
    if wanted == GalleryFilter():
        return words
    return f"{words} fits" if number == 1 and not more else f"{words} fit"
