"""One card for each picture of a page: a small picture, what it is of, who painted it when."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Literal

import streamlit as st

from promptflow.errors import StorageError
from promptflow.laboratory import Laboratory
from promptflow.records import Asset, PictureSummary, RunStatus
from promptflow.ui import state
from promptflow.ui.gallery.choice import draw_checkbox
from promptflow.ui.gallery.clicks import draw_star, look_at
from promptflow.ui.gallery.filters import STATUS_WORDS
from promptflow.ui.labels import Names, join_facts
from promptflow.ui.organising import draw_tags
from promptflow.ui.pictures import draw_picture, source_of
from promptflow.ui.plain import as_label, as_markdown, as_message
from promptflow.wording import format_age, format_usd

_TITLE_CHARS = 64
_MOST_TAGS = 3
"""More of them are shown where the picture is looked at."""
_TALLEST_PX = 240
"""An upright picture is drawn no taller, or its row would be empty beside it."""
_HIDE_WORDS = f"""<style>
.st-key-{state.CARDS} [data-testid="stPageLink-NavLink"] {{ gap: 0; }}
.st-key-{state.CARDS} [data-testid="stPageLink-NavLink"] [data-testid="stMarkdownContainer"] {{
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
}}
</style>"""
"""A card has room for the icons of its links only: their words are for who has them read out."""


def draw_cards(
    lab: Laboratory, pictures: Sequence[PictureSummary], *, names: Names, now: datetime
) -> None:
    """Draw the pictures of one page.

    Args:
        lab: where they are kept.
        pictures: in their order.
        names: model id → title.
        now: an aware datetime, for the ages.
    """
    st.html(_HIDE_WORDS)
    with st.grid(6, min_column_width=168, gap=("medium", "small"), key=state.CARDS):
        for picture in pictures:
            with st.container(gap="xsmall"):
                _draw_card(lab, picture, names=names, now=now)


def _draw_card(lab: Laboratory, picture: PictureSummary, *, names: Names, now: datetime) -> None:
    asset_id = picture.asset.asset_id
    _draw_small(lab, picture, names)
    with st.container(gap=None):
        st.button(
            as_label(picture.title, limit=_TITLE_CHARS),
            key=state.of_picture(asset_id, "look at"),
            type="tertiary",
            wrap=False,
            on_click=look_at,
            args=(asset_id,),
            help="Look at it in full size",
        )
        st.caption(as_markdown(_facts(picture, names, now)), wrap=False, width="stretch")
        draw_tags(picture.tags[:_MOST_TAGS])
    address = {state.GENERATION: picture.generation_id}
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        draw_checkbox(picture)
        draw_star(lab, asset_id, starred=picture.starred_at is not None)
        st.page_link(
            "pages/studio.py",
            label="Open in Studio",
            icon=":material/brush:",
            help="Open in Studio",
            query_params=address,
        )
        st.page_link(
            "pages/lineage.py",
            label="Lineage",
            icon=":material/account_tree:",
            help="Lineage",
            query_params=address,
        )


def _draw_small(lab: Laboratory, picture: PictureSummary, names: Names) -> None:
    """Draw the thumbnail; the picture itself where there is none, or none that can be read."""
    alt = f"{names(picture.image_model)}: {picture.title}"
    width = _choose_width(picture.asset)
    if picture.thumbnail is not None:
        with suppress(StorageError):
            small = source_of(lab, picture.thumbnail)
            draw_picture(small, picture.thumbnail.mime, alt=alt, width=width)
            return
    try:
        draw_picture(source_of(lab, picture.asset), picture.asset.mime, alt=alt, width=width)
    except StorageError as error:
        st.error(as_message(error.message), icon=":material/broken_image:")


def _choose_width(asset: Asset) -> int | Literal["stretch"]:
    if asset.height_px <= asset.width_px:
        return "stretch"
    return max(1, round(_TALLEST_PX * asset.width_px / asset.height_px))


def _facts(picture: PictureSummary, names: Names, now: datetime) -> str:
    facts = [names(picture.image_model), format_age(picture.created_at, now)]
    if picture.cost_micro_usd:
        facts.append(format_usd(picture.cost_micro_usd))
    if picture.run_status is not RunStatus.SUCCEEDED:
        facts.append(STATUS_WORDS[picture.run_status].lower())
    return join_facts(facts)
