"""Reference images: taking files, showing what became of them, and saying who will see them.

A file that says it was painted with Prompt Flow is no reference before someone says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from promptflow.catalog import (
    MAX_REFERENCES,
    ImageModelCard,
    TextModelCard,
    uses_references,
)
from promptflow.catalog.excerpts import excerpt
from promptflow.errors import InputError
from promptflow.laboratory import Laboratory
from promptflow.ports import Reference
from promptflow.references import make_preview, prepare_reference
from promptflow.ui import state
from promptflow.ui.origins import PICTURE_TYPES, Origin, draw_origin, find_origin
from promptflow.ui.plain import as_label, as_markdown
from promptflow.wording import count, join_names, tell_who_sees

_MOST_NAMES = 3
"""How many files that are too many are named."""
_PREVIEW_PX = 144
"""Twice as wide as it is shown, for screens of double density."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploads:
    """The files that are there now."""

    references: tuple[Reference, ...] = ()
    """Those that can be used, no two alike."""
    faults: tuple[InputError, ...] = ()
    """What is wrong with the others, or with all of them together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Upload:
    """What became of one file."""

    file_id: str
    name: str
    reference: Reference | None = None
    preview: bytes = field(default=b"", repr=False)
    fault: InputError | None = None
    origin: Origin | None = None
    """Where its file says that it comes from."""


def takes_references(lab: Laboratory) -> bool:
    """Say whether any model that can be asked could use references: without a key, none can.

    Args:
        lab: which models there are.
    """
    models = (*lab.catalog.text_models, *lab.catalog.image_models)
    return any(uses_references(card) and not lab.models.reason_unavailable(card) for card in models)


def draw_uploads(
    lab: Laboratory, writer: TextModelCard, painters: Sequence[ImageModelCard]
) -> Uploads:
    """Draw the field for reference images, what is in it, and who of the chosen models sees it.

    Args:
        lab: which models there are.
        writer: the text model that is chosen.
        painters: the image models that are chosen.

    Returns:
        The references to send along.
    """
    files = st.file_uploader(
        "Reference images",
        type=PICTURE_TYPES,
        accept_multiple_files=True,
        key=state.REFERENCE_IMAGES,
        help=f"Up to {MAX_REFERENCES} pictures of at most 20 MB to go by. What they tell of place and camera is "
        "removed before they are kept. One that was painted with Prompt Flow can also open where it comes "
        "from.",
    )
    uploads = _take(lab, files)
    chosen: frozenset[str] = st.session_state.get(state.AS_REFERENCES, frozenset())
    used = []
    for upload in uploads:
        if upload.origin is None or upload.file_id in chosen:
            used.append(upload)
        else:
            use = partial(_use, upload.file_id)
            draw_origin(lab, upload.origin, name=upload.name, key=upload.file_id, use=use)
    return _draw_used(used, writer, painters, names=[file.name for file in files])


def _use(file_id: str) -> None:
    """Make a picture that says where it comes from a reference; a callback."""
    chosen: frozenset[str] = st.session_state.get(state.AS_REFERENCES, frozenset())
    st.session_state[state.AS_REFERENCES] = chosen | {file_id}


def _draw_used(
    uploads: Sequence[_Upload],
    writer: TextModelCard,
    painters: Sequence[ImageModelCard],
    *,
    names: Sequence[str],
) -> Uploads:
    """Draw the references and what is wrong with any, and return them."""
    if uploads:
        _draw_previews([upload for upload in uploads if upload.reference])
        st.caption(as_markdown(_tell_who_sees(writer, painters)))
    faults = [upload.fault for upload in uploads if upload.fault]
    if len(names) > MAX_REFERENCES:
        faults.append(_too_many(names))
    if faults:
        st.error(as_markdown("\n".join(fault.message for fault in faults)))
    found = dict.fromkeys(upload.reference for upload in uploads if upload.reference)
    return Uploads(references=tuple(found), faults=tuple(faults))


def _take(lab: Laboratory, files: Sequence[UploadedFile]) -> list[_Upload]:
    """Return what became of each file; decode those that are new, and forget those that are gone."""
    known: dict[str, _Upload] = st.session_state.get(state.UPLOADS, {})
    wanted = files[:MAX_REFERENCES]
    if all(file.file_id in known for file in wanted):
        found = {file.file_id: known[file.file_id] for file in wanted}
    else:
        with st.spinner("Preparing the pictures"):
            found = {
                file.file_id: known.get(file.file_id) or _prepare(lab, file) for file in wanted
            }
    st.session_state[state.UPLOADS] = found
    return list(found.values())


def _prepare(lab: Laboratory, file: UploadedFile) -> _Upload:
    # Before it is made a reference, which tells nothing of where it comes from any more.
    origin = find_origin(lab, file.getvalue())
    upload = _Upload(file_id=file.file_id, name=file.name, origin=origin)
    try:
        reference = prepare_reference(file.getvalue(), name=file.name)
    except InputError as error:
        return replace(upload, fault=error)
    return replace(
        upload, reference=reference, preview=make_preview(reference, edge_px=_PREVIEW_PX)
    )


def _draw_previews(uploads: Sequence[_Upload]) -> None:
    if not uploads:
        return
    with st.grid(4, min_column_width=56, gap="xsmall"):
        for upload in uploads:
            st.image(
                upload.preview,
                caption=as_label(upload.name, limit=20),
                width="stretch",
                alt=upload.name,
            )


def _tell_who_sees(writer: TextModelCard, painters: Sequence[ImageModelCard]) -> str:
    cards = (writer, *painters)
    return tell_who_sees(
        seeing=[card.title for card in cards if uses_references(card)],
        blind=[card.title for card in cards if not uses_references(card)],
    )


def _too_many(names: Sequence[str]) -> InputError:
    over = [excerpt(name) for name in names[MAX_REFERENCES:]]
    named = over
    if len(over) > _MOST_NAMES:
        named = [*over[:_MOST_NAMES], f"{len(over) - _MOST_NAMES} more"]
    return InputError(
        state.REFERENCE_IMAGES,
        f"{count(len(names), 'reference image')} are chosen, and at most {MAX_REFERENCES} can go along. "
        f"Take {len(over)} of them out; past the first {MAX_REFERENCES} "
        f"{'is' if len(over) == 1 else 'are'} {join_names(named)}.",
    )
