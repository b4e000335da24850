"""What is asked of an image model besides the prompt, checked against what it can do."""

from collections.abc import Sequence

from promptflow.catalog.cards import ImageModelCard, SizeRule
from promptflow.catalog.excerpts import excerpt
from promptflow.catalog.sizes import accepts_size
from promptflow.errors import InputError
from promptflow.records import ImageParameters

_COMPRESSED = ("jpeg", "webp")
_MAX_COMPRESSION = 100


def check_parameters(card: ImageModelCard, parameters: ImageParameters) -> None:
    """Check that an image model takes what is asked of it.

    Args:
        card: of the image model.
        parameters: what is asked for.

    Raises:
        InputError: the first thing that the model does not take, with its field and what it accepts.
    """
    _check_choice(card, "quality", parameters.quality, card.qualities)
    _check_size(card, parameters.size)
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


def _check_size(card: ImageModelCard, size: str | None) -> None:
    if size is None or accepts_size(card, size):
        return
    if not card.sizes and card.size_rule is None:
        raise InputError("size", f"{card.title} can't be asked for any size. Leave the size out.")
    listed = [", ".join(card.sizes)] if card.sizes else []
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
