"""Pictures that stay in sight however long a page is open: their links are renewed before they end.

Whether a browser gets a picture from the bucket only the browser knows. Streamlit draws one that it doesn't get
as a broken image, and has no call for it; so a style draws words over it, and a script asks once more
now and then.
"""

from collections.abc import Callable

import streamlit as st

from promptflow.laboratory import Laboratory
from promptflow.ui.errors import errors_told

_LEAST_S = 0.5
"""Between two drawings, however short a link's life is."""
_UNLOADED = """<style>
[data-testid="stImage"] img { position: relative; }
[data-testid="stImage"] img::before { content: ""; display: block; height: 8rem; }
[data-testid="stImage"] img::after {
  content: "Picture can't be loaded just now";
  position: absolute; inset: 0; box-sizing: border-box; padding: 1rem;
  display: grid; place-content: center; border-radius: inherit;
  background: light-dark(#f4f0ea, #25221f); color: light-dark(#6b645a, #aaa297);
  font-size: 0.875rem; text-align: center; white-space: normal;
}
</style>"""
"""Browsers draw what comes before and after an image only where they have none: Chromium and Firefox do,
Safari leaves its broken image. The colours are the theme's."""
_ASK_AGAIN = """<script>
window.promptflowAsking ??= setInterval(() => {
  if (document.hidden) return;
  for (const shown of document.querySelectorAll('[data-testid="stImage"] img')) {
    if (!shown.complete || shown.naturalWidth) continue;
    const asked = new Image(), address = shown.src;
    asked.onload = () => { if (shown.src === address) shown.src = address; };
    asked.src = address;
  }
}, 15_000);
</script>"""
"""Beside what is shown, which would else be gone while it is asked for."""


def draw_renewed(lab: Laboratory, draw: Callable[[], None]) -> None:
    """Draw pictures, and where they are shown by links, draw them again before those end.

    A link stays the same until half its life has passed, so most drawings change nothing and the browser
    loads nothing.

    Args:
        lab: where the pictures are kept.
        draw: draws them. It is called again by itself, as a fragment: a click in it reaches no further.
    """
    draw_unloaded(lab)
    every_s = renew_every_s(lab)
    if every_s is None:
        draw()
    else:
        st.fragment(errors_told(draw), run_every=every_s)()


def draw_unloaded(lab: Laboratory) -> None:
    """Have the browser say where it can't load a picture from the bucket, and ask for it again.

    Args:
        lab: where the pictures are kept.
    """
    if lab.archive.bucket is not None:
        st.html(_UNLOADED)
        st.html(_ASK_AGAIN, unsafe_allow_javascript=True)


def renew_every_s(lab: Laboratory) -> float | None:
    """Return after how many seconds links are to be drawn again; ``None`` where none ends.

    A third of their life: one that was signed a little less than half its life ago is still good then,
    and there is time left for the new one to arrive.

    Args:
        lab: where the pictures are kept.
    """
    ttl_s = lab.archive.link_ttl_s
    return None if ttl_s is None else max(ttl_s / 3, _LEAST_S)
