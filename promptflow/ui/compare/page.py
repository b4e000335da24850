"""The Compare page's main area: the pictures in step, who is who, what differs, in which words."""

from collections.abc import Sequence

import streamlit as st

from promptflow.errors import StorageError
from promptflow.laboratory import Laboratory
from promptflow.records import Asset
from promptflow.ui import state
from promptflow.ui.compare.address import LEAST, MOST, PICTURES, parse_pictures
from promptflow.ui.compare.cards import draw_cards
from promptflow.ui.compare.compared import Compared, gather, list_others
from promptflow.ui.compare.deleted import draw_restorable
from promptflow.ui.compare.difference import draw_difference
from promptflow.ui.compare.link import show_pictures
from promptflow.ui.compare.plainly import draw_plain
from promptflow.ui.compare.table import draw_table
from promptflow.ui.compare.viewer import Mode, Shown, draw_viewer, serve_picture
from promptflow.ui.compare.words import draw_words
from promptflow.ui.gallery.clicks import draw_trouble
from promptflow.ui.pictures import source_of
from promptflow.ui.plain import as_label, as_message
from promptflow.ui.renewal import draw_renewed
from promptflow.wording import count

_STEP, _SLIDER, _DIFFERENCE, _PLAIN = "Zoom in step", "A/B slider", "Difference", "Plain"
_MOST_OTHERS = 24


def draw_compare(lab: Laboratory) -> None:
    """Draw the pictures that the address names.

    Args:
        lab: where they are kept.

    Raises:
        LedgerError: the ledger can't be read.
    """
    chosen = parse_pictures(st.query_params.get_all(PICTURES))
    gathered = gather(lab, chosen.asset_ids)
    compared = gathered.pictures
    draw_trouble()
    notes = [*chosen.notes, *gathered.notes]
    if len(compared) == 1:
        notes.append(f"One picture alone can't be compared: choose {LEAST} to {MOST}.")
    if notes:
        st.warning("  \n".join(as_message(note) for note in notes), icon=":material/link_off:")
    draw_restorable(lab, gathered.deleted)
    if not compared:
        _draw_nothing()
        return
    view = _draw_head(lab, compared)
    pair = _draw_pair(compared) if view in {_SLIDER, _DIFFERENCE} else None
    # Measuring takes its time: it comes last, into its place above the rest.
    place = st.container()
    if view != _DIFFERENCE:
        with place:
            _draw_pictures(lab, pair or compared, view)
    draw_cards(lab, compared)
    st.subheader("What differs", anchor=False)
    draw_table(compared, lab.models.name_of, lab.now())
    st.subheader("In which words", anchor=False)
    draw_words(compared)
    if view == _DIFFERENCE and pair:
        with place:
            draw_difference(lab, *pair)


def _draw_nothing() -> None:
    st.title("Which one is best?", anchor=False)
    st.markdown(
        f"Hold {LEAST} to {MOST} pictures against one another here: zoomed in step, one over the other, "
        "measured, and word by word. Choose them in the Gallery and take **Compare** at the foot of the "
        "page, or take **Compare** at the head of a generation in the Studio."
    )
    with st.container(horizontal=True):
        st.page_link(
            "pages/gallery.py", label="Choose in the Gallery", icon=":material/photo_library:"
        )
        st.page_link("pages/studio.py", label="Open the Studio", icon=":material/brush:")


def _draw_head(lab: Laboratory, compared: Sequence[Compared]) -> str:
    """Draw how many there are and the ways to look at them; return the one that is chosen."""
    ways = [_STEP, _SLIDER, _DIFFERENCE, _PLAIN] if len(compared) > 1 else [_STEP, _PLAIN]
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
    ):
        st.subheader(count(len(compared), "picture"), anchor=False, width="content")
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            _draw_adding(lab, compared)
            way = st.segmented_control(
                "How to look at them",
                ways,
                default=_STEP,
                required=True,
                key=state.COMPARE_VIEW,
                label_visibility="collapsed",
                persist_state="session",
            )
    return way if way in ways else _STEP


def _draw_adding(lab: Laboratory, compared: Sequence[Compared]) -> None:
    """Draw the pictures of the same generations, to be added by a click; nothing where none can be."""
    others = list(list_others(compared, lab.models.name_of))[:_MOST_OTHERS]
    if not others or len(compared) >= MOST:
        return
    with st.popover("Add", icon=":material/add:", help="Pictures of the same generations"):
        for other in others:
            st.button(
                as_label(other.name),
                key=state.of_picture(other.asset_id, "add"),
                type="tertiary",
                on_click=show_pictures,
                args=([*(one.asset_id for one in compared), other.asset_id],),
            )


def _draw_pair(compared: Sequence[Compared]) -> tuple[Compared, Compared]:
    """Draw which two are looked at, where there are more; return them."""
    if len(compared) == LEAST:
        return compared[0], compared[1]
    left, right = st.columns(2)
    with left:
        first = _choose("First", compared, state.COMPARE_FIRST)
    with right:
        second = _choose("Second", [one for one in compared if one != first], state.COMPARE_SECOND)
    return first, second


def _choose(label: str, compared: Sequence[Compared], key: str) -> Compared:
    named = {one.name: one for one in compared}
    name = st.selectbox(label, list(named), key=key, persist_state="session")
    return named.get(name, compared[0])


def _draw_pictures(lab: Laboratory, compared: Sequence[Compared], view: str) -> None:
    def draw() -> None:
        if view == _PLAIN:
            _draw_plain(lab, compared)
        else:
            _draw_in_step(lab, compared, "slider" if view == _SLIDER else "zoom")

    draw_renewed(lab, draw)


def _draw_in_step(lab: Laboratory, compared: Sequence[Compared], mode: Mode) -> None:
    shown, problems = [], []
    for one in compared:
        source = None
        try:
            source = _serve(lab, one.picture.asset)
        except StorageError as error:
            problems.append(f"{one.name}: {error.message}")
        shown.append(Shown(asset_id=one.asset_id, name=one.name, alt=one.alt, source=source))
    draw_viewer(shown, mode=mode, shape=compared[0].shape)
    for problem in problems:
        st.error(as_message(problem), icon=":material/broken_image:")


def _serve(lab: Laboratory, asset: Asset) -> str:
    source = source_of(lab, asset)
    return source if isinstance(source, str) else serve_picture(source, asset)


def _draw_plain(lab: Laboratory, compared: Sequence[Compared]) -> None:
    columns = 2 if len(compared) in {2, 4} else 3
    with st.grid(min(columns, len(compared)), min_column_width=160):
        for one in compared:
            with st.container(gap="xsmall"):
                draw_plain(lab, one)
