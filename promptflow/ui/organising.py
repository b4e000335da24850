"""Titles, notes, tags and deleting, for generations and pictures alike; and what says that it can be undone."""

from collections.abc import Sequence
from contextlib import suppress

import streamlit as st

from promptflow.errors import DeletedGenerationError, LedgerError, PromptflowError
from promptflow.labels import MOST_TAGS, NOTE_CHARS, TITLE_CHARS, Kind
from promptflow.laboratory import Laboratory
from promptflow.records import Labels
from promptflow.ui import state
from promptflow.ui.history import open_generation
from promptflow.ui.plain import as_label, as_markdown
from promptflow.wording import count

_BADGE_CHARS = 40
_TITLE, _NOTE, _TAGS = "title", "note", "tags"


def read_labels(lab: Laboratory, kind: Kind, row_id: str) -> Labels | None:
    """Return what is written on a generation or picture; ``None`` where the ledger can't tell.

    What is under way is shown though the ledger can't be read.
    """
    with suppress(LedgerError):
        return lab.organiser.read_labels(kind, row_id)
    return None


def draw_organiser(
    lab: Laboratory, kind: Kind, row_id: str, labels: Labels, *, busy: bool = False
) -> None:
    """Draw the form for title, tags and note, and the button that deletes.

    Args:
        lab: where it is kept.
        kind: what it is.
        row_id: its id.
        labels: what is written on it.
        busy: whether it is still being made, so that it can't be deleted.
    """
    _seed(row_id, labels)
    with st.form(_key(row_id, "organise"), border=False):
        st.text_input(
            "Title",
            key=_key(row_id, _TITLE),
            max_chars=TITLE_CHARS,
            placeholder="The beginning of the request" if kind == "generation" else "None",
        )
        st.multiselect(
            "Tags",
            sorted({*_list_tags(lab), *labels.tags}),
            key=_key(row_id, _TAGS),
            accept_new_options=True,
            max_selections=MOST_TAGS,
            placeholder="Choose or type",
        )
        st.text_area("Note", key=_key(row_id, _NOTE), max_chars=NOTE_CHARS, height=100)
        st.form_submit_button(
            "Save", icon=":material/save:", on_click=_save, args=(lab, kind, row_id)
        )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            f"Delete {kind}",
            key=_key(row_id, "delete"),
            icon=":material/delete:",
            disabled=busy,
            on_click=_delete,
            args=(lab, kind, row_id),
            help="Cancel it first, or wait until it has ended." if busy else "It can be undone.",
        )
        if kind == "generation":
            _draw_restore_pictures(lab, row_id)


def draw_tags(tags: Sequence[str]) -> None:
    """Draw tags as badges; nothing where there are none."""
    if tags:
        with st.container(horizontal=True, gap="xsmall"):
            for tag in tags:
                st.badge(as_label(tag, limit=_BADGE_CHARS), color="gray")


def draw_deleted(lab: Laboratory, generation_id: str, error: DeletedGenerationError) -> None:
    """Say at a generation's address that it was deleted, and offer to bring it back.

    Args:
        lab: where it is kept.
        generation_id: from the address.
        error: what was said when it was looked up.
    """
    here = st.session_state.get(state.DELETED) == ("generation", generation_id)
    message = "The generation was deleted." if here else error.message
    st.warning(as_markdown(message), title="Deleted", icon=":material/delete:")
    with st.container(horizontal=True):
        if not error.is_purged:
            st.button(
                "Undo" if here else "Restore",
                key=state.RESTORE,
                type="primary",
                icon=":material/undo:",
                on_click=_restore,
                args=(lab, "generation", [generation_id]),
            )
        st.button(
            "New prompt",
            key=state.NEW_PROMPT,
            icon=":material/add:",
            on_click=open_generation,
            args=(None,),
        )


def draw_undo(lab: Laboratory) -> None:
    """Say that a picture was deleted here, and offer to bring it back; nothing where none was.

    Args:
        lab: where it is kept.
    """
    kind, row_id = st.session_state.get(state.DELETED, ("", ""))
    if kind != "picture":
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(":material/delete: The picture was deleted.", width="stretch")
        st.button(
            "Undo",
            key=state.RESTORE,
            icon=":material/undo:",
            on_click=_restore,
            args=(lab, "picture", [row_id]),
        )
        st.button("Dismiss", key=state.DISMISS, type="tertiary", on_click=_forget)


def was_deleted_here(row_id: str) -> bool:
    """Say whether the last thing that was deleted on this page is this one."""
    return bool(st.session_state.get(state.DELETED, ("", ""))[1] == row_id)


def _draw_restore_pictures(lab: Laboratory, generation_id: str) -> None:
    deleted = lab.organiser.list_deleted_pictures(generation_id)
    if deleted:
        st.button(
            f"Restore {count(len(deleted), 'deleted picture')}",
            key=_key(generation_id, "restore pictures"),
            icon=":material/undo:",
            on_click=_restore,
            args=(lab, "picture", deleted),
        )


def _seed(row_id: str, labels: Labels) -> None:
    """Put into the fields what is written now, unless they have it and may have been changed since."""
    seeded = st.session_state.get(_key(row_id, "labels"))
    if seeded == labels and _key(row_id, _TITLE) in st.session_state:
        return
    st.session_state[_key(row_id, "labels")] = labels
    st.session_state[_key(row_id, _TITLE)] = labels.title
    st.session_state[_key(row_id, _NOTE)] = labels.note
    st.session_state[_key(row_id, _TAGS)] = list(labels.tags)


def _list_tags(lab: Laboratory) -> Sequence[str]:
    with suppress(LedgerError):
        return lab.organiser.list_tags()
    return ()


def _save(lab: Laboratory, kind: Kind, row_id: str) -> None:
    kept = st.session_state
    try:
        lab.organiser.label(
            kind,
            row_id,
            title=kept.get(_key(row_id, _TITLE)) or "",
            note=kept.get(_key(row_id, _NOTE)) or "",
            tags=kept.get(_key(row_id, _TAGS)) or (),
        )
    except PromptflowError as error:
        kept[state.TROUBLE] = error.message
    else:
        # The fields then show it as it is kept, in lower case for instance.
        kept.pop(_key(row_id, "labels"), None)


def _delete(lab: Laboratory, kind: Kind, row_id: str) -> None:
    try:
        lab.organiser.delete(kind, row_id)
    except PromptflowError as error:
        st.session_state[state.TROUBLE] = error.message
    else:
        st.session_state[state.DELETED] = (kind, row_id)


def _restore(lab: Laboratory, kind: Kind, row_ids: Sequence[str]) -> None:
    try:
        for row_id in row_ids:
            lab.organiser.restore(kind, row_id)
    except PromptflowError as error:
        st.session_state[state.TROUBLE] = error.message
    _forget()


def _forget() -> None:
    st.session_state.pop(state.DELETED, None)


def _key(row_id: str, name: str) -> str:
    return state.of_generation(row_id, name)
