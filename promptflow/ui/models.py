"""Choosing the models, and saying of the others why they can't be."""

from collections.abc import Sequence

import streamlit as st

from promptflow.catalog import ImageModelCard, ModelCard, TextModelCard, is_gone
from promptflow.laboratory import Laboratory
from promptflow.ui import state
from promptflow.ui.plain import as_markdown
from promptflow.wording import count


def settle_models(lab: Laboratory) -> tuple[TextModelCard, tuple[ImageModelCard, ...]]:
    """Choose models for someone who has not, and let go of those that can't be asked any more.

    Before anything is drawn, so that fields above those of the models know what is chosen.

    Returns:
        The text model and the image models, in the order of the catalogue.
    """
    catalog = lab.catalog
    writers, painters = (
        lab.models.available(catalog.text_models),
        lab.models.available(catalog.image_models),
    )
    if st.session_state.get(state.TEXT_MODEL) not in writers:
        st.session_state[state.TEXT_MODEL] = catalog.default_text_model(writers)
    chosen = st.session_state.get(state.IMAGE_MODELS)
    if chosen is None:
        st.session_state[state.IMAGE_MODELS] = list(catalog.default_image_models(painters))
    elif not set(chosen) <= set(painters):
        st.session_state[state.IMAGE_MODELS] = [each for each in chosen if each in painters]
    return (
        catalog.text_model(st.session_state[state.TEXT_MODEL]),
        tuple(
            card for card in catalog.image_models if card.id in st.session_state[state.IMAGE_MODELS]
        ),
    )


def draw_image_models(lab: Laboratory) -> None:
    """Draw the field of the image models, and below it those that can't be used now."""
    models = lab.catalog.image_models
    st.multiselect(
        "Image models",
        lab.models.available(models),
        format_func=lab.models.name_of,
        key=state.IMAGE_MODELS,
        placeholder="Choose one or more",
        persist_state="session",
    )
    reasons = [(card, reason) for card in models if (reason := lab.models.reason_unavailable(card))]
    today = lab.now().date()
    gone = [(card, reason) for card, reason in reasons if is_gone(card, today)]
    others = [(card, reason) for card, reason in reasons if not is_gone(card, today)]
    if reasons:
        with st.expander(_count_words(len(others), len(gone)), type="compact"):
            # In one piece: each element costs the browser time before the page is in sight.
            lines = [_line(card, reason) for card, reason in others]
            lines += [_struck_line(card, reason) for card, reason in gone]
            st.markdown("\n\n".join(lines))


def draw_text_model(lab: Laboratory) -> None:
    """Draw the field of the text model, and below it those that are gone, if any."""
    models = lab.catalog.text_models
    st.selectbox(
        "Text model",
        lab.models.available(models),
        format_func=lab.models.name_of,
        key=state.TEXT_MODEL,
        help="Plans, thinks and writes one prompt for each image model.",
        persist_state="session",
    )
    gone = [card for card in models if is_gone(card, lab.now().date())]
    if gone:
        lines = [_struck_line(card, lab.models.reason_unavailable(card) or "") for card in gone]
        st.caption("\n\n".join(lines))


def draw_warnings(lab: Laboratory, chosen: Sequence[ModelCard]) -> None:
    """Say which of the chosen models will soon be gone."""
    today = lab.now().date()
    said = [warning for card in chosen if (warning := lab.catalog.warning(card, today))]
    if said:
        st.warning(as_markdown("\n".join(said)), icon=":material/event_busy:")


def _count_words(others: int, gone: int) -> str:
    """Tell those that a key would bring back from those that nothing does."""
    if not others:
        return f"{count(gone, 'model')} gone for good"
    said = f"{count(others, 'more model')} can't be used now"
    return f"{said}; {gone} gone" if gone else said


def _line(card: ModelCard, reason: str) -> str:
    return f"**{as_markdown(card.title)}**  \n:gray[{as_markdown(reason)}]"


def _struck_line(card: ModelCard, reason: str) -> str:
    return f"~~{as_markdown(card.title)}~~  \n:gray[{as_markdown(reason)}]"
