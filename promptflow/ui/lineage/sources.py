"""Where words came from: what a person changed of them, and what a model was told before it wrote them."""

from contextlib import suppress

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from promptflow.errors import UnknownGenerationError
from promptflow.events import StageReused
from promptflow.laboratory import Laboratory
from promptflow.traces import RunTrace, StageTrace
from promptflow.ui.comparison import draw_comparison, render_plan
from promptflow.view import FlowView, StageView

_TAKEN_AWAY = "What it was changed from is not kept any more."


class Sources:
    """Draws what the words of one generation came from.

    Args:
        lab: where it is kept.
        view: the generation.
    """

    def __init__(self, lab: Laboratory, view: FlowView) -> None:
        self.view = view
        self._lab = lab

    def draw_change(self, stage: StageTrace) -> None:
        """Draw what a person changed of an answer that was taken over; nothing where nobody did."""
        if not isinstance(stage.started, StageReused) or not stage.started.edited:
            return
        source = self._find_stage(stage.started.reused_from)
        with _unfold("What you changed"):
            if source is None:
                st.caption(_TAKEN_AWAY)
            elif source.plan and stage.started.plan:
                draw_comparison(render_plan(source.plan), render_plan(stage.started.plan))
            else:
                draw_comparison(source.output, stage.output)

    def draw_edit(self, run: RunTrace) -> None:
        """Draw what a person changed of the prompt that a run's own grew from."""
        before = self._find_prompt(run.started.parent_prompt_id)
        with _unfold("What you changed"):
            if before is None:
                st.caption(_TAKEN_AWAY)
            else:
                draw_comparison(before, run.started.prompt)

    def draw_told(self, stage: StageTrace) -> None:
        """Draw what the model was told for a call, folded away: made only when it is unfolded."""
        started = stage.started
        fold = st.expander(
            "What was the model told?",
            key=f"told {started.stage_id}",
            icon=":material/quick_reference_all:",
            type="compact",
            on_change="rerun",
        )
        if not fold.open:
            return
        from promptflow.ui.told import Told, draw_told

        told = Told(
            generation_id=self.view.generation_id,
            parent_id=self.view.parent_id,
            stage_id=started.stage_id,
            stage=started.stage,
            image_model=started.image_model,
            question=started.question,
            reused=isinstance(started, StageReused),
            edited=isinstance(started, StageReused) and started.edited,
        )
        with fold:
            draw_told(self._lab, told)

    def _find_stage(self, stage_id: str) -> StageView | None:
        parent = self._find_parent()
        stages = parent.stages if parent else []
        return next((one for one in stages if one.stage_id == stage_id), None)

    def _find_prompt(self, prompt_id: str | None) -> str | None:
        """Find the words of a prompt in this generation or in its parent."""
        runs = list(self.view.runs)
        if all(run.prompt_id != prompt_id for run in runs):
            parent = self._find_parent()
            runs = parent.runs if parent else []
        return next((run.prompt for run in runs if run.prompt_id == prompt_id), None)

    def _find_parent(self) -> FlowView | None:
        if self.view.parent_id is not None:
            with suppress(UnknownGenerationError):
                return self._lab.look_up(self.view.parent_id)[1]
        return None


def _unfold(title: str) -> DeltaGenerator:
    return st.expander(title, icon=":material/difference:", expanded=True)
