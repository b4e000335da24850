"""Forking: what is to be different, what is reused and what it costs at most, and the click."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import streamlit as st

from promptflow.errors import BusyGenerationError, InputError, PromptflowError
from promptflow.iterations import Iteration
from promptflow.laboratory import Laboratory
from promptflow.plans import PlanError
from promptflow.records import ActionPlan, GenerationRequest, GenerationStatus, Stage, StageStatus
from promptflow.ui import state
from promptflow.ui.beginning import close_action
from promptflow.ui.fork_fields import Slots, draw_plan, draw_prompts, draw_thinking, put_back
from promptflow.ui.history import open_generation
from promptflow.ui.labels import FORK_ICON
from promptflow.ui.limits import draw_over_limit
from promptflow.ui.plain import as_message
from promptflow.view import FlowView, RunView, StageView
from promptflow.wording import count, format_usd, join_names

_NAMES = {
    Stage.ACTION_PLAN: "Action plan",
    Stage.THINKING: "Thinking",
    Stage.PROMPT_CONSTRUCTION: "Prompts",
}
_BY_HAND, _ANEW = "Change it by hand", "Have it made anew"
_SAME_WISH = timedelta(seconds=2)
"""Within it, a second click on Fork opens what the first one started."""
_STAGES = tuple(Stage)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What a fork is to be."""

    stage: Stage
    text_model: str
    plan: ActionPlan | None = None
    thinking: str | None = None
    prompts: Mapping[str, str] | None = field(default=None, hash=False)


_Forked = tuple[str, _Wish, str, datetime]


def draw_fork(lab: Laboratory, view: FlowView) -> None:
    """Draw the form of a fork; start it when it is sent, and open it.

    Args:
        lab: where the generation is kept.
        view: the generation to fork, as it stands.
    """
    if view.status is GenerationStatus.RUNNING:
        st.info(as_message(BusyGenerationError().message), icon=":material/progress_activity:")
        # A click draws the dialog anew, with what was typed in it.
        st.button(
            "Look again",
            key=state.of_generation(view.generation_id, "fork look"),
            icon=":material/refresh:",
        )
        return
    st.caption(
        "A fork is a generation of its own, with this one as its parent. What comes before the stage is "
        "reused and free; what follows is made anew."
    )
    stage, by_hand = _choose_stage(view)
    model_slot = st.container()
    slots: Slots = {}
    wish = _draw_wish(lab, view, stage, by_hand=by_hand, slots=slots)
    with model_slot:
        wish = replace(wish, text_model=_choose_text_model(lab, view, wish))
    _draw_price(lab, view, wish)
    trouble = st.empty()
    with st.container(horizontal=True):
        clicked = st.button(
            "Fork",
            key=state.of_generation(view.generation_id, "fork now"),
            type="primary",
            icon=FORK_ICON,
        )
        if by_hand:
            st.button(
                "Back to what is there",
                key=state.of_generation(view.generation_id, "fork back"),
                type="tertiary",
                icon=":material/undo:",
                on_click=put_back,
                args=(view.generation_id, stage),
            )
    if clicked:
        _start(lab, view, wish, slots, trouble.error)


def _choose_stage(view: FlowView) -> tuple[Stage, bool]:
    """Draw which stage is to be different, and how; only what is there can be changed by hand."""
    whole = {
        Stage.ACTION_PLAN: _find(view, Stage.ACTION_PLAN),
        Stage.THINKING: _find(view, Stage.THINKING),
    }
    stages = [
        stage
        for stage in _STAGES
        # What comes before it has to be there.
        if all(whole[earlier] for earlier in _STAGES[: _STAGES.index(stage)])
    ]
    left, right = st.columns(2)
    chosen = left.segmented_control(
        "Fork at",
        stages,
        format_func=_NAMES.__getitem__,
        default=stages[0],
        required=True,
        key=state.of_generation(view.generation_id, "fork at"),
        persist_state="session",
    )
    stage = chosen if chosen in stages else stages[0]
    there = bool(_runs(view) if stage is Stage.PROMPT_CONSTRUCTION else whole[stage])
    how = right.segmented_control(
        "How it differs",
        [_BY_HAND, _ANEW] if there else [_ANEW],
        default=_BY_HAND if there else _ANEW,
        required=True,
        key=state.of_generation(view.generation_id, f"fork {stage} {there}"),
        persist_state="session",
    )
    return stage, how == _BY_HAND


def _draw_wish(
    lab: Laboratory, view: FlowView, stage: Stage, *, by_hand: bool, slots: Slots
) -> _Wish:
    """Draw the fields of a stage that is changed by hand, and return what is in them."""
    wish = _Wish(stage=stage, text_model=view.request.text_model)
    if not by_hand:
        return wish
    found = _find(view, stage) if stage is not Stage.PROMPT_CONSTRUCTION else None
    if found and found.plan:
        return replace(wish, plan=draw_plan(view.generation_id, found.plan, slots))
    if found:
        return replace(wish, thinking=draw_thinking(view.generation_id, found.output, slots))
    prompts = {model: run.prompt for model, run in _runs(view).items()}
    return replace(
        wish, prompts=draw_prompts(view.generation_id, prompts, slots, names=lab.models.name_of)
    )


def _choose_text_model(lab: Laboratory, view: FlowView, wish: _Wish) -> str:
    """Draw the choice of who answers what is asked; the one who did by default, where it can be."""
    writers = lab.models.available(lab.catalog.text_models)
    was = view.request.text_model
    usual = was if was in writers else lab.catalog.default_text_model(writers)
    if wish.prompts is not None and set(wish.prompts) == set(view.request.image_models):
        return usual
    key = state.of_generation(view.generation_id, "fork text model")
    if st.session_state.get(key) not in writers:
        st.session_state[key] = usual
    return st.selectbox(
        "Text model",
        writers,
        format_func=lab.models.name_of,
        key=key,
        help="Answers what is made anew.",
        persist_state="session",
    )


def _draw_price(lab: Laboratory, view: FlowView, wish: _Wish) -> None:
    """Say what is reused and what is bought, whatever is typed; say what is in the way, if anything."""
    try:
        iteration = _foresee(lab, view, wish)
    except PromptflowError as error:
        st.warning(as_message(error.message), icon=":material/block:")
        return
    st.markdown(tell_price(iteration, wish.stage, by_hand=_is_by_hand(wish)))
    draw_over_limit(lab, iteration.added_micro_usd)


def tell_price(iteration: Iteration, stage: Stage, *, by_hand: bool) -> str:
    """Say what a fork reuses and what it buys.

    Args:
        iteration: the fork.
        stage: where it forks.
        by_hand: whether that stage is changed by hand.
    """
    at = _STAGES.index(stage)
    before = [_NAMES[one].lower() for one in _STAGES[:at]]
    free = [f"{join_names(before)} as before"] if before else []
    if by_hand:
        free.append(f"{_NAMES[stage].lower()} as you write {'them' if at == 2 else 'it'}")
    bought = [_NAMES[one].lower() for one in _STAGES[at + by_hand : 2]]
    lanes = iteration.work.lanes
    written = sum(lane.words is None for lane in lanes)
    bought += [count(written, "prompt")] if written else []
    bought.append(
        count(sum(lane.images * (2 if lane.baseline else 1) for lane in lanes), "picture")
    )
    reused = f"**Free:** {', '.join(free)}. " if free else ""
    most = iteration.added_micro_usd
    price = (
        "what it costs can't be told beforehand" if most is None else f"at most {format_usd(most)}"
    )
    return f"{reused}**Bought:** {join_names(bought)}, {price}.".replace("$", "\\$")


def _foresee(lab: Laboratory, view: FlowView, wish: _Wish) -> Iteration:
    """Return a fork that reuses and buys the same as the wish, however far that is typed yet."""
    request = _check(lab, view, wish)
    if wish.prompts is not None:
        prompts = {model: run.prompt for model, run in _runs(view).items()}
        return lab.iterations.fork(view, request, wish.stage, prompts=prompts)
    # What is changed by hand costs as little as what is reused.
    at = _STAGES.index(wish.stage) + _is_by_hand(wish)
    return lab.iterations.fork(view, request, _STAGES[at])


def _start(
    lab: Laboratory,
    view: FlowView,
    wish: _Wish,
    slots: Slots,
    tell: Callable[[str], object],
) -> None:
    """Start a fork and open it, or say what is in the way: at the field where it is one."""
    try:
        troubles = _find_troubles(lab, view, wish)
        child = None if troubles else _fork_once(lab, view.generation_id, wish)
    except PromptflowError as error:
        troubles, child = {_place(error): error.message}, None
    for place, message in troubles.items():
        slot = slots.get(place)
        (slot.error if slot else tell)(as_message(message))
    if child is not None:
        for stage in Stage:
            put_back(view.generation_id, stage)
        close_action()
        open_generation(child)
        st.rerun()


def _find_troubles(lab: Laboratory, view: FlowView, wish: _Wish) -> Mapping[str, str]:
    """Try each prompt by itself, so that what is wrong is said at its field."""
    troubles: dict[str, str] = {}
    request = _check(lab, view, wish)
    for model, text in (wish.prompts or {}).items():
        try:
            lab.iterations.fork(view, request, wish.stage, prompts={model: text})
        except InputError as error:
            troubles[model] = error.message
    runs = _runs(view)
    if wish.prompts and not troubles:
        same = (text.strip() == runs[model].prompt.strip() for model, text in wish.prompts.items())
        if all(same):
            message = "The prompts are the same as before. Change one, or have them made anew."
            raise InputError("prompts", message)
    return troubles


def _fork_once(lab: Laboratory, generation_id: str, wish: _Wish) -> str:
    """Fork, unless the very same was forked a moment ago: a second click of one wish."""
    now = lab.now()
    forked: _Forked | None = st.session_state.get(state.FORKED)
    if forked and forked[:2] == (generation_id, wish) and now - forked[3] < _SAME_WISH:
        return forked[2]
    child = lab.fork(
        generation_id,
        lambda view: lab.iterations.fork(
            view,
            _check(lab, view, wish),
            wish.stage,
            plan=wish.plan,
            thinking=wish.thinking,
            prompts=wish.prompts,
        ),
    )
    st.session_state[state.FORKED] = (generation_id, wish, child, now)
    return child


def _check(lab: Laboratory, view: FlowView, wish: _Wish) -> GenerationRequest:
    """Return what the fork is asked: as before, checked anew, since a model may be gone by now."""
    was = view.request
    return lab.check(
        request=was.request,
        image_models=was.image_models,
        text_model=wish.text_model,
        aspect_ratio=was.aspect_ratio,
        images_per_model=was.images_per_model,
        seed=was.seed,
        parameters=was.parameters,
        references=len(view.references),
        baseline=was.baseline,
        instructions=was.instructions,
    )


def _place(error: PromptflowError) -> str:
    """Return the field that an error is about; "" for none of those drawn here."""
    cause = error.__cause__
    if isinstance(cause, PlanError) and cause.field:
        return cause.field.partition("[")[0]
    return error.field if isinstance(error, InputError) else ""


def _is_by_hand(wish: _Wish) -> bool:
    return not (wish.plan is None and wish.thinking is None and wish.prompts is None)


def _find(view: FlowView, stage: Stage) -> StageView | None:
    """Return the newest whole answer of a stage."""
    return next(
        (
            one
            for one in reversed(view.stages)
            if one.stage is stage and one.status is StageStatus.SUCCEEDED
        ),
        None,
    )


def _runs(view: FlowView) -> dict[str, RunView]:
    """Return the newest run of each image model that has one, with words made for it."""
    runs = ((model, view.run(model)) for model in view.request.image_models)
    return {model: run for model, run in runs if run}
