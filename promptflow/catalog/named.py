"""Cards for models that an operator named, such as those of an OpenAI-compatible server.

Nothing is known of them: not what they cost, and of what they can do only what any such server can.
"""

from collections.abc import Collection, Sequence
from types import MappingProxyType

from promptflow.catalog.cards import ImageModelCard, ModelCard, TextModelCard

_RECOMMENDED_FOR = "named in this installation's settings"
STANDARD_SIZES = MappingProxyType({"1:1": "1024x1024", "3:2": "1536x1024", "2:3": "1024x1536"})
"""Aspect ratio → width × height in pixels: what OpenAI's own models have always painted."""


def read_names(names: Sequence[str], *, taken: Collection[str]) -> tuple[str, ...]:
    """Tidy what an operator named.

    Args:
        names: ids as they were typed.
        taken: ids that other models have.

    Returns:
        The ids, stripped, each once, in order, without blank and taken ones.
    """
    tidy = dict.fromkeys(name.strip() for name in names)
    return tuple(name for name in tidy if name and name not in taken)


def tell_unnamed(card: ModelCard) -> str:
    """Say why a model of OpenAI's is not offered by another server, whose models were named.

    Args:
        card: of a model that was not named.

    Returns:
        One sentence with the variable that names more.
    """
    variable = "OPENAI_IMAGE_MODELS" if isinstance(card, ImageModelCard) else "OPENAI_TEXT_MODELS"
    return (
        f"{card.title} is not among the models that are named for the server at OPENAI_BASE_URL; if it"
        f" has it, add {card.id} to {variable}."
    )


def make_text_card(provider: str, model_id: str) -> TextModelCard:
    """Make the card of a text model of which only the id is known.

    Args:
        provider: the id of the provider whose adapter asks it.
        model_id: as the server knows it.
    """
    return TextModelCard(
        id=model_id,
        title=model_id,
        provider=provider,
        recommended_for=_RECOMMENDED_FOR,
        recommended=True,
        named=True,
        sources=(),
    )


def make_image_card(provider: str, model_id: str) -> ImageModelCard:
    """Make the card of an image model of which only the id is known.

    Args:
        provider: the id of the provider whose adapter asks it.
        model_id: as the server knows it.
    """
    return ImageModelCard(
        id=model_id,
        title=model_id,
        provider=provider,
        recommended_for=_RECOMMENDED_FOR,
        recommended=True,
        named=True,
        sources=(),
        aspect_ratios=tuple(STANDARD_SIZES),
        sizes=tuple(STANDARD_SIZES.values()),
        max_images_per_call=1,
        has_seed=False,
    )
