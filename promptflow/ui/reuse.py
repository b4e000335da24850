"""Earlier answers to the same questions, offered under the form; they are taken by choice only."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from promptflow.errors import LedgerError
from promptflow.laboratory import Laboratory
from promptflow.ports import Reference
from promptflow.records import GenerationRequest, Stage
from promptflow.ui import state
from promptflow.ui.plain import as_markdown
from promptflow.wording import format_duration, format_usd, join_names

if TYPE_CHECKING:
    from promptflow.offers import Offer
    from promptflow.pipeline import Work

_NAMES = {
    Stage.ACTION_PLAN: "plan",
    Stage.THINKING: "thinking",
    Stage.PROMPT_CONSTRUCTION: "prompts",
}


def draw_offer(
    lab: Laboratory, request: GenerationRequest, references: Sequence[Reference]
) -> "Work | None":
    """Draw what could be reused of earlier answers to what a request would ask, if anything.

    Args:
        lab: where they are kept.
        request: as `Laboratory.check` returns it.
        references: the pictures that go along.

    Returns:
        The work that is left with what was chosen; ``None`` where nothing is to be reused.
    """
    try:
        offer = lab.find_offer(request, references)
    except LedgerError:
        return None  # the page that needs the ledger says what is wrong with it
    if offer is None:
        return None
    st.caption(f":material/recycling: {as_markdown(tell_offer(offer, len(request.image_models)))}")
    chosen = st.radio(
        "Reuse earlier answers",
        [None, *offer.stages],
        format_func=_tell_choice,
        key=_key(offer),
        label_visibility="collapsed",
    )
    if chosen is None:
        return None
    work = offer.to_work(request, chosen)
    left = lab.iterations.estimate(request, work, len(references))
    price = "its price is unknown" if left is None else f"at most {format_usd(left)}"
    st.caption(as_markdown(f"What is left to buy: {price}"))
    return work


def tell_offer(offer: "Offer", image_models: int) -> str:
    """Say what fits and what reusing all of it saves.

    Args:
        offer: what was found.
        image_models: for how many models there are to be prompts.
    """
    names = [_NAMES[stage] for stage in offer.stages]
    if offer.prompts and len(offer.prompts) < image_models:
        names[-1] = f"{len(offer.prompts)} of {image_models} prompts"
    cost_micro_usd, took_ms = offer.saves(offer.stages[-1])
    saved = [format_usd(cost_micro_usd)] if cost_micro_usd else []
    saved.append(format_duration(took_ms))
    unknown = "" if cost_micro_usd is not None else ", and what that cost is not known"
    return f"Earlier answers fit: {join_names(names)}. Reuse saves {join_names(saved)}{unknown}."


def _tell_choice(until: Stage | None) -> str:
    if until is None:
        return "Reuse nothing"
    stages = tuple(Stage)
    names = [_NAMES[stage] for stage in stages[: stages.index(until) + 1]]
    return f"Reuse the {join_names(names)}"


def _key(offer: "Offer") -> str:
    """Name the choice after what is offered, and anew after each start: nothing is taken unasked."""
    found = [offer.plan, *([offer.thinking] if offer.thinking else []), *offer.prompts.values()]
    started = st.session_state.get(state.STARTED)
    return f"reuse {' '.join(one.stage_id for one in found)} after {started and started[-2]}"
