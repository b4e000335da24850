"""The new-prompt form: what is asked for, and what it will cost at most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import streamlit as st

from promptflow.catalog import (
    MAX_IMAGES_PER_MODEL,
    MAX_REQUEST_CHARS,
    MAX_SEED,
    Estimate,
    ImageModelCard,
    estimate_cost,
    shared_aspect_ratios,
)
from promptflow.errors import PromptflowError
from promptflow.laboratory import Laboratory
from promptflow.ports import Reference
from promptflow.records import GenerationRequest, ImageParameters, Stage
from promptflow.ui import state
from promptflow.ui.limits import draw_over_limit
from promptflow.ui.models import draw_image_models, draw_text_model, draw_warnings, settle_models
from promptflow.ui.origins import draw_opening
from promptflow.ui.overrides import draw_instructions
from promptflow.ui.parameters import draw_parameters
from promptflow.ui.plain import as_markdown, as_message
from promptflow.ui.reuse import draw_offer
from promptflow.ui.uploads import Uploads, draw_uploads, takes_references
from promptflow.wording import format_usd

if TYPE_CHECKING:
    from promptflow.pipeline import Work

EXAMPLES = (
    (
        "A lighthouse in a storm",
        ":material/storm:",
        "A lighthouse on a cliff at dusk, a small sailing boat coming home before the storm, "
        "warm light in the window",
    ),
    (
        "A fox who reads",
        ":material/auto_stories:",
        "A red fox reading a book under a lantern in a snowy pine forest at night, cosy and quiet",
    ),
    (
        "Balloons at sunrise",
        ":material/air:",
        "Three hot-air balloons over desert dunes at sunrise, wide view, long shadows, calm",
    ),
)
"""(short name, icon, request) of the examples on the empty page."""

_SAME_WISH = timedelta(seconds=2)
"""Within it, a second click on Generate opens what the first one started, if that still runs."""
_PLACEHOLDER = "Describe a picture: who or what, where, in what light and mood"

_Started = tuple[GenerationRequest, tuple[Reference, ...], str, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What is asked for besides what the fields keep by themselves."""

    painters: tuple[ImageModelCard, ...]
    asked: Mapping[str, ImageParameters]
    uploads: Uploads
    told: Mapping[Stage, str]
    """Stage → what it is told instead of the shipped text."""


def draw_form(lab: Laboratory) -> str | None:
    """Draw the form; start a generation when it is sent.

    Returns:
        The id of the generation just started, else ``None``.
    """
    writer, painters = settle_models(lab)
    st.subheader("New prompt", icon=":material/edit_square:", anchor=False)
    _draw_request()
    with_references = takes_references(lab)
    uploads = draw_uploads(lab, writer, painters) if with_references else Uploads()
    draw_image_models(lab)
    _draw_shape(lab, painters)
    asked = draw_parameters(
        painters,
        aspect_ratio=st.session_state[state.ASPECT_RATIO],
        references=len(uploads.references),
    )
    with st.expander("More settings", key=state.MORE_SETTINGS, type="compact"):
        draw_text_model(lab)
        _draw_seed(painters)
        told = draw_instructions(lab)
    draw_warnings(lab, (writer, *painters))
    _draw_baseline()
    wish = _Wish(painters=painters, asked=asked, uploads=uploads, told=told)
    price = st.container(gap="xsmall")
    clicked = st.button(
        "Generate", key=state.GENERATE, type="primary", icon=":material/brush:", width="stretch"
    )
    request = _check(lab, wish)
    work = None
    if isinstance(request, GenerationRequest):
        work = draw_offer(lab, request, uploads.references)
    with price:
        most = _draw_estimate(lab, wish)
        if work and isinstance(request, GenerationRequest):
            most = lab.iterations.estimate(request, work, len(uploads.references))
        draw_over_limit(lab, most)
    started = _start(lab, request, uploads.references, work) if clicked else None
    if not with_references:
        draw_opening(lab)
    return started


def fill_request(text: str) -> None:
    """Put a text into the form; a callback, so that it runs before the form is drawn."""
    st.session_state[state.REQUEST] = text
    # On a narrow screen the form is folded away.
    st.toast("The request is filled in; Generate is in the sidebar.", icon=":material/edit_square:")


def _draw_request() -> None:
    st.text_area(
        "Request",
        key=state.REQUEST,
        height=120,
        placeholder=_PLACEHOLDER,
        persist_state="session",
    )
    # Counted here and not by the field, which would throw what is too long away without a word.
    typed = len((st.session_state[state.REQUEST] or "").strip())
    said = f"{typed:,} of {MAX_REQUEST_CHARS:,} characters"
    st.caption(f":red[{said}, shorten it]" if typed > MAX_REQUEST_CHARS else said)


def _draw_shape(lab: Laboratory, chosen: tuple[ImageModelCard, ...]) -> None:
    ratios = _shared_ratios(lab, chosen)
    if st.session_state.get(state.ASPECT_RATIO) not in ratios:
        st.session_state[state.ASPECT_RATIO] = ratios[0]
    left, right = st.columns([2, 3])
    left.selectbox("Aspect ratio", ratios, key=state.ASPECT_RATIO, persist_state="session")
    st.session_state.setdefault(state.IMAGES_PER_MODEL, 1)
    right.segmented_control(
        "Pictures per model",
        range(1, MAX_IMAGES_PER_MODEL + 1),
        key=state.IMAGES_PER_MODEL,
        required=True,
        persist_state="session",
    )


def _shared_ratios(lab: Laboratory, chosen: tuple[ImageModelCard, ...]) -> list[str]:
    """Return the ratios that every chosen model paints, those of the catalogue if none is shared."""
    cards = chosen or lab.catalog.image_models
    every = dict.fromkeys(ratio for card in cards for ratio in card.aspect_ratios)
    return list(shared_aspect_ratios(cards) or every)


def _draw_seed(chosen: tuple[ImageModelCard, ...]) -> None:
    if any(card.has_seed for card in chosen):
        st.number_input(
            "Seed",
            min_value=0,
            max_value=MAX_SEED,
            value=None,
            step=1,
            key=state.SEED,
            placeholder="Chosen by the model",
            help="The same seed with the same prompt gives the same picture, "
            "where the model has a seed.",
            persist_state="session",
        )


def _draw_baseline() -> None:
    st.toggle(
        "Also paint your own words",
        key=state.BASELINE,
        help="Each image model paints the request as you typed it, too: beside it you see what plan, "
        "thinking and prompt did for the picture.",
        persist_state="session",
    )


def _draw_estimate(lab: Laboratory, wish: _Wish) -> int | None:
    """Draw the most that all of it costs, and return it; ``None`` where that is unknown."""
    estimate = estimate_cost(
        lab.catalog,
        text_model=st.session_state[state.TEXT_MODEL],
        image_models=[card.id for card in wish.painters],
        images_per_model=st.session_state[state.IMAGES_PER_MODEL],
        aspect_ratio=st.session_state[state.ASPECT_RATIO],
        parameters=wish.asked,
        references=len(wish.uploads.references),
        baseline=st.session_state[state.BASELINE],
    )
    words = _cost_words(estimate, [lab.models.name_of(model_id) for model_id in estimate.unknown])
    st.caption(f":material/payments: {as_markdown(words)}")
    return estimate.total_micro_usd


def _cost_words(estimate: Estimate, unknown: Sequence[str]) -> str:
    """Say what it costs at most, and of whom that can't be said."""
    if not unknown:
        return f"At most {format_usd(estimate.known_micro_usd)}"
    names = " and ".join(unknown)
    if not estimate.known_micro_usd:
        return f"What {names} will cost can't be told beforehand."
    known = format_usd(estimate.known_micro_usd)
    return f"At most {known}, and what {names} will cost can't be told beforehand."


def _check(lab: Laboratory, wish: _Wish) -> GenerationRequest | PromptflowError:
    """Return what was entered as a request, or what is wrong with it."""
    has_seed = any(card.has_seed for card in wish.painters)
    if wish.uploads.faults:
        return wish.uploads.faults[0]
    try:
        return lab.check(
            request=st.session_state[state.REQUEST] or "",
            image_models=st.session_state[state.IMAGE_MODELS],
            text_model=st.session_state[state.TEXT_MODEL],
            aspect_ratio=st.session_state[state.ASPECT_RATIO],
            images_per_model=st.session_state[state.IMAGES_PER_MODEL],
            # A seed typed for a model that is no longer chosen stands in no field any more.
            seed=st.session_state.get(state.SEED) if has_seed else None,
            parameters=wish.asked,
            references=len(wish.uploads.references),
            baseline=st.session_state[state.BASELINE],
            instructions=wish.told,
        )
    except PromptflowError as error:
        return error


def _start(
    lab: Laboratory,
    request: GenerationRequest | PromptflowError,
    references: tuple[Reference, ...],
    work: "Work | None",
) -> str | None:
    """Start what was entered; what can't be done is said under the button."""
    try:
        if isinstance(request, PromptflowError):
            raise request
        return _start_once(lab, request, references, work)
    except PromptflowError as error:
        st.error(as_message(error.message), icon=":material/error:")
        return None


def _start_once(
    lab: Laboratory,
    request: GenerationRequest,
    references: tuple[Reference, ...],
    work: "Work | None",
) -> str:
    """Start a generation, unless the very same was started a moment ago: a second click of one wish."""
    now = lab.now()
    started: _Started | None = st.session_state.get(state.STARTED)
    if started is not None:
        *wish, started_id, moment = started
        same = wish == [request, references] and now - moment < _SAME_WISH
        if same and lab.find_flow(started_id):
            return started_id
    generation_id = lab.start(request, references, work=work)
    st.session_state[state.STARTED] = (request, references, generation_id, now)
    return generation_id
