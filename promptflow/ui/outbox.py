"""Where pictures are kept, and what keeps them from getting there."""

import re
from collections.abc import Sequence

import streamlit as st

from promptflow.buckets import BucketSettings
from promptflow.laboratory import Laboratory
from promptflow.records import Asset, Fault, GenerationStatus, Waiting
from promptflow.storage.shelves import OUTBOX
from promptflow.ui.errors import errors_told
from promptflow.ui.plain import as_markdown, as_message
from promptflow.view import FlowView
from promptflow.wording import count

_LOOK_EVERY_S = 5.0
"""Seconds between two looks at what waits to be uploaded."""
_SEEN_TO = "Nothing is lost: it is shown from this machine, and goes up by itself later."
_QUOTED_KEY = re.compile(r"^'[^']*'")
"""The picture that the reason begins with; it stands for all that wait."""


def draw_place(lab: Laboratory) -> None:
    """Say where pictures are kept, and what waits to get there if something is in its way.

    While something waits, it is looked at again by itself; the page is drawn anew when what was in the way
    is new or gone, since the head of a generation tells of it, too.

    Args:
        lab: whose pictures.
    """
    bucket = lab.settings.bucket
    if bucket is None:
        st.caption(":material/hard_drive: Pictures are kept on this machine.")
        return
    st.caption(f":material/cloud_upload: {as_markdown(_tell_place(bucket))}")
    drawn = lab.ledger.assets.read_waiting()

    @st.fragment(run_every=_LOOK_EVERY_S if drawn.pictures else None)
    @errors_told
    def look() -> None:
        waiting = lab.ledger.assets.read_waiting()
        if (waiting.trouble is None) != (drawn.trouble is None):
            st.rerun()
        _draw_waiting(waiting)

    look()


def draw_left_here(lab: Laboratory, view: FlowView) -> None:
    """Warn of a finished generation's pictures that could not be uploaded; they are shown all the same.

    Args:
        lab: where it is kept.
        view: the generation.
    """
    left = [asset for asset in _list_assets(view) if asset.backend == OUTBOX]
    if not left or lab.settings.bucket is None or view.status is GenerationStatus.RUNNING:
        return
    trouble = lab.ledger.assets.read_waiting().trouble
    if trouble:
        which = (
            f"{count(len(left), 'picture')} of this generation {'is' if len(left) == 1 else 'are'}"
        )
        title = f"{which} still on this machine only"
        st.warning(_tell_trouble(trouble), title=title, icon=":material/cloud_off:")


def _tell_place(bucket: BucketSettings) -> str:
    return f"Pictures go to {bucket.title}, bucket {bucket.bucket}."


def _draw_waiting(waiting: Waiting) -> None:
    if waiting.trouble is None:
        return
    waits = "waits" if waiting.pictures == 1 else "wait"
    title = f"{count(waiting.pictures, 'file')} {waits} to be uploaded"
    st.warning(_tell_trouble(waiting.trouble), title=title, icon=":material/cloud_off:")


def _tell_trouble(trouble: Fault) -> str:
    return f"{as_message(_QUOTED_KEY.sub('A picture', trouble.message))}\n\n{_SEEN_TO}"


def _list_assets(view: FlowView) -> Sequence[Asset]:
    painted = [image.asset for run in view.runs for image in run.images]
    return [*view.references, *painted]
