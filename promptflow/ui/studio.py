"""The Studio's main area: nothing yet, a flow under way, or a finished generation."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from promptflow.errors import DeletedGenerationError, PromptflowError
from promptflow.laboratory import Laboratory
from promptflow.records import GenerationStatus, Labels
from promptflow.ui import state
from promptflow.ui.compare.link import choose_to_compare, draw_compare_link
from promptflow.ui.form import EXAMPLES, fill_request
from promptflow.ui.gallery.clicks import draw_trouble
from promptflow.ui.history import open_generation
from promptflow.ui.labels import (
    STATUS_COLORS,
    STATUS_ICONS,
    STATUS_WORDS,
    Names,
    cost_words,
    join_facts,
)
from promptflow.ui.organising import draw_deleted, draw_organiser, draw_tags, read_labels
from promptflow.ui.outbox import draw_left_here
from promptflow.ui.pictures import source_of
from promptflow.ui.plain import as_label, as_markdown, as_message
from promptflow.ui.renewal import draw_renewed
from promptflow.view import FlowView
from promptflow.wording import count, format_age, format_duration, title_of

if TYPE_CHECKING:
    from promptflow.ui.canvas import Canvas

_STEPS = (
    (":material/checklist:", "Action plan", "What the picture shall be: subjects, style, mood."),
    (":material/psychology:", "Thinking", "How it could be composed, lit, and go wrong."),
    (":material/edit_note:", "Prompts", "One for each image model, in the words it takes best."),
    (":material/brush:", "Pictures", "All models paint at the same time, side by side."),
)
_COST_HELP = (
    "What the providers' answers say was used, at their prices, beside the most that was estimated "
    "before the start. Attempts that fail and are made again are not in the estimate."
)
_SIDE_BY_SIDE, _STACKED = "Side by side", "Stacked"


def draw_empty() -> None:
    """Draw what a newcomer sees: what this is, and an idea to click."""
    st.title("From an idea to pictures, every step in sight", anchor=False)
    st.markdown(
        "Describe a picture in the sidebar. A language model plans it, thinks it through and writes "
        "a prompt for each image model; the models paint side by side. Every word, picture, price "
        "and failure is kept."
    )
    with st.grid(4, min_column_width=180):
        for icon, title, words in _STEPS:
            with st.container(border=True, height="stretch", gap="xsmall"):
                st.markdown(f"{icon} **{title}**")
                st.caption(words)
    st.markdown("**Try one of these**")
    with st.container(horizontal=True):
        for name, icon, request in EXAMPLES:
            st.button(
                name,
                key=f"example {name}",
                icon=icon,
                help=as_markdown(request),
                on_click=fill_request,
                args=(request,),
            )


def draw_generation(lab: Laboratory, generation_id: str, names: Names) -> None:
    """Draw one generation, wherever it stands.

    Args:
        lab: where it is kept.
        generation_id: from the address, so it may be anything.
        names: model id → title.
    """
    try:
        flow, view = lab.look_up(generation_id)
    except PromptflowError as error:
        _draw_nothing(lab, generation_id, error)
        return
    # Only now: the empty page has nothing to draw with them.
    from promptflow.ui.actions import draw_open_action, take_click
    from promptflow.ui.canvas import Canvas
    from promptflow.ui.live import draw_elsewhere, draw_live

    take_click()
    draw_trouble()
    _draw_head(lab, view, lab.now())
    if view.parent_id:
        from promptflow.ui.forked import draw_parent

        draw_parent(view)
    _draw_outcome(view)
    draw_left_here(lab, view)

    def new_canvas(*, with_actions: bool = False) -> Canvas:
        stages, pictures = st.columns([4, 7], gap="medium")
        return Canvas(
            stages,
            pictures,
            names=names,
            source_of=partial(source_of, lab),
            read_picture=lab.gallery.read_picture,
            count_refusals=lambda model: lab.spending.count_refusals().get(model, (0, 0)),
            side_by_side=st.session_state.get(state.LAYOUT) != _STACKED,
            with_actions=with_actions,
        )

    if flow is not None:
        draw_live(flow, new_canvas=new_canvas, now=lab.now)
    elif view.status is GenerationStatus.RUNNING:
        draw_elsewhere(lambda: lab.look_up(generation_id)[1], new_canvas=new_canvas, now=lab.now)
    else:
        _draw_over(lab, view, new_canvas)
    draw_open_action(lab, view)


def _draw_over(lab: Laboratory, view: FlowView, new_canvas: "Callable[..., Canvas]") -> None:
    """Draw a generation that is over, with what can be done about it."""
    from promptflow.ui.actions import draw_stage_actions, take_click

    first = [view]

    def draw() -> None:
        # Later, what was on this machine may be in the bucket.
        now = first.pop() if first else lab.look_up(view.generation_id)[1]
        if take_click() or now.status is GenerationStatus.RUNNING:
            # It was resumed, or a dialog is to open: more than what is drawn by itself.
            st.rerun()
        canvas = new_canvas(with_actions=True)
        canvas.update(now, lab.now())
        with canvas.under_stages():
            draw_stage_actions(now)

    draw_renewed(lab, draw)


def _draw_nothing(lab: Laboratory, generation_id: str, error: PromptflowError) -> None:
    if isinstance(error, DeletedGenerationError):
        draw_trouble()
        draw_deleted(lab, generation_id, error)
        return
    st.warning(as_markdown(error.message), title="Nothing to show", icon=":material/link_off:")
    st.button(
        "New prompt",
        key=state.NEW_PROMPT,
        icon=":material/add:",
        on_click=open_generation,
        args=(None,),
    )


def _draw_head(lab: Laboratory, view: FlowView, now: datetime) -> None:
    labels = read_labels(lab, "generation", view.generation_id)
    _draw_title(view, labels)
    running = view.status is GenerationStatus.RUNNING
    facts = [
        count(len(view.request.image_models), "image model"),
        view.request.aspect_ratio,
        format_age(view.started_at, now),
    ]
    if not running:
        facts.append(format_duration(view.total_ms))
    cost = cost_words(view)
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
    ):
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            st.badge(
                STATUS_WORDS[view.status],
                icon=STATUS_ICONS[view.status],
                color=STATUS_COLORS[view.status],
            )
            st.caption(
                as_markdown(join_facts([*facts, *([cost] if cost else [])])),
                help=_COST_HELP if view.request.estimate_micro_usd else None,
            )
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            if running:
                _draw_cancel(lab, view.generation_id)
            else:
                from promptflow.ui.actions import draw_head_actions

                draw_head_actions(lab, view)
            pictures = () if running else choose_to_compare(view)
            if pictures:
                draw_compare_link(pictures)
            st.page_link(
                "pages/lineage.py",
                label="Lineage",
                icon=":material/account_tree:",
                query_params={state.GENERATION: view.generation_id},
            )
            if labels is not None:
                with st.popover("Organise", icon=":material/label:", type="tertiary"):
                    draw_organiser(lab, "generation", view.generation_id, labels, busy=running)
            st.segmented_control(
                "Layout of the pictures",
                [_SIDE_BY_SIDE, _STACKED],
                default=_SIDE_BY_SIDE,
                required=True,
                key=state.LAYOUT,
                label_visibility="collapsed",
                persist_state="session",
            )


def _draw_title(view: FlowView, labels: Labels | None) -> None:
    """Draw the request, under the title that a person gave it, with the tags and the note."""
    request = view.request.request
    with st.container(gap="xsmall"):
        if labels is None or labels.title == title_of(request):
            st.subheader(as_label(request, limit=160), anchor=False)
        else:
            st.subheader(as_label(labels.title, limit=160), anchor=False)
            st.caption(as_label(request, limit=160))
        if labels is not None:
            draw_tags(labels.tags)
            if labels.note:
                st.caption(as_markdown(labels.note))


def _draw_cancel(lab: Laboratory, generation_id: str) -> None:
    flow = lab.find_flow(generation_id)
    cancelling = flow is not None and flow.cancel.is_set()
    st.button(
        "Cancelling" if cancelling else "Cancel",
        key=state.CANCEL,
        icon=":material/stop_circle:",
        disabled=cancelling or flow is None,
        on_click=lab.cancel,
        args=(generation_id,),
        help="Finishes what is paid for and starts nothing more.",
    )


def _draw_outcome(view: FlowView) -> None:
    """Say why there is less to see than was asked for, unless a stage says it already."""
    if view.fault is None or any(stage.fault == view.fault for stage in view.stages):
        return
    message = as_message(view.fault.message)
    match view.status:
        case GenerationStatus.CANCELLED:
            st.info(message, icon=":material/block:")
        case GenerationStatus.INTERRUPTED:
            st.warning(message, title="Interrupted", icon=":material/power_off:")
        case GenerationStatus.REFUSED:
            st.warning(message, title="Refused", icon=STATUS_ICONS[view.status])
        case GenerationStatus.FAILED | GenerationStatus.PARTIAL:
            st.error(message, title="What failed", icon=":material/error:")
        case GenerationStatus.RUNNING | GenerationStatus.SUCCEEDED:
            pass
