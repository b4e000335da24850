"""What can be done with a generation that is over: buttons on its cards and in its head.

What is in a dialog is imported when it opens.
"""

from collections.abc import Mapping
from functools import partial
from typing import Literal

import streamlit as st

from promptflow.errors import InputError, PromptflowError
from promptflow.laboratory import Laboratory
from promptflow.records import PromptOrigin
from promptflow.ui import state
from promptflow.ui.beginning import (
    Kind,
    close_action,
    draw_action,
    find_open_action,
    most_words,
    open_action,
)
from promptflow.ui.labels import FORK_ICON
from promptflow.ui.plain import as_markdown
from promptflow.ui.versions import find_older_words
from promptflow.view import FlowView, RunView
from promptflow.wording import count

_Whole = Literal["add", "fork", "told"]
"""The dialogs about a generation as a whole."""
_TITLES: Mapping[_Whole, str] = {
    "add": "Add a model",
    "fork": "Fork this generation",
    "told": "What was the model told?",
}
_WIDTHS: Mapping[_Whole, Literal["small", "large"]] = {
    "add": "small",
    "fork": "large",
    "told": "large",
}


def draw_card_actions(view: FlowView, run: RunView) -> None:
    """Draw the buttons at the foot of a card.

    Args:
        view: a generation that is over: one that runs is drawn over and over in one go, which no widget
            survives.
        run: the one that the card shows.
    """
    with st.container(horizontal=True, gap="small"):
        _draw_opener(view, run, "again", "Again", ":material/replay:")
        if run.prompt_origin is not PromptOrigin.RAW:
            _draw_opener(view, run, "edit", "Edit prompt", ":material/edit:")


def draw_stage_actions(view: FlowView) -> None:
    """Draw what can be done with the stages of a generation that is over.

    Args:
        view: the generation.
    """
    with st.container(horizontal=True):
        _draw_stage_opener(
            view,
            "fork",
            "Fork",
            FORK_ICON,
            "Change the plan, the thinking or a prompt, or take another text model, and go on from "
            "there in a new generation. What comes before is reused and free.",
        )
        _draw_stage_opener(
            view,
            "told",
            _TITLES["told"],
            ":material/quick_reference_all:",
            "Instructions and material, exactly as sent.",
        )


def _draw_stage_opener(view: FlowView, kind: Kind, label: str, icon: str, words: str) -> None:
    st.button(
        label,
        key=state.of_generation(view.generation_id, kind),
        type="tertiary",
        icon=icon,
        help=words,
        on_click=_open_over_stages,
        args=(kind, view.generation_id),
    )


def _open_over_stages(kind: Kind, generation_id: str) -> None:
    st.session_state[state.OPENINGS] = st.session_state.get(state.OPENINGS, 0) + 1
    open_action(kind, generation_id)


def draw_changes_link(view: FlowView, run: RunView) -> None:
    """Draw the button that shows what changed in the words of a run, where anything did.

    Args:
        view: a generation that is over, as above.
        run: the one that the card shows.
    """
    if find_older_words(view, run):
        st.button(
            ":material/difference:",
            key=state.of_run(run.run_id, "open changes"),
            type="tertiary",
            on_click=open_action,
            args=("changes", view.generation_id, run.run_id),
            help="What changed in the prompt, word by word",
        )


def draw_head_actions(lab: Laboratory, view: FlowView) -> None:
    """Draw what concerns a finished generation as a whole: retry what failed, add a model.

    Args:
        lab: where it is kept.
        view: the generation.
    """
    _draw_retry(lab, view)
    st.button(
        "Add a model",
        key=state.ADD_MODELS,
        type="tertiary",
        icon=":material/add:",
        on_click=open_action,
        args=("add", view.generation_id),
        disabled=view.plan is None,
        help=None if view.plan else "There is no action plan that another model could paint from.",
    )


def draw_open_action(lab: Laboratory, view: FlowView) -> None:
    """Draw the dialog that is open on a generation's page, if any is.

    Args:
        lab: where it is kept.
        view: the generation.
    """
    opened = find_open_action(view.generation_id)
    if opened is None:
        return
    kind, run_id = opened
    match kind:
        case "add" | "fork" | "told":
            whole = partial(_draw_whole, lab, view, kind)
            draw_action(_TITLES[kind], whole, width=_WIDTHS[kind])
        case "again" | "edit" | "changes":
            run = next((one for one in view.runs if one.run_id == run_id), None)
            if run is None:
                close_action()
            else:
                _draw_about(lab, view, run, kind)


def _draw_about(
    lab: Laboratory, view: FlowView, run: RunView, kind: Literal["again", "edit", "changes"]
) -> None:
    """Draw a dialog about one run."""
    from promptflow.ui.again import draw_again, draw_changes, draw_edit

    title = lab.models.name_of(run.image_model)
    match kind:
        case "again":
            draw_action(f"{title}, again", partial(draw_again, lab, view, run))
        case "edit":
            draw_action(f"Prompt for {title}", partial(draw_edit, lab, view, run), width="medium")
        case "changes":
            draw_action(f"Prompt for {title}", partial(draw_changes, view, run), width="medium")


def _draw_whole(lab: Laboratory, view: FlowView, kind: _Whole) -> None:
    """Draw a dialog about a generation as a whole."""
    if kind == "add":
        from promptflow.ui.adding import draw_adding

        draw_adding(lab, view)
        return
    # A click in here draws the dialog alone: the generation may have changed meanwhile.
    _, now = lab.look_up(view.generation_id)
    if kind == "fork":
        from promptflow.ui.forks import draw_fork

        draw_fork(lab, now)
    else:
        from promptflow.ui.told import draw_all_told

        draw_all_told(lab, now)


def take_click() -> bool:
    """Say whether there was a click in the cards that the page hasn't taken notice of yet."""
    return bool(st.session_state.pop(state.CARDS_CLICKED, False))


def _draw_opener(view: FlowView, run: RunView, kind: str, label: str, icon: str) -> None:
    st.button(
        label,
        key=state.of_run(run.run_id, f"open {kind}"),
        type="tertiary",
        icon=icon,
        on_click=open_action,
        args=(kind, view.generation_id, run.run_id),
    )


def _draw_retry(lab: Laboratory, view: FlowView) -> None:
    """Draw the button that retries what failed, where anything did."""
    reason, most, models = "", "", 0
    try:
        iteration = lab.iterations.retry(view)
    except InputError as error:
        if error.field == "retry":
            return
        reason = error.message
    else:
        models = len({lane.image_model for lane in iteration.work.lanes})
        most = f"{most_words(iteration.added_micro_usd)}. What is there stays and is not painted again."
    st.button(
        f"Retry {count(models, 'model')}" if not reason else "Retry",
        key=state.RETRY,
        type="primary",
        icon=":material/replay:",
        on_click=_retry,
        args=(lab, view.generation_id),
        disabled=bool(reason),
        help=as_markdown(reason or most),
    )


def _retry(lab: Laboratory, generation_id: str) -> None:
    """Retry what failed; a callback."""
    try:
        lab.resume(generation_id, lab.iterations.retry)
    except PromptflowError as error:
        # Outside of what the page catches: Streamlit would draw a bug.
        st.session_state[state.TROUBLE] = error.message
