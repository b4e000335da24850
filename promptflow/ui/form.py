"""The new-prompt form: what is asked for, and what it will cost at most."""

from datetime import datetime, timedelta

import streamlit as st

from promptflow.catalog import (
    MAX_IMAGES_PER_MODEL,
    MAX_REQUEST_CHARS,
    MAX_SEED,
    ImageModelCard,
    estimate_cost,
    shared_aspect_ratios,
)
from promptflow.errors import InputError, PromptflowError
from promptflow.laboratory import Laboratory
from promptflow.records import GenerationRequest
from promptflow.ui import state
from promptflow.ui.plain import as_markdown
from promptflow.wording import format_usd

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


def draw_form(lab: Laboratory) -> str | None:
    """Draw the form; start a generation when it is sent.

    Returns:
        The id of the generation just started, else ``None``.
    """
    st.subheader("New prompt", icon=":material/edit_square:", anchor=False)
    st.text_area(
        "Request",
        key=state.REQUEST,
        height=120,
        placeholder=_PLACEHOLDER,
        persist_state="session",
    )
    # Counted here and not by the field, which would throw what is too long away without a word.
    typed = len((st.session_state[state.REQUEST] or "").strip())
    count = f"{typed:,} of {MAX_REQUEST_CHARS:,} characters"
    st.caption(f":red[{count}, shorten it]" if typed > MAX_REQUEST_CHARS else count)
    chosen = _draw_image_models(lab)
    _draw_shape(lab, chosen)
    with st.expander("More settings", type="compact"):
        _draw_text_model(lab)
        _draw_seed(chosen)
    _draw_estimate(lab)
    if not st.button(
        "Generate", key=state.GENERATE, type="primary", icon=":material/brush:", width="stretch"
    ):
        return None
    return _start(lab, has_seed=any(card.has_seed for card in chosen))


def fill_request(text: str) -> None:
    """Put a text into the form; a callback, so that it runs before the form is drawn."""
    st.session_state[state.REQUEST] = text
    # On a narrow screen the form is folded away.
    st.toast("The request is filled in; Generate is in the sidebar.", icon=":material/edit_square:")


def _draw_image_models(lab: Laboratory) -> tuple[ImageModelCard, ...]:
    usable = [card for card in lab.catalog.image_models if not lab.reason_unavailable(card)]
    titles = {card.id: card.title for card in lab.catalog.image_models}
    st.session_state.setdefault(
        state.IMAGE_MODELS,
        list(lab.catalog.default_image_models(lab.available(lab.catalog.image_models))),
    )
    ids = st.multiselect(
        "Image models",
        [card.id for card in usable],
        format_func=lambda model_id: titles.get(model_id, model_id),
        key=state.IMAGE_MODELS,
        placeholder="Choose one or more",
        persist_state="session",
    )
    missing = [
        (card.title, reason)
        for card in lab.catalog.image_models
        if (reason := lab.reason_unavailable(card))
    ]
    if missing:
        with st.expander(f"{len(missing)} more models can't be used now", type="compact"):
            # In one piece: each element costs the browser time before the page is in sight.
            lines = [
                f"**{as_markdown(title)}**  \n:gray[{as_markdown(reason)}]"
                for title, reason in missing
            ]
            st.markdown("\n\n".join(lines))
    return tuple(card for card in usable if card.id in ids)


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


def _draw_text_model(lab: Laboratory) -> None:
    titles = {card.id: card.title for card in lab.catalog.text_models}
    usable = [card.id for card in lab.catalog.text_models if not lab.reason_unavailable(card)]
    st.selectbox(
        "Text model",
        usable,
        format_func=lambda model_id: titles.get(model_id, model_id),
        key=state.TEXT_MODEL,
        help="Plans, thinks and writes one prompt for each image model.",
        persist_state="session",
    )


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


def _draw_estimate(lab: Laboratory) -> None:
    try:
        cost = estimate_cost(
            lab.catalog,
            text_model=st.session_state[state.TEXT_MODEL],
            image_models=st.session_state[state.IMAGE_MODELS],
            images_per_model=st.session_state[state.IMAGES_PER_MODEL],
            aspect_ratio=st.session_state[state.ASPECT_RATIO],
        )
    except InputError as error:
        st.caption(as_markdown(error.message))
        return
    words = "Cost unknown: a price is missing." if cost is None else f"At most {format_usd(cost)}"
    st.caption(f":material/payments: {as_markdown(words)}")


def _start(lab: Laboratory, *, has_seed: bool) -> str | None:
    """Check what was entered and start; what can't be done is said under the button."""
    try:
        return _start_once(
            lab,
            lab.check(
                request=st.session_state[state.REQUEST] or "",
                image_models=st.session_state[state.IMAGE_MODELS],
                text_model=st.session_state[state.TEXT_MODEL],
                aspect_ratio=st.session_state[state.ASPECT_RATIO],
                images_per_model=st.session_state[state.IMAGES_PER_MODEL],
                # A seed typed for a model that is no longer chosen stands in no field any more.
                seed=st.session_state.get(state.SEED) if has_seed else None,
            ),
        )
    except PromptflowError as error:
        st.error(as_markdown(error.message), icon=":material/error:")
        return None


def _start_once(lab: Laboratory, request: GenerationRequest) -> str:
    """Start a generation, unless the very same was started a moment ago: a second click of one wish."""
    now = lab.now()
    started: tuple[GenerationRequest, str, datetime] | None = st.session_state.get(state.STARTED)
    same = started is not None and started[0] == request and now - started[2] < _SAME_WISH
    if started and same and lab.find_flow(started[1]):
        return started[1]
    generation_id = lab.start(request)
    st.session_state[state.STARTED] = (request, generation_id, now)
    return generation_id
