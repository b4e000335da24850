"""What a person asks for, checked against the catalogue."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from promptflow.catalog.cards import (
    AnyCard,
    ImageModelCard,
    TextModelCard,
    Unavailable,
    uses_references,
)
from promptflow.catalog.estimates import NO_PARAMETERS, estimate_cost
from promptflow.catalog.excerpts import excerpt
from promptflow.catalog.limits import (
    MAX_IMAGE_MODELS,
    MAX_IMAGES_PER_MODEL,
    MAX_INSTRUCTION_CHARS,
    MAX_REFERENCES,
    MAX_REQUEST_CHARS,
    MAX_SEED,
)
from promptflow.catalog.lookup import Catalog, pick_card
from promptflow.catalog.parameters import check_parameters
from promptflow.errors import InputError
from promptflow.records import GenerationRequest, ImageParameters, Stage

NO_INSTRUCTIONS: Mapping[Stage, str] = MappingProxyType({})
"""Every stage is told the shipped text."""
_REFERENCES = "reference_images"
_EMPTY = {"request": "Describe the picture you want in a sentence."}
"""Field → what to do about an empty text."""
_WRITE_SOMETHING = "Write something, or take the earlier text again."
_UNKEEPABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def check_request(
    catalog: Catalog,
    *,
    request: str,
    image_models: Sequence[str],
    text_model: str,
    aspect_ratio: str,
    images_per_model: int,
    seed: int | None,
    unavailable: Unavailable,
    parameters: Mapping[str, ImageParameters] = NO_PARAMETERS,
    references: int = 0,
    baseline: bool = False,
    instructions: Mapping[Stage, str] = NO_INSTRUCTIONS,
) -> GenerationRequest:
    """Check what a person asks for against the catalogue.

    Args:
        catalog: the catalogue.
        request: the idea; line ends become newlines and outer whitespace goes.
        image_models: ids; repetitions are dropped.
        text_model: an id.
        aspect_ratio: e.g. ``16:9``.
        images_per_model: 1 to 4.
        seed: 0 to 2,147,483,647, or ``None``.
        unavailable: tells why a model can't be asked now.
        parameters: image model id → what is asked of it besides the prompt.
        references: how many reference pictures go along, 0 to 8. A model that can't use them is fine
            beside one that can.
        baseline: whether each image model also paints the request unchanged.
        instructions: stage → what it is told instead of the shipped text.

    Returns:
        A request that can be carried out as it stands, with its estimate.

    Raises:
        InputError: the first thing that is wrong, with its field and what is accepted.
    """
    idea = check_text("request", "request", request, most_chars=MAX_REQUEST_CHARS)
    painters = _check_painters(catalog, image_models, unavailable)
    planner = check_model("text_model", catalog.text_models, text_model, unavailable)
    _check_shape(aspect_ratio, painters)
    _check_number(images_per_model)
    check_seed(seed, painters)
    _check_references(references, catalog, planner, painters, unavailable)
    asked = _check_parameters(parameters, painters, aspect_ratio, references)
    ids = tuple(card.id for card in painters)
    return GenerationRequest(
        request=idea,
        text_model=planner.id,
        image_models=ids,
        aspect_ratio=aspect_ratio,
        images_per_model=images_per_model,
        seed=seed,
        parameters=asked,
        estimate_micro_usd=estimate_cost(
            catalog,
            text_model=planner.id,
            image_models=ids,
            images_per_model=images_per_model,
            aspect_ratio=aspect_ratio,
            parameters=asked,
            references=references,
            baseline=baseline,
        ).total_micro_usd,
        baseline=baseline,
        instructions=_check_instructions(instructions),
    )


def check_text(field: str, name: str, text: str, *, most_chars: int) -> str:
    """Check a text that a person wrote, and tidy it.

    Args:
        field: the form field or option.
        name: what the text is, for messages, e.g. ``request``.
        text: as typed.
        most_chars: how many are accepted.

    Returns:
        The text with newlines at its line ends and without outer whitespace.

    Raises:
        InputError: it is too long, is empty, or holds signs that can't be kept.
    """
    tidy = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(tidy) > most_chars:
        raise InputError(
            field,
            f"The {name} has {len(tidy):,} characters; at most {most_chars:,} are accepted."
            " Shorten it.",
        )
    found = _UNKEEPABLE.search(tidy)
    if found:
        kind = "lone surrogate" if "\ud800" <= found[0] <= "\udfff" else "control character"
        raise InputError(
            field,
            f"The {name} holds the {kind} U+{ord(found[0]):04X} at position {found.start() + 1:,},"
            " which can't be shown or kept. Remove it.",
        )
    # Signs that show nothing by themselves, such as a zero-width space, say nothing either.
    if all(sign.isspace() or unicodedata.category(sign) == "Cf" for sign in tidy):
        raise InputError(field, f"The {name} is empty. {_EMPTY.get(field, _WRITE_SOMETHING)}")
    return tidy


def _check_instructions(instructions: Mapping[Stage, str]) -> Mapping[Stage, str]:
    """Return the texts that take the place of shipped ones, in the order of the stages."""
    return {
        stage: check_text(
            "instructions",
            f"instruction text for {stage.replace('_', ' ')}",
            instructions[stage],
            most_chars=MAX_INSTRUCTION_CHARS,
        )
        for stage in Stage
        if stage in instructions
    }


def _check_painters(
    catalog: Catalog, image_models: Sequence[str], unavailable: Unavailable
) -> tuple[ImageModelCard, ...]:
    chosen = tuple(dict.fromkeys(image_models))
    if not chosen:
        raise InputError(
            "image_models",
            f"No image model is chosen. Choose between 1 and {MAX_IMAGE_MODELS} of them.",
        )
    if len(chosen) > MAX_IMAGE_MODELS:
        raise InputError(
            "image_models",
            f"{len(chosen):,} image models are chosen; at most {MAX_IMAGE_MODELS} are accepted."
            f" Leave {len(chosen) - MAX_IMAGE_MODELS:,} of them out.",
        )
    cards = catalog.image_models
    return tuple(check_model("image_models", cards, each, unavailable) for each in chosen)


def check_model(
    field: str, cards: Sequence[AnyCard], model_id: str, unavailable: Unavailable
) -> AnyCard:
    """Return the card of a model that can be asked.

    Raises:
        InputError: there is none of that id, or it can't be asked; it says why.
    """
    card = pick_card(field, cards, model_id, unavailable)
    if reason := unavailable(card):
        raise InputError(field, reason)
    return card


def _check_shape(aspect_ratio: str, painters: Sequence[ImageModelCard]) -> None:
    for card in painters:
        if aspect_ratio not in card.aspect_ratios:
            raise InputError(
                "aspect_ratio",
                f"{card.title} does not paint {excerpt(aspect_ratio)}. It accepts"
                f" {', '.join(card.aspect_ratios)}; choose one of them, or leave this model out.",
            )


def _check_number(images_per_model: int) -> None:
    if not _is_whole(images_per_model, 1, MAX_IMAGES_PER_MODEL):
        raise InputError(
            "images_per_model",
            f"{excerpt(images_per_model)} images per model can't be asked for. Choose a whole"
            f" number from 1 to {MAX_IMAGES_PER_MODEL}.",
        )


def check_seed(seed: int | None, painters: Sequence[ImageModelCard]) -> None:
    """Check that a seed can be used.

    Raises:
        InputError: it is no whole number in range, or none of the image models has a seed.
    """
    if seed is None:
        return
    if not _is_whole(seed, 0, MAX_SEED):
        raise InputError(
            "seed",
            f"The seed {excerpt(seed)} can't be used. Give a whole number from 0 to {MAX_SEED:,}, or"
            " leave it empty.",
        )
    if not any(card.has_seed for card in painters):
        titles = ", ".join(card.title for card in painters)
        raise InputError(
            "seed",
            f"None of the chosen image models has a seed: {titles}. Leave the seed empty, or choose"
            " a model that has one.",
        )


def _check_references(
    references: int,
    catalog: Catalog,
    planner: TextModelCard,
    painters: Sequence[ImageModelCard],
    unavailable: Unavailable,
) -> None:
    if references == 0:
        return
    if not _is_whole(references, 1, MAX_REFERENCES):
        raise InputError(
            _REFERENCES,
            f"{excerpt(references)} reference images can't go along. Choose at most"
            f" {MAX_REFERENCES}.",
        )
    for card in painters:
        if 0 < card.references < references:
            raise InputError(
                _REFERENCES,
                f"{card.title} takes {card.references} of {references} reference images. Leave"
                f" {references - card.references} of them out, or leave this model out.",
            )
    if not any(map(uses_references, (planner, *painters))):
        titles = ", ".join(card.title for card in (planner, *painters))
        raise InputError(
            _REFERENCES,
            f"None of the chosen models can use reference images: {titles}."
            f" {_tell_able(catalog, unavailable)}",
        )


def _tell_able(catalog: Catalog, unavailable: Unavailable) -> str:
    """Say which models could use reference images: the first of each kind that can be asked."""
    able = [
        next((card.title for card in cards if uses_references(card) and not unavailable(card)), "")
        for cards in (catalog.text_models, catalog.image_models)
    ]
    names = " or ".join(filter(None, able))
    return (
        f"Choose one that can, such as {names}, or leave them out."
        if names
        else "Leave them out: no model that could is available."
    )


def _check_parameters(
    parameters: Mapping[str, ImageParameters],
    painters: Sequence[ImageModelCard],
    aspect_ratio: str,
    references: int,
) -> Mapping[str, ImageParameters]:
    """Return what is asked for, in the order of the models, without what asks for nothing."""
    chosen = {card.id: card for card in painters}
    for model_id, asked in parameters.items():
        if model_id not in chosen:
            raise InputError(
                "parameters",
                f"Parameters are given for {excerpt(model_id)}, which is not among the chosen image"
                f" models: {', '.join(chosen)}. Leave them out, or choose it.",
            )
        check_parameters(chosen[model_id], asked, aspect_ratio=aspect_ratio, references=references)
    nothing = ImageParameters()
    return {
        model_id: parameters[model_id]
        for model_id in chosen
        if parameters.get(model_id, nothing) != nothing
    }


def _is_whole(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
