"""What became of the words: any two texts of a generation, compared."""

from collections.abc import Iterator

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from promptflow.events import StageFinished
from promptflow.records import Stage
from promptflow.traces import FlowTrace
from promptflow.ui import state
from promptflow.ui.comparison import draw_comparison, render_plan
from promptflow.ui.labels import Names


def draw_words(trace: FlowTrace, names: Names) -> None:
    """Draw two choices of a text, and below them what changed from the one to the other.

    Args:
        trace: of the generation.
        names: model id → title.
    """
    texts = dict(list_texts(trace, names))
    if len(texts) < 2:
        st.caption("There is only the request yet: nothing to compare it with.")
        return
    titles = list(texts)
    prompts = [index for index, title in enumerate(titles) if title.startswith("Prompt")]
    before, after = st.columns(2)
    old = _draw_choice(before, "From", titles, 0, trace)
    new = _draw_choice(after, "To", titles, prompts[0] if prompts else len(titles) - 1, trace)
    draw_comparison(texts[old], texts[new])


def list_texts(trace: FlowTrace, names: Names) -> Iterator[tuple[str, str]]:
    """Yield (title, text) of all that was said on the way, in its order; titles differ.

    Args:
        trace: of the generation.
        names: model id → title.
    """
    seen: dict[str, int] = {}
    for title, text in _texts(trace, names):
        seen[title] = seen.get(title, 0) + 1
        yield f"{title} ({seen[title]})" if seen[title] > 1 else title, text


def _texts(trace: FlowTrace, names: Names) -> Iterator[tuple[str, str]]:
    yield "Request", trace.started.request.request
    for stage in trace.stages:
        if stage.started.stage is Stage.ACTION_PLAN and stage.output:
            closed = stage.closed
            plan = closed.plan if isinstance(closed, StageFinished) else None
            yield "Action plan", render_plan(plan) if plan else stage.output
        elif stage.started.stage is Stage.THINKING and stage.output:
            yield "Thinking", stage.output
    sent = {run.started.stage_id for run in trace.runs}
    for stage in trace.stages:
        model = stage.started.image_model
        if model and stage.output and stage.started.stage_id not in sent:
            yield f"Prompt · {names(model)}", stage.output
    for run in trace.runs:
        version = f", run {run.started.version}" if run.started.version > 1 else ""
        yield f"Prompt · {names(run.started.image_model)}{version}", run.started.prompt


def _draw_choice(
    place: DeltaGenerator,
    label: str,
    titles: list[str],
    index: int,
    trace: FlowTrace,
) -> str:
    chosen = place.selectbox(
        label,
        titles,
        index=index,
        key=state.of_generation(trace.started.generation_id, f"words {label}"),
        persist_state="session",
    )
    return chosen if chosen in titles else titles[index]
