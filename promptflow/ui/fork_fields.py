"""The fields in which a plan, a thinking or prompts are changed by hand.

What is typed stays until it is sent or put back, also when the dialog is closed in between.
"""

from collections.abc import Mapping
from dataclasses import fields

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from promptflow.records import ActionPlan, Stage
from promptflow.ui import state
from promptflow.ui.labels import PLAN_LABELS, Names
from promptflow.ui.plain import as_label
from promptflow.wording import count

Slots = dict[str, DeltaGenerator]
"""Name of a field, or an image model's id → where to say what is wrong with it."""
_LINE_PX = 96
_NOTES_PX = 140
_THINKING_PX = 420
_PROMPT_PX = 200


def draw_plan(generation_id: str, plan: ActionPlan, slots: Slots) -> ActionPlan:
    """Draw the fields of a plan.

    Args:
        generation_id: whose.
        plan: as it is there.
        slots: takes where each field's trouble is told.

    Returns:
        The plan as it is typed; not checked.
    """
    typed: dict[str, str | tuple[str, ...]] = {}
    # The last one would stand beside nothing, and has the most lines.
    *paired, last = (one.name for one in fields(ActionPlan))
    with st.grid(2, min_column_width=280):
        for name in paired:
            value = getattr(plan, name)
            typed[name] = _draw_field(generation_id, name, value, slots, height_px=_LINE_PX)
    value = getattr(plan, last)
    typed[last] = _draw_field(generation_id, last, value, slots, height_px=_NOTES_PX)
    slots["plan"] = st.empty()
    return ActionPlan(**typed)  # type: ignore[arg-type]  # a text or texts as the field has them


def draw_thinking(generation_id: str, thinking: str, slots: Slots) -> str:
    """Draw the field of the thinking.

    Args:
        generation_id: whose.
        thinking: as it is there.
        slots: takes where the field's trouble is told.

    Returns:
        The thinking as it is typed; not checked.
    """
    return _draw_text(
        generation_id,
        Stage.THINKING,
        "thinking",
        "Thinking",
        thinking,
        slots,
        height_px=_THINKING_PX,
    )


def draw_prompts(
    generation_id: str, prompts: Mapping[str, str], slots: Slots, *, names: Names
) -> Mapping[str, str]:
    """Draw a field for the prompt of each image model.

    Args:
        generation_id: whose.
        prompts: image model id → its newest prompt.
        slots: takes where each field's trouble is told.
        names: model id → title.

    Returns:
        Image model id → the prompt as it is typed; not checked.
    """
    typed = {}
    for model, prompt in prompts.items():
        label = f"Prompt for {as_label(names(model))}"
        typed[model] = _draw_text(
            generation_id,
            Stage.PROMPT_CONSTRUCTION,
            model,
            label,
            prompt,
            slots,
            height_px=_PROMPT_PX,
        )
        st.caption(count(len(typed[model].strip()), "character"))
    slots["prompts"] = st.empty()
    return typed


def put_back(generation_id: str, stage: Stage) -> None:
    """Forget what was typed for a stage; a callback, too."""
    drafts = st.session_state.get(state.DRAFTS, {})
    st.session_state[state.DRAFTS] = {
        place: text for place, text in drafts.items() if place[:2] != (generation_id, stage)
    }
    st.session_state[state.OPENINGS] = st.session_state.get(state.OPENINGS, 0) + 1


def _draw_field(
    generation_id: str,
    name: str,
    value: str | tuple[str, ...],
    slots: Slots,
    *,
    height_px: int,
) -> str | tuple[str, ...]:
    """Draw a field of a plan; return what is typed in it."""
    listed = not isinstance(value, str)
    lines = (value,) if isinstance(value, str) else tuple(map(_to_line, value))
    text = _draw_text(
        generation_id,
        Stage.ACTION_PLAN,
        name,
        PLAN_LABELS[name] + (", one a line" if listed else ""),
        "\n".join(lines),
        slots,
        height_px=height_px,
    )
    typed = _read_lines(text) if listed else text
    # An item may have had several lines.
    return value if typed == lines else typed


def _draw_text(
    generation_id: str,
    stage: Stage,
    name: str,
    label: str,
    value: str,
    slots: Slots,
    *,
    height_px: int,
) -> str:
    drafts: dict[tuple[str, Stage, str], str] = st.session_state.setdefault(state.DRAFTS, {})
    # A dialog that is closed and opened in one run would have its fields empty in the browser, were they the
    # same ones (seen in Streamlit 1.67).
    opening = st.session_state.get(state.OPENINGS, 0)
    key = state.of_generation(generation_id, f"fork {stage} {opening}") + f" {name}"
    st.session_state.setdefault(key, drafts.get((generation_id, stage, name), value))
    with st.container(gap="xsmall"):
        typed = st.text_area(label, key=key, height=height_px) or ""
        slots[name] = st.empty()
    if typed == value:
        drafts.pop((generation_id, stage, name), None)
    else:
        drafts[generation_id, stage, name] = typed
    return typed


def _to_line(item: str) -> str:
    return " ".join(item.split())


def _read_lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())
