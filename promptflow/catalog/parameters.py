"""What is asked of an image model besides the prompt, checked against what it can do."""

from collections.abc import Sequence

from promptflow.catalog.cards import ImageModelCard, SizeRule
from promptflow.catalog.excerpts import excerpt
from promptflow.catalog.sizes import AUTO_SIZE, accepts_size, choose_pixels, has_shape
from promptflow.errors import InputError
from promptflow.records import ImageParameters

_COMPRESSED = ("jpeg", "webp")
_MAX_COMPRESSION = 100


def check_parameters(
    card: ImageModelCard, parameters: ImageParameters, *, aspect_ratio: str, references: int = 0
) -> None:
    """Check that an image model takes what is asked of it.

    A size in pixels must have the shape that was chosen: the shape holds for all models of a request,
    whose pictures would else stand side by side in different ones.

    Args:
        card: of the image model.
        parameters: what is asked for.
        aspect_ratio: the shape, one that the model paints.
        references: how many reference pictures go along.

    Raises:
        InputError: the first thing that the model does not take, with its field and what it accepts.
    """
    _check_choice(card, "quality", parameters.quality, card.qualities)
    _check_size(card, parameters.size, aspect_ratio)
    _check_choice(card, "background", parameters.background, card.backgrounds)
    _check_choice(card, "output_format", parameters.output_format, card.output_formats)
    if parameters.background == "transparent" and parameters.output_format == "jpeg":
        clear = [each for each in card.output_formats if each != "jpeg"]
        raise InputError(
            "background",
            f"{card.title} can't paint a transparent background as JPEG, which has none. Choose the"
            f" output format {_either(clear)}, or another background.",
        )
    _check_compression(card, parameters)
    _check_choice(card, "moderation", parameters.moderation, card.moderation_levels)
    if parameters.moderation is not None and not takes_moderation(card, references):
        raise InputError(
            "moderation",
            f"{card.title} can't be asked for any moderation when reference images go along. Leave the"
            " moderation out, or the reference images.",
        )


def takes_moderation(card: ImageModelCard, references: int) -> bool:
    """Tell whether an image model can be asked how strict its moderation is to be.

    Args:
        card: of the image model.
        references: how many reference pictures go along: a picture made from them is an edit.

    Source:
        openai 3.54.0 for Python, openai/types/image_edit_params.py, which has no moderation, read
        2026-11-23.
    """
    return bool(card.moderation_levels) and not (references and card.references)


def _check_choice(
    card: ImageModelCard, field: str, value: str | None, accepted: Sequence[str]
) -> None:
    if value is None or value in accepted:
        return
    name = field.replace("_", " ")
    if not accepted:
        raise InputError(
            field, f"{card.title} can't be asked for any {name}. Leave the {name} out."
        )
    raise InputError(
        field,
        f"{card.title} has no {name} {excerpt(value)}. It accepts {', '.join(accepted)}; choose one"
        " of them, or leave it out.",
    )


def _check_size(card: ImageModelCard, size: str | None, aspect_ratio: str) -> None:
    if size is None:
        return
    if accepts_size(card, size):
        if not has_shape(size, aspect_ratio):
            raise InputError(
                "size",
                f"The size {size} of {card.title} does not have the aspect ratio {aspect_ratio}."
                f" Choose one that does, such as {choose_pixels(card, aspect_ratio)}, another aspect"
                " ratio, or leave the size out.",
            )
        return
    if not card.sizes and card.size_rule is None:
        raise InputError("size", f"{card.title} can't be asked for any size. Leave the size out.")
    named = (*card.sizes, *([AUTO_SIZE] if accepts_size(card, AUTO_SIZE) else []))
    listed = [", ".join(named)] if named else []
    allowed = [*listed, *([_tell_rule(card.size_rule)] if card.size_rule else [])]
    raise InputError(
        "size",
        f"{card.title} does not paint the size {excerpt(size)}. It accepts {'; or '.join(allowed)}."
        " Choose one of them, or leave it out.",
    )


def _tell_rule(rule: SizeRule) -> str:
    return (
        f"width × height in multiples of {rule.multiple_px} px, from 1:{rule.max_ratio} to"
        f" {rule.max_ratio}:1, at most {rule.max_edge_px:,} px long, with {rule.min_pixels:,} to"
        f" {rule.max_pixels:,} pixels in all"
    )


def _check_compression(card: ImageModelCard, parameters: ImageParameters) -> None:
    value = parameters.output_compression
    if value is None:
        return
    field = "output_compression"
    if not card.has_compression:
        raise InputError(
            field, f"{card.title} can't be asked for any compression. Leave the compression out."
        )
    if isinstance(value, bool) or not 0 <= value <= _MAX_COMPRESSION:
        raise InputError(
            field,
            f"The compression {excerpt(value)} can't be used. Give a whole number from 0 to"
            f" {_MAX_COMPRESSION}, or leave it out.",
        )
    if parameters.output_format not in _COMPRESSED:
        formats = _either([each for each in card.output_formats if each in _COMPRESSED])
        raise InputError(
            field,
            f"{card.title} compresses only {formats}. Choose one of them as the output format, or"
            " leave the compression out.",
        )


def _either(names: Sequence[str]) -> str:
    return " or ".join(names)
