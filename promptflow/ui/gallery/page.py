"""The Gallery's main area: the filters, a page of pictures, and what is chosen among them."""

from collections.abc import Sequence

import streamlit as st

from promptflow.laboratory import Laboratory
from promptflow.records import GalleryFilter, PictureSummary
from promptflow.ui import state
from promptflow.ui.gallery.address import GalleryView
from promptflow.ui.gallery.cards import draw_cards
from promptflow.ui.gallery.choice import draw_choice, draw_choose_page
from promptflow.ui.gallery.clicks import draw_trouble
from promptflow.ui.gallery.filters import (
    draw_filters,
    head_words,
    read_view,
    show,
)
from promptflow.ui.gallery.looking import look_at_picture
from promptflow.ui.organising import draw_undo
from promptflow.ui.renewal import draw_renewed

PAGE_SIZE = 24
_DEEPEST = 400
"""The last page of what is not counted to its end: each page there takes longer than the one before."""


def draw_gallery(lab: Laboratory) -> None:
    """Draw what the address asks for.

    Args:
        lab: where the pictures are kept.

    Raises:
        LedgerError: the ledger can't be read.
    """
    models = lab.gallery.list_gallery_models()
    draw_undo(lab)
    if not models:
        _draw_nothing()
        return
    tags = lab.organiser.list_tags()
    view = read_view(models, tags)
    number, more = lab.gallery.count_pictures(view.wanted)
    draw_trouble()
    head = head_words(number, more=more, wanted=view.wanted)
    draw_filters(view.wanted, head=head, models=models, names=lab.models.name_of, tags=tags)
    if number:
        _draw_page(lab, view, number=number, more=more)
    else:
        _draw_no_fit()
    draw_choice(lab)
    looked_at = st.session_state.pop(state.LOOKED_AT, None)
    if looked_at is not None:
        look_at_picture(lab, looked_at)


def _draw_nothing() -> None:
    st.title("Every picture you make, in one place", anchor=False)
    st.markdown(
        "Here all pictures stand beside one another, newest first: to find the good one again by its "
        "words, model, day or cost, to give it a star, and to take some along. There is none yet."
    )
    st.page_link("pages/studio.py", label="Make one in the Studio", icon=":material/brush:")


def _draw_no_fit() -> None:
    with st.container(horizontal_alignment="center", gap="small"):
        st.space("large")
        st.markdown("**No picture fits**", width="content")
        st.caption(
            "All of the filters have to fit. Try fewer words or fewer filters.", width="content"
        )
        st.button(
            "Clear filters",
            key=state.SHOW_ALL,
            type="primary",
            icon=":material/filter_alt_off:",
            on_click=show,
            args=(GalleryView(),),
        )


def _draw_page(lab: Laboratory, view: GalleryView, *, number: int, more: bool) -> None:
    """Draw a page that is there: one behind the last is taken for the last."""
    last = -(-number // PAGE_SIZE)
    page = min(view.page, _DEEPEST if more else last)
    rows = _list(lab, view.wanted, page)
    if not rows:
        page = last
        rows = _list(lab, view.wanted, page)
    pictures = rows[:PAGE_SIZE]
    _draw_cards(lab, pictures)
    with st.container(horizontal_alignment="center", gap="small"):
        # Behind what was counted there may be more, page by page.
        next_page = min(page + (len(rows) > PAGE_SIZE), _DEEPEST) if more else last
        if max(last, next_page) > 1:
            _draw_pages(view.wanted, page=page, last=max(last, next_page))
        draw_choose_page(pictures)


def _draw_cards(lab: Laboratory, pictures: Sequence[PictureSummary]) -> None:
    """Draw the pictures; where links are renewed, a click among them has all of the page follow."""
    st.session_state.pop(state.CLICKED, None)

    def draw() -> None:
        if st.session_state.pop(state.CLICKED, False):
            st.rerun()
        draw_cards(lab, pictures, names=lab.models.name_of, now=lab.now())

    draw_renewed(lab, draw)


def _list(lab: Laboratory, wanted: GalleryFilter, page: int) -> tuple[PictureSummary, ...]:
    """List a page, and one picture more where there is another page behind it."""
    return lab.gallery.list_pictures(wanted, limit=PAGE_SIZE + 1, offset=(page - 1) * PAGE_SIZE)


def _draw_pages(wanted: GalleryFilter, *, page: int, last: int) -> None:
    if st.session_state.get(state.GALLERY_PAGE) != page:
        st.session_state[state.GALLERY_PAGE] = page
    st.pagination(last, key=state.GALLERY_PAGE, width="stretch", on_change=_turn, args=(wanted,))


def _turn(wanted: GalleryFilter) -> None:
    show(GalleryView(wanted=wanted, page=st.session_state[state.GALLERY_PAGE]))
