"""The dialogs of actions on pictures: which one is open, and the button that begins what it is about.

What is open is kept in the session until it is closed or done. The page may be drawn anew meanwhile, e.g.
because another tab has begun something, and nothing that was typed is lost.
"""

from collections.abc import Callable, Sequence
from typing import Literal

import streamlit as st

from promptflow.errors import PromptflowError
from promptflow.iterations import Iteration
from promptflow.laboratory import Laboratory
from promptflow.ui import state
from promptflow.ui.errors import errors_told
from promptflow.ui.limits import draw_over_limit
from promptflow.ui.plain import as_label, as_message
from promptflow.view import FlowView
from promptflow.wording import format_usd

Kind = Literal["again", "edit", "changes", "add", "fork", "told"]
"""Which dialog: a version more, with other words, what changed in the words, an image model more, a fork,
what the text model was told."""
Plan = Callable[[FlowView], Iteration]


def open_action(kind: Kind, generation_id: str, run_id: str = "") -> None:
    """Have a dialog opened by the run that follows; a callback.

    Args:
        kind: which.
        generation_id: what it is about.
        run_id: the run it is about, if any.
    """
    st.session_state[state.ACTION] = (kind, generation_id, run_id)
    st.session_state[state.CARDS_CLICKED] = True


def close_action() -> None:
    """Let go of the dialog that is open; a callback, too."""
    st.session_state.pop(state.ACTION, None)


def find_open_action(generation_id: str) -> tuple[Kind, str] | None:
    """Return kind and run id of the dialog that is open on a generation's page, if any is.

    One of another generation was left behind, e.g. with the browser's back button: it is let go.

    Args:
        generation_id: of the generation on screen.
    """
    opened: tuple[Kind, str, str] | None = st.session_state.get(state.ACTION)
    if opened is None:
        return None
    kind, about, run_id = opened
    if about != generation_id:
        close_action()
        return None
    return kind, run_id


def draw_action(
    title: str,
    draw: Callable[[], None],
    *,
    width: Literal["small", "medium", "large"] = "small",
) -> None:
    """Draw a dialog; clicks in it draw nothing but itself anew.

    Args:
        title: may hold anything.
        draw: draws what is in it; called again for each click.
        width: medium for a long text, large for several.
    """
    opened = st.dialog(as_label(title), width=width, on_dismiss=close_action)
    opened(errors_told(draw))()


def draw_begin(
    lab: Laboratory,
    view: FlowView,
    plan: Plan,
    label: str,
    *,
    drafts: Sequence[str] = (),
    objection: str = "",
) -> None:
    """Draw what it costs at most and the button that begins it; what is in its way is said there.

    Args:
        lab: where it is begun.
        view: the generation as it stood when the page was drawn.
        plan: what to do with it as it stands.
        label: of the button.
        drafts: keys of the fields that are emptied once it has begun.
        objection: why a click begins nothing; it isn't said before.
    """
    possible = _draw_most(lab, view, plan)
    clicked = st.button(
        label, key=state.BEGIN, type="primary", icon=":material/brush:", width="stretch"
    )
    if not clicked or not possible:
        return
    if objection:
        _draw_trouble(objection)
        return
    try:
        lab.resume(view.generation_id, plan)
    except PromptflowError as error:
        _draw_trouble(error.message)
        return
    for key in drafts:
        st.session_state.pop(key, None)
    close_action()
    st.rerun()


def most_words(micro_usd: int | None) -> str:
    """Say what something costs at most."""
    if micro_usd is None:
        return "What it will cost can't be told beforehand."
    return f"At most {format_usd(micro_usd)}"


def _draw_most(lab: Laboratory, view: FlowView, plan: Plan) -> bool:
    """Draw the price, or why it can't be done; say whether it can."""
    try:
        iteration = plan(view)
    except PromptflowError as error:
        _draw_trouble(error.message)
        return False
    words = most_words(iteration.added_micro_usd).replace("$", "\\$")
    with st.container(gap="xsmall"):
        st.caption(f":material/payments: {words}")
        draw_over_limit(lab, iteration.added_micro_usd, view)
    return True


def _draw_trouble(message: str) -> None:
    st.error(as_message(message), icon=":material/error:")
