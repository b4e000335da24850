"""The pictures chosen to be taken along: kept from page to page, downloaded as one zip file."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from promptflow.handover import MOST_BYTES, MOST_PICTURES, write_handover
from promptflow.laboratory import Laboratory
from promptflow.records import PictureSummary
from promptflow.ui import state
from promptflow.ui.compare.link import draw_compare_link
from promptflow.ui.plain import as_words
from promptflow.wording import format_size


def draw_checkbox(picture: PictureSummary) -> None:
    """Draw the box that chooses a picture."""
    asset = picture.asset
    key = state.of_picture(asset.asset_id, "choose")
    chosen = _chosen()
    # Others change the choice, too: the whole page at once, and whoever clears it.
    st.session_state[key] = asset.asset_id in chosen
    st.checkbox(
        f"Choose {as_words(picture.title)}",
        key=key,
        disabled=asset.asset_id not in chosen and not _fits(chosen, asset.size_bytes),
        label_visibility="collapsed",
        on_change=_turn_over,
        args=(asset.asset_id, asset.size_bytes),
    )


def draw_choose_page(pictures: Sequence[PictureSummary]) -> None:
    """Draw the button that chooses all pictures of a page."""
    chosen = _chosen()
    st.button(
        "Choose page",
        key=state.CHOOSE_PAGE,
        type="tertiary",
        icon=":material/select_all:",
        disabled=all(picture.asset.asset_id in chosen for picture in pictures),
        on_click=_choose,
        args=([(one.asset.asset_id, one.asset.size_bytes) for one in pictures],),
        help="Choose all pictures of this page; those of other pages stay chosen.",
    )


def draw_choice(lab: Laboratory) -> None:
    """Draw what can be done with what is chosen; nothing where nothing is.

    Args:
        lab: where the pictures are kept.
    """
    chosen = _chosen()
    if not chosen:
        return
    asset_ids = tuple(chosen)
    with (
        st.bottom,
        st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="right"),
    ):
        st.markdown(f"**{_choice_words(chosen)}**", width="content")
        st.button("Clear", key=state.CLEAR_CHOICE, type="tertiary", on_click=_clear)
        draw_compare_link(asset_ids)
        st.download_button(
            "Download",
            data=lambda: _make_zip(lab, asset_ids),
            file_name=f"pictures-{lab.now():%Y-%m-%d}.zip",
            mime="application/zip",
            key=state.DOWNLOAD_CHOSEN,
            type="primary",
            icon=":material/folder_zip:",
            on_click="ignore",
            help="One zip file, with a manifest that has each picture's prompt, model and cost.",
        )


def _choice_words(chosen: dict[str, int]) -> str:
    """Say how much is chosen, and that there is no room for more where there is none."""
    words = f"{len(chosen)} chosen · {format_size(sum(chosen.values()))}"
    return words if _fits(chosen, 1) else f"{words} · no more fit"


def _chosen() -> dict[str, int]:
    kept: dict[str, int] = st.session_state.setdefault(state.CHOSEN, {})
    return kept


def _fits(chosen: dict[str, int], size_bytes: int) -> bool:
    return len(chosen) < MOST_PICTURES and sum(chosen.values()) + size_bytes <= MOST_BYTES


def _turn_over(asset_id: str, size_bytes: int) -> None:
    st.session_state[state.CLICKED] = True
    if _chosen().pop(asset_id, None) is None:
        _choose([(asset_id, size_bytes)])


def _choose(pictures: Sequence[tuple[str, int]]) -> None:
    chosen = _chosen()
    for asset_id, size_bytes in pictures:
        if asset_id not in chosen and _fits(chosen, size_bytes):
            chosen[asset_id] = size_bytes


def _clear() -> None:
    st.session_state[state.CHOSEN] = {}


def _make_zip(lab: Laboratory, asset_ids: Sequence[str]) -> bytes:
    """Make the file on disk, one picture in memory at a time; Streamlit takes it as a whole."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pictures.zip"
        with path.open("xb") as out:
            write_handover(
                out,
                asset_ids,
                source=lab.gallery,
                read_events=lab.read_events,
                created_at=lab.now(),
            )
        return path.read_bytes()
