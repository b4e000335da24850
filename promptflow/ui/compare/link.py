"""The way to the Compare page, from wherever pictures are."""

from collections.abc import Sequence

import streamlit as st

from promptflow.ui.compare.address import LEAST, MOST, render_pictures
from promptflow.ui.versions import find_shown
from promptflow.view import FlowView


def draw_compare_link(asset_ids: Sequence[str]) -> None:
    """Draw a link that compares pictures; it leads nowhere where they are too few or too many.

    Args:
        asset_ids: of the pictures, in their order.
    """
    st.page_link(
        "pages/compare.py",
        label="Compare",
        icon=":material/compare:",
        disabled=not LEAST <= len(asset_ids) <= MOST,
        help=f"Hold {LEAST} to {MOST} pictures against one another",
        query_params=render_pictures(asset_ids[:MOST]),
    )


def choose_to_compare(view: FlowView) -> tuple[str, ...]:
    """Choose the pictures of a generation that are worth comparing.

    Args:
        view: the generation.

    Returns:
        The asset ids of the first picture of the version that each model's card shows, beside each
        what it made of the request unchanged; or of all pictures, those that are shown and then the
        newest first, where that is one alone. At most as many as can be compared, and none where there
        are too few.
    """
    shown = [
        find_shown(view, view.versions(model, baseline=baseline))
        for model in view.request.image_models
        for baseline in (False, True)
    ]
    painted = [run for run in shown if run and run.images]
    images = [run.images[0] for run in painted]
    if len(images) < LEAST:
        others = [run for run in reversed(view.runs) if run not in painted]
        images = [image for run in (*painted, *others) for image in run.images]
    if len(images) < LEAST:
        return ()
    return tuple(image.asset.asset_id for image in images[:MOST])


def show_pictures(asset_ids: Sequence[str]) -> None:
    """Put what to compare into the address; a callback.

    Args:
        asset_ids: of the pictures, in their order.
    """
    st.query_params.from_dict(render_pictures(asset_ids) if asset_ids else {})
