"""What is asked of each chosen image model besides the prompt."""

from collections.abc import Mapping, Sequence

import streamlit as st

from promptflow.catalog import (
    AUTO_SIZE,
    ImageModelCard,
    accepts_size,
    choose_pixels,
    list_sizes,
    read_pixels,
    takes_moderation,
)
from promptflow.records import ImageParameters
from promptflow.ui import state
from promptflow.ui.plain import as_label

_OPEN = ""
"""Stands for leaving it to the model, in a field that holds texts."""
_MODELS_CHOICE = "Model's choice"
_ANY_SHAPE = "Model's choice, any shape"
_AUTO = "auto"
"""A model's own word for its choice, which is not offered a second time."""
_SQUEEZED = ("jpeg", "webp")


def draw_parameters(
    painters: Sequence[ImageModelCard], *, aspect_ratio: str, references: int
) -> Mapping[str, ImageParameters]:
    """Draw a group of fields for each image model that has any.

    What makes no sense together is not offered together: sizes have the chosen shape, a transparent
    background and JPEG exclude each other, only what is compressed has a compression.

    Args:
        painters: the image models that are chosen.
        aspect_ratio: the chosen shape.
        references: how many reference images go along.

    Returns:
        Image model id → what is asked of it.
    """
    asked = {}
    for card in painters:
        sizes = _sizes(card, aspect_ratio)
        if sizes or card.qualities or card.output_formats or card.backgrounds:
            group = st.expander(
                f"{as_label(card.title)} settings",
                key=state.parameter(card.id, "settings"),
                type="compact",
                icon=":material/tune:",
            )
            with group, st.grid(2, min_column_width=120):
                asked[card.id] = _draw_model(card, aspect_ratio, sizes, references)
    return asked


def _draw_model(
    card: ImageModelCard, aspect_ratio: str, sizes: Sequence[str], references: int
) -> ImageParameters:
    quality = _draw_choice(card, "quality", "Quality", _without_auto(card.qualities))
    pixels = choose_pixels(card, aspect_ratio)
    size = _draw_choice(card, "size", "Size", sizes, pixels or _MODELS_CHOICE)
    transparent = st.session_state.get(state.parameter(card.id, "background")) == "transparent"
    formats = [each for each in card.output_formats if each != "jpeg" or not transparent]
    output_format = _draw_choice(card, "output_format", "File format", formats)
    grounds = [
        each
        for each in _without_auto(card.backgrounds)
        if each != "transparent" or output_format != "jpeg"
    ]
    background = _draw_choice(card, "background", "Background", grounds)
    levels = card.moderation_levels if takes_moderation(card, references) else ()
    moderation = _draw_choice(card, "moderation", "Moderation", _without_auto(levels))
    squeezed = card.has_compression and output_format in _SQUEEZED
    return ImageParameters(
        quality=quality,
        size=size,
        background=background,
        output_format=output_format,
        output_compression=_draw_compression(card) if squeezed else None,
        moderation=moderation,
    )


def _sizes(card: ImageModelCard, aspect_ratio: str) -> list[str]:
    """Return the sizes to choose from besides the one that comes by itself."""
    standard = choose_pixels(card, aspect_ratio)
    auto = [AUTO_SIZE] if accepts_size(card, AUTO_SIZE) else []
    return [*(size for size in list_sizes(card, aspect_ratio) if size != standard), *auto]


def _without_auto(values: Sequence[str]) -> list[str]:
    """Return the values to choose from besides leaving it to the model, which comes by itself."""
    return [value for value in values if value != _AUTO]


def _draw_choice(
    card: ImageModelCard,
    name: str,
    label: str,
    values: Sequence[str],
    first: str = _MODELS_CHOICE,
) -> str | None:
    """Draw one field, unless there is nothing to choose; ``None`` leaves it to the model."""
    options = [_OPEN, *values]
    key = state.parameter(card.id, name)
    if st.session_state.get(key, _OPEN) not in options:
        # E.g. a size in a shape that is no longer chosen.
        st.session_state[key] = _OPEN
    if len(options) == 1:
        return None
    chosen = st.selectbox(
        label,
        options,
        format_func=lambda value: _show(value or first),
        key=key,
        persist_state="session",
    )
    return chosen or None


def _show(value: str) -> str:
    """Write a value for people: a size in pixels as everywhere on the page."""
    if value == AUTO_SIZE:
        return _ANY_SHAPE
    pixels = read_pixels(value)
    return f"{pixels[0]} × {pixels[1]}" if pixels else value


def _draw_compression(card: ImageModelCard) -> int | None:
    return st.number_input(
        "Compression",
        min_value=0,
        max_value=100,
        value=None,
        step=5,
        key=state.parameter(card.id, "output_compression"),
        placeholder="100",
        help="0 to 100, as the provider counts it: 100, which comes if none is given, takes most "
        "space.",
        persist_state="session",
    )
