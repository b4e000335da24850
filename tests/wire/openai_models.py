"""The OpenAI models this server knows, and what each accepts. Dated facts, not product settings.

A model that has been shut down is not here: asking for it is a 404, as it is in the world.

Sources, read 2026-11-23: openai 3.54.0 for Python, openai/types/image_generate_params.py,
openai/types/image_edit_params.py, openai/types/shared/chat_model.py;
https://developers.openai.com/api/docs/deprecations
"""

from dataclasses import dataclass

_PLAIN_QUALITIES = frozenset({"low", "medium", "high", "auto"})
_ALL_QUALITIES = _PLAIN_QUALITIES | {"xhigh", "max"}
FIXED_SIZES = frozenset({"1024x1024", "1536x1024", "1024x1536"})

EFFORTS = frozenset({"none", "minimal", "low", "medium", "high", "xhigh", "max"})
SUMMARIES = frozenset({"auto", "concise", "detailed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageLimits:
    """What one image model accepts."""

    any_size: bool = True
    """Any width and height within the rules; else one of `FIXED_SIZES`."""
    qualities: frozenset[str] = _ALL_QUALITIES
    transparent: bool = True
    """Whether it paints transparent backgrounds."""
    complexity: bool = False
    markup: bool = False
    fidelities: frozenset[str] = frozenset()
    """The values of ``input_fidelity`` on edits; empty where it is refused."""
    shutdown_date: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLimits:
    """What one text model accepts."""

    efforts: frozenset[str] = EFFORTS
    """The values of ``reasoning.effort``."""
    sampling: bool = False
    """Whether ``temperature`` and ``top_p`` are accepted whatever the effort."""


_LEAVING = "2026-12-01"
_TWO = ImageLimits(qualities=_PLAIN_QUALITIES, transparent=False)
_TWO_AND_A_HALF = ImageLimits(markup=True)
_TWO_SIX = ImageLimits(markup=True, complexity=True)

IMAGE_MODELS = {
    "gpt-image-1-mini": ImageLimits(
        any_size=False,
        qualities=_PLAIN_QUALITIES,
        fidelities=frozenset({"low"}),
        shutdown_date=_LEAVING,
    ),
    "gpt-image-1.5": ImageLimits(
        any_size=False,
        qualities=_PLAIN_QUALITIES,
        fidelities=frozenset({"low", "high"}),
        shutdown_date=_LEAVING,
    ),
    "chatgpt-image-latest": ImageLimits(
        any_size=False, qualities=_PLAIN_QUALITIES, shutdown_date=_LEAVING
    ),
    "gpt-image-2": _TWO,
    "gpt-image-2-2026-04-21": _TWO,
    "gpt-image-2.5-sunburst": _TWO_AND_A_HALF,
    "gpt-image-2.5-sunburst-2026-09-08": _TWO_AND_A_HALF,
    "gpt-image-2.5-flare": _TWO_AND_A_HALF,
    "gpt-image-2.5-flare-2026-09-08": _TWO_AND_A_HALF,
    "gpt-image-2.6-sunburst": _TWO_SIX,
    "gpt-image-2.6-flare": _TWO_SIX,
}

_SIX = TextLimits()
_SIX_TWO = TextLimits(efforts=EFFORTS - {"none", "minimal"})

TEXT_MODELS = {
    "gpt-6.2-astra": _SIX_TWO,
    "gpt-6.2-sol": _SIX_TWO,
    "gpt-6-astra": _SIX,
    "gpt-6.1-sol": _SIX,
    "gpt-6.1-terra": _SIX,
    "gpt-6-sol": _SIX,
    "gpt-6-luna": _SIX,
    "gpt-5.6-sol": _SIX,
    "gpt-5.6-terra": _SIX,
    "gpt-5.6-luna": _SIX,
    "gpt-5.5": _SIX,
    "gpt-5.4": _SIX,
    "gpt-5.4-mini": _SIX,
    "gpt-4.1": TextLimits(efforts=frozenset(), sampling=True),
    "gpt-4o": TextLimits(efforts=frozenset(), sampling=True),
}
