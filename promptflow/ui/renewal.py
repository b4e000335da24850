"""Pictures that stay in sight however long a page is open: their links are renewed before they end."""

from collections.abc import Callable

import streamlit as st

from promptflow.laboratory import Laboratory
from promptflow.ui.errors import errors_told

_LEAST_S = 0.5
"""Between two drawings, however short a link's life is."""


def draw_renewed(lab: Laboratory, draw: Callable[[], None]) -> None:
    """Draw pictures, and where they are shown by links, draw them again before those end.

    A link stays the same until half its life has passed, so most drawings change nothing and the browser
    loads nothing.

    Args:
        lab: where the pictures are kept.
        draw: draws them. It is called again by itself, as a fragment: a click in it reaches no further.
    """
    every_s = renew_every_s(lab)
    if every_s is None:
        draw()
    else:
        st.fragment(errors_told(draw), run_every=every_s)()


def renew_every_s(lab: Laboratory) -> float | None:
    """Return after how many seconds links are to be drawn again; ``None`` where none ends.

    A third of their life: one that was signed a little less than half its life ago is still good then,
    and there is time left for the new one to arrive.

    Args:
        lab: where the pictures are kept.
    """
    ttl_s = lab.archive.link_ttl_s
    return None if ttl_s is None else max(ttl_s / 3, _LEAST_S)
