"""The way to what brings back a picture that was deleted."""

from collections.abc import Sequence

import streamlit as st

from promptflow.laboratory import Laboratory
from promptflow.records import DeletedPicture
from promptflow.ui import state
from promptflow.ui.organising import read_labels
from promptflow.ui.plain import as_label

_TITLE_CHARS = 64


def draw_restorable(lab: Laboratory, deleted: Sequence[DeletedPicture]) -> None:
    """Say of pictures that they were deleted and where they can be restored; nothing where there are none.

    Args:
        lab: where they are kept.
        deleted: pictures that no purge has taken.
    """
    for picture in deleted:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(f":material/delete: {_tell(lab, picture)}", width="stretch")
            st.page_link(
                "pages/studio.py",
                label="Restore in the Studio",
                icon=":material/undo:",
                query_params={state.GENERATION: picture.generation_id},
            )


def _tell(lab: Laboratory, picture: DeletedPicture) -> str:
    labels = read_labels(lab, "generation", picture.generation_id)
    title = f" of **{as_label(labels.title, limit=_TITLE_CHARS)}**" if labels else ""
    told = f"A picture{title} was deleted on {picture.deleted_at:%Y-%m-%d at %H:%M} UTC"
    if picture.with_generation:
        return f"{told}, with its generation, which can be restored."
    return f"{told}. *Restore* under *Organise* brings it back."
