"""The versions of one image model in a generation: which is shown, and how it differs from its parent."""

from collections.abc import Iterator, Sequence

import streamlit as st

from promptflow.records import PromptOrigin, RunStatus
from promptflow.ui import state
from promptflow.ui.parameters import show_value
from promptflow.view import FlowView, RunView

_NAMES = {
    "quality": "quality",
    "size": "size",
    "background": "background",
    "output_format": "file format",
    "output_compression": "compression",
    "moderation": "moderation",
}
"""Parameter → what it is called on the page, in the order they are told."""
_FIRST_WORDS = {
    PromptOrigin.CONSTRUCTED: "its constructed prompt",
    PromptOrigin.FALLBACK: "a plain prompt from the plan",
    PromptOrigin.EDITED: "a prompt edited by you",
    PromptOrigin.RAW: "your request, word for word",
}
_OPEN = "model's choice"
_RANDOM = "random"


def find_parent(view: FlowView, run: RunView) -> RunView | None:
    """Return the run that a run repeats or goes on from, where it is of the same generation."""
    if run.parent_run_id is None:
        return None
    return next((one for one in view.runs if one.run_id == run.parent_run_id), None)


def find_older_words(view: FlowView, run: RunView) -> RunView | None:
    """Return the run with the words that those of a run grew from, where they are others.

    Args:
        view: the generation.
        run: one of its runs.

    Returns:
        The newest run before it with those words; ``None`` where nothing was changed, or elsewhere.
    """
    parent = find_parent(view, run)
    if parent is not None and parent.prompt != run.prompt:
        return parent
    earlier = (one for one in reversed(view.runs) if one.prompt_id == run.parent_prompt_id)
    return next((one for one in earlier if one.prompt != run.prompt), None)


def tell_differences(run: RunView, parent: RunView) -> tuple[str, ...]:
    """Name what was asked of a run otherwise than of the one it came from.

    Args:
        run: the later one.
        parent: the one it repeats or goes on from.

    Returns:
        Phrases like ``quality high → medium``, ``seed 7 → 8``, ``prompt edited``; empty where all was
        asked the same way.
    """
    return tuple(_differences(run, parent))


def tell_origin(view: FlowView, run: RunView) -> str:
    """Write which version a run came from and what is different in it; empty for a first one.

    Args:
        view: the generation.
        run: one of its runs.
    """
    parent = find_parent(view, run)
    if parent is None:
        return ""
    differences = ", ".join(tell_differences(run, parent))
    said = f"From v{parent.version}: "
    return said + (differences or "nothing changed")


def tell_first(run: RunView) -> str:
    """Write the number of a version that came from no other one, and whose words it was painted from.

    Args:
        run: the version.
    """
    return f"v{run.version}: {_FIRST_WORDS[run.prompt_origin]}"


def find_shown(view: FlowView, versions: Sequence[RunView]) -> RunView | None:
    """Return the version that a card shows: the one chosen in its switch, else the newest.

    Args:
        view: the generation.
        versions: of one card, the first one first.
    """
    if not versions:
        return None
    newest = versions[-1]
    chosen = st.session_state.get(_switch_key(view, newest), newest.version)
    return next((run for run in versions if run.version == chosen), newest)


def draw_switch(view: FlowView, versions: Sequence[RunView]) -> RunView:
    """Draw the switch between the versions of one card, and return the one that is chosen.

    Args:
        view: the generation.
        versions: two or more of one image model, the first one first.
    """
    by_number = {run.version: run for run in versions}
    newest = versions[-1]
    chosen = st.segmented_control(
        "Version",
        list(by_number),
        default=newest.version,
        required=True,
        format_func=lambda number: _label(by_number[number]),
        key=_switch_key(view, newest),
        label_visibility="collapsed",
        persist_state="session",
        on_change=_note_choice,
    )
    return by_number.get(chosen or newest.version, newest)


def _switch_key(view: FlowView, newest: RunView) -> str:
    # A switch of its own for each newest version: one that comes is the one to be shown.
    name = f"version {newest.image_model} {newest.version}"
    return state.of_generation(view.generation_id, name)


def _note_choice() -> None:
    """Have the whole page drawn: what its head compares are the versions that are shown; a callback."""
    st.session_state[state.CARDS_CLICKED] = True


def _label(run: RunView) -> str:
    """Write a version's number, marked where nothing came of it."""
    came = run.images or run.status is RunStatus.RUNNING
    return f"v{run.version}" if came else f":gray[v{run.version} :material/error:]"


def _differences(run: RunView, parent: RunView) -> Iterator[str]:
    for name, title in _NAMES.items():
        before, after = getattr(parent.parameters, name), getattr(run.parameters, name)
        if before != after:
            yield f"{title} {_show(before, _OPEN)} → {_show(after, _OPEN)}"
    if run.seed != parent.seed:
        yield f"seed {_show(parent.seed, _RANDOM)} → {_show(run.seed, _RANDOM)}"
    if run.wanted is not None and parent.wanted is not None and run.wanted != parent.wanted:
        yield f"pictures {parent.wanted} → {run.wanted}"
    if run.prompt != parent.prompt:
        edited = run.prompt_origin is PromptOrigin.EDITED
        yield "prompt edited" if edited else "prompt written anew"


def _show(value: str | int | None, nothing: str) -> str:
    return nothing if value is None else show_value(str(value))
