"""What the pictures were asked for in, any two texts word by word."""

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from promptflow.ui import state
from promptflow.ui.compare.compared import Compared
from promptflow.ui.comparison import draw_comparison


def draw_words(compared: Sequence[Compared]) -> None:
    """Draw two choices of a text, and below them what changed from the one to the other.

    Args:
        compared: the pictures.
    """
    texts = gather_texts(compared)
    if len(texts) < 2:
        st.caption("There is only one text: nothing to compare it with.")
        return
    titles = list(texts)
    before, after = st.columns(2)
    old = _draw_choice(before, "From", titles, 0, state.COMPARE_FROM)
    new = _draw_choice(after, "To", titles, 1, state.COMPARE_TO)
    if texts[old] == texts[new]:
        st.caption("Both are the same, word by word.")
    draw_comparison(texts[old], texts[new])


def gather_texts(compared: Sequence[Compared]) -> dict[str, str]:
    """Gather the pictures' prompts and then their requests, each request once: title → text.

    Args:
        compared: the pictures.
    """
    texts = {f"Prompt of {one.name}": one.run.prompt for one in compared if one.run}
    letters: dict[str, list[str]] = {}
    for one in compared:
        if one.view:
            letters.setdefault(one.view.request.request, []).append(one.letter)
    return texts | {f"Request of {', '.join(who)}": text for text, who in letters.items()}


def _draw_choice(place: DeltaGenerator, label: str, titles: list[str], index: int, key: str) -> str:
    chosen = place.selectbox(label, titles, index=index, key=key, persist_state="session")
    return chosen if chosen in titles else titles[index]
