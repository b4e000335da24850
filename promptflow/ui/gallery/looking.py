"""One picture in full size, with what is known of it; only here is the whole picture read."""

import streamlit as st

from promptflow.errors import StorageError
from promptflow.handover import find_image
from promptflow.laboratory import Laboratory
from promptflow.records import PictureSummary, RunStatus
from promptflow.ui import state
from promptflow.ui.errors import errors_told
from promptflow.ui.gallery.clicks import draw_star, draw_trouble
from promptflow.ui.gallery.filters import STATUS_WORDS
from promptflow.ui.lineage.facts import (
    asset_facts,
    asset_ids,
    draw_facts,
    draw_ids,
    moment_words,
    parameter_words,
)
from promptflow.ui.organising import draw_organiser, draw_tags, read_labels, was_deleted_here
from promptflow.ui.pictures import draw_picture, source_of
from promptflow.ui.plain import as_label, as_markdown, as_message
from promptflow.view import FlowView, ImageView, RunView, fold
from promptflow.wording import format_usd, name_picture


def look_at_picture(lab: Laboratory, asset_id: str) -> None:
    """Open a dialog with one picture; its own clicks draw nothing but the dialog anew.

    Args:
        lab: where it is kept.
        asset_id: the picture's; where there is none any more, nothing is opened.
    """
    picture = lab.gallery.find_picture(asset_id)
    if picture is None:
        return

    # The page behind it has the same star.
    @st.dialog(as_label(picture.title), width="large", on_dismiss="rerun")
    @errors_told
    def look() -> None:
        # A star given in here is not to have the page drawn anew, which would close the dialog.
        st.session_state.pop(state.CLICKED, None)
        again = lab.gallery.find_picture(asset_id)
        if again is not None:
            _draw(lab, again)
        elif was_deleted_here(asset_id):
            # The page behind it says so, and offers to undo it.
            st.rerun()
        else:
            st.warning("The picture was deleted meanwhile.", icon=":material/delete:")

    look()


def _draw(lab: Laboratory, picture: PictureSummary) -> None:
    view = fold(lab.read_events(picture.generation_id))
    found = find_image(view, picture.asset.asset_id)
    shown, told = st.columns([3, 2], gap="medium")
    with shown:
        readable = _draw_whole(lab, picture)
    with told:
        _draw_actions(lab, picture, view, found[1] if found else None, readable=readable)
        _draw_labels(lab, picture)
        _draw_facts(lab, picture, view, found)


def _draw_labels(lab: Laboratory, picture: PictureSummary) -> None:
    draw_tags(picture.tags)
    labels = read_labels(lab, "picture", picture.asset.asset_id)
    if labels is None:
        return
    if labels.note:
        st.caption(as_markdown(labels.note))
    with st.expander("Organise", icon=":material/label:"):
        busy = picture.run_status is RunStatus.RUNNING
        draw_organiser(lab, "picture", picture.asset.asset_id, labels, busy=busy)


def _draw_whole(lab: Laboratory, picture: PictureSummary) -> bool:
    """Draw the picture; say whether it could be read."""
    alt = f"{lab.models.name_of(picture.image_model)}: {picture.title}"
    try:
        draw_picture(source_of(lab, picture.asset), picture.asset.mime, alt=alt)
    except StorageError as error:
        st.error(as_message(error.message), icon=":material/broken_image:")
        return False
    return True


def _draw_actions(
    lab: Laboratory,
    picture: PictureSummary,
    view: FlowView,
    image: ImageView | None,
    *,
    readable: bool,
) -> None:
    asset = picture.asset
    draw_trouble()
    with st.container(horizontal=True, vertical_alignment="center"):
        if readable:
            name = name_picture(
                view.request.request,
                picture.image_model,
                number=image.index + 1 if image else 1,
                extension=asset.key.rsplit(".", 1)[-1],
            )
            _draw_download(lab, picture, name)
        draw_star(lab, asset.asset_id, starred=picture.starred_at is not None, name="star here")
    address = {state.GENERATION: picture.generation_id}
    with st.container(horizontal=True):
        st.page_link(
            "pages/studio.py",
            label="Open in Studio",
            icon=":material/brush:",
            query_params=address,
        )
        st.page_link(
            "pages/lineage.py",
            label="Lineage",
            icon=":material/account_tree:",
            query_params=address,
        )


def _draw_download(lab: Laboratory, picture: PictureSummary, name: str) -> None:
    link = lab.gallery.link(picture.asset, filename=name)
    if link is not None:
        st.link_button("Download", link, type="primary", icon=":material/download:")
        return
    st.download_button(
        "Download",
        data=lambda: lab.gallery.read_picture(picture.asset),
        file_name=name,
        mime=picture.asset.mime,
        key=state.of_picture(picture.asset.asset_id, "download"),
        type="primary",
        icon=":material/download:",
        on_click="ignore",
    )


def _draw_facts(
    lab: Laboratory,
    picture: PictureSummary,
    view: FlowView,
    found: tuple[RunView, ImageView] | None,
) -> None:
    if view.request.request != picture.title:
        st.caption("Request")
        st.text(view.request.request)
    facts = [
        ("Model", lab.models.name_of(picture.image_model)),
        ("Run", STATUS_WORDS[picture.run_status]),
        ("Cost of the run", format_usd(picture.cost_micro_usd)),
        ("Painted", moment_words(picture.created_at)),
        *asset_facts(picture.asset),
    ]
    if found:
        run, image = found
        facts += [
            ("Seed", "not told" if image.seed is None else str(image.seed)),
            ("Asked for", parameter_words(run.parameters)),
            ("Resolved", parameter_words(image.resolved) if image.resolved else "not told"),
        ]
    draw_facts(facts)
    if found:
        st.caption("Prompt")
        st.code(found[0].prompt, language=None, wrap_lines=True)
    draw_ids([*asset_ids(picture.asset), ("Generation", picture.generation_id)])
