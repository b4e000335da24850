"""What a language model was told for a stage, word for word, and how that differs from elsewhere."""

from collections.abc import Iterator
from dataclasses import dataclass

import streamlit as st

from promptflow.errors import UnknownGenerationError
from promptflow.laboratory import Laboratory
from promptflow.records import Question, Stage
from promptflow.ui import state
from promptflow.ui.comparison import draw_comparison
from promptflow.ui.labels import STAGE_TITLES
from promptflow.ui.plain import as_markdown
from promptflow.view import FlowView
from promptflow.wording import format_age

_ALONE, _SHIPPED = "Nothing", "The shipped instructions"
_PARENT, _ANOTHER = "The generation it was forked from", "Another generation"
_LISTED = 20
"""How many of the newest generations are offered to compare with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one call of a generation was told."""

    generation_id: str
    parent_id: str | None
    """The generation that this one was forked from."""
    stage_id: str
    stage: Stage
    image_model: str | None
    question: Question | None
    """``None`` where it was not kept."""
    reused: bool
    edited: bool


def draw_all_told(lab: Laboratory, view: FlowView) -> None:
    """Draw a choice of a generation's calls, and what the chosen one was told.

    Args:
        lab: where it is kept.
        view: the generation.
    """
    calls = {one.stage_id: one for one in _list_told(view)}
    if not calls:
        st.caption("No language model was asked for this generation.")
        return
    chosen = st.selectbox(
        "Stage",
        list(calls),
        format_func=lambda stage_id: _name(lab, calls[stage_id]),
        key=state.of_generation(view.generation_id, "told stage"),
    )
    draw_told(lab, calls.get(chosen) or next(iter(calls.values())))


def draw_told(lab: Laboratory, told: Told) -> None:
    """Draw instructions and material of one call as they were sent, or compared with others.

    Args:
        lab: where the generation is kept, and what is shipped.
        told: the call.
    """
    question = told.question
    if question is None:
        st.caption("What was sent for this stage was not kept.")
        return
    if told.reused:
        st.caption(
            "The answer was taken over from an earlier generation"
            f"{' and changed by hand' if told.edited else ''}: this is what was asked there."
        )
    against = st.selectbox(
        "Compare with",
        [_ALONE, _SHIPPED, *([_PARENT] if told.parent_id else []), _ANOTHER],
        key=f"{told.stage_id} compared with",
    )
    other = _find_other(lab, told, against)
    _draw_text("Instructions", question.instructions, other[0] if other else None)
    _draw_text("Material", question.material, other[1] if other else None)


def _draw_text(title: str, text: str, other: str | None) -> None:
    st.markdown(f"**{title}**")
    if other is None:
        st.code(text, language=None, wrap_lines=True)
    elif other == text:
        st.caption("The same in both.")
        st.code(text, language=None, wrap_lines=True)
    else:
        draw_comparison(other, text)


def _find_other(lab: Laboratory, told: Told, against: str) -> tuple[str | None, str | None] | None:
    """Return the instructions and material to compare with, as far as there are any."""
    if against == _SHIPPED:
        return lab.shipped_instructions(told.stage, told.image_model), None
    if against == _PARENT:
        return _read_other(lab, told, told.parent_id)
    if against == _ANOTHER:
        return _read_other(lab, told, _choose_another(lab, told))
    return None


def _choose_another(lab: Laboratory, told: Told) -> str | None:
    now = lab.now()
    rows = {
        row.generation_id: row
        for row in lab.list_generations(limit=_LISTED + 1)
        if row.generation_id != told.generation_id
    }
    return st.selectbox(
        "Generation",
        list(rows),
        format_func=lambda one: f"{rows[one].title} ({format_age(rows[one].created_at, now)})",
        key=f"{told.stage_id} another generation",
        placeholder="There is no other",
    )


def _read_other(lab: Laboratory, told: Told, generation_id: str | None) -> tuple[str, str] | None:
    """Return what another generation's same stage was told; say so where there is nothing."""
    if generation_id is None:
        return None
    try:
        _, view = lab.look_up(generation_id)
    except UnknownGenerationError as error:
        st.caption(as_markdown(error.message))
        return None
    stage = view.stage(told.stage, told.image_model)
    if stage is None or stage.question is None:
        st.caption("Of that generation nothing that was sent for this stage is kept.")
        return None
    return stage.question.instructions, stage.question.material


def _list_told(view: FlowView) -> Iterator[Told]:
    for stage in view.stages:
        yield Told(
            generation_id=view.generation_id,
            parent_id=view.parent_id,
            stage_id=stage.stage_id,
            stage=stage.stage,
            image_model=stage.image_model,
            question=stage.question,
            reused=stage.reused_from is not None,
            edited=stage.edited,
        )


def _name(lab: Laboratory, told: Told) -> str:
    title = STAGE_TITLES[told.stage]
    return f"{title} · {lab.models.name_of(told.image_model)}" if told.image_model else title
