"""The Lineage page's main area: one generation's head, its family, its words, its times, its replay."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from promptflow.clock import Clock
from promptflow.errors import DeletedGenerationError, PromptflowError
from promptflow.events import Event
from promptflow.laboratory import Laboratory
from promptflow.records import GenerationStatus, Lineage
from promptflow.traces import FlowTrace, gather_trace
from promptflow.ui import state
from promptflow.ui.canvas import Canvas
from promptflow.ui.errors import errors_told
from promptflow.ui.forked import draw_parent
from promptflow.ui.history import open_generation
from promptflow.ui.labels import STATUS_COLORS, STATUS_ICONS, STATUS_WORDS, Names, join_facts
from promptflow.ui.lineage.details import Details
from promptflow.ui.lineage.family import REQUEST, Node, has_pictures, plan_family
from promptflow.ui.lineage.playing import draw_replay
from promptflow.ui.lineage.sources import Sources
from promptflow.ui.lineage.tree import draw_tree
from promptflow.ui.lineage.uploads import plan_uploads
from promptflow.ui.lineage.waterfall import draw_waterfall, plan_bars, tell_pauses
from promptflow.ui.lineage.words import draw_words
from promptflow.ui.mounts import find_questions
from promptflow.ui.organising import draw_deleted
from promptflow.ui.outbox import draw_left_here
from promptflow.ui.pictures import source_of
from promptflow.ui.plain import as_label, as_markdown, as_message
from promptflow.ui.renewal import draw_renewed, draw_unloaded, renew_every_s
from promptflow.view import FlowView, fold
from promptflow.wording import count, format_age, format_duration, format_usd

FAMILY, WORDS, TIMES, REPLAY = (
    ":material/account_tree: Family",
    ":material/difference: Words",
    ":material/view_timeline: Times",
    ":material/replay: Replay",
)
_MOST_PILLS = 16
"""More nodes than this are chosen from a list that can be searched."""
_LOOK_EVERY_S = 2.0
"""Seconds between two looks at a generation that still runs."""
_LISTED = 20
"""How many of the newest generations are looked through for one that is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """One generation as the ledger has it."""

    events: tuple[Event, ...]
    view: FlowView
    trace: FlowTrace
    lineage: Lineage


def find_newest(lab: Laboratory) -> str | None:
    """Return the id of the newest generation that is over; ``None`` where there is none.

    Args:
        lab: where they are kept.
    """
    rows = lab.list_generations(limit=_LISTED)
    return next(
        (row.generation_id for row in rows if row.status is not GenerationStatus.RUNNING), None
    )


def draw_nothing() -> None:
    """Draw what the page is for, where there is no generation to show."""
    st.title("Where a picture came from", anchor=False)
    st.markdown(
        "Here a generation is taken apart: which words became which, which call took how long and what "
        "it cost, and the whole flow once more as it happened. There is none yet that is over."
    )
    st.page_link("pages/studio.py", label="Make one in the Studio", icon=":material/brush:")


def draw_lineage(lab: Laboratory, generation_id: str, names: Names) -> None:
    """Draw where everything in a generation came from.

    Args:
        lab: where it is kept.
        generation_id: from the address, so it may be anything.
        names: model id → title.
    """
    try:
        kept = _read(lab, generation_id)
    except DeletedGenerationError as error:
        draw_deleted(lab, generation_id, error)
        return
    except PromptflowError as error:
        _draw_unknown(error)
        return
    _draw_head(lab, kept)
    tabs = st.tabs([FAMILY, WORDS, TIMES, REPLAY], key=state.LINEAGE_TAB, on_change="rerun")
    for tab, title in zip(tabs, (FAMILY, WORDS, TIMES, REPLAY), strict=True):
        # Only the open one is made: what is hidden would be sent all the same.
        if tab.open:
            with tab:
                _draw_part(title, lab, kept, names)


def _read(lab: Laboratory, generation_id: str) -> _Kept:
    """Read a generation; one that only says that it runs is mended first."""
    events = lab.read_events(generation_id)
    view = fold(events)
    if view.status is GenerationStatus.RUNNING:
        mended = lab.look_up(generation_id)[1]
        events = lab.read_events(generation_id)
        view = fold(events)
        view.status, view.fault = mended.status, mended.fault
    return _Kept(
        events=events,
        view=view,
        trace=gather_trace(events),
        lineage=lab.read_lineage(generation_id),
    )


def _draw_unknown(error: PromptflowError) -> None:
    st.warning(as_markdown(error.message), title="Nothing to show", icon=":material/link_off:")
    st.button(
        "Show the newest",
        key=state.NEWEST,
        icon=":material/history:",
        on_click=open_generation,
        args=(None,),
    )


def _draw_head(lab: Laboratory, kept: _Kept) -> None:
    view = kept.view
    st.subheader(as_label(view.request.request, limit=160), anchor=False)
    models = ", ".join(lab.models.name_of(model) for model in view.request.image_models)
    facts = [f"{lab.models.name_of(view.request.text_model)} → {models}"]
    running = view.status is GenerationStatus.RUNNING
    if not running:
        facts += [format_duration(view.total_ms), format_usd(view.cost_micro_usd)]
    facts.append(format_age(view.started_at, lab.now()))
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
    ):
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            st.badge(
                STATUS_WORDS[view.status],
                icon=STATUS_ICONS[view.status],
                color=STATUS_COLORS[view.status],
            )
            st.caption(as_markdown(join_facts(facts)))
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            st.page_link(
                "pages/studio.py",
                label="Open in Studio",
                icon=":material/brush:",
                query_params={state.GENERATION: view.generation_id},
            )
            address = find_questions(f"generations/{view.generation_id}")
            if address:
                st.link_button("Datasette", address, icon=":material/database:", type="tertiary")
    draw_parent(view)
    if view.fault and view.status is GenerationStatus.REFUSED:
        message = as_message(view.fault.message)
        st.warning(message, title="Refused", icon=STATUS_ICONS[view.status])
    elif view.fault:
        st.info(as_message(view.fault.message), icon=":material/info:")
    draw_left_here(lab, view)
    if running:
        _watch(lab, kept)


def _watch(lab: Laboratory, kept: _Kept) -> None:
    """Draw the page anew when more of a generation that runs is there."""
    st.caption("Still running: the tree grows as stages and pictures are recorded.")
    known = len(kept.events)

    @st.fragment(run_every=_LOOK_EVERY_S)
    @errors_told
    def look() -> None:
        if len(_read(lab, kept.view.generation_id).events) != known:
            st.rerun()

    look()


def _draw_part(title: str, lab: Laboratory, kept: _Kept, names: Names) -> None:
    if title == FAMILY:
        _draw_family(lab, kept, plan_family(kept.trace, names, kept.lineage.children), names)
    elif title == WORDS:
        draw_words(kept.trace, names)
    elif title == TIMES:
        uploads = plan_uploads(kept.trace, kept.lineage, names)
        said = [words for words in (tell_pauses(kept.trace), uploads.later) if words]
        bars = [*plan_bars(kept.trace, names, lab.now()), *uploads.bars]
        draw_waterfall(bars, "\n".join(said))
    elif kept.view.finished_at is None:
        st.caption("A replay is there once the generation is over.")
    else:
        draw_unloaded(lab)
        draw_replay(
            kept.events,
            kept.view,
            new_canvas=lambda: _new_canvas(lab, names),
            clock=Clock(),
            renew_every_s=renew_every_s(lab),
        )


def _draw_family(lab: Laboratory, kept: _Kept, nodes: Sequence[Node], names: Names) -> None:
    by_key = {node.key: node for node in nodes}
    tree: DeltaGenerator
    details: DeltaGenerator
    if len(nodes) > _MOST_PILLS:
        # A chart is as wide as it may be: of many parts none could be read beside the details.
        tree, details = st.container(), st.container()
    else:
        tree, details = st.columns([6, 5], gap="medium")
    with details:
        chosen = _draw_choice(kept.view.generation_id, by_key)
        with st.container(border=True):
            drawer = Details(
                names=names,
                source_of=partial(source_of, lab),
                thumbnails=kept.lineage.thumbnails,
                sources=Sources(lab, kept.view),
            )
            if has_pictures(by_key[chosen]):
                draw_renewed(lab, lambda: drawer.draw(by_key[chosen]))
            else:
                drawer.draw(by_key[chosen])
    with tree:
        draw_tree(nodes, chosen)


def _draw_choice(generation_id: str, by_key: dict[str, Node]) -> str:
    """Draw the same nodes as the tree has, to choose from: the chart itself takes no click."""
    key = state.of_generation(generation_id, "node")
    label = f"Details of one of {count(len(by_key), 'part')}"
    if len(by_key) > _MOST_PILLS:
        chosen = st.selectbox(
            label,
            list(by_key),
            # Of a fork, the parent comes first.
            index=list(by_key).index(REQUEST),
            format_func=lambda key: by_key[key].name,
            key=key,
            persist_state="session",
        )
    else:
        chosen = st.pills(
            label,
            list(by_key),
            format_func=lambda key: as_label(by_key[key].name),
            default=REQUEST,
            required=True,
            wrap=True,
            key=key,
            persist_state="session",
        )
    return chosen if chosen in by_key else REQUEST


def _new_canvas(lab: Laboratory, names: Names) -> Canvas:
    stages, pictures = st.columns([4, 7], gap="medium")
    return Canvas(
        stages,
        pictures,
        names=names,
        source_of=partial(source_of, lab),
        read_picture=lab.gallery.read_picture,
        count_refusals=lambda model: lab.spending.count_refusals().get(model, (0, 0)),
        side_by_side=True,
    )
