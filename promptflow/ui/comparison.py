"""Two texts set against each other on the page, word by word."""

import streamlit as st

from promptflow.records import ActionPlan
from promptflow.ui.labels import PLAN_LABELS
from promptflow.ui.lineage.diff import MOST_WORDS, Change, Piece, compare_words, render_comparison
from promptflow.wording import count


def draw_comparison(before: str, after: str) -> None:
    """Draw what changed from one text to another: how many words, and each of them.

    Args:
        before: the older text.
        after: the newer one.
    """
    pieces = _compare(before, after)
    st.markdown(_legend(pieces))
    with st.container(border=True):
        st.markdown(render_comparison(pieces) or ":gray[Both are empty.]")


def render_plan(plan: ActionPlan) -> str:
    """Write a plan as people read it, a field on each line."""
    lines = []
    for name, title in PLAN_LABELS.items():
        value: str | tuple[str, ...] = getattr(plan, name)
        lines.append(f"{title}: {value if isinstance(value, str) else '; '.join(value)}")
    return "\n".join(lines)


@st.cache_data(max_entries=50, show_spinner=False)
def _compare(before: str, after: str) -> tuple[Piece, ...]:
    return compare_words(before, after)


def _legend(pieces: tuple[Piece, ...]) -> str:
    """Count the words, each count marked as the words are."""
    counts = {
        change: sum(piece.words for piece in pieces if piece.change is change) for change in Change
    }
    counted = (
        Piece(change=Change.NEW, text=f"{count(counts[Change.NEW], 'word')} new", words=0),
        Piece(change=Change.GONE, text=f"{count(counts[Change.GONE], 'word')} gone", words=0),
    )
    facts = [f"{count(counts[Change.KEPT], 'word')} kept"]
    facts += [render_comparison([piece]) for piece in counted]
    if max(counts[Change.KEPT] + counts[one] for one in (Change.NEW, Change.GONE)) >= MOST_WORDS:
        facts.append(f":gray[only the first {MOST_WORDS:,} words of each are compared]")
    return " \u2002".join(facts)
