"""Image models that join a generation which is over."""

from collections.abc import Mapping

import streamlit as st

from promptflow.catalog import MAX_IMAGE_MODELS
from promptflow.errors import BusyGenerationError, InputError
from promptflow.laboratory import Laboratory
from promptflow.records import GenerationStatus
from promptflow.ui import state
from promptflow.ui.beginning import draw_begin
from promptflow.ui.plain import as_message
from promptflow.view import FlowView
from promptflow.wording import format_usd


def draw_adding(lab: Laboratory, view: FlowView) -> None:
    """Draw the image models that could join, each with what it costs at most, and the button.

    Args:
        lab: where it is kept.
        view: the generation.
    """
    if view.status is GenerationStatus.RUNNING:
        # Begun in another tab. What is chosen stays, and can be begun once that is over.
        st.error(as_message(BusyGenerationError().message), icon=":material/error:")
        return
    prices = _list_prices(lab, view)
    if not prices:
        st.caption(_tell_none(view))
        return
    st.caption("Plan and thinking stay as they are. Its own prompt is written, then it paints.")
    key = state.of_generation(view.generation_id, state.ADDED)
    # Another tab may have added what was chosen here.
    st.session_state[key] = [one for one in st.session_state.get(key) or () if one in prices]
    chosen = st.multiselect(
        "Image models",
        list(prices),
        format_func=lambda model_id: f"{lab.models.name_of(model_id)} · {prices[model_id]}",
        key=key,
        placeholder="Choose one or more",
        max_selections=MAX_IMAGE_MODELS - len(view.request.image_models),
        persist_state="session",
    )
    if chosen:
        draw_begin(
            lab,
            view,
            lambda now: lab.iterations.add_models(now, chosen),
            "Add and paint",
            drafts=(key,),
        )


def _tell_none(view: FlowView) -> str:
    """Say why no image model can join."""
    models = len(view.request.image_models)
    if models >= MAX_IMAGE_MODELS:
        return f"This generation has {models} image models, as many as it may have."
    shape = view.request.aspect_ratio
    references = " from reference images" if view.references else ""
    return (
        f"No other image model that can be asked now paints {shape} pictures{references}. Below *Image models* "
        "in the sidebar stands which ones can't be asked, and why."
    )


def _list_prices(lab: Laboratory, view: FlowView) -> Mapping[str, str]:
    """Return what each image model that could join costs at most, in words."""
    prices = {}
    for model_id in lab.models.available(lab.catalog.image_models):
        try:
            iteration = lab.iterations.add_models(view, [model_id])
        except InputError:
            continue
        most = iteration.added_micro_usd
        prices[model_id] = f"{'' if most is None else 'at most '}{format_usd(most)}"
    return prices
