"""What is asked of each chosen image model besides the prompt."""

from collections.abc import Mapping, Sequence
from dataclasses import fields

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
        if has_parameters(card, aspect_ratio):
            group = st.expander(
                f"{as_label(card.title)} settings",
                key=state.parameter(card.id, "settings"),
                type="compact",
                icon=":material/tune:",
            )
            with group, st.grid(2, min_column_width=120):
                asked[card.id] = draw_model_parameters(
                    card, card.id, aspect_ratio=aspect_ratio, references=references
                )
    return asked


def has_parameters(card: ImageModelCard, aspect_ratio: str) -> bool:
    """Say whether a model can be asked for anything besides the prompt in a shape."""
    sizes = _sizes(card, aspect_ratio)
    return bool(sizes or card.qualities or card.output_formats or card.backgrounds)


def fill_parameters(owner: str, parameters: ImageParameters) -> list[str]:
    """Fill the fields of one model before they are drawn; what is in one already stays.

    Args:
        owner: whose fields, as for `draw_model_parameters`.
        parameters: what to fill in.

    Returns:
        The fields' keys.
    """
    names = [one.name for one in fields(parameters)]
    for name in names:
        value = getattr(parameters, name)
        open_value = None if name == "output_compression" else _OPEN
        key = state.parameter(owner, name)
        st.session_state.setdefault(key, open_value if value is None else value)
    return [state.parameter(owner, name) for name in names]


def draw_model_parameters(
    card: ImageModelCard, owner: str, *, aspect_ratio: str, references: int
) -> ImageParameters:
    """Draw the fields of one model, those it has.

    Args:
        card: the model.
        owner: whose fields they are, so that the same model may have others elsewhere on the page.
        aspect_ratio: the chosen shape.
        references: how many reference images go along.

    Returns:
        What is asked of the model.
    """
    quality = _draw_choice(owner, "quality", "Quality", _without_auto(card.qualities))
    pixels = choose_pixels(card, aspect_ratio)
    sizes = _sizes(card, aspect_ratio)
    size = _draw_choice(owner, "size", "Size", sizes, pixels or _MODELS_CHOICE)
    transparent = st.session_state.get(state.parameter(owner, "background")) == "transparent"
    formats = [each for each in card.output_formats if each != "jpeg" or not transparent]
    output_format = _draw_choice(owner, "output_format", "File format", formats)
    grounds = [
        each
        for each in _without_auto(card.backgrounds)
        if each != "transparent" or output_format != "jpeg"
    ]
    background = _draw_choice(owner, "background", "Background", grounds)
    levels = card.moderation_levels if takes_moderation(card, references) else ()
    moderation = _draw_choice(owner, "moderation", "Moderation", _without_auto(levels))
    squeezed = card.has_compression and output_format in _SQUEEZED
    return ImageParameters(
        quality=quality,
        size=size,
        background=background,
        output_format=output_format,
        output_compression=_draw_compression(owner) if squeezed else None,
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
    owner: str,
    name: str,
    label: str,
    values: Sequence[str],
    first: str = _MODELS_CHOICE,
) -> str | None:
    """Draw one field, unless there is nothing to choose; ``None`` leaves it to the model."""
    options = [_OPEN, *values]
    key = state.parameter(owner, name)
    if st.session_state.get(key, _OPEN) not in options:
        # E.g. a size in a shape that is no longer chosen.
        st.session_state[key] = _OPEN
    if len(options) == 1:
        return None
    chosen = st.selectbox(
        label,
        options,
        format_func=lambda value: show_value(value or first),
        key=key,
        persist_state="session",
    )
    return chosen or None


def show_value(value: str) -> str:
    """Write a parameter's value for people: a size in pixels as everywhere on the page."""
    if value == AUTO_SIZE:
        return _ANY_SHAPE
    pixels = read_pixels(value)
    return f"{pixels[0]} × {pixels[1]}" if pixels else value


def _draw_compression(owner: str) -> int | None:
    return st.number_input(
        "Compression",
        min_value=0,
        max_value=100,
        value=None,
        step=5,
        key=state.parameter(owner, "output_compression"),
        placeholder="100",
        help="0 to 100, as the provider counts it: 100, which comes if none is given, takes most "
        "space.",
        persist_state="session",
    )
